//! The thread from a payment back to its conversation: what a bot writes into a payment's metadata.

use serde_json::Value;

use super::delivery::{Delivery, text};
use crate::model::{CheckoutPath, Credential, Event};

/// The longest value that is taken for an id.
const LONGEST: usize = 500;

/// Copies the known names of `metadata` into the event; everything else in it stays unread.
pub(super) fn link(event: &mut Event, metadata: &Value, delivery: &Delivery<'_>) {
    let value = |name: &str| text(&metadata[name]).filter(|value| value.len() <= LONGEST);
    event.bot_id = value("bot_id");
    event.conversation_id = value("conversation_id");
    event.user_id = value("user_id");
    event.checkout_id = value("checkout_id");
    event.path = value("path").and_then(|word| CheckoutPath::parse(&word));
    event.credential = value("credential").and_then(|word| Credential::parse(&word));
    event.platform = value("platform").or_else(|| delivery.platform().map(str::to_owned));
}

/// Whether the event names anything that ties it to a bot.
pub(super) fn is_linked(event: &Event) -> bool {
    event.bot_id.is_some() || event.conversation_id.is_some() || event.checkout_id.is_some()
}
