//! Answers: a question comes in, a report goes out as JSON, CSV, a chart or a page.
//!
//! ```text
//! query string ─► question ─► report (store → metric) ─► compare ─► formats · charts · page
//! ```
//!
//! Only the route files know the web server. Every question passes one [`Gate`], so that a crowd of
//! them queues up to a bound and is then refused, and none holds a worker of the web server.

pub mod answer;
pub mod charts;
pub mod charts_route;
pub mod dates;
pub mod docs;
pub mod formats;
pub mod gate;
pub mod health;
pub mod negotiate;
pub mod numbers;
pub mod page;
pub mod quarantine;
mod quarantine_route;
pub mod routes;
pub mod sources;
pub mod sources_route;
pub mod views;

use std::sync::{Arc, Once};
use std::time::Duration;

use actix_web::web::ServiceConfig;
use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::metrics;
use crate::model::Clock;
use crate::store::{Deadline, Store};

use answer::definitions;
pub use answer::question::Defaults;
use answer::report::AnswerError;
use gate::Class;
pub use gate::Gate;

/// What every answering route shares. Cheap to clone.
#[derive(Clone)]
pub struct ServeState {
    /// Where facts are read.
    pub store: Store,
    /// The present moment.
    pub clock: Clock,
    /// Settings: the reporting currency and the limits.
    pub config: Arc<Config>,
    /// Bounds how many questions are worked on and wait.
    pub gate: Gate,
    /// Lets one after the other change what is set aside: each waits for a step of the fold.
    pub changes: Gate,
}

impl ServeState {
    /// State with a gate as wide as the machine.
    pub fn new(store: Store, clock: Clock, config: Arc<Config>) -> Self {
        let limit = Duration::from_secs(config.limits.query_seconds);
        ServeState {
            store,
            clock,
            config,
            gate: Gate::for_this_machine(limit),
            changes: Gate::one_by_one(limit),
        }
    }

    /// Has blocking work done that answers as of a moment. Whoever waits for the fold takes no place from those who
    /// can be answered.
    ///
    /// # Errors
    /// As [`Gate::run`], and [`crate::store::StoreError::Busy`] when the fold is too far behind.
    pub async fn answer<T, F>(&self, class: Class, as_of: DateTime<Utc>, work: F) -> Result<T, AnswerError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Deadline>) -> Result<T, AnswerError> + Send + 'static,
    {
        self.store.folded_by(as_of).await?;
        self.gate.run(class, work).await
    }

    /// What stands where a question says nothing.
    ///
    /// While events wait to be folded, `as_of` is the last folded stamp: the answer is what is known
    /// so far, at once, and asking again with the stated `as_of` gives it again. Otherwise it is now.
    pub fn defaults(&self) -> Defaults {
        let folded = self.store.folded_to();
        let stamped = self.store.stamped();
        // Stamps of receipt keep increasing when the clock steps back; the present is never before them.
        let now = (self.clock)().max(stamped);
        let as_of = if stamped > folded { folded } else { now };
        Defaults {
            now,
            as_of,
            currency: self.config.reporting_currency(),
        }
    }
}

/// The names of the metrics, in the order in which they are listed.
pub fn metric_names() -> Vec<&'static str> {
    metrics::ALL.iter().map(|metric| metric.name).collect()
}

/// Has everything made that is made when it is first used: the threads of Polars and the fonts.
/// Under a load that leaves no threads and no files it could not be made, and some of it never again.
pub fn warm_up(store: &Store) {
    static WARM: Once = Once::new();
    WARM.call_once(|| {
        // Polars must not be asked from a thread that drives requests.
        let done = std::thread::scope(|scope| scope.spawn(|| warm(store)).join());
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the first question has failed"),
            Err(_) => tracing::warn!("the first question has panicked"),
        }
    });
}

fn warm(store: &Store) -> Result<(), AnswerError> {
    let defaults = Defaults {
        now: store.folded_to(),
        as_of: store.folded_to(),
        currency: None,
    };
    definitions::warm_up(store, &defaults)?;
    charts::warm_up();
    Ok(())
}

/// Adds every answering route, and the answers to unknown addresses and methods.
///
/// The application must carry `web::Data<ServeState>`.
pub fn configure(cfg: &mut ServiceConfig) {
    health::configure(cfg);
    routes::configure(cfg);
    charts_route::configure(cfg);
    sources_route::configure(cfg);
    quarantine_route::configure(cfg);
    page::routes::configure(cfg);
    docs::routes::configure(cfg);
    cfg.default_service(actix_web::web::to(crate::http::not_found));
}
