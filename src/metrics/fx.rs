//! Published exchange rates, and what one currency is worth in another by them, as exact fractions.
//!
//! The rate of a day is the last one published on or before it. A pair is taken as it is quoted, one way or
//! the other; where it is not, by the shortest chain of quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::MetricError;
use super::rows::counts;
use crate::model::{Currency, Decimal};

pub use super::exact::{Sum, divide};

/// A rate older than this many days is not used.
pub const MAX_AGE_DAYS: i64 = 7;
/// Quotes that a chain may have.
const MAX_CHAIN: usize = 3;
/// Chains go through this one rather than through another.
const PREFERRED: &str = "EUR";

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    /// Above the line.
    pub numerator: u128,
    /// Below the line.
    pub denominator: u128,
}

impl Fraction {
    /// One.
    pub const ONE: Fraction = Fraction {
        numerator: 1,
        denominator: 1,
    };

    /// Times `above` / `below`; `None` beyond 127 bits.
    fn times(self, above: u128, below: u128) -> Option<Fraction> {
        let shared = gcd(above, below);
        let (above, below) = (above / shared, below / shared);
        let (one, two) = (gcd(self.numerator, below), gcd(above, self.denominator));
        let bounded = |number: u128| i128::try_from(number).is_ok().then_some(number);
        Some(Fraction {
            numerator: bounded((self.numerator / one).checked_mul(above / two)?)?,
            denominator: bounded((self.denominator / two).checked_mul(below / one)?)?,
        })
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// What an amount is converted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// What one minor unit is worth in minor units of the other currency.
    pub minor: Fraction,
    /// The days on which the quotes were published.
    pub days: BTreeSet<i64>,
    /// Who published them.
    pub sources: BTreeSet<Arc<str>>,
}

/// Published rates, by base and quote and by day (days since 1970-01-01).
#[derive(Debug, Clone, Default)]
pub struct Rates {
    quotes: BTreeMap<(Currency, Currency), BTreeMap<i64, Quote>>,
    /// What each currency is quoted with, one way or the other, in the order in which chains try them.
    partners: BTreeMap<Currency, BTreeSet<(bool, Currency)>>,
}

#[derive(Debug, Clone)]
struct Quote {
    decimal: Decimal,
    source: Arc<str>,
}

/// One quote of a chain: what one unit is worth, when and by whom it was published.
struct Step<'a> {
    above: u128,
    below: u128,
    day: i64,
    source: &'a Arc<str>,
}

impl Rates {
    /// Reads the columns `day`, `base`, `quote`, `digits`, `scale` and `source`.
    pub(super) fn of(frame: &DataFrame) -> Result<Self, MetricError> {
        let (days, digits, scales) = (counts(frame, "day")?, counts(frame, "digits")?, counts(frame, "scale")?);
        let (bases, quotes) = (frame.column("base")?.str()?, frame.column("quote")?.str()?);
        let sources = frame.column("source")?.str()?;
        let mut names: BTreeMap<&str, Arc<str>> = BTreeMap::new();
        let mut rates = Rates::default();
        for row in 0..frame.height() {
            let code = |text: Option<&str>| text.and_then(Currency::parse);
            let (Some(base), Some(quote)) = (code(bases.get(row)), code(quotes.get(row))) else {
                continue;
            };
            let source = sources.get(row).unwrap_or_default();
            let source = names.entry(source).or_insert_with(|| source.into()).clone();
            let decimal = Decimal {
                digits: digits[row],
                scale: u32::try_from(scales[row]).unwrap_or(u32::MAX),
            };
            rates.insert(days[row], base, quote, decimal, source);
        }
        Ok(rates)
    }

    /// Adds a quote: on `day` one unit of `base` is `decimal` units of `quote`.
    pub fn insert(&mut self, day: i64, base: Currency, quote: Currency, decimal: Decimal, source: Arc<str>) {
        for (one, other) in [(base, quote), (quote, base)] {
            let place = (other.code() != PREFERRED, other);
            self.partners.entry(one).or_default().insert(place);
        }
        let days = self.quotes.entry((base, quote)).or_default();
        days.insert(day, Quote { decimal, source });
    }

    /// What one minor unit of `from` is worth in minor units of `to` on a day; `None` without a rate.
    pub fn convert(&self, from: Currency, to: Currency, day: i64) -> Option<Conversion> {
        let mut conversion = Conversion {
            minor: Fraction::ONE.times(power(to.exponent())?, power(from.exponent())?)?,
            days: BTreeSet::new(),
            sources: BTreeSet::new(),
        };
        if from == to {
            return Some(conversion);
        }
        let chain = (1..=MAX_CHAIN).find_map(|length| self.chain(from, to, day, length))?;
        for step in chain {
            // Quotes have 15 digits at most; a chain of three that fills 127 bits is taken for none.
            conversion.minor = conversion.minor.times(step.above, step.below)?;
            conversion.days.insert(step.day);
            conversion.sources.insert(step.source.clone());
        }
        Some(conversion)
    }

    /// The first chain of exactly this many quotes.
    fn chain(&self, from: Currency, to: Currency, day: i64, length: usize) -> Option<Vec<Step<'_>>> {
        if length == 1 {
            return Some(vec![self.step(from, to, day)?]);
        }
        self.partners.get(&from)?.iter().find_map(|(_, via)| {
            let first = self.step(from, *via, day)?;
            let mut chain = self.chain(*via, to, day, length - 1)?;
            chain.insert(0, first);
            Some(chain)
        })
    }

    /// The quote of a pair that was published last, whichever way round; of one day the direct one.
    fn step(&self, from: Currency, to: Currency, day: i64) -> Option<Step<'_>> {
        let last = |base, quote| {
            let days = self.quotes.get(&(base, quote))?;
            days.range(day - MAX_AGE_DAYS..=day).next_back()
        };
        let parts = |quote: &Quote| Some((u128::try_from(quote.decimal.digits).ok()?, power(quote.decimal.scale)?));
        let (direct, inverse) = (last(from, to), last(to, from));
        let turned = match (direct, inverse) {
            (Some((direct, _)), Some((inverse, _))) => inverse > direct,
            (direct, _) => direct.is_none(),
        };
        let (day, quote) = if turned { inverse? } else { direct? };
        let (digits, power) = parts(quote)?;
        let (above, below) = if turned { (power, digits) } else { (digits, power) };
        (digits > 0).then_some(Step {
            above,
            below,
            day: *day,
            source: &quote.source,
        })
    }
}

fn power(exponent: u32) -> Option<u128> {
    10u128.checked_pow(exponent)
}
