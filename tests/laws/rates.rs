//! Every rate says what it is over and how sure it is.

use botledger::metrics::ALL;
use botledger::metrics::statistics::wilson;
use serde_json::Value;

use super::draw::Draw;
use super::shares::close;
use super::world::{Row, app, count, real};

/// The rates of the metrics: metric, rate, the columns that add up to its n, and what the ends of its interval begin with.
const RATES: [(&str, &str, &[&str], &str); 16] = [
    ("bot-activation", "rate", &["registered"], ""),
    ("bot-retention", "share", &["cohort_size"], ""),
    ("conversion", "rate", &["reached", "dropped"], ""),
    (
        "conversion",
        "rate_from_previous",
        &["rate_from_previous_n"],
        "rate_from_previous_",
    ),
    ("path-effect", "rate", &["n"], "rate_"),
    ("path-effect", "baseline_rate", &["baseline_n"], "baseline_rate_"),
    (
        "provider-share",
        "share_by_count",
        &["share_by_count_n"],
        "share_by_count_",
    ),
    ("payments", "saved_share", &["saved_share_n"], "saved_share_"),
    (
        "payments",
        "attempt_approval",
        &["attempt_approval_n"],
        "attempt_approval_",
    ),
    (
        "payments",
        "first_attempt_approval",
        &["first_attempt_approval_n"],
        "first_attempt_approval_",
    ),
    (
        "payments",
        "payment_success",
        &["payment_success_n"],
        "payment_success_",
    ),
    (
        "payments",
        "checkout_conversion",
        &["checkout_conversion_n"],
        "checkout_conversion_",
    ),
    ("payments", "refund_rate", &["refund_rate_n"], "refund_rate_"),
    ("payments", "dispute_rate", &["dispute_rate_n"], "dispute_rate_"),
    ("declines", "share", &["n"], ""),
    ("coverage", "join_rate", &["payments"], ""),
];

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
    for (_, rate, n, prefix) in RATES.iter().filter(|(metric, ..)| *metric == draw.metric) {
        let ends = ["ci_low", "ci_high"].map(|end| real(row, &format!("{prefix}{end}")));
        let Some(told) = real(row, rate) else {
            assert_eq!(ends, [None, None], "{rate} of {row:?}");
            // Only a bucket that is not mature or not complete has cases and no rate.
            let own = n[0] == format!("{prefix}n");
            assert!(!own || count(row, n[0]) == 0, "{rate} of {row:?}");
            continue;
        };
        let n: i64 = n.iter().map(|n| count(row, n)).sum();
        let hits = (told * n as f64).round() as i64;
        close(told, hits as f64 / n as f64, rate, &[row]);
        let span = wilson(hits, n).unwrap();
        close(ends[0].unwrap(), span.low, rate, &[row]);
        close(ends[1].unwrap(), span.high, rate, &[row]);
    }
}

#[test]
fn every_rate_of_every_metric_has_its_n_and_its_interval() {
    let listed = app().client.get_json("/v1/metrics");
    let listed = listed["metrics"].as_array().unwrap();
    assert_eq!(listed.len(), ALL.len());
    for metric in listed {
        let name = metric["name"].as_str().unwrap();
        let columns = metric["columns"].as_array().unwrap();
        let has = |wanted: &str| columns.iter().any(|column| column["name"] == wanted);
        let ratio = |column: &&Value| column["unit"] == "ratio";
        for column in columns
            .iter()
            .filter(ratio)
            .map(|column| column["name"].as_str().unwrap())
        {
            let other = OTHERS
                .iter()
                .any(|(metric, columns)| *metric == name && columns.contains(&column));
            if other || column.ends_with("_by_amount") || column.ends_with("ci_low") || column.ends_with("ci_high") {
                continue;
            }
            let known = RATES
                .iter()
                .find(|(metric, rate, ..)| *metric == name && *rate == column);
            let (_, _, n, prefix) = known.unwrap_or_else(|| panic!("{column} of {name} has no n and no interval"));
            assert!(n.iter().all(|n| has(n)), "{column} of {name}");
            assert!(has(&format!("{prefix}ci_low")) && has(&format!("{prefix}ci_high")));
        }
    }
}
