//! Frames that are read from the database, as the store tells the log of them.

use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Does some work on this thread and gives the query and the rows of each frame that it reads.
pub fn frames(work: impl FnOnce()) -> Vec<(String, u64)> {
    // Where there is one subscriber, who logs first on a thread without it decides for all threads that nobody listens.
    static ANOTHER: OnceLock<Dispatch> = OnceLock::new();
    ANOTHER.get_or_init(|| Dispatch::new(Seen::default()));
    let seen = Seen::default();
    tracing::subscriber::with_default(seen.clone(), work);
    let frames = seen.0.lock().unwrap().clone();
    assert!(!frames.is_empty(), "the store tells of no frame");
    frames
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(String, u64)>>>);

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "botledger::store::sql::query"
    }

    fn event(&self, event: &Event<'_>) {
        let mut frame = Frame::default();
        event.record(&mut frame);
        self.0.lock().unwrap().push((frame.query, frame.rows));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Frame {
    query: String,
    rows: u64,
}

impl Visit for Frame {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "query" {
            value.clone_into(&mut self.query);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows" {
            self.rows = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
