//! What must hold within one answer, whatever was asked.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::draw::Draw;
use super::shares::{change, close, shares, sums_to_one};
use super::world::{Row, by_key, count, key, minor, real};

/// What tells the rows of one bucket apart.
pub fn names(draw: &Draw) -> Vec<&'static str> {
    let own: &[&str] = match draw.metric {
        "milestones" => &["population"],
        "bot-retention" => &["period"],
        "conversion" => &["step_index"],
        "path-effect" => &["dimension", "level", "baseline"],
        "provider-share" => &["value", "currency"],
        "payments" => &["currency"],
        "declines" => &["decline_code", "failure_kind"],
        "change" => &["value"],
        "coverage" => &["provider"],
        "forecast" => &["currency"],
        _ => &[],
    };
    let own = own.iter().filter(|name| !draw.groups.contains(name));
    draw.groups.iter().chain(own).copied().collect()
}

/// Every bucket of the range has its rows, in order and without gaps; what is over is complete.
pub fn buckets(draw: &Draw, rows: &[Row]) {
    let names = names(draw);
    let mut series: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        // Of a cohort its own bucket; of a forecast what was counted.
        let aside = match draw.metric {
            "bot-retention" => count(row, "period") > 0,
            "forecast" => !row["horizon_start"].is_null(),
            _ => false,
        };
        if !aside {
            series.entry(key(row, &names)).or_default().push(row);
        }
    }
    let spans = |rows: &[&Row]| -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| key(row, &["bucket_start", "bucket_end", "complete"]))
            .collect()
    };
    let (from, to) = (format!("\"{}T00:00:00", draw.from), format!("\"{}T00:00:00", draw.to()));
    let as_of = DateTime::parse_from_rfc3339(draw.as_of).unwrap();
    let first = spans(series.values().next().unwrap());
    assert!(
        first[0][0].starts_with(&from) && first[first.len() - 1][1].starts_with(&to),
        "{first:?}"
    );
    for (one, next) in first.iter().zip(first.iter().skip(1)) {
        assert_eq!(one[1], next[0]);
    }
    for rows in series.values() {
        assert_eq!(spans(rows), first, "every group has every bucket");
    }
    let whole = if draw.interval.is_none() {
        0..first.len()
    } else {
        1..first.len().max(2) - 1
    };
    for span in &first[whole] {
        let over = DateTime::parse_from_rfc3339(span[1].trim_matches('"')).unwrap() <= as_of;
        assert_eq!(span[2], over.to_string(), "{span:?}");
    }
}

/// The laws of the metric itself.
pub fn hold(draw: &Draw, rows: &[Row]) {
    for row in rows {
        match draw.metric {
            "bot-growth" => growth(row),
            "bot-activity" => activity(row),
            "bot-activation" => activation(row),
            "bot-retention" => retention(row),
            "conversion" => conversion(row),
            "path-effect" => path_effect(row),
            "payments" => payments(row),
            "coverage" => assert_eq!(
                count(row, "attributed") + count(row, "unattributed"),
                count(row, "payments")
            ),
            "forecast" => forecast(row),
            _ => {}
        }
        let rates = row
            .keys()
            .filter(|name| name.ends_with("rate") || name.ends_with("share") || name.starts_with("share"));
        for rate in rates.filter(|name| *name != "growth_rate" && !name.ends_with("_n")) {
            assert!(
                real(row, rate).is_none_or(|rate| (-1e-12..=1.0 + 1e-12).contains(&rate)),
                "{rate}: {row:?}"
            );
        }
    }
    let mut groups = draw.groups.clone();
    groups.insert(0, "bucket_start");
    match draw.metric {
        "bot-growth" => follow(draw, rows, |before, row| {
            assert_eq!(count(before, "closing"), count(row, "opening"), "{before:?} {row:?}");
        }),
        "bot-activity" => follow(draw, rows, |before, row| {
            assert_eq!(
                count(before, "active"),
                count(row, "retained") + count(row, "churned"),
                "{before:?} {row:?}"
            );
        }),
        "milestones" => milestones(draw, rows),
        "declines" => by_key(rows, &groups).values().for_each(|rows| {
            let failed: i64 = rows.iter().map(|row| count(row, "attempts")).sum();
            sums_to_one(rows, "share", failed > 0);
        }),
        "provider-share" => {
            groups.push("currency");
            by_key(rows, &groups).values().for_each(|rows| shares(rows));
        }
        "change" => {
            for row in rows {
                interval(row, "difference", "ci_low", "ci_high");
                interval(row, "whole_difference", "whole_ci_low", "whole_ci_high");
            }
            by_key(rows, &groups).values().for_each(|rows| change(rows));
        }
        _ => {}
    }
}

/// Holds between each row and the one of the bucket before.
fn follow(draw: &Draw, rows: &[Row], law: impl Fn(&Row, &Row)) {
    for series in by_key(rows, &draw.groups).values() {
        series.windows(2).for_each(|pair| law(pair[0], pair[1]));
    }
}

fn growth(row: &Row) {
    let of = |name| count(row, name);
    assert_eq!(of("residual"), 0, "{row:?}");
    assert_eq!(
        of("opening") + of("registered") + of("reinstated") - of("retired"),
        of("closing"),
        "{row:?}"
    );
    assert!(
        of("inferred") <= of("registered") && of("suspended").max(of("payment_enabled")) <= of("closing"),
        "{row:?}"
    );
    let rate = (of("opening") > 0).then(|| of("closing") as f64 / of("opening") as f64 - 1.0);
    assert_eq!(real(row, "growth_rate").is_some(), rate.is_some(), "{row:?}");
    close(
        real(row, "growth_rate").unwrap_or(0.0),
        rate.unwrap_or(0.0),
        "growth_rate",
        &[row],
    );
    assert_eq!(
        real(row, "doubling_days").is_some(),
        rate.is_some_and(|rate| rate > 0.0),
        "{row:?}"
    );
}

fn activity(row: &Row) {
    let of = |name| count(row, name);
    assert_eq!(of("residual"), 0, "{row:?}");
    assert_eq!(of("new") + of("retained") + of("resurrected"), of("active"), "{row:?}");
    let ratio = (of("churned") > 0).then(|| (of("new") + of("resurrected")) as f64 / of("churned") as f64);
    assert_eq!(real(row, "quick_ratio"), ratio, "{row:?}");
}

fn activation(row: &Row) {
    let registered = count(row, "registered");
    for step in ["with_conversation", "with_checkout", "with_payment"] {
        assert!(count(row, step) <= registered, "{row:?}");
    }
}

fn retention(row: &Row) {
    assert!(count(row, "active") <= count(row, "cohort_size"), "{row:?}");
    if row["period"] == 0 && !row["active"].is_null() {
        assert_eq!(row["active"], row["cohort_size"], "{row:?}");
    }
    assert_eq!(row["active"].is_null(), row["complete"] == false, "{row:?}");
}

fn conversion(row: &Row) {
    let of = |name| count(row, name);
    assert_eq!(of("reached") + of("dropped") + of("open"), of("entered"), "{row:?}");
    assert!(of("open_reached") <= of("open") && of("dropped") >= 0, "{row:?}");
    let (median, late) = (real(row, "median_seconds"), real(row, "p90_seconds"));
    assert!(median.is_none() == late.is_none() && median <= late, "{row:?}");
}

fn interval(row: &Row, rate: &str, low: &str, high: &str) {
    let cells = [low, rate, high].map(|name| real(row, name));
    let ordered = cells
        .windows(2)
        .all(|pair| pair[0].unwrap_or(0.0) <= pair[1].unwrap_or(0.0) + 1e-12);
    assert!(
        ordered && cells.iter().all(|cell| cell.is_some() == cells[0].is_some()),
        "{row:?}"
    );
}

fn path_effect(row: &Row) {
    let rates = real(row, "rate").zip(real(row, "baseline_rate"));
    assert_eq!(real(row, "difference").is_some(), rates.is_some(), "{row:?}");
    if let Some((rate, baseline)) = rates {
        close(real(row, "difference").unwrap(), rate - baseline, "difference", &[row]);
    }
    interval(row, "difference", "ci_low", "ci_high");
    interval(row, "adjusted_difference", "adjusted_ci_low", "adjusted_ci_high");
    let adjusted = real(row, "adjusted_coverage").is_some_and(|coverage| coverage > 0.0);
    assert_eq!(real(row, "adjusted_difference").is_some(), adjusted, "{row:?}");
}

fn payments(row: &Row) {
    let amounts = ["gross", "refunded", "disputed_lost", "reversed", "net"].map(|name| minor(row, name));
    if let [Some(gross), Some(refunded), Some(lost), Some(reversed), net] = amounts {
        assert_eq!(net, Some(gross - refunded - lost - reversed), "{row:?}");
    }
    let of = |name| count(row, name);
    assert!(
        of("repeat_payers") <= of("payers") && of("payers").max(of("bots")) <= of("payments"),
        "{row:?}"
    );
    assert!(of("first_attempt_approval_n") <= of("attempt_approval_n"), "{row:?}");
}

fn forecast(row: &Row) {
    let names = ["low_95", "low_80", "value", "high_80", "high_95"];
    let number = |name: &&str| minor(row, name).map(|minor| minor as f64).or(real(row, name));
    let cells: Vec<f64> = names.iter().filter_map(number).collect();
    assert!(cells.is_sorted(), "{row:?}");
    assert!([0, 1, 5].contains(&cells.len()), "{row:?}");
    assert!(row["horizon_start"].is_null() || row["complete"] == false, "{row:?}");
}

/// More bots come later.
fn milestones(draw: &Draw, rows: &[Row]) {
    for series in by_key(rows, &draw.groups).values() {
        for pair in series.windows(2) {
            assert!(count(pair[0], "population") < count(pair[1], "population"));
            let moment = |row: &Row| {
                row["reached_at"]
                    .as_str()
                    .map(|at| DateTime::parse_from_rfc3339(at).unwrap())
            };
            let (one, next) = (moment(pair[0]), moment(pair[1]));
            assert!(next.is_none() || one <= next && one.is_some(), "{pair:?}");
        }
    }
}
