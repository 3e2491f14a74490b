//! The reference for events and providers, held against the program: tables, examples and links.

mod clients;
mod events;
mod providers;

use std::collections::BTreeSet;

use botledger::model::EventType;

use crate::support::markdown::{Page, code};
use crate::support::project;
use crate::support::rust::collect;

const PAGES: [&str; 9] = [
    "src/ingest/events.md",
    "src/ingest/webhooks/providers.md",
    "src/ingest/webhooks/stripe.md",
    "src/ingest/webhooks/paypal.md",
    "src/ingest/webhooks/braintree.md",
    "src/ingest/webhooks/messenger.md",
    "src/ingest/webhooks/telegram.md",
    "src/ingest/segment/segment.md",
    "src/ingest/botframework/botframework.md",
];

const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json");

fn page(name: &str) -> Page {
    let ending = format!("/{name}.md");
    let path = PAGES.iter().find(|path| path.ends_with(&ending));
    Page::open(path.unwrap_or_else(|| panic!("no page {name}")))
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// What stands between backticks in the first cells of a table.
fn first_codes(page: &Page, header: &str) -> BTreeSet<String> {
    let rows = page.table(header);
    rows.iter().flat_map(|row| set(code(&row[0]))).collect()
}

/// The counted types.
fn known_types() -> BTreeSet<String> {
    let counted = EventType::ALL.iter().filter(|kind| **kind != EventType::Other);
    set(counted.map(|kind| kind.as_str()))
}

#[test]
fn every_page_of_the_folder_is_known_here() {
    let mut found = Vec::new();
    collect(&project("src/ingest"), "md", &mut found);
    let known: BTreeSet<_> = PAGES.iter().map(|path| project(path)).collect();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), known);
}

#[test]
fn every_page_has_a_title_and_every_link_leads_somewhere() {
    for path in PAGES {
        let page = Page::open(path);
        assert!(page.text.starts_with("# "), "{path} has no title");
        for (file, anchor) in page.links() {
            assert!(project(&file).exists(), "{path}: no {file}");
            let Some(anchor) = anchor else { continue };
            let headings = PAGES
                .iter()
                .find(|known| **known == file)
                .map(|known| Page::open(known).anchors());
            assert!(
                headings.is_some_and(|all| all.contains(&anchor)),
                "{path}: no {file}#{anchor}"
            );
        }
    }
}
