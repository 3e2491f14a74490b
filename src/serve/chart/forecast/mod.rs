//! Forecast: what was counted as a line, what is expected as a dashed one with its two intervals, and between
//! them the origin.

mod view;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::canvas::Canvas;
use super::data::Grid;
use super::document::Notes;
use super::frame::{header, most_lines, no_data};
use super::marks::{EndLabel, end_labels, end_width};
use super::number::Kind;
use super::panel::{Spec, stack};
use super::{ChartError, ChartRequest};
use crate::model::{Bucket, Interval, TimeRange, Value};
use view::View;

/// What is plotted.
const PLOTTED: [&str; 5] = ["value", "low_80", "high_80", "low_95", "high_95"];

/// Draws the history and what is expected to follow it.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
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
    let view = View::of(&wide, &grid, most_lines(canvas));
    let highest = view.highest();
    let cut = view.band_top() > highest;
    let body = header(canvas, request, &view.legend(canvas, cut))?;
    let narrow = canvas.frame.w < 480.0;
    let ends: Vec<String> = view
        .drawn
        .iter()
        .map(|outer| view.end(*outer, canvas.frame.w, narrow))
        .collect();
    let spec = Spec {
        weight: 1.0,
        lo: 0.0,
        hi: highest * 1.08,
        kind: Kind::Count,
        caption: view.caption(request),
    };
    let panels = stack(canvas, &range, body, &[spec], end_width(&ends))?;
    let panel = &panels[0];
    view.draw_origin(canvas, panel, request.range.to)?;
    let mut labels = Vec::new();
    for ((outer, text), color) in view.drawn.iter().zip(ends).zip(canvas.palette.series) {
        view.draw_group(canvas, panel, *outer, color)?;
        if let Some(value) = view.values(*outer, "value").into_iter().flatten().next_back() {
            let color = (view.drawn.len() > 1).then_some(color);
            let y = panel.y(value.min(panel.scale.highest()));
            labels.push(EndLabel { y, color, text });
        }
    }
    end_labels(canvas, panel.area, labels)?;
    Ok(Notes {
        summary: view.summary(),
        hits: view.hits(panel),
        series: grid.series(&PLOTTED, &view.drawn),
    })
}

/// The buckets of the rows, behind the origin and ahead of it; of two that begin at once the longer.
fn reach(request: &ChartRequest) -> Option<TimeRange> {
    let mut ends: BTreeMap<DateTime<Utc>, DateTime<Utc>> = BTreeMap::new();
    let cell = |row: usize, name| request.table.cell(row, name);
    let is_ahead = |row: usize| matches!(cell(row, "horizon_start"), Value::Time(_));
    let rows = 0..request.table.rows.len();
    // Where nothing is expected, an empty axis ahead says nothing.
    let ahead = rows
        .clone()
        .any(|row| is_ahead(row) && *cell(row, "value") != Value::Null);
    for row in rows.filter(|row| ahead || !is_ahead(*row)) {
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
