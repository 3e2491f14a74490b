//! The parameters of a question: which there are, and how each is read from its pair.
//!
//! An empty value is refused: it would stand for everything, or for a default that nobody asked for. `platform!=x`
//! arrives as the key `platform!`. Lists are comma-separated and may be repeated; everything else may not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::moment::{days_before, meant_end, parse_instant, parse_rfc3339};
use super::refusal::{Fault, QuestionError, hint};
use super::values::{check_words, values};
use crate::metrics::{Argument, Filter, Metric};
use crate::model::time::{RangeError, in_bounds};
use crate::model::{Currency, Interval, TimeRange};

/// The parameters of every metric, with what they take.
pub const COMMON: &[(&str, &str)] = &[
    (
        "from",
        "start of the range, inclusive: a date or time in `tz`, or RFC 3339 (default: 30 days before `to`, for a forecast 182)",
    ),
    (
        "to",
        "end of the range, exclusive, as `from` (default: `as_of`; without `from` too: the last 30 complete days)",
    ),
    (
        "interval",
        "hour, day, week, month, quarter or year (default: the whole range is one bucket)",
    ),
    ("tz", "IANA zone whose calendar the buckets follow (default: UTC)"),
    (
        "as_of",
        "answer with what had been received by this RFC 3339 time (default: now)",
    ),
    (
        "compare",
        "previous_period (as many calendar buckets before; without `interval` the month before of a calendar month, as \
         many local days before of whole days, else as long a time) or previous_year",
    ),
    ("mode", "live or test (default: live)"),
    (
        "currency",
        "ISO 4217 code to convert to, or `original` (default: the configured currency)",
    ),
    (
        "group_by",
        "comma list of the metric's dimensions; each dimension is also a filter, `=` any of, `!=` none of, with `(none)` \
         for rows without a value and a backslash before a comma that belongs to a value",
    ),
];

/// The pairs by what they are.
pub struct Given {
    common: BTreeMap<&'static str, String>,
    groups: Vec<String>,
    /// Filters, one per dimension.
    pub filters: Vec<Filter>,
    /// The metric's own parameters as they were given, the values of one in a list.
    written: BTreeMap<&'static str, String>,
    /// The same, read, with defaults filled in.
    pub own: BTreeMap<&'static str, Argument>,
}

impl Given {
    /// Sorts the pairs; refuses what the metric does not take.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn collect(metric: &'static Metric, pairs: &[(String, String)]) -> Result<Self, QuestionError> {
        let mut given = Given {
            common: BTreeMap::new(),
            groups: Vec::new(),
            filters: Vec::new(),
            written: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        for (key, value) in pairs {
            given.take(metric, key, value)?;
        }
        // Once all are there: what is sorted or checked with each one more takes ever longer.
        for filter in &mut given.filters {
            for side in [&mut filter.any_of, &mut filter.none_of] {
                // One order and no repeats, so that the same question is told the same way.
                side.sort();
                side.dedup();
            }
        }
        for parameter in metric.parameters {
            let argument = match given.written.get(parameter.name) {
                // What takes no list takes no second value.
                Some(all) => parameter.read(all).map_err(|_| repeated(parameter.name))?,
                None => parameter
                    .read(parameter.default)
                    .map_err(|message| QuestionError::invalid(parameter.name, message))?,
            };
            given.own.insert(parameter.name, argument);
        }
        Ok(given)
    }

    fn take(&mut self, metric: &'static Metric, key: &str, value: &str) -> Result<(), QuestionError> {
        let (name, wanted) = key.strip_suffix('!').map_or((key, true), |name| (name, false));
        // A metric may have a common parameter as its own, with another default and meaning.
        let own = metric.parameters.iter().find(|parameter| parameter.name == key);
        let common = COMMON.iter().find(|(name, _)| *name == key);
        let dimension = metric.dimensions.iter().find(|dimension| dimension.0 == name);
        match (own, common, dimension) {
            (Some(parameter), ..) => {
                let value = filled(key, value)?;
                let read = parameter.read(value);
                read.map_err(|message| QuestionError::invalid(key, message))?;
                let all = self.written.entry(parameter.name).or_default();
                if !all.is_empty() {
                    all.push(',');
                }
                all.push_str(value);
                Ok(())
            }
            (_, Some(_), _) if key == "group_by" => {
                for part in value.split(',') {
                    self.groups.push(filled(key, part)?.to_owned());
                }
                Ok(())
            }
            (_, Some((name, _)), _) => once(&mut self.common, name, filled(key, value)?),
            (.., Some(dimension)) => {
                let asked = values(value).map_err(|message| QuestionError::invalid(key, message))?;
                check_words(dimension.0, &asked).map_err(|message| QuestionError::invalid(key, message))?;
                self.filter(dimension.0, wanted, asked);
                Ok(())
            }
            _ => Err(unknown(metric, key)),
        }
    }

    fn filter(&mut self, dimension: &'static str, wanted: bool, values: Vec<Option<String>>) {
        let known = self.filters.iter().position(|filter| filter.dimension == dimension);
        let at = known.unwrap_or_else(|| {
            self.filters.push(Filter {
                dimension,
                any_of: Vec::new(),
                none_of: Vec::new(),
            });
            self.filters.len() - 1
        });
        let filter = &mut self.filters[at];
        let side = if wanted {
            &mut filter.any_of
        } else {
            &mut filter.none_of
        };
        side.extend(values);
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.common.get(name).map(String::as_str)
    }

    /// A parameter that is one of a few words.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn word<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        message: &str,
    ) -> Result<Option<T>, QuestionError> {
        let read = |word| parse(word).ok_or_else(|| QuestionError::invalid(name, format!("{message}, not `{word}`")));
        self.get(name).map(read).transpose()
    }

    /// The zone; UTC where none is given.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn zone(&self) -> Result<Tz, QuestionError> {
        let Some(name) = self.get("tz") else { return Ok(Tz::UTC) };
        name.parse().map_err(|_| QuestionError {
            fault: Fault::UnknownZone,
            parameter: "tz".into(),
            message: format!(
                "must be an IANA zone such as Europe/Berlin, not `{name}`{}",
                hint(name, TZ_VARIANTS.iter().map(|zone| zone.name()))
            ),
        })
    }

    /// The moment whose knowledge answers, if one is given; never later than `now`.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn as_of(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, QuestionError> {
        let Some(text) = self.get("as_of") else { return Ok(None) };
        let at = parse_rfc3339(text)
            .ok_or_else(|| QuestionError::invalid("as_of", format!("must be an RFC 3339 time, not `{text}`")))?;
        if at > now {
            return Err(QuestionError::invalid("as_of", format!("lies in the future: `{text}`")));
        }
        if !in_bounds(at) {
            return Err(QuestionError::invalid(
                "as_of",
                format!("must not lie before the year 1900: `{text}`"),
            ));
        }
        Ok(Some(at))
    }

    /// The range; where its end is not given, it ends `now`, and where its beginning is not, it is so many days long.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn range(&self, tz: Tz, now: DateTime<Utc>, days: u64) -> Result<TimeRange, QuestionError> {
        let interval = self.interval()?;
        let (from, to) = (self.instant("from", tz)?, self.instant("to", tz)?);
        let (range, blame) = match (from, to) {
            (None, None) => (TimeRange::last_days(days, now, interval, tz), "as_of"),
            (Some(from), None) if from >= now => {
                let message = "must lie before the end of the range, which is `as_of` (default: now) without `to`";
                return Err(QuestionError::invalid_range("from", message));
            }
            (Some(from), None) => (TimeRange::new(from, now, interval, tz), "from"),
            (Some(from), Some(to)) => (TimeRange::new(from, to, interval, tz), "to"),
            (None, Some(to)) => (TimeRange::new(days_before(days, to, tz), to, interval, tz), "to"),
        };
        range.map_err(|error| match error {
            RangeError::TooMany(_) => QuestionError::range(error, "interval"),
            RangeError::Empty | RangeError::OutOfBounds => QuestionError::range(error, blame),
        })
    }

    fn interval(&self) -> Result<Option<Interval>, QuestionError> {
        let words = "must be hour, day, week, month, quarter or year";
        self.word("interval", Interval::parse, words)
    }

    fn instant(&self, name: &str, tz: Tz) -> Result<Option<DateTime<Utc>>, QuestionError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let hint = "must be a date such as 2016-07-01, a local time such as 2016-07-01T12:30, or RFC 3339";
        match parse_instant(text, tz) {
            Some(at) if in_bounds(at) => Ok(Some(at)),
            Some(_) => Err(QuestionError::range(RangeError::OutOfBounds, name)),
            None => Err(QuestionError::invalid(name, format!("{hint}, not `{text}`"))),
        }
    }

    /// What the asker probably does not mean, though it can be answered.
    pub fn warnings(&self) -> Vec<String> {
        let to = self.get("to").unwrap_or_default();
        let hourly = self.get("interval") == Some(Interval::Hour.as_str());
        let cut = meant_end(to, hourly).map(|end| {
            let unit = if hourly { "hour" } else { "day" };
            format!("`to` is exclusive: `{to}` cuts the last bucket short; `{end}` takes all of that {unit}")
        });
        cut.into_iter().collect()
    }

    /// The currency to convert to; `None` for `original`.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn currency(&self, default: Option<Currency>) -> Result<Option<Currency>, QuestionError> {
        match self.get("currency") {
            None => Ok(default),
            Some("original") => Ok(None),
            Some(code) => match Currency::parse(code) {
                Some(currency) => Ok(Some(currency)),
                None => {
                    let message = format!("must be an ISO 4217 code such as EUR, or `original`, not `{code}`");
                    Err(QuestionError::invalid("currency", message))
                }
            },
        }
    }

    /// The dimensions to split by.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn groups(&self, metric: &'static Metric) -> Result<Vec<&'static str>, QuestionError> {
        let mut groups = Vec::new();
        for name in &self.groups {
            let Some(dimension) = metric.dimensions.iter().find(|dimension| dimension.0 == name) else {
                let known = dimension_names(metric);
                let message = match known.as_str() {
                    "" => format!("cannot be `{name}`: {} has no dimensions", metric.name),
                    _ => {
                        format!("must list dimensions of {} ({known}), not `{name}`", metric.name)
                            + &hint(name, metric.dimensions.iter().map(|dimension| dimension.0))
                    }
                };
                return Err(QuestionError::invalid("group_by", message));
            };
            if groups.contains(&dimension.0) {
                return Err(QuestionError::invalid("group_by", format!("names `{name}` twice")));
            }
            groups.push(dimension.0);
        }
        Ok(groups)
    }
}

/// A value without the blanks around it.
fn filled<'a>(name: &str, value: &'a str) -> Result<&'a str, QuestionError> {
    match value.trim() {
        "" => Err(QuestionError::invalid(
            name,
            "is empty: give it a value or leave it out",
        )),
        value => Ok(value),
    }
}

fn once(map: &mut BTreeMap<&'static str, String>, name: &'static str, value: &str) -> Result<(), QuestionError> {
    match map.insert(name, value.to_owned()) {
        None => Ok(()),
        Some(_) => Err(repeated(name)),
    }
}

fn repeated(name: &str) -> QuestionError {
    QuestionError::invalid(name, "is given more than once")
}

/// A parameter that the metric does not have.
pub fn unknown(metric: &'static Metric, key: &str) -> QuestionError {
    let own = metric.parameters.iter().map(|parameter| parameter.name);
    let dimensions = metric.dimensions.iter().map(|dimension| dimension.0);
    let known = own.chain(dimensions).chain(COMMON.iter().map(|(name, _)| *name));
    QuestionError {
        fault: Fault::UnknownParameter,
        parameter: key.into(),
        message: format!(
            "is no parameter of {}{}",
            metric.name,
            hint(key.trim_end_matches('!'), known)
        ),
    }
}

fn dimension_names(metric: &'static Metric) -> String {
    let names: Vec<&str> = metric.dimensions.iter().map(|dimension| dimension.0).collect();
    names.join(", ")
}
