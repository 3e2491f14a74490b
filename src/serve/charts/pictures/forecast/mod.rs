//! Forecast: what was counted as a line, what is expected as a dashed one with its two intervals, and between
//! them the origin.

mod view;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::model::{Bucket, Interval, TimeRange, Value};
use crate::serve::charts::kit::{
    Canvas, EndLabel, Grid, Kind, Legend, Notes, Panel, Spec, end_labels, end_width, header, most_lines, no_data, stack,
};
use crate::serve::charts::{ChartError, ChartRequest};
use view::View;

/// Height of what stands above the panels, and the least of one of them.
const HEAD: f64 = 100.0;
const LEAST_PANEL: f64 = 96.0;

/// What is plotted.
const PLOTTED: [&str; 5] = ["value", "low_80", "high_80", "low_95", "high_95"];

/// Draws the history and what is expected to follow it.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let Some(range) = reach(request) else {
        return no_data(canvas, request, "Nothing was counted");
    };
    let wide = ChartRequest {
        range: &range,
        ..*request
    };
    let grid = Grid::new(&wide, None);
    if !grid.has_data(&["value"]) {
        return no_data(canvas, request, "Nothing was counted, so nothing can be expected");
    }
    let mut views = View::by_currency(&wide, &grid, most_lines(canvas));
    let room = ((canvas.frame.h - HEAD) / LEAST_PANEL).max(1.0) as usize;
    let left = views.split_off(views.len().min(room));
    let body = header(canvas, request, &legend(canvas, &grid, &views, &left))?;
    let ends: Vec<Vec<String>> = views.iter().map(|view| view.ends(canvas)).collect();
    let spec = |view: &View| Spec::new(1.0, (0.0, view.highest() * 1.08), Kind::Count, view.caption());
    let specs: Vec<Spec> = views.iter().map(spec).collect();
    let panels = stack(canvas, &range, body, &specs, end_width(&ends.concat()))?;
    let mut notes = Notes::default();
    for ((view, panel), ends) in views.iter().zip(&panels).zip(ends) {
        draw_view(canvas, view, panel, ends, request.range.to)?;
        notes.hits.extend(view.hits(panel));
        notes.summary.push_str(&view.summary());
        notes.series.extend(grid.series(&PLOTTED, &view.drawn));
    }
    Ok(notes)
}

/// The marks of the first view, which stand for those of all, and what has no place.
fn legend(canvas: &Canvas, grid: &Grid, views: &[View], left: &[View]) -> Legend {
    let is_cut = |view: &View| view.band_top() > view.highest();
    let mut legend = views
        .first()
        .map_or_else(Legend::default, |view| view.legend(canvas, views.iter().any(is_cut)));
    if !left.is_empty() {
        let currencies: Vec<String> = left.iter().map(View::currency).collect();
        legend.note(format!("{} in the table", currencies.join(", ")));
    }
    let placed = views.iter().chain(left).flat_map(|view| view.drawn.iter().copied());
    legend.others(grid, &placed.collect::<Vec<_>>(), |_| 0.0, "");
    legend
}

fn draw_view(
    canvas: &Canvas,
    view: &View,
    panel: &Panel,
    ends: Vec<String>,
    origin: DateTime<Utc>,
) -> Result<(), ChartError> {
    view.draw_origin(canvas, panel, origin)?;
    let mut labels = Vec::new();
    for ((outer, text), color) in view.drawn.iter().zip(ends).zip(canvas.palette.series) {
        view.draw_group(canvas, panel, *outer, color)?;
        if let Some(value) = view.values(*outer, "value").into_iter().flatten().next_back() {
            let y = panel.y(value.min(panel.scale.highest()));
            labels.push(EndLabel::new(y, (view.drawn.len() > 1).then_some(color), text));
        }
    }
    end_labels(canvas, panel.area, labels)
}

/// The buckets of the rows, behind the origin and ahead of it; of two that begin at once the longer. What lies behind
/// the origin and has not begun was not counted.
fn reach(request: &ChartRequest) -> Option<TimeRange> {
    let mut ends: BTreeMap<DateTime<Utc>, DateTime<Utc>> = BTreeMap::new();
    let cell = |row: usize, name| request.table.cell(row, name);
    let is_ahead = |row: usize| matches!(cell(row, "horizon_start"), Value::Time(_));
    let rows = 0..request.table.rows.len();
    // Where nothing is expected, an empty axis ahead says nothing.
    let ahead = rows
        .clone()
        .any(|row| is_ahead(row) && *cell(row, "value") != Value::Null);
    let is_begun = |row: usize| match cell(row, "bucket_start") {
        Value::Time(at) => at.with_timezone(&Utc) < request.as_of,
        _ => true,
    };
    for row in rows.filter(|row| if is_ahead(*row) { ahead } else { is_begun(*row) }) {
        let edge = |name| match request.table.cell(row, name) {
            Value::Time(at) => Some(at.with_timezone(&Utc)),
            _ => None,
        };
        let (start, end) = (edge("bucket_start")?, edge("bucket_end")?);
        let known = ends.entry(start).or_insert(end);
        *known = end.max(*known);
    }
    let (from, to) = (*ends.first_key_value()?.0, *ends.last_key_value()?.1);
    let bucket = |(start, end)| Bucket {
        start,
        end,
        whole: true,
    };
    Some(TimeRange {
        from,
        to,
        // A question without an interval is answered by days.
        interval: request.range.interval.or(Some(Interval::Day)),
        tz: request.range.tz,
        buckets: ends.into_iter().map(bucket).collect(),
    })
}
