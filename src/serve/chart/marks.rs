//! Marks of values over time: columns, lines, areas, intervals and the labels at their ends.

use plotters::style::RGBColor;

use super::ChartError;
use super::canvas::{Align, Canvas, Rect, measure};
use super::frame::SMALL;
use super::panel::Panel;

type Drawn = Result<(), ChartError>;

/// From and to, of one bucket.
pub(super) type Span = Option<(f64, f64)>;

/// Columns of one colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'v> {
    pub spans: &'v [Span],
    pub complete: &'v [bool],
    pub color: RGBColor,
    /// Width, as a share of the usual.
    pub share: f64,
}

/// Draws columns; where bands are slim, one outline for each run of buckets.
pub(super) fn columns(canvas: &Canvas, panel: &Panel, what: Columns) -> Drawn {
    if panel.bands.slim() {
        return outlines(canvas, panel, what);
    }
    for (bucket, span) in what.spans.iter().enumerate() {
        let Some((from, to)) = *span else { continue };
        if from == to {
            continue;
        }
        let (x, w) = panel.bands.column(bucket, what.share);
        let (top, bottom) = (panel.y(from.max(to)), panel.y(from.min(to)));
        // A little is not nothing.
        let rect = Rect {
            x,
            y: top,
            w,
            h: (bottom - top).max(0.8),
        };
        canvas.bar(rect, what.color, what.complete[bucket])?;
    }
    Ok(())
}

/// Thin lines of the background between the parts of stacked columns.
pub(super) fn seams(canvas: &Canvas, panel: &Panel, spans: &[Span]) -> Drawn {
    if panel.bands.step < 7.0 {
        return Ok(());
    }
    for (bucket, span) in spans.iter().enumerate() {
        let Some((from, to)) = *span else { continue };
        let (x, w) = panel.bands.column(bucket, 1.0);
        let y = panel.y(to);
        if (y - panel.y(from)).abs() > 2.5 {
            canvas.path(&[(x, y), (x + w, y)], canvas.palette.background, 1.0)?;
        }
    }
    Ok(())
}

fn outlines(canvas: &Canvas, panel: &Panel, what: Columns) -> Drawn {
    let mut bucket = 0;
    while bucket < what.spans.len() {
        let same = |at: &usize| what.spans[*at].is_some() && what.complete[*at] == what.complete[bucket];
        let run: Vec<usize> = (bucket..what.spans.len()).take_while(same).collect();
        if run.is_empty() {
            bucket += 1;
            continue;
        }
        let (mut there, mut back) = (Vec::new(), Vec::new());
        for &at in &run {
            let (from, to) = what.spans[at].unwrap_or_default();
            let (left, right) = (panel.bands.left(at), panel.bands.left(at + 1));
            there.extend([(left, panel.y(to)), (right, panel.y(to))]);
            back.extend([(left, panel.y(from)), (right, panel.y(from))]);
        }
        bucket += run.len();
        let complete = what.complete[bucket - 1];
        let fill = if complete {
            what.color
        } else {
            canvas.palette.tint(what.color, 0.6)
        };
        there.extend(back.into_iter().rev());
        canvas.polygon(&there, fill, 1.0)?;
    }
    Ok(())
}

/// A point of a line: where, how high, and whether it stands on complete buckets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub x: f64,
    pub value: Option<f64>,
    pub complete: bool,
}

/// Points in the middle of the buckets.
pub(super) fn centred(panel: &Panel, values: &[Option<f64>], complete: &[bool]) -> Vec<Point> {
    let point = |(bucket, value): (usize, &Option<f64>)| Point {
        x: panel.bands.centre(bucket),
        value: *value,
        complete: complete[bucket],
    };
    values.iter().enumerate().map(point).collect()
}

/// Stretches of a line without gaps and of one kind.
fn stretches(panel: &Panel, points: &[Point]) -> Vec<(bool, Vec<(f64, f64)>)> {
    let mut stretches: Vec<(bool, Vec<(f64, f64)>)> = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for point in points {
        let Some(value) = point.value else {
            before = None;
            continue;
        };
        let at = (point.x, panel.y(value));
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

/// A line with gaps at nulls, dashed where it leads to an incomplete bucket.
pub(super) fn line(canvas: &Canvas, panel: &Panel, points: &[Point], color: RGBColor, width: f64) -> Drawn {
    for (complete, line) in stretches(panel, points) {
        match (line.as_slice(), complete) {
            ([at], _) => canvas.disc(*at, width + 0.4, color)?,
            (line, true) => canvas.path(line, color, width)?,
            (line, false) => canvas.dashed(line, color, width)?,
        }
    }
    let bolder = if panel.bands.step >= 28.0 { 1.0 } else { 0.5 };
    for point in points {
        let Some(value) = point.value else { continue };
        let at = (point.x, panel.y(value));
        // A ring also tells an incomplete bucket where a dash is too short to be seen as one.
        match point.complete {
            true if panel.bands.step >= 14.0 => canvas.disc(at, width + bolder, color)?,
            false if panel.bands.step >= 5.0 => canvas.ring(at, width + 0.8, color)?,
            _ => {}
        }
    }
    Ok(())
}

/// The area between a line and zero.
pub(super) fn area(canvas: &Canvas, panel: &Panel, points: &[Point], color: RGBColor) -> Drawn {
    for (complete, line) in stretches(panel, points) {
        let (Some(first), Some(last)) = (line.first(), line.last()) else {
            continue;
        };
        let zero = panel.y(0.0);
        let mut outline = line.clone();
        outline.extend([(last.0, zero), (first.0, zero)]);
        canvas.polygon(&outline, color, if complete { 0.18 } else { 0.08 })?;
    }
    Ok(())
}

/// The band between two lines, where both have a value.
pub(super) fn ribbon(canvas: &Canvas, panel: &Panel, lo: &[Option<f64>], hi: &[Option<f64>], color: RGBColor) -> Drawn {
    let mut run: Vec<(f64, f64, f64)> = Vec::new();
    for bucket in 0..=lo.len() {
        let ends = lo.get(bucket).copied().flatten().zip(hi.get(bucket).copied().flatten());
        if let Some((lo, hi)) = ends {
            run.push((panel.bands.centre(bucket), panel.y(lo), panel.y(hi)));
            continue;
        }
        let run = std::mem::take(&mut run);
        if let [(x, lo, hi)] = run.as_slice() {
            canvas.path(&[(*x, *lo), (*x, *hi)], color, 1.2)?;
        } else if run.len() > 1 {
            let there = run.iter().map(|(x, _, hi)| (*x, *hi));
            let back = run.iter().rev().map(|(x, lo, _)| (*x, *lo));
            let outline: Vec<(f64, f64)> = there.chain(back).collect();
            canvas.polygon(&outline, color, 0.16)?;
        }
    }
    Ok(())
}

/// A label at the right end of a series.
#[derive(Debug, Clone)]
pub(super) struct EndLabel {
    pub y: f64,
    /// Of the dot before it; none where there is but one series.
    pub color: Option<RGBColor>,
    pub text: String,
}

/// Room that end labels take.
pub(super) fn end_width(texts: &[String]) -> f64 {
    texts
        .iter()
        .map(|text| measure(text, SMALL, true) + 16.0)
        .fold(0.0, f64::max)
}

/// Writes labels beside the right edge, moved apart where they would touch.
pub(super) fn end_labels(canvas: &Canvas, area: Rect, mut labels: Vec<EndLabel>) -> Drawn {
    const APART: f64 = 14.0;
    labels.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut lowest = area.y;
    for label in &mut labels {
        label.y = label.y.max(lowest);
        lowest = label.y + APART;
    }
    let mut highest = area.bottom();
    for label in labels.iter_mut().rev() {
        label.y = label.y.min(highest);
        highest = label.y - APART;
    }
    for label in labels {
        let x = area.right() + 9.0;
        match label.color {
            Some(color) => {
                canvas.disc((x, label.y), 3.6, color)?;
                canvas.text(&label.text, (x + 7.0, label.y), Align::Left, canvas.font(SMALL))?;
            }
            None => canvas.text(&label.text, (x, label.y), Align::Left, canvas.bold(SMALL))?,
        }
    }
    Ok(())
}
