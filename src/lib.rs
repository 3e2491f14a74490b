//! Botledger: a self-hosted ledger of a bot team.
//!
//! Data travels one way, and the modules stand in its order:
//!
//! ```text
//! HTTP, import ─► ingest ─► store: events ─► fold ─► store: facts ─► metrics ─► serve ─► JSON · CSV · charts · page
//! ```
//!
//! - [`model`]: values that cannot be wrong. Imports nothing of ours.
//! - [`facts`]: pure folds from events to entities.
//! - [`metrics`]: pure functions from facts to tables.
//! - [`store`]: the only module that names DuckDB.
//! - [`ingest`], [`jobs`], [`serve`]: ways in, work in between, ways out. They meet in tables only.
//! - [`generate`]: synthetic events from a seed.
//! - [`app`]: puts the parts together; [`cli`] reads the command line.
//!
//! Invariants:
//! - Nothing is acknowledged before it is durable; the same event twice is one row.
//! - Facts are a function of the set of accepted events, never of their order.
//! - Money is minor units and a currency, never a float.
//! - A question with an `as_of` has one answer.

pub mod app;
pub mod cli;
pub mod config;
pub mod facts;
pub mod generate;
pub mod http;
pub mod ingest;
pub mod jobs;
pub mod metrics;
pub mod model;
pub mod serve;
pub mod store;
