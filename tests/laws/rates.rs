//! Every rate says what it is over and how sure it is.

use botledger::metrics::statistics::wilson;
use botledger::metrics::{self, ALL, Column, Metric};
use botledger::model::Role;

use super::draw::Draw;
use super::shares::close;
use super::world::{Row, app, count, real};

/// A rate of cases: its column, those that add up to its n, and the ends of its interval.
struct Rate {
    name: &'static str,
    n: Vec<&'static str>,
    ends: [&'static str; 2],
}

/// The rates that a metric declares an interval for.
fn rates(metric: &Metric) -> Vec<Rate> {
    let columns = metric.columns();
    let has = |name: &str| {
        columns
            .iter()
            .find(|column| column.name == name)
            .map(|column| column.name)
    };
    let end = |of: &Column, role| {
        let is_end = |column: &&Column| column.role == role && column.interval.is_some_and(|one| one.of == of.name);
        columns.iter().find(is_end).map(|column| column.name)
    };
    let rate = |column: &Column| {
        let ends = [end(column, Role::Low)?, end(column, Role::High)?];
        let n = has(&format!("{}_n", column.name)).or_else(|| has(column.ratio?.n));
        // A funnel tells of its closed units by what became of them.
        let n = n.map_or(vec!["reached", "dropped"], |n| vec![n]);
        let name = column.name;
        (column.role == Role::Rate).then_some(Rate { name, n, ends })
    };
    columns.iter().filter_map(rate).collect()
}

/// Ratios that are no rate of cases: of a population, of two counts, of amounts, of all payments there are. Those of
/// `change` have their n, and their difference has the interval.
const OTHERS: [(&str, &[&str]); 5] = [
    ("bot-growth", &["growth_rate"]),
    ("bot-activity", &["quick_ratio"]),
    (
        "path-effect",
        &["difference", "adjusted_difference", "adjusted_coverage"],
    ),
    ("provider-share", &["share_by_amount", "top1", "covered_share"]),
    (
        "change",
        &[
            "weight",
            "weight_previous",
            "rate",
            "rate_previous",
            "difference",
            "mix",
            "within",
            "whole_difference",
        ],
    ),
];

/// A rate has an interval, that of its n, wherever it has a value.
pub fn intervals(draw: &Draw, row: &Row) {
    for Rate { name, n, ends } in rates(metrics::find(draw.metric).unwrap()) {
        let ends = ends.map(|end| real(row, end));
        let Some(told) = real(row, name) else {
            assert_eq!(ends, [None, None], "{name} of {row:?}");
            // Only a bucket that is not mature or not complete has cases and no rate.
            let own = n[0] == format!("{name}_n") || draw.metric == "declines";
            assert!(!own || count(row, n[0]) == 0, "{name} of {row:?}");
            continue;
        };
        let n: i64 = n.iter().map(|n| count(row, n)).sum();
        let hits = (told * n as f64).round() as i64;
        close(told, hits as f64 / n as f64, name, &[row]);
        let span = wilson(hits, n).unwrap();
        close(ends[0].unwrap(), span.low, name, &[row]);
        close(ends[1].unwrap(), span.high, name, &[row]);
    }
}

#[test]
fn every_rate_of_every_metric_has_its_n_and_its_interval() {
    let listed = app().client.get_json("/v1/metrics");
    let listed = listed["metrics"].as_array().unwrap();
    assert_eq!(listed.len(), ALL.len());
    for (listed, metric) in listed.iter().zip(ALL) {
        let name = metric.name;
        let rates = rates(metric);
        let columns = listed["columns"].as_array().unwrap();
        let has = |wanted: &str| columns.iter().any(|column| column["name"] == wanted);
        for column in columns.iter().filter(|column| column["unit"] == "ratio") {
            let column = column["name"].as_str().unwrap();
            let other = OTHERS
                .iter()
                .any(|(metric, columns)| *metric == name && columns.contains(&column));
            if other || column.ends_with("_by_amount") || column.ends_with("ci_low") || column.ends_with("ci_high") {
                continue;
            }
            let rate = rates.iter().find(|rate| rate.name == column);
            let rate = rate.unwrap_or_else(|| panic!("{column} of {name} has no n and no interval"));
            assert!(
                rate.n.iter().chain(&rate.ends).all(|told| has(told)),
                "{column} of {name}"
            );
        }
    }
}
