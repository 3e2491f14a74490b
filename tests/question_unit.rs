//! Reading questions and writing answers: each test states one rule.

use std::time::Instant;

use botledger::facts::fact::Of;
use botledger::metrics::{
    Answer, Definition, Dimension, Filter, Metric, MetricError, Parameter, Question, Scope, Takes,
};
use botledger::model::{Column, ColumnType, Currency, Interval, Mode, Role, Table, Value};
use botledger::serve::answer::compare;
use botledger::serve::answer::definitions::Described;
use botledger::serve::answer::question::{Asked, Compare, Defaults, Fault, QuestionError, about, parse};
use botledger::serve::answer::report::{Meta, Report};
use botledger::serve::formats::{csv, json};
use chrono::{DateTime, Utc};
use polars::prelude::DataFrame;

static METRIC: Metric = Metric {
    name: "parcels",
    title: "Parcels",
    definition: Definition {
        changes: &["First.", "Second."],
        text: "Parcels sent.",
        numerator: "parcels",
        denominator: "",
        excludes: &["letters"],
    },
    dimensions: &[Dimension("platform", Of::Bot), Dimension("country", Of::Bot)],
    parameters: &[Parameter {
        name: "window",
        default: "24h",
        help: "a duration",
        takes: Takes::Duration {
            least: "1s",
            most: "365d",
            such_as: "24h",
        },
    }],
    default_days: 30,
    columns: &[],
    compute: nothing,
};

fn nothing(_: &Scope) -> Result<Answer, MetricError> {
    Ok(Answer::of(DataFrame::empty()))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Asks at noon of 15 September 2016.
fn ask(query: &[(&str, &str)]) -> Result<Asked, QuestionError> {
    let pairs: Vec<(String, String)> = query
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()))
        .collect();
    let now = at("2016-09-15T12:00:00Z");
    parse(
        &METRIC,
        &pairs,
        &Defaults {
            now,
            as_of: now,
            currency: Currency::parse("USD"),
        },
    )
}

fn asked(query: &[(&str, &str)]) -> Asked {
    ask(query).unwrap()
}

fn refused(query: &[(&str, &str)]) -> (Fault, String) {
    let error = ask(query).unwrap_err();
    (error.fault, error.parameter)
}

#[test]
fn thousands_of_values_are_read_once() {
    let values: Vec<String> = (0..20_000).map(|n| format!("p{:05}", 19_999 - n)).collect();
    let pairs: Vec<(&str, &str)> = values.iter().map(|value| ("platform", value.as_str())).collect();
    let marks: Vec<(String, String)> = values.iter().map(|_| ("at".into(), "1000".into())).collect();
    let milestones = botledger::metrics::ALL
        .iter()
        .find(|metric| metric.name == "milestones")
        .unwrap();
    let now = at("2016-09-15T12:00:00Z");
    let defaults = Defaults {
        now,
        as_of: now,
        currency: None,
    };
    let begun = Instant::now();
    let filters = asked(&pairs).question.filters;
    let repeated = parse(milestones, &marks, &defaults).unwrap();
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    let any_of = &filters[0].any_of;
    assert_eq!((any_of.len(), any_of[0].as_deref()), (20_000, Some("p00000")));
    assert!(repeated.question.parameter("at").starts_with("1000,1000,"));
}

#[test]
fn the_same_question_to_another_metric_keeps_range_and_filters_and_has_that_metrics_parameters() {
    let shared = asked(&[("from", "2016-07-01"), ("platform", "web"), ("window", "2h")]).question;
    let share = botledger::metrics::find("provider-share").unwrap();
    let question = about(share, &shared, &[("dimension", "network")]).unwrap();
    assert_eq!((&question.range, &question.filters), (&shared.range, &shared.filters));
    assert_eq!(
        (question.word("dimension"), question.parameter("window")),
        ("network", "")
    );
    let default = about(share, &shared, &[]).unwrap();
    assert_eq!(default.word("dimension"), "provider");
    let refused = about(share, &shared, &[("dimension", "colour")]).unwrap_err();
    assert_eq!(
        (refused.fault, refused.parameter.as_str()),
        (Fault::InvalidParameter, "dimension")
    );
}

#[test]
fn the_same_question_to_a_metric_without_the_filtered_dimension_is_refused() {
    let growth = botledger::metrics::find("bot-growth").unwrap();
    let now = at("2016-09-15T12:00:00Z");
    let defaults = Defaults {
        now,
        as_of: now,
        currency: None,
    };
    let shared = parse(growth, &[("category".into(), "shops".into())], &defaults).unwrap();
    let refused = about(&METRIC, &shared.question, &[]).unwrap_err();
    assert_eq!(
        (refused.fault, refused.parameter.as_str()),
        (Fault::UnknownParameter, "category")
    );
}

#[test]
fn a_question_without_a_range_is_about_the_last_30_complete_days() {
    let range = asked(&[]).question.range;
    assert_eq!(
        (range.from, range.to),
        (at("2016-08-16T00:00:00Z"), at("2016-09-15T00:00:00Z"))
    );
    assert_eq!(range.buckets.len(), 1);
}

#[test]
fn the_last_complete_days_are_those_of_the_zone() {
    let range = asked(&[("tz", "Asia/Kathmandu"), ("interval", "day")]).question.range;
    assert_eq!(range.to, at("2016-09-14T18:15:00Z"));
    assert_eq!(range.buckets.len(), 30);
}

#[test]
fn with_a_past_as_of_the_default_range_ends_before_it() {
    let asked = asked(&[("as_of", "2016-08-01T09:30:00+02:00")]);
    assert_eq!(asked.question.range.to, at("2016-08-01T00:00:00Z"));
    assert_eq!(asked.question.as_of, at("2016-08-01T07:30:00Z"));
    assert!(asked.as_of_given);
}

#[test]
fn a_start_alone_runs_to_now_and_an_end_alone_begins_30_days_before() {
    assert_eq!(
        asked(&[("from", "2016-09-01")]).question.range.to,
        at("2016-09-15T12:00:00Z")
    );
    assert_eq!(
        asked(&[("to", "2016-09-01")]).question.range.from,
        at("2016-08-02T00:00:00Z")
    );
}

#[test]
fn thirty_days_before_keep_the_wall_clock_over_a_clock_change() {
    let range = asked(&[("to", "2016-04-10"), ("tz", "Europe/Berlin")]).question.range;
    assert_eq!(
        (range.from, range.to),
        (at("2016-03-10T23:00:00Z"), at("2016-04-09T22:00:00Z"))
    );
}

#[test]
fn dates_and_local_times_are_read_in_the_zone_and_rfc_3339_in_its_own() {
    let berlin = |from| {
        asked(&[("from", from), ("to", "2016-09-01"), ("tz", "Europe/Berlin")])
            .question
            .range
            .from
    };
    assert_eq!(berlin("2016-07-01"), at("2016-06-30T22:00:00Z"));
    assert_eq!(berlin("2016-07-01T12:30"), at("2016-07-01T10:30:00Z"));
    assert_eq!(berlin("2016-07-01T12:30:15"), at("2016-07-01T10:30:15Z"));
    assert_eq!(berlin("2016-07-01T12:30:00-04:00"), at("2016-07-01T16:30:00Z"));
}

#[test]
fn an_unescaped_plus_of_an_offset_is_understood() {
    // A query string decodes `+` as a space.
    let range = asked(&[("from", "2016-07-01T00:00:00 02:00"), ("to", "2016-08-01")])
        .question
        .range;
    assert_eq!(range.from, at("2016-06-30T22:00:00Z"));
}

#[test]
fn an_impossible_value_is_refused_with_its_parameter() {
    let invalid = |name: &str| (Fault::InvalidParameter, name.to_owned());
    assert_eq!(refused(&[("from", "yesterday")]), invalid("from"));
    assert_eq!(refused(&[("to", "2016-02-30")]), invalid("to"));
    assert_eq!(refused(&[("interval", "fortnight")]), invalid("interval"));
    assert_eq!(refused(&[("mode", "dry")]), invalid("mode"));
    assert_eq!(refused(&[("currency", "EURO")]), invalid("currency"));
    assert_eq!(refused(&[("compare", "yesterday")]), invalid("compare"));
    assert_eq!(refused(&[("as_of", "2016-08-01")]), invalid("as_of"));
    assert_eq!(refused(&[("window", "soon")]), invalid("window"));
    assert_eq!(refused(&[("group_by", "platform,colour")]), invalid("group_by"));
    assert_eq!(refused(&[("group_by", "platform,platform")]), invalid("group_by"));
}

#[test]
fn a_message_says_what_was_given_and_what_is_taken() {
    let error = ask(&[("group_by", "colour")]).unwrap_err();
    let expected = "`group_by` must list dimensions of parcels (platform, country), not `colour`";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_unknown_zone_is_named() {
    assert_eq!(refused(&[("tz", "Mars/Olympus")]), (Fault::UnknownZone, "tz".into()));
    assert!(
        ask(&[("tz", "Mars/Olympus")])
            .unwrap_err()
            .to_string()
            .contains("Mars/Olympus")
    );
}

#[test]
fn an_unknown_parameter_is_named() {
    assert_eq!(
        refused(&[("colour", "red")]),
        (Fault::UnknownParameter, "colour".into())
    );
    assert_eq!(
        refused(&[("colour!", "red")]),
        (Fault::UnknownParameter, "colour!".into())
    );
    assert_eq!(
        refused(&[("From", "2016-07-01")]),
        (Fault::UnknownParameter, "From".into())
    );
}

#[test]
fn a_single_value_may_not_be_repeated() {
    let twice = [("from", "2016-07-01"), ("from", "2016-07-02")];
    assert_eq!(refused(&twice), (Fault::InvalidParameter, "from".into()));
    assert_eq!(
        refused(&[("window", "1h"), ("window", "1h")]),
        (Fault::InvalidParameter, "window".into())
    );
}

#[test]
fn a_list_may_be_given_in_parts() {
    let groups = asked(&[("group_by", "country"), ("group_by", "platform")])
        .question
        .group_by;
    assert_eq!(groups, ["country", "platform"]);
    let pairs = ["started,checkout", "paid"].map(|steps| ("steps".to_owned(), steps.to_owned()));
    let now = at("2016-09-15T12:00:00Z");
    let defaults = Defaults {
        now,
        as_of: now,
        currency: None,
    };
    let funnel = parse(botledger::metrics::find("conversion").unwrap(), &pairs, &defaults).unwrap();
    assert_eq!(funnel.question.parameter("steps"), "started,checkout,paid");
}

#[test]
fn an_empty_value_is_refused() {
    for name in ["from", "tz", "platform", "country!", "window", "as_of", "group_by"] {
        for value in ["", " "] {
            assert_eq!(refused(&[(name, value)]), (Fault::InvalidParameter, name.to_owned()));
        }
    }
}

#[test]
fn a_range_must_have_a_length_and_not_too_many_buckets() {
    let same = [("from", "2016-07-01"), ("to", "2016-07-01")];
    assert_eq!(refused(&same), (Fault::InvalidRange, "to".into()));
    assert_eq!(refused(&[("from", "2017-01-01")]), (Fault::InvalidRange, "from".into()));
    let hours = [("from", "1990-01-01"), ("to", "2016-07-01"), ("interval", "hour")];
    assert_eq!(refused(&hours), (Fault::InvalidRange, "interval".into()));
}

#[test]
fn a_future_as_of_is_refused_and_the_present_one_is_not() {
    assert_eq!(
        refused(&[("as_of", "2016-09-15T12:00:01Z")]),
        (Fault::InvalidParameter, "as_of".into())
    );
    assert_eq!(
        asked(&[("as_of", "2016-09-15T12:00:00Z")]).question.as_of,
        at("2016-09-15T12:00:00Z")
    );
}

#[test]
fn filters_are_lists_repeated_or_negated() {
    let query = [
        ("platform", "web,messenger"),
        ("platform", "web"),
        ("country!", "US"),
        ("platform!", "kik"),
        ("country!", "(none)"),
    ];
    let expected = [
        Filter {
            dimension: "platform",
            any_of: vec![Some("messenger".into()), Some("web".into())],
            none_of: vec![Some("kik".into())],
        },
        Filter {
            dimension: "country",
            any_of: vec![],
            none_of: vec![None, Some("US".into())],
        },
    ];
    assert_eq!(asked(&query).question.filters, expected);
}

#[test]
fn groups_keep_the_asked_order() {
    assert_eq!(
        asked(&[("group_by", "country, platform")]).question.group_by,
        ["country", "platform"]
    );
}

#[test]
fn everything_has_its_default() {
    let asked = asked(&[]);
    assert_eq!((asked.question.mode, asked.compare), (Mode::Live, None));
    assert_eq!(asked.question.currency, Currency::parse("USD"));
    assert_eq!(asked.question.range.tz, chrono_tz::UTC);
    assert_eq!(asked.question.range.interval, None);
}

#[test]
fn original_converts_nothing() {
    assert_eq!(asked(&[("currency", "original")]).question.currency, None);
    assert_eq!(asked(&[("currency", "EUR")]).question.currency, Currency::parse("EUR"));
}

fn column(name: &str, kind: ColumnType, unit: Option<&'static str>) -> Column {
    let role = match (name, kind) {
        ("bucket_start" | "bucket_end" | "complete", _) => Role::Bucket,
        ("cohort_start", _) => Role::Cohort,
        ("period" | "step_index", _) => Role::Position,
        (_, ColumnType::Text) => Role::Key,
        (_, ColumnType::Timestamp) => Role::Moment,
        (_, ColumnType::Amount) => Role::Amount,
        (_, ColumnType::Integer) => Role::Count,
        (name, _) if name.ends_with("ci_low") => Role::Low,
        (name, _) if name.ends_with("ci_high") => Role::High,
        _ => Role::Number,
    };
    Column {
        name: name.into(),
        kind,
        role,
        unit,
    }
}

/// A report with one row per bucket: its start, a text and a count.
fn counted(query: &[(&str, &str)], counts: &[i64]) -> Report {
    let question = asked(query).question;
    let range = &question.range;
    let columns = vec![
        column("bucket_start", ColumnType::Timestamp, None),
        column("platform", ColumnType::Text, None),
        column("parcels", ColumnType::Integer, Some("parcels")),
    ];
    let row = |(bucket, count): (&botledger::model::Bucket, &i64)| {
        vec![
            Value::Time(range.local(bucket.start)),
            Value::Text("web".into()),
            Value::Int(*count),
        ]
    };
    let rows = range.buckets.iter().zip(counts).map(row).collect();
    report(question.clone(), Table { columns, rows })
}

fn report(question: Question, table: Table) -> Report {
    let meta = Meta {
        complete_until: None,
        maturity: vec![],
        data_version: 42,
        epoch: 1,
        restated: 0,
        warnings: vec!["mind".into()],
        rates: vec![],
        annotations: vec![],
        annotations_left_out: 0,
    };
    Report {
        metric: &METRIC,
        question,
        compare: None,
        meta,
        table,
        whole: None,
        left_out: None,
    }
}

/// Every type of cell, and a text that looks like a formula.
fn mixed() -> Report {
    let query = [
        ("from", "2016-07-01"),
        ("to", "2016-08-01"),
        ("interval", "month"),
        ("tz", "Europe/Berlin"),
        ("platform", "web"),
        ("country!", "US"),
        ("group_by", "platform"),
        ("as_of", "2016-09-01T00:00:00Z"),
    ];
    let question = asked(&query).question;
    let start = question.range.local(question.range.from);
    let columns = vec![
        column("bucket_start", ColumnType::Timestamp, None),
        column("complete", ColumnType::Boolean, None),
        column("platform", ColumnType::Text, None),
        column("parcels", ColumnType::Integer, Some("parcels")),
        column("weight", ColumnType::Amount, None),
        column("share", ColumnType::Number, Some("ratio")),
    ];
    let amount = |minor, exponent| Value::Amount { minor, exponent };
    let text = |text: &str| Value::Text(text.into());
    let rows = vec![
        vec![
            Value::Time(start),
            Value::Bool(true),
            text("web"),
            Value::Int(-3),
            amount(-1250, 2),
            Value::Number(0.25),
        ],
        vec![
            Value::Time(start),
            Value::Bool(false),
            text("=1+1"),
            Value::Null,
            amount(1500, 0),
            Value::Null,
        ],
        vec![
            Value::Time(start),
            Value::Bool(false),
            text("a,\"b\""),
            Value::Int(0),
            Value::Null,
            Value::Number(1.0),
        ],
    ];
    report(question, Table { columns, rows })
}

#[test]
fn json_has_the_shape_of_every_answer() {
    let text = String::from_utf8((json::FORMAT.write)(&mixed(), false).unwrap()).unwrap();
    let expected = concat!(
        r#"{"metric":"parcels","definition":{"version":3,"text":"Parcels sent.","numerator":"parcels","#,
        r#""denominator":"","excludes":["letters"]},"query":{"from":"2016-07-01","to":"2016-08-01","#,
        r#""interval":"month","tz":"Europe/Berlin","as_of":"2016-09-01T00:00:00+00:00","#,
        r#""filters":{"country!":["US"],"platform":["web"]},"group_by":["platform"],"currency":"USD","#,
        r#""window":"24h"},"meta":{"complete_until":null,"maturity":[],"data_version":42,"epoch":1,"restated":0,"#,
        r#""warnings":["mind"],"annotations":[],"rates":[]},"columns":[{"name":"bucket_start","type":"timestamp"},"#,
        r#"{"name":"complete","type":"boolean"},{"name":"platform","type":"text"},"#,
        r#"{"name":"parcels","type":"integer","unit":"parcels"},{"name":"weight","type":"amount"},"#,
        r#"{"name":"share","type":"number","unit":"ratio"}],"rows":["#,
        r#"{"bucket_start":"2016-07-01T00:00:00+02:00","complete":true,"platform":"web","parcels":-3,"#,
        r#""weight":"-12.50","share":0.25},"#,
        r#"{"bucket_start":"2016-07-01T00:00:00+02:00","complete":false,"platform":"=1+1","parcels":null,"#,
        r#""weight":"1500","share":null},"#,
        r#"{"bucket_start":"2016-07-01T00:00:00+02:00","complete":false,"platform":"a,\"b\"","parcels":0,"#,
        r#""weight":null,"share":1.0}]}"#,
    );
    assert_eq!(text, expected);
}

#[test]
fn csv_has_the_same_columns_and_no_formulas() {
    let text = String::from_utf8((csv::FORMAT.write)(&mixed(), false).unwrap()).unwrap();
    let expected = "bucket_start,complete,platform,parcels,weight,share\n\
        2016-07-01T00:00:00+02:00,true,web,-3,-12.50,0.25\n\
        2016-07-01T00:00:00+02:00,false,'=1+1,,1500,\n\
        2016-07-01T00:00:00+02:00,false,\"a,\"\"b\"\"\",0,,1\n";
    assert_eq!(text, expected);
}

#[test]
fn the_edges_of_a_range_are_dates_where_they_are_midnights() {
    let edges = |query: &[(&str, &str)]| {
        let body = (json::FORMAT.write)(&report(asked(query).question, Table::default()), false).unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (
            answer["query"]["from"].as_str().unwrap().to_owned(),
            answer["query"]["interval"].clone(),
        )
    };
    let (from, interval) = edges(&[
        ("from", "2016-07-01T06:00"),
        ("to", "2016-08-01"),
        ("tz", "Europe/Berlin"),
    ]);
    assert_eq!(
        (from.as_str(), interval),
        ("2016-07-01T06:00:00+02:00", serde_json::Value::Null)
    );
}

#[test]
fn every_metric_is_listed_with_what_it_takes() {
    let described = |metric| Described {
        metric,
        columns: Vec::new(),
    };
    let list = json::catalogue(&botledger::metrics::ALL.iter().map(described).collect::<Vec<_>>());
    let metrics = list["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), botledger::metrics::ALL.len());
    for metric in metrics {
        let names: Vec<_> = metric["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        assert!(names.contains(&"from") && names.contains(&"group_by"), "{names:?}");
        assert!(metric["definition"]["text"].as_str().unwrap().len() > 20);
    }
}

/// Sets the earlier figures beside the later ones and shows both new columns of each row.
fn beside(query: &[(&str, &str)], now: &[i64], then: &[i64], by: Compare) -> Vec<(Option<i64>, Option<i64>)> {
    let now = counted(query, now);
    let range = now.question.range.earlier(by).unwrap();
    let (from, to) = (range.from.to_rfc3339(), range.to.to_rfc3339());
    let interval = range.interval.map_or("", Interval::as_str);
    let earlier = [("from", from.as_str()), ("to", to.as_str()), ("interval", interval)];
    let wide = compare::beside(now, &counted(&earlier, then), by);
    assert_eq!(wide.compare, Some(by));
    let cell = |row, name| wide.table.cell(row, name).as_i64();
    (0..wide.table.rows.len())
        .map(|row| (cell(row, "parcels_previous"), cell(row, "parcels_change")))
        .collect()
}

#[test]
fn each_bucket_is_set_beside_the_one_as_far_before() {
    let query = [("from", "2016-07-01"), ("to", "2016-07-03"), ("interval", "day")];
    let rows = beside(&query, &[10, 20], &[7, 25], Compare::PreviousPeriod);
    assert_eq!(rows, [(Some(7), Some(3)), (Some(25), Some(-5))]);
}

#[test]
fn an_incomplete_bucket_is_not_compared() {
    let query = [("from", "2016-09-14"), ("to", "2016-09-16"), ("interval", "day")];
    let rows = beside(&query, &[10, 20], &[7, 25], Compare::PreviousPeriod);
    assert_eq!(rows, [(Some(7), Some(3)), (None, None)]);
}

#[test]
fn a_leap_day_has_no_counterpart_and_shifts_nothing() {
    let query = [("from", "2016-02-28"), ("to", "2016-03-02"), ("interval", "day")];
    let rows = beside(&query, &[1, 2, 3], &[10, 20], Compare::PreviousYear);
    assert_eq!(rows, [(Some(10), Some(-9)), (None, None), (Some(20), Some(-17))]);
}

#[test]
fn weeks_are_set_beside_whole_weeks_of_the_year_before() {
    let query = [("from", "2016-08-01"), ("to", "2016-08-15"), ("interval", "week")];
    let rows = beside(&query, &[5, 6], &[1, 2], Compare::PreviousYear);
    assert_eq!(rows, [(Some(1), Some(4)), (Some(2), Some(4))]);
}

#[test]
fn what_names_a_row_is_not_measured() {
    let query = [("from", "2016-07-01"), ("to", "2016-07-02"), ("interval", "day")];
    let now = counted(&query, &[1]);
    let wide = compare::beside(now.clone(), &now, Compare::PreviousPeriod);
    let names: Vec<&str> = wide.table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "bucket_start",
            "platform",
            "parcels",
            "parcels_previous",
            "parcels_change"
        ]
    );
}
