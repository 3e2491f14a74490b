//! What every chart must keep: the table's numbers, one picture for one question, a readable document.

use chrono::{TimeZone, Utc};
use serde_json::Value as Json;

use super::*;
use crate::model::{Column, ColumnType, Interval, Role, Value};

const METRICS: [&str; 13] = [
    "bot-growth",
    "milestones",
    "bot-activity",
    "bot-activation",
    "bot-retention",
    "conversion",
    "path-effect",
    "provider-share",
    "payments",
    "declines",
    "change",
    "coverage",
    "new-metric",
];

fn quarter(interval: Option<Interval>) -> TimeRange {
    let at = |month| Utc.with_ymd_and_hms(2016, month, 1, 0, 0, 0).unwrap();
    TimeRange::new(at(7), at(10), interval, chrono_tz::Tz::UTC).unwrap()
}

/// A table with every column that any picture draws; the last bucket is incomplete, the second null.
fn table(range: &TimeRange) -> Table {
    let numbers = [
        "opening",
        "registered",
        "reinstated",
        "retired",
        "closing",
        "active",
        "new",
        "retained",
        "resurrected",
        "churned",
        "with_conversation",
        "with_checkout",
        "with_payment",
        "cohort_size",
        "period",
        "population",
        "entered",
        "reached",
        "dropped",
        "open",
        "payments",
        "n",
        "baseline_n",
        "attempts",
    ];
    let ratios = [
        "rate",
        "ci_low",
        "ci_high",
        "share_by_count",
        "share_by_amount",
        "payment_success",
        "difference",
        "weight",
        "mix",
        "within",
    ];
    let mut columns = vec![
        ("bucket_start", ColumnType::Timestamp),
        ("complete", ColumnType::Boolean),
        ("reached_at", ColumnType::Timestamp),
        ("step", ColumnType::Text),
        ("value", ColumnType::Text),
        ("gross", ColumnType::Amount),
        ("net", ColumnType::Amount),
    ];
    columns.extend(numbers.map(|name| (name, ColumnType::Integer)));
    columns.extend(ratios.map(|name| (name, ColumnType::Number)));
    let row = |(index, bucket): (usize, &crate::model::Bucket)| {
        let cell = |(name, kind): &(&str, ColumnType)| match (*name, kind) {
            ("bucket_start", _) | (_, ColumnType::Timestamp) => Value::Time(range.local(bucket.start)),
            ("period", _) => Value::Int(0),
            ("complete", _) => Value::Bool(index + 1 < range.buckets.len()),
            (_, ColumnType::Text) => Value::Text("a<&>\"b\u{1}".to_owned()),
            _ if index == 1 => Value::Null,
            (_, ColumnType::Integer) => Value::Int(1_200 + index as i64),
            ("net", _) => Value::Amount {
                minor: -150,
                exponent: 2,
            },
            (_, ColumnType::Amount) => Value::Amount {
                minor: 123_450,
                exponent: 2,
            },
            _ => Value::Number(0.25),
        };
        columns.iter().map(cell).collect()
    };
    let rows = range.buckets.iter().enumerate().map(row).collect();
    let column = |(name, kind): &(&str, ColumnType)| Column {
        name: (*name).to_owned(),
        kind: *kind,
        role: Role::Number,
        unit: None,
    };
    Table {
        columns: columns.iter().map(column).collect(),
        rows,
    }
}

fn request<'a>(metric: &'a str, table: &'a Table, range: &'a TimeRange) -> ChartRequest<'a> {
    ChartRequest {
        metric,
        picture: crate::serve::views::find(metric).picture,
        title: "Title <&>",
        subtitle: "mode live",
        table,
        whole: table,
        left_out: None,
        range,
        as_of: range.to - chrono::TimeDelta::microseconds(1),
        group_by: &[],
        currency: Some("EUR"),
        annotations: &[],
        annotations_left_out: 0,
        dimension: None,
        width: 720,
        height: 400,
        medium: Medium::File(Theme::Light),
    }
}

fn metadata(svg: &str) -> Json {
    let (_, rest) = svg.split_once("<metadata>").unwrap();
    let (json, _) = rest.split_once("</metadata>").unwrap();
    let json = json.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&json).unwrap()
}

#[test]
fn every_picture_is_a_document_at_every_size_and_the_same_each_time() {
    for interval in [None, Some(Interval::Month), Some(Interval::Day), Some(Interval::Hour)] {
        let range = quarter(interval);
        let table = table(&range);
        for metric in METRICS {
            for (width, height, theme) in [(320, 200, Theme::Light), (2000, 1200, Theme::Dark)] {
                let request = ChartRequest {
                    width,
                    height,
                    medium: Medium::File(theme),
                    ..request(metric, &table, &range)
                };
                let first = svg(&request).unwrap();
                assert_eq!(first, svg(&request).unwrap(), "{metric}");
                let options = resvg::usvg::Options::default();
                let tree = resvg::usvg::Tree::from_str(&first, &options).unwrap();
                assert_eq!(
                    (tree.size().width(), tree.size().height()),
                    (width as f32, height as f32)
                );
            }
        }
    }
}

#[test]
fn the_metadata_carries_the_tables_numbers_and_nulls() {
    let range = quarter(Some(Interval::Month));
    let table = table(&range);
    let growth = metadata(&svg(&request("bot-growth", &table, &range)).unwrap());
    let closing = growth["series"]
        .as_array()
        .unwrap()
        .iter()
        .find(|series| series["name"] == "closing")
        .unwrap();
    assert_eq!(
        closing["points"][0],
        serde_json::json!(["2016-07-01T00:00:00+00:00", 1200])
    );
    assert_eq!(closing["points"][1][1], Json::Null);
    assert_eq!(closing["points"][2][1], 1202);
    let payments = metadata(&svg(&request("payments", &table, &range)).unwrap());
    let gross = payments["series"]
        .as_array()
        .unwrap()
        .iter()
        .find(|series| series["column"] == "gross")
        .unwrap();
    assert_eq!(gross["points"][0][1], "1234.50");
}

#[test]
fn an_empty_answer_is_a_picture_that_says_so() {
    let range = quarter(Some(Interval::Day));
    for metric in METRICS {
        let empty = Table::default();
        let picture = svg(&request(metric, &empty, &range)).unwrap();
        assert!(picture.contains(">No data</text>"), "{metric}: {picture}");
        assert!(picture.contains("1 Jul \u{2013} 30 Sep 2016"), "{metric}");
    }
}

#[test]
fn an_incomplete_bucket_is_named_in_the_legend() {
    for metric in METRICS {
        // Milestones have one bucket, whatever the interval.
        let range = quarter((metric != "milestones").then_some(Interval::Month));
        let table = table(&range);
        assert!(
            svg(&request(metric, &table, &range))
                .unwrap()
                .contains(">incomplete</text>"),
            "{metric}"
        );
    }
}

#[test]
fn the_png_has_the_asked_size_and_shows_text() {
    let range = quarter(None);
    let empty = Table::default();
    let bytes = png(&request("bot-growth", &empty, &range)).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&bytes[16..24], &[0, 0, 2, 208, 0, 0, 1, 144]);
    let without_text = raster::rasterised(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"400\"/>",
        720,
        400,
    )
    .unwrap();
    assert!(bytes.len() > without_text.len() + 3_000);
}

#[test]
fn a_page_gets_one_drawing_for_both_themes_and_a_phone_no_texts_to_point_at() {
    let range = quarter(Some(Interval::Month));
    let table = table(&range);
    let mut colours = Colours::default();
    let mut draw = |medium| {
        let request = ChartRequest {
            medium,
            ..request("bot-growth", &table, &range)
        };
        svg_in(&request, &mut colours).unwrap()
    };
    let (file, page, phone) = (draw(Medium::File(Theme::Dark)), draw(Medium::Page), draw(Medium::Phone));
    let has = |svg: &str| [svg.contains("<metadata>"), svg.contains("<title>Jul 2016")];
    assert_eq!(
        [&file, &page, &phone].map(|svg| has(svg)),
        [[true, true], [false, true], [false, false]]
    );
    // Nothing else differs but the colours: dark ones in the file, variables in the page.
    assert!(file.contains("fill=\"#13171C\"") && !file.contains("var("));
    assert!(page.contains("fill=\"var(--c0)\"") && !page.contains("\"#"));
    assert!(phone.contains("fill=\"var(--c0)\""));
    let style = colours.style();
    for variable in page.split("var(").skip(1).filter_map(|rest| rest.split_once(')')) {
        assert_eq!(style.matches(&format!("{}:#", variable.0)).count(), 2, "{}", variable.0);
    }
    assert!(style.contains("{:root{--c0:#13171C;"));
}

#[test]
fn a_size_beyond_the_bounds_is_refused() {
    let range = quarter(None);
    let empty = Table::default();
    for (width, height) in [(319, 400), (2001, 400), (720, 199), (720, 1201)] {
        let request = ChartRequest {
            width,
            height,
            ..request("payments", &empty, &range)
        };
        assert!(matches!(svg(&request), Err(ChartError::Size)));
    }
}
