//! The settings of one webhook endpoint.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::fault::{KEYS, told};
use crate::model::Mode;

/// One webhook endpoint: `/v1/webhooks/{provider}/{name}`.
#[derive(Clone, Default, Deserialize)]
pub struct Source {
    /// The provider, by its name in the address.
    pub provider: String,
    /// Name in the address and in the events' `source`.
    pub name: String,
    /// Platform of events that do not name one. Webhooks of a platform itself always name it.
    #[serde(default)]
    pub platform: Option<String>,
    /// Bot of events that do not name one.
    #[serde(default)]
    pub bot_id: Option<String>,
    /// `test` if everything from this source is a test.
    #[serde(default)]
    pub mode: Option<String>,
    /// The names of the links in a payment's metadata.
    #[serde(default)]
    pub links: Links,
    /// Decimals of the provider's integers by currency, where they differ from the built-in ones.
    #[serde(default)]
    pub decimals: BTreeMap<String, u32>,
    /// The provider's own settings, which it reads and checks itself.
    #[serde(flatten)]
    pub settings: toml::Table,
}

impl Source {
    /// The `source` of its events, as counts and notes are kept by.
    pub fn address(&self) -> String {
        format!("/webhooks/{}/{}", self.provider, self.name)
    }

    /// Whether everything from it is a test.
    pub fn is_test(&self) -> bool {
        self.mode.as_deref() == Some(Mode::Test.as_str())
    }

    /// Reads the provider's own settings.
    ///
    /// # Errors
    /// If a setting is missing, unknown or of another type; in TOML's words, without the values that they quote.
    pub fn settings<T: serde::de::DeserializeOwned>(&self) -> Result<T, SettingError> {
        self.settings.clone().try_into().map_err(|error: toml::de::Error| {
            let place = error.to_string();
            let place = place.lines().last().and_then(|line| line.strip_prefix("in `"));
            let names = place.unwrap_or_default().trim_end_matches('`').split('.');
            let known: Vec<&str> = names.take_while(|name| KEYS.contains(name)).collect();
            SettingError::new(known.join("."), told(error.message()))
        })
    }
}

impl fmt::Debug for Source {
    /// The provider's own settings by their names only: secrets are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("provider", &self.provider)
            .field("name", &self.name)
            .field("platform", &self.platform)
            .field("bot_id", &self.bot_id)
            .field("mode", &self.mode)
            .field("links", &self.links)
            .field("decimals", &self.decimals)
            .field("settings", &self.settings.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// An invalid setting of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    /// The setting; empty if the message names it.
    pub key: String,
    /// What would be accepted.
    pub message: String,
}

impl SettingError {
    /// What is wrong with a setting.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        SettingError {
            key: key.into(),
            message: message.into(),
        }
    }
}

/// The names of the links that tie a payment to its conversation, in the provider's metadata.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// The bot.
    pub bot_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// The person.
    pub user_id: String,
    /// The platform of these.
    pub platform: String,
    /// The checkout.
    pub checkout_id: String,
    /// Where the customer pays.
    pub path: String,
    /// Whether a stored credential pays.
    pub credential: String,
    /// Which link a text without names is, as in `custom_id` of PayPal: one of the names above, or empty.
    pub plain: String,
}

impl Default for Links {
    fn default() -> Self {
        Links {
            bot_id: "bot_id".into(),
            conversation_id: "conversation_id".into(),
            user_id: "user_id".into(),
            platform: "platform".into(),
            checkout_id: "checkout_id".into(),
            path: "path".into(),
            credential: "credential".into(),
            plain: String::new(),
        }
    }
}
