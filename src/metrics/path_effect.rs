//! Path effect: whether checkouts in the thread, or with a saved credential, are paid more often than others.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::conversion::check_window;
use super::grouping::{Cells, Grid, buckets, counts, dimension_params, groups, range_params, use_acquisition};
use super::payments::CHECKOUT_DIMENSIONS;
use super::statistics::{Stratum, newcombe, ratio, stratified_newcombe};
use super::table::{Sheet, Spec, by_bucket, number, rate_cells, text};
use super::{
    Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS, Window,
};
use crate::model::time::parse_duration;
use crate::model::{ColumnType::Integer, ColumnType::Number, ColumnType::Text};
use crate::model::{Interval, Param, Params, TimeRange, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "path-effect",
    title: "Path effect",
    definition: Definition {
        version: 2,
        text: "Paying in the thread against leaving it. The unit is the checkout; it is paid when the first live \
               authorized or captured of a payment that belongs to it comes no later than `window` after it, also \
               past the end of the range. A payment belongs to the checkout it names, else to its conversation's \
               latest checkout before it. Three comparisons, a row each: path in_thread against redirect, in_thread \
               against webview, credential saved against new. rate is of the level, baseline_rate of what it is set \
               against, both with 95 % Wilson intervals, n and baseline_n are their checkouts; difference = rate - \
               baseline_rate with a 95 % Newcombe \
               interval without continuity correction. adjusted_difference compares like with like: within each \
               platform, country (the conversation's, else the bot's) and month (of the asked zone), weighted \
               by the checkouts of both arms together (direct standardisation), with a 95 % stratified Newcombe \
               interval; an unknown country is one of its own. Strata in which an arm has no checkout are left out, \
               and adjusted_coverage is the share of the checkouts that remains. The difference is an association, \
               not a cause: who pays in the thread may differ in more than the path, and adjusting removes no more \
               than what it names. Category and developer are the bot's, acquisition is the conversation's. \
               Checkouts whose window is not over at as_of are not counted; a warning says how \
               many there are.",
        numerator: "checkouts of the arm paid within the window",
        denominator: "checkouts of the arm whose window is over",
        excludes: &[
            "checkouts whose window is not over",
            "checkouts that state no path, or no credential, from the comparisons of it",
            "strata that lack an arm, from the adjusted columns",
            "events of the other mode",
        ],
    },
    dimensions: &[
        Dimension("platform"),
        Dimension("bot"),
        Dimension("category"),
        Dimension("country"),
        Dimension("developer"),
        Dimension("acquisition"),
        Dimension("path"),
        Dimension("credential"),
    ],
    parameters: &[Parameter {
        name: "window",
        default: "24h",
        help: "time from the checkout in which a payment counts, from 1m to 90d",
        check: check_window,
    }],
    default_days: REPORT_DAYS,
    inputs: &[Input {
        name: "checkouts",
        query: query!("serve/path_checkouts"),
        params,
    }],
    compute,
};

/// What is compared: dimension, level and what it is set against.
const COMPARISONS: [(&str, &str, &str); 3] = [
    ("path", "in_thread", "redirect"),
    ("path", "in_thread", "webview"),
    ("credential", "saved", "new"),
];

const COLUMNS: &[Spec] = &[
    ("dimension", Text, None),
    ("level", Text, None),
    ("baseline", Text, None),
    ("n", Integer, Some("checkouts")),
    ("rate", Number, Some("ratio")),
    ("rate_ci_low", Number, Some("ratio")),
    ("rate_ci_high", Number, Some("ratio")),
    ("baseline_n", Integer, Some("checkouts")),
    ("baseline_rate", Number, Some("ratio")),
    ("baseline_rate_ci_low", Number, Some("ratio")),
    ("baseline_rate_ci_high", Number, Some("ratio")),
    ("difference", Number, Some("ratio")),
    ("ci_low", Number, Some("ratio")),
    ("ci_high", Number, Some("ratio")),
    ("adjusted_difference", Number, Some("ratio")),
    ("adjusted_ci_low", Number, Some("ratio")),
    ("adjusted_ci_high", Number, Some("ratio")),
    ("adjusted_coverage", Number, Some("ratio")),
];

fn params(question: &Question) -> Params {
    let window = parse_duration(question.parameter("window")).unwrap_or(TimeDelta::hours(24));
    let mut params = range_params(question);
    params.extend([
        ("months", Param::Ints(months(&question.range))),
        ("window", Param::Int(window.num_microseconds().unwrap_or(i64::MAX))),
        ("open_after", Param::Time(question.as_of - window)),
        use_acquisition(question),
    ]);
    params.extend(dimension_params(question, CHECKOUT_DIMENSIONS, &question.group_by));
    params
}

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

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let frame = frames.get("checkouts")?;
    let at = buckets(frame, &Cells::of(&question.range))?;
    let column = |name| counts(frame, name);
    let (checkouts, closed, paid, month) = (
        column("checkouts")?,
        column("closed")?,
        column("paid")?,
        column("month")?,
    );
    let own = groups(frame, &["own_platform", "own_country", "own_path", "own_credential"])?;
    let mut grid: Grid<Strata> = Grid::new(question.range.buckets.len());
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        let Some(strata) = grid.at(at[row], group) else {
            continue;
        };
        let [platform, country, path, credential] = own[row].as_slice() else {
            continue;
        };
        for ((dimension, level, baseline), strata) in COMPARISONS.into_iter().zip(strata) {
            let value = if dimension == "path" { path } else { credential };
            let place = (platform.clone(), country.clone(), month[row]);
            match value.as_deref() {
                Some(value) if value == level => {
                    let stratum = strata.entry(place).or_default();
                    stratum.n += closed[row];
                    stratum.hits += paid[row];
                }
                Some(value) if value == baseline => {
                    let stratum = strata.entry(place).or_default();
                    stratum.base_n += closed[row];
                    stratum.base_hits += paid[row];
                }
                _ => {}
            }
        }
    }
    let open = checkouts.iter().sum::<i64>() - closed.iter().sum::<i64>();
    let rows = grid.finish(question.group_by.len());
    let mut sheet = Sheet::new(question, COLUMNS);
    for (bucket, group, strata) in by_bucket(&rows, question.range.buckets.len()) {
        for (comparison, strata) in COMPARISONS.into_iter().zip(strata) {
            sheet.push(bucket, group, cells(comparison, strata));
        }
    }
    Ok(Outcome {
        table: sheet.finish(),
        warnings: (open > 0).then(|| waiting(open)).into_iter().collect(),
        // The texts name the comparison; every number is of checkouts whose window is over.
        windows: Window::of(question.parameter("window"), COLUMNS, |(_, kind, _)| *kind != Text)
            .into_iter()
            .collect(),
        ..Outcome::default()
    })
}

fn waiting(open: i64) -> String {
    format!("checkouts whose window is not over, which are not counted: {open}")
}

fn cells((dimension, level, baseline): (&str, &str, &str), strata: &BTreeMap<Place, Stratum>) -> Vec<Value> {
    let whole = sum(strata.values());
    let crude = newcombe(whole.hits, whole.n, whole.base_hits, whole.base_n);
    let shared: Vec<Stratum> = strata
        .values()
        .filter(|stratum| stratum.n > 0 && stratum.base_n > 0)
        .copied()
        .collect();
    let weights: Vec<f64> = shared
        .iter()
        .map(|stratum| (stratum.n + stratum.base_n) as f64)
        .collect();
    let adjusted = stratified_newcombe(&shared, &weights);
    let kept = sum(&shared);
    let mut cells = [dimension, level, baseline].map(|word| text(Some(word))).to_vec();
    for (hits, n) in [(whole.hits, whole.n), (whole.base_hits, whole.base_n)] {
        cells.push(Value::Int(n));
        cells.extend(rate_cells(hits, n));
    }
    for difference in [crude, adjusted] {
        cells.extend([
            number(difference.map(|(difference, _)| difference)),
            number(difference.map(|(_, span)| span.low)),
            number(difference.map(|(_, span)| span.high)),
        ]);
    }
    cells.push(number(ratio(kept.n + kept.base_n, whole.n + whole.base_n)));
    cells
}

fn sum<'a>(strata: impl IntoIterator<Item = &'a Stratum>) -> Stratum {
    strata.into_iter().fold(Stratum::default(), |sum, stratum| Stratum {
        hits: sum.hits + stratum.hits,
        n: sum.n + stratum.n,
        base_hits: sum.base_hits + stratum.base_hits,
        base_n: sum.base_n + stratum.base_n,
    })
}
