//! A change explained: a waterfall from the earlier rate to the later one, by what moved it.

use plotters::element::PathElement;
use plotters::style::RGBColor;

use crate::serve::charts::kit::{
    Align, Bar, Canvas, FOOT, Grid, Hit, Kind, Legend, List, Mark, Notes, Plot, Rect, Rows, SMALL, Values, bare,
    bucket_label, compared, dashed, fit, fitted, foot_note, header, interval, lying, no_data,
    others as others_in_words, percent_or_nothing, points, stroke, wrap,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 9] = [
    "weight",
    "weight_previous",
    "rate",
    "rate_previous",
    "mix",
    "within",
    "whole_difference",
    "whole_ci_low",
    "whole_ci_high",
];

/// The least height of a part's row, and the most.
const ROW: (f64, f64) = (24.0, 60.0);
const NAME: f64 = 12.0;
/// Steps that the words for ears tell, the last of them all others together.
const TOLD: usize = 25;

/// Draws the last bucket that could be compared, of the largest group that has one.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, Some("value"));
    let Some((outer, bucket)) = last_compared(&grid) else {
        return no_data(canvas, request, "Nothing was decided in both periods");
    };
    let body = header(canvas, request, &legend(canvas, &grid))?;
    let fall = Waterfall::of(&grid, outer, bucket);
    let others = grid.outer.len() - 1;
    let caption = fall.caption(&grid, request, outer, bucket);
    let lines = wrap(&caption, NAME, true, body.w, 2);
    for (line, text) in lines.iter().enumerate() {
        let at = (body.x, body.y + 8.0 + 15.0 * line as f64);
        canvas.text(text, at, Align::Left, canvas.bold(NAME))?;
    }
    let place = body.inset(
        0.0,
        5.0 + 15.0 * lines.len() as f64,
        0.0,
        if others > 0 { 16.0 } else { 0.0 },
    );
    let hits = fall.draw(canvas, place)?;
    if others > 0 {
        foot_note(canvas, body, &others_in_words(others, 0.0, ""))?;
    }
    Ok(Notes {
        summary: format!(
            "{caption}. {}",
            fall.fitting(TOLD).iter().map(Step::told).collect::<Vec<_>>().join(" ")
        ),
        hits,
        series: grid.series(&PLOTTED, &[outer]),
    })
}

fn legend(canvas: &Canvas, grid: &Grid) -> Legend {
    let palette = canvas.palette;
    let mut legend = Legend::default();
    legend
        .block(palette.series[1], "mix: weight changed")
        .block(palette.series[0], "within: rate changed");
    if grid.complete.contains(&false) {
        legend.note("not compared: ");
        legend.add(Mark::Hatched(palette.neutral[0]), "incomplete");
    }
    legend
}

/// The last bucket of the largest group in which something was compared.
fn last_compared(grid: &Grid) -> Option<(usize, usize)> {
    let known = |outer: usize, bucket: usize| {
        (0..grid.inner.len()).any(|inner| grid.cell(outer, inner, bucket, "mix").as_f64().is_some())
    };
    let last = |outer: usize| (0..grid.complete.len()).rev().find(|bucket| known(outer, *bucket));
    let found = (0..grid.outer.len()).filter_map(|outer| Some((outer, last(outer)?)));
    found.min_by(|one, two| grid.size(two.0, "n").total_cmp(&grid.size(one.0, "n")))
}

/// What one value did, in percentage points.
#[derive(Clone)]
struct Step {
    name: String,
    mix: f64,
    within: f64,
    detail: String,
}

impl Step {
    fn told(&self) -> String {
        format!(
            "{}: mix {}, within {}{}.",
            self.name,
            signed(self.mix),
            signed(self.within),
            self.detail
        )
    }
}

struct Waterfall {
    before: f64,
    after: f64,
    steps: Vec<Step>,
}

/// A change in percentage points, with its sign.
fn signed(value: f64) -> String {
    bare(&points(value / 100.0)).to_owned()
}

impl Waterfall {
    fn of(grid: &Grid, outer: usize, bucket: usize) -> Self {
        let mut fall = Waterfall {
            before: 0.0,
            after: 0.0,
            steps: Vec::new(),
        };
        for inner in 0..grid.inner.len() {
            let number = |column| grid.cell(outer, inner, bucket, column).as_f64();
            let product = |weight, rate| number(weight).unwrap_or(0.0) * number(rate).unwrap_or(0.0);
            fall.before += product("weight_previous", "rate_previous");
            fall.after += product("weight", "rate");
            let (Some(mix), Some(within)) = (number("mix"), number("within")) else {
                continue;
            };
            let shown = |column| percent_or_nothing(number(column));
            fall.steps.push(Step {
                name: grid.part(inner).to_owned(),
                mix: mix * 100.0,
                within: within * 100.0,
                detail: format!(
                    "; weight {} after {}, rate {} after {}",
                    shown("weight"),
                    shown("weight_previous"),
                    shown("rate"),
                    shown("rate_previous")
                ),
            });
        }
        let size = |step: &Step| step.mix.abs() + step.within.abs();
        fall.steps.sort_by(|one, two| size(two).total_cmp(&size(one)));
        fall
    }

    fn caption(&self, grid: &Grid, request: &ChartRequest, outer: usize, bucket: usize) -> String {
        let mut parts = vec![grid.name(outer).to_owned()];
        if request.range.buckets.len() > 1 {
            parts.push(bucket_label(request.range, bucket));
        }
        parts.retain(|part| !part.is_empty());
        let sum = |of: fn(&Step) -> f64| self.steps.iter().map(of).sum::<f64>() / 100.0;
        let moved = [sum(|step| step.mix), sum(|step| step.within)];
        let told = compared(self.after, self.before, &moved);
        let end = |column: &str| {
            let mut ends = (0..grid.inner.len()).map(|inner| grid.cell(outer, inner, bucket, column).as_f64());
            ends.find_map(|end| end)
        };
        let interval = match (end("whole_ci_low"), end("whole_ci_high")) {
            (Some(low), Some(high)) => format!(" ({})", interval(low, high)),
            _ => String::new(),
        };
        parts.push(format!(
            "{} after {}, {}{interval}",
            told.now, told.before, told.difference
        ));
        parts.join(" \u{b7} ")
    }

    /// As many steps as have a row each; the rest as one.
    fn fitting(&self, most: usize) -> Vec<Step> {
        if self.steps.len() <= most {
            return self.steps.clone();
        }
        let (shown, rest) = self.steps.split_at(most.saturating_sub(1));
        let mut steps = shown.to_vec();
        steps.push(Step {
            name: format!("{} others", rest.len()),
            mix: rest.iter().map(|step| step.mix).sum(),
            within: rest.iter().map(|step| step.within).sum(),
            detail: String::new(),
        });
        steps
    }

    fn draw(&self, canvas: &Canvas, place: Rect) -> Result<Vec<Hit>, ChartError> {
        let room = place.h - FOOT - 16.0;
        let steps = self.fitting(((room / ROW.0) as usize).saturating_sub(1).max(1));
        let names: Vec<String> = steps.iter().map(|step| step.name.clone()).collect();
        let mut names = fitted(&names, SMALL, true, place.w * 0.26);
        names.push("together".to_owned());
        let numbers = |step: &Step| match place.w < 420.0 {
            true => signed(step.mix + step.within),
            false => format!("mix {} \u{b7} within {}", signed(step.mix), signed(step.within)),
        };
        let whole = signed((self.after - self.before) * 100.0);
        let numbers = steps.iter().map(numbers).chain([whole]).collect();
        let list = List::new(place.row(place.y, room), (names, canvas.bold(SMALL)), numbers, ROW.1);
        let area = list.area.inset(2.0, 0.0, 8.0, 0.0);
        let plot = lying(canvas, area, steps.len() + 1, passed(&steps), Kind::Real)?;
        let caption = (area.x + area.w / 2.0, area.bottom() + FOOT + 5.0);
        let below = fit("percentage points since the earlier period", SMALL, false, place.w);
        canvas.text(&below, caption, Align::Centre, canvas.muted(SMALL))?;
        let (mut hits, mut at) = (Vec::new(), 0.0);
        for (row, step) in steps.iter().enumerate() {
            list.write(canvas, row, Align::Left)?;
            at = step.draw(canvas, &plot, row, at)?;
            hits.push(Hit::new(list.place(row), step.told()));
        }
        list.write(canvas, steps.len(), Align::Left)?;
        let last = (steps.len() as f64 + 0.25, 0.5);
        bar(&plot, (0.0, at), last, canvas.palette.text)?;
        Ok(hits)
    }
}

/// The ends of what the steps pass.
fn passed(steps: &[Step]) -> (f64, f64) {
    let (mut at, mut low, mut high) = (0.0_f64, 0.0_f64, 0.0_f64);
    for part in steps.iter().flat_map(|step| [step.mix, step.within]) {
        at += part;
        (low, high) = (low.min(at), high.max(at));
    }
    (low, high)
}

impl Step {
    /// The two bars of a step in its row, and the line that leads on from it; where it ends.
    fn draw(&self, canvas: &Canvas, plot: &Plot<Values, Rows>, row: usize, from: f64) -> Result<f64, ChartError> {
        let (palette, top) = (canvas.palette, row as f64);
        let (turn, end) = (from + self.mix, from + self.mix + self.within);
        bar(plot, (from, turn), (top + 0.12, 0.36), palette.series[1])?;
        bar(plot, (turn, end), (top + 0.52, 0.36), palette.series[0])?;
        let on = [(end, top + 0.88), (end, top + 1.12)];
        plot.draw([PathElement::new(on, stroke(dashed(palette.muted), 0.8))])?;
        Ok(end)
    }
}

fn bar(
    plot: &Plot<Values, Rows>,
    (from, to): (f64, f64),
    (top, height): (f64, f64),
    color: RGBColor,
) -> Result<(), ChartError> {
    let corners = [(from, top), (to, top + height)];
    plot.draw((from != to).then(|| Bar::new(corners, color, true)))
}
