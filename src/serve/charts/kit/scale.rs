//! The coordinates of plotters that charts are drawn in: values with round ticks, and the buckets of a calendar.

use std::ops::Range;

use chrono::{DateTime, Utc};
use plotters::coord::ranged1d::{KeyPointHint, KeyPointWeight, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::model::TimeRange;
use crate::serve::numbers::decimal;

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whole things.
    Count,
    /// Part of one, shown in percent.
    Ratio,
    /// Anything else, money too.
    Real,
}

/// An axis of values with round ends.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    lo: f64,
    hi: f64,
    /// Distance of two ticks.
    step: f64,
    /// Values of the ticks, ascending.
    ticks: Vec<f64>,
    kind: Kind,
}

impl Values {
    /// Covers `lo` to `hi` and zero over so many pixels, with ticks no closer than people can read.
    pub fn new(lo: f64, hi: f64, kind: Kind, length: f64) -> Self {
        let wanted = (length / 40.0).floor().clamp(2.0, 6.0);
        let (lo, hi) = (lo.min(0.0), if hi <= 0.0 && lo >= 0.0 { 1.0 } else { hi.max(0.0) });
        let mut values = Values::stepped(lo, hi, round_step((hi - lo) / wanted, kind), kind);
        // Where the axis ends between two ticks, few may be left: halve the step while the labels keep apart.
        for _ in 0..2 {
            let finer = round_step(values.step / 2.0, kind);
            let apart = finer / (values.hi - values.lo) * length >= 20.0;
            if values.ticks.len() as f64 >= wanted || !apart || finer >= values.step {
                break;
            }
            values = Values::stepped(lo, hi, finer, kind);
        }
        values
    }

    fn stepped(lo: f64, hi: f64, step: f64, kind: Kind) -> Self {
        let whole = kind == Kind::Ratio && hi <= 1.0;
        let top = round_end(hi, step, hi - lo).min(if whole { 1.0 } else { f64::INFINITY });
        let bottom = -round_end(-lo, step, hi - lo);
        let (first, last) = ((bottom / step - 1e-9).ceil() as i64, (top / step + 1e-9).floor() as i64);
        Values {
            lo: bottom,
            hi: top,
            step,
            ticks: (first..=last).map(|n| n as f64 * step).collect(),
            kind,
        }
    }

    /// The highest value that has a place.
    pub fn highest(&self) -> f64 {
        self.hi
    }

    /// The labels of the ticks, all in one unit and with the same decimals.
    pub fn labels(&self) -> Vec<String> {
        let most = self.ticks.iter().fold(0.0_f64, |most, tick| most.max(tick.abs()));
        let (unit, suffix) = match (self.kind, most) {
            (Kind::Ratio, _) => (0.01, "%"),
            (_, m) if m >= 1e12 => (1e12, " tn"),
            (_, m) if m >= 1e9 => (1e9, " bn"),
            (_, m) if m >= 1e6 => (1e6, " M"),
            _ => (1.0, ""),
        };
        let step = self.step / unit;
        let is_whole = |digits: &i32| {
            let scaled = step * 10f64.powi(*digits);
            (scaled.round() - scaled).abs() < 1e-6
        };
        let digits = (0..6).find(is_whole).unwrap_or(6) as usize;
        let label = |tick: &f64| match *tick {
            0.0 => format!("0{}", suffix.trim_start_matches(|c: char| c != '%')),
            tick => format!("{}{suffix}", decimal(&format!("{:.digits$}", tick / unit))),
        };
        self.ticks.iter().map(label).collect()
    }
}

/// A part of the pixels between two ends.
fn between((from, to): (i32, i32), share: f64) -> i32 {
    from + (f64::from(to - from) * share).round() as i32
}

impl Ranged for Values {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, ends: (i32, i32)) -> i32 {
        between(ends, (value - self.lo) / (self.hi - self.lo))
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        match hint.weight() {
            KeyPointWeight::Bold => self.ticks.clone(),
            KeyPointWeight::Any => Vec::new(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.lo..self.hi
    }
}

impl ValueFormatter<f64> for Values {
    fn format_ext(&self, value: &f64) -> String {
        let at = self.ticks.iter().position(|tick| tick == value);
        at.and_then(|at| self.labels().into_iter().nth(at)).unwrap_or_default()
    }
}

/// The tick above an end, unless that leaves much of the axis empty.
fn round_end(end: f64, step: f64, span: f64) -> f64 {
    let round = (end / step - 1e-9).ceil().max(0.0) * step;
    if round - end <= span * 0.12 { round } else { end * 1.03 }
}

/// The round number at or above a rough step.
fn round_step(rough: f64, kind: Kind) -> f64 {
    let magnitude = 10f64.powf(rough.max(1e-9).log10().floor());
    let factors = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter();
    // Half things are no ticks of a count.
    let mut usable = factors.filter(|f| kind != Kind::Count || (f * magnitude).fract() == 0.0);
    let step = usable.find(|f| f * magnitude >= rough * 0.999).unwrap_or(10.0) * magnitude;
    if kind == Kind::Count { step.max(1.0) } else { step }
}

/// Rows from top to bottom: 0 is the top of the first, 1.5 the middle of the second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows(pub usize);

/// The buckets of a range side by side: 0 is the beginning of the first, 1.5 the middle of the second.
///
/// Every bucket is as wide as any other, however many hours or days it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    x: f64,
    /// Width of a bucket in pixels.
    pub step: f64,
    /// How many.
    pub count: usize,
}

/// The widest column that still looks like one.
const WIDEST: f64 = 72.0;

impl Calendar {
    /// So many buckets over a width that begins at a pixel.
    pub fn new(x: f64, width: f64, count: usize) -> Self {
        let step = width / count.max(1) as f64;
        Calendar { x, step, count }
    }

    /// The pixel of a place.
    pub fn x(&self, place: f64) -> f64 {
        self.x + self.step * place
    }

    /// The pixel of a bucket's beginning; of the one after the last, the right end.
    pub fn left(&self, bucket: usize) -> f64 {
        self.x(bucket as f64)
    }

    /// The pixel of a bucket's middle.
    pub fn centre(&self, bucket: usize) -> f64 {
        self.x(bucket as f64 + 0.5)
    }

    /// Whether a bucket is too slim for a column of its own.
    pub fn slim(&self) -> bool {
        self.step < 4.5
    }

    /// Both ends of a column that takes `share` of the usual width.
    pub fn column(&self, bucket: usize, share: f64) -> (f64, f64) {
        let gap = (self.step * 0.22).clamp(1.0, 14.0);
        let half = (self.step - gap).min(WIDEST) * share / 2.0 / self.step;
        let middle = bucket as f64 + 0.5;
        (middle - half, middle + half)
    }

    /// Whether columns are wide enough for edges on whole pixels.
    pub fn sharp(&self) -> bool {
        self.step >= 8.0
    }
}

/// The place of a moment: as far into its bucket as the calendar is.
pub(crate) fn moment(range: &TimeRange, time: DateTime<Utc>) -> Option<f64> {
    let index = range.buckets.partition_point(|bucket| bucket.end <= time);
    let bucket = range.buckets.get(index).filter(|bucket| bucket.start <= time)?;
    let length = (bucket.end - bucket.start).as_seconds_f64();
    Some(index as f64 + (time - bucket.start).as_seconds_f64() / length.max(1e-6))
}

/// Places between 0 and so many; their ticks, where there are any, are chosen by their labels, see `calendar`.
macro_rules! places {
    ($axis:ty, $share:expr) => {
        impl Ranged for $axis {
            type FormatOption = NoDefaultFormatting;
            type ValueType = f64;

            fn map(&self, place: &f64, ends: (i32, i32)) -> i32 {
                let share: fn(&$axis, f64) -> f64 = $share;
                between(ends, share(self, *place))
            }

            fn key_points<H: KeyPointHint>(&self, _: H) -> Vec<f64> {
                Vec::new()
            }

            fn range(&self) -> Range<f64> {
                0.0..1.0
            }
        }

        impl ValueFormatter<f64> for $axis {
            fn format_ext(&self, _: &f64) -> String {
                String::new()
            }
        }
    };
}

places!(Calendar, |calendar, place| place / calendar.count.max(1) as f64);
// An upright axis of plotters begins at the foot.
places!(Rows, |rows, place| 1.0 - place / rows.0.max(1) as f64);

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a value lies on an axis of 200 pixels that rises, in tenths of a pixel.
    fn y(values: &Values, value: f64) -> i32 {
        values.map(&value, (2_000, 0))
    }

    #[test]
    fn ticks_are_round_and_the_values_and_zero_have_a_place() {
        let values = Values::new(-130.0, 4_210.0, Kind::Count, 200.0);
        assert_eq!(values.ticks, [0.0, 1_000.0, 2_000.0, 3_000.0, 4_000.0]);
        assert!(y(&values, -130.0) < 2_000 && y(&values, 4_210.0) > 0);
        assert_eq!(y(&Values::new(0.0, 3_900.0, Kind::Count, 200.0), 4_000.0), 0);
        assert_eq!(values.format_ext(&2_000.0), "2,000");
    }

    #[test]
    fn counts_have_no_fractions_and_nothing_at_all_has_an_axis() {
        assert_eq!(Values::new(0.0, 1.0, Kind::Count, 200.0).step, 1.0);
        assert_eq!(Values::new(0.0, 0.0, Kind::Count, 200.0).ticks, [0.0, 1.0]);
    }

    #[test]
    fn an_axis_has_one_unit_and_one_precision() {
        let labels = |hi, kind| Values::new(0.0, hi, kind, 120.0).labels();
        assert_eq!(labels(1_000_000.0, Kind::Count), ["0", "0.5 M", "1.0 M"]);
        assert_eq!(labels(0.05, Kind::Ratio), ["0%", "2%", "4%"]);
        assert_eq!(labels(5.0, Kind::Real), ["0", "2", "4"]);
    }

    #[test]
    fn a_ratio_does_not_pass_the_whole() {
        let values = Values::new(0.0, 1.0, Kind::Ratio, 200.0);
        assert_eq!(values.ticks.last(), Some(&1.0));
        assert_eq!(y(&values, 1.0), 0);
    }

    #[test]
    fn buckets_share_the_width_and_a_column_stands_in_the_middle_of_its_own() {
        let calendar = Calendar::new(30.0, 400.0, 4);
        assert_eq!(calendar.map(&1.5, (300, 4_300)), 1_800);
        assert_eq!((calendar.left(1), calendar.centre(1)), (130.0, 180.0));
        // 100 pixels less a gap of 14 are more than the widest column.
        let (from, to) = calendar.column(1, 1.0);
        assert!((from - 1.14).abs() < 1e-9 && (to - 1.86).abs() < 1e-9, "{from} {to}");
    }
}
