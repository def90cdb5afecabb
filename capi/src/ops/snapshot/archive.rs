//! Snapshots as files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use boundary::check::{out_of_range, refusal};
use boundary::error::Error;
use boundary::json::encode;
use boundary::outcome::Outcome;
use boundary::stream::Item;
use boundary::task::{finish_or_undo, polled, until_cancelled};
use futures_util::FutureExt;
use bytes::Bytes;
use microsandbox::{
    LoadOpts, MicrosandboxError as CoreError, SaveOpts, Snapshot, SnapshotConfig, SnapshotReference,
    with_backend,
};
use serde::{Deserialize, Serialize};

use super::{SnapshotInfo, SnapshotOptions, SnapshotTarget, selector};
use crate::client::Request;
use crate::files::output_file::OutputFile;
use crate::files::reading;
use crate::sandboxes::target::{OnSandbox, current};

/// How to write a snapshot to a file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArchiveOptions {
    /// Whether a file that is there already is replaced. Default: `false`.
    pub overwrite: Option<bool>,
    /// Whether the file is compressed. Default: `true`.
    pub compress: Option<bool>,
}

/// Which file to capture into, and what.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateArchiveRequest {
    /// The file to write, on this machine.
    pub path: String,
    /// How to write it.
    pub archive: ArchiveOptions,
    /// What to capture. It has neither `group` nor `directory`.
    pub options: SnapshotOptions,
}

/// Which snapshot to write to a file, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToFile<Options> {
    /// The snapshot.
    pub snapshot: SnapshotTarget,
    /// The file to write, on this machine.
    pub path: String,
    /// How to write it.
    pub options: Options,
}

/// How to save a snapshot to a file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveOptions {
    /// Whether a file that is there already is replaced. Default: `false`.
    pub overwrite: Option<bool>,
    /// Whether the file is compressed. Default: `true`.
    pub compress: Option<bool>,
    /// Whether the snapshots that it descends from are saved too. Default:
    /// `false`.
    pub with_parents: Option<bool>,
    /// Whether its image is saved too, so that it boots where the image cannot
    /// be pulled. Default: `false`.
    pub with_image: Option<bool>,
    /// The snapshot or archive whose data is left out. Whoever loads the file
    /// needs it. Default: nothing is left out.
    pub since: Option<String>,
    /// How many of the newest disk layers to save, leaving out the others.
    /// Default: all.
    pub last_layers: Option<i64>,
}

/// How to copy a snapshot to a file with other labels.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CopyOptions {
    /// Whether a file that is there already is replaced. Default: `false`.
    pub overwrite: Option<bool>,
    /// The copy's labels. Default: none.
    pub labels: Option<BTreeMap<String, String>>,
    /// Whether checksums are recorded in the copy. Default: `false`.
    pub record_integrity: Option<bool>,
}

/// Which files to load snapshots from.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadRequest {
    /// The files, on this machine.
    pub paths: Vec<String>,
    /// How to load them.
    pub options: LoadOptions,
}

/// How to load snapshots from files.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadOptions {
    /// The group that the snapshots join. Default: a new one.
    pub group: Option<String>,
    /// The directory of this machine that holds the group. Default: the home
    /// directory's own.
    pub directory: Option<String>,
    /// The snapshot or archive with the data that was left out of the files.
    pub base: Option<String>,
    /// Whether the last one becomes the group's head in any case. Default:
    /// `false`, only if it descends from the head.
    pub set_head: Option<bool>,
}

/// An archive that was written.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ArchiveInfo {
    /// The identity of the snapshot in it.
    pub id: String,
    /// Its length in bytes.
    pub size_bytes: u64,
}

/// How far an archive has come. An event of the request that writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArchiveProgress {
    written_bytes: u64,
}

/// `snapshot.createArchive`
pub async fn create_archive(request: Request) -> Result<Outcome, Error> {
    let OnSandbox { sandbox, options: CreateArchiveRequest { path, archive, options } } =
        request.options()?;
    if options.group.is_some() || options.directory.is_some() {
        return Err(refusal(
            "group",
            "Cannot capture into an archive and a group: leave out group and directory",
        ));
    }
    let output = Output::prepare(&request, &path, archive.overwrite)?;
    let unfinished = output.unfinished();
    let sandbox = until_cancelled(&request.cancel, current(&request, sandbox)).await??;
    let config = SnapshotConfig { force: true, ..options.config(sandbox.name()) };
    let plain = !archive.compress.unwrap_or(true);
    output
        .write(async {
            let archive = Snapshot::create_archive(config, &unfinished, plain).await?;
            Ok(archive.id().to_string())
        })
        .await
}

/// `snapshot.save`
pub async fn save(request: Request) -> Result<Outcome, Error> {
    let ToFile { snapshot, path, options }: ToFile<SaveOptions> = request.options()?;
    let last_layers = match options.last_layers {
        None => None,
        Some(layers @ 1..) => usize::try_from(layers).ok(),
        Some(layers) => return Err(out_of_range("lastLayers", layers, "1 or more")),
    };
    let since = options.since.map(|it| selector("since", &it).map(str::to_owned)).transpose()?;
    let output = Output::prepare(&request, &path, options.overwrite)?;
    let unfinished = output.unfinished();
    let handle = until_cancelled(&request.cancel, snapshot.find(&request)).await??;
    let core_options = SaveOpts {
        with_parents: options.with_parents.unwrap_or(false),
        with_image: options.with_image.unwrap_or(false),
        plain_tar: !options.compress.unwrap_or(true),
        since,
        last_layers,
    };
    output
        .write(async {
            handle.save_to(&unfinished, core_options).await?;
            Ok(handle.id().to_owned())
        })
        .await
}

/// `snapshot.copy`
pub async fn copy(request: Request) -> Result<Outcome, Error> {
    let ToFile { snapshot, path, options }: ToFile<CopyOptions> = request.options()?;
    let output = Output::prepare(&request, &path, options.overwrite)?;
    let unfinished = output.unfinished();
    let handle = until_cancelled(&request.cancel, snapshot.find(&request)).await??;
    output
        .write(async {
            let manifest = handle
                .open()
                .await?
                .copy_to(&unfinished)
                .labels(options.labels.unwrap_or_default())
                .record_integrity(options.record_integrity.unwrap_or(false))
                .save()
                .await?;
            Ok(manifest.snapshot_id.to_string())
        })
        .await
}

/// `snapshot.load`
///
/// A cancelled load into a new group is finished and then removed. One into a
/// group that exists is the result: what of it was there before, and what other
/// programs have put there meanwhile, cannot be told apart from it for certain.
pub async fn load(request: Request) -> Result<Outcome, Error> {
    let LoadRequest { paths, options } = request.options()?;
    if paths.is_empty() {
        return Err(refusal("paths", "Cannot load no files: give one or more"));
    }
    let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    let core_options = LoadOpts {
        dest: options.directory.map(PathBuf::from),
        base: options.base.map(|it| selector("base", &it).map(str::to_owned)).transpose()?,
        group: options.group,
        set_head: options.set_head.unwrap_or(false),
    };
    let backend = request.client.context.backend.get()?;
    let home = backend.as_local().map(|local| local.snapshots_dir());
    let is_new_group = match (&core_options.group, core_options.dest.clone().or(home)) {
        (Some(group), Some(groups)) => !groups.join(group).exists(),
        _ => true,
    };
    let load = async { Ok(Snapshot::load_many(&paths, core_options).await?) };
    with_backend(backend, async {
        let load = reading::with_progress(&request, &paths, load);
        let loaded = finish_or_undo(&request.cancel, load, |loaded| {
            let group = loaded.first().and_then(|it| it.path().ok()?.parent());
            async move {
                match group {
                    Some(group) if is_new_group => discard_group(group).await.map_err(Error::from),
                    _ => Err(Error::cancelled()),
                }
            }
            .boxed()
        })
        .await?;
        let loaded: Vec<SnapshotInfo> = loaded.iter().map(SnapshotInfo::from).collect();
        Outcome::json(&loaded)
    })
    .await
}

/// Removes a group that a load has just made, with all that is in it.
async fn discard_group(group: &Path) -> Result<(), CoreError> {
    let mut members: Vec<PathBuf> = std::fs::read_dir(group)?
        .flatten()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    // The core removes a head only when it is the last one.
    while !members.is_empty() {
        let (count, mut failure) = (members.len(), None);
        for member in std::mem::take(&mut members) {
            let reference = SnapshotReference::path(member.to_string_lossy());
            if let Err(error) = Snapshot::remove_ref(reference, true).await {
                failure = Some(error);
                members.push(member);
            }
        }
        if let Some(error) = failure.filter(|_| members.len() == count) {
            return Err(error);
        }
    }
    Ok(tokio::fs::remove_dir_all(group).await?)
}

/// An archive that an operation writes.
struct Output<'a> {
    request: &'a Request,
    file: OutputFile,
}

impl<'a> Output<'a> {
    /// Refuses to replace a file that is there, unless that was asked for.
    fn prepare(
        request: &'a Request,
        path: &str,
        overwrite: Option<bool>,
    ) -> Result<Self, Error> {
        let file = OutputFile::prepare("write", path.as_ref(), overwrite.unwrap_or(false))?;
        Ok(Self { request, file })
    }

    /// Where to write it to.
    fn unfinished(&self) -> PathBuf {
        self.file.unfinished().to_owned()
    }

    /// Has the file written, and tells how far it has come. The core leaves
    /// its unfinished file behind when it is interrupted, so a cancelled
    /// request finishes and removes it.
    async fn write(
        self,
        write: impl Future<Output = Result<String, CoreError>>,
    ) -> Result<Outcome, Error> {
        /// The core has no event for progress.
        const PACE: Duration = Duration::from_millis(250);

        let mut told = 0;
        let write = with_backend(self.request.client.context.backend.get()?, write);
        let write = async {
            polled(write, PACE, || {
                self.tell_progress(&mut told);
                Ok(())
            })
            .await?
            .map_err(Error::from)
        };
        // Without its name the file is removed when this ends.
        let id = finish_or_undo(&self.request.cancel, write, |_| {
            async { Ok::<_, Error>(()) }.boxed()
        })
        .await?;
        let size_bytes = std::fs::metadata(self.file.unfinished()).map_err(CoreError::from)?.len();
        self.tell(size_bytes);
        self.file.finish()?;
        Outcome::json(&ArchiveInfo { id, size_bytes })
    }

    fn tell_progress(&self, told: &mut u64) {
        let written = self.unfinished_length();
        if written > *told {
            *told = written;
            self.tell(written);
        }
    }

    fn tell(&self, written_bytes: u64) {
        if let Ok(json) = encode(&ArchiveProgress { written_bytes }) {
            self.request.emit(Item { json, bytes: Bytes::new() });
        }
    }

    /// The length of the file that the core writes to before it gives it its
    /// name.
    fn unfinished_length(&self) -> u64 {
        let unfinished = self.file.unfinished();
        let (Some(parent), Some(name)) = (unfinished.parent(), unfinished.file_name()) else {
            return 0;
        };
        let mut start = OsString::from(".");
        start.push(name);
        start.push(format!(".tmp.{}.", std::process::id()));
        let start = start.to_string_lossy().into_owned();
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&start))
            .filter_map(|entry| Some(entry.metadata().ok()?.len()))
            .max()
            .unwrap_or(0)
    }
}
