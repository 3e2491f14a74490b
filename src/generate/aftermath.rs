//! What follows a captured payment for a few: refunds, disputes, reversals.

use super::payment::Payment;
use crate::model::{DisputeOutcome, DisputeStage, EventType};

/// One day in seconds.
const DAY: i64 = 86_400;

/// Plays the fate of the captured money.
pub fn play(payment: &mut Payment) {
    match payment.stage.dice.below(10_000) {
        0..=489 => refund(payment),
        490..=579 => dispute(payment),
        580..=599 => reverse(payment),
        _ => {}
    }
}

/// Gives back the whole, a part, or two parts.
fn refund(payment: &mut Payment) {
    payment.wait(DAY / 4, 30 * DAY);
    let whole = payment.purchase.minor;
    let part = (whole * payment.stage.dice.between(2, 6) / 10).max(1);
    match payment.stage.dice.below(100) {
        0..=54 => give_back(payment, whole, 1),
        55..=86 => give_back(payment, part.min(whole), 1),
        _ => {
            give_back(payment, part.min(whole), 1);
            payment.wait(DAY, 14 * DAY);
            if whole > part {
                give_back(payment, whole - part, 2);
            }
        }
    }
}

fn give_back(payment: &mut Payment, minor: i64, number: u64) {
    let data = payment.data().id("refund_id", "r", number);
    payment.emit(EventType::TransactionRefunded, minor, data);
}

/// An inquiry that is answered or grows, or a chargeback at once; most are decided in time.
fn dispute(payment: &mut Payment) {
    payment.wait(3 * DAY, 55 * DAY);
    if payment.stage.dice.chance(3000) {
        contest(payment, DisputeStage::Inquiry, None);
        payment.wait(2 * DAY, 12 * DAY);
        if payment.stage.dice.chance(6000) {
            contest(payment, DisputeStage::Inquiry, Some(DisputeOutcome::Won));
            return;
        }
    }
    contest(payment, DisputeStage::Chargeback, None);
    payment.wait(12 * DAY, 60 * DAY);
    if payment.stage.dice.chance(9000) {
        let won = payment.stage.dice.chance(3800);
        let outcome = if won { DisputeOutcome::Won } else { DisputeOutcome::Lost };
        contest(payment, DisputeStage::Chargeback, Some(outcome));
        // Some banks book the lost money as a reversal as well; it must count once.
        if !won && payment.stage.dice.chance(2000) {
            reverse(payment);
        }
    }
}

fn contest(payment: &mut Payment, stage: DisputeStage, outcome: Option<DisputeOutcome>) {
    let data = payment.data().id("dispute_id", "d", 1).text("stage", stage.as_str());
    let data = data.maybe("outcome", outcome.map(DisputeOutcome::as_str));
    let kind = match outcome {
        Some(_) => EventType::TransactionDisputeClosed,
        None => EventType::TransactionDisputed,
    };
    payment.emit(kind, payment.purchase.minor, data);
}

fn reverse(payment: &mut Payment) {
    payment.wait(DAY, 20 * DAY);
    let data = payment.data();
    payment.emit(EventType::TransactionReversed, payment.purchase.minor, data);
}
