/**
 * Errors: one base class with a stable `code`, and a subclass for each
 * condition that programs branch on.
 *
 * @module
 */

import type { ErrorCode, HostDiagnosis, ModificationPlan } from "../ffi/protocol/protocol.gen.ts";

/**
 * Anything that a sandbox, its image or this machine made fail.
 *
 * @example Branch on the code
 * ```ts
 * import { MicrosandboxError, Sandbox } from "@x/microsandbox";
 *
 * try {
 *   await Sandbox.remove("no-such-sandbox");
 * } catch (error) {
 *   if (!(error instanceof MicrosandboxError)) throw error;
 *   console.log(error.code);
 * }
 * ```
 *
 * @category Errors
 */
export class MicrosandboxError extends Error {
  /** The class's name. */
  declare readonly name: string;
  /** A stable name for what went wrong. */
  readonly code: ErrorCode;
  /** What the library knows beyond the message. Its keys depend on `code`. */
  readonly details: Readonly<Record<string, unknown>>;

  /** Made by this module only. */
  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/**
 * An option is unknown, has the wrong type, is out of range or makes no sense
 * with the others. Nothing was started.
 *
 * Codes: `unknown-option`, `invalid-option`, `option-out-of-range`,
 * `invalid-sandbox-name`, `invalid-config`.
 *
 * @category Errors
 */
export class InvalidOptionError extends MicrosandboxError {
  /**
   * The option's name; a dot separates levels. Not known with code
   * `invalid-config`.
   */
  get path(): string | undefined {
    return this.details["path"] as string | undefined;
  }
}

/**
 * A sandbox of that name exists already. Code: `sandbox-already-exists`.
 *
 * @category Errors
 */
export class SandboxAlreadyExistsError extends MicrosandboxError {}

/**
 * There is no sandbox of that name. Code: `sandbox-not-found`.
 *
 * @category Errors
 */
export class SandboxNotFoundError extends MicrosandboxError {}

/**
 * The sandbox does not run. Code: `sandbox-not-running`.
 *
 * @category Errors
 */
export class SandboxNotRunningError extends MicrosandboxError {}

/**
 * The object was closed or disposed, by this program: a sandbox, a process, a
 * connection or a backend. What it led to may well go on.
 *
 * Codes: `handle-closed`, `client-closed` when its backend was closed.
 *
 * @category Errors
 */
export class ClosedError extends MicrosandboxError {}

/**
 * An image is unknown, in use, or could not be fetched, unpacked or loaded. The
 * code says why:
 *
 * - `image-not-found`: neither this machine nor the registry knows it.
 * - `image-platform-unavailable`: it is not built for this machine's processor.
 * - `image-corrupt`: what arrived is not what the image says it is made of.
 * - `image-pull-failed`: another reason, which the message gives.
 * - `image-in-use`: sandboxes or snapshots are made from it.
 * - `image-archive-invalid`: the file is no archive of images, or a damaged one.
 * - `registry-unauthorized`: the registry wants other credentials, or any.
 * - `registry-tls-failed`: the registry's certificate is not to be trusted.
 * - `registry-plain-http`: the registry does not speak TLS.
 * - `registry-unreachable`: no connection could be made.
 * - `registry-disconnected`: the connection ended in the middle.
 * - `registry-rate-limited`: the registry was asked too often.
 *
 * Where a layer is the reason, `details.reason` says in one word why, such as
 * `layer-compression-unsupported`, and `details.layer`, `details.entry` and
 * `details.limit` name the layer, the entry in it and the limit that it exceeds,
 * as far as there is one.
 *
 * @category Errors
 */
export class ImageError extends MicrosandboxError {}

/**
 * The microVM could not be booted.
 *
 * Codes: `boot-failed`, `virtualization-unavailable`.
 *
 * @category Errors
 */
export class BootError extends MicrosandboxError {
  /** What the core found out about this machine. */
  get diagnosis(): HostDiagnosis | undefined {
    return this.details["diagnosis"] as HostDiagnosis | undefined;
  }
}

/**
 * The sandbox has not stopped within `timeoutMs`. It may still.
 *
 * Codes: `stop-timeout` when it was asked to stop, and nothing was killed;
 * `sandbox-stop-timed-out` when it was killed.
 *
 * @category Errors
 */
export class StopTimeoutError extends MicrosandboxError {}

/**
 * Another sandbox has taken the name since. Code: `sandbox-replaced`.
 *
 * @category Errors
 */
export class SandboxReplacedError extends MicrosandboxError {}

/**
 * Changes to a sandbox contradict each other, are not possible, or need a
 * restart that was not asked for. Nothing was changed. Code:
 * `modification-refused`.
 *
 * @category Errors
 */
export class ModificationError extends MicrosandboxError {
  /** What was planned, with its conflicts and what needs a restart. */
  get plan(): ModificationPlan {
    return this.details["plan"] as ModificationPlan;
  }
}

/**
 * A snapshot is not there, is damaged, has a name that is taken, or could not
 * be made.
 *
 * Codes: `snapshot-not-found`, `snapshot-already-exists`,
 * `snapshot-image-missing`, `snapshot-integrity`, `snapshot-migration`,
 * `snapshot-replaced`, `snapshot-sandbox-running`, `snapshot-source-recovery`.
 *
 * @category Errors
 */
export class SnapshotError extends MicrosandboxError {}

/**
 * A restored or forked sandbox lacks something that its original used of its
 * machine. Nothing was started. Code: `missing-restore-bindings`.
 *
 * @category Errors
 */
export class MissingRestoreBindingsError extends MicrosandboxError {
  /** What is missing, each a kind and a guest path, such as `mount /data`. */
  get missing(): string[] {
    return this.details["missing"] as string[];
  }
}

/**
 * Log entries were lost: their file was deleted before they were read. Start
 * again from a time. Code: `log-missed-rotation`.
 *
 * @category Errors
 */
export class LogRotationError extends MicrosandboxError {}

/**
 * A cursor is none of this log or listing, or what it points to is gone. Code:
 * `invalid-cursor`.
 *
 * @category Errors
 */
export class InvalidCursorError extends MicrosandboxError {}

/**
 * The command could not be started: no such program, directory or user, or a
 * limit forbids it. Code: `exec-failed`.
 *
 * @category Errors
 */
export class ExecFailedError extends MicrosandboxError {
  /** Why, as the guest classifies it: `not_found`, `permission_denied`, ... */
  get kind(): string {
    return String(this.details["kind"] ?? "other");
  }

  /** The guest's name for the error, such as `ENOENT`. */
  get errnoName(): string | undefined {
    return this.details["errnoName"] as string | undefined ?? undefined;
  }
}

/**
 * The command does not read its standard input any more: it has closed it, or
 * has ended. Code: `stdin-closed`.
 *
 * @category Errors
 */
export class StdinClosedError extends MicrosandboxError {}

/**
 * An operation on a file failed.
 *
 * Codes: those of its subclasses, `read-only-filesystem`, `no-space`, `busy`,
 * `cross-device`, `filesystem-loop`, `file-closed`, and `filesystem-error` for
 * what has no code of its own.
 *
 * @category Errors
 */
export class FileSystemError extends MicrosandboxError {
  /** The path that it failed with. */
  get path(): string {
    return String(this.details["path"] ?? "");
  }

  /** The other path, of an operation that takes two. */
  get newPath(): string | undefined {
    return this.details["newPath"] as string | undefined;
  }

  /**
   * The number that the system which has the file gives the error: the
   * guest's Linux, or this machine's for a volume.
   */
  get errno(): number | undefined {
    return this.details["errno"] as number | undefined;
  }
}

/**
 * There is no such file or directory. Code: `not-found`.
 *
 * @category Errors
 */
export class FileNotFoundError extends FileSystemError {}

/**
 * There is such a file or directory already. Code: `already-exists`.
 *
 * @category Errors
 */
export class FileAlreadyExistsError extends FileSystemError {}

/**
 * The system does not permit it. Code: `permission-denied`.
 *
 * @category Errors
 */
export class FilePermissionError extends FileSystemError {}

/**
 * It is not a directory, and had to be one. Code: `not-a-directory`.
 *
 * @category Errors
 */
export class NotADirectoryError extends FileSystemError {}

/**
 * It is a directory, and had to be none. Code: `is-a-directory`.
 *
 * @category Errors
 */
export class IsADirectoryError extends FileSystemError {}

/**
 * The directory is not empty. Code: `directory-not-empty`.
 *
 * @category Errors
 */
export class DirectoryNotEmptyError extends FileSystemError {}

/**
 * A volume of that name exists already. Code: `volume-already-exists`.
 *
 * @category Errors
 */
export class VolumeAlreadyExistsError extends MicrosandboxError {}

/**
 * There is no volume of that name. Code: `volume-not-found`.
 *
 * @category Errors
 */
export class VolumeNotFoundError extends MicrosandboxError {}

/**
 * A sandbox that runs has the volume mounted. Code: `volume-in-use`.
 *
 * @category Errors
 */
export class VolumeInUseError extends MicrosandboxError {}

/**
 * A command that started and did not end by itself, with its output so far
 * where that was being collected.
 *
 * @category Errors
 */
export abstract class UnfinishedCommandError extends MicrosandboxError {
  /** Standard output so far. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** Standard error so far. */
  readonly stderr: Uint8Array<ArrayBuffer>;

  /** Made by this module only. */
  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    output: Uint8Array<ArrayBuffer> = new Uint8Array(0),
  ) {
    super(code, message, details);
    const stdoutLength = Number(details["stdoutLength"] ?? 0);
    this.stdout = output.subarray(0, stdoutLength);
    this.stderr = output.subarray(stdoutLength);
  }
}

/**
 * The command ran longer than its `timeoutMs` and was killed. Code:
 * `exec-timeout`.
 *
 * @category Errors
 */
export class ExecTimeoutError extends UnfinishedCommandError {}

/**
 * The sandbox stopped, or the connection to it was lost, before the command
 * ended. How far it came is not known. Code: `command-interrupted`.
 *
 * @category Errors
 */
export class CommandInterruptedError extends UnfinishedCommandError {}

/**
 * A connection over SSH could not be made or was lost, or the server at its
 * other end does not allow what was asked of it. Code: `ssh-error`.
 *
 * @category Errors
 */
export class SshError extends MicrosandboxError {}

/**
 * This machine cannot listen on a port: it is taken, or needs other rights.
 * Code: `port-unavailable`.
 *
 * @category Errors
 */
export class PortUnavailableError extends MicrosandboxError {
  /** The port of this machine. */
  get hostPort(): number {
    return Number(this.details["hostPort"]);
  }
}

/**
 * What was waited for did not happen within `timeoutMs`. Code: `wait-timeout`.
 *
 * @category Errors
 */
export class WaitTimeoutError extends MicrosandboxError {}

/**
 * The backend cannot do this: most often the cloud cannot, and the message names
 * what can be done instead. Code: `unsupported`.
 *
 * @category Errors
 */
export class UnsupportedError extends MicrosandboxError {
  /** What it cannot do, such as `sandbox.kill`. */
  get operation(): string {
    return String(this.details["operation"]);
  }
}

/**
 * The cloud said no, or could not be asked. The code says why:
 *
 * - `cloud-unauthorized`: it does not know the key.
 * - `cloud-forbidden`: the key does not permit this.
 * - `cloud-conflict`: it contradicts what is there.
 * - `cloud-rate-limited`: it was asked too often.
 * - `cloud-unavailable`: it failed, or has no room at the moment.
 * - `cloud-http`: another HTTP status that says no.
 * - `cloud-response-invalid`: its answer broke off, or is none.
 * - `http-unreachable`: no connection could be made.
 * - `http-timeout`: it did not answer within 30 seconds, or 95 for creating
 *   and starting.
 * - `http-error`: the connection ended before there was an answer.
 *
 * After `cloud-response-invalid`, `http-timeout` and `http-error` it is not
 * known whether the cloud has done it.
 *
 * @category Errors
 */
export class CloudError extends MicrosandboxError {
  /** The HTTP status, if there was one that says no. */
  get status(): number | undefined {
    return this.details["status"] as number | undefined;
  }
}

// A class's own name is another one in a program that was minified; the keys of
// an object are not.
const named: Record<string, { prototype: MicrosandboxError }> = {
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
  UnfinishedCommandError,
  UnsupportedError,
  VolumeAlreadyExistsError,
  VolumeInUseError,
  VolumeNotFoundError,
  WaitTimeoutError,
};
for (const [name, { prototype }] of Object.entries(named)) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}
