//! The documentation, without a network: `GET /docs` lists the pages, `/docs/{slug}` shows one, `/docs/metrics`
//! describes the metrics.
//!
//! A page is a Markdown file that stands beside the code it describes. One more page is one entry of [`PAGES`].

mod index;
mod markdown;
mod metrics;
mod pages;
pub mod routes;
mod shell;

pub use markdown::{Heading, headings, links};
pub use pages::{PAGES, Page, address};
