//! What of an event is kept: people under pseudonyms, and nothing of cards, addresses and names.
//!
//! Every event passes here after it is read and before it reaches the store, so that nothing else
//! ever touches the disk. Its content digest is made from what is kept.

pub mod bots;
pub mod cards;
pub mod emails;
pub mod fields;
pub mod outside;
pub mod pseudonym;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::json;
use super::rejection::{Code, Rejection};
use super::values::check_text;
use crate::config::{Config, UserIds};
use crate::model::{Event, EventType};
use crate::store::{Store, StoreError};
use bots::Bots;
use fields::CARD_REMOVED;
use pseudonym::{Key, KeyError, Pseudonyms};

/// Why pseudonyms cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// The key cannot be read or made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a text of an event is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Names a thing: kept, unless it is written like a card number.
    Id,
    /// Names a person.
    User,
    /// Names a conversation, and on some platforms a person in it.
    Conversation,
    /// A name in small letters.
    Word,
    /// Words for people, in which anything may stand.
    Text,
}

/// A text that is kept nowhere: a card number where an id belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardNumber;

impl From<CardNumber> for Rejection {
    fn from(_: CardNumber) -> Self {
        Rejection::new(Code::CardNumber, "is written like a card number; send another id")
    }
}

/// The rules under a key; cheap to clone.
#[derive(Clone)]
pub struct Privacy(Arc<Rules>);

struct Rules {
    pseudonyms: Pseudonyms,
    user_ids: UserIds,
    bots: Bots,
}

impl fmt::Debug for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        f.debug_struct("Privacy")
            .field("user_ids", &self.0.user_ids)
            .finish_non_exhaustive()
    }
}

impl Privacy {
    /// The rules under a key, with no bot known.
    pub fn new(key: &Key, user_ids: UserIds) -> Self {
        Self::with_bots(key, user_ids, Bots::default())
    }

    fn with_bots(key: &Key, user_ids: UserIds, bots: Bots) -> Self {
        let pseudonyms = Pseudonyms::new(key);
        Privacy(Arc::new(Rules {
            pseudonyms,
            user_ids,
            bots,
        }))
    }

    /// The bots of the configuration.
    pub fn bots(&self) -> &Bots {
        &self.0.bots
    }

    /// The rules of an open data folder. Its key is made at the first start, and never again.
    ///
    /// # Errors
    /// If the key is missing, is not the one that the database was written with, or cannot be read or made.
    pub fn open(config: &Config, store: &Store) -> Result<Self, PrivacyError> {
        let known = store.pseudonym_key()?;
        let key = pseudonym::key_in(&config.data_dir, known.is_none())?;
        let privacy = Self::with_bots(&key, config.privacy.user_ids, Bots::of(config));
        let fingerprint = privacy.0.pseudonyms.fingerprint();
        match known {
            // The key is on disk before anything is written under it.
            None => store.remember_pseudonym_key(&fingerprint)?,
            Some(known) if known != fingerprint => {
                return Err(KeyError::Another(config.data_dir.join(pseudonym::KEY_FILE)).into());
            }
            Some(_) => {}
        }
        Ok(privacy)
    }

    /// What represents a value that is not kept in an event's content.
    pub fn digest(&self, value: &str) -> String {
        self.0.pseudonyms.digest(value)
    }

    /// The rules for the texts of one event of a platform.
    pub fn keeper<'p>(&'p self, platform: Option<&'p str>) -> Keeper<'p> {
        Keeper {
            rules: &self.0,
            platform,
            person: None,
        }
    }

    /// What is kept of an event that is never refused, and whether something was left out.
    ///
    /// A text that a native event could not have, and a card number that stands for an id, are dropped; where the event
    /// would be lost without the id, its pseudonym takes its place.
    pub fn protect(&self, mut event: Event) -> (Event, bool) {
        let mut changed = false;
        // The id of what is not counted may repeat what its sender calls it.
        if event.kind == EventType::Other && cards::in_text(&event.id) {
            event.id = self.0.pseudonyms.of(&event.id);
            changed = true;
        }
        event.no_ids = event.without_ids().collect();
        let platform = event.platform.clone();
        let mut keeper = self.keeper(platform.as_deref());
        let mut keep = |kind: Kind, text: &str, needed: bool, is_field: bool| -> Option<String> {
            // No field is longer than in a native event, or made of other characters.
            let kept = if is_field && check_text(text).is_err() {
                Err(CardNumber)
            } else {
                keeper.kept(kind, text)
            };
            let kept = match kept {
                Ok(Cow::Borrowed(kept)) if kept == text => return Some(text.to_owned()),
                Ok(kept) => Some(kept.into_owned()),
                Err(CardNumber) => needed.then(|| self.0.pseudonyms.of(text)),
            };
            changed = true;
            kept
        };
        for text in [&mut event.source, &mut event.id] {
            *text = keep(Kind::Id, text, true, false).unwrap_or_default();
        }
        for (text, kind, needed) in texts(&mut event) {
            *text = text.take().and_then(|text| keep(kind, &text, needed, true));
        }
        let named = if event.provider.is_some() {
            Kind::Id
        } else {
            Kind::Conversation
        };
        for alias in &mut event.aliases {
            *alias = keep(named, alias, true, true).unwrap_or_default();
        }
        if let Some(notice) = &mut event.notice {
            let kept = fields::cleaned(notice).into_owned();
            changed |= kept != *notice;
            *notice = kept;
        }
        if let Some(extra) = event.extra.take() {
            let mut kept = String::with_capacity(extra.len());
            // What nests too deeply to be looked through is not kept.
            if json::write_canonical(&mut kept, &extra, 0).is_ok() {
                changed |= kept != extra;
                event.extra = Some(kept);
            } else {
                changed = true;
            }
        }
        (event, changed)
    }
}

/// Keeps the texts of one event.
pub struct Keeper<'p> {
    rules: &'p Rules,
    platform: Option<&'p str>,
    /// The last person and the pseudonym: most events name one twice, once as a part of the conversation.
    person: Option<(String, String)>,
}

impl Keeper<'_> {
    /// What is kept of a text.
    ///
    /// # Errors
    /// Where a card number stands for an id.
    pub fn kept<'a>(&mut self, kind: Kind, text: &'a str) -> Result<Cow<'a, str>, CardNumber> {
        match kind {
            Kind::Text => Ok(fields::cleaned(text)),
            Kind::Word if cards::in_text(text) => Err(CardNumber),
            Kind::Word => Ok(Cow::Borrowed(text)),
            _ if cards::in_id(text) => Err(CardNumber),
            _ if self.rules.user_ids == UserIds::Plain => Ok(Cow::Borrowed(text)),
            Kind::User => Ok(self.person(text).into()),
            Kind::Conversation => Ok(self.conversation(text)),
            Kind::Id => Ok(self.named(text)),
        }
    }

    fn person(&mut self, id: &str) -> String {
        match &self.person {
            Some((known, pseudonym)) if known == id => pseudonym.clone(),
            _ => {
                let pseudonym = self.rules.pseudonyms.of(id);
                self.person = Some((id.to_owned(), pseudonym.clone()));
                pseudonym
            }
        }
    }

    /// A conversation's id, without the person in it.
    ///
    /// Messenger's and Telegram's are `{bot}:{person}`, however a sender spells the platform. One whose platform is
    /// not known belongs to no conversation yet, and is treated alike.
    fn conversation<'a>(&mut self, id: &'a str) -> Cow<'a, str> {
        let names_person = self.platform.is_none_or(is_named_after_people);
        match id
            .rsplit_once(':')
            .filter(|(_, person)| names_person && !person.is_empty())
        {
            Some((bot, person)) => [&self.named(bot), ":", &self.person(person)].concat().into(),
            None => self.named(id),
        }
    }

    /// An id, in which an e-mail address becomes a pseudonym: it still tells the same from another.
    fn named<'a>(&self, id: &'a str) -> Cow<'a, str> {
        fields::without_emails(id, |email| self.rules.pseudonyms.of(email))
    }
}

/// Whether conversations of a platform are named after the people in them.
fn is_named_after_people(platform: &str) -> bool {
    let inside = ["messenger", "facebook", "telegram"];
    matches!(platform, "fb" | "tg") || inside.iter().any(|name| platform.contains(name))
}

/// The optional texts of an event, how each is treated, and whether the event is lost without it.
fn texts(event: &mut Event) -> [(&mut Option<String>, Kind, bool); 22] {
    [
        (&mut event.subject, Kind::Text, false),
        (&mut event.platform, Kind::Word, false),
        (&mut event.bot_id, Kind::Id, false),
        (&mut event.conversation_id, Kind::Conversation, false),
        (&mut event.user_id, Kind::User, false),
        (&mut event.country, Kind::Text, false),
        (&mut event.name, Kind::Text, false),
        (&mut event.category, Kind::Text, false),
        (&mut event.developer_id, Kind::Id, false),
        (&mut event.item_id, Kind::Id, false),
        (&mut event.checkout_id, Kind::Id, false),
        (&mut event.provider, Kind::Word, true),
        (&mut event.payment_id, Kind::Id, true),
        (&mut event.attempt_id, Kind::Id, true),
        (&mut event.capture_id, Kind::Id, true),
        (&mut event.refund_id, Kind::Id, true),
        (&mut event.dispute_id, Kind::Id, true),
        (&mut event.method, Kind::Word, false),
        (&mut event.network, Kind::Word, false),
        (&mut event.brand, Kind::Text, false),
        (&mut event.wallet, Kind::Word, false),
        (&mut event.decline_code, Kind::Text, false),
    ]
}

/// A sentence that repeats what was sent, without what must not be repeated.
pub fn sentence(text: String) -> String {
    match fields::cleaned(&text) {
        Cow::Borrowed(CARD_REMOVED) => "cannot be read, and contains what looks like a card number".into(),
        Cow::Borrowed(_) => text,
        Cow::Owned(cleaned) => cleaned,
    }
}
