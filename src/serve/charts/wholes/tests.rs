//! What pictures say of the whole range and of an earlier one: a cut bucket speaks for neither.

use chrono::{TimeZone, Utc};

use super::super::*;
use crate::model::{Column, ColumnType, Interval, Role, Value};

/// July to September 2016 by month.
fn quarter() -> TimeRange {
    let at = |month| Utc.with_ymd_and_hms(2016, month, 1, 0, 0, 0).unwrap();
    TimeRange::new(at(7), at(10), Some(Interval::Month), chrono_tz::Tz::UTC).unwrap()
}

/// A table by month and name: a text column, and integers or numbers; only the last month is incomplete.
fn table(
    range: &TimeRange,
    text: &str,
    names: &[&str],
    columns: &[&str],
    cell: impl Fn(usize, &str, &str) -> Value,
) -> Table {
    let kind = |name: &str| match name {
        "bucket_start" => ColumnType::Timestamp,
        "complete" => ColumnType::Boolean,
        _ if name == text => ColumnType::Text,
        _ => ColumnType::Number,
    };
    let all: Vec<&str> = ["bucket_start", "complete", text]
        .into_iter()
        .chain(columns.iter().copied())
        .collect();
    let mut rows = Vec::new();
    for (at, bucket) in range.buckets.iter().enumerate() {
        for name in names {
            let value = |column: &&str| match *column {
                "bucket_start" => Value::Time(range.local(bucket.start)),
                "complete" => Value::Bool(at + 1 < range.buckets.len()),
                column if column == text => Value::Text((*name).to_owned()),
                column => cell(at, name, column),
            };
            rows.push(all.iter().map(value).collect());
        }
    }
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        kind: kind(name),
        role: Role::Number,
        unit: None,
    };
    Table {
        columns: all.iter().map(column).collect(),
        rows,
    }
}

fn request<'a>(metric: &'a str, table: &'a Table, range: &'a TimeRange) -> ChartRequest<'a> {
    ChartRequest {
        metric,
        picture: crate::serve::views::find(metric).picture,
        title: "Title",
        subtitle: "",
        table,
        whole: table,
        left_out: None,
        range,
        as_of: range.to,
        group_by: &[],
        currency: Some("EUR"),
        annotations: &[],
        annotations_left_out: 0,
        dimension: None,
        width: 960,
        height: 480,
        medium: Medium::File(Theme::Light),
    }
}

/// The whole range as one bucket.
fn whole(range: &TimeRange) -> TimeRange {
    range.with(range.from, range.to, None).unwrap()
}

/// Payments by provider; stripe has the most, and in the last, cut month none.
fn shares(range: &TimeRange, names: &[&str]) -> Table {
    let by_month = |name: &str| match name {
        "stripe" => [30.0, 30.0, 0.0],
        "paypal" => [10.0; 3],
        _ => [0.0; 3],
    };
    let paid = |at: usize, name: &str| match range.interval {
        None => by_month(name).iter().sum(),
        Some(_) => by_month(name)[at],
    };
    let columns = ["payments", "share_by_count"];
    table(range, "value", names, &columns, |at, name, column| {
        let all: f64 = names.iter().map(|name| paid(at, name)).sum();
        match column {
            "payments" => Value::Number(paid(at, name)),
            _ => Value::Number(paid(at, name) / all),
        }
    })
}

/// The colour of the dot before an end label.
fn color_before(svg: &str, label: &str) -> String {
    let (before, _) = svg
        .split_once(&format!(">{label}"))
        .unwrap_or_else(|| panic!("no {label} in {svg}"));
    let circle = before.rfind("<circle").unwrap();
    let (_, rest) = before[circle..].split_once("fill=\"").unwrap();
    rest[..7].to_owned()
}

#[test]
fn shares_at_the_end_of_a_picture_are_those_of_the_whole_range() {
    let range = quarter();
    let names = ["paypal", "stripe"];
    let (table, whole) = (shares(&range, &names), shares(&whole(&range), &names));
    let request = ChartRequest {
        whole: &whole,
        ..request("provider-share", &table, &range)
    };
    let picture = svg(&request).unwrap();
    // 60 and 30 of 90; the last month alone would say 0 and 100.
    assert!(
        picture.contains(">stripe 66.7%</text>") && picture.contains(">paypal 33.3%</text>"),
        "{picture}"
    );
}

#[test]
fn a_value_keeps_its_colour_when_another_grows_past_it() {
    let range = quarter();
    let draw = |names: &[&str]| {
        let (table, whole) = (shares(&range, names), shares(&whole(&range), names));
        let request = ChartRequest {
            whole: &whole,
            ..request("provider-share", &table, &range)
        };
        svg(&request).unwrap()
    };
    let (first, second) = (draw(&["paypal", "stripe", "zelle"]), draw(&["paypal", "zelle"]));
    assert_eq!(
        color_before(&first, "paypal 33.3%"),
        color_before(&second, "paypal 100%")
    );
}

#[test]
fn a_bucket_that_the_range_cuts_does_not_make_its_sum_incomplete() {
    let range = quarter();
    let table = table(&range, "failure_kind", &["issuer"], &["attempts"], |_, _, _| {
        Value::Number(5.0)
    });
    let ask = |over| ChartRequest {
        as_of: if over {
            range.to
        } else {
            range.to - chrono::TimeDelta::hours(1)
        },
        ..request("declines", &table, &range)
    };
    let (over, open) = (svg(&ask(true)).unwrap(), svg(&ask(false)).unwrap());
    assert!(over.contains("Over the whole range, by code") && open.contains("Over the whole range so far, by code"));
    // The hatching of the one bar is missing; that of the cut month is in both.
    assert!(over.matches("<polyline").count() < open.matches("<polyline").count());
    assert!(over.contains(">incomplete</text>"));
}

#[test]
fn what_was_reached_before_the_range_is_not_dated_as_within_it() {
    let range = quarter();
    let table = table(
        &range,
        "platform",
        &["web"],
        &["population", "reached_at"],
        |_, _, column| match column {
            "population" => Value::Number(10.0),
            _ => Value::Time(range.local(range.from - chrono::TimeDelta::days(90))),
        },
    );
    let picture = svg(&request("milestones", &table, &range)).unwrap();
    assert!(picture.contains("all time until 30 Sep 2016"), "{picture}");
    assert!(!picture.contains(">1 Jul \u{2013} 30 Sep 2016"));
}

#[test]
fn an_earlier_range_is_drawn_or_said_to_be_in_the_table() {
    let range = quarter();
    let columns = [
        "closing",
        "active",
        "registered",
        "rate",
        "entered",
        "gross",
        "payments",
        "attempts",
        "cohort_size",
        "n",
        "value",
    ];
    let wide: Vec<String> = columns
        .iter()
        .flat_map(|name| [(*name).to_owned(), format!("{name}_previous")])
        .collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    let table = table(&range, "step", &["paid"], &wide, |_, _, column| {
        Value::Number(if column.ends_with("_previous") { 0.5 } else { 0.25 })
    });
    for (metric, drawn) in [
        ("bot-growth", true),
        ("bot-activity", true),
        ("bot-activation", true),
        ("conversion", true),
        ("payments", true),
        ("coverage", false),
        ("declines", false),
    ] {
        let picture = svg(&request(metric, &table, &range)).unwrap();
        assert_eq!(picture.contains("earlier period in the table"), !drawn, "{metric}");
        assert!(picture.contains("earlier period"), "{metric}");
        if drawn {
            assert!(
                picture.contains("_previous"),
                "{metric}: its data has the earlier values too"
            );
        }
    }
}

#[test]
fn a_step_before_is_no_earlier_range() {
    let range = quarter();
    let columns = ["entered", "rate", "rate_from_previous"];
    let table = table(&range, "step", &["paid"], &columns, |_, _, _| Value::Number(0.5));
    let picture = svg(&request("conversion", &table, &range)).unwrap();
    assert!(!picture.contains("earlier period"));
}

#[test]
fn the_largest_groups_have_the_places_where_not_all_fit() {
    let range = quarter();
    let names = ["adyen", "braintree", "stripe"];
    let table = table(&range, "provider", &names, &["payments", "attributed"], |_, name, _| {
        Value::Number(if name == "stripe" { 900.0 } else { 3.0 })
    });
    let small = ChartRequest {
        width: 320,
        height: 280,
        ..request("coverage", &table, &range)
    };
    let picture = svg(&small).unwrap();
    assert!(
        picture.contains(">stripe</text>") && !picture.contains(">adyen</text>"),
        "{picture}"
    );
}

#[test]
fn a_single_group_takes_all_the_room() {
    let body = kit::canvas::Rect {
        x: 0.0,
        y: 0.0,
        w: 930.0,
        h: 380.0,
    };
    assert_eq!(kit::cells::arrangement(1, body, (240.0, 150.0)), (1, 1, 1));
    assert_eq!(kit::cells::arrangement(3, body, (240.0, 150.0)), (3, 2, 2));
}
