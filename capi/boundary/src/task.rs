//! The runtime that everything runs on, and how work on it ends.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::BoxFuture;
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

/// Runs `work` to its end, unless the request was cancelled before it began.
pub async fn finish<T, E>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Error>
where
    Error: From<E>,
{
    if cancel.is_cancelled() {
        return Err(Error::cancelled());
    }
    Ok(work.await?)
}

/// The same for work that makes something: when the request is cancelled
/// meanwhile, `undo` takes it back. What cannot be taken back is the result, so
/// that the caller knows of it.
pub async fn finish_or_undo<T, E, F>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, E>>,
    undo: impl for<'a> FnOnce(&'a T) -> BoxFuture<'a, Result<(), F>>,
) -> Result<T, Error>
where
    Error: From<E>,
{
    let made = finish(cancel, work).await?;
    match cancel.is_cancelled() && undo(&made).await.is_ok() {
        true => Err(Error::cancelled()),
        false => Ok(made),
    }
}

/// Runs `work` to its end, and calls `meanwhile` now and then: for what has no
/// event of its own.
pub async fn polled<T>(
    work: impl Future<Output = T>,
    pace: Duration,
    mut meanwhile: impl FnMut() -> Result<(), Error>,
) -> Result<T, Error> {
    tokio::pin!(work);
    loop {
        match tokio::time::timeout(pace, &mut work).await {
            Ok(done) => return Ok(done),
            Err(_) => meanwhile()?,
        }
    }
}

/// Runs work to its end, also when its caller has given up: what the work has
/// begun in the guest has to be finished or undone there.
pub async fn to_its_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    joined(tokio::spawn(work).await)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::FutureExt;

    use super::*;
    use crate::error::ErrorCode;

    /// What becomes of work that is cancelled when it is done, and whether it was
    /// undone.
    fn cancelled_meanwhile(can_undo: bool) -> (Result<u32, ErrorCode>, bool) {
        let (cancel, undone) = (CancellationToken::new(), AtomicBool::new(false));
        let work = async {
            cancel.cancel();
            Ok::<_, Error>(1)
        };
        let ended = finish_or_undo(&cancel, work, |_| {
            undone.store(can_undo, Ordering::Relaxed);
            async move { can_undo.then_some(()).ok_or(()) }.boxed()
        });
        let result = ended.now_or_never().expect("nothing waits");
        (result.map_err(|error| error.code), undone.load(Ordering::Relaxed))
    }

    #[test]
    fn what_is_cancelled_before_it_begins_does_not_begin() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let work = async { panic!("it began") };
        let result = finish::<(), Error>(&cancel, work).now_or_never().expect("nothing waits");
        assert_eq!(result.unwrap_err().code, ErrorCode::Cancelled);
    }

    #[test]
    fn what_is_cancelled_meanwhile_is_undone_or_the_result() {
        assert_eq!(cancelled_meanwhile(true), (Err(ErrorCode::Cancelled), true));
        assert_eq!(cancelled_meanwhile(false), (Ok(1), false));
    }
}
