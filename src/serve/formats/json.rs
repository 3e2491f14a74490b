//! Answers as JSON, in the shape that every metric shares.

use chrono::{DateTime, NaiveTime, Utc};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json, json};

use super::Format;
use crate::metrics::{Definition, RateUse};
use crate::model::{Column, ColumnType, Mode, TimeRange, Value};
use crate::serve::answer::definitions::{Described, unit};
use crate::serve::answer::question::{COMMON, named};
use crate::serve::answer::report::{AnswerError, Report};
use crate::serve::answer::{annotations, maturity};

/// The format.
pub const FORMAT: Format = Format {
    name: "json",
    media_type: ("application", "json"),
    content_type: "application/json",
    is_saved: false,
    takes_mark: false,
    write: |report, _| render(report).map_err(|error| AnswerError::Render(error.to_string())),
};

/// The whole answer.
///
/// # Errors
/// None that a report can cause; a serialiser may fail.
pub fn render(report: &Report) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Answer(report))
}

/// A report as JSON: members and columns keep their order.
struct Answer<'a>(&'a Report);

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let columns = &report.table.columns;
        let rows = report.table.rows.iter().map(|cells| Row { columns, cells });
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("metric", report.metric.name)?;
        map.serialize_entry("definition", &Meaning(&report.metric.definition))?;
        map.serialize_entry("query", &Query(report))?;
        map.serialize_entry("meta", &MetaView(report))?;
        map.serialize_entry("columns", &columns.iter().map(ColumnView).collect::<Vec<_>>())?;
        map.serialize_entry("rows", &rows.collect::<Vec<_>>())?;
        map.end()
    }
}

struct Meaning<'a>(&'a Definition);

impl Serialize for Meaning<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("version", &self.0.version())?;
        map.serialize_entry("text", self.0.text)?;
        map.serialize_entry("numerator", self.0.numerator)?;
        map.serialize_entry("denominator", self.0.denominator)?;
        map.serialize_entry("excludes", self.0.excludes)?;
        map.end()
    }
}

/// The question with its defaults filled in, so that it can be asked again. What an answer does
/// not depend on is left out: the live mode, and the currency where no column holds money.
struct Query<'a>(&'a Report);

impl Serialize for Query<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (question, range) = (&self.0.question, &self.0.question.range);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("from", &edge(range.from, range))?;
        map.serialize_entry("to", &edge(range.to, range))?;
        map.serialize_entry("interval", &range.interval.map(|interval| interval.as_str()))?;
        map.serialize_entry("tz", range.tz.name())?;
        map.serialize_entry("as_of", &question.as_of.to_rfc3339())?;
        map.serialize_entry("filters", &filters(self.0))?;
        if !question.group_by.is_empty() {
            map.serialize_entry("group_by", &question.group_by)?;
        }
        if question.mode == Mode::Test {
            map.serialize_entry("mode", question.mode.as_str())?;
        }
        if has_amounts(self.0) {
            let code = question
                .currency
                .map_or("original".into(), |currency| currency.code().to_owned());
            map.serialize_entry("currency", &code)?;
        }
        if let Some(compare) = self.0.compare {
            map.serialize_entry("compare", compare.as_str())?;
        }
        for (name, argument) in &question.parameters {
            map.serialize_entry(name, &argument.written)?;
        }
        map.end()
    }
}

fn has_amounts(report: &Report) -> bool {
    let mut columns = report.table.columns.iter();
    columns.any(|column| column.kind == ColumnType::Amount)
}

/// A midnight of the zone as its date, as people write ranges; anything else as RFC 3339.
fn edge(at: DateTime<Utc>, range: &TimeRange) -> String {
    let local = range.local(at);
    match local.time() == NaiveTime::MIN {
        true => local.date_naive().to_string(),
        false => local.to_rfc3339(),
    }
}

/// Filters under the keys of the query string: `platform` any of, `platform!` none of.
fn filters(report: &Report) -> Json {
    let mut map = Map::new();
    for filter in &report.question.filters {
        if !filter.any_of.is_empty() {
            map.insert(filter.dimension.into(), json!(named(&filter.any_of)));
        }
        if !filter.none_of.is_empty() {
            map.insert(format!("{}!", filter.dimension), json!(named(&filter.none_of)));
        }
    }
    Json::Object(map)
}

struct MetaView<'a>(&'a Report);

impl Serialize for MetaView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (meta, range) = (&self.0.meta, &self.0.question.range);
        let mut map = serializer.serialize_map(Some(5))?;
        let complete_until = meta.complete_until.map(|at| range.local(at).to_rfc3339());
        map.serialize_entry("complete_until", &complete_until)?;
        let maturity = meta.maturity.iter().map(|one| maturity::Stated { one, range });
        map.serialize_entry("maturity", &maturity.collect::<Vec<_>>())?;
        map.serialize_entry("data_version", &meta.data_version)?;
        map.serialize_entry("epoch", &meta.epoch)?;
        map.serialize_entry("restated", &meta.restated)?;
        map.serialize_entry("warnings", &meta.warnings)?;
        let marked = meta.annotations.iter().map(|one| annotations::described(one, range));
        map.serialize_entry("annotations", &marked.collect::<Vec<_>>())?;
        if meta.annotations_left_out > 0 {
            map.serialize_entry("annotations_left_out", &meta.annotations_left_out)?;
        }
        if has_amounts(self.0) {
            map.serialize_entry("rates", &meta.rates.iter().map(RatesView).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

/// Whose rates of which days stand behind the amounts of one currency.
struct RatesView<'a>(&'a RateUse);

impl Serialize for RatesView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RateUse {
            from,
            to,
            sources,
            days,
        } = self.0;
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("from", from.code())?;
        map.serialize_entry("to", to.code())?;
        map.serialize_entry("sources", &sources.iter().map(AsRef::as_ref).collect::<Vec<&str>>())?;
        map.serialize_entry("first_day", &days.first().map(ToString::to_string))?;
        map.serialize_entry("last_day", &days.last().map(ToString::to_string))?;
        map.serialize_entry("days", &days.len())?;
        map.end()
    }
}

struct ColumnView<'a>(&'a Column);

impl Serialize for ColumnView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("type", self.0.kind.as_str())?;
        if let Some(unit) = self.0.unit {
            map.serialize_entry("unit", unit)?;
        }
        map.end()
    }
}

/// One row as an object, in the order of the columns.
pub(super) struct Row<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// The cells under them.
    pub cells: &'a [Value],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairs = self.columns.iter().zip(self.cells);
        serializer.collect_map(pairs.map(|(column, cell)| (column.name.as_str(), Cell(cell))))
    }
}

struct Cell<'a>(&'a Value);

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_none(),
            Value::Int(n) => serializer.serialize_i64(*n),
            // JSON has no word for what is not finite; serde_json writes null.
            Value::Number(x) => serializer.serialize_f64(*x),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Time(_) | Value::Amount { .. } => serializer.serialize_str(&self.0.to_text()),
        }
    }
}

/// The list of metrics, with what each takes.
pub fn catalogue(all: &[Described]) -> Json {
    let common: Vec<Json> = COMMON
        .iter()
        .map(|(name, help)| json!({"name": name, "help": help}))
        .collect();
    let metrics: Vec<Json> = all.iter().map(|one| described(one, &common)).collect();
    json!({ "metrics": metrics })
}

fn described(described: &Described, common: &[Json]) -> Json {
    let Described { metric, columns } = described;
    let own = metric
        .parameters
        .iter()
        .map(|parameter| json!({"name": parameter.name, "default": parameter.default, "help": parameter.help}));
    let has = |name: &Json| metric.parameters.iter().any(|parameter| *name == parameter.name);
    let common = common.iter().filter(|parameter| !has(&parameter["name"]));
    let definition = &metric.definition;
    json!({
        "name": metric.name,
        "title": metric.title,
        "href": format!("/v1/metrics/{}", metric.name),
        "chart": format!("/v1/charts/{}.svg", metric.name),
        "definition": {
            "version": definition.version(),
            "changes": definition.changes,
            "text": definition.text,
            "numerator": definition.numerator,
            "denominator": definition.denominator,
            "excludes": definition.excludes,
        },
        "dimensions": metric.dimensions.iter().map(|dimension| dimension.0).collect::<Vec<_>>(),
        "columns": columns.iter().map(|one| column(one, &described.meaning(one))).collect::<Vec<_>>(),
        "parameters": own.chain(common.cloned()).collect::<Vec<_>>(),
    })
}

fn column(column: &Column, meaning: &str) -> Json {
    let mut described = json!({"name": column.name, "type": column.kind.as_str(), "role": column.role.as_str()});
    if !meaning.is_empty() {
        described["meaning"] = json!(meaning);
    }
    if let Some(unit) = unit(column) {
        described["unit"] = json!(unit);
    }
    described
}
