//! Bot growth: how the population of bots changes from bucket to bucket.

use std::collections::BTreeMap;

use super::grouping::{Cells, Grid, Group, counts, dimension_params, groups, ints};
use super::table::{Sheet, Spec, by_bucket, number};
use super::{Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Question, REPORT_DAYS};
use crate::model::{ColumnType::Integer, ColumnType::Number, Mode, Param, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-growth",
    title: "Bot growth",
    definition: Definition {
        version: 2,
        text: "A bot is (platform, bot_id). It enters the population with bot.registered or bot.reinstated and \
               leaves it with bot.retired, which wins a tie; the first entry counts as registered, any later one \
               as reinstated. A bot never registered is taken to have entered with the first event that names it \
               and is counted in `inferred` too. Opening and closing count the members at the bucket's edges \
               (entered before the edge, not left before it); registered, reinstated and retired count the \
               transitions inside it; residual = opening + registered + reinstated - retired - closing, and is 0. \
               Suspended bots stay in the population, and are suspended until they are reinstated, retire, or enter \
               again. `suspended` and `payment_enabled` are counted at the closing edge, the latter being bots whose latest payments_enabled is true or that have a captured payment \
               by then. doubling_days takes the bucket's real length in days of 24 hours. Groups and filters take \
               a bot's latest attributes.",
        numerator: "growth_rate: closing - opening",
        denominator: "growth_rate: opening; null where it is 0",
        excludes: &[
            "bot.updated and bot.suspended: they change no membership",
            "an entry of a member and an exit of a non-member: no transition",
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
        name: "spans",
        query: query!("serve/growth_spans"),
        params,
    }],
    compute,
};

const DIMENSIONS: &[&str] = &["platform", "bot", "category", "country", "developer"];

const COLUMNS: &[Spec] = &[
    ("opening", Integer, Some("bots")),
    ("registered", Integer, Some("bots")),
    ("reinstated", Integer, Some("bots")),
    ("retired", Integer, Some("bots")),
    ("closing", Integer, Some("bots")),
    ("residual", Integer, Some("bots")),
    ("growth_rate", Number, Some("ratio")),
    ("doubling_days", Number, Some("days")),
    ("inferred", Integer, Some("bots")),
    ("suspended", Integer, Some("bots")),
    ("payment_enabled", Integer, Some("bots")),
];

/// Kinds of spans, as the query numbers them.
const MEMBER: usize = 0;
const SUSPENDED: usize = 1;
const PAYMENT_ENABLED: usize = 2;

fn params(question: &Question) -> Params {
    let mut params = vec![
        ("from", Param::Time(question.range.from)),
        ("to", Param::Time(question.range.to)),
    ];
    params.extend(dimension_params(question, DIMENSIONS, &question.group_by));
    params
}

/// Transitions inside a bucket.
#[derive(Debug, Clone, Copy, Default)]
struct Flows {
    registered: i64,
    reinstated: i64,
    retired: i64,
    inferred: i64,
}

/// Starts and ends of the spans of one kind.
#[derive(Debug, Default)]
struct Spans {
    since: Vec<i64>,
    until: Vec<i64>,
}

impl Spans {
    fn sort(&mut self) {
        self.since.sort_unstable();
        self.until.sort_unstable();
    }

    /// Spans that began before `edge` and did not end before it.
    fn at(&self, edge: i64) -> i64 {
        let before = |times: &[i64]| times.partition_point(|time| *time < edge) as i64;
        before(&self.since) - before(&self.until)
    }
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let frame = frames.get("spans")?;
    let (from, to) = (
        question.range.from.timestamp_micros(),
        question.range.to.timestamp_micros(),
    );
    let cells = Cells::of(&question.range);
    let buckets = question.range.buckets.len();
    let (kinds, reinstated) = (counts(frame, "kind")?, counts(frame, "reinstated")?);
    let (inferred, since, until) = (
        counts(frame, "inferred")?,
        counts(frame, "since")?,
        ints(frame, "until")?,
    );
    let mut lives: BTreeMap<Group, [Spans; 3]> = BTreeMap::new();
    let mut flows: Grid<Flows> = Grid::new(buckets);
    for (row, group) in groups(frame, &question.group_by)?.into_iter().enumerate() {
        let kind = usize::try_from(kinds[row]).unwrap_or(MEMBER);
        if kind == MEMBER {
            let own = flows.row(&group);
            if (from..to).contains(&since[row]) {
                let flow = &mut own[cells.bucket_at(since[row])];
                let first = 1 - reinstated[row];
                flow.registered += first;
                flow.reinstated += reinstated[row];
                flow.inferred += first * inferred[row];
            }
            if let Some(end) = until[row].filter(|end| (from..to).contains(end)) {
                own[cells.bucket_at(end)].retired += 1;
            }
        }
        if let Some(spans) = lives.entry(group).or_default().get_mut(kind) {
            spans.since.push(since[row]);
            spans.until.extend(until[row]);
        }
    }
    lives.values_mut().flatten().for_each(Spans::sort);
    Ok(Outcome {
        table: table(question, &lives, flows),
        warnings: warnings(question),
        ..Outcome::default()
    })
}

fn table(question: &Question, lives: &BTreeMap<Group, [Spans; 3]>, flows: Grid<Flows>) -> crate::model::Table {
    let rows = flows.finish(question.group_by.len());
    let mut sheet = Sheet::new(question, COLUMNS);
    for (at, group, flow) in by_bucket(&rows, question.range.buckets.len()) {
        let bucket = &question.range.buckets[at];
        let (start, end) = (bucket.start.timestamp_micros(), bucket.end.timestamp_micros());
        let count = |kind: usize, edge| lives.get(group).map_or(0, |spans| spans[kind].at(edge));
        let (opening, closing) = (count(MEMBER, start), count(MEMBER, end));
        let days = (end - start) as f64 / 86_400e6;
        let residual = opening + flow.registered + flow.reinstated - flow.retired - closing;
        sheet.push(
            at,
            group,
            [
                Value::Int(opening),
                Value::Int(flow.registered),
                Value::Int(flow.reinstated),
                Value::Int(flow.retired),
                Value::Int(closing),
                Value::Int(residual),
                number(growth_rate(opening, closing)),
                number(doubling_days(opening, closing, days)),
                Value::Int(flow.inferred),
                Value::Int(count(SUSPENDED, end)),
                Value::Int(count(PAYMENT_ENABLED, end)),
            ],
        );
    }
    sheet.finish()
}

/// closing / opening − 1; `None` where opening is 0.
fn growth_rate(opening: i64, closing: i64) -> Option<f64> {
    (opening > 0).then(|| (closing - opening) as f64 / opening as f64)
}

/// Days to twice the population at the bucket's pace; `None` unless it grows.
fn doubling_days(opening: i64, closing: i64, days: f64) -> Option<f64> {
    let grows = opening > 0 && closing > opening;
    grows.then(|| days * std::f64::consts::LN_2 / (closing as f64 / opening as f64).ln())
}

fn warnings(question: &Question) -> Vec<String> {
    match question.mode {
        Mode::Live => Vec::new(),
        Mode::Test => vec!["bots have no mode: the population is the same in test and live mode".into()],
    }
}
