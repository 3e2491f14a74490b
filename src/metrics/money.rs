//! Money of facts: which of it has an exchange rate, and exact sums in the currency of the answer.

use polars::prelude::{
    Column, DataFrame, DataType, Expr, Int128Chunked, IntoColumn, IntoLazy, IntoSeries, LazyFrame, NULL, NamedFrom,
    Series, UniqueKeepStrategy, col, lit, when,
};

use super::MetricError;
use super::converting::Converter;
use super::exact::Sum;
use super::rows::{Places, nulls_equal};
use super::scope::{Scope, count_if, count_rows, distinct};
use crate::model::Currency;

/// Whether the amount of a row can be expressed in the currency of the answer.
pub(super) const PRICED: &str = "priced";

impl Scope<'_> {
    /// What tells the rows of amounts apart, beside these: without a conversion also the currency.
    pub(super) fn by_currency(&self, own: &[&'static str]) -> Vec<&'static str> {
        let currency = self.question.currency.is_none().then_some("currency");
        own.iter().copied().chain(currency).collect()
    }
}

impl Converter {
    /// The rows with [`PRICED`], from their `currency` and `rate_day`; null where a row `is_money` not.
    pub(super) fn price(&mut self, rows: LazyFrame, is_money: Expr) -> Result<LazyFrame, MetricError> {
        let on = || vec![col("currency"), col("rate_day")];
        let mut rates = rows
            .clone()
            .filter(is_money)
            .select(on())
            .unique(None, UniqueKeepStrategy::Any)
            .collect()?;
        let days = rates.column("rate_day")?.i64()?;
        let codes = rates.column("currency")?.str()?.iter();
        let priced: Vec<bool> = codes
            .zip(days.iter())
            .map(|(code, day)| self.rate_of(code, day).is_some())
            .collect();
        rates.with_column(Series::new(PRICED.into(), priced).into_column())?;
        Ok(rows.join(rates.lazy(), on(), on(), nulls_equal()))
    }

    /// Exact sums of minor units in the currency of the answer, one row for each combination of `keys`; null only where
    /// nothing of something has a rate. Each name with the rows whose `minor` it sums, all of them where it says nothing.
    ///
    /// # Errors
    /// When a sum is too large.
    pub(super) fn sums(
        &mut self,
        rows: LazyFrame,
        keys: &[&str],
        sums: &[(&'static str, Option<Expr>)],
    ) -> Result<LazyFrame, MetricError> {
        const PAID_IN: &str = "paid_in";
        let by = keys
            .iter()
            .map(|name| col(*name))
            .chain([col("currency").alias(PAID_IN), col("rate_day")]);
        let amount = |(name, is_summed): &(&'static str, Option<Expr>)| {
            let (minor, some) = match is_summed.clone() {
                Some(rows) => (
                    when(rows.clone()).then(col("minor")).otherwise(lit(NULL)),
                    count_if(rows),
                ),
                None => (col("minor"), count_rows()),
            };
            [
                minor.cast(DataType::Int128).sum().alias(*name),
                some.alias(counted(name)),
            ]
        };
        let parts = rows
            .group_by(by.collect::<Vec<_>>())
            .agg(sums.iter().flat_map(amount).collect::<Vec<_>>())
            .collect()?;
        let Places { mut groups, of_rows } = Places::of(&parts, keys)?;
        let (codes, days) = (parts.column(PAID_IN)?.str()?, parts.column("rate_day")?.i64()?);
        for (name, _) in sums {
            let (minor, some) = (parts.column(name)?.i128()?, parts.column(&counted(name))?.i64()?);
            let mut totals = vec![Sum::default(); groups.height()];
            for (row, place) in of_rows
                .iter()
                .enumerate()
                .filter(|(row, _)| some.get(*row).unwrap_or_default() > 0)
            {
                let rate = self.rate_of(codes.get(row), days.get(row));
                totals[*place].add(minor.get(row).unwrap_or_default(), rate)?;
            }
            let totals = totals.iter().map(Sum::total);
            groups.with_column(amounts(name, totals))?;
        }
        Ok(groups.lazy())
    }

    /// What one minor unit of a currency is worth on a day of the column `rate_day`.
    fn rate_of(&mut self, code: Option<&str>, day: Option<i64>) -> Option<super::fx::Fraction> {
        self.rate(Currency::parse(code?)?, day?)
    }
}

fn counted(name: &str) -> String {
    format!("{name}_counted")
}

/// The columns of money that moved, with the kinds of movements.
const MOVED: [(&str, &str); 4] = [
    ("gross", "capture"),
    ("refunded", "refund"),
    ("disputed_lost", "dispute_lost"),
    ("reversed", "reversal"),
];

/// Whether a movement moves money; others count chargebacks.
pub(super) fn is_moved() -> Expr {
    let kinds = MOVED.iter().map(|(_, kind)| col("kind").eq(lit(*kind)));
    kinds.reduce(Expr::or).unwrap_or(lit(false))
}

/// Money that moved, by the kinds of movements.
pub(super) fn movement_sums() -> [(&'static str, Option<Expr>); 4] {
    MOVED.map(|(name, kind)| (name, Some(col("kind").eq(lit(kind)))))
}

/// Payments with a movement whose money has no rate. Without a conversion, movements that name no currency.
pub(super) fn unconverted(scope: &Scope) -> Expr {
    let without = is_moved().and(col(PRICED).not());
    match scope.question.currency {
        Some(_) => distinct(col("payment_key").filter(without)),
        None => count_if(without),
    }
}

/// gross - refunded - disputed_lost - reversed, from the rounded sums; null where one of them is.
pub(super) fn net(mut rows: DataFrame) -> Result<DataFrame, MetricError> {
    let sum = |name| -> Result<Vec<Option<i128>>, MetricError> { Ok(rows.column(name)?.i128()?.iter().collect()) };
    let taken = [sum("refunded")?, sum("disputed_lost")?, sum("reversed")?];
    let net = sum("gross")?.into_iter().enumerate();
    let net = net.map(|(row, gross)| taken.iter().try_fold(gross?, |net, taken| net.checked_sub(taken[row]?)));
    let net = amounts("net", net);
    rows.with_column(net)?;
    Ok(rows)
}

/// A column of minor units.
pub(super) fn amounts(name: &str, minor: impl Iterator<Item = Option<i128>>) -> Column {
    Int128Chunked::from_iter(minor)
        .with_name(name.into())
        .into_series()
        .into_column()
}
