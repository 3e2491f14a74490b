//! Milestones: a row for each number, a dot at the moment at which the population reached it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{Bucket, Interval, TimeRange, Value};
use crate::serve::charts::kit::{
    Align, Canvas, Cell, Grid, Hit, Legend, Notes, Rect, SMALL, cells, foot_note, header_over, integer, last_label,
    measure, name_tick, no_data, ticks, widest,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 1] = ["reached_at"];

/// The least room for one group.
const LEAST: (f64, f64) = (280.0, 120.0);
/// The least and the most height of a row.
const ROW: (f64, f64) = (15.0, 40.0);
/// Room for the names of the time axis.
const FOOT: f64 = 32.0;

/// One number, and when it was reached.
struct Milestone {
    population: i64,
    reached: Option<DateTime<Utc>>,
}

/// Draws each group's milestones on one common axis of time.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let known = known(request);
    let whole = ChartRequest {
        range: &known,
        ..*request
    };
    let grid = Grid::new(&whole, Some("population"));
    let all: Vec<Vec<Milestone>> = (0..grid.outer.len()).map(|outer| milestones(&grid, outer)).collect();
    let Some(first) = all.iter().flatten().filter_map(|one| one.reached).min() else {
        return no_data(canvas, request, "None of the numbers was reached");
    };
    let axis = axis(&known, first);
    let mut legend = Legend::default();
    legend.dot(canvas.palette.series[0], "population reached");
    if grid.complete.contains(&false) {
        legend.note("incomplete");
    }
    // Reached is reached, also before the range.
    let span = format!("all time until {}", last_label(&known));
    let body = header_over(canvas, request, &span, &legend)?;
    let mut notes = Notes::default();
    let mut drawn = Vec::new();
    for Cell { outer, place } in cells(canvas, &grid, body, LEAST, (|outer: usize| peak(&grid, outer), ""))? {
        notes.hits.extend(timeline(canvas, &axis, &all[outer], place)?);
        notes.summary.push_str(&summary(&axis, &grid.named(outer), &all[outer]));
        drawn.push(outer);
    }
    notes.series = grid.series(&PLOTTED, &drawn);
    Ok(notes)
}

/// The range as the one bucket that its rows have, without what has not begun: that has no place on the axis.
fn known(request: &ChartRequest) -> TimeRange {
    let (start, end) = (request.range.from, request.range.to.min(request.as_of));
    TimeRange {
        to: end,
        interval: None,
        buckets: vec![Bucket {
            start,
            end,
            whole: true,
        }],
        ..request.range.clone()
    }
}

/// The most bots that a group ever had.
fn peak(grid: &Grid, outer: usize) -> f64 {
    let peaks = (0..grid.inner.len()).map(|inner| grid.cell(outer, inner, 0, "peak").as_f64());
    peaks.flatten().fold(0.0, f64::max)
}

/// The rows of one group, the largest number first.
fn milestones(grid: &Grid, outer: usize) -> Vec<Milestone> {
    let row = |inner: usize| {
        let population = grid.part(inner).parse().ok()?;
        let reached = match grid.cell(outer, inner, 0, "reached_at") {
            Value::Time(at) => Some(at.with_timezone(&Utc)),
            _ => None,
        };
        Some(Milestone { population, reached })
    };
    let mut rows: Vec<Milestone> = (0..grid.inner.len()).filter_map(row).collect();
    rows.sort_by_key(|one| std::cmp::Reverse(one.population));
    rows
}

/// From shortly before the first milestone to the end of the range, cut as finely as the length allows.
fn axis(range: &TimeRange, first: DateTime<Utc>) -> TimeRange {
    let span = (range.to - first).max(TimeDelta::hours(2));
    let interval = match span.num_days() {
        ..=2 => Interval::Hour,
        3..=150 => Interval::Day,
        151..=900 => Interval::Week,
        901..=7_000 => Interval::Month,
        _ => Interval::Year,
    };
    TimeRange::new(first - span / 40, range.to, Some(interval), range.tz).unwrap_or_else(|_| range.clone())
}

fn moment(axis: &TimeRange, at: DateTime<Utc>, width: f64) -> String {
    let pattern = if width < 420.0 { "%-d %b %Y" } else { "%-d %b %Y, %H:%M" };
    axis.local(at).format(pattern).to_string()
}

fn timeline(canvas: &Canvas, axis: &TimeRange, all: &[Milestone], place: Rect) -> Result<Vec<Hit>, ChartError> {
    let place = place.inset(0.0, canvas.flags.room(), 0.0, 0.0);
    // The largest numbers where not all have a row.
    let fitting = |height: f64| (((height - FOOT) / ROW.0) as usize).max(1);
    let cut = all.len() > fitting(place.h);
    let place = place.inset(0.0, 0.0, 0.0, if cut { 16.0 } else { 0.0 });
    let rows = &all[..all.len().min(fitting(place.h))];
    if cut {
        let note = format!("and {} smaller numbers", all.len() - rows.len());
        foot_note(canvas, place.inset(0.0, 0.0, 0.0, -16.0), &note)?;
    }
    let names: Vec<String> = rows.iter().map(|one| integer(one.population)).collect();
    let gutter = widest(&names, SMALL, true) + 10.0;
    let h = ((place.h - FOOT) / rows.len() as f64).min(ROW.1);
    let area = place.inset(gutter, 0.0, 6.0, 0.0).row(place.y, h * rows.len() as f64);
    let length = (axis.to - axis.from).num_milliseconds().max(1) as f64;
    let x = |at: DateTime<Utc>| {
        let passed = (at - axis.from).num_milliseconds() as f64 / length;
        area.x + area.w * passed.clamp(0.0, 1.0)
    };
    draw_axis(canvas, axis, area, x)?;
    canvas.flags.draw(canvas, &[area], (place.x, place.right()), |at| {
        (axis.from..axis.to).contains(&at).then(|| x(at))
    })?;
    let middle = |row: usize| area.y + h * (row as f64 + 0.5);
    let labels: Vec<Label> = rows
        .iter()
        .map(|one| match one.reached {
            Some(at) => Label::beside(x(at), area, moment(axis, at, place.w)),
            None => Label::at_end(area, "not reached".to_owned()),
        })
        .collect();
    for (row, label) in labels.iter().enumerate() {
        // The row's line makes way for the words.
        for (from, to) in [(area.x, label.from), (label.to, area.right())] {
            if to > from {
                canvas.path(&[(from, middle(row)), (to, middle(row))], canvas.palette.grid, 1.0)?;
            }
        }
    }
    let dot = |(row, one): (usize, &Milestone)| Some((x(one.reached?), middle(row)));
    let dots: Vec<(f64, f64)> = rows.iter().enumerate().filter_map(dot).collect();
    canvas.path(&dots, canvas.palette.tint(canvas.palette.series[0], 0.55), 1.6)?;
    for dot in dots {
        canvas.disc(dot, 4.5, canvas.palette.series[0])?;
    }
    let mut hits = Vec::new();
    for ((row, one), label) in rows.iter().enumerate().zip(labels) {
        let (y, name) = (middle(row), &names[row]);
        let font = match one.reached {
            Some(_) => canvas.font(SMALL),
            None => canvas.muted(SMALL),
        };
        // The line comes from below on the left and leaves upwards on the right.
        let aside = match label.align {
            Align::Left => (h * 0.1).min(2.5),
            _ if one.reached.is_some() => -(h * 0.2).min(5.0),
            _ => 0.0,
        };
        canvas.text(&label.text, (label.x, y + aside), label.align, font)?;
        canvas.text(name, (area.x - 10.0, y), Align::Right, canvas.bold(SMALL))?;
        let told = format!("{name} bots: {}", label.text);
        hits.push(Hit::new(place.row(y - h / 2.0, h), told));
    }
    Ok(hits)
}

/// Words in a row: where they are set, and what they cover.
struct Label {
    text: String,
    x: f64,
    align: Align,
    from: f64,
    to: f64,
}

impl Label {
    /// Beside a dot, on the left where there is room.
    fn beside(dot: f64, area: Rect, text: String) -> Self {
        let width = measure(&text, SMALL, false);
        let (align, x, from, to) = match dot - area.x > width + 14.0 {
            true => (Align::Right, dot - 9.0, dot - width - 13.0, dot),
            false => (Align::Left, dot + 9.0, dot, dot + width + 13.0),
        };
        Label {
            text,
            x,
            align,
            from,
            to,
        }
    }

    /// At the right end of the row.
    fn at_end(area: Rect, text: String) -> Self {
        let (x, from) = (area.right(), area.right() - measure(&text, SMALL, false) - 4.0);
        let (align, to) = (Align::Right, x);
        Label {
            text,
            x,
            align,
            from,
            to,
        }
    }
}

fn draw_axis(
    canvas: &Canvas,
    axis: &TimeRange,
    area: Rect,
    x: impl Fn(DateTime<Utc>) -> f64,
) -> Result<(), ChartError> {
    let (bottom, step) = (area.bottom(), area.w / axis.buckets.len().max(1) as f64);
    canvas.path(&[(area.x, bottom), (area.right(), bottom)], canvas.palette.axis, 1.0)?;
    let ticks = ticks(axis, step, SMALL - 0.5);
    // A line for each of many weeks says less than one for each month.
    let many = ticks.len() > 12 && ticks.iter().filter(|tick| tick.context.is_some()).count() > 2;
    for tick in ticks {
        let Some(bucket) = axis.buckets.get(tick.bucket) else {
            continue;
        };
        let at = x(bucket.start);
        let (top, color) = match many && tick.context.is_none() {
            true => (bottom, canvas.palette.axis),
            false => (area.y, canvas.palette.grid),
        };
        canvas.path(&[(at, top), (at, bottom + 4.0)], color, 1.0)?;
        name_tick(canvas, &tick, (at, bottom))?;
    }
    Ok(())
}

fn summary(axis: &TimeRange, name: &str, all: &[Milestone]) -> String {
    let told = all.iter().rev().filter_map(|one| {
        let at = moment(axis, one.reached?, f64::MAX);
        Some(format!("{} bots on {at}", integer(one.population)))
    });
    format!("{name}{}. ", told.collect::<Vec<_>>().join("; "))
}
