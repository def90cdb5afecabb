//! What files, directories and their entries are, whatever they are in.

use boundary::error::ErrorCode;
use boundary::task::joined;
use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// How much of a file travels at a time. It bounds what a stream holds in
/// memory, and the agent reads no more at once either.
pub const CHUNK_LENGTH: usize = 2 * 1024 * 1024;

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe or a socket.
    Other,
}

/// An entry of a directory.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// Its name, without the directory.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
}

/// What is known about a file. Times are milliseconds since 1970.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct FileStat {
    /// What it is.
    pub kind: FileKind,
    /// Its length in bytes.
    pub size: u64,
    /// Its permission bits.
    pub mode: u32,
    /// The number of the user who owns it.
    pub uid: u32,
    /// The number of the group that owns it.
    pub gid: u32,
    /// When it was last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessed_ms: Option<i64>,
    /// When it was last written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_ms: Option<i64>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_ms: Option<i64>,
}

/// An entry with what is known about it, about a link itself if it is one.
pub struct Listed {
    pub name: String,
    pub stat: FileStat,
}

/// How to open a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenFileOptions {
    /// Whether it can be read. Default: `false`, and `true` when nothing at
    /// all is asked for.
    pub read: Option<bool>,
    /// Whether it can be written. Default: `false`.
    pub write: Option<bool>,
    /// Whether everything written goes to the end. Default: `false`.
    pub append: Option<bool>,
    /// Whether what it holds is thrown away; needs `write`. Default: `false`.
    pub truncate: Option<bool>,
    /// Whether it is created when it is missing; needs `write` or `append`.
    /// Default: `false`.
    pub create: Option<bool>,
    /// Whether it has to be created, so that one that exists is an error.
    /// Default: `false`.
    pub create_new: Option<bool>,
    /// The permission bits of a file that is created, less the umask.
    /// Default: `0o666`.
    pub mode: Option<u32>,
}

/// What to change about a file. What is not given stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    pub mode: Option<u32>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub size: Option<u64>,
    /// Seconds since 1970.
    pub accessed: Option<i64>,
    /// Seconds since 1970.
    pub modified: Option<i64>,
}

impl OpenFileOptions {
    /// For writing a file anew.
    pub fn overwrite() -> Self {
        Self {
            write: Some(true),
            create: Some(true),
            truncate: Some(true),
            ..Self::default()
        }
    }

    /// For reading a file.
    pub fn read() -> Self {
        Self { read: Some(true), ..Self::default() }
    }
}

impl Attributes {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        let Self { mode, uid, gid, size, accessed, modified } = self;
        mode.or(*uid).or(*gid).is_none() && size.is_none() && accessed.or(*modified).is_none()
    }
}

/// Runs blocking work off the threads that everything else runs on.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// One thing to copy. A directory comes before what is in it.
pub struct Planned {
    /// Its path below the source; empty for the source itself.
    pub path: String,
    pub kind: FileKind,
    pub size: u64,
    /// Its permission bits, where the source has any.
    pub mode: Option<u32>,
    /// What it says, if it is a link.
    pub target: String,
}

/// Why devices, pipes and sockets are not copied.
pub fn uncopyable() -> Failure {
    Failure::refused(
        ErrorCode::FilesystemError,
        "it is a device, a pipe or a socket, and those are not copied",
    )
}
