//! Links from a payment to its conversation: what a bot writes into a payment's metadata.
//!
//! Each link is checked as the field of that name in a native event is. A payment is never refused for one that is
//! wrong: the link is dropped.

use serde_json::Value;

use super::super::values::{check_text, check_word};
use super::delivery::{Delivery, text};
use crate::config::Links;
use crate::ingest::mend::document;
use crate::model::{CheckoutPath, Credential, Event};

/// Bytes of the longest text in which links are looked for; providers take far shorter ones.
const LONGEST: usize = 8 << 10;

/// The names under which the settings let payments carry links.
pub(super) fn names_of(links: &Links) -> [&str; 7] {
    [
        &links.bot_id,
        &links.conversation_id,
        &links.user_id,
        &links.platform,
        &links.checkout_id,
        &links.path,
        &links.credential,
    ]
}

/// Copies the known names of `metadata` into the event; everything else in it stays unread.
pub(super) fn link(event: &mut Event, metadata: &Value, delivery: &Delivery<'_>) {
    fill(event, delivery, &|name| text(&metadata[name]));
}

/// Reads a text such as PayPal's `custom_id`: `bot_id=b1&conversation_id=c1`, a JSON object of the same names,
/// or, where the source says what it is, a plain text.
pub(super) fn link_text(event: &mut Event, written: &str, delivery: &Delivery<'_>) {
    let names = &delivery.source.links;
    if written.len() > LONGEST {
        return;
    }
    if let Some(metadata @ Value::Object(_)) = document(written.as_bytes()) {
        return link(event, &metadata, delivery);
    }
    let known = names_of(names);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(written.as_bytes()).into_owned().collect();
    let named = written.contains('=') && pairs.iter().any(|(name, _)| known.contains(&name.as_str()));
    fill(event, delivery, &|name| {
        if named {
            let found = pairs.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        } else {
            (!names.plain.is_empty() && names.plain == name && !written.is_empty()).then(|| written.to_owned())
        }
    });
}

/// Fills what the event does not name yet.
fn fill(event: &mut Event, delivery: &Delivery<'_>, find: &dyn Fn(&str) -> Option<String>) {
    let names = &delivery.source.links;
    let value = |name: &str| find(name).filter(|value| !name.is_empty() && check_text(value).is_ok());
    let spelled = |name: &str| word(&value(name)?);
    let set = |field: &mut Option<String>, name: &str| {
        if field.is_none() {
            *field = value(name);
        }
    };
    set(&mut event.bot_id, &names.bot_id);
    set(&mut event.conversation_id, &names.conversation_id);
    set(&mut event.user_id, &names.user_id);
    set(&mut event.checkout_id, &names.checkout_id);
    event.platform = event.platform.take().or_else(|| spelled(&names.platform));
    event.path = event.path.or_else(|| CheckoutPath::parse(&spelled(&names.path)?));
    event.credential = event
        .credential
        .or_else(|| Credential::parse(&spelled(&names.credential)?));
}

/// A word in the contract's spelling, `in_thread` of `In-Thread`; none where it cannot be one.
fn word(written: &str) -> Option<String> {
    let word = written.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    (!word.is_empty() && check_word(&word).is_ok()).then_some(word)
}

/// What the source's settings say where no link of the payment does: its platform, and its only bot.
pub(super) fn complete(event: &mut Event, delivery: &Delivery<'_>) {
    if event.platform.is_none() {
        event.platform = delivery.source.platform.clone();
    }
    // Conversations of these platforms are named after their bot: `{bot}:{person}`.
    let prefixed = matches!(event.platform.as_deref(), Some("messenger" | "telegram"));
    if event.bot_id.is_none() && prefixed {
        let bot = event.conversation_id.as_deref().and_then(|id| id.split_once(':'));
        event.bot_id = bot.map(|(bot, _)| bot.to_owned()).filter(|bot| !bot.is_empty());
    }
    if event.bot_id.is_none() {
        event.bot_id = delivery.source.bot_id.clone();
    }
}

/// Whether the event names anything that ties it to a bot.
pub(super) fn is_linked(event: &Event) -> bool {
    event.bot_id.is_some() || event.conversation_id.is_some() || event.checkout_id.is_some()
}
