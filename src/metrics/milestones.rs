//! Milestones: the first moment at which the population of bots reached a number.

use std::collections::BTreeMap;

use super::grouping::{Grid, counts, dimension_params, groups, ints};
use super::table::{Sheet, Spec, by_bucket};
use super::{Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS};
use crate::model::{Bucket, ColumnType::Integer, ColumnType::Timestamp, Mode, Param, Params, TimeRange, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "milestones",
    title: "Milestones",
    definition: Definition {
        version: 1,
        text: "The first moment at which the population of bots reached `population`: that of the registration or \
               reinstatement that brought it there, with membership as in bot-growth. What happens at one moment \
               counts together, so a bot that leaves makes room for one that enters. All history before `to` is \
               looked at, also before `from`; a population that has fallen since keeps its milestone, and late \
               events may move one. `at` lists the numbers; `reached`, the default, stands for every 1, 3 and 10 \
               times a power of ten that the population reached, and the next one. One row per number and group, \
               whatever `interval` says: the bucket is the whole range, and reached_at is null where the number \
               was not reached before `to`. peak is the most bots that the population ever had before `to`. Each group \
               has a population of its own; groups and filters take a bot's latest attributes.",
        numerator: "none: a moment is found, nothing is divided",
        denominator: "none",
        excludes: &[
            "bot.updated and bot.suspended: they change no membership",
            "what happened at or after `to`",
        ],
    },
    dimensions: &[
        Dimension("platform"),
        Dimension("category"),
        Dimension("country"),
        Dimension("developer"),
    ],
    parameters: &[Parameter {
        name: "at",
        default: REACHED,
        help: "comma list of up to 100 whole numbers from 1 to 1000000000, or `reached`: every 1, 3 and 10 times a \
               power of ten up to the next",
        check: check_marks,
    }],
    default_days: REPORT_DAYS,
    inputs: &[Input {
        name: "marks",
        query: query!("serve/milestones"),
        params,
    }],
    compute,
};

const DIMENSIONS: &[&str] = &["platform", "category", "country", "developer"];

const COLUMNS: &[Spec] = &[
    ("reached_at", Timestamp, None),
    ("population", Integer, Some("bots")),
    ("peak", Integer, Some("bots")),
];

/// The word for the numbers that were reached, and the next.
const REACHED: &str = "reached";
/// Numbers of one question.
const MOST: usize = 100;
/// More bots than this are no population.
const HIGHEST: i64 = 1_000_000_000;

/// The asked numbers in order; `None` where one is none.
fn listed(text: &str) -> Option<Vec<i64>> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = part.parse().ok().filter(|_| digits)?;
        (1..=HIGHEST).contains(&number).then_some(number)
    };
    let mut marks = text
        .split(',')
        .map(|part| number(part.trim()))
        .collect::<Option<Vec<i64>>>()?;
    marks.sort_unstable();
    marks.dedup();
    (marks.len() <= MOST).then_some(marks)
}

fn check_marks(text: &str) -> Result<(), &'static str> {
    if text == REACHED || listed(text).is_some() {
        Ok(())
    } else {
        Err("takes up to 100 whole numbers from 1 to 1000000000, such as 1000,10000,30000, or `reached`")
    }
}

/// 1, 3, 10, 30 and so on.
fn series() -> Vec<i64> {
    let tens = std::iter::successors(Some(1i64), |ten| ten.checked_mul(10));
    tens.take_while(|ten| *ten <= HIGHEST)
        .flat_map(|ten| [ten, 3 * ten])
        .filter(|mark| *mark <= HIGHEST)
        .collect()
}

fn params(question: &Question) -> Params {
    let marks = listed(question.parameter("at")).unwrap_or_else(series);
    let mut params = vec![("to", Param::Time(question.range.to)), ("marks", Param::Ints(marks))];
    params.extend(dimension_params(question, DIMENSIONS, &question.group_by));
    params
}

/// A population: when it first reached each number, and the most that it ever had.
#[derive(Debug, Clone, Default)]
struct Climb {
    reached: BTreeMap<i64, i64>,
    peak: i64,
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let frame = frames.get("marks")?;
    let (marks, moments, peaks) = (
        counts(frame, "mark")?,
        ints(frame, "reached_at")?,
        counts(frame, "peak")?,
    );
    let mut grid: Grid<Climb> = Grid::new(1);
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        let climb = &mut grid.row(group)[0];
        climb.reached.extend(moments[row].map(|moment| (marks[row], moment)));
        climb.peak = peaks[row];
    }
    let rows = grid.finish(question.group_by.len());
    let highest = rows.iter().flat_map(|(_, climbs)| climbs).map(|climb| climb.peak).max();
    let shown = listed(question.parameter("at")).unwrap_or_else(|| up_to(highest));
    let whole = Question {
        range: one_bucket(&question.range),
        ..question.clone()
    };
    let mut sheet = Sheet::new(&whole, COLUMNS);
    for (_, group, climb) in by_bucket(&rows, 1) {
        for mark in &shown {
            let moment = climb.reached.get(mark).copied();
            let moment = moment.and_then(chrono::DateTime::from_timestamp_micros);
            let moment = moment.map_or(Value::Null, |moment| Value::Time(whole.range.local(moment)));
            sheet.push(0, group, [moment, Value::Int(*mark), Value::Int(climb.peak)]);
        }
    }
    let warnings = match question.mode {
        Mode::Live => Vec::new(),
        Mode::Test => vec!["bots have no mode: the population is the same in test and live mode".into()],
    };
    Ok(Outcome {
        table: sheet.finish(),
        warnings,
        ..Outcome::default()
    })
}

/// The numbers of the series up to the one after the highest that was reached.
fn up_to(highest: Option<i64>) -> Vec<i64> {
    let series = series();
    let reached = series.iter().filter(|mark| Some(**mark) <= highest).count();
    series.into_iter().take(reached + 1).collect()
}

fn one_bucket(range: &TimeRange) -> TimeRange {
    TimeRange {
        interval: None,
        buckets: vec![Bucket {
            start: range.from,
            end: range.to,
            whole: true,
        }],
        ..range.clone()
    }
}
