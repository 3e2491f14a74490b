//! Bot activation: of the bots registered, how many came to talk, to sell and to be paid.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Rect, measure};
use super::data::Grid;
use super::document::{Hit, Notes, hits};
use super::frame::{Entry, Mark, SMALL, header, most_lines, no_data, no_room, whisker};
use super::marks::{Columns, EndLabel, Span, centred, columns, end_labels, end_width, line, ribbon};
use super::names::fitted;
use super::number::{Kind, count, percent};
use super::panel::{Cell, Panel, Spec, cells, per, stack, whole};
use super::{ChartError, ChartRequest, earlier};

const PLOTTED: [&str; 7] = [
    "registered",
    "with_conversation",
    "with_checkout",
    "with_payment",
    "rate",
    "ci_low",
    "ci_high",
];

const TOLD: [(&str, Kind); 6] = [
    ("registered", Kind::Count),
    ("with_conversation", Kind::Count),
    ("with_checkout", Kind::Count),
    ("with_payment", Kind::Count),
    ("rate", Kind::Ratio),
    ("median_days_to_payment", Kind::Real),
];

/// The counts from the widest to the narrowest, with their names.
const STEPS: [(&str, &str); 4] = [
    ("registered", "registered"),
    ("with_conversation", "conversation"),
    ("with_checkout", "checkout"),
    ("with_payment", "payment"),
];

/// Draws rates over counts, or for one bucket the counts of each group as bars.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
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

fn legend(canvas: &Canvas, grid: &Grid, steps: bool, drawn: &[usize]) -> Vec<Entry> {
    let mut legend = Vec::new();
    if steps {
        let entry = |((_, name), color): (&(&str, &str), RGBColor)| Entry::new(Mark::Block(color), *name);
        legend.extend(STEPS.iter().zip(colors(canvas)).map(entry));
    }
    if grid.complete.contains(&false) {
        legend.push(Entry::new(Mark::Hatched(canvas.palette.neutral[0]), "incomplete"));
    } else if settled(grid, drawn).contains(&false) {
        legend.push(Entry::new(Mark::Hatched(canvas.palette.neutral[0]), "window not over"));
    }
    if let Some(others) = grid.others(drawn, |outer| grid.sum(outer, "registered"), "registered") {
        legend.push(Entry::new(Mark::Note, format!("{others} in the table")));
    }
    legend
}

/// One group's last rate, where it has one.
fn last(grid: &Grid, outer: usize) -> Option<f64> {
    grid.floats(outer, 0, "rate").into_iter().rev().find_map(|rate| rate)
}

fn over_time(canvas: &Canvas, request: &ChartRequest, grid: &Grid) -> Result<Pictured, ChartError> {
    let mut drawn = grid.by_size(|outer| grid.sum(outer, "registered"));
    drawn.truncate(most_lines(canvas));
    let single = grid.outer.len() <= 1;
    let narrow = canvas.frame.w < 480.0;
    let steps = canvas.frame.h >= 260.0;
    let entry = |(outer, color): (&usize, RGBColor)| Entry::new(Mark::Line(color), grid.name(*outer));
    let named = drawn.iter().zip(canvas.palette.series).map(entry);
    let mut legend_entries: Vec<Entry> = named.take(if narrow && !single { drawn.len() } else { 0 }).collect();
    legend_entries.extend(earlier::entry(canvas, grid, "rate").filter(|_| single));
    legend_entries.extend(legend(canvas, grid, steps, &drawn));
    legend_entries.extend((!steps).then(|| no_room("counts")));
    let body = header(canvas, request, &legend_entries)?;
    let names: Vec<String> = drawn.iter().map(|outer| grid.name(*outer).to_owned()).collect();
    let names = fitted(&names, SMALL, false, canvas.frame.w * 0.2);
    let end = |(outer, name): (&usize, String)| {
        let rate = last(grid, *outer).map_or_else(String::new, percent);
        if narrow || single {
            rate
        } else {
            format!("{name} {rate}")
        }
    };
    let ends: Vec<String> = drawn.iter().zip(names).map(end).collect();
    let panels = stack(
        canvas,
        request.range,
        body,
        &specs(request, grid, &drawn, steps),
        end_width(&ends),
    )?;
    let mut labels = Vec::new();
    for ((outer, text), color) in drawn.iter().zip(ends).zip(canvas.palette.series) {
        let panel = &panels[0];
        if drawn.len() <= 2 {
            let top = panel.scale.highest();
            let cut = |column| -> Vec<_> {
                let values = grid.floats(*outer, 0, column).into_iter();
                values.map(|value| value.map(|value: f64| value.min(top))).collect()
            };
            ribbon(canvas, panel, &cut("ci_low"), &cut("ci_high"), color)?;
        }
        if single {
            let before = earlier::values(grid, *outer, 0, "rate").into_iter();
            let top = panel.scale.highest();
            let before: Vec<_> = before.map(|rate| rate.map(|rate| rate.min(top))).collect();
            earlier::line(canvas, panel, &before, |bucket| panel.bands.centre(bucket))?;
        }
        let points = centred(panel, &grid.floats(*outer, 0, "rate"), &grid.complete);
        line(canvas, panel, &points, color, 2.2)?;
        if let Some(rate) = last(grid, *outer) {
            let color = (!single).then_some(color);
            labels.push(EndLabel {
                y: panel.y(rate),
                color,
                text,
            });
        }
    }
    end_labels(canvas, panels[0].area, labels)?;
    if let Some(lower) = panels.get(1) {
        nested(canvas, lower, grid)?;
    }
    let hits = hits(grid, request, whole(&panels), &drawn, &TOLD);
    Ok((drawn, hits))
}

fn specs(request: &ChartRequest, grid: &Grid, drawn: &[usize], steps: bool) -> Vec<Spec> {
    let most = |column: &str| {
        let values = drawn.iter().flat_map(|outer| grid.floats(*outer, 0, column));
        values.flatten().fold(0.0, f64::max)
    };
    let before = if grid.outer.len() <= 1 {
        most("rate_previous")
    } else {
        0.0
    };
    let (highest, widest) = (most("rate").max(before), most("ci_high"));
    // A bucket of three bots has an interval up to 1; it must not flatten the rest.
    let hi = if highest > 0.0 {
        widest.max(highest).min(highest * 1.5)
    } else {
        widest
    };
    let mut specs = vec![Spec {
        weight: 1.5,
        lo: 0.0,
        hi,
        kind: Kind::Ratio,
        caption: "With a captured payment, and 95% interval".to_owned(),
    }];
    if steps {
        specs.push(Spec {
            weight: 1.0,
            lo: 0.0,
            hi: grid.totals(0, "registered").into_iter().flatten().fold(0.0, f64::max),
            kind: Kind::Count,
            caption: format!("Bots registered{}, and how far they came", per(request)),
        });
    }
    specs
}

/// The counts of each step in front of one another: none is larger than the registered.
fn nested(canvas: &Canvas, panel: &Panel, grid: &Grid) -> Result<(), ChartError> {
    let all: Vec<usize> = (0..grid.outer.len()).collect();
    let settled = settled(grid, &all);
    for ((column, _), color) in STEPS.iter().zip(colors(canvas)) {
        let spans: Vec<Span> = grid
            .totals(0, column)
            .iter()
            .map(|total| total.map(|n| (0.0, n)))
            .collect();
        let what = Columns {
            spans: &spans,
            complete: &settled,
            color,
            share: 1.0,
        };
        columns(canvas, panel, what)?;
    }
    Ok(())
}

fn bars(canvas: &Canvas, request: &ChartRequest, grid: &Grid) -> Result<Pictured, ChartError> {
    let all: Vec<usize> = (0..grid.outer.len()).collect();
    let body = header(canvas, request, &legend(canvas, grid, false, &all))?;
    let complete = settled(grid, &all).first().copied().unwrap_or(true);
    let (mut drawn, mut hits) = (Vec::new(), Vec::new());
    let size = (|outer| grid.sum(outer, "registered"), "registered");
    for Cell { outer, place } in cells(canvas, grid, body, (240.0, 118.0), size)? {
        drawn.push(outer);
        let row = (place.h / STEPS.len() as f64).min(46.0);
        for (at, ((column, name), color)) in STEPS.iter().zip(colors(canvas)).enumerate() {
            let line = place.row(place.y + row * at as f64, row);
            let text = step_text(grid, outer, column);
            bar(canvas, grid, outer, (column, name), line, (color, complete), &text)?;
            hits.push(Hit {
                place: line,
                text: format!("{name}: {text}"),
            });
        }
    }
    Ok((drawn, hits))
}

fn bar(
    canvas: &Canvas,
    grid: &Grid,
    outer: usize,
    (column, name): (&str, &str),
    row: Rect,
    (color, complete): (RGBColor, bool),
    text: &str,
) -> Result<(), ChartError> {
    let names = STEPS
        .iter()
        .map(|(_, name)| measure(name, SMALL, false))
        .fold(0.0, f64::max)
        + 10.0;
    let texts = STEPS
        .iter()
        .map(|(column, _)| measure(&step_text(grid, outer, column), SMALL, false));
    let area = row.inset(names, 0.0, texts.fold(0.0, f64::max) + 12.0, 0.0);
    let (middle, height) = (row.y + row.h / 2.0, (row.h * 0.62).min(24.0));
    canvas.text(name, (row.x, middle), Align::Left, canvas.font(SMALL))?;
    canvas.text(text, (row.right(), middle), Align::Right, canvas.font(SMALL))?;
    let value = |column: &str| grid.cell(outer, 0, 0, column).as_f64();
    let registered = value("registered").unwrap_or(0.0).max(1.0);
    let place = |share: f64| area.x + area.w * share.clamp(0.0, 1.0);
    let share = value(column).unwrap_or(0.0) / registered;
    if share > 0.0 {
        let own = Rect {
            x: area.x,
            y: middle - height / 2.0,
            w: (place(share) - area.x).max(0.8),
            h: height,
        };
        canvas.bar(own, color, complete)?;
    }
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
    let days = days.map_or_else(String::new, |days| format!(", {days:.1} days"));
    format!("{} \u{b7} {}{days}", count(own), percent(own / registered))
}

fn summary(grid: &Grid, outer: usize) -> String {
    let sum = |column: &str| grid.floats(outer, 0, column).into_iter().flatten().sum::<f64>();
    let name = grid.named(outer);
    let told = STEPS.map(|(column, step)| format!("{} {step}", count(sum(column))));
    let rate = last(grid, outer).map_or_else(String::new, |rate| format!("; last rate {}", percent(rate)));
    format!("{name}{}{rate}. ", told.join(", "))
}
