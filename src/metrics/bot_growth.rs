//! Bot growth: how the population of bots changes from bucket to bucket.

use polars::prelude::{DataFrame, IntoColumn, IntoLazy, LazyFrame, NamedFrom, Series, col, lit};

use super::column::Column;
use super::scope::{Scope, count_if, count_rows};
use super::{Answer, Definition, Metric, MetricError, Question, REPORT_DAYS};
use crate::facts::fact::SPANS;
use crate::model::Mode;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-growth",
    title: "Bot growth",
    definition: Definition {
        changes: &["A bot whose first event is a suspension is suspended."],
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
    dimensions: SPANS.dimensions,
    parameters: &[],
    default_days: REPORT_DAYS,
    columns: &[
        Column::stock("opening", "bots").means("Members at the beginning of the bucket."),
        Column::count("registered", "bots").means("Bots that entered for the first time."),
        Column::count("reinstated", "bots").means("Bots that entered again."),
        Column::count("retired", "bots").means("Bots that left."),
        Column::stock("closing", "bots").means("Members at the end of the bucket."),
        Column::count("residual", "bots").means("opening + registered + reinstated - retired - closing; always 0."),
        Column::number("growth_rate", "ratio").means("closing / opening - 1; null where opening is 0."),
        Column::duration("doubling_days", "days")
            .means("Days until the population has doubled at the pace of the bucket; null unless it grows."),
        Column::count("inferred", "bots").means(
            "Of the registered, those never registered: taken to have entered with the first event that names them.",
        ),
        Column::stock("suspended", "bots").means("Members that are suspended at the end of the bucket."),
        Column::stock("payment_enabled", "bots")
            .means("Members at the end of the bucket that can take payments, or have a captured one."),
    ],
    compute,
};

/// Kinds of spans.
const KINDS: [&str; 3] = ["member", "suspended", "payment_enabled"];

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let spans = scope.facts(&SPANS, &["kind", "reinstated", "inferred", "until"])?;
    let spans = scope.bucketed(spans.collect()?, "until", "ended")?.lazy();
    let is = |kind: &str| col("kind").eq(lit(kind));
    let entered = || is("member").and(col("bucket").is_not_null());
    let again = || col("reinstated").fill_null(lit(false));
    let begun = spans.clone().group_by(scope.keys(&[])).agg([
        count_if(entered().and(again().not())).alias("registered"),
        count_if(entered().and(again())).alias("reinstated"),
        count_if(entered().and(again().not()).and(col("inferred"))).alias("inferred"),
    ]);
    let ended = spans
        .clone()
        .filter(is("member"))
        .with_column(col("ended").alias("bucket"));
    let ended = ended.group_by(scope.keys(&[])).agg([count_rows().alias("retired")]);
    let mut rows = scope.complete(vec![begun, ended], &[])?;
    for kind in KINDS {
        rows = at_edges(scope, spans.clone().filter(is(kind)), rows, kind)?;
    }
    let residual = col("opening") + col("registered") + col("reinstated") - col("retired") - col("member");
    let rows = rows
        .lazy()
        .with_columns([col("member").alias("closing"), residual.alias("residual")])
        .collect()?;
    Ok(Answer {
        warnings: warnings(scope.question),
        ..Answer::of(rates(scope, rows)?)
    })
}

/// The rows with the number of spans that hold at the end of each bucket; of members also at its beginning.
fn at_edges(scope: &Scope, spans: LazyFrame, rows: DataFrame, kind: &'static str) -> Result<DataFrame, MetricError> {
    let names = scope.names(&[]);
    let count = |name: &str| count_rows().alias(name);
    let begun = spans.clone().group_by(scope.keys(&[])).agg([count("begun")]);
    let before = begun.clone().filter(col("bucket").is_null());
    let ended = spans
        .with_column(col("ended").alias("bucket"))
        .filter(col("bucket").is_not_null());
    let ended = ended.group_by(scope.keys(&[])).agg([count("over")]);
    let changes = scope
        .complete(vec![rows.clone().lazy().select(scope.keys(&[])), begun, ended], &[])?
        .lazy();
    let before = before.select(
        names
            .iter()
            .copied()
            .map(col)
            .chain([col("begun").alias("before")])
            .collect::<Vec<_>>(),
    );
    let changes = scope.beside(changes, before, "before");
    let at_end = col("before") + scope.by_group((col("begun") - col("over")).cum_sum(false))?;
    let mut told = vec![at_end.clone().alias(kind)];
    if kind == "member" {
        told.push((at_end - col("begun") + col("over")).alias("opening"));
    }
    let stocks = changes.with_columns(told).collect()?;
    let mut rows = rows;
    for name in [kind, "opening"] {
        if let Ok(stock) = stocks.column(name).cloned() {
            rows.with_column(stock)?;
        }
    }
    Ok(rows)
}

/// The rows with the rate of growth and the days to twice the population.
fn rates(scope: &Scope, mut rows: DataFrame) -> Result<DataFrame, MetricError> {
    let (opening, closing, buckets) = (
        rows.column("opening")?.i64()?,
        rows.column("closing")?.i64()?,
        rows.column("bucket")?.i64()?,
    );
    let mut growth = Vec::with_capacity(rows.height());
    let mut doubling = Vec::with_capacity(rows.height());
    for ((opening, closing), bucket) in opening
        .iter()
        .flatten()
        .zip(closing.iter().flatten())
        .zip(buckets.iter().flatten())
    {
        let bucket = &scope.question.range.buckets[usize::try_from(bucket).unwrap_or_default()];
        let days = (bucket.end.timestamp_micros() - bucket.start.timestamp_micros()) as f64 / 86_400e6;
        growth.push(growth_rate(opening, closing));
        doubling.push(doubling_days(opening, closing, days));
    }
    rows.with_column(Series::new("growth_rate".into(), growth).into_column())?;
    rows.with_column(Series::new("doubling_days".into(), doubling).into_column())?;
    Ok(rows)
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
