//! The table of pages, and the addresses that links between their files have here.

/// A page of the documentation.
#[derive(Debug)]
pub struct Page {
    /// Its name in the address `/docs/{slug}`.
    pub slug: &'static str,
    /// What it is about, for the list of pages.
    pub about: &'static str,
    /// The file, relative to the project.
    pub file: &'static str,
    /// The text in Markdown; its first line is the title.
    pub text: &'static str,
}

impl Page {
    /// The title.
    pub fn title(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.trim_start_matches('#').trim()
    }
}

macro_rules! page {
    ($slug:literal, $file:literal, $about:literal) => {
        Page {
            slug: $slug,
            about: $about,
            file: $file,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $file)),
        }
    };
}

/// Every page that is made of a file, in the order of the list.
pub const PAGES: &[Page] = &[
    page!(
        "readme",
        "README.md",
        "What it is, quick start, first event, first question, how it is built, and how to add to it."
    ),
    page!(
        "events",
        "src/ingest/events.md",
        "Send events: formats, acknowledgement, event types and fields, repeats, corrections, rejection codes."
    ),
    page!(
        "webhooks",
        "src/ingest/webhooks/providers.md",
        "What all webhooks have in common: setting up a source, signatures, joining payments to conversations."
    ),
    page!(
        "stripe",
        "src/ingest/webhooks/stripe.md",
        "Connect Stripe, and what becomes of its notices."
    ),
    page!(
        "paypal",
        "src/ingest/webhooks/paypal.md",
        "Connect PayPal, and what becomes of its notices."
    ),
    page!(
        "braintree",
        "src/ingest/webhooks/braintree.md",
        "Connect Braintree, and send the card sales that it has no webhook for."
    ),
    page!(
        "messenger",
        "src/ingest/webhooks/messenger.md",
        "Connect Messenger, and what becomes of its updates."
    ),
    page!(
        "telegram",
        "src/ingest/webhooks/telegram.md",
        "Connect a Telegram bot, and what becomes of its updates."
    ),
    page!(
        "segment",
        "src/ingest/segment/segment.md",
        "Send events with Segment's client libraries."
    ),
    page!(
        "botframework",
        "src/ingest/botframework/botframework.md",
        "Send the activities of a bot on the Bot Framework."
    ),
    page!(
        "api",
        "src/serve/api.md",
        "Ask questions over HTTP: parameters, formats, charts, annotations, sources, quarantine and error codes."
    ),
    page!(
        "every-metric",
        "src/metrics/metrics.md",
        "Completeness, rates and intervals, currencies and exchange rates, rounding, and notes on single metrics."
    ),
    page!(
        "configuration",
        "src/config/configuration.md",
        "The configuration file, environment variables and flags, with their defaults."
    ),
    page!(
        "operations",
        "src/store/operations.md",
        "Commands, keys, memory, durability, backup, monitoring, measurements and known limits."
    ),
    page!(
        "privacy",
        "src/store/privacy.md",
        "What is stored of people, card numbers and fields that the contract does not define."
    ),
    page!(
        "architecture",
        "src/architecture.md",
        "How the program works inside, for contributors."
    ),
];

/// The address that a link in a page's file has here: a file becomes its page, everything else stays as it is written.
/// `None` for a file that is not a page.
pub fn address(from: &str, link: &str) -> Option<String> {
    if link.starts_with('#') || link.contains("://") {
        return Some(link.to_owned());
    }
    let (path, anchor) = link.find('#').map_or((link, ""), |at| link.split_at(at));
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(folders.pop()?),
            part => folders.push(part),
        }
    }
    let file = folders.join("/");
    let page = PAGES.iter().find(|page| page.file == file)?;
    Some(format!("/docs/{}{anchor}", page.slug))
}
