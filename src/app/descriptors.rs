//! Open files: as many as the system allows, and no more connections than leave the database its own.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are no connections: the database with its log and temporary files, the web server's own, the
/// probe of the disk, files that commands hand over.
const OWN: u64 = 36;
/// Descriptors of each worker of the web server.
const PER_WORKER: u64 = 6;
/// Connections at most, however many descriptors there are.
const CONNECTIONS: u64 = 2048;

/// Raises the limit of open files as far as this process may.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Connections that each of so many workers may hold.
pub fn connections_per_worker(workers: usize) -> usize {
    let workers = u64::try_from(workers).unwrap_or(u64::MAX).max(1);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let left = files.saturating_sub(OWN + PER_WORKER * workers);
    usize::try_from((left.min(CONNECTIONS) / workers).max(1)).unwrap_or(1)
}
