//! Snapshots of sandboxes.

pub mod archive;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use boundary::check::refusal;
use boundary::error::{Error, ErrorCode};
use boundary::outcome::Outcome;
use boundary::task::{finish_or_undo, until_cancelled};
use futures_util::FutureExt;
use microsandbox::snapshot::{
    HeadUpdateReason, SnapshotFormat, SnapshotReference, SnapshotScope, UpperVerifyStatus,
};
use microsandbox::{
    HeadUpdate, MicrosandboxError as CoreError, Snapshot, SnapshotConfig, SnapshotHandle, with_backend,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Request;
use crate::options::guest_flush::GuestFlush;
use crate::options::rootfs::DiskFormat;
use crate::sandboxes::new_sandbox::random_name;
use crate::sandboxes::target::{OnSandbox, current};

/// How to make a snapshot of a sandbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotOptions {
    /// The snapshot's name within its group. Default: a random one.
    pub name: Option<String>,
    /// The group that the snapshot joins. Default: one that is called like the
    /// sandbox.
    pub group: Option<String>,
    /// The directory of this machine that holds the group. Default: the home
    /// directory's own.
    pub directory: Option<String>,
    /// Labels, which stay outside of what is verified.
    pub labels: Option<BTreeMap<String, String>>,
    /// Whether memory and processes are captured too, so that a sandbox can
    /// go on from there. The sandbox has to run. Default: `false`, disks only.
    pub resumable: Option<bool>,
    /// Whether the guest writes its disks back first. Default: `"auto"`.
    pub guest_flush: Option<GuestFlush>,
    /// Whether checksums are recorded, for `verify`. Default: `false`.
    pub record_integrity: Option<bool>,
}

/// Which snapshot.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotTarget {
    /// A name such as `group:name`, a group for its newest one, an identity,
    /// or a path.
    pub reference: String,
    /// The digest that the snapshot has to have. Default: any.
    pub digest: Option<String>,
}

/// Which snapshot to remove.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemoveSnapshotOptions {
    /// The snapshot.
    pub snapshot: SnapshotTarget,
    /// Whether it is removed although other snapshots build on it. Default:
    /// `false`.
    pub force: Option<bool>,
}

/// A group of snapshots, or one of its members.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotSelector {
    /// `group` to read its head, or `group:name` to make that one its head.
    pub selector: String,
}

/// Where to look for snapshots.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotDirectory {
    /// A directory of this machine. Default: the home directory's own.
    pub directory: Option<String>,
}

/// What is known about a snapshot.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct SnapshotInfo {
    /// Its identity, which stays the same wherever it is copied to.
    pub id: String,
    /// The digest of its description.
    pub digest: String,
    /// What finds this very copy again: its path, or in the cloud its id.
    pub reference: String,
    /// Its name within its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The identity of the snapshot that its sandbox was at before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Whether memory and processes are captured too.
    pub resumable: bool,
    /// The image that its sandbox was made from.
    pub image: String,
    /// The disk format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<DiskFormat>,
    /// The size of the root disk in bytes, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Whether its data is there, as the core calls it: `ready` if so.
    pub availability: String,
    /// When it was made, in ISO 8601.
    pub created_at: String,
    /// What became of its group's head, when it was just made or loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_update: Option<GroupHead>,
}

/// A group's head, the snapshot that the group's name alone stands for.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct GroupHead {
    /// The group.
    pub group: String,
    /// The identity of its head.
    pub head: String,
    /// The identity of its head before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Whether the head is another one now.
    pub changed: bool,
    /// Why it is, or is not.
    pub reason: GroupHeadReason,
}

/// Why a group has the head that it has.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum GroupHeadReason {
    /// The group was empty.
    Initialized,
    /// The new one descends from the old one.
    FastForwarded,
    /// It was chosen.
    Selected,
    /// It was the head already.
    Unchanged,
    /// The new one does not descend from the old one, which stays.
    Diverged,
    /// It cannot be told whether the new one descends from the old one, which
    /// stays.
    UnknownAncestry,
    /// Several came at once and none descends from all others.
    AmbiguousCandidates,
}

/// What a snapshot says about itself.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SnapshotDetails {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its whole description, in the core's own format.
    #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
    pub manifest: Value,
}

/// What came of verifying a snapshot.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct VerifyResult {
    /// Whether checksums were recorded and match. `false` means that none were
    /// recorded; data that does not match is an error.
    pub verified: bool,
    /// The kind of checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// The digest of the captured memory and devices, which are always
    /// verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// How much room something takes on this machine.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct DiskUsage {
    /// The length of its files in bytes. Absent if they could not all be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_bytes: Option<u64>,
    /// The bytes that its files have on disk. Absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<u64>,
}

/// `snapshot.create`
///
/// The core cannot give up a capture without losing track of its files, so a
/// cancelled one is finished and removed. It is kept, and is the result, where
/// it cannot be removed: as the new head of a group in another directory.
pub async fn create(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options }: OnSandbox<SnapshotOptions> = request.options()?;
    let sandbox = until_cancelled(&request.cancel, current(&request, sandbox)).await??;
    let mut config = options.config(sandbox.name());
    let backend = request.client.context.backend.get()?;
    // On this machine the core makes a name up itself.
    if config.name.is_empty() && backend.as_local().is_none() {
        config.name = random_name("snapshot");
    }
    // The core gives no group of another directory its head back.
    let is_in_home = config.dest_dir.is_none();
    with_backend(backend, async {
        let snapshot = finish_or_undo(&request.cancel, Snapshot::create(config), |snapshot| {
            let update = snapshot.head_update();
            let replaced = update.filter(|it| it.changed).and_then(|it| it.previous.as_ref());
            let can_discard = is_in_home || replaced.is_none();
            async move {
                match can_discard {
                    true => discard(snapshot.reference(), update).await.map_err(Error::from),
                    false => Err(Error::cancelled()),
                }
            }
            .boxed()
        })
        .await?;
        let handle = Snapshot::get(snapshot.reference().value()).await?;
        let head_update = snapshot.head_update().map(GroupHead::from);
        Outcome::json(&SnapshotInfo { head_update, ..SnapshotInfo::from(&handle) })
    })
    .await
}

/// `snapshot.get`
pub async fn get(request: Request) -> Result<Outcome, Error> {
    let options: SnapshotTarget = request.options()?;
    Outcome::json(&SnapshotInfo::from(&options.find(&request).await?))
}

/// `snapshot.list`
pub async fn list(request: Request) -> Result<Outcome, Error> {
    let options: SnapshotDirectory = request.options()?;
    let snapshots = with_backend(request.client.context.backend.get()?, async {
        let Some(directory) = options.directory else { return Snapshot::list().await };
        let mut handles = Vec::new();
        for snapshot in Snapshot::list_dir(directory).await? {
            handles.push(Snapshot::get(snapshot.reference().value()).await?);
        }
        Ok(handles)
    })
    .await?;
    let snapshots: Vec<SnapshotInfo> = snapshots.iter().map(SnapshotInfo::from).collect();
    Outcome::json(&snapshots)
}

/// `snapshot.reindex`
pub async fn reindex(request: Request) -> Result<Outcome, Error> {
    let options: SnapshotDirectory = request.options()?;
    let found = with_backend(request.client.context.backend.get()?, async {
        match options.directory {
            Some(directory) => Snapshot::reindex(directory).await,
            None => Snapshot::reindex_default().await,
        }
    })
    .await?;
    Outcome::json(&found)
}

/// `snapshot.remove`
pub async fn remove(request: Request) -> Result<Outcome, Error> {
    let options: RemoveSnapshotOptions = request.options()?;
    let handle = options.snapshot.find(&request).await?;
    handle.remove(options.force.unwrap_or(false)).await?;
    Ok(Outcome::default())
}

/// `snapshot.details`
pub async fn details(request: Request) -> Result<Outcome, Error> {
    let options: SnapshotTarget = request.options()?;
    let snapshot = options.find(&request).await?.open().await?;
    let manifest = serde_json::to_value(snapshot.manifest()).map_err(|error| {
        Error::new(ErrorCode::Internal, format!("Cannot encode a snapshot's description: {error}"))
    })?;
    Outcome::json(&SnapshotDetails { labels: snapshot.labels().clone(), manifest })
}

/// `snapshot.verify`
pub async fn verify(request: Request) -> Result<Outcome, Error> {
    let options: SnapshotTarget = request.options()?;
    let report = options.find(&request).await?.open().await?.verify().await?;
    let (algorithm, checksum) = match report.upper {
        UpperVerifyStatus::NotRecorded => (None, None),
        UpperVerifyStatus::Verified { algorithm, digest } => (Some(algorithm), Some(digest)),
    };
    let checkpoint = report.checkpoint.map(|checkpoint| checkpoint.root);
    let verified = algorithm.is_some() || checkpoint.is_some();
    Outcome::json(&VerifyResult { verified, algorithm, checksum, checkpoint })
}

/// `snapshot.storageUsage`
pub async fn storage_usage(request: Request) -> Result<Outcome, Error> {
    let options: SnapshotTarget = request.options()?;
    let usage = options.find(&request).await?.storage_usage().await?;
    Outcome::json(&DiskUsage::from(usage))
}

/// `snapshot.groupHead`
pub async fn group_head(request: Request) -> Result<Outcome, Error> {
    let options: SnapshotSelector = request.options()?;
    let backend = request.client.context.backend.get()?;
    let head = with_backend(backend, Snapshot::group_head(&options.selector)).await?;
    Outcome::json(&GroupHead::from(&head))
}

impl SnapshotOptions {
    /// What to capture, for the core.
    pub fn config(self, sandbox: &str) -> SnapshotConfig {
        SnapshotConfig {
            guest_flush: self.guest_flush.unwrap_or_default().into(),
            name: self.name.unwrap_or_default(),
            group: self.group,
            dest_dir: self.directory.map(PathBuf::from),
            source_sandbox: sandbox.to_owned(),
            labels: self.labels.unwrap_or_default().into_iter().collect(),
            force: false,
            record_integrity: self.record_integrity.unwrap_or(false),
            full: self.resumable.unwrap_or(false),
        }
    }
}

impl SnapshotTarget {
    /// The snapshot, if it has the digest that is asked for.
    pub async fn find(&self, request: &Request) -> Result<SnapshotHandle, Error> {
        let backend = request.client.context.backend.get()?;
        let handle = with_backend(backend, Snapshot::get(&self.reference)).await?;
        match &self.digest {
            Some(expected) if expected != handle.digest() => Err(Error::new(
                ErrorCode::SnapshotReplaced,
                format!(
                    "Cannot use snapshot {}: another one has taken its place since, so look it \
                     up again",
                    self.reference
                ),
            )
            .with_details(json!({ "expected": expected, "actual": handle.digest() }))),
            _ => Ok(handle),
        }
    }

    /// What finds the snapshot, or the archive of one, for the core. It takes
    /// a name that is also a file's for the file, so names are looked up here.
    pub async fn resolved(&self, request: &Request) -> Result<SnapshotReference, Error> {
        if self.digest.is_none() && looks_like_path(&self.reference) {
            return Ok(SnapshotReference::path(&self.reference));
        }
        Ok(self.find(request).await?.reference())
    }
}

/// Removes a snapshot that was just made. A group's head cannot be removed while
/// there are others, so the group gets the one back that it had.
async fn discard(
    reference: SnapshotReference,
    head_update: Option<&HeadUpdate>,
) -> Result<(), CoreError> {
    if let Some(HeadUpdate { group, previous: Some(previous), changed: true, .. }) = head_update {
        Snapshot::group_head(&format!("{group}:{previous}")).await?;
    }
    Snapshot::remove_ref(reference, true).await
}

/// Whether the core takes a reference for a path, whatever there is.
fn looks_like_path(reference: &str) -> bool {
    reference.contains(['/', '\\']) || reference.starts_with(['.', '~'])
}

/// A snapshot or archive that data is left out of, for the core. It takes a
/// name that is also a file's for the file, which callers have to say.
pub fn selector<'a>(path: &str, reference: &'a str) -> Result<&'a str, Error> {
    if looks_like_path(reference) || !Path::new(reference).is_file() {
        return Ok(reference);
    }
    Err(refusal(
        path,
        format!(
            "Cannot use {reference} as {path}: there is a file of that name, so write \
             ./{reference} for it, or group:name for a snapshot"
        ),
    ))
}

impl From<&SnapshotHandle> for SnapshotInfo {
    fn from(handle: &SnapshotHandle) -> Self {
        Self {
            id: handle.id().to_owned(),
            digest: handle.digest().to_owned(),
            reference: handle.reference().value().to_owned(),
            name: handle.name().map(str::to_owned),
            group: handle.group().map(str::to_owned),
            parent_id: handle.parent_digest().map(str::to_owned),
            resumable: handle.scope() == SnapshotScope::Full,
            image: handle.image_ref().to_owned(),
            format: handle.format().map(|format| match format {
                SnapshotFormat::Raw => DiskFormat::Raw,
                SnapshotFormat::Qcow2 => DiskFormat::Qcow2,
            }),
            size_bytes: handle.size_bytes(),
            availability: handle.availability().to_owned(),
            created_at: handle.created_at().and_utc().to_rfc3339(),
            head_update: handle.head_update().map(GroupHead::from),
        }
    }
}

impl From<&HeadUpdate> for GroupHead {
    fn from(update: &HeadUpdate) -> Self {
        Self {
            group: update.group.clone(),
            head: update.head.clone(),
            previous: update.previous.clone(),
            changed: update.changed,
            reason: match update.reason {
                HeadUpdateReason::Initialized => GroupHeadReason::Initialized,
                HeadUpdateReason::FastForwarded => GroupHeadReason::FastForwarded,
                HeadUpdateReason::Selected => GroupHeadReason::Selected,
                HeadUpdateReason::Unchanged => GroupHeadReason::Unchanged,
                HeadUpdateReason::Diverged => GroupHeadReason::Diverged,
                HeadUpdateReason::UnknownAncestry => GroupHeadReason::UnknownAncestry,
                HeadUpdateReason::AmbiguousCandidates => GroupHeadReason::AmbiguousCandidates,
            },
        }
    }
}

impl From<microsandbox::StorageItemUsage> for DiskUsage {
    fn from(usage: microsandbox::StorageItemUsage) -> Self {
        Self { logical_bytes: usage.logical_bytes, allocated_bytes: usage.allocated_bytes }
    }
}
