//! Labels at the right ends of lines, which keep apart.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Rect, widest};
use super::frame::SMALL;
use super::names::fitted;
use crate::serve::charts::ChartError;

type Drawn = Result<(), ChartError>;

/// A label at the right end of a series.
#[derive(Debug, Clone)]
pub(crate) struct EndLabel {
    pub y: f64,
    /// Of the dot before it; none where there is but one series.
    pub color: Option<RGBColor>,
    pub text: String,
}

impl EndLabel {
    pub fn new(y: f64, color: Option<RGBColor>, text: impl Into<String>) -> Self {
        let text = text.into();
        EndLabel { y, color, text }
    }
}

/// What stands at the ends of lines: their last numbers, after their names where the lines are named there.
pub(crate) fn ends<'n>(
    canvas: &Canvas,
    names: impl IntoIterator<Item = &'n str>,
    numbers: impl IntoIterator<Item = String>,
    named: bool,
) -> Vec<String> {
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let names = fitted(&names, SMALL, false, canvas.frame.w * 0.2).into_iter();
    let end = |(name, number): (String, String)| match named {
        true => format!("{name} {number}"),
        false => number,
    };
    names.zip(numbers).map(end).collect()
}

/// Whether there is room for the names of lines at their ends; else they stand in the legend.
pub(crate) fn named(canvas: &Canvas) -> bool {
    canvas.frame.w >= 480.0
}

/// Room that end labels take.
pub(crate) fn end_width(texts: &[String]) -> f64 {
    if texts.is_empty() {
        0.0
    } else {
        widest(texts, SMALL, true) + 16.0
    }
}

/// Writes labels beside the right edge, moved apart where they would touch.
pub(crate) fn end_labels(canvas: &Canvas, area: Rect, mut labels: Vec<EndLabel>) -> Drawn {
    const APART: f64 = 14.0;
    labels.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut lowest = area.y;
    for label in &mut labels {
        label.y = label.y.max(lowest);
        lowest = label.y + APART;
    }
    let mut highest = area.bottom();
    for label in labels.iter_mut().rev() {
        label.y = label.y.min(highest);
        highest = label.y - APART;
    }
    for label in labels {
        let x = area.right() + 9.0;
        match label.color {
            Some(color) => {
                canvas.disc((x, label.y), 3.6, color)?;
                canvas.text(&label.text, (x + 7.0, label.y), Align::Left, canvas.font(SMALL))?;
            }
            None => canvas.text(&label.text, (x, label.y), Align::Left, canvas.bold(SMALL))?,
        }
    }
    Ok(())
}
