//! Which of the two parties of a Bot Framework activity is the bot. Few channels say it, and none of the signs below is
//! there in all of them.

use serde::Deserialize;

use super::privacy::bots::Bots;

/// One party of a conversation, or the conversation itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    pub id: Option<String>,
    role: Option<String>,
}

impl Account {
    /// Whether its role is that of a bot.
    pub fn is_bot(&self) -> bool {
        self.has_role(&["bot", "skill"])
    }

    fn has_role(&self, roles: &[&str]) -> bool {
        let role = self.role.as_deref().unwrap_or_default();
        roles.iter().any(|known| role.eq_ignore_ascii_case(known))
    }

    /// Its id, empty where it has none.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }
}

/// Who speaks to whom, where.
pub(super) struct Parties<'a> {
    pub channel: &'a str,
    pub conversation: &'a str,
    pub answers: bool,
    pub from: Account,
    pub recipient: Account,
}

impl Parties<'_> {
    /// Whether the bot is the sender: by the roles, else as configured, else by how the channel writes ids, else as
    /// an answer. What says nothing of the kind has come in.
    pub fn is_outbound(&self, bots: &Bots) -> bool {
        let (from, recipient) = (self.from.id(), self.recipient.id());
        self.by_role()
            .or_else(|| one_of(bots.knows(from), bots.knows(recipient)))
            .or_else(|| one_of(self.writes_bot(from), self.writes_bot(recipient)))
            .or_else(|| one_of(self.writes_person(recipient), self.writes_person(from)))
            .or_else(|| self.by_conversation())
            .unwrap_or(self.answers)
    }

    fn by_role(&self) -> Option<bool> {
        if self.from.is_bot() || self.recipient.is_bot() {
            return Some(self.from.is_bot() && !self.recipient.is_bot());
        }
        one_of(self.recipient.has_role(&["user"]), self.from.has_role(&["user"]))
    }

    /// Whether the channel writes only bots' ids so.
    fn writes_bot(&self, id: &str) -> bool {
        match self.channel {
            "msteams" | "skype" | "skypeforbusiness" => id.starts_with("28:"),
            "slack" => id.starts_with('B') && id.contains(':'),
            // A bot goes by its user name there, a person by a number.
            "telegram" => id.bytes().any(|b| b.is_ascii_alphabetic()),
            _ => false,
        }
    }

    /// Whether the channel writes only people's ids so.
    fn writes_person(&self, id: &str) -> bool {
        match self.channel {
            "msteams" | "skype" | "skypeforbusiness" => id.starts_with("29:") || id.starts_with("8:"),
            "slack" => id.starts_with(['U', 'W']) && id.contains(':'),
            "directline" | "webchat" => id.starts_with("dl_"),
            _ => false,
        }
    }

    /// Messenger's conversations are named after the person and the page, in this order.
    fn by_conversation(&self) -> Option<bool> {
        let (person, page) = self
            .conversation
            .split_once('-')
            .filter(|_| self.channel == "facebook")?;
        one_of(
            (page, person) == (self.from.id(), self.recipient.id()),
            (person, page) == (self.from.id(), self.recipient.id()),
        )
    }
}

/// True or false where exactly one of the two holds.
fn one_of(yes: bool, no: bool) -> Option<bool> {
    (yes != no).then_some(yes)
}
