//! Key pairs: HMAC-SHA1 under the SHA-1 of the private key, named by the public one.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha1::{Digest, Sha1};

use crate::config::{Secret, SettingError};

/// A key pair of Braintree's API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyPair {
    public_key: String,
    private_key: Secret,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyPair({})", self.public_key)
    }
}

impl KeyPair {
    /// Whether one of `public_key|hexadecimal` pairs, joined by `&`, is this pair's signature of the payload.
    pub fn signed(&self, signatures: &str, payload: &str) -> bool {
        let Some(mac) = self.mac(payload) else { return false };
        // Forms on their way lose the line end behind the last line.
        let with_end = mac.clone().chain_update("\n");
        signatures
            .split('&')
            .filter_map(|pair| pair.split_once('|'))
            .filter(|(public_key, _)| *public_key == self.public_key)
            .filter_map(|(_, digits)| hex::decode(digits).ok())
            .any(|signature| {
                mac.clone().verify_slice(&signature).is_ok() || with_end.clone().verify_slice(&signature).is_ok()
            })
    }

    /// The answer to a challenge.
    pub fn answer(&self, challenge: &str) -> Option<String> {
        let digest = self.mac(challenge)?.finalize().into_bytes();
        Some(format!("{}|{}", self.public_key, hex::encode(digest)))
    }

    fn mac(&self, text: &str) -> Option<Hmac<Sha1>> {
        let key = Sha1::digest(self.private_key.text().as_bytes());
        let mac = Hmac::<Sha1>::new_from_slice(&key).ok()?;
        Some(mac.chain_update(text))
    }
}

/// 20 to 32 lower-case hexadecimal digits.
pub(super) fn is_challenge(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    (20..=32).contains(&text.len()) && text.bytes().all(digit)
}

/// At least one pair, each of them whole, and no public key that a signature could not name.
///
/// # Errors
/// Names the setting.
pub(super) fn check(setting: &str, pairs: &[KeyPair]) -> Result<(), SettingError> {
    let unusable = |pair: &KeyPair| {
        pair.private_key.is_empty() || pair.public_key.is_empty() || pair.public_key.contains(['|', '&'])
    };
    if pairs.is_empty() || pairs.iter().any(unusable) {
        let message = "must contain at least one pair of a public_key and a private_key";
        return Err(SettingError::new(setting, message));
    }
    Ok(())
}
