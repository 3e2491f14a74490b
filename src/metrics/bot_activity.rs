//! Bot activity: which bots are new, stay, come back and fall silent.

use std::collections::HashMap;

use super::grouping::{Grid, counts, dimension_params, groups};
use super::slots::{Slots, WORD};
use super::table::{Sheet, Spec, by_bucket, number};
use super::{Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Question, REPORT_DAYS};
use crate::model::{ColumnType::Integer, ColumnType::Number, Param, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-activity",
    title: "Bot activity",
    definition: Definition {
        version: 2,
        text: "A bot is active in a bucket with a conversation.started, an inbound message, a catalog, product, \
               cart or checkout event, or a transaction initiated, authorized, captured, requiring action or \
               failed. new = active now and never before, in all history; retained = active now and in the bucket \
               before; resurrected = active now, not in the bucket before, but earlier; churned = active in the \
               bucket before, not now. The bucket before the first is the calendar bucket before it, or without \
               an interval what `compare=previous_period` takes: the month before of a calendar month, as many local \
               days before of whole days, else as long a time. active = active before + new + resurrected - churned; `residual` is the difference, and is 0. Activity is kept by the quarter hour: an edge \
               inside one moves to its beginning, with a warning. Groups and filters take a bot's latest \
               attributes; `bot` is the bot_id, so add `platform` where two platforms share one.",
        numerator: "quick_ratio: new + resurrected",
        denominator: "quick_ratio: churned; null where it is 0",
        excludes: &[
            "refunds, disputes, ends of conversations and outbound messages",
            "events of the other mode",
        ],
    },
    dimensions: &[
        Dimension("platform"),
        Dimension("bot"),
        Dimension("category"),
        Dimension("country"),
        Dimension("developer"),
    ],
    parameters: &[],
    default_days: REPORT_DAYS,
    inputs: &[Input {
        name: "words",
        query: query!("serve/activity_words"),
        params,
    }],
    compute,
};

const DIMENSIONS: &[&str] = &["platform", "bot", "category", "country", "developer"];

const COLUMNS: &[Spec] = &[
    ("active", Integer, Some("bots")),
    ("new", Integer, Some("bots")),
    ("retained", Integer, Some("bots")),
    ("resurrected", Integer, Some("bots")),
    ("churned", Integer, Some("bots")),
    ("quick_ratio", Number, Some("ratio")),
    ("residual", Integer, Some("bots")),
];

/// The parameters of the query of words.
pub(super) fn params(question: &Question) -> Params {
    let slots = Slots::of(&question.range);
    let mut params = vec![
        ("mode", Param::Text(question.mode.as_str().to_owned())),
        ("first_day", Param::Int(slots.first_day())),
        ("last_day", Param::Int(slots.last_day())),
        ("from_day", Param::Int(slots.from.day)),
        ("from_low", Param::Int(slots.from.low)),
        ("from_high", Param::Int(slots.from.high)),
    ];
    let column = |value: fn(&super::slots::Slot) -> i64| Param::Ints(slots.slots.iter().map(value).collect());
    params.extend([
        ("word", column(|slot| slot.word)),
        ("bit", column(|slot| slot.bit)),
        ("day", column(|slot| slot.cells.day)),
        ("low", column(|slot| slot.cells.low)),
        ("high", column(|slot| slot.cells.high)),
    ]);
    params.extend(dimension_params(question, DIMENSIONS, &question.group_by));
    params
}

/// What happened in one bucket; `before` counts the bots active in the bucket before.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Change {
    before: i64,
    active: i64,
    new: i64,
    retained: i64,
    resurrected: i64,
    churned: i64,
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let frame = frames.get("words")?;
    let buckets = question.range.buckets.len();
    let (bots, words) = (counts(frame, "bot_key")?, counts(frame, "word")?);
    let (bits, early) = (counts(frame, "bits")?, counts(frame, "before")?);
    let firsts = first_positions(&bots, &words, &bits);
    let mut grid: Grid<Change> = Grid::new(buckets);
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        // A bot active before the range is new in none of its buckets.
        let first = if early[row] == 1 {
            None
        } else {
            firsts.get(&bots[row]).copied()
        };
        tally(grid.row(group), words[row], bits[row], first);
    }
    let rows = grid.finish(question.group_by.len());
    let mut sheet = Sheet::new(question, COLUMNS);
    for (at, group, change) in by_bucket(&rows, buckets) {
        let gained = change.new + change.resurrected;
        let quick = (change.churned > 0).then(|| gained as f64 / change.churned as f64);
        sheet.push(
            at,
            group,
            [
                Value::Int(change.active),
                Value::Int(change.new),
                Value::Int(change.retained),
                Value::Int(change.resurrected),
                Value::Int(change.churned),
                number(quick),
                Value::Int(change.active - (change.before + gained - change.churned)),
            ],
        );
    }
    let warnings = if Slots::of(&question.range).rounded {
        vec!["an edge inside a quarter hour of UTC was moved to the quarter hour's beginning".into()]
    } else {
        Vec::new()
    };
    Ok(Outcome {
        table: sheet.finish(),
        warnings,
        ..Outcome::default()
    })
}

/// Each bot's first active bucket: position 1 is the first of the range, 0 the one before it.
pub(super) fn first_positions(bots: &[i64], words: &[i64], bits: &[i64]) -> HashMap<i64, i64> {
    let mut firsts = HashMap::with_capacity(bots.len());
    for ((bot, word), bits) in bots.iter().zip(words).zip(bits) {
        let position = word * WORD + i64::from(bits.trailing_zeros());
        firsts
            .entry(*bot)
            .and_modify(|first: &mut i64| *first = position.min(*first))
            .or_insert(position);
    }
    firsts
}

/// Adds one bot's word of buckets: bit 0 is only looked at as the bucket before bit 1.
fn tally(changes: &mut [Change], word: i64, bits: i64, first: Option<i64>) {
    let touched = bits | bits << 1;
    for bit in (1..=WORD).filter(|bit| touched >> bit & 1 == 1) {
        let position = word * WORD + bit;
        let Some(change) = usize::try_from(position - 1).ok().and_then(|at| changes.get_mut(at)) else {
            continue;
        };
        let (now, before) = (bits >> bit & 1 == 1, bits >> (bit - 1) & 1 == 1);
        change.active += i64::from(now);
        change.before += i64::from(before);
        match (now, before) {
            (true, true) => change.retained += 1,
            (true, false) if first == Some(position) => change.new += 1,
            (true, false) => change.resurrected += 1,
            (false, true) => change.churned += 1,
            (false, false) => {}
        }
    }
}
