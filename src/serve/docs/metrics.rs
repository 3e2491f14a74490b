//! `/docs/metrics`: what each metric counts, in the words that its answers carry.

use maud::{Markup, html};

use super::shell::document;
use crate::metrics::{Metric, Parameter};
use crate::model::Column;
use crate::serve::answer::definitions::{Described, unit};
use crate::serve::answer::question::COMMON;
use crate::serve::page::quoted;

/// Renders the page.
pub fn render(all: &[Described]) -> String {
    let main = html! {
        (contents(all))
        @for described in all { (section(described)) }
        (common())
    };
    document("Metrics", &main)
}

fn contents(all: &[Described]) -> Markup {
    html! {
        div.intro {
            h1 { "Metrics" }
            p.note { "Every metric has one definition. Each answer carries it, with a version that rises when the meaning changes. "
                a href="/docs/every-metric" { "What all metrics have in common" } }
        }
        nav.contents aria-label="Metrics" {
            ul {
                @for Described { metric, .. } in all { li { a href={ "#" (metric.name) } { (metric.title) } } }
                li { a href="#parameters" { "Parameters of every metric" } }
            }
        }
    }
}

fn section(described: &Described) -> Markup {
    let Described { metric, columns } = described;
    let Metric { name, title, .. } = metric;
    let definition = &metric.definition;
    html! {
        section.docs id=(name) aria-labelledby={ (name) "-title" } data-metric=(name) {
            div.section-head {
                h2 id={ (name) "-title" } { a href={ "#" (name) } { (title) } }
                p.links {
                    code { (name) }
                    span { "version " span data-version="" { (definition.version()) } }
                    a href={ "/v1/metrics/" (name) } { "JSON" span.hidden { " of " (title) } }
                    a href={ "/v1/charts/" (name) ".svg" } { "Chart" span.hidden { " of " (title) } }
                }
            }
            div.meaning {
                p data-text="" { (quoted(definition.text)) }
                dl {
                    div { dt { "Numerator" } dd data-numerator="" { (quoted(definition.numerator)) } }
                    div { dt { "Denominator" } dd data-denominator="" { (quoted(definition.denominator)) } }
                    div { dt { "Excluded" } dd { ul { @for item in definition.excludes { li { (quoted(item)) } } } } }
                    @if !definition.changes.is_empty() {
                        div { dt { "Changed" } dd { ul {
                            @for (at, change) in definition.changes.iter().enumerate() {
                                li { "Version " (at + 2) ": " (quoted(change)) }
                            }
                        } } }
                    }
                }
            }
            h3 { "Dimensions" }
            @if metric.dimensions.is_empty() { p.note { "none" } }
            ul.dimensions { @for dimension in metric.dimensions { li { code { (dimension.0) } } } }
            (parameters(metric.parameters))
            (table_of(described, columns))
        }
    }
}

fn parameters(all: &[Parameter]) -> Markup {
    html! {
        h3 { "Parameters of its own" }
        @if all.is_empty() { p.note { "none" } } @else {
            div.scroll tabindex="0" role="region" aria-label="Parameters" {
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Default" } th scope="col" { "Takes" } } }
                    tbody {
                        @for parameter in all {
                            tr {
                                th scope="row" { code { (parameter.name) } }
                                td { @if parameter.default.is_empty() { "none" } @else { code { (parameter.default) } } }
                                td.words { (quoted(parameter.help)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn table_of(described: &Described, columns: &[Column]) -> Markup {
    html! {
        h3 { "Columns" }
        div.scroll tabindex="0" role="region" aria-label="Columns" {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Type" } th scope="col" { "Unit" } th scope="col" { "Meaning" } } }
                tbody {
                    @for column in columns {
                        tr {
                            th scope="row" { code { (column.name) } }
                            td { (column.kind.as_str()) }
                            td { (unit(column).unwrap_or_default()) }
                            td.words { (quoted(&described.meaning(column))) }
                        }
                    }
                }
            }
        }
    }
}

fn common() -> Markup {
    html! {
        section.docs id="parameters" aria-labelledby="parameters-title" {
            div.section-head { h2 id="parameters-title" { "Parameters of every metric" } }
            div.scroll tabindex="0" role="region" aria-label="Parameters of every metric" {
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Takes" } } }
                    tbody { @for (name, help) in COMMON { tr { th scope="row" { code { (name) } } td.words { (quoted(help)) } } } }
                }
            }
        }
    }
}
