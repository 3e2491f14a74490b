//! What the ledger held at a moment: its version, the range of its data, its annotations.

use chrono::{DateTime, Utc};

use crate::model::time::{FIRST, LAST};
use crate::model::{Annotation, Mode, Param, Params, Query, Scope, TimeRange};
use crate::query;
use crate::store::{Store, StoreError, sql};

/// What the store held at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Number of commits by then.
    pub data_version: i64,
    /// Raised by what changes earlier answers: when an entity that was set aside is taken back, or all is folded again
    /// while one is set aside.
    pub epoch: i64,
    /// Stamp of the last of those commits that is folded.
    pub folded_to: DateTime<Utc>,
}

/// The times of a first and a last event.
pub type DataRange = (DateTime<Utc>, DateTime<Utc>);

/// Which annotations are asked for.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The moment at which they stood.
    pub as_of: DateTime<Utc>,
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The moment after the last.
    pub to: DateTime<Utc>,
    /// The metric that those about one must be about; `None` takes those of all.
    pub metric: Option<&'a str>,
    /// Any of these platforms, and none of those.
    pub platforms: (&'a [Option<String>], &'a [Option<String>]),
    /// Whether those about bots belong to the answer.
    pub names_bots: bool,
    /// Any of these bots, and none of those.
    pub bots: (&'a [Option<String>], &'a [Option<String>]),
}

impl Store {
    /// What the store held at a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub fn version_at(&self, as_of: DateTime<Utc>) -> Result<Version, StoreError> {
        let row = self.numbers(query!("serve/version_at"), vec![("as_of", Param::Time(as_of))])?;
        match row[..] {
            [Some(data_version), Some(epoch), Some(folded)] => Ok(Version {
                data_version,
                epoch,
                folded_to: sql::instant(folded)?,
            }),
            _ => Err(StoreError::Corrupt("the state of the fold is missing")),
        }
    }

    /// Events of a range that came in after figures of their quarter hour may have been shown: it had ended by the
    /// stamp that their commit is measured against.
    ///
    /// # Errors
    /// When the database fails.
    pub fn restated(&self, range: &TimeRange, as_of: DateTime<Utc>) -> Result<i64, StoreError> {
        let params = vec![
            ("from", Param::Time(range.from)),
            ("to", Param::Time(range.to)),
            ("as_of", Param::Time(as_of)),
        ];
        Ok(self
            .numbers(query!("serve/restated"), params)?
            .first()
            .copied()
            .flatten()
            .unwrap_or(0))
    }

    /// The times of the first and the last event that a question can ask about, if there are any.
    ///
    /// # Errors
    /// When the database fails.
    pub fn data_range(&self) -> Result<Option<DataRange>, StoreError> {
        let span = |found: Vec<Option<i64>>| match found[..] {
            [Some(first), Some(last)] => Ok(Some((sql::instant(first)?, sql::instant(last)?))),
            _ => Ok(None),
        };
        let all = span(self.numbers(query!("serve/data_range"), Params::new())?)?;
        match all {
            // An older ledger may hold impossible times: its commits do not tell the others apart.
            Some((first, last)) if first < FIRST || last > LAST => {
                let (from, to) = (Param::Time(FIRST), Param::Time(LAST));
                span(self.numbers(query!("serve/data_range_within"), vec![("from", from), ("to", to)])?)
            }
            all => Ok(all),
        }
    }

    /// The first moment in the facts of some platforms (none: all) and a mode.
    ///
    /// # Errors
    /// When the database fails.
    pub fn data_begins(&self, platforms: &[String], mode: Mode) -> Result<Option<DateTime<Utc>>, StoreError> {
        let platforms = match platforms {
            [] => Param::Null,
            platforms => Param::Texts(platforms.to_vec()),
        };
        let params = vec![("platform", platforms), ("mode", Param::Text(mode.as_str().to_owned()))];
        match self.numbers(query!("serve/data_begins"), params)?[..] {
            [Some(first)] => Ok(Some(sql::instant(first)?)),
            _ => Ok(None),
        }
    }

    /// The latest `most` of the annotations that `about` asks for, in the order of time, and how many more there are.
    /// Blocking.
    ///
    /// # Errors
    /// [`StoreError::Timeout`], or what the database said.
    pub fn annotations(&self, about: &About, most: usize) -> Result<(Vec<Annotation>, u64), StoreError> {
        let texts = |values: &[Option<String>]| match values {
            [] => Param::Null,
            // No value is an empty text: in a filter that stands for rows without one.
            values => Param::Texts(values.iter().map(|value| value.clone().unwrap_or_default()).collect()),
        };
        let params = vec![
            ("as_of", Param::Time(about.as_of)),
            ("from", Param::Time(about.from)),
            ("to", Param::Time(about.to)),
            (
                "metric",
                about.metric.map_or(Param::Null, |name| Param::Text(name.to_owned())),
            ),
            ("platform", texts(about.platforms.0)),
            ("platform_not", texts(about.platforms.1)),
            ("names_bots", Param::Bool(about.names_bots)),
            ("bot", texts(about.bots.0)),
            ("bot_not", texts(about.bots.1)),
            ("most", Param::Int(i64::try_from(most).unwrap_or(i64::MAX))),
        ];
        let frame = self.rows(&query!("serve/annotations"), &params)?;
        let rows = sql::Rows(&frame);
        let text = |name: &str, row: usize| Ok::<_, StoreError>(rows.text(name, row)?.map(str::to_owned));
        let annotation = |row: usize| {
            Ok(Annotation {
                time: rows.time("time", row)?.unwrap_or_default(),
                text: rows.string("text", row)?,
                scope: Scope {
                    platform: text("platform", row)?,
                    bot_id: text("bot_id", row)?,
                    metric: text("metric", row)?,
                },
            })
        };
        let found = (0..frame.height())
            .map(annotation)
            .collect::<Result<Vec<_>, StoreError>>()?;
        let left_out = rows.count("total", 0)?.saturating_sub(found.len() as u64);
        Ok((found, left_out))
    }

    /// Every platform that has a bot.
    ///
    /// # Errors
    /// When the database fails.
    pub fn platforms(&self) -> Result<Vec<String>, StoreError> {
        let frame = self.rows(&query!("serve/platforms"), &Params::new())?;
        Ok(frame
            .column("platform")?
            .str()?
            .iter()
            .flatten()
            .map(str::to_owned)
            .collect())
    }

    /// The whole numbers of a query's only row.
    fn numbers(&self, query: Query, params: Params) -> Result<Vec<Option<i64>>, StoreError> {
        let frame = self.rows(&query, &params)?;
        frame.columns().iter().map(|column| Ok(column.i64()?.get(0))).collect()
    }
}
