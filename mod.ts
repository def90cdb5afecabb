/**
 * Hardware-isolated microVMs for Deno and Bun: create a sandbox from an OCI
 * image, and run untrusted commands in it.
 *
 * Types that only appear in what these classes and functions take and return are
 * in `@x/microsandbox/types`.
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

// Sandboxes
export { Sandbox } from "./src/sandbox/sandbox.ts";
export { SandboxHandle } from "./src/sandbox/handle.ts";
export { SandboxBase } from "./src/sandbox/base.ts";
export type { CreateSandboxOptions, Patch } from "./src/sandbox/create_options.gen.ts";
export type { SandboxConfig, StartSandboxOptions } from "./src/sandbox/options.ts";
export type {
  DestroySandboxOptions,
  ForkSandboxOptions,
  ListSandboxesOptions,
  ModifySandboxOptions,
  StopSandboxOptions,
} from "./src/sandbox/options.gen.ts";
export type { WaitForHttpOptions, WaitForPortOptions } from "./src/sandbox/ports.ts";
export type { SandboxMetrics } from "./src/sandbox/sandbox_metrics.gen.ts";
export { LogEntry } from "./src/sandbox/logs.ts";
export type { ReadLogsOptions, StreamLogsOptions, WaitForLogOptions } from "./src/sandbox/logs.ts";
export type { Cancellable } from "./src/cancellable.ts";

// Snapshots
export { Snapshot } from "./src/sandbox/snapshot.ts";
export type {
  CreateSnapshotOptions,
  LoadSnapshotsOptions,
  RestoreSandboxOptions,
  SaveSnapshotOptions,
} from "./src/sandbox/snapshot_options.gen.ts";

// Commands
export { CommandOutput, type CommandStatus } from "./src/command/command.ts";
export { Process } from "./src/command/process.ts";
export type { ProcessEvent } from "./src/command/events.ts";
export { sh } from "./src/command/shell.ts";
export { attachTerminal } from "./src/command/terminal.ts";
export { Job, type JobLogEntry, Jobs } from "./src/command/job.ts";
export type { AttachOptions, ExecOptions } from "./src/command/options.gen.ts";
export type { JobLogsOptions, StartJobOptions } from "./src/command/options.gen.ts";

// Files
export { type DirEntry, FileSystem, type HostCopyOptions } from "./src/files/fs.ts";
export { type FileInfo, FsFile, SeekMode } from "./src/files/file.ts";
export type { MkdirOptions, OpenOptions } from "./src/files/options.gen.ts";
export type { RemoveOptions, WriteFileOptions } from "./src/files/options.gen.ts";
export { Volume } from "./src/files/volume.ts";
export type { CreateVolumeOptions } from "./src/files/options.gen.ts";

// Images
export { Image } from "./src/host/image.ts";
export type { PullImageOptions } from "./src/host/options.gen.ts";
export { Storage } from "./src/host/storage.ts";

// Remote access
export { SshClient } from "./src/remote/ssh.ts";
export { SshServer } from "./src/remote/ssh_server.ts";
export { SftpSession } from "./src/remote/sftp.ts";
export { AgentClient, AgentStream } from "./src/remote/agent.ts";
export type { SshOptions, SshServerOptions } from "./src/remote/options.gen.ts";

// Backends
export { Backend, backendInfo, type LocalBackendOptions, Profiles } from "./src/host/backend.ts";
export type { CloudBackendOptions } from "./src/host/options.gen.ts";

// Installation
export { diagnose, ensureRuntime, install, isInstalled } from "./src/host/runtime.ts";
export { libraryPath, runtimePath, setLibraryPath, setRuntimePath } from "./src/host/runtime.ts";
export { type InstallOptions, version } from "./src/host/runtime.ts";

// Errors
export * from "./src/errors.ts";
export { LibraryError } from "./ffi/library/library_error.ts";
