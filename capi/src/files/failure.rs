//! Why an operation on files failed.

use std::io;

use boundary::error::{Error, ErrorCode};
use microsandbox::MicrosandboxError as CoreError;
use serde_json::json;

/// A failed operation, before it is known which one it was.
#[derive(Debug)]
pub enum Failure {
    /// The operating system that has the files said no.
    Refused {
        code: ErrorCode,
        /// The system's number for the reason, if it gave one.
        errno: Option<i32>,
        /// The reason in words.
        reason: String,
    },
    /// It did not come to that.
    Other(Error),
}

impl Failure {
    /// A refusal that has no number.
    pub fn refused(code: ErrorCode, reason: impl Into<String>) -> Self {
        Self::Refused { code, errno: None, reason: reason.into() }
    }

    /// What the agent in the guest says.
    ///
    /// It passes a text on, but that text is what the Rust library makes of
    /// an error of the operating system, and so it ends with the number that
    /// Linux gave. Nothing else in it is relied upon.
    pub fn from_agent(text: &str) -> Self {
        let (reason, errno) = split_errno(text);
        let code = errno.map_or(ErrorCode::FilesystemError, code_of_linux_errno);
        Self::Refused { code, errno, reason: reason.to_owned() }
    }

    /// Whether the code is this one.
    pub fn is(&self, expected: ErrorCode) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == expected)
    }

    /// The error of an operation on one path.
    pub fn at(self, action: &str, path: &str) -> Error {
        self.described(&format!("{action} {path:?}"), json!({ "path": path }))
    }

    /// The error of an operation on two paths.
    pub fn between(self, action: &str, path: &str, new_path: &str) -> Error {
        self.described(
            &format!("{action} {path:?} to {new_path:?}"),
            json!({ "path": path, "newPath": new_path }),
        )
    }

    fn described(self, attempt: &str, mut details: serde_json::Value) -> Error {
        match self {
            Self::Refused { code, errno, reason } => {
                let reason = sentence(code).unwrap_or(&reason);
                if let Some(errno) = errno {
                    details["errno"] = errno.into();
                }
                Error::new(code, format!("Cannot {attempt}: {reason}")).with_details(details)
            }
            Self::Other(error) => error,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Refused {
            code: code_of_kind(error.kind()),
            errno: error.raw_os_error(),
            reason: split_errno(&error.to_string()).0.to_owned(),
        }
    }
}

impl From<CoreError> for Failure {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Io(error) => error.into(),
            // What leads out of a volume, or never to an end: the core has a
            // text for each and nothing else. Tests pin them.
            CoreError::SandboxFsOps(reason) if reason.starts_with("too many symlinks") => {
                Self::refused(ErrorCode::FilesystemLoop, reason)
            }
            CoreError::SandboxFsOps(reason) => Self::refused(ErrorCode::PermissionDenied, reason),
            error => Self::Other(error.into()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Takes the number off the end of what Rust says about an error of the
/// operating system.
fn split_errno(text: &str) -> (&str, Option<i32>) {
    let number = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" (os error "))
        .and_then(|(reason, number)| Some((reason, number.parse().ok()?)));
    match number {
        Some((reason, errno)) => (reason, Some(errno)),
        None => (text, None),
    }
}

/// The guest is a Linux whatever this machine is, so these are its numbers.
fn code_of_linux_errno(errno: i32) -> ErrorCode {
    match errno {
        1 | 13 => ErrorCode::PermissionDenied,
        2 => ErrorCode::NotFound,
        16 | 26 => ErrorCode::Busy,
        17 => ErrorCode::AlreadyExists,
        18 => ErrorCode::CrossDevice,
        20 => ErrorCode::NotADirectory,
        21 => ErrorCode::IsADirectory,
        28 | 122 => ErrorCode::NoSpace,
        30 => ErrorCode::ReadOnlyFilesystem,
        39 => ErrorCode::DirectoryNotEmpty,
        40 => ErrorCode::FilesystemLoop,
        _ => ErrorCode::FilesystemError,
    }
}

fn code_of_kind(kind: io::ErrorKind) -> ErrorCode {
    use io::ErrorKind as Kind;
    match kind {
        Kind::PermissionDenied => ErrorCode::PermissionDenied,
        Kind::NotFound => ErrorCode::NotFound,
        Kind::ResourceBusy | Kind::ExecutableFileBusy => ErrorCode::Busy,
        Kind::AlreadyExists => ErrorCode::AlreadyExists,
        Kind::CrossesDevices => ErrorCode::CrossDevice,
        Kind::NotADirectory => ErrorCode::NotADirectory,
        Kind::IsADirectory => ErrorCode::IsADirectory,
        Kind::StorageFull | Kind::QuotaExceeded => ErrorCode::NoSpace,
        Kind::ReadOnlyFilesystem => ErrorCode::ReadOnlyFilesystem,
        Kind::DirectoryNotEmpty => ErrorCode::DirectoryNotEmpty,
        _ => ErrorCode::FilesystemError,
    }
}

/// What a code means to whoever wrote the program, where that says more than
/// the system's own words.
fn sentence(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::NotFound => "there is no such file or directory",
        ErrorCode::AlreadyExists => "it exists already",
        ErrorCode::NotADirectory => "it, or something on the way to it, is not a directory",
        ErrorCode::IsADirectory => "it is a directory",
        ErrorCode::DirectoryNotEmpty => "the directory is not empty: pass recursive to remove it",
        ErrorCode::NoSpace => "there is no space left for it",
        ErrorCode::ReadOnlyFilesystem => "it is on a file system that is read-only",
        ErrorCode::FilesystemLoop => "its symbolic links lead in a circle",
        ErrorCode::CrossDevice => "the two are on different file systems: copy and remove instead",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_at_the_end_decides() {
        let failure = Failure::from_agent("open: No such file or directory (os error 2)");
        assert!(failure.is(ErrorCode::NotFound));
        let error = failure.at("open", "/a");
        assert_eq!(error.message, "Cannot open \"/a\": there is no such file or directory");
        assert_eq!(error.details, json!({ "path": "/a", "errno": 2 }));
    }

    #[test]
    fn a_number_elsewhere_decides_nothing() {
        for text in ["readdir /x (os error 2): gone", "open: (os error two)", "(os error 2)"] {
            let failure = Failure::from_agent(text);
            assert!(failure.is(ErrorCode::FilesystemError), "{text}");
            assert!(failure.at("open", "/a").message.ends_with(text));
        }
        let failure = Failure::from_agent("x (os error 2): Permission denied (os error 13)");
        assert!(failure.is(ErrorCode::PermissionDenied));
    }

    #[test]
    fn errors_of_this_machine_are_classified_by_their_kind() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::NotADirectory));
        assert!(failure.is(ErrorCode::NotADirectory));
    }

    #[test]
    fn two_paths_are_both_named() {
        let failure = Failure::from_agent("rename: Invalid cross-device link (os error 18)");
        let error = failure.between("rename", "/a", "/b");
        assert_eq!(error.code, ErrorCode::CrossDevice);
        assert_eq!(error.details, json!({ "path": "/a", "newPath": "/b", "errno": 18 }));
    }
}
