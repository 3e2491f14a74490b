//! The dashboard as a browser sees it: its figures are those of the API, and it needs no script.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use botledger::metrics;
use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::client::same_number;
use crate::{small, story};

fn chromium() -> PathBuf {
    let given = std::env::var_os("BOTLEDGER_TEST_CHROMIUM").map(PathBuf::from);
    let path = given.unwrap_or_else(|| "/usr/bin/chromium".into());
    assert!(path.exists(), "{} is missing; tests/run installs it", path.display());
    path
}

/// The document as Chromium holds it after loading an address.
pub fn loaded_in_chromium(url: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .arg("90")
        .arg(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--disable-dev-shm-usage", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", url])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The raw values of the key figures, by name.
fn figures(document: &str) -> BTreeMap<String, String> {
    let attribute = |text: &str, name: &str| -> Option<String> {
        let at = text.find(&format!("{name}=\""))? + name.len() + 2;
        Some(text[at..at + text[at..].find('"')?].to_owned())
    };
    let tags = document
        .match_indices("data-figure=")
        .map(|(at, _)| &document[at..at + document[at..].find('>').unwrap()]);
    tags.map(|tag| {
        (
            attribute(tag, "data-figure").unwrap(),
            attribute(tag, "data-value").unwrap(),
        )
    })
    .collect()
}

/// A cell of an answer as plain text.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Asserts that the page's figures from a first to a last day are the API's up to the day after.
fn assert_figures_are_those_of_the_api(app: &TestApp, [first, last, after]: [&str; 3]) -> BTreeMap<String, String> {
    let address = format!("/?from={first}&to={last}");
    let shown = figures(&loaded_in_chromium(&app.client.url(&address)));
    let range = format!("from={first}&to={after}");
    let ask = |metric: &str| app.client.get_json(&format!("/v1/metrics/{metric}{range}"))["rows"].clone();
    let (growth, activity, payments) = (ask("bot-growth?"), ask("bot-activity?"), ask("payments?"));
    let funnel = ask("conversion?");
    let shares = ask("provider-share?dimension=provider&");
    let step = |index: i64, column: &str| {
        let row = funnel
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["step_index"] == index)
            .unwrap();
        plain(&row[column])
    };
    let top = shares
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["share_by_count"].as_f64().unwrap())
        .fold(0.0, f64::max);
    let net = growth[0]["closing"].as_i64().unwrap() - growth[0]["opening"].as_i64().unwrap();
    let expected = [
        ("closing", plain(&growth[0]["closing"])),
        ("net_growth", net.to_string()),
        ("active", plain(&activity[0]["active"])),
        ("new", plain(&activity[0]["new"])),
        ("churned", plain(&activity[0]["churned"])),
        ("conversations", step(1, "entered")),
        ("checkout_rate", step(2, "rate")),
        ("paid_rate", step(3, "rate")),
        ("payment_success", plain(&payments[0]["payment_success"])),
        ("payments", plain(&payments[0]["payments"])),
        ("gross", plain(&payments[0]["gross"])),
        ("net", plain(&payments[0]["net"])),
        ("top1", Value::from(top).to_string()),
    ];
    for (name, wanted) in expected {
        let found = shown
            .get(name)
            .unwrap_or_else(|| panic!("the page has no figure {name}: {shown:?}"));
        let same = match (found.parse::<f64>(), wanted.parse::<f64>()) {
            (Ok(found), Ok(wanted)) => same_number(found, wanted),
            _ => *found == wanted,
        };
        assert!(same, "{name}: the page shows {found}, the API says {wanted}");
    }
    shown
}

#[test]
fn a_browser_shows_the_figures_of_the_api() {
    let shown = assert_figures_are_those_of_the_api(small::loaded(), ["2016-07-01", "2016-09-30", "2016-10-01"]);
    assert_eq!((shown["closing"].as_str(), shown["gross"].as_str()), ("7", "269.49"));
}

#[test]
fn a_browser_shows_the_story() {
    let shown = assert_figures_are_those_of_the_api(story::loaded(), ["2016-08-01", "2016-09-11", "2016-09-12"]);
    assert_eq!(
        (shown["closing"].as_str(), shown["net_growth"].as_str()),
        ("30000", "19000")
    );
}

#[test]
fn the_page_runs_no_script_and_loads_nothing_from_elsewhere() {
    let reply = small::loaded()
        .client
        .get("/?from=2016-07-01&to=2016-09-30")
        .expect_status(200);
    let policy = reply.header("content-security-policy").to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    let page = reply.text();
    let lower = page.to_lowercase();
    for word in [
        "<script",
        "javascript:",
        " onclick=",
        " onload=",
        "src=\"http",
        "<link rel=\"stylesheet\"",
        "@import",
    ] {
        assert!(!lower.contains(word), "{word}");
    }
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("lang=\"en\"") && page.contains("viewport"));
    assert!(
        page.matches("<svg").count() >= 5 && page.matches("<table").count() >= 5,
        "charts and tables stand in it"
    );
}

#[test]
fn links_and_choices_live_in_the_address() {
    let app = small::loaded();
    let page = app
        .client
        .get("/?from=2016-07-01&to=2016-09-30&interval=month&platform=telegram&tz=Europe/Rome")
        .text();
    for metric in metrics::ALL.iter().map(|metric| metric.name) {
        let address = format!("href=\"/v1/metrics/{metric}?");
        let at = page.find(&address).unwrap_or_else(|| panic!("no link to {metric}"));
        let link = page[at + 6..].split('"').next().unwrap().replace("&amp;", "&");
        assert!(link.contains("telegram") && link.contains("Europe/Rome"), "{link}");
        app.client.get(&link).expect_status(200);
    }
    assert_eq!(figures(&page)["closing"], "3");
}

/// What stands in one section of the page.
fn section<'a>(page: &'a str, anchor: &str) -> &'a str {
    let mut parts = page.split("<section ");
    let part = parts.find(|part| part.starts_with(&format!("id=\"{anchor}\"")));
    part.unwrap_or_else(|| panic!("no section {anchor}"))
}

#[test]
fn conversion_is_drawn_as_a_funnel_and_over_time() {
    let client = &small::loaded().client;
    let by_month = client.get("/?from=2016-07-01&to=2016-09-30&interval=month").text();
    let drawn = section(&by_month, "conversion");
    assert!(drawn.contains(" started</text>") && drawn.contains(">Rate of each step</text>"));
    let one = client.get("/?from=2016-07-01&to=2016-07-31&interval=month").text();
    assert!(
        !section(&one, "conversion").contains(">Rate of each step</text>"),
        "one bucket has no course"
    );
}

#[test]
fn every_address_within_the_page_leads_to_a_place_on_it() {
    let page = small::loaded().client.get("/?from=2016-07-01&to=2016-09-30").text();
    for target in page
        .split("href=\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(page.contains(&format!("id=\"{target}\"")), "#{target}");
    }
    for warning in page
        .split("class=\"caveat\">")
        .skip(1)
        .map(|rest| rest.split("</p>").next().unwrap())
    {
        assert!(
            !warning.starts_with(char::is_lowercase) && warning.ends_with('.'),
            "{warning}"
        );
    }
}

#[test]
fn a_wrong_choice_is_told_on_the_page_and_an_empty_ledger_has_one_too() {
    let app = TestApp::start();
    let empty = app.client.get("/").expect_status(200).text();
    assert!(!empty.contains("data-figure="), "nothing to count, nothing shown");
    let wrong = app.client.get("/?tz=Mars/Olympus");
    assert!(wrong.status == 200 || wrong.status == 400, "{}", wrong.status);
    assert!(wrong.text().contains("data-field=\"tz\""));
}
