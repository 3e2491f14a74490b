//! Braintree: XML in Base64 in a form, signed with a key pair of its API.
//!
//! A notification has no id and may repeat years of transactions. So each step of a transaction is
//! an event of its own, named by the transaction, its status and that status's time.

mod dispute;
mod failure;
mod instrument;
mod keys;
mod money;
mod notice;
mod transaction;
mod xml;

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use self::keys::{KeyPair, is_challenge};
use self::money::Prices;
use self::notice::Notice;
use self::xml::{Element, mended, parse};
use super::delivery::{Delivery, seal};
use super::signature::signed;
use super::{Endpoint, Lookup, Provider, Refusal, Request};
use crate::config::{SettingError, Source};
use crate::http::base64;
use crate::ingest::verdict::{Reason, Uncounted};
use crate::model::Event;

/// Braintree's webhooks.
pub const PROVIDER: Provider = Provider {
    name: "braintree",
    open,
};

/// The form's field with the signatures, one for each key pair of the account.
const SIGNATURE: &str = "bt_signature";

/// The form's field with the notification.
const PAYLOAD: &str = "bt_payload";

/// The settings of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Key pairs of the API; several while one is being replaced.
    key_pairs: Vec<KeyPair>,
    /// Currency of amounts that name none.
    currency: Option<String>,
    /// The same by merchant account.
    #[serde(default)]
    currencies: BTreeMap<String, String>,
}

/// A source that is ready.
#[derive(Debug)]
struct Braintree {
    key_pairs: Vec<KeyPair>,
    prices: Prices,
}

fn open(source: &Source) -> Result<Box<dyn Endpoint>, SettingError> {
    let settings: Settings = source.settings()?;
    keys::check("key_pairs", &settings.key_pairs)?;
    Ok(Box::new(Braintree {
        key_pairs: settings.key_pairs,
        prices: Prices::open(settings.currency.as_deref(), &settings.currencies)?,
    }))
}

impl Endpoint for Braintree {
    /// The payload is signed as it stands in the form: Base64 with its line ends.
    fn verify(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let signatures = field(request.raw_body, SIGNATURE).ok_or(Refusal::Field(SIGNATURE))?;
        let payload = field(request.raw_body, PAYLOAD).ok_or(Refusal::Field(PAYLOAD))?;
        let known = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=' | b'\n');
        // Anybody can have a challenge signed, so a payload that could be one proves nothing.
        if !payload.bytes().all(known) || is_challenge(&payload) {
            return Err(Refusal::Field(PAYLOAD));
        }
        signed(self.key_pairs.iter().any(|pair| pair.signed(&signatures, &payload)))
    }

    fn challenge(&self, query: &Lookup<'_>) -> Option<Result<String, Refusal>> {
        let challenge = query("bt_challenge").filter(|challenge| is_challenge(challenge));
        let answer = challenge.and_then(|challenge| self.key_pairs.first()?.answer(&challenge));
        Some(answer.ok_or(Refusal::Challenge))
    }

    fn events(&self, delivery: &Delivery<'_>, raw_body: &[u8]) -> Vec<Event> {
        let text = field(raw_body, PAYLOAD).map(|payload| payload.replace('\n', ""));
        let Some(decoded) = text.and_then(|text| base64::decode(&text)) else {
            return vec![delivery.unreadable(raw_body)];
        };
        // Of what is decoded: another division into lines is the same notification.
        let id = format!("notice:{}", &hex::encode(Sha256::digest(&decoded))[..32]);
        let read = |text: &str| {
            let document = parse(text)?;
            let root = Element::root(&document).ok_or(Reason::NoNotification)?;
            Ok(Notice::new(delivery, &self.prices, &id, root).events())
        };
        let strict = std::str::from_utf8(&decoded)
            .map_err(|_| Reason::NotUtf8)
            .and_then(read);
        let events = strict.or_else(|reason| match reason {
            Reason::NotUtf8 | Reason::MalformedXml => read(&mended(&decoded)).map_err(|_| reason),
            _ => Err(reason),
        });
        events.unwrap_or_else(|reason| {
            let reason = Uncounted::Quarantined(reason);
            vec![seal(delivery.uncounted(
                &id,
                Reason::Unreadable.as_str(),
                reason,
                delivery.stamp_text(None),
            ))]
        })
    }
}

/// A field of the form; the first of that name.
fn field(raw_body: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(raw_body);
    let found = fields.find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}
