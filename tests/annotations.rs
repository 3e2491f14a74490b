//! What people mark on the axis of time: kept once, shown where it belongs, and as it was known then.

use serde_json::{Value, json};

use crate::support::app::{TestApp, key};
use crate::support::client::{Client, Reply};
use crate::support::events::{bot_registered, captured, conversation, lines};
use crate::support::ledger::Ledger;
use crate::support::read;

const SUMMER: &str = "from=2016-07-01&to=2016-10-01&interval=month";

fn send(client: &Client, annotation: &Value) -> Reply {
    let body = annotation.to_string();
    client.post(
        "/v1/annotations",
        &[("content-type", "application/json")],
        body.as_bytes(),
    )
}

/// Marks a moment, and gives the answer.
fn mark(app: &TestApp, time: &str, text: &str, scope: Value) -> Value {
    let annotation = json!({"time": time, "text": text, "scope": scope});
    let answer = send(&app.client, &annotation).expect_status(200).json();
    app.wait_folded();
    answer
}

/// The texts beside an answer.
fn beside(app: &TestApp, question: &str) -> Vec<String> {
    let answer = app.client.get_json(&format!("/v1/metrics/{question}"));
    let marked = answer["meta"]["annotations"].as_array().unwrap();
    marked
        .iter()
        .map(|one| one["text"].as_str().unwrap().to_owned())
        .collect()
}

fn listed(app: &TestApp) -> Vec<Value> {
    let list = app.client.get_json("/v1/annotations");
    list["annotations"].as_array().unwrap().clone()
}

fn version(app: &TestApp) -> i64 {
    let answer = app.client.get_json("/v1/metrics/bot-growth");
    answer["meta"]["data_version"].as_i64().unwrap()
}

/// A bot, its conversation and a payment in each of three months.
fn busy() -> TestApp {
    let app = TestApp::start();
    let months = ["2016-07-10T10:00:00Z", "2016-08-10T10:00:00Z", "2016-09-20T10:00:00Z"];
    let events = months.iter().enumerate().flat_map(|(index, time)| {
        let (bot, talk, payment) = (format!("b{index}"), format!("c{index}"), format!("p{index}"));
        [
            bot_registered(&bot).at(time),
            conversation(&bot, &talk).at(time),
            captured(&payment, "10.00", "USD")
                .at(time)
                .with("bot_id", bot)
                .with("platform", "messenger"),
        ]
    });
    app.client.post_events(&lines(&events.collect::<Vec<_>>()));
    app.wait_folded();
    app
}

#[test]
fn an_annotation_stands_beside_every_answer_whose_range_holds_its_moment() {
    let app = TestApp::start();
    let answer = mark(
        &app,
        "2016-09-12T02:00:00+02:00",
        "in-thread payment launched",
        json!({}),
    );
    let expected = json!([{
        "id": answer["id"],
        "time": "2016-09-12T02:00:00+02:00",
        "text": "in-thread payment launched",
        "scope": {},
    }]);
    for metric in botledger::metrics::ALL {
        let question = format!(
            "/v1/metrics/{}?from=2016-09-12&to=2016-10-01&tz=Europe/Berlin",
            metric.name
        );
        assert_eq!(
            app.client.get_json(&question)["meta"]["annotations"],
            expected,
            "{}",
            metric.name
        );
    }
    // The moment is 00:00 UTC: the first instant of a range is in it, the last is not.
    assert_eq!(beside(&app, "bot-growth?from=2016-09-12&to=2016-09-13").len(), 1);
    assert_eq!(beside(&app, "bot-growth?from=2016-09-11&to=2016-09-12").len(), 0);
    assert_eq!(listed(&app)[0]["time"], "2016-09-12T00:00:00Z");
}

#[test]
fn the_same_again_changes_nothing_and_another_scope_is_another() {
    let app = TestApp::start();
    let first = mark(&app, "2016-09-12T00:00:00Z", "launch", json!({"platform": "messenger"}));
    assert_eq!(first["changed"], true);
    let before = version(&app);
    // The same moment in another offset, and space around the text, are the same.
    let again = mark(
        &app,
        "2016-09-12T01:00:00+01:00",
        " launch ",
        json!({"platform": "messenger"}),
    );
    assert_eq!(
        (&again["id"], &again["changed"], &again["received_at"]),
        (&first["id"], &json!(false), &Value::Null)
    );
    assert_eq!(version(&app), before);
    let other = mark(&app, "2016-09-12T00:00:00Z", "launch", json!({}));
    assert_ne!(other["id"], first["id"]);
    assert_eq!((version(&app), listed(&app).len()), (before + 1, 2));
}

#[test]
fn an_earlier_as_of_knows_neither_later_annotations_nor_later_retractions() {
    let mut app = busy();
    let question = |as_of: &str| format!("bot-growth?{SUMMER}&as_of={as_of}");
    let bytes = |app: &TestApp, as_of: &str| app.client.get(&format!("/v1/metrics/{}", question(as_of))).body;
    app.clock.set("2026-01-02T00:00:00Z");
    let first = "2026-01-01T12:00:00Z";
    let unmarked = bytes(&app, first);
    let marked = mark(&app, "2016-09-12T00:00:00Z", "launch", json!({}));
    let id = marked["id"].as_str().unwrap();
    let second = marked["received_at"].as_str().unwrap();
    assert_eq!(beside(&app, &question(second)), ["launch"]);
    let with_mark = bytes(&app, second);
    app.clock.set("2026-01-03T00:00:00Z");
    let retract = || {
        app.client
            .send("DELETE", &format!("/v1/annotations/{id}"), &[], None)
            .unwrap()
    };
    assert_eq!(retract().expect_status(200).json()["changed"], true);
    assert_eq!(retract().expect_status(200).json()["changed"], false, "once is enough");
    app.wait_folded();
    assert_eq!(beside(&app, &format!("bot-growth?{SUMMER}")), [""; 0]);
    assert_eq!(listed(&app).len(), 0);
    // What was known then stays as it was, also for another process.
    app.restart();
    assert!(bytes(&app, first) == unmarked && bytes(&app, second) == with_mark);
    // It may be marked again.
    assert_eq!(mark(&app, "2016-09-12T00:00:00Z", "launch", json!({}))["changed"], true);
    assert_eq!(beside(&app, &format!("bot-growth?{SUMMER}")), ["launch"]);
}

#[test]
fn a_scope_narrows_where_an_annotation_is_shown() {
    let app = busy();
    let time = "2016-09-12T00:00:00Z";
    mark(&app, time, "all", json!({}));
    mark(&app, time, "messenger", json!({"platform": "messenger"}));
    mark(&app, time, "bot", json!({"platform": "messenger", "bot_id": "b1"}));
    mark(&app, time, "growth", json!({"metric": "bot-growth"}));
    let shown = |question: &str| {
        let mut texts = beside(&app, &format!("{question}&{SUMMER}"));
        texts.sort_unstable();
        texts.join(" ")
    };
    assert_eq!(shown("bot-growth?group_by=platform"), "all growth messenger");
    assert_eq!(shown("conversion?window=24h"), "all messenger");
    assert_eq!(shown("conversion?platform=telegram"), "all");
    assert_eq!(shown("conversion?platform!=messenger"), "all");
    assert_eq!(shown("conversion?platform=web,messenger"), "all messenger");
    // Of a bot only where the question is about bots one by one.
    assert_eq!(shown("conversion?bot=b1"), "all bot messenger");
    assert_eq!(shown("conversion?bot=b2"), "all messenger");
    assert_eq!(shown("conversion?group_by=bot"), "all bot messenger");
    assert_eq!(shown("conversion?group_by=bot&bot!=b1"), "all messenger");
}

#[test]
fn a_wrong_annotation_is_named_by_its_member_and_leaves_nothing() {
    let app = TestApp::start();
    let time = "2016-09-12T00:00:00Z";
    let long = "é".repeat(201);
    for (annotation, field) in [
        (json!([]), "annotation"),
        (json!({"text": "launch"}), "annotation"),
        (json!({"time": time, "text": "launch", "colour": "red"}), "annotation"),
        (
            json!({"time": time, "text": "launch", "scope": {"country": "US"}}),
            "annotation",
        ),
        (json!({"time": "2016-09-12", "text": "launch"}), "time"),
        (json!({"time": time, "text": "  "}), "text"),
        (json!({"time": time, "text": long}), "text"),
        (json!({"time": time, "text": "two\nlines"}), "text"),
        (
            json!({"time": time, "text": "a", "scope": {"platform": "Web!"}}),
            "scope.platform",
        ),
        (
            json!({"time": time, "text": "a", "scope": {"bot_id": ""}}),
            "scope.bot_id",
        ),
        (
            json!({"time": time, "text": "a", "scope": {"bot_id": "4111 1111 1111 1111"}}),
            "scope.bot_id",
        ),
        (
            json!({"time": time, "text": "a", "scope": {"metric": "bot-grwth"}}),
            "scope.metric",
        ),
    ] {
        let named = send(&app.client, &annotation).problem(400, "invalid_annotation");
        assert_eq!(named, field, "{annotation}");
    }
    let headers = [("content-type", "application/json")];
    app.client
        .post("/v1/annotations", &headers, b"{")
        .problem(400, "invalid_annotation");
    app.client
        .post("/v1/annotations", &[("content-type", "text/plain")], b"{}")
        .problem(415, "unsupported_media_type");
    let delete = |path: &str| app.client.send("DELETE", path, &[], None).unwrap();
    delete("/v1/annotations/0123456789abcdef").problem(404, "unknown_annotation");
    delete("/v1/annotations").problem(405, "method_not_allowed");
    app.client
        .get("/v1/annotations?from=2016")
        .problem(400, "unknown_parameter");
    assert_eq!((version(&app), listed(&app).len()), (0, 0));
    let longest = "é".repeat(200);
    assert_eq!(mark(&app, time, &longest, json!({}))["changed"], true);
}

#[test]
fn what_must_not_be_kept_of_a_text_is_not() {
    let app = TestApp::start();
    mark(&app, "2016-09-12T00:00:00Z", "ask jane.doe@example.com", json!({}));
    mark(&app, "2016-09-13T00:00:00Z", "paid with 4111 1111 1111 1111", json!({}));
    let texts: Vec<Value> = listed(&app).iter().map(|one| one["text"].clone()).collect();
    assert_eq!(texts, ["ask [email removed]", "[card removed]"]);
}

#[test]
fn a_key_guards_them_and_other_sites_may_not_send_them() {
    let app = TestApp::with(|config| config.keys = vec![key("bl_test")]);
    let annotation = json!({"time": "2016-09-12T00:00:00Z", "text": "launch"});
    send(&app.client, &annotation).problem(401, "unauthorized");
    app.client.get("/v1/annotations").problem(401, "unauthorized");
    let holder = app.client.with_key("bl_test");
    let answer = send(&holder, &annotation).expect_status(200).json();
    let path = format!("/v1/annotations/{}", answer["id"].as_str().unwrap());
    let delete = |client: &Client, headers: &[(&str, &str)]| client.send("DELETE", &path, headers, None).unwrap();
    delete(&app.client, &[]).problem(401, "unauthorized");
    delete(&holder, &[("sec-fetch-site", "cross-site")]).problem(403, "forbidden");
    delete(&holder, &[]).expect_status(200);
}

/// The texts that a chart shows, each as it stands between its tags.
fn words(svg: &str) -> Vec<&str> {
    let texts = svg.split("<text ").skip(1);
    texts
        .map(|text| text.split('>').nth(1).unwrap().split('<').next().unwrap().trim())
        .collect()
}

#[test]
fn every_chart_over_time_shows_them() {
    let app = busy();
    let unmarked = |metric: &str| app.client.get(&format!("/v1/charts/{metric}.svg?{SUMMER}")).text();
    let bare: Vec<String> = botledger::metrics::ALL
        .iter()
        .map(|metric| unmarked(metric.name))
        .collect();
    mark(&app, "2016-09-12T00:00:00Z", "launch", json!({}));
    // Those that have no axis of time: a triangle of cohorts, and two periods side by side.
    let timeless = ["bot-retention", "change"];
    for (metric, bare) in botledger::metrics::ALL.iter().zip(bare) {
        for look in ["", "&theme=dark&width=356&height=320"] {
            let svg = app
                .client
                .get(&format!("/v1/charts/{}.svg?{SUMMER}{look}", metric.name))
                .expect_status(200)
                .text();
            let drawn = words(&svg).iter().any(|text| text.ends_with("launch"));
            let empty = words(&svg).contains(&"No data");
            assert_eq!(
                drawn,
                !empty && !timeless.contains(&metric.name),
                "{} {look}",
                metric.name
            );
            assert_eq!(
                svg.contains("Marked: 12 Sep 2016: launch."),
                drawn,
                "{} {look}",
                metric.name
            );
            assert!(svg.contains("\"annotations\":[{"), "{}", metric.name);
        }
        assert!(
            !bare.contains("annotations") && !bare.contains("Marked"),
            "{}",
            metric.name
        );
    }
}

#[test]
fn many_are_numbered_and_told_above_the_picture() {
    let app = busy();
    let sentence = "a sentence that is much too long to stand beside a line in a chart of this width";
    for day in 10..25 {
        mark(&app, &format!("2016-08-{day}T00:00:00Z"), sentence, json!({}));
    }
    for size in ["width=960&height=480", "width=320&height=200", "width=2000&height=300"] {
        let svg = app
            .client
            .get(&format!("/v1/charts/bot-growth.svg?{SUMMER}&interval=day&{size}").replace("interval=month&", ""))
            .expect_status(200)
            .text();
        let words = words(&svg);
        assert!(
            words.iter().any(|text| text.starts_with("10 Aug 2016: a sentence")),
            "{size}: {words:?}"
        );
        let more = words
            .iter()
            .any(|text| text.starts_with("and ") && text.ends_with(" more"));
        assert!(more, "{size}: {words:?}");
        // Numbers that would touch share a ground, and between them they name all.
        let ends = |text: &&str| -> Option<(usize, usize)> {
            let (first, last) = text.split_once('\u{2013}').unwrap_or((text, text));
            Some((first.parse().ok()?, last.parse().ok()?))
        };
        assert!(
            words.iter().filter_map(ends).any(|(_, last)| last == 15),
            "{size}: {words:?}"
        );
        assert!(svg.contains("and 10 more."), "for ears the first five");
    }
}

#[test]
fn the_page_lists_those_of_its_period() {
    let app = busy();
    let answer = mark(
        &app,
        "2016-09-12T00:00:00Z",
        "launch <b>",
        json!({"platform": "messenger"}),
    );
    mark(&app, "2016-11-12T00:00:00Z", "afterwards", json!({}));
    let page = app.client.get(&format!("/?{SUMMER}")).expect_status(200).text();
    assert!(page.contains(&format!("data-annotation={}", answer["id"])));
    assert!(page.contains("launch &lt;b&gt;") && !page.contains("afterwards") && !page.contains("<b>"));
}

#[test]
fn a_ledger_of_the_version_before_takes_them_after_its_next_start() {
    let mut app = busy();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let back = "drop table annotations; delete from schema_versions where version >= 3";
    ledger.0.execute_batch(back).unwrap();
    drop(ledger);
    app.restart();
    // An older ledger is folded again.
    app.wait_folded();
    assert_eq!(version(&app), 1);
    mark(&app, "2016-09-12T00:00:00Z", "launch", json!({}));
    assert_eq!(beside(&app, &format!("payments?{SUMMER}")), ["launch"]);
}

#[test]
fn the_story_s_annotations_are_sent_as_any_other() {
    let app = TestApp::start();
    for line in read("sample-data/annotations-2016.ndjson").lines() {
        let annotation: Value = serde_json::from_str(line).unwrap();
        send(&app.client, &annotation).expect_status(200);
    }
    let all: Vec<(Value, Value)> = listed(&app)
        .iter()
        .map(|one| (one["time"].clone(), one["text"].clone()))
        .collect();
    let expected = [
        ("2016-04-12T00:00:00Z", "Messenger opens to bots"),
        ("2016-09-12T00:00:00Z", "Messenger platform takes in-thread payments"),
    ];
    assert_eq!(all, expected.map(|(time, text)| (json!(time), json!(text))));
}
