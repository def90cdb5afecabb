// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { AgentFrameHeader, AgentRequest, AgentStreamInfo } from "./agent.gen.ts";
import type {
  BackendInfo,
  BackendRequirements,
  CloudOptions,
  ProfileSelection,
  UseProfile,
} from "./backend.gen.ts";
import type {
  CommandRequest,
  CommandResult,
  EchoProcessOptions,
  SignalOptions,
  SpawnedProcess,
  TerminalSize,
} from "./command.gen.ts";
import type { CreateOptions } from "./create.gen.ts";
import type {
  FileAttributesRequest,
  FilePathRequest,
  FilePathResult,
  FileStat,
  FileStatRequest,
  HostCopyRequest,
  MkdirRequest,
  OpenFileRequest,
  ReadFileOptions,
  RemoveFileRequest,
  SymlinkRequest,
  TwoPathsRequest,
  WriteFileOptions,
  WriteFileResult,
  WriteWholeFileRequest,
} from "./files.gen.ts";
import type {
  ImageDetail,
  ImageInfo,
  ImagePruneReport,
  ImagePullOptions,
  LoadImagesOptions,
  NamedImage,
  RemoveImageOptions,
  SaveImagesOptions,
} from "./image.gen.ts";
import type {
  JobAttachRequest,
  JobExit,
  JobInfo,
  JobList,
  JobListOptions,
  JobLogsOptions,
  JobSignalOptions,
  JobTarget,
} from "./job.gen.ts";
import type { LogEntry, LogFollowOptions, LogReadOptions } from "./logs.gen.ts";
import type { Metrics, MetricsOptions } from "./metrics.gen.ts";
import type { ModificationPlan, ModifyOptions } from "./modify.gen.ts";
import type { WaitForPortOptions } from "./network.gen.ts";
import type {
  FoundRuntime,
  HostDiagnosis,
  InstallRuntimeOptions,
  LibraryVersions,
  RuntimeInfo,
  SetRuntimePath,
} from "./runtime.gen.ts";
import type {
  CompactOptions,
  CompactResult,
  ConnectOptions,
  DestroyOptions,
  EndOptions,
  ForkManyRequest,
  ForkOptions,
  ForkOutcome,
  KillOptions,
  ListOptions,
  LiveSandbox,
  NamedSandbox,
  OnSandbox,
  PauseOptions,
  PauseState,
  PingResult,
  RestartOptions,
  SandboxInfo,
  SandboxPage,
  StartOptions,
  StopOptions,
  StopResult,
  TouchResult,
  WaitForStatusOptions,
} from "./sandbox.gen.ts";
import type {
  ArchiveInfo,
  CopyOptions,
  CreateArchiveRequest,
  DiskUsage,
  GroupHead,
  LoadRequest,
  RemoveSnapshotOptions,
  RestoreRequest,
  RestoreWarning,
  SaveOptions,
  SnapshotDetails,
  SnapshotDirectory,
  SnapshotInfo,
  SnapshotOptions,
  SnapshotSelector,
  SnapshotTarget,
  ToFile,
  VerifyResult,
} from "./snapshot.gen.ts";
import type { SshCommandRequest, SshRequest, SshServerInfo, SshServerRequest } from "./ssh.gen.ts";
import type { PruneStorageRequest, StoragePruneReport, StorageUsage } from "./storage.gen.ts";
import type { ListVolumesRequest, NamedVolume, VolumeInfo, VolumeOptions } from "./volume.gen.ts";

/** The version of the C interface that this module is written for. */
export const abiVersion = 1;

/** Length of a frame's header in bytes. */
export const frameHeaderLength = 20;

/** What a frame says about its request. */
export const frameKind = { result: 1, error: 2, event: 3 } as const;

/** What the exported functions return. */
export const status = {
  ok: 0,
  invalidArgument: -1,
  invalidClient: -2,
  invalidHandle: -3,
  unknownRequest: -4,
  duplicateRequest: -5,
  bufferTooSmall: -6,
  timeout: -7,
  unsupported: -8,
  invalidConfig: -9,
  internal: -10,
} as const;

/** The number of each operation. */
export const operation = {
  "sandbox.create": 1,
  "sandbox.start": 2,
  "sandbox.get": 3,
  "sandbox.getOrCreate": 4,
  "sandbox.list": 5,
  "sandbox.remove": 6,
  "sandbox.connect": 7,
  "sandbox.stop": 8,
  "sandbox.kill": 9,
  "sandbox.waitUntilStopped": 10,
  "sandbox.detach": 11,
  "sandbox.fork": 12,
  "sandbox.forkMany": 13,
  "sandbox.compact": 14,
  "sandbox.connectOrStart": 15,
  "sandbox.end": 16,
  "sandbox.waitForStatus": 17,
  "sandbox.restart": 18,
  "sandbox.destroy": 19,
  "sandbox.ping": 20,
  "sandbox.touch": 21,
  "sandbox.modify": 22,
  "sandbox.pause": 23,
  "sandbox.resume": 24,
  "sandbox.pauseState": 25,
  "port.waitFor": 26,
  "sandbox.config": 27,
  "sandbox.restore": 29,
  "sandbox.restoreWarnings": 30,
  "command.run": 32,
  "process.spawn": 33,
  "process.read": 34,
  "process.write": 35,
  "process.closeInput": 36,
  "process.signal": 37,
  "process.resize": 38,
  "process.abandon": 39,
  "job.start": 40,
  "job.list": 41,
  "job.get": 42,
  "job.wait": 43,
  "job.signal": 44,
  "job.closeInput": 45,
  "job.logs": 46,
  "job.attach": 47,
  "stream.read": 64,
  "fs.open": 80,
  "fs.readFile": 81,
  "fs.writeFile": 82,
  "fs.readDir": 83,
  "fs.stat": 84,
  "fs.mkdir": 85,
  "fs.remove": 86,
  "fs.rename": 87,
  "fs.copyFile": 88,
  "fs.symlink": 89,
  "fs.readLink": 90,
  "fs.realPath": 91,
  "fs.setAttributes": 92,
  "fs.copyFromHost": 93,
  "fs.copyToHost": 94,
  "file.read": 104,
  "file.write": 105,
  "file.stat": 106,
  "file.setAttributes": 107,
  "file.close": 108,
  "image.get": 128,
  "image.list": 129,
  "image.inspect": 130,
  "image.remove": 131,
  "image.prune": 132,
  "image.load": 133,
  "image.save": 134,
  "image.pull": 135,
  "volume.create": 144,
  "volume.get": 145,
  "volume.list": 146,
  "volume.remove": 147,
  "storage.usage": 168,
  "storage.prune": 169,
  "snapshot.create": 176,
  "snapshot.get": 177,
  "snapshot.list": 178,
  "snapshot.reindex": 180,
  "snapshot.remove": 181,
  "snapshot.details": 182,
  "snapshot.verify": 183,
  "snapshot.storageUsage": 184,
  "snapshot.groupHead": 185,
  "snapshot.createArchive": 186,
  "snapshot.save": 187,
  "snapshot.copy": 188,
  "snapshot.load": 189,
  "logs.read": 208,
  "logs.stream": 209,
  "metrics.get": 216,
  "metrics.all": 217,
  "metrics.stream": 218,
  "ssh.connect": 224,
  "ssh.spawn": 225,
  "ssh.openSftp": 226,
  "ssh.close": 227,
  "sshServer.listen": 240,
  "sshServer.events": 241,
  "sshServer.close": 242,
  "agent.connect": 256,
  "agent.request": 257,
  "agent.stream": 258,
  "agent.send": 259,
  "agent.close": 260,
  "backend.info": 272,
  "backend.requirements": 273,
  "backend.profiles": 274,
  "backend.useProfile": 275,
  "runtime.install": 288,
  "runtime.ensure": 289,
  "runtime.find": 290,
  "runtime.setPath": 291,
  "runtime.versions": 292,
  "runtime.diagnose": 293,
  "echo.call": 57344,
  "echo.delay": 57345,
  "echo.fail": 57346,
  "echo.panic": 57347,
  "echo.stream": 57348,
  "echo.statistics": 57349,
  "echo.process": 57350,
} as const;

/** What each operation takes and returns. */
export interface Operations {
  "sandbox.create": { options: CreateOptions; result: LiveSandbox };
  "sandbox.start": { options: StartOptions; result: LiveSandbox };
  "sandbox.get": { options: NamedSandbox; result: SandboxInfo };
  "sandbox.getOrCreate": { options: CreateOptions; result: LiveSandbox };
  "sandbox.list": { options: ListOptions; result: SandboxPage };
  "sandbox.remove": { options: NamedSandbox; result: null };
  "sandbox.connect": { options: ConnectOptions; result: LiveSandbox };
  "sandbox.stop": { options: OnSandbox<StopOptions>; result: null };
  "sandbox.kill": { options: OnSandbox<KillOptions>; result: null };
  "sandbox.waitUntilStopped": { options: OnSandbox<NoOptions>; result: StopResult };
  "sandbox.detach": { options: NoOptions; result: null };
  "sandbox.fork": { options: OnSandbox<ForkOptions>; result: LiveSandbox };
  "sandbox.forkMany": { options: OnSandbox<ForkManyRequest>; result: ForkOutcome[] };
  "sandbox.compact": { options: OnSandbox<CompactOptions>; result: CompactResult };
  "sandbox.connectOrStart": { options: StartOptions; result: LiveSandbox };
  "sandbox.end": { options: OnSandbox<EndOptions>; result: null };
  "sandbox.waitForStatus": { options: OnSandbox<WaitForStatusOptions>; result: SandboxInfo };
  "sandbox.restart": { options: OnSandbox<RestartOptions>; result: LiveSandbox };
  "sandbox.destroy": { options: OnSandbox<DestroyOptions>; result: null };
  "sandbox.ping": { options: OnSandbox<NoOptions>; result: PingResult };
  "sandbox.touch": { options: OnSandbox<NoOptions>; result: TouchResult };
  "sandbox.modify": { options: OnSandbox<ModifyOptions>; result: ModificationPlan };
  "sandbox.pause": { options: OnSandbox<PauseOptions>; result: null };
  "sandbox.resume": { options: OnSandbox<NoOptions>; result: null };
  "sandbox.pauseState": { options: OnSandbox<NoOptions>; result: PauseState };
  "port.waitFor": { options: WaitForPortOptions; result: null };
  "sandbox.config": { options: OnSandbox<NoOptions>; result: CreateOptions };
  "sandbox.restore": { options: RestoreRequest; result: LiveSandbox };
  "sandbox.restoreWarnings": { options: NoOptions; result: RestoreWarning[] };
  "command.run": { options: CommandRequest; result: CommandResult };
  "process.spawn": { options: CommandRequest; result: SpawnedProcess };
  "process.read": { options: ReadOptions; result: ReadResult };
  "process.write": { options: NoOptions; result: null };
  "process.closeInput": { options: NoOptions; result: null };
  "process.signal": { options: SignalOptions; result: null };
  "process.resize": { options: TerminalSize; result: null };
  "process.abandon": { options: NoOptions; result: null };
  "job.start": { options: CommandRequest; result: JobInfo };
  "job.list": { options: JobListOptions; result: JobList };
  "job.get": { options: JobTarget; result: JobInfo };
  "job.wait": { options: JobTarget; result: JobExit };
  "job.signal": { options: JobSignalOptions; result: null };
  "job.closeInput": { options: JobTarget; result: null };
  "job.logs": { options: JobLogsOptions; result: null };
  "job.attach": { options: JobAttachRequest; result: null };
  "stream.read": { options: ReadOptions; result: ReadResult };
  "fs.open": { options: OpenFileRequest; result: null };
  "fs.readFile": { options: FilePathRequest; result: null };
  "fs.writeFile": { options: WriteWholeFileRequest; result: null };
  "fs.readDir": { options: FilePathRequest; result: null };
  "fs.stat": { options: FileStatRequest; result: FileStat };
  "fs.mkdir": { options: MkdirRequest; result: null };
  "fs.remove": { options: RemoveFileRequest; result: null };
  "fs.rename": { options: TwoPathsRequest; result: null };
  "fs.copyFile": { options: TwoPathsRequest; result: null };
  "fs.symlink": { options: SymlinkRequest; result: null };
  "fs.readLink": { options: FilePathRequest; result: FilePathResult };
  "fs.realPath": { options: FilePathRequest; result: FilePathResult };
  "fs.setAttributes": { options: FileAttributesRequest; result: null };
  "fs.copyFromHost": { options: HostCopyRequest; result: null };
  "fs.copyToHost": { options: HostCopyRequest; result: null };
  "file.read": { options: ReadFileOptions; result: null };
  "file.write": { options: WriteFileOptions; result: WriteFileResult };
  "file.stat": { options: NoOptions; result: FileStat };
  "file.setAttributes": { options: FileAttributesRequest; result: null };
  "file.close": { options: NoOptions; result: null };
  "image.get": { options: NamedImage; result: ImageInfo };
  "image.list": { options: NoOptions; result: ImageInfo[] };
  "image.inspect": { options: NamedImage; result: ImageDetail };
  "image.remove": { options: RemoveImageOptions; result: null };
  "image.prune": { options: NoOptions; result: ImagePruneReport };
  "image.load": { options: LoadImagesOptions; result: ImageInfo[] };
  "image.save": { options: SaveImagesOptions; result: null };
  "image.pull": { options: ImagePullOptions; result: ImageInfo };
  "volume.create": { options: VolumeOptions; result: VolumeInfo };
  "volume.get": { options: NamedVolume; result: VolumeInfo };
  "volume.list": { options: ListVolumesRequest; result: VolumeInfo[] };
  "volume.remove": { options: NamedVolume; result: null };
  "storage.usage": { options: NoOptions; result: StorageUsage };
  "storage.prune": { options: PruneStorageRequest; result: StoragePruneReport };
  "snapshot.create": { options: OnSandbox<SnapshotOptions>; result: SnapshotInfo };
  "snapshot.get": { options: SnapshotTarget; result: SnapshotInfo };
  "snapshot.list": { options: SnapshotDirectory; result: SnapshotInfo[] };
  "snapshot.reindex": { options: SnapshotDirectory; result: number };
  "snapshot.remove": { options: RemoveSnapshotOptions; result: null };
  "snapshot.details": { options: SnapshotTarget; result: SnapshotDetails };
  "snapshot.verify": { options: SnapshotTarget; result: VerifyResult };
  "snapshot.storageUsage": { options: SnapshotTarget; result: DiskUsage };
  "snapshot.groupHead": { options: SnapshotSelector; result: GroupHead };
  "snapshot.createArchive": { options: OnSandbox<CreateArchiveRequest>; result: ArchiveInfo };
  "snapshot.save": { options: ToFile<SaveOptions>; result: ArchiveInfo };
  "snapshot.copy": { options: ToFile<CopyOptions>; result: ArchiveInfo };
  "snapshot.load": { options: LoadRequest; result: SnapshotInfo[] };
  "logs.read": { options: OnSandbox<LogReadOptions>; result: LogEntry[] };
  "logs.stream": { options: OnSandbox<LogFollowOptions>; result: null };
  "metrics.get": { options: OnSandbox<NoOptions>; result: Metrics };
  "metrics.all": { options: NoOptions; result: { [key: string]: Metrics } };
  "metrics.stream": { options: OnSandbox<MetricsOptions>; result: null };
  "ssh.connect": { options: SshRequest; result: null };
  "ssh.spawn": { options: SshCommandRequest; result: null };
  "ssh.openSftp": { options: NoOptions; result: null };
  "ssh.close": { options: NoOptions; result: null };
  "sshServer.listen": { options: SshServerRequest; result: SshServerInfo };
  "sshServer.events": { options: NoOptions; result: null };
  "sshServer.close": { options: NoOptions; result: null };
  "agent.connect": { options: NamedSandbox; result: null };
  "agent.request": { options: AgentRequest; result: AgentFrameHeader };
  "agent.stream": { options: AgentRequest; result: AgentStreamInfo };
  "agent.send": { options: AgentFrameHeader; result: null };
  "agent.close": { options: NoOptions; result: null };
  "backend.info": { options: NoOptions; result: BackendInfo };
  "backend.requirements": { options: NoOptions; result: BackendRequirements };
  "backend.profiles": { options: NoOptions; result: ProfileSelection };
  "backend.useProfile": { options: UseProfile; result: ProfileSelection };
  "runtime.install": { options: InstallRuntimeOptions; result: RuntimeInfo };
  "runtime.ensure": { options: NoOptions; result: RuntimeInfo };
  "runtime.find": { options: NoOptions; result: FoundRuntime };
  "runtime.setPath": { options: SetRuntimePath; result: null };
  "runtime.versions": { options: NoOptions; result: LibraryVersions };
  "runtime.diagnose": { options: NoOptions; result: HostDiagnosis };
  "echo.call": { options: JsonValue; result: JsonValue };
  "echo.delay": { options: DelayOptions; result: null };
  "echo.fail": { options: FailOptions; result: null };
  "echo.panic": { options: NoOptions; result: null };
  "echo.stream": { options: StreamOptions; result: null };
  "echo.statistics": { options: NoOptions; result: Statistics };
  "echo.process": { options: EchoProcessOptions; result: SpawnedProcess };
}

/** What `msb_client_open` takes. */
export interface ClientConfig {
  /**
   * The directory that holds sandboxes, images, volumes and the runtime.
   * Default: `MSB_HOME`, or `.microsandbox` in the user's home directory.
   */
  home?: string | undefined;
  /**
   * The cloud to use instead of this machine; it cannot be given with `home`.
   * Default: what the environment and the configuration of microsandbox say,
   * which is this machine unless they name a cloud.
   */
  cloud?: CloudOptions | undefined;
}

/** How long to wait before completing. */
export interface DelayOptions {
  /** Milliseconds to wait. */
  milliseconds: number;
}

/** How to fail. */
export interface FailOptions {
  /** The error's message. */
  message: string;
}

export type JsonValue =
  | number
  | string
  | boolean
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }
  | null;

/** Options of an operation that has none. */
export type NoOptions = Record<string, never>;

/** How much of a stream to produce. */
export interface ReadOptions {
  /**
   * How many items the caller has room for. Each arrives as an event of
   * the request.
   */
  credit: number;
}

/** What became of the stream. */
export interface ReadResult {
  /** Whether there are no more items. */
  done: boolean;
}

/** What a client holds. */
export interface Statistics {
  /** Handles that were not given back. */
  handles: number;
  /** Requests that have not completed, apart from the one that asks. */
  requests: number;
  /** Frames that were not received. */
  frames: number;
}

/** What the stream produces. */
export interface StreamOptions {
  /** How many items. */
  items: number;
  /** How many bytes each item has. */
  itemLength: number;
}
