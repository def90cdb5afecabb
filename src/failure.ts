/**
 * What the library says of a failure as the error that callers see.
 *
 * @module
 */

import type { Failure } from "../ffi/failure.ts";
import type { ErrorCode } from "../ffi/protocol/protocol.gen.ts";
import {
  BootError,
  ClosedError,
  CloudError,
  CommandInterruptedError,
  DirectoryNotEmptyError,
  ExecFailedError,
  ExecTimeoutError,
  FileAlreadyExistsError,
  FileNotFoundError,
  FilePermissionError,
  FileSystemError,
  ImageError,
  InvalidCursorError,
  InvalidOptionError,
  IsADirectoryError,
  LogRotationError,
  MicrosandboxError,
  MissingRestoreBindingsError,
  ModificationError,
  NotADirectoryError,
  PortUnavailableError,
  SandboxAlreadyExistsError,
  SandboxNotFoundError,
  SandboxNotRunningError,
  SandboxReplacedError,
  SnapshotError,
  SshError,
  StdinClosedError,
  StopTimeoutError,
  UnsupportedError,
  VolumeAlreadyExistsError,
  VolumeInUseError,
  VolumeNotFoundError,
  WaitTimeoutError,
} from "./errors.ts";

type ErrorClass = new (
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, unknown>>,
  output?: Uint8Array<ArrayBuffer>,
) => MicrosandboxError;

const classes: { [Code in ErrorCode]?: ErrorClass } = {
  "invalid-config": InvalidOptionError,
  "unknown-option": InvalidOptionError,
  "invalid-option": InvalidOptionError,
  "option-out-of-range": InvalidOptionError,
  "invalid-sandbox-name": InvalidOptionError,
  "sandbox-already-exists": SandboxAlreadyExistsError,
  "sandbox-not-found": SandboxNotFoundError,
  "sandbox-not-running": SandboxNotRunningError,
  "handle-closed": ClosedError,
  "client-closed": ClosedError,
  "image-archive-invalid": ImageError,
  "image-corrupt": ImageError,
  "image-in-use": ImageError,
  "image-not-found": ImageError,
  "image-platform-unavailable": ImageError,
  "image-pull-failed": ImageError,
  "registry-disconnected": ImageError,
  "registry-plain-http": ImageError,
  "registry-rate-limited": ImageError,
  "registry-tls-failed": ImageError,
  "registry-unauthorized": ImageError,
  "registry-unreachable": ImageError,
  "boot-failed": BootError,
  "virtualization-unavailable": BootError,
  "stop-timeout": StopTimeoutError,
  "port-unavailable": PortUnavailableError,
  "wait-timeout": WaitTimeoutError,
  "sandbox-stop-timed-out": StopTimeoutError,
  "sandbox-replaced": SandboxReplacedError,
  "modification-refused": ModificationError,
  "snapshot-not-found": SnapshotError,
  "snapshot-already-exists": SnapshotError,
  "snapshot-image-missing": SnapshotError,
  "snapshot-integrity": SnapshotError,
  "snapshot-migration": SnapshotError,
  "snapshot-replaced": SnapshotError,
  "snapshot-sandbox-running": SnapshotError,
  "snapshot-source-recovery": SnapshotError,
  "missing-restore-bindings": MissingRestoreBindingsError,
  "log-missed-rotation": LogRotationError,
  "invalid-cursor": InvalidCursorError,
  "exec-failed": ExecFailedError,
  "exec-timeout": ExecTimeoutError,
  "command-interrupted": CommandInterruptedError,
  "ssh-error": SshError,
  "stdin-closed": StdinClosedError,
  "file-closed": FileSystemError,
  "filesystem-error": FileSystemError,
  "read-only-filesystem": FileSystemError,
  "no-space": FileSystemError,
  "busy": FileSystemError,
  "cross-device": FileSystemError,
  "filesystem-loop": FileSystemError,
  "not-found": FileNotFoundError,
  "already-exists": FileAlreadyExistsError,
  "permission-denied": FilePermissionError,
  "not-a-directory": NotADirectoryError,
  "is-a-directory": IsADirectoryError,
  "directory-not-empty": DirectoryNotEmptyError,
  "volume-already-exists": VolumeAlreadyExistsError,
  "volume-not-found": VolumeNotFoundError,
  "volume-in-use": VolumeInUseError,
  "unsupported": UnsupportedError,
  "cloud-conflict": CloudError,
  "cloud-forbidden": CloudError,
  "cloud-http": CloudError,
  "cloud-rate-limited": CloudError,
  "cloud-response-invalid": CloudError,
  "cloud-unauthorized": CloudError,
  "cloud-unavailable": CloudError,
  "http-error": CloudError,
  "http-timeout": CloudError,
  "http-unreachable": CloudError,
};

/** The error that callers see for a failure in the library. */
export function toError(
  { code, message, details, bytes }: Failure,
): MicrosandboxError {
  const ErrorForCode = classes[code] ?? MicrosandboxError;
  const error = new ErrorForCode(
    code,
    message,
    (details ?? {}) as Record<string, unknown>,
    bytes,
  );
  // Runtimes show the line of the first frame, which is to be that of a caller.
  Error.captureStackTrace(error, toError);
  return error;
}

/**
 * The error for a failure of something that was begun earlier, with the stack of
 * where that was: nothing of the program is on the stack when it arrives.
 */
export function toErrorOf(failure: Failure, begun: Error): MicrosandboxError {
  const error = toError(failure);
  const frames = begun.stack?.search(/^ +at /m) ?? -1;
  if (frames >= 0) error.stack = `${error.name}: ${error.message}\n${begun.stack!.slice(frames)}`;
  return error;
}
