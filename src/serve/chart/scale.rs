//! From values to pixels: round ticks upwards, equal bands sideways.

use super::canvas::Rect;
use super::number::Kind;

/// A vertical axis with round ends.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    lo: f64,
    hi: f64,
    top: f64,
    bottom: f64,
    /// Distance of two ticks.
    pub step: f64,
    /// Values of the ticks, ascending.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// Covers `lo` to `hi` and zero, with ticks no closer than people can read.
    pub fn new(lo: f64, hi: f64, kind: Kind, area: Rect) -> Self {
        let wanted = (area.h / 40.0).floor().clamp(2.0, 6.0);
        let (lo, hi) = (lo.min(0.0), if hi <= 0.0 && lo >= 0.0 { 1.0 } else { hi.max(0.0) });
        let mut scale = Scale::stepped(lo, hi, round_step((hi - lo) / wanted, kind), kind, area);
        // Where the axis ends between two ticks, few may be left: halve the step while the labels keep apart.
        for _ in 0..2 {
            let finer = round_step(scale.step / 2.0, kind);
            let apart = finer / (scale.hi - scale.lo) * area.h >= 20.0;
            if scale.ticks.len() as f64 >= wanted || !apart || finer >= scale.step {
                break;
            }
            scale = Scale::stepped(lo, hi, finer, kind, area);
        }
        scale
    }

    fn stepped(lo: f64, hi: f64, step: f64, kind: Kind, area: Rect) -> Self {
        let whole = kind == Kind::Ratio && hi <= 1.0;
        let top = round_end(hi, step, hi - lo).min(if whole { 1.0 } else { f64::INFINITY });
        let bottom = -round_end(-lo, step, hi - lo);
        let (first, last) = ((bottom / step - 1e-9).ceil() as i64, (top / step + 1e-9).floor() as i64);
        let ticks = (first..=last).map(|n| n as f64 * step).collect();
        Scale {
            lo: bottom,
            hi: top,
            top: area.y,
            bottom: area.bottom(),
            step,
            ticks,
        }
    }

    /// The highest value that has a place.
    pub fn highest(&self) -> f64 {
        self.hi
    }

    /// The pixel of a value.
    pub fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.lo) / (self.hi - self.lo) * (self.bottom - self.top)
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

/// Equal bands, one for each bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bands {
    x: f64,
    /// Width of a band.
    pub step: f64,
    /// How many.
    pub count: usize,
}

/// The widest column that still looks like one.
const WIDEST: f64 = 72.0;

impl Bands {
    pub fn new(area: Rect, count: usize) -> Self {
        Bands {
            x: area.x,
            step: area.w / count.max(1) as f64,
            count,
        }
    }

    /// The left edge of a band; of the one after the last, the right end.
    pub fn left(&self, index: usize) -> f64 {
        self.x + self.step * index as f64
    }

    /// The middle of a band.
    pub fn centre(&self, index: usize) -> f64 {
        self.x + self.step * (index as f64 + 0.5)
    }

    /// Whether a band is too slim for a column of its own.
    pub fn slim(&self) -> bool {
        self.step < 4.5
    }

    /// Left edge and width of a column that takes `share` of the usual width.
    pub fn column(&self, index: usize, share: f64) -> (f64, f64) {
        let gap = (self.step * 0.22).clamp(1.0, 14.0);
        let width = (self.step - gap).min(WIDEST) * share;
        let left = self.centre(index) - width / 2.0;
        if self.step < 8.0 {
            return (left, width);
        }
        // On whole pixels the edges are sharp.
        let left = left.round();
        (left, width.round().max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Rect = Rect {
        x: 0.0,
        y: 0.0,
        w: 300.0,
        h: 200.0,
    };

    #[test]
    fn ticks_are_round_and_the_values_and_zero_have_a_place() {
        let scale = Scale::new(-130.0, 4_210.0, Kind::Count, AREA);
        assert_eq!(scale.ticks, [0.0, 1_000.0, 2_000.0, 3_000.0, 4_000.0]);
        assert!(scale.y(-130.0) < 200.0 && scale.y(4_210.0) > 0.0);
        assert_eq!(Scale::new(0.0, 3_900.0, Kind::Count, AREA).y(4_000.0), 0.0);
    }

    #[test]
    fn counts_have_no_fractions_and_nothing_at_all_has_an_axis() {
        assert_eq!(Scale::new(0.0, 1.0, Kind::Count, AREA).step, 1.0);
        assert_eq!(Scale::new(0.0, 0.0, Kind::Count, AREA).ticks, [0.0, 1.0]);
    }

    #[test]
    fn a_ratio_does_not_pass_the_whole() {
        let scale = Scale::new(0.0, 1.0, Kind::Ratio, AREA);
        assert_eq!(scale.ticks.last(), Some(&1.0));
        assert_eq!(scale.y(1.0), 0.0);
    }
}
