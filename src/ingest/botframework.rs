//! Bot Framework: an activity as the data of a CloudEvent of the type `bot.activity`.
//!
//! What was said, who is called what, and what is attached stay unread.

mod beside;

use serde_json::{Map, Value};

use super::json::{self, Members};
use super::misspelt;
use super::parties::{Account, Parties};
use super::privacy::Privacy;
use super::rejection::{Code, Rejection};
use super::{data, mend, values, verdict};
use crate::model::event::content_key;
use crate::model::{Event, EventType};

/// The CloudEvents type whose data is an activity.
pub const TYPE: &str = "bot.activity";

/// Microsoft's channel for Messenger, and the platform that it is.
const MESSENGER: (&str, &str) = ("facebook", "messenger");

/// The channel of the program that developers try their bots in.
const EMULATOR: &str = "emulator";

/// The time that an activity states, for an event that states none itself.
///
/// # Errors
/// `wrong_type` if it is not a string.
pub fn timestamp(activity: &Members<'_>) -> Result<Option<String>, Rejection> {
    text(activity, "timestamp")
}

/// Fills an event from an activity, with the digest of its content.
///
/// # Errors
/// The first fault, named by the activity's field.
pub fn apply(event: &mut Event, activity: &Members<'_>, privacy: &Privacy) -> Result<(), Rejection> {
    let name = needed(text(activity, "type")?, "data.type")?;
    let channel = text(activity, "channelId")?.map(|channel| channel.to_ascii_lowercase());
    let conversation = account(activity, "conversation")?;
    let parties = Parties {
        channel: channel.as_deref().unwrap_or_default(),
        conversation: conversation.id.as_deref().unwrap_or_default(),
        // A bot's message names the one that it answers, and says whether it expects an answer itself.
        answers: member(activity, "replyToId").is_some() || member(activity, "inputHint").is_some(),
        from: account(activity, "from")?,
        recipient: account(activity, "recipient")?,
    };
    let outbound = parties.is_outbound(privacy.bots());
    let Parties { from, recipient, .. } = parties;
    let (bot, bot_at, person, person_at) = if outbound {
        (from, "data.from.id", recipient, "data.recipient.id")
    } else {
        (recipient, "data.recipient.id", from, "data.from.id")
    };
    let added = added(activity)?;
    let is_person = |member: &Account| !member.is_bot() && member.id != bot.id && !privacy.bots().knows(member.id());
    let newcomer = added.into_iter().find(is_person);
    let (kind, person, person_at) = match (name.as_str(), newcomer) {
        ("message", _) => (EventType::ConversationMessage, person, person_at),
        ("endOfConversation", _) => (EventType::ConversationEnded, person, person_at),
        ("conversationUpdate", Some(newcomer)) => (EventType::ConversationStarted, newcomer, "data.membersAdded"),
        _ => return uncounted(event, &name),
    };
    let bot = needed(bot.id, bot_at)?;
    let channel = needed(channel, "data.channelId")?;
    let conversation = needed(conversation.id, "data.conversation.id")?;
    let platform = platform(&channel);
    let conversation = match platform.as_str() {
        // As the webhooks of these platforms name it.
        "messenger" => format!("{bot}:{}", needed(person.id.clone(), person_at)?),
        "telegram" => format!("{bot}:{conversation}"),
        _ => conversation,
    };
    let mut fields = Map::new();
    let mut set = |field: &str, value: String| fields.insert(field.into(), value.into());
    set("platform", platform);
    set("bot_id", bot);
    set("conversation_id", conversation);
    person.id.filter(|id| !id.is_empty()).map(|id| set("user_id", id));
    if kind == EventType::ConversationMessage {
        set("direction", if outbound { "out" } else { "in" }.into());
    }
    if channel == EMULATOR {
        set("mode", "test".into());
    }
    event.kind = kind;
    beside::tell(event, activity);
    let filled = fill(event, fields, privacy).map(|()| privacy.bots().settle_named(event));
    filled.map_err(|mut rejection| {
        let at = match rejection.field.as_deref() {
            Some("data.bot_id") => bot_at,
            Some("data.user_id") => person_at,
            Some("data.platform") => "data.channelId",
            _ => "data.conversation.id",
        };
        rejection.field = Some(at.into());
        rejection
    })
}

/// An activity that no metric reads: its type and nothing else.
fn uncounted(event: &mut Event, name: &str) -> Result<(), Rejection> {
    values::check_text(name).map_err(|rejection| rejection.at("data.type"))?;
    event.kind = EventType::Other;
    let name = if misspelt::is_plain(name) {
        name
    } else {
        misspelt::UNNAMED
    };
    event.notice = Some(name.into());
    let text = verdict::text(event).unwrap_or_default();
    event.content = content_key(event.kind.as_str(), event.subject.as_deref(), &text);
    Ok(())
}

fn fill(event: &mut Event, fields: Map<String, Value>, privacy: &Privacy) -> Result<(), Rejection> {
    let text = Value::Object(fields).to_string();
    data::apply(event, &Members::parse(&text).map_err(json::malformed)?, privacy)
}

/// The platform of a channel: its name in the letters that platforms are written in.
fn platform(channel: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let name: String = channel.chars().map(plain).collect();
    if name == MESSENGER.0 { MESSENGER.1.into() } else { name }
}

fn member<'a>(activity: &Members<'a>, name: &str) -> Option<&'a str> {
    Some(activity.get(name)?.get()).filter(|raw| *raw != "null")
}

fn text(activity: &Members<'_>, name: &str) -> Result<Option<String>, Rejection> {
    let Some(raw) = member(activity, name) else {
        return Ok(None);
    };
    let fault = match json::string(raw) {
        Ok(Some(text)) => return Ok(Some(text.into_owned())),
        Ok(None) => Rejection::new(Code::WrongType, "must be a string"),
        Err(unreadable) => unreadable,
    };
    Err(fault.at(name.to_owned()).under("data"))
}

fn account(activity: &Members<'_>, name: &str) -> Result<Account, Rejection> {
    let Some(raw) = member(activity, name) else {
        return Ok(Account::default());
    };
    mend::read(raw).map_err(|error| {
        other(&error, "must be an object with a string `id`")
            .at(name.to_owned())
            .under("data")
    })
}

fn added(activity: &Members<'_>) -> Result<Vec<Account>, Rejection> {
    let Some(raw) = member(activity, "membersAdded") else {
        return Ok(Vec::new());
    };
    mend::read(raw)
        .map_err(|error| other(&error, "must be an array of objects with a string `id`").at("data.membersAdded"))
}

/// A member that is something else, or in which a text that is read cannot be.
fn other(error: &serde_json::Error, message: &'static str) -> Rejection {
    let code = if error.is_data() {
        Code::WrongType
    } else {
        Code::Malformed
    };
    Rejection::new(code, message)
}

fn needed(value: Option<String>, field: &'static str) -> Result<String, Rejection> {
    value.ok_or_else(|| Rejection::new(Code::MissingField, "an activity of this type requires this field").at(field))
}
