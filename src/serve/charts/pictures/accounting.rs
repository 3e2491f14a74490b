//! Bot activity: growth accounting as diverging columns, and the active bots it adds up to.

use plotters::style::RGBColor;

use crate::serve::charts::kit::{
    Canvas, Cell, Columns, EndLabel, Grid, Kind, Legend, Notes, Panel, Spec, area, cells, centred, columns, count,
    earlier, end_labels, end_width, from_zero, header, hits, line, no_data, per, seams, stack, stacked, whole,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 5] = ["active", "new", "retained", "resurrected", "churned"];

/// Draws one picture for each group.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, None);
    if !grid.has_data(&PLOTTED) {
        return no_data(canvas, request, "No bot was active");
    }
    let active = canvas.frame.h >= if grid.outer.len() > 1 { 560.0 } else { 280.0 };
    let body = header(canvas, request, &legend(canvas, &grid, active))?;
    let size = |outer| grid.size(outer, "active");
    let cells = cells(canvas, &grid, body, (230.0, 150.0), (size, "bots active"))?;
    let drawn: Vec<usize> = cells.iter().map(|cell| cell.outer).collect();
    let flows: Vec<Flows> = drawn.iter().map(|outer| Flows::of(&grid, *outer)).collect();
    // One scale for all, so that groups can be compared.
    let highest = flows.iter().map(Flows::highest).fold(0.0, f64::max);
    let lowest = flows.iter().map(Flows::lowest).fold(0.0, f64::min);
    let most = flows
        .iter()
        .flat_map(|flows| flows.active.iter().chain(&flows.before).flatten())
        .copied()
        .fold(0.0, f64::max);
    let mut notes = Notes {
        series: grid.series(&[PLOTTED.as_slice(), &["active_previous"]].concat(), &drawn),
        ..Notes::default()
    };
    for (Cell { outer, place }, flows) in cells.into_iter().zip(&flows) {
        let caption = format!("Bots won and lost{}", per(request));
        let mut specs = vec![Spec::new(1.5, (lowest, highest), Kind::Count, caption)];
        if active {
            let caption = format!("Active bots{}", per(request));
            specs.push(Spec::new(1.0, (0.0, most * 1.08), Kind::Count, caption));
        }
        let end = flows.end(&grid.complete, place.w);
        let right = end
            .iter()
            .filter(|_| active)
            .map(|(_, text)| text.clone())
            .collect::<Vec<_>>();
        let panels = stack(canvas, request.range, place, &specs, end_width(&right))?;
        draw_flows(canvas, &panels[0], flows, &grid.complete)?;
        if let Some(lower) = panels.get(1) {
            draw_active(canvas, lower, flows, &grid.complete, end)?;
        }
        notes
            .hits
            .extend(hits(&grid, request, whole(&panels), &[outer], &PLOTTED));
        notes.summary.push_str(&summary(&grid, outer));
    }
    Ok(notes)
}

/// What the columns of one group are made of.
struct Flows {
    active: Vec<Option<f64>>,
    before: Vec<Option<f64>>,
    new: Vec<Option<f64>>,
    resurrected: Vec<Option<f64>>,
    churned: Vec<Option<f64>>,
}

impl Flows {
    fn of(grid: &Grid, outer: usize) -> Self {
        let read = |column| grid.floats(outer, 0, column);
        Flows {
            active: read("active"),
            before: earlier::values(grid, outer, 0, "active"),
            new: read("new"),
            resurrected: read("resurrected"),
            churned: read("churned"),
        }
    }

    fn won(&self, bucket: usize) -> Option<f64> {
        match (self.new[bucket], self.resurrected[bucket]) {
            (None, None) => None,
            (new, back) => Some(new.unwrap_or(0.0) + back.unwrap_or(0.0)),
        }
    }

    fn highest(&self) -> f64 {
        (0..self.new.len())
            .filter_map(|bucket| self.won(bucket))
            .fold(0.0, f64::max)
    }

    fn lowest(&self) -> f64 {
        -self.churned.iter().flatten().copied().fold(0.0, f64::max)
    }

    /// The last number of active bots and its label: of an incomplete bucket it is no fall.
    fn end(&self, complete: &[bool], width: f64) -> Option<(f64, String)> {
        let last = (0..self.active.len())
            .rev()
            .find(|bucket| self.active[*bucket].is_some())?;
        let value = self.active[last]?;
        let text = match complete[last] || width < 420.0 {
            true => count(value),
            false => format!("{}, incomplete", count(value)),
        };
        Some((value, text))
    }
}

fn summary(grid: &Grid, outer: usize) -> String {
    let told = PLOTTED.map(|column| format!("{} {column}", grid.whole_shown(outer, 0, column)));
    format!("{}{} over the range. ", grid.named(outer), told.join(", "))
}

fn legend(canvas: &Canvas, grid: &Grid, active: bool) -> Legend {
    let [new, back, lost] = colors(canvas);
    let mut legend = Legend::default();
    legend
        .block(new, "new")
        .block(back, "resurrected")
        .block(lost, "churned");
    if canvas.frame.w / grid.complete.len() as f64 >= 8.0 {
        legend.dot(canvas.palette.text, "net");
    }
    if active {
        legend.line(canvas.palette.series[2], "active");
        legend.earlier(canvas, grid, "active", "earlier period");
    }
    legend.incomplete(canvas, grid);
    if !active {
        legend.no_room("active bots");
    }
    legend
}

fn colors(canvas: &Canvas) -> [RGBColor; 3] {
    let series = canvas.palette.series;
    [series[0], series[4], series[5]]
}

fn draw_flows(canvas: &Canvas, panel: &Panel, flows: &Flows, complete: &[bool]) -> Result<(), ChartError> {
    let buckets = 0..complete.len();
    let mut base = vec![0.0; complete.len()];
    let new = stacked(&mut base, &flows.new);
    let back = stacked(&mut base, &flows.resurrected);
    let lost: Vec<Option<f64>> = flows.churned.iter().map(|lost| lost.map(|lost| -lost)).collect();
    let lost = from_zero(&lost);
    for (spans, color) in [&new, &back, &lost].into_iter().zip(colors(canvas)) {
        columns(canvas, panel, Columns::new(spans, complete, color))?;
    }
    seams(canvas, panel, &new)?;
    panel.zero(canvas)?;
    let net: Vec<Option<f64>> = buckets.map(|b| Some(flows.won(b)? - flows.churned[b]?)).collect();
    if canvas.frame.w / (complete.len() as f64) < 8.0 {
        return Ok(());
    }
    let radius = (panel.bands.step / 5.0).clamp(1.2, 3.2);
    for (bucket, net) in net.iter().enumerate() {
        let Some(net) = net else { continue };
        let at = (panel.bands.centre(bucket), panel.y(*net));
        canvas.disc(at, radius + 1.0, canvas.palette.background)?;
        canvas.point(at, radius, canvas.palette.text, complete[bucket])?;
    }
    Ok(())
}

fn draw_active(
    canvas: &Canvas,
    panel: &Panel,
    flows: &Flows,
    complete: &[bool],
    end: Option<(f64, String)>,
) -> Result<(), ChartError> {
    let color = canvas.palette.series[2];
    let points = centred(&flows.active, complete);
    area(panel, &points, color)?;
    earlier::line(canvas, panel, &flows.before, 0.5)?;
    line(canvas, panel, &points, color, 2.0)?;
    let label = end.map(|(value, text)| EndLabel::new(panel.y(value), None, text));
    end_labels(canvas, panel.area, label.into_iter().collect())
}
