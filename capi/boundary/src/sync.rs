//! Locks, as the standard library has them, or as loom does, which tries every
//! order in which threads can take them.

#[cfg(microsandbox_loom)]
pub use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(microsandbox_loom))]
pub use std::sync::{Condvar, Mutex, MutexGuard};

/// Locks a mutex whose value is consistent between statements, so that it is
/// still usable after a panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
