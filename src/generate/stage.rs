//! What every script plays on: chance, fresh identifiers and the drafts of the present scene.

use std::sync::Arc;

use super::dice::Dice;
use super::draft::{Data, Draft};
use crate::model::EventType;

/// A source of scenes in the order of their beginning.
pub trait Script: Send {
    /// When the next scene begins, in milliseconds since 1970; `None` after the last. No draft of
    /// a scene may be older than that.
    fn next_at(&self) -> Option<i64>;

    /// Plays the next scene: leaves its events on the stage.
    fn play(&mut self, stage: &mut Stage);
}

/// Shared by the scenes of one script.
pub struct Stage {
    /// Chance.
    pub dice: Dice,
    /// Begins every identifier, so that two seeds never name the same thing.
    pub tag: String,
    /// Events of the present scene that wait for the delivery.
    pub drafts: Vec<Draft>,
    /// Nothing happens from here on, in milliseconds since 1970.
    pub until: i64,
    root: String,
    sources: Vec<(String, Arc<str>)>,
    tick: i64,
    events: u64,
    conversations: u64,
    payments: u64,
}

impl Stage {
    /// An empty stage. Every `source` begins with `root`; pauses are whole multiples of `tick` milliseconds.
    pub fn new(seed: u64, tag: &str, root: &str, tick: i64, until: i64) -> Self {
        Stage {
            dice: Dice::new(seed),
            tag: tag.to_owned(),
            drafts: Vec::new(),
            until,
            root: root.to_owned(),
            sources: Vec::new(),
            tick,
            events: 0,
            conversations: 0,
            payments: 0,
        }
    }

    /// Lets an event happen. What would happen after the end of the period is left out.
    pub fn emit(&mut self, source: &str, kind: EventType, time: i64, data: Data) {
        if time >= self.until {
            return;
        }
        let id = self.next_event();
        let source = self.source(source);
        self.drafts.push(Draft {
            source,
            id,
            kind,
            time,
            data: data.finish(),
        });
    }

    /// A moment between `low` and `high` seconds after `time`.
    pub fn after(&mut self, time: i64, low: i64, high: i64) -> i64 {
        let pause = self.dice.between(low * 1000 / self.tick, high * 1000 / self.tick);
        time + pause * self.tick
    }

    /// A fresh number for an event.
    pub fn next_event(&mut self) -> u64 {
        self.events += 1;
        self.events
    }

    /// A fresh number for a conversation.
    pub fn next_conversation(&mut self) -> u64 {
        self.conversations += 1;
        self.conversations
    }

    /// A fresh number for a payment.
    pub fn next_payment(&mut self) -> u64 {
        self.payments += 1;
        self.payments
    }

    fn source(&mut self, name: &str) -> Arc<str> {
        if let Some((_, known)) = self.sources.iter().find(|(key, _)| key == name) {
            return known.clone();
        }
        let source: Arc<str> = format!("{}/{name}", self.root).into();
        self.sources.push((name.to_owned(), source.clone()));
        source
    }
}
