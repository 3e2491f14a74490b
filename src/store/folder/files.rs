//! The data folder and its files are accessible to their owner only, whatever the umask was when they were made.

use std::fs::{DirBuilder, DirEntry, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::store::sql::connect::DATABASE;

/// Name of the mark.
pub const MARK: &str = "ledger.json";

/// What the names of files of a ledger begin with: database, log and overflow, the key of pseudonyms, the mark.
const OURS: [&str; 3] = [DATABASE, KEY, MARK];

/// The name of the key of pseudonyms, which is made with the first ledger of a folder.
pub const KEY: &str = "pseudonym.key";

/// What others than the owner may do.
const OTHERS: u32 = 0o077;
/// A folder in which everybody may make files, such as /tmp.
const STICKY: u32 = 0o1000;

/// Makes the folder if it is not there, and closes it and the files of the ledger to others; what stood open is logged.
/// A folder that holds other things and no ledger is left as it is: it is somebody else's.
///
/// # Errors
/// When it cannot be made or read.
pub fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = mode(folder)?;
    if mode & STICKY != 0 || folder.canonicalize()?.parent().is_none() {
        tracing::warn!(
            folder = %folder.display(),
            "everybody on this machine can write to the data folder; use a folder of its own"
        );
    } else if mode & OTHERS != 0 && !is_ours(folder)? {
        tracing::warn!(
            folder = %folder.display(),
            "the data folder contains other files and other users can access it; use a folder of its own"
        );
    } else if mode & OTHERS != 0 {
        let was = format!("{:04o}", mode & 0o7777);
        match std::fs::set_permissions(folder, Permissions::from_mode(0o700)) {
            Ok(()) => {
                let message = "other users could access the data folder; its mode is 0700 now";
                tracing::warn!(folder = %folder.display(), was, "{message}")
            }
            Err(error) => tracing::warn!(
                folder = %folder.display(), was, %error,
                "other users can access the data folder, and its mode cannot be changed"
            ),
        }
    }
    let open = close_files(folder)?;
    if !open.is_empty() {
        tracing::warn!(
            files = open.join(" "),
            "other users could access files of the data folder; their mode is 0600 now"
        );
    }
    Ok(())
}

/// Whether a folder holds a ledger, or has held one by its mark.
pub fn holds_ledger(folder: &Path) -> bool {
    [DATABASE, MARK].iter().any(|file| folder.join(file).exists())
}

/// Whether a folder is empty, or holds a ledger.
fn is_ours(folder: &Path) -> io::Result<bool> {
    Ok(holds_ledger(folder) || std::fs::read_dir(folder)?.next().is_none())
}

/// Closes the files of a ledger to others; gives the names of those that stood open.
///
/// # Errors
/// When the folder cannot be read.
pub fn close_files(folder: &Path) -> io::Result<Vec<String>> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !OURS.iter().any(|ours| name.starts_with(ours)) {
            continue;
        }
        match close(&entry) {
            Ok(true) => open.push(name),
            // One that has gone meanwhile is open to nobody.
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(file = name, %error, "other users can access a file, and its mode cannot be changed")
            }
        }
    }
    Ok(open)
}

/// Closes a file or a folder to others; true where it stood open. A link to a folder leads to what may not be ours.
fn close(entry: &DirEntry) -> io::Result<bool> {
    let path = entry.path();
    let own = match (entry.file_type()?.is_dir(), path.is_file()) {
        (true, _) => 0o700,
        (false, true) => 0o600,
        (false, false) => return Ok(false),
    };
    let open = mode(&path)? & OTHERS != 0;
    if open {
        std::fs::set_permissions(&path, Permissions::from_mode(own))?;
    }
    Ok(open)
}

/// Puts a file that is on disk whole or not at all in place of another, for its owner only.
///
/// # Errors
/// When it cannot be written; what was there stays then.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    drop(std::fs::remove_file(&new));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode())
}
