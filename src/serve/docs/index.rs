//! The list of pages, and a page that is made of a file.

use maud::{Markup, PreEscaped, html};

use super::markdown::{body, headings};
use super::pages::{PAGES, Page};
use super::shell::document;

/// `/docs`: every page with what it is about.
pub fn list() -> String {
    let entry = |address: &str, title: &str, about: &str| -> Markup {
        html! { li { a href=(address) { (title) } p.note { (about) } } }
    };
    let main = html! {
        div.intro { h1 { "Documentation" } }
        section.docs.pages {
            ul {
                @for page in PAGES {
                    (entry(&format!("/docs/{}", page.slug), page.title(), page.about))
                    @if page.slug == "readme" {
                        (entry("/docs/metrics", "Every metric", "Each metric with its definition, dimensions, parameters and columns."))
                    }
                }
            }
        }
    };
    document("Documentation", &main)
}

/// `/docs/{slug}`: a page with its table of contents.
pub fn page(page: &Page) -> String {
    let sections: Vec<_> = headings(page)
        .into_iter()
        .filter(|heading| heading.level <= 3)
        .collect();
    let main = html! {
        div.intro { h1 { (page.title()) } }
        nav.contents.deep aria-label="Contents" {
            ul { @for heading in &sections {
                li.part[heading.level == 3] { a href={ "#" (heading.anchor) } { (heading.text) } }
            } }
        }
        section.docs.prose { (PreEscaped(body(page))) }
    };
    document(page.title(), &main)
}
