//! Payments: gross and net amounts, how many payments they are, and how many tries succeed.

use crate::serve::charts::kit::{
    Canvas, Cell, Columns, Grid, Kind, Legend, Notes, Panel, Spec, arrangement, cells, centred, columns, earlier,
    from_zero, header, hits, line, no_data, per, ribbon, stack, whole,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 5] = ["gross", "net", "payments", "payment_success", "attempt_approval"];

const TOLD: [&str; 5] = ["gross", "net", "payments", "payment_success", "attempt_approval"];

/// The least room for one group.
const LEAST: (f64, f64) = (240.0, 150.0);

/// Draws one picture for each group, and for each currency where nothing is converted.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, None);
    if !grid.has_data(&["gross", "net", "payments", "payment_success", "refunded", "pending"]) {
        return no_data(canvas, request, "No payment was captured");
    }
    let depth = depth(canvas, &grid);
    let body = header(canvas, request, &legend(canvas, &grid, depth))?;
    let size = |outer| grid.size(outer, "payments");
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
        notes.hits.extend(hits(&grid, whole(&panels), &[outer], &TOLD));
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

fn legend(canvas: &Canvas, grid: &Grid, depth: usize) -> Legend {
    let palette = canvas.palette;
    let mut legend = Legend::default();
    legend
        .block(gross_color(canvas), "gross")
        .block(palette.series[0], "net");
    if depth > 1 {
        legend.block(palette.series[1], "payments");
    }
    if depth > 2 {
        legend.line(palette.series[2], "payment success");
        legend.line(palette.series[3], "attempt approval");
    }
    let before = match depth {
        1 => "gross of the earlier period",
        _ => "gross, payments of the earlier period",
    };
    legend.earlier(canvas, grid, "gross", before).incomplete(canvas, grid);
    match depth {
        1 => legend.no_room("payments and success rates"),
        2 => legend.no_room("success rates"),
        _ => &mut legend,
    };
    legend
}

fn gross_color(canvas: &Canvas) -> plotters::style::RGBColor {
    canvas.palette.tint(canvas.palette.series[4], 0.5)
}

fn specs(grid: &Grid, drawn: &[usize], outer: usize, depth: usize, request: &ChartRequest) -> Vec<Spec> {
    // Groups of one currency share a scale, so that they can be compared.
    let is_alike = |other: &usize| grid.currency(*other) == grid.currency(outer);
    let alike: Vec<usize> = drawn.iter().copied().filter(is_alike).collect();
    let hi = grid.highest(&alike, &["gross", "net", "gross_previous"]);
    let net = alike.iter().flat_map(|outer| grid.floats(*outer, 0, "net")).flatten();
    let lo = net.fold(0.0, f64::min);
    let caption = match grid.currency(outer).as_str() {
        "" => format!("Gross and net{}", per(request)),
        currency => format!("Gross and net, {currency}{}", per(request)),
    };
    let mut specs = vec![Spec::new(1.8, (lo, hi), Kind::Real, caption)];
    if depth > 1 {
        let hi = grid.highest(&alike, &["payments", "payments_previous"]);
        specs.push(Spec::new(
            1.0,
            (0.0, hi),
            Kind::Count,
            format!("Payments{}", per(request)),
        ));
    }
    if depth > 2 {
        specs.push(Spec::new(1.0, (0.0, 1.0), Kind::Ratio, "Success rates".to_owned()));
    }
    specs
}

fn draw_amounts(canvas: &Canvas, panel: &Panel, grid: &Grid, outer: usize) -> Result<(), ChartError> {
    let [gross, net] = ["gross", "net"].map(|column| from_zero(&grid.floats(outer, 0, column)));
    let complete = &grid.complete;
    columns(canvas, panel, Columns::new(&gross, complete, gross_color(canvas)))?;
    columns(
        canvas,
        panel,
        Columns::new(&net, complete, canvas.palette.series[0]).share(0.56),
    )?;
    earlier::strokes(canvas, panel, &earlier::values(grid, outer, 0, "gross"))?;
    panel.zero(canvas)
}

fn draw_count(canvas: &Canvas, panel: &Panel, grid: &Grid, outer: usize) -> Result<(), ChartError> {
    let payments = from_zero(&grid.floats(outer, 0, "payments"));
    let color = canvas.palette.series[1];
    columns(canvas, panel, Columns::new(&payments, &grid.complete, color))?;
    earlier::strokes(canvas, panel, &earlier::values(grid, outer, 0, "payments"))
}

fn draw_rates(canvas: &Canvas, panel: &Panel, grid: &Grid, outer: usize) -> Result<(), ChartError> {
    for (name, color) in [
        ("attempt_approval", canvas.palette.series[3]),
        ("payment_success", canvas.palette.series[2]),
    ] {
        let read = |suffix: &str| grid.floats(outer, 0, &format!("{name}{suffix}"));
        if name == "payment_success" {
            ribbon(panel, &read("_ci_low"), &read("_ci_high"), color)?;
        }
        line(canvas, panel, &centred(&read(""), &grid.complete), color, 1.8)?;
    }
    Ok(())
}

fn summary(grid: &Grid, outer: usize) -> String {
    let [payments, gross, net] = ["payments", "gross", "net"].map(|column| grid.whole_shown(outer, 0, column));
    let (name, currency) = (grid.named(outer), grid.currency(outer));
    format!("{name}{payments} payments, gross {gross} and net {net} {currency}. ")
}
