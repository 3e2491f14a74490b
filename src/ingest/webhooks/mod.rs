//! Webhooks of real providers: raw bytes, verified, become canonical events.
//!
//! A provider is a description of pure functions. One more of them costs one file here, its
//! lines in this list, and a test; nothing else changes.

mod delivery;
mod links;
pub mod messenger;
mod networks;
pub mod routes;
mod signature;
pub mod stripe;

use chrono::{DateTime, Utc};

use crate::config::Source;
use crate::model::Event;

/// Every provider that may post webhooks.
pub const PROVIDERS: &[&Provider] = &[&messenger::PROVIDER, &stripe::PROVIDER];

/// Finds a provider by its name in addresses.
pub fn find(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.name == name)
}

/// Looks up a header or a query parameter by its name in lower case.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Checks that the bytes were signed by the provider.
pub type Verify = fn(&Source, &Lookup<'_>, &[u8], DateTime<Utc>) -> Result<(), Refusal>;

/// Answers the question that a provider asks before it posts anything.
pub type Challenge = fn(&Source, &Lookup<'_>) -> Result<String, Refusal>;

/// Maps verified bytes to canonical events; never to none, so that nothing genuine goes unseen.
pub type Mapping = fn(&Source, &[u8], DateTime<Utc>) -> Vec<Event>;

/// What a provider's webhooks need.
#[derive(Debug)]
pub struct Provider {
    /// Its name in addresses and in the configuration.
    pub name: &'static str,
    /// Tells a genuine body from a forged one.
    pub verify: Verify,
    /// The GET handshake, where there is one.
    pub challenge: Option<Challenge>,
    /// Reads a genuine body.
    pub events: Mapping,
}

/// Why a request is refused. Nothing of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The signature header is absent.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// The signature header cannot be read.
    #[error("the header `{0}` is malformed")]
    Malformed(&'static str),
    /// The signature is older, or further ahead of the clock, than the source tolerates.
    #[error("the signature's timestamp is outside the tolerance")]
    OutsideTolerance,
    /// No configured secret yields the signature.
    #[error("the signature does not match the body")]
    Mismatch,
    /// The handshake names no subscription or another token.
    #[error("the handshake is not the configured one")]
    Challenge,
}
