//! Bot activation: of the bots registered, how many came to talk, to sell and to be paid.

use plotters::style::RGBColor;

use crate::serve::charts::kit::{
    Align, Canvas, Cell, Columns, EndLabel, Grid, Hit, Kind, Legend, List, Mark, Notes, Panel, Rect, SMALL, Spec,
    cells, centred, columns, count, earlier, end_labels, end_width, ends, from_zero, header, hits, line, most_lines,
    named, no_data, number, per, percent, ribbon, stack, whisker, whole,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 7] = [
    "registered",
    "with_conversation",
    "with_checkout",
    "with_payment",
    "rate",
    "ci_low",
    "ci_high",
];

const TOLD: [&str; 6] = [
    "registered",
    "with_conversation",
    "with_checkout",
    "with_payment",
    "rate",
    "median_days_to_payment",
];

/// The counts from the widest to the narrowest, with their names.
const STEPS: [(&str, &str); 4] = [
    ("registered", "registered"),
    ("with_conversation", "conversation"),
    ("with_checkout", "checkout"),
    ("with_payment", "payment"),
];

/// Draws rates over counts, or for one bucket the counts of each group as bars.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, None);
    if !grid.has_data(&["registered"]) {
        return no_data(canvas, request, "No bot was registered");
    }
    let (drawn, hits) = if request.range.buckets.len() == 1 {
        bars(canvas, request, &grid)?
    } else {
        over_time(canvas, request, &grid)?
    };
    Ok(Notes {
        summary: drawn.iter().map(|outer| summary(&grid, *outer)).collect(),
        hits,
        series: grid.series(&[PLOTTED.as_slice(), &["rate_previous"]].concat(), &drawn),
    })
}

type Pictured = (Vec<usize>, Vec<Hit>);

fn colors(canvas: &Canvas) -> [RGBColor; 4] {
    let palette = canvas.palette;
    let blue = palette.series[0];
    [palette.track, palette.tint(blue, 0.66), palette.tint(blue, 0.36), blue]
}

/// Of each bucket, whether it has a rate, or nobody who could have one.
fn settled(grid: &Grid, drawn: &[usize]) -> Vec<bool> {
    let open = |bucket: usize| {
        drawn.iter().any(|outer| {
            let registered = grid.cell(*outer, 0, bucket, "registered").as_f64().unwrap_or(0.0);
            registered > 0.0 && grid.cell(*outer, 0, bucket, "rate").as_f64().is_none()
        })
    };
    let settled = grid.complete.iter().enumerate();
    settled.map(|(bucket, complete)| *complete && !open(bucket)).collect()
}

/// The legend: the names of the lines, what is drawn of the earlier period and of the steps, what is not drawn.
fn legend(canvas: &Canvas, grid: &Grid, drawn: &[usize], [names, earlier, steps]: [bool; 3]) -> Legend {
    let mut legend = Legend::default();
    if names {
        legend.lines(canvas, drawn.iter().map(|outer| grid.name(*outer)));
    }
    if earlier {
        legend.earlier(canvas, grid, "rate", "earlier period");
    }
    for ((_, name), color) in STEPS.iter().zip(colors(canvas)).filter(|_| steps) {
        legend.block(color, *name);
    }
    if grid.complete.contains(&false) {
        legend.add(Mark::Hatched(canvas.palette.neutral[0]), "incomplete");
    } else if settled(grid, drawn).contains(&false) {
        legend.add(Mark::Hatched(canvas.palette.neutral[0]), "window not over");
    }
    legend.others(grid, drawn, |outer| grid.size(outer, "registered"), "registered");
    legend
}

/// One group's last rate, where it has one.
fn last(grid: &Grid, outer: usize) -> Option<f64> {
    grid.floats(outer, 0, "rate").into_iter().rev().find_map(|rate| rate)
}

fn over_time(canvas: &Canvas, request: &ChartRequest, grid: &Grid) -> Result<Pictured, ChartError> {
    let mut drawn = grid.by_size(|outer| grid.size(outer, "registered"));
    drawn.truncate(most_lines(canvas));
    let single = grid.outer.len() <= 1;
    let steps = canvas.frame.h >= 260.0;
    let mut legend = legend(canvas, grid, &drawn, [!single && !named(canvas), single, steps]);
    if !steps {
        legend.no_room("counts");
    }
    let body = header(canvas, request, &legend)?;
    let rates = drawn
        .iter()
        .map(|outer| last(grid, *outer).map_or_else(String::new, percent));
    let names = drawn.iter().map(|outer| grid.name(*outer));
    let ends = ends(canvas, names, rates, named(canvas) && !single);
    let specs = specs(request, grid, &drawn, steps);
    let panels = stack(canvas, request.range, body, &specs, end_width(&ends))?;
    let mut labels = Vec::new();
    for ((outer, text), color) in drawn.iter().zip(ends).zip(canvas.palette.series) {
        let panel = &panels[0];
        if drawn.len() <= 2 {
            let [low, high] = ["ci_low", "ci_high"].map(|column| grid.floats(*outer, 0, column));
            ribbon(panel, &low, &high, color)?;
        }
        if single {
            let before = earlier::values(grid, *outer, 0, "rate");
            earlier::line(canvas, panel, &before, 0.5)?;
        }
        let points = centred(&grid.floats(*outer, 0, "rate"), &grid.complete);
        line(canvas, panel, &points, color, 2.2)?;
        if let Some(rate) = last(grid, *outer) {
            let color = (!single).then_some(color);
            labels.push(EndLabel::new(panel.y(rate), color, text));
        }
    }
    end_labels(canvas, panels[0].area, labels)?;
    if let Some(lower) = panels.get(1) {
        nested(canvas, lower, grid)?;
    }
    let hits = hits(grid, whole(&panels), &drawn, &TOLD);
    Ok((drawn, hits))
}

fn specs(request: &ChartRequest, grid: &Grid, drawn: &[usize], steps: bool) -> Vec<Spec> {
    let before = if grid.outer.len() <= 1 { "rate_previous" } else { "rate" };
    let (highest, widest) = (
        grid.highest(drawn, &["rate", before]),
        grid.highest(drawn, &["ci_high"]),
    );
    // A bucket of three bots has an interval up to 1; it must not flatten the rest.
    let hi = if highest > 0.0 {
        widest.max(highest).min(highest * 1.5)
    } else {
        widest
    };
    let caption = "With a captured payment, and 95% interval";
    let mut specs = vec![Spec::new(1.5, (0.0, hi), Kind::Ratio, caption)];
    if steps {
        let registered = grid.totals(0, "registered").into_iter().flatten().fold(0.0, f64::max);
        let caption = format!("Bots registered{}, and how far they came", per(request));
        specs.push(Spec::new(1.0, (0.0, registered), Kind::Count, caption));
    }
    specs
}

/// The counts of each step in front of one another: none is larger than the registered.
fn nested(canvas: &Canvas, panel: &Panel, grid: &Grid) -> Result<(), ChartError> {
    let all: Vec<usize> = (0..grid.outer.len()).collect();
    let settled = settled(grid, &all);
    for ((column, _), color) in STEPS.iter().zip(colors(canvas)) {
        let spans = from_zero(&grid.totals(0, column));
        columns(canvas, panel, Columns::new(&spans, &settled, color))?;
    }
    Ok(())
}

fn bars(canvas: &Canvas, request: &ChartRequest, grid: &Grid) -> Result<Pictured, ChartError> {
    let all: Vec<usize> = (0..grid.outer.len()).collect();
    let body = header(canvas, request, &legend(canvas, grid, &all, [false; 3]))?;
    let complete = settled(grid, &all).first().copied().unwrap_or(true);
    let (mut drawn, mut hits) = (Vec::new(), Vec::new());
    let size = (|outer| grid.size(outer, "registered"), "registered");
    for Cell { outer, place } in cells(canvas, grid, body, (240.0, 118.0), size)? {
        drawn.push(outer);
        let names = STEPS.map(|(_, name)| name.to_owned()).to_vec();
        let numbers = STEPS.map(|(column, _)| step_text(grid, outer, column)).to_vec();
        let list = List::new(place, (names, canvas.font(SMALL)), numbers, 46.0);
        for (at, ((column, name), color)) in STEPS.iter().zip(colors(canvas)).enumerate() {
            list.write(canvas, at, Align::Left)?;
            bar(
                canvas,
                (grid, outer),
                column,
                list.bar(at, (0.62, 24.0)),
                (color, complete),
            )?;
            hits.push(Hit::new(list.place(at), format!("{name}: {}", list.numbers(at))));
        }
    }
    Ok((drawn, hits))
}

fn bar(
    canvas: &Canvas,
    (grid, outer): (&Grid, usize),
    column: &str,
    area: Rect,
    (color, complete): (RGBColor, bool),
) -> Result<(), ChartError> {
    let value = |column: &str| grid.cell(outer, 0, 0, column).as_f64();
    let registered = value("registered").unwrap_or(0.0).max(1.0);
    let place = |share: f64| area.x + area.w * share.clamp(0.0, 1.0);
    let share = value(column).unwrap_or(0.0) / registered;
    if share > 0.0 {
        canvas.bar(area.part(area.x, place(share) - area.x), color, complete)?;
    }
    let middle = area.y + area.h / 2.0;
    match (column, value("ci_low"), value("ci_high")) {
        ("with_payment", Some(low), Some(high)) => {
            whisker(canvas, (place(low), place(high)), middle, 4.0, canvas.palette.text)
        }
        _ => Ok(()),
    }
}

/// A count, and of the steps their share of the registered and how long they took.
fn step_text(grid: &Grid, outer: usize, column: &str) -> String {
    let value = |column: &str| grid.cell(outer, 0, 0, column).as_f64();
    let own = value(column).unwrap_or(0.0);
    let registered = value("registered").unwrap_or(0.0);
    if column == "registered" || registered == 0.0 {
        return count(own);
    }
    let days = value(&column.replace("with_", "median_days_to_"));
    let days = days.map_or_else(String::new, |days| format!(", {} days", number(days)));
    format!("{} \u{b7} {}{days}", count(own), percent(own / registered))
}

fn summary(grid: &Grid, outer: usize) -> String {
    let told = STEPS.map(|(column, step)| format!("{} {step}", grid.whole_shown(outer, 0, column)));
    let rate = grid.whole(outer, 0, "rate");
    let rate = rate.map_or_else(String::new, |rate| format!("; rate {}", percent(rate)));
    format!("{}{}{rate}. ", grid.named(outer), told.join(", "))
}
