//! What is wrong with the sources and what to do about it: advice, and what was refused of late.

use chrono_tz::Tz;
use maud::{Markup, html};

use super::render::{quoted, sideways};
use super::sources::{breakable, count, title};
use crate::serve::dates;
use crate::serve::sources::{IGNORED, NATIVE, SourceStatus, Sources, address};
use crate::store::{IgnoredCount, RecentRefusal, SourceCounters};

/// Misspelt fields of a source that its advice names.
const MISSPELT: usize = 5;

/// Renders what somebody who sets the sources up should look at; nothing where all is well.
pub fn advice(sources: &[SourceStatus]) -> Markup {
    let advice: Vec<(&SourceStatus, String)> = sources
        .iter()
        .map(|source| (source, advised(source)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    html! {
        @if !advice.is_empty() {
            ul.advice { @for (source, text) in &advice { li { strong { (title(source)) } ": " (quoted(text)) } } }
        }
    }
}

fn advised(source: &SourceStatus) -> String {
    let SourceCounters {
        deliveries,
        forged,
        unparseable,
        rejected,
        conflicts,
        ..
    } = source.counters;
    let mut advice = Vec::new();
    if deliveries == 0 && forged > 0 {
        advice.push(format!(
            "{} refused as forged, and nothing genuine has come. The configured secret is probably not the one that \
             the provider signs with.",
            several(forged, "request was", "requests were")
        ));
    } else if deliveries == 0 && source.provider != NATIVE && source.configured {
        advice.push(format!(
            "nothing has come yet. Have the provider post to {}.",
            source.address
        ));
    } else if forged > 0 {
        advice.push(format!(
            "{} refused as forged.",
            several(forged, "request was", "requests were")
        ));
    }
    if unparseable > 0 {
        let them = several(unparseable, "event or body", "events or bodies");
        advice.push(format!("{them} could not be read or counted exactly."));
    }
    if rejected > 0 {
        let them = several(rejected, "event or request was", "events or requests were");
        advice.push(format!("{them} refused."));
    }
    if conflicts > 0 {
        let them = several(conflicts, "event", "events");
        advice.push(format!(
            "{them} came under a known id with other content; the first stays."
        ));
    }
    if source.unattributed > 0 {
        let them = several(source.unattributed.unsigned_abs(), "payment belongs", "payments belong");
        advice.push(format!(
            "{them} to no bot: write bot_id and conversation_id into the payment where it is made."
        ));
    }
    advice.extend(source.warnings().iter().map(|warning| format!("{warning}.")));
    let likely = source.counters.ignored.top(MISSPELT).0.into_iter();
    advice.extend(likely.filter_map(|ignored| {
        let IgnoredCount { field, meant, times } = ignored;
        let events = several(times, "event", "events");
        Some(format!(
            "{field} is not read, and {events} had it; did you mean {}?",
            meant?
        ))
    }));
    advice.join(" ")
}

/// A number and what it counts.
fn several(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Renders the fields that senders wrote beside the contract; nothing where there are none.
pub fn ignored(sources: &[SourceStatus]) -> Markup {
    const CAPTION: &str = "Fields that are not read";
    let top = |source: &SourceStatus| source.counters.ignored.top(IGNORED);
    let told: Vec<_> = sources
        .iter()
        .map(|source| (source, top(source)))
        .filter(|(_, (top, _))| !top.is_empty())
        .collect();
    let names: usize = told.iter().map(|(_, (top, _))| top.len()).sum();
    html! {
        @if !told.is_empty() {
            details id="ignored" {
                summary { (CAPTION) ": " (several(names as u64, "name", "names")) }
                div.scroll.sources tabindex="0" role="region" aria-label=(CAPTION) {
                    table {
                        caption.hidden { (CAPTION) }
                        thead {
                            tr {
                                th.text scope="col" { "Source" }
                                th.text scope="col" { "Field" }
                                th scope="col" { "Events" }
                            }
                        }
                        tbody {
                            @for (source, (top, others)) in &told {
                                @for ignored in top { (ignored_line(source, ignored)) }
                                @if *others > 0 {
                                    tr { th scope="row" { (title(source)) } td.text { "others" } td { (count(*others)) } }
                                }
                            }
                        }
                    }
                }
                p.note { "Accepted events had them, and no rule reads them. An event is corrected by another one, with an id of its own." }
            }
        }
    }
}

fn ignored_line(source: &SourceStatus, ignored: &IgnoredCount) -> Markup {
    html! {
        tr data-ignored=(ignored.field) {
            th scope="row" { (title(source)) }
            td.text.words {
                code { (ignored.field) }
                @if let Some(meant) = &ignored.meant { span.beneath { "did you mean " code { (meant) } "?" } }
            }
            td data-value=(ignored.times) { (count(ignored.times)) }
        }
    }
}

/// Renders what a source cannot tell at all, and what was refused or kept uncounted of late.
pub fn render(sources: &Sources, tz: Tz) -> Markup {
    // Whoever sees nothing but refusals is setting something up: the reasons are what they need.
    let stuck = |source: &SourceStatus| source.counters.deliveries == 0 && source.counters.forged > 0;
    html! {
        @if sources.sources.iter().any(|source| source.provider == "braintree" && source.configured) { (braintree()) }
        @if sources.refusals.is_empty() {
            p.note { "Nothing was refused since the server started." }
        } @else {
            (list(&sources.refusals, sources.sources.iter().any(stuck), tz))
        }
    }
}

fn braintree() -> Markup {
    html! {
        p.caveat id="braintree-note" {
            "Braintree tells by webhook of subscriptions, disputes, failed refunds and bank debits, but not of ordinary card sales. "
            "Without more, its revenue here is too low: send each sale and refund to " code { "POST /v1/events" }
            " as " code { "transaction.captured" } " and " code { "transaction.refunded" } ", with " code { "\"provider\": \"braintree\"" }
            " and the transaction’s id as " code { "payment_id" } ". What both tell of counts once."
        }
    }
}

fn list(refusals: &[RecentRefusal], open: bool, tz: Tz) -> Markup {
    const CAPTION: &str = "Refused, or kept and not counted, of late";
    html! {
        details open[open] id="refusals" {
            summary { (CAPTION) ": " (several(refusals.len() as u64, "reason", "reasons")) }
            (sideways())
            div.scroll.sources tabindex="0" role="region" aria-label=(CAPTION) {
                table {
                    caption.hidden { (CAPTION) }
                    thead {
                        tr {
                            th.text scope="col" { "Source" }
                            th.text scope="col" { "Reason" }
                            th scope="col" { "Times" }
                            th.text scope="col" { "Last" }
                        }
                    }
                    tbody { @for refusal in refusals { (line(refusal, tz)) } }
                }
            }
            p.note { "Since the server started. The same again is one row with its number of times." }
        }
    }
}

fn line(refusal: &RecentRefusal, tz: Tz) -> Markup {
    html! {
        tr data-refusal=(refusal.code) {
            th scope="row" { (breakable(&address(&refusal.source))) }
            td.text.words {
                code { (refusal.code) }
                @if let Some(field) = &refusal.field { " at " code { (field) } }
                span.beneath { (refusal.message) }
            }
            td data-value=(refusal.count) { (count(refusal.count)) }
            td.text { time datetime=(refusal.last_at.to_rfc3339()) { (dates::instant(refusal.last_at, tz)) } }
        }
    }
}
