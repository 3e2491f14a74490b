//! Disputes: an inquiry moves no money; a claim, and what may follow it, does.

use serde_json::Value;

use super::super::delivery::text;
use super::amounts::{amount, given_back};
use super::capture::{state, texts};
use super::{Mapped, Notice, Uncounted};
use crate::model::{DisputeOutcome, DisputeStage, EventType};

/// The dispute's present state. Of a payment it knows the capture only, or the sale.
pub(super) fn dispute(notice: &Notice<'_>) -> Mapped {
    let dispute = notice.resource;
    let closed = notice.type_name().ends_with(".RESOLVED") || state(dispute) == "RESOLVED";
    let kind = if closed {
        EventType::TransactionDisputeClosed
    } else {
        EventType::TransactionDisputed
    };
    let disputed = &dispute["disputed_transactions"][0];
    let capture = text(&disputed["seller_transaction_id"]).ok_or(Uncounted::Because("no_payment_id"))?;
    let mut event = notice.event(kind, capture, &texts(disputed));
    let id = text(&dispute["dispute_id"]).or_else(|| text(&dispute["id"]));
    event.dispute_id = Some(id.ok_or(Uncounted::Because("no_dispute_id"))?);
    event.amount = Some(amount(&dispute["dispute_amount"])?);
    event.stage = stage(dispute);
    if closed {
        event.outcome = outcome(&dispute["dispute_outcome"]);
    }
    Ok(vec![event])
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
