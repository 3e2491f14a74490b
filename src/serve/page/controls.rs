//! The controls: one form whose state is the address, and links to common ranges.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use maud::{Markup, html};

use super::choices::{Choices, date as date_of, days_around};
use super::{PageModel, missing};
use crate::model::Interval;
use crate::serve::answer::moment::parse_instant;
use crate::serve::numbers;
use crate::serve::views::row::{capital, name};

/// Zones offered for typing; any other IANA name is taken too.
const ZONES: &str = "UTC Africa/Cairo Africa/Johannesburg Africa/Lagos Africa/Nairobi America/Argentina/Buenos_Aires \
    America/Bogota America/Chicago America/Denver America/Los_Angeles America/Mexico_City America/New_York \
    America/Sao_Paulo America/St_Johns America/Toronto Asia/Bangkok Asia/Dhaka Asia/Dubai Asia/Hong_Kong \
    Asia/Istanbul Asia/Jakarta Asia/Karachi Asia/Kathmandu Asia/Kolkata Asia/Manila Asia/Seoul Asia/Shanghai \
    Asia/Singapore Asia/Tokyo Australia/Adelaide Australia/Sydney Europe/Amsterdam Europe/Athens Europe/Berlin \
    Europe/Istanbul Europe/Kyiv Europe/London Europe/Madrid Europe/Paris Europe/Rome Europe/Warsaw \
    Pacific/Auckland Pacific/Chatham";

/// Reporting currencies offered beside the configured one.
const CURRENCIES: &[&str] = &["USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "BRL", "INR", "MXN"];

/// Renders the form and the quick links.
pub fn render(model: &PageModel) -> Markup {
    let choices = &model.choices;
    html! {
        form.controls action="/" method="get" aria-label="Period and filters" {
            fieldset {
                legend.hidden { "Period" }
                (date(model, "from", "From", first_day(choices), "first day"))
                (date(model, "to", "To", last_day(choices), "last day, included"))
                (select(model, "interval", "Interval", &choices.interval, &intervals()))
                div.field {
                    label for="tz" { "Time zone" }
                    input id="tz" name="tz" list="zones" value=(choices.tz) placeholder="UTC" autocomplete="off" spellcheck="false"
                        aria-invalid=[wrong(model, "tz")] aria-describedby=[described(model, "tz")];
                    datalist id="zones" { @for zone in ZONES.split_whitespace() { option value=(zone) {} } }
                }
            }
            fieldset {
                legend.hidden { "Filters" }
                (select(model, "platform", &platform_label(model), &choices.platform, &platforms(model)))
                (select(model, "currency", "Currency", &choices.currency, &currencies(model)))
                (select(model, "mode", "Mode", &choices.mode, &[(String::new(), "Live".into()), ("test".into(), "Test".into())]))
            }
            @if !choices.as_of.is_empty() { input type="hidden" name="as_of" value=(choices.as_of); }
            div.actions { button type="submit" { "Show" } }
        }
        @if let Some(why) = &model.options.lacking { (missing::note("The platforms and the range of the data cannot be shown: ", why)) }
        (quick_links(model))
    }
}

fn quick_links(model: &PageModel) -> Markup {
    let (choices, today) = (&model.choices, model.options.today);
    let back = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
    let tz = choices.zone();
    let data = model.options.data_range.map(|span| days_around(span, tz));
    html! {
        nav.quick aria-label="Common periods" {
            ul {
                li { (quick(choices, "Last 30 days", back(30), back(1))) }
                li { (quick(choices, "Last 90 days", back(90), back(1))) }
                @if let Some((first, last)) = data { li { (quick(choices, "All data", first, last)) } }
                @if !choices.as_of.is_empty() {
                    li { a href=(Choices { as_of: String::new(), ..choices.clone() }.link()) { "As known now" } }
                }
            }
        }
    }
}

fn quick(choices: &Choices, text: &str, from: NaiveDate, to: NaiveDate) -> Markup {
    let here = choices.from == from.to_string() && choices.to == to.to_string();
    html! { a href=(choices.link_to(from, to)) aria-current=[here.then_some("true")] { (text) } }
}

/// The first day of the period, as the calendar control takes it: of an instant the day that it lies in.
fn first_day(choices: &Choices) -> Option<NaiveDate> {
    let tz = choices.zone();
    let day = |at: DateTime<Utc>| at.with_timezone(&tz).date_naive();
    date_of(&choices.from).or_else(|| parse_instant(&choices.from, tz).map(day))
}

/// The last day of the period: of an instant that of the moment before it.
fn last_day(choices: &Choices) -> Option<NaiveDate> {
    let tz = choices.zone();
    let day = |at: DateTime<Utc>| {
        let before = at.checked_sub_signed(TimeDelta::microseconds(1)).unwrap_or(at);
        before.with_timezone(&tz).date_naive()
    };
    date_of(&choices.to).or_else(|| parse_instant(&choices.to, tz).map(day))
}

fn date(model: &PageModel, name: &str, label: &str, day: Option<NaiveDate>, hint: &str) -> Markup {
    let day = day.map_or_else(String::new, |day| day.to_string());
    html! {
        div.field {
            label for=(name) { (label) " " span.hint { "(" (hint) ")" } }
            input type="date" id=(name) name=(name) value=(day)
                aria-invalid=[wrong(model, name)] aria-describedby=[described(model, name)];
        }
    }
}

fn select(model: &PageModel, name: &str, label: &str, chosen: &str, options: &[(String, String)]) -> Markup {
    let known = options.iter().any(|(value, _)| value == chosen);
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) aria-invalid=[wrong(model, name)] aria-describedby=[described(model, name)] {
                @for (value, text) in options { option value=(value) selected[value == chosen] { (text) } }
                // What the address says stays in the form, also when it is no common choice or wrong.
                @if !known { option value=(chosen) selected { (chosen) } }
            }
        }
    }
}

/// What a control offers: first that nothing is chosen, then each word as it is `shown`.
fn offered<'a>(all: &str, words: impl Iterator<Item = &'a str>, shown: fn(&str) -> String) -> Vec<(String, String)> {
    let words = words.map(|word| (word.to_owned(), shown(word)));
    std::iter::once((String::new(), all.to_owned())).chain(words).collect()
}

fn intervals() -> Vec<(String, String)> {
    offered("Automatic", Interval::ALL.into_iter().map(Interval::as_str), name)
}

/// Platforms that the control offers; any other can stand in the address.
const MOST_PLATFORMS: usize = 50;

/// The control's name, and how many platforms it does not offer.
fn platform_label(model: &PageModel) -> String {
    match model.options.platforms.len() {
        0..=MOST_PLATFORMS => "Platform".to_owned(),
        all => format!("Platform ({MOST_PLATFORMS} of {})", numbers::integer(all as i64)),
    }
}

fn platforms(model: &PageModel) -> Vec<(String, String)> {
    let few = model.options.platforms.iter().take(MOST_PLATFORMS);
    offered("All platforms", few.map(String::as_str), name)
}

fn currencies(model: &PageModel) -> Vec<(String, String)> {
    let default = &model.options.currency;
    let others = CURRENCIES.iter().copied().filter(|code| code != default);
    offered(&format!("{default} (default)"), others.chain(["original"]), capital)
}

fn is_wrong(model: &PageModel, name: &str) -> bool {
    model.problem.as_ref().is_some_and(|problem| problem.parameter == name)
}

fn wrong(model: &PageModel, name: &str) -> Option<&'static str> {
    is_wrong(model, name).then_some("true")
}

fn described(model: &PageModel, name: &str) -> Option<&'static str> {
    is_wrong(model, name).then_some("problem")
}
