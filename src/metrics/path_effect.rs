//! Path effect: whether checkouts in the thread, or with a saved credential, are paid more often than others.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, IdxCa, IntoColumn, IntoLazy, NamedFrom, Series, col, lit};

use super::column::{After, Column};
use super::conversion::CHECKOUT_WINDOW;
use super::rows::{Places, counts, texts};
use super::scope::{Scope, count_if, count_rows};
use super::statistics::{Stratum, newcombe, stratified_newcombe};
use super::{Answer, Definition, Metric, MetricError, Parameter, REPORT_DAYS};
use crate::facts::fact::CHECKOUTS;
use crate::model::{Interval, TimeRange};

/// The metric.
pub const METRIC: Metric = Metric {
    name: "path-effect",
    title: "Path effect",
    definition: Definition {
        changes: &[
            "A checkout belongs to the bot of its conversation, whose country is the first that any of its \
             events names.",
        ],
        text: "Paying in the thread against leaving it. The unit is the checkout; it is paid when the first live \
               authorized or captured of a payment that belongs to it comes no later than `window` after it, also \
               past the end of the range. A payment belongs to the checkout it names, else to its conversation's \
               latest checkout before it. Three comparisons, a row each: path in_thread against redirect, in_thread \
               against webview, credential saved against new. rate is that of the level, baseline_rate that of the \
               baseline, both with 95 % Wilson intervals, n and baseline_n are their checkouts; difference = rate - \
               baseline_rate with a 95 % Newcombe interval without continuity correction. adjusted_difference \
               compares like with like: within each platform, country (the conversation's, else the bot's) and month \
               (of the asked zone), weighted by the checkouts of both arms together (direct standardisation), with a \
               95 % stratified Newcombe interval; unknown countries are one stratum per platform and month. Strata in \
               which an arm has no checkout are left out, and adjusted_coverage is the share of the checkouts that \
               remains. The difference is an association, not a cause: who pays in the thread may differ in more than \
               the path, and adjusting removes no more than what it names. Category and developer are the bot's, \
               acquisition is the conversation's. Checkouts whose window is not over at as_of are not counted; a \
               warning says how many there are.",
        numerator: "checkouts of the arm paid within the window",
        denominator: "checkouts of the arm whose window is over",
        excludes: &[
            "checkouts whose window is not over",
            "checkouts that state no path, or no credential, from the comparisons of it",
            "strata that lack an arm, from the adjusted columns",
            "events of the other mode",
        ],
    },
    dimensions: CHECKOUTS.dimensions,
    parameters: &[Parameter {
        name: "window",
        default: "24h",
        help: "time from the checkout in which a payment counts, from 1m to 90d",
        takes: CHECKOUT_WINDOW,
    }],
    default_days: REPORT_DAYS,
    columns: &[
        Column::key("dimension").means("What is compared: path or credential."),
        Column::key("level").means("The value whose rate is shown."),
        Column::key("baseline").means("The value it is compared with."),
        Column::count("n", "checkouts")
            .settling(WINDOW)
            .means("Checkouts of the level whose window is over."),
        Column::rate("rate", "hits", "n")
            .settling(WINDOW)
            .means("Of these, the share paid within the window."),
        Column::interval("rate_ci_low", "rate_ci_high", "rate"),
        Column::count("baseline_n", "checkouts")
            .settling(WINDOW)
            .means("Checkouts of the baseline whose window is over."),
        Column::rate("baseline_rate", "baseline_hits", "baseline_n")
            .settling(WINDOW)
            .means("Of these, the share paid within the window."),
        Column::interval("baseline_rate_ci_low", "baseline_rate_ci_high", "baseline_rate"),
        Column::number("difference", "ratio")
            .settling(WINDOW)
            .means("rate - baseline_rate."),
        Column::interval("ci_low", "ci_high", "difference").by("Newcombe"),
        Column::number("adjusted_difference", "ratio")
            .settling(WINDOW)
            .means("The difference within each platform, country and month, weighted by the checkouts of both."),
        Column::interval("adjusted_ci_low", "adjusted_ci_high", "adjusted_difference").by("stratified Newcombe"),
        Column::rate("adjusted_coverage", "kept_n", "whole_n")
            .settling(WINDOW)
            .means("Share of the checkouts of both that adjusted_difference is over."),
    ],
    compute,
};

const WINDOW: After = After::Parameter("window");

/// What is compared: dimension, level and what it is set against.
const COMPARISONS: [(&str, &str, &str); 3] = [
    ("path", "in_thread", "redirect"),
    ("path", "in_thread", "webview"),
    ("credential", "saved", "new"),
];

/// The first instants of the zone's months in a range; of the first month, that of the range.
fn months(range: &TimeRange) -> Vec<i64> {
    match TimeRange::new(range.from, range.to, Some(Interval::Month), range.tz) {
        Ok(months) => months
            .buckets
            .iter()
            .map(|month| month.start.timestamp_micros())
            .collect(),
        Err(_) => vec![range.from.timestamp_micros()],
    }
}

/// What a rate is adjusted for: platform, country and month.
type Place = (Option<String>, Option<String>, i64);

/// The strata of each comparison.
type Strata = [BTreeMap<Place, Stratum>; COMPARISONS.len()];

/// Checkouts by everything that a comparison or a group may ask of them: `checkouts`, and of those whose window is over
/// `closed` and `paid`.
fn counted(scope: &Scope) -> Result<DataFrame, MetricError> {
    let question = scope.question;
    let window = question.duration("window");
    let over = || col("time").lt_eq(lit((question.as_of - window).timestamp_micros()));
    let paid = col("paid_after").lt_eq(lit(window.num_microseconds().unwrap_or(i64::MAX)));
    let mut checkouts = scope
        .facts(&CHECKOUTS, &[&["paid_after"], STRATA.as_slice()].concat())?
        .collect()?;
    let months = months(&question.range);
    let month = checkouts
        .column("time")?
        .i64()?
        .iter()
        .map(|time| Some(months.partition_point(|month| Some(*month) <= time) as i64));
    let month = Series::new("month".into(), month.collect::<Vec<_>>());
    checkouts.with_column(month.into_column())?;
    let mut by: Vec<&str> = scope.names(&STRATA);
    by.extend(["bucket", "month"]);
    let counted = checkouts
        .lazy()
        .group_by(by.into_iter().map(col).collect::<Vec<_>>())
        .agg([
            count_rows().alias("checkouts"),
            count_if(over()).alias("closed"),
            count_if(over().and(paid)).alias("paid"),
        ]);
    Ok(counted.collect()?)
}

/// What every checkout is counted by.
const STRATA: [&str; 4] = ["platform", "country", "path", "credential"];

/// The strata of each row of `rows`, of which each bucket and group is one.
fn strata(scope: &Scope, counted: &DataFrame, rows: &DataFrame) -> Result<Vec<Strata>, MetricError> {
    let names: Vec<&str> = std::iter::once("bucket").chain(scope.names(&[])).collect();
    let at = Places::within(rows, counted, &names)?;
    let [platforms, countries, paths, credentials] = STRATA.map(|name| texts(counted, name));
    let (platforms, countries, paths, credentials) = (platforms?, countries?, paths?, credentials?);
    let (closed, paid, month) = (
        counts(counted, "closed")?,
        counts(counted, "paid")?,
        counts(counted, "month")?,
    );
    let mut all = vec![Strata::default(); rows.height()];
    for (row, place) in at.into_iter().enumerate() {
        for ((dimension, level, baseline), strata) in COMPARISONS.into_iter().zip(&mut all[place]) {
            let value = if dimension == "path" {
                &paths[row]
            } else {
                &credentials[row]
            };
            let Some(value) = value.as_deref().filter(|value| [level, baseline].contains(value)) else {
                continue;
            };
            let place = (platforms[row].clone(), countries[row].clone(), month[row]);
            let stratum = strata.entry(place).or_default();
            if value == level {
                stratum.n += closed[row];
                stratum.hits += paid[row];
            } else {
                stratum.base_n += closed[row];
                stratum.base_hits += paid[row];
            }
        }
    }
    Ok(all)
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let counted = counted(scope)?;
    let each = counted
        .clone()
        .lazy()
        .group_by(scope.keys(&[]))
        .agg([col("checkouts").sum(), col("closed").sum()]);
    let rows = scope.complete(vec![each], &[])?;
    let waiting = counts(&rows, "checkouts")?.iter().sum::<i64>() - counts(&rows, "closed")?.iter().sum::<i64>();
    let strata = strata(scope, &counted, &rows)?;
    let compared: Vec<Compared> = strata
        .iter()
        .flat_map(|strata| strata.iter().map(Compared::of))
        .collect();
    let comparisons = strata.iter().flat_map(|_| COMPARISONS);
    let of_rows: Vec<u32> = (0..rows.height() as u32)
        .flat_map(|row| [row; COMPARISONS.len()])
        .collect();
    let mut told = rows.take(&IdxCa::from_vec("".into(), of_rows))?;
    let names: Vec<(&str, &str, &str)> = comparisons.collect();
    let mut add = |series: Series| told.with_column(series.into_column()).map(drop);
    add(Series::new(
        "dimension".into(),
        names.iter().map(|name| name.0).collect::<Vec<_>>(),
    ))?;
    add(Series::new(
        "level".into(),
        names.iter().map(|name| name.1).collect::<Vec<_>>(),
    ))?;
    add(Series::new(
        "baseline".into(),
        names.iter().map(|name| name.2).collect::<Vec<_>>(),
    ))?;
    for (at, name) in ["hits", "n", "baseline_hits", "baseline_n", "kept_n", "whole_n"]
        .into_iter()
        .enumerate()
    {
        add(Series::new(
            name.into(),
            compared.iter().map(|compared| compared.counts[at]).collect::<Vec<_>>(),
        ))?;
    }
    for (at, name) in ["difference", "ci_low", "ci_high"].into_iter().enumerate() {
        add(Series::new(
            name.into(),
            compared
                .iter()
                .map(|compared| Some(compared.crude?[at]))
                .collect::<Vec<_>>(),
        ))?;
        let name = if at == 0 {
            "adjusted_difference".to_owned()
        } else {
            format!("adjusted_{name}")
        };
        add(Series::new(
            name.into(),
            compared
                .iter()
                .map(|compared| Some(compared.adjusted?[at]))
                .collect::<Vec<_>>(),
        ))?;
    }
    Ok(Answer {
        warnings: (waiting > 0).then(|| self::waiting(waiting)).into_iter().collect(),
        ..Answer::of(told)
    })
}

fn waiting(open: i64) -> String {
    format!("checkouts whose window is not over, which are not counted: {open}")
}

/// One comparison: counts as their columns are named, differences with the ends of their intervals.
struct Compared {
    counts: [i64; 6],
    crude: Option<[f64; 3]>,
    adjusted: Option<[f64; 3]>,
}

impl Compared {
    fn of(strata: &BTreeMap<Place, Stratum>) -> Self {
        let whole = sum(strata.values());
        let is_shared = |stratum: &&Stratum| stratum.n > 0 && stratum.base_n > 0;
        let shared: Vec<Stratum> = strata.values().filter(is_shared).copied().collect();
        let weights: Vec<f64> = shared
            .iter()
            .map(|stratum| (stratum.n + stratum.base_n) as f64)
            .collect();
        let kept = sum(&shared);
        let ends = |(difference, span): (f64, super::statistics::Bounds)| [difference, span.low, span.high];
        Compared {
            counts: [
                whole.hits,
                whole.n,
                whole.base_hits,
                whole.base_n,
                kept.n + kept.base_n,
                whole.n + whole.base_n,
            ],
            crude: newcombe(whole.hits, whole.n, whole.base_hits, whole.base_n).map(ends),
            adjusted: stratified_newcombe(&shared, &weights).map(ends),
        }
    }
}

fn sum<'a>(strata: impl IntoIterator<Item = &'a Stratum>) -> Stratum {
    strata.into_iter().fold(Stratum::default(), |sum, stratum| Stratum {
        hits: sum.hits + stratum.hits,
        n: sum.n + stratum.n,
        base_hits: sum.base_hits + stratum.base_hits,
        base_n: sum.base_n + stratum.base_n,
    })
}
