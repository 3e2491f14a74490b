//! An annotation: a sentence of a person's about a moment, shown beside the numbers around it.

use chrono::{DateTime, Utc};

use super::event::entity_key;

/// What a person has marked on the axis of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The moment.
    pub time: DateTime<Utc>,
    /// The sentence.
    pub text: String,
    /// What it is about.
    pub scope: Scope,
}

/// What an annotation is about; what is `None` narrows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// One platform.
    pub platform: Option<String>,
    /// One bot.
    pub bot_id: Option<String>,
    /// One metric, by its name in addresses.
    pub metric: Option<String>,
}

impl Annotation {
    /// Its name: 16 hexadecimal digits, the same for the same moment, text and scope.
    pub fn id(&self) -> String {
        let part = |word: &Option<String>| word.clone().unwrap_or_default();
        let Scope {
            platform,
            bot_id,
            metric,
        } = &self.scope;
        let time = self.time.timestamp_micros().to_string();
        let scope = [part(platform), part(bot_id), part(metric)];
        let key = entity_key(&["annotation", &time, &self.text, &scope[0], &scope[1], &scope[2]]);
        format!("{:016x}", key.cast_unsigned())
    }
}
