//! One key figure: how it is built from an answer's cells and how it looks.

use maud::{Markup, html};

use super::Answers;
use crate::model::Value;
use crate::serve::numbers;
use crate::serve::views::row::{Row, first, rows};

/// One key figure.
pub struct Figure {
    /// Name for tests and style sheets.
    pub key: &'static str,
    /// Name for people.
    pub label: String,
    /// The value as raw text; empty where undefined.
    pub raw: String,
    /// The value for people.
    pub shown: String,
    /// Unit behind the value, in small print.
    pub unit: String,
    /// Change against the period before.
    pub change: Option<String>,
    /// A second number of the same card.
    pub second: Option<Box<Figure>>,
    /// What it counts and over what.
    pub basis: String,
    /// What is missing or has not settled yet.
    pub caveat: Option<String>,
    /// True while the period is not over and the number still moves with it.
    pub so_far: bool,
}

/// The value of a figure now and in the period before, from one cell each.
pub struct Pair<'a> {
    /// Of the asked period.
    pub now: &'a Value,
    /// Of the period before; `None` where it is not compared with.
    pub before: Option<&'a Value>,
}

/// How a change is told.
#[derive(Clone, Copy)]
enum Change {
    /// In percent of the earlier value.
    Relative,
    /// In percentage points.
    Points,
}

impl Answers {
    /// Why the period before cannot be compared with; `None` where it can.
    pub fn incomparable(&self) -> Option<String> {
        if !self.period.complete {
            return Some("this period is not over yet".into());
        }
        let before = self.previous.text(self.tz);
        let told = |metric, column| first(self.before(metric)).int(column) != 0;
        let has_data = told("bot-growth", "closing") || told("conversion", "entered") || told("payments", "payments");
        if self.previous.covered && has_data {
            return None;
        }
        if self.previous.covered {
            return Some(format!("there is no data from the period before, {before}"));
        }
        let Some(first) = self.begins else {
            return Some("it cannot be told now where the data begins".into());
        };
        let begins = first.with_timezone(&self.tz).format("%-d %b %Y");
        let place = if first < self.previous.to { "within" } else { "after" };
        Some(format!(
            "the data begins on {begins}, {place} the period before, {before}"
        ))
    }

    /// Whether the period before can be compared with at all.
    pub fn before_known(&self) -> bool {
        self.incomparable().is_none()
    }

    /// A cell of a row of a metric, and that of the row of the same `names` in the period before.
    pub fn pair<'a>(&'a self, metric: &str, row: Row<'a>, names: &[&str], column: &str) -> Pair<'a> {
        let is_same = |other: &Row| names.iter().all(|name| other.cell(name) == row.cell(name));
        let before = rows(self.before(metric)).find(is_same);
        let before = before.map_or(&Value::Null, |before| before.cell(column));
        Pair {
            now: row.cell(column),
            before: self.before_known().then_some(before),
        }
    }
}

/// Renders the figure.
pub fn card(figure: &Figure) -> Markup {
    html! {
        div.figure data-figure=(figure.key) data-value=(figure.raw) {
            p.label { (figure.label) @if figure.so_far { " " span.mark { "so far" } } }
            (number(figure))
            @if let Some(second) = &figure.second {
                div data-figure=(second.key) data-value=(second.raw) { (number(second)) }
            }
            p.basis { (figure.basis) }
            @if let Some(caveat) = &figure.caveat { p.caveat { (caveat) } }
        }
    }
}

fn number(figure: &Figure) -> Markup {
    html! {
        p.value {
            (figure.shown)
            @if !figure.unit.is_empty() { " " span.unit { (figure.unit) } }
        }
        @if let Some(change) = &figure.change { p.change { (change) } }
    }
}

/// A figure that counts things or money.
pub fn whole(key: &'static str, label: &str, pair: &Pair, basis: String) -> Figure {
    Figure {
        key,
        label: label.into(),
        raw: pair.now.to_text(),
        shown: money(pair.now),
        unit: String::new(),
        change: change(pair, Change::Relative),
        second: None,
        basis,
        caveat: None,
        so_far: false,
    }
}

/// A figure that is a share of something.
pub fn share(key: &'static str, label: &str, pair: &Pair, basis: String) -> Figure {
    Figure {
        shown: pair.now.as_f64().map_or(numbers::NOTHING.into(), numbers::percent),
        change: change(pair, Change::Points),
        ..whole(key, label, pair, basis)
    }
}

fn change(pair: &Pair, how: Change) -> Option<String> {
    let (now, before) = (pair.now.as_f64()?, pair.before?.as_f64()?);
    Some(match how {
        Change::Points => {
            let told = numbers::compared(now, before, &[]);
            format!("{}, from {}", told.difference, told.before)
        }
        // There is no change from nothing, and a percentage of less says nothing.
        Change::Relative if before == 0.0 => "none in the period before".to_owned(),
        Change::Relative if now == before => format!("unchanged from {}", money(pair.before?)),
        Change::Relative if before < 0.0 => format!("from {}", money(pair.before?)),
        Change::Relative => {
            let sign = numbers::signed_percent(now / before - 1.0);
            format!("{sign}, from {}", money(pair.before?))
        }
    })
}

/// The 95 % interval in words; empty where there is none.
pub fn between(row: Row, low: &str, high: &str) -> String {
    match (row.number(low), row.number(high)) {
        (Some(low), Some(high)) => format!("; 95% interval {} to {}", numbers::percent(low), numbers::percent(high)),
        _ => String::new(),
    }
}

/// A count or an amount for people; a dash where there is none.
pub fn money(value: &Value) -> String {
    match value {
        Value::Int(n) => numbers::integer(*n),
        Value::Amount { .. } => numbers::decimal(&value.to_text()),
        _ => numbers::NOTHING.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(now: Value, before: Value, how: Change) -> Option<String> {
        let pair = Pair {
            now: &now,
            before: Some(&before),
        };
        change(&pair, how)
    }

    #[test]
    fn a_change_says_from_what() {
        let int = |now, before| told(Value::Int(now), Value::Int(before), Change::Relative);
        assert_eq!(int(8_960, 8_000).as_deref(), Some("+12%, from 8,000"));
        assert_eq!(int(4_000, 8_000).as_deref(), Some("\u{2212}50%, from 8,000"));
        assert_eq!(int(8_000, 8_000).as_deref(), Some("unchanged from 8,000"));
        assert_eq!(int(5, -3).as_deref(), Some("from \u{2212}3"));
        assert_eq!(int(0, 0).as_deref(), Some("none in the period before"));
        assert_eq!(int(5, 0).as_deref(), Some("none in the period before"));
    }

    #[test]
    fn a_change_of_a_rate_is_in_points_and_nothing_has_none() {
        let rate = |now, before| told(now, before, Change::Points);
        let text = rate(Value::Number(0.331), Value::Number(0.31));
        assert_eq!(text.as_deref(), Some("+2.1 points, from 31.0%"));
        assert_eq!(rate(Value::Null, Value::Number(0.31)), None);
        assert_eq!(rate(Value::Number(0.331), Value::Null), None);
    }
}
