//! The names of everything that can go wrong.

use serde::Serialize;

/// A stable name for what went wrong. Codes are never renamed or reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The sandbox's agent could not be reached, or answered out of turn.
    AgentClientError,
    /// A file or directory of that name exists already.
    AlreadyExists,
    /// The microVM or its agent did not come up. `details.diagnosis` says what
    /// is wrong with the host, as far as that can be seen.
    BootFailed,
    /// A file is in use in a way that forbids the operation.
    Busy,
    /// The request was cancelled before it had a result.
    Cancelled,
    /// The client was closed before the request completed.
    ClientClosed,
    /// The cloud answered with an HTTP status that says no, and that has no code
    /// of its own. `details.status` is the status.
    CloudHttp,
    /// What the cloud is asked for contradicts what is there.
    CloudConflict,
    /// The key is good, but does not permit this.
    CloudForbidden,
    /// The cloud was asked too often.
    CloudRateLimited,
    /// The cloud's answer broke off, or is none that can be understood.
    CloudResponseInvalid,
    /// The cloud does not know the key.
    CloudUnauthorized,
    /// The cloud failed, or has no room at the moment.
    CloudUnavailable,
    /// The sandbox stopped, or the connection to it was lost, before the
    /// command ended. `details` carries the output so far.
    CommandInterrupted,
    /// A request to the sandbox's control socket failed.
    ControlClientError,
    /// Some entries of a batch of secrets were applied before one failed.
    ControlSecretBatch,
    /// The sandbox changed while a modification was being saved.
    ControlStateChanged,
    /// The operation cannot go from one file system to another.
    CrossDevice,
    /// The database of sandboxes could not be read or written.
    DatabaseError,
    /// A directory is not empty.
    DirectoryNotEmpty,
    /// The command could not be started: there is no such program, working
    /// directory or user, or a limit forbids it.
    ExecFailed,
    /// The command ran longer than its `timeoutMs` and was killed.
    ExecTimeout,
    /// The file was closed.
    FileClosed,
    /// An operation on files in the sandbox failed.
    FilesystemError,
    /// Symbolic links lead in a circle.
    FilesystemLoop,
    /// The handle was released: the sandbox was stopped, killed, detached or
    /// disposed through this object.
    HandleClosed,
    /// The home directory was used by a later version, whose database this one
    /// does not know.
    HomeTooNew,
    /// An HTTP request failed: its connection ended before there was an answer.
    HttpError,
    /// An HTTP request had no answer in time.
    HttpTimeout,
    /// No connection could be made to send an HTTP request.
    HttpUnreachable,
    /// The file is no archive of images, or a damaged one.
    ImageArchiveInvalid,
    /// What the registry sent is not what the image says it is made of.
    ImageCorrupt,
    /// The image is used by a sandbox, a snapshot or another operation.
    ImageInUse,
    /// No image of that name is known here or in its registry.
    ImageNotFound,
    /// The image is not built for this machine's processor.
    ImagePlatformUnavailable,
    /// The image could not be fetched or unpacked.
    ImagePullFailed,
    /// The library failed in a way that is a mistake of its own.
    Internal,
    /// The configuration as a whole makes no sense to the core.
    InvalidConfig,
    /// A cursor does not come from this listing or log.
    InvalidCursor,
    /// The handle is unknown or stands for something else.
    InvalidHandle,
    /// An option has the wrong type, is missing or contradicts another one.
    /// `details.path` names it.
    InvalidOption,
    /// The sandbox name is empty, too long or has characters that names cannot
    /// have.
    InvalidSandboxName,
    /// A file or directory on the host could not be used.
    IoError,
    /// A directory is where something else was needed.
    IsADirectory,
    /// The stored output of a job could not be read.
    JobHistoryError,
    /// The job still works on earlier input.
    JobInputBusy,
    /// Whether the job was started is not known. `details.id` is the job that
    /// it would be: look it up before you try again.
    JobLaunchUnconfirmed,
    /// How the job ended is not known: its sandbox stopped before.
    JobLost,
    /// There is no job of that id, or it is forgotten.
    JobNotFound,
    /// The job has ended, or belongs to an earlier run of its sandbox.
    JobNotRunning,
    /// Output of the job was dropped before it was read. Behind
    /// `details.cursor` it goes on.
    JobOutputGap,
    /// The attachment is read-only.
    JobReadOnly,
    /// Stored data is not the JSON that it should be.
    JsonError,
    /// The `libkrunfw` library was not found.
    LibkrunfwNotFound,
    /// The log was rotated away before it was read.
    LogMissedRotation,
    /// Metrics are switched off for this sandbox.
    MetricsDisabled,
    /// There is no metrics sample yet.
    MetricsUnavailable,
    /// An error that the core does not classify.
    MicrosandboxError,
    /// A restore needs bindings for resources of the host.
    MissingRestoreBindings,
    /// The sandbox comes from the core 0.7.11 or an earlier one, which had
    /// snapshotted or forked it. What its disk is made of stands in files that
    /// its guest could write, so it is not started.
    MigrationRequired,
    /// A change of a sandbox in the cloud was not confirmed: it may be saved and
    /// not yet in effect, or its result is unknown. The message says which, and
    /// whether to send it again.
    ModificationNotConfirmed,
    /// The changes to a sandbox contradict each other, are not possible, or
    /// need a restart that was not asked for. `details.plan` has them.
    ModificationRefused,
    /// The network options contradict each other.
    NetworkPolicyError,
    /// The image defines no command to run.
    NoDefaultCommand,
    /// There is no space left, or a quota is used up.
    NoSpace,
    /// Something is not a directory where one was needed.
    NotADirectory,
    /// There is no file or directory of that name.
    NotFound,
    /// A number is outside of its range. `details.path` names the option.
    OptionOutOfRange,
    /// The operating system refused a call.
    OsError,
    /// A change to the root file system before boot failed.
    PatchFailed,
    /// The guest's or this machine's system does not permit the operation on
    /// the file.
    PermissionDenied,
    /// This machine cannot listen on a port: it is taken, or needs other
    /// rights. `details` names it.
    PortUnavailable,
    /// A message from the sandbox could not be understood.
    ProtocolError,
    /// The registry ended the connection before everything was there.
    RegistryDisconnected,
    /// The registry does not speak TLS, and `registryInsecure` is not set.
    RegistryPlainHttp,
    /// The registry was asked too often.
    RegistryRateLimited,
    /// The registry's certificate is not to be trusted, or the encryption
    /// failed in another way.
    RegistryTlsFailed,
    /// The registry wants other credentials, or any.
    RegistryUnauthorized,
    /// No connection to the registry could be made.
    RegistryUnreachable,
    /// The file system is read-only.
    ReadOnlyFilesystem,
    /// A result does not fit into a frame.
    ResultTooLarge,
    /// Output that nobody read took more room than there is for it.
    OutputOverflow,
    /// The runtime failed.
    RuntimeError,
    /// Only one of the two files of the runtime is there.
    RuntimeIncomplete,
    /// Another runtime is in use already.
    RuntimeInUse,
    /// The runtime is not installed, and unpacking it was switched off.
    RuntimeNotInstalled,
    /// The chosen runtime, or the one that started the sandbox, has another
    /// version than this library needs.
    RuntimeOutdated,
    /// A sandbox of that name exists already.
    SandboxAlreadyExists,
    /// There is no sandbox of that name.
    SandboxNotFound,
    /// The sandbox is not running.
    SandboxNotRunning,
    /// Another sandbox has taken the name since.
    SandboxReplaced,
    /// The sandbox is still running.
    SandboxStillRunning,
    /// The sandbox accepted the request to stop but has not stopped in time.
    SandboxStopTimedOut,
    /// A snapshot of that name exists already.
    SnapshotAlreadyExists,
    /// The snapshot's image is not in the cache.
    SnapshotImageMissing,
    /// The snapshot is damaged.
    SnapshotIntegrity,
    /// The snapshot's format could not be migrated.
    SnapshotMigration,
    /// There is no such snapshot.
    SnapshotNotFound,
    /// Another snapshot has taken the place of this one since.
    SnapshotReplaced,
    /// A snapshot needs its sandbox to be stopped.
    SnapshotSandboxRunning,
    /// The snapshot was made, but its sandbox did not recover.
    SnapshotSourceRecovery,
    /// A connection over SSH could not be made, or the server at its other end
    /// does not allow what was asked of it.
    SshError,
    /// The command's standard input is not read any more: it was closed in the
    /// guest, or the command has ended.
    StdinClosed,
    /// Stopping took longer than its `timeoutMs`. Nothing was killed.
    StopTimeout,
    /// The terminal could not be used.
    TerminalError,
    /// There is no operation with that number: the library and the program
    /// are of different versions.
    UnknownOperation,
    /// There is no option of that name. `details.path` names it.
    UnknownOption,
    /// The backend cannot do this.
    Unsupported,
    /// This machine offers no virtualization. `details.diagnosis` says why.
    VirtualizationUnavailable,
    /// A volume of that name exists already.
    VolumeAlreadyExists,
    /// The volume is used by a sandbox.
    VolumeInUse,
    /// There is no volume of that name.
    VolumeNotFound,
    /// What was waited for did not happen within `timeoutMs`.
    WaitTimeout,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case() {
        let code = serde_json::to_string(&ErrorCode::SandboxAlreadyExists).unwrap();
        assert_eq!(code, "\"sandbox-already-exists\"");
    }
}
