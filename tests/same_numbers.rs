//! One number has one value: on the page, in JSON, in CSV and in the data of the chart.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::small;
use crate::support::client::same_number;

const PAGE: &str = "/?from=2016-07-01&to=2016-09-30&interval=month&as_of=2026-01-01T12:00:00Z";

/// What one section of the page shows of one answer.
struct Section {
    /// The address of the answer as JSON.
    json: String,
    /// The table's columns, and its rows of raw values.
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The data of the chart of an answer.
fn series(json: &str) -> Vec<Value> {
    let address = json.replace("/v1/metrics/", "/v1/charts/").replacen('?', ".svg?", 1);
    let address = address.replace("&format=json", "").replace("format=json&", "");
    let svg = small::loaded().client.get(&address).expect_status(200).text();
    let metadata = between(&svg, "<metadata>", "</metadata>").into_iter().next().unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["series"].as_array().unwrap().clone()
}

fn unescaped(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// The texts between `start` and `end`, unescaped.
fn between(text: &str, start: &str, end: &str) -> Vec<String> {
    let parts = text.split(start).skip(1);
    parts.map(|part| unescaped(part.split(end).next().unwrap())).collect()
}

/// The sections that have a table.
fn sections(document: &str) -> Vec<Section> {
    let mut found = Vec::new();
    for part in document.split("<section").skip(1) {
        let links = between(part, "href=\"", "\"");
        let json = links.into_iter().find(|link| link.contains("format=json"));
        let Some(json) = json.filter(|_| part.contains("<table>")) else {
            continue;
        };
        let table = between(part, "<table>", "</table>")
            .into_iter()
            .next()
            .unwrap_or_default();
        let body = part.split("<tbody>").nth(1).unwrap_or_default();
        let body = body.split("</tbody>").next().unwrap_or_default();
        let rows = body.split("<tr").skip(1).map(|row| between(row, "data-value=\"", "\""));
        found.push(Section {
            json,
            columns: between(&table, "data-column=\"", "\""),
            rows: rows.collect(),
        });
    }
    found
}

/// A cell as plain text, as CSV and the page write it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_same(one: &str, other: &str) -> bool {
    let numbers = one.parse::<f64>().ok().zip(other.parse::<f64>().ok());
    one == other || numbers.is_some_and(|(one, other)| same_number(one, other))
}

/// The rows of an answer in CSV, by column.
fn csv_rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    rows.map(Result::unwrap).collect()
}

/// The rows of the answer that a series of the chart draws: those of its group.
fn drawn<'a>(rows: &'a [Map<String, Value>], group: &Value) -> Vec<&'a Map<String, Value>> {
    let group = group.as_object().unwrap();
    let of_group = |row: &&Map<String, Value>| {
        group
            .iter()
            .all(|(name, value)| row.get(name).is_none_or(|cell| plain(cell) == plain(value)))
    };
    rows.iter().filter(of_group).collect()
}

#[test]
fn the_page_json_csv_and_the_data_of_the_chart_tell_the_same_numbers() {
    let app = small::loaded();
    let document = app.client.get(PAGE).expect_status(200).text();
    let (mut cells, mut points) = (0, 0);
    for section in sections(&document) {
        let answer = app.client.get_json(&section.json);
        let rows: Vec<Map<String, Value>> = serde_json::from_value(answer["rows"].clone()).unwrap();
        let csv = app
            .client
            .get(&section.json.replace("format=json", "format=csv"))
            .expect_status(200)
            .text();
        let csv = csv_rows(&csv);
        assert_eq!(csv.len(), rows.len(), "{}", section.json);
        for (row, csv) in rows.iter().zip(&csv) {
            for (name, value) in row {
                assert!(
                    is_same(&plain(value), csv[name].trim_start_matches('\'')),
                    "{name} of {}",
                    section.json
                );
            }
        }
        // The page shows the latest rows.
        let shown = &rows[rows.len() - section.rows.len()..];
        for (row, line) in shown.iter().zip(&section.rows) {
            for (name, cell) in section.columns.iter().zip(line) {
                assert!(
                    is_same(&plain(&row[name]), cell),
                    "{name} of {}: {row:?} {line:?}",
                    section.json
                );
                cells += 1;
            }
        }
        for series in &series(&section.json) {
            let (column, group) = (series["column"].as_str().unwrap(), &series["group"]);
            let rows = drawn(&rows, group);
            for point in series["points"].as_array().unwrap() {
                // Where there is more than one row of a bucket and group, one of them is what is drawn.
                let at = &point[0];
                let mut of_bucket = rows.iter().filter(|row| row["bucket_start"] == *at).peekable();
                if of_bucket.peek().is_none() {
                    continue;
                }
                let told = plain(&point[1]);
                assert!(
                    of_bucket.any(|row| is_same(&plain(&row[column]), &told)),
                    "{column} {group} at {at}: {told} in {}",
                    section.json
                );
                points += 1;
            }
        }
    }
    println!("{cells} cells of the page and {points} points of its charts are those of the API");
    assert!(cells > 100 && points > 50, "{cells} cells, {points} points");
}
