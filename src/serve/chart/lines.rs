//! Any metric over time, as lines: what a metric gets that has no picture of its own.

use super::canvas::Canvas;
use super::data::Grid;
use super::document::{Notes, hits, words};
use super::frame::{Entry, Mark, SMALL, fit, header, most_lines, no_data};
use super::marks::{EndLabel, centred, end_labels, end_width, line};
use super::number::{Kind, label};
use super::panel::{Panel, Spec, per, stack};
use super::{ChartError, ChartRequest};
use crate::model::{ColumnType, Value};

/// One line: a group, a part of it and a column.
struct Line {
    outer: usize,
    inner: usize,
    column: String,
    name: String,
}

/// Draws the leading columns of one unit, or the first of them by group.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let split = split(request);
    let grid = Grid::new(request, split.as_deref());
    let (columns, kind) = leading(request);
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    if !grid.has_data(&names) {
        return no_data(canvas, request, "Nothing was recorded");
    }
    let lines = lines(&grid, &columns, most_lines(canvas));
    let narrow = canvas.frame.w < 480.0;
    let last = |line: &Line| label(last(&grid, line), kind);
    let text = |line: &Line| {
        fit(
            &format!("{} {}", line.name, last(line)),
            SMALL,
            false,
            canvas.frame.w * 0.3,
        )
    };
    let ends: Vec<String> = lines.iter().filter(|_| !narrow).map(text).collect();
    let legend = legend(canvas, &grid, &lines, narrow);
    let body = header(canvas, request, &legend)?;
    let values: Vec<Vec<Option<f64>>> = lines.iter().map(|l| grid.floats(l.outer, l.inner, &l.column)).collect();
    let all = || values.iter().flatten().flatten().copied();
    let caption = format!("{}{}", words(names.first().unwrap_or(&"")), per(request));
    let spec = Spec {
        weight: 1.0,
        lo: all().fold(0.0, f64::min),
        hi: all().fold(0.0, f64::max) * 1.05,
        kind,
        caption,
    };
    let panels = stack(canvas, request.range, body, &[spec], end_width(&ends))?;
    draw_lines(canvas, &panels[0], &grid, &values, &ends)?;
    let mut drawn: Vec<usize> = lines.iter().map(|line| line.outer).collect();
    drawn.dedup();
    let told: Vec<(&str, Kind)> = names.iter().map(|name| (*name, kind)).collect();
    let sentence = |line: &Line| format!("{}: {} at the end.", line.name, last(line));
    Ok(Notes {
        summary: lines.iter().map(sentence).collect::<Vec<_>>().join(" "),
        hits: hits(&grid, request, (panels[0].area, panels[0].bands), &drawn, &told),
        series: grid.series(&names, &drawn),
    })
}

fn legend(canvas: &Canvas, grid: &Grid, lines: &[Line], narrow: bool) -> Vec<Entry> {
    let mut legend = Vec::new();
    if narrow {
        let entry = |(line, color): (&Line, _)| Entry::new(Mark::Line(color), &line.name);
        legend.extend(lines.iter().zip(canvas.palette.series).map(entry));
    }
    if grid.complete.contains(&false) {
        legend.push(Entry::new(Mark::Dashed(canvas.palette.muted), "incomplete"));
    }
    legend
}

/// A line's last number.
fn last<'a>(grid: &Grid<'a>, line: &Line) -> &'a Value {
    let buckets = (0..grid.complete.len()).rev();
    let mut cells = buckets.map(|bucket| grid.cell(line.outer, line.inner, bucket, &line.column));
    cells.find(|cell| cell.as_f64().is_some()).unwrap_or(&Value::Null)
}

fn draw_lines(
    canvas: &Canvas,
    panel: &Panel,
    grid: &Grid,
    lines: &[Vec<Option<f64>>],
    ends: &[String],
) -> Result<(), ChartError> {
    let mut labels = Vec::new();
    for (rank, (values, color)) in lines.iter().zip(canvas.palette.series).enumerate() {
        line(canvas, panel, &centred(panel, values, &grid.complete), color, 2.0)?;
        if let (Some(text), Some(value)) = (ends.get(rank), values.iter().rev().find_map(|value| *value)) {
            let (y, color, text) = (panel.y(value), Some(color), text.clone());
            labels.push(EndLabel { y, color, text });
        }
    }
    end_labels(canvas, panel.area, labels)
}

/// The first column of words that is no group: what the rows of a bucket differ by.
fn split(request: &ChartRequest) -> Option<String> {
    let own = |name: &str| !request.group_by.contains(&name) && name != "currency";
    let mut columns = request.table.columns.iter();
    columns
        .find(|column| column.kind == ColumnType::Text && own(&column.name))
        .map(|column| column.name.clone())
}

/// The first numeric column and those of the same unit beside it.
fn leading(request: &ChartRequest) -> (Vec<String>, Kind) {
    let numeric = |kind| matches!(kind, ColumnType::Integer | ColumnType::Number | ColumnType::Amount);
    let mut columns = request.table.columns.iter().filter(|column| numeric(column.kind));
    let Some(first) = columns.next() else {
        return (Vec::new(), Kind::Real);
    };
    let alike = columns.filter(|column| column.unit == first.unit && column.kind == first.kind && first.unit.is_some());
    let names = std::iter::once(first)
        .chain(alike)
        .take(4)
        .map(|column| column.name.clone())
        .collect();
    let kind = match (first.kind, first.unit) {
        (ColumnType::Integer, _) => Kind::Count,
        (ColumnType::Number, Some("ratio")) => Kind::Ratio,
        _ => Kind::Real,
    };
    (names, kind)
}

fn lines(grid: &Grid, columns: &[String], most: usize) -> Vec<Line> {
    let grouped = grid.outer.len() * grid.inner.len() > 1;
    let columns = if grouped { &columns[..1] } else { columns };
    let mut lines = Vec::new();
    let first = columns.first().map_or("", String::as_str);
    for outer in grid.largest(first, most) {
        for (inner, key) in grid.inner.iter().enumerate() {
            for column in columns {
                let parts = [grid.outer[outer].label(), key.label()];
                let name = parts
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" \u{b7} ");
                let name = if grouped { name } else { words(column) };
                lines.push(Line {
                    outer,
                    inner,
                    column: column.clone(),
                    name,
                });
            }
        }
    }
    lines.truncate(most);
    lines
}
