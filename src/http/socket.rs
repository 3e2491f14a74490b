//! The way in for commands while a server holds the data folder: a Unix socket in that folder.
//!
//! Whoever may open the socket could as well read the database beside it, so its file mode is the key.

use std::any::Any;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use actix_web::dev::Extensions;
use actix_web::rt::net::UnixStream;

/// Its name in the data folder.
const NAME: &str = "botledger.sock";

/// Marks a connection that came through the socket.
#[derive(Debug, Clone, Copy)]
pub struct Owner;

/// Where the socket of a data folder stands.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}

/// Listens on the socket of a data folder that this process holds; one that a killed server left is replaced.
///
/// # Errors
/// When the folder cannot be written, or its path is longer than a socket's may be.
pub fn listen(data_dir: &Path) -> io::Result<UnixListener> {
    // Bound where nobody else may look, it gets its mode before anyone can connect.
    let private = tempfile::Builder::new()
        .prefix(".")
        .rand_bytes(4)
        .tempdir_in(data_dir)?;
    let bound = private.path().join("s");
    let listener = UnixListener::bind(&bound)?;
    std::fs::set_permissions(&bound, Permissions::from_mode(0o600))?;
    std::fs::rename(&bound, path(data_dir))?;
    Ok(listener)
}

/// Takes the socket away, so that no command waits for a server that has stopped.
pub fn remove(data_dir: &Path) {
    if let Err(error) = std::fs::remove_file(path(data_dir))
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "the socket could not be removed");
    }
}

/// Marks the connections of the socket; for `HttpServer::on_connect`.
pub fn mark(connection: &dyn Any, extensions: &mut Extensions) {
    if connection.is::<UnixStream>() {
        extensions.insert(Owner);
    }
}
