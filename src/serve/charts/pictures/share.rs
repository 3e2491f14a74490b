//! Who has what share: columns of 100 % over time, or bars for one stretch of time.

use plotters::style::RGBColor;

use super::share_bars::bars;
use crate::serve::charts::kit::{
    Canvas, Cell, Columns, EndLabel, Grid, Kind, Legend, Notes, Panel, Rect, SMALL, Span, Spec, cells, columns,
    end_labels, end_width, fitted, header, hits, no_data, number, per, percent, seams, stack,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 4] = ["payments", "gross", "share_by_count", "share_by_amount"];

const TOLD: [&str; 3] = ["share_by_count", "share_by_amount", "payments"];

/// Named values with a colour of their own.
const MOST_NAMED: usize = 7;

/// A value, or several that are drawn as one.
pub(super) struct Part {
    pub inners: Vec<usize>,
    pub name: String,
    pub color: RGBColor,
}

/// Draws one picture for each group.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, Some("value"));
    if !grid.has_data(&["payments", "gross"]) {
        return no_data(canvas, request, "No payment was captured");
    }
    let single = request.range.buckets.len() == 1;
    // A row of a bar needs its height; a slice of a column does not.
    let most = if single {
        ((canvas.frame.h - 110.0) / 18.0).clamp(3.0, 7.0) as usize
    } else {
        MOST_NAMED
    };
    let parts = parts(canvas, &grid, most);
    let direct = !single && canvas.frame.w >= 480.0 && grid.outer.len() <= 1;
    let body = header(canvas, request, &legend(canvas, &grid, &parts, single, direct))?;
    let least = if single {
        (300.0, 60.0 + 24.0 * parts.len() as f64)
    } else {
        (220.0, 140.0)
    };
    let size = |outer| grid.size(outer, "payments");
    let cells = cells(canvas, &grid, body, least, (size, "payments"))?;
    let drawn: Vec<usize> = cells.iter().map(|cell| cell.outer).collect();
    let mut notes = Notes {
        series: grid.series(&PLOTTED, &drawn),
        ..Notes::default()
    };
    for Cell { outer, place } in cells {
        if single {
            notes.hits.extend(bars(canvas, &grid, &parts, outer, place)?);
        } else {
            let panel = over_time(canvas, request, &grid, &parts, outer, place, direct)?;
            notes
                .hits
                .extend(hits(&grid, (panel.area, panel.bands), &[outer], &TOLD));
        }
        notes.summary.push_str(&summary(&grid, &parts, outer));
    }
    Ok(notes)
}

/// The values by their payments, the named before `none` and `unknown`.
fn parts(canvas: &Canvas, grid: &Grid, most: usize) -> Vec<Part> {
    let total = |inner: usize| -> f64 {
        let paid = (0..grid.outer.len()).filter_map(|outer| grid.whole(outer, inner, "payments"));
        paid.sum()
    };
    let of = |inner: usize| grid.values("value", grid.inner[inner].get("value"));
    let several = |inner: usize| of(inner) > 1;
    let grey = |name: &str| matches!(name, "none" | "unknown");
    let told = (0..grid.inner.len()).filter(|inner| !grid.inner[*inner].is_null());
    let mut values: Vec<(usize, &str, f64)> = told.map(|inner| (inner, grid.part(inner), total(inner))).collect();
    values.sort_by(|a, b| {
        let kind = |(inner, name, _): &(usize, &str, f64)| (grey(name), several(*inner));
        kind(a).cmp(&kind(b)).then(b.2.total_cmp(&a.2)).then(a.1.cmp(b.1))
    });
    let named = values.iter().filter(|value| !grey(value.1)).count();
    // By name, not by size: the same value keeps its colour in another period.
    let mut colored: Vec<&str> = values.iter().take(most.min(named)).map(|value| value.1).collect();
    colored.sort();
    let color = |name: &str| colored.iter().position(|one| *one == name).unwrap_or(usize::MAX);
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = Vec::new();
    for (rank, (inner, name, _)) in values.into_iter().enumerate() {
        if rank < named && (rank >= most || several(inner)) {
            rest.push(inner);
            continue;
        }
        parts.push(Part {
            inners: vec![inner],
            color: canvas.palette.of(color(name), name),
            name: name.to_owned(),
        });
    }
    if let Some(first) = rest.first().copied() {
        let left: usize = rest.iter().map(|inner| of(*inner)).sum();
        let others = Part {
            inners: rest,
            name: if left == 1 {
                grid.part(first).to_owned()
            } else {
                format!("{left} others")
            },
            color: canvas.palette.neutral[2],
        };
        parts.insert(most.min(parts.len()), others);
    }
    parts
}

fn legend(canvas: &Canvas, grid: &Grid, parts: &[Part], single: bool, direct: bool) -> Legend {
    let palette = canvas.palette;
    let mut legend = Legend::default();
    if single {
        legend.block(palette.series[0], "share of payments");
        legend.dot(palette.text, "share of the amount");
    } else if !direct {
        for part in parts {
            legend.block(part.color, &part.name);
        }
    }
    legend.incomplete(canvas, grid);
    legend
}

/// A part's share of a bucket; null where nothing was paid.
pub(super) fn share(grid: &Grid, part: &Part, outer: usize, bucket: usize, column: &str) -> Option<f64> {
    let shares = part
        .inners
        .iter()
        .filter_map(|inner| grid.cell(outer, *inner, bucket, column).as_f64());
    shares.reduce(|sum, share| sum + share)
}

/// A part's share of all payments of the range.
///
/// The last bucket is no end to label a picture with: it may be cut, and one day's share is chance.
fn whole_share(grid: &Grid, part: &Part, outer: usize) -> Option<f64> {
    let shares = part
        .inners
        .iter()
        .filter_map(|inner| grid.whole(outer, *inner, "share_by_count"));
    shares.reduce(|sum, share| sum + share)
}

fn over_time(
    canvas: &Canvas,
    request: &ChartRequest,
    grid: &Grid,
    parts: &[Part],
    outer: usize,
    place: Rect,
    direct: bool,
) -> Result<Panel, ChartError> {
    let of = request.dimension.unwrap_or("provider");
    let right = if direct {
        "; at the right that of the whole range"
    } else {
        ""
    };
    let caption = format!("Share of payments{} by {of}{right}", per(request));
    let spec = Spec::new(1.0, (0.0, 1.0), Kind::Ratio, caption);
    let paid = |bucket: usize| {
        parts
            .iter()
            .any(|p| share(grid, p, outer, bucket, "share_by_count").is_some())
    };
    let last = (0..grid.complete.len()).rev().find(|bucket| paid(*bucket));
    let end = |(part, name): (&Part, String)| {
        let share = whole_share(grid, part, outer).unwrap_or(0.0);
        format!("{name} {}", percent(share))
    };
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    let ends: Vec<String> = if direct {
        parts.iter().zip(fitted(&names, SMALL, false, 140.0)).map(end).collect()
    } else {
        Vec::new()
    };
    let mut panels = stack(canvas, request.range, place, &[spec], end_width(&ends))?;
    let panel = panels.remove(0);
    let mut base = vec![0.0; grid.complete.len()];
    let mut labels = Vec::new();
    for (rank, part) in parts.iter().enumerate() {
        let mut spans: Vec<Span> = Vec::new();
        for (bucket, base) in base.iter_mut().enumerate() {
            let share = share(grid, part, outer, bucket, "share_by_count");
            spans.push(share.map(|share| (*base, *base + share)));
            *base += share.unwrap_or(0.0);
        }
        columns(canvas, &panel, Columns::new(&spans, &grid.complete, part.color))?;
        seams(canvas, &panel, &spans)?;
        if let (Some(text), Some((from, to))) = (ends.get(rank), last.and_then(|bucket| spans[bucket])) {
            labels.push(EndLabel::new(
                panel.y((from + to) / 2.0),
                Some(part.color),
                text.clone(),
            ));
        }
    }
    end_labels(canvas, panel.area, labels)?;
    Ok(panel)
}

fn summary(grid: &Grid, parts: &[Part], outer: usize) -> String {
    let told = parts.iter().filter_map(|part| {
        let share = whole_share(grid, part, outer)?;
        Some(format!("{} {}", part.name, percent(share)))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return String::new();
    }
    let name = grid.named(outer);
    let hhi = match grid.whole(outer, 0, "hhi") {
        Some(hhi) => format!("; HHI {}", number(hhi.round())),
        None => String::new(),
    };
    format!("{name}share of payments over the range: {}{hhi}. ", told.join(", "))
}
