//! Marks of values over the buckets of a calendar: columns, lines, areas, intervals.

use plotters::element::{IntoDynElement, PathElement, Polygon};
use plotters::series::{AreaSeries, LineSeries};
use plotters::style::{Color, RGBColor};

use super::bar::Bar;
use super::canvas::{Canvas, stroke};
use super::panel::Panel;
use super::theme::dashed;
use crate::serve::charts::ChartError;

type Drawn = Result<(), ChartError>;

/// From and to, of one bucket.
pub(crate) type Span = Option<(f64, f64)>;

/// Columns of one colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'v> {
    pub spans: &'v [Span],
    pub complete: &'v [bool],
    pub color: RGBColor,
    /// Width, as a share of the usual.
    pub share: f64,
}

impl<'v> Columns<'v> {
    /// Columns of the usual width.
    pub fn new(spans: &'v [Span], complete: &'v [bool], color: RGBColor) -> Self {
        Columns {
            spans,
            complete,
            color,
            share: 1.0,
        }
    }

    /// Narrower ones.
    pub fn share(self, share: f64) -> Self {
        Columns { share, ..self }
    }
}

/// Columns from zero.
pub(crate) fn from_zero(values: &[Option<f64>]) -> Vec<Span> {
    values.iter().map(|value| value.map(|value| (0.0, value))).collect()
}

/// Columns on top of others, which they raise.
pub(crate) fn stacked(base: &mut [f64], values: &[Option<f64>]) -> Vec<Span> {
    let layers = base.iter_mut().zip(values);
    layers
        .map(|(base, value)| {
            let from = *base;
            *base += value.unwrap_or(0.0);
            value.map(|_| (from, *base))
        })
        .collect()
}

/// Draws columns; where buckets are slim, one outline for each run of them.
pub(crate) fn columns(canvas: &Canvas, panel: &Panel, what: Columns) -> Drawn {
    if panel.bands.slim() {
        return outlines(canvas, panel, what);
    }
    let bars = what.spans.iter().enumerate().filter_map(|(bucket, span)| {
        let (from, to) = span.filter(|(from, to)| from != to)?;
        let (left, right) = panel.bands.column(bucket, what.share);
        let corners = [(left, from.max(to)), (right, from.min(to))];
        Some(Bar::new(corners, what.color, what.complete[bucket]).sharp(panel.bands.sharp()))
    });
    panel.draw(bars)
}

/// Thin lines of the background between the parts of stacked columns.
pub(crate) fn seams(canvas: &Canvas, panel: &Panel, spans: &[Span]) -> Drawn {
    if panel.bands.step < 7.0 {
        return Ok(());
    }
    let seams = spans.iter().enumerate().filter_map(|(bucket, span)| {
        let (from, to) = (*span)?;
        let (left, right) = panel.bands.column(bucket, 1.0);
        let apart = (panel.y(to) - panel.y(from)).abs() > 2.5;
        apart.then(|| PathElement::new([(left, to), (right, to)], stroke(canvas.palette.background, 1.0)))
    });
    panel.draw(seams)
}

fn outlines(canvas: &Canvas, panel: &Panel, what: Columns) -> Drawn {
    let mut bucket = 0;
    while bucket < what.spans.len() {
        let complete = what.complete[bucket];
        let same = |at: &usize| what.spans[*at].is_some() && what.complete[*at] == complete;
        let run: Vec<usize> = (bucket..what.spans.len()).take_while(same).collect();
        bucket += run.len().max(1);
        let (mut there, mut back) = (Vec::new(), Vec::new());
        for at in run {
            let (from, to) = what.spans[at].unwrap_or_default();
            let (left, right) = (at as f64, at as f64 + 1.0);
            there.extend([(left, to), (right, to)]);
            back.extend([(left, from), (right, from)]);
        }
        there.extend(back.into_iter().rev());
        let fill = match complete {
            true => what.color,
            false => canvas.palette.tint(what.color, 0.6),
        };
        if !there.is_empty() {
            panel.draw([Polygon::new(there, fill.filled())])?;
        }
    }
    Ok(())
}

/// A point of a line: where in buckets, how high, and whether it stands on complete buckets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub x: f64,
    pub value: Option<f64>,
    pub complete: bool,
}

impl Point {
    pub fn new(x: f64, value: Option<f64>, complete: bool) -> Self {
        Point { x, value, complete }
    }
}

/// Points in the middle of the buckets.
pub(crate) fn centred(values: &[Option<f64>], complete: &[bool]) -> Vec<Point> {
    let points = values.iter().zip(complete).enumerate();
    points
        .map(|(bucket, (value, complete))| Point::new(bucket as f64 + 0.5, *value, *complete))
        .collect()
}

/// Stretches of a line without gaps and of one kind.
fn stretches(points: &[Point]) -> Vec<(bool, Vec<(f64, f64)>)> {
    let mut stretches: Vec<(bool, Vec<(f64, f64)>)> = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for point in points {
        let Some(value) = point.value else {
            before = None;
            continue;
        };
        let at = (point.x, value);
        match (before, stretches.last_mut()) {
            (Some(_), Some((complete, line))) if *complete == point.complete || line.len() == 1 => {
                *complete = point.complete;
                line.push(at);
            }
            (Some(last), _) => stretches.push((point.complete, vec![last, at])),
            (None, _) => stretches.push((point.complete, vec![at])),
        }
        before = Some(at);
    }
    stretches
}

/// A line through points; one point alone is a disc.
pub(crate) fn stretch(panel: &Panel, points: Vec<(f64, f64)>, color: RGBColor, width: f64) -> Drawn {
    match points.as_slice() {
        [] => Ok(()),
        [at] => panel.disc(*at, width + 0.4, color),
        _ => panel.draw(LineSeries::new(points, stroke(color, width))),
    }
}

/// A line with gaps at nulls, dashed where it leads to an incomplete bucket.
pub(crate) fn line(canvas: &Canvas, panel: &Panel, points: &[Point], color: RGBColor, width: f64) -> Drawn {
    for (complete, line) in stretches(points) {
        let style = if complete { color } else { dashed(color) };
        stretch(panel, line, style, width)?;
    }
    let bolder = if panel.bands.step >= 28.0 { 1.0 } else { 0.5 };
    for point in points {
        let Some(value) = point.value else { continue };
        let at = (point.x, value);
        // A ring also tells an incomplete bucket where a dash is too short to be seen as one.
        match point.complete {
            true if panel.bands.step >= 14.0 => panel.disc(at, width + bolder, color)?,
            false if panel.bands.step >= 5.0 => panel.dot(canvas, at, width + 0.8, (color, false))?,
            _ => {}
        }
    }
    Ok(())
}

/// The area between a line and zero.
pub(crate) fn area(panel: &Panel, points: &[Point], color: RGBColor) -> Drawn {
    for (complete, line) in stretches(points) {
        let opacity = if complete { 0.18 } else { 0.08 };
        panel.draw(AreaSeries::new(line, 0.0, color.mix(opacity).filled()))?;
    }
    Ok(())
}

/// The band between two lines, where both have a value.
pub(crate) fn ribbon(panel: &Panel, lo: &[Option<f64>], hi: &[Option<f64>], color: RGBColor) -> Drawn {
    let ends = |bucket: usize| Some((bucket as f64 + 0.5, lo[bucket]?, hi[bucket]?));
    let ends: Vec<_> = (0..lo.len().min(hi.len())).map(ends).collect();
    for run in ends.split(Option::is_none) {
        let there = run.iter().flatten().map(|(x, _, hi)| (*x, *hi));
        let back = run.iter().rev().flatten().map(|(x, lo, _)| (*x, *lo));
        let outline: Vec<(f64, f64)> = there.chain(back).collect();
        let band = match outline.len() {
            0 => continue,
            2 => PathElement::new(outline, stroke(color, 1.2)).into_dyn(),
            _ => Polygon::new(outline, color.mix(0.16).filled()).into_dyn(),
        };
        panel.draw([band])?;
    }
    Ok(())
}
