//! Change explained: how far a rate moved because its parts changed their weight, and how far because they changed.

use polars::prelude::{DataFrame, DataType, Expr, IntoColumn, IntoLazy, LazyFrame, NULL, NamedFrom, Series, col, lit};

use super::column::Column;
use super::provider_share::{DIMENSION, dimension};
use super::rows::{Places, nulls_equal};
use super::scope::{Scope, count_if, count_rows};
use super::statistics::{Effect, explained, newcombe};
use super::{Answer, Definition, Metric, MetricError, Parameter, Question, REPORT_DAYS, Takes};
use crate::facts::fact::{ATTEMPTS, DECISIONS};
use crate::model::Compare;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "change",
    title: "Change explained",
    definition: Definition {
        changes: &[
            "Network, method and wallet as in `provider-share`.",
            "Without an interval, the period before as in `bot-activity`.",
        ],
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
    dimensions: ATTEMPTS.dimensions,
    parameters: &[
        Parameter {
            name: "of",
            default: "attempt_approval",
            help: "attempt_approval, first_attempt_approval or payment_success",
            takes: Takes::OneOf(&RATES),
        },
        DIMENSION,
        Parameter {
            name: "compare",
            default: "previous_period",
            help: "previous_period or previous_year: the period that the change is against",
            takes: Takes::OneOf(&["previous_period", "previous_year"]),
        },
    ],
    default_days: REPORT_DAYS,
    columns: &[
        Column::key(VALUE).means("The part: a provider, network, method or wallet."),
        Column::rate("weight", "n", "whole_n").means("Share of the cases that the part has."),
        Column::rate("weight_previous", "n_previous", "whole_n_previous").means("The same in the earlier period."),
        Column::count("n", "").of_asked(cases).means("Cases of the part."),
        Column::count("n_previous", "")
            .of_asked(cases)
            .means("The same in the earlier period."),
        Column::rate("rate", "hits", "n").means("Rate of the part."),
        Column::rate("rate_previous", "hits_previous", "n_previous").means("The same in the earlier period."),
        Column::number("difference", "ratio").means("rate - rate_previous."),
        Column::interval("ci_low", "ci_high", "difference").by("Newcombe"),
        Column::number("mix", "ratio").means("What the change of the weight adds to the change of the whole rate."),
        Column::number("within", "ratio").means("What the change of the part's own rate adds to it."),
        Column::number("whole_difference", "ratio").means("Change of the whole rate."),
        Column::interval("whole_ci_low", "whole_ci_high", "whole_difference").by("Newcombe"),
    ],
    compute,
};

const VALUE: &str = "value";
const RATES: [&str; 3] = ["attempt_approval", "first_attempt_approval", "payment_success"];

/// What a rate is over.
fn cases(question: &Question) -> &'static str {
    match question.word("of") {
        "attempt_approval" => "attempts",
        _ => "payments",
    }
}

fn compare(question: &Question) -> Compare {
    Compare::parse(question.word("compare")).unwrap_or(Compare::PreviousPeriod)
}

/// The same question about the earlier period; `None` where there is none.
fn earlier(question: &Question) -> Option<Question> {
    let range = question.range.earlier(compare(question)).ok()?;
    Some(Question {
        range,
        ..question.clone()
    })
}

/// The hits and the cases, `n`, of each part in each bucket and group.
fn parts(scope: &Scope) -> Result<LazyFrame, MetricError> {
    let part = dimension(scope.question);
    let (rows, hit) = match scope.question.word("of") {
        "payment_success" => (scope.facts(&DECISIONS, &["captured", part])?, "captured"),
        of => {
            let attempts = scope
                .facts(&ATTEMPTS, &["approved", "decided", "first", part])?
                .filter(col("decided"));
            match of {
                "first_attempt_approval" => (attempts.filter(col("first")), "approved"),
                _ => (attempts, "approved"),
            }
        }
    };
    let rows = rows.with_column(col(part).alias(VALUE));
    let n = count_rows().alias("n");
    Ok(rows
        .group_by(scope.keys(&[VALUE]))
        .agg([count_if(col(hit)).alias("hits"), n]))
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let question = scope.question;
    let now = parts(scope)?;
    let Some(other) = earlier(question) else {
        let rows = scope.complete(vec![now], &[VALUE])?.lazy();
        let none = ["hits_previous", "n_previous"].map(|name| lit(NULL).cast(DataType::Int64).alias(name));
        return Ok(Answer {
            warnings: vec!["there is no earlier period to compare with".to_owned()],
            ..Answer::of(explain(scope, rows.with_columns(none).collect()?)?)
        });
    };
    let before = parts(&scope.asking(&other))?.collect()?;
    let occurs = before
        .clone()
        .lazy()
        .select(scope.names(&[VALUE]).into_iter().map(col).collect::<Vec<_>>());
    let occurs = occurs.with_column(lit(NULL).cast(DataType::Int64).alias("bucket"));
    let rows = scope.complete(vec![now, occurs], &[VALUE])?;
    let rows = rows
        .lazy()
        .left_join(counterparts(question, &other)?.lazy(), col("bucket"), col("bucket"));
    let there = |names: Vec<&'static str>| names.into_iter().map(col).collect::<Vec<Expr>>();
    let names = scope.names(&[VALUE]);
    let (ours, theirs) = (
        there([&["there"], names.as_slice()].concat()),
        there([&["bucket"], names.as_slice()].concat()),
    );
    let before = before
        .lazy()
        .rename(["hits", "n"], ["hits_previous", "n_previous"], true);
    let rows = rows.join(before, ours, theirs, nulls_equal());
    // A part without a case in a period that there is has 0 of them.
    let none = |name: &str| {
        polars::prelude::when(col("there").is_not_null())
            .then(col(name).fill_null(lit(0i64)))
            .otherwise(lit(NULL))
            .alias(name)
    };
    let rows = rows
        .with_columns([none("hits_previous"), none("n_previous")])
        .collect()?;
    Ok(Answer::of(explain(scope, rows)?))
}

/// For each `bucket` the one that it is compared with, `there`; only complete ones are compared.
fn counterparts(question: &Question, other: &Question) -> Result<DataFrame, MetricError> {
    let there = question.range.counterparts(&other.range, compare(question));
    let comparable = |(bucket, there): (usize, Option<usize>)| {
        let (ours, theirs) = (&question.range.buckets[bucket], &other.range.buckets[there?]);
        (question.complete(ours) && other.complete(theirs)).then_some(there? as i64)
    };
    let there: Vec<Option<i64>> = there.into_iter().enumerate().map(comparable).collect();
    let bucket = Series::new("bucket".into(), (0..there.len() as i64).collect::<Vec<_>>());
    let there = Series::new("there".into(), there);
    Ok(DataFrame::new(
        bucket.len(),
        vec![bucket.into_column(), there.into_column()],
    )?)
}

/// Hits and cases of now, and of then where there is a then.
type Both = ((i64, i64), Option<(i64, i64)>);

/// The rows with what the change of each part, and of the whole of its bucket and group, comes from.
fn explain(scope: &Scope, mut rows: DataFrame) -> Result<DataFrame, MetricError> {
    let counts = |name| -> Result<Vec<Option<i64>>, MetricError> { Ok(rows.column(name)?.i64()?.iter().collect()) };
    let (hits, n) = (counts("hits")?, counts("n")?);
    let (before, n_before) = (counts("hits_previous")?, counts("n_previous")?);
    let both = |row: usize| -> Both {
        (
            (hits[row].unwrap_or(0), n[row].unwrap_or(0)),
            before[row].zip(n_before[row]),
        )
    };
    let whole: Vec<&str> = std::iter::once("bucket").chain(scope.names(&[])).collect();
    let places = Places::of(&rows, &whole)?;
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); places.groups.height()];
    for (row, place) in places.of_rows.iter().enumerate() {
        members[*place].push(row);
    }
    let mut told: Vec<Told> = vec![Told::default(); rows.height()];
    for members in members {
        let parts: Vec<Both> = members.iter().map(|row| both(*row)).collect();
        let compared: Option<Vec<_>> = parts.iter().map(|(now, before)| Some([(*before)?, *now])).collect();
        let effects = compared.and_then(|parts| explained(&parts));
        let whole = sum(&parts);
        for (at, row) in members.into_iter().enumerate() {
            told[row] = Told {
                part: difference(parts[at]),
                effect: effects.as_ref().map(|effects| effects[at]),
                whole: difference(whole),
                n: Some(whole.0.1),
                n_previous: whole.1.map(|(_, n)| n),
            };
        }
    }
    let mut add = |name: &str, cells: Vec<Option<f64>>| {
        rows.with_column(Series::new(name.into(), cells).into_column())
            .map(drop)
    };
    for (at, name) in ["difference", "ci_low", "ci_high"].into_iter().enumerate() {
        add(name, told.iter().map(|told| told.part.map(|part| part[at])).collect())?;
        let name = format!("whole_{name}");
        add(
            &name,
            told.iter().map(|told| told.whole.map(|whole| whole[at])).collect(),
        )?;
    }
    add(
        "mix",
        told.iter().map(|told| told.effect.map(|effect| effect.mix)).collect(),
    )?;
    add(
        "within",
        told.iter()
            .map(|told| told.effect.map(|effect| effect.within))
            .collect(),
    )?;
    for (name, n) in [
        ("whole_n", told.iter().map(|told| told.n).collect::<Vec<_>>()),
        ("whole_n_previous", told.iter().map(|told| told.n_previous).collect()),
    ] {
        rows.with_column(Series::new(name.into(), n).into_column())?;
    }
    Ok(rows)
}

/// The figures of a part: differences with the ends of their intervals.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    part: Option<[f64; 3]>,
    effect: Option<Effect>,
    whole: Option<[f64; 3]>,
    n: Option<i64>,
    n_previous: Option<i64>,
}

/// All parts together; without an earlier period where they have none.
fn sum(parts: &[Both]) -> Both {
    let add = |one: (i64, i64), two: (i64, i64)| (one.0 + two.0, one.1 + two.1);
    let now = parts.iter().map(|part| part.0).fold((0, 0), add);
    let before = parts.iter().filter_map(|part| part.1).reduce(add);
    (now, before)
}

/// How far a rate has changed, and the ends of the interval around that; `None` where a period has no case.
fn difference((now, before): Both) -> Option<[f64; 3]> {
    let before = before?;
    let (difference, span) = newcombe(now.0, now.1, before.0, before.1)?;
    Some([difference, span.low, span.high])
}
