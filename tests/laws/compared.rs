//! Comparison: beside each figure stands that of the earlier question asked alone, over complete buckets only.

use std::collections::BTreeMap;

use botledger::metrics::{self, ALL};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::world::{END, Row, app, key, minor, real};

/// An answer's columns by name and type, and its rows.
struct Told {
    columns: BTreeMap<String, String>,
    rows: Vec<Row>,
    warnings: Vec<String>,
}

fn ask(question: &str) -> Told {
    let answer = app().client.get_json(&format!("/v1/metrics/{question}&as_of={END}"));
    let columns = answer["columns"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Told {
        columns: columns
            .map(|column| (text(&column["name"]), text(&column["type"])))
            .collect(),
        rows: serde_json::from_value(answer["rows"].clone()).unwrap(),
        warnings: serde_json::from_value(answer["meta"]["warnings"].clone()).unwrap(),
    }
}

/// A range by an interval, the earlier one, and for the beginning of each bucket that of its counterpart.
struct Ranges {
    now: &'static str,
    compare: &'static str,
    then: &'static str,
    counterparts: &'static [(&'static str, &'static str)],
    /// Without an interval a forecast is cut into days: how many lie between a day and its counterpart.
    gap: u64,
}

const RANGES: [Ranges; 5] = [
    // April is not over, and of January the beginning is cut off: it is set beside a whole month, and not compared.
    Ranges {
        now: "from=2025-01-10&to=2025-05-01&interval=month",
        compare: "previous_period",
        then: "from=2024-09-01&to=2025-01-01&interval=month",
        counterparts: &[("2025-02-01", "2024-10-01"), ("2025-03-01", "2024-11-01")],
        gap: 0,
    },
    Ranges {
        now: "from=2025-01-10&to=2025-05-01&interval=month&tz=UTC",
        compare: "previous_year",
        then: "from=2024-01-10&to=2024-05-01&interval=month&tz=UTC",
        counterparts: &[("2025-02-01", "2024-02-01"), ("2025-03-01", "2024-03-01")],
        gap: 0,
    },
    // 52 weeks; the week from 14 April is not over.
    Ranges {
        now: "from=2025-03-31&to=2025-04-21&interval=week",
        compare: "previous_year",
        then: "from=2024-04-01&to=2024-04-22&interval=week",
        counterparts: &[("2025-03-31", "2024-04-01"), ("2025-04-07", "2024-04-08")],
        gap: 0,
    },
    // One bucket, and as many days before it.
    Ranges {
        now: "from=2025-02-03&to=2025-03-03",
        compare: "previous_period",
        then: "from=2025-01-06&to=2025-02-03",
        counterparts: &[("2025-02-03", "2025-01-06")],
        gap: 28,
    },
    // The present lies within it.
    Ranges {
        now: "from=2025-04-02&to=2025-05-02",
        compare: "previous_period",
        then: "from=2025-03-03&to=2025-04-02",
        counterparts: &[],
        gap: 30,
    },
];

/// Questions about each metric, without range and comparison.
fn questions(metric: &str) -> Vec<String> {
    let own: &[&str] = match metric {
        "conversion" => &["", "&group_by=platform", "&unit=user&steps=started,checkout"],
        "provider-share" => &["", "&dimension=network&currency=original"],
        "payments" => &["", "&group_by=provider&currency=original"],
        "bot-retention" => &["", "&unit=user&group_by=platform"],
        "forecast" => &["&horizon=2", "&of=gross&currency=EUR&horizon=2"],
        "change" => &[],
        _ => &["", "&group_by=platform"],
    };
    own.iter().map(|own| format!("{metric}?{{}}{own}")).collect()
}

/// What names a row, besides texts: positions are numbers.
const POSITIONS: [&str; 4] = ["step_index", "period", "population", "peak"];
/// Ends of intervals, which are set beside each other and not subtracted.
fn is_bound(column: &str) -> bool {
    ["ci_low", "ci_high"].iter().any(|end| column.ends_with(end))
        || column.starts_with("low_")
        || column.starts_with("high_")
}

fn is_measured((name, kind): (&String, &String)) -> bool {
    ["integer", "number", "amount"].contains(&kind.as_str()) && !POSITIONS.contains(&name.as_str())
}

fn date(row: &Row, column: &str) -> String {
    row[column].as_str().unwrap()[..10].to_owned()
}

/// The row of the earlier answer that corresponds, if both buckets, and of a cohort its own, are complete.
fn partner<'a>(row: &Row, then: &'a Told, names: &[&str], ranges: &Ranges, days: bool) -> Option<&'a Row> {
    let start = date(row, "bucket_start");
    let earlier = if days {
        let day: NaiveDate = start.parse().unwrap();
        (day - Days::new(ranges.gap)).to_string()
    } else {
        let found = ranges.counterparts.iter().find(|(now, _)| *now == start)?;
        found.1.to_owned()
    };
    let behind = |row: &Row| row.get("horizon_start").is_none_or(Value::is_null);
    let of_whole_cohort = |row: &Row, told: &[(&str, &str)]| {
        let cohort = row.get("cohort_start").map(|_| date(row, "cohort_start"));
        cohort.is_none_or(|cohort| told.iter().any(|(now, then)| cohort == *now || cohort == *then))
    };
    let same = |other: &&Row| {
        date(other, "bucket_start") == earlier
            && other["complete"] == true
            && key(other, names) == key(row, names)
            && behind(other)
            && of_whole_cohort(other, ranges.counterparts)
    };
    let fits = row["complete"] == true && behind(row) && of_whole_cohort(row, ranges.counterparts);
    then.rows.iter().filter(|_| fits).find(same)
}

fn difference(row: &Row, earlier: Option<&Row>, column: &str) -> Option<f64> {
    let earlier = earlier?;
    match (minor(row, column), minor(earlier, column)) {
        (Some(now), Some(then)) => Some((now - then) as f64),
        _ => Some(real(row, column)? - real(earlier, column)?),
    }
}

/// Compares every cell; gives how many had something beside them.
fn compare(question: &str, ranges: &Ranges) -> usize {
    let asked = |range: &str| question.replacen("{}", range, 1);
    let (now, then) = (ask(&asked(ranges.now)), ask(&asked(ranges.then)));
    let wide = ask(&asked(&format!("{}&compare={}", ranges.now, ranges.compare)));
    let named = now
        .columns
        .iter()
        .filter(|(name, kind)| kind.as_str() == "text" || POSITIONS.contains(&name.as_str()));
    let names: Vec<&str> = named.map(|(name, _)| name.as_str()).collect();
    let measured: Vec<&str> = now
        .columns
        .iter()
        .filter(|column| is_measured(*column))
        .map(|(name, _)| name.as_str())
        .collect();
    // The columns are those of the plain answer and what is beside the measured ones.
    let mut columns: Vec<String> = now.columns.keys().cloned().collect();
    columns.extend(measured.iter().map(|name| format!("{name}_previous")));
    columns.extend(
        measured
            .iter()
            .filter(|name| !is_bound(name))
            .map(|name| format!("{name}_change")),
    );
    columns.sort();
    assert_eq!(wide.columns.keys().cloned().collect::<Vec<_>>(), columns, "{question}");
    assert_eq!(wide.rows.len(), now.rows.len());
    let said = wide
        .warnings
        .iter()
        .any(|warning| warning.starts_with("nothing is compared"));
    assert_eq!(said, measured.is_empty(), "{question}: {:?}", wide.warnings);
    let days = question.starts_with("forecast") && !ranges.now.contains("interval");
    let mut beside = 0;
    for (row, plain) in wide.rows.iter().zip(&now.rows) {
        assert!(
            plain.iter().all(|(column, cell)| row[column] == *cell),
            "{row:?} {plain:?}"
        );
        let earlier = partner(plain, &then, &names, ranges, days);
        for column in &measured {
            let wanted = earlier.map_or(Value::Null, |earlier| earlier[*column].clone());
            let told = &row[&format!("{column}_previous")];
            assert_eq!(
                told, &wanted,
                "{column} of {question} {} {}: {row:?}",
                ranges.now, ranges.compare
            );
            beside += usize::from(!told.is_null());
            if is_bound(column) {
                continue;
            }
            let change = format!("{column}_change");
            let told = minor(row, &change).map(|minor| minor as f64).or(real(row, &change));
            let wanted = difference(plain, earlier, column);
            let near = told
                .zip(wanted)
                .is_none_or(|(told, wanted)| (told - wanted).abs() < 1e-12 * wanted.abs().max(1.0));
            assert!(
                near && told.is_some() == wanted.is_some(),
                "{change} of {question}: {row:?} {earlier:?}"
            );
        }
    }
    beside
}

#[test]
fn beside_every_number_stands_what_the_earlier_question_answers_alone() {
    for metric in ALL {
        let mut beside = [0; RANGES.len()];
        for (place, question) in questions(metric.name).into_iter().enumerate() {
            // The further questions are about the first two ranges only.
            let ranges = &RANGES[..if place == 0 { RANGES.len() } else { 2 }];
            for (at, ranges) in ranges.iter().enumerate() {
                beside[at] += compare(&question, ranges);
            }
        }
        println!("{}: {beside:?}", metric.name);
        let silent = ["milestones", "change"].contains(&metric.name);
        for (at, ranges) in RANGES.iter().enumerate() {
            // A forecast learns from days, also from those of a month that is not over.
            let nothing = silent || ranges.counterparts.is_empty() && metric.name != "forecast";
            assert_eq!(beside[at] == 0, nothing, "{} {}", metric.name, ranges.now);
        }
    }
}

#[test]
fn a_change_explained_is_a_comparison_of_itself() {
    for ranges in &RANGES[..3] {
        let question = |range: &str, compare: &str| format!("change?{range}&dimension=network&compare={compare}");
        let now = ask(&question(ranges.now, ranges.compare));
        let then = ask(&question(ranges.then, ranges.compare));
        assert!(!now.columns.keys().any(|name| name.ends_with("_change")));
        let mut compared = 0;
        for row in &now.rows {
            let found = ranges
                .counterparts
                .iter()
                .find(|(start, _)| *start == date(row, "bucket_start"));
            let earlier = found.and_then(|(_, start)| {
                then.rows
                    .iter()
                    .find(|other| date(other, "bucket_start") == *start && other["value"] == row["value"])
            });
            for (here, there) in [("weight_previous", "weight"), ("rate_previous", "rate")] {
                // A value that the earlier period did not have stands with nothing there.
                let wanted = earlier.map_or(Value::Null, |earlier| earlier[there].clone());
                let absent = earlier.is_none() && found.is_some() && row[here] == json!(0.0);
                assert!(row[here] == wanted || absent, "{here}: {row:?} {earlier:?}");
                compared += usize::from(!row[here].is_null());
            }
        }
        assert!(compared > 0, "{}", ranges.now);
    }
    assert!(metrics::find("change").is_some());
}
