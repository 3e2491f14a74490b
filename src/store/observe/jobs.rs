//! How the jobs went.

use chrono::{DateTime, Utc};

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
