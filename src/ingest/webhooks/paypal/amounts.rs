//! PayPal's amounts: decimal texts, under the names of both generations of its interface.

use serde_json::Value;

use super::super::decimals::{Inexact, PAYPAL, currency, from_listed_text};
use super::super::delivery::text;
use super::Uncounted;
use crate::model::Money;

/// An amount that is not below zero.
pub(super) fn amount(stated: &Value) -> Result<Money, Uncounted> {
    match read(stated)? {
        (_, true) => Err(Uncounted::Because("negative_amount")),
        (money, false) => Ok(money),
    }
}

/// An amount that goes back, which the older interface states with a minus.
pub(super) fn given_back(stated: &Value) -> Result<Money, Uncounted> {
    read(stated).map(|(money, _)| money)
}

/// The sum of amounts, all of one currency; `None` where there are none.
pub(super) fn sum<'a>(stated: impl Iterator<Item = &'a Value>) -> Result<Option<Money>, Uncounted> {
    let mut total: Option<Money> = None;
    for next in stated {
        let next = amount(next)?;
        let before = total.map_or(0, |total| total.minor);
        if total.is_some_and(|total| total.currency != next.currency) {
            return Err(Uncounted::Because("mixed_currencies"));
        }
        let minor = before.checked_add(next.minor);
        total = Some(Money {
            minor: minor.ok_or(Uncounted::Because(Inexact::TooLarge.reason()))?,
            currency: next.currency,
        });
    }
    Ok(total)
}

fn read(stated: &Value) -> Result<(Money, bool), Uncounted> {
    exact(stated).map_err(|inexact| Uncounted::Because(inexact.reason()))
}

fn exact(stated: &Value) -> Result<(Money, bool), Inexact> {
    let either = |new: &str, old: &str| text(&stated[new]).or_else(|| text(&stated[old]));
    let value = either("value", "total").ok_or(Inexact::NoAmount)?;
    let currency = currency(&either("currency_code", "currency").ok_or(Inexact::NoAmount)?)?;
    from_listed_text(&value, currency, PAYPAL)
}
