//! The page itself: a model in, HTML out. No script, no second request, no clock.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::choices::days_around;
use super::{
    Answers, Chart, Freshness, PageModel, Section, controls, figures, maturity, missing, rates, sources, table,
};
use crate::metrics::Metric;
use crate::serve::answer::report::Report;
use crate::serve::views::row::{capital, name};
use crate::serve::{dates, numbers};

/// The style sheet, in the page so that nothing waits for it.
pub(in crate::serve) const STYLE: &str = include_str!("style.css");

/// Annotations that the page lists.
const MOST_MARKS: usize = 12;

/// Renders the page.
pub fn render(model: &PageModel) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title(model)) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) @if let Some(answers) = &model.answers { (PreEscaped(answers.colours.style())) } }
            }
            body {
                a.skip href="#main" { "Skip to the figures" }
                (header(model))
                main id="main" tabindex="-1" { (content(model)) }
                (footer(model.freshness.as_ref(), model))
            }
        }
    };
    page.into_string()
}

fn title(model: &PageModel) -> String {
    match (&model.answers, &model.problem) {
        (_, Some(_)) => "Error in the question – Botledger".into(),
        (Some(answers), _) => format!("{} – Botledger", answers.period.text(answers.tz)),
        _ => "Botledger".into(),
    }
}

fn header(model: &PageModel) -> Markup {
    html! {
        header.top {
            div.bar {
                p.brand { a href="/" { "Botledger" } }
                @if let Some(freshness) = &model.freshness { (fresh(freshness, model)) }
            }
            (controls::render(model))
        }
    }
}

fn fresh(freshness: &Freshness, model: &PageModel) -> Markup {
    let tz = model.choices.zone();
    html! {
        dl.fresh aria-label="Freshness of the data" {
            @if let Some(until) = freshness.complete_until {
                div { dt { "Complete until" } dd data-fresh="complete_until" data-value=(until.to_rfc3339()) { (dates::instant(until, tz)) } }
            }
            div { dt { "As of" } dd data-fresh="as_of" data-value=(freshness.as_of.to_rfc3339()) { (dates::instant(freshness.as_of, tz)) } }
            @if let Some(version) = freshness.data_version {
                div { dt { "Data version" } dd data-fresh="data_version" data-value=(version) { (numbers::integer(version)) } }
            }
        }
    }
}

fn content(model: &PageModel) -> Markup {
    if let Some(problem) = &model.problem {
        return html! {
            div.notice.wrong id="problem" role="alert" data-field=(problem.parameter) {
                h1 { "This question cannot be answered" }
                p { (quoted(&problem.to_string())) "." }
                @if is_control(&problem.parameter) {
                    p { a href={ "#" (problem.parameter) } { "Correct it above" } " or " a href="/" { "start again" } "." }
                } @else {
                    p { a href="/" { "Start again" } "." }
                }
            }
        };
    }
    let tz = model.choices.zone();
    let coverage = model.answers.as_ref().map(|answers| answers.now("coverage"));
    html! {
        @match &model.answers {
            Some(answers) => (report(model, answers)),
            None => (empty(model)),
        }
        @match &model.sources {
            None => {},
            Some(Ok(found)) => (missing::section("sources", "Sources", || sources::render(found, coverage, tz))),
            Some(Err(why)) => (missing::without("sources", "Sources", why)),
        }
    }
}

/// A message with what stands between backticks set as code.
pub(in crate::serve) fn quoted(message: &str) -> Markup {
    html! {
        @for (index, part) in message.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn is_control(field: &str) -> bool {
    ["from", "to", "interval", "tz", "platform", "currency", "mode"].contains(&field)
}

fn empty(model: &PageModel) -> Markup {
    let Some(span) = model.options.data_range else {
        return html! {
            div.notice id="empty" {
                h1 { "No events yet" }
                p { "Nothing has been received. Send events to " code { "POST /v1/events" } ", or load a file with " code { "botledger import" } "." }
            }
        };
    };
    let tz = model.choices.zone();
    let (first, last) = days_around(span, tz);
    html! {
        div.notice id="empty" {
            h1 { "No data in this period" }
            p { "The data runs from " (first.format("%-d %b %Y")) " to " (last.format("%-d %b %Y")) "." }
            p { a href=(model.choices.link_to(first, last)) { "Show the period that has data" } }
        }
    }
}

fn report(model: &PageModel, answers: &Answers) -> Markup {
    let choices = &model.choices;
    let platform = match choices.platform.as_str() {
        "" => "all platforms".to_owned(),
        platforms => platforms.split(',').map(name).collect::<Vec<_>>().join(", "),
    };
    let mode = if choices.mode == "test" { ", test mode" } else { "" };
    let scope = format!(
        "By {}, {}, {platform}{mode}",
        answers.interval.as_str(),
        answers.tz.name()
    );
    html! {
        div.intro {
            h1 { (answers.period.text(answers.tz)) }
            @if !answers.period.complete { p.mark { "This period is not over yet" } }
            p.note { (scope) }
            (marks(answers))
        }
        nav.contents aria-label="Sections" {
            ul {
                li { a href="#figures" { "Key figures" } }
                @for section in &answers.sections { li { a href={ "#" (section.place.anchor()) } { (section.place.title) } } }
                @if model.sources.is_some() { li { a href="#sources" { "Sources" } } }
            }
        }
        (missing::section("figures", "Key figures", || figures::render(answers)))
        @for section in &answers.sections {
            (missing::section(&section.place.anchor(), section.place.title, || part(answers, section)))
        }
    }
}

/// What people have marked in the period; what has no room stays in the charts and answers.
fn marks(answers: &Answers) -> Markup {
    let all = &answers.annotations;
    html! {
        @if !all.is_empty() {
            ul.marks aria-label="Marked in this period" {
                @for one in all.iter().take(MOST_MARKS) {
                    li data-annotation=(one.id()) {
                        time datetime=(one.time.to_rfc3339()) { (one.time.with_timezone(&answers.tz).format("%-d %b %Y")) }
                        " " (one.text)
                        @if let Some(platform) = &one.scope.platform { span.note { " · " (name(platform)) } }
                        @if let Some(bot) = &one.scope.bot_id { span.note { " · " (bot) } }
                        @if let Some(metric) = &one.scope.metric { span.note { " · " (metric) } }
                    }
                }
                @if all.len() > MOST_MARKS { li.note { "and " (all.len() - MOST_MARKS) " more in the charts" } }
                @if answers.annotations_left_out > 0 {
                    li.note data-left-out=(answers.annotations_left_out) { "and " (sources::count(answers.annotations_left_out)) " earlier ones; " a href="/v1/annotations" { "the list" } " has them" }
                }
            }
        }
    }
}

fn part(answers: &Answers, section: &Section) -> Markup {
    let (title, anchor, metric) = (section.place.title, section.place.anchor(), section.metric);
    let address = |format: &str| format!("/v1/metrics/{}?{}&format={format}", metric.name, section.query);
    html! {
        section id=(anchor) aria-labelledby={ (anchor) "-title" } data-metric=(metric.name) {
            div.section-head {
                h2 id={ (anchor) "-title" } { (title) }
                p.links {
                    // People open it in a spreadsheet.
                    a href={ (address("csv")) "&bom=true" } { "CSV" span.hidden { " of " (title) } }
                    a href=(address("json")) { "JSON" span.hidden { " of " (title) } }
                }
            }
            @match &section.answer {
                Err(why) => (missing::note("This part cannot be shown: ", why)),
                Ok(report) => (told(answers, section, report)),
            }
            details { summary { "What is counted" span.hidden { " in " (title) } } (meaning(metric)) }
        }
    }
}

fn told(answers: &Answers, section: &Section, report: &Report) -> Markup {
    let place = section.place;
    let cut = match report.question.range.interval {
        Some(interval) => format!("Table by {}", interval.as_str()),
        None => "Table of the whole period".to_owned(),
    };
    html! {
        p.reading { ((place.sentence)(report, answers.incomparable().as_deref())) }
        @for chart in section.chart.iter().chain(&section.trend) { (figure(chart)) }
        @if section.undrawn { (missing::note("The picture is missing: ", missing::BROKEN)) }
        @if let Some(young) = maturity::sentence(report) { p.note data-maturity="" { (young) } }
        @if let Some(rates) = rates::sentence(&report.meta.rates) { p.note data-rates="" { (rates) } }
        // A warning as a sentence: programs get it without a capital and a full stop.
        @for warning in &report.meta.warnings { p.caveat { (quoted(&capital(warning.trim_end_matches('.')))) "." } }
        details.table {
            summary { (cut) span.hidden { ", " (place.title) } }
            (table::render(section.view, report, &format!("{}: {cut}", place.title)))
        }
    }
}

/// The chart for a desk and, hidden by the style sheet where it does not fit, the one for a phone.
fn figure(chart: &Chart) -> Markup {
    html! {
        @if let Some(narrow) = &chart.narrow {
            div.chart.wide { (PreEscaped(&chart.wide)) }
            div.chart.narrow { (PreEscaped(narrow)) }
        } @else {
            (sideways())
            div.chart.scroll tabindex="0" role="region" aria-label="Chart, scrollable" { (PreEscaped(&chart.wide)) }
        }
    }
}

/// What stands above a box that is wider than a phone: nothing in it is lost.
pub(super) fn sideways() -> Markup {
    html! { p.note.sideways { "Scroll sideways for what does not fit." } }
}

fn meaning(metric: &Metric) -> Markup {
    let meaning = &metric.definition;
    html! {
        div.meaning {
            p { (quoted(meaning.text)) }
            dl {
                @if !meaning.numerator.is_empty() { div { dt { "Numerator" } dd { (meaning.numerator) } } }
                @if !meaning.denominator.is_empty() { div { dt { "Denominator" } dd { (meaning.denominator) } } }
                @if !meaning.excludes.is_empty() {
                    div { dt { "Excluded" } dd { ul { @for item in meaning.excludes { li { (item) } } } } }
                }
                div { dt { "Definition" } dd { "version " (meaning.version()) ", " a href={ "/docs/metrics#" (metric.name) } { "with its columns and parameters" } } }
            }
        }
    }
}

fn footer(freshness: Option<&Freshness>, model: &PageModel) -> Markup {
    // The same address with this moment in it answers the same tomorrow.
    let pinned = freshness.map(|freshness| {
        let choices = super::Choices {
            as_of: super::choices::instant(freshness.as_of),
            ..model.choices.clone()
        };
        choices.link()
    });
    html! {
        footer {
            ul {
                @if let Some(link) = pinned { li { a href=(link) { "Permanent link to these numbers" } } }
                li { a href="/docs/metrics" { "All metrics and definitions" } }
                li { a href="/docs" { "Documentation" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Choices, Options};
    use super::*;
    use crate::serve::answer::question::QuestionError;

    fn model(problem: Option<QuestionError>) -> PageModel {
        let choices = Choices {
            tz: "<script>".into(),
            ..Choices::default()
        };
        PageModel {
            choices,
            options: Options::default(),
            problem,
            freshness: None,
            answers: None,
            sources: None,
        }
    }

    #[test]
    fn a_wrong_parameter_is_named_and_its_control_stays() {
        let problem = QuestionError::invalid("tz", "must be an IANA zone, not `<script>`");
        let page = render(&model(Some(problem)));
        assert!(page.contains(r#"data-field="tz""#));
        assert!(page.contains("<code>tz</code> must be an IANA zone"));
        assert!(page.contains(r#"value="&lt;script&gt;""#));
        assert!(page.contains(r#"aria-invalid="true""#));
        assert!(!page.contains("<script>"));
    }

    #[test]
    fn an_empty_store_says_how_to_begin() {
        let page = render(&model(None));
        assert!(page.contains("No events yet"));
        assert!(page.contains("POST /v1/events"));
    }
}
