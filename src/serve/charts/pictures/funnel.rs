//! Conversion in one stretch of time: a funnel, or with groups their rates side by side.

use super::{compare, rates};
use crate::serve::charts::kit::{
    Align, Canvas, Grid, Hit, Legend, Mark, NOTHING, Notes, Rect, SMALL, count, fit, header, measure, no_data, percent,
    seconds, whisker,
};
use crate::serve::charts::{ChartError, ChartRequest};

/// The columns that a picture of a funnel carries.
pub(super) const PLOTTED: [&str; 7] = ["entered", "reached", "dropped", "open", "rate", "ci_low", "ci_high"];

/// What stands under the pointer.
pub(super) const TOLD: [&str; 5] = ["entered", "reached", "dropped", "open", "rate"];

/// Draws the funnel of the only bucket.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    if request.range.buckets.len() > 1 {
        return rates::draw(canvas, request);
    }
    let grid = Grid::new(request, Some("step"));
    if !grid.has_data(&["entered"]) {
        return no_data(canvas, request, "Nothing entered the funnel");
    }
    let (drawn, hits) = if grid.outer.len() > 1 {
        compare::draw(canvas, &grid)?
    } else {
        steps(canvas, request, &grid)?
    };
    Ok(Notes {
        summary: summary(&grid, &drawn),
        hits,
        series: grid.series(&PLOTTED, &drawn),
    })
}

type Pictured = (Vec<usize>, Vec<Hit>);

fn steps(canvas: &Canvas, request: &ChartRequest, grid: &Grid) -> Result<Pictured, ChartError> {
    let palette = canvas.palette;
    let mut legend = Legend::default();
    legend
        .block(palette.series[0], "reached")
        .block(palette.track, "dropped");
    if grid.has_data(&["open"]) {
        legend.add(Mark::Hatched(palette.series[4]), "open (window not over)");
    }
    legend.add(Mark::Whisker(palette.text), "95% interval");
    if grid.complete.contains(&false) {
        legend.add(Mark::Hatched(palette.series[0]), "incomplete range");
    }
    let hidden = grid.inner.len() - shown(grid, canvas.frame.h - 90.0).len();
    if hidden > 0 {
        legend.no_room(&format!("{hidden} steps before the last"));
    }
    let body = header(canvas, request, &legend)?;
    let shown = shown(grid, body.h);
    let row = (body.h / shown.len() as f64).min(110.0);
    let layout = Layout::of(grid, &shown, body.w, row);
    let mut hits = Vec::new();
    for (at, inner) in shown.into_iter().enumerate() {
        let place = body.row(body.y + row * at as f64, row);
        draw_step(canvas, grid, inner, place, &layout)?;
        hits.push(Hit::new(place, told(grid, 0, inner)));
    }
    Ok((vec![0], hits))
}

/// Height of a line of text: the least that a step needs.
const LINE: f64 = 14.0;

/// The steps that there is room for, with the last one in any case; the number beside a name shows a gap.
fn shown(grid: &Grid, height: f64) -> Vec<usize> {
    let (all, room) = (grid.inner.len(), ((height / LINE) as usize).max(2));
    match all <= room {
        true => (0..all).collect(),
        false => (0..room - 1).chain([all - 1]).collect(),
    }
}

/// How the rows of a funnel are laid out, all alike.
struct Layout {
    /// Where a row is too low for two lines: the widths beside the bar, of the name and of the numbers.
    flat: Option<(f64, f64)>,
    /// Whether the numbers leave out their interval.
    brief: bool,
    /// Whether the numbers stand beside the name instead of below it.
    beside: bool,
    /// From the top of a row to its bar.
    above: f64,
    /// Height of a bar.
    bar: f64,
    /// Whether there is room for times and rates below the bar.
    timed: bool,
}

impl Layout {
    fn of(grid: &Grid, shown: &[usize], width: f64, row: f64) -> Self {
        let brief = row < 46.0;
        let name = |inner: usize, most: f64| measure(&step_name(grid, inner, most), NAME, true);
        let figures = |inner: usize| measure(&numbers(grid, inner, brief), SMALL, false);
        let beside = shown
            .iter()
            .all(|inner| name(*inner, width) + figures(*inner) + 16.0 <= width);
        let widest = |text: &dyn Fn(usize) -> f64| shown.iter().map(|inner| text(*inner)).fold(0.0, f64::max);
        let flat = (row < 30.0 || brief && !beside).then(|| {
            (
                widest(&|inner| name(inner, width * 0.55)) + 10.0,
                widest(&figures) + 10.0,
            )
        });
        let above = if beside { 19.0 } else { 33.0 };
        let timed = row - above >= 38.0 && shown.iter().any(|inner| !timing(grid, *inner).is_empty());
        let bar = (row - above - if timed { 24.0 } else { 9.0 }).clamp(4.0, 36.0);
        Layout {
            flat,
            brief,
            beside,
            above,
            bar,
            timed,
        }
    }
}

/// Size of a step's name.
const NAME: f64 = 13.0;

fn step_name(grid: &Grid, inner: usize, most: f64) -> String {
    fit(&format!("{}  {}", inner + 1, grid.part(inner)), NAME, true, most)
}

/// One step: its name and numbers over a bar of everything that entered.
fn draw_step(canvas: &Canvas, grid: &Grid, inner: usize, place: Rect, layout: &Layout) -> Result<(), ChartError> {
    let bold = canvas.bold(NAME);
    if let Some((names, figures)) = layout.flat {
        let middle = place.y + place.h / 2.0;
        let name = step_name(grid, inner, place.w * 0.55);
        canvas.text(&name, (place.x, middle), Align::Left, bold)?;
        let text = numbers(grid, inner, true);
        canvas.text(&text, (place.right(), middle), Align::Right, canvas.font(SMALL))?;
        let bar = place.inset(names, place.h * 0.2, figures, place.h * 0.2);
        return if bar.w > 12.0 {
            draw_bar(canvas, grid, inner, bar)
        } else {
            Ok(())
        };
    }
    let middle = place.y + 9.0;
    canvas.text(&step_name(grid, inner, place.w), (place.x, middle), Align::Left, bold)?;
    let numbers = fit(&numbers(grid, inner, layout.brief), SMALL, false, place.w);
    let (at, align) = match layout.beside {
        true => ((place.right(), middle), Align::Right),
        false => ((place.x, middle + 15.0), Align::Left),
    };
    canvas.text(&numbers, at, align, canvas.font(SMALL))?;
    draw_bar(canvas, grid, inner, place.row(place.y + layout.above, layout.bar))?;
    if layout.timed {
        let timing = fit(&timing(grid, inner), SMALL, false, place.w);
        let y = place.y + layout.above + layout.bar + 9.0;
        canvas.text(&timing, (place.x, y), Align::Left, canvas.muted(SMALL))?;
    }
    Ok(())
}

/// Everything that entered, as wide as the picture: reached, dropped and open.
fn draw_bar(canvas: &Canvas, grid: &Grid, inner: usize, bar: Rect) -> Result<(), ChartError> {
    let cell = |column| grid.cell(0, inner, 0, column).as_f64();
    let Some(entered) = cell("entered").filter(|entered| *entered > 0.0) else {
        return Ok(());
    };
    let pixels = |value: f64| bar.x + value / entered * bar.w;
    let part = |from: f64, to: f64| Rect {
        x: pixels(from),
        w: pixels(to) - pixels(from),
        ..bar
    };
    let [reached, dropped, open] = ["reached", "dropped", "open"].map(|column| cell(column).unwrap_or(0.0));
    let palette = canvas.palette;
    canvas.rect(part(reached, reached + dropped), palette.track)?;
    let whole = grid.complete.first().copied().unwrap_or(true);
    if reached > 0.0 {
        let filled = part(0.0, reached);
        canvas.bar(filled, palette.series[0], whole)?;
    }
    if open > 0.0 {
        let part = part(reached + dropped, reached + dropped + open);
        canvas.bar(part, palette.series[4], false)?;
    }
    if let (true, Some(lo), Some(hi)) = (inner > 0, cell("ci_low"), cell("ci_high")) {
        let closed = reached + dropped;
        let ends = (pixels(lo * closed), pixels(hi * closed));
        whisker(canvas, ends, bar.y + bar.h / 2.0, (bar.h / 4.0).min(6.0), palette.text)?;
    }
    Ok(())
}

fn numbers(grid: &Grid, inner: usize, brief: bool) -> String {
    let cell = |column| grid.cell(0, inner, 0, column);
    let whole = |column| grid.shown(0, inner, 0, column);
    let open = cell("open")
        .as_i64()
        .filter(|open| *open > 0)
        .map(|_| format!(" \u{b7} {} open", whole("open")));
    let open = open.unwrap_or_default();
    if inner == 0 {
        return format!("{} entered{open}", whole("entered"));
    }
    let Some(rate) = cell("rate").as_f64() else {
        return format!("{NOTHING}{open}");
    };
    if brief {
        return format!("{} \u{b7} {}{open}", whole("reached"), percent(rate));
    }
    let interval = match (cell("ci_low").as_f64(), cell("ci_high").as_f64()) {
        (Some(lo), Some(hi)) => format!(" ({}\u{2013}{})", percent(lo).trim_end_matches('%'), percent(hi)),
        _ => String::new(),
    };
    let closed = cell("reached").as_f64().unwrap_or(0.0) + cell("dropped").as_f64().unwrap_or(0.0);
    format!(
        "{} of {} \u{b7} {}{interval}{open}",
        whole("reached"),
        count(closed),
        percent(rate)
    )
}

fn timing(grid: &Grid, inner: usize) -> String {
    let cell = |column| grid.cell(0, inner, 0, column).as_f64();
    let mut parts = Vec::new();
    if let (true, Some(rate)) = (inner > 1, cell("rate_from_previous")) {
        parts.push(format!("{} of the step before", percent(rate)));
    }
    if let (true, Some(median)) = (inner > 0, cell("median_seconds")) {
        parts.push(format!("median {} from entry", seconds(median)));
    }
    parts.join(" \u{b7} ")
}

pub(super) fn told(grid: &Grid, outer: usize, inner: usize) -> String {
    let numbers = TOLD.map(|column| format!("{column} {}", grid.shown(outer, inner, 0, column)));
    let numbers = numbers.join(", ");
    let name = [grid.name(outer), grid.part(inner)]
        .into_iter()
        .filter(|part| !part.is_empty());
    format!("{}: {numbers}", name.collect::<Vec<_>>().join(" \u{b7} "))
}

/// How many reached each step in the whole range, and their share.
pub(super) fn summary(grid: &Grid, drawn: &[usize]) -> String {
    let step = |outer: usize, inner: usize| {
        let rate = grid.whole(outer, inner, "rate");
        let rate = rate.map_or_else(String::new, |rate| format!(" ({})", percent(rate)));
        format!(
            "{} {}{rate}",
            grid.part(inner),
            grid.whole_shown(outer, inner, "reached")
        )
    };
    let sentence = |outer: &usize| {
        let steps: Vec<String> = (0..grid.inner.len()).map(|inner| step(*outer, inner)).collect();
        format!("{}{}.", grid.named(*outer), steps.join(", "))
    };
    drawn.iter().map(sentence).collect::<Vec<_>>().join(" ")
}
