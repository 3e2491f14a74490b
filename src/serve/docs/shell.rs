//! What every page of the documentation has around its text.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::serve::page::STYLE;

/// What the pages need beside the dashboard's style sheet.
const OWN: &str = include_str!("style.css");

/// A whole document.
pub fn document(title: &str, main: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " – Botledger" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) (PreEscaped(OWN)) }
            }
            body {
                a.skip href="#main" { "Skip to the text" }
                header.top { div.bar {
                    p.brand { a href="/" { "Botledger" } }
                    nav aria-label="Documentation" { a href="/docs" { "Documentation" } }
                } }
                main id="main" tabindex="-1" { (main) }
                footer { ul {
                    li { a href="/" { "Dashboard" } }
                    li { a href="/docs" { "Documentation" } }
                    li { a href="/docs/metrics" { "All metrics and definitions" } }
                    li { a href="/v1/metrics" { "Metrics as JSON" } }
                } }
            }
        }
    };
    page.into_string()
}
