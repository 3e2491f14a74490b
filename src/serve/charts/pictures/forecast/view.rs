//! The rows of a forecast as they are drawn.

use chrono::{DateTime, Utc};
use plotters::element::Polygon;
use plotters::style::{Color, RGBColor};

use crate::model::{Interval, Value};
use crate::serve::charts::kit::{
    Align, Canvas, Grid, Legend, Mark, Panel, Point, SMALL, dashed, line, measure, moment, per, stretch,
};
use crate::serve::charts::{ChartError, ChartRequest};

/// The outer interval first, so that the inner one lies on it; each with its opacity.
const BANDS: [(&str, &str, f64); 2] = [("low_95", "high_95", 0.16), ("low_80", "high_80", 0.24)];
/// Groups whose intervals can be told apart.
const MOST_BANDS: usize = 3;
/// An interval may reach so many times as high as the highest value before it is cut.
const HEADROOM: f64 = 2.2;

/// The rows as they are drawn.
pub(super) struct View<'a> {
    pub request: &'a ChartRequest<'a>,
    pub grid: &'a Grid<'a>,
    pub drawn: Vec<usize>,
    /// The first bucket ahead of the origin; as many as there are where nothing is asked for.
    pub ahead: usize,
    /// What is counted; amounts have no unit.
    unit: Option<&'static str>,
}

impl<'a> View<'a> {
    /// The largest groups of each currency, at most so many: money of unlike currencies shares no axis.
    pub fn by_currency(request: &'a ChartRequest<'a>, grid: &'a Grid<'a>, most: usize) -> Vec<Self> {
        let mut currencies: Vec<String> = (0..grid.outer.len()).map(|outer| grid.currency(outer)).collect();
        currencies.sort();
        currencies.dedup();
        let by_size = grid.by_size(|outer| grid.last(outer, "value"));
        let drawn = |currency: String| {
            let own = by_size
                .iter()
                .copied()
                .filter(|outer| grid.currency(*outer) == currency);
            View::of(request, grid, own.take(most).collect())
        };
        currencies.into_iter().map(drawn).collect()
    }

    fn of(request: &'a ChartRequest<'a>, grid: &'a Grid<'a>, drawn: Vec<usize>) -> Self {
        let buckets = grid.complete.len();
        let is_ahead = |bucket: &usize| matches!(grid.cell(0, 0, *bucket, "horizon_start"), Value::Time(_));
        let unit = request
            .table
            .position("value")
            .and_then(|at| request.table.columns[at].unit);
        View {
            request,
            grid,
            drawn,
            ahead: (0..buckets).find(is_ahead).unwrap_or(buckets),
            unit,
        }
    }

    pub fn values(&self, outer: usize, column: &str) -> Vec<Option<f64>> {
        self.grid.floats(outer, 0, column)
    }

    /// The top of the widest interval.
    pub fn band_top(&self) -> f64 {
        if self.drawn.len() <= MOST_BANDS {
            self.grid.highest(&self.drawn, &["high_95"])
        } else {
            0.0
        }
    }

    /// What the axis must hold.
    pub fn highest(&self) -> f64 {
        let values = self.grid.highest(&self.drawn, &["value"]);
        values.max(self.band_top().min(values * HEADROOM))
    }

    /// The last bucket that was learnt from, of a group.
    pub fn last_counted(&self, outer: usize) -> Option<(usize, f64)> {
        let values = self.values(outer, "value");
        (0..self.ahead)
            .rev()
            .filter(|bucket| self.grid.complete[*bucket])
            .find_map(|bucket| Some((bucket, values[bucket]?)))
    }

    /// Where a bucket's value stands, in buckets: a population at the end of its bucket, a sum in the middle.
    fn x(&self, bucket: usize) -> f64 {
        bucket as f64 + if self.unit == Some("bots") { 1.0 } else { 0.5 }
    }

    /// The currency of its amounts; empty where they are none.
    pub fn currency(&self) -> String {
        self.drawn
            .first()
            .map(|outer| self.grid.currency(*outer))
            .unwrap_or_default()
    }

    pub fn caption(&self) -> String {
        let interval = self.request.range.interval.map_or("bucket", Interval::as_str);
        match self.unit {
            Some("bots") => format!("Bots in the population at the end of the {interval}"),
            Some(unit) => format!("{}{}", capital(unit), per(self.request)),
            None => format!("Captured{}, {}", per(self.request), self.currency())
                .trim_end_matches(", ")
                .to_owned(),
        }
    }

    pub fn draw_origin(&self, canvas: &Canvas, panel: &Panel, origin: DateTime<Utc>) -> Result<(), ChartError> {
        let area = panel.area;
        let x = moment(self.request.range, origin).map_or(area.right(), |place| panel.bands.x(place));
        canvas.path(&[(x, area.y), (x, area.bottom())], dashed(canvas.palette.axis), 1.0)?;
        let text = format!("origin {}", self.request.range.local(origin).format("%-d %b %Y"));
        let left = x - measure(&text, SMALL, false) - 6.0 > area.x;
        let (place, align) = if left {
            (x - 6.0, Align::Right)
        } else {
            (x + 6.0, Align::Left)
        };
        canvas.text(&text, (place, area.y + 7.0), align, canvas.muted(SMALL))
    }

    pub fn draw_group(&self, canvas: &Canvas, panel: &Panel, outer: usize, color: RGBColor) -> Result<(), ChartError> {
        let top = panel.scale.highest();
        let last = self.last_counted(outer);
        let buckets = self.grid.complete.len();
        let along = |column: &str| {
            let values = self.values(outer, column);
            let start = last.map(|(bucket, value)| (self.x(bucket), value));
            let points = (self.ahead..buckets).filter_map(|bucket| Some((bucket, values[bucket]?)));
            let points = points.map(|(bucket, value)| (self.x(bucket), value.min(top)));
            start.into_iter().chain(points).collect::<Vec<_>>()
        };
        if self.drawn.len() <= MOST_BANDS {
            for (low, high, opacity) in BANDS {
                let mut outline = along(high);
                outline.extend(along(low).into_iter().rev());
                if outline.len() > 3 {
                    panel.draw([Polygon::new(outline, color.mix(opacity).filled())])?;
                }
            }
        }
        let values = self.values(outer, "value");
        let point = |bucket: usize| Point::new(self.x(bucket), values[bucket], self.grid.complete[bucket]);
        let counted: Vec<Point> = (0..self.ahead).map(point).collect();
        line(canvas, panel, &counted, color, 2.2)?;
        let expected = along("value");
        let forecast = expected.len() > 1;
        if forecast {
            stretch(panel, expected, dashed(color), 2.2)?;
        }
        // Without a forecast the number stands at the end of the line.
        if let (Some((bucket, _)), true) = (last, self.drawn.len() == 1 && forecast) {
            let text = self.told(outer, bucket, "value");
            let x = |bucket: usize| panel.bands.x(self.x(bucket));
            let right = x(bucket) - 6.0;
            let left = right - measure(&text, SMALL, true);
            // Above the line wherever it runs beneath the text.
            let beneath = (0..=bucket).filter(|at| (left - panel.bands.step..=right + 6.0).contains(&x(*at)));
            let top = beneath.filter_map(|at| values[at]).map(|value| panel.y(value));
            let y = top.fold(f64::INFINITY, f64::min) - 11.0;
            let at = (right, y.max(panel.area.y + 20.0));
            canvas.text(&text, at, Align::Right, canvas.bold(SMALL))?;
        }
        Ok(())
    }

    pub fn legend(&self, canvas: &Canvas, cut: bool) -> Legend {
        let palette = canvas.palette;
        let single = self.drawn.len() == 1;
        let color = if single { palette.series[0] } else { palette.muted };
        // Where there is a panel for each of several groups, its caption names it.
        let of = self
            .drawn
            .first()
            .map(|outer| self.grid.name(*outer))
            .unwrap_or_default();
        let counted = if self.grid.outer.len() == 1 && !of.is_empty() {
            format!("counted, {of}")
        } else {
            "counted".to_owned()
        };
        let mut legend = Legend::default();
        legend.line(color, counted);
        let expected = self.drawn.iter().any(|outer| self.expected(*outer).is_some());
        if expected {
            legend.add(Mark::Dashed(color), "forecast");
            if self.drawn.len() <= MOST_BANDS {
                legend.block(palette.tint(color, 0.64), "80% interval");
                let name = if cut {
                    "95% interval, cut off above"
                } else {
                    "95% interval"
                };
                legend.block(palette.tint(color, 0.84), name);
            }
        } else {
            legend.note("no forecast: too little history");
        }
        if canvas.frame.w < 480.0 && !single {
            legend.lines(canvas, self.drawn.iter().map(|outer| self.grid.name(*outer)));
        }
        if self.grid.complete[..self.ahead].contains(&false) {
            legend.add(Mark::Hatched(palette.neutral[0]), "incomplete");
        }
        if expected && self.drawn.len() > MOST_BANDS {
            legend.no_room("intervals");
        }
        legend
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
