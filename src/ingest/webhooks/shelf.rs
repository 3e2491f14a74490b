//! Documents in a folder, so that they need not be fetched again after a restart.
//!
//! A document is not trusted because it is here: it is verified each time it is read. What cannot be read or written
//! is fetched again.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

/// Files that are looked at; there are never more unless somebody else puts them there.
const FILES: usize = 256;
/// Bytes of the lines before a document.
const HEAD: u64 = 4 << 10;
/// What the names of the files end in.
const EXTENSION: &str = "pem";

/// The folder.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    /// Bytes of the largest document.
    bytes: u64,
}

/// A document as it was put there.
pub(super) struct Found {
    pub address: String,
    pub fetched_at: DateTime<Utc>,
    pub document: Vec<u8>,
}

impl Shelf {
    /// A folder, which may not exist yet, for documents up to a size in bytes.
    pub fn at(folder: &Path, bytes: u64) -> Self {
        Shelf {
            folder: folder.to_owned(),
            bytes,
        }
    }

    /// All documents in the folder. Other files are removed.
    pub fn read(&self) -> Vec<Found> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path()).take(FILES);
        let read = |path: PathBuf| {
            let found = self.read_file(&path).filter(|found| self.path(&found.address) == path);
            if found.is_none() && path.is_file() {
                report("removed", fs::remove_file(&path));
            }
            found
        };
        paths.filter_map(read).collect()
    }

    fn read_file(&self, path: &Path) -> Option<Found> {
        let limit = self.bytes + HEAD;
        let mut text = Vec::new();
        let file = fs::File::open(path).ok().filter(|_| path.is_file())?;
        file.take(limit + 1).read_to_end(&mut text).ok()?;
        let text = (text.len() as u64 <= limit).then_some(text)?;
        let mut lines = text.splitn(3, |byte| *byte == b'\n');
        let mut head = |name: &str| -> Option<String> {
            let line = std::str::from_utf8(lines.next()?).ok()?;
            Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned())
        };
        let (address, fetched_at) = (head("address")?, head("fetched")?);
        let fetched_at = DateTime::parse_from_rfc3339(&fetched_at).ok()?.with_timezone(&Utc);
        Some(Found {
            address,
            fetched_at,
            document: lines.next()?.to_vec(),
        })
    }

    /// Puts a document there, in place of the one of its address; whole or not at all.
    pub fn write(&self, address: &str, document: &[u8], fetched_at: DateTime<Utc>) {
        let write = || -> io::Result<()> {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.as_file().set_permissions(Permissions::from_mode(0o600))?;
            let fetched = fetched_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            write!(file, "address: {address}\nfetched: {fetched}\n")?;
            file.write_all(document)?;
            file.persist(self.path(address))?;
            Ok(())
        };
        report("kept", write());
    }

    /// Takes away the document of an address.
    pub fn remove(&self, address: &str) {
        let removed = fs::remove_file(self.path(address));
        let gone = removed
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        report("removed", if gone { Ok(()) } else { removed });
    }

    /// The file for an address. The address comes from outside and cannot be used as a file name.
    fn path(&self, address: &str) -> PathBuf {
        let digest = hex::encode(&Sha256::digest(address)[..16]);
        self.folder.join(digest).with_extension(EXTENSION)
    }
}

fn report(what: &str, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "a fetched document could not be {what} in the data folder");
    }
}
