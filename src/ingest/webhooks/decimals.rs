//! Providers' amounts as money, exactly: whole numbers with decimals of their own, and decimal texts.
//!
//! What would have to be rounded is refused with a reason and kept as an uncounted event.

use serde_json::Value;

use crate::config::Source;
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::money::MoneyError;
use crate::model::{Currency, Money};

/// How many decimals a provider's amounts have, by its own list; of a currency that is not in it, those of ISO 4217.
pub(super) type Decimals = &'static [(&'static str, u32)];

/// The decimals of a currency in a provider's list, else by ISO 4217.
fn listed(list: Decimals, currency: Currency) -> u32 {
    let found = list.iter().find(|(code, _)| *code == currency.code());
    found.map_or(currency.exponent(), |(_, decimals)| *decimals)
}

/// There is no amount, or it is not a number.
pub(super) const NO_AMOUNT: Uncounted = Uncounted::Quarantined(Reason::NoAmount);
/// The code names no currency.
pub(super) const UNKNOWN_CURRENCY: Uncounted = Uncounted::Quarantined(Reason::UnknownCurrency);
/// The currency's minor units would have to be rounded.
pub(super) const INEXACT: Uncounted = Uncounted::Quarantined(Reason::InexactAmount);
/// Beyond 64 bits of minor units.
pub(super) const TOO_LARGE: Uncounted = Uncounted::Quarantined(Reason::AmountTooLarge);

/// Reads a currency code in any case.
pub(super) fn currency(code: &str) -> Verdict<Currency> {
    Currency::parse(&code.trim().to_ascii_uppercase()).ok_or(UNKNOWN_CURRENCY)
}

/// A whole number of a provider's smallest unit. The decimals in the source's own settings win.
pub(super) fn from_integer(smallest: Option<i64>, code: &Value, list: Decimals, source: &Source) -> Verdict<Money> {
    let smallest = smallest.ok_or(NO_AMOUNT)?;
    let currency = currency(code.as_str().unwrap_or_default())?;
    let smallest = u64::try_from(smallest).map_err(|_| NO_AMOUNT)?;
    let configured = source.decimals.get(currency.code()).copied();
    let from = configured.unwrap_or_else(|| listed(list, currency));
    let factor = 10_u64
        .checked_pow(from.abs_diff(currency.exponent()))
        .ok_or(TOO_LARGE)?;
    let minor = if currency.exponent() >= from {
        smallest.checked_mul(factor).ok_or(TOO_LARGE)?
    } else if smallest % factor == 0 {
        smallest / factor
    } else {
        return Err(INEXACT);
    };
    let minor = i64::try_from(minor).map_err(|_| TOO_LARGE)?;
    Ok(Money { minor, currency })
}

/// A decimal text such as `29.62` or `.99`, where money has only one direction.
pub(super) fn from_text(text: &str, currency: Currency) -> Verdict<Money> {
    match from_signed_text(text, currency)? {
        (money, false) => Ok(money),
        (_, true) => Err(NO_AMOUNT),
    }
}

/// A decimal text with no more decimals than a provider's list has, apart from zeros, and whether it is negative.
pub(super) fn from_listed_text(text: &str, currency: Currency, list: Decimals) -> Verdict<(Money, bool)> {
    let (money, negative) = from_signed_text(text, currency)?;
    let beyond = currency.exponent().saturating_sub(listed(list, currency));
    match 10_i64.checked_pow(beyond) {
        Some(unit) if money.minor % unit == 0 => Ok((money, negative)),
        _ => Err(INEXACT),
    }
}

fn from_signed_text(text: &str, currency: Currency) -> Verdict<(Money, bool)> {
    let text = text.trim();
    let (digits, negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let money = Money::parse(digits, currency).map_err(|error| match error {
        MoneyError::TooManyDecimals => INEXACT,
        MoneyError::TooLarge => TOO_LARGE,
        MoneyError::NotADecimal | MoneyError::Negative => NO_AMOUNT,
    })?;
    Ok((money, negative))
}
