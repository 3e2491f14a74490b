//! Whom PayPal's signature is believed, and where its certificates may come from.

use botledger::config::Source;
use botledger::ingest::webhooks::{Refusal, Request, Webhook};

use super::{Delivery, signed, unsigned};
use crate::support::app::{PRESENT, instant, source_with};

const CERT_URL: &str = "paypal-cert-url";

fn verify_from(source: &Source, delivery: &Delivery) -> Result<(), Refusal> {
    verify_with(source, delivery, None)
}

fn verify_with(source: &Source, delivery: &Delivery, evidence: Option<&[u8]>) -> Result<(), Refusal> {
    Webhook::open(source).unwrap().endpoint.verify(&Request {
        headers: &|name| delivery.header(name),
        raw_body: &delivery.body,
        evidence,
        now: instant(PRESENT),
    })
}

fn verify(name: &str) -> Result<(), Refusal> {
    verify_from(&signed().source(""), &signed().delivery(name))
}

fn evidence(source: &Source, address: &str) -> Result<Option<String>, Refusal> {
    let delivery = signed().delivery("genuine").with(CERT_URL, address);
    Webhook::open(source)
        .unwrap()
        .endpoint
        .evidence(&|name| delivery.header(name))
}

fn wrong_setting(settings: &str) -> String {
    Webhook::open(&source_with("paypal", settings)).unwrap_err().key
}

#[test]
fn what_paypal_signed_is_genuine() {
    for name in [
        "genuine",
        "of the sandbox",
        "three days old",
        "four days old",
        "five minutes ahead",
        "sent again",
    ] {
        assert_eq!(verify(name), Ok(()), "{name}");
    }
}

#[test]
fn what_it_did_not_sign_is_not() {
    for name in [
        "other webhook",
        "other key",
        "other body",
        "truncated body",
        "serialised again",
    ] {
        assert_eq!(verify(name), Err(Refusal::Mismatch), "{name}");
    }
}

#[test]
fn sha1_is_refused_whether_or_not_the_header_says_so() {
    assert_eq!(verify("signed with SHA-1"), Err(Refusal::Mismatch));
    assert_eq!(verify("other algorithm"), Err(Refusal::Malformed("paypal-auth-algo")));
}

#[test]
fn a_delivery_is_good_for_four_days_and_up_to_five_minutes_ahead() {
    for name in ["too old", "too far ahead"] {
        assert_eq!(verify(name), Err(Refusal::OutsideTolerance), "{name}");
    }
    let strict = signed().source("max_age_seconds = 3600");
    let old = signed().delivery("three days old");
    assert_eq!(verify_from(&strict, &old), Err(Refusal::OutsideTolerance));
    assert_eq!(verify_from(&strict, &signed().delivery("genuine")), Ok(()));
}

#[test]
fn every_header_is_needed() {
    for name in [
        "paypal-transmission-id",
        "paypal-transmission-time",
        "paypal-transmission-sig",
        "paypal-auth-algo",
        CERT_URL,
    ] {
        let mut delivery = signed().delivery("genuine");
        delivery.headers.retain(|(known, _)| known != name);
        assert_eq!(
            verify_from(&signed().source(""), &delivery),
            Err(Refusal::Missing(name))
        );
    }
    for (name, value) in [
        // The signed text parts its fields with this.
        ("paypal-transmission-id", "t|1"),
        ("paypal-transmission-id", ""),
        ("paypal-transmission-time", "yesterday"),
        ("paypal-transmission-sig", "no base64!"),
    ] {
        let delivery = signed().delivery("genuine").with(name, value);
        assert_eq!(
            verify_from(&signed().source(""), &delivery),
            Err(Refusal::Malformed(name))
        );
    }
}

#[test]
fn a_certificate_must_be_paypals_and_lead_to_the_trusted_authority() {
    for name in ["other authority", "other name", "leaf only"] {
        assert!(matches!(verify(name), Err(Refusal::Certificate(_))), "{name}");
    }
    // Built in are the roots of PayPal's authority, which is not this one.
    let genuine = signed().delivery("genuine");
    let pem = std::fs::read(signed().folder.path().join("certificates/CERT-chain")).unwrap();
    let source = source_with("paypal", &format!("webhook_ids = [{:?}]", signed().webhook_id));
    let refused = verify_with(&source, &genuine, Some(&pem));
    assert!(matches!(refused, Err(Refusal::Certificate(_))), "{refused:?}");
}

#[test]
fn an_intermediate_authority_may_be_the_trusted_one() {
    let source = signed().source_trusting("intermediate.pem", "");
    assert_eq!(verify_from(&source, &signed().delivery("leaf only")), Ok(()));
    assert_eq!(verify_from(&source, &signed().delivery("genuine")), Ok(()));
    let other = verify_from(&source, &signed().delivery("other authority"));
    assert!(matches!(other, Err(Refusal::Certificate(_))), "{other:?}");
}

#[test]
fn a_certificate_must_have_been_good_when_the_delivery_was_sent() {
    assert_eq!(verify("sent before it expired"), Ok(()));
    let patient = signed().source("max_age_seconds = 8000000");
    for name in ["sent after it expired", "sent before it began"] {
        let refused = verify_from(&patient, &signed().delivery(name));
        assert!(matches!(refused, Err(Refusal::Certificate(_))), "{name}: {refused:?}");
    }
}

#[test]
fn a_fetched_certificate_serves_as_well_as_one_at_hand() {
    let folder = signed().folder.path();
    let settings = format!(
        "webhook_ids = [{:?}]\nca_file = {:?}",
        signed().webhook_id,
        folder.join("root.pem").display().to_string()
    );
    let source = source_with("paypal", &settings);
    let genuine = signed().delivery("genuine");
    let pem = std::fs::read(folder.join("certificates/CERT-chain")).unwrap();
    assert_eq!(verify_with(&source, &genuine, Some(&pem)), Ok(()));
    let garbage = verify_with(&source, &genuine, Some(b"<html>not found</html>"));
    assert!(matches!(garbage, Err(Refusal::Certificate(_))), "{garbage:?}");
    // Without one nothing is decided: PayPal is to come again.
    let none = verify_with(&source, &genuine, None);
    assert!(matches!(none, Err(Refusal::Unavailable(_))), "{none:?}");
}

#[test]
fn certificates_are_fetched_from_paypal_only() {
    let wanted = "https://api.paypal.com/v1/notifications/certs/CERT-1a-2B";
    let anew = |address: &str| evidence(&unsigned(), address);
    assert_eq!(anew(wanted), Ok(Some(wanted.into())));
    assert_eq!(anew(&wanted.replace(".com/", ".com:443/")), Ok(Some(wanted.into())));
    let sandbox = wanted.replace("api.", "api.sandbox.");
    assert_eq!(anew(&sandbox), Ok(Some(sandbox.clone())));
    for address in [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://evil.example/v1/notifications/certs/CERT-1",
        "https://evilpaypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://evil.example\\.paypal.com/v1/notifications/certs/CERT-1",
        "https://evil.example#.paypal.com/v1/notifications/certs/CERT-1",
        "https://evil.example?.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://user:word@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1/notifications/certs/../../redirect",
        "https://api.paypal.com/v1/notifications/certs/CERT-1/more",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?to=evil.example",
        "https://api.paypal.com/v1/notifications/certs/CERT%2D1",
        "https://api.paypal.com/v1/notifications//certs/CERT-1",
        "https://127.0.0.1/v1/notifications/certs/CERT-1",
        "file:///v1/notifications/certs/CERT-1",
        "",
    ] {
        assert_eq!(anew(address), Err(Refusal::ForeignAddress(CERT_URL)), "{address}");
    }
}

#[test]
fn nothing_is_fetched_that_is_at_hand() {
    let at_hand = "https://api.paypal.com/v1/notifications/certs/CERT-chain";
    assert_eq!(evidence(&signed().source(""), at_hand), Ok(None));
    let other = at_hand.replace("chain", "new");
    assert_eq!(evidence(&signed().source(""), &other), Ok(Some(other.clone())));
}

#[test]
fn wrong_settings_are_named() {
    assert_eq!(wrong_setting("webhook_ids = []"), "webhook_ids");
    assert_eq!(wrong_setting("webhook_ids = [\"a|b\"]"), "webhook_ids");
    assert_eq!(
        wrong_setting("webhook_ids = [\"A\"]\nca_file = \"/nowhere.pem\""),
        "ca_file"
    );
    assert_eq!(
        wrong_setting("webhook_ids = [\"A\"]\nca_file = \"Cargo.toml\""),
        "ca_file"
    );
    let nowhere = "webhook_ids = [\"A\"]\ncertificate_dir = \"/nowhere\"";
    assert_eq!(wrong_setting(nowhere), "certificate_dir");
    let no_certificates = "webhook_ids = [\"A\"]\ncertificate_dir = \"sample-data\"";
    assert_eq!(wrong_setting(no_certificates), "certificate_dir");
    let unknown = Webhook::open(&source_with("paypal", "webhook_ids = [\"A\"]\nsecret = \"s\"")).unwrap_err();
    assert!(unknown.message.contains("secret"), "{unknown:?}");
}

#[test]
fn the_simulators_id_is_for_tests_only() {
    // Anybody can have the simulator sign anything under this id.
    let mut source = source_with("paypal", "webhook_ids = [\"WEBHOOK_ID\"]");
    assert_eq!(Webhook::open(&source).unwrap_err().key, "webhook_ids");
    source.mode = Some("test".into());
    assert!(Webhook::open(&source).is_ok());
}

#[test]
fn a_certificate_is_kept_while_it_is_paypals_and_leads_to_the_trusted_authority() {
    let folder = signed().folder.path();
    let settings = format!(
        "webhook_ids = [{:?}]\nca_file = {:?}",
        signed().webhook_id,
        folder.join("root.pem").display().to_string()
    );
    let endpoint = Webhook::open(&source_with("paypal", &settings)).unwrap().endpoint;
    let pem = std::fs::read(folder.join("certificates/CERT-chain")).unwrap();
    let address = "https://api.paypal.com/v1/notifications/certs/CERT-chain";
    let now = instant(PRESENT);
    assert!(endpoint.vouches(address, &pem, now));
    assert!(!endpoint.vouches("https://evil.example/v1/notifications/certs/CERT-chain", &pem, now));
    assert!(!endpoint.vouches(address, b"<html>not found</html>", now));
    assert!(!endpoint.vouches(address, &pem, now + chrono::TimeDelta::days(36_500)));
    let built_in = Webhook::open(&unsigned()).unwrap().endpoint;
    assert!(!built_in.vouches(address, &pem, now), "it leads to another authority");
}
