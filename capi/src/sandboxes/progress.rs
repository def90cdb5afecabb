//! How far a pull or a create is, as the caller sees it.

use bytes::Bytes;
use microsandbox::sandbox::PullProgress as CorePullProgress;
use microsandbox::{
    CreationProgress, CreationProgressHandle, MicrosandboxError as CoreError, Sandbox,
    StartupPhase as CorePhase, StartupProgress as CoreStartup,
};
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::error::Error;
use crate::ops::{Request, encode};

/// How far a pull is. Layers are counted from 0, the lowest one. Some events
/// may be missing when they come faster than they are taken.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PullProgress {
    /// The registry is asked what the image is made of.
    Resolving {
        /// The image's reference.
        image: String,
    },
    /// The registry has said what the image is made of.
    Resolved {
        /// The image's reference.
        image: String,
        /// The digest of the image's manifest.
        manifest_digest: String,
        /// How many layers the image has.
        layer_count: usize,
        /// How many bytes its layers have, as they are fetched.
        #[serde(skip_serializing_if = "Option::is_none")]
        total_bytes: Option<u64>,
    },
    /// A layer is fetched.
    Downloading {
        /// Which layer.
        layer: usize,
        /// The layer's digest.
        digest: String,
        /// How many bytes are here.
        downloaded_bytes: u64,
        /// How many there are.
        #[serde(skip_serializing_if = "Option::is_none")]
        total_bytes: Option<u64>,
    },
    /// A layer is here, and is what it should be.
    Downloaded {
        /// Which layer.
        layer: usize,
        /// The layer's digest.
        digest: String,
        /// How many bytes it has.
        downloaded_bytes: u64,
    },
    /// A layer is unpacked.
    Unpacking {
        /// Which layer.
        layer: usize,
        /// How many of its bytes are done.
        read_bytes: u64,
        /// How many there are.
        total_bytes: u64,
    },
    /// A layer is unpacked, or was here already.
    Unpacked {
        /// Which layer.
        layer: usize,
        /// The digest of what is in the layer.
        diff_id: String,
    },
    /// The layers are put together.
    Merging,
    /// The image is here.
    Pulled {
        /// The image's reference.
        image: String,
        /// How many layers it has.
        layer_count: usize,
    },
}

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

impl PullProgress {
    /// The event that the caller sees for one of the core's. Steps that take
    /// no time worth showing have none.
    pub fn from_core(event: CorePullProgress) -> Option<Self> {
        use CorePullProgress as Core;
        Some(match event {
            Core::Resolving { reference } => Self::Resolving { image: reference.to_string() },
            Core::Resolved { reference, manifest_digest, layer_count, total_download_bytes } => {
                Self::Resolved {
                    image: reference.to_string(),
                    manifest_digest: manifest_digest.to_string(),
                    layer_count,
                    total_bytes: total_download_bytes,
                }
            }
            Core::LayerDownloadProgress { layer_index, digest, downloaded_bytes, total_bytes } => {
                Self::Downloading {
                    layer: layer_index,
                    digest: digest.to_string(),
                    downloaded_bytes,
                    total_bytes,
                }
            }
            Core::LayerDownloadComplete { layer_index, digest, downloaded_bytes } => {
                Self::Downloaded { layer: layer_index, digest: digest.to_string(), downloaded_bytes }
            }
            Core::LayerMaterializeProgress { layer_index, bytes_read, total_bytes } => {
                Self::Unpacking { layer: layer_index, read_bytes: bytes_read, total_bytes }
            }
            Core::LayerMaterializeComplete { layer_index, diff_id } => {
                Self::Unpacked { layer: layer_index, diff_id: diff_id.to_string() }
            }
            Core::StitchMergingTrees { .. } => Self::Merging,
            Core::Complete { reference, layer_count } => {
                Self::Pulled { image: reference.to_string(), layer_count }
            }
            Core::LayerDownloadVerifying { .. }
            | Core::LayerMaterializeStarted { .. }
            | Core::LayerMaterializeWriting { .. }
            | Core::StitchWritingFsmeta
            | Core::StitchWritingVmdk
            | Core::StitchComplete => return None,
        })
    }
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
