//! Facts that a test states row by row, read by metrics as they read those of the database.

use std::collections::BTreeMap;

use botledger::metrics::{MetricError, Source};
use botledger::model::{Param, Params, Query};
use chrono::{DateTime, Utc};
use polars::prelude::*;
use serde_json::Value;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The columns of a query's rows, which tests state.
fn columns(query: &str) -> Vec<&'static str> {
    stated_columns(query).unwrap_or_else(|| panic!("no test states facts of {query}"))
}

/// Whether tests state the facts of a query.
pub fn are_stated(query: &str) -> bool {
    const DERIVED: [&str; 3] = [
        "facts/active_before",
        "facts/second_captures",
        "facts/conversation_cells",
    ];
    DERIVED.contains(&query) || stated_columns(query).is_some()
}

/// The columns of a query's rows, of those that are stated: others follow from them. Where `$anchor` says which moment
/// the `time` of a row is, there is a column for each.
fn stated_columns(query: &str) -> Option<Vec<&'static str>> {
    const OF_CHECKOUTS: &str = "bot_key platform bot country acquisition path credential";
    const OF_PAYMENTS: &str = "bot_key platform bot country acquisition path credential provider network method wallet";
    let (own, dimensions) = match query {
        "facts/bots" => ("bot_key platform bot category country developer", ""),
        "facts/spans" => ("kind reinstated inferred time until bot_key", ""),
        "facts/days" => ("bot_key day low high", ""),
        "facts/first_steps" => ("bot_key time to_conversation to_checkout to_payment", ""),
        "facts/users" => ("cohort bucket bot_key users", ""),
        "facts/conversations" => ("start checkout_after paid_after provider", OF_CHECKOUTS),
        "facts/checkouts" => ("time paid_after", OF_CHECKOUTS),
        "facts/payments" => (
            "capture fact payment_key state user_key conversation_key currency rate_day refunded_after disputed_after",
            OF_PAYMENTS,
        ),
        "facts/attempts" => (
            "time payment_key first approved decided failure_kind decline_code minor currency rate_day",
            OF_PAYMENTS,
        ),
        "facts/decisions" => ("time captured minor currency rate_day", OF_PAYMENTS),
        "facts/movements" => ("activity cohort kind minor payment_key currency rate_day", OF_PAYMENTS),
        "facts/rates" => ("day base quote digits scale source", ""),
        _ => return None,
    };
    Some(own.split_whitespace().chain(dimensions.split_whitespace()).collect())
}

/// The type of a column.
fn kind(column: &str) -> DataType {
    const FLAGS: &str = "approved decided first captured reinstated inferred";
    const TEXTS: &str = "kind state failure_kind decline_code currency base quote source platform bot category country \
                         developer acquisition path credential provider network method wallet";
    let is_among = |names: &str| names.split_whitespace().any(|name| name == column);
    match (is_among(FLAGS), is_among(TEXTS)) {
        (true, _) => DataType::Boolean,
        (_, true) => DataType::String,
        _ => DataType::Int64,
    }
}

/// A moment in microseconds, from how tests write it: in UTC, without a zone.
fn micros(text: &str) -> i64 {
    let moment: DateTime<Utc> = format!("{text}Z")
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    moment.timestamp_micros()
}

/// All facts of a test, of live mode.
#[derive(Debug, Clone, Default)]
pub struct Facts(BTreeMap<&'static str, DataFrame>);

impl Facts {
    /// These and more rows of a query, objects of their columns: null is what they leave out. Moments may be texts.
    pub fn rows(self, query: &'static str, rows: &Value) -> Self {
        let rows = rows.as_array().unwrap();
        let columns = columns(query);
        for name in rows.iter().flat_map(|row| row.as_object().unwrap().keys()) {
            assert!(columns.contains(&name.as_str()), "{query} has no column {name}");
        }
        let cell = |row: &Value, name: &str| match &row[name] {
            Value::Null => AnyValue::Null,
            Value::Bool(flag) => AnyValue::Boolean(*flag),
            Value::Number(number) => AnyValue::Int64(number.as_i64().unwrap()),
            Value::String(text) if kind(name) == DataType::Int64 => AnyValue::Int64(micros(text)),
            Value::String(text) => AnyValue::StringOwned(text.as_str().into()),
            other => panic!("{name} is {other}"),
        };
        let column = |name: &&'static str| {
            let cells: Vec<AnyValue<'_>> = rows.iter().map(|row| cell(row, name)).collect();
            let cells = Series::from_any_values_and_dtype((*name).into(), &cells, &kind(name), true);
            cells.unwrap().into_column()
        };
        let frame = DataFrame::new(rows.len(), columns.iter().map(column).collect()).unwrap();
        self.frame(query, frame)
    }

    /// These and more rows of a query; columns that the frame does not have are null.
    pub fn frame(mut self, query: &'static str, frame: DataFrame) -> Self {
        let there = |name: &str| frame.schema().contains(name);
        let select = |name: &str| match there(name) {
            true => col(name),
            false => lit(NULL).cast(kind(name)).alias(name),
        };
        let all: Vec<Expr> = columns(query).into_iter().map(select).collect();
        let frame = frame.lazy().select(all).collect().unwrap();
        let frame = match self.0.remove(query) {
            Some(known) => known.vstack(&frame).unwrap(),
            None => frame,
        };
        self.0.insert(query, frame);
        self
    }

    /// These and the quarter hours of bots, each named by a moment in it.
    pub fn active(self, moments: &[(i64, &str)]) -> Self {
        let mut days: BTreeMap<(i64, i64), [i64; 2]> = BTreeMap::new();
        for (bot, moment) in moments {
            let quarter = micros(moment) / 900_000_000;
            let (day, cell) = (quarter / 96, quarter % 96);
            days.entry((*bot, day)).or_default()[(cell / 48) as usize] |= 1 << (cell % 48);
        }
        let (bots, of_days): (Vec<i64>, Vec<i64>) = days.keys().copied().unzip();
        let (low, high): (Vec<i64>, Vec<i64>) = days.values().map(|[low, high]| (*low, *high)).unzip();
        let days = df!("bot_key" => bots, "day" => of_days, "low" => low, "high" => high);
        self.frame("facts/days", days.unwrap())
    }

    /// All rows of a query.
    fn table(&self, query: &str) -> DataFrame {
        self.0.get(query).cloned().unwrap_or_else(|| {
            let null = |name: &'static str| Series::new_empty(name.into(), &kind(name)).into_column();
            DataFrame::new(0, columns(query).into_iter().map(null).collect()).unwrap()
        })
    }

    /// Bots that were active before the range.
    fn active_before(&self, asked: &Asked<'_>) -> LazyFrame {
        let meets = |half: &str, bits: &str| col(half).and(lit(asked.number(bits))).neq(lit(0i64));
        let day = || lit(asked.number("from_day"));
        let of_that_day = meets("low", "from_low").or(meets("high", "from_high"));
        let is_before = col("day").lt(day()).or(col("day").eq(day()).and(of_that_day));
        let bots = self
            .table("facts/days")
            .lazy()
            .filter(is_before)
            .select([col("bot_key")]);
        bots.unique(None, UniqueKeepStrategy::Any)
    }

    /// Users who paid in the range, with their second captured payment ever, if it is before its end.
    fn second_captures(&self, asked: &Asked<'_>) -> LazyFrame {
        let payments = self.table("facts/payments");
        let of = |name: &str| payments.column(name).unwrap().i64().unwrap();
        let mut captures: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (user, capture) in of("user_key").iter().zip(of("capture").iter()) {
            let capture = capture.filter(|capture| *capture < asked.number("to"));
            if let (Some(user), Some(capture)) = (user, capture) {
                captures.entry(user).or_default().push(capture);
            }
        }
        captures.retain(|_, all| all.len() > 1 && all.iter().any(|capture| *capture >= asked.number("from")));
        captures.values_mut().for_each(|all| all.sort_unstable());
        let users: Vec<i64> = captures.keys().copied().collect();
        let second: Vec<i64> = captures.values().map(|all| all[1]).collect();
        df!("user_key" => users, "second_at" => second).unwrap().lazy()
    }

    /// Conversations by bucket, platform and path.
    fn conversation_cells(&self, asked: &Asked<'_>) -> LazyFrame {
        let conversations = self.table("facts/conversations").lazy();
        let start = || col("start");
        let begun = |edge: &i64| start().gt_eq(lit(*edge)).cast(DataType::Int64);
        let edges = asked.numbers("edges");
        let bucket = edges.iter().map(begun).reduce(|one, other| one + other).unwrap() - lit(1i64);
        let within = |after: &str| col(after).lt_eq(lit(DAY)).cast(DataType::Int64).sum();
        let there = start()
            .gt_eq(lit(asked.number("from")))
            .and(start().lt(lit(asked.number("until"))));
        let by = [bucket.alias("bucket"), col("platform"), col("path")];
        let cells = conversations.filter(there).group_by(by).agg([
            len().cast(DataType::Int64).alias("entered"),
            within("checkout_after").alias("checkout"),
            within("paid_after").alias("paid"),
        ]);
        cells.with_column(lit(0i64).cast(DataType::Int64).alias("open"))
    }

    /// The rows of a query that are stated, as far as they are asked for.
    fn stated(&self, query: &str, asked: &Asked<'_>) -> LazyFrame {
        let table = self.table(query);
        let there = |name: &str| table.schema().contains(name);
        let mut rows = table.clone().lazy();
        if let Some(Param::Text(anchor)) = asked.get("anchor") {
            rows = match anchor.as_str() {
                "checkout" => rows
                    .filter(col("checkout_after").is_not_null())
                    .with_column(col("start").alias("time")),
                anchor => rows.with_column(col(anchor).alias("time")),
            };
        }
        if there("rate_day") {
            let moments = ["capture", "fact", "cohort", "activity", "time"]
                .into_iter()
                .filter(|name| there(name));
            let day = (coalesce(&moments.map(col).collect::<Vec<_>>()) / lit(DAY)).cast(DataType::Int64);
            rows = rows.with_column(coalesce(&[col("rate_day"), day]).alias("rate_day"));
        }
        let number = |name: &str| lit(asked.number(name));
        rows = match query {
            "facts/bots" | "facts/users" | "facts/rates" => rows,
            "facts/spans" => {
                let lasts = col("until").is_null().or(col("until").gt_eq(number("from")));
                rows.filter(col("time").lt(number("to")).and(lasts))
            }
            "facts/days" => {
                let is_asked = col("day")
                    .gt_eq(number("first_day"))
                    .and(col("day").lt_eq(number("last_day")));
                rows.filter(is_asked.and(col("low").neq(lit(0i64)).or(col("high").neq(lit(0i64)))))
            }
            _ => rows.filter(col("time").gt_eq(number("from")).and(col("time").lt(number("to")))),
        };
        if query == "facts/first_steps" {
            let within = |step: &str| {
                when(col(step).lt_eq(number("window")))
                    .then(col(step))
                    .otherwise(lit(NULL))
                    .alias(step)
            };
            rows = rows.with_columns(["to_conversation", "to_checkout", "to_payment"].map(within));
        }
        match asked.get("columns") {
            Some(Param::Texts(names)) => rows.select(names.iter().map(|name| col(name.as_str())).collect::<Vec<_>>()),
            _ => rows,
        }
    }
}

impl Source for Facts {
    fn read(&self, query: &Query, params: &Params) -> Result<DataFrame, MetricError> {
        let asked = Asked(params);
        let rows = match query.name {
            "facts/active_before" => self.active_before(&asked),
            "facts/second_captures" => self.second_captures(&asked),
            "facts/conversation_cells" => self.conversation_cells(&asked),
            name => self.stated(name, &asked),
        };
        Ok(rows.collect()?)
    }
}

/// The parameters of a query.
struct Asked<'a>(&'a Params);

impl Asked<'_> {
    fn get(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, param)| param)
    }

    /// A number, or a moment in microseconds.
    fn number(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Param::Int(number)) => *number,
            Some(Param::Time(moment)) => moment.timestamp_micros(),
            other => panic!("{name} is {other:?}"),
        }
    }

    fn numbers(&self, name: &str) -> &[i64] {
        match self.get(name) {
            Some(Param::Ints(numbers)) => numbers,
            other => panic!("{name} is {other:?}"),
        }
    }
}
