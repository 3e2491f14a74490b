//! A page's Markdown as HTML, with an anchor on each heading and links to the addresses of the other pages.

use std::collections::BTreeMap;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::pages::{Page, address};

/// A heading below the title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 2 for a section, 3 for a part of it, and so on.
    pub level: u8,
    /// Its text.
    pub text: String,
    /// Its anchor, unique in the page, as source browsers name it.
    pub anchor: String,
}

fn parse(text: &str) -> Vec<Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES).collect()
}

/// The headings of a page, without its title.
pub fn headings(page: &Page) -> Vec<Heading> {
    let mut all = named(&parse(page.text));
    all.retain(|heading| heading.level > 1);
    all
}

/// The links of a page, as they are written.
pub fn links(page: &Page) -> Vec<String> {
    let of_link = |event: Event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    };
    parse(page.text).into_iter().filter_map(of_link).collect()
}

/// The text below the title as HTML.
pub fn body(page: &Page) -> String {
    let events = parse(page.text);
    let mut headings = named(&events).into_iter();
    let (mut told, mut in_title) = (Vec::with_capacity(events.len()), false);
    for event in events {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                in_title = level == HeadingLevel::H1;
                if let Some(heading) = headings.next().filter(|_| !in_title) {
                    told.push(opened(level, &heading.anchor));
                }
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => in_title = false,
            Event::End(TagEnd::Heading(level)) => told.push(Event::Html(format!("</a></{level}>\n").into())),
            _ if in_title => {}
            // Comments are for those who edit the file.
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) | Event::Html(_) | Event::InlineHtml(_) => {}
            Event::Start(Tag::Table(columns)) => {
                told.push(Event::Html(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">".into(),
                ));
                told.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => told.extend([event, Event::Html("</div>\n".into())]),
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let dest_url = address(page.file, &dest_url).map_or(dest_url, CowStr::from);
                told.push(Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }));
            }
            event => told.push(event),
        }
    }
    let mut written = String::with_capacity(page.text.len() * 2);
    html::push_html(&mut written, told.into_iter());
    written
}

fn opened(level: HeadingLevel, anchor: &str) -> Event<'static> {
    Event::Html(format!("<{level} id=\"{anchor}\"><a href=\"#{anchor}\">").into())
}

/// The headings in their order, each with an anchor of its own.
fn named(events: &[Event]) -> Vec<Heading> {
    let (mut all, mut taken) = (Vec::new(), BTreeMap::<String, usize>::new());
    let mut open: Option<(u8, String)> = None;
    for event in events {
        match event {
            Event::Start(Tag::Heading { level, .. }) => open = Some((*level as u8, String::new())),
            Event::Text(part) | Event::Code(part) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, text)) = open.take() {
                    let anchor = anchor(&text, &mut taken);
                    all.push(Heading { level, text, anchor });
                }
            }
            _ => {}
        }
    }
    all
}

/// A heading in lower case, with dashes for spaces and without punctuation; a repeated heading gets a number.
fn anchor(text: &str, taken: &mut BTreeMap<String, usize>) -> String {
    let kept = |c: &char| c.is_alphanumeric() || ['-', '_', ' '].contains(c);
    let small = text.chars().filter(kept).flat_map(char::to_lowercase);
    let name: String = small.map(|c| if c == ' ' { '-' } else { c }).collect();
    let before = taken.entry(name.clone()).or_default();
    *before += 1;
    match *before {
        1 => name,
        more => format!("{name}-{}", more - 1),
    }
}
