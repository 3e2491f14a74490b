//! Panels over a common time axis, and a grid of cells for groups.

use chrono::{DateTime, Utc};

use super::calendar::{Tick, ticks};
use super::canvas::{Align, Canvas, Rect, measure};
use super::data::Grid;
use super::frame::{SMALL, fit};
use super::names::fitted;
use super::number::{Kind, axis};
use super::scale::{Bands, Scale};
use super::{ChartError, ChartRequest};
use crate::model::TimeRange;

/// What a panel shows.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    /// Its part of the height.
    pub weight: f64,
    /// Lowest value.
    pub lo: f64,
    /// Highest value.
    pub hi: f64,
    /// What the values are.
    pub kind: Kind,
    /// What stands above it: what is shown, in which unit.
    pub caption: String,
}

/// A plot with its axes.
#[derive(Debug)]
pub(super) struct Panel {
    pub area: Rect,
    pub bands: Bands,
    pub scale: Scale,
}

impl Panel {
    /// The pixel of a value.
    pub fn y(&self, value: f64) -> f64 {
        self.scale.y(value)
    }
}

/// Size of the text on axes.
const TICK: f64 = 10.5;
const CAPTION: f64 = 21.0;
const GAP: f64 = 9.0;

/// Draws the axes of panels one above the other; `right` is kept free for labels.
pub(super) fn stack(
    canvas: &Canvas,
    range: &TimeRange,
    body: Rect,
    specs: &[Spec],
    right: f64,
) -> Result<Vec<Panel>, ChartError> {
    let count = specs.len() as f64;
    let foot = if range
        .interval
        .is_some_and(|interval| interval != crate::model::Interval::Year)
    {
        32.0
    } else {
        19.0
    };
    let strip = if range.buckets.len() > 1 {
        canvas.flags.room()
    } else {
        0.0
    };
    let free = (body.h - foot - strip - count * CAPTION - (count - 1.0) * GAP).max(20.0);
    let weights: f64 = specs.iter().map(|spec| spec.weight).sum();
    let mut y = body.y + strip;
    let mut drafts = Vec::new();
    for spec in specs {
        let area = Rect {
            x: body.x,
            y: y + CAPTION,
            w: body.w,
            h: free * spec.weight / weights,
        };
        let scale = Scale::new(spec.lo, spec.hi, spec.kind, area);
        let labels = axis(&scale.ticks, scale.step, spec.kind);
        y = area.bottom() + GAP;
        drafts.push((spec, area, scale, labels));
    }
    let widest = drafts
        .iter()
        .flat_map(|(_, _, _, labels)| labels)
        .map(|label| measure(label, TICK, false));
    let gutter = widest.fold(0.0, f64::max) + 7.0;
    let mut panels = Vec::new();
    for (spec, area, scale, labels) in drafts {
        let area = area.inset(gutter, 0.0, right, 0.0);
        let caption = fit(&spec.caption, SMALL, false, body.w);
        // The strip of the annotations lies between the first panel and its caption.
        let above = CAPTION + if panels.is_empty() { strip } else { 0.0 };
        canvas.text(
            &caption,
            (body.x, area.y - above + 7.0),
            Align::Left,
            canvas.muted(SMALL),
        )?;
        draw_y(canvas, area, &scale, &labels)?;
        panels.push(Panel {
            area,
            bands: Bands::new(area, range.buckets.len()),
            scale,
        });
    }
    if let Some(last) = panels.last() {
        draw_x(canvas, range, last)?;
    }
    if range.buckets.len() > 1 && !panels.is_empty() {
        let areas: Vec<Rect> = panels.iter().map(|panel| panel.area).collect();
        let place = |time| moment(range, panels[0].bands, time);
        canvas.flags.draw(canvas, &areas, (body.x, body.right()), place)?;
    }
    Ok(panels)
}

/// The pixel of a moment: as far into its bucket's band as it is into the bucket.
fn moment(range: &TimeRange, bands: Bands, time: DateTime<Utc>) -> Option<f64> {
    let index = range.buckets.partition_point(|bucket| bucket.end <= time);
    let bucket = range.buckets.get(index).filter(|bucket| bucket.start <= time)?;
    let length = (bucket.end - bucket.start).as_seconds_f64();
    let part = (time - bucket.start).as_seconds_f64() / length.max(1e-6);
    Some(bands.left(index) + bands.step * part)
}

fn draw_y(canvas: &Canvas, area: Rect, scale: &Scale, labels: &[String]) -> Result<(), ChartError> {
    for (tick, label) in scale.ticks.iter().zip(labels) {
        let y = scale.y(*tick).round();
        let color = if *tick == 0.0 {
            canvas.palette.axis
        } else {
            canvas.palette.grid
        };
        canvas.path(&[(area.x, y), (area.right(), y)], color, 1.0)?;
        canvas.text(label, (area.x - 6.0, y), Align::Right, canvas.muted(TICK))?;
    }
    Ok(())
}

fn draw_x(canvas: &Canvas, range: &TimeRange, panel: &Panel) -> Result<(), ChartError> {
    let (area, bands) = (panel.area, panel.bands);
    for Tick {
        bucket,
        label,
        context,
        names_bucket,
    } in ticks(range, bands.step, TICK)
    {
        let x = if names_bucket {
            bands.centre(bucket)
        } else {
            bands.left(bucket)
        };
        if bands.count > 1 && (!names_bucket || bands.step > 24.0) {
            let mark = if names_bucket { bands.left(bucket) } else { x };
            canvas.path(
                &[(mark, area.bottom()), (mark, area.bottom() + 4.0)],
                canvas.palette.axis,
                1.0,
            )?;
        }
        let rows = [(Some(label), 11.0), (context, 24.0)];
        for (text, below) in rows {
            let Some(text) = text else { continue };
            let text = fit(&text, TICK, false, canvas.frame.w - 8.0);
            let half = measure(&text, TICK, false) / 2.0;
            let x = x.clamp(half + 4.0, (canvas.frame.w - half - 4.0).max(half + 4.0));
            canvas.text(&text, (x, area.bottom() + below), Align::Centre, canvas.muted(TICK))?;
        }
    }
    Ok(())
}

/// The place of all panels of a stack together, for what stands under the pointer.
pub(super) fn whole(panels: &[Panel]) -> (Rect, Bands) {
    let (first, last) = (&panels[0], &panels[panels.len() - 1]);
    (
        first.area.row(first.area.y, last.area.bottom() - first.area.y),
        first.bands,
    )
}

/// A group's own place in a picture of several.
#[derive(Debug)]
pub(super) struct Cell {
    pub outer: usize,
    pub place: Rect,
}

/// How many groups have a place, in how many columns and rows.
pub(super) fn arrangement(groups: usize, body: Rect, (least_w, least_h): (f64, f64)) -> (usize, usize, usize) {
    let (most_columns, most_rows) = (
        (body.w / least_w).max(1.0) as usize,
        (body.h / least_h).max(1.0) as usize,
    );
    let shown = groups.min(most_columns * most_rows);
    // The layout whose cells come nearest to the proportions of a picture.
    let fitting = (1..=most_columns.min(shown.max(1))).filter(|columns| shown.div_ceil(*columns) <= most_rows);
    let oddness = |columns: &usize| {
        let (w, h) = (body.w / *columns as f64, body.h / shown.div_ceil(*columns) as f64);
        (w / h / 1.6).ln().abs()
    };
    let columns = fitting
        .min_by(|a, b| oddness(a).total_cmp(&oddness(b)))
        .unwrap_or(most_columns);
    (shown, columns, shown.div_ceil(columns))
}

/// Places for as many groups as stay readable, each under its name, the largest first; one group takes all.
///
/// `size` is the size of a group in so many `unit`s, by which those without a place are counted.
pub(super) fn cells(
    canvas: &Canvas,
    grid: &Grid,
    body: Rect,
    least: (f64, f64),
    (size, unit): (impl Fn(usize) -> f64, &str),
) -> Result<Vec<Cell>, ChartError> {
    let groups = grid.outer.len();
    if groups <= 1 && grid.name(0).is_empty() {
        return Ok(vec![Cell { outer: 0, place: body }]);
    }
    let (shown, columns, rows) = arrangement(groups, body, least);
    let mut drawn = grid.by_size(&size);
    drawn.truncate(shown);
    let others = grid.others(&drawn, &size, unit);
    let foot = if others.is_some() { 16.0 } else { 0.0 };
    let (w, h) = (body.w / columns as f64, (body.h - foot) / rows as f64);
    let names: Vec<String> = drawn.iter().map(|outer| grid.name(*outer).to_owned()).collect();
    let names = fitted(&names, 12.0, true, w - 12.0);
    let mut cells = Vec::new();
    for ((at, outer), name) in drawn.into_iter().enumerate().zip(names) {
        let (column, row) = ((at % columns) as f64, (at / columns) as f64);
        let left = if column > 0.0 { 12.0 } else { 0.0 };
        let place = Rect {
            x: body.x + column * w,
            y: body.y + row * h,
            w,
            h,
        }
        .inset(left, 0.0, 0.0, 6.0);
        canvas.text(&name, (place.x, place.y + 8.0), Align::Left, canvas.bold(12.0))?;
        cells.push(Cell {
            outer,
            place: place.inset(0.0, 18.0, 0.0, 0.0),
        });
    }
    if let Some(others) = others {
        foot_note(canvas, body, &others)?;
    }
    Ok(cells)
}

/// What has no place in a picture, said at its foot: it is in the table.
pub(super) fn foot_note(canvas: &Canvas, body: Rect, what: &str) -> Result<(), ChartError> {
    let note = fit(&format!("{what} in the table"), SMALL, false, body.w);
    canvas.text(&note, (body.x, body.bottom() - 7.0), Align::Left, canvas.muted(SMALL))
}

/// "per day" and the like, or nothing for the whole range.
pub(super) fn per(request: &ChartRequest) -> String {
    request
        .range
        .interval
        .map(|interval| format!(" per {}", interval.as_str()))
        .unwrap_or_default()
}
