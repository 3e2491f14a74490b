//! What a payment starts from: the sum, the customer's mind and where both come from.

use super::talk::Habits;
use crate::model::money::Currency;
use crate::model::{CheckoutPath, Credential};

/// What a payment knows of the conversation it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Refs<'a> {
    /// Where the bot lives.
    pub platform: &'static str,
    /// The bot.
    pub bot: &'a str,
    /// The conversation.
    pub conversation: &'a str,
    /// The person.
    pub user: Option<&'a str>,
    /// The checkout.
    pub checkout: Option<&'a str>,
    /// Where the customer pays.
    pub path: CheckoutPath,
    /// Whether a stored credential pays.
    pub credential: Credential,
}

/// What is to be paid, and how earnestly.
pub struct Purchase<'a> {
    /// When the payment is set up.
    pub start: i64,
    /// Where it comes from; `None` for one that nobody can attribute.
    pub refs: Option<Refs<'a>>,
    /// Who processes it.
    pub provider: &'a str,
    /// The customer's country.
    pub country: Option<&'static str>,
    /// The currency.
    pub currency: Currency,
    /// The sum in its minor units.
    pub minor: i64,
    /// Whether a stored credential pays.
    pub saved: bool,
    /// Tries until it works.
    pub determined: bool,
    /// No real money.
    pub test: bool,
    /// How customers pay.
    pub habits: &'a Habits,
}
