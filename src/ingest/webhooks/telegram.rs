//! Telegram: messages, button presses, memberships and payments of one bot.
//!
//! Updates do not name their bot: the source's `bot_id` does. A conversation is a chat with it: its id is
//! `{bot id}:{chat id}`. The secret travels in a header; the body is not signed.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::decimals::{Decimals, from_integer};
use super::delivery::{Delivery, Stamp, first_member, id_of_body, integer, text};
use super::instrument::Instrument;
use super::links::link_text;
use super::networks::slug;
use super::signature::{check_secrets, required, same_token, signed};
use super::{Endpoint, Lookup, Provider, Refusal, Request};
use crate::config::{Secret, SettingError, Source};
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::{Acquisition, CheckoutPath, Direction, Event, EventType, Money, TimeOrigin};

/// Telegram's webhooks.
pub const PROVIDER: Provider = Provider { name: NAME, open };

/// The provider's name, the platform of its events, and the provider of Stars.
const NAME: &str = "telegram";

/// The header with the secret that the webhook was set with.
const SECRET: &str = "x-telegram-bot-api-secret-token";

/// The provider behind a provider token that the settings do not name.
const UNKNOWN: &str = "unknown";

/// Telegram Stars, the currency that Telegram processes itself.
const STARS: &str = "XTR";

/// Telegram's currencies that have not two decimals. Its amounts are whole numbers of the smallest unit.
const DECIMALS: Decimals = &[
    ("BHD", 3),
    ("CLP", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JPY", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("UGX", 0),
    ("VND", 0),
    // Stars, of which there are no parts.
    ("XTR", 0),
];

/// What a person says; a message without any of these tells of the chat itself.
const SAID: &str = "animation audio checklist chat_shared contact dice document game live_photo location paid_media \
                    photo poll rich_message sticker story text user_shared users_shared venue video video_note voice \
                    web_app_data";

/// Members that every message may have.
const ENVELOPE: [&str; 6] = ["chat", "date", "from", "message_id", "message_thread_id", "sender_chat"];

/// The settings of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Telegram {
    /// Secret tokens of `setWebhook`; several while one is being replaced.
    secrets: Vec<Secret>,
    /// Who processes what is paid in currencies, behind the bot's provider token.
    #[serde(default = "unknown")]
    payment_provider: String,
    /// The bot's user name, under which others know it.
    user_name: Option<String>,
}

fn unknown() -> String {
    UNKNOWN.into()
}

fn open(source: &Source) -> Result<Box<dyn Endpoint>, SettingError> {
    let settings: Telegram = source.settings()?;
    check_secrets("secrets", &settings.secrets)?;
    if source.bot_id.as_deref().is_none_or(str::is_empty) {
        return Err(SettingError::new(
            "bot_id",
            "is required: Telegram's updates do not name their bot",
        ));
    }
    let provider = &settings.payment_provider;
    if *provider != slug(provider) || provider == NAME {
        let message =
            "must be the name of a payment processor such as \"stripe\"; leave it out if the bot only takes Stars";
        return Err(SettingError::new("payment_provider", message));
    }
    if settings.user_name.as_deref().is_some_and(|name| !is_user_name(name)) {
        let message = "must be the bot's user name, such as \"shop_sample_bot\"";
        return Err(SettingError::new("user_name", message));
    }
    Ok(Box::new(settings))
}

impl Endpoint for Telegram {
    /// The token is all that there is to check.
    fn announced(&self, headers: &Lookup<'_>, _: DateTime<Utc>) -> Result<(), Refusal> {
        let token = required(headers, SECRET)?;
        // All are compared, so that the time does not tell which one came close.
        let matches = self
            .secrets
            .iter()
            .filter(|secret| same_token(secret.text(), &token))
            .count();
        signed(matches > 0)
    }

    fn verify(&self, request: &Request<'_>) -> Result<(), Refusal> {
        self.announced(request.headers, request.now)
    }

    fn events(&self, delivery: &Delivery<'_>, raw_body: &[u8]) -> Vec<Event> {
        delivery.read(raw_body, |body| vec![Update::new(self, delivery, body).event_or_kept()])
    }
}

/// One update: its number, and the one member that says what it is about.
struct Update<'a> {
    settings: &'a Telegram,
    delivery: &'a Delivery<'a>,
    bot: &'a str,
    id: String,
    name: &'a str,
    content: &'a Value,
    stamp: Stamp,
}

impl<'a> Update<'a> {
    fn new(settings: &'a Telegram, delivery: &'a Delivery<'a>, body: &'a Value) -> Self {
        let id = text(&body["update_id"]).map_or_else(|| id_of_body(body), |number| format!("update:{number}"));
        let members = body.as_object().into_iter().flatten();
        let about = members.map(|(name, content)| (name.as_str(), content));
        let (name, content) = about
            .filter(|(name, _)| *name != "update_id")
            .find(|(_, content)| content.is_object())
            .unwrap_or(("unnamed", &Value::Null));
        let mut stamp = delivery.stamp(content.get("date"), 1);
        // Queries have no time. Telegram counts whole seconds: a receipt within the second of the payment that
        // follows it must not lie after that payment.
        if stamp.origin != TimeOrigin::Given {
            stamp.time = DateTime::from_timestamp(stamp.time.timestamp(), 0).unwrap_or(stamp.time);
        }
        Update {
            settings,
            delivery,
            bot: delivery.source.bot_id.as_deref().unwrap_or_default(),
            id,
            name,
            content,
            stamp,
        }
    }

    fn event_or_kept(&self) -> Event {
        self.map().unwrap_or_else(|uncounted| self.uncounted(uncounted))
    }

    fn uncounted(&self, uncounted: Uncounted) -> Event {
        self.delivery
            .uncounted(&self.id, &self.type_name(), uncounted, self.stamp)
    }

    fn map(&self) -> Verdict {
        let content = self.content;
        match self.name {
            "message" if content["successful_payment"].is_object() => self.paid(&content["successful_payment"]),
            "message" if content["refunded_payment"].is_object() => self.given_back(&content["refunded_payment"]),
            "message" if !content["migrate_to_chat_id"].is_null() => {
                self.moved(&content["chat"]["id"], &content["migrate_to_chat_id"])
            }
            "message" if !content["migrate_from_chat_id"].is_null() => {
                self.moved(&content["migrate_from_chat_id"], &content["chat"]["id"])
            }
            "message" => self.message(),
            // A button under the bot's message; under one sent in the bot's name elsewhere, there is no chat with it.
            "callback_query" if content["message"].is_object() => {
                self.said(&content["message"]["chat"], &content["from"], Direction::In)
            }
            "my_chat_member" => self.membership(),
            "pre_checkout_query" => {
                let mut event = self.of_invoice(EventType::CheckoutStarted, content)?;
                // A checkout counts with or without an amount.
                event.amount = self.amount(content).ok();
                Ok(event)
            }
            // The address changes what is to be paid.
            "shipping_query" => self.of_invoice(EventType::CartUpdated, content),
            _ => Err(Uncounted::Ignored),
        }
    }

    fn message(&self) -> Verdict {
        let (message, from) = (self.content, &self.content["from"]);
        let own = self.is_own(from);
        let other_bot = from["is_bot"] == true && !own;
        if other_bot || SAID.split(' ').all(|name| message[name].is_null()) {
            return Err(Uncounted::Ignored);
        }
        let direction = if own { Direction::Out } else { Direction::In };
        let mut event = self.said(&message["chat"], from, direction)?;
        if let Some(payload) = message["text"].as_str().and_then(start_payload)
            && !own
        {
            event.kind = EventType::ConversationStarted;
            event.direction = None;
            event.acquisition = Some(if payload.is_empty() {
                Acquisition::Organic
            } else {
                Acquisition::Link
            });
        }
        Ok(event)
    }

    /// A group becomes a supergroup and gets another id; the conversation goes on.
    fn moved(&self, group: &Value, supergroup: &Value) -> Verdict {
        let (group, supergroup) = text(group)
            .zip(text(supergroup))
            .ok_or(Uncounted::Quarantined(Reason::NoChat))?;
        let mut event = self.uncounted(Uncounted::Ignored);
        event.platform = Some(NAME.into());
        event.bot_id = Some(self.bot.into());
        event.conversation_id = Some(format!("{}:{group}", self.bot));
        event.aliases = vec![format!("{}:{supergroup}", self.bot)];
        Ok(event)
    }

    /// Whether a sender is the bot itself, by its id or its user name.
    fn is_own(&self, from: &Value) -> bool {
        let names = [Some(self.bot), self.settings.user_name.as_deref()];
        let by_name = |name: &str| {
            names
                .iter()
                .flatten()
                .any(|known| known.trim_start_matches('@').eq_ignore_ascii_case(name))
        };
        text(&from["id"]).as_deref() == Some(self.bot) || from["username"].as_str().is_some_and(by_name)
    }

    fn said(&self, chat: &Value, from: &Value, direction: Direction) -> Verdict {
        let mut event = self.event(EventType::ConversationMessage, chat, from)?;
        event.direction = Some(direction);
        Ok(event)
    }

    /// The bot enters or leaves a chat; in a private one it is let in again or blocked.
    fn membership(&self) -> Verdict {
        let change = self.content;
        let inside = |side: &str| match change[side]["status"].as_str() {
            Some("creator" | "administrator" | "member") => true,
            Some("restricted") => change[side]["is_member"] == true,
            _ => false,
        };
        let kind = match (inside("old_chat_member"), inside("new_chat_member")) {
            // A channel is no conversation.
            _ if change["chat"]["type"] == "channel" => return Err(Uncounted::Ignored),
            (false, true) => EventType::ConversationStarted,
            (true, false) => EventType::ConversationEnded,
            _ => return Err(Uncounted::Ignored),
        };
        self.event(kind, &change["chat"], &change["from"])
    }

    /// Money taken. The processor's own webhook tells of the same charge: sharing its id, the money counts once.
    ///
    /// No attempt and no capture is named, so that this adds to the charge of a payment that is named by its intent.
    fn paid(&self, payment: &Value) -> Verdict {
        let mut event = self.of_invoice(EventType::TransactionCaptured, payment)?;
        event.amount = Some(self.amount(payment)?);
        self.name_payment(event, payment)
    }

    /// Stars given back: the sum so far, so that telling it twice changes nothing.
    fn given_back(&self, payment: &Value) -> Verdict {
        let mut event = self.of_invoice(EventType::TransactionRefunded, payment)?;
        event.amount = Some(self.amount(payment)?);
        event.cumulative = true;
        self.name_payment(event, payment)
    }

    fn name_payment(&self, mut event: Event, payment: &Value) -> Verdict {
        let (own, theirs) = (
            text(&payment["telegram_payment_charge_id"]),
            text(&payment["provider_payment_charge_id"]),
        );
        let (provider, id) = if payment["currency"] == STARS {
            Instrument::without_network("stars").apply(&mut event);
            (NAME, own)
        } else if self.settings.payment_provider == UNKNOWN {
            (UNKNOWN, theirs.or(own))
        } else {
            (self.settings.payment_provider.as_str(), theirs)
        };
        event.provider = Some(provider.into());
        event.payment_id = Some(id.ok_or(Uncounted::Quarantined(Reason::NoChargeId))?);
        Ok(event)
    }

    /// An event about an invoice. What the bot wrote into it comes before what the update says.
    fn of_invoice(&self, kind: EventType, invoice: &Value) -> Verdict {
        let from = &self.content["from"];
        // Queries come without their chat: it is the private one, whose id is the person's.
        let chat = if self.content["chat"].is_object() {
            &self.content["chat"]
        } else {
            from
        };
        let mut event = self.event(kind, chat, from)?;
        let chat = event.conversation_id.take();
        let payload = invoice["invoice_payload"].as_str().unwrap_or_default();
        link_text(&mut event, payload, self.delivery);
        event.conversation_id = event.conversation_id.or(chat);
        event.path = event.path.or(Some(CheckoutPath::InThread));
        Ok(event)
    }

    fn amount(&self, invoice: &Value) -> Verdict<Money> {
        let total = integer(&invoice["total_amount"]);
        from_integer(total, &invoice["currency"], DECIMALS, self.delivery.source)
    }

    /// An event of a conversation.
    fn event(&self, kind: EventType, chat: &Value, from: &Value) -> Verdict {
        let chat_id = text(&chat["id"]).ok_or(Uncounted::Quarantined(Reason::NoChat))?;
        let person = text(&from["id"]).filter(|_| from["is_bot"] != true);
        let mut event = self.delivery.event(self.id.clone(), kind, self.stamp);
        event.platform = Some(NAME.into());
        event.bot_id = Some(self.bot.into());
        event.conversation_id = Some(format!("{}:{chat_id}", self.bot));
        // What the bot itself says in a private chat is about the person there.
        event.user_id = person.or_else(|| (chat["type"] == "private").then_some(chat_id));
        Ok(event)
    }

    /// The member of the update, and of a message that nobody said the one that tells what happened.
    fn type_name(&self) -> String {
        if self.name != "message" {
            return self.name.into();
        }
        format!("message.{}", first_member(self.content, &ENVELOPE))
    }
}

/// Whether a text is a user name of Telegram, with or without the sign before it.
fn is_user_name(text: &str) -> bool {
    let name = text.strip_prefix('@').unwrap_or(text);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What follows the command that opens a chat; it is there where a link led to the bot.
fn start_payload(said: &str) -> Option<&str> {
    let (command, payload) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
    let name = command.split('@').next().unwrap_or_default();
    (name == "/start").then_some(payload.trim())
}
