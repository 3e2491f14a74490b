//! Webhooks of Messenger and Stripe: what is genuine, and what it becomes.

use botledger::config::Source;
use botledger::ingest::webhooks::{Refusal, Request, Webhook};
use botledger::model::{
    Acquisition, CheckoutPath, Credential, Direction, DisputeOutcome, DisputeStage, Event, EventType, FailureKind,
    Mode, TimeOrigin,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::client::hmac;
use crate::support::events::uncounted;

const SECRET: &str = "whsec_current";
const NOW: i64 = 1_700_000_000;

fn now() -> DateTime<Utc> {
    at(NOW)
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn source(provider: &str) -> Source {
    crate::support::app::source(provider, &[SECRET, "whsec_previous"])
}

fn map(provider: &str, body: &Value) -> Vec<Event> {
    map_from(&source(provider), body)
}

fn map_from(source: &Source, body: &Value) -> Vec<Event> {
    map_bytes(source, body.to_string().as_bytes())
}

fn map_bytes(source: &Source, body: &[u8]) -> Vec<Event> {
    Webhook::open(source).unwrap().events(body, now())
}

fn verify(provider: &str, header: Option<(&str, &str)>, body: &[u8]) -> Result<(), Refusal> {
    let lookup = |name: &str| {
        header
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned())
    };
    let request = Request {
        headers: &lookup,
        raw_body: body,
        evidence: None,
        now: now(),
    };
    Webhook::open(&source(provider)).unwrap().endpoint.verify(&request)
}

mod stripe_signature {
    use super::*;

    const BODY: &[u8] = br#"{"id": "evt_1", "object":"event", "note": "caf\u00e9"}"#;

    fn check(header: &str, body: &[u8]) -> Result<(), Refusal> {
        verify("stripe", Some(("stripe-signature", header)), body)
    }

    fn signed(secret: &str, t: i64) -> String {
        format!("t={t},v1={}", hmac(secret, &[t.to_string().as_bytes(), b".", BODY]))
    }

    #[test]
    fn accepts_any_configured_secret_and_any_sent_signature() {
        assert_eq!(check(&signed(SECRET, NOW), BODY), Ok(()));
        assert_eq!(check(&signed("whsec_previous", NOW), BODY), Ok(()));
        let rolled = format!("t={NOW},v1={},v1=nonsense,v0=00,v9=zz", hmac("whsec_unknown", &[BODY]));
        let good = hmac(SECRET, &[NOW.to_string().as_bytes(), b".", BODY]);
        assert_eq!(check(&format!("{rolled},v1={good}"), BODY), Ok(()));
        assert_eq!(check(&rolled, BODY), Err(Refusal::Mismatch));
    }

    #[test]
    fn tolerates_five_minutes_both_ways_and_not_a_second_more() {
        for (t, expected) in [
            (NOW - 300, Ok(())),
            (NOW - 301, Err(Refusal::OutsideTolerance)),
            (NOW + 300, Ok(())),
            (NOW + 301, Err(Refusal::OutsideTolerance)),
        ] {
            assert_eq!(check(&signed(SECRET, t), BODY), expected, "{t}");
        }
    }

    #[test]
    fn refuses_forgeries() {
        let header = signed(SECRET, NOW);
        let truncated = &BODY[..BODY.len() - 1];
        let reserialised = serde_json::from_slice::<Value>(BODY).unwrap().to_string();
        assert_eq!(check(&header, truncated), Err(Refusal::Mismatch));
        assert_eq!(check(&header, reserialised.as_bytes()), Err(Refusal::Mismatch));
        assert_eq!(check(&signed("whsec_unknown", NOW), BODY), Err(Refusal::Mismatch));
        assert_eq!(check(&header[..header.len() - 2], BODY), Err(Refusal::Mismatch));
        assert_eq!(
            check(&header.replace("t=1700000000", "t=1700000001"), BODY),
            Err(Refusal::Mismatch)
        );
        assert_eq!(check(&header.replace("v1=", "v0="), BODY), Err(Refusal::Mismatch));
    }

    #[test]
    fn refuses_headers_that_say_no_time() {
        let malformed = Err(Refusal::Malformed("stripe-signature"));
        for header in [
            "",
            "v1=00",
            "t=,v1=00",
            "t=-5,v1=00",
            "t=99999999999999999999,v1=00",
            "t=now,v1=00",
        ] {
            assert_eq!(check(header, BODY), malformed, "{header}");
        }
        assert_eq!(verify("stripe", None, BODY), Err(Refusal::Missing("stripe-signature")));
    }
}

mod messenger_signature {
    use super::*;

    const BODY: &[u8] = br#"{"object":"page","entry":[{"text":"\u00e4"}]}"#;

    fn check(header: &str, body: &[u8]) -> Result<(), Refusal> {
        verify("messenger", Some(("x-hub-signature-256", header)), body)
    }

    #[test]
    fn signs_the_raw_bytes() {
        let header = format!("sha256={}", hmac(SECRET, &[BODY]));
        assert_eq!(check(&header, BODY), Ok(()));
        assert_eq!(
            check(&format!("sha256={}", hmac("whsec_previous", &[BODY])), BODY),
            Ok(())
        );
        let reserialised = serde_json::from_slice::<Value>(BODY).unwrap().to_string();
        assert_eq!(check(&header, reserialised.as_bytes()), Err(Refusal::Mismatch));
        assert_eq!(check(&header, &BODY[1..]), Err(Refusal::Mismatch));
        assert_eq!(check(&header[..header.len() - 2], BODY), Err(Refusal::Mismatch));
        assert_eq!(
            check(&format!("sha256={}", hmac("other", &[BODY])), BODY),
            Err(Refusal::Mismatch)
        );
    }

    #[test]
    fn refuses_other_headers() {
        let malformed = Err(Refusal::Malformed("x-hub-signature-256"));
        let sha1 = format!("sha1={}", hmac(SECRET, &[BODY]));
        for header in ["", "sha256", "sha256=zz", "sha256=0", sha1.as_str()] {
            assert_eq!(check(header, BODY), malformed, "{header}");
        }
        assert_eq!(
            verify("messenger", None, BODY),
            Err(Refusal::Missing("x-hub-signature-256"))
        );
        assert_eq!(
            verify("messenger", Some(("x-hub-signature", "")), BODY),
            Err(Refusal::Missing("x-hub-signature-256"))
        );
    }

    #[test]
    fn answers_only_the_configured_handshake() {
        let ask = |source: &Source, mode: &str, token: &str, text: Option<&str>| {
            let lookup = |name: &str| match name {
                "hub.mode" => Some(mode.to_owned()),
                "hub.verify_token" => Some(token.to_owned()),
                "hub.challenge" => text.map(str::to_owned),
                _ => None,
            };
            Webhook::open(source).unwrap().endpoint.challenge(&lookup).unwrap()
        };
        let known = source("messenger");
        assert_eq!(ask(&known, "subscribe", "open sesame", Some("42")), Ok("42".into()));
        assert_eq!(ask(&known, "subscribe", "open", Some("42")), Err(Refusal::Challenge));
        assert_eq!(
            ask(&known, "unsubscribe", "open sesame", Some("42")),
            Err(Refusal::Challenge)
        );
        assert_eq!(ask(&known, "subscribe", "open sesame", None), Err(Refusal::Challenge));
        for without in ["", "verify_token = \"\""] {
            let settings = format!("secrets = [\"{SECRET}\"]\n{without}");
            let without = crate::support::app::source_with("messenger", &settings);
            assert_eq!(ask(&without, "subscribe", "", Some("42")), Err(Refusal::Challenge));
        }
        let stripe = Webhook::open(&source("stripe")).unwrap();
        assert!(stripe.endpoint.challenge(&|_| None).is_none());
    }
}

mod stripe_events {
    use super::*;

    fn notice(kind: &str, object: Value) -> Value {
        json!({"id": "evt_1", "object": "event", "type": kind, "created": NOW - 60, "livemode": true,
            "data": {"object": object}})
    }

    fn one(kind: &str, object: Value) -> Event {
        let mut events = map("stripe", &notice(kind, object));
        assert_eq!(events.len(), 1);
        events.remove(0)
    }

    fn charge(changes: Value) -> Value {
        let mut charge = json!({"id": "ch_1", "object": "charge", "amount": 2962, "amount_captured": 2962,
            "amount_refunded": 0, "captured": true, "currency": "usd", "payment_intent": "pi_1", "created": NOW - 90,
            "refunded": false, "receipt_email": "someone@example.com",
            "billing_details": {"name": "Some One", "email": "someone@example.com"},
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "network": "visa", "last4": "4242",
                "wallet": {"type": "apple_pay"}}}});
        for (name, value) in changes.as_object().unwrap() {
            charge[name] = value.clone();
        }
        charge
    }

    fn amount(event: &Event) -> String {
        event
            .amount
            .map(|money| format!("{money} {}", money.currency.code()))
            .unwrap_or_default()
    }

    fn reason(event: &Event) -> Value {
        assert_eq!((event.kind, event.extra.as_deref()), (EventType::Other, None));
        event.reason.as_deref().into()
    }

    #[test]
    fn a_captured_charge_is_money() {
        let metadata = json!({"metadata": {"bot_id": "b", "conversation_id": "c", "user_id": "u", "platform": "messenger",
            "checkout_id": "k", "path": "in_thread", "credential": "saved", "note": "not ours"}});
        let event = one("charge.succeeded", charge(metadata));
        assert_eq!(
            (event.kind, amount(&event).as_str()),
            (EventType::TransactionCaptured, "29.62 USD")
        );
        assert_eq!(
            (event.source.as_str(), event.id.as_str()),
            ("/webhooks/stripe/main", "evt_1")
        );
        assert_eq!((event.time, event.time_origin), (at(NOW - 60), TimeOrigin::Given));
        let ids = [&event.provider, &event.payment_id, &event.attempt_id, &event.capture_id].map(Option::as_deref);
        assert_eq!(ids, [Some("stripe"), Some("pi_1"), Some("ch_1"), Some("ch_1")]);
        let means = [&event.method, &event.network, &event.brand, &event.wallet].map(Option::as_deref);
        assert_eq!(means, [Some("card"), Some("visa"), None, Some("apple_pay")]);
        let links = [
            &event.bot_id,
            &event.conversation_id,
            &event.user_id,
            &event.checkout_id,
            &event.platform,
        ];
        assert_eq!(
            links.map(Option::as_deref),
            [Some("b"), Some("c"), Some("u"), Some("k"), Some("messenger")]
        );
        assert_eq!(
            (event.path, event.credential),
            (Some(CheckoutPath::InThread), Some(Credential::Saved))
        );
        assert_eq!((event.mode, event.extra), (Mode::Live, None));
    }

    #[test]
    fn a_charge_without_an_intent_is_its_own_payment() {
        let event = one("charge.succeeded", charge(json!({"payment_intent": null})));
        assert_eq!(event.payment_id.as_deref(), Some("ch_1"));
    }

    #[test]
    fn an_uncaptured_charge_is_reserved_then_taken_in_part_or_released() {
        let open = json!({"captured": false, "amount_captured": 0});
        let event = one("charge.succeeded", charge(open.clone()));
        assert_eq!(
            (event.kind, amount(&event).as_str()),
            (EventType::TransactionAuthorized, "29.62 USD")
        );
        assert_eq!(event.capture_id, None);
        let event = one(
            "charge.captured",
            charge(json!({"amount_captured": 2000, "amount_refunded": 962})),
        );
        assert_eq!(
            (event.kind, amount(&event).as_str()),
            (EventType::TransactionCaptured, "20.00 USD")
        );
        let event = one(
            "charge.captured",
            charge(json!({"amount_captured": null, "amount_refunded": 962})),
        );
        assert_eq!(amount(&event), "20.00 USD");
        let released = json!({"captured": false, "amount_captured": 0, "amount_refunded": 2962, "refunded": true});
        assert_eq!(
            one("charge.refunded", charge(released)).kind,
            EventType::TransactionCancelled
        );
        assert_eq!(
            one("charge.expired", charge(open)).kind,
            EventType::TransactionCancelled
        );
    }

    #[test]
    fn an_intent_shares_the_ids_of_its_charge() {
        let new =
            json!({"id": "pi_1", "amount": 2962, "amount_received": 2000, "currency": "usd", "latest_charge": "ch_1"});
        let old = json!({"id": "pi_1", "amount": 2962, "amount_received": 2000, "currency": "usd",
            "charges": {"data": [charge(json!({}))]}});
        for intent in [new.clone(), old.clone()] {
            let event = one("payment_intent.succeeded", intent);
            assert_eq!(
                (event.kind, amount(&event).as_str()),
                (EventType::TransactionCaptured, "20.00 USD")
            );
            let ids = [&event.payment_id, &event.attempt_id, &event.capture_id].map(Option::as_deref);
            assert_eq!(ids, [Some("pi_1"), Some("ch_1"), Some("ch_1")]);
        }
        assert_eq!(one("payment_intent.succeeded", old).network.as_deref(), Some("visa"));
        let alone = json!({"id": "pi_1", "amount": 2962, "amount_received": 2962, "currency": "usd"});
        assert_eq!(reason(&one("payment_intent.succeeded", alone)), "no_charge_id");
        let reserved = json!({"id": "pi_1", "amount": 2962, "amount_capturable": 2962, "currency": "usd",
            "latest_charge": charge(json!({}))});
        let event = one("payment_intent.amount_capturable_updated", reserved);
        assert_eq!(
            (event.kind, event.attempt_id.as_deref()),
            (EventType::TransactionAuthorized, Some("ch_1"))
        );
    }

    #[test]
    fn an_intent_tells_of_states() {
        let intent = json!({"id": "pi_1", "amount": 100, "currency": "eur", "latest_charge": "ch_0"});
        for (kind, expected, attempt) in [
            ("payment_intent.created", EventType::TransactionInitiated, None),
            (
                "payment_intent.processing",
                EventType::TransactionInitiated,
                Some("ch_0"),
            ),
            (
                "payment_intent.requires_action",
                EventType::TransactionRequiresAction,
                None,
            ),
            ("payment_intent.canceled", EventType::TransactionCancelled, None),
        ] {
            let event = one(kind, intent.clone());
            assert_eq!((event.kind, event.attempt_id.as_deref()), (expected, attempt), "{kind}");
            assert_eq!(amount(&event), "1.00 EUR");
        }
    }

    #[test]
    fn failures_say_whose_they_are() {
        let failed = |outcome: Value, code: &str, kind: &str| {
            let object = json!({"captured": false, "outcome": outcome, "failure_code": code,
                "payment_method_details": {"type": kind, kind: {"brand": "mastercard", "network": null}}});
            let event = one("charge.failed", charge(object));
            assert_eq!(
                (event.kind, event.attempt_id.as_deref()),
                (EventType::TransactionFailed, Some("ch_1"))
            );
            (event.failure_kind, event.decline_code)
        };
        let issuer = json!({"type": "issuer_declined", "reason": "insufficient_funds"});
        assert_eq!(
            failed(issuer, "card_declined", "card"),
            (Some(FailureKind::Issuer), Some("insufficient_funds".into()))
        );
        let blocked = json!({"type": "blocked", "reason": "highest_risk_level"});
        assert_eq!(failed(blocked, "card_declined", "card").0, Some(FailureKind::Risk));
        let broken = json!({"type": "issuer_declined", "reason": "processing_error"});
        assert_eq!(
            failed(broken, "processing_error", "card").0,
            Some(FailureKind::Technical)
        );
        assert_eq!(
            failed(json!({"type": "invalid"}), "", "card").0,
            Some(FailureKind::Technical)
        );
        assert_eq!(
            failed(Value::Null, "expired_card", "card"),
            (Some(FailureKind::Issuer), Some("expired_card".into()))
        );
        assert_eq!(
            failed(Value::Null, "account_closed", "us_bank_account").0,
            Some(FailureKind::Settlement)
        );
    }

    #[test]
    fn a_failed_intent_names_the_attempt_that_failed() {
        let failed = |error: Value| {
            let object = json!({"id": "pi_1", "amount": 100, "currency": "usd", "latest_charge": "ch_0",
                "last_payment_error": error});
            let event = one("payment_intent.payment_failed", object);
            (event.attempt_id.unwrap(), event.failure_kind.unwrap(), event.network)
        };
        let card = json!({"type": "card", "card": {"brand": "amex"}});
        let declined =
            json!({"charge": "ch_1", "code": "card_declined", "decline_code": "do_not_honor", "payment_method": card});
        assert_eq!(
            failed(declined),
            ("ch_1".into(), FailureKind::Issuer, Some("amex".into()))
        );
        let unauthenticated = json!({"code": "payment_intent_authentication_failure"});
        // It became no charge: two notices of it would tell the same second.
        assert_eq!(
            failed(unauthenticated),
            ("pi_1@1699999940".into(), FailureKind::Issuer, None)
        );
        assert_eq!(
            failed(json!({"code": "processing_error"})),
            ("ch_0".into(), FailureKind::Technical, None)
        );
    }

    #[test]
    fn refunds_count_what_was_given_back() {
        let event = one("charge.refunded", charge(json!({"amount_refunded": 1000})));
        assert_eq!(
            (event.kind, amount(&event).as_str()),
            (EventType::TransactionRefunded, "10.00 USD")
        );
        assert!(event.cumulative && event.refund_id.is_none() && event.attempt_id.is_none());
        // The rest of a partial capture is released, not given back.
        let partial = |refunded: i64, full: bool| {
            charge(json!({"amount_captured": 2000, "amount_refunded": refunded, "refunded": full}))
        };
        assert_eq!(
            reason(&one("charge.refunded", partial(962, false))),
            "nothing_given_back"
        );
        assert_eq!(amount(&one("charge.refunded", partial(1462, false))), "5.00 USD");
        assert_eq!(amount(&one("charge.refunded", partial(2962, true))), "20.00 USD");
    }

    #[test]
    fn a_released_hold_is_told_by_the_figures_else_by_the_version() {
        let told = |version: &str, kind: &str, refunded: i64, full: bool| {
            let object = charge(json!({"amount_captured": 2000, "amount_refunded": refunded, "refunded": full}));
            let mut notice = notice(kind, object);
            notice["api_version"] = json!(version);
            let event = map("stripe", &notice).remove(0);
            (amount(&event), event.released)
        };
        for (version, kind, refunded, full, back, released) in [
            (
                "2025-02-24.acacia",
                "charge.captured",
                962,
                false,
                "20.00 USD",
                Some(962),
            ),
            ("2025-02-24.acacia", "charge.captured", 0, false, "20.00 USD", Some(0)),
            ("2025-03-31.basil", "charge.captured", 0, false, "20.00 USD", Some(0)),
            (
                "2025-02-24.acacia",
                "charge.refunded",
                1462,
                false,
                "5.00 USD",
                Some(962),
            ),
            ("2025-03-31.basil", "charge.refunded", 1462, false, "14.62 USD", None),
            (
                "2025-03-31.basil",
                "charge.refunded",
                2462,
                false,
                "15.00 USD",
                Some(962),
            ),
            ("2025-02-24.acacia", "charge.refunded", 2000, true, "20.00 USD", Some(0)),
            ("2025-02-24.acacia", "charge.refunded", 500, false, "5.00 USD", Some(0)),
        ] {
            let expected = (back.to_owned(), released);
            assert_eq!(
                told(version, kind, refunded, full),
                expected,
                "{version} {kind} {refunded}"
            );
        }
        // More was captured than reserved: there is no rest.
        let over = charge(json!({"amount_captured": 3500, "amount_refunded": 1000}));
        let event = one("charge.refunded", over);
        assert_eq!((amount(&event).as_str(), event.released), ("10.00 USD", None));
    }

    #[test]
    fn a_charge_that_stays_open_tells_what_was_captured_so_far() {
        let open = json!({"captured": false, "amount_captured": 1000});
        let event = one("charge.updated", charge(open.clone()));
        assert_eq!(
            (event.kind, amount(&event).as_str()),
            (EventType::TransactionCaptured, "10.00 USD")
        );
        assert!(event.cumulative);
        assert_eq!((event.capture_id.as_deref(), event.time), (Some("ch_1"), at(NOW - 60)));
        // What goes back meanwhile was captured, and no hold.
        let mut refunded = open;
        refunded["amount_refunded"] = json!(300);
        let event = one("charge.refunded", charge(refunded));
        assert_eq!(
            (event.kind, amount(&event).as_str()),
            (EventType::TransactionRefunded, "3.00 USD")
        );
    }

    #[test]
    fn a_refund_counts_once_it_has_succeeded() {
        let refund = |status: &str| {
            json!({"id": "re_1", "object": "refund", "amount": 500, "currency": "usd", "charge": "ch_1",
                "payment_intent": "pi_1", "status": status, "created": NOW - 500})
        };
        let event = one("refund.created", refund("succeeded"));
        assert_eq!(
            (event.kind, amount(&event).as_str()),
            (EventType::TransactionRefunded, "5.00 USD")
        );
        let ids = [&event.payment_id, &event.refund_id, &event.attempt_id].map(Option::as_deref);
        assert_eq!(ids, [Some("pi_1"), Some("re_1"), None]);
        assert_eq!((event.cumulative, event.time), (false, at(NOW - 60)));
        for status in ["pending", "requires_action"] {
            assert_eq!(
                reason(&one("refund.created", refund(status))),
                "refund_pending",
                "{status}"
            );
        }
        // A later change of something else does not move the refund in time.
        let event = one("charge.refund.updated", refund("succeeded"));
        assert_eq!(event.time, at(NOW - 500));
        let mut settled = notice("refund.updated", refund("succeeded"));
        settled["data"]["previous_attributes"] = json!({"status": "pending"});
        assert_eq!(map("stripe", &settled)[0].time, at(NOW - 60));
    }

    #[test]
    fn a_refund_that_failed_is_taken_back() {
        for (kind, status) in [
            ("refund.failed", "failed"),
            ("refund.updated", "canceled"),
            ("charge.refund.updated", "failed"),
        ] {
            let refund = json!({"id": "re_1", "object": "refund", "amount": 500, "currency": "usd", "charge": "ch_1",
                "status": status, "failure_reason": "lost_or_stolen_card", "created": NOW - 500});
            let event = one(kind, refund);
            assert_eq!(
                (event.kind, event.failure_kind, event.refund_id.as_deref()),
                (
                    EventType::TransactionRefunded,
                    Some(FailureKind::Technical),
                    Some("re_1")
                )
            );
            assert_eq!(event.decline_code.as_deref(), Some("lost_or_stolen_card"));
            assert_eq!(event.time, at(NOW - 60));
        }
    }

    #[test]
    fn every_object_tells_under_which_names_its_payment_goes() {
        let names = |kind: &str, object: Value| {
            let event = one(kind, object);
            (event.payment_id.unwrap(), event.aliases)
        };
        let both = ("pi_1".to_owned(), vec!["ch_1".to_owned()]);
        let alone = ("ch_1".to_owned(), Vec::new());
        assert_eq!(names("charge.succeeded", charge(json!({}))), both);
        assert_eq!(
            names("charge.succeeded", charge(json!({"payment_intent": {"id": "pi_1"}}))),
            both
        );
        assert_eq!(names("charge.failed", charge(json!({"payment_intent": null}))), alone);
        let intent = |charge: Value| json!({"id": "pi_1", "amount": 1, "currency": "usd", "latest_charge": charge});
        assert_eq!(names("payment_intent.processing", intent(json!("ch_1"))), both);
        assert_eq!(names("payment_intent.canceled", intent(charge(json!({})))), both);
        let old = json!({"id": "pi_1", "amount": 1, "currency": "usd", "charges": {"data": [{"id": "ch_1"}]}});
        assert_eq!(names("payment_intent.created", old), both);
        for (kind, id) in [("refund.created", "re_1"), ("charge.dispute.created", "du_1")] {
            let object = |charge: Value, intent: Value| json!({"id": id, "amount": 1, "currency": "usd", "charge": charge, "payment_intent": intent});
            assert_eq!(names(kind, object(json!("ch_1"), json!("pi_1"))), both, "{kind}");
            assert_eq!(names(kind, object(charge(json!({})), Value::Null)), both, "{kind}");
            assert_eq!(names(kind, object(json!("ch_1"), Value::Null)), alone, "{kind}");
            assert_eq!(
                names(kind, object(Value::Null, json!("pi_1"))),
                ("pi_1".into(), vec![]),
                "{kind}"
            );
            assert_eq!(
                reason(&one(kind, object(Value::Null, Value::Null))),
                "no_payment_id",
                "{kind}"
            );
        }
    }

    #[test]
    fn the_far_side_of_a_transfer_is_not_money_again() {
        let far = charge(json!({"id": "py_1", "payment_intent": null, "source_transfer": "tr_1"}));
        assert_eq!(reason(&one("charge.succeeded", far)), "transferred");
        let back = json!({"id": "pyr_1", "charge": "py_1", "amount": 1, "currency": "usd", "status": "succeeded",
            "source_transfer_reversal": "trr_1"});
        assert_eq!(reason(&one("refund.created", back)), "transferred");
    }

    #[test]
    fn a_changed_charge_adds_links_and_no_money() {
        let event = one("charge.updated", charge(json!({"metadata": {"conversation_id": "c"}})));
        assert_eq!(
            (event.kind, event.time),
            (EventType::TransactionInitiated, at(NOW - 90))
        );
        assert_eq!(
            (event.conversation_id.as_deref(), event.attempt_id.as_deref()),
            (Some("c"), None)
        );
        assert_eq!(one("charge.updated", charge(json!({}))).kind, EventType::Other);
    }

    #[test]
    fn disputes_tell_inquiries_from_chargebacks() {
        let dispute = |status: &str, case: &str| {
            let object = json!({"id": "du_1", "amount": 2962, "currency": "usd", "charge": "ch_1", "payment_intent": "pi_1",
                "status": status, "payment_method_details": {"type": "card", "card": {"brand": "visa", "case_type": case}}});
            let event = one("charge.dispute.updated", object);
            assert_eq!(
                (event.dispute_id.as_deref(), event.payment_id.as_deref()),
                (Some("du_1"), Some("pi_1"))
            );
            (event.kind, event.stage.unwrap(), event.outcome)
        };
        use DisputeStage::{Chargeback, Inquiry};
        use EventType::{TransactionDisputeClosed as Closed, TransactionDisputed as Open};
        assert_eq!(dispute("needs_response", "chargeback"), (Open, Chargeback, None));
        assert_eq!(dispute("under_review", "inquiry"), (Open, Inquiry, None));
        assert_eq!(dispute("warning_needs_response", "chargeback"), (Open, Inquiry, None));
        assert_eq!(dispute("warning_closed", "inquiry"), (Closed, Inquiry, None));
        assert_eq!(
            dispute("won", "chargeback"),
            (Closed, Chargeback, Some(DisputeOutcome::Won))
        );
        assert_eq!(
            dispute("lost", "chargeback"),
            (Closed, Chargeback, Some(DisputeOutcome::Lost))
        );
        assert_eq!(dispute("prevented", "chargeback"), (Closed, Inquiry, None));
        assert_eq!(dispute("charge_refunded", ""), (Closed, Inquiry, None));
        // The first years sent the charge with its dispute inside.
        let whole =
            charge(json!({"dispute": {"charge": "ch_1", "amount": 5, "currency": "usd", "status": "under_review"}}));
        let event = one("charge.disputed", whole);
        assert_eq!(
            (event.kind, event.payment_id.as_deref(), event.dispute_id.as_deref()),
            (Open, Some("pi_1"), Some("ch_1"))
        );
        assert_eq!(amount(&event), "0.05 USD");
        let old = json!({"charge": "ch_1", "amount": 1, "currency": "usd", "status": "won"});
        let event = one("charge.dispute.closed", old);
        assert_eq!(
            (event.dispute_id.as_deref(), event.payment_id.as_deref()),
            (Some("ch_1"), Some("ch_1"))
        );
    }

    #[test]
    fn amounts_are_rescaled_to_the_currency_and_never_rounded() {
        let paid = |n: i64, currency: &str| {
            one(
                "charge.succeeded",
                charge(json!({"amount": n, "amount_captured": n, "currency": currency})),
            )
        };
        for (n, currency, expected) in [
            (500, "jpy", "500 JPY"),
            (12_300, "isk", "123 ISK"),
            (70_000, "ugx", "700 UGX"),
            (5, "mga", "5.00 MGA"),
            (1_230, "kwd", "1.230 KWD"),
            (100, "huf", "1.00 HUF"),
        ] {
            assert_eq!(amount(&paid(n, currency)), expected);
        }
        assert_eq!(reason(&paid(550, "isk")), "inexact_amount");
        assert_eq!(reason(&paid(i64::MAX, "mga")), "amount_too_large");
        assert_eq!(reason(&paid(1, "zzz")), "unknown_currency");
        assert_eq!(reason(&paid(-1, "usd")), "no_amount");
    }

    #[test]
    fn amounts_that_are_no_whole_numbers_are_set_aside_with_a_reason() {
        for (amount, expected) in [
            (json!(29.62), "inexact_amount"),
            (json!(u64::MAX), "amount_too_large"),
            (json!(1e300), "inexact_amount"),
            (json!("29.62"), "no_amount"),
            (json!([2962]), "no_amount"),
            (json!({"value": 2962}), "no_amount"),
            (Value::Null, "no_amount"),
        ] {
            for field in ["amount", "amount_captured"] {
                // Without a figure of its own for the capture, the charge's whole amount is taken.
                if field == "amount_captured" && amount.is_null() {
                    continue;
                }
                let object = charge(json!({field: amount}));
                assert_eq!(reason(&one("charge.captured", object)), expected, "{field} {amount}");
            }
            let intent = json!({"id": "pi_1", "amount": amount, "currency": "usd"});
            assert_eq!(reason(&one("payment_intent.created", intent)), expected, "{amount}");
        }
        assert_eq!(
            reason(&one("charge.succeeded", charge(json!({"currency": null})))),
            "unknown_currency"
        );
        assert_eq!(
            reason(&one("charge.refunded", charge(json!({"amount_refunded": 0.5})))),
            "inexact_amount"
        );
    }

    #[test]
    fn every_shape_of_a_card_has_one_network() {
        let means = |changes: Value| {
            let event = one("charge.succeeded", charge(changes));
            [event.method, event.network, event.brand, event.wallet].map(|word| word.unwrap_or_default())
        };
        let details = |details: Value| means(json!({"payment_method_details": details}));
        let cobranded = json!({"type": "card", "card": {"brand": "visa", "network": "cartes_bancaires"}});
        assert_eq!(details(cobranded), ["card", "cartes_bancaires", "visa", ""]);
        assert_eq!(
            details(json!({"type": "paypal", "paypal": {}})),
            ["paypal", "none", "", ""]
        );
        assert_eq!(details(json!({"type": "us_bank_account"})), ["bank", "none", "", ""]);
        assert_eq!(
            details(json!({"type": "card_present", "card_present": {"brand": "discover"}})),
            ["card", "discover", "", ""]
        );
        let legacy = |name: &str, brand: &str| {
            means(
                json!({"payment_method_details": null, name: {"object": "card", "brand": brand, "tokenization_method": "android_pay"}}),
            )
        };
        assert_eq!(legacy("source", "American Express"), ["card", "amex", "", "google_pay"]);
        assert_eq!(legacy("card", "Diners Club"), ["card", "diners", "", "google_pay"]);
        assert_eq!(means(json!({"payment_method_details": null})), ["", "", "", ""]);
    }

    #[test]
    fn words_of_links_are_those_of_the_contract_or_none() {
        let linked = |metadata: Value| one("charge.succeeded", charge(json!({"metadata": metadata})));
        for (written, platform) in [
            ("Messenger", Some("messenger")),
            (" TELEGRAM ", Some("telegram")),
            ("Web Chat", Some("web_chat")),
            ("direct-line", Some("direct_line")),
            ("m€ssenger", None),
            ("messenger/2", None),
            ("  ", None),
        ] {
            let event = linked(json!({"platform": written}));
            assert_eq!(event.platform.as_deref(), platform, "{written:?}");
        }
        let spelled = linked(json!({"path": "In-Thread", "credential": "SAVED"}));
        assert_eq!(
            (spelled.path, spelled.credential),
            (Some(CheckoutPath::InThread), Some(Credential::Saved))
        );
        let wrong = linked(json!({"path": "by post", "credential": "borrowed", "bot_id": "a\u{7}b",
            "user_id": "u".repeat(257), "conversation_id": "", "checkout_id": "k".repeat(256)}));
        assert_eq!((wrong.path, wrong.credential), (None, None));
        assert_eq!((wrong.bot_id, wrong.user_id, wrong.conversation_id), (None, None, None));
        assert_eq!(wrong.checkout_id, Some("k".repeat(256)));
    }

    #[test]
    fn the_source_s_own_bot_comes_after_every_link() {
        let source = Source {
            bot_id: Some("default".into()),
            ..source("stripe")
        };
        let session = json!({"id": "cs_1", "amount_total": 700, "currency": "eur", "payment_intent": "pi_1",
            "metadata": {}, "client_reference_id": "bot_id=b"});
        let of_session = map_from(&source, &notice("checkout.session.completed", session));
        assert_eq!(of_session[0].bot_id.as_deref(), Some("b"));
        let details = json!({"subscription_details": {"metadata": {"bot_id": "b"}}});
        let of_invoice = map_from(&source, &notice("invoice.paid", invoice(json!({"parent": details}))));
        assert_eq!(of_invoice[0].bot_id.as_deref(), Some("b"));
        let of_charge = map_from(&source, &notice("charge.succeeded", charge(json!({}))));
        assert_eq!(of_charge[0].bot_id.as_deref(), Some("default"));
    }

    #[test]
    fn a_source_s_platform_is_a_word_of_the_contract() {
        let spelled = Source {
            platform: Some("Messenger".into()),
            ..source("stripe")
        };
        assert_eq!(Webhook::open(&spelled).unwrap_err().key, "platform");
    }

    fn invoice(more: Value) -> Value {
        let mut invoice = json!({"id": "in_1", "object": "invoice", "amount_due": 700, "currency": "eur",
            "created": NOW - 900, "metadata": {}});
        for (name, value) in more.as_object().unwrap() {
            invoice[name] = value.clone();
        }
        invoice
    }

    #[test]
    fn an_invoice_has_the_links_of_its_subscription_in_every_version() {
        let metadata = json!({"bot_id": "b", "conversation_id": "c", "platform": "web"});
        for subscription in [
            json!({"parent": {"type": "subscription_details", "subscription_details": {"metadata": metadata}}}),
            json!({"subscription_details": {"metadata": metadata}}),
            json!({"lines": {"data": [{"type": "subscription", "metadata": metadata}]}}),
            json!({"metadata": metadata}),
        ] {
            let mut paid = invoice(subscription.clone());
            paid["payment_intent"] = json!("pi_1");
            paid["charge"] = json!("ch_1");
            let event = one("invoice.paid", paid);
            assert_eq!(
                (event.kind, event.time),
                (EventType::TransactionInitiated, at(NOW - 900))
            );
            assert_eq!(event.payment_id.as_deref(), Some("pi_1"));
            assert_eq!(event.aliases, ["ch_1", "in_1"]);
            assert_eq!(
                (event.bot_id.as_deref(), event.conversation_id.as_deref()),
                (Some("b"), Some("c")),
                "{subscription}"
            );
            assert_eq!(amount(&event), "7.00 EUR");
        }
    }

    #[test]
    fn an_invoice_that_does_not_name_its_payment_is_named_itself_until_its_payment_is_told() {
        let details = json!({"subscription_details": {"metadata": {"bot_id": "b"}}});
        let told = one("invoice.finalized", invoice(json!({"parent": details})));
        assert_eq!(told.payment_id.as_deref(), Some("in_1"));
        let among = json!({"data": [{"payment": {"type": "payment_intent", "payment_intent": "pi_1"}}]});
        let named = one("invoice.paid", invoice(json!({"parent": details, "payments": among})));
        assert_eq!(named.payment_id.as_deref(), Some("pi_1"));
        let paid = json!({"id": "inpay_1", "object": "invoice_payment", "invoice": "in_1", "amount_paid": 700,
            "currency": "eur", "created": NOW - 900, "payment": {"type": "payment_intent", "payment_intent": "pi_1"}});
        let joined = one("invoice_payment.paid", paid);
        assert_eq!(
            (joined.payment_id.as_deref(), joined.aliases),
            (Some("pi_1"), vec!["in_1".to_owned()])
        );
        // Of a charge before 2025 it is a name as well.
        let charged = one("charge.succeeded", charge(json!({"invoice": "in_1"})));
        assert_eq!(charged.aliases, ["ch_1", "in_1"]);
    }

    #[test]
    fn an_invoice_without_links_and_without_a_payment_or_of_nothing_is_not_counted() {
        assert_eq!(one("invoice.paid", invoice(json!({}))).kind, EventType::Other);
        let free = invoice(json!({"amount_due": 0, "metadata": {"bot_id": "b"}, "payment_intent": "pi_1"}));
        assert_eq!(one("invoice.paid", free).kind, EventType::Other);
        let outside = json!({"invoice": "in_1", "amount_paid": 700, "currency": "eur", "payment": {"type": "other"}});
        assert_eq!(one("invoice_payment.paid", outside).kind, EventType::Other);
    }

    #[test]
    fn a_session_of_a_subscription_links_its_first_invoice() {
        let session = json!({"id": "cs_1", "object": "checkout.session", "mode": "subscription", "amount_total": 700,
            "currency": "eur", "created": NOW - 900, "payment_intent": null, "invoice": "in_1",
            "client_reference_id": "bot_id=b&conversation_id=c", "metadata": {}});
        let event = one("checkout.session.completed", session.clone());
        assert_eq!(
            (event.payment_id.as_deref(), event.conversation_id.as_deref()),
            (Some("in_1"), Some("c"))
        );
        let mut trial = session;
        trial["amount_total"] = json!(0);
        assert_eq!(one("checkout.session.completed", trial).kind, EventType::Other);
    }

    #[test]
    fn a_session_links_its_intent_to_the_conversation() {
        let session = |metadata: Value| {
            json!({"id": "cs_1", "object": "checkout.session", "amount_total": 700, "currency": "usd", "created": NOW - 900,
                "payment_intent": "pi_1", "metadata": metadata, "customer_details": {"email": "someone@example.com"}})
        };
        let event = one("checkout.session.completed", session(json!({"conversation_id": "c"})));
        assert_eq!(
            (event.kind, event.time),
            (EventType::TransactionInitiated, at(NOW - 900))
        );
        assert_eq!(
            (event.payment_id.as_deref(), event.conversation_id.as_deref()),
            (Some("pi_1"), Some("c"))
        );
        // How a payment that takes days ended, its intent tells.
        for kind in ["async_payment_succeeded", "async_payment_failed"] {
            let event = one(&format!("checkout.session.{kind}"), session(json!({"bot_id": "b"})));
            assert_eq!(event.kind, EventType::TransactionInitiated, "{kind}");
        }
        let expired = one("checkout.session.expired", session(json!({"bot_id": "b"})));
        assert_eq!(
            (expired.kind, expired.time),
            (EventType::TransactionCancelled, at(NOW - 60))
        );
        for nothing in [
            session(json!({})),
            json!({"metadata": {"bot_id": "b"}, "payment_intent": null}),
        ] {
            for kind in ["checkout.session.completed", "checkout.session.expired"] {
                assert_eq!(one(kind, nothing.clone()).kind, EventType::Other, "{kind}");
            }
        }
    }

    #[test]
    fn a_sessions_reference_stands_for_what_the_source_says() {
        let session = json!({"id": "cs_1", "object": "checkout.session", "amount_total": 700, "currency": "usd",
            "payment_intent": "pi_1", "client_reference_id": "order-7", "metadata": {}});
        let mut plain = source("stripe");
        plain.links.plain = "checkout_id".into();
        let event = &map_from(&plain, &notice("checkout.session.completed", session.clone()))[0];
        assert_eq!(event.checkout_id.as_deref(), Some("order-7"));
        assert_eq!(one("checkout.session.completed", session).kind, EventType::Other);
    }

    #[test]
    fn what_is_not_counted_keeps_its_type_and_nothing_else() {
        let event = one(
            "customer.created",
            json!({"id": "cus_1", "email": "someone@example.com"}),
        );
        assert_eq!((event.kind, event.id.as_str()), (EventType::Other, "evt_1"));
        assert_eq!(uncounted(&event), [Some("customer.created"), None]);
        let thin = json!({"id": "evt_2", "object": "v2.core.event", "type": "v1.billing.meter.error", "created": "2024-09-17T06:20:52.246Z"});
        let event = &map("stripe", &thin)[0];
        assert_eq!(
            (event.kind, event.time_origin, event.time),
            (EventType::Other, TimeOrigin::Impossible, now())
        );
        let unreadable = map_bytes(&source("stripe"), b"\xff{");
        assert_eq!((unreadable.len(), unreadable[0].kind), (1, EventType::Other));
        for odd in [json!(null), json!([]), json!("x"), json!({"object": "event"})] {
            assert_eq!(map("stripe", &odd)[0].kind, EventType::Other, "{odd}");
        }
    }

    #[test]
    fn nothing_personal_is_kept() {
        let event = one(
            "charge.succeeded",
            charge(json!({"metadata": {"email": "someone@example.com"}})),
        );
        let all = format!("{event:?}");
        for personal in ["example.com", "Some One", "4242"] {
            assert!(!all.contains(personal), "{personal}");
        }
    }

    #[test]
    fn impossible_times_give_way_to_the_time_of_receipt() {
        let timed = |created: Value| {
            let mut body = notice(
                "payment_intent.created",
                json!({"id": "pi_1", "amount": 1, "currency": "usd"}),
            );
            body["created"] = created;
            let event = map("stripe", &body).remove(0);
            (event.time, event.time_origin, event.content)
        };
        let (_, _, content) = timed(json!(NOW));
        for impossible in [
            json!(5),
            json!(NOW + 86_401),
            json!("soon"),
            json!(1.5),
            json!(i64::MAX),
            json!(-1),
        ] {
            assert_eq!(
                timed(impossible.clone()),
                (now(), TimeOrigin::Impossible, content),
                "{impossible}"
            );
        }
        assert_eq!(timed(Value::Null), (now(), TimeOrigin::Missing, content));
        assert_eq!(timed(json!(NOW + 86_400)).1, TimeOrigin::Given);
    }

    #[test]
    fn the_content_tells_a_duplicate_from_a_conflict() {
        let first = one("charge.succeeded", charge(json!({})));
        assert_eq!(
            first.content,
            one("charge.succeeded", charge(json!({"receipt_email": "new@example.com"}))).content
        );
        assert_ne!(
            first.content,
            one("charge.succeeded", charge(json!({"amount_captured": 1}))).content
        );
        assert_ne!(first.content, one("charge.failed", charge(json!({}))).content);
    }

    #[test]
    fn test_money_is_told_apart() {
        let mut body = notice("charge.succeeded", charge(json!({})));
        assert_eq!(map("stripe", &body)[0].mode, Mode::Live);
        let tests = Source {
            mode: Some("test".into()),
            platform: Some("web".into()),
            ..source("stripe")
        };
        assert_eq!(map_from(&tests, &body)[0].mode, Mode::Test);
        assert_eq!(map_from(&tests, &body)[0].platform.as_deref(), Some("web"));
        body["livemode"] = json!(false);
        assert_eq!(map("stripe", &body)[0].mode, Mode::Test);
        body.as_object_mut().unwrap().remove("livemode");
        assert_eq!(map("stripe", &body)[0].mode, Mode::Live);
        body["data"]["object"]["livemode"] = json!(false);
        assert_eq!(map("stripe", &body)[0].mode, Mode::Test);
    }
}

mod messenger_events {
    use super::*;

    const MILLIS: i64 = (NOW - 60) * 1_000;

    fn page(items: Value) -> Value {
        json!({"object": "page", "entry": [{"id": "P", "time": MILLIS + 5_000, "messaging": items}]})
    }

    fn item(name: &str, content: Value) -> Value {
        json!({"sender": {"id": "U"}, "recipient": {"id": "P"}, "timestamp": MILLIS, name: content})
    }

    fn one(item: Value) -> Event {
        let mut events = map("messenger", &page(json!([item])));
        assert_eq!(events.len(), 1);
        events.remove(0)
    }

    #[test]
    fn messages_have_a_direction_and_no_text() {
        let event = one(item("message", json!({"mid": "m1", "text": "my card is 4242"})));
        assert_eq!(
            (event.kind, event.direction),
            (EventType::ConversationMessage, Some(Direction::In))
        );
        assert_eq!(
            (event.source.as_str(), event.id.as_str()),
            ("/webhooks/messenger/main", "message:m1")
        );
        let who = [&event.platform, &event.bot_id, &event.user_id, &event.conversation_id].map(Option::as_deref);
        assert_eq!(who, [Some("messenger"), Some("P"), Some("U"), Some("P:U")]);
        assert_eq!(event.time, at(NOW - 60));
        assert!(!format!("{event:?}").contains("4242"));
        let echo = json!({"sender": {"id": "P"}, "recipient": {"id": "U"}, "timestamp": MILLIS,
            "message": {"is_echo": true, "mid": "m1", "app_id": 7}});
        let event = one(echo);
        assert_eq!((event.id.as_str(), event.direction), ("echo:m1", Some(Direction::Out)));
        assert_eq!(
            (event.bot_id.as_deref(), event.user_id.as_deref()),
            (Some("P"), Some("U"))
        );
    }

    #[test]
    fn batches_come_twice_over() {
        let message = |mid: &str| item("message", json!({"mid": mid}));
        let body = json!({"object": "page", "entry": [
            {"id": "P", "time": MILLIS, "messaging": [message("a"), message("b")]},
            {"id": "Q", "time": MILLIS, "messaging": [message("c")]},
            {"id": "R", "time": 1_458_692_752, "changes": [{"field": "feed", "value": {"message": "hello"}}]},
            {"id": "S", "time": MILLIS, "standby": [message("d")]},
            {"id": "T", "time": MILLIS}]});
        let events = map("messenger", &body);
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        let message = "conversation.message";
        assert_eq!(kinds, [message, message, message, "other", "other", "other"]);
        assert_eq!(events[2].bot_id.as_deref(), Some("Q"));
        assert_eq!(
            events[3..].iter().map(uncounted).collect::<Vec<_>>(),
            ["changes.feed", "standby.message", "entry"].map(|name| [Some(name), None])
        );
        // Changes of the page are told in whole seconds.
        assert_eq!(
            (events[3].time, events[3].time_origin),
            (at(1_458_692_752), TimeOrigin::Given)
        );
    }

    #[test]
    fn ids_are_texts_also_where_they_are_numbers_beyond_53_bits() {
        let item = json!({"sender": {"id": 9_007_199_254_740_993_u64}, "recipient": {"id": 10_105_655_000_959_552_u64},
            "timestamp": MILLIS, "message": {"mid": "m"}});
        let body = json!({"object": "page", "entry": [{"id": 10_105_655_000_959_552_u64, "messaging": [item]}]});
        let event = &map("messenger", &body)[0];
        assert_eq!(
            (event.bot_id.as_deref(), event.user_id.as_deref()),
            (Some("10105655000959552"), Some("9007199254740993"))
        );
        let checkbox = json!({"sender": {"user_ref": "x"}, "timestamp": MILLIS, "message": {"mid": "m"}});
        assert_eq!(uncounted(&one(checkbox)), [Some("message"), Some("no_person")]);
    }

    #[test]
    fn a_delivery_of_more_updates_than_messenger_sends_is_kept_as_one() {
        let kept = |updates: usize| {
            let empty = vec![json!(0); updates - 1];
            let entry = json!({"id": "p", "messaging": empty, "standby": [{}]});
            map("messenger", &json!({"object": "page", "entry": [entry]}))
        };
        assert_eq!(kept(10_000).len(), 10_000);
        let [event] = &kept(10_001)[..] else {
            panic!("one event")
        };
        assert_eq!(uncounted(event), [Some("page"), Some("too_many_updates")]);
    }

    #[test]
    fn what_is_said_in_stand_by_is_not_the_bots() {
        for (name, content) in [
            ("message", json!({"mid": "m1", "text": "to the other app"})),
            ("message", json!({"mid": "m2", "is_echo": true})),
            ("postback", json!({"title": "Buy"})),
        ] {
            let body =
                json!({"object": "page", "entry": [{"id": "P", "time": MILLIS, "standby": [item(name, content)]}]});
            let events = map("messenger", &body);
            assert_eq!((events.len(), events[0].kind), (1, EventType::Other));
            assert_eq!(events[0].conversation_id, None);
        }
        let handed = one(item("pass_thread_control", json!({"new_owner_app_id": "1"})));
        assert_eq!(uncounted(&handed), [Some("pass_thread_control"), None]);
    }

    #[test]
    fn referrals_and_opt_ins_start_a_conversation() {
        for (source, expected) in [
            ("ADS", Some(Acquisition::Ad)),
            ("SHORTLINK", Some(Acquisition::Link)),
            ("CUSTOMER_CHAT_PLUGIN", Some(Acquisition::Link)),
            ("MESSENGER_CODE", Some(Acquisition::Code)),
            ("DISCOVER_TAB", Some(Acquisition::Search)),
            ("SOMETHING_NEW", None),
        ] {
            let referral = json!({"source": source, "type": "OPEN_THREAD", "ref": "from-anna"});
            for event in [
                one(item("referral", referral.clone())),
                one(item("postback", json!({"payload": "x", "referral": referral}))),
            ] {
                assert_eq!(
                    (event.kind, event.acquisition),
                    (EventType::ConversationStarted, expected),
                    "{source}"
                );
                assert!(!format!("{event:?}").contains("anna"));
            }
        }
        let optin = one(item("optin", json!({"ref": "x"})));
        assert_eq!(
            (optin.kind, optin.acquisition),
            (EventType::ConversationStarted, Some(Acquisition::Link))
        );
        let message = json!({"mid": "m1", "text": "hi", "referral": {"source": "ADS", "ad_id": "6"}});
        let both = map("messenger", &page(json!([item("message", message)])));
        let ids: Vec<&str> = both.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["message:m1", "message:m1#1"]);
        assert_eq!(
            (both[1].kind, both[1].acquisition),
            (EventType::ConversationStarted, Some(Acquisition::Ad))
        );
    }

    #[test]
    fn an_opt_in_to_notifications_and_an_opt_out_start_no_conversation() {
        for (optin, name) in [
            (
                json!({"type": "notification_messages", "notification_messages_token": "t", "payload": "p"}),
                "optin.notification_messages",
            ),
            (
                json!({"type": "notification_messages", "notification_messages_status": "STOP_NOTIFICATIONS"}),
                "optin.notification_messages",
            ),
            (
                json!({"notification_messages_status": "RESUME_NOTIFICATIONS"}),
                "optin.notification_messages",
            ),
            (
                json!({"type": "one_time_notif_req", "one_time_notif_token": "t"}),
                "optin.one_time_notif_req",
            ),
        ] {
            let event = one(item("optin", optin.clone()));
            assert_eq!(event.kind, EventType::Other, "{optin}");
            assert_eq!(uncounted(&event), [Some(name), None], "{optin}");
        }
        assert_eq!(one(item("optout", json!({"type": "all"}))).kind, EventType::Other);
    }

    #[test]
    fn postbacks_are_inbound_messages_unless_they_open_the_thread() {
        let event = one(item("postback", json!({"payload": "BUY", "title": "Buy"})));
        assert_eq!(
            (event.kind, event.direction),
            (EventType::ConversationMessage, Some(Direction::In))
        );
        assert_eq!(
            one(item("postback", json!({"payload": "BUY", "mid": "m2"}))).id,
            "postback:m2"
        );
        assert_ne!(event.id, one(item("postback", json!({"payload": "SELL"}))).id);
        let start = one(item("postback", json!({"payload": "<GET_STARTED_PAYLOAD>"})));
        assert_eq!(
            (start.kind, start.acquisition),
            (EventType::ConversationStarted, Some(Acquisition::Organic))
        );
    }

    fn payment(credential: Value) -> Value {
        item(
            "payment",
            json!({"payload": "shoe", "payment_credential": credential, "shipping_option_id": "1",
            "requested_user_info": {"contact_name": "Some One", "contact_email": "someone@example.com"},
            "amount": {"currency": "USD", "amount": "29.62"}}),
        )
    }

    #[test]
    fn a_payment_in_the_thread_is_the_providers_charge() {
        let event = one(payment(
            json!({"provider_type": "stripe", "charge_id": "ch_1", "fb_payment_id": "77"}),
        ));
        assert_eq!(
            (event.kind, event.id.as_str()),
            (EventType::TransactionCaptured, "payment:77")
        );
        let ids = [&event.provider, &event.payment_id, &event.attempt_id, &event.capture_id].map(Option::as_deref);
        assert_eq!(ids, [Some("stripe"), Some("ch_1"), Some("ch_1"), Some("ch_1")]);
        assert_eq!((event.path, event.mode), (Some(CheckoutPath::InThread), Mode::Live));
        assert_eq!(event.amount.unwrap().minor, 2_962);
        assert_eq!(
            (event.conversation_id.as_deref(), event.bot_id.as_deref()),
            (Some("P:U"), Some("P"))
        );
        let all = format!("{event:?}");
        assert!(!all.contains("Some One") && !all.contains("example.com"));
        let paypal = one(payment(
            json!({"provider_type": "paypal", "charge_id": "8XY", "fb_payment_id": "78"}),
        ));
        assert_eq!(
            (paypal.method.as_deref(), paypal.network.as_deref()),
            (Some("paypal"), Some("none"))
        );
        let priced = |amount: Value| {
            let mut item = payment(json!({"provider_type": "stripe", "charge_id": "ch_1", "fb_payment_id": "81"}));
            item["payment"]["amount"] = amount;
            let event = one(item);
            match event.amount {
                Some(money) => money.to_string(),
                None => uncounted(&event).map(Option::unwrap).join(": "),
            }
        };
        assert_eq!(priced(json!({"currency": "jpy", "amount": 500})), "500");
        for (amount, reason) in [
            (json!({"currency": "USD", "amount": 29.62}), "inexact_amount"),
            (json!({"currency": "USD", "amount": "29.625"}), "inexact_amount"),
            (json!({"currency": "USD", "amount": "-1.00"}), "no_amount"),
            (json!({"currency": "USD", "amount": "9e99"}), "no_amount"),
            (
                json!({"currency": "USD", "amount": "99999999999999999999"}),
                "amount_too_large",
            ),
            (json!({"currency": "USD"}), "no_amount"),
            (json!({"amount": "29.62"}), "unknown_currency"),
            (Value::Null, "unknown_currency"),
        ] {
            assert_eq!(priced(amount.clone()), format!("payment: {reason}"), "{amount}");
        }
        let unnamed = one(payment(json!({"provider_type": "stripe", "fb_payment_id": "79"})));
        assert_eq!(uncounted(&unnamed), [Some("payment"), Some("no_charge_id")]);
    }

    #[test]
    fn a_tokenised_card_is_only_a_promise() {
        let credential = json!({"provider_type": "token", "tokenized_card": "4000123412341234", "tokenized_cvv": "123",
            "token_expiry_month": "01", "token_expiry_year": "2019", "fb_payment_id": "80"});
        let event = one(payment(credential));
        assert_eq!(
            (event.kind, event.capture_id.as_deref()),
            (EventType::TransactionAuthorized, None)
        );
        assert_eq!(
            (event.provider.as_deref(), event.method.as_deref()),
            (Some("unknown"), Some("card"))
        );
        assert!(!format!("{event:?}").contains("4000123412341234"));
    }

    #[test]
    fn the_constant_ids_of_test_payments_identify_nothing() {
        let credential = json!({"provider_type": "stripe", "charge_id": "test_charge_id_12345",
            "fb_payment_id": "test_payment_id_12345"});
        let mut later = payment(credential.clone());
        later["timestamp"] = json!(MILLIS + 1);
        let (one, other) = (one(payment(credential)), one(later));
        assert_eq!((one.mode, other.mode), (Mode::Test, Mode::Test));
        assert_ne!(one.id, other.id);
        assert_ne!(one.payment_id, other.payment_id);
        assert!(!format!("{one:?}").contains("12345"));
    }

    #[test]
    fn checkouts_start_in_the_thread() {
        let content = json!({"payload": "shoe", "amount": {"currency": "USD", "amount": "2.70"},
            "requested_user_info": {"shipping_address": {"name": "Some One"}}});
        let event = one(item("pre_checkout", content));
        assert_eq!(
            (event.kind, event.path),
            (EventType::CheckoutStarted, Some(CheckoutPath::InThread))
        );
        assert_eq!(event.amount.unwrap().minor, 270);
        assert!(!format!("{event:?}").contains("Some One"));
        let update = json!({"payload": "shoe", "shipping_address": {"city": "Menlo Park", "country": "US"}});
        let event = one(item("checkout_update", update));
        assert_eq!((event.kind, event.country.as_deref()), (EventType::CartUpdated, None));
        assert!(!format!("{event:?}").contains("Menlo"));
        let inexact = one(item(
            "pre_checkout",
            json!({"payload": "x", "amount": {"currency": "USD", "amount": 2.7}}),
        ));
        assert_eq!((inexact.kind, inexact.amount), (EventType::CheckoutStarted, None));
    }

    #[test]
    fn receipts_of_delivery_are_kept_once_per_watermark() {
        let read = |watermark: i64, seq: i64| one(item("read", json!({"watermark": watermark, "seq": seq})));
        assert_eq!(read(5, 1).id, read(5, 2).id);
        assert_ne!(read(5, 1).id, read(6, 1).id);
        let event = read(5, 1);
        assert_eq!(
            (event.kind, uncounted(&event)),
            (EventType::Other, [Some("read"), None])
        );
        assert_eq!(
            (event.user_id.as_deref(), event.conversation_id.as_deref()),
            (None, None)
        );
        let unnamed = json!({"recipient": {"id": "P"}, "timestamp": MILLIS, "optin": {"user_ref": "x"}});
        assert_eq!(uncounted(&one(unnamed)), [Some("optin"), Some("no_person")]);
    }

    #[test]
    fn a_time_of_zero_is_the_entrys_time() {
        let timed = |timestamp: Value| {
            let mut item = item("message", json!({"mid": "m"}));
            item["timestamp"] = timestamp;
            let event = one(item);
            (event.time, event.time_origin)
        };
        let entry = (at(NOW - 55), TimeOrigin::Given);
        assert_eq!(timed(json!(0)), entry);
        assert_eq!(timed(Value::Null), entry);
        assert_eq!(timed(json!(1_234_567_890)), (now(), TimeOrigin::Impossible));
        let bare = json!({"object": "page", "entry": [{"id": "P", "time": 0, "messaging": [
            {"sender": {"id": "U"}, "message": {"mid": "m"}}]}]});
        assert_eq!(map("messenger", &bare)[0].time_origin, TimeOrigin::Missing);
    }

    #[test]
    fn odd_bodies_leave_one_trace() {
        for odd in [
            json!(null),
            json!({"object": "instagram", "entry": [1]}),
            json!({"object": "page", "entry": []}),
            json!({"object": "page", "entry": ["x"]}),
            page(json!(["x"])),
            page(json!([{}])),
        ] {
            let events = map("messenger", &odd);
            assert_eq!((events.len(), events[0].kind), (1, EventType::Other), "{odd}");
        }
        let unreadable = map_bytes(&source("messenger"), b"not json");
        assert_eq!((unreadable.len(), unreadable[0].kind), (1, EventType::Other));
    }
}
