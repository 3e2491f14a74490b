//! Which ids are bots' and no people's, and the one id of a bot that goes by two.

use std::collections::BTreeSet;

use crate::config::{Config, Source};
use crate::model::Event;

/// Telegram's name as a platform and as the provider of a source.
const TELEGRAM: &str = "telegram";

/// The bots that the configuration names.
#[derive(Debug, Default)]
pub struct Bots {
    ids: BTreeSet<String>,
    /// Telegram's bots: user name in small letters, and id.
    named: Vec<(String, String)>,
    /// The id of the only bot of Telegram, where its user name is not configured.
    only: Option<String>,
}

impl Bots {
    /// Those of a configuration.
    pub fn of(config: &Config) -> Self {
        let ids = config.sources.iter().filter_map(|source| source.bot_id.clone());
        let telegram = config.sources.iter().filter(|source| source.provider == TELEGRAM);
        let pair = |source: &Source| Some((user_name(source), source.bot_id.clone()?));
        let pairs: BTreeSet<(Option<String>, String)> = telegram.filter_map(pair).collect();
        let only = match pairs.first() {
            Some((None, id)) if pairs.len() == 1 => Some(id.clone()),
            _ => None,
        };
        let named: Vec<_> = pairs.into_iter().filter_map(|(name, id)| Some((name?, id))).collect();
        Bots {
            ids: ids.chain(config.privacy.bots.iter().cloned()).collect(),
            named,
            only,
        }
    }

    /// Whether an id is that of a configured bot.
    pub fn knows(&self, id: &str) -> bool {
        self.ids.contains(id) || self.id(id).is_some()
    }

    /// Puts the id of a Telegram bot where an event names it by its user name, in its conversation as well.
    pub fn settle(&self, event: &mut Event) {
        self.rename(event, |name| self.id(name));
    }

    /// As [`Bots::settle`], for a sender that knows Telegram's bots by their user names only: where one bot is
    /// configured, and not under which name, it is that one.
    pub fn settle_named(&self, event: &mut Event) {
        self.rename(event, |name| {
            let is_name = !name.bytes().all(|b| b.is_ascii_digit());
            self.id(name).or_else(|| self.only.as_deref().filter(|_| is_name))
        });
    }

    fn id(&self, name: &str) -> Option<&str> {
        let name = bare(name);
        let mut named = self.named.iter();
        let found = named.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, id)| id.as_str())
    }

    fn rename<'a>(&self, event: &mut Event, id: impl Fn(&str) -> Option<&'a str>) {
        if event.platform.as_deref() != Some(TELEGRAM) {
            return;
        }
        if let Some(id) = event.bot_id.as_deref().and_then(&id) {
            event.bot_id = Some(id.to_owned());
        }
        let parts = event.conversation_id.as_deref().and_then(|id| id.rsplit_once(':'));
        if let Some((id, chat)) = parts.and_then(|(bot, chat)| Some((id(bot)?, chat))) {
            event.conversation_id = Some(format!("{id}:{chat}"));
        }
    }
}

/// The user name in a Telegram source's settings; its type is checked where the source is opened.
fn user_name(source: &Source) -> Option<String> {
    let name = source.settings.get("user_name")?.as_str()?;
    Some(bare(name).to_ascii_lowercase())
}

/// A user name without the sign that people write before it.
fn bare(name: &str) -> &str {
    name.strip_prefix('@').unwrap_or(name)
}
