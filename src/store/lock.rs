//! Locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex; a holder that panicked leaves nothing half-done behind these locks.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
