//! How far a boot is, as the caller sees it.

use boundary::error::Error;
use boundary::json::encode;
use bytes::Bytes;
use microsandbox::{
    CreationProgress, CreationProgressHandle, MicrosandboxError as CoreError, Sandbox,
    StartupPhase as CorePhase, StartupProgress as CoreStartup,
};
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::client::Request;
use crate::images::progress::PullProgress;

/// How far a boot is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum StartupProgress {
    /// The virtual machine comes up.
    Startup {
        /// What it is at.
        phase: StartupPhase,
        /// How many bytes of memory are prepared.
        completed_bytes: u64,
        /// How many there are to prepare, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        total_bytes: Option<u64>,
    },
}

/// What a boot is at.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum StartupPhase {
    /// The virtual machine is made. What follows is reported for detached
    /// sandboxes and for snapshots only.
    Booting,
    /// The snapshot is prepared.
    PreparingSnapshot,
    /// Another program prepares the same memory.
    WaitingForMemoryBacking,
    /// The memory is prepared.
    PreparingMemoryBacking,
    /// Memory that was prepared before is used.
    ReusingMemoryBacking,
    /// The prepared memory is written to the disk.
    SyncingMemoryBacking,
    /// The machine runs, and its agent is waited for.
    Activating,
}

/// How far a create is.
#[cfg(test)]
#[derive(ts_rs::TS)]
#[ts(untagged)]
#[expect(dead_code, reason = "each event is sent as what it is; callers get either")]
pub enum CreateProgress {
    /// The image is fetched.
    Pull(PullProgress),
    /// The sandbox boots.
    Startup(StartupProgress),
}

/// A boot that is under way, as the core gives it.
pub type Boot = (CreationProgressHandle, JoinHandle<Result<Sandbox, CoreError>>);

/// Follows a boot to its end and reports how far it is, the image too where
/// that `reports_pull`. `None` stands for a cancelled boot.
pub async fn follow(
    request: &Request,
    (mut progress, task): Boot,
    reports_pull: bool,
) -> Result<Option<Result<Sandbox, CoreError>>, Error> {
    let abort = task.abort_handle();
    let booting = async {
        while let Some(event) = progress.recv().await {
            match event {
                CreationProgress::Startup(event) => report(request, &StartupProgress::from(event))?,
                CreationProgress::Pull(event) if reports_pull => {
                    if let Some(event) = PullProgress::from_core(event) {
                        report(request, &event)?;
                    }
                }
                CreationProgress::Pull(_) => {}
            }
        }
        Ok::<_, Error>(task.await)
    };
    tokio::pin!(booting);
    let ended = tokio::select! {
        ended = &mut booting => ended?,
        // It may have been done just before it was aborted.
        () = request.cancel.cancelled() => {
            abort.abort();
            booting.await?
        }
    };
    match ended {
        Ok(result) => Ok(Some(result)),
        Err(error) if error.is_cancelled() => Ok(None),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Tells the caller how far it is.
pub fn report(request: &Request, event: &impl Serialize) -> Result<(), Error> {
    request.client.emit(request.id, encode(event)?, Bytes::new());
    Ok(())
}

impl StartupProgress {
    /// The event that begins a boot. The core has none.
    pub fn booting() -> Self {
        Self::Startup { phase: StartupPhase::Booting, completed_bytes: 0, total_bytes: None }
    }
}

impl From<CoreStartup> for StartupProgress {
    fn from(progress: CoreStartup) -> Self {
        Self::Startup {
            phase: match progress.phase {
                CorePhase::PreparingSnapshot => StartupPhase::PreparingSnapshot,
                CorePhase::WaitingForMemoryBacking => StartupPhase::WaitingForMemoryBacking,
                CorePhase::PreparingMemoryBacking => StartupPhase::PreparingMemoryBacking,
                CorePhase::ReusingMemoryBacking => StartupPhase::ReusingMemoryBacking,
                CorePhase::SyncingMemoryBacking => StartupPhase::SyncingMemoryBacking,
                CorePhase::Activating => StartupPhase::Activating,
            },
            completed_bytes: progress.completed_bytes,
            total_bytes: progress.total_bytes,
        }
    }
}
