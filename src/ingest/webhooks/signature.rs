//! HMAC-SHA256 over raw bytes, compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Lookup, Refusal};
use crate::config::{Secret, SettingError};

/// Whether any of the secrets signs the parts, one after the other, with any of the signatures.
///
/// Several secrets are configured while one is replaced here, several signatures sent while one
/// is replaced there.
pub(super) fn any_matches(secrets: &[Secret], parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
    secrets.iter().filter(|secret| !secret.is_empty()).any(|secret| {
        // HMAC takes keys of every length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.text().as_bytes()) else {
            return false;
        };
        parts.iter().for_each(|part| mac.update(part));
        signatures
            .iter()
            .any(|signature| mac.clone().verify_slice(signature).is_ok())
    })
}

/// Whether two tokens are the same, in a time that does not depend on where they differ.
pub(super) fn same_token(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A header that every genuine request has.
pub(super) fn required(headers: &Lookup<'_>, name: &'static str) -> Result<String, Refusal> {
    headers(name).ok_or(Refusal::Missing(name))
}

/// Refuses what no configured secret has signed.
pub(super) fn signed(matches: bool) -> Result<(), Refusal> {
    if matches { Ok(()) } else { Err(Refusal::Mismatch) }
}

/// At least one secret, and none of them empty: an empty one would be everybody's.
///
/// # Errors
/// Names the setting.
pub(super) fn check_secrets(setting: &str, secrets: &[Secret]) -> Result<(), SettingError> {
    if secrets.is_empty() || secrets.iter().any(Secret::is_empty) {
        let message = "must contain at least one secret, and none may be empty";
        return Err(SettingError::new(setting, message));
    }
    Ok(())
}
