//! What each of PayPal's notices becomes.

use botledger::config::{Links, Source};
use botledger::ingest::webhooks::Webhook;
use botledger::model::{CheckoutPath, DisputeOutcome, DisputeStage, Event, EventType, FailureKind, Mode, TimeOrigin};
use serde_json::{Value, json};

use super::unsigned;
use crate::support::app::{PRESENT, instant};
use crate::support::events::uncounted;

fn notice(kind: &str, resource: Value) -> Value {
    json!({"id": "WH-1", "create_time": "2025-11-05T10:00:00.500Z", "event_type": kind, "resource": resource})
}

fn map_from(source: &Source, body: &Value) -> Vec<Event> {
    let events = Webhook::open(source)
        .unwrap()
        .events(body.to_string().as_bytes(), instant(PRESENT));
    assert!(!events.is_empty(), "{body}");
    assert!(events.iter().all(|event| event.content != 0), "sealed");
    events
}

fn map(kind: &str, resource: Value) -> Vec<Event> {
    map_from(&unsigned(), &notice(kind, resource))
}

fn one(kind: &str, resource: Value) -> Event {
    let events = map(kind, resource);
    assert_eq!(events.len(), 1, "{events:?}");
    events.into_iter().next().unwrap()
}

fn usd(value: &str) -> Value {
    json!({"currency_code": "USD", "value": value})
}

/// A capture in the newer form, with more or other fields.
fn capture(more: Value) -> Value {
    let mut capture = json!({"id": "CAP1", "status": "COMPLETED", "amount": usd("29.62"),
        "supplementary_data": {"related_ids": {"order_id": "ORD1"}}});
    merge(&mut capture, more);
    capture
}

/// A sale in the older form, with more or other fields.
fn sale(more: Value) -> Value {
    let mut sale = json!({"id": "SALE1", "state": "completed", "amount": {"total": "0.48", "currency": "USD"},
        "parent_payment": "PAY-1"});
    merge(&mut sale, more);
    sale
}

fn merge(into: &mut Value, more: Value) {
    into.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
}

fn money(event: &Event) -> String {
    let amount = event.amount.unwrap();
    format!("{} {}", amount.minor, amount.currency.code())
}

fn card(event: &Event) -> [&str; 4] {
    [&event.method, &event.network, &event.brand, &event.wallet].map(|word| word.as_deref().unwrap_or("-"))
}

#[track_caller]
fn is_quarantined(kind: &str, resource: Value, reason: &str) {
    let event = one(kind, resource);
    assert_eq!(event.kind, EventType::Other);
    assert_eq!(uncounted(&event), [Some(kind), Some(reason)]);
}

mod captures {
    use super::*;

    #[test]
    fn a_completed_one_is_money_of_its_order() {
        let event = one("PAYMENT.CAPTURE.COMPLETED", capture(json!({})));
        assert_eq!(event.kind, EventType::TransactionCaptured);
        assert_eq!(event.id, "WH-1:PAYMENT.CAPTURE.COMPLETED");
        assert_eq!(event.source, "/webhooks/paypal/main");
        assert_eq!(
            (event.time, event.time_origin),
            (instant("2025-11-05T10:00:00.500Z"), TimeOrigin::Given)
        );
        assert_eq!(event.provider.as_deref(), Some("paypal"));
        assert_eq!(event.payment_id.as_deref(), Some("ORD1"));
        assert_eq!(event.capture_id.as_deref(), Some("CAP1"));
        assert_eq!(event.attempt_id.as_deref(), Some("CAP1"));
        assert_eq!(event.aliases, ["CAP1"]);
        assert_eq!(money(&event), "2962 USD");
        assert_eq!(card(&event), ["paypal", "none", "-", "-"]);
        assert_eq!(event.mode, Mode::Live);
    }

    #[test]
    fn one_of_an_authorization_is_part_of_that_attempt() {
        let related = json!({"related_ids": {"order_id": "ORD1", "authorization_id": "AUTH1"}});
        let event = one(
            "PAYMENT.CAPTURE.COMPLETED",
            capture(json!({"supplementary_data": related})),
        );
        assert_eq!(event.payment_id.as_deref(), Some("ORD1"));
        assert_eq!(event.attempt_id.as_deref(), Some("AUTH1"));
        assert_eq!(event.capture_id.as_deref(), Some("CAP1"));
        assert_eq!(event.aliases, ["AUTH1", "CAP1"]);
    }

    #[test]
    fn without_related_ids_the_links_name_the_order_or_the_authorization() {
        let with = |path: &str| {
            let links = json!([
                {"rel": "self", "href": "https://api.paypal.com/v2/payments/captures/CAP1"},
                {"rel": "refund", "href": "https://api.paypal.com/v2/payments/captures/CAP1/refund"},
                {"rel": "up", "href": format!("https://api.paypal.com/v2/{path}")}]);
            let event = one(
                "PAYMENT.CAPTURE.COMPLETED",
                capture(json!({"supplementary_data": null, "links": links})),
            );
            (event.payment_id.unwrap(), event.aliases)
        };
        assert_eq!(with("checkout/orders/ORD2"), ("ORD2".into(), vec!["CAP1".into()]));
        assert_eq!(
            with("payments/authorizations/AUTH2"),
            ("AUTH2".into(), vec!["CAP1".into()])
        );
    }

    #[test]
    fn without_any_other_id_the_capture_is_the_payment() {
        let event = one(
            "PAYMENT.CAPTURE.COMPLETED",
            capture(json!({"supplementary_data": null})),
        );
        assert_eq!(event.payment_id.as_deref(), Some("CAP1"));
        assert_eq!(event.aliases, [""; 0]);
    }

    #[test]
    fn a_pending_one_is_an_attempt_that_nobody_has_decided() {
        let pending = json!({"status": "PENDING", "status_details": {"reason": "ECHECK"}});
        let event = one("PAYMENT.CAPTURE.PENDING", capture(pending));
        assert_eq!(event.kind, EventType::TransactionInitiated);
        assert_eq!(event.attempt_id.as_deref(), Some("CAP1"));
        assert_eq!((event.capture_id, event.failure_kind), (None, None));
    }

    #[test]
    fn declined_and_denied_ones_are_failed_attempts() {
        for kind in ["PAYMENT.CAPTURE.DECLINED", "PAYMENT.CAPTURE.DENIED"] {
            let declined = json!({"status": "DECLINED", "processor_response": {"response_code": "5120"}});
            let event = one(kind, capture(declined));
            assert_eq!(event.kind, EventType::TransactionFailed);
            assert_eq!(event.attempt_id.as_deref(), Some("CAP1"));
            assert_eq!(event.capture_id, None);
            assert_eq!(event.decline_code.as_deref(), Some("5120"));
            assert_eq!(event.failure_kind, Some(FailureKind::Issuer));
            assert_eq!(card(&event), ["card", "-", "-", "-"], "only cards have a processor");
        }
    }

    #[test]
    fn whose_failure_it_was_follows_from_the_processors_answer_or_paypals_reason() {
        let of = |more: Value| {
            let event = one("PAYMENT.CAPTURE.DENIED", capture(more));
            (event.decline_code, event.failure_kind)
        };
        let answer = |code: &str| of(json!({"processor_response": {"response_code": code, "avs_code": "Y"}})).1;
        assert_eq!(answer("0500"), Some(FailureKind::Issuer));
        assert_eq!(answer("9500"), Some(FailureKind::Risk));
        assert_eq!(answer("8100"), Some(FailureKind::Technical));
        let reason = |word: &str| of(json!({"status_details": {"reason": word}}));
        assert_eq!(
            reason("DECLINED_BY_RISK_FRAUD_FILTERS"),
            (Some("declined_by_risk_fraud_filters".into()), Some(FailureKind::Risk))
        );
        assert_eq!(reason("ECHECK").1, Some(FailureKind::Settlement));
        assert_eq!(reason("UNILATERAL").1, Some(FailureKind::Technical));
        assert_eq!(reason("OTHER"), (Some("other".into()), None));
        assert_eq!(of(json!({})), (None, None));
    }

    #[test]
    fn the_card_that_paid_is_told_where_paypal_tells_it() {
        let with = |more: Value| one("PAYMENT.CAPTURE.COMPLETED", capture(more));
        let carried = with(json!({"network_transaction_reference": {"id": "7", "network": "MASTERCARD"}}));
        assert_eq!(card(&carried), ["card", "mastercard", "-", "-"]);
        let source = |name: &str, source: Value| with(json!({"payment_source": {name: source}}));
        for (spelled, network) in [
            ("VISA", "visa"),
            ("ELECTRON", "visa"),
            ("DELTA", "visa"),
            ("MASTERCARD", "mastercard"),
            ("AMEX", "amex"),
            ("DISCOVER", "discover"),
            ("JCB", "jcb"),
            ("MAESTRO", "maestro"),
            ("CB_NATIONALE", "cartes_bancaires"),
            ("CHINA_UNION_PAY", "unionpay"),
            ("STAR", "star"),
        ] {
            let event = source("card", json!({"brand": spelled, "last_digits": "1111"}));
            assert_eq!(card(&event), ["card", network, "-", "-"], "{spelled}");
        }
        let badged = with(json!({"payment_source": {"card": {"brand": "CB_NATIONALE"}},
            "network_transaction_reference": {"network": "VISA"}}));
        assert_eq!(card(&badged), ["card", "visa", "cartes_bancaires", "-"]);
        let apple = source("apple_pay", json!({"card": {"brand": "AMEX"}}));
        assert_eq!(card(&apple), ["card", "amex", "-", "apple_pay"]);
        assert_eq!(card(&source("paypal", json!({}))), ["paypal", "none", "-", "-"]);
        assert_eq!(card(&source("venmo", json!({}))), ["venmo", "none", "-", "-"]);
        assert_eq!(card(&source("ideal", json!({}))), ["ideal", "none", "-", "-"]);
    }
}

mod authorizations {
    use super::*;

    fn authorization(more: Value) -> Value {
        let mut authorization = capture(json!({"id": "AUTH1", "status": "CREATED"}));
        merge(&mut authorization, more);
        authorization
    }

    #[test]
    fn one_reserves_money_for_its_order() {
        let event = one("PAYMENT.AUTHORIZATION.CREATED", authorization(json!({})));
        assert_eq!(event.kind, EventType::TransactionAuthorized);
        assert_eq!(event.payment_id.as_deref(), Some("ORD1"));
        assert_eq!(event.attempt_id.as_deref(), Some("AUTH1"));
        assert_eq!(event.aliases, ["AUTH1"]);
        assert_eq!(money(&event), "2962 USD");
    }

    #[test]
    fn one_under_review_reserves_nothing_yet() {
        let event = one(
            "PAYMENT.AUTHORIZATION.CREATED",
            authorization(json!({"status": "PENDING"})),
        );
        assert_eq!(event.kind, EventType::TransactionInitiated);
        let event = one(
            "PAYMENT.AUTHORIZATION.CREATED",
            authorization(json!({"status": "DENIED"})),
        );
        assert_eq!(event.kind, EventType::TransactionFailed);
    }

    #[test]
    fn one_of_the_older_form_belongs_to_its_payment() {
        let old = json!({"id": "AUTH1", "state": "authorized", "amount": {"total": "1.00", "currency": "EUR"},
            "parent_payment": "PAY-1"});
        let event = one("PAYMENT.AUTHORIZATION.CREATED", old);
        assert_eq!(
            (event.payment_id.as_deref(), money(&event)),
            (Some("PAY-1"), "100 EUR".into())
        );
    }

    #[test]
    fn a_voided_one_gives_the_payment_up_and_is_no_attempt() {
        let event = one(
            "PAYMENT.AUTHORIZATION.VOIDED",
            authorization(json!({"status": "VOIDED"})),
        );
        assert_eq!(event.kind, EventType::TransactionCancelled);
        assert_eq!(event.payment_id.as_deref(), Some("ORD1"));
        assert_eq!(event.attempt_id, None);
    }
}

mod returns {
    use super::*;

    fn refund(more: Value) -> Value {
        let mut refund = json!({"id": "REF1", "status": "COMPLETED", "amount": usd("0.99"),
            "seller_payable_breakdown": {"total_refunded_amount": usd("0.99")},
            "links": [{"rel": "self", "href": "https://api.paypal.com/v2/payments/refunds/REF1"},
                {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAP1"}]});
        merge(&mut refund, more);
        refund
    }

    #[test]
    fn a_refund_knows_its_capture_by_the_link() {
        let event = one("PAYMENT.CAPTURE.REFUNDED", refund(json!({})));
        assert_eq!(event.kind, EventType::TransactionRefunded);
        assert_eq!(event.payment_id.as_deref(), Some("CAP1"));
        assert_eq!(event.refund_id.as_deref(), Some("REF1"));
        assert_eq!((money(&event), event.cumulative), ("99 USD".into(), false));
        assert_eq!((event.attempt_id, event.failure_kind), (None, None));
    }

    #[test]
    fn where_more_has_gone_back_before_the_sum_so_far_is_told_too() {
        let more = json!({"seller_payable_breakdown": {"total_refunded_amount": usd("1.98")}});
        let events = map("PAYMENT.CAPTURE.REFUNDED", refund(more));
        assert_eq!(events.len(), 2);
        assert_eq!((money(&events[0]), events[0].cumulative), ("99 USD".into(), false));
        assert_eq!((money(&events[1]), events[1].cumulative), ("198 USD".into(), true));
        assert_eq!(
            (events[1].payment_id.as_deref(), &events[1].refund_id),
            (Some("CAP1"), &None)
        );
        assert_eq!(events[1].id, "WH-1:PAYMENT.CAPTURE.REFUNDED:total");
        assert_ne!(events[0].content, events[1].content);
    }

    #[test]
    fn a_refund_that_failed_says_so_under_its_id() {
        for status in ["FAILED", "CANCELLED"] {
            let event = one("PAYMENT.CAPTURE.REFUNDED", refund(json!({"status": status})));
            assert_eq!(event.failure_kind, Some(FailureKind::Technical));
            assert_eq!(event.refund_id.as_deref(), Some("REF1"));
        }
        let failed = one("PAYMENT.REFUND.FAILED", refund(json!({"status": "PENDING"})));
        assert_eq!(
            (failed.failure_kind, failed.pending),
            (Some(FailureKind::Technical), false)
        );
    }

    #[test]
    fn a_refund_waits_until_it_is_done() {
        for kind in ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING"] {
            let waiting = one(kind, refund(json!({"status": "PENDING"})));
            assert!(waiting.pending && waiting.failure_kind.is_none(), "{kind}");
            assert_eq!(waiting.refund_id.as_deref(), Some("REF1"), "{kind}");
        }
        assert!(!one("PAYMENT.CAPTURE.REFUNDED", refund(json!({}))).pending);
    }

    #[test]
    fn a_reversal_takes_money_back() {
        let event = one("PAYMENT.CAPTURE.REVERSED", refund(json!({"amount": usd("2.51")})));
        assert_eq!(event.kind, EventType::TransactionReversed);
        assert_eq!(
            (event.payment_id.as_deref(), money(&event)),
            (Some("CAP1"), "251 USD".into())
        );
        // It has an id of its own, and is about that capture.
        let ids = [&event.refund_id, &event.capture_id].map(Option::as_deref);
        assert_eq!(ids, [Some("REF1"), Some("CAP1")]);
        let undone = refund(json!({"status": "CANCELLED"}));
        is_quarantined("PAYMENT.CAPTURE.REVERSED", undone, "not_reversed");
    }

    #[test]
    fn refunds_of_the_older_form_have_a_minus() {
        let old = json!({"id": "REF1", "state": "completed", "amount": {"total": "-0.01", "currency": "USD"},
            "sale_id": "SALE1", "parent_payment": "PAY-1"});
        let event = one("PAYMENT.SALE.REFUNDED", old.clone());
        assert_eq!(event.kind, EventType::TransactionRefunded);
        assert_eq!(
            (event.payment_id.as_deref(), money(&event)),
            (Some("PAY-1"), "1 USD".into())
        );
        assert_eq!(event.aliases, ["SALE1"]);
        let reversed = one("PAYMENT.SALE.REVERSED", old);
        assert_eq!(
            (reversed.kind, money(&reversed)),
            (EventType::TransactionReversed, "1 USD".into())
        );
    }

    #[test]
    fn one_that_names_no_payment_is_kept_with_that_reason() {
        is_quarantined(
            "PAYMENT.CAPTURE.REFUNDED",
            refund(json!({"links": []})),
            "no_payment_id",
        );
        is_quarantined("PAYMENT.SALE.REVERSED", refund(json!({"links": null})), "no_payment_id");
    }
}

mod sales {
    use super::*;

    #[test]
    fn a_completed_one_is_money_of_its_payment() {
        let event = one("PAYMENT.SALE.COMPLETED", sale(json!({})));
        assert_eq!(event.kind, EventType::TransactionCaptured);
        assert_eq!(event.payment_id.as_deref(), Some("PAY-1"));
        assert_eq!(
            (event.capture_id.as_deref(), event.attempt_id.as_deref()),
            (Some("SALE1"), Some("SALE1"))
        );
        assert_eq!(event.aliases, ["SALE1"]);
        assert_eq!(money(&event), "48 USD");
    }

    #[test]
    fn one_of_a_subscription_is_its_own_payment() {
        let of_agreement = sale(json!({"parent_payment": null, "billing_agreement_id": "I-1"}));
        let event = one("PAYMENT.SALE.COMPLETED", of_agreement);
        assert_eq!(event.payment_id.as_deref(), Some("SALE1"));
    }

    #[test]
    fn pending_and_denied_ones_are_attempts() {
        let pending = one("PAYMENT.SALE.PENDING", sale(json!({"state": "pending"})));
        assert_eq!(pending.kind, EventType::TransactionInitiated);
        let denied = one(
            "PAYMENT.SALE.DENIED",
            sale(json!({"state": "denied", "reason_code": "ECHECK"})),
        );
        assert_eq!(denied.kind, EventType::TransactionFailed);
        assert_eq!(denied.failure_kind, Some(FailureKind::Settlement));
        assert_eq!(denied.attempt_id.as_deref(), Some("SALE1"));
    }

    #[test]
    fn a_payment_that_is_set_up_names_its_sale_and_its_links() {
        let body = json!({"id": "PAY-1", "state": "approved", "transactions": [{
            "amount": {"total": "30.11", "currency": "USD"}, "custom": "bot_id=b1&platform=web",
            "related_resources": [{"sale": {"id": "SALE1"}}]}]});
        let event = one("PAYMENTS.PAYMENT.CREATED", body);
        assert_eq!(event.kind, EventType::TransactionInitiated);
        assert_eq!(
            (event.payment_id.as_deref(), money(&event)),
            (Some("PAY-1"), "3011 USD".into())
        );
        assert_eq!(event.aliases, ["SALE1"]);
        assert_eq!(event.bot_id.as_deref(), Some("b1"));
    }

    #[test]
    fn a_subscription_that_cannot_be_charged_is_a_failed_attempt_at_that_time() {
        let failed = |code: &str| {
            let subscription = json!({"id": "I-1", "custom_id": "bot_id=b1&platform=web", "billing_info": {
                "last_failed_payment": {"amount": usd("500.00"), "time": "2025-11-05T09:59:00Z", "reason_code": code}},
                "subscriber": {"email_address": "anna@example.org"}});
            one("BILLING.SUBSCRIPTION.PAYMENT.FAILED", subscription)
        };
        let event = failed("PAYMENT_DENIED");
        assert_eq!(event.kind, EventType::TransactionFailed);
        assert_eq!(event.payment_id.as_deref(), Some("I-1:2025-11-05T09:59:00Z"));
        assert_eq!(
            (event.time, money(&event)),
            (instant("2025-11-05T09:59:00Z"), "50000 USD".into())
        );
        assert_eq!(event.decline_code.as_deref(), Some("payment_denied"));
        assert_eq!(event.failure_kind, Some(FailureKind::Issuer));
        assert_eq!(event.bot_id.as_deref(), Some("b1"));
        assert_eq!(
            failed("INTERNAL_SERVER_ERROR").failure_kind,
            Some(FailureKind::Technical)
        );
        assert_eq!(failed("PAYER_ACCOUNT_RESTRICTED").failure_kind, Some(FailureKind::Risk));
    }
}

mod orders {
    use super::*;

    fn order(more: Value) -> Value {
        let mut order = json!({"id": "ORD1", "status": "APPROVED", "purchase_units": [
            {"reference_id": "default", "amount": usd("20.00"), "custom_id": "platform=messenger&conversation_id=p:u"},
            {"reference_id": "two", "amount": usd("9.62")}],
            "payer": {"email_address": "anna@example.org", "name": {"given_name": "Anna"}}});
        merge(&mut order, more);
        order
    }

    #[test]
    fn an_approved_one_sets_the_payment_up_and_moves_no_money() {
        let event = one("CHECKOUT.ORDER.APPROVED", order(json!({})));
        assert_eq!(event.kind, EventType::TransactionInitiated);
        assert_eq!(
            (event.payment_id.as_deref(), money(&event)),
            (Some("ORD1"), "2962 USD".into())
        );
        assert_eq!(event.conversation_id.as_deref(), Some("p:u"));
        assert_eq!((event.attempt_id, event.capture_id), (None, None));
    }

    #[test]
    fn a_completed_one_tells_its_captures_under_their_own_ids() {
        let paid = |id: &str, value: &str, status: &str| json!({"id": id, "status": status, "amount": usd(value)});
        let units = json!([
            {"amount": usd("20.00"), "custom_id": "platform=web&bot_id=b1",
                "payments": {"captures": [paid("CAP1", "20.00", "COMPLETED"), paid("CAP0", "20.00", "DECLINED")]}},
            {"amount": usd("9.62"), "payments": {"captures": [paid("CAP2", "9.62", "COMPLETED")]}}]);
        let source = json!({"card": {"brand": "VISA"}});
        let events = map(
            "CHECKOUT.ORDER.COMPLETED",
            order(json!({"status": "COMPLETED", "purchase_units": units, "payment_source": source})),
        );
        let told: Vec<_> = events
            .iter()
            .map(|event| (event.kind, event.capture_id.as_deref().unwrap(), money(event)))
            .collect();
        assert_eq!(
            told,
            [
                (EventType::TransactionCaptured, "CAP1", "2000 USD".into()),
                (EventType::TransactionCaptured, "CAP2", "962 USD".into())
            ]
        );
        assert!(events.iter().all(|event| event.payment_id.as_deref() == Some("ORD1")));
        assert_eq!(
            (&events[0].aliases[..], &events[1].aliases[..]),
            (&["CAP1".to_owned()][..], &["CAP2".to_owned()][..])
        );
        assert_eq!(card(&events[1]), ["card", "visa", "-", "-"]);
        assert_eq!(events[0].bot_id.as_deref(), Some("b1"));
        assert_eq!(events[1].id, "WH-1:CHECKOUT.ORDER.COMPLETED:CAP2");
    }

    #[test]
    fn a_completed_one_without_captures_moves_no_money() {
        let event = one("CHECKOUT.ORDER.COMPLETED", order(json!({"status": "COMPLETED"})));
        assert_eq!(event.kind, EventType::TransactionInitiated);
    }

    #[test]
    fn an_approval_that_ran_out_gives_the_payment_up() {
        // This notice calls the order's id otherwise, and need not repeat the amount: no money moves.
        let units = json!([{"custom_id": "bot_id=b1&platform=web"}]);
        let event = one(
            "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
            json!({"order_id": "ORD1", "purchase_units": units}),
        );
        assert_eq!(event.kind, EventType::TransactionCancelled);
        assert_eq!((event.payment_id.as_deref(), event.amount), (Some("ORD1"), None));
        assert_eq!(event.bot_id.as_deref(), Some("b1"));
    }

    #[test]
    fn units_of_several_currencies_are_not_added() {
        let units = json!([{"amount": usd("1.00")}, {"amount": {"currency_code": "EUR", "value": "1.00"}}]);
        is_quarantined(
            "CHECKOUT.ORDER.APPROVED",
            order(json!({"purchase_units": units})),
            "mixed_currencies",
        );
    }
}

mod disputes {
    use super::*;

    fn dispute(more: Value) -> Value {
        let mut dispute = json!({"dispute_id": "PP-D-1", "status": "OPEN", "dispute_amount": usd("10.00"),
            "dispute_life_cycle_stage": "CHARGEBACK", "messages": [{"content": "it never came"}],
            "disputed_transactions": [{"seller_transaction_id": "CAP1", "custom": "bot_id=b1&platform=web",
                "buyer": {"name": "Anna"}}]});
        merge(&mut dispute, more);
        dispute
    }

    #[test]
    fn one_belongs_to_the_capture_that_it_names() {
        let event = one("CUSTOMER.DISPUTE.CREATED", dispute(json!({})));
        assert_eq!(event.kind, EventType::TransactionDisputed);
        assert_eq!(
            (event.payment_id.as_deref(), event.dispute_id.as_deref()),
            (Some("CAP1"), Some("PP-D-1"))
        );
        assert_eq!((money(&event), event.outcome), ("1000 USD".into(), None));
        assert_eq!(event.bot_id.as_deref(), Some("b1"));
    }

    #[test]
    fn an_inquiry_is_no_chargeback_and_every_later_stage_is() {
        for (stage, expected) in [
            ("INQUIRY", DisputeStage::Inquiry),
            ("CHARGEBACK", DisputeStage::Chargeback),
            ("PRE_ARBITRATION", DisputeStage::Chargeback),
            ("ARBITRATION", DisputeStage::Chargeback),
        ] {
            let event = one(
                "CUSTOMER.DISPUTE.UPDATED",
                dispute(json!({"dispute_life_cycle_stage": stage})),
            );
            assert_eq!(
                (event.kind, event.stage),
                (EventType::TransactionDisputed, Some(expected)),
                "{stage}"
            );
        }
    }

    #[test]
    fn one_over_several_captures_is_one_of_each_with_its_part() {
        let over = |first: Value, second: Value| {
            let transaction = |id: &str, more: Value| {
                let mut transaction = json!({"seller_transaction_id": id});
                merge(&mut transaction, more);
                transaction
            };
            let both = json!([transaction("CAP1", first), transaction("CAP2", second)]);
            let events = map(
                "CUSTOMER.DISPUTE.CREATED",
                dispute(json!({"disputed_transactions": both})),
            );
            let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
            assert_eq!(
                ids,
                [
                    "WH-1:CUSTOMER.DISPUTE.CREATED:CAP1",
                    "WH-1:CUSTOMER.DISPUTE.CREATED:CAP2"
                ]
            );
            assert_eq!(events[1].capture_id.as_deref(), Some("CAP2"));
            assert_eq!(events[1].payment_id.as_deref(), Some("CAP2"));
            events.iter().map(money).collect::<Vec<_>>()
        };
        // Of 10.00 as the items say, else by what each transaction was over, else in equal parts.
        let items = |value: &str| json!({"items": [{"dispute_amount": usd(value)}], "gross_amount": usd("50.00")});
        assert_eq!(over(items("9.00"), items("1.00")), ["900 USD", "100 USD"]);
        let gross = |value: &str| json!({"gross_amount": usd(value)});
        assert_eq!(over(gross("20.00"), gross("5.00")), ["800 USD", "200 USD"]);
        assert_eq!(over(gross("5.00"), json!({})), ["500 USD", "500 USD"]);
    }

    #[test]
    fn who_keeps_the_money_is_the_outcome() {
        for (code, expected) in [
            ("RESOLVED_BUYER_FAVOUR", Some(DisputeOutcome::Lost)),
            ("ACCEPTED", Some(DisputeOutcome::Lost)),
            ("RESOLVED_SELLER_FAVOUR", Some(DisputeOutcome::Won)),
            ("RESOLVED_WITH_PAYOUT", Some(DisputeOutcome::Won)),
            ("CANCELED_BY_BUYER", Some(DisputeOutcome::Won)),
            ("DENIED", Some(DisputeOutcome::Won)),
            ("NONE", None),
        ] {
            let closed = json!({"status": "RESOLVED", "dispute_outcome": {"outcome_code": code}});
            let event = one("CUSTOMER.DISPUTE.RESOLVED", dispute(closed));
            assert_eq!(
                (event.kind, event.outcome),
                (EventType::TransactionDisputeClosed, expected),
                "{code}"
            );
        }
        let unknown = json!({"status": "RESOLVED", "dispute_outcome": {"outcome_code": "NEW_WORD",
            "amount_refunded": usd("10.00")}});
        let event = one("CUSTOMER.DISPUTE.RESOLVED", dispute(unknown));
        assert_eq!(event.outcome, Some(DisputeOutcome::Lost));
    }
}

mod links {
    use super::*;

    fn linked(custom_id: &str, invoice_id: &str) -> Event {
        one(
            "PAYMENT.CAPTURE.COMPLETED",
            capture(json!({"custom_id": custom_id, "invoice_id": invoice_id})),
        )
    }

    #[test]
    fn custom_id_carries_them_as_a_form_or_as_json() {
        let form = linked(
            "platform=web&bot_id=b1&conversation_id=c1&checkout_id=k1&path=redirect",
            "INV-1",
        );
        let json = linked(
            r#"{"platform":"web","bot_id":"b1","conversation_id":"c1","checkout_id":"k1","path":"redirect"}"#,
            "INV-1",
        );
        for event in [&form, &json] {
            assert_eq!(event.platform.as_deref(), Some("web"));
            assert_eq!(event.bot_id.as_deref(), Some("b1"));
            assert_eq!(event.conversation_id.as_deref(), Some("c1"));
            assert_eq!(event.checkout_id.as_deref(), Some("k1"));
            assert_eq!(event.path, Some(CheckoutPath::Redirect));
        }
        assert_eq!(form.content, json.content);
    }

    #[test]
    fn invoice_id_carries_what_custom_id_does_not() {
        let event = linked("an order of ours", "platform=web&bot_id=b1");
        assert_eq!(event.bot_id.as_deref(), Some("b1"));
    }

    #[test]
    fn other_texts_are_ids_only_where_the_source_says_which() {
        assert_eq!(linked("K-17", "INV-1").checkout_id, None);
        let mut source = unsigned();
        source.links = Links {
            plain: "checkout_id".into(),
            ..Links::default()
        };
        let body = notice(
            "PAYMENT.CAPTURE.COMPLETED",
            capture(json!({"custom_id": "K-17", "invoice_id": "INV-1"})),
        );
        assert_eq!(map_from(&source, &body)[0].checkout_id.as_deref(), Some("K-17"));
    }

    #[test]
    fn the_source_names_what_the_payment_does_not() {
        let mut source = unsigned();
        (source.platform, source.bot_id) = (Some("web".into()), Some("b1".into()));
        let event = &map_from(&source, &notice("PAYMENT.CAPTURE.COMPLETED", capture(json!({}))))[0];
        assert_eq!(
            (event.platform.as_deref(), event.bot_id.as_deref()),
            (Some("web"), Some("b1"))
        );
    }
}

mod money {
    use super::*;

    fn of(code: &str, value: &str) -> Event {
        one(
            "PAYMENT.CAPTURE.COMPLETED",
            capture(json!({"amount": {"currency_code": code, "value": value}})),
        )
    }

    #[test]
    fn decimals_are_read_exactly() {
        for (code, value, expected) in [
            ("USD", "29.62", "2962 USD"),
            ("USD", ".99", "99 USD"),
            ("USD", "30", "3000 USD"),
            ("USD", "30.000", "3000 USD"),
            ("usd", "1.10", "110 USD"),
            ("JPY", "1500", "1500 JPY"),
            ("JPY", "1500.00", "1500 JPY"),
            ("HUF", "1500", "150000 HUF"),
            ("TWD", "10.00", "1000 TWD"),
            ("TND", "1.234", "1234 TND"),
            ("KWD", "0.001", "1 KWD"),
        ] {
            assert_eq!(super::money(&of(code, value)), expected, "{value} {code}");
        }
    }

    #[test]
    fn what_would_be_rounded_or_makes_no_sense_is_kept_with_a_reason() {
        for (code, value, reason) in [
            ("USD", "29.625", "inexact_amount"),
            ("JPY", "1500.5", "inexact_amount"),
            // Decimals by ISO 4217, but none at PayPal.
            ("HUF", "1500.5", "inexact_amount"),
            ("TWD", "10.01", "inexact_amount"),
            ("TND", "1.2345", "inexact_amount"),
            ("XAU", "1", "unknown_currency"),
            ("ABC", "1", "unknown_currency"),
            ("USD", "", "no_amount"),
            ("USD", "free", "no_amount"),
            ("USD", "1e3", "no_amount"),
            ("USD", "92233720368547758.08", "amount_too_large"),
            ("USD", "-1.00", "negative_amount"),
        ] {
            let amount = json!({"currency_code": code, "value": value});
            is_quarantined("PAYMENT.CAPTURE.COMPLETED", capture(json!({"amount": amount})), reason);
        }
        let float = json!({"currency_code": "USD", "value": 1.1});
        is_quarantined(
            "PAYMENT.CAPTURE.COMPLETED",
            capture(json!({"amount": float})),
            "no_amount",
        );
        is_quarantined(
            "PAYMENT.CAPTURE.COMPLETED",
            capture(json!({"amount": null})),
            "no_amount",
        );
    }
}

#[test]
fn the_simulators_shared_ids_are_told_apart_by_type() {
    let ids = [
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.PENDING",
        "CHECKOUT.ORDER.SAVED",
    ]
    .map(|kind| one(kind, capture(json!({}))).id);
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}

#[test]
fn what_is_not_counted_is_kept_by_its_name_only() {
    let event = one(
        "CUSTOMER.MERCHANT-INTEGRATION.COMPLETED",
        json!({"email": "anna@example.org"}),
    );
    assert_eq!(event.kind, EventType::Other);
    assert_eq!(
        uncounted(&event),
        [Some("CUSTOMER.MERCHANT-INTEGRATION.COMPLETED"), None]
    );
}

#[test]
fn nothing_genuine_is_without_an_event() {
    for body in [
        json!({}),
        json!([]),
        json!(null),
        json!("text"),
        json!({"event_type": 7, "resource": "none"}),
    ] {
        assert_eq!(map_from(&unsigned(), &body)[0].kind, EventType::Other, "{body}");
    }
    let deep = "[".repeat(100_000);
    for body in [&b"no json"[..], b"", b"\xff\xfe", deep.as_bytes()] {
        let events = Webhook::open(&unsigned()).unwrap().events(body, instant(PRESENT));
        assert_eq!(uncounted(&events[0]), [None, Some("unreadable")]);
    }
}

#[test]
fn a_time_that_cannot_be_is_that_of_receipt_and_says_so() {
    let with = |time: Value| {
        let mut body = notice("PAYMENT.CAPTURE.COMPLETED", capture(json!({})));
        body["create_time"] = time;
        let event = map_from(&unsigned(), &body).remove(0);
        (event.time, event.time_origin)
    };
    // PayPal's simulator has a month 19.
    assert_eq!(
        with(json!("2018-19-12T22:20:32.000Z")),
        (instant(PRESENT), TimeOrigin::Impossible)
    );
    assert_eq!(with(Value::Null), (instant(PRESENT), TimeOrigin::Missing));
    let offset = with(json!("2025-08-15T12:13:29-07:00"));
    assert_eq!(offset, (instant("2025-08-15T19:13:29Z"), TimeOrigin::Given));
}

#[test]
fn the_sandbox_and_a_test_source_are_tests() {
    let sandbox = json!([{"rel": "self", "href": "https://api.sandbox.paypal.com/v2/payments/captures/CAP1"}]);
    let event = one("PAYMENT.CAPTURE.COMPLETED", capture(json!({"links": sandbox})));
    assert_eq!(event.mode, Mode::Test);
    let mut body = notice("PAYMENT.CAPTURE.COMPLETED", capture(json!({})));
    body["links"] = sandbox;
    assert_eq!(map_from(&unsigned(), &body)[0].mode, Mode::Test);
    let mut source = unsigned();
    source.mode = Some("test".into());
    let live = notice("CHECKOUT.ORDER.SAVED", json!({}));
    assert_eq!(map_from(&source, &live)[0].mode, Mode::Test);
}

#[test]
fn nothing_about_people_is_kept() {
    let people = json!({"payer": {"email_address": "anna@example.org", "phone": {"phone_number": {"national_number": "555"}}},
        "shipping": {"name": {"full_name": "Anna Smith"}, "address": {"postal_code": "95131"}},
        "payment_source": {"card": {"brand": "VISA", "last_digits": "1111", "name": "ANNA SMITH"}},
        "note_to_payer": "Dear Anna"});
    let told = format!("{:?}", map("PAYMENT.CAPTURE.COMPLETED", capture(people)));
    for word in ["nna", "example", "555", "Smith", "SMITH", "95131", "1111"] {
        assert!(!told.contains(word), "{word} in {told}");
    }
}
