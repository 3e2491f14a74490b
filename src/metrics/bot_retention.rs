//! Bot retention: of those first active in a bucket, how many are active in each later one.

use std::collections::HashMap;

use super::bot_activity;
use super::grouping::{Grid, Group, counts, dimension_params, groups};
use super::slots::{Slots, WORD};
use super::table::{Sheet, Spec, rate_cells};
use super::{Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS};
use crate::model::{ColumnType::Integer, ColumnType::Number, ColumnType::Timestamp, Param, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-retention",
    title: "Bot retention",
    definition: Definition {
        version: 2,
        text: "A cohort is what was active for the first time ever in a bucket of the range; its `period` k is the \
               k-th bucket after that, and share = active there / cohort_size, with a 95 % Wilson interval; of \
               period 0 it is 1. One row per \
               cohort and period up to the end of the range: bucket_start, bucket_end and complete are those of \
               the period's bucket, cohort_start is the beginning of the cohort's. active, share and interval are \
               null while \
               the period's bucket is not complete; of a cohort whose own bucket is not, cohort_size is that so \
               far. `First ever` looks at all history, so what was active before the range is in no cohort. \
               Without an interval the range is one bucket with period 0. `unit=bot`: a bot's activity is that of \
               bot-activity, kept by the quarter hour. `unit=user`: a user, (platform, bot_id, user_id), is active \
               with the same events; one that names no user is its conversation's user's, that of a payment the \
               payment's. A user has the attributes of the bot they belong to, country included. Groups and \
               filters take a bot's latest attributes; `bot` is the bot_id, so add `platform` where two platforms \
               share one.",
        numerator: "share: of the cohort, those active in the period",
        denominator: "share: the cohort; null where it is empty or the period's bucket is not complete",
        excludes: &[
            "what was active before the range began",
            "refunds, disputes, ends of conversations and outbound messages",
            "unit=user: events of nobody known",
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
    parameters: &[Parameter {
        name: "unit",
        default: "bot",
        help: "`bot` or `user`: whose activity",
        check: check_unit,
    }],
    default_days: REPORT_DAYS,
    inputs: &[
        Input {
            name: "words",
            query: query!("serve/activity_words"),
            params: bot_params,
        },
        Input {
            name: "users",
            query: query!("serve/retention_users"),
            params: user_params,
        },
    ],
    compute,
};

const DIMENSIONS: &[&str] = &["platform", "bot", "category", "country", "developer"];

/// Rows that an answer may have: they grow with the square of the buckets.
const MOST_ROWS: usize = 100_000;

fn columns(users: bool) -> [Spec; 7] {
    let unit = Some(if users { "users" } else { "bots" });
    [
        ("cohort_start", Timestamp, None),
        ("cohort_size", Integer, unit),
        ("period", Integer, None),
        ("active", Integer, unit),
        ("share", Number, Some("ratio")),
        ("ci_low", Number, Some("ratio")),
        ("ci_high", Number, Some("ratio")),
    ]
}

fn check_unit(value: &str) -> Result<(), &'static str> {
    if ["bot", "user"].contains(&value) {
        Ok(())
    } else {
        Err("takes `bot` or `user`")
    }
}

fn of_users(question: &Question) -> bool {
    question.parameter("unit") == "user"
}

/// The parameters of the query of bots; none in a question about users.
fn bot_params(question: &Question) -> Params {
    if of_users(question) {
        return Params::new();
    }
    bot_activity::params(question)
}

/// The parameters of the query of users; none in a question about bots.
fn user_params(question: &Question) -> Params {
    if !of_users(question) {
        return Params::new();
    }
    let range = &question.range;
    let edges = range.buckets.iter().map(|bucket| bucket.start.timestamp_micros());
    let mut params = vec![
        ("from", Param::Time(range.from)),
        ("to", Param::Time(range.to)),
        ("mode", Param::Text(question.mode.as_str().to_owned())),
        ("edges", Param::Ints(edges.collect())),
        ("bucket", Param::Ints((0..range.buckets.len() as i64).collect())),
        ("heard", Param::Time(question.as_of)),
    ];
    params.extend(dimension_params(question, DIMENSIONS, &question.group_by));
    params
}

/// Of each cohort, how many were active in each period; a cohort of nobody has no periods.
type Triangle = Grid<Vec<i64>>;

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let buckets = question.range.buckets.len();
    let users = of_users(question);
    let mut triangle: Triangle = Grid::new(buckets);
    if users {
        count_users(question, frames, &mut triangle)?;
    } else {
        count_bots(question, frames, &mut triangle)?;
    }
    let rows = triangle.finish(question.group_by.len());
    let cells = (buckets * (buckets + 1) / 2).saturating_mul(rows.len());
    if cells > MOST_ROWS {
        return Err(MetricError::TooManyRows(MOST_ROWS));
    }
    let mut sheet = Sheet::new(question, &columns(users));
    for cohort in 0..buckets {
        for (group, cohorts) in &rows {
            write(&mut sheet, question, group, cohort, &cohorts[cohort]);
        }
    }
    let rounded = !users && Slots::of(&question.range).rounded;
    let warning = "an edge inside a quarter hour of UTC was moved to the quarter hour's beginning";
    Ok(Outcome {
        table: sheet.finish(),
        warnings: rounded.then(|| warning.to_owned()).into_iter().collect(),
        ..Outcome::default()
    })
}

/// The rows of one cohort: a period for each bucket from its own on.
fn write(sheet: &mut Sheet, question: &Question, group: &Group, cohort: usize, periods: &[i64]) {
    let range = &question.range;
    let count = |period: usize| periods.get(period).copied().unwrap_or_default();
    for (period, bucket) in range.buckets[cohort..].iter().enumerate() {
        let (active, [share, low, high]) = match question.complete(bucket) {
            true => (Value::Int(count(period)), rate_cells(count(period), count(0))),
            false => (Value::Null, rate_cells(0, 0)),
        };
        sheet.push(
            cohort + period,
            group,
            [
                Value::Time(range.local(range.buckets[cohort].start)),
                Value::Int(count(0)),
                Value::Int(period as i64),
                active,
                share,
                low,
                high,
            ],
        );
    }
}

/// Adds `count` to a period of a cohort; both are buckets of the range.
fn add(cohorts: &mut [Vec<i64>], cohort: i64, bucket: i64, count: i64) {
    let (Ok(cohort), Ok(period)) = (usize::try_from(cohort), usize::try_from(bucket - cohort)) else {
        return;
    };
    if let Some(periods) = cohorts.get_mut(cohort) {
        if periods.len() <= period {
            periods.resize(period + 1, 0);
        }
        periods[period] += count;
    }
}

fn count_bots(question: &Question, frames: &Frames, triangle: &mut Triangle) -> Result<(), MetricError> {
    let frame = frames.get("words")?;
    let (bots, words) = (counts(frame, "bot_key")?, counts(frame, "word")?);
    let (bits, early) = (counts(frame, "bits")?, counts(frame, "before")?);
    let firsts: HashMap<i64, i64> = bot_activity::first_positions(&bots, &words, &bits);
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        // Active in the bucket before the range alone.
        if bits[row] >> 1 == 0 {
            continue;
        }
        let cohorts = triangle.row(group);
        let first = firsts.get(&bots[row]).filter(|_| early[row] == 0);
        let Some(first) = first else { continue };
        // Bit 0 repeats the bucket before; position 1 is the first bucket of the range.
        for bit in (1..=WORD).filter(|bit| bits[row] >> bit & 1 == 1) {
            add(cohorts, first - 1, words[row] * WORD + bit - 1, 1);
        }
    }
    Ok(())
}

fn count_users(question: &Question, frames: &Frames, triangle: &mut Triangle) -> Result<(), MetricError> {
    let frame = frames.get("users")?;
    let (cohorts, buckets) = (counts(frame, "cohort")?, counts(frame, "bucket")?);
    let users = counts(frame, "users")?;
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        add(triangle.row(group), cohorts[row], buckets[row], users[row]);
    }
    Ok(())
}
