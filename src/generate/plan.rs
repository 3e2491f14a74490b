//! What to generate: the size, the period and how badly the events behave on their way.

use chrono::{DateTime, TimeDelta, Utc};

use super::delivery::Faults;
use super::dice::CERTAIN;
use crate::model::money::Currency;
use crate::model::time::in_bounds;

/// How much to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many conversations; the number of events follows.
    Conversations(u64),
    /// Exactly so many lines, repeats included; the last hours of the period may stay empty.
    Events(u64),
}

/// A deterministic world. Shares are parts of ten thousand.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The same seed gives the same lines; another seed names other bots, conversations and payments.
    pub seed: u64,
    /// Bots registered over the period.
    pub bots: u64,
    /// How much happens.
    pub size: Size,
    /// First instant of the period.
    pub from: DateTime<Utc>,
    /// First instant after the period. Keep it in the past: an event too far ahead is rejected.
    pub to: DateTime<Utc>,
    /// Events sent hours to days after they happened.
    pub late_share: u32,
    /// Events sent a few minutes after their time, behind younger ones.
    pub out_of_order_share: u32,
    /// Events sent again with the same content, half of them with another `time`.
    pub duplicate_share: u32,
    /// Events whose identity is used again with other content.
    pub conflict_share: u32,
    /// Additional events that break the contract.
    pub invalid_share: u32,
    /// Checkouts and their payments in test mode.
    pub test_share: u32,
    /// Payments that name no bot and no conversation.
    pub unattributed_share: u32,
    /// Currencies and their weights.
    pub currencies: Vec<(Currency, u32)>,
    /// Providers and their weights: lower-case words.
    pub providers: Vec<(String, u32)>,
    /// Platforms and their weights, out of `messenger`, `telegram` and `web`.
    pub platforms: Vec<(&'static str, u32)>,
}

/// Why a plan cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Years that no question can be about.
    #[error("the period must lie in the years 1900 to 2200")]
    Years,
    /// The period holds nothing.
    #[error("the period is shorter than an hour")]
    Period,
    /// Nobody could take part.
    #[error("at least one bot is needed")]
    Bots,
    /// More than everything.
    #[error("{0} is a share above {CERTAIN} of {CERTAIN}")]
    Share(&'static str),
    /// Nothing to choose from.
    #[error("no {0} has a weight")]
    Choice(&'static str),
    /// A name that would need escapes.
    #[error("provider {0:?} is not a word of a-z, 0-9, - and _")]
    Provider(String),
}

impl Default for Plan {
    fn default() -> Self {
        let from = DateTime::from_timestamp(1_735_689_600, 0).unwrap_or_default(); // 2025-01-01
        let currency = |code, weight| Currency::parse(code).map(|currency| (currency, weight));
        let currencies = [("USD", 55), ("EUR", 20), ("GBP", 12), ("JPY", 10), ("KWD", 3)];
        Plan {
            seed: 1,
            bots: 500,
            size: Size::Conversations(10_000),
            from,
            to: from + TimeDelta::days(90),
            late_share: 100,
            out_of_order_share: 300,
            duplicate_share: 100,
            conflict_share: 10,
            invalid_share: 0,
            test_share: 150,
            unattributed_share: 400,
            currencies: currencies
                .into_iter()
                .filter_map(|(code, weight)| currency(code, weight))
                .collect(),
            providers: [("stripe", 62), ("paypal", 23), ("braintree", 15)]
                .map(|(name, weight)| (name.to_owned(), weight))
                .into(),
            platforms: vec![("messenger", 74), ("telegram", 14), ("web", 12)],
        }
    }
}

impl Plan {
    /// Finds what would make the plan unplayable.
    pub fn check(&self) -> Result<(), PlanError> {
        if !in_bounds(self.from) || !in_bounds(self.to) {
            return Err(PlanError::Years);
        }
        if self.to - self.from < TimeDelta::hours(1) {
            return Err(PlanError::Period);
        }
        if self.bots == 0 {
            return Err(PlanError::Bots);
        }
        let shares = [
            ("late_share", self.late_share),
            ("out_of_order_share", self.out_of_order_share),
            ("duplicate_share", self.duplicate_share),
            ("conflict_share", self.conflict_share),
            ("invalid_share", self.invalid_share),
            ("test_share", self.test_share),
            ("unattributed_share", self.unattributed_share),
        ];
        if let Some((name, _)) = shares.iter().find(|(_, share)| *share > CERTAIN) {
            return Err(PlanError::Share(name));
        }
        if is_weightless(&self.currencies) {
            return Err(PlanError::Choice("currency"));
        }
        if is_weightless(&self.providers) {
            return Err(PlanError::Choice("provider"));
        }
        if is_weightless(&self.platforms) {
            return Err(PlanError::Choice("platform"));
        }
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        match self
            .providers
            .iter()
            .find(|(name, _)| name.is_empty() || !name.chars().all(is_plain))
        {
            Some((name, _)) => Err(PlanError::Provider(name.clone())),
            None => Ok(()),
        }
    }

    /// How the events behave on their way.
    pub(super) fn faults(&self) -> Faults {
        Faults {
            late: self.late_share,
            out_of_order: self.out_of_order_share,
            duplicate: self.duplicate_share,
            conflict: self.conflict_share,
            invalid: self.invalid_share,
        }
    }

    /// The number of lines after which to stop.
    pub(super) fn limit(&self) -> u64 {
        match self.size {
            Size::Conversations(_) => u64::MAX,
            Size::Events(lines) => lines,
        }
    }
}

/// True where nothing can be chosen.
fn is_weightless<T>(choices: &[(T, u32)]) -> bool {
    choices.iter().all(|(_, weight)| *weight == 0)
}
