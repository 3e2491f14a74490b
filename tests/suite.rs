//! The one test target: every rule over a really started application, one module per concern.
//!
//! `tests/run` runs it with all else that is checked.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

mod support;

// The house.
mod architecture;
mod licences;
mod queries;
mod readme;

// Ways in.
mod cloudevents_unit;
mod http_unit;
mod ingest;
mod sdks;
mod webhooks;
mod webhooks_unit;

// What is kept.
mod commands;
mod durability;
mod permutation;
mod time_travel;

// Ways out.
mod access;
mod charts;
mod cube;
mod metrics_unit;
mod oracle;
mod page;
mod question_unit;
mod questions;
mod scale;
mod small;
mod story;
