//! Thousands of distinct values: the largest are told by name, the others together, and the page stays.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::events::{Draft, bot_registered, captured, lines};

const JULY: &str = "from=2016-07-01&to=2016-07-31";
/// Distinct decline codes, and distinct providers.
const MANY: usize = 6_000;
/// Some that occur more often than once, and how often in all.
const FREQUENT: [(usize, usize); 3] = [(17, 40), (4_000, 30), (5_999, 20)];

fn time(n: usize) -> String {
    format!("2016-07-{:02}T{:02}:00:00Z", 1 + n % 28, n % 24)
}

fn failed(n: usize, code: usize, provider: usize) -> Draft {
    let data = json!({
        "provider": format!("prov{provider}"), "payment_id": format!("f{n}"), "method": "card", "platform": "messenger",
        "decline_code": format!("code_{code}"), "failure_kind": "issuer", "amount": {"value": "5.00", "currency": "USD"},
    });
    Draft::new("transaction.failed", data).at(&time(n))
}

fn paid(n: usize, provider: usize) -> Draft {
    captured(&format!("p{n}"), "10.00", "USD")
        .with("provider", format!("prov{provider}"))
        .at(&time(n))
}

/// Each of the codes and providers once, and the frequent ones as often as they are said to be.
fn crowded() -> TestApp {
    let app = TestApp::start();
    let again = FREQUENT
        .iter()
        .flat_map(|(which, times)| std::iter::repeat_n(*which, times - 1));
    let which: Vec<usize> = (0..MANY).chain(again).collect();
    let mut events = vec![bot_registered("b")];
    for (n, which) in which.iter().enumerate() {
        events.extend([failed(n, *which, *which), paid(n, *which)]);
    }
    for some in events.chunks(5_000) {
        app.client.post_events(&lines(some));
    }
    app.wait_folded();
    app
}

/// The plotted numbers of a chart, added up over its buckets, by the name of the column and of the value.
fn plotted(app: &TestApp, chart: &str, column: &str, value: &str) -> BTreeMap<String, f64> {
    let svg = app.client.get(&format!("/v1/charts/{chart}")).expect_status(200).text();
    let (_, rest) = svg.split_once("<metadata>").unwrap();
    let (text, _) = rest.split_once("</metadata>").unwrap();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let told: Value = serde_json::from_str(&text).unwrap();
    let series = told["series"].as_array().unwrap().iter();
    let own = series.filter(|one| one["column"] == column);
    own.map(|one| {
        let points = one["points"].as_array().unwrap().iter();
        let sum = points.filter_map(|point| point[1].as_f64()).sum();
        (one["group"][value].as_str().unwrap().to_owned(), sum)
    })
    .collect()
}

#[test]
fn thousands_of_codes_and_providers_leave_the_page_whole_and_the_charts_their_sums() {
    let app = crowded();
    let page = app.client.get(&format!("/?{JULY}")).expect_status(200).text();
    for section in [
        "figures",
        "providers",
        "declines",
        "approval-change",
        "attribution",
        "payments",
        "sources",
    ] {
        assert!(page.contains(&format!("<section id=\"{section}\"")), "{section}");
    }
    assert!(!page.contains("data-lacking"), "every part is there");
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
    // 6,000 codes, of which 20 are told by name.
    assert_eq!(
        page.matches("data-left-out=\"5980\"").count(),
        3,
        "declines, providers and attribution"
    );
    assert!(page.contains("6,087 attempts to pay failed"));
    assert!(page.contains("code 17"), "the most frequent reason");

    let codes = plotted(
        &app,
        "declines.svg?from=2016-07-01&to=2016-08-01&interval=day",
        "attempts",
        "decline_code",
    );
    let (code, provider) = (|n: usize| format!("code_{n}"), |n: usize| format!("prov{n}"));
    let payments = "provider-share.svg?from=2016-07-01&to=2016-08-01&interval=day";
    let payments = plotted(&app, payments, "payments", "value");
    for (which, times) in FREQUENT {
        assert_eq!(codes[&code(which)], times as f64);
        assert_eq!(payments[&provider(which)], times as f64);
    }
    // 6,000 once each, and 39 + 29 + 19 more; without 40 + 30 + 20 of the three and 17 of others, told by name.
    assert_eq!(codes["5980 others"], 6_087.0 - 90.0 - 17.0);
    assert_eq!(payments["5980 others"], 6_087.0 - 90.0 - 17.0);
    assert_eq!((codes.len(), payments.len()), (21, 21));

    let svg = app
        .client
        .get(&format!("/v1/charts/declines.svg?{JULY}"))
        .expect_status(200)
        .text();
    assert!(svg.contains("others with"), "the picture says how many it leaves out");
}

#[test]
fn concentration_counts_each_value_for_itself_also_where_the_others_are_one_row() {
    let app = TestApp::start();
    // 10 payments of one provider and one each of 30: shares of 25 % and 2.5 %, so 625 + 30 x 6.25 = 812.5.
    let which = (0..30).chain(std::iter::repeat_n(99, 10));
    let events: Vec<Draft> = which.enumerate().map(|(n, provider)| paid(n, provider)).collect();
    app.client.post_events(&lines(&events));
    app.wait_folded();
    let page = app.client.get(&format!("/?{JULY}")).expect_status(200).text();
    assert!(page.contains("HHI 813 of 10,000"), "as the API says");
    // 31 providers: 20 by name, of which one with 10 payments, and 11 together.
    assert!(page.contains("data-left-out=\"11\""));
    let question = "provider-share?from=2016-07-01&to=2016-08-01";
    let answer = app.client.get_json(&format!("/v1/metrics/{question}"));
    assert_eq!(answer["rows"].as_array().unwrap().len(), 31, "the API tells each");
    assert!((answer["rows"][0]["hhi"].as_f64().unwrap() - 812.5).abs() < 1e-9);
}

#[test]
fn the_platforms_to_choose_from_are_bounded_and_their_number_is_told() {
    let app = TestApp::start();
    let whose = |n: usize| {
        bot_registered(&format!("b{n}"))
            .at(&time(n))
            .with("platform", format!("platform{n:04}"))
    };
    let events: Vec<Draft> = (0..120).map(whose).collect();
    app.client.post_events(&lines(&events));
    app.wait_folded();
    let page = app.client.get(&format!("/?{JULY}")).expect_status(200).text();
    assert_eq!(page.matches("<option value=\"platform").count(), 50);
    assert!(page.contains("Platform (50 of 120)"));
}

/// The parts of a page that say that something is missing, by the id of their section.
fn lacking(page: &str) -> Vec<&str> {
    let sections = page.split("<section id=\"").skip(1);
    let lacking = sections.filter(|section| section.contains("data-lacking"));
    lacking.map(|section| section.split('"').next().unwrap()).collect()
}

#[test]
fn a_part_of_the_page_that_reads_too_much_says_so_and_the_others_are_shown() {
    let app = TestApp::with(|config| config.limits.frame_rows = 100);
    // More failed attempts than a question may read rows, and one payment, provider, platform and bot.
    let mut events: Vec<Draft> = (0..150).map(|n| failed(n, n, 0)).collect();
    events.extend([bot_registered("b"), paid(1, 0)]);
    app.client.post_events(&lines(&events));
    app.wait_folded();
    let page = app.client.get(&format!("/?{JULY}")).expect_status(200).text();
    assert_eq!(
        lacking(&page),
        ["figures", "payments", "approval-change", "declines"],
        "what reads attempts"
    );
    assert!(page.contains("This part cannot be shown: it takes more than 100 rows"));
    assert!(page.contains("10.00"), "another part: who carried the money");
    assert!(!page.contains("platforms and the range of the data cannot be shown"));
}

#[test]
fn a_page_whose_form_lacks_its_choices_has_the_parts_that_can_be_had() {
    let app = TestApp::with(|config| config.limits.frame_rows = 100);
    let whose = |n: usize| {
        bot_registered(&format!("b{n}"))
            .at(&time(n))
            .with("platform", format!("platform{n:04}"))
    };
    let mut events: Vec<Draft> = (0..120).map(whose).collect();
    events.push(paid(1, 0));
    app.client.post_events(&lines(&events));
    app.wait_folded();
    let page = app.client.get(&format!("/?{JULY}")).expect_status(200).text();
    assert!(page.contains("platforms and the range of the data cannot be shown: it takes more than 100 rows"));
    assert!(!page.contains("<option value=\"platform"));
    let of_bots = [
        "payment-paths",
        "population",
        "milestones",
        "population-forecast",
        "activation",
    ];
    assert_eq!(
        lacking(&page),
        [&["figures"], of_bots.as_slice()].concat(),
        "what reads bots"
    );
    assert!(page.contains("1 payments brought 10.00 USD gross"), "another part");
}

#[test]
fn an_answer_has_the_latest_annotations_and_the_number_of_the_others() {
    let app = TestApp::start();
    app.client.post_events(&lines(&[bot_registered("b")]));
    for n in 0..203 {
        let time = format!("2016-07-{:02}T{:02}:{:02}:00Z", 1 + n / 24 % 28, n % 24, n % 60);
        let annotation = json!({"time": time, "text": format!("mark {n}")}).to_string();
        let kind = [("content-type", "application/json")];
        app.client
            .post("/v1/annotations", &kind, annotation.as_bytes())
            .expect_status(200);
    }
    app.wait_folded();
    let answer = app
        .client
        .get_json("/v1/metrics/bot-growth?from=2016-07-01&to=2016-08-01&interval=day");
    let told = answer["meta"]["annotations"].as_array().unwrap();
    assert_eq!(told.len(), 200);
    // The three earliest are left out, and the order is that of time.
    assert_eq!(told[0]["text"], "mark 3");
    assert_eq!(told[199]["text"], "mark 202");
    assert_eq!(answer["meta"]["annotations_left_out"], 3);
    let svg = app
        .client
        .get("/v1/charts/bot-growth.svg?from=2016-07-01&to=2016-08-01&interval=day")
        .text();
    assert!(svg.contains("and 198 more"), "five are told to ears");
    let page = app.client.get(&format!("/?{JULY}")).expect_status(200).text();
    assert!(page.contains("and 3 earlier ones"));
    let list = app.client.get_json("/v1/annotations");
    assert_eq!(list["annotations"].as_array().unwrap().len(), 203);
    assert_eq!(list["left_out"], Value::Null);
}
