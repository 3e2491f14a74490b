//! Annotations over an axis of time: thin lines, named where there is room, else numbered and told above the picture.
//!
//! Whether the names have room is known only when the axes are drawn. So a picture is drawn with names first, and
//! once more with numbers where they run into each other, or without any where it turns out to have no axis of time.

use std::cell::RefCell;

use chrono::{DateTime, Utc};

use super::canvas::{Align, Canvas, Rect, measure};
use super::document::{Hit, Notes};
use super::frame::fit;
use super::pills::{clusters, pill, pill_width};
use crate::model::{Annotation, Interval};
use crate::serve::charts::{ChartError, ChartRequest};

/// How annotations are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Each beside its line.
    Named,
    /// A number on its line, and the numbers told above the picture.
    Numbered,
    /// Not at all.
    Hidden,
}

/// The annotations of one picture, and what became of them while it was drawn.
#[derive(Debug)]
pub(crate) struct Flags<'a> {
    request: &'a ChartRequest<'a>,
    style: Style,
    seen: RefCell<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    axes: usize,
    crowded: bool,
    /// Pixels of the lines, each with its top and bottom.
    lines: Vec<(f64, f64, f64)>,
    hits: Vec<Hit>,
}

/// Height of the strip above the axes in which names and numbers stand.
const STRIP: f64 = 16.0;
/// Size of names.
const NAME: f64 = 10.5;
/// Height of a line of the list.
const ROW: f64 = 16.0;
/// Annotations that the words for ears tell.
const TOLD: usize = 5;

/// One line of the list: where it stands and what it says.
struct Row {
    number: usize,
    label: String,
    x: f64,
    line: usize,
    right: f64,
}

impl<'a> Flags<'a> {
    /// The annotations of a request, shown in one way.
    pub fn new(request: &'a ChartRequest<'a>, style: Style) -> Self {
        Flags {
            request,
            style: if request.annotations.is_empty() {
                Style::Hidden
            } else {
                style
            },
            seen: RefCell::default(),
        }
    }

    /// The way in which the picture has to be drawn instead; `None` where it is well as it is.
    pub fn instead(&self) -> Option<Style> {
        let seen = self.seen.borrow();
        match self.style {
            Style::Hidden => None,
            _ if seen.axes == 0 => Some(Style::Hidden),
            Style::Named if seen.crowded => Some(Style::Numbered),
            _ => None,
        }
    }

    /// Adds what the picture says of them under the pointer and to ears.
    pub fn tell(&self, notes: &mut Notes) {
        if self.style == Style::Hidden {
            return;
        }
        notes.hits.append(&mut self.seen.borrow_mut().hits);
        let all = self.request.annotations;
        let told: Vec<String> = all.iter().take(TOLD).map(|one| self.sentence(one)).collect();
        notes.summary.push_str(&format!(" Marked: {}", told.join("; ")));
        let more = all.len().saturating_sub(TOLD) as u64 + self.request.annotations_left_out;
        if more > 0 {
            notes.summary.push_str(&format!(" and {more} more"));
        }
        notes.summary.push('.');
    }

    /// The height to keep free above the axes.
    pub fn room(&self) -> f64 {
        if self.style == Style::Hidden { 0.0 } else { STRIP }
    }

    fn sentence(&self, annotation: &Annotation) -> String {
        let range = self.request.range;
        let pattern = match range.interval {
            Some(Interval::Hour) => "%-d %b %Y %H:%M",
            _ => "%-d %b %Y",
        };
        format!("{}: {}", range.local(annotation.time).format(pattern), annotation.text)
    }

    /// Draws the lines over `areas`, one below the other, from the strip above the first; `place` gives the pixel
    /// of a moment, and names stay between the `ends`.
    pub fn draw(
        &self,
        canvas: &Canvas,
        areas: &[Rect],
        ends: (f64, f64),
        place: impl Fn(DateTime<Utc>) -> Option<f64>,
    ) -> Result<(), ChartError> {
        let Some(area) = areas.first().filter(|_| self.style != Style::Hidden) else {
            return Ok(());
        };
        self.seen.borrow_mut().axes += 1;
        let all = self.request.annotations.iter().enumerate();
        let lines: Vec<(usize, f64)> = all.filter_map(|(index, one)| Some((index, place(one.time)?))).collect();
        let named = self.style == Style::Named;
        let rise = if named { STRIP - 2.0 } else { 3.0 };
        let mut before = f64::NEG_INFINITY;
        // Lines on one pixel are one line.
        let apart = lines.iter().map(|(_, x)| *x).filter(|x| {
            let apart = x - before >= 1.0;
            before = if apart { *x } else { before };
            apart
        });
        let drawn: Vec<f64> = apart.collect();
        for (index, part) in areas.iter().enumerate() {
            // What stands between two areas names the lower one.
            let top = part.y - if index == 0 { rise } else { 0.0 };
            for x in &drawn {
                canvas.path(&[(*x, top), (*x, part.bottom())], canvas.palette.muted, 0.9)?;
            }
        }
        let y = area.y - STRIP / 2.0 - 1.0;
        if named {
            self.names(canvas, &lines, y, ends)?;
        } else {
            self.numbers(canvas, &lines, y, ends)?;
        }
        let mut seen = self.seen.borrow_mut();
        seen.lines.extend(
            drawn
                .iter()
                .flat_map(|x| areas.iter().map(|part| (*x, part.y, part.bottom()))),
        );
        Ok(())
    }

    /// Whether no line is drawn yet.
    pub fn is_clear(&self) -> bool {
        self.seen.borrow().lines.is_empty()
    }

    /// The pixels of the lines that run through a place.
    pub fn through(&self, place: Rect) -> Vec<f64> {
        let seen = self.seen.borrow();
        let crossing = seen.lines.iter().filter(|(x, top, bottom)| {
            (place.x..place.right()).contains(x) && *top < place.bottom() && place.y < *bottom
        });
        crossing.map(|(x, ..)| *x).collect()
    }

    /// Each name on the side of its line that has room.
    fn names(&self, canvas: &Canvas, lines: &[(usize, f64)], y: f64, ends: (f64, f64)) -> Result<(), ChartError> {
        let mut taken: Vec<(f64, f64)> = lines.iter().map(|(_, x)| (*x - 1.0, *x + 1.0)).collect();
        for (index, x) in lines {
            let annotation = &self.request.annotations[*index];
            let width = measure(&annotation.text, NAME, false);
            let sides = [(x + 4.0, x + 4.0 + width), (x - 4.0 - width, x - 4.0)];
            let free = |side: &&(f64, f64)| {
                side.0 >= ends.0 && side.1 <= ends.1 && taken.iter().all(|other| side.1 < other.0 || other.1 < side.0)
            };
            let Some(&(left, right)) = sides.iter().find(free) else {
                self.seen.borrow_mut().crowded = true;
                return Ok(());
            };
            canvas.text(&annotation.text, (left, y), Align::Left, canvas.font(NAME))?;
            taken.push((left - 8.0, right + 8.0));
            self.hit(left.min(*x), right.max(*x), y, self.sentence(annotation));
        }
        Ok(())
    }

    /// Numbers on the lines; those that would touch share a ground.
    fn numbers(&self, canvas: &Canvas, lines: &[(usize, f64)], y: f64, ends: (f64, f64)) -> Result<(), ChartError> {
        for cluster in clusters(lines, ends) {
            let centre = cluster.centre(ends);
            pill(canvas, &cluster.label(), (centre, y))?;
            let told: Vec<String> = self.request.annotations[cluster.first..=cluster.last]
                .iter()
                .map(|one| self.sentence(one))
                .collect();
            let half = cluster.width() / 2.0;
            self.hit(centre - half, centre + half, y, told.join("\n"));
        }
        Ok(())
    }

    fn hit(&self, left: f64, right: f64, y: f64, text: String) {
        let place = Rect::new(left, y - STRIP / 2.0, right - left, STRIP);
        self.seen.borrow_mut().hits.push(Hit { place, text });
    }

    /// Tells the numbers below `top`; returns where the next thing may stand.
    pub fn list(&self, canvas: &Canvas, inner: Rect, top: f64) -> Result<f64, ChartError> {
        if self.style != Style::Numbered {
            return Ok(top);
        }
        let most = if canvas.frame.h < 300.0 { 2 } else { 3 };
        let (rows, more) = self.rows(inner, most);
        let y = |line: usize| top + 12.0 + line as f64 * ROW;
        for row in &rows {
            let number = row.number.to_string();
            let half = pill_width(&number) / 2.0;
            pill(canvas, &number, (row.x + half, y(row.line)))?;
            let text = (row.x + 2.0 * half + 4.0, y(row.line));
            canvas.text(&row.label, text, Align::Left, canvas.font(NAME))?;
        }
        let mut last = rows.last().map_or(0, |row| row.line);
        if let Some((x, line)) = more {
            let note = more_of(self.hidden(rows.len()));
            canvas.text(&note, (x, y(line)), Align::Left, canvas.muted(NAME))?;
            last = line;
        }
        Ok(y(last) + 7.0)
    }

    /// How many are not told where so many are.
    fn hidden(&self, told: usize) -> u64 {
        self.request.annotations.len().saturating_sub(told) as u64 + self.request.annotations_left_out
    }

    /// The list in at most so many lines, and where it says that there are more.
    fn rows(&self, inner: Rect, most: usize) -> (Vec<Row>, Option<(f64, usize)>) {
        let all = self.request.annotations;
        let (mut x, mut line) = (inner.x, 0);
        let mut rows: Vec<Row> = Vec::new();
        for (index, annotation) in all.iter().enumerate() {
            let mark = pill_width(&(index + 1).to_string()) + 4.0;
            let label = fit(&self.sentence(annotation), NAME, false, inner.w - mark);
            let width = mark + measure(&label, NAME, false);
            if x > inner.x && x + width > inner.right() {
                (x, line) = (inner.x, line + 1);
            }
            if line >= most {
                break;
            }
            let number = index + 1;
            let right = x + width + 14.0;
            rows.push(Row {
                number,
                label,
                x,
                line,
                right,
            });
            x = right;
        }
        // What says that there are more needs room of its own.
        while self.hidden(rows.len()) > 0 {
            let (right, line) = rows.last().map_or((inner.x, 0), |row| (row.right, row.line));
            let fits = right + measure(&more_of(self.hidden(rows.len())), NAME, false) <= inner.right();
            if fits || rows.is_empty() {
                return (rows, Some((right, line)));
            }
            if line + 1 < most {
                return (rows, Some((inner.x, line + 1)));
            }
            rows.pop();
        }
        (rows, None)
    }
}

fn more_of(hidden: u64) -> String {
    format!("and {hidden} more")
}
