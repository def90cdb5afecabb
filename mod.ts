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

export { AgentClient, type AgentFrame, AgentStream } from "./src/remote/agent.ts";
export {
  Backend,
  backendInfo,
  type CloudBackendOptions,
  type LocalBackendOptions,
  Profiles,
} from "./src/host/backend.ts";
export type { Cancellable } from "./src/cancellable.ts";
export { CommandOutput, type CommandStatus, type ExecOptions } from "./src/command/command.ts";
export * from "./src/errors.ts";
export {
  LogEntry,
  type ReadLogsOptions,
  type StreamLogsOptions,
  type WaitForLogOptions,
} from "./src/sandbox/logs.ts";
export type { MetricsStreamOptions, SandboxMetrics } from "./src/sandbox/metrics.ts";
export { type FileInfo, FsFile, SeekMode } from "./src/files/file.ts";
export {
  type DirEntry,
  FileSystem,
  type HostCopyOptions,
  type MkdirOptions,
  type OpenOptions,
  type RemoveOptions,
  type WriteFileOptions,
} from "./src/files/fs.ts";
export {
  type AttachJobOptions,
  Job,
  JobHistory,
  type JobLogEntry,
  type JobLogsOptions,
  Jobs,
  type ListJobsOptions,
  type StartJobOptions,
} from "./src/command/job.ts";
export type { ProcessEvent } from "./src/command/events.ts";
export { Process } from "./src/command/process.ts";
export {
  diagnose,
  ensureRuntime,
  install,
  type InstallOptions,
  isInstalled,
  libraryPath,
  runtimePath,
  setLibraryPath,
  setRuntimePath,
  version,
} from "./src/host/runtime.ts";
export {
  Image,
  type LoadImagesOptions,
  type PullImageOptions,
  type RemoveImageOptions,
  type SaveImagesOptions,
} from "./src/host/image.ts";
export type { Patch, WritePatch } from "./src/sandbox/rootfs.ts";
export { Sandbox } from "./src/sandbox/sandbox.ts";
export { sh, type ShellValue } from "./src/command/shell.ts";
export { SftpSession } from "./src/remote/sftp.ts";
export { SshClient, type SshExecOptions, type SshOptions } from "./src/remote/ssh.ts";
export { SshServer, type SshServerOptions } from "./src/remote/ssh_server.ts";
export {
  type AttachOptions,
  attachTerminal,
  type AttachTerminalOptions,
} from "./src/command/terminal.ts";
export { type PruneStorageOptions, Storage } from "./src/host/storage.ts";
export { type CreateVolumeOptions, type ListVolumesOptions, Volume } from "./src/files/volume.ts";
export { LibraryError, type LibraryErrorCode } from "./ffi/library/library_error.ts";
export { type ForkResult, SandboxBase } from "./src/sandbox/base.ts";
export { type ConnectSandboxOptions, SandboxHandle } from "./src/sandbox/handle.ts";
export type {
  CompactSandboxOptions,
  CreateSandboxOptions,
  DestroySandboxOptions,
  ForkManySandboxOptions,
  ForkSandboxOptions,
  KillSandboxOptions,
  ListSandboxesOptions,
  ModifySandboxOptions,
  PauseSandboxOptions,
  RestartSandboxOptions,
  SandboxConfig,
  StartSandboxOptions,
  StopSandboxOptions,
} from "./src/sandbox/options.ts";
export {
  type CopySnapshotOptions,
  type CreateArchiveOptions,
  type CreateSnapshotOptions,
  type ListSnapshotsOptions,
  type LoadSnapshotsOptions,
  type RemoveSnapshotOptions,
  type RestoreSandboxOptions,
  type SaveSnapshotOptions,
  Snapshot,
  type SnapshotSource,
} from "./src/sandbox/snapshot.ts";
export type { WaitForHttpOptions, WaitForPortOptions } from "./src/sandbox/ports.ts";
export type * from "./types.ts";
