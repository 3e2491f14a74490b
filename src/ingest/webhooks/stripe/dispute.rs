//! Disputes: an inquiry moves no money, a chargeback does.

use super::super::delivery::text;
use super::money::amount;
use super::{Notice, Verdict, instrument, payment_of, reference};
use crate::model::{DisputeOutcome, DisputeStage, EventType};

/// The dispute's present state; the events around the movement of its funds tell it as well.
pub(super) fn dispute(notice: &Notice<'_>) -> Verdict {
    // The first years sent the charge, with its dispute inside.
    let (dispute, whole) = match &notice.object["dispute"] {
        inside if inside.is_object() => (inside, Some(notice.object)),
        _ => (notice.object, None),
    };
    let status = dispute["status"].as_str().unwrap_or_default();
    let details = &dispute["payment_method_details"];
    let (kind, outcome) = match status {
        "won" => (EventType::TransactionDisputeClosed, Some(DisputeOutcome::Won)),
        "lost" => (EventType::TransactionDisputeClosed, Some(DisputeOutcome::Lost)),
        // Over before it became a chargeback: nobody won or lost one.
        "warning_closed" | "prevented" | "charge_refunded" => (EventType::TransactionDisputeClosed, None),
        _ => (EventType::TransactionDisputed, None),
    };
    let charge = whole.map_or_else(|| reference(&dispute["charge"]), |charge| text(&charge["id"]));
    let payment = payment_of(whole.unwrap_or(dispute), charge.as_deref());
    let mut event = notice.event(kind, payment, charge.clone())?;
    event.capture_id = charge.clone();
    // Disputes of the first years have no id: a charge had one at most.
    event.dispute_id = text(&dispute["id"]).or(charge);
    event.amount = Some(amount(&notice.delivery, dispute, "amount")?);
    event.stage = Some(stage(status, details["card"]["case_type"].as_str()));
    event.outcome = outcome;
    instrument::of_details(details).apply(&mut event);
    Ok(event)
}

fn stage(status: &str, case_type: Option<&str>) -> DisputeStage {
    let early = status.starts_with("warning_") || matches!(status, "prevented" | "charge_refunded");
    let question = matches!(case_type, Some("inquiry" | "block"));
    if early || question {
        DisputeStage::Inquiry
    } else {
        DisputeStage::Chargeback
    }
}
