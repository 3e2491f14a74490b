//! Transactions: every status that one has had, with its time; credits are refunds of others.

use super::super::delivery::Stamp;
use super::notice::{Notice, named};
use super::xml::Element;
use super::{failure, instrument};
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::{Event, EventType, FailureKind, Money};

/// What a status means for the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Begun,
    /// Reserved, or on its way: promised, but not taken.
    Promised,
    Settled,
    Failed,
    SettlementDeclined,
    Cancelled,
}

fn step(status: &str) -> Option<Step> {
    Some(match status {
        "authorizing" => Step::Begun,
        "authorized" | "submitted_for_settlement" | "settling" | "settlement_pending" => Step::Promised,
        "settled" | "settlement_confirmed" => Step::Settled,
        "processor_declined" | "gateway_rejected" | "failed" => Step::Failed,
        "settlement_declined" => Step::SettlementDeclined,
        "voided" | "authorization_expired" => Step::Cancelled,
        _ => return None,
    })
}

const UNKNOWN_STATUS: Uncounted = Uncounted::Quarantined(Reason::UnknownStatus);

/// A status, when the transaction had it, and for how much.
struct Change<'a> {
    about: String,
    status: &'a str,
    amount: Option<&'a str>,
    stamp: Stamp,
}

/// A transaction within a notification.
struct Told<'n, 'a> {
    notice: &'n Notice<'a>,
    transaction: Element<'a>,
    id: &'a str,
    /// The payment's own id where Braintree passes it on to a local method.
    local_id: Option<&'a str>,
    /// What its events share: the links, and what was paid with.
    shared: Event,
}

/// Reads one transaction; at least one event comes of it.
pub(super) fn read<'a>(
    notice: &Notice<'a>,
    transaction: Element<'a>,
    local: Option<Element<'a>>,
    events: &mut Vec<Event>,
) {
    let Some(id) = transaction.text("id") else {
        return events.push(notice.uncounted(Uncounted::Quarantined(Reason::NoPaymentId)));
    };
    let local = local.or_else(|| transaction.child("local-payment"));
    let mut shared = notice.event(EventType::Other, id, notice.stamp(notice.time));
    instrument::of(transaction, local.is_some()).apply(&mut shared);
    notice.link(&mut shared, transaction);
    let told = Told {
        notice,
        transaction,
        id,
        local_id: local.and_then(|local| local.text("payment-id")),
        shared,
    };
    let changes = told.changes();
    if notice.kind == "refund_failed" {
        events.extend(changes.last().map(|change| told.taken_back(change)));
    } else if transaction.text("type") == Some("credit") {
        told.credit(&changes, events);
    } else {
        let mut settled = changes.len() == 1;
        for change in &changes {
            told.sale(change, settled, events);
            settled |= step(change.status) == Some(Step::Settled);
        }
    }
}

impl<'a> Told<'_, 'a> {
    /// Its history, and its present status where that is not in it.
    fn changes(&self) -> Vec<Change<'a>> {
        let present = self.transaction.text("amount");
        let in_history = self.transaction.list("status-history").filter_map(|entry| {
            let time = entry.text("timestamp").or(self.notice.time);
            let status = entry.text("status")?;
            Some(Change {
                about: format!("transaction:{}:{status}:{}", self.id, time.unwrap_or_default()),
                status,
                amount: entry.text("amount").or(present),
                stamp: self.notice.stamp(time),
            })
        });
        let mut changes: Vec<Change<'a>> = in_history.collect();
        let implied = match self.notice.kind {
            // Only what is settled is paid out.
            "transaction_disbursed" => "settled",
            _ => "unnamed",
        };
        let status = self.transaction.text("status").unwrap_or(implied);
        if !changes.iter().any(|change| change.status == status) {
            changes.push(Change {
                about: format!("{}:{}:{status}", self.notice.id, self.id),
                status,
                amount: present,
                stamp: self.notice.stamp(self.notice.time),
            });
        }
        changes
    }

    /// One status of a sale. `settled`: money may have been taken before.
    fn sale(&self, change: &Change<'_>, settled: bool, events: &mut Vec<Event>) {
        let known = || -> Verdict<_> {
            let step = step(change.status).ok_or(UNKNOWN_STATUS)?;
            Ok((step, self.notice.prices.money(self.transaction, change.amount)?))
        };
        let (step, money) = match known() {
            Ok(known) => known,
            Err(uncounted) => return events.push(self.uncounted(change, uncounted)),
        };
        let of = |kind| self.of_sale(kind, change, money);
        events.push(named(
            match step {
                Step::Begun => of(EventType::TransactionInitiated),
                Step::Promised => of(EventType::TransactionAuthorized),
                Step::Cancelled => of(EventType::TransactionCancelled),
                Step::Settled => {
                    let mut event = of(EventType::TransactionCaptured);
                    event.capture_id = Some(self.id.into());
                    event
                }
                Step::Failed | Step::SettlementDeclined => {
                    let mut event = of(EventType::TransactionFailed);
                    failure::explain(&mut event, change.status, self.transaction);
                    event
                }
            },
            &change.about,
        ));
        if step == Step::SettlementDeclined && settled {
            // A bank may return what had been settled.
            let mut event = of(EventType::TransactionReversed);
            event.capture_id = Some(self.id.into());
            events.push(named(event, &change.about));
        }
    }

    fn of_sale(&self, kind: EventType, change: &Change<'_>, money: Money) -> Event {
        // A part that is settled on its own belongs to the sale that was authorized.
        let payment = self.transaction.text("authorized-transaction-id").unwrap_or(self.id);
        let mut event = self.of_payment(kind, payment, change);
        event.attempt_id = Some(payment.into());
        event.amount = Some(money);
        let names = [Some(self.id), self.local_id].into_iter().flatten();
        event.aliases = names.filter(|name| *name != payment).map(str::to_owned).collect();
        event
    }

    /// A refund: it counts when it is settled, and is taken back when it fails later.
    fn credit(&self, changes: &[Change<'_>], events: &mut Vec<Event>) {
        let before = events.len();
        let Some(payment) = self.transaction.text("refunded-transaction-id") else {
            // Money sent without a sale is no payment's refund.
            let last = changes
                .last()
                .map(|change| self.uncounted(change, Uncounted::Quarantined(Reason::DetachedCredit)));
            return events.extend(last);
        };
        for change in changes {
            match step(change.status) {
                Some(Step::Begun | Step::Promised) => {}
                Some(Step::Settled) => events.push(self.refund(payment, change)),
                Some(Step::Failed | Step::SettlementDeclined | Step::Cancelled) => events.push(self.taken_back(change)),
                None => events.push(self.uncounted(change, UNKNOWN_STATUS)),
            }
        }
        if events.len() == before {
            let last = changes
                .last()
                .map(|change| self.uncounted(change, Uncounted::Quarantined(Reason::RefundNotSettled)));
            events.extend(last);
        }
    }

    fn refund(&self, payment: &str, change: &Change<'_>) -> Event {
        match self.notice.prices.money(self.transaction, change.amount) {
            Err(uncounted) => self.uncounted(change, uncounted),
            Ok(money) => {
                let mut event = self.of_refund(payment, change);
                event.amount = Some(money);
                named(event, &change.about)
            }
        }
    }

    /// A refund that did not happen counts nothing, in whatever currency.
    fn taken_back(&self, change: &Change<'_>) -> Event {
        // Without the sale's id the refund's own leads to it, if the refund was told before.
        let payment = self.transaction.text("refunded-transaction-id").unwrap_or(self.id);
        let mut event = self.of_refund(payment, change);
        event.amount = self.notice.prices.money(self.transaction, change.amount).ok();
        event.failure_kind = Some(FailureKind::Technical);
        named(event, &change.about)
    }

    fn of_refund(&self, payment: &str, change: &Change<'_>) -> Event {
        let mut event = self.of_payment(EventType::TransactionRefunded, payment, change);
        event.refund_id = Some(self.id.into());
        if payment != self.id {
            event.capture_id = Some(payment.into());
            event.aliases = vec![self.id.into()];
        }
        event
    }

    /// An event about a payment, with its links and what was paid with.
    fn of_payment(&self, kind: EventType, payment: &str, change: &Change<'_>) -> Event {
        Event {
            kind,
            payment_id: Some(payment.into()),
            time: change.stamp.time,
            time_origin: change.stamp.origin,
            ..self.shared.clone()
        }
    }

    /// A status that cannot be counted; the rest of the notification still is.
    fn uncounted(&self, change: &Change<'_>, uncounted: Uncounted) -> Event {
        let type_name = format!("transaction.{}", change.status);
        self.notice
            .part_uncounted(&change.about, &type_name, uncounted, change.stamp)
    }
}
