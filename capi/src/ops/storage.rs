//! What sandboxes, images, snapshots and volumes take on this machine.

use std::time::Duration;

use boundary::check::out_of_range;
use boundary::error::Error;
use boundary::json::NoOptions;
use boundary::outcome::Outcome;
use microsandbox::storage::{
    MemoryCacheEntry, MemoryCacheKind, MemoryCacheState, MemoryPruneOptions, Storage,
    StorageCategoryUsage, StorageItemUsage,
};
use microsandbox::with_backend;
use serde::{Deserialize, Serialize};

use crate::client::Request;

/// What is stored on this machine. It was looked up piece by piece, while
/// others may have changed it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StorageUsage {
    /// Images, and the layers that they share.
    pub images: StorageCategory,
    /// Snapshots.
    pub snapshots: StorageCategory,
    /// Sandboxes, also those that are stopped.
    pub sandboxes: StorageCategory,
    /// Volumes.
    pub volumes: StorageCategory,
    /// Memory of sandboxes that others were forked from.
    pub branch_memory: StorageCategory,
    /// Memory unpacked from snapshots, which can be unpacked again.
    pub snapshot_memory: StorageCategory,
    /// What the numbers do not tell.
    pub notes: Vec<String>,
}

/// What one kind of things takes. What is absent is not known.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct StorageCategory {
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many of them are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<u64>,
    /// The sum of the lengths of their files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_bytes: Option<u64>,
    /// The sum of what the file system has set aside for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<u64>,
    /// The lengths of the files that could be removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reclaimable_bytes: Option<u64>,
    /// Each of them.
    pub items: Vec<StorageItem>,
    /// What the numbers do not tell.
    pub notes: Vec<String>,
}

/// What one thing takes. What is absent is not known.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct StorageItem {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// The sum of the lengths of its files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_bytes: Option<u64>,
    /// What the file system has set aside for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<u64>,
    /// Whether it is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<bool>,
    /// Whether it could be removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reclaimable: Option<bool>,
    /// Why it is kept, or why it is not known how much it takes.
    pub reasons: Vec<String>,
}

/// Which memory files to remove. Snapshots, volumes, images and the disks of
/// sandboxes are never removed by this.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PruneStorageRequest {
    /// Whether it is only looked at what would be removed. Default: `false`.
    pub dry_run: Option<bool>,
    /// How old a file has to be, in milliseconds. Default: 0.
    pub older_than_ms: Option<i64>,
    /// Whether only memory of forks is removed, and what was unpacked from
    /// snapshots is kept. Default: `false`.
    pub branches_only: Option<bool>,
}

/// What was removed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StoragePruneReport {
    /// Whether it was only looked at what would be removed.
    pub dry_run: bool,
    /// How many files were removed.
    pub files_removed: u64,
    /// The sum of their lengths.
    pub logical_bytes_removed: u64,
    /// Each file that was looked at.
    pub files: Vec<PrunedMemoryFile>,
}

/// A memory file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct PrunedMemoryFile {
    /// Where it is or was.
    pub path: String,
    /// What it is for.
    pub kind: MemoryKind,
    /// What became of it, or why it was kept.
    pub state: MemoryState,
    /// Its length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_bytes: Option<u64>,
    /// What the file system has set aside for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<u64>,
    /// What went wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a memory file is for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum MemoryKind {
    /// Sandboxes that were forked.
    Branch,
    /// A snapshot, from which it can be unpacked again.
    Snapshot,
}

/// What became of a memory file.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum MemoryState {
    /// It could be removed.
    Reclaimable,
    /// Somebody uses it.
    InUse,
    /// A fork is about to use it.
    PendingHandoff,
    /// It is not old enough.
    TooYoung,
    /// It is not known whether somebody uses it.
    MissingHandoffLock,
    /// Somebody else changed or removed it meanwhile.
    Changed,
    /// It was removed.
    Removed,
    /// Something went wrong.
    Error,
}

/// `storage.usage`
pub async fn usage(request: Request) -> Result<Outcome, Error> {
    let NoOptions {} = request.options()?;
    let usage = with_backend(request.client.context.backend.get()?, Storage::usage()).await?;
    Outcome::json(&StorageUsage {
        images: usage.images.into(),
        snapshots: usage.snapshots.into(),
        sandboxes: usage.sandboxes.into(),
        volumes: usage.volumes.into(),
        branch_memory: usage.branch_memory.into(),
        snapshot_memory: usage.snapshot_memory.into(),
        notes: usage.notes,
    })
}

/// `storage.prune`
pub async fn prune(request: Request) -> Result<Outcome, Error> {
    let options: PruneStorageRequest = request.options()?;
    let older_than = match options.older_than_ms.map(|it| (it, u64::try_from(it))) {
        None => Duration::ZERO,
        Some((_, Ok(milliseconds))) => Duration::from_millis(milliseconds),
        Some((given, Err(_))) => return Err(out_of_range("olderThanMs", given, "0 or more")),
    };
    let options = MemoryPruneOptions {
        dry_run: options.dry_run.unwrap_or(false),
        older_than,
        max_entries: None,
        branches_only: options.branches_only.unwrap_or(false),
    };
    let report = with_backend(request.client.context.backend.get()?, Storage::prune(&options)).await?;
    Outcome::json(&StoragePruneReport {
        dry_run: report.dry_run,
        files_removed: report.files_removed,
        logical_bytes_removed: report.logical_bytes_removed,
        files: report.entries.into_iter().map(PrunedMemoryFile::from).collect(),
    })
}

impl From<StorageCategoryUsage> for StorageCategory {
    fn from(usage: StorageCategoryUsage) -> Self {
        Self {
            count: usage.count,
            in_use: usage.in_use,
            logical_bytes: usage.logical_bytes,
            allocated_bytes: usage.allocated_bytes,
            reclaimable_bytes: usage.reclaimable_logical_bytes,
            items: usage.items.into_iter().map(StorageItem::from).collect(),
            notes: usage.notes,
        }
    }
}

impl From<StorageItemUsage> for StorageItem {
    fn from(usage: StorageItemUsage) -> Self {
        Self {
            name: usage.name,
            path: usage.path.display().to_string(),
            logical_bytes: usage.logical_bytes,
            allocated_bytes: usage.allocated_bytes,
            in_use: usage.in_use,
            reclaimable: usage.reclaimable,
            reasons: usage.reasons,
        }
    }
}

impl From<MemoryCacheEntry> for PrunedMemoryFile {
    fn from(entry: MemoryCacheEntry) -> Self {
        Self {
            path: entry.path.display().to_string(),
            kind: match entry.kind {
                MemoryCacheKind::BranchMemory => MemoryKind::Branch,
                MemoryCacheKind::SnapshotMemory => MemoryKind::Snapshot,
            },
            state: match entry.state {
                MemoryCacheState::Reclaimable => MemoryState::Reclaimable,
                MemoryCacheState::InUse => MemoryState::InUse,
                MemoryCacheState::PendingHandoff => MemoryState::PendingHandoff,
                MemoryCacheState::TooYoung => MemoryState::TooYoung,
                MemoryCacheState::MissingHandoffLock => MemoryState::MissingHandoffLock,
                MemoryCacheState::Changed => MemoryState::Changed,
                MemoryCacheState::Removed => MemoryState::Removed,
                MemoryCacheState::Error => MemoryState::Error,
            },
            logical_bytes: entry.logical_bytes,
            allocated_bytes: entry.allocated_bytes,
            error: entry.error,
        }
    }
}
