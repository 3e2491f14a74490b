//! Bot activity: growth accounting as diverging columns, and the active bots it adds up to.

use plotters::style::RGBColor;

use crate::serve::charts::kit::{
    Canvas, Cell, Columns, EndLabel, Grid, Kind, Legend, Notes, Panel, Span, Spec, area, cells, centred, columns,
    count, earlier, end_labels, end_width, from_zero, header, hits, line, no_data, per, seams, stack, stacked, whole,
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
    let all = |of: fn(&Flows) -> &[Span]| flows.iter().flat_map(of).flatten().map(|(_, to)| *to);
    let highest = all(|flows| &flows.back)
        .chain(all(|flows| &flows.new))
        .fold(0.0, f64::max);
    let lowest = all(|flows| &flows.lost).fold(0.0, f64::min);
    let most = grid.highest(&drawn, &["active"]);
    let before = flows.iter().flat_map(|flows| &flows.before).flatten();
    let most = before.copied().fold(most, f64::max);
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
        notes.hits.extend(hits(&grid, whole(&panels), &[outer], &PLOTTED));
        notes.summary.push_str(&summary(&grid, outer));
    }
    Ok(notes)
}

/// The columns and the line of one group.
struct Flows {
    active: Vec<Option<f64>>,
    before: Vec<Option<f64>>,
    new: Vec<Span>,
    back: Vec<Span>,
    lost: Vec<Span>,
}

impl Flows {
    fn of(grid: &Grid, outer: usize) -> Self {
        let read = |column| grid.floats(outer, 0, column);
        let mut base = vec![0.0; grid.complete.len()];
        let lost: Vec<Option<f64>> = read("churned").into_iter().map(|lost| lost.map(|lost| -lost)).collect();
        Flows {
            active: read("active"),
            before: earlier::values(grid, outer, 0, "active"),
            new: stacked(&mut base, &read("new")),
            back: stacked(&mut base, &read("resurrected")),
            lost: from_zero(&lost),
        }
    }

    /// What was won less what was lost.
    fn net(&self, bucket: usize) -> Option<f64> {
        let (_, won) = self.back[bucket].or(self.new[bucket])?;
        Some(won + self.lost[bucket]?.1)
    }

    /// The last number of active bots and its label: of an incomplete bucket it is no fall.
    fn end(&self, complete: &[bool], width: f64) -> Option<(f64, String)> {
        let last = self.active.iter().rposition(Option::is_some)?;
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
    for (spans, color) in [&flows.new, &flows.back, &flows.lost].into_iter().zip(colors(canvas)) {
        columns(canvas, panel, Columns::new(spans, complete, color))?;
    }
    seams(canvas, panel, &flows.new)?;
    panel.zero(canvas)?;
    if canvas.frame.w / (complete.len() as f64) < 8.0 {
        return Ok(());
    }
    let radius = (panel.bands.step / 5.0).clamp(1.2, 3.2);
    for (bucket, complete) in complete.iter().enumerate() {
        let Some(net) = flows.net(bucket) else { continue };
        let at = (bucket as f64 + 0.5, net);
        panel.disc(at, radius + 1.0, canvas.palette.background)?;
        panel.dot(canvas, at, radius, (canvas.palette.text, *complete))?;
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
