//! Disputes: a retrieval only asks, a chargeback and its arbitration claim the money back.

use super::instrument;
use super::notice::{Notice, named};
use super::xml::Element;
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::{DisputeOutcome, DisputeStage, Event, EventType};

/// Reads every status that a dispute has had.
pub(super) fn read(notice: &Notice<'_>, dispute: Element<'_>, events: &mut Vec<Event>) {
    let transaction = dispute.child("transaction");
    let id = dispute.text("id");
    let payment = transaction.and_then(|transaction| transaction.text("id"));
    let amount = dispute.text("amount-disputed").or_else(|| dispute.text("amount"));
    let known = || -> Verdict<_> {
        let payment = payment.ok_or(Uncounted::Quarantined(Reason::NoPaymentId))?;
        let id = id.ok_or(Uncounted::Quarantined(Reason::NoDisputeId))?;
        Ok((payment, id, notice.prices.money(dispute, amount)?))
    };
    let (payment, id, money) = match known() {
        Ok(known) => known,
        Err(uncounted) => return events.push(notice.uncounted(uncounted)),
    };
    let stage = stage(dispute.text("kind"));
    let mut shared = notice.event(EventType::TransactionDisputed, payment, notice.stamp(notice.time));
    shared.dispute_id = Some(id.into());
    shared.capture_id = Some(payment.into());
    shared.amount = Some(money);
    shared.stage = Some(stage);
    if let Some(transaction) = transaction {
        if let Some(word) = transaction.text("payment-instrument-subtype") {
            instrument::of_subtype(word).apply(&mut shared);
        }
        notice.link(&mut shared, transaction);
    }
    let of = |status: &str, time: Option<&str>, about: &str| {
        let stamp = notice.stamp(time);
        let event = Event {
            kind: kind(status),
            time: stamp.time,
            time_origin: stamp.origin,
            outcome: outcome(status).filter(|_| stage == DisputeStage::Chargeback),
            ..shared.clone()
        };
        named(event, about)
    };
    let mut present = dispute.text("status").or_else(|| notice.kind.strip_prefix("dispute_"));
    for entry in dispute.list("status-history") {
        let Some(status) = entry.text("status") else { continue };
        let time = entry.text("timestamp").or(notice.time);
        let about = format!("dispute:{id}:{status}:{}", time.unwrap_or_default());
        events.push(of(status, time, &about));
        present = present.filter(|present| *present != status);
    }
    if let Some(status) = present {
        let dated = match status {
            "open" | "opened" => dispute.text("date-opened"),
            "won" => dispute.text("date-won"),
            _ => None,
        };
        let about = format!("{}:{status}", notice.id);
        events.push(of(status, dated.or(notice.time), &about));
    }
}

fn kind(status: &str) -> EventType {
    match status {
        "accepted" | "auto_accepted" | "expired" | "lost" | "won" => EventType::TransactionDisputeClosed,
        _ => EventType::TransactionDisputed,
    }
}

/// What is accepted, or not answered in time, is lost.
fn outcome(status: &str) -> Option<DisputeOutcome> {
    match status {
        "won" => Some(DisputeOutcome::Won),
        "accepted" | "auto_accepted" | "expired" | "lost" => Some(DisputeOutcome::Lost),
        _ => None,
    }
}

fn stage(kind: Option<&str>) -> DisputeStage {
    match kind {
        Some("retrieval") => DisputeStage::Inquiry,
        _ => DisputeStage::Chargeback,
    }
}
