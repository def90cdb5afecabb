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
  FileAlreadyExistsError,
  ImageError,
  InvalidCursorError,
  InvalidOptionError,
  LogRotationError,
  MicrosandboxError,
  MissingRestoreBindingsError,
  ModificationError,
  SandboxAlreadyExistsError,
  SandboxNotFoundError,
  SandboxNotRunningError,
  SandboxReplacedError,
  SnapshotError,
  StdinClosedError,
  StopTimeoutError,
  UnfinishedCommandError,
} from "./src/errors.ts";
export { LogEntry, type ReadLogsOptions, type StreamLogsOptions } from "./src/logs.ts";
export type { MetricsStreamOptions, SandboxMetrics } from "./src/metrics.ts";
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
  Image,
  type ImageDetail,
  type LoadImagesOptions,
  type PullImageOptions,
  type RemoveImageOptions,
  type SaveImagesOptions,
} from "./src/image.ts";
export type { Patch, WritePatch } from "./src/rootfs.ts";
export {
  type CreateSandboxOptions,
  type ListSandboxesOptions,
  Sandbox,
  type StartSandboxOptions,
} from "./src/sandbox.ts";
export { sh, type ShellValue } from "./src/shell.ts";
export {
  type AttachOptions,
  attachTerminal,
  type AttachTerminalOptions,
} from "./src/terminal.ts";
export { LibraryError, type LibraryErrorCode } from "./ffi/library_error.ts";
export {
  type CompactSandboxOptions,
  type DestroySandboxOptions,
  type ForkManySandboxOptions,
  type ForkResult,
  type ForkSandboxOptions,
  type KillSandboxOptions,
  type ModifySandboxOptions,
  type PauseSandboxOptions,
  type RestartSandboxOptions,
  SandboxBase,
  type StopSandboxOptions,
} from "./src/sandbox_base.ts";
export { type ConnectSandboxOptions, SandboxHandle } from "./src/sandbox_handle.ts";
export {
  type ArchiveProgress,
  type ArchiveWriter,
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
} from "./src/snapshot.ts";
export type {
  ArchiveFormat,
  ArchiveInfo,
  ArchiveOptions,
  Backend,
  Bindings,
  BoundMount,
  CaCertificates,
  CloneStrategy,
  CommandOptions,
  CompactOptions,
  CompactResult,
  CompactedDisk,
  CopyOptions,
  CreateOptions,
  CreateProgress,
  DestroyOptions,
  DiskFormat,
  DiskUsage,
  Disposition,
  ErrorCode,
  FatalSignal,
  ForkManyOptions,
  ForkOptions,
  GroupHead,
  GroupHeadReason,
  GuestFlush,
  HostCheck,
  HostCheckState,
  HostDiagnosis,
  HostFix,
  HostImage,
  HostPort,
  HostProblem,
  ImageConfig,
  ImageInfo,
  ImageLayer,
  ImagePruneReport,
  ImagePullOptions,
  ImageSource,
  JobAttachOptions,
  JobExit,
  JobLogFilter,
  JobLogSource,
  JobState,
  KillOptions,
  ListOptions,
  LoadOptions,
  LogSource,
  Metrics,
  MetricsOptions,
  ModificationNote,
  ModificationPlan,
  ModificationPolicy,
  ModifyOptions,
  MountPolicy,
  PatchSpec,
  PauseOptions,
  PauseState,
  PingResult,
  PortMapping,
  Protocol,
  PullPolicy,
  PullProgress,
  RegistryAuth,
  Replay,
  ResizeState,
  ResizeStatus,
  ResizedResource,
  RestartOptions,
  RestoreOptions,
  RestoreWarning,
  RootDisk,
  RuntimeInfo,
  RuntimeOrigin,
  SandboxInfo,
  SaveOptions,
  SecretChange,
  SecretChangeKind,
  SecretSettingChange,
  Security,
  SettingChange,
  SettingChangeKind,
  Signal,
  SnapshotDetails,
  SnapshotInfo,
  SnapshotOptions,
  StartupPhase,
  StartupProgress,
  Status,
  StopOptions,
  StopResult,
  TerminalSize,
  TouchResult,
  UnknownSignal,
  VerifyResult,
} from "./ffi/protocol.gen.ts";
