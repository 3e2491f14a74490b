//! Stripe's integers as money: its decimals are not everywhere those of ISO 4217.

use serde_json::Value;

use super::super::decimals::{Decimals, INEXACT, NO_AMOUNT, TOO_LARGE, from_integer};
use super::super::delivery::{Delivery, integer};
use crate::ingest::verdict::Verdict;
use crate::model::Money;

/// Stripe's special cases. Its amounts are whole numbers of the smallest unit.
const DECIMALS: Decimals = &[
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

/// The amount under `name` of an object, exact in the currency's own minor units.
pub(super) fn amount(delivery: &Delivery<'_>, object: &Value, name: &str) -> Verdict<Money> {
    money(delivery, figure(&object[name])?, &object["currency"])
}

/// An integer in Stripe's smallest unit; none where there is none.
pub(super) fn figure(value: &Value) -> Verdict<Option<i64>> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) if number.is_u64() && !number.is_i64() => Err(TOO_LARGE),
        // A fraction has already been rounded to binary, and so has what no integer holds.
        Value::Number(number) if number.is_f64() => Err(INEXACT),
        value => integer(value).map(Some).ok_or(NO_AMOUNT),
    }
}

/// An integer in Stripe's smallest unit of a currency.
pub(super) fn money(delivery: &Delivery<'_>, smallest: Option<i64>, code: &Value) -> Verdict<Money> {
    from_integer(smallest, code, DECIMALS, delivery.source)
}
