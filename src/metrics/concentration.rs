//! How concentrated the values of a share are, counted separately even if an answer combines many into one.

use polars::prelude::{DataFrame, IntoColumn, LazyFrame, NamedFrom, Series, col, concat_lf_diagonal};

use super::MetricError;
use super::rows::Places;
use super::scope::Scope;
use super::statistics::{hhi, ratio};

/// One value of a whole.
struct Part {
    is_named: bool,
    payments: i64,
    gross: f64,
}

/// For the values of each bucket and group, from their `payments` and their `gross`: `hhi`, `hhi_by_amount`,
/// `effective_number`, `top1` and `covered_share`.
///
/// # Errors
/// When the frame lacks a column.
pub(super) fn concentration(
    scope: &Scope,
    counted: LazyFrame,
    gross: LazyFrame,
    own: &[&'static str],
) -> Result<DataFrame, MetricError> {
    let both = concat_lf_diagonal([counted, gross], Default::default())?.filter(col("bucket").is_not_null());
    let values = both
        .group_by(scope.keys(own))
        .agg([col("payments").sum(), col("gross").sum()]);
    let values = values.sort(["value"], Default::default()).collect()?;
    let mut whole = vec!["bucket"];
    whole.extend(scope.names(&scope.by_currency(&[])));
    let places = Places::of(&values, &whole)?;
    let mut parts: Vec<Vec<Part>> = std::iter::repeat_with(Vec::new).take(places.groups.height()).collect();
    let (names, payments) = (values.column("value")?.str()?, values.column("payments")?.i64()?);
    let gross = values.column("gross")?.i128()?;
    for (row, place) in places.of_rows.iter().enumerate() {
        parts[*place].push(Part {
            is_named: !matches!(names.get(row), None | Some("none" | "unknown")),
            payments: payments.get(row).unwrap_or_default(),
            gross: gross.get(row).unwrap_or_default() as f64,
        });
    }
    let mut told = places.groups;
    let figures: Vec<[Option<f64>; 5]> = parts.iter().map(|parts| figures(parts)).collect();
    let names = ["hhi", "hhi_by_amount", "effective_number", "top1", "covered_share"];
    for (at, name) in names.into_iter().enumerate() {
        let cells: Vec<Option<f64>> = figures.iter().map(|figures| figures[at]).collect();
        told.with_column(Series::new(name.into(), cells).into_column())?;
    }
    Ok(told)
}

fn figures(parts: &[Part]) -> [Option<f64>; 5] {
    let payments: i64 = parts.iter().map(|part| part.payments).sum();
    let named = || parts.iter().filter(|part| part.is_named);
    let counted = || named().map(|part| part.payments);
    let by_count = hhi(&counted().map(|count| count as f64).collect::<Vec<_>>());
    let largest = counted().max().filter(|largest| *largest > 0);
    [
        by_count,
        hhi(&named().map(|part| part.gross).collect::<Vec<_>>()),
        by_count.map(|hhi| 10_000.0 / hhi),
        largest.and_then(|largest| ratio(largest, payments)),
        ratio(counted().sum(), payments),
    ]
}
