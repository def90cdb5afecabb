/**
 * Errors: one base class with a stable `code`, and a subclass for each
 * condition that programs branch on.
 *
 * @module
 */

import type { Failure } from "../ffi/client.ts";
import type { ErrorCode, HostDiagnosis } from "../ffi/protocol.gen.ts";

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
 */
export class MicrosandboxError extends Error {
  /** The class's name. */
  override readonly name: string;
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
    this.name = new.target.name;
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

/** A sandbox of that name exists already. Code: `sandbox-already-exists`. */
export class SandboxAlreadyExistsError extends MicrosandboxError {}

/** There is no sandbox of that name. Code: `sandbox-not-found`. */
export class SandboxNotFoundError extends MicrosandboxError {}

/**
 * The sandbox does not run, or is not this object's any more.
 *
 * Codes: `sandbox-not-running`, `handle-closed`.
 */
export class SandboxNotRunningError extends MicrosandboxError {}

/**
 * The image is unknown, or could not be fetched or unpacked.
 *
 * Codes: `image-not-found`, `image-pull-failed`.
 */
export class ImageError extends MicrosandboxError {}

/**
 * The microVM could not be booted.
 *
 * Codes: `boot-failed`, `virtualization-unavailable`.
 */
export class BootError extends MicrosandboxError {
  /** What the core found out about this machine. */
  get diagnosis(): HostDiagnosis | undefined {
    return this.details["diagnosis"] as HostDiagnosis | undefined;
  }
}

/** Stopping took longer than `timeoutMs`; nothing was killed. Code: `stop-timeout`. */
export class StopTimeoutError extends MicrosandboxError {}

/**
 * The command could not be started: no such program, directory or user, or a
 * limit forbids it. Code: `exec-failed`.
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
 */
export class StdinClosedError extends MicrosandboxError {}

/**
 * A command that started and did not end by itself, with its output so far
 * where that was being collected.
 */
export abstract class UnfinishedCommandError extends MicrosandboxError {
  /** Standard output so far. */
  readonly stdout: Uint8Array;
  /** Standard error so far. */
  readonly stderr: Uint8Array;

  /** Made by this module only. */
  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    output: Uint8Array = new Uint8Array(0),
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
 */
export class ExecTimeoutError extends UnfinishedCommandError {}

/**
 * The sandbox stopped, or the connection to it was lost, before the command
 * ended. How far it came is not known. Code: `command-interrupted`.
 */
export class CommandInterruptedError extends UnfinishedCommandError {}

type ErrorClass = new (
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, unknown>>,
  output?: Uint8Array,
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
  "handle-closed": SandboxNotRunningError,
  "image-not-found": ImageError,
  "image-pull-failed": ImageError,
  "boot-failed": BootError,
  "virtualization-unavailable": BootError,
  "stop-timeout": StopTimeoutError,
  "exec-failed": ExecFailedError,
  "exec-timeout": ExecTimeoutError,
  "command-interrupted": CommandInterruptedError,
  "stdin-closed": StdinClosedError,
};

/** The error that callers see for a failure in the library. */
export function toError(
  { code, message, details, bytes }: Failure,
): MicrosandboxError {
  const ErrorForCode = classes[code] ?? MicrosandboxError;
  return new ErrorForCode(
    code,
    message,
    (details ?? {}) as Record<string, unknown>,
    bytes,
  );
}
