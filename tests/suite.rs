//! The one test target: every rule over a really started application, one module per concern.
//!
//! `tests/run` runs it with all else that is checked.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

mod support;

// The house.
mod architecture;
mod queries;
mod readme;
mod reference;

// Ways in.
mod botframework;
mod braintree;
mod cloudevents_unit;
mod doors;
mod flight;
mod http_unit;
mod ingest;
mod links;
mod paypal;
mod provider_words;
mod recorded;
mod sdks;
mod segment;
mod streams;
mod telegram;
mod unreadable;
mod webhooks;
mod webhooks_unit;

// What is kept.
mod commands;
mod durability;
mod exported;
mod folders;
mod health;
mod joining;
mod linear;
mod logging;
mod lost_files;
mod misspelt;
mod payments_law;
mod permutation;
mod poison;
mod privacy;
mod privacy_unit;
mod private_files;
mod proportional;
mod quarantine;
mod restated;
mod time_travel;
mod turns;

// Ways out.
mod access;
mod annotations;
mod any_question;
mod bot_lives;
mod calendar;
mod changes;
mod charts;
mod coverage;
mod dimensions;
mod docs;
mod effects;
mod extremes;
mod filters;
mod forecast;
mod funnels;
mod fuzz;
mod fx;
mod fx_import;
mod fx_law;
mod golden;
mod labels;
mod laws;
mod many_values;
mod maturity;
mod metrics_unit;
mod narrow;
mod negotiation;
mod overload;
mod page;
mod pages;
mod periods;
mod picked;
mod question_unit;
mod questions;
mod rollup;
mod same_numbers;
mod scale;
mod second_way;
mod small;
mod sources;
mod story;
mod unbegun;
