//! Copying files and directories between this machine and a sandbox or a
//! volume.
//!
//! First everything is listed, so that progress has a total and what cannot be
//! copied is refused before anything is.

use std::time::{Duration, Instant};

use boundary::error::{Error, ErrorCode};
use bytes::Bytes;
use serde::Serialize;

use super::entry::{
    Attributes, CHUNK_LENGTH, FileKind, FileStat, Listed, OpenFileOptions, Planned, uncopyable,
};
use super::failure::Failure;
use super::host::{HostFile, HostSource, HostTarget};
use super::{Files, OpenFile};
use crate::client::Request;

/// How far a copy is.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CopyProgress {
    /// The file that is being copied, relative to the source; empty for the
    /// source itself.
    pub path: String,
    /// How many bytes are copied.
    pub bytes: u64,
    /// How many bytes there were when the copy began.
    pub total_bytes: u64,
    /// How many files are copied.
    pub files: u64,
    /// How many files there were when the copy began.
    pub total_files: u64,
}

/// Copies one thing from this machine.
pub async fn put(
    source: &HostSource,
    files: &Files,
    item: &Planned,
    destination: &str,
    progress: &mut Progress<'_>,
) -> Result<(), Failure> {
    match item.kind {
        FileKind::Directory => files.mkdir(destination, true, item.mode).await,
        FileKind::Symlink => match files.symlink(&item.target, destination).await {
            Err(failure) if failure.is(ErrorCode::AlreadyExists) => {
                files.remove(destination, false).await?;
                files.symlink(&item.target, destination).await
            }
            result => result,
        },
        _ => {
            let from = source.open(&item.path).await?;
            let to = files.open(destination, &OpenFileOptions::overwrite()).await?;
            let mut offset = 0;
            loop {
                let chunk = from.read().await?;
                if chunk.is_empty() {
                    break;
                }
                let length = chunk.len() as u64;
                to.write_at(offset, chunk).await?;
                offset += length;
                progress.add(length);
            }
            if item.mode.is_some() {
                to.set_attributes(Attributes { mode: item.mode, ..Attributes::default() }).await?;
            }
            to.close().await
        }
    }
}

/// Copies one thing to this machine.
pub async fn take(
    files: &Files,
    target: &HostTarget,
    item: &Planned,
    source: &str,
    progress: &mut Progress<'_>,
) -> Result<(), Failure> {
    match item.kind {
        FileKind::Directory => target.mkdir(&item.path, item.mode).await,
        FileKind::Symlink => target.symlink(&item.target, &item.path).await,
        _ => {
            let from = files.open(source, &OpenFileOptions::read()).await?;
            let to = target.create(&item.path, item.mode).await?;
            copy_out(&from, &to, progress).await?;
            to.publish().await
        }
    }
}

async fn copy_out(
    from: &OpenFile,
    to: &HostFile,
    progress: &mut Progress<'_>,
) -> Result<(), Failure> {
    let mut offset = 0;
    loop {
        let chunk: Bytes = from.read_at(offset, CHUNK_LENGTH).await?;
        let length = chunk.len();
        to.write(chunk).await?;
        offset += length as u64;
        progress.add(length as u64);
        if length < CHUNK_LENGTH {
            return Ok(());
        }
    }
}

/// Lists everything to copy from a guest or a volume. A link as the source
/// stands for what it leads to, links below it for themselves.
pub async fn plan(files: &Files, source: &str) -> Result<Vec<Planned>, Error> {
    let root = files.stat(source, true).await.map_err(|it| it.at("copy", source))?;
    let mut plan = vec![planned(files, source, String::new(), root).await?];
    let mut next = 0;
    while let Some(item) = plan.get(next) {
        next += 1;
        if item.kind != FileKind::Directory {
            continue;
        }
        let parent = item.path.clone();
        let path = joined(source, &parent);
        let failed = |it: Failure| it.at("read the directory", &path);
        let mut directory = files.open_directory(&path).await.map_err(failed)?;
        loop {
            let batch = directory.next().await.map_err(failed)?;
            if batch.is_empty() {
                break;
            }
            for Listed { name, stat } in batch {
                // The guest is not trusted, and this becomes a path here.
                let is_reserved = |it| {
                    matches!(it, '/' | '\0') || cfg!(windows) && matches!(it, '\\' | ':')
                };
                if matches!(name.as_str(), "" | "." | "..") || name.contains(is_reserved) {
                    return Err(Failure::refused(
                        ErrorCode::FilesystemError,
                        format!("{name:?} is no name for a file"),
                    )
                    .at("copy", &path));
                }
                let below = if parent.is_empty() { name } else { format!("{parent}/{name}") };
                plan.push(planned(files, source, below, stat).await?);
            }
        }
    }
    Ok(plan)
}

async fn planned(
    files: &Files,
    source: &str,
    path: String,
    stat: FileStat,
) -> Result<Planned, Error> {
    let whole = joined(source, &path);
    let target = match stat.kind {
        FileKind::Symlink => files.read_link(&whole).await.map_err(|it| it.at("copy", &whole))?,
        FileKind::Other => return Err(uncopyable().at("copy", &whole)),
        FileKind::File | FileKind::Directory => String::new(),
    };
    Ok(Planned { path, kind: stat.kind, size: stat.size, mode: Some(stat.mode), target })
}

/// A path below the root of a copy.
pub fn joined(root: &str, path: &str) -> String {
    match (root.trim_end_matches('/'), path) {
        (_, "") => root.to_owned(),
        (root, path) => format!("{root}/{path}"),
    }
}

/// Tells the caller how far a copy is, but not more often than is of use.
pub struct Progress<'a> {
    request: &'a Request,
    state: CopyProgress,
    is_wanted: bool,
    last: Option<Instant>,
}

impl<'a> Progress<'a> {
    /// Begins with everything that is planned. The caller is told if `is_wanted`.
    pub fn new(request: &'a Request, is_wanted: bool, plan: &[Planned]) -> Self {
        let files = || plan.iter().filter(|item| item.kind == FileKind::File);
        let state = CopyProgress {
            total_bytes: files().map(|item| item.size).sum(),
            total_files: files().count() as u64,
            ..CopyProgress::default()
        };
        Self { request, state, is_wanted, last: None }
    }

    /// Says which file comes next.
    pub fn at(&mut self, path: &str) {
        path.clone_into(&mut self.state.path);
    }

    fn add(&mut self, bytes: u64) {
        self.state.bytes += bytes;
        self.tell();
    }

    /// Counts what is copied.
    pub fn did(&mut self, item: &Planned) {
        if item.kind == FileKind::File {
            self.state.files += 1;
        }
        self.tell();
    }

    /// Tells the end, whenever the last report was.
    pub fn finish(&mut self) {
        self.last = None;
        self.tell();
    }

    fn tell(&mut self) {
        const INTERVAL: Duration = Duration::from_millis(100);
        if !self.is_wanted || self.last.is_some_and(|last| last.elapsed() < INTERVAL) {
            return;
        }
        self.last = Some(Instant::now());
        if let Ok(json) = boundary::json::encode(&self.state) {
            self.request.client.emit(self.request.id, json, Bytes::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_with_one_slash() {
        assert_eq!(joined("/a/", "b/c"), "/a/b/c");
        assert_eq!(joined("/", "b"), "/b");
        assert_eq!(joined("/a", ""), "/a");
    }
}
