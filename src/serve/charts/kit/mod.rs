//! What every picture is made of, from the backend that writes the SVG up to axes, legends and texts.

pub(super) mod annotations;
pub(super) mod backend;
mod bar;
pub(super) mod begun;
mod calendar;
pub(super) mod canvas;
pub(super) mod cells;
mod data;
mod dates;
pub(super) mod document;
pub(super) mod earlier;
mod ends;
pub(super) mod fonts;
mod frame;
mod key;
mod legend;
mod list;
mod marks;
mod names;
mod panel;
mod pills;
pub(super) mod png;
mod scale;
mod sfnt;
pub(super) mod theme;
mod unseen;

pub(super) use bar::Bar;
pub(super) use calendar::ticks;
pub(super) use canvas::{Align, Canvas, Font, Rect, measure, stroke, widest};
pub(super) use cells::{Cell, arrangement, cells, foot_note};
pub(super) use data::{Grid, others};
pub(super) use dates::{bucket_label, last_label};
pub(super) use document::{Hit, Notes, bucket_hits, hits, words};
pub(super) use ends::{EndLabel, end_labels, end_width, ends, named};
pub(super) use frame::{SMALL, fit, header, header_over, most_lines, no_data, whisker, wrap};
pub(super) use key::Key;
pub(super) use legend::{Legend, Mark};
pub(super) use list::List;
pub(super) use marks::{
    Columns, Point, Span, area, centred, columns, from_zero, line, ribbon, seams, stacked, stretch,
};
pub(super) use names::fitted;
pub(super) use panel::{FOOT, Panel, Plot, Spec, lying, name_tick, per, stack, whole};
pub(super) use scale::{Kind, Rows, Values, moment};
pub(super) use theme::{dashed, readable_on};

pub(super) use crate::serve::numbers::{
    NOTHING, bare, compared, count, estimate, integer, interval, number, percent, percent_or_nothing, points, seconds,
};
