//! The path effect in one stretch of time: for each comparison both rates, and their difference as it is and adjusted.

use plotters::style::RGBColor;

use super::comparisons::{Estimate, Row, rows};
use super::path_effect_time;
use crate::serve::charts::kit::{
    Align, Canvas, FOOT, Grid, Hit, Kind, Legend, Mark, Notes, Plot, Rect, Rows, SMALL, Values, count, fit, fitted,
    foot_note, header, lying, measure, no_data,
};
use crate::serve::charts::{ChartError, ChartRequest};

/// The columns that a picture of the path effect carries.
pub(super) const PLOTTED: [&str; 11] = [
    "n",
    "rate",
    "baseline_n",
    "baseline_rate",
    "difference",
    "ci_low",
    "ci_high",
    "adjusted_difference",
    "adjusted_ci_low",
    "adjusted_ci_high",
    "adjusted_coverage",
];

/// What tells the comparisons of a bucket and group apart.
pub(super) const SPLIT: &str = "baseline";

/// The least height of a comparison, and the most.
const ROW: (f64, f64) = (44.0, 120.0);
const NAME: f64 = 12.0;

/// Draws a row for each comparison of the only bucket: rates on the left, differences on the right.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    if request.range.buckets.len() > 1 {
        return path_effect_time::draw(canvas, request);
    }
    let grid = Grid::new(request, Some(SPLIT));
    if !grid.has_data(&["n", "baseline_n"]) {
        return no_data(canvas, request, "No checkout with a known path whose window is over");
    }
    let body = header(canvas, request, &legend(canvas, &grid))?;
    let mut rows = rows(&grid);
    let most = ((body.h - FOOT - 34.0) / ROW.0).max(1.0) as usize;
    let hidden = rows.len().saturating_sub(most);
    let left: f64 = rows.iter().skip(most).map(Row::size).sum();
    rows.truncate(most);
    let groups: Vec<String> = (0..grid.outer.len()).map(|outer| grid.name(outer).to_owned()).collect();
    let groups = fitted(&groups, NAME, true, body.w * 0.1);
    let foot = FOOT + 18.0 + if hidden > 0 { 16.0 } else { 0.0 };
    let height = ((body.h - foot) / rows.len() as f64).min(ROW.1);
    let area = body.row(body.y, height * rows.len() as f64);
    let sides = Sides::of(canvas, &rows, area)?;
    let mut hits = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let place = body.row(body.y + height * at as f64, height);
        row.draw(canvas, &sides, (at, place), &groups[row.outer])?;
        hits.push(Hit::new(place, row.told()));
    }
    if hidden > 0 {
        let comparisons = if hidden == 1 { "comparison" } else { "comparisons" };
        let note = format!("and {hidden} other {comparisons}, of {} checkouts,", count(left));
        foot_note(canvas, body, &note)?;
    }
    let drawn: Vec<usize> = (0..grid.outer.len())
        .filter(|outer| rows.iter().any(|row| row.outer == *outer))
        .collect();
    Ok(Notes {
        summary: rows.iter().map(Row::told).collect::<Vec<_>>().join(" "),
        hits,
        series: grid.series(&PLOTTED, &drawn),
    })
}

fn legend(canvas: &Canvas, grid: &Grid) -> Legend {
    let palette = canvas.palette;
    let mut legend = Legend::default();
    legend
        .dot(palette.text, "difference")
        .dot(palette.series[2], adjusted(canvas))
        .add(Mark::Whisker(palette.muted), "95% interval");
    legend.incomplete(canvas, grid);
    legend
}

/// The adjusted difference in a legend.
pub(super) fn adjusted(canvas: &Canvas) -> &'static str {
    match canvas.frame.w < 480.0 {
        true => "adjusted",
        false => "adjusted for platform, country, month",
    }
}

impl Row {
    fn draw(&self, canvas: &Canvas, sides: &Sides, (row, place): (usize, Rect), group: &str) -> Result<(), ChartError> {
        // Lines of the axes must not run through the words.
        canvas.rect(place.row(place.y, 18.0), canvas.palette.background)?;
        if place.w < 480.0 {
            let brief = &self.apart;
            self.name_arms(canvas, place.inset(0.0, 0.0, measure(brief, SMALL, false), 0.0), group)?;
            canvas.text(brief, (place.right(), place.y + 9.0), Align::Right, canvas.font(SMALL))?;
        } else {
            self.name_arms(canvas, sides.left.row(place.y, place.h), group)?;
            let told = fit(&self.differences(), SMALL, false, sides.right.w);
            let at = (sides.right.x, place.y + 9.0);
            canvas.text(&told, at, Align::Left, canvas.font(SMALL))?;
        }
        let lane = |at: f64| row as f64 + (18.0 + (place.h - 22.0) * at) / place.h;
        let palette = canvas.palette;
        for (at, arm) in self.arms.iter().enumerate() {
            let y = lane(if at == 0 { 0.28 } else { 0.72 });
            self.mark(canvas, &sides.rates, arm.rate, y, palette.series[at])?;
        }
        for (at, estimate, color) in [
            (0.28, self.difference, palette.text),
            (0.72, self.adjusted, palette.series[2]),
        ] {
            self.mark(canvas, &sides.differences, estimate, lane(at), color)?;
        }
        Ok(())
    }

    /// Both arms with their rates, in their colours.
    fn name_arms(&self, canvas: &Canvas, place: Rect, group: &str) -> Result<(), ChartError> {
        let middle = place.y + 9.0;
        let mut x = place.x;
        for (at, arm) in self.arms.iter().enumerate() {
            let named = match at {
                0 if !group.is_empty() => format!("{group}: {}", arm.name),
                _ => arm.name.clone(),
            };
            let room = (place.right() - x) / (2 - at) as f64 - 27.0;
            let text = fit(&format!("{named} {}", arm.shown), NAME, true, room.max(24.0));
            canvas.disc((x + 5.0, middle), 4.0, canvas.palette.series[at])?;
            canvas.text(&text, (x + 13.0, middle), Align::Left, canvas.bold(NAME))?;
            x += 13.0 + measure(&text, NAME, true) + 14.0;
        }
        Ok(())
    }

    fn mark(
        &self,
        canvas: &Canvas,
        plot: &Plot<Values, Rows>,
        estimate: Option<Estimate>,
        y: f64,
        color: RGBColor,
    ) -> Result<(), ChartError> {
        let Some(Estimate { value, low, high }) = estimate else {
            return Ok(());
        };
        plot.interval((low, value, high), y, 3.5, color)?;
        plot.dot(canvas, (value, y), 4.4, (color, self.complete))
    }
}

/// The two halves of the picture and their axes.
struct Sides {
    left: Rect,
    right: Rect,
    rates: Plot<Values, Rows>,
    differences: Plot<Values, Rows>,
}

impl Sides {
    fn of(canvas: &Canvas, rows: &[Row], area: Rect) -> Result<Self, ChartError> {
        let gap = if area.w < 420.0 { 14.0 } else { 36.0 };
        let half = (area.w - gap) / 2.0;
        let (left, right) = (area.part(area.x, half), area.part(area.x + half + gap, half));
        let rates = rows.iter().flat_map(|row| &row.arms).filter_map(|arm| arm.rate);
        let differences = || rows.iter().flat_map(|row| [row.difference, row.adjusted]).flatten();
        let highest = rates.map(|rate| rate.high).fold(0.0, f64::max);
        let low = differences().map(|estimate| estimate.low).fold(0.0, f64::min);
        let high = differences().map(|estimate| estimate.high).fold(0.0, f64::max);
        // The ends of whiskers and labels keep inside.
        let inner = |side: Rect| side.inset(8.0, 0.0, 12.0, 0.0);
        let sides = Sides {
            left,
            right,
            rates: lying(canvas, inner(left), rows.len(), (0.0, highest), Kind::Ratio)?,
            differences: lying(canvas, inner(right), rows.len(), (low, high), Kind::Real)?,
        };
        let y = left.bottom() + FOOT + 6.0;
        let points = match right.w < 200.0 {
            true => "difference in points",
            false => "difference in percentage points",
        };
        for (side, caption) in [(left, "share of checkouts paid"), (right, points)] {
            let (text, at) = (fit(caption, SMALL, false, side.w), (side.x + side.w / 2.0, y));
            canvas.text(&text, at, Align::Centre, canvas.muted(SMALL))?;
        }
        Ok(sides)
    }
}
