//! The parameters of a question: which there are, and how each is read from its pair.
//!
//! An empty value counts as not given, because a form sends all its fields. `platform!=x` arrives
//! as the key `platform!`. Lists are comma-separated and may be repeated; everything else may not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::moment::{days_before, parse_instant, parse_rfc3339};
use super::refusal::{Fault, QuestionError};
use crate::metrics::{Filter, Metric};
use crate::model::time::RangeError;
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
    ("compare", "previous_period or previous_year"),
    ("mode", "live or test (default: live)"),
    (
        "currency",
        "ISO 4217 code to convert to, or `original` (default: the configured currency)",
    ),
    (
        "group_by",
        "comma list of the metric's dimensions; each dimension is also a filter, `=` any of, `!=` none of",
    ),
];

/// The pairs by what they are.
pub struct Given {
    common: BTreeMap<&'static str, String>,
    groups: Vec<String>,
    /// Filters, one per dimension.
    pub filters: Vec<Filter>,
    /// The metric's own parameters, defaults filled in.
    pub own: BTreeMap<&'static str, String>,
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
            own: BTreeMap::new(),
        };
        for (key, value) in pairs {
            given.take(metric, key, value.trim())?;
        }
        for parameter in metric.parameters {
            given
                .own
                .entry(parameter.name)
                .or_insert_with(|| parameter.default.to_owned());
        }
        Ok(given)
    }

    fn take(&mut self, metric: &'static Metric, key: &str, value: &str) -> Result<(), QuestionError> {
        // A metric may have a common parameter as its own, with another default and meaning.
        if let Some(parameter) = metric.parameters.iter().find(|parameter| parameter.name == key) {
            if !value.is_empty() {
                (parameter.check)(value).map_err(|message| QuestionError::invalid(key, message))?;
            }
            return once(&mut self.own, parameter.name, value);
        }
        if let Some((name, _)) = COMMON.iter().find(|(name, _)| *name == key) {
            if *name == "group_by" {
                self.groups.extend(list(value));
                return Ok(());
            }
            return once(&mut self.common, name, value);
        }
        let (name, wanted) = key.strip_suffix('!').map_or((key, true), |name| (name, false));
        match metric.dimensions.iter().find(|dimension| dimension.0 == name) {
            Some(dimension) => self.filter(dimension.0, wanted, value),
            None => return Err(unknown(metric, key)),
        }
        Ok(())
    }

    fn filter(&mut self, dimension: &'static str, wanted: bool, value: &str) {
        let values: Vec<String> = list(value).collect();
        if values.is_empty() {
            return;
        }
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
        // One order and no repeats, so that the same question is told the same way.
        side.sort();
        side.dedup();
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
            message: format!("must be an IANA zone such as Europe/Berlin, not `{name}`"),
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
        Ok(Some(at))
    }

    /// The range; where its end is not given, it ends `now`, and where its beginning is not, it is so many days long.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn range(&self, tz: Tz, now: DateTime<Utc>, days: u64) -> Result<TimeRange, QuestionError> {
        let words = "must be hour, day, week, month, quarter or year";
        let interval = self.word("interval", Interval::parse, words)?;
        let from = self.instant("from", tz)?;
        let to = self.instant("to", tz)?;
        let (from, to, blame) = match (from, to) {
            (None, None) => {
                let range = TimeRange::last_days(days, now, interval, tz);
                return range.map_err(|error| QuestionError::range(error, "interval"));
            }
            (Some(from), Some(to)) => (from, to, "to"),
            (Some(from), None) => (from, now, "from"),
            (None, Some(to)) => (days_before(days, to, tz), to, "to"),
        };
        TimeRange::new(from, to, interval, tz).map_err(|error| {
            let blame = if matches!(error, RangeError::TooMany(_)) {
                "interval"
            } else {
                blame
            };
            QuestionError::range(error, blame)
        })
    }

    fn instant(&self, name: &str, tz: Tz) -> Result<Option<DateTime<Utc>>, QuestionError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let hint = "must be a date such as 2016-07-01, a local time such as 2016-07-01T12:30, or RFC 3339";
        let at = parse_instant(text, tz);
        at.map(Some)
            .ok_or_else(|| QuestionError::invalid(name, format!("{hint}, not `{text}`")))
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
                    _ => format!("must list dimensions of {} ({known}), not `{name}`", metric.name),
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

fn once(map: &mut BTreeMap<&'static str, String>, name: &'static str, value: &str) -> Result<(), QuestionError> {
    if value.is_empty() {
        return Ok(());
    }
    match map.insert(name, value.to_owned()) {
        None => Ok(()),
        Some(_) => Err(QuestionError::invalid(name, "is given more than once")),
    }
}

fn list(value: &str) -> impl Iterator<Item = String> + '_ {
    value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
}

fn unknown(metric: &'static Metric, key: &str) -> QuestionError {
    QuestionError {
        fault: Fault::UnknownParameter,
        parameter: key.into(),
        message: format!("is no parameter of {}", metric.name),
    }
}

fn dimension_names(metric: &'static Metric) -> String {
    let names: Vec<&str> = metric.dimensions.iter().map(|dimension| dimension.0).collect();
    names.join(", ")
}
