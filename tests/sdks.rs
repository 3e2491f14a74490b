//! Real clients: Stripe's own signature code and the CloudEvents SDK, both in Python.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::app::{TestApp, source};
use crate::support::ledger::Ledger;
use crate::support::project;

/// The interpreter with the SDKs, which `tests/run` sets up.
pub fn python() -> PathBuf {
    let given = std::env::var_os("BOTLEDGER_TEST_PYTHON").map(PathBuf::from);
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
    let kept = || cache.unwrap_or_else(home).join("botledger-test-venv/bin/python");
    let python = given.unwrap_or_else(kept);
    assert!(python.exists(), "{} is missing; tests/run sets it up", python.display());
    python
}

/// Runs a script against a server and reads the JSON it prints.
pub fn run(script: &str, arguments: &[&str]) -> Value {
    let output = Command::new(python())
        .arg(project("tests/python").join(script))
        .args(arguments)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{script}: {printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

#[test]
fn what_stripe_signs_is_taken_once_and_what_it_did_not_sign_never() {
    let mut app = TestApp::with(|config| config.sources = vec![source("stripe", &["whsec_new", "whsec_old"])]);
    // Stripe's code signs with the real clock.
    app.clock.set(&chrono::Utc::now().to_rfc3339());
    let told = run(
        "stripe_webhook.py",
        &[&app.client.url("/v1/webhooks/stripe/main"), "whsec_new", "whsec_old"],
    );
    assert_eq!(
        told["genuine"],
        serde_json::json!([200, 1, 0]),
        "status, accepted, duplicates: {told}"
    );
    assert_eq!(
        told["again_with_the_old_secret"],
        serde_json::json!([200, 0, 1]),
        "{told}"
    );
    for forgery in ["other_secret", "other_body", "too_old", "no_header"] {
        assert_eq!(told[forgery], 401, "{forgery}: {told}");
    }
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let rows = ledger.rows("select kind, provider, minor, currency, network from events");
    assert_eq!(rows, [["transaction.captured", "stripe", "2962", "USD", "visa"]]);
    assert_eq!(ledger.number("select captured from payments"), 2962);
}

#[test]
fn the_cloudevents_sdk_posts_in_every_mode() {
    let mut app = TestApp::start();
    let told = run("cloudevents_client.py", &[&app.client.url("/v1/events")]);
    for mode in ["structured", "binary"] {
        assert_eq!(told[mode]["accepted"], 1, "{mode}: {told}");
        assert_eq!(told[mode]["rejected"], serde_json::json!([]), "{mode}");
    }
    assert_eq!(told["batch"]["accepted"], 3, "{told}");
    assert_eq!(
        told["binary_again_as_structured"]["duplicates"], 1,
        "the mode is no content: {told}"
    );
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let names = ledger.rows("select name from events where kind = 'bot.registered' order by name");
    assert_eq!(
        names,
        [["caf\u{e9} \"binary\" 100%"], ["structured"]],
        "percent-encoding is undone once"
    );
    assert_eq!(ledger.number("select count(*) from events"), 5);
}
