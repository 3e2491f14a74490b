//! PayPal's amounts: decimal texts, under the names of both generations of its interface.

use serde_json::Value;

use super::super::decimals::{Decimals, NO_AMOUNT, TOO_LARGE, currency, from_listed_text};
use super::super::delivery::text;
use super::{Reason, Uncounted, Verdict};
use crate::model::Money;

/// PayPal's currencies without decimals. Its amounts are decimal texts, in which zeros may follow.
const DECIMALS: Decimals = &[("HUF", 0), ("JPY", 0), ("TWD", 0)];

/// An amount that is not below zero.
pub(super) fn amount(stated: &Value) -> Verdict<Money> {
    match read(stated)? {
        (_, true) => Err(Uncounted::Quarantined(Reason::NegativeAmount)),
        (money, false) => Ok(money),
    }
}

/// An amount that goes back, which the older interface states with a minus.
pub(super) fn given_back(stated: &Value) -> Verdict<Money> {
    read(stated).map(|(money, _)| money)
}

/// The sum of amounts, all of one currency; `None` where there are none.
pub(super) fn sum<'a>(stated: impl Iterator<Item = &'a Value>) -> Verdict<Option<Money>> {
    let mut total: Option<Money> = None;
    for next in stated {
        let next = amount(next)?;
        let before = total.map_or(0, |total| total.minor);
        if total.is_some_and(|total| total.currency != next.currency) {
            return Err(Uncounted::Quarantined(Reason::MixedCurrencies));
        }
        let minor = before.checked_add(next.minor).ok_or(TOO_LARGE)?;
        total = Some(Money { minor, ..next });
    }
    Ok(total)
}

fn read(stated: &Value) -> Verdict<(Money, bool)> {
    let either = |new: &str, old: &str| text(&stated[new]).or_else(|| text(&stated[old])).ok_or(NO_AMOUNT);
    let value = either("value", "total")?;
    from_listed_text(&value, currency(&either("currency_code", "currency")?)?, DECIMALS)
}
