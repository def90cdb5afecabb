//! Files of a volume on this machine, without a virtual machine.
//!
//! Everything goes through the core's capability for the volume's directory,
//! so that no path and no link that a guest left there leads out of it.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use boundary::error::{Error, ErrorCode};
use boundary::sync::lock;
use bytes::Bytes;
use cap_std::fs::{Metadata, ReadDir};
use microsandbox::volume::fs::RootedVolumeFs;
use microsandbox::{Volume, VolumeKind, with_backend};
use serde_json::json;

use super::entry::{Attributes, FileKind, FileStat, Listed, OpenFileOptions, blocking};
use super::failure::Failure;
use super::permission_bits::{ownership, set_file_mode, set_mode, set_mode_of_new, set_owner};
use crate::client::Request;

/// The files of a volume.
pub struct VolumeFiles {
    name: String,
    directory: PathBuf,
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
        let directories = &request.client.context.volume_directories;
        if let Some(directory) = directories.get(name) {
            return Ok(Self { name: name.to_owned(), directory });
        }
        let backend = request.client.context.backend.get()?;
        let volume = with_backend(backend, Volume::get(name)).await?;
        let Some(directory) = volume.local().map(|local| local.path.clone()) else {
            return Err(unsupported(name, "it is in the cloud"));
        };
        if volume.kind() != VolumeKind::Directory {
            return Err(unsupported(name, "only a guest can read the disk that it is"));
        }
        directories.insert(name, &directory);
        Ok(Self { name: name.to_owned(), directory })
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
        let (name, directory) = (self.name.clone(), self.directory.clone());
        // The directory is opened in the same go: with small files, changing threads takes the
        // longest.
        blocking(move || {
            let root = RootedVolumeFs::open(&directory).map_err(Failure::from);
            work(&root.map_err(|failure| failure.at("open the directory of volume", &name))?)
        })
        .await
    }
}

#[cfg(unix)]
impl VolumeFiles {
    pub async fn symlink(&self, target: &str, path: &str) -> Result<(), Failure> {
        let (target, path) = (target.to_owned(), path.to_owned());
        self.run(move |root| {
            Ok(root.dir.symlink_contents(target, root.resolve_entry(&path)?)?)
        })
        .await
    }
}

/// Windows has links that need to know what they lead to and a privilege.
#[cfg(not(unix))]
impl VolumeFiles {
    pub async fn symlink(&self, _: &str, _: &str) -> Result<(), Failure> {
        Err(super::permission_bits::not_here("symbolic links"))
    }
}

impl VolumeFiles {
    pub async fn open(&self, path: &str, options: &OpenFileOptions) -> Result<VolumeFile, Failure> {
        Ok(self.open_and(path, options, |_| Ok(())).await?.0)
    }

    /// Opens a file and reads the first part of it.
    pub async fn open_and_read(
        &self,
        path: &str,
        length: usize,
    ) -> Result<(VolumeFile, Bytes), Failure> {
        self.open_and(path, &OpenFileOptions::read(), move |file| read(file, length)).await
    }

    /// Opens a file and writes the first part of it.
    pub async fn open_and_write(
        &self,
        path: &str,
        options: &OpenFileOptions,
        bytes: Bytes,
    ) -> Result<VolumeFile, Failure> {
        let write = move |file: &mut std::fs::File| Ok(file.write_all(&bytes)?);
        Ok(self.open_and(path, options, write).await?.0)
    }

    /// Opens a file and does something with it in the same go.
    async fn open_and<T: Send + 'static>(
        &self,
        path: &str,
        options: &OpenFileOptions,
        work: impl FnOnce(&mut std::fs::File) -> Result<T, Failure> + Send + 'static,
    ) -> Result<(VolumeFile, T), Failure> {
        let (path, options) = (path.to_owned(), options.clone());
        self.run(move |root| {
            let mut file = open(root, &path, &options)?;
            let done = work(&mut file)?;
            let is_append = options.append.unwrap_or(false);
            Ok((VolumeFile { file: Arc::new(Mutex::new(Some(file))), is_append }, done))
        })
        .await
    }
}

fn open(
    root: &RootedVolumeFs,
    path: &str,
    options: &OpenFileOptions,
) -> Result<std::fs::File, Failure> {
    // A new file never is where a link leads.
    let path = match options.create_new.unwrap_or(false) {
        true => root.resolve_entry(path)?,
        false => root.resolve(path)?,
    };
    let mut how = cap_std::fs::OpenOptions::new();
    how.read(options.read.unwrap_or(false))
        .write(options.write.unwrap_or(false))
        .append(options.append.unwrap_or(false))
        .truncate(options.truncate.unwrap_or(false))
        .create(options.create.unwrap_or(false))
        .create_new(options.create_new.unwrap_or(false));
    set_mode_of_new(&mut how, options.mode.unwrap_or(0o666));
    let file = root.dir.open_with(path, &how)?.into_std();
    if file.metadata()?.is_dir() {
        return Err(Failure::refused(ErrorCode::IsADirectory, ""));
    }
    Ok(file)
}

/// Reads at most so many bytes from where the file stands.
fn read(file: &mut std::fs::File, length: usize) -> Result<Bytes, Failure> {
    let left = file.metadata()?.len().saturating_sub(file.stream_position()?);
    let mut bytes = Vec::with_capacity(length.min(usize::try_from(left).unwrap_or(length)));
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(Bytes::from(bytes))
}

impl VolumeFile {
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Failure> {
        self.run(move |file| {
            file.seek(SeekFrom::Start(offset))?;
            read(file, length)
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
