//! Paying in the thread beside paying elsewhere, in words: both rates, what lies between them and how sure that is.

use super::{Answer, format, readings};

/// One comparison of the path effect's answer.
struct Comparison<'a> {
    answer: &'a Answer,
    row: usize,
}

/// The sentences of the section: the first comparison in full, the others in short.
pub fn sentence(answer: &Answer) -> String {
    let rows = 0..answer.table.rows.len();
    let mut known = rows
        .map(|row| Comparison { answer, row })
        .filter(|one| one.number("difference").is_some());
    let Some(first) = known.next() else {
        return "No two ways to pay can be compared: in this period one of them has no checkout whose time is over."
            .into();
    };
    let mut text = first.in_full();
    for other in known {
        text.push_str(&other.in_short());
    }
    text.push_str(" An association, not a cause: who pays one way may differ in more than the way.");
    text
}

impl Comparison<'_> {
    fn number(&self, column: &str) -> Option<f64> {
        self.answer.table.cell(self.row, column).as_f64()
    }

    fn name(&self, column: &str) -> String {
        readings::name(self.answer.table.cell(self.row, column).as_str().unwrap_or(""))
    }

    fn arm(&self, rate: &str, n: &str) -> String {
        let n = self.answer.table.cell(self.row, n).as_i64().unwrap_or(0);
        format!("{rate} of {} checkouts", format::integer(n))
    }

    fn points(&self, column: &str) -> String {
        self.number(column).map_or(format::NOTHING.into(), format::points)
    }

    fn between(&self, low: &str, high: &str) -> String {
        // A difference that is known has an interval.
        let end = |column| self.number(column).unwrap_or(0.0);
        format::interval(end(low), end(high))
    }

    fn in_full(&self) -> String {
        let rate = |column| self.number(column).unwrap_or(0.0);
        // A difference is known only where both rates are.
        let told = format::compared(rate("rate"), rate("baseline_rate"), &[]);
        let crude = format!(
            "{}, {} were paid; {}, {}: {} ({}).",
            self.name("level"),
            self.arm(&told.now, "n"),
            self.name("baseline").to_lowercase(),
            self.arm(&told.before, "baseline_n"),
            told.difference,
            self.between("ci_low", "ci_high"),
        );
        let adjusted = self.number("adjusted_difference").map(|_| {
            format!(
                " Within the same platform, country and month: {} ({}), over {} of the checkouts.",
                self.points("adjusted_difference"),
                self.between("adjusted_ci_low", "adjusted_ci_high"),
                self.number("adjusted_coverage")
                    .map_or(format::NOTHING.into(), format::percent),
            )
        });
        crude + &adjusted.unwrap_or_default()
    }

    fn in_short(&self) -> String {
        let baseline = match self.answer.table.cell(self.row, "baseline").as_str() {
            Some("redirect") => "a redirect".to_owned(),
            Some("webview") => "a web view".to_owned(),
            Some("new") => "a new one".to_owned(),
            _ => self.name("baseline").to_lowercase(),
        };
        format!(
            " {} instead of {baseline}: {} ({}).",
            self.name("level"),
            self.points("difference"),
            self.between("ci_low", "ci_high"),
        )
    }
}
