//! Retention: a triangle of cohorts and the periods after them, the darker the more of a cohort is active.

use plotters::style::RGBColor;

use crate::model::Interval;
use crate::serve::charts::kit::{
    Align, Canvas, Cell, Font, Grid, Hit, Legend, Notes, Rect, SMALL, bucket_label, cells, count, fit, header, measure,
    no_data, percent, readable_on, widest,
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
    let (top, passed) = highest(&grid);
    let body = header(canvas, request, &legend(canvas, &grid, top, passed))?;
    let mut notes = Notes::default();
    let mut drawn = Vec::new();
    let mut periods = vec![None; grid.complete.len()];
    for inner in 0..grid.inner.len() {
        if let Some(place) = period(&grid, inner).and_then(|period| periods.get_mut(period)) {
            *place = Some(inner);
        }
    }
    let (grid, periods) = (&grid, periods.as_slice());
    let of = |outer| Cohorts { grid, outer, periods };
    let size = |outer| of(outer).sizes().sum::<f64>();
    for Cell { outer, place } in cells(canvas, grid, body, LEAST, (size, "in its cohorts"))? {
        let cohorts = of(outer);
        notes.hits.extend(triangle(canvas, &cohorts, place, top)?);
        notes.summary.push_str(&(grid.named(outer) + &cohorts.summary()));
        drawn.push(outer);
    }
    notes.series = grid.series(&PLOTTED, &drawn);
    Ok(notes)
}

/// The share that has the full colour, the largest after period 0, which is always all; and whether any is larger.
///
/// Of a handful the share jumps; a cohort far smaller than the largest sets no scale.
fn highest(grid: &Grid) -> (f64, bool) {
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
    let all = most(0.0);
    let top = [most(largest * LEAST_SIZE), all].into_iter().find(|share| *share > 0.0);
    (top.unwrap_or(1.0), top.is_some_and(|top| all > top))
}

fn period(grid: &Grid, inner: usize) -> Option<usize> {
    grid.part(inner).parse().ok()
}

fn legend(canvas: &Canvas, grid: &Grid, top: f64, passed: bool) -> Legend {
    let mut legend = Legend::default();
    let most = percent(top) + if passed { " or more" } else { "" };
    for (part, label) in [(0.0, "0% active".to_owned()), (0.5, percent(top / 2.0)), (1.0, most)] {
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

/// One group's cohorts, one for each bucket.
struct Cohorts<'g> {
    grid: &'g Grid<'g>,
    outer: usize,
    /// Where each period stands in the grid.
    periods: &'g [Option<usize>],
}

impl Cohorts<'_> {
    /// A number of a cohort some periods later; `None` where it is incomplete.
    fn number(&self, cohort: usize, period: usize, column: &str) -> Option<f64> {
        let inner = self.periods[period]?;
        self.grid.cell(self.outer, inner, cohort + period, column).as_f64()
    }

    fn size(&self, cohort: usize) -> f64 {
        self.number(cohort, 0, "cohort_size").unwrap_or(0.0)
    }

    fn sizes(&self) -> impl Iterator<Item = f64> {
        (0..self.periods.len()).map(|cohort| self.size(cohort))
    }

    fn told(&self, cohort: usize, period: usize) -> String {
        let (of, number) = (count(self.size(cohort)), |column| self.number(cohort, period, column));
        let now = match (number("active"), number("share")) {
            (Some(active), Some(share)) => format!("{} of {of} active, {}", count(active), percent(share)),
            (Some(_), None) => "nobody in the cohort".to_owned(),
            _ => format!("{of} so far; incomplete"),
        };
        format!(
            "{}, period {period}: {now}",
            bucket_label(self.grid.request.range, cohort)
        )
    }

    /// The share of everybody who could be active one period later.
    fn summary(&self) -> String {
        let next = (0..self.periods.len().saturating_sub(1))
            .filter_map(|cohort| Some((self.number(cohort, 1, "share")? * self.size(cohort), self.size(cohort))));
        let (active, all) = next.fold((0.0, 0.0), |(active, all), (some, size)| (active + some, all + size));
        let later = match all > 0.0 {
            true => format!("; {} were active one period later", percent(active / all)),
            false => String::new(),
        };
        format!("{} in the cohorts{later}. ", count(self.sizes().sum()))
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

fn triangle(canvas: &Canvas, cohorts: &Cohorts, place: Rect, top: f64) -> Result<Vec<Hit>, ChartError> {
    let (request, all) = (cohorts.grid.request, cohorts.periods.len());
    let sizes: Vec<String> = cohorts.sizes().map(count).collect();
    let names: Vec<String> = (0..all).map(|cohort| short(request, cohort)).collect();
    let left = widest(&names, NUMBER, false) + 10.0;
    let numbers = widest(&sizes, NUMBER, false).max(measure("size", NUMBER, false)) + 12.0;
    let room = place.inset(left + numbers, HEAD, 2.0, 0.0);
    // The latest cohorts where not all have a place; periods as far as they go.
    let rows = ((room.h / LEAST_CELL.1) as usize).clamp(1, all);
    let first = all - rows;
    let periods = rows - 1;
    let columns = ((room.w / LEAST_CELL.0) as usize).min(periods);
    let w = (room.w / columns.max(1) as f64).min(MOST_CELL.0);
    let h = (room.h / rows as f64).min(MOST_CELL.1);
    let (muted, head, sized) = (canvas.muted(NUMBER), place.y + HEAD - 8.0, room.x - 10.0);
    let caption = fit(&caption(request, first, periods - columns), SMALL, false, place.w);
    canvas.text(&caption, (place.x, place.y + 6.0), Align::Left, canvas.muted(SMALL))?;
    canvas.text("size", (sized, head), Align::Right, muted)?;
    for period in every(columns, w, measure(&columns.to_string(), NUMBER, false) + 6.0) {
        let x = room.x + w * (period as f64 + 0.5);
        canvas.text(&(period + 1).to_string(), (x, head), Align::Centre, muted)?;
    }
    for row in every(rows, h, NUMBER + 2.5) {
        let (y, cohort) = (room.y + h * (row as f64 + 0.5), first + row);
        let font = match cohorts.grid.complete[cohort] {
            true => canvas.font(NUMBER),
            false => muted,
        };
        canvas.text(
            &fit(&names[cohort], NUMBER, false, left),
            (place.x, y),
            Align::Left,
            font,
        )?;
        canvas.text(&sizes[cohort], (sized, y), Align::Right, muted)?;
    }
    let gap = if w.min(h) >= 12.0 { 1.0 } else { 0.4 };
    let mut hits = Vec::new();
    for cohort in first..all {
        for period in 1..=columns.min(all - cohort - 1) {
            let (x, y) = (room.x + w * (period - 1) as f64, room.y + h * (cohort - first) as f64);
            let (cell, share) = (Rect::new(x, y, w, h), cohorts.number(cohort, period, "share"));
            let size = cohorts.size(cohort);
            paint(canvas, cell.inset(0.0, 0.0, gap, gap), share, top, size)?;
            hits.push(Hit::new(cell, cohorts.told(cohort, period)));
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
    let whole = format!("{:.0}%", share * 100.0);
    let is_false = share > 0.0 && whole == "0%" || share < 1.0 && whole == "100%";
    let text = match share < 0.0995 && cell.w >= 38.0 || is_false {
        true => percent(share),
        false => whole,
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
