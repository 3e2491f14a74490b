//! What must hold of the rows that share one whole.

use super::world::{Row, count, minor, real};

/// Equal but for the rounding of floats.
pub fn close(one: f64, other: f64, what: &str, rows: &[&Row]) {
    assert!((one - other).abs() <= 1e-12, "{what}: {one} is not {other} in {rows:?}");
}

/// Shares of one whole, where there is any.
pub fn sums_to_one(rows: &[&Row], column: &str, any: bool) {
    let shares: Vec<f64> = rows.iter().filter_map(|row| real(row, column)).collect();
    assert_eq!(!shares.is_empty(), any, "{column} of {rows:?}");
    if any {
        close(shares.iter().sum(), 1.0, column, rows);
    }
}

/// The shares of one bucket and group, and how concentrated they are.
pub fn shares(rows: &[&Row]) {
    let payments: i64 = rows.iter().map(|row| count(row, "payments")).sum();
    sums_to_one(rows, "share_by_count", payments > 0);
    let gross: i128 = rows.iter().filter_map(|row| minor(row, "gross")).sum();
    sums_to_one(rows, "share_by_amount", gross > 0);
    let named = |row: &&&Row| !["none", "unknown"].contains(&row["value"].as_str().unwrap_or("none"));
    let named: Vec<&Row> = rows.iter().filter(named).copied().collect();
    let covered: f64 = named.iter().filter_map(|row| real(row, "share_by_count")).sum();
    for row in rows {
        assert_eq!(count(row, "share_by_count_n"), payments, "{rows:?}");
        if let Some(told) = real(row, "covered_share") {
            close(told, covered, "covered_share", rows);
        }
        if let Some(hhi) = real(row, "hhi") {
            let squares = named.iter().filter_map(|row| real(row, "share_by_count"));
            let squares: f64 = squares.map(|share| (100.0 * share / covered).powi(2)).sum();
            assert!((hhi - squares).abs() < 1e-8 && hhi <= 10_000.0 + 1e-8, "{rows:?}");
            assert!(
                (real(row, "effective_number").unwrap() - 10_000.0 / hhi).abs() < 1e-9,
                "{rows:?}"
            );
            let top = named
                .iter()
                .filter_map(|row| real(row, "share_by_count"))
                .fold(0.0, f64::max);
            close(real(row, "top1").unwrap(), top, "top1", rows);
        }
    }
}

/// mix and within add up to the change of the whole, of which the weights are the parts.
pub fn change(rows: &[&Row]) {
    let whole = |weight: &str, rate: &str| -> Option<f64> {
        let parts = rows.iter().filter_map(|row| real(row, weight));
        let weights: Vec<f64> = parts.collect();
        if weights.is_empty() {
            return None;
        }
        close(weights.iter().sum(), 1.0, weight, rows);
        let products = rows
            .iter()
            .filter_map(|row| Some(real(row, weight)? * real(row, rate)?));
        Some(products.sum())
    };
    let (now, before) = (whole("weight", "rate"), whole("weight_previous", "rate_previous"));
    let effects: Vec<f64> = rows
        .iter()
        .filter_map(|row| Some(real(row, "mix")? + real(row, "within")?))
        .collect();
    let both = now.zip(before);
    assert_eq!(!effects.is_empty(), both.is_some(), "{rows:?}");
    if let Some((now, before)) = both {
        close(effects.iter().sum(), now - before, "mix and within", rows);
        for row in rows {
            close(
                real(row, "whole_difference").unwrap(),
                now - before,
                "whole_difference",
                rows,
            );
        }
    }
    let n: i64 = rows.iter().map(|row| count(row, "n")).sum();
    for row in rows {
        let told = real(row, "weight").map_or(0.0, |weight| weight * n as f64);
        close(
            told / n.max(1) as f64,
            count(row, "n") as f64 / n.max(1) as f64,
            "n",
            rows,
        );
        let own = real(row, "rate").zip(real(row, "rate_previous"));
        assert_eq!(real(row, "difference").is_some(), own.is_some(), "{row:?}");
        if let Some((rate, before)) = own {
            close(real(row, "difference").unwrap(), rate - before, "difference", rows);
        }
    }
}
