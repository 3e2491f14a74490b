//! A part of the page that cannot be shown says so and leaves the others theirs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use maud::{Markup, html};

/// Why a part is missing that nobody but an operator can do anything about.
pub const BROKEN: &str = "it could not be computed; the server’s log says why";

/// What work gives; `None` where it panics, which the log tells.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// A section, or its heading and that it is missing.
pub fn section(id: &str, title: &str, render: impl FnOnce() -> Markup) -> Markup {
    caught(render).unwrap_or_else(|| without(id, title, BROKEN))
}

/// A section that has nothing but the reason.
pub fn without(id: &str, title: &str, why: &str) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-title" } {
            div.section-head { h2 id={ (id) "-title" } { (title) } }
            (note("This part cannot be shown: ", why))
        }
    }
}

/// What stands where something should.
pub fn note(what: &str, why: &str) -> Markup {
    html! { p.caveat data-lacking="" role="status" { (what) (why) "." } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_panics_keeps_its_heading_and_says_that_it_is_missing() {
        let whole = section("declines", "Declines", || html! { p { "12" } });
        assert_eq!(whole.into_string(), "<p>12</p>");
        let broken = section("declines", "Declines", || panic!("this section is to panic")).into_string();
        for part in [
            "id=\"declines\"",
            "<h2 id=\"declines-title\">Declines</h2>",
            "data-lacking",
            BROKEN,
        ] {
            assert!(broken.contains(part), "{part}: {broken}");
        }
    }
}
