//! Disputes: an inquiry moves no money; a claim, and what may follow it, does.

use serde_json::Value;

use super::super::delivery::{list, text};
use super::amounts::{amount, given_back, sum};
use super::capture::{state, texts};
use super::{Mapped, Notice, Reason, Uncounted, Verdict};
use crate::model::{DisputeOutcome, DisputeStage, EventType, Money};

/// The dispute's present state, for each of the transactions that it is about.
pub(super) fn dispute(notice: &Notice<'_>) -> Mapped {
    let disputed = list(&notice.resource["disputed_transactions"]).iter();
    let disputed = disputed.filter_map(|told| Some((text(&told["seller_transaction_id"])?, told)));
    let (captures, disputed): (Vec<String>, Vec<&Value>) = disputed.unzip();
    if captures.is_empty() {
        return Err(Uncounted::Quarantined(Reason::NoPaymentId));
    }
    let amounts = amounts(&disputed, amount(&notice.resource["dispute_amount"])?);
    let several = captures.len() > 1;
    let events = captures.into_iter().zip(&disputed).zip(amounts);
    events
        .map(|((capture, disputed), amount)| {
            let mut event = of_capture(notice, capture, disputed)?;
            event.amount = Some(amount);
            if let Some(capture) = event.capture_id.as_deref().filter(|_| several) {
                event.id = format!("{}:{capture}", event.id);
            }
            Ok(event)
        })
        .collect()
}

/// How much of a dispute each transaction is about: as PayPal states it of its items, else by what each was over.
fn amounts(disputed: &[&Value], whole: Money) -> Vec<Money> {
    let of_items = |transaction: &Value| {
        let items = transaction["items"].as_array()?;
        sum(items.iter().map(|item| &item["dispute_amount"])).ok()?
    };
    let gross = |transaction: &Value| amount(&transaction["gross_amount"]).ok();
    let all = |told: &dyn Fn(&Value) -> Option<Money>| -> Option<Vec<i64>> {
        let told: Option<Vec<Money>> = disputed.iter().map(|disputed| told(disputed)).collect();
        let told = told?
            .into_iter()
            .map(|money| (money.currency == whole.currency).then_some(money.minor));
        told.collect()
    };
    let weights = all(&of_items).filter(|told| total(told) == i128::from(whole.minor));
    let weights = weights.or_else(|| all(&gross)).filter(|told| total(told) > 0);
    let weights = weights.unwrap_or_else(|| vec![1; disputed.len()]);
    let money = |minor| Money { minor, ..whole };
    shares(whole.minor, &weights).into_iter().map(money).collect()
}

fn total(weights: &[i64]) -> i128 {
    weights.iter().copied().map(i128::from).sum()
}

/// Divides an amount by weights, exactly: each share ends where the sum of the weights so far puts it.
fn shares(whole: i64, weights: &[i64]) -> Vec<i64> {
    let total = total(weights).max(1);
    let (mut before, mut so_far) = (0, 0);
    let share = |weight: &i64| {
        so_far += i128::from(*weight);
        let end = i64::try_from(i128::from(whole).saturating_mul(so_far) / total).unwrap_or(whole);
        end - std::mem::replace(&mut before, end)
    };
    weights.iter().map(share).collect()
}

/// Of a payment a dispute knows the capture only, or the sale.
fn of_capture(notice: &Notice<'_>, capture: String, disputed: &Value) -> Verdict {
    let dispute = notice.resource;
    let closed = notice.type_name().ends_with(".RESOLVED") || state(dispute) == "RESOLVED";
    let kind = if closed {
        EventType::TransactionDisputeClosed
    } else {
        EventType::TransactionDisputed
    };
    let mut event = notice.event(kind, capture.clone(), &texts(disputed));
    event.capture_id = Some(capture);
    let id = text(&dispute["dispute_id"]).or_else(|| text(&dispute["id"]));
    event.dispute_id = Some(id.ok_or(Uncounted::Quarantined(Reason::NoDisputeId))?);
    event.stage = stage(dispute);
    if closed {
        event.outcome = outcome(&dispute["dispute_outcome"]);
    }
    Ok(event)
}

/// Pre-arbitration and arbitration are later rounds of a chargeback.
fn stage(dispute: &Value) -> Option<DisputeStage> {
    match dispute["dispute_life_cycle_stage"].as_str()? {
        "INQUIRY" => Some(DisputeStage::Inquiry),
        _ => Some(DisputeStage::Chargeback),
    }
}

/// Who keeps the money. Where PayPal pays the customer itself, the merchant does too.
fn outcome(outcome: &Value) -> Option<DisputeOutcome> {
    match outcome["outcome_code"].as_str().unwrap_or_default() {
        "RESOLVED_BUYER_FAVOUR" | "ACCEPTED" => Some(DisputeOutcome::Lost),
        "RESOLVED_SELLER_FAVOUR" | "RESOLVED_WITH_PAYOUT" | "CANCELED_BY_BUYER" | "DENIED" => Some(DisputeOutcome::Won),
        // Without a decision, or with a word that is new: lost if money went back.
        _ => {
            let refunded = given_back(&outcome["amount_refunded"]).ok();
            refunded.filter(|money| money.minor > 0).map(|_| DisputeOutcome::Lost)
        }
    }
}
