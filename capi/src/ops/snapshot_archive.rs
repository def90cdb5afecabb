//! Snapshots as files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use microsandbox::{
    LoadOpts, MicrosandboxError as CoreError, SaveOpts, Snapshot, SnapshotConfig, with_backend,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sandbox::{OnSandbox, current};
use super::snapshot::{SnapshotInfo, SnapshotOptions, SnapshotTarget, discard, selector};
use super::{Request, encode, out_of_range, reading, until_cancelled};
use crate::client::Outcome;
use crate::error::{Error, ErrorCode};
use crate::stream::Item;

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
        return Err(Error::new(
            ErrorCode::InvalidOption,
            "Cannot capture into an archive and a group: leave out group and directory",
        )
        .with_details(json!({ "path": "group" })));
    }
    let output = Output::prepare(&request, &path, archive.overwrite)?;
    let sandbox = until_cancelled(&request.cancel, current(&request, sandbox)).await??;
    let config = SnapshotConfig { force: true, ..options.config(sandbox.name()) };
    let plain = !archive.compress.unwrap_or(true);
    output
        .write(async {
            let archive = Snapshot::create_archive(config, &path, plain).await?;
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
            handle.save_to(Path::new(&path), core_options).await?;
            Ok(handle.id().to_owned())
        })
        .await
}

/// `snapshot.copy`
pub async fn copy(request: Request) -> Result<Outcome, Error> {
    let ToFile { snapshot, path, options }: ToFile<CopyOptions> = request.options()?;
    let output = Output::prepare(&request, &path, options.overwrite)?;
    let handle = until_cancelled(&request.cancel, snapshot.find(&request)).await??;
    output
        .write(async {
            let manifest = handle
                .open()
                .await?
                .copy_to(&path)
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
/// A cancelled load is finished and then removed, like a cancelled capture.
pub async fn load(request: Request) -> Result<Outcome, Error> {
    let LoadRequest { paths, options } = request.options()?;
    if paths.is_empty() {
        return Err(Error::new(ErrorCode::InvalidOption, "Cannot load no files: give one or more")
            .with_details(json!({ "path": "paths" })));
    }
    let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    let core_options = LoadOpts {
        dest: options.directory.map(PathBuf::from),
        base: options.base.map(|it| selector("base", &it).map(str::to_owned)).transpose()?,
        group: options.group,
        set_head: options.set_head.unwrap_or(false),
    };
    if request.cancel.is_cancelled() {
        return Err(Error::cancelled());
    }
    let load = async { Ok(Snapshot::load_many(&paths, core_options).await?) };
    with_backend(request.client.backend.get()?, async {
        let loaded = reading::with_progress(&request, &paths, load).await?;
        if request.cancel.is_cancelled() {
            for snapshot in &loaded {
                discard(snapshot.reference(), snapshot.head_update()).await?;
            }
            return Err(Error::cancelled());
        }
        let loaded: Vec<SnapshotInfo> = loaded.iter().map(SnapshotInfo::from).collect();
        Outcome::json(&loaded)
    })
    .await
}

/// A file that an operation writes.
struct Output<'a> {
    request: &'a Request,
    path: PathBuf,
}

impl<'a> Output<'a> {
    /// Refuses to replace a file that is there, unless that was asked for.
    fn prepare(
        request: &'a Request,
        path: &str,
        overwrite: Option<bool>,
    ) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(CoreError::from)?;
        if !overwrite.unwrap_or(false) && path.exists() {
            return Err(Error::new(
                ErrorCode::AlreadyExists,
                format!(
                    "Cannot write {}: it exists, so choose another path or overwrite it",
                    path.display()
                ),
            )
            .with_details(json!({ "path": path })));
        }
        Ok(Self { request, path })
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

        if self.request.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let backend = self.request.client.backend.get()?;
        let write = with_backend(backend, write);
        tokio::pin!(write);
        let mut told = 0;
        let id = loop {
            match tokio::time::timeout(PACE, &mut write).await {
                Ok(written) => break written?,
                Err(_) => self.tell_progress(&mut told),
            }
        };
        if self.request.cancel.is_cancelled() {
            let _ = std::fs::remove_file(&self.path);
            return Err(Error::cancelled());
        }
        let size_bytes = std::fs::metadata(&self.path).map_err(CoreError::from)?.len();
        self.tell(size_bytes);
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
        let (Some(parent), Some(name)) = (self.path.parent(), self.path.file_name()) else {
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
