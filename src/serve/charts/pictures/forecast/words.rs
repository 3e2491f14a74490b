//! What a forecast says in words: at the ends of its lines, under the pointer and for ears.

use super::view::View;
use crate::metrics::forecast;
use crate::serve::charts::kit::{Canvas, Hit, Panel, bucket_hits, bucket_label, ends, estimate, named};

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
        estimate(self.grid.cell(outer, 0, bucket, column))
    }

    /// What stands at the ends of its lines: the last number, with the group's name where there are several.
    pub fn ends(&self, canvas: &Canvas) -> Vec<String> {
        let number = |outer: &usize| {
            let counted = || self.last_counted(*outer).map(|(bucket, _)| bucket);
            let last = self.expected(*outer).or_else(counted);
            last.map_or_else(String::new, |bucket| self.told(*outer, bucket, "value"))
        };
        let names = self.drawn.iter().map(|outer| self.grid.name(*outer));
        let is_named = self.drawn.len() > 1 && named(canvas);
        ends(canvas, names, self.drawn.iter().map(number), is_named)
    }

    /// Whether the error of the baseline is beyond anything counted, and says nothing.
    fn baseline_explodes(&self, outer: usize, bucket: usize) -> bool {
        let counted = self.values(outer, "value").into_iter().take(self.ahead).flatten();
        let error = self.grid.cell(outer, 0, bucket, "baseline_error").as_f64();
        error.is_some_and(|error| forecast::explodes(error, counted.fold(0.0, f64::max)))
    }

    /// A bucket ahead in a sentence.
    fn sentence(&self, outer: usize, bucket: usize) -> String {
        let cell = |column| self.told(outer, bucket, column);
        let baseline = match self.baseline_explodes(outer, bucket) {
            true => "beyond anything counted".to_owned(),
            false => cell("baseline_error"),
        };
        format!(
            "forecast {}\n80%: {} to {}\n95%: {} to {}\nmean absolute error {}, of the baseline {baseline}",
            cell("value"),
            cell("low_80"),
            cell("high_80"),
            cell("low_95"),
            cell("high_95"),
            cell("model_error"),
        )
    }

    pub fn summary(&self) -> String {
        let one = |outer: &usize| {
            let name = self.grid.named(*outer);
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
        self.drawn.iter().map(|outer| one(outer) + " ").collect()
    }

    pub fn hits(&self, panel: &Panel) -> Vec<Hit> {
        let told = |outer: usize, bucket: usize| match bucket < self.ahead {
            true => self.told(outer, bucket, "value"),
            false => self.sentence(outer, bucket),
        };
        let tell = |bucket: usize| {
            let lines = self.drawn.iter();
            lines
                .map(|outer| format!("\n{}{}", self.grid.named(*outer), told(*outer, bucket)))
                .collect()
        };
        // What lies ahead is not counted at all.
        let complete = self.grid.complete.iter().enumerate();
        let complete: Vec<bool> = complete
            .map(|(bucket, complete)| *complete || bucket >= self.ahead)
            .collect();
        bucket_hits(self.request.range, &complete, (panel.area, panel.bands), tell)
    }
}
