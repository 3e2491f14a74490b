//! Webhooks: settings, links, reasons, notices, and deliveries to the sources that the pages set up.

use std::collections::BTreeMap;

use botledger::config::{Links, Source};
use botledger::ingest::verdict::Reason;
use botledger::ingest::webhooks::{PROVIDERS, Webhook};
use serde_json::{Value, json};

use super::{first_codes, page, set};
use crate::support::app::{PRESENT, TestApp, instant};
use crate::support::client::hmac;
use crate::support::markdown::{between, code};
use crate::support::project;
use crate::support::rust::collect;

const SETTINGS: &str = "| setting | default | meaning |";

#[test]
fn the_names_of_links_are_the_default_ones_and_each_is_read() {
    let rows = page("providers").table("| link | default name | holds |");
    let told: BTreeMap<String, String> = rows
        .iter()
        .map(|row| (code(&row[0])[0].to_owned(), code(&row[1])[0].to_owned()))
        .collect();
    let links = toml::Table::try_from(&told).unwrap().try_into::<Links>().unwrap();
    assert_eq!(format!("{links:?}"), format!("{:?}", Links::default()));
    // What a table of links may hold is told by what refuses another.
    let refused = toml::from_str::<Links>("nonsense = \"\"").unwrap_err().to_string();
    let known = set(code(refused.split_once(", expected").unwrap().1));
    assert_eq!(set(told.keys().map(String::as_str).chain(["plain"])), known);
    // The example for Stripe names every link once.
    let example = page("stripe").block("python", "metadata={");
    let mut pieces: Vec<&str> = example.split_once("metadata={").unwrap().1.split("\":").collect();
    pieces.pop();
    let names = pieces.iter().map(|piece| piece.rsplit('"').next().unwrap());
    assert_eq!(set(names), told.into_values().collect());
}

/// The source that a provider's page sets up, and its address as the page tells it.
fn example(provider: &str) -> (toml::Table, String) {
    let text = page(provider).block("toml", "[[sources]]");
    let address = between(&text, "# POST ", "\n")[0].to_owned();
    let mut parsed: toml::Table = toml::from_str(&text).unwrap();
    let sources = parsed.remove("sources").unwrap();
    (sources.as_array().unwrap()[0].as_table().unwrap().clone(), address)
}

fn opened(source: &toml::Table) -> Result<Webhook, String> {
    let source: Source = source.clone().try_into().unwrap();
    Webhook::open(&source).map_err(|error| format!("{} {}", error.key, error.message))
}

/// What a source is ready with, without how it was written.
fn endpoint(source: &toml::Table) -> String {
    format!("{:?}", opened(source).unwrap().endpoint)
}

#[test]
fn every_provider_has_a_page_with_its_settings_and_their_defaults() {
    let providers = first_codes(&page("providers"), "| provider | page |");
    assert_eq!(providers, set(PROVIDERS.iter().map(|provider| provider.name)));
    for provider in PROVIDERS {
        let (source, address) = example(provider.name);
        let named = source["name"].as_str().unwrap();
        assert_eq!(address, format!("/v1/webhooks/{}/{named}", provider.name));
        let with = |name: &str, value: toml::Value| {
            let mut source = source.clone();
            source.insert(name.to_owned(), value);
            source
        };
        let refused = opened(&with("nonsense", true.into())).unwrap_err();
        let known = set(code(refused.split_once(", expected").unwrap().1));
        let rows = page(provider.name).table(SETTINGS);
        assert_eq!(first_codes(&page(provider.name), SETTINGS), known, "{}", provider.name);
        for row in rows {
            let name = code(&row[0])[0];
            match row[1].as_str() {
                "required" => {
                    let mut without = source.clone();
                    without.remove(name);
                    assert!(opened(&without).unwrap_err().contains(name), "{name}");
                }
                "none" => {
                    let mut without = source.clone();
                    without.remove(name);
                    opened(&without).unwrap();
                }
                default => {
                    let value: toml::Table =
                        toml::from_str(&format!("{name} = {}", default.trim_matches('`'))).unwrap();
                    assert!(!source.contains_key(name), "the example is the shortest one");
                    let with = with(name, value[name].clone());
                    assert_eq!(endpoint(&with), endpoint(&source), "{name}");
                }
            }
        }
    }
}

#[test]
fn the_settings_of_every_source_are_told_with_their_defaults() {
    let page = page("providers");
    let told = first_codes(&page, SETTINGS);
    let written = format!("{:#?}", Source::default());
    let members = written
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": "));
    let own = members
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with(' ') && *name != "settings");
    assert_eq!(told, set(own));
    let (source, _) = example("stripe");
    for row in page.table(SETTINGS) {
        let name = code(&row[0])[0];
        let mut other = source.clone();
        let read = |source: toml::Table| source.try_into::<Source>().map(|source| format!("{source:?}"));
        match row[1].as_str() {
            "required" => {
                other.remove(name);
                assert!(read(other).is_err(), "{name}");
            }
            "none" => assert!(!source.contains_key(name)),
            default => {
                let value: toml::Table = toml::from_str(&format!("{name} = {}", default.trim_matches('`'))).unwrap();
                other.insert(name.to_owned(), value[name].clone());
                assert_eq!(read(other), read(source.clone()), "{name}");
            }
        }
    }
}

/// The Rust files of a provider.
fn source_of(provider: &str) -> String {
    let folder = project("src/ingest/webhooks").join(provider);
    let mut files = vec![folder.with_extension("rs")];
    if folder.is_dir() {
        collect(&folder, "rs", &mut files);
    }
    files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect()
}

#[test]
fn the_reasons_of_uncounted_notices_are_those_of_the_providers() {
    let rows = page("providers").table("| reason | given by | meaning |");
    let told: Vec<(&str, &str)> = rows.iter().map(|row| (code(&row[0])[0], row[2].as_str())).collect();
    let known: Vec<(&str, &str)> = Reason::ALL.iter().map(|one| (one.as_str(), one.meaning())).collect();
    assert_eq!(told, known);
    for (row, reason) in rows.iter().zip(Reason::ALL) {
        let own = format!("Reason::{reason:?}");
        let names = |text: &str| {
            text.split(&own)
                .skip(1)
                .any(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        let shared = ["decimals", "delivery"].iter().any(|file| names(&source_of(file)));
        if shared {
            assert_eq!(row[1], "all", "{reason}");
            continue;
        }
        let giving = PROVIDERS.iter().map(|provider| provider.name);
        let giving = giving.filter(|provider| names(&source_of(provider)));
        assert_eq!(set(code(&row[1])), set(giving), "{reason}");
    }
}

#[test]
fn the_notices_of_the_pages_are_those_that_are_counted() {
    for (provider, header, before, after) in [
        ("stripe", "| notice | becomes |", "match self.type_name() {", "_ =>"),
        ("paypal", "| notice | becomes |", "match self.type_name() {", "_ =>"),
        ("braintree", "| status | becomes |", "fn step(", "_ =>"),
    ] {
        let source = source_of(provider);
        let arms = between(&source, before, after)[0];
        let known = arms.lines().filter(|line| !line.trim_start().starts_with("//"));
        let known = known.flat_map(|line| line.split('"').skip(1).step_by(2));
        assert_eq!(first_codes(&page(provider), header), set(known), "{provider}");
    }
}

/// Stands for the examples of the pages, with which no server starts.
const SECRET: &str = "a secret of our own";

/// An application with the source that a provider's page sets up, but for its secrets; and the address of that.
fn start_with(provider: &str) -> (TestApp, String) {
    let (mut source, address) = example(provider);
    source.insert("secrets".into(), vec![SECRET].into());
    if source.contains_key("verify_token") {
        source.insert("verify_token".into(), SECRET.into());
    }
    let source: Source = source.try_into().unwrap();
    let app = TestApp::with(|config| config.sources = vec![source]);
    (app, address)
}

#[test]
fn stripe_posts_to_the_source_of_the_page_and_its_links_join_the_payment() {
    let (app, address) = start_with("stripe");
    let at = instant(PRESENT).timestamp();
    let links = json!({"platform": "messenger", "bot_id": "p1", "conversation_id": "p1:42", "user_id": "42",
        "checkout_id": "k1", "path": "redirect", "credential": "new"});
    let body = json!({"id": "evt_1", "object": "event", "type": "charge.succeeded", "created": at, "livemode": true,
        "data": {"object": {"id": "ch_1", "object": "charge", "amount": 2962, "captured": true, "currency": "usd",
            "created": at, "payment_intent": "pi_1", "metadata": links}}})
    .to_string();
    let stated = at.to_string();
    let digits = hmac(SECRET, &[stated.as_bytes(), b".", body.as_bytes()]);
    let signature = format!("t={stated},v1={digits}");
    let reply = app
        .client
        .post(&address, &[("stripe-signature", &signature)], body.as_bytes());
    let told: Value = serde_json::from_str(&page("providers").block("json", "\"other\"")).unwrap();
    assert_eq!(reply.expect_status(200).json(), told);
    app.wait_folded();
    let answer = app
        .client
        .get_json("/v1/metrics/coverage?from=2025-01-01&to=2027-01-01");
    let row = &answer["rows"][0];
    assert_eq!((&row["payments"], &row["with_conversation"]), (&json!(1), &json!(1)));
}

#[test]
fn messenger_and_telegram_post_to_the_sources_of_their_pages() {
    let at = instant(PRESENT).timestamp() - 60;
    let (app, address) = start_with("messenger");
    let body = json!({"object": "page", "entry": [{"id": "p1", "time": at * 1000, "messaging": [{
        "sender": {"id": "42"}, "recipient": {"id": "p1"}, "timestamp": at * 1000, "message": {"mid": "m1"}}]}]})
    .to_string();
    let signature = format!("sha256={}", hmac(SECRET, &[body.as_bytes()]));
    let forwarded = page("providers").block("python", "X-Hub-Signature-256");
    assert!(forwarded.contains(&address), "{forwarded}");
    let reply = app
        .client
        .post(&address, &[("X-Hub-Signature-256", &signature)], body.as_bytes());
    assert_eq!(reply.expect_status(200).json()["accepted"], 1);
    let challenge = format!("{address}?hub.mode=subscribe&hub.verify_token=a+secret+of+our+own&hub.challenge=7");
    assert_eq!(app.client.get(&challenge).expect_status(200).text(), "7");

    let (app, address) = start_with("telegram");
    let update = json!({"update_id": 1, "message": {"message_id": 1, "date": at, "text": "hello",
        "chat": {"id": 42, "type": "private"}, "from": {"id": 42, "is_bot": false}}})
    .to_string();
    let forwarded = page("telegram").block("python", "requests.post");
    assert!(forwarded.contains(&address), "{forwarded}");
    let header = ("X-Telegram-Bot-Api-Secret-Token", SECRET);
    assert!(forwarded.contains(header.0));
    let reply = app.client.post(&address, &[header], update.as_bytes());
    assert_eq!(reply.expect_status(200).json()["accepted"], 1);
}
