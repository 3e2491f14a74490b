//! Webhooks of real providers: raw bytes, verified, become canonical events.
//!
//! A provider opens an [`Endpoint`] for each of its configured sources. Another provider takes one file here, its lines
//! in this list, a page and a test; nothing else changes.

pub mod braintree;
mod decimals;
mod delivery;
pub mod documents;
mod instrument;
mod links;
pub mod messenger;
mod networks;
pub mod paypal;
pub mod routes;
mod shelf;
mod signature;
pub mod stripe;
pub mod telegram;

use std::fmt;

use chrono::{DateTime, Utc};

pub use delivery::Delivery;

use super::values::{check_text, check_word};
use crate::config::{ConfigError, SettingError, Source};
use crate::model::Event;

/// Every provider that may post webhooks.
pub const PROVIDERS: &[Provider] = &[
    braintree::PROVIDER,
    messenger::PROVIDER,
    paypal::PROVIDER,
    stripe::PROVIDER,
    telegram::PROVIDER,
];

/// Finds a provider by its name in addresses.
pub fn find(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// A provider: its name, and how one of its sources is opened.
#[derive(Debug)]
pub struct Provider {
    /// Its name in addresses and in the configuration.
    pub name: &'static str,
    /// Reads and checks the source's settings, once, at the start.
    pub open: fn(&Source) -> Result<Box<dyn Endpoint>, SettingError>,
}

/// Looks up a header or a query parameter by its name in lower case.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// One configured webhook of a provider.
pub trait Endpoint: fmt::Debug + Send + Sync {
    /// Refuses a request whose headers alone show that it is forged, before its body is read.
    ///
    /// # Errors
    /// Why it is refused, as [`Endpoint::verify`] would say it.
    fn announced(&self, _headers: &Lookup<'_>, _now: DateTime<Utc>) -> Result<(), Refusal> {
        Ok(())
    }

    /// The address of a document that verification needs, such as a certificate.
    ///
    /// # Errors
    /// A refusal if the request names an address that is not the provider's.
    fn evidence(&self, _headers: &Lookup<'_>) -> Result<Option<String>, Refusal> {
        Ok(None)
    }

    /// Whether what was fetched from an address is the provider's, and good for verifying at a moment.
    fn vouches(&self, _address: &str, _document: &[u8], _at: DateTime<Utc>) -> bool {
        false
    }

    /// Decides whether a request is genuine.
    ///
    /// # Errors
    /// Why it is refused.
    fn verify(&self, request: &Request<'_>) -> Result<(), Refusal>;

    /// The id of a verified transmission that may have only one body, because its signature binds the body weakly.
    fn transmission(&self, _headers: &Lookup<'_>) -> Option<String> {
        None
    }

    /// Answers the verification request that some providers send first; `None` for the others.
    fn challenge(&self, _query: &Lookup<'_>) -> Option<Result<String, Refusal>> {
        None
    }

    /// Maps verified bytes to canonical events: at least one, so that every genuine delivery is recorded.
    fn events(&self, delivery: &Delivery<'_>, raw_body: &[u8]) -> Vec<Event>;
}

/// A request before it is verified.
pub struct Request<'a> {
    /// Its headers.
    pub headers: &'a Lookup<'a>,
    /// Its body, byte for byte.
    pub raw_body: &'a [u8],
    /// The document that [`Endpoint::evidence`] named.
    pub evidence: Option<&'a [u8]>,
    /// The present moment.
    pub now: DateTime<Utc>,
}

/// A source that is ready to take deliveries.
#[derive(Debug)]
pub struct Webhook {
    /// The provider's name.
    pub provider: &'static str,
    /// Its settings.
    pub source: Source,
    /// The provider's part of it.
    pub endpoint: Box<dyn Endpoint>,
}

impl Webhook {
    /// Opens one source.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn open(source: &Source) -> Result<Self, SettingError> {
        let Some(provider) = find(&source.provider) else {
            let known: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
            let message = format!("must be one of {}", known.join(", "));
            return Err(SettingError::new("provider", message));
        };
        let is_text = |text: &str| check_text(text).is_ok();
        if let Some(platform) = &source.platform
            && !(is_text(platform) && check_word(platform).is_ok())
        {
            return Err(SettingError::new("platform", "may only contain a-z, 0-9 and _"));
        }
        if source.bot_id.as_deref().is_some_and(|bot| !is_text(bot)) {
            let message = "must be a valid id: not empty, at most 256 bytes, no control characters";
            return Err(SettingError::new("bot_id", message));
        }
        Ok(Webhook {
            provider: provider.name,
            source: source.clone(),
            endpoint: (provider.open)(source)?,
        })
    }

    /// Opens every configured source.
    ///
    /// # Errors
    /// Names the first setting that is wrong.
    pub fn open_all(sources: &[Source]) -> Result<Vec<Self>, ConfigError> {
        let open = |(index, source): (usize, &Source)| {
            Self::open(source).map_err(|SettingError { key, message }| ConfigError::Invalid {
                key: format!("sources[{index}].{key}").trim_end_matches('.').into(),
                message,
            })
        };
        sources.iter().enumerate().map(open).collect()
    }

    /// The address of the source, which is also the `source` of its events.
    pub fn address(&self) -> String {
        self.source.address()
    }

    /// An event that is stored with a verified request and conflicts with the same transmission of another body.
    pub fn mark(&self, headers: &Lookup<'_>, raw_body: &[u8], now: DateTime<Utc>) -> Option<Event> {
        let id = self.endpoint.transmission(headers)?;
        Some(Delivery::new(&self.source, now).transmission(&id, raw_body))
    }

    /// Maps verified bytes to canonical events.
    pub fn events(&self, raw_body: &[u8], now: DateTime<Utc>) -> Vec<Event> {
        let delivery = Delivery::new(&self.source, now);
        self.endpoint.events(&delivery, raw_body)
    }
}

/// Why a request is refused. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The signature header is absent.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// The signature header cannot be read.
    #[error("the header `{0}` is malformed")]
    Malformed(&'static str),
    /// A field of the signed form is absent or cannot be read.
    #[error("the form's field `{0}` is missing or malformed")]
    Field(&'static str),
    /// The signature is older, or further ahead of the clock, than the source tolerates.
    #[error("the signature's timestamp is outside the tolerance")]
    OutsideTolerance,
    /// No configured secret yields the signature.
    #[error("the signature does not match the body")]
    Mismatch,
    /// The transmission arrived before with another body.
    #[error("the same transmission arrived before with another body")]
    Replayed,
    /// The verification request has no subscription mode, or another token.
    #[error("the verification request does not match the configuration")]
    Challenge,
    /// The request points to a document that is not the provider's.
    #[error("the header `{0}` does not point to the provider")]
    ForeignAddress(&'static str),
    /// The certificate does not lead to the trusted authority, is not the provider's, or was not valid then.
    #[error("the certificate is not trusted: {0}")]
    Certificate(String),
    /// Something that verification needs is not available now; the provider should send the request again.
    #[error("the request cannot be verified now: {0}")]
    Unavailable(String),
}
