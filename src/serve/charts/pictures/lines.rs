//! Any metric over time, as lines: what a metric gets that has no picture of its own.

use crate::model::ColumnType;
use crate::serve::charts::kit::{
    Canvas, EndLabel, Grid, Kind, Legend, Mark, Notes, Panel, Spec, centred, end_labels, end_width, ends, header, hits,
    line, most_lines, named, no_data, per, stack, whole, words,
};
use crate::serve::charts::{ChartError, ChartRequest};

/// One line: a group, a part of it and a column.
struct Line<'a> {
    outer: usize,
    inner: usize,
    column: &'a str,
    name: String,
}

/// Draws the leading columns of one unit, or the first of them by group.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    draw_columns(canvas, request, &leading(request), None)
}

/// Draws some columns of one unit, or the first of them by group: the groups with most of `size` in the whole range,
/// whose figures are told, or where that is not asked for those that are largest at the end.
pub(in crate::serve) fn draw_columns(
    canvas: &Canvas,
    request: &ChartRequest,
    names: &[&str],
    size: Option<&str>,
) -> Result<Notes, ChartError> {
    let split = split(request);
    let grid = Grid::new(request, split.as_deref());
    let (kind, unit) = kind(request, names);
    if !grid.has_data(names) {
        let is_there = |size| (0..grid.outer.len()).any(|outer| grid.whole(outer, 0, size) > Some(0.0));
        let why = match size.is_some_and(is_there) {
            true => "No bucket has settled yet",
            false => "Nothing was recorded",
        };
        return no_data(canvas, request, why);
    }
    let lines = lines(&grid, names, size, most_lines(canvas));
    let numbers = lines.iter().map(|line| last(&grid, line));
    let narrow = !named(canvas);
    let ends = match narrow {
        true => Vec::new(),
        false => ends(canvas, lines.iter().map(|line| line.name.as_str()), numbers, true),
    };
    let mut legend = legend(canvas, &grid, &lines, narrow);
    let shown: Vec<usize> = lines.iter().map(|line| line.outer).collect();
    legend.others(&grid, &shown, |_| 0.0, "");
    let body = header(canvas, request, &legend)?;
    let values: Vec<Vec<Option<f64>>> = lines.iter().map(|l| grid.floats(l.outer, l.inner, l.column)).collect();
    let told = match lines.iter().any(|line| line.column != names[0]) {
        true => unit,
        false => names[0],
    };
    let caption = format!("{}{}", words(told), per(request));
    let parts = by_currency(request, &grid, &lines);
    let spec = |(currency, own): &(String, Vec<usize>)| {
        let all = || own.iter().flat_map(|line| &values[*line]).flatten().copied();
        let ends = (all().fold(0.0, f64::min), all().fold(0.0, f64::max) * 1.05);
        let of = if currency.is_empty() {
            String::new()
        } else {
            format!(", {currency}")
        };
        Spec::new(1.0, ends, kind, format!("{caption}{of}"))
    };
    let specs: Vec<Spec> = parts.iter().map(spec).collect();
    let panels = stack(canvas, request.range, body, &specs, end_width(&ends))?;
    for (panel, (_, own)) in panels.iter().zip(&parts) {
        draw_lines(canvas, panel, (&grid, own), &values, &ends)?;
    }
    let mut drawn: Vec<usize> = lines.iter().map(|line| line.outer).collect();
    drawn.dedup();
    let sentence = |line: &Line| match size {
        None => format!("{}: {} at the end.", line.name, last(&grid, line)),
        Some(_) => {
            let column = if grouped(&grid) {
                words(line.column) + " "
            } else {
                String::new()
            };
            let value = grid.whole_shown(line.outer, line.inner, line.column);
            format!("{}: {column}{value} over the range.", line.name)
        }
    };
    Ok(Notes {
        summary: lines.iter().map(sentence).collect::<Vec<_>>().join(" "),
        hits: hits(&grid, whole(&panels), &drawn, names),
        series: grid.series(names, &drawn),
    })
}

fn legend(canvas: &Canvas, grid: &Grid, lines: &[Line], narrow: bool) -> Legend {
    let mut legend = Legend::default();
    if narrow {
        legend.lines(canvas, lines.iter().map(|line| line.name.as_str()));
    }
    if grid.complete.contains(&false) {
        legend.add(Mark::Dashed(canvas.palette.muted), "incomplete");
    }
    legend
}

/// A line's last number.
fn last(grid: &Grid, line: &Line) -> String {
    let values = grid.floats(line.outer, line.inner, line.column);
    let bucket = values.iter().rposition(Option::is_some);
    grid.shown(line.outer, line.inner, bucket.unwrap_or(0), line.column)
}

fn draw_lines(
    canvas: &Canvas,
    panel: &Panel,
    (grid, own): (&Grid, &[usize]),
    lines: &[Vec<Option<f64>>],
    ends: &[String],
) -> Result<(), ChartError> {
    let mut labels = Vec::new();
    let colored = lines.iter().zip(canvas.palette.series).enumerate();
    for (rank, (values, color)) in colored.filter(|(rank, _)| own.contains(rank)) {
        line(canvas, panel, &centred(values, &grid.complete), color, 2.0)?;
        if let (Some(text), Some(value)) = (ends.get(rank), values.iter().rev().find_map(|value| *value)) {
            labels.push(EndLabel::new(panel.y(value), Some(color), text));
        }
    }
    end_labels(canvas, panel.area, labels)
}

/// The lines of each currency, which share an axis with no other; of what is no money, all.
fn by_currency(request: &ChartRequest, grid: &Grid, lines: &[Line]) -> Vec<(String, Vec<usize>)> {
    let is_money = |line: &Line| {
        let column = request.table.columns.iter().find(|column| column.name == line.column);
        column.is_some_and(|column| column.kind == ColumnType::Amount)
    };
    let mut parts: Vec<(String, Vec<usize>)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let currency = if is_money(line) {
            grid.currency(line.outer)
        } else {
            String::new()
        };
        match parts.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, own)) => own.push(at),
            None => parts.push((currency, vec![at])),
        }
    }
    parts
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
fn leading<'a>(request: &'a ChartRequest) -> Vec<&'a str> {
    let numeric = |kind| matches!(kind, ColumnType::Integer | ColumnType::Number | ColumnType::Amount);
    let mut columns = request.table.columns.iter().filter(|column| numeric(column.kind));
    let Some(first) = columns.next() else {
        return Vec::new();
    };
    let alike = columns.filter(|column| column.unit == first.unit && column.kind == first.kind && first.unit.is_some());
    let all = std::iter::once(first).chain(alike).take(4);
    all.map(|column| column.name.as_str()).collect()
}

/// What the numbers of the first of some columns are, and their unit.
fn kind(request: &ChartRequest, names: &[&str]) -> (Kind, &'static str) {
    let first = names.first().and_then(|name| request.table.position(name));
    let Some(first) = first.map(|at| &request.table.columns[at]) else {
        return (Kind::Real, "");
    };
    let kind = match (first.kind, first.unit) {
        (ColumnType::Integer, _) => Kind::Count,
        (ColumnType::Number, Some("ratio")) => Kind::Ratio,
        _ => Kind::Real,
    };
    (kind, first.unit.unwrap_or_default())
}

fn grouped(grid: &Grid) -> bool {
    grid.outer.len() * grid.inner.len() > 1
}

fn lines<'a>(grid: &Grid, columns: &[&'a str], size: Option<&str>, most: usize) -> Vec<Line<'a>> {
    let grouped = grouped(grid);
    let columns = if grouped { &columns[..1] } else { columns };
    let mut lines = Vec::new();
    let first = columns.first().copied().unwrap_or_default();
    let of_size = |outer| match size {
        Some(size) => grid.whole(outer, 0, size).unwrap_or_default(),
        None => grid.last(outer, first),
    };
    for outer in grid.by_size(of_size).into_iter().take(most) {
        for inner in 0..grid.inner.len() {
            for &column in columns {
                let parts = [grid.name(outer), grid.part(inner)];
                let name = parts
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" \u{b7} ");
                let name = if grouped { name } else { words(column) };
                lines.push(Line {
                    outer,
                    inner,
                    column,
                    name,
                });
            }
        }
    }
    lines.truncate(most);
    lines
}
