//! Where volumes were found, so that not every call has to ask the database:
//! that takes longer than reading a small file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use boundary::sync::lock;

/// How many are kept. It only bounds memory: what is dropped is looked up again.
const LIMIT: usize = 1024;

/// The directories of volumes that were looked up, by the volumes' names.
#[derive(Default)]
pub struct VolumeDirectories(Mutex<HashMap<String, (PathBuf, Identity)>>);

impl VolumeDirectories {
    /// The directory of a volume, unless it is not known or has been replaced:
    /// other programs remove and create volumes too.
    pub fn get(&self, name: &str) -> Option<PathBuf> {
        let (path, identity) = lock(&self.0).get(name)?.clone();
        (Identity::of(&path)? == identity).then_some(path)
    }

    /// Remembers the directory of a volume.
    pub fn insert(&self, name: &str, path: &Path) {
        let Some(identity) = Identity::of(path) else { return };
        let mut known = lock(&self.0);
        if known.len() >= LIMIT {
            known.clear();
        }
        known.insert(name.to_owned(), (path.to_owned(), identity));
    }
}

/// What tells a directory from one that takes its place. File systems give
/// numbers again, but not at the same time.
#[derive(Clone, PartialEq, Eq)]
struct Identity {
    device: u64,
    number: u64,
    created: SystemTime,
}

impl Identity {
    /// `None` where it cannot be told.
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::symlink_metadata(path).ok()?;
        Some(Self { device: found.dev(), number: found.ino(), created: found.created().ok()? })
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_replaced_is_not_known() {
        let path = std::env::temp_dir().join(format!("volume-directories-{}", std::process::id()));
        let directories = VolumeDirectories::default();
        assert_eq!(directories.get("data"), None);
        std::fs::create_dir(&path).unwrap();
        directories.insert("data", &path);
        // A file system that does not tell when a directory was made has no known ones.
        let is_told = path.metadata().unwrap().created().is_ok();
        assert_eq!(directories.get("data").is_some(), is_told);
        std::fs::rename(&path, path.with_extension("old")).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(directories.get("data"), None);
        std::fs::remove_dir(&path).unwrap();
        assert_eq!(directories.get("data"), None);
        std::fs::remove_dir(path.with_extension("old")).unwrap();
    }
}
