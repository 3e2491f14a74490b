//! The ways in: what each delivered, and what of it wants attention.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::refusals;
use super::render::sideways;
use crate::model::Table;
use crate::serve::sources::{NATIVE, SourceStatus, Sources};
use crate::serve::views::row::{name, rows};
use crate::serve::{dates, numbers};

/// Seconds from which on a delivery counts as late.
const LATE: i64 = 3600;

/// Renders the section; `coverage` tells how much of each provider's payments belongs to a bot.
pub fn render(sources: &Sources, coverage: Option<&Table>, tz: Tz) -> Markup {
    html! {
        section id="sources" aria-labelledby="sources-title" {
            div.section-head {
                h2 id="sources-title" { "Sources" }
                p.links { a href="/v1/sources" { "JSON" span.hidden { " of Sources" } } }
            }
            p.reading { (sentence(sources)) }
            (refusals::advice(&sources.sources))
            (table(sources, coverage, tz))
            p.note {
                "As of now and of all time, whatever the period above. Delay is the time from the latest moment that the latest delivery "
                "states to its receipt. Files loaded with " code { "botledger import" } " are no source; their payments count only in the column Without a bot."
            }
            (refusals::ignored(&sources.sources))
            (refusals::render(sources, tz))
        }
    }
}

/// The name of a source for people.
pub fn title(source: &SourceStatus) -> String {
    if source.provider == NATIVE {
        source.address.clone()
    } else {
        format!("{} {}", name(&source.provider), source.name)
    }
}

/// A count as people read it.
pub fn count(n: u64) -> String {
    numbers::integer(i64::try_from(n).unwrap_or(i64::MAX))
}

fn sentence(sources: &Sources) -> Markup {
    let webhook = |source: &&SourceStatus| source.provider != NATIVE && source.configured;
    let all = sources.sources.iter().filter(webhook).count() as u64;
    let came = |source: &&SourceStatus| webhook(source) && source.counters.deliveries > 0;
    let alive = sources.sources.iter().filter(came).count() as u64;
    let stamped = |source| Some((last(source)?, source));
    let latest = sources.sources.iter().filter_map(stamped).max_by_key(|(at, _)| *at);
    html! {
        @match latest {
            Some((at, source)) => {
                "The latest delivery came " (ago(at, sources.now)) ", from " (title(source)) ". "
                @if all == 0 { "No webhook is configured." }
                @else { (count(alive)) " of " (count(all)) " configured webhooks have delivered something." }
            }
            None => {
                "Nothing has come in by HTTP yet. "
                @if all == 0 {
                    "Add a " code { "[[sources]]" } " entry for each provider to the configuration and have the provider post to its address, "
                    "or send events to " code { "POST /v1/events" } "."
                } @else {
                    "Enter the addresses below where the providers ask for them, or send events to " code { "POST /v1/events" } "."
                }
            }
        }
    }
}

fn last(source: &SourceStatus) -> Option<DateTime<Utc>> {
    source.counters.last_delivery
}

type Count = fn(&SourceStatus) -> u64;

/// Counts as the table has them: name, heading, whether any wants attention, and the count of a source.
const COUNTS: [(&str, &str, bool, Count); 10] = [
    ("deliveries", "Deliveries", false, |source| source.counters.deliveries),
    ("accepted", "New events", false, |source| source.counters.accepted),
    ("forged", "Forged", true, |source| source.counters.forged),
    ("rejected", "Refused", true, |source| source.counters.rejected),
    ("unparseable", "Not readable", true, |source| {
        source.counters.unparseable
    }),
    (BESIDE, "Without a bot", true, |source| {
        source.unattributed.unsigned_abs()
    }),
    ("conflicts", "In conflict", true, |source| source.counters.conflicts),
    ("ignored", "Fields not read", false, |source| {
        source.counters.ignored.total()
    }),
    ("duplicates", "Seen before", false, |source| source.counters.duplicates),
    ("unsupported", "Other types", false, |source| {
        source.counters.unsupported
    }),
];

/// The count beside which the share of all payments stands.
const BESIDE: &str = "unattributed";

fn table(sources: &Sources, coverage: Option<&Table>, tz: Tz) -> Markup {
    html! {
        (sideways())
        div.scroll.sources tabindex="0" role="region" aria-label="Sources" {
            table {
                caption.hidden { "Sources" }
                thead {
                    tr {
                        th.text scope="col" { "Source" }
                        th.text scope="col" { "Last delivery" }
                        th scope="col" { "Delay" }
                        @for (name, heading, ..) in COUNTS {
                            th scope="col" data-column=(name) { (heading) }
                            @if name == BESIDE && coverage.is_some() { th scope="col" data-column="join_rate" { "Joined in the period" } }
                        }
                    }
                }
                tbody { @for source in &sources.sources { (row(source, sources.now, coverage, tz)) } }
            }
        }
    }
}

fn row(source: &SourceStatus, now: DateTime<Utc>, coverage: Option<&Table>, tz: Tz) -> Markup {
    let lag = source.counters.lag;
    let late = lag.is_some_and(|lag| lag.num_seconds() >= LATE);
    let delay = lag.map_or(numbers::NOTHING.into(), |lag| numbers::seconds(lag.as_seconds_f64()));
    html! {
        tr data-source=(source.address) {
            th scope="row" {
                (title(source))
                @if source.test { " " span.mark { "test" } }
                @if !source.configured { " " span.mark { "no longer configured" } }
                @if source.provider != NATIVE { span.beneath { (breakable(&source.address)) } }
            }
            td.text.when { (moment(source, now, tz)) }
            td data-value=[lag.map(|lag| lag.as_seconds_f64())] { (figure(delay, late)) }
            @for (name, _, warns, count_of) in COUNTS {
                @let n = count_of(source);
                td data-count=(name) data-value=(n) { (figure(count(n), warns && n > 0)) }
                @if let Some(coverage) = coverage.filter(|_| name == BESIDE) { td { @if source.test { (numbers::NOTHING) } @else { (joined(source, coverage)) } } }
            }
        }
    }
}

/// A figure; one that wants attention says so without its colour too.
fn figure(text: String, warns: bool) -> Markup {
    html! {
        @if warns { span.warns { span.sign aria-hidden="true" { "▲ " } span.hidden { "Attention: " } (text) } } @else { (text) }
    }
}

fn moment(source: &SourceStatus, now: DateTime<Utc>, tz: Tz) -> Markup {
    let Some(at) = last(source) else {
        return html! { (numbers::NOTHING) };
    };
    let stale = source.counters.last_accepted.filter(|accepted| *accepted < at);
    html! {
        time datetime=(at.to_rfc3339()) { (ago(at, now)) span.beneath { (dates::instant(at, tz)) } }
        @match (stale, source.counters.accepted) {
            (Some(accepted), _) => span.beneath { "new events " (ago(accepted, now)) },
            (None, 0) => span.beneath { "nothing new yet" },
            _ => {}
        }
    }
}

/// How much of the provider's payments in the period belongs to a bot, whichever source told of them.
fn joined(source: &SourceStatus, coverage: &Table) -> Markup {
    let own = rows(coverage).find(|row| row.text("provider") == source.provider);
    let rate = own.and_then(|row| Some((row.number("join_rate")?, row.int("payments"))));
    html! {
        @match rate {
            None => (numbers::NOTHING),
            Some((rate, n)) => { a href="#attribution" { (numbers::percent(rate)) } span.beneath { "of " (numbers::integer(n)) } }
        }
    }
}

/// An address that may go on in the next line after each slash.
pub fn breakable(address: &str) -> Markup {
    html! { @for part in address.split_inclusive('/') { (part) wbr; } }
}

/// How long ago, in its largest unit.
fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let since = now - at;
    let units = [
        (since.num_days(), "day"),
        (since.num_hours(), "hour"),
        (since.num_minutes(), "minute"),
    ];
    match units.into_iter().find(|(n, _)| *n > 0) {
        None if since > -TimeDelta::minutes(1) => "just now".into(),
        None => "in the future, by this server’s clock".into(),
        Some((1, unit)) => format!("1 {unit} ago"),
        Some((n, unit)) => format!("{} {unit}s ago", numbers::integer(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_in_its_largest_unit() {
        let now = DateTime::from_timestamp(1_500_000_000, 0).unwrap();
        let told = |seconds| ago(now - TimeDelta::seconds(seconds), now);
        assert_eq!(told(0), "just now");
        assert_eq!(told(59), "just now");
        assert_eq!(told(60), "1 minute ago");
        assert_eq!(told(7_199), "1 hour ago");
        assert_eq!(told(2 * 86_400), "2 days ago");
        assert!(told(-3600).starts_with("in the future"));
    }
}
