//! Payments: gross and net amounts, how many payments they are, and how many tries succeed.

use super::canvas::Canvas;
use super::data::Grid;
use super::document::{Notes, hits};
use super::frame::{Entry, Mark, header, no_data, no_room};
use super::marks::{Columns, Span, centred, columns, line, ribbon};
use super::number::{Kind, count, label};
use super::panel::{Cell, Panel, Spec, arrangement, cells, per, stack, whole};
use super::{ChartError, ChartRequest, earlier};
use crate::model::Value;

const PLOTTED: [&str; 5] = ["gross", "net", "payments", "payment_success", "attempt_approval"];

const TOLD: [(&str, Kind); 5] = [
    ("gross", Kind::Real),
    ("net", Kind::Real),
    ("payments", Kind::Count),
    ("payment_success", Kind::Ratio),
    ("attempt_approval", Kind::Ratio),
];

/// The least room for one group.
const LEAST: (f64, f64) = (240.0, 150.0);

/// Draws one picture for each group, and for each currency where nothing is converted.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, None);
    if !grid.has_data(&["gross", "net", "payments", "payment_success", "refunded", "pending"]) {
        return no_data(canvas, request, "No payment was captured");
    }
    let depth = depth(canvas, &grid);
    let body = header(canvas, request, &legend(canvas, &grid, depth))?;
    let size = |outer| grid.sum(outer, "payments");
    let cells = cells(canvas, &grid, body, LEAST, (size, "payments"))?;
    let drawn: Vec<usize> = cells.iter().map(|cell| cell.outer).collect();
    let mut notes = Notes {
        series: grid.series(
            &[PLOTTED.as_slice(), &["gross_previous", "payments_previous"]].concat(),
            &drawn,
        ),
        ..Notes::default()
    };
    for Cell { outer, place } in cells {
        let specs = specs(&grid, &drawn, outer, depth, request);
        let panels = stack(canvas, request.range, place, &specs, 4.0)?;
        draw_amounts(canvas, &panels[0], &grid, outer)?;
        if let Some(panel) = panels.get(1) {
            draw_count(canvas, panel, &grid, outer)?;
        }
        if let Some(panel) = panels.get(2) {
            draw_rates(canvas, panel, &grid, outer)?;
        }
        notes.hits.extend(hits(&grid, request, whole(&panels), &[outer], &TOLD));
        notes.summary.push_str(&summary(&grid, outer));
    }
    Ok(notes)
}

/// How many panels each group has room for.
fn depth(canvas: &Canvas, grid: &Grid) -> usize {
    let body = canvas.frame.inset(16.0, 84.0, 16.0, 12.0);
    let (_, _, rows) = arrangement(grid.outer.len(), body, LEAST);
    match body.h / rows.max(1) as f64 {
        h if h >= 280.0 => 3,
        h if h >= 200.0 => 2,
        _ => 1,
    }
}

fn legend(canvas: &Canvas, grid: &Grid, depth: usize) -> Vec<Entry> {
    let palette = canvas.palette;
    let mut legend = vec![
        Entry::new(Mark::Block(gross_color(canvas)), "gross"),
        Entry::new(Mark::Block(palette.series[0]), "net"),
    ];
    if depth > 1 {
        legend.push(Entry::new(Mark::Block(palette.series[1]), "payments"));
    }
    if depth > 2 {
        legend.push(Entry::new(Mark::Line(palette.series[2]), "payment success"));
        legend.push(Entry::new(Mark::Line(palette.series[3]), "attempt approval"));
    }
    let before = if depth > 1 {
        "gross, payments of the earlier period"
    } else {
        "gross of the earlier period"
    };
    legend.extend(earlier::entry(canvas, grid, "gross").map(|entry| Entry {
        label: before.to_owned(),
        ..entry
    }));
    if grid.complete.contains(&false) {
        legend.push(Entry::new(Mark::Hatched(palette.neutral[0]), "incomplete"));
    }
    match depth {
        1 => legend.push(no_room("payments and success rates")),
        2 => legend.push(no_room("success rates")),
        _ => {}
    }
    legend
}

fn gross_color(canvas: &Canvas) -> plotters::style::RGBColor {
    canvas.palette.tint(canvas.palette.series[4], 0.5)
}

fn specs(grid: &Grid, drawn: &[usize], outer: usize, depth: usize, request: &ChartRequest) -> Vec<Spec> {
    // Groups of one currency share a scale, so that they can be compared.
    let alike = drawn
        .iter()
        .filter(|other| grid.currency(**other) == grid.currency(outer));
    let alike: Vec<usize> = alike.copied().collect();
    let range = |columns: &[&str]| {
        let all = || {
            alike
                .iter()
                .flat_map(|o| columns.iter().flat_map(|column| grid.floats(*o, 0, column)))
                .flatten()
        };
        (all().fold(0.0, f64::min), all().fold(0.0, f64::max))
    };
    let (lo, hi) = range(&["gross", "net", "gross_previous"]);
    let caption = match grid.currency(outer).as_str() {
        "" => format!("Gross and net{}", per(request)),
        currency => format!("Gross and net, {currency}{}", per(request)),
    };
    let mut specs = vec![Spec {
        weight: 1.8,
        lo,
        hi,
        kind: Kind::Real,
        caption,
    }];
    if depth > 1 {
        let caption = format!("Payments{}", per(request));
        specs.push(Spec {
            weight: 1.0,
            lo: 0.0,
            hi: range(&["payments", "payments_previous"]).1,
            kind: Kind::Count,
            caption,
        });
    }
    if depth > 2 {
        specs.push(Spec {
            weight: 1.0,
            lo: 0.0,
            hi: 1.0,
            kind: Kind::Ratio,
            caption: "Success rates".to_owned(),
        });
    }
    specs
}

fn spans(values: Vec<Option<f64>>) -> Vec<Span> {
    values
        .into_iter()
        .map(|value| value.map(|value| (0.0, value)))
        .collect()
}

fn draw_amounts(canvas: &Canvas, panel: &Panel, grid: &Grid, outer: usize) -> Result<(), ChartError> {
    let (gross, net) = (
        spans(grid.floats(outer, 0, "gross")),
        spans(grid.floats(outer, 0, "net")),
    );
    let complete = &grid.complete;
    columns(
        canvas,
        panel,
        Columns {
            spans: &gross,
            complete,
            color: gross_color(canvas),
            share: 1.0,
        },
    )?;
    columns(
        canvas,
        panel,
        Columns {
            spans: &net,
            complete,
            color: canvas.palette.series[0],
            share: 0.56,
        },
    )?;
    earlier::strokes(canvas, panel, &earlier::values(grid, outer, 0, "gross"))?;
    let zero = panel.y(0.0).round();
    canvas.path(
        &[(panel.area.x, zero), (panel.area.right(), zero)],
        canvas.palette.axis,
        1.0,
    )
}

fn draw_count(canvas: &Canvas, panel: &Panel, grid: &Grid, outer: usize) -> Result<(), ChartError> {
    let payments = spans(grid.floats(outer, 0, "payments"));
    let color = canvas.palette.series[1];
    columns(
        canvas,
        panel,
        Columns {
            spans: &payments,
            complete: &grid.complete,
            color,
            share: 1.0,
        },
    )?;
    earlier::strokes(canvas, panel, &earlier::values(grid, outer, 0, "payments"))
}

fn draw_rates(canvas: &Canvas, panel: &Panel, grid: &Grid, outer: usize) -> Result<(), ChartError> {
    for (name, color) in [
        ("attempt_approval", canvas.palette.series[3]),
        ("payment_success", canvas.palette.series[2]),
    ] {
        let read = |suffix: &str| grid.floats(outer, 0, &format!("{name}{suffix}"));
        if name == "payment_success" {
            ribbon(canvas, panel, &read("_ci_low"), &read("_ci_high"), color)?;
        }
        line(canvas, panel, &centred(panel, &read(""), &grid.complete), color, 1.8)?;
    }
    Ok(())
}

fn summary(grid: &Grid, outer: usize) -> String {
    let name = grid.named(outer);
    let payments: f64 = grid.floats(outer, 0, "payments").into_iter().flatten().sum();
    // Exactly, as the table has it: minor units, not floats.
    let sum = |column: &str| {
        let mut total: Option<(i128, u32)> = None;
        for bucket in 0..grid.complete.len() {
            if let Value::Amount { minor, exponent } = grid.cell(outer, 0, bucket, column) {
                total = Some((total.map_or(0, |(sum, _)| sum).saturating_add(*minor), *exponent));
            }
        }
        let value = total.map_or(Value::Null, |(minor, exponent)| Value::Amount { minor, exponent });
        label(&value, Kind::Real)
    };
    let (gross, net) = (sum("gross"), sum("net"));
    format!(
        "{name}{} payments, gross {gross} and net {net} {}. ",
        count(payments),
        grid.currency(outer)
    )
}
