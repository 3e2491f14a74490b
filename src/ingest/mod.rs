//! Ingest: requests become canonical events, which are checked one by one and handed to the store.
//!
//! Events are checked here and nowhere else: what is in the store needs no further check.

pub mod annotations;
pub mod annotations_route;
pub mod batch;
pub mod botframework;
mod canonical;
pub mod cloudevents;
mod codes;
pub mod content;
pub mod data;
pub mod exported;
pub mod fx;
pub mod fx_route;
pub mod import;
pub mod json;
mod lines;
pub mod mend;
pub mod methods;
pub mod misspelt;
mod notes;
pub mod number;
mod parties;
pub mod privacy;
pub mod rejection;
mod room;
pub mod routes;
pub mod segment;
pub mod values;
pub mod verdict;
pub mod webhooks;

pub use rejection::{Code, Rejection};
pub use routes::{IngestState, configure};
