//! Stripe's integers as money: its decimals are not everywhere those of ISO 4217.

use serde_json::Value;

use super::super::delivery::integer;
use super::Uncounted;
use crate::model::{Currency, Money};

/// Decimals that Stripe's integers have where they differ from ISO 4217, or where opinions do.
const DECIMALS: [(&str, u32); 3] = [("ISK", 2), ("MGA", 0), ("UGX", 0)];

/// The amount under `name` of an object, exact in the currency's own minor units.
pub(super) fn amount(object: &Value, name: &str) -> Result<Money, Uncounted> {
    money(integer(&object[name]), &object["currency"])
}

/// An integer in Stripe's smallest unit of a currency.
pub(super) fn money(smallest: Option<i64>, currency: &Value) -> Result<Money, Uncounted> {
    let smallest = smallest.filter(|n| *n >= 0).ok_or(Uncounted::Because("no_amount"))?;
    let code = currency.as_str().unwrap_or_default().to_ascii_uppercase();
    let currency = Currency::parse(&code).ok_or(Uncounted::Because("unknown_currency"))?;
    let minor = rescale(smallest, decimals(&currency), currency.exponent());
    Ok(Money {
        minor: minor.ok_or(Uncounted::Because("inexact_amount"))?,
        currency,
    })
}

fn decimals(currency: &Currency) -> u32 {
    let special = DECIMALS.iter().find(|(code, _)| *code == currency.code());
    special.map_or(currency.exponent(), |(_, decimals)| *decimals)
}

/// Moves the decimal point; none where something would be cut off or does not fit.
fn rescale(amount: i64, from: u32, to: u32) -> Option<i64> {
    let factor = 10_i64.checked_pow(from.abs_diff(to))?;
    if to >= from {
        return amount.checked_mul(factor);
    }
    (amount % factor == 0).then_some(amount / factor)
}
