//! What the address says: the state of the page, and nothing else is.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;

use super::links;
use crate::model::Interval;
use crate::serve::answer::refusal::{QuestionError, hint};

/// The parameters of the page as they were given; empty where they were not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// First day.
    pub from: String,
    /// Last day, which belongs to the period; or an instant, which ends it.
    pub to: String,
    /// Length of a bucket.
    pub interval: String,
    /// IANA zone.
    pub tz: String,
    /// Platforms, as the comma list of a filter.
    pub platform: String,
    /// Reporting currency, or `original`.
    pub currency: String,
    /// `live` or `test`.
    pub mode: String,
    /// The moment whose knowledge answers.
    pub as_of: String,
}

impl Choices {
    /// Reads the parameters. A form sends its empty fields too: they count as not given.
    ///
    /// # Errors
    /// Names a parameter that the page does not have, or that is given twice. What could be read stays.
    pub fn read(pairs: &[(String, String)]) -> (Self, Option<QuestionError>) {
        let mut choices = Choices::default();
        let mut problem = None;
        for (name, value) in pairs {
            let value = value.trim();
            let Some(field) = choices.field(name) else {
                let known = choices.pairs().map(|(known, _)| known);
                let message = format!("is no parameter of this page{}", hint(name, known));
                problem.get_or_insert(QuestionError::invalid(name, message));
                continue;
            };
            if value.is_empty() {
                continue;
            }
            if field.is_empty() {
                *field = value.to_owned();
            } else if name == "platform" {
                field.push(',');
                field.push_str(value);
            } else {
                problem.get_or_insert(QuestionError::invalid(name, "is given twice; give it once"));
            }
        }
        (choices, problem)
    }

    fn field(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "from" => &mut self.from,
            "to" => &mut self.to,
            "interval" => &mut self.interval,
            "tz" => &mut self.tz,
            "platform" => &mut self.platform,
            "currency" => &mut self.currency,
            "mode" => &mut self.mode,
            "as_of" => &mut self.as_of,
            _ => return None,
        })
    }

    /// The zone; UTC where none is given, or none that there is.
    pub fn zone(&self) -> Tz {
        self.tz.parse().unwrap_or(Tz::UTC)
    }

    /// What was given, by name.
    pub fn pairs(&self) -> [(&'static str, &str); 8] {
        [
            ("from", &self.from),
            ("to", &self.to),
            ("interval", &self.interval),
            ("tz", &self.tz),
            ("platform", &self.platform),
            ("currency", &self.currency),
            ("mode", &self.mode),
            ("as_of", &self.as_of),
        ]
    }

    /// What was given, as questions take it: the day after a last day ends the period.
    pub fn asked(&self) -> Vec<(String, String)> {
        let after = date(&self.to).and_then(|last| last.succ_opt());
        let value = |name: &str, value: &str| match after {
            Some(after) if name == "to" => after.to_string(),
            _ => value.to_owned(),
        };
        let pairs = self.pairs().into_iter().filter(|(_, given)| !given.is_empty());
        pairs
            .map(|(name, given)| (name.to_owned(), value(name, given)))
            .collect()
    }

    /// A period that ends before it begins.
    pub fn reversed(&self) -> Option<QuestionError> {
        let (from, to) = (date(&self.from)?, date(&self.to)?);
        (to < from).then(|| {
            let message = format!("is the last day of the period and must not lie before `from`, {from}");
            QuestionError::invalid("to", message)
        })
    }

    /// The page with these parameters.
    pub fn link(&self) -> String {
        format!("/?{}", links::query(&self.pairs()))
    }

    /// The page from a first to a last day, everything else kept; the interval is chosen anew to suit it.
    pub fn link_to(&self, from: NaiveDate, to: NaiveDate) -> String {
        let (from, to) = (from.to_string(), to.to_string());
        let pairs = self.pairs().map(|(name, value)| match name {
            "from" => (name, from.as_str()),
            "to" => (name, to.as_str()),
            "interval" => (name, ""),
            _ => (name, value),
        });
        format!("/?{}", links::query(&pairs))
    }
}

/// The interval that keeps a chart of a range legible.
pub fn suitable_interval(from: DateTime<Utc>, to: DateTime<Utc>) -> Interval {
    match (to - from).num_days() {
        ..=2 => Interval::Hour,
        3..=100 => Interval::Day,
        101..=800 => Interval::Week,
        801..=4000 => Interval::Month,
        4001..=12_000 => Interval::Quarter,
        _ => Interval::Year,
    }
}

/// The first and the last local day of a span of data.
pub fn days_around(span: (DateTime<Utc>, DateTime<Utc>), tz: Tz) -> (NaiveDate, NaiveDate) {
    let day = |at: DateTime<Utc>| at.with_timezone(&tz).date_naive();
    (day(span.0), day(span.1))
}

/// A date as the address has it; `None` of anything else.
pub fn date(text: &str) -> Option<NaiveDate> {
    let written = text.len() == "2016-07-01".len();
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| written)
}

/// An instant as a parameter: exact, and the same in every zone.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn an_empty_field_counts_as_not_given() {
        let (choices, problem) = Choices::read(&[pair("platform", ""), pair("from", "2016-07-01")]);
        assert_eq!(
            (choices.platform.as_str(), choices.from.as_str(), problem),
            ("", "2016-07-01", None)
        );
    }

    #[test]
    fn several_platforms_are_any_of_them() {
        let (choices, problem) = Choices::read(&[pair("platform", "a"), pair("platform", "b,c")]);
        assert_eq!((choices.platform.as_str(), problem), ("a,b,c", None));
    }

    #[test]
    fn an_unknown_or_repeated_parameter_is_named() {
        let (_, problem) = Choices::read(&[pair("colour", "red")]);
        assert_eq!(problem.map(|p| p.parameter).as_deref(), Some("colour"));
        let (choices, problem) = Choices::read(&[pair("from", "2016-07-01"), pair("from", "2016-08-01")]);
        assert_eq!(problem.map(|p| p.parameter).as_deref(), Some("from"));
        assert_eq!(choices.from, "2016-07-01");
    }

    #[test]
    fn the_last_day_belongs_to_the_period_and_an_instant_ends_it() {
        let asked = |to: &str| {
            let choices = Choices {
                to: to.into(),
                ..Choices::default()
            };
            let pairs = choices.asked().into_iter();
            pairs
                .filter(|(name, _)| name == "to")
                .map(|(_, value)| value)
                .collect::<String>()
        };
        assert_eq!(asked("2016-10-31"), "2016-11-01");
        assert_eq!(asked("2016-02-29"), "2016-03-01");
        assert_eq!(asked("2016-10-31T12:00:00Z"), "2016-10-31T12:00:00Z");
        assert_eq!((asked("2016-02-30"), asked("")), ("2016-02-30".into(), String::new()));
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_told_and_one_of_a_day_is_none() {
        let told = |from: &str, to: &str| {
            let choices = Choices {
                from: from.into(),
                to: to.into(),
                ..Choices::default()
            };
            choices.reversed().map(|problem| problem.parameter)
        };
        assert_eq!(told("2016-10-31", "2016-10-30").as_deref(), Some("to"));
        assert_eq!(told("2016-10-31", "2016-10-31"), None);
    }

    #[test]
    fn a_quick_link_keeps_the_zone_and_leaves_the_interval_to_the_range() {
        let choices = Choices {
            tz: "Europe/Rome".into(),
            interval: "hour".into(),
            ..Choices::default()
        };
        let day = |d| NaiveDate::from_ymd_opt(2016, 7, d).unwrap();
        assert_eq!(
            choices.link_to(day(1), day(31)),
            "/?from=2016-07-01&to=2016-07-31&tz=Europe/Rome"
        );
    }
}
