//! Retention: a triangle of cohorts and the periods after them, the darker the more of a cohort is active.

use plotters::style::RGBColor;

use crate::model::Interval;
use crate::serve::charts::kit::{
    Align, Canvas, Cell, Font, Grid, Hit, Legend, Notes, Rect, SMALL, bucket_label, cells, count, fit, header, measure,
    no_data, percent, readable_on,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 3] = ["cohort_size", "active", "share"];

/// Size of the numbers in the cells.
const NUMBER: f64 = 10.5;
/// The least room for one group's triangle.
const LEAST: (f64, f64) = (280.0, 170.0);
/// The least width and height of a cell that is still seen.
const LEAST_CELL: (f64, f64) = (5.0, 7.0);
/// The least size of a cohort that sets the scale, as a part of the largest.
const LEAST_SIZE: f64 = 0.05;
const MOST_CELL: (f64, f64) = (76.0, 34.0);
/// Height of the names of the periods.
const HEAD: f64 = 30.0;

/// Draws one triangle for each group.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, Some("period"));
    if !grid.has_data(&["cohort_size"]) {
        return no_data(canvas, request, "Nothing was active for the first time");
    }
    let top = highest(&grid);
    let body = header(canvas, request, &legend(canvas, &grid, top))?;
    let mut notes = Notes::default();
    let mut drawn = Vec::new();
    let first = (0..grid.inner.len())
        .find(|inner| period(&grid, *inner) == Some(0))
        .unwrap_or(0);
    let size = |outer| {
        grid.floats(outer, first, "cohort_size")
            .into_iter()
            .flatten()
            .sum::<f64>()
    };
    for Cell { outer, place } in cells(canvas, &grid, body, LEAST, (size, "in its cohorts"))? {
        let table = Cohorts::of(request, &grid, outer);
        notes.hits.extend(triangle(canvas, request, &table, place, top.share)?);
        notes.summary.push_str(&table.summary());
        drawn.push(outer);
    }
    notes.series = grid.series(&PLOTTED, &drawn);
    Ok(notes)
}

/// The share that has the full colour: the largest after period 0, which is always all.
///
/// Of a handful the share jumps; a cohort far smaller than the largest sets no scale.
fn highest(grid: &Grid) -> Top {
    let (mut shares, mut largest) = (Vec::new(), 0.0_f64);
    for outer in 0..grid.outer.len() {
        for inner in 0..grid.inner.len() {
            let sizes = grid.floats(outer, inner, "cohort_size");
            largest = sizes.iter().flatten().copied().fold(largest, f64::max);
            let own = sizes.into_iter().zip(grid.floats(outer, inner, "share"));
            let later = own.filter(|_| period(grid, inner) != Some(0));
            shares.extend(later.filter_map(|(size, share)| Some((size?, share?))));
        }
    }
    let most = |least: f64| {
        let counted = shares.iter().filter(|(size, _)| *size >= least);
        counted.map(|(_, share)| *share).fold(0.0, f64::max)
    };
    match (most(largest * LEAST_SIZE), most(0.0)) {
        (0.0, 0.0) => Top {
            share: 1.0,
            passed: false,
        },
        (0.0, all) => Top {
            share: all,
            passed: false,
        },
        (share, all) => Top {
            share,
            passed: all > share,
        },
    }
}

/// The end of the scale of colours, and whether a small cohort lies beyond it.
#[derive(Clone, Copy)]
struct Top {
    share: f64,
    passed: bool,
}

fn period(grid: &Grid, inner: usize) -> Option<usize> {
    grid.part(inner).parse().ok()
}

fn legend(canvas: &Canvas, grid: &Grid, top: Top) -> Legend {
    let mut legend = Legend::default();
    let most = percent(top.share) + if top.passed { " or more" } else { "" };
    for (part, label) in [
        (0.0, "0% active".to_owned()),
        (0.5, percent(top.share / 2.0)),
        (1.0, most),
    ] {
        legend.block(shade(canvas, part), label);
    }
    legend.incomplete(canvas, grid);
    legend
}

/// The colour of a share, as a part of the highest.
fn shade(canvas: &Canvas, part: f64) -> RGBColor {
    canvas
        .palette
        .tint(canvas.palette.series[0], 0.94 * (1.0 - part.clamp(0.0, 1.0)))
}

/// One group's cohorts, each with its size and the share in each period; `None` where it is incomplete.
struct Cohorts {
    names: Vec<String>,
    sizes: Vec<f64>,
    /// Whether the cohort's own bucket is complete.
    whole: Vec<bool>,
    shares: Vec<Vec<Option<f64>>>,
    told: Vec<Vec<String>>,
}

impl Cohorts {
    fn of(request: &ChartRequest, grid: &Grid, outer: usize) -> Self {
        let buckets = grid.complete.len();
        let mut inners = vec![None; buckets];
        for inner in 0..grid.inner.len() {
            if let Some(slot) = period(grid, inner).and_then(|period| inners.get_mut(period)) {
                *slot = Some(inner);
            }
        }
        let cell = |cohort: usize, period: usize, column: &str| {
            inners[period].and_then(|inner| grid.cell(outer, inner, cohort + period, column).as_f64())
        };
        let told = |cohort: usize, period: usize| {
            let of = count(cell(cohort, 0, "cohort_size").unwrap_or(0.0));
            let now = match (cell(cohort, period, "active"), cell(cohort, period, "share")) {
                (Some(active), Some(share)) => format!("{} of {of} active, {}", count(active), percent(share)),
                (Some(_), None) => "nobody in the cohort".to_owned(),
                _ => format!("{of} so far; incomplete"),
            };
            format!("{}, period {period}: {now}", bucket_label(request.range, cohort))
        };
        let row = |cohort: usize| 0..buckets - cohort;
        Cohorts {
            whole: grid.complete.clone(),
            names: (0..buckets).map(|cohort| short(request, cohort)).collect(),
            sizes: (0..buckets)
                .map(|cohort| cell(cohort, 0, "cohort_size").unwrap_or(0.0))
                .collect(),
            shares: (0..buckets)
                .map(|cohort| row(cohort).map(|at| cell(cohort, at, "share")).collect())
                .collect(),
            told: (0..buckets)
                .map(|cohort| row(cohort).map(|at| told(cohort, at)).collect())
                .collect(),
        }
    }

    /// The share of everybody who could be active one period later.
    fn summary(&self) -> String {
        let next = self
            .shares
            .iter()
            .zip(&self.sizes)
            .filter_map(|(shares, size)| Some((shares.get(1)?.as_ref()?, size)));
        let (active, all) = next.fold((0.0, 0.0), |(active, all), (share, size)| {
            (active + share * size, all + size)
        });
        let size = count(self.sizes.iter().sum());
        if all > 0.0 {
            format!(
                "{size} in the cohorts; {} were active one period later. ",
                percent(active / all)
            )
        } else {
            format!("{size} in the cohorts. ")
        }
    }
}

/// A cohort's name where there is little room.
fn short(request: &ChartRequest, cohort: usize) -> String {
    let Some(bucket) = request.range.buckets.get(cohort) else {
        return String::new();
    };
    let start = request.range.local(bucket.start);
    match request.range.interval {
        Some(Interval::Hour) => start.format("%-d %b %H:%M").to_string(),
        Some(Interval::Day | Interval::Week) => start.format("%-d %b").to_string(),
        _ => bucket_label(request.range, cohort),
    }
}

fn triangle(
    canvas: &Canvas,
    request: &ChartRequest,
    table: &Cohorts,
    place: Rect,
    top: f64,
) -> Result<Vec<Hit>, ChartError> {
    let sizes: Vec<String> = table.sizes.iter().map(|size| count(*size)).collect();
    let widest = |texts: &[String]| {
        texts
            .iter()
            .map(|text| measure(text, NUMBER, false))
            .fold(0.0, f64::max)
    };
    let (names, numbers) = (
        widest(&table.names) + 10.0,
        widest(&sizes).max(measure("size", NUMBER, false)) + 12.0,
    );
    let room = place.inset(names + numbers, HEAD, 2.0, 0.0);
    // The latest cohorts where not all have a place; periods as far as they go.
    let rows = ((room.h / LEAST_CELL.1) as usize).clamp(1, table.names.len());
    let first = table.names.len() - rows;
    let periods = table.shares[first].len().saturating_sub(1);
    let columns = ((room.w / LEAST_CELL.0) as usize).min(periods);
    let w = (room.w / columns.max(1) as f64).min(MOST_CELL.0);
    let h = (room.h / rows as f64).min(MOST_CELL.1);
    let muted = canvas.muted(NUMBER);
    let head = place.y + HEAD - 8.0;
    canvas.text(
        &fit(&caption(request, first, periods - columns), SMALL, false, place.w),
        (place.x, place.y + 6.0),
        Align::Left,
        canvas.muted(SMALL),
    )?;
    canvas.text("size", (place.x + names + numbers - 10.0, head), Align::Right, muted)?;
    for period in every(columns, w, measure(&columns.to_string(), NUMBER, false) + 6.0) {
        let x = room.x + w * (period as f64 + 0.5);
        canvas.text(&(period + 1).to_string(), (x, head), Align::Centre, muted)?;
    }
    for row in every(rows, h, NUMBER + 2.5) {
        let y = room.y + h * (row as f64 + 0.5);
        let name = fit(&table.names[first + row], NUMBER, false, names);
        let font = if table.whole[first + row] {
            canvas.font(NUMBER)
        } else {
            muted
        };
        canvas.text(&name, (place.x, y), Align::Left, font)?;
        let x = place.x + names + numbers - 10.0;
        canvas.text(&sizes[first + row], (x, y), Align::Right, muted)?;
    }
    let mut hits = Vec::new();
    for row in 0..rows {
        let (shares, told) = (&table.shares[first + row], &table.told[first + row]);
        for (at, share) in shares.iter().enumerate().skip(1).take(columns) {
            let cell = Rect::new(room.x + w * (at - 1) as f64, room.y + h * row as f64, w, h);
            let gap = if w.min(h) >= 12.0 { 1.0 } else { 0.4 };
            paint(
                canvas,
                cell.inset(0.0, 0.0, gap, gap),
                *share,
                top,
                table.sizes[first + row],
            )?;
            hits.push(Hit::new(cell, told[at].clone()));
        }
    }
    Ok(hits)
}

/// What the columns are: the intervals after a cohort's own.
fn caption(request: &ChartRequest, hidden: usize, beyond: usize) -> String {
    let words = match request.range.interval {
        None => return "One bucket: there is no period after it".to_owned(),
        Some(interval) => format!("Share active so many {}s after the first", interval.as_str()),
    };
    let left = [(hidden, "earlier cohorts"), (beyond, "later periods")].into_iter();
    let left = left.filter(|(count, _)| *count > 0);
    let told: Vec<String> = left.map(|(count, what)| format!("{count} {what}")).collect();
    match told.as_slice() {
        [] => words,
        told => format!("{words}; {} in the table", told.join(" and ")),
    }
}

/// Places for names that need so much room, with even steps between them.
fn every(count: usize, step: f64, needed: f64) -> impl Iterator<Item = usize> {
    (0..count).step_by((needed / step).ceil().max(1.0) as usize)
}

/// One cell: its colour, and its number where there is room for all such numbers.
fn paint(canvas: &Canvas, cell: Rect, share: Option<f64>, top: f64, size: f64) -> Result<(), ChartError> {
    let Some(share) = share else {
        // A cohort of nobody has no share either, but nothing about it is incomplete.
        return match size > 0.0 {
            true => canvas.bar(cell, canvas.palette.neutral[0], false),
            false => Ok(()),
        };
    };
    let part = share / top;
    canvas.rect(cell, shade(canvas, part))?;
    let whole = (share * 100.0).round();
    let is_false = share > 0.0 && whole == 0.0 || share < 1.0 && whole == 100.0;
    let text = match share < 0.0995 && cell.w >= 38.0 || is_false {
        true => percent(share),
        false => format!("{whole}%"),
    };
    let widest = if is_false { text.as_str() } else { "100%" };
    if cell.h < NUMBER + 2.0 || cell.w < measure(widest, NUMBER, false) + 2.0 {
        return Ok(());
    }
    let font = Font {
        color: readable_on(shade(canvas, part)),
        ..canvas.font(NUMBER)
    };
    let middle = (cell.x + cell.w / 2.0, cell.y + cell.h / 2.0);
    canvas.text(&text, middle, Align::Centre, font)
}
