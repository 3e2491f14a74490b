//! The store: the only module that names DuckDB.
//!
//! Its rooms name each other one way (`tests/architecture.rs` holds it):
//!
//! - `sql`: the connection to the database; names no other room.
//! - `folder`: the data folder and what a start looks for in it; `observe`: the state of a running store; `fold`:
//!   how events become facts. Each names `sql`.
//! - `write`: the way in; names `folder`, `observe` and `sql`. `read`: the way out; names `fold`, `observe` and `sql`.
//!
//! The open [`Store`] (`handle.rs`) puts their parts together. What a caller does with it is found in the `mod.rs` of
//! each room, and for questions also in `read/ledger.rs`.
//!
//! Four kinds of connections work side by side. The *writer's* changes what came in: events, identities, rates,
//! annotations and commits. The *fold's* changes what is made of it, and what is counted of the sources. The two share
//! no table, so that neither waits for the other. A third only makes checkpoints, and readers change nothing.

mod error;
mod fold;
mod folder;
mod handle;
mod lock;
mod observe;
mod options;
mod read;
mod sql;
mod write;

pub use error::{Loss, StoreError};
pub use fold::quarantine::{EntityKind, SetAside, SetAsideDetail, SetAsidePart, SetAsideState};
pub use fold::window::{FoldReport, Window};
pub use folder::check;
pub use folder::files::{KEY as PSEUDONYM_KEY, replace_file};
pub use handle::Store;
use lock::lock;
pub use observe::alarm::Post;
pub use observe::counters::{Counter, Delivered, NATIVE_WAYS, SourceBoard, SourceCounters};
pub use observe::ignored::{IgnoredCount, IgnoredCounts};
pub use observe::jobs::JobStatus;
pub use observe::refusals::{RecentRefusal, Refused, UNKNOWN_SOURCE};
pub use options::{Accept, StoreOptions};
pub use read::Snapshot;
pub use read::deadline::Deadline;
pub use read::ledger::{About, DataRange, Version};
pub use write::annotations::{Annotated, Note};
pub use write::append::{AppendOutcome, Appended, Queued};
pub use write::prepared::{BulkLoad, Prepared};
pub use write::rates::RatesAdded;
