//! Members of an activity that are neither read nor part of Microsoft's schema.

use super::super::json::Members;
use super::super::misspelt;
use super::member;
use crate::model::Event;

/// What is read of an activity, and of its parties and its conversation.
const READ: [&str; 7] = [
    "type",
    "timestamp",
    "channelId",
    "from",
    "recipient",
    "conversation",
    "membersAdded",
];
const READ_OF_ACCOUNT: [&str; 2] = ["id", "role"];

/// What else an activity, and what a party or a conversation has by Microsoft's schema: it is not read, and not told.
const OF_SCHEMA: &[&str] = &[
    "action",
    "attachmentLayout",
    "attachments",
    "callerId",
    "channelData",
    "code",
    "deliveryMode",
    "entities",
    "expiration",
    "historyDisclosed",
    "id",
    "importance",
    "inputHint",
    "label",
    "listenFor",
    "localTimestamp",
    "localTimezone",
    "locale",
    "membersRemoved",
    "name",
    "reactionsAdded",
    "reactionsRemoved",
    "relatesTo",
    "replyToId",
    "semanticAction",
    "serviceUrl",
    "speak",
    "suggestedActions",
    "summary",
    "text",
    "textFormat",
    "textHighlights",
    "topicName",
    "value",
    "valueType",
];
const OF_ACCOUNT_SCHEMA: &[&str] = &[
    "aadObjectId",
    "conversationType",
    "isGroup",
    "name",
    "properties",
    "tenantId",
];

/// Tells it to the sender of a counted activity.
pub(super) fn tell(event: &mut Event, activity: &Members<'_>) {
    beside(event, "data.", activity, &READ, OF_SCHEMA);
    for name in ["from", "recipient", "conversation"] {
        let account = member(activity, name).and_then(|raw| Members::parse(raw).ok());
        if let Some(account) = account {
            let parent = format!("data.{name}.");
            beside(event, &parent, &account, &READ_OF_ACCOUNT, OF_ACCOUNT_SCHEMA);
        }
    }
}

fn beside(event: &mut Event, parent: &str, members: &Members<'_>, read: &[&'static str], known: &[&str]) {
    for (name, _) in members
        .iter()
        .filter(|(name, _)| !read.contains(name) && !known.contains(name))
    {
        let meant = misspelt::nearest(name, read.iter().copied()).map(|meant| format!("{parent}{meant}"));
        event.ignored.add(misspelt::ignored(parent, name, meant));
    }
}
