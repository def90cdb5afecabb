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

export type { Cancellable } from "./src/cancellable.ts";
export {
  CommandOutput,
  type CommandStatus,
  type ExecOptions,
} from "./src/command.ts";
export {
  BootError,
  CommandInterruptedError,
  ExecFailedError,
  ExecTimeoutError,
  ImageError,
  InvalidOptionError,
  MicrosandboxError,
  SandboxAlreadyExistsError,
  SandboxNotFoundError,
  SandboxNotRunningError,
  StdinClosedError,
  StopTimeoutError,
  UnfinishedCommandError,
} from "./src/errors.ts";
export {
  type AttachJobOptions,
  Job,
  JobHistory,
  type JobLogEntry,
  type JobLogsOptions,
  Jobs,
  type ListJobsOptions,
  type StartJobOptions,
} from "./src/job.ts";
export { Process, type ProcessEvent } from "./src/process.ts";
export {
  diagnose,
  type DownloadProgress,
  ensureRuntime,
  install,
  type Installation,
  type InstallOptions,
  isInstalled,
  libraryPath,
  runtimePath,
  setLibraryPath,
  setRuntimePath,
  version,
  type Versions,
} from "./src/runtime.ts";
export {
  type CreateSandboxOptions,
  type ListSandboxesOptions,
  Sandbox,
  type StartSandboxOptions,
  type StopSandboxOptions,
} from "./src/sandbox.ts";
export { SandboxHandle } from "./src/sandbox_handle.ts";
export { sh, type ShellValue } from "./src/shell.ts";
export {
  type AttachOptions,
  attachTerminal,
  type AttachTerminalOptions,
} from "./src/terminal.ts";
export { LibraryError, type LibraryErrorCode } from "./ffi/library_error.ts";
export type {
  Backend,
  CommandOptions,
  CreateOptions,
  ErrorCode,
  FatalSignal,
  HostCheck,
  HostCheckState,
  HostDiagnosis,
  HostFix,
  HostProblem,
  JobAttachOptions,
  JobExit,
  JobLogFilter,
  JobLogSource,
  JobState,
  ListOptions,
  Replay,
  RuntimeInfo,
  RuntimeOrigin,
  SandboxInfo,
  Signal,
  Status,
  StopResult,
  TerminalSize,
  UnknownSignal,
} from "./ffi/protocol.gen.ts";
