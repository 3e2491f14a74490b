//! What a forecast says in words: at the ends of its lines, under the pointer and for ears.

use super::super::dates::bucket_label;
use super::super::document::Hit;
use super::super::frame::{SMALL, fit};
use super::super::number::{Kind, count, label};
use super::super::panel::Panel;
use super::view::View;
use crate::model::Value;

impl View<'_> {
    /// The last bucket ahead that has a forecast.
    pub fn expected(&self, outer: usize) -> Option<usize> {
        let values = self.values(outer, "value");
        (self.ahead..values.len())
            .rev()
            .find(|bucket| values[*bucket].is_some())
    }

    /// A cell of a group and bucket as a label.
    pub fn told(&self, outer: usize, bucket: usize, column: &str) -> String {
        match self.grid.cell(outer, 0, bucket, column) {
            Value::Number(x) if x.abs() >= 10.0 => count(*x),
            value => label(value, Kind::Count),
        }
    }

    pub fn end(&self, outer: usize, width: f64, narrow: bool) -> String {
        let last = self
            .expected(outer)
            .or(self.last_counted(outer).map(|(bucket, _)| bucket));
        let value = last.map_or_else(String::new, |bucket| self.told(outer, bucket, "value"));
        if self.drawn.len() <= 1 || narrow {
            return value;
        }
        format!(
            "{} {value}",
            fit(&self.grid.outer[outer].label(), SMALL, false, width * 0.2)
        )
    }

    /// A bucket ahead in a sentence.
    fn sentence(&self, outer: usize, bucket: usize) -> String {
        let cell = |column| self.told(outer, bucket, column);
        format!(
            "forecast {}\n80%: {} to {}\n95%: {} to {}\nmean absolute error {}, of the baseline {}",
            cell("value"),
            cell("low_80"),
            cell("high_80"),
            cell("low_95"),
            cell("high_95"),
            cell("model_error"),
            cell("baseline_error"),
        )
    }

    pub fn summary(&self) -> String {
        let one = |outer: &usize| {
            let name = self.grid.outer[*outer].label();
            let name = if name.is_empty() { name } else { name + ": " };
            let counted = self.last_counted(*outer).map_or_else(
                || "nothing counted".to_owned(),
                |(bucket, _)| format!("{} counted last", self.told(*outer, bucket, "value")),
            );
            match self.expected(*outer) {
                Some(bucket) => {
                    let when = bucket_label(self.request.range, bucket);
                    format!(
                        "{name}{counted}; {when}: {}.",
                        self.sentence(*outer, bucket).replace('\n', "; ")
                    )
                }
                None => format!("{name}{counted}; no forecast."),
            }
        };
        self.drawn.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    pub fn hits(&self, panel: &Panel) -> Vec<Hit> {
        const MOST: usize = 500;
        if panel.bands.count > MOST {
            return Vec::new();
        }
        let tell = |bucket: usize| {
            let mut text = bucket_label(self.request.range, bucket);
            if bucket < self.ahead && !self.grid.complete[bucket] {
                text.push_str(" (incomplete)");
            }
            for &outer in &self.drawn {
                let name = self.grid.outer[outer].label();
                let name = if name.is_empty() { name } else { name + ": " };
                let told = if bucket < self.ahead {
                    self.told(outer, bucket, "value")
                } else {
                    self.sentence(outer, bucket)
                };
                text.push_str(&format!("\n{name}{told}"));
            }
            let mut place = panel.area;
            (place.x, place.w) = (panel.bands.left(bucket), panel.bands.step);
            Hit { place, text }
        };
        (0..panel.bands.count).map(tell).collect()
    }
}
