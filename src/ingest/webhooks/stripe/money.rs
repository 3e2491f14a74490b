//! Stripe's integers as money: its decimals are not everywhere those of ISO 4217.

use serde_json::Value;

use super::super::decimals::{Inexact, STRIPE, currency, from_integer};
use super::super::delivery::{Delivery, integer};
use super::Uncounted;
use crate::model::Money;

/// The amount under `name` of an object, exact in the currency's own minor units.
pub(super) fn amount(delivery: &Delivery<'_>, object: &Value, name: &str) -> Result<Money, Uncounted> {
    money(delivery, figure(&object[name])?, &object["currency"])
}

/// An integer in Stripe's smallest unit; none where there is none.
pub(super) fn figure(value: &Value) -> Result<Option<i64>, Uncounted> {
    let refused = |inexact: Inexact| Err(Uncounted::Because(inexact.reason()));
    match value {
        Value::Null => Ok(None),
        Value::Number(number) if number.is_u64() && !number.is_i64() => refused(Inexact::TooLarge),
        // A fraction has already been rounded to binary, and so has what no integer holds.
        Value::Number(number) if number.is_f64() => refused(Inexact::Rounded),
        value => integer(value).map_or_else(|| refused(Inexact::NoAmount), |figure| Ok(Some(figure))),
    }
}

/// An integer in Stripe's smallest unit of a currency.
pub(super) fn money(delivery: &Delivery<'_>, smallest: Option<i64>, code: &Value) -> Result<Money, Uncounted> {
    let read = || {
        let smallest = smallest.ok_or(Inexact::NoAmount)?;
        from_integer(
            smallest,
            currency(code.as_str().unwrap_or_default())?,
            STRIPE,
            delivery.source(),
        )
    };
    read().map_err(|inexact| Uncounted::Because(inexact.reason()))
}
