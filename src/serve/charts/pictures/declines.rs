//! Why attempts fail: a bar for each code, or over time columns by whose failure it was.

use std::collections::HashMap;

use plotters::style::RGBColor;

use crate::serve::charts::kit::{
    Align, Canvas, Columns, Grid, Hit, Key, Kind, Legend, List, Notes, Rect, SMALL, Span, Spec, columns, count, fitted,
    foot_note, header, no_data, others, per, percent, seams, stack, stacked, words,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 2] = ["attempts", "share"];
const OWN: [&str; 2] = ["failure_kind", "decline_code"];
/// Whose failure it was, in the order of their colours.
const KINDS: [&str; 5] = ["issuer", "risk", "technical", "abandoned", "settlement"];
/// Height of a picture from which on it has columns over time and bars by code.
const ROOM_FOR_BOTH: f64 = 330.0;
/// Reasons that the words for ears tell.
const TOLD: usize = 25;
/// The least height of one bar.
const LEAST_ROW: f64 = 20.0;

/// Draws the failures of the whole range, and where it has buckets and no groups, of each.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let names: Vec<&'static str> = request.group_by.iter().copied().chain(OWN).collect();
    let split = ChartRequest {
        group_by: &names,
        ..*request
    };
    let grid = Grid::new(&split, None);
    if !grid.has_data(&["attempts"]) {
        return no_data(canvas, request, "No attempt failed");
    }
    let reasons = reasons(&grid);
    let over_time = request.range.buckets.len() > 1 && request.group_by.is_empty();
    let mut legend = legend(canvas, &grid, &reasons);
    if over_time && canvas.frame.h < ROOM_FOR_BOTH {
        legend.no_room("codes");
    }
    let body = header(canvas, request, &legend)?;
    let (shown, hits) = match over_time {
        true => over_time_and_codes(canvas, request, &grid, &reasons, body)?,
        false => bars(canvas, &grid, &reasons, body, request.over())?,
    };
    let told = |reason: &Reason| format!("{}: {}.", reason.full_name(), reason.numbers());
    Ok(Notes {
        summary: reasons
            .iter()
            .take(shown.min(TOLD))
            .map(told)
            .collect::<Vec<_>>()
            .join(" "),
        hits,
        series: grid.series(&PLOTTED, &(0..grid.outer.len()).collect::<Vec<_>>()),
    })
}

/// One code of one kind and group, over the whole range.
struct Reason {
    outer: usize,
    group: String,
    code: String,
    kind: String,
    attempts: f64,
    share: f64,
    /// How many codes it tells of; several are drawn as no bar.
    codes: usize,
}

impl Reason {
    fn numbers(&self) -> String {
        format!("{} \u{b7} {}", percent(self.share), count(self.attempts))
    }

    fn name(&self) -> String {
        format!("{}{}", self.group, self.code)
    }

    fn full_name(&self) -> String {
        format!("{}{} ({})", self.group, self.code, self.kind)
    }
}

/// The reasons of the whole range, most frequent first; shares are of their group's attempts.
fn reasons(grid: &Grid) -> Vec<Reason> {
    let reason = |(outer, key): (usize, &Key)| {
        let group = key.label_without(&OWN);
        Reason {
            outer,
            group: if group.is_empty() { group } else { format!("{group}: ") },
            code: words(key.get("decline_code").unwrap_or("no code")),
            kind: key.get("failure_kind").unwrap_or("unknown").to_owned(),
            attempts: grid.whole(outer, 0, "attempts").unwrap_or(0.0),
            share: grid.whole(outer, 0, "share").unwrap_or(0.0),
            codes: grid.values("decline_code", key.get("decline_code")),
        }
    };
    let mut reasons: Vec<Reason> = grid.outer.iter().enumerate().map(reason).collect();
    reasons.retain(|reason| reason.attempts > 0.0);
    // What tells of several codes has no bar of its own, however many attempts it has.
    let several = |reason: &Reason| reason.codes > 1;
    reasons.sort_by(|one, two| {
        several(one)
            .cmp(&several(two))
            .then(two.attempts.total_cmp(&one.attempts))
            .then(one.outer.cmp(&two.outer))
    });
    reasons
}

fn color(canvas: &Canvas, kind: &str) -> RGBColor {
    let palette = canvas.palette;
    match KINDS.iter().position(|known| *known == kind) {
        // Declines stand out, what is none of them stands back.
        Some(0) => palette.series[5],
        Some(1) => palette.series[1],
        Some(2) => palette.series[0],
        Some(3) => palette.series[4],
        _ => palette.neutral[0],
    }
}

fn legend(canvas: &Canvas, grid: &Grid, reasons: &[Reason]) -> Legend {
    let occurs = |kind: &&str| reasons.iter().any(|reason| reason.kind == *kind);
    let mut legend = Legend::default();
    for kind in KINDS.into_iter().filter(occurs) {
        let declined = if matches!(kind, "issuer" | "risk") {
            " (declined)"
        } else {
            ""
        };
        legend.block(color(canvas, kind), format!("{kind}{declined}"));
    }
    legend.incomplete(canvas, grid);
    legend
}

/// The reasons that are not drawn, those of several codes as many as they tell of: the same codes under each kind.
fn codes(left: &[Reason]) -> usize {
    let several = left.iter().map(|reason| reason.codes).filter(|codes| *codes > 1).max();
    left.iter().filter(|reason| reason.codes == 1).count() + several.unwrap_or(0)
}

/// How many reasons were drawn, and what stands under the pointer.
type Pictured = (usize, Vec<Hit>);

/// The reasons of the whole range; a bucket that the range cuts does not make the range incomplete.
fn bars(canvas: &Canvas, grid: &Grid, reasons: &[Reason], body: Rect, over: bool) -> Result<Pictured, ChartError> {
    let fitting = (body.h / LEAST_ROW).max(1.0) as usize;
    let single = reasons.iter().filter(|reason| reason.codes == 1).count();
    let cut = single > fitting || single < reasons.len();
    let shown = &reasons[..if cut {
        single.min(fitting.saturating_sub(1).max(1))
    } else {
        reasons.len()
    }];
    let foot = if cut { 16.0 } else { 0.0 };
    if cut {
        let left = &reasons[shown.len()..];
        let attempts = left.iter().map(|reason| reason.attempts).sum();
        foot_note(canvas, body, &others(codes(left), attempts, "attempts"))?;
    }
    // One code may be given by several kinds of failure.
    let mut same: HashMap<String, usize> = HashMap::new();
    reasons.iter().for_each(|one| *same.entry(one.name()).or_default() += 1);
    let is_shared = |one: &Reason| same.get(&one.name()).is_some_and(|same| *same > 1);
    let name = |one: &Reason| if is_shared(one) { one.full_name() } else { one.name() };
    let names = fitted(&shown.iter().map(name).collect::<Vec<_>>(), SMALL, false, body.w * 0.36);
    let numbers = shown.iter().map(Reason::numbers).collect();
    let room = body.inset(0.0, 0.0, 0.0, foot);
    let list = List::new(room, (names, canvas.font(SMALL)), numbers, 40.0);
    let longest = shown.iter().map(|reason| reason.attempts).fold(0.0, f64::max);
    let complete = over || !grid.complete.contains(&false);
    let mut hits = Vec::new();
    for (at, reason) in shown.iter().enumerate() {
        list.write(canvas, at, Align::Right)?;
        let bar = list.bar(at, (0.64, 22.0));
        let bar = bar.part(bar.x, bar.w * reason.attempts / longest);
        canvas.bar(bar, color(canvas, &reason.kind), complete)?;
        hits.push(Hit::new(
            list.place(at),
            format!("{}: {}", reason.full_name(), list.numbers(at)),
        ));
    }
    Ok((shown.len(), hits))
}

/// Columns by kind above, and where there is room the bars of the whole range below.
fn over_time_and_codes(
    canvas: &Canvas,
    request: &ChartRequest,
    grid: &Grid,
    reasons: &[Reason],
    body: Rect,
) -> Result<Pictured, ChartError> {
    let both = canvas.frame.h >= ROOM_FOR_BOTH;
    let upper = body.row(body.y, if both { body.h * 0.5 } else { body.h });
    over_time(canvas, grid, reasons, upper)?;
    if !both {
        return Ok((reasons.len(), Vec::new()));
    }
    let lower = body.inset(0.0, upper.h + 10.0, 0.0, 0.0);
    let caption = match request.over() {
        true => "Over the whole range, by code",
        false => "Over the whole range so far, by code",
    };
    canvas.text(caption, (lower.x, lower.y + 7.0), Align::Left, canvas.muted(SMALL))?;
    bars(canvas, grid, reasons, lower.inset(0.0, 18.0, 0.0, 0.0), request.over())
}

fn over_time(canvas: &Canvas, grid: &Grid, reasons: &[Reason], place: Rect) -> Result<(), ChartError> {
    let mut base = vec![0.0; grid.complete.len()];
    let mut layers: Vec<(&str, Vec<Span>)> = Vec::new();
    let kinds = KINDS.into_iter().chain(["unknown"]);
    for kind in kinds.filter(|kind| reasons.iter().any(|reason| reason.kind == *kind)) {
        let mut attempts = vec![Some(0.0); base.len()];
        for reason in reasons.iter().filter(|reason| reason.kind == kind) {
            for (sum, own) in attempts
                .iter_mut()
                .flatten()
                .zip(grid.floats(reason.outer, 0, "attempts"))
            {
                *sum += own.unwrap_or(0.0);
            }
        }
        layers.push((kind, stacked(&mut base, &attempts)));
    }
    let (hi, caption) = (
        base.iter().copied().fold(0.0, f64::max),
        format!("Failed attempts{}", per(grid.request)),
    );
    let spec = Spec::new(1.0, (0.0, hi), Kind::Count, caption);
    let panels = stack(canvas, grid.request.range, place, &[spec], 4.0)?;
    for (kind, spans) in &layers {
        let what = Columns::new(spans, &grid.complete, color(canvas, kind));
        columns(canvas, &panels[0], what)?;
        seams(canvas, &panels[0], spans)?;
    }
    Ok(())
}
