//! The keyed hash that replaces a person's id, and the file with its key.
//!
//! The key lies beside the database, so that a copy of the database alone reveals nobody: without it
//! not even a known id can be looked up.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::store::replace_file;

/// The name of the key's file in the data folder.
pub use crate::store::PSEUDONYM_KEY as KEY_FILE;

/// What a pseudonym begins with; 32 hexadecimal digits follow.
const MARK: &str = "u_";
/// Bytes of the hash that a pseudonym keeps: 128 bits.
const KEPT: usize = 16;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot use the key {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: std::io::Error,
    },
    /// The file holds something else.
    #[error("the key {0} is not 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// The database was written under a key that is gone.
    #[error(
        "the key {0} is missing, and this database was written under it: under a new one everybody would be counted \
         twice. Put it back from the backup of the data folder. If it is lost, take another data_dir and send the \
         events again"
    )]
    Missing(PathBuf),
    /// The database was written under another key.
    #[error(
        "the key {0} is not the one that this database was written under: everybody would be counted twice. Put the \
         right one back from the backup of the data folder"
    )]
    Another(PathBuf),
}

/// 256 random bits.
pub type Key = [u8; 32];

/// The key of a data folder, made if `may_be_new` and there is none.
///
/// # Errors
/// When it is missing and must not be made, or cannot be read or written.
pub fn key_in(folder: &Path, may_be_new: bool) -> Result<Key, KeyError> {
    let path = folder.join(KEY_FILE);
    let failed = |error| KeyError::File {
        path: path.clone(),
        error,
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let mut key = Key::default();
            hex::decode_to_slice(text.trim(), &mut key).map_err(|_| KeyError::Malformed(path.clone()))?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && may_be_new => make(&path).map_err(failed),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(KeyError::Missing(path)),
        Err(error) => Err(failed(error)),
    }
}

/// Makes a key that is on disk whole or not at all, for the owner's eyes.
fn make(path: &Path) -> std::io::Result<Key> {
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    replace_file(path, format!("{}\n", hex::encode(key)).as_bytes())?;
    Ok(key)
}

/// Gives pseudonyms.
#[derive(Clone)]
pub struct Pseudonyms {
    /// Keyed once; each hash goes on from a copy.
    keyed: Hmac<Sha256>,
}

impl Pseudonyms {
    /// Pseudonyms under a key.
    pub fn new(key: &Key) -> Self {
        // An HMAC takes keys of any length; a key of none would be refused, and this one has 32 bytes.
        let keyed = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Pseudonyms { keyed }
    }

    /// The pseudonym of a person; that of a pseudonym is itself, so that an export can come back.
    pub fn of(&self, person: &str) -> String {
        if is_pseudonym(person) {
            return person.to_owned();
        }
        let mut text = [0; 2 * KEPT];
        let hash = self.hash("person", person);
        // 16 bytes have 32 digits.
        let digits = hex::encode_to_slice(&hash[..KEPT], &mut text).ok();
        let digits = digits
            .and_then(|()| std::str::from_utf8(&text).ok())
            .unwrap_or_default();
        [MARK, digits].concat()
    }

    /// Stands for a value that is not kept: it tells one value from another, and without the key reveals neither.
    pub fn digest(&self, value: &str) -> String {
        hex::encode(&self.hash("value", value)[..KEPT])
    }

    /// What the database remembers the key by.
    pub fn fingerprint(&self) -> String {
        hex::encode(self.hash("key", ""))
    }

    fn hash(&self, purpose: &str, text: &str) -> [u8; 32] {
        let mut mac = self.keyed.clone();
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Whether a text is a pseudonym already.
pub fn is_pseudonym(text: &str) -> bool {
    let digits = text.strip_prefix(MARK).unwrap_or_default();
    digits.len() == 2 * KEPT && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
