//! The clock, handed inward from the edge so that tests can set it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// Tells the present moment.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;
