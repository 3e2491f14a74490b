//! Every kind of problem with its whole body, as `tests/golden/problems` keeps it.

use std::collections::BTreeMap;

use actix_web::ResponseError;
use actix_web::body::to_bytes;
use botledger::http::problem::Problem;
use futures_util::FutureExt;

use crate::readme::problem_codes;
use crate::support::app::{TestApp, key, source};
use crate::support::client::Reply;
use crate::support::events::{bot_registered, captured, conversation, lines};
use crate::support::golden::assert_golden;

const JSON: (&str, &str) = ("content-type", "application/json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const TREND: &str = "/v1/metrics/bot-growth";

/// A server that has to refuse much.
fn strict() -> TestApp {
    TestApp::with(|config| {
        config.limits.body_bytes = 2_000;
        config.limits.inflated_bytes = 2_000;
        config.limits.batch_events = 2;
        config.limits.answer_rows = 20;
        config.sources = vec![source("stripe", &["whsec_secret"])];
    })
}

/// What one server refuses, by the name of its file.
fn refused() -> Vec<(&'static str, Reply)> {
    let app = strict();
    let (get, client) = (|path: &str| app.client.get(path), &app.client);
    let with = |header: (&str, &str)| client.get_with(&format!("{TREND}?from=2016-07-01&to=2016-08-01"), &[header]);
    let post = |path: &str, header: (&str, &str), body: &str| client.post(path, &[header], body.as_bytes());
    let events = |header: (&str, &str), body: &str| post("/v1/events", header, body);
    let encoded = [LINES, ("content-encoding", "br")];
    let three: Vec<_> = (0..3).map(|n| bot_registered(&format!("b{n}"))).collect();
    let strange = [
        JSON,
        ("origin", "https://example.org"),
        ("sec-fetch-site", "cross-site"),
    ];
    let guarded = TestApp::with(|config| config.keys = vec![key("bl_test")]);
    vec![
        ("unparseable", events(JSON, "{")),
        (
            "invalid_rates",
            client.post_rates("date,base,quote,rate,source\n2016-07-01,EUR,USD,much,test\n"),
        ),
        (
            "invalid_annotation",
            post("/v1/annotations", JSON, r#"{"time": "soon", "text": "launch"}"#),
        ),
        ("invalid_parameter", get(&format!("{TREND}?interval=fortnight"))),
        ("unknown_parameter", get(&format!("{TREND}?intervall=day"))),
        ("unauthorized", guarded.client.get("/v1/metrics")),
        ("unauthorized-page", guarded.client.get("/")),
        ("forged", post("/v1/webhooks/stripe/main", JSON, "{}")),
        ("forbidden", client.post("/v1/events", &strange, b"{}")),
        ("not_found", get("/v1/nothing")),
        ("not_set_aside", get("/v1/quarantine/payment-0000000000000000")),
        (
            "unknown_annotation",
            client
                .send("DELETE", "/v1/annotations/0123456789abcdef", &[], None)
                .unwrap(),
        ),
        ("unknown_metric", get("/v1/metrics/bot-grwth")),
        ("unknown_source", post("/v1/webhooks/stripe/another", JSON, "{}")),
        ("method_not_allowed", get("/v1/events")),
        ("not_acceptable", with(("accept", "text/html"))),
        (
            "not_acceptable-encoding",
            with(("accept-encoding", "identity;q=0, *;q=0")),
        ),
        (
            "body_too_large",
            events(LINES, &lines(&[conversation("b", &"c".repeat(2_000))])),
        ),
        ("batch_too_large", events(LINES, &lines(&three))),
        (
            "unsupported_media_type",
            events(("content-type", "text/plain"), "hello"),
        ),
        ("unsupported_encoding", client.post("/v1/events", &encoded, b"")),
        (
            "rejected",
            events(
                ("content-type", "application/cloudevents+json"),
                &captured("p1", "29.625", "USD").id("e").json().to_string(),
            ),
        ),
        (
            "too_many_rows",
            get(&format!("{TREND}?from=2016-07-01&to=2016-08-01&interval=day")),
        ),
    ]
}

/// What takes a fault, a full disk or an overloaded server, as the answers to these are made.
fn troubles() -> Vec<(&'static str, Problem)> {
    vec![
        ("body_timeout", Problem::body_timeout(30)),
        ("parse_timeout", Problem::parse_timeout(10)),
        ("internal", Problem::internal("a cause that nobody is told")),
        ("busy", Problem::busy()),
        ("no_room", Problem::no_room("the disk is nearly full")),
        ("not_ready", Problem::not_ready("the fold has failed 3 times")),
        ("stopping", Problem::stopping()),
        (
            "unverifiable",
            Problem::unverifiable("the certificate cannot be fetched"),
        ),
        ("timeout", Problem::timeout()),
    ]
}

#[test]
fn every_problem_has_the_whole_body_that_is_kept() {
    let mut bodies = BTreeMap::new();
    let mut keep = |name: &str, body: String| {
        let code = name.split('-').next().unwrap();
        assert!(body.contains(&format!("\"code\":\"{code}\"")), "{name}: {body}");
        bodies.insert(format!("{name}.json"), body + "\n");
    };
    for (name, reply) in refused() {
        assert_eq!(
            reply.header("content-type"),
            "application/problem+json",
            "{name}: {}",
            reply.text()
        );
        keep(name, reply.text());
    }
    for (name, problem) in troubles() {
        let body = to_bytes(problem.error_response().into_body()).now_or_never().unwrap();
        keep(name, String::from_utf8(body.unwrap().to_vec()).unwrap());
    }
    for code in problem_codes() {
        assert!(
            bodies.contains_key(&format!("{code}.json")),
            "{code} has no golden file"
        );
    }
    assert_golden("problems", &bodies);
}
