// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/**
 * A stable name for what went wrong. Codes are never renamed or reused.
 *
 * - `agent-client-error`: The sandbox's agent could not be reached, or answered out of turn.
 * - `already-exists`: A file or directory of that name exists already.
 * - `boot-failed`: The microVM or its agent did not come up. `details.diagnosis` says what is wrong
 *   with the host, as far as that can be seen.
 * - `busy`: A file is in use in a way that forbids the operation.
 * - `cancelled`: The request was cancelled before it had a result.
 * - `client-closed`: The client was closed before the request completed.
 * - `cloud-http`: The cloud answered with an HTTP status that says no, and that has no code of its
 *   own. `details.status` is the status.
 * - `cloud-conflict`: What the cloud is asked for contradicts what is there.
 * - `cloud-forbidden`: The key is good, but does not permit this.
 * - `cloud-rate-limited`: The cloud was asked too often.
 * - `cloud-response-invalid`: The cloud's answer broke off, or is none that can be understood.
 * - `cloud-unauthorized`: The cloud does not know the key.
 * - `cloud-unavailable`: The cloud failed, or has no room at the moment.
 * - `command-interrupted`: The sandbox stopped, or the connection to it was lost, before the
 *   command ended. `details` carries the output so far.
 * - `control-client-error`: A request to the sandbox's control socket failed.
 * - `control-secret-batch`: Some entries of a batch of secrets were applied before one failed.
 * - `control-state-changed`: The sandbox changed while a modification was being saved.
 * - `cross-device`: The operation cannot go from one file system to another.
 * - `database-error`: The database of sandboxes could not be read or written.
 * - `directory-not-empty`: A directory is not empty.
 * - `exec-failed`: The command could not be started: there is no such program, working directory or
 *   user, or a limit forbids it.
 * - `exec-timeout`: The command ran longer than its `timeoutMs` and was killed.
 * - `file-closed`: The file was closed.
 * - `filesystem-error`: An operation on files in the sandbox failed.
 * - `filesystem-loop`: Symbolic links lead in a circle.
 * - `handle-closed`: The handle was released: the sandbox was stopped, killed, detached or disposed
 *   through this object.
 * - `home-too-new`: The home directory was used by a later version, whose database this one does
 *   not know.
 * - `http-error`: An HTTP request failed: its connection ended before there was an answer.
 * - `http-timeout`: An HTTP request had no answer in time.
 * - `http-unreachable`: No connection could be made to send an HTTP request.
 * - `image-archive-invalid`: The file is no archive of images, or a damaged one.
 * - `image-corrupt`: What the registry sent is not what the image says it is made of.
 * - `image-in-use`: The image is used by a sandbox, a snapshot or another operation.
 * - `image-not-found`: No image of that name is known here or in its registry.
 * - `image-platform-unavailable`: The image is not built for this machine's processor.
 * - `image-pull-failed`: The image could not be fetched or unpacked.
 * - `internal`: The library failed in a way that is a mistake of its own.
 * - `invalid-config`: The configuration as a whole makes no sense to the core.
 * - `invalid-cursor`: A cursor does not come from this listing or log.
 * - `invalid-handle`: The handle is unknown or stands for something else.
 * - `invalid-option`: An option has the wrong type, is missing or contradicts another one.
 *   `details.path` names it.
 * - `invalid-sandbox-name`: The sandbox name is empty, too long or has characters that names cannot
 *   have.
 * - `io-error`: A file or directory on the host could not be used.
 * - `is-a-directory`: A directory is where something else was needed.
 * - `job-history-error`: The stored output of a job could not be read.
 * - `job-input-busy`: The job still works on earlier input.
 * - `job-launch-unconfirmed`: Whether the job was started is not known. `details.id` is the job
 *   that it would be: look it up before you try again.
 * - `job-lost`: How the job ended is not known: its sandbox stopped before.
 * - `job-not-found`: There is no job of that id, or it is forgotten.
 * - `job-not-running`: The job has ended, or belongs to an earlier run of its sandbox.
 * - `job-output-gap`: Output of the job was dropped before it was read. Behind `details.cursor` it
 *   goes on.
 * - `job-read-only`: The attachment is read-only.
 * - `json-error`: Stored data is not the JSON that it should be.
 * - `libkrunfw-not-found`: The `libkrunfw` library was not found.
 * - `log-missed-rotation`: The log was rotated away before it was read.
 * - `metrics-disabled`: Metrics are switched off for this sandbox.
 * - `metrics-unavailable`: There is no metrics sample yet.
 * - `microsandbox-error`: An error that the core does not classify.
 * - `missing-restore-bindings`: A restore needs bindings for resources of the host.
 * - `migration-required`: The sandbox comes from the core 0.7.11 or an earlier one, which had
 *   snapshotted or forked it. What its disk is made of stands in files that its guest could write,
 *   so it is not started.
 * - `modification-not-confirmed`: A change of a sandbox in the cloud was not confirmed: it may be
 *   saved and not yet in effect, or its result is unknown. The message says which, and whether to
 *   send it again.
 * - `modification-refused`: The changes to a sandbox contradict each other, are not possible, or
 *   need a restart that was not asked for. `details.plan` has them.
 * - `network-policy-error`: The network options contradict each other.
 * - `no-default-command`: The image defines no command to run.
 * - `no-space`: There is no space left, or a quota is used up.
 * - `not-a-directory`: Something is not a directory where one was needed.
 * - `not-found`: There is no file or directory of that name.
 * - `option-out-of-range`: A number is outside of its range. `details.path` names the option.
 * - `os-error`: The operating system refused a call.
 * - `patch-failed`: A change to the root file system before boot failed.
 * - `permission-denied`: The guest's or this machine's system does not permit the operation on the
 *   file.
 * - `port-unavailable`: This machine cannot listen on a port: it is taken, or needs other rights.
 *   `details` names it.
 * - `protocol-error`: A message from the sandbox could not be understood.
 * - `registry-disconnected`: The registry ended the connection before everything was there.
 * - `registry-plain-http`: The registry does not speak TLS, and `registryInsecure` is not set.
 * - `registry-rate-limited`: The registry was asked too often.
 * - `registry-tls-failed`: The registry's certificate is not to be trusted, or the encryption
 *   failed in another way.
 * - `registry-unauthorized`: The registry wants other credentials, or any.
 * - `registry-unreachable`: No connection to the registry could be made.
 * - `read-only-filesystem`: The file system is read-only.
 * - `result-too-large`: A result does not fit into a frame.
 * - `output-overflow`: Output that nobody read took more room than there is for it.
 * - `runtime-error`: The runtime failed.
 * - `runtime-incomplete`: Only one of the two files of the runtime is there.
 * - `runtime-in-use`: Another runtime is in use already.
 * - `runtime-not-installed`: The runtime is not installed, and unpacking it was switched off.
 * - `runtime-outdated`: The chosen runtime, or the one that started the sandbox, has another
 *   version than this library needs.
 * - `sandbox-already-exists`: A sandbox of that name exists already.
 * - `sandbox-not-found`: There is no sandbox of that name.
 * - `sandbox-not-running`: The sandbox is not running.
 * - `sandbox-replaced`: Another sandbox has taken the name since.
 * - `sandbox-still-running`: The sandbox is still running.
 * - `sandbox-stop-timed-out`: The sandbox accepted the request to stop but has not stopped in time.
 * - `snapshot-already-exists`: A snapshot of that name exists already.
 * - `snapshot-image-missing`: The snapshot's image is not in the cache.
 * - `snapshot-integrity`: The snapshot is damaged.
 * - `snapshot-migration`: The snapshot's format could not be migrated.
 * - `snapshot-not-found`: There is no such snapshot.
 * - `snapshot-replaced`: Another snapshot has taken the place of this one since.
 * - `snapshot-sandbox-running`: A snapshot needs its sandbox to be stopped.
 * - `snapshot-source-recovery`: The snapshot was made, but its sandbox did not recover.
 * - `ssh-error`: A connection over SSH could not be made, or the server at its other end does not
 *   allow what was asked of it.
 * - `stdin-closed`: The command's standard input is not read any more: it was closed in the guest,
 *   or the command has ended.
 * - `stop-timeout`: Stopping took longer than its `timeoutMs`. Nothing was killed.
 * - `terminal-error`: The terminal could not be used.
 * - `unknown-operation`: There is no operation with that number: the library and the program are of
 *   different versions.
 * - `unknown-option`: There is no option of that name. `details.path` names it.
 * - `unsupported`: The backend cannot do this.
 * - `virtualization-unavailable`: This machine offers no virtualization. `details.diagnosis` says
 *   why.
 * - `volume-already-exists`: A volume of that name exists already.
 * - `volume-in-use`: The volume is used by a sandbox.
 * - `volume-not-found`: There is no volume of that name.
 * - `wait-timeout`: What was waited for did not happen within `timeoutMs`.
 */
export type ErrorCode =
  | "agent-client-error"
  | "already-exists"
  | "boot-failed"
  | "busy"
  | "cancelled"
  | "client-closed"
  | "cloud-http"
  | "cloud-conflict"
  | "cloud-forbidden"
  | "cloud-rate-limited"
  | "cloud-response-invalid"
  | "cloud-unauthorized"
  | "cloud-unavailable"
  | "command-interrupted"
  | "control-client-error"
  | "control-secret-batch"
  | "control-state-changed"
  | "cross-device"
  | "database-error"
  | "directory-not-empty"
  | "exec-failed"
  | "exec-timeout"
  | "file-closed"
  | "filesystem-error"
  | "filesystem-loop"
  | "handle-closed"
  | "home-too-new"
  | "http-error"
  | "http-timeout"
  | "http-unreachable"
  | "image-archive-invalid"
  | "image-corrupt"
  | "image-in-use"
  | "image-not-found"
  | "image-platform-unavailable"
  | "image-pull-failed"
  | "internal"
  | "invalid-config"
  | "invalid-cursor"
  | "invalid-handle"
  | "invalid-option"
  | "invalid-sandbox-name"
  | "io-error"
  | "is-a-directory"
  | "job-history-error"
  | "job-input-busy"
  | "job-launch-unconfirmed"
  | "job-lost"
  | "job-not-found"
  | "job-not-running"
  | "job-output-gap"
  | "job-read-only"
  | "json-error"
  | "libkrunfw-not-found"
  | "log-missed-rotation"
  | "metrics-disabled"
  | "metrics-unavailable"
  | "microsandbox-error"
  | "missing-restore-bindings"
  | "migration-required"
  | "modification-not-confirmed"
  | "modification-refused"
  | "network-policy-error"
  | "no-default-command"
  | "no-space"
  | "not-a-directory"
  | "not-found"
  | "option-out-of-range"
  | "os-error"
  | "patch-failed"
  | "permission-denied"
  | "port-unavailable"
  | "protocol-error"
  | "registry-disconnected"
  | "registry-plain-http"
  | "registry-rate-limited"
  | "registry-tls-failed"
  | "registry-unauthorized"
  | "registry-unreachable"
  | "read-only-filesystem"
  | "result-too-large"
  | "output-overflow"
  | "runtime-error"
  | "runtime-incomplete"
  | "runtime-in-use"
  | "runtime-not-installed"
  | "runtime-outdated"
  | "sandbox-already-exists"
  | "sandbox-not-found"
  | "sandbox-not-running"
  | "sandbox-replaced"
  | "sandbox-still-running"
  | "sandbox-stop-timed-out"
  | "snapshot-already-exists"
  | "snapshot-image-missing"
  | "snapshot-integrity"
  | "snapshot-migration"
  | "snapshot-not-found"
  | "snapshot-replaced"
  | "snapshot-sandbox-running"
  | "snapshot-source-recovery"
  | "ssh-error"
  | "stdin-closed"
  | "stop-timeout"
  | "terminal-error"
  | "unknown-operation"
  | "unknown-option"
  | "unsupported"
  | "virtualization-unavailable"
  | "volume-already-exists"
  | "volume-in-use"
  | "volume-not-found"
  | "wait-timeout";

/** An error as the caller reads it. */
export interface Failure {
  /** What went wrong, as a stable name. */
  code: ErrorCode;
  /** What failed, with which value, and what to do next. */
  message: string;
  /** What to branch on. `null` when there is nothing. */
  details: unknown;
}
