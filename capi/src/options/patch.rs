//! Changes to the root file system before its first boot.

use std::path::{Path, PathBuf};

use boundary::check::{out_of_range, refusal};
use boundary::error::Error;
use bytes::{Bytes, BytesMut};
use microsandbox::sandbox::{Patch as CorePatch, SandboxBuilder};
use serde::{Deserialize, Serialize};

/// One change to the root file system. All paths in the guest are absolute.
/// Folders that are missing on the way are made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields))]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum PatchSpec {
    /// Writes a file.
    Write {
        /// The file.
        path: String,
        /// How many of the request's raw bytes are its content. They follow
        /// those of the patches before.
        length: usize,
        /// The file's mode. Default: 0o644.
        mode: Option<u32>,
        /// Whether something that is there is replaced. Default: `false`,
        /// which makes it an error.
        replace: Option<bool>,
    },
    /// Copies a file or a directory of this machine.
    Copy {
        /// What is copied.
        from: String,
        /// Where it is copied to.
        path: String,
        /// The file's mode; directories take none. Default: the original's.
        mode: Option<u32>,
        /// Whether something that is there is replaced. Default: `false`,
        /// which makes it an error.
        replace: Option<bool>,
    },
    /// Appends to a file that is there.
    Append {
        /// The file.
        path: String,
        /// What is appended.
        content: String,
    },
    /// Makes a directory, unless it is there.
    Mkdir {
        /// The directory.
        path: String,
        /// Its mode. Default: 0o755.
        mode: Option<u32>,
    },
    /// Makes a symbolic link.
    Symlink {
        /// The link.
        path: String,
        /// What it points to.
        target: String,
        /// Whether something that is there is replaced. Default: `false`,
        /// which makes it an error.
        replace: Option<bool>,
    },
    /// Removes a file or a directory with everything in it, if it is there.
    Remove {
        /// What is removed.
        path: String,
    },
}

/// Checks the patches and hands them to a sandbox that is to be created.
/// `content` is what `write` patches write, one after another.
pub fn apply(
    patches: &[PatchSpec],
    mut content: Bytes,
    mut builder: SandboxBuilder,
) -> Result<SandboxBuilder, Error> {
    for (index, patch) in patches.iter().enumerate() {
        builder = builder.add_patch(patch.to_core(&format!("patches[{index}]"), &mut content)?);
    }
    Ok(builder)
}

/// The options that make these patches, and what those of the kind `write`
/// write, one after another.
pub fn from_core(patches: &[CorePatch]) -> (Vec<PatchSpec>, Bytes) {
    let mut content = BytesMut::new();
    let specs = patches.iter().map(|patch| PatchSpec::from_core(patch, &mut content)).collect();
    (specs, content.freeze())
}

impl PatchSpec {
    fn from_core(patch: &CorePatch, contents: &mut BytesMut) -> Self {
        let mut write = |path: &str, content: &[u8], mode: Option<u32>, replace: bool| {
            contents.extend_from_slice(content);
            let (path, length) = (path.to_owned(), content.len());
            Self::Write { path, length, mode, replace: replace.then_some(true) }
        };
        match patch {
            CorePatch::Text { path, content, mode, replace } => {
                write(path, content.as_bytes(), *mode, *replace)
            }
            CorePatch::File { path, content, mode, replace } => write(path, content, *mode, *replace),
            CorePatch::CopyFile { src, dst, mode, replace } => Self::Copy {
                from: src.to_string_lossy().into_owned(),
                path: dst.clone(),
                mode: *mode,
                replace: replace.then_some(true),
            },
            CorePatch::CopyDir { src, dst, replace } => Self::Copy {
                from: src.to_string_lossy().into_owned(),
                path: dst.clone(),
                mode: None,
                replace: replace.then_some(true),
            },
            CorePatch::Symlink { target, link, replace } => Self::Symlink {
                path: link.clone(),
                target: target.clone(),
                replace: replace.then_some(true),
            },
            CorePatch::Mkdir { path, mode } => Self::Mkdir { path: path.clone(), mode: *mode },
            CorePatch::Remove { path } => Self::Remove { path: path.clone() },
            CorePatch::Append { path, content } => {
                Self::Append { path: path.clone(), content: content.clone() }
            }
        }
    }

    fn to_core(&self, option: &str, content: &mut Bytes) -> Result<CorePatch, Error> {
        require_guest_path(option, self.path())?;
        Ok(match self.clone() {
            Self::Write { path, length, mode, replace } => {
                if length > content.len() {
                    return Err(invalid(option, "length", "is more than there is content"));
                }
                let (mode, replace) = (checked(option, mode)?, replace.unwrap_or(false));
                // The core keeps patches as JSON, where each byte of a file
                // takes the room of a number, but text only its own.
                match String::from_utf8(content.split_to(length).into()) {
                    Ok(content) => CorePatch::Text { path, content, mode, replace },
                    Err(error) => {
                        let content = error.into_bytes();
                        CorePatch::File { path, content, mode, replace }
                    }
                }
            }
            Self::Copy { from, path, mode, replace } => {
                let is_directory = std::fs::metadata(&from)
                    .map_err(|error| {
                        invalid(option, "from", &format!("is {from}, which cannot be read ({error})"))
                    })?
                    .is_dir();
                let (src, dst) = (PathBuf::from(from), path);
                let (mode, replace) = (checked(option, mode)?, replace.unwrap_or(false));
                match (is_directory, mode) {
                    (true, None) => CorePatch::CopyDir { src, dst, replace },
                    (true, Some(_)) => {
                        return Err(invalid(option, "mode", "is given, but a directory is copied"));
                    }
                    (false, mode) => CorePatch::CopyFile { src, dst, mode, replace },
                }
            }
            Self::Append { path, content } => CorePatch::Append { path, content },
            Self::Mkdir { path, mode } => CorePatch::Mkdir { path, mode: checked(option, mode)? },
            Self::Symlink { path, target, replace } => {
                if target.is_empty() || target.contains('\0') {
                    return Err(invalid(option, "target", "is empty or has a null character"));
                }
                CorePatch::Symlink { target, link: path, replace: replace.unwrap_or(false) }
            }
            Self::Remove { path } => CorePatch::Remove { path },
        })
    }

    fn path(&self) -> &str {
        match self {
            Self::Write { path, .. }
            | Self::Copy { path, .. }
            | Self::Append { path, .. }
            | Self::Mkdir { path, .. }
            | Self::Symlink { path, .. }
            | Self::Remove { path } => path,
        }
    }
}

/// The core finds these out too, but only after the image is pulled.
fn require_guest_path(option: &str, path: &str) -> Result<(), Error> {
    let names_something = Path::new(path).file_name().is_some();
    let leaves_root = path.split('/').any(|name| name == "..");
    if path.starts_with('/') && names_something && !leaves_root && !path.contains('\0') {
        return Ok(());
    }
    Err(invalid(
        option,
        "path",
        &format!("is {path:?}: it has to be absolute, without .. in it, and not / itself"),
    ))
}

fn checked(option: &str, mode: Option<u32>) -> Result<Option<u32>, Error> {
    match mode {
        Some(mode) if mode > 0o7777 => {
            Err(out_of_range(&format!("{option}.mode"), mode, "from 0 to 0o7777"))
        }
        mode => Ok(mode),
    }
}

fn invalid(option: &str, key: &str, reason: &str) -> Error {
    let path = format!("{option}.{key}");
    refusal(&path, format!("Cannot use this patch, {path} {reason}"))
}
