//! The kinds of facts that questions are asked of: which query reads each, and the dimensions that its rows have.

use crate::model::Query;
use crate::query;

/// One kind of facts.
#[derive(Debug)]
pub struct Fact {
    /// Reads the columns named in `$columns` of the rows of `$mode` whose `time` (microseconds since 1970) lies from
    /// `$from` to before `$to`. Dimensions are columns under their public names.
    pub query: Query,
    /// Which moment of a row its `time` is, where the query knows several.
    pub anchor: Option<&'static str>,
    /// The dimensions of the rows.
    pub dimensions: &'static [Dimension],
}

impl Fact {
    /// A dimension by its name.
    pub fn dimension(&self, name: &str) -> Option<&'static Dimension> {
        self.dimensions.iter().find(|dimension| dimension.0 == name)
    }
}

/// A way to break facts down, under its name in questions and answers, and where rows have their value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimension(pub &'static str, pub Of);

/// Whose value of a dimension a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Its own.
    Row,
    /// That of its bot, the latest.
    Bot,
    /// Its own, else that of its bot.
    RowElseBot,
}

/// Bots with their latest attributes. They have no time and no mode.
pub const BOTS: Query = query!("facts/bots");

/// What bots have: the dimensions of rows that are of a bot, whatever else they tell.
pub const OF_BOTS: &[Dimension] = &[
    Dimension("platform", Of::Bot),
    Dimension("bot", Of::Bot),
    Dimension("category", Of::Bot),
    Dimension("country", Of::Bot),
    Dimension("developer", Of::Bot),
];

const OF_PAYMENTS: &[Dimension] = &[
    Dimension("platform", Of::Row),
    Dimension("bot", Of::Row),
    Dimension("category", Of::Bot),
    Dimension("country", Of::RowElseBot),
    Dimension("developer", Of::Bot),
    Dimension("acquisition", Of::Row),
    Dimension("path", Of::Row),
    Dimension("credential", Of::Row),
    Dimension("provider", Of::Row),
    Dimension("network", Of::Row),
    Dimension("method", Of::Row),
    Dimension("wallet", Of::Row),
];

/// Conversations have all that payments have before the network.
const OF_CONVERSATIONS: &[Dimension] = OF_PAYMENTS.split_at(9).0;

/// A checkout has no provider until it is paid.
const OF_CHECKOUTS: &[Dimension] = OF_PAYMENTS.split_at(8).0;

/// Spans of bots' lives: `kind`, `reinstated`, `inferred`, `until` and the beginning as `time`. All that touch the range.
pub const SPANS: Fact = Fact {
    query: query!("facts/spans"),
    anchor: None,
    dimensions: OF_BOTS,
};

/// Conversations at their start: `checkout_after` and `paid_after`, microseconds from it.
pub const CONVERSATIONS: Fact = Fact {
    query: query!("facts/conversations"),
    anchor: Some("start"),
    dimensions: OF_CONVERSATIONS,
};

/// Those with a checkout.
pub const CONVERSATIONS_WITH_CHECKOUT: Fact = Fact {
    anchor: Some("checkout"),
    ..CONVERSATIONS
};

/// Checkouts at their start: `paid_after`, microseconds from it.
pub const CHECKOUTS: Fact = Fact {
    query: query!("facts/checkouts"),
    anchor: None,
    dimensions: OF_CHECKOUTS,
};

/// Payments at their first capture: `user_key`, `bot_key`, `conversation_key`, `currency`, `rate_day`, and
/// `refunded_after` and `disputed_after`, microseconds from it.
pub const CAPTURES: Fact = Fact {
    query: query!("facts/payments"),
    anchor: Some("capture"),
    dimensions: OF_PAYMENTS,
};

/// Payments at their first fact: `state`, `currency`, `rate_day`.
pub const PAYMENTS: Fact = Fact {
    query: query!("facts/payments"),
    anchor: Some("fact"),
    dimensions: OF_PAYMENTS,
};

/// Finished attempts to pay: `approved`, `decided` (approved or declined), `first` (of its payment, in any way),
/// `failure_kind`, `decline_code`, `minor`, `currency`, `rate_day`.
pub const ATTEMPTS: Fact = Fact {
    query: query!("facts/attempts"),
    anchor: None,
    dimensions: OF_PAYMENTS,
};

/// Payments at their first attempt that was approved or declined: `captured`, and the attempt's `minor`, `currency`
/// and `rate_day`.
pub const DECISIONS: Fact = Fact {
    query: query!("facts/decisions"),
    anchor: None,
    dimensions: OF_PAYMENTS,
};

/// Money that moved at its own date: `kind`, `minor`, `payment_key`, `currency`, `rate_day`.
pub const MOVEMENTS: Fact = Fact {
    query: query!("facts/movements"),
    anchor: Some("activity"),
    dimensions: OF_PAYMENTS,
};

/// As [`MOVEMENTS`], but all except captures are dated by the first capture of their payment.
pub const MOVEMENTS_BY_PAYMENT: Fact = Fact {
    query: query!("facts/movements"),
    anchor: Some("cohort"),
    dimensions: OF_PAYMENTS,
};
