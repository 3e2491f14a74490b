//! Panels over a common time axis, and a grid of cells for groups.

use std::ops::Deref;

use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::Ranged;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Drawable, ErrorBar, PathElement, PointCollection};
use plotters::style::{Color, RGBColor, TRANSPARENT};

use super::backend::{Svg, UNITS};
use super::calendar::{Tick, ticks};
use super::canvas::{Align, Canvas, Rect, failed, measure, stroke, units, widest};
use super::frame::{SMALL, fit};
use super::scale::{Calendar, Kind, Rows, Values, moment};
use crate::model::{Interval, TimeRange};
use crate::serve::charts::{ChartError, ChartRequest};

/// What a panel shows.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// Its part of the height.
    pub weight: f64,
    /// Lowest value.
    pub lo: f64,
    /// Highest value.
    pub hi: f64,
    /// What the values are.
    pub kind: Kind,
    /// What stands above it: what is shown, in which unit.
    pub caption: String,
}

impl Spec {
    pub fn new(weight: f64, (lo, hi): (f64, f64), kind: Kind, caption: impl Into<String>) -> Self {
        let caption = caption.into();
        Spec {
            weight,
            lo,
            hi,
            kind,
            caption,
        }
    }
}

/// A plot with its axes: what is drawn in it has coordinates of its own.
pub(crate) struct Plot<X: Ranged, Y: Ranged> {
    pub area: Rect,
    coordinates: DrawingArea<Svg, Cartesian2d<X, Y>>,
}

impl<X: Ranged<ValueType = f64>, Y: Ranged<ValueType = f64>> Plot<X, Y> {
    /// Draws a series of plotters' elements.
    pub fn draw<E>(&self, series: impl IntoIterator<Item = E>) -> Result<(), ChartError>
    where
        for<'e> &'e E: PointCollection<'e, (f64, f64)>,
        E: Drawable<Svg>,
    {
        let mut series = series.into_iter();
        series.try_for_each(|element| self.coordinates.draw(&element).map_err(failed))
    }

    /// A disc at a point, with a radius in pixels.
    pub fn disc(&self, at: (f64, f64), radius: f64, color: RGBColor) -> Result<(), ChartError> {
        self.draw([Circle::new(at, units(radius), color.filled())])
    }

    /// A disc where a point is complete, else a ring.
    pub fn dot(
        &self,
        canvas: &Canvas,
        at: (f64, f64),
        radius: f64,
        (color, complete): (RGBColor, bool),
    ) -> Result<(), ChartError> {
        if complete {
            return self.disc(at, radius, color);
        }
        self.disc(at, radius + 0.7, color)?;
        self.disc(at, radius - 0.7, canvas.palette.background)
    }

    /// The pixel of a point.
    pub fn pixel(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = self.coordinates.map_coordinate(&(x, y));
        (f64::from(x) / UNITS, f64::from(y) / UNITS)
    }
}

impl Plot<Values, Rows> {
    /// A value in a row and the interval around it, with ends of a height in pixels.
    pub fn interval(
        &self,
        (low, value, high): (f64, f64, f64),
        row: f64,
        half: f64,
        color: RGBColor,
    ) -> Result<(), ChartError> {
        let style = stroke(color, 1.4).filled();
        self.draw([ErrorBar::new_horizontal(
            row,
            low,
            value,
            high,
            style,
            units(2.0 * half) as u32,
        )])
    }
}

/// A plot of values over the buckets of a calendar.
pub(crate) struct Panel {
    plot: Plot<Calendar, Values>,
    pub bands: Calendar,
    pub scale: Values,
}

impl Deref for Panel {
    type Target = Plot<Calendar, Values>;

    fn deref(&self) -> &Self::Target {
        &self.plot
    }
}

impl Panel {
    /// The pixel of a value.
    pub fn y(&self, value: f64) -> f64 {
        self.pixel(0.0, value).1
    }

    /// The line at zero, above what was drawn.
    pub fn zero(&self, canvas: &Canvas) -> Result<(), ChartError> {
        let ends = [(0.0, 0.0), (self.bands.count as f64, 0.0)];
        self.draw([PathElement::new(ends, stroke(canvas.palette.axis, 1.0))])
    }
}

/// Size of the text on axes.
const TICK: f64 = 10.5;
const CAPTION: f64 = 21.0;
const GAP: f64 = 9.0;

/// Draws the axes of panels one above the other; `right` is kept free for labels.
pub(crate) fn stack(
    canvas: &Canvas,
    range: &TimeRange,
    body: Rect,
    specs: &[Spec],
    right: f64,
) -> Result<Vec<Panel>, ChartError> {
    let count = specs.len() as f64;
    let foot = match range.interval {
        None | Some(Interval::Year) => 19.0,
        Some(_) => 32.0,
    };
    let strip = match range.buckets.len() {
        0 | 1 => 0.0,
        _ => canvas.flags.room(),
    };
    let free = (body.h - foot - strip - count * CAPTION - (count - 1.0) * GAP).max(20.0);
    let weights: f64 = specs.iter().map(|spec| spec.weight).sum();
    let mut y = body.y + strip;
    let mut drafts = Vec::new();
    for spec in specs {
        let area = body.row(y + CAPTION, free * spec.weight / weights);
        let scale = Values::new(spec.lo, spec.hi, spec.kind, area.h);
        y = area.bottom() + GAP;
        drafts.push((spec, area, scale));
    }
    let labels: Vec<String> = drafts.iter().flat_map(|(_, _, scale)| scale.labels()).collect();
    let gutter = widest(&labels, TICK, false) + 7.0;
    let mut panels: Vec<Panel> = Vec::new();
    for (spec, area, scale) in drafts {
        let area = area.inset(gutter, 0.0, right, 0.0);
        let caption = fit(&spec.caption, SMALL, false, body.w);
        // The strip of the annotations lies between the first panel and its caption.
        let above = CAPTION + if panels.is_empty() { strip } else { 0.0 };
        canvas.text(
            &caption,
            (body.x, area.y - above + 7.0),
            Align::Left,
            canvas.muted(SMALL),
        )?;
        let bands = Calendar::new(area.x, area.w, range.buckets.len());
        let plot = upright(canvas, area, gutter, bands, scale.clone())?;
        let panel = Panel { plot, bands, scale };
        panel.zero(canvas)?;
        panels.push(panel);
    }
    if let Some(last) = panels.last() {
        draw_x(canvas, range, last)?;
    }
    if range.buckets.len() > 1 && !panels.is_empty() {
        let areas: Vec<Rect> = panels.iter().map(|panel| panel.area).collect();
        let place = |time| Some(panels[0].bands.x(moment(range, time)?));
        canvas.flags.draw(canvas, &areas, (body.x, body.right()), place)?;
    }
    Ok(panels)
}

/// A plot with lines from left to right and their labels in a gutter at its left.
fn upright(
    canvas: &Canvas,
    area: Rect,
    gutter: f64,
    x: Calendar,
    y: Values,
) -> Result<Plot<Calendar, Values>, ChartError> {
    let place = canvas.place(area.inset(-gutter, 0.0, 0.0, 0.0));
    let mut builder = ChartBuilder::on(&place);
    let mut chart = builder
        .y_label_area_size(units(gutter))
        .build_cartesian_2d(x, y)
        .map_err(failed)?;
    let mut mesh = chart.configure_mesh();
    // A label stands two ticks away from its line.
    mesh.set_tick_mark_size(LabelAreaPosition::Left, units(3.0));
    mesh.y_label_style(canvas.muted(TICK).style(Align::Right));
    mesh.bold_line_style(stroke(canvas.palette.grid, 1.0));
    mesh.disable_x_mesh().axis_style(TRANSPARENT).draw().map_err(failed)?;
    let coordinates = chart.plotting_area().clone();
    Ok(Plot { area, coordinates })
}

/// Height that the labels of an axis take below its area.
pub(crate) const FOOT: f64 = 20.0;

/// A plot whose values run from left to right over rows from top to bottom, with lines and labels for the values.
pub(crate) fn lying(
    canvas: &Canvas,
    area: Rect,
    rows: usize,
    (lo, hi): (f64, f64),
    kind: Kind,
) -> Result<Plot<Values, Rows>, ChartError> {
    let place = canvas.place(area.inset(0.0, 0.0, 0.0, -FOOT));
    let mut builder = ChartBuilder::on(&place);
    let mut chart = builder
        .x_label_area_size(units(FOOT))
        .build_cartesian_2d(Values::new(lo, hi, kind, area.w), Rows(rows))
        .map_err(failed)?;
    let mut mesh = chart.configure_mesh();
    // The top of a label is two ticks away from its line.
    mesh.set_tick_mark_size(LabelAreaPosition::Bottom, units(2.9));
    mesh.x_label_style(canvas.muted(TICK).style(Align::Centre));
    mesh.bold_line_style(stroke(canvas.palette.grid, 1.0));
    mesh.disable_y_mesh().axis_style(TRANSPARENT).draw().map_err(failed)?;
    let plot = Plot {
        area,
        coordinates: chart.plotting_area().clone(),
    };
    let zero = [(0.0, 0.0), (0.0, rows as f64)];
    plot.draw([PathElement::new(zero, stroke(canvas.palette.axis, 1.0))])?;
    Ok(plot)
}

fn draw_x(canvas: &Canvas, range: &TimeRange, panel: &Panel) -> Result<(), ChartError> {
    let (bottom, bands) = (panel.area.bottom(), panel.bands);
    for tick in ticks(range, bands.step, TICK) {
        let left = bands.left(tick.bucket);
        if bands.count > 1 && (!tick.names_bucket || bands.step > 24.0) {
            canvas.path(&[(left, bottom), (left, bottom + 4.0)], canvas.palette.axis, 1.0)?;
        }
        let x = if tick.names_bucket {
            bands.centre(tick.bucket)
        } else {
            left
        };
        name_tick(canvas, &tick, (x, bottom))?;
    }
    Ok(())
}

/// Writes the label of a tick below its axis, inside of the picture, and its context below that.
pub(crate) fn name_tick(canvas: &Canvas, tick: &Tick, (x, bottom): (f64, f64)) -> Result<(), ChartError> {
    for (text, below) in [(Some(&tick.label), 11.0), (tick.context.as_ref(), 24.0)] {
        let Some(text) = text else { continue };
        let text = fit(text, TICK, false, canvas.frame.w - 8.0);
        let half = measure(&text, TICK, false) / 2.0;
        let x = x.clamp(half + 4.0, (canvas.frame.w - half - 4.0).max(half + 4.0));
        canvas.text(&text, (x, bottom + below), Align::Centre, canvas.muted(TICK))?;
    }
    Ok(())
}

/// The place of all panels of a stack together, for what stands under the pointer.
pub(crate) fn whole(panels: &[Panel]) -> (Rect, Calendar) {
    let (first, last) = (&panels[0], &panels[panels.len() - 1]);
    (
        first.area.row(first.area.y, last.area.bottom() - first.area.y),
        first.bands,
    )
}

/// "per day" and the like, or nothing for the whole range.
pub(crate) fn per(request: &ChartRequest) -> String {
    let interval = request.range.interval;
    interval.map_or_else(String::new, |interval| format!(" per {}", interval.as_str()))
}
