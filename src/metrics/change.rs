//! Change explained: how far a rate moved because its parts changed their weight, and how far because they changed.

use super::grouping::{Cells, Grid, Group, buckets, counts, groups};
use super::provider_share::{PAYMENT_DIMENSIONS, check_dimension, dimension, payment_params};
use super::statistics::{Effect, explained, newcombe, ratio};
use super::table::{Sheet, Spec, number, text};
use super::{Definition, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS};
use crate::model::{ColumnType::Integer, ColumnType::Number, ColumnType::Text};
use crate::model::{Compare, Param, Params, Table, TimeRange, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "change",
    title: "Change explained",
    definition: Definition {
        version: 3,
        text: "Why a rate R of payments changed against an earlier period. `of` chooses it: attempt_approval, \
               first_attempt_approval or payment_success, each as the metric payments defines it; `dimension` \
               chooses its parts: the values of provider, network, method or wallet. R is the sum of weight x rate \
               over the parts, where weight is a part's share of the cases that R is over: attempts approved or \
               declined, of these the first attempts of payments, or payments with one approved or declined. mix = change of weight x (mean rate of the part - mean R): it \
               moved towards better or worse parts; within = mean weight x change of rate: the part itself got \
               better or worse; means are of both periods. A part with cases in one period only takes its rate \
               there for both, though its rate column of the other stays null. mix and within of all parts add up \
               to the change of R, in each bucket and group. `compare` chooses the earlier period: as many calendar \
               buckets before (previous_period; without an interval the month before of a calendar month, as many \
               local days before of whole days, else as long a time) or the same a year ago (previous_year). Only complete buckets are \
               compared; of others, weight_previous, rate_previous, mix and within are null, as they are where a \
               period has no case. Every value that occurs in either period has a row in every bucket. n and \
               n_previous are a part's cases. difference = rate - rate_previous and, of R, whole_difference have 95 % \
               Newcombe intervals, and are null where one of the two rates is; where an interval contains 0 there is \
               no clear change.",
        numerator: "approved attempts, or captured payments, of the value",
        denominator: "approved and declined attempts, or payments with one, of the value",
        excludes: &[
            "technical, abandoned and settlement failures",
            "buckets that are not complete, from the comparison",
            "events of the other mode",
        ],
    },
    dimensions: PAYMENT_DIMENSIONS,
    parameters: &[
        Parameter {
            name: "of",
            default: "attempt_approval",
            help: "attempt_approval, first_attempt_approval or payment_success",
            check: check_of,
        },
        Parameter {
            name: "dimension",
            default: "provider",
            help: "provider, network, method or wallet",
            check: check_dimension,
        },
        Parameter {
            name: "compare",
            default: "previous_period",
            help: "previous_period or previous_year: the period that the change is against",
            check: check_compare,
        },
    ],
    default_days: REPORT_DAYS,
    inputs: &[
        Input {
            name: "attempts",
            query: query!("serve/payments_attempts"),
            params: |question| part_params(question, Period::Asked, Unit::Attempt),
        },
        Input {
            name: "attempts_before",
            query: query!("serve/payments_attempts"),
            params: |question| part_params(question, Period::Earlier, Unit::Attempt),
        },
        Input {
            name: "decided",
            query: query!("serve/payments_decided"),
            params: |question| part_params(question, Period::Asked, Unit::Payment),
        },
        Input {
            name: "decided_before",
            query: query!("serve/payments_decided"),
            params: |question| part_params(question, Period::Earlier, Unit::Payment),
        },
    ],
    compute,
};

const RATES: [&str; 3] = ["attempt_approval", "first_attempt_approval", "payment_success"];

fn columns(of: &str) -> [Spec; 15] {
    let unit = Some(if of == RATES[0] { "attempts" } else { "payments" });
    [
        ("value", Text, None),
        ("weight", Number, Some("ratio")),
        ("weight_previous", Number, Some("ratio")),
        ("n", Integer, unit),
        ("n_previous", Integer, unit),
        ("rate", Number, Some("ratio")),
        ("rate_previous", Number, Some("ratio")),
        ("difference", Number, Some("ratio")),
        ("ci_low", Number, Some("ratio")),
        ("ci_high", Number, Some("ratio")),
        ("mix", Number, Some("ratio")),
        ("within", Number, Some("ratio")),
        ("whole_difference", Number, Some("ratio")),
        ("whole_ci_low", Number, Some("ratio")),
        ("whole_ci_high", Number, Some("ratio")),
    ]
}

fn check_of(value: &str) -> Result<(), &'static str> {
    if RATES.contains(&value) {
        Ok(())
    } else {
        Err("takes attempt_approval, first_attempt_approval or payment_success")
    }
}

fn check_compare(value: &str) -> Result<(), &'static str> {
    match Compare::parse(value) {
        Some(_) => Ok(()),
        None => Err("takes previous_period or previous_year"),
    }
}

/// Of which of the two periods a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Asked,
    Earlier,
}

/// What a rate is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Attempt,
    Payment,
}

impl Unit {
    fn of(question: &Question) -> Self {
        match question.parameter("of") {
            "payment_success" => Unit::Payment,
            _ => Unit::Attempt,
        }
    }
}

fn compare(question: &Question) -> Compare {
    Compare::parse(question.parameter("compare")).unwrap_or(Compare::PreviousPeriod)
}

/// The same question about the earlier period; `None` where there is none.
fn earlier(question: &Question) -> Option<Question> {
    let range = question.range.earlier(compare(question)).ok()?;
    Some(Question {
        range,
        ..question.clone()
    })
}

fn part_params(question: &Question, period: Period, unit: Unit) -> Params {
    let asked = match period {
        Period::Asked => Some(question.clone()),
        Period::Earlier => earlier(question),
    };
    let read = asked.is_some() && unit == Unit::of(question);
    let asked = asked.as_ref().unwrap_or(question);
    let mut params = payment_params(asked, &[dimension(question)]);
    if !read {
        // Nothing lies in an empty range, and nothing is looked for.
        params
            .iter_mut()
            .filter(|(name, _)| *name == "to")
            .for_each(|(_, to)| *to = Param::Time(asked.range.from));
    }
    params
}

/// Hits and cases.
type Part = (i64, i64);

/// The parts of each bucket and group of one period.
fn parts(question: &Question, frames: &Frames, period: Period, range: &TimeRange) -> Result<Grid<Part>, MetricError> {
    let (name, hit, cases) = match (Unit::of(question), period) {
        (Unit::Attempt, Period::Asked) => ("attempts", "approved", "attempts"),
        (Unit::Attempt, Period::Earlier) => ("attempts_before", "approved", "attempts"),
        (Unit::Payment, Period::Asked) => ("decided", "captured", "payments"),
        (Unit::Payment, Period::Earlier) => ("decided_before", "captured", "payments"),
    };
    let frame = frames.get(name)?;
    let mut grid: Grid<Part> = Grid::new(range.buckets.len());
    let at = buckets(frame, &Cells::of(range))?;
    let (hit, cases) = (counts(frame, hit)?, counts(frame, cases)?);
    let first = match question.parameter("of") {
        "first_attempt_approval" => Some(counts(frame, "first")?),
        _ => None,
    };
    let names: Vec<&str> = question.group_by.iter().copied().chain([dimension(question)]).collect();
    for (row, group) in groups(frame, &names)?.iter().enumerate() {
        if first.as_ref().is_some_and(|first| first[row] == 0) {
            continue;
        }
        if let Some((hits, n)) = grid.at(at[row], group) {
            *hits += hit[row] * cases[row];
            *n += cases[row];
        }
    }
    Ok(grid)
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let mut now = parts(question, frames, Period::Asked, &question.range)?;
    let width = question.group_by.len() + 1;
    let Some(other) = earlier(question) else {
        let rows: Vec<_> = with_counterparts(question, now.finish(width), |_, _| None);
        return Ok(Outcome {
            table: table(question, &rows),
            warnings: vec!["there is no earlier period to compare with".to_owned()],
            ..Outcome::default()
        });
    };
    let mut before = parts(question, frames, Period::Earlier, &other.range)?;
    let missing: Vec<Group> = before.keys().cloned().collect();
    missing.iter().for_each(|group| _ = now.row(group));
    let counterparts = question.range.counterparts(&other.range, compare(question));
    let comparable = |bucket: usize| {
        let there = counterparts[bucket]?;
        let complete =
            question.complete(&question.range.buckets[bucket]) && other.complete(&other.range.buckets[there]);
        complete.then_some(there)
    };
    let rows = with_counterparts(question, now.finish(width), |group, bucket| {
        before.at(comparable(bucket)?, group).copied()
    });
    Ok(Outcome {
        table: table(question, &rows),
        ..Outcome::default()
    })
}

/// A part in a bucket, and in the bucket it is compared with.
type Both = (Part, Option<Part>);

fn with_counterparts(
    question: &Question,
    rows: Vec<(Group, Vec<Part>)>,
    mut before: impl FnMut(&Group, usize) -> Option<Part>,
) -> Vec<(Group, Vec<Both>)> {
    let mut both = |(group, parts): (Group, Vec<Part>)| {
        let parts = parts.into_iter().enumerate().take(question.range.buckets.len());
        let parts = parts.map(|(bucket, part)| (part, before(&group, bucket))).collect();
        (group, parts)
    };
    rows.into_iter().map(&mut both).collect()
}

fn table(question: &Question, rows: &[(Group, Vec<Both>)]) -> Table {
    let asked = question.group_by.len();
    let mut sheet = Sheet::new(question, &columns(question.parameter("of")));
    for bucket in 0..question.range.buckets.len() {
        // Rows are in order of their groups, so the parts of one rate stand together.
        for whole in rows.chunk_by(|(one, _), (two, _)| one[..asked] == two[..asked]) {
            let parts: Vec<Both> = whole.iter().map(|(_, parts)| parts[bucket]).collect();
            let compared: Option<Vec<_>> = parts.iter().map(|(now, before)| Some([(*before)?, *now])).collect();
            let effects = compared.and_then(|parts| explained(&parts));
            let together = sum(&parts);
            for (at, (group, _)) in whole.iter().enumerate() {
                let effect = effects.as_ref().map(|effects| effects[at]);
                let mut row = vec![text(group.last().and_then(Option::as_deref))];
                row.extend(part_cells(parts[at], together, effect));
                row.extend(difference_cells(together));
                sheet.push(bucket, &group[..asked], row);
            }
        }
    }
    sheet.finish()
}

/// All parts together; without an earlier period where they have none.
fn sum(parts: &[Both]) -> Both {
    let add = |one: Part, two: Part| (one.0 + two.0, one.1 + two.1);
    let now = parts.iter().map(|part| part.0).fold((0, 0), add);
    let before = parts.iter().filter_map(|part| part.1).reduce(add);
    (now, before)
}

fn part_cells(part: Both, together: Both, effect: Option<Effect>) -> Vec<Value> {
    let (now, before) = part;
    let cases = |period: Option<Part>| period.map_or(0, |(_, cases)| cases);
    let rate = |period: Option<Part>| period.and_then(|(hits, cases)| ratio(hits, cases));
    let mut cells = vec![
        number(ratio(now.1, together.0.1)),
        number(ratio(cases(before), cases(together.1))),
        Value::Int(now.1),
        before.map_or(Value::Null, |(_, cases)| Value::Int(cases)),
        number(rate(Some(now))),
        number(rate(before)),
    ];
    cells.extend(difference_cells(part));
    cells.extend([
        number(effect.map(|effect| effect.mix)),
        number(effect.map(|effect| effect.within)),
    ]);
    cells
}

/// How far a rate has changed, and the ends of the interval around that; nulls where a period has no case.
fn difference_cells((now, before): Both) -> [Value; 3] {
    let changed = before.and_then(|before| newcombe(now.0, now.1, before.0, before.1));
    [
        number(changed.map(|(difference, _)| difference)),
        number(changed.map(|(_, span)| span.low)),
        number(changed.map(|(_, span)| span.high)),
    ]
}
