//! What the store tells of itself: versions, jobs, the range of its data.

use chrono::{DateTime, Utc};

use crate::model::time::{FIRST, LAST};
use crate::model::{Mode, Param, Params, Query, TimeRange};
use crate::query;
use crate::store::{Store, StoreError, lock, sql};

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
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// One job's latest run.
#[derive(Debug, Clone, PartialEq)]
pub struct JobStatus {
    /// Name of the job.
    pub name: &'static str,
    /// When it runs, for people.
    pub schedule: &'static str,
    /// When its last run began.
    pub last_started: Option<DateTime<Utc>>,
    /// When its last run ended.
    pub last_finished: Option<DateTime<Utc>>,
    /// How long that took.
    pub last_duration_ms: Option<f64>,
    /// What went wrong, if anything did.
    pub last_error: Option<String>,
    /// Runs since the start; a run is the steps until nothing is left.
    pub runs: u64,
    /// Steps that failed.
    pub failures: u64,
}

impl Store {
    /// Jobs and their latest runs.
    pub fn jobs(&self) -> Vec<JobStatus> {
        lock(&self.shared.board).clone()
    }

    /// Notes a job's latest run.
    pub fn note_job(&self, status: JobStatus) {
        let mut board = lock(&self.shared.board);
        match board.iter_mut().find(|job| job.name == status.name) {
            Some(job) => *job = status,
            None => board.push(status),
        }
    }

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
    pub fn data_range(&self) -> Result<Option<Span>, StoreError> {
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

    /// The first moment that the facts of some platforms (of none: of all) and a mode tell of.
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

    /// Every platform that has a bot.
    ///
    /// # Errors
    /// When the database fails.
    pub fn platforms(&self) -> Result<Vec<String>, StoreError> {
        let frame = self.reading(|connection| {
            sql::frame(
                connection,
                &query!("serve/platforms"),
                &Params::new(),
                self.shared.readers.row_limit(),
            )
        })?;
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
        let frame = self.reading(|connection| sql::frame(connection, &query, &params, 1))?;
        frame.columns().iter().map(|column| Ok(column.i64()?.get(0))).collect()
    }
}
