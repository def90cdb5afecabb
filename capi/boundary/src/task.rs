//! The runtime that everything runs on, and how work on it ends.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, OnceLock};

use tokio::runtime::Runtime;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::status::MsbStatus;

/// How much stack a thread of the runtime has. The core's futures are large:
/// creating a sandbox takes more than the 2 MiB that threads have otherwise when
/// it is not optimized. Memory is taken only as far as it is used.
pub const STACK_SIZE: usize = 16 * 1024 * 1024;

/// The runtime that all operations of the process run on.
///
/// It is never shut down: cleaning up after a cancelled operation and dropping
/// a sandbox both need it, also after the last client is closed.
pub fn runtime() -> Result<&'static Runtime, MsbStatus> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("microsandbox")
        .thread_stack_size(STACK_SIZE)
        .build()
        .map_err(|_| MsbStatus::Internal)?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// Awaits something of the core that blocks the thread that it runs on: there are
/// only few that everything else runs on, and they could not even be told that
/// the request was cancelled.
pub async fn on_blocking_thread<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Handle::current();
    joined(tokio::task::spawn_blocking(move || runtime.block_on(work)).await)
}

/// The value of a task that nobody aborts. The runtime is never shut down, so
/// nothing but a panic ends one early, and that goes on here.
pub fn joined<T>(ended: Result<T, JoinError>) -> T {
    ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Runs `work`, and drops it when the request is cancelled first.
pub async fn until_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::select! {
        // Cancelled requests do not start work that would be dropped at once.
        biased;
        () = cancel.cancelled() => Err(Error::cancelled()),
        value = work => Ok(value),
    }
}

/// Runs work to its end, also when nobody waits for it any more: what it has
/// begun in the guest has to be finished or undone there.
pub async fn to_its_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    joined(tokio::spawn(work).await)
}

/// Locks a mutex whose value is consistent between statements, so that it is
/// still usable after a panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
