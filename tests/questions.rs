//! Asking over HTTP: the shape of answers, and refusals that name what is wrong.

use botledger::serve::metric_names;
use serde_json::Value;

use crate::small;
use crate::support::app::TestApp;
use crate::support::client::same_number;

const RANGE: &str = "from=2016-07-01&to=2016-10-01";

#[test]
fn the_list_defines_every_metric() {
    let app = TestApp::start();
    let list = app.client.get_json("/v1/metrics");
    let metrics = list["metrics"].as_array().unwrap();
    let names: Vec<&str> = metrics
        .iter()
        .map(|metric| metric["name"].as_str().or(metric["metric"].as_str()).unwrap())
        .collect();
    assert_eq!(names, metric_names());
    for metric in metrics {
        let definition = &metric["definition"];
        assert!(definition["version"].is_number() && definition["text"].as_str().is_some_and(|text| text.len() > 20));
        assert!(
            metric["dimensions"].is_array() && metric["parameters"].is_array(),
            "{metric}"
        );
    }
}

#[test]
fn an_answer_has_the_shape_of_the_contract() {
    let app = small::loaded();
    for metric in metric_names() {
        let answer = app
            .client
            .get_json(&format!("/v1/metrics/{metric}?{RANGE}&interval=month&tz=Europe/Rome"));
        assert_eq!(answer["metric"], metric);
        let members: Vec<&str> = ["definition", "query", "meta", "columns", "rows"].into();
        assert!(members.iter().all(|member| !answer[member].is_null()), "{metric}");
        for member in ["from", "to", "interval", "tz", "as_of", "filters"] {
            assert!(!answer["query"][member].is_null(), "{metric} query.{member}");
        }
        assert_eq!(
            (&answer["query"]["from"], &answer["query"]["to"]),
            (&"2016-07-01".into(), &"2016-10-01".into())
        );
        for member in ["data_version", "epoch", "restated"] {
            assert!(answer["meta"][member].is_i64(), "{metric} meta.{member}");
        }
        let columns: Vec<&str> = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        assert_eq!(columns[..3], ["bucket_start", "bucket_end", "complete"], "{metric}");
        for row in answer["rows"].as_array().unwrap() {
            let row = row.as_object().unwrap();
            assert_eq!(row.len(), columns.len());
            assert!(columns.iter().all(|column| row.contains_key(*column)));
            // Only a forecast reaches into November.
            let start = row["bucket_start"].as_str().unwrap();
            let offset = if start < "2016-10-30" { "+02:00" } else { "+01:00" };
            assert!(start.ends_with(offset), "{row:?}");
            assert!(
                row.values().all(|value| !value.is_object() && !value.is_array()),
                "flat"
            );
        }
    }
}

#[test]
fn every_bucket_of_the_range_is_there_also_the_empty_ones() {
    let app = TestApp::start();
    for (metric, rows) in [
        ("bot-growth", 31),
        ("bot-activity", 31),
        ("bot-activation", 31),
        ("bot-retention", 31 * 32 / 2),
        ("payments", 31),
        ("conversion", 93),
        ("provider-share", 31),
        ("coverage", 31),
        ("forecast", 31 + 42),
        ("path-effect", 93),
        ("declines", 31),
        ("change", 31),
    ] {
        let answer = app.client.get_json(&format!(
            "/v1/metrics/{metric}?from=2016-07-01&to=2016-08-01&interval=day"
        ));
        assert_eq!(answer["rows"].as_array().unwrap().len(), rows, "{metric}");
    }
    let growth = app
        .client
        .get_json("/v1/metrics/bot-growth?from=2016-07-01&to=2016-08-01");
    assert_eq!(
        (&growth["rows"][0]["closing"], &growth["rows"][0]["growth_rate"]),
        (&0.into(), &Value::Null)
    );
}

#[test]
fn a_day_around_a_clock_change_has_23_or_25_hours() {
    let app = TestApp::start();
    let hours = |day: &str, next: &str, tz: &str| {
        let path = format!("/v1/metrics/bot-growth?from={day}&to={next}&interval=hour&tz={tz}");
        app.client.get_json(&path)["rows"].as_array().unwrap().len()
    };
    assert_eq!(hours("2016-03-27", "2016-03-28", "Europe/Rome"), 23);
    assert_eq!(hours("2016-10-30", "2016-10-31", "Europe/Rome"), 25);
    assert_eq!(hours("2016-07-01", "2016-07-02", "Asia/Kathmandu"), 24);
}

#[test]
fn csv_has_the_same_columns_and_cells_as_json() {
    let app = small::loaded();
    for metric in metric_names() {
        let path = format!("/v1/metrics/{metric}?{RANGE}&interval=month");
        let json = app.client.get_json(&path);
        let csv = app.client.get(&format!("{path}&format=csv")).expect_status(200);
        assert!(csv.header("content-type").starts_with("text/csv"));
        let accepted = app.client.get_with(&path, &[("accept", "text/csv")]).expect_status(200);
        assert_eq!(accepted.body, csv.body);
        let mut reader = csv::Reader::from_reader(csv.body.as_slice());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let columns: Vec<&str> = json["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, columns);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let wanted = json["rows"].as_array().unwrap();
        assert_eq!(rows.len(), wanted.len());
        for (cells, row) in rows.iter().zip(wanted) {
            for (cell, column) in cells.iter().zip(&columns) {
                assert_same_cell(cell, &row[*column], metric, column);
            }
        }
    }
}

fn assert_same_cell(cell: &str, value: &Value, metric: &str, column: &str) {
    match value {
        Value::Null => assert_eq!(cell, "", "{metric} {column}"),
        Value::String(text) => assert_eq!(cell, text, "{metric} {column}"),
        Value::Number(number) => {
            let (cell, wanted) = (cell.parse().unwrap(), number.as_f64().unwrap());
            assert!(
                same_number(cell, wanted),
                "{metric} {column}: {cell} instead of {wanted}"
            );
        }
        other => assert_eq!(cell, other.to_string(), "{metric} {column}"),
    }
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    let app = TestApp::start();
    app.client.get("/v1/metrics/bot-grwth").problem(404, "unknown_metric");
    let cases = [
        ("colour=red", "unknown_parameter", "colour"),
        ("tz=Mars/Olympus", "invalid_parameter", "tz"),
        ("interval=fortnight", "invalid_parameter", "interval"),
        ("from=yesterday", "invalid_parameter", "from"),
        ("from=2016-08-01&to=2016-07-01", "invalid_parameter", "to"),
        (
            "from=2000-01-01&to=2016-01-01&interval=hour",
            "invalid_parameter",
            "interval",
        ),
        ("as_of=2100-01-01T00:00:00Z", "invalid_parameter", "as_of"),
        ("as_of=soon", "invalid_parameter", "as_of"),
        ("mode=maybe", "invalid_parameter", "mode"),
        ("compare=other", "invalid_parameter", "compare"),
        ("currency=QQQ", "invalid_parameter", "currency"),
        ("group_by=shoe_size", "invalid_parameter", "group_by"),
        ("tz=UTC&tz=Europe/Rome", "invalid_parameter", "tz"),
        ("format=xml", "invalid_parameter", "format"),
    ];
    for metric in metric_names() {
        for (query, code, field) in cases {
            let named = app
                .client
                .get(&format!("/v1/metrics/{metric}?{query}"))
                .problem(400, code);
            assert_eq!(named, field, "{metric}?{query}");
        }
    }
    let named = app
        .client
        .get("/v1/metrics/conversion?window=soon")
        .problem(400, "invalid_parameter");
    assert_eq!(named, "window");
    let named = app
        .client
        .get("/v1/metrics/provider-share?dimension=colour")
        .problem(400, "invalid_parameter");
    assert_eq!(named, "dimension");
}

#[test]
fn unknown_addresses_and_methods_are_problems_too() {
    let app = TestApp::start();
    app.client.get("/v2/metrics").problem(404, "not_found");
    for path in ["/v1/metrics", "/v1/metrics/payments", "/v1/jobs", "/healthz"] {
        let reply = app.client.send("DELETE", path, &[], None).unwrap();
        assert_eq!(reply.header("allow"), "GET, HEAD", "{path}");
        reply.problem(405, "method_not_allowed");
    }
    let reply = app.client.get("/v1/metrics");
    assert!(!reply.header("x-request-id").is_empty());
}

#[test]
fn jobs_tell_of_their_last_run() {
    let app = small::loaded();
    let jobs = app.client.get_json("/v1/jobs");
    let fold = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["name"] == "fold")
        .unwrap();
    assert!(
        fold["runs"].as_u64() >= Some(1) && fold["last_finished"].is_string(),
        "{fold}"
    );
    assert_eq!(fold["last_error"], Value::Null);
}

#[test]
fn a_filter_keeps_what_it_names_and_its_opposite_the_rest() {
    let app = small::loaded();
    let closing = |filter: &str| {
        let answer = app.client.get_json(&format!("/v1/metrics/bot-growth?{RANGE}{filter}"));
        answer["rows"][0]["closing"].as_i64().unwrap()
    };
    assert_eq!(closing(""), 7);
    assert_eq!((closing("&platform=messenger"), closing("&platform=telegram")), (4, 3));
    assert_eq!(
        (closing("&platform!=messenger"), closing("&platform=messenger,telegram")),
        (3, 7)
    );
    assert_eq!(closing("&platform=fax"), 0);
}

#[test]
fn an_earlier_period_stands_beside_the_asked_one() {
    let app = small::loaded();
    let answer = app
        .client
        .get_json("/v1/metrics/bot-growth?from=2016-08-01&to=2016-10-01&interval=month&compare=previous_period");
    let rows = answer["rows"].as_array().unwrap();
    let closing = |at: usize| (rows[at]["closing"].as_i64(), rows[at]["closing_previous"].as_i64());
    assert_eq!((closing(0), closing(1)), ((Some(5), Some(1)), (Some(7), Some(4))));
}

#[test]
fn test_money_counts_only_where_it_is_asked_for() {
    let app = small::loaded();
    let payments = |mode: &str| {
        let answer = app
            .client
            .get_json(&format!("/v1/metrics/payments?{RANGE}&currency=original{mode}"));
        let rows = answer["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["payments"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(
        (payments(""), payments("&mode=live"), payments("&mode=test")),
        (9, 9, 1)
    );
}
