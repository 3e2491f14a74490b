//! What is forecast, bucket by bucket: the population, payments or captured money.

use polars::prelude::{DataFrame, IntoLazy, col, lit};

use super::super::converting::Converter;
use super::super::grouping::{Group, groups as groups_of};
use super::super::rows::counts;
use super::super::scope::{Scope, count_rows};
use super::super::{MetricError, Question};
use crate::facts::fact::{CAPTURES, MOVEMENTS, SPANS};
use crate::model::Currency;

/// What can be forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Members of the population at the end of a bucket.
    Bots,
    /// Payments first captured in it.
    Payments,
    /// Money captured in it.
    Gross,
}

impl Of {
    /// What a question asks for.
    pub fn asked(question: &Question) -> Self {
        match question.word("of") {
            "payments" => Of::Payments,
            "gross" => Of::Gross,
            _ => Of::Bots,
        }
    }
}

/// The series of one group.
#[derive(Debug)]
pub struct Series {
    /// The values of the asked dimensions.
    pub group: Group,
    /// Of amounts.
    pub currency: Option<Currency>,
    /// Whole bots, payments or minor units, one a bucket; `None` where nothing of a sum has an exchange rate.
    pub values: Vec<Option<i128>>,
}

/// The series that a question asks for, one a group, in order of their groups.
///
/// # Errors
/// When facts cannot be read, or a sum is too large.
pub fn read(scope: &Scope, converter: &mut Converter) -> Result<Vec<Series>, MetricError> {
    match Of::asked(scope.question) {
        Of::Bots => bots(scope),
        Of::Payments => payments(scope),
        Of::Gross => gross(scope, converter),
    }
}

/// Members at the end of each bucket. Who stayed all the time has no change, but a place; who had left before has
/// neither.
fn bots(scope: &Scope) -> Result<Vec<Series>, MetricError> {
    let spans = scope
        .facts(&SPANS, &["kind", "until"])?
        .filter(col("kind").eq(lit("member")));
    // One that ended at the first moment of the range was a member before it, not at the end of a bucket.
    let spans = scope.bucketed(spans.collect()?, "until", "ended")?.lazy();
    let count = |name: &str| count_rows().alias(name);
    let begun = spans.clone().group_by(scope.keys(&[])).agg([count("begun")]);
    let ended = spans
        .with_column(col("ended").alias("bucket"))
        .filter(col("bucket").is_not_null());
    let ended = ended.group_by(scope.keys(&[])).agg([count("over")]);
    let before = begun
        .clone()
        .filter(col("bucket").is_null())
        .rename(["begun"], ["before"], true);
    let before = before.select(
        scope
            .names(&[])
            .into_iter()
            .chain(["before"])
            .map(col)
            .collect::<Vec<_>>(),
    );
    let changes = scope.complete(vec![begun, ended], &[])?.lazy();
    let changes = scope
        .beside(changes, before, "before")
        .with_column((col("begun") - col("over")).alias("change"));
    let rows = changes.collect()?;
    let (before, change) = (counts(&rows, "before")?, counts(&rows, "change")?);
    series(scope, &rows, &[], |row, last| {
        let members = last.unwrap_or_else(|| i128::from(before[row]));
        Some(members + i128::from(change[row]))
    })
}

fn payments(scope: &Scope) -> Result<Vec<Series>, MetricError> {
    let counted = scope
        .facts(&CAPTURES, &[])?
        .group_by(scope.keys(&[]))
        .agg([count_rows().alias("payments")]);
    let rows = scope.complete(vec![counted], &[])?;
    let payments = counts(&rows, "payments")?;
    series(scope, &rows, &[], |row, _| Some(i128::from(payments[row])))
}

fn gross(scope: &Scope, converter: &mut Converter) -> Result<Vec<Series>, MetricError> {
    let own = scope.by_currency(&[]);
    let moved = scope.facts(&MOVEMENTS, &["kind", "minor", "currency", "rate_day"])?;
    let captures = moved.filter(col("kind").eq(lit("capture")));
    let sums = converter.sums(captures, &scope.key_names(&own), &[("gross", None)])?;
    let rows = scope.complete(vec![sums], &own)?;
    let gross: Vec<Option<i128>> = rows.column("gross")?.i128()?.iter().collect();
    series(scope, &rows, &own, |row, _| gross[row])
}

/// The series of completed rows; each value from its row and the value before.
fn series(
    scope: &Scope,
    rows: &DataFrame,
    own: &[&'static str],
    value: impl Fn(usize, Option<i128>) -> Option<i128>,
) -> Result<Vec<Series>, MetricError> {
    let question = scope.question;
    let buckets = question.range.buckets.len();
    // Rows come bucket by bucket, with the same groups in each.
    let groups = rows.height() / buckets.max(1);
    let names = groups_of(rows, &scope.names(own))?;
    let of_group = |group: usize| {
        let mut name = names[group].clone();
        let currency = question
            .currency
            .or_else(|| Currency::parse(name.get(question.group_by.len())?.as_deref()?));
        name.truncate(question.group_by.len());
        let mut values: Vec<Option<i128>> = Vec::with_capacity(buckets);
        for bucket in 0..buckets {
            let last = values.last().copied().flatten();
            values.push(value(bucket * groups + group, last));
        }
        let is_money = Of::asked(question) == Of::Gross;
        if is_money && currency.is_none() {
            values.fill(None);
        }
        Series {
            group: name,
            currency: currency.filter(|_| is_money),
            values,
        }
    };
    Ok((0..groups).map(of_group).collect())
}
