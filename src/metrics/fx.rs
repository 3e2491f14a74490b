//! Exchange rates and exact sums of money across currencies.
//!
//! Amounts are converted as fractions, summed exactly and rounded once at the end, half to even.
//! Nothing passes through a float.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::MetricError;
use super::wide::Wide;
use crate::model::Currency;

/// A rate older than this many days is no rate.
pub const MAX_AGE_DAYS: i64 = 7;

/// Published rates: units of a currency for one unit of a common base, by day.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    base: Option<Currency>,
    quotes: BTreeMap<(Currency, i64), Quote>,
}

/// A decimal number: `digits` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quote {
    digits: u64,
    scale: u32,
}

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    /// Above the line.
    pub numerator: u128,
    /// Below the line.
    pub denominator: u128,
}

impl Rates {
    /// No rates yet, quoted against `base`.
    pub fn of(base: Currency) -> Self {
        Rates {
            base: Some(base),
            quotes: BTreeMap::new(),
        }
    }

    /// Adds a quote: one unit of the base buys `digits` / 10^`scale` units of `currency` on `day` (days since 1970-01-01).
    pub fn insert(&mut self, currency: Currency, day: i64, digits: u64, scale: u32) {
        if digits > 0 && scale <= 12 {
            self.quotes.insert((currency, day), Quote { digits, scale });
        }
    }

    /// The last quote on or before `day` that is not too old.
    fn quote(&self, currency: Currency, day: i64) -> Option<Quote> {
        if self.base == Some(currency) {
            return Some(Quote { digits: 1, scale: 0 });
        }
        let span = (currency, day - MAX_AGE_DAYS)..=(currency, day);
        self.quotes.range(span).next_back().map(|(_, quote)| *quote)
    }

    /// What one minor unit of `from` is worth in minor units of `to` on a day; `None` without a rate.
    pub fn minor(&self, from: Currency, to: Currency, day: i64) -> Option<Fraction> {
        if from == to {
            return Some(Fraction {
                numerator: 1,
                denominator: 1,
            });
        }
        let (sold, bought) = (self.quote(from, day)?, self.quote(to, day)?);
        let above = u128::from(bought.digits).checked_mul(power(sold.scale + to.exponent())?)?;
        let below = u128::from(sold.digits).checked_mul(power(bought.scale + from.exponent())?)?;
        let shared = gcd(above, below);
        Some(Fraction {
            numerator: above / shared,
            denominator: below / shared,
        })
    }
}

fn power(exponent: u32) -> Option<u128> {
    10u128.checked_pow(exponent)
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// A sum in one currency of amounts in many.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sum {
    whole: i128,
    /// Fractions of a minor unit, by denominator; each below one.
    parts: BTreeMap<u128, u128>,
    converted: bool,
    left_out: bool,
}

impl Sum {
    /// Adds an amount; false where it has no rate and is left out.
    ///
    /// # Errors
    /// When 128 bits do not hold the sum.
    pub fn add(&mut self, minor: i128, rate: Option<Fraction>) -> Result<bool, MetricError> {
        let Some(rate) = rate else {
            self.left_out = true;
            return Ok(false);
        };
        self.converted = true;
        let numerator = i128::try_from(rate.numerator).map_err(|_| MetricError::Overflow)?;
        let denominator = i128::try_from(rate.denominator).map_err(|_| MetricError::Overflow)?;
        let product = minor.checked_mul(numerator).ok_or(MetricError::Overflow)?;
        self.grow(product.div_euclid(denominator))?;
        let rest = product.rem_euclid(denominator).unsigned_abs();
        if rest > 0 {
            let part = self.parts.entry(rate.denominator).or_default();
            *part += rest;
            if *part >= rate.denominator {
                *part -= rate.denominator;
                self.grow(1)?;
            }
        }
        Ok(true)
    }

    fn grow(&mut self, by: i128) -> Result<(), MetricError> {
        self.whole = self.whole.checked_add(by).ok_or(MetricError::Overflow)?;
        Ok(())
    }

    /// The sum, rounded once, half to even: 0 of nothing, `None` only if nothing of something converts.
    pub fn total(&self) -> Option<i128> {
        if self.left_out && !self.converted {
            return None;
        }
        // Σ rᵢ/dᵢ over one common denominator; it stays below the number of parts.
        let (mut above, mut below) = (Wide::from(0), Wide::from(1));
        for (&denominator, &part) in self.parts.iter().filter(|(_, part)| **part > 0) {
            let denominator = Wide::from(denominator);
            above = above.times(&denominator).plus(&Wide::from(part).times(&below));
            below = below.times(&denominator);
        }
        let mut whole = self.whole;
        while above.cmp(&below) != Ordering::Less {
            above = above.minus(&below);
            whole = whole.checked_add(1)?;
        }
        let up = match above.plus(&above).cmp(&below) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => whole % 2 != 0,
        };
        whole.checked_add(i128::from(up))
    }
}

/// A quotient rounded half to even; `None` where the divisor is not positive.
pub fn divide(amount: i128, by: i128) -> Option<i128> {
    if by <= 0 {
        return None;
    }
    let (whole, rest) = (amount.div_euclid(by), amount.rem_euclid(by));
    let up = match rest.cmp(&(by - rest)) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => whole % 2 != 0,
    };
    Some(whole + i128::from(up))
}
