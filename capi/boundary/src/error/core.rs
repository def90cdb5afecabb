//! The core's errors as ours.

use microsandbox::MicrosandboxError as CoreError;
use microsandbox::protocol::exec::{ExecFailed, ExecFailureKind};
use microsandbox_control_client::ControlClientError;
use microsandbox_image::ImageError;
use serde_json::{Value, json};

use super::{Error, ErrorCode, capitalized, cloud, image};

impl Error {
    /// A command that could not be started.
    pub fn exec_failed(failed: &ExecFailed) -> Self {
        let remedy = match failed.kind {
            ExecFailureKind::NotFound => {
                ": check that the guest has this program, and the working directory if you gave one"
            }
            ExecFailureKind::PermissionDenied => ": check that the file is executable for the user",
            _ => "",
        };
        Self::new(
            ErrorCode::ExecFailed,
            format!("Cannot start the command, {}{remedy}", failed.message),
        )
        .with_details(json!({
            "kind": failed.kind,
            "errno": failed.errno,
            "errnoName": failed.errno_name,
            "stage": failed.stage,
        }))
    }
}

impl From<CoreError> for Error {
    fn from(error: CoreError) -> Self {
        let message = match &error {
            // What the core puts before these says nothing.
            CoreError::Image(ImageError::Registry(error)) => with_sources(error),
            CoreError::Image(error) => with_sources(error),
            CoreError::Unsupported { op, reason } => cloud::unsupported(op, reason),
            error => with_sources(error),
        };
        let message = capitalized(without_api_key(&without_queries(&message)));
        let (code, details) = classify(&error);
        let message = match remedy(&error) {
            Some(remedy) => format!("{message}: {remedy}"),
            None => message,
        };
        Self::new(code, message).with_details(details)
    }
}

/// The code and the details for an error of the core.
fn classify(error: &CoreError) -> (ErrorCode, Value) {
    use ErrorCode as Code;
    match error {
        CoreError::Io(error) => (Code::IoError, json!({ "errno": error.raw_os_error() })),
        CoreError::Http(error) if error.is_timeout() => (Code::HttpTimeout, Value::Null),
        CoreError::Http(error) if error.is_connect() => (Code::HttpUnreachable, Value::Null),
        CoreError::Http(_) => (Code::HttpError, Value::Null),
        CoreError::CloudHttp { status, code, .. } => {
            (cloud::of_status(*status), json!({ "status": status, "cloudCode": code }))
        }
        CoreError::LibkrunfwNotFound(_) => (Code::LibkrunfwNotFound, Value::Null),
        CoreError::RuntimeNotInstalled(_) => (Code::RuntimeNotInstalled, Value::Null),
        CoreError::RuntimeIncomplete(_) => (Code::RuntimeIncomplete, Value::Null),
        CoreError::Database(_) => (Code::DatabaseError, Value::Null),
        CoreError::InvalidConfig(_) => (Code::InvalidConfig, Value::Null),
        CoreError::MissingRestoreBindings { missing, .. } => {
            (Code::MissingRestoreBindings, json!({ "missing": missing }))
        }
        CoreError::NoDefaultCommand => (Code::NoDefaultCommand, Value::Null),
        CoreError::SandboxNotFound(name) => (Code::SandboxNotFound, named(name)),
        CoreError::SandboxAlreadyExists(name) => (Code::SandboxAlreadyExists, named(name)),
        CoreError::SandboxReplaced { name, expected, actual } => (
            Code::SandboxReplaced,
            json!({ "name": name, "expected": expected, "actual": actual }),
        ),
        CoreError::SandboxStillRunning(_) => (Code::SandboxStillRunning, Value::Null),
        CoreError::SandboxNotRunning(_) => (Code::SandboxNotRunning, Value::Null),
        CoreError::SandboxStopTimedOut { name, timeout } => (
            Code::SandboxStopTimedOut,
            json!({ "name": name, "timeoutMs": timeout.as_millis() as u64 }),
        ),
        CoreError::Runtime(text) => (of_runtime(text), Value::Null),
        CoreError::StopTimeout { name, timeout, .. } => (
            Code::StopTimeout,
            json!({ "name": name, "timeoutMs": timeout.as_millis() as u64 }),
        ),
        CoreError::BootStart { name, err } => {
            (Code::BootFailed, json!({ "name": name, "boot": err }))
        }
        CoreError::Json(_) => (Code::JsonError, Value::Null),
        CoreError::Protocol(_) => (Code::ProtocolError, Value::Null),
        CoreError::AgentClient(_) => (Code::AgentClientError, Value::Null),
        CoreError::ControlClient(error) => match error.as_ref() {
            ControlClientError::Peer { error, .. } => {
                (Code::ControlClientError, json!({ "control": error }))
            }
            _ => (Code::ControlClientError, Value::Null),
        },
        CoreError::ControlStateChanged => (Code::ControlStateChanged, Value::Null),
        CoreError::ControlSecretBatch { applied_count, failed_index, error } => (
            Code::ControlSecretBatch,
            json!({ "appliedCount": applied_count, "failedIndex": failed_index, "error": error }),
        ),
        #[cfg(unix)]
        CoreError::Nix(errno) => (Code::OsError, json!({ "errno": *errno as i32 })),
        #[cfg(windows)]
        CoreError::WindowsHostSetup(_) => (Code::VirtualizationUnavailable, Value::Null),
        CoreError::ExecTimeout(timeout) => {
            (Code::ExecTimeout, json!({ "timeoutMs": timeout.as_millis() as u64 }))
        }
        CoreError::ExecFailed(failed) => {
            let error = Error::exec_failed(failed);
            (error.code, error.details)
        }
        CoreError::Terminal(_) => (Code::TerminalError, Value::Null),
        CoreError::SandboxFsOps(_) => (Code::FilesystemError, Value::Null),
        CoreError::ImageNotFound(image) => (Code::ImageNotFound, json!({ "image": image })),
        CoreError::ImageInUse(_) => (Code::ImageInUse, Value::Null),
        CoreError::VolumeNotFound(name) => (Code::VolumeNotFound, named(name)),
        CoreError::VolumeAlreadyExists(name) => (Code::VolumeAlreadyExists, named(name)),
        CoreError::Image(error) => image::classify(error),
        CoreError::NetworkBuilder(_) => (Code::NetworkPolicyError, Value::Null),
        CoreError::PatchFailed(_) => (Code::PatchFailed, Value::Null),
        CoreError::SnapshotNotFound(_) => (Code::SnapshotNotFound, Value::Null),
        CoreError::SnapshotAlreadyExists(_) => (Code::SnapshotAlreadyExists, Value::Null),
        CoreError::SnapshotSandboxRunning(_) => (Code::SnapshotSandboxRunning, Value::Null),
        CoreError::SnapshotImageMissing(_) => (Code::SnapshotImageMissing, Value::Null),
        CoreError::SnapshotIntegrity(_) => (Code::SnapshotIntegrity, Value::Null),
        CoreError::SnapshotSourceRecovery(error) => {
            (Code::SnapshotSourceRecovery, json!({ "recovery": error }))
        }
        CoreError::SnapshotMigration { code, phase, artifact, .. } => (
            Code::SnapshotMigration,
            json!({ "migrationCode": code, "phase": phase, "artifact": artifact }),
        ),
        CoreError::MetricsDisabled(_) => (Code::MetricsDisabled, Value::Null),
        CoreError::MetricsUnavailable(_) => (Code::MetricsUnavailable, Value::Null),
        CoreError::MissedRotation { dropped_from_offset } => {
            (Code::LogMissedRotation, json!({ "droppedFromOffset": dropped_from_offset }))
        }
        CoreError::InvalidCursor(_) => (Code::InvalidCursor, Value::Null),
        CoreError::Unsupported { op, .. } => {
            (Code::Unsupported, json!({ "operation": op.api_path() }))
        }
        CoreError::ModificationNotConfirmed { .. } => (Code::ModificationNotConfirmed, Value::Null),
        CoreError::Custom(text) => (cloud::of_custom(text), Value::Null),
    }
}

/// The code for what the core calls a failure of the runtime. Refusals of what
/// another version has made can only be known by their words.
fn of_runtime(text: &str) -> ErrorCode {
    let starts_with = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    if starts_with(&["migration/recovery required"]) {
        ErrorCode::MigrationRequired
    } else if starts_with(&["This MSB_HOME has a newer", "database has tables but no migration"]) {
        ErrorCode::HomeTooNew
    } else if starts_with(&[
        "upgrade required",
        "selected msb runtime does not support",
        "no tested sandbox launch contract",
    ]) {
        ErrorCode::RuntimeOutdated
    } else {
        cloud::of_runtime(text)
    }
}

/// The name of what an error is about. The cloud's answers stand where a name
/// stands otherwise; those have spaces, which no name has.
fn named(name: &str) -> Value {
    match name.contains(' ') {
        true => Value::Null,
        false => json!({ "name": name }),
    }
}

/// What the caller can do about an error whose own text does not say it.
fn remedy(error: &CoreError) -> Option<&'static str> {
    Some(match error {
        CoreError::SandboxNotFound(_) => "list the sandboxes, or create it",
        CoreError::SandboxAlreadyExists(_) => {
            "choose another name, start or connect to it, or create with replace"
        }
        CoreError::SandboxStillRunning(_) => "stop or kill it first",
        CoreError::Database(_) => {
            "check that the home directory is writable and its disk is not full, and try again"
        }
        CoreError::ImageNotFound(_) => "check its name and tag, list the images, or pull it",
        CoreError::ImageInUse(_) => {
            "remove the sandboxes and snapshots that are made from it, or remove it with force"
        }
        CoreError::Image(error) => return image::remedy(image::classify(error).0),
        CoreError::Runtime(text) => match of_runtime(text) {
            ErrorCode::MigrationRequired => {
                "restore one of its snapshots, or copy its files out with the version that made it"
            }
            ErrorCode::HomeTooNew => "update this module, or name another home with MSB_HOME",
            ErrorCode::RuntimeOutdated => {
                "restart the sandbox, or choose an msb of the version that version() returns as core"
            }
            code => return cloud::remedy(code),
        },
        error => return cloud::remedy(classify(error).0),
    })
}

/// The message, and those of its causes that it does not repeat itself: it is
/// the last of them that says that the connection was refused, say.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        source = cause.source();
    }
    message
}

/// The core's text about a profile without the reference to its key, in whose
/// place some write the key itself.
pub fn without_api_key(text: &str) -> &str {
    match text.split_once(" — got ") {
        Some((reason, _)) if reason.contains("api_key_ref") => reason,
        _ => text,
    }
}

/// The message without what follows the question mark in addresses: registries
/// sign the addresses of layers there, and a signature is as good as a password.
fn without_queries(message: &str) -> String {
    let mut parts = message.split("://");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let length = part.find([' ', ')', ',', '"']).unwrap_or(part.len());
        let (address, rest) = part.split_at(length);
        let address = address.split('?').next().unwrap_or_default();
        kept = format!("{kept}://{address}{rest}");
    }
    kept
}
