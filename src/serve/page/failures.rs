//! Why payments fail and why their rate moved, in words.

use std::collections::BTreeMap;

use super::{Answer, format, readings};

fn number(answer: &Answer, row: usize, column: &str) -> Option<f64> {
    answer.table.cell(row, column).as_f64()
}

/// What the rate was, and why it is set beside no earlier one.
pub fn alone(answer: &Answer, why: &str) -> String {
    let rows = 0..answer.table.rows.len();
    let product = |row| Some(number(answer, row, "weight")? * number(answer, row, "rate")?);
    match rows.filter_map(product).reduce(|one, other| one + other) {
        None => "No attempt to pay was decided in this period.".into(),
        Some(rate) => format!(
            "{} of the decided attempts were approved. No change is shown: {why}.",
            format::percent(rate)
        ),
    }
}

/// How many attempts failed, how many of them were declined, and the most frequent reason.
pub fn declines(answer: &Answer) -> String {
    let table = &answer.table;
    let text = |row: usize, column: &str| table.cell(row, column).as_str().unwrap_or("").to_owned();
    let mut reasons: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in 0..table.rows.len() {
        let attempts = table.cell(row, "attempts").as_i64().unwrap_or(0);
        *reasons
            .entry((text(row, "failure_kind"), text(row, "decline_code")))
            .or_default() += attempts;
    }
    let all: i64 = reasons.values().sum();
    if all == 0 {
        return "No attempt to pay failed in this period.".into();
    }
    let is_declined = |kind: &str| matches!(kind, "issuer" | "risk");
    let declined: i64 = reasons
        .iter()
        .filter(|((kind, _), _)| is_declined(kind))
        .map(|(_, attempts)| attempts)
        .sum();
    let single = reasons.iter().filter(|((_, code), _)| !answer.tells_of_others(code));
    let most = single.max_by_key(|(_, attempts)| **attempts);
    let most = most.map_or_else(String::new, |((kind, code), attempts)| {
        let code = match code.as_str() {
            "" => "no code".to_owned(),
            code => code.replace('_', " "),
        };
        format!(
            " The most frequent reason was {code} ({kind}): {} of them.",
            format::percent(*attempts as f64 / all as f64)
        )
    });
    format!(
        "{} attempts to pay failed, {} of them declined by the issuer or as a risk.{most}",
        format::integer(all),
        format::integer(declined),
    )
}

/// What the rate was before and after, whether that is a clear change, and how much of it came from the mix of
/// providers.
pub fn change(answer: &Answer) -> String {
    let rows = 0..answer.table.rows.len();
    let sum = |of: &dyn Fn(usize) -> f64| rows.clone().map(of).sum::<f64>();
    let known = |column: &str| rows.clone().any(|row| number(answer, row, column).is_some());
    let product = |weight: &str, rate: &str| {
        sum(&|row| number(answer, row, weight).unwrap_or(0.0) * number(answer, row, rate).unwrap_or(0.0))
    };
    if !known("weight") {
        return "No attempt to pay was decided in this period.".into();
    }
    let now = product("weight", "rate");
    if !known("mix") {
        let now = format::percent(now);
        return format!("{now} of the decided attempts were approved; no earlier period can be compared yet.");
    }
    let part = |column: &'static str| sum(&|row| number(answer, row, column).unwrap_or(0.0));
    let (mix, within) = (part("mix"), part("within"));
    let told = format::compared(now, product("weight_previous", "rate_previous"), &[mix, within]);
    let change = clearly(answer, 0, "whole_", &told.difference).unwrap_or(told.difference);
    format!(
        "{} of the decided attempts were approved, after {} in the period before: {change}. The mix of providers \
         brought {}, the providers themselves {}.{}",
        told.now,
        told.before,
        told.parts[0],
        told.parts[1],
        moved_most(answer),
    )
}

/// The value that moved the rate most, and whether its own rate has clearly changed.
fn moved_most(answer: &Answer) -> String {
    let size = |row: &usize| {
        let of = |column| number(answer, *row, column).unwrap_or(0.0);
        of("mix") + of("within")
    };
    let rows = 0..answer.table.rows.len();
    let most = rows.max_by(|one, two| size(one).abs().total_cmp(&size(two).abs()));
    let Some(row) = most.filter(|row| size(row) != 0.0) else {
        return String::new();
    };
    let value = readings::name(answer.table.cell(row, "value").as_str().unwrap_or("unknown"));
    let moved = format!(" {value} moved it most: {}", format::points(size(&row)));
    let own = number(answer, row, "difference").map(format::points);
    match own.and_then(|own| clearly(answer, row, "", &own)) {
        Some(own) => format!("{moved}. Its own rate: {own}."),
        None => format!("{moved}, by its weight alone."),
    }
}

/// A difference in the words of a row's interval; `None` where nothing was compared.
fn clearly(answer: &Answer, row: usize, prefix: &str, difference: &str) -> Option<String> {
    let end = |name: &str| number(answer, row, &format!("{prefix}{name}"));
    Some(format::clearly(difference, end("ci_low")?, end("ci_high")?))
}
