//! Providers' amounts as money, exactly: whole numbers with decimals of their own, and decimal texts.
//!
//! What would have to be rounded is refused with a reason and kept as an uncounted event.

use crate::config::Source;
use crate::model::money::MoneyError;
use crate::model::{Currency, Money};

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

/// A whole number of a provider's smallest unit.
///
/// `special` lists the provider's decimals where they are not those of ISO 4217; the source's own settings win.
pub(super) fn from_integer(
    smallest: i64,
    currency: Currency,
    special: &[(&str, u32)],
    source: &Source,
) -> Result<Money, Inexact> {
    let smallest = u64::try_from(smallest).map_err(|_| Inexact::NoAmount)?;
    let code = currency.code();
    let built_in = || {
        special
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, decimals)| *decimals)
    };
    let configured = source.decimals.get(code).copied();
    let from = configured.or_else(built_in).unwrap_or(currency.exponent());
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
