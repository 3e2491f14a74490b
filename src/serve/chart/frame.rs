//! Title, subtitle and legend above a picture, and the picture of nothing.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Rect, measure};
use super::dates::range_label;
use super::document::Notes;
use super::names::fitted;
use super::{ChartError, ChartRequest, earlier};

/// How a legend's entry looks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Block(RGBColor),
    Hatched(RGBColor),
    Line(RGBColor),
    Dashed(RGBColor),
    Whisker(RGBColor),
    Dot(RGBColor),
    /// Words only.
    Note,
}

/// One entry of a legend.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub mark: Mark,
    pub label: String,
}

impl Entry {
    pub fn new(mark: Mark, label: impl Into<String>) -> Self {
        Entry {
            mark,
            label: label.into(),
        }
    }
}

/// Size of all text but the title.
pub(super) const SMALL: f64 = 11.0;

/// Room that a mark takes before the words of its entry.
const MARK: f64 = 17.0;

/// Draws title, subtitle and legend; what is left is the picture's.
pub(super) fn header(canvas: &Canvas, request: &ChartRequest, legend: &[Entry]) -> Result<Rect, ChartError> {
    let mut span = range_label(request.range);
    if let Some(interval) = request.range.interval {
        span.push_str(&format!(" \u{b7} by {}", interval.as_str()));
    }
    header_over(canvas, request, &span, legend)
}

/// Says in a legend that something has no room in a picture of this size.
pub(super) fn no_room(what: &str) -> Entry {
    Entry::new(Mark::Note, format!("{what} in the table: no room here"))
}

/// The same of a picture whose time is not that of the question.
pub(super) fn header_over(
    canvas: &Canvas,
    request: &ChartRequest,
    span: &str,
    legend: &[Entry],
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
    if !legend.is_empty() {
        y = draw_legend(canvas, legend, inner, y + 5.0)?;
    }
    y = canvas.flags.list(canvas, inner, y)?;
    let top = y + if low { 4.0 } else { 9.0 } - inner.y;
    Ok(inner.inset(0.0, top, 0.0, 0.0))
}

/// The span of time, its zone, what the caller adds, and what is not drawn.
fn subtitle(request: &ChartRequest, span: &str) -> String {
    let mut parts = vec![span, request.range.tz.name()];
    parts.extend(Some(request.subtitle).filter(|words| !words.is_empty()));
    parts.extend(earlier::note(request));
    parts.join(" \u{b7} ")
}

fn draw_legend(canvas: &Canvas, legend: &[Entry], inner: Rect, top: f64) -> Result<f64, ChartError> {
    let (mut x, mut y) = (inner.x, top + 8.0);
    // On a phone a long name must not take a line of its own.
    let widest = if canvas.frame.w < 480.0 { 140.0 } else { inner.w - MARK };
    let names: Vec<String> = legend.iter().map(|entry| entry.label.clone()).collect();
    for (entry, name) in legend.iter().zip(fitted(&names, SMALL, false, widest)) {
        let noted = matches!(entry.mark, Mark::Note);
        let mark = if noted { 0.0 } else { MARK };
        // Words alone are no name that others of its kind resemble.
        let label = if noted {
            fit(&entry.label, SMALL, false, inner.w)
        } else {
            name
        };
        let width = mark + measure(&label, SMALL, false);
        if x > inner.x && x + width > inner.right() {
            x = inner.x;
            y += 16.0;
        }
        draw_mark(canvas, entry.mark, x, y)?;
        let font = if mark > 0.0 {
            canvas.font(SMALL)
        } else {
            canvas.muted(SMALL)
        };
        canvas.text(&label, (x + mark, y), Align::Left, font)?;
        x += width + 14.0;
    }
    Ok(y + 8.0)
}

fn draw_mark(canvas: &Canvas, mark: Mark, x: f64, y: f64) -> Result<(), ChartError> {
    let block = Rect {
        x,
        y: y - 5.0,
        w: 12.0,
        h: 10.0,
    };
    match mark {
        Mark::Block(color) => canvas.rect(block, color),
        Mark::Hatched(color) => canvas.hatched(block, color),
        Mark::Line(color) => canvas.path(&[(x, y), (x + 12.0, y)], color, 2.4),
        Mark::Dashed(color) => canvas.dashed(&[(x, y), (x + 13.0, y)], color, 2.0),
        Mark::Dot(color) => canvas.disc((x + 6.0, y), 4.0, color),
        Mark::Whisker(color) => whisker(canvas, (x, x + 12.0), y, 3.5, color),
        Mark::Note => Ok(()),
    }
}

/// Lines that a picture of this size can tell apart.
pub(super) fn most_lines(canvas: &Canvas) -> usize {
    (canvas.frame.h / 55.0).clamp(3.0, 7.0) as usize
}

/// A horizontal interval with ends.
pub(super) fn whisker(canvas: &Canvas, ends: (f64, f64), y: f64, half: f64, color: RGBColor) -> Result<(), ChartError> {
    canvas.path(&[(ends.0, y), (ends.1, y)], color, 1.4)?;
    for x in [ends.0, ends.1] {
        canvas.path(&[(x, y - half), (x, y + half)], color, 1.4)?;
    }
    Ok(())
}

/// The picture of nothing: what was asked, and that there was nothing.
pub(super) fn no_data(canvas: &Canvas, request: &ChartRequest, nothing: &str) -> Result<Notes, ChartError> {
    let body = header(canvas, request, &[])?;
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
pub(super) fn wrap(text: &str, size: f64, bold: bool, width: f64, most: usize) -> Vec<String> {
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
pub(super) fn fit(text: &str, size: f64, bold: bool, width: f64) -> String {
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
