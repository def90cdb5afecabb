//! Files of this machine that operations write. They get their name when they
//! are whole: nobody finds half a file, and what was there before is kept until
//! there is something to replace it.

use std::path::{Path, PathBuf};

use boundary::error::{Error, ErrorCode};
use serde_json::json;
use tempfile::{Builder, TempPath};

/// A file to be. Dropping it removes what was written.
pub struct OutputFile {
    unfinished: TempPath,
    path: PathBuf,
    overwrite: bool,
    /// What is being done, for errors: `save images to`.
    action: &'static str,
}

impl OutputFile {
    /// Refuses to replace a file that is there, unless it may be overwritten.
    pub fn prepare(action: &'static str, path: &Path, overwrite: bool) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(|error| unusable(action, path, &error))?;
        if !overwrite && path.exists() {
            return Err(taken(action, &path));
        }
        let folder = path.parent().unwrap_or(&path);
        let mut builder = Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let unfinished = builder
            .prefix(".microsandbox-")
            .tempfile_in(folder)
            .map_err(|error| unusable(action, &path, &error))?
            .into_temp_path();
        Ok(Self { unfinished, path, overwrite, action })
    }

    /// Where to write it to. There is an empty file.
    pub fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Gives it its name.
    pub fn finish(self) -> Result<(), Error> {
        let Self { unfinished, path, overwrite, action } = self;
        let named = match overwrite {
            true => unfinished.persist(&path),
            false => unfinished.persist_noclobber(&path),
        };
        named.map_err(|failure| match failure.error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(action, &path),
            _ => unusable(action, &path, &failure.error),
        })
    }
}

fn taken(action: &str, path: &Path) -> Error {
    Error::new(
        ErrorCode::AlreadyExists,
        format!("Cannot {action} {}: it exists, so choose another path or overwrite it", path.display()),
    )
    .with_details(json!({ "path": path }))
}

/// The error for a file that cannot be opened or made.
pub fn unusable(action: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(
        ErrorCode::IoError,
        format!("Cannot {action} {} ({error}): check the path", path.display()),
    )
    .with_details(json!({ "path": path, "errno": error.raw_os_error() }))
}
