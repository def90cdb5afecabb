//! Files of a volume on this machine, without a virtual machine.
//!
//! Everything goes through the core's capability for the volume's directory,
//! so that no path and no link that a guest left there leads out of it.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cap_std::fs::{Metadata, ReadDir};
use microsandbox::volume::fs::RootedVolumeFs;
use microsandbox::{Volume, VolumeKind, with_backend};
use serde_json::json;

use super::failure::Failure;
use super::{Attributes, FileKind, Listed, OpenFileOptions, FileStat};
use crate::error::{Error, ErrorCode};
use crate::ops::Request;

/// The files of a volume.
pub struct VolumeFiles {
    root: Arc<RootedVolumeFs>,
}

/// An open file of a volume. `None` when it was closed.
pub struct VolumeFile {
    file: Arc<Mutex<Option<std::fs::File>>>,
    is_append: bool,
}

/// An open directory of a volume. The entries are `None` while they are read.
pub struct VolumeDirectory {
    entries: Option<ReadDir>,
}

impl VolumeFiles {
    /// The files of the volume of this name.
    pub async fn of(request: &Request, name: &str) -> Result<Self, Error> {
        let backend = request.client.backend.get()?;
        let volume = with_backend(backend, Volume::get(name)).await?;
        let Some(path) = volume.local().map(|local| local.path.clone()) else {
            return Err(unsupported(name, "it is in the cloud"));
        };
        if volume.kind() != VolumeKind::Directory {
            return Err(unsupported(name, "only a guest can read the disk that it is"));
        }
        let root = blocking(move || Ok(RootedVolumeFs::open(&path)?)).await;
        let root = root.map_err(|failure| failure.at("open the directory of volume", name))?;
        Ok(Self { root: Arc::new(root) })
    }

    pub async fn open_directory(&self, path: &str) -> Result<VolumeDirectory, Failure> {
        let path = path.to_owned();
        let entries = self.run(move |root| Ok(root.dir.read_dir(root.resolve(&path)?)?)).await?;
        Ok(VolumeDirectory { entries: Some(entries) })
    }

    pub async fn stat(&self, path: &str, follow: bool) -> Result<FileStat, Failure> {
        let path = path.to_owned();
        self.run(move |root| {
            Ok(stat(&if follow {
                root.dir.metadata(root.resolve(&path)?)?
            } else {
                root.dir.symlink_metadata(root.resolve_entry(&path)?)?
            }))
        })
        .await
    }

    pub async fn mkdir(
        &self,
        path: &str,
        recursive: bool,
        mode: Option<u32>,
    ) -> Result<(), Failure> {
        let path = path.to_owned();
        self.run(move |root| {
            let path = if recursive {
                let path = root.resolve(&path)?;
                match root.dir.metadata(&path) {
                    Ok(found) if found.is_dir() => return Ok(()),
                    Ok(_) => return Err(Failure::refused(ErrorCode::AlreadyExists, "")),
                    Err(_) => root.dir.create_dir_all(&path)?,
                }
                path
            } else {
                let path = root.resolve_entry(&path)?;
                root.dir.create_dir(&path)?;
                path
            };
            match mode {
                Some(mode) => set_mode(root, &path, mode),
                None => Ok(()),
            }
        })
        .await
    }

    pub async fn remove(&self, path: &str, recursive: bool) -> Result<(), Failure> {
        let path = path.to_owned();
        self.run(move |root| {
            let path = root.resolve_entry(&path)?;
            let is_directory = root.dir.symlink_metadata(&path)?.is_dir();
            if path == Path::new(".") {
                Err(Failure::refused(ErrorCode::PermissionDenied, "it is the whole volume"))
            } else if !is_directory {
                Ok(root.dir.remove_file(path)?)
            } else if recursive {
                Ok(root.remove_dir_all(&path)?)
            } else {
                Ok(root.dir.remove_dir(path)?)
            }
        })
        .await
    }

    pub async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.run(move |root| {
            let (from, to) = (root.resolve_entry(&from)?, root.resolve_entry(&to)?);
            Ok(root.dir.rename(from, &root.dir, to)?)
        })
        .await
    }

    pub async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.run(move |root| {
            let (from, to) = (root.resolve(&from)?, root.resolve(&to)?);
            if root.dir.metadata(&from)?.is_dir() {
                return Err(Failure::refused(ErrorCode::IsADirectory, ""));
            }
            root.dir.copy(from, &root.dir, to)?;
            Ok(())
        })
        .await
    }

    pub async fn read_link(&self, path: &str) -> Result<String, Failure> {
        let path = path.to_owned();
        self.run(move |root| {
            let target = root.dir.read_link_contents(root.resolve_entry(&path)?)?;
            Ok(target.to_string_lossy().into_owned())
        })
        .await
    }

    pub async fn real_path(&self, path: &str) -> Result<String, Failure> {
        let path = path.to_owned();
        self.run(move |root| {
            let path = root.dir.canonicalize(root.resolve(&path)?)?;
            let parts: Vec<_> = path
                .components()
                .filter(|part| matches!(part, std::path::Component::Normal(_)))
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            Ok(format!("/{}", parts.join("/")))
        })
        .await
    }

    pub async fn set_attributes(&self, path: &str, attributes: Attributes) -> Result<(), Failure> {
        let path = path.to_owned();
        self.run(move |root| {
            let path = root.resolve(&path)?;
            if let Some(mode) = attributes.mode {
                set_mode(root, &path, mode)?;
            }
            if (Attributes { mode: None, ..attributes.clone() }).is_empty() {
                return Ok(());
            }
            let mut options = cap_std::fs::OpenOptions::new();
            options.read(true).write(attributes.size.is_some());
            let file = root.dir.open_with(&path, &options)?.into_std();
            set_attributes(&file, &Attributes { mode: None, ..attributes })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&RootedVolumeFs) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let root = Arc::clone(&self.root);
        blocking(move || work(&root)).await
    }
}

#[cfg(unix)]
impl VolumeFiles {
    pub async fn open_file(&self, path: &str, options: OpenFileOptions) -> Result<VolumeFile, Failure> {
        use cap_std::fs::OpenOptionsExt;
        let path = path.to_owned();
        let is_append = options.append.unwrap_or(false);
        let file = self
            .run(move |root| {
                let mut how = flags(&options);
                how.mode(options.mode.unwrap_or(0o666));
                open(root, &path, &options, &how)
            })
            .await?;
        Ok(VolumeFile { file: Arc::new(Mutex::new(Some(file))), is_append })
    }

    pub async fn symlink(&self, target: &str, path: &str) -> Result<(), Failure> {
        let (target, path) = (target.to_owned(), path.to_owned());
        self.run(move |root| {
            Ok(root.dir.symlink_contents(target, root.resolve_entry(&path)?)?)
        })
        .await
    }
}

/// Windows has no permission bits, and links that need to know what they lead
/// to and a privilege.
#[cfg(not(unix))]
impl VolumeFiles {
    pub async fn open_file(&self, path: &str, options: OpenFileOptions) -> Result<VolumeFile, Failure> {
        let path = path.to_owned();
        let is_append = options.append.unwrap_or(false);
        let file = self.run(move |root| open(root, &path, &options, &flags(&options))).await?;
        Ok(VolumeFile { file: Arc::new(Mutex::new(Some(file))), is_append })
    }

    pub async fn symlink(&self, _: &str, _: &str) -> Result<(), Failure> {
        Err(not_here("symbolic links"))
    }
}

impl VolumeFiles {
    pub async fn open(&self, path: &str, options: &OpenFileOptions) -> Result<VolumeFile, Failure> {
        self.open_file(path, options.clone()).await
    }
}

fn flags(options: &OpenFileOptions) -> cap_std::fs::OpenOptions {
    let mut how = cap_std::fs::OpenOptions::new();
    how.read(options.read.unwrap_or(false))
        .write(options.write.unwrap_or(false))
        .append(options.append.unwrap_or(false))
        .truncate(options.truncate.unwrap_or(false))
        .create(options.create.unwrap_or(false))
        .create_new(options.create_new.unwrap_or(false));
    how
}

fn open(
    root: &RootedVolumeFs,
    path: &str,
    options: &OpenFileOptions,
    how: &cap_std::fs::OpenOptions,
) -> Result<std::fs::File, Failure> {
    // A new file never is where a link leads.
    let path = match options.create_new.unwrap_or(false) {
        true => root.resolve_entry(path)?,
        false => root.resolve(path)?,
    };
    let file = root.dir.open_with(path, how)?.into_std();
    if file.metadata()?.is_dir() {
        return Err(Failure::refused(ErrorCode::IsADirectory, ""));
    }
    Ok(file)
}

impl VolumeFile {
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Failure> {
        self.run(move |file| {
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::with_capacity(length);
            file.take(length as u64).read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        })
        .await
    }

    pub async fn write_at(&self, offset: u64, bytes: Bytes) -> Result<(), Failure> {
        let is_append = self.is_append;
        self.run(move |file| {
            if !is_append {
                file.seek(SeekFrom::Start(offset))?;
            }
            Ok(file.write_all(&bytes)?)
        })
        .await
    }

    pub async fn stat(&self) -> Result<FileStat, Failure> {
        self.run(|file| Ok(stat(&Metadata::from_file(file)?))).await
    }

    pub async fn set_attributes(&self, attributes: Attributes) -> Result<(), Failure> {
        self.run(move |file| set_attributes(file, &attributes)).await
    }

    pub async fn close(&self) -> Result<(), Failure> {
        lock(&self.file).take();
        Ok(())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut std::fs::File) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let file = Arc::clone(&self.file);
        blocking(move || match lock(&file).as_mut() {
            Some(file) => work(file),
            None => Err(Failure::refused(ErrorCode::FileClosed, "the file was closed")),
        })
        .await
    }
}

impl VolumeDirectory {
    pub async fn next(&mut self) -> Result<Vec<Listed>, Failure> {
        /// As many as the agent in a guest sends at once.
        const BATCH: usize = 128;
        let Some(mut entries) = self.entries.take() else { return Ok(Vec::new()) };
        let (batch, entries) = blocking(move || {
            let mut batch = Vec::new();
            for found in entries.by_ref().take(BATCH) {
                let found = found?;
                let name = found.file_name().to_string_lossy().into_owned();
                batch.push(Listed { name, stat: stat(&found.metadata()?) });
            }
            Ok((batch, entries))
        })
        .await?;
        self.entries = Some(entries);
        Ok(batch)
    }
}

/// Runs blocking work off the threads that everything else runs on.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The runtime is never shut down, so nothing else ends a task early.
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn unsupported(name: &str, reason: &str) -> Error {
    Error::new(
        ErrorCode::Unsupported,
        format!("Cannot use the files of volume {name} from here, {reason}: mount it in a sandbox"),
    )
    .with_details(json!({ "name": name }))
}

fn kind(file_type: cap_std::fs::FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::File
    } else if file_type.is_dir() {
        FileKind::Directory
    } else if file_type.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::Other
    }
}

fn stat(metadata: &Metadata) -> FileStat {
    let (mode, uid, gid) = ownership(metadata);
    FileStat {
        kind: kind(metadata.file_type()),
        size: metadata.len(),
        mode,
        uid,
        gid,
        accessed_ms: metadata.accessed().ok().and_then(|time| milliseconds(time.into_std())),
        modified_ms: metadata.modified().ok().and_then(|time| milliseconds(time.into_std())),
        created_ms: metadata.created().ok().and_then(|time| milliseconds(time.into_std())),
    }
}

fn milliseconds(time: SystemTime) -> Option<i64> {
    let since = |duration: Duration| i64::try_from(duration.as_millis()).ok();
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => since(after),
        Err(before) => since(before.duration()).map(|milliseconds| -milliseconds),
    }
}

fn set_attributes(file: &std::fs::File, attributes: &Attributes) -> Result<(), Failure> {
    if let Some(size) = attributes.size {
        file.set_len(size)?;
    }
    if let Some(mode) = attributes.mode {
        set_file_mode(file, mode)?;
    }
    if attributes.uid.is_some() || attributes.gid.is_some() {
        set_owner(file, attributes.uid, attributes.gid)?;
    }
    let mut times = std::fs::FileTimes::new();
    if let Some(seconds) = attributes.accessed {
        times = times.set_accessed(time(seconds)?);
    }
    if let Some(seconds) = attributes.modified {
        times = times.set_modified(time(seconds)?);
    }
    if attributes.accessed.is_some() || attributes.modified.is_some() {
        file.set_times(times)?;
    }
    Ok(())
}

fn time(seconds: i64) -> Result<SystemTime, Failure> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = match seconds >= 0 {
        true => SystemTime::UNIX_EPOCH.checked_add(distance),
        false => SystemTime::UNIX_EPOCH.checked_sub(distance),
    };
    time.ok_or_else(|| Failure::refused(ErrorCode::FilesystemError, "the time is out of range"))
}

#[cfg(unix)]
fn set_mode(root: &RootedVolumeFs, path: &Path, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    Ok(root.dir.set_permissions(path, cap_std::fs::Permissions::from_std(permissions))?)
}

#[cfg(unix)]
fn set_file_mode(file: &std::fs::File, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.set_permissions(std::fs::Permissions::from_mode(mode))?)
}

#[cfg(unix)]
fn set_owner(file: &std::fs::File, uid: Option<u32>, gid: Option<u32>) -> Result<(), Failure> {
    Ok(std::os::unix::fs::fchown(file, uid, gid)?)
}

#[cfg(unix)]
fn ownership(metadata: &Metadata) -> (u32, u32, u32) {
    use cap_std::fs::MetadataExt;
    (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
}

#[cfg(not(unix))]
fn set_mode(_: &RootedVolumeFs, _: &Path, _: u32) -> Result<(), Failure> {
    Err(not_here("permission bits"))
}

#[cfg(not(unix))]
fn set_file_mode(_: &std::fs::File, _: u32) -> Result<(), Failure> {
    Err(not_here("permission bits"))
}

#[cfg(not(unix))]
fn set_owner(_: &std::fs::File, _: Option<u32>, _: Option<u32>) -> Result<(), Failure> {
    Err(not_here("owners"))
}

#[cfg(not(unix))]
fn ownership(metadata: &Metadata) -> (u32, u32, u32) {
    let write = if metadata.permissions().readonly() { 0 } else { 0o222 };
    let execute = if metadata.is_dir() { 0o111 } else { 0 };
    (0o444 | write | execute, 0, 0)
}

#[cfg(not(unix))]
fn not_here(what: &str) -> Failure {
    Failure::refused(ErrorCode::Unsupported, format!("a volume on this machine has no {what}"))
}
