//! Converts the amounts of one answer, and remembers by which rates and what had none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};

use super::MetricError;
use super::fx::{Conversion, Fraction, MAX_AGE_DAYS, Rates};
use super::scope::Scope;
use crate::model::{Currency, Param};
use crate::query;

/// The rates by which an answer converted one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateUse {
    /// What was converted.
    pub from: Currency,
    /// Into what.
    pub to: Currency,
    /// Who published the rates.
    pub sources: BTreeSet<Arc<str>>,
    /// The days on which they were published.
    pub days: BTreeSet<NaiveDate>,
}

impl RateUse {
    /// Adds the rates of another answer to those of this one.
    pub fn merge(uses: &mut Vec<RateUse>, others: &[RateUse]) {
        for other in others {
            match uses
                .iter_mut()
                .find(|known| (known.from, known.to) == (other.from, other.to))
            {
                Some(known) => {
                    known.sources.extend(other.sources.iter().cloned());
                    known.days.extend(&other.days);
                }
                None => uses.push(other.clone()),
            }
        }
        uses.sort_by_key(|known| (known.from, known.to));
    }
}

/// Converts into the reporting currency of a question.
pub(super) struct Converter {
    to: Option<Currency>,
    rates: Rates,
    known: HashMap<(Currency, i64), Option<Fraction>>,
    uses: BTreeMap<Currency, RateUse>,
    without: BTreeSet<Currency>,
}

impl Converter {
    /// Reads the rates that the amounts of a scope may need.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn of(scope: &Scope) -> Result<Self, MetricError> {
        let rates = match scope.question.currency {
            Some(currency) => {
                let mut params = scope.range_params();
                params.extend([
                    ("as_of", Param::Time(scope.question.as_of)),
                    ("currency", Param::Text(currency.code().to_owned())),
                    ("age", Param::Int(MAX_AGE_DAYS)),
                ]);
                Rates::of(&scope.read(&query!("facts/rates"), &params)?)?
            }
            None => Rates::default(),
        };
        Ok(Converter {
            rates,
            ..Converter::without(scope.question.currency)
        })
    }

    /// Knows no rates.
    pub fn without(to: Option<Currency>) -> Self {
        Converter {
            to,
            rates: Rates::default(),
            known: HashMap::new(),
            uses: BTreeMap::new(),
            without: BTreeSet::new(),
        }
    }

    /// What one minor unit of `from` is worth on a day; `None` without a rate.
    pub fn rate(&mut self, from: Currency, day: i64) -> Option<Fraction> {
        let to = match self.to {
            Some(to) if to != from => to,
            _ => return Some(Fraction::ONE),
        };
        if let Some(known) = self.known.get(&(from, day)) {
            return *known;
        }
        let conversion = self.rates.convert(from, to, day);
        let rate = conversion.as_ref().map(|conversion| conversion.minor);
        match conversion {
            Some(conversion) => self.note(from, to, &conversion),
            None => _ = self.without.insert(from),
        }
        self.known.insert((from, day), rate);
        rate
    }

    fn note(&mut self, from: Currency, to: Currency, conversion: &Conversion) {
        let used = self.uses.entry(from).or_insert_with(|| RateUse {
            from,
            to,
            sources: BTreeSet::new(),
            days: BTreeSet::new(),
        });
        used.sources.extend(conversion.sources.iter().cloned());
        let date = |day: &i64| NaiveDate::default().checked_add_signed(TimeDelta::try_days(*day)?);
        used.days.extend(conversion.days.iter().filter_map(date));
    }

    /// A warning where amounts had no rate or `unconverted` payments are left out.
    pub fn warning(&self, unconverted: i64) -> Option<String> {
        let to = self.to?;
        if unconverted == 0 && self.without.is_empty() {
            return None;
        }
        let codes: Vec<&str> = self.without.iter().map(Currency::code).collect();
        let of = if codes.is_empty() {
            String::new()
        } else {
            format!(" in {}", codes.join(", "))
        };
        Some(format!(
            "some amounts{of} have no exchange rate to {} and are left out of the sums; `currency=original` shows them",
            to.code()
        ))
    }

    /// The rates that were used, by currency.
    pub fn uses(self) -> Vec<RateUse> {
        self.uses.into_values().collect()
    }
}
