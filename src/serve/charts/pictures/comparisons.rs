//! The comparisons of the path effect as they are drawn and told: two arms, and what lies between them.

use crate::serve::charts::kit::{Grid, bare, compared, count, percent, percent_or_nothing, points, words};

/// A value with the interval around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// One arm: its name, its cases and its rate.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    pub name: String,
    pub n: f64,
    pub rate: Option<Estimate>,
    /// The rate in words.
    pub shown: String,
}

/// One comparison of one group.
#[derive(Debug)]
pub(super) struct Row {
    pub outer: usize,
    /// The group as the beginning of a sentence.
    group: String,
    pub arms: [Arm; 2],
    pub difference: Option<Estimate>,
    /// The difference in words, so that it and the rates add up.
    pub apart: String,
    pub adjusted: Option<Estimate>,
    coverage: Option<f64>,
    pub complete: bool,
}

/// The comparisons that have a case in both arms, or where none has, in one.
pub(super) fn rows(grid: &Grid) -> Vec<Row> {
    let pairs = (0..grid.outer.len()).flat_map(|outer| (0..grid.inner.len()).map(move |inner| (outer, inner)));
    let mut rows: Vec<Row> = pairs.map(|(outer, inner)| Row::of(grid, outer, inner)).collect();
    rows.retain(|row| row.arms.iter().any(|arm| arm.n > 0.0));
    if rows.iter().any(|row| row.difference.is_some()) {
        rows.retain(|row| row.difference.is_some());
    }
    // The largest group first, its comparisons in their order.
    let size = |outer: usize| rows.iter().filter(|row| row.outer == outer).map(Row::size).sum::<f64>();
    let order = grid.by_size(size);
    rows.sort_by_key(|row| order.iter().position(|outer| *outer == row.outer));
    rows
}

impl Row {
    /// Cases of both arms.
    pub fn size(&self) -> f64 {
        self.arms.iter().map(|arm| arm.n).sum()
    }

    fn of(grid: &Grid, outer: usize, inner: usize) -> Self {
        let number = |column: &str| grid.whole(outer, inner, column);
        let name = |column: &str| words(&grid.whole_shown(outer, inner, column));
        let estimate = |unit: f64, value: &str, low: &str, high: &str| {
            Some(Estimate {
                value: number(value)? * unit,
                low: number(low)? * unit,
                high: number(high)? * unit,
            })
        };
        // Where both rates are known, they are written so that they and their difference add up.
        let written = number("rate").zip(number("baseline_rate"));
        let written = written.map(|(rate, baseline)| compared(rate, baseline, &[]));
        let arm = |named: &str, n: &str, rate: &str, shown: Option<&String>| Arm {
            name: name(named),
            n: number(n).unwrap_or(0.0),
            rate: estimate(1.0, rate, &format!("{rate}_ci_low"), &format!("{rate}_ci_high")),
            shown: shown.map_or_else(|| percent_or_nothing(number(rate)), String::clone),
        };
        Row {
            outer,
            group: grid.named(outer),
            arms: [
                arm("level", "n", "rate", written.as_ref().map(|told| &told.now)),
                arm(
                    "baseline",
                    "baseline_n",
                    "baseline_rate",
                    written.as_ref().map(|told| &told.before),
                ),
            ],
            difference: estimate(100.0, "difference", "ci_low", "ci_high"),
            apart: written.map_or_else(String::new, |told| bare(&told.difference).to_owned()),
            adjusted: estimate(100.0, "adjusted_difference", "adjusted_ci_low", "adjusted_ci_high"),
            coverage: number("adjusted_coverage"),
            complete: grid.complete.first().copied().unwrap_or(true),
        }
    }

    /// The differences in words, in percentage points.
    pub fn differences(&self) -> String {
        let told = |value: &str, estimate: Estimate| {
            let [low, high] = [estimate.low, estimate.high].map(signed);
            format!("{value} ({low} to {high})")
        };
        let adjusted = |estimate: Estimate| told(&signed(estimate.value), estimate);
        match (self.difference, self.adjusted) {
            (Some(crude), Some(other)) => format!("{}, adjusted {}", told(&self.apart, crude), adjusted(other)),
            (Some(crude), None) => told(&self.apart, crude),
            _ => "no difference without both".to_owned(),
        }
    }

    pub fn told(&self) -> String {
        let arm = |arm: &Arm| format!("{} {} of {}", arm.name, arm.shown, count(arm.n));
        let covered = self
            .coverage
            .filter(|_| self.adjusted.is_some())
            .map_or_else(String::new, |share| {
                format!("; adjusted over {} of the checkouts", percent(share))
            });
        let [level, baseline] = &self.arms;
        format!(
            "{}{} against {}: {} points{covered}.",
            self.group,
            arm(level),
            arm(baseline),
            self.differences()
        )
    }
}

/// A difference in percentage points, with its sign.
fn signed(value: f64) -> String {
    bare(&points(value / 100.0)).to_owned()
}
