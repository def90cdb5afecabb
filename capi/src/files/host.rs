//! Files of this machine, as the other end of a copy.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use boundary::error::{Error, ErrorCode};
use boundary::sync::lock;
use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::entry::{CHUNK_LENGTH, FileKind, Planned, blocking, uncopyable};
use super::failure::Failure;

/// What is copied from this machine.
pub struct HostSource {
    root: PathBuf,
}

/// Where a copy on this machine goes. Everything below is reached through a
/// capability, so that a link that the guest sent leads nowhere else.
pub struct HostTarget {
    /// The directory that is written to.
    root: Arc<Dir>,
    /// The same as a path, for messages only.
    path: PathBuf,
    /// The name of the copy in it, or nothing when it is the copy itself.
    name: Option<String>,
}

/// A file that is being copied to this machine. It has its name only when it
/// is complete; until then it goes away with this.
pub struct HostFile {
    file: Arc<Mutex<std::fs::File>>,
    root: Arc<Dir>,
    partial: PathBuf,
    path: PathBuf,
    is_published: bool,
}

/// A file of this machine that is being read.
pub struct HostReader {
    file: Arc<Mutex<std::fs::File>>,
}

impl HostSource {
    /// What a path names, whatever the working directory becomes meanwhile.
    pub fn new(path: &str) -> Result<Self, Error> {
        let root = std::path::absolute(path).map_err(|it| Failure::from(it).at("copy", path))?;
        Ok(Self { root })
    }

    /// The path of something below, for messages.
    pub fn path(&self, below: &str) -> String {
        shown(&self.root, below)
    }

    /// Lists everything to copy. A link as the source stands for what it leads
    /// to, links below it for themselves.
    pub async fn plan(&self) -> Result<Vec<Planned>, Failure> {
        let root = self.root.clone();
        blocking(move || {
            let metadata = std::fs::metadata(&root)?;
            let mut plan = vec![planned(&root, String::new(), &metadata)?];
            let mut next = 0;
            while let Some(item) = plan.get(next) {
                next += 1;
                if item.kind != FileKind::Directory {
                    continue;
                }
                let parent = item.path.clone();
                for entry in std::fs::read_dir(below(&root, &parent))? {
                    let entry = entry?;
                    let name = entry.file_name().into_string().map_err(|name| {
                        Failure::refused(
                            ErrorCode::FilesystemError,
                            format!("the name {name:?} in it is not UTF-8"),
                        )
                    })?;
                    let path = if parent.is_empty() { name } else { format!("{parent}/{name}") };
                    plan.push(planned(&entry.path(), path, &entry.metadata()?)?);
                }
            }
            Ok(plan)
        })
        .await
    }

    /// Opens a file to read it. A link that has taken its place, or that of a
    /// directory on the way, since it was planned leads nowhere else: a guest
    /// may be able to write here.
    pub async fn open(&self, path: &str) -> Result<HostReader, Failure> {
        let (root, path) = (self.root.clone(), path.to_owned());
        let file = blocking(move || match path.as_str() {
            "" => Ok(std::fs::File::open(root)?),
            path => Ok(Dir::open_ambient_dir(root, ambient_authority())?.open(path)?.into_std()),
        });
        Ok(HostReader { file: Arc::new(Mutex::new(file.await?)) })
    }
}

impl HostReader {
    /// The next bytes; none at the end.
    pub async fn read(&self) -> Result<Bytes, Failure> {
        let file = Arc::clone(&self.file);
        blocking(move || {
            let mut bytes = Vec::with_capacity(CHUNK_LENGTH);
            (&*lock(&file)).take(CHUNK_LENGTH as u64).read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        })
        .await
    }
}

impl HostTarget {
    /// The directory that a copy is written to: its parent or, for a
    /// directory, itself, which is made if it is missing.
    pub async fn open(destination: &str, is_directory: bool) -> Result<Self, Failure> {
        let destination = std::path::absolute(destination)?;
        blocking(move || {
            if is_directory {
                if !destination.is_dir() {
                    std::fs::create_dir(&destination)?;
                }
                let root = Dir::open_ambient_dir(&destination, ambient_authority())?;
                return Ok(Self { root: Arc::new(root), path: destination, name: None });
            }
            if destination.is_dir() {
                return Err(Failure::refused(ErrorCode::IsADirectory, ""));
            }
            let (Some(parent), Some(name)) = (destination.parent(), destination.file_name()) else {
                return Err(Failure::refused(ErrorCode::IsADirectory, ""));
            };
            let root = Dir::open_ambient_dir(parent, ambient_authority())?;
            let name = name.to_string_lossy().into_owned();
            Ok(Self { root: Arc::new(root), path: parent.to_owned(), name: Some(name) })
        })
        .await
    }

    /// The path of something below, for messages.
    pub fn path(&self, below: &str) -> String {
        shown(&self.path, self.name.as_deref().unwrap_or(below))
    }

    fn below(&self, path: &str) -> PathBuf {
        match &self.name {
            Some(name) => PathBuf::from(name),
            None => below(Path::new(""), path),
        }
    }

    /// Makes a directory, unless it exists.
    pub async fn mkdir(&self, path: &str, mode: Option<u32>) -> Result<(), Failure> {
        let (root, path) = (Arc::clone(&self.root), self.below(path));
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        blocking(move || {
            if root.symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
                return Ok(());
            }
            root.create_dir(&path)?;
            set_directory_mode(&root, &path, mode)
        })
        .await
    }

    /// Makes a link, in the place of what is no directory.
    pub async fn symlink(&self, target: &str, path: &str) -> Result<(), Failure> {
        let (root, path, target) = (Arc::clone(&self.root), self.below(path), target.to_owned());
        blocking(move || {
            if root.symlink_metadata(&path).is_ok_and(|found| !found.is_dir()) {
                root.remove_file(&path)?;
            }
            make_link(&root, &target, &path)
        })
        .await
    }

    /// Begins a file.
    pub async fn create(&self, path: &str, mode: Option<u32>) -> Result<HostFile, Failure> {
        let (root, path) = (Arc::clone(&self.root), self.below(path));
        blocking(move || {
            let mut options = cap_std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            let partial = beside(&path);
            let file = root.open_with(&partial, &options)?.into_std();
            let file = HostFile {
                file: Arc::new(Mutex::new(file)),
                root,
                partial,
                path,
                is_published: false,
            };
            set_mode(&lock(&file.file), mode)?;
            Ok(file)
        })
        .await
    }
}

impl HostFile {
    /// Writes the next bytes.
    pub async fn write(&self, bytes: Bytes) -> Result<(), Failure> {
        let file = Arc::clone(&self.file);
        blocking(move || Ok(lock(&file).write_all(&bytes)?)).await
    }

    /// Gives the complete file its name.
    pub async fn publish(self) -> Result<(), Failure> {
        blocking(move || {
            let mut file = self;
            file.root.rename(&file.partial, &file.root, &file.path)?;
            file.is_published = true;
            Ok(())
        })
        .await
    }
}

impl Drop for HostFile {
    fn drop(&mut self) {
        if !self.is_published {
            let _ = self.root.remove_file(&self.partial);
        }
    }
}

fn planned(
    path: &Path,
    relative: String,
    metadata: &std::fs::Metadata,
) -> Result<Planned, Failure> {
    let file_type = metadata.file_type();
    let (kind, target) = if file_type.is_dir() {
        (FileKind::Directory, String::new())
    } else if file_type.is_file() {
        (FileKind::File, String::new())
    } else if file_type.is_symlink() {
        (FileKind::Symlink, std::fs::read_link(path)?.to_string_lossy().into_owned())
    } else {
        return Err(uncopyable());
    };
    Ok(Planned { path: relative, kind, size: metadata.len(), mode: mode(metadata), target })
}

fn below(root: &Path, path: &str) -> PathBuf {
    path.split('/').filter(|part| !part.is_empty()).fold(root.to_owned(), |it, part| it.join(part))
}

fn shown(root: &Path, path: &str) -> String {
    below(root, path).display().to_string()
}

/// A name in the same directory that nothing has.
fn beside(path: &Path) -> PathBuf {
    use std::hash::{BuildHasher, Hasher};
    let random = std::hash::RandomState::new().build_hasher().finish();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{random:016x}"))
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o7777)
}

/// The owner's rights, the group's and everybody's; what gives more than that
/// to whoever runs the file does not leave the guest.
#[cfg(unix)]
fn set_mode(file: &std::fs::File, mode: Option<u32>) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    match mode {
        Some(mode) => Ok(file.set_permissions(std::fs::Permissions::from_mode(mode & 0o777))?),
        None => Ok(()),
    }
}

/// The same for a directory, in which what comes below can be written.
#[cfg(unix)]
fn set_directory_mode(root: &Dir, path: &Path, mode: Option<u32>) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let Some(mode) = mode else { return Ok(()) };
    let permissions = std::fs::Permissions::from_mode(mode & 0o777 | 0o700);
    Ok(root.set_permissions(path, cap_std::fs::Permissions::from_std(permissions))?)
}

#[cfg(unix)]
fn make_link(root: &Dir, target: &str, path: &Path) -> Result<(), Failure> {
    Ok(root.symlink_contents(target, path)?)
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> Option<u32> {
    None
}

#[cfg(not(unix))]
fn set_mode(_: &std::fs::File, _: Option<u32>) -> Result<(), Failure> {
    Ok(())
}

#[cfg(not(unix))]
fn set_directory_mode(_: &Dir, _: &Path, _: Option<u32>) -> Result<(), Failure> {
    Ok(())
}

#[cfg(not(unix))]
fn make_link(_: &Dir, _: &str, _: &Path) -> Result<(), Failure> {
    Err(Failure::refused(ErrorCode::Unsupported, "this machine needs a privilege for links"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_link_in_the_place_of_a_planned_file_leads_nowhere_else() {
        let outside = tempfile::NamedTempFile::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "inside").unwrap();
        let source = HostSource::new(folder.path().to_str().unwrap()).unwrap();
        source.plan().await.unwrap();
        assert_eq!(source.open("file").await.unwrap().read().await.unwrap(), "inside");
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(outside.path(), &file).unwrap();
        assert!(source.open("file").await.is_err());
    }
}
