//! Extreme years and durations are refused by name, and nothing is calculated from them.

use botledger::metrics::{self, Metric};
use serde_json::json;

use crate::small;
use crate::support::app::TestApp;
use crate::support::client::Reply;
use crate::support::events::bot_registered;
use crate::support::program;

/// Moments that no question can be about, as addresses write them.
const MOMENTS: [&str; 22] = [
    "%2B262142-12-31T23:59",
    "%2B262142-12-31",
    "%2B262143-01-01T00:00:00Z",
    "-262143-01-01T00:00",
    "-262144-01-01",
    "262142-12-31T23:59:59",
    "99999-01-01",
    "10000-01-01T00:00",
    "9999-12-31",
    "9999-12-31T23:59",
    "9999-12-31T23:59:59.999999999-23:59",
    "9999-12-31T23:59:60Z",
    "0000-01-01",
    "0000-01-01T00:00",
    "0000-01-01T00:00:00%2B23:59",
    "-0001-12-31",
    "0001-01-01T00:00:00Z",
    "1899-12-30",
    "2201-01-03T00:00:00Z",
    "2016-01-01T00:00:00%2B99:99",
    "9223372036854775807",
    "-9223372036854775808",
];

const ZONES: [&str; 4] = ["UTC", "America/New_York", "Pacific/Kiritimati", "Africa/Monrovia"];

const DURATIONS: [&str; 7] = [
    "9223372036854775807s",
    "9223372036854775808s",
    "153722867280912931m",
    "106751991167301d",
    "99999999999d",
    "-1d",
    "18446744073709551616",
];

fn refused(reply: Reply, field: &str, asked: &str) {
    assert_eq!(reply.status, 400, "{asked}: {}", reply.text());
    assert_eq!(reply.json()["field"], field, "{asked}");
}

#[test]
fn an_extreme_moment_in_any_parameter_of_any_question_is_refused_by_name() {
    let app = small::loaded();
    let ask = |metric: &Metric, rest: &str, field: &str| {
        for path in [
            format!("/v1/metrics/{}?{rest}", metric.name),
            format!("/v1/metrics/{}?format=csv&{rest}", metric.name),
            format!("/v1/charts/{}.svg?{rest}", metric.name),
        ] {
            refused(app.client.get(&path), field, &path);
        }
    };
    for (nth, metric) in metrics::ALL.iter().enumerate() {
        for (at, moment) in MOMENTS.iter().enumerate() {
            // Every zone meets every moment and every metric.
            let tz = ZONES[(nth + at) % ZONES.len()];
            ask(metric, &format!("from={moment}&to=2016-08-01&tz={tz}"), "from");
            ask(
                metric,
                &format!("from=2016-07-01&to={moment}&tz={tz}&interval=day"),
                "to",
            );
            ask(metric, &format!("to={moment}&tz={tz}&compare=previous_year"), "to");
            ask(metric, &format!("as_of={moment}&tz={tz}"), "as_of");
            ask(
                metric,
                &format!("from=2016-07-01&to=2016-08-01&as_of={moment}"),
                "as_of",
            );
        }
    }
}

#[test]
fn an_extreme_moment_on_the_page_is_refused_by_name() {
    let app = small::loaded();
    for moment in MOMENTS {
        for tz in ZONES {
            for name in ["from", "to", "as_of"] {
                let path = format!("/?{name}={moment}&tz={tz}");
                let reply = app.client.get(&path);
                assert_eq!(reply.status, 400, "{path}");
                assert!(reply.text().contains("id=\"problem\""), "{path}");
            }
        }
    }
}

#[test]
fn an_extreme_duration_or_horizon_is_refused_by_name_or_bounded() {
    let app = small::loaded();
    for metric in metrics::ALL {
        for parameter in metric
            .parameters
            .iter()
            .filter(|one| ["window", "horizon"].contains(&one.name))
        {
            for value in DURATIONS {
                let path = format!("/v1/metrics/{}?{}={value}", metric.name, parameter.name);
                refused(app.client.get(&path), parameter.name, &path);
            }
        }
    }
    for horizon in [
        "%2B262142-12-31",
        "-262143-01-01",
        "262142-12-31",
        "99999999999999999999w",
    ] {
        let path = format!("/v1/metrics/forecast?horizon={horizon}");
        refused(app.client.get(&path), "horizon", &path);
    }
    for horizon in ["9999-12-31", "999999w", "999999d", "0000-01-01"] {
        for tz in ZONES {
            let path = format!("/v1/metrics/forecast?to=2200-12-31&interval=year&horizon={horizon}&tz={tz}");
            app.client.get(&path).expect_status(200);
        }
    }
}

#[test]
fn the_edges_of_what_can_be_asked_are_answered() {
    let app = small::loaded();
    for metric in metrics::ALL {
        for (from, to, compare) in [
            ("1900-01-01", "1900-01-02", "previous_year"),
            ("2200-12-30", "2201-01-01", "previous_period"),
        ] {
            for tz in ZONES {
                let range = format!("from={from}&to={to}&interval=hour&tz={tz}");
                let compared = match metric.parameters.iter().any(|one| one.name == "compare") {
                    true => String::new(),
                    false => format!("&compare={compare}"),
                };
                let path = format!("/v1/metrics/{}?{range}{compared}", metric.name);
                let status = app.client.get(&path).status;
                assert!([200, 400].contains(&status), "{path}: {status}");
            }
        }
    }
}

#[test]
fn an_extreme_moment_in_what_is_sent_is_refused_by_name() {
    let app = TestApp::start();
    for moment in MOMENTS.map(|moment| moment.replace("%2B", "+")) {
        let annotation = json!({"time": moment, "text": "a release"}).to_string();
        let headers = [("content-type", "application/json")];
        let field = app
            .client
            .post("/v1/annotations", &headers, annotation.as_bytes())
            .problem(400, "invalid_annotation");
        assert_eq!(field, "time", "{moment}");
        let rates = format!("date,base,quote,rate,source\n{moment},EUR,USD,1.1,x\n");
        let reply = app.client.post_rates(&rates);
        // A day of a year that no event can have is a day.
        if !["9999-12-31", "2201-01-03"].contains(&moment.as_str()) {
            assert_eq!(reply.problem(400, "invalid_rates"), "date", "{moment}");
        }
        let event = bot_registered("b1").at(&moment).json().to_string();
        let reply = app.client.post("/v1/events", &headers, event.as_bytes());
        assert_eq!(reply.json()["field"], "time", "{moment}");
        reply.expect_status(422);
    }
}

#[test]
fn synthetic_events_are_of_years_that_can_be_asked_for() {
    for (from, to) in [
        ("+262142-01-01", "+262142-12-31"),
        ("-262143-01-01", "-262143-02-01"),
        ("0001-01-01", "9999-12-31"),
    ] {
        let output = program::run(&[
            "generate",
            "-",
            "--events",
            "10",
            &format!("--from={from}"),
            &format!("--to={to}"),
        ]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("1900"), "{said}");
    }
}
