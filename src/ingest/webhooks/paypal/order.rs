//! Orders, and payments as the older interface calls them: states, links and other names of the money.

use serde_json::Value;

use super::super::delivery::{list, text};
use super::amounts::{amount, sum};
use super::capture::{state, texts};
use super::names::Names;
use super::{Mapped, Notice, Reason, Uncounted, Verdict, instrument};
use crate::model::EventType;

/// The customer has agreed; no money has moved.
pub(super) fn approved(notice: &Notice<'_>) -> Mapped {
    Ok(vec![set_up(notice, own_id(notice)?)?])
}

/// The order is done. Its captures are the same as in their own notices, under the same ids.
pub(super) fn completed(notice: &Notice<'_>) -> Mapped {
    let order_id = own_id(notice)?;
    let mut captured = Vec::new();
    for unit in units(notice.resource) {
        let captures = list(&unit["payments"]["captures"])
            .iter()
            .filter(|capture| state(capture) == "COMPLETED");
        for capture in captures {
            captured.push(capture_of(notice, &order_id, unit, capture)?);
        }
    }
    if captured.is_empty() {
        captured.push(set_up(notice, order_id)?);
    }
    Ok(captured)
}

/// The merchant took too long: the customer's money goes back before it was taken.
pub(super) fn given_up(notice: &Notice<'_>) -> Mapped {
    let order_id = text(&notice.resource["order_id"]).map_or_else(|| own_id(notice), Ok)?;
    let mut event = notice.event(EventType::TransactionCancelled, order_id, &unit_texts(notice.resource));
    // No money moves, and the notice need not repeat how much it would have been.
    event.amount = sum(units(notice.resource).iter().map(|unit| &unit["amount"])).unwrap_or_default();
    Ok(vec![event])
}

/// A payment of the older interface is set up.
pub(super) fn payment_created(notice: &Notice<'_>) -> Mapped {
    let payment = notice.resource;
    let transactions = || list(&payment["transactions"]).iter();
    let written: Vec<&Value> = transactions().flat_map(texts).collect();
    let mut event = notice.event(EventType::TransactionInitiated, own_id(notice)?, &written);
    event.amount = sum(transactions().map(|transaction| &transaction["amount"]))?;
    let related = transactions().flat_map(|transaction| list(&transaction["related_resources"]));
    event.aliases = related
        .flat_map(|related| ["sale", "authorization"].map(|kind| text(&related[kind]["id"])))
        .flatten()
        .collect();
    Ok(vec![event])
}

fn own_id(notice: &Notice<'_>) -> Verdict<String> {
    text(&notice.resource["id"]).ok_or(Uncounted::Quarantined(Reason::NoPaymentId))
}

fn units(order: &Value) -> &[Value] {
    list(&order["purchase_units"])
}

/// The texts of all units in which a bot may have written its links.
fn unit_texts(order: &Value) -> Vec<&Value> {
    units(order).iter().flat_map(texts_of_unit).collect()
}

fn texts_of_unit(unit: &Value) -> impl Iterator<Item = &Value> {
    // PayPal itself calls a unit without a name this.
    let named = Some(&unit["reference_id"]).filter(|reference| *reference != "default");
    texts(unit).into_iter().chain(named)
}

fn set_up(notice: &Notice<'_>, order_id: String) -> Verdict {
    let order = notice.resource;
    let mut event = notice.event(EventType::TransactionInitiated, order_id, &unit_texts(order));
    event.amount = sum(units(order).iter().map(|unit| &unit["amount"]))?;
    for unit in units(order) {
        let moved = ["authorizations", "captures"]
            .into_iter()
            .flat_map(|kind| list(&unit["payments"][kind]));
        event.aliases.extend(moved.filter_map(|part| text(&part["id"])));
    }
    instrument::of(order).apply(&mut event);
    Ok(event)
}

/// One capture inside an order, as [`super::capture::completed`] tells it.
fn capture_of(notice: &Notice<'_>, order_id: &str, unit: &Value, capture: &Value) -> Verdict {
    let id = text(&capture["id"]).ok_or(Uncounted::Quarantined(Reason::NoCaptureId))?;
    let names = Names {
        order: Some(order_id.to_owned()),
        capture: Some(id.clone()),
        ..Names::of(capture)
    };
    let written: Vec<&Value> = texts(capture).into_iter().chain(texts_of_unit(unit)).collect();
    let mut event = notice.event(EventType::TransactionCaptured, names.payment()?, &written);
    event.id = format!("{}:{id}", event.id);
    names.state_aliases(&mut event);
    event.amount = Some(amount(&capture["amount"])?);
    event.attempt_id = names.authorization.or(Some(id.clone()));
    event.capture_id = Some(id);
    let instrument = instrument::stated(notice.resource);
    instrument.unwrap_or_else(|| instrument::of(capture)).apply(&mut event);
    Ok(event)
}
