//! Open files: as many as the system allows, and no more connections than leave the database its own.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are not connections: the database with its log and temporary files, the web server's own, the
/// probe of the disk, files that commands hand over.
const OWN: u64 = 36;
/// Descriptors of each worker of the web server.
const PER_WORKER: u64 = 6;
/// Workers at most.
const WORKERS: usize = 8;
/// Descriptors that there have to be for each of them.
const FILES_PER_WORKER: u64 = 32;

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

/// Workers of the web server: one per core, but few where there are few descriptors.
pub fn workers() -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from).min(WORKERS);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    cores
        .min(usize::try_from(files / FILES_PER_WORKER).unwrap_or(cores))
        .max(1)
}

/// Connections that each of some workers may hold, so that all hold `wanted` or as many as there are descriptors for.
pub fn connections_per_worker(wanted: usize, workers: usize) -> usize {
    let own = OWN + PER_WORKER * u64::try_from(workers).unwrap_or(u64::MAX);
    let left = getrlimit(Resource::Nofile)
        .current
        .map(|files| files.saturating_sub(own));
    let left = left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
    (wanted.min(left) / workers.max(1)).max(1)
}
