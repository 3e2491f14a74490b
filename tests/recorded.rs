//! Payloads that the real systems sent, replayed twice in random order. They are not part of the project, so
//! this runs only when it is told where they are:
//!
//! `BOTLEDGER_FIXTURES=folder BOTLEDGER_PAYPAL_CA=file cargo test --release --test suite recorded -- --ignored --nocapture`
//!
//! The folder holds `stripe/recorded`, `messenger/recorded`, `messenger/event-shapes`, `braintree/recorded` and
//! `paypal/signed-simulator-2024`; the file is the certificate that issued PayPal's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use botledger::config::Source;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use sha1::Sha1;
use sha2::Digest;

use crate::support::app::{PRESENT, TestApp, instant, source, source_with};
use crate::support::client::hmac;
use crate::support::ledger::Ledger;

const SECRET: &str = "a secret of ours";

/// One recorded delivery, signed as its provider signs it.
#[derive(Debug, Clone)]
struct Delivery {
    provider: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Where a changed byte is a forgery; some formats have bytes that are no content.
    changed: usize,
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("BOTLEDGER_FIXTURES").expect("BOTLEDGER_FIXTURES names the folder"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().ends_with(ending));
    files.sort();
    assert!(!files.is_empty(), "no *{ending} in {}", folder.display());
    files
}

fn sha256(parts: &[&[u8]]) -> String {
    hmac(SECRET, parts)
}

fn stripe(path: &Path, number: usize) -> Delivery {
    // The recording zeroed the ids: all files share two, so each gets one of its own.
    let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    event["id"] = format!("evt_{number}").into();
    let body = event.to_string().into_bytes();
    let at = instant(PRESENT).timestamp().to_string();
    let signature = sha256(&[at.as_bytes(), b".", &body]);
    Delivery {
        provider: "stripe",
        headers: vec![("stripe-signature".into(), format!("t={at},v1={signature}"))],
        changed: body.len() / 2,
        body,
    }
}

fn messenger(path: &Path) -> Delivery {
    let body = std::fs::read(path).unwrap();
    let signature = format!("sha256={}", sha256(&[&body]));
    Delivery {
        provider: "messenger",
        headers: vec![("x-hub-signature-256".into(), signature)],
        changed: body.len() / 2,
        body,
    }
}

fn braintree(path: &Path) -> Delivery {
    let payload = STANDARD.encode(std::fs::read(path).unwrap());
    let mut mac = Hmac::<Sha1>::new_from_slice(&Sha1::digest(SECRET)).unwrap();
    mac.update(payload.as_bytes());
    let signature = format!("public|{}", hex::encode(mac.finalize().into_bytes()));
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("bt_signature", &signature)
        .append_pair("bt_payload", &payload)
        .finish();
    Delivery {
        provider: "braintree",
        headers: vec![("content-type".into(), "application/x-www-form-urlencoded".into())],
        changed: form.len() / 2,
        body: form.into_bytes(),
    }
}

fn paypal(path: &Path) -> Delivery {
    let stated = path.to_str().unwrap().replace(".body.json", ".headers.json");
    let stated: Value = serde_json::from_slice(&std::fs::read(stated).unwrap()).unwrap();
    let headers = stated["headers"].as_object().unwrap().iter();
    let body = std::fs::read(path).unwrap();
    Delivery {
        provider: "paypal",
        headers: headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().into()))
            .collect(),
        changed: body.len() / 2,
        body,
    }
}

fn deliveries() -> Vec<Delivery> {
    let root = folder();
    let mut all: Vec<Delivery> = Vec::new();
    let recorded = files(&root.join("stripe/recorded"), ".json");
    all.extend(recorded.iter().enumerate().map(|(number, path)| stripe(path, number)));
    for path in files(&root.join("messenger/recorded"), ".body.json") {
        all.push(messenger(&path));
    }
    for path in files(&root.join("messenger/event-shapes"), ".json") {
        all.push(messenger(&path));
    }
    for path in files(&root.join("braintree/recorded"), ".xml") {
        all.push(braintree(&path));
    }
    for path in files(&root.join("paypal/signed-simulator-2024"), ".body.json") {
        all.push(paypal(&path));
    }
    all
}

/// The sources; PayPal's certificates are copied into `kept` under the names that they are looked for.
fn sources(kept: &Path) -> Vec<Source> {
    let authority = std::env::var("BOTLEDGER_PAYPAL_CA").expect("BOTLEDGER_PAYPAL_CA names the certificate");
    let certificates = folder().join("paypal/signed-simulator-2024");
    for path in files(&certificates, ".pem") {
        std::fs::copy(&path, kept.join(path.file_name().unwrap())).unwrap();
    }
    let paypal = format!(
        "webhook_ids = [\"WEBHOOK_ID\"]\nca_file = {authority:?}\ncertificate_dir = {kept:?}\nmax_age_seconds = 400000000"
    );
    let braintree =
        format!("key_pairs = [{{ public_key = \"public\", private_key = {SECRET:?} }}]\ncurrency = \"USD\"");
    vec![
        source("stripe", &[SECRET]),
        source("messenger", &[SECRET]),
        source_with("braintree", &braintree),
        // Everybody can have the simulator sign, so what it signs is taken as a test only.
        Source {
            mode: Some("test".into()),
            ..source_with("paypal", &paypal)
        },
    ]
}

fn post(app: &TestApp, delivery: &Delivery, body: &[u8]) -> crate::support::client::Reply {
    let headers: Vec<(&str, &str)> = delivery.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    app.client
        .post(&format!("/v1/webhooks/{}/main", delivery.provider), &headers, body)
}

/// What became of the deliveries of one provider.
#[derive(Debug, Default, Clone, PartialEq)]
struct Tally {
    deliveries: u64,
    forged: u64,
    accepted: u64,
    other: u64,
    duplicates: u64,
    conflicts: u64,
}

/// What both rounds of one order gave.
struct Replayed {
    tallies: BTreeMap<&'static str, [Tally; 2]>,
    payments: Vec<Vec<String>>,
    facts: Vec<String>,
}

fn replay(seed: u8) -> Replayed {
    let certificates = tempfile::tempdir().unwrap();
    let mut app = TestApp::with(|config| config.sources = sources(certificates.path()));
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let mut tallies: BTreeMap<&'static str, [Tally; 2]> = BTreeMap::new();
    for round in 0..2 {
        let shuffled = Just(deliveries())
            .prop_shuffle()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        for delivery in shuffled {
            let mut forged = delivery.body.clone();
            forged[delivery.changed] ^= 1;
            let refused = post(&app, &delivery, &forged).status == 401;
            let answer = post(&app, &delivery, &delivery.body).expect_status(200).json();
            let tally = &mut tallies.entry(delivery.provider).or_default()[round];
            tally.deliveries += 1;
            tally.forged += u64::from(refused);
            tally.accepted += answer["accepted"].as_u64().unwrap();
            tally.other += answer["other"].as_u64().unwrap();
            tally.duplicates += answer["duplicates"].as_u64().unwrap();
            tally.conflicts += answer["conflicts"].as_u64().unwrap();
        }
    }
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let payments = ledger.rows(
        "select provider, mode, state, coalesce(currency, '-'), count(*), sum(captured), sum(refunded), \
                sum(disputed_lost), sum(reversed), count(bot_key) \
         from payments group by all order by all",
    );
    Replayed {
        tallies,
        payments,
        facts: ledger.facts(),
    }
}

#[test]
#[ignore = "needs the recorded payloads"]
fn every_recorded_delivery_counts_once_in_any_order() {
    let Replayed {
        tallies,
        payments,
        facts,
    } = replay(1);
    println!("provider     round  deliveries  forged refused  accepted  of them other  duplicates  conflicts");
    for (provider, rounds) in &tallies {
        for (round, tally) in rounds.iter().enumerate() {
            println!(
                "{provider:<12} {:>5} {:>11} {:>15} {:>9} {:>14} {:>11} {:>10}",
                round + 1,
                tally.deliveries,
                tally.forged,
                tally.accepted,
                tally.other,
                tally.duplicates,
                tally.conflicts
            );
            assert_eq!(tally.forged, tally.deliveries, "{provider}: every forgery is refused");
        }
        assert_eq!(rounds[1].accepted, 0, "{provider}: nothing is new the second time");
    }
    println!("\nprovider, mode, state, currency, payments, captured, refunded, disputed lost, reversed, with a bot");
    payments.iter().for_each(|row| println!("{}", row.join(", ")));
    for seed in 2..4 {
        assert_eq!(
            replay(seed).facts,
            facts,
            "the order of the seed {seed} gives the same facts"
        );
    }
}
