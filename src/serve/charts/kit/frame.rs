//! Title, subtitle and legend above a picture, and the picture of nothing.

use plotters::style::RGBColor;

use super::backend::Medium;
use super::canvas::{Align, Canvas, Rect, measure};
use super::dates::range_label;
use super::document::Notes;
use super::earlier;
use super::fonts::legible;
use super::legend::Legend;
use crate::model::Value;
use crate::serve::charts::{ChartError, ChartRequest};

/// Size of all text but the title.
pub(crate) const SMALL: f64 = 11.0;

/// Draws title, subtitle and legend; what is left is the picture's.
pub(crate) fn header(canvas: &Canvas, request: &ChartRequest, legend: &Legend) -> Result<Rect, ChartError> {
    let mut span = range_label(request.range);
    if let Some(interval) = request.range.interval {
        span.push_str(&format!(" \u{b7} by {}", interval.as_str()));
    }
    header_over(canvas, request, &span, legend)
}

/// The same of a picture whose time is not that of the question.
pub(crate) fn header_over(
    canvas: &Canvas,
    request: &ChartRequest,
    span: &str,
    legend: &Legend,
) -> Result<Rect, ChartError> {
    let narrow = canvas.frame.w < 480.0;
    let pad = if narrow { 10.0 } else { 16.0 };
    let inner = canvas.frame.inset(pad, pad - 2.0, pad, pad - 4.0);
    let low = canvas.frame.h < 280.0;
    let mut y = inner.y;
    let size = if narrow { 14.0 } else { 16.0 };
    for line in wrap(request.title, size, true, inner.w, if low { 1 } else { 2 }) {
        y += size * 0.62;
        canvas.text(&line, (inner.x, y), Align::Left, canvas.bold(size))?;
        y += size * 0.62;
    }
    y += 2.0;
    for line in wrap(&subtitle(request, span), SMALL, false, inner.w, if low { 1 } else { 3 }) {
        y += 7.0;
        canvas.text(&line, (inner.x, y), Align::Left, canvas.muted(SMALL))?;
        y += 7.0;
    }
    y = legend.draw(canvas, inner, y)?;
    y = canvas.flags.list(canvas, inner, y)?;
    let top = y + if low { 4.0 } else { 9.0 } - inner.y;
    Ok(inner.inset(0.0, top, 0.0, 0.0))
}

/// The span of time, its zone, what the caller adds, and what is not drawn.
fn subtitle(request: &ChartRequest, span: &str) -> String {
    let mut parts = vec![span, request.range.tz.name()];
    parts.extend(Some(request.subtitle).filter(|words| !words.is_empty()));
    parts.extend(earlier::note(request));
    if matches!(request.medium, Medium::Pixels(_)) && !texts(request).all(|text| legible(text) == text) {
        parts.push("characters that no font here has stand as U+ and their number; the SVG shows them with yours");
    }
    parts.join(" \u{b7} ")
}

/// The texts that a picture may show as they were sent in.
fn texts<'a>(request: &'a ChartRequest) -> impl Iterator<Item = &'a str> {
    let cells = request.table.rows.iter().flatten().filter_map(Value::as_str);
    let marked = request.annotations.iter().map(|annotation| annotation.text.as_str());
    cells.chain(marked).chain([request.title, request.subtitle])
}

/// Lines that a picture of this size can tell apart.
pub(crate) fn most_lines(canvas: &Canvas) -> usize {
    (canvas.frame.h / 55.0).clamp(3.0, 7.0) as usize
}

/// A horizontal interval with ends.
pub(crate) fn whisker(canvas: &Canvas, ends: (f64, f64), y: f64, half: f64, color: RGBColor) -> Result<(), ChartError> {
    canvas.path(&[(ends.0, y), (ends.1, y)], color, 1.4)?;
    for x in [ends.0, ends.1] {
        canvas.path(&[(x, y - half), (x, y + half)], color, 1.4)?;
    }
    Ok(())
}

/// The picture of nothing: what was asked, and that there was nothing.
pub(crate) fn no_data(canvas: &Canvas, request: &ChartRequest, nothing: &str) -> Result<Notes, ChartError> {
    let body = header(canvas, request, &Legend::default())?;
    let (left, top, right, bottom) = (body.x, body.y, body.right(), body.bottom());
    let outline = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.path(&outline, canvas.palette.grid, 1.0)?;
    let sentence = format!("{nothing} in {}.", range_label(request.range));
    let lines = wrap(&sentence, 12.0, false, body.w - 24.0, 3);
    let centre = body.x + body.w / 2.0;
    let mut y = body.y + body.h / 2.0 - 9.0 * lines.len() as f64;
    canvas.text("No data", (centre, y), Align::Centre, canvas.bold(17.0))?;
    y += 24.0;
    for line in lines {
        canvas.text(&line, (centre, y), Align::Centre, canvas.muted(12.0))?;
        y += 17.0;
    }
    Ok(Notes {
        summary: format!("No data. {sentence}"),
        ..Notes::default()
    })
}

/// Breaks a text into at most so many lines; what does not fit ends in an ellipsis.
pub(crate) fn wrap(text: &str, size: f64, bold: bool, width: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = lines.len() >= most;
        match lines.last_mut() {
            Some(line) if full || measure(&format!("{line} {word}"), size, bold) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| fit(line, size, bold, width)).collect()
}

/// Cuts a text to a width, with an ellipsis where something is missing.
pub(crate) fn fit(text: &str, size: f64, bold: bool, width: f64) -> String {
    // No label needs more, and measuring a megabyte for a few pixels is waste.
    let mut text: String = text.chars().take(400).collect();
    if measure(&text, size, bold) <= width {
        return text;
    }
    while !text.is_empty() {
        text.pop();
        let short = format!("{}\u{2026}", text.trim_end());
        if measure(&short, size, bold) <= width {
            return short;
        }
    }
    text
}
