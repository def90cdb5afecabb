/**
 * Hardware-isolated microVMs for Deno and Bun: create a sandbox from an OCI
 * image, run untrusted commands in it, and be rid of it.
 *
 * @example
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
 * const output = await sandbox.shell("uname -a");
 * console.log(output.text());
 * ```
 *
 * @module
 */

export { CommandOutput, type ExecOptions } from "./src/command.ts";
export {
  BootError,
  CommandInterruptedError,
  ExecFailedError,
  ExecTimeoutError,
  type HostDiagnosis,
  ImageError,
  InvalidOptionError,
  MicrosandboxError,
  SandboxAlreadyExistsError,
  SandboxNotFoundError,
  SandboxNotRunningError,
  StopTimeoutError,
  UnfinishedCommandError,
} from "./src/errors.ts";
export {
  type Cancellable,
  type CreateSandboxOptions,
  type ListSandboxesOptions,
  Sandbox,
  type StartSandboxOptions,
  type StopSandboxOptions,
} from "./src/sandbox.ts";
export { SandboxHandle } from "./src/sandbox_handle.ts";
export { LibraryError } from "./ffi/library.ts";
export type {
  Backend,
  CommandOptions,
  CreateOptions,
  ErrorCode,
  ListOptions,
  Status,
  StopResult,
  SandboxInfo,
} from "./ffi/protocol.gen.ts";
