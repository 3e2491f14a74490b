//! Path effect, declines and change: their statistics against published values, and the laws they keep.

use std::collections::BTreeMap;

use botledger::metrics::statistics::{Stratum, explained, newcombe, stratified_newcombe};
use serde_json::Value;

use crate::small;
use crate::support::app::TestApp;
use crate::support::events::{Draft, checkout, conversation, lines};

fn close(one: f64, two: f64, tolerance: f64) {
    assert!((one - two).abs() <= tolerance, "{one} is not {two}");
}

fn stratum(hits: i64, n: i64, base_hits: i64, base_n: i64) -> Stratum {
    Stratum {
        hits,
        n,
        base_hits,
        base_n,
    }
}

/// Numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % sides
    }

    fn stratum(&mut self) -> Stratum {
        let (n, base_n) = (1 + self.below(40), 1 + self.below(40));
        stratum(self.below(n + 1), n, self.below(base_n + 1), base_n)
    }
}

#[test]
fn the_stratified_interval_matches_the_published_one() {
    // The R package tern, tests of prop_diff_strat_nc, held there against PROC FREQ of SAS: 80 cases in six
    // strata, with Cochran-Mantel-Haenszel weights: 0.25390590 (0.03467969 to 0.44544132).
    let strata = [
        stratum(8, 9, 3, 6),
        stratum(4, 4, 6, 12),
        stratum(2, 5, 2, 5),
        stratum(5, 7, 3, 4),
        stratum(6, 7, 3, 8),
        stratum(5, 8, 3, 5),
    ];
    let weight = |s: &Stratum| (s.n * s.base_n) as f64 / (s.n + s.base_n) as f64;
    let weights: Vec<f64> = strata.iter().map(weight).collect();
    let (difference, span) = stratified_newcombe(&strata, &weights).unwrap();
    close(difference, 0.253_905_90, 1e-8);
    close(span.low, 0.034_679_69, 2e-8);
    close(span.high, 0.445_441_32, 2e-8);
}

#[test]
fn one_stratum_gives_newcombes_interval_and_the_strata_have_no_order() {
    let mut dice = Dice(2016);
    for _ in 0..2_000 {
        let one = dice.stratum();
        let (plain, span) = newcombe(one.hits, one.n, one.base_hits, one.base_n).unwrap();
        let (weighted, stratified) = stratified_newcombe(&[one], &[3.0]).unwrap();
        close(weighted, plain, 1e-12);
        close(stratified.low, span.low, 1e-9);
        close(stratified.high, span.high, 1e-9);
        let strata = [one, dice.stratum(), dice.stratum()];
        let (ahead, span) = stratified_newcombe(&strata, &[1.0, 2.0, 3.0]).unwrap();
        let turned: Vec<Stratum> = strata.iter().rev().copied().collect();
        let (back, other) = stratified_newcombe(&turned, &[6.0, 4.0, 2.0]).unwrap();
        close(ahead, back, 1e-12);
        close(span.low, other.low, 1e-12);
        assert!(
            -1.0 <= span.low && span.low <= ahead && ahead <= span.high && span.high <= 1.0,
            "{strata:?}"
        );
        // Exchanging the arms turns the picture over.
        let swap = |s: &Stratum| stratum(s.base_hits, s.base_n, s.hits, s.n);
        let (swapped, mirrored) = stratified_newcombe(&strata.map(|s| swap(&s)), &[1.0, 2.0, 3.0]).unwrap();
        close(swapped, -ahead, 1e-12);
        close(mirrored.low, -span.high, 1e-12);
    }
}

#[test]
fn strata_without_any_variation_have_an_interval_too() {
    // Every rate is 0 or 1: the strata's quantile is its limit for strata of one common rate.
    let strata = [stratum(4, 4, 0, 5), stratum(9, 9, 0, 2)];
    let (difference, span) = stratified_newcombe(&strata, &[9.0, 11.0]).unwrap();
    assert_eq!((difference, span.high), (1.0, 1.0));
    assert!(span.low > 0.2 && span.low < 1.0, "{span:?}");
    assert_eq!(stratified_newcombe(&[], &[]), None);
    assert_eq!(stratified_newcombe(&[stratum(1, 2, 0, 0)], &[2.0]), None);
}

#[test]
fn mix_and_within_add_up_to_the_change() {
    let mut dice = Dice(1955);
    for _ in 0..5_000 {
        let mut part = || {
            // Some parts are missing in one period, some in both.
            let mut side = || {
                let n = dice.below(4).min(1) * (1 + dice.below(1_000_000));
                (dice.below(n + 1), n)
            };
            [side(), side()]
        };
        let parts: Vec<_> = (0..6).map(|_| part()).collect();
        let rate = |period: usize| {
            let sum = |of: fn(&(i64, i64)) -> i64| parts.iter().map(|part| of(&part[period])).sum::<i64>() as f64;
            sum(|side| side.0) / sum(|side| side.1)
        };
        let Some(effects) = explained(&parts) else {
            assert!(rate(0).is_nan() || rate(1).is_nan());
            continue;
        };
        let told: f64 = effects.iter().map(|effect| effect.mix + effect.within).sum();
        close(told, rate(1) - rate(0), 1e-12);
        for (part, effect) in parts.iter().zip(effects) {
            let once = part[0].1 == 0 || part[1].1 == 0;
            assert!(!once || effect.within == 0.0, "{part:?} {effect:?}");
        }
    }
    // Worked by hand: 1 of 2 and 1 of 1, then 1 of 1 each of three.
    let effects = explained(&[[(1, 2), (1, 1)], [(1, 1), (1, 1)], [(0, 0), (1, 1)]]).unwrap();
    close(effects[0].mix, 1.0 / 36.0, 1e-15);
    close(effects[0].within, 0.25, 1e-15);
    close(effects[2].mix, 1.0 / 18.0, 1e-15);
    assert_eq!(explained(&[[(0, 0), (1, 1)]]), None);
}

fn rows(question: &str) -> Vec<Value> {
    small::loaded().client.get_json(&format!("/v1/metrics/{question}"))["rows"]
        .as_array()
        .unwrap()
        .clone()
}

/// The sum of a column by bucket and group; nulls add nothing.
fn sums(rows: &[Value], keys: &[&str], column: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let key = keys
            .iter()
            .map(|key| row[*key].to_string())
            .collect::<Vec<_>>()
            .join(" ");
        *sums.entry(key).or_insert(0.0) += row[column].as_f64().unwrap_or(0.0);
    }
    sums
}

#[test]
fn shares_of_failures_sum_to_one_and_groups_to_the_whole() {
    for grouping in ["", "&group_by=provider", "&group_by=platform,network"] {
        let range = "declines?from=2016-07-01&to=2016-10-01&interval=month";
        let keys = ["bucket_start", "provider", "platform", "network"];
        let split = rows(&format!("{range}{grouping}"));
        let attempts = sums(&split, &keys, "attempts");
        for (key, share) in sums(&split, &keys, "share") {
            close(share, if attempts[&key] > 0.0 { 1.0 } else { 0.0 }, 1e-12);
        }
        let by_bucket = |rows: &[Value]| sums(rows, &["bucket_start"], "attempts");
        assert_eq!(by_bucket(&split), by_bucket(&rows(range)), "{grouping}");
    }
    let (months, whole) = (
        rows("declines?from=2016-07-01&to=2016-10-01&interval=month"),
        rows("declines?from=2016-07-01&to=2016-10-01"),
    );
    assert_eq!(
        sums(&months, &["decline_code"], "attempts"),
        sums(&whole, &["decline_code"], "attempts")
    );
}

#[test]
fn the_parts_of_a_change_are_those_of_the_rate_itself() {
    for (of, dimension) in [
        ("attempt_approval", "provider"),
        ("attempt_approval", "network"),
        ("first_attempt_approval", "method"),
        ("payment_success", "wallet"),
    ] {
        let question = format!("change?of={of}&dimension={dimension}&interval=month");
        let now = rows(&format!("{question}&from=2016-09-01&to=2016-10-01"));
        let rate = |from: &str, to: &str| {
            let rows = rows(&format!("payments?from={from}&to={to}&interval=month"));
            rows[0][of].as_f64().unwrap()
        };
        let change = rate("2016-09-01", "2016-10-01") - rate("2016-08-01", "2016-09-01");
        let told = sums(&now, &[], "mix")[""] + sums(&now, &[], "within")[""];
        close(told, change, 1e-12);
        for column in ["weight", "weight_previous"] {
            close(sums(&now, &[], column)[""], 1.0, 1e-12);
        }
    }
}

#[test]
fn only_complete_buckets_are_compared_and_every_value_has_a_row_in_each() {
    let answer = rows("change?from=2016-07-01&to=2016-09-15&interval=month");
    let months: Vec<Vec<&Value>> = answer.chunks(3).map(|rows| rows.iter().collect()).collect();
    assert_eq!(
        months.len(),
        3,
        "July, August, half of September: stripe, braintree and paypal in each"
    );
    for row in &months[2] {
        assert_eq!(row["complete"], false);
        assert!(
            row["weight"].is_number() && row["weight_previous"].is_null() && row["mix"].is_null(),
            "{row}"
        );
    }
    // Nothing was decided in April.
    assert!(
        months[0]
            .iter()
            .all(|row| row["mix"].is_null() && row["rate_previous"].is_null())
    );
    let year = rows("change?from=2016-07-01&to=2016-08-01&interval=month&compare=previous_year");
    assert!(year.iter().all(|row| row["rate_previous"].is_null()));
    let refused = small::loaded().client.get("/v1/metrics/change?compare=yesterday");
    assert_eq!(refused.problem(400, "invalid_parameter"), "compare");
}

#[test]
fn a_filter_that_matches_everything_changes_nothing() {
    let range = "from=2016-07-01&to=2016-10-01&interval=month";
    for (metric, filter) in [
        ("path-effect", "platform=messenger,telegram"),
        ("declines", "provider=stripe,paypal,braintree"),
        ("change", "method!=bank"),
    ] {
        assert_eq!(
            rows(&format!("{metric}?{range}")),
            rows(&format!("{metric}?{range}&{filter}")),
            "{metric}"
        );
    }
}

/// A checkout in a conversation of its own, by its path.
fn begun(name: &str, path: &str, at: &str) -> [Draft; 2] {
    [
        conversation("shop", name).at(at),
        checkout("shop", name, name).with("path", path).at(at),
    ]
}

#[test]
fn months_are_those_of_the_zone_and_a_checkout_within_its_window_waits() {
    let app = TestApp::start();
    let ask = |question: &str| app.client.get_json(&format!("/v1/metrics/path-effect?{question}"));
    let empty = ask("from=2025-11-01&to=2026-01-01");
    assert_eq!(
        empty["rows"].as_array().unwrap().len(),
        3,
        "every comparison has its row"
    );
    for row in empty["rows"].as_array().unwrap() {
        let told = (&row["n"], &row["rate"], &row["adjusted_coverage"]);
        assert_eq!(told, (&0.into(), &Value::Null, &Value::Null));
    }
    // Before and after midnight of 1 December in London, but both after it in Rome; the third began 12 hours ago.
    let events = [
        begun("a", "in_thread", "2025-11-30T23:30:00Z"),
        begun("b", "redirect", "2025-12-01T10:00:00Z"),
        begun("c", "in_thread", "2025-12-31T12:00:00Z"),
    ];
    app.client.post_events(&lines(&events.concat()));
    app.wait_folded();
    for (zone, coverage) in [("Europe/Rome", 1.0), ("Europe/London", 0.0)] {
        let answer = ask(&format!("from=2025-11-01&to=2026-01-01&tz={zone}"));
        let row = &answer["rows"][0];
        assert_eq!(
            (row["n"].as_i64(), row["baseline_n"].as_i64()),
            (Some(1), Some(1)),
            "{zone}"
        );
        assert_eq!(row["adjusted_coverage"], coverage, "{zone}");
        assert_eq!(row["adjusted_difference"].is_null(), coverage == 0.0, "{zone}");
        let warning = answer["meta"]["warnings"][0].as_str().unwrap();
        assert!(warning.ends_with(": 1"), "{warning}");
    }
    assert_eq!(ask("from=2025-11-01&to=2026-01-01&window=1h")["rows"][0]["n"], 2);
}
