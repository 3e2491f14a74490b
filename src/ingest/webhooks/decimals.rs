//! Providers' amounts as money, exactly: whole numbers with decimals of their own, and decimal texts.
//!
//! What would have to be rounded is refused with a reason and kept as an uncounted event.

use crate::config::Source;
use crate::model::money::MoneyError;
use crate::model::{Currency, Money};

/// How many decimals a provider's amounts have, by its own list; of a currency that is not in it, those of ISO 4217.
pub(super) type Decimals = &'static [(&'static str, u32)];

/// Stripe's special cases. Its amounts are whole numbers of the smallest unit.
pub(super) const STRIPE: Decimals = &[
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    // Two by ISO 4217.
    ("MGA", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    // None by ISO 4217: written with two, which must be 00.
    ("ISK", 2),
    ("UGX", 2),
    // Only payouts must be whole.
    ("HUF", 2),
    ("TWD", 2),
    // The last digit is 0, but it is there.
    ("BHD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("OMR", 3),
    ("TND", 3),
];

/// PayPal's currencies without decimals. Its amounts are decimal texts, in which zeros may follow.
pub(super) const PAYPAL: Decimals = &[("HUF", 0), ("JPY", 0), ("TWD", 0)];

/// Telegram's currencies that have not two decimals. Its amounts are whole numbers of the smallest unit.
pub(super) const TELEGRAM: Decimals = &[
    ("BHD", 3),
    ("CLP", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JPY", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("UGX", 0),
    ("VND", 0),
    // Stars, of which there are no parts.
    ("XTR", 0),
];

/// The decimals of a currency in a provider's list, else by ISO 4217.
fn listed(list: Decimals, currency: Currency) -> u32 {
    let found = list.iter().find(|(code, _)| *code == currency.code());
    found.map_or(currency.exponent(), |(_, decimals)| *decimals)
}

/// Why an amount cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inexact {
    /// There is none, or it is no number.
    NoAmount,
    /// The code names no currency.
    UnknownCurrency,
    /// The currency's minor units would have to be rounded.
    Rounded,
    /// Beyond 64 bits of minor units.
    TooLarge,
}

impl Inexact {
    /// The word that is kept beside the uncounted event.
    pub fn reason(self) -> &'static str {
        match self {
            Inexact::NoAmount => "no_amount",
            Inexact::UnknownCurrency => "unknown_currency",
            Inexact::Rounded => "inexact_amount",
            Inexact::TooLarge => "amount_too_large",
        }
    }
}

/// Reads a currency code in any case.
pub(super) fn currency(code: &str) -> Result<Currency, Inexact> {
    Currency::parse(&code.trim().to_ascii_uppercase()).ok_or(Inexact::UnknownCurrency)
}

/// A whole number of a provider's smallest unit. The decimals in the source's own settings win.
pub(super) fn from_integer(
    smallest: i64,
    currency: Currency,
    list: Decimals,
    source: &Source,
) -> Result<Money, Inexact> {
    let smallest = u64::try_from(smallest).map_err(|_| Inexact::NoAmount)?;
    let configured = source.decimals.get(currency.code()).copied();
    let from = configured.unwrap_or_else(|| listed(list, currency));
    let factor = 10_u64
        .checked_pow(from.abs_diff(currency.exponent()))
        .ok_or(Inexact::TooLarge)?;
    let minor = if currency.exponent() >= from {
        smallest.checked_mul(factor).ok_or(Inexact::TooLarge)?
    } else if smallest % factor == 0 {
        smallest / factor
    } else {
        return Err(Inexact::Rounded);
    };
    Ok(Money {
        minor: i64::try_from(minor).map_err(|_| Inexact::TooLarge)?,
        currency,
    })
}

/// A decimal text with no more decimals than a provider's list has; zeros aside.
pub(super) fn from_listed_text(text: &str, currency: Currency, list: Decimals) -> Result<(Money, bool), Inexact> {
    let (money, negative) = from_text(text, currency)?;
    let beyond = currency.exponent().saturating_sub(listed(list, currency));
    match 10_i64.checked_pow(beyond) {
        Some(unit) if money.minor % unit == 0 => Ok((money, negative)),
        _ => Err(Inexact::Rounded),
    }
}

/// A decimal text such as `29.62`, `.99` or, of money that goes back, `-0.01`; the sign is told beside it.
pub(super) fn from_text(text: &str, currency: Currency) -> Result<(Money, bool), Inexact> {
    let text = text.trim();
    let (digits, negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let money = Money::parse(digits, currency).map_err(|error| match error {
        MoneyError::TooManyDecimals => Inexact::Rounded,
        MoneyError::TooLarge => Inexact::TooLarge,
        MoneyError::NotADecimal | MoneyError::Negative => Inexact::NoAmount,
    })?;
    Ok((money, negative))
}
