// GENERATED from capi/src by capi/src/generated.rs. Do not edit; run
// `deno task generate` instead.

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
  "sandbox.forkMany": { options: OnSandbox<ForkManyRequest>; result: Array<ForkOutcome> };
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
  "sandbox.restoreWarnings": { options: NoOptions; result: Array<RestoreWarning> };
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
  "image.list": { options: NoOptions; result: Array<ImageInfo> };
  "image.inspect": { options: NamedImage; result: ImageDetail };
  "image.remove": { options: RemoveImageOptions; result: null };
  "image.prune": { options: NoOptions; result: ImagePruneReport };
  "image.load": { options: LoadImagesOptions; result: Array<ImageInfo> };
  "image.save": { options: SaveImagesOptions; result: null };
  "image.pull": { options: ImagePullOptions; result: ImageInfo };
  "volume.create": { options: VolumeOptions; result: VolumeInfo };
  "volume.get": { options: NamedVolume; result: VolumeInfo };
  "volume.list": { options: ListVolumesRequest; result: Array<VolumeInfo> };
  "volume.remove": { options: NamedVolume; result: null };
  "storage.usage": { options: NoOptions; result: StorageUsage };
  "storage.prune": { options: PruneStorageRequest; result: StoragePruneReport };
  "snapshot.create": { options: OnSandbox<SnapshotOptions>; result: SnapshotInfo };
  "snapshot.get": { options: SnapshotTarget; result: SnapshotInfo };
  "snapshot.list": { options: SnapshotDirectory; result: Array<SnapshotInfo> };
  "snapshot.reindex": { options: SnapshotDirectory; result: number };
  "snapshot.remove": { options: RemoveSnapshotOptions; result: null };
  "snapshot.details": { options: SnapshotTarget; result: SnapshotDetails };
  "snapshot.verify": { options: SnapshotTarget; result: VerifyResult };
  "snapshot.storageUsage": { options: SnapshotTarget; result: DiskUsage };
  "snapshot.groupHead": { options: SnapshotSelector; result: GroupHead };
  "snapshot.createArchive": { options: OnSandbox<CreateArchiveRequest>; result: ArchiveInfo };
  "snapshot.save": { options: ToFile<SaveOptions>; result: ArchiveInfo };
  "snapshot.copy": { options: ToFile<CopyOptions>; result: ArchiveInfo };
  "snapshot.load": { options: LoadRequest; result: Array<SnapshotInfo> };
  "logs.read": { options: OnSandbox<LogReadOptions>; result: Array<LogEntry> };
  "logs.stream": { options: OnSandbox<LogFollowOptions>; result: null };
  "metrics.get": { options: OnSandbox<NoOptions>; result: Metrics };
  "metrics.all": { options: NoOptions; result: { [key in string]: Metrics } };
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

/**
 * A frame of the agent without its body, which is in the frame's bytes.
 */
export type AgentFrameHeader = { 
/**
 * The number of the exchange that it belongs to.
 */
id: number, 
/**
 * Its flags.
 */
flags: number, };

/**
 * What to begin an exchange with. The frame's bytes are the body.
 */
export type AgentRequest = { 
/**
 * The flags of the agent's frame.
 */
flags: number, };

/**
 * An exchange with any number of answers. The handle of the stream of them is
 * in the frame.
 */
export type AgentStreamInfo = { 
/**
 * The number of the exchange.
 */
id: number, };

/**
 * The format of an archive of images.
 *
 * - `docker`: What `docker save` writes.
 * - `oci`: An OCI image layout in a tar archive.
 */
export type ArchiveFormat = "docker" | "oci";

/**
 * An archive that was written.
 */
export type ArchiveInfo = { 
/**
 * The identity of the snapshot in it.
 */
id: string, 
/**
 * Its length in bytes.
 */
sizeBytes: number, };

/**
 * How to write a snapshot to a file.
 */
export type ArchiveOptions = { 
/**
 * Whether a file that is there already is replaced. Default: `false`.
 */
overwrite?: boolean, 
/**
 * Whether the file is compressed. Default: `true`.
 */
compress?: boolean, };

/**
 * What decided on a backend.
 *
 * - `options`: The program, with its own options.
 * - `profile`: The program, with the name of a profile.
 * - `MSB_BACKEND`: The environment variable `MSB_BACKEND`.
 * - `MSB_PROFILE`: The environment variable `MSB_PROFILE`.
 * - `activeProfile`: The profile that is in use, or the machine's administrator.
 * - `default`: Nobody: it is this machine.
 */
export type BackendChoice = "options" | "profile" | "MSB_BACKEND" | "MSB_PROFILE" | "activeProfile" | "default";

/**
 * A backend. Its key is never told.
 */
export type BackendInfo = { 
/**
 * Where sandboxes live.
 */
kind: BackendKind, 
/**
 * The cloud's URL, if it is one.
 */
url?: string, 
/**
 * What decided on this backend.
 */
source: BackendChoice, 
/**
 * The profile that it comes from, if it does.
 */
profile?: string, };

/**
 * Where a sandbox runs.
 *
 * - `local`: On this machine.
 * - `cloud`: In the cloud.
 */
export type BackendKind = "local" | "cloud";

/**
 * What has to be allowed before a client's backend is used.
 */
export type BackendRequirements = { 
/**
 * The file that has the profiles.
 */
configPath: string, 
/**
 * The directory that the program named, if it did.
 */
home?: string, 
/**
 * The URL that every request goes to, if it is a cloud.
 */
url?: string, 
/**
 * The environment variable that the key is read from, if it is from one.
 */
apiKeyVariable?: string, };

/**
 * A file or directory of this machine.
 */
export type BindMount = { 
/**
 * Its path. One that is not absolute starts in the program's working
 * directory.
 *
 * Permissions: read access to it, and write access unless the mount
 * is `readOnly`.
 */
source: string, 
/**
 * How many MiB the guest may add. Default: a limit of the runtime.
 */
quotaMiB?: number, 
/**
 * Whether links in the path are followed. Default: `false`, which
 * makes them an error.
 */
followRootSymlinks?: boolean, 
/**
 * Whether owners, permission bits and special files that the
 * guest sets are kept beside the files instead of in them.
 * Default: `"strict"`.
 */
statVirtualization?: StatVirtualizationPolicy, 
/**
 * Whether permission bits that the guest sets reach the files
 * of this machine. Default: `"private"`.
 */
hostPermissions?: HostPermissionsPolicy, 
/**
 * Who the guest sees as the owner of what was made outside.
 * Default: decided by the runtime.
 */
owner?: MountOwner, 
/**
 * Whether the guest cannot write to it. Default: `false`.
 */
readOnly?: boolean, 
/**
 * Whether programs on it cannot be run directly. Default:
 * `false`.
 */
noExec?: boolean, 
/**
 * Whether programs on it get no other user's rights. Default:
 * `false`.
 */
noSuid?: boolean, 
/**
 * Whether device files on it do nothing. Default: `false`.
 */
noDev?: boolean, };

/**
 * What a restored or forked sandbox uses of this machine.
 */
export type Bindings = { 
/**
 * What to mount, by the guest path where the original had a mount.
 */
mounts?: { [key in string]: BoundMount }, 
/**
 * Ports to publish. Default: none.
 */
ports?: Array<PortOption>, 
/**
 * Whether what is not named here is taken over from the original where
 * that is on this machine: its directories, ports and secrets. Default:
 * `false`, since two sandboxes then share them.
 */
inherit?: boolean, 
/**
 * How much the mounted directories have to be like the original's.
 * Default: `"strict"`.
 */
mountPolicy?: MountPolicy, };

/**
 * What stands behind a mount. Exactly one of `bind`, `volume`, `disk`,
 * `tmpfs` and `captured` is given.
 */
export type BoundMount = { 
/**
 * A directory of this machine.
 */
bind?: string, 
/**
 * The name of a volume.
 */
volume?: string, 
/**
 * A disk image of this machine: `.raw`, `.qcow2` or `.vmdk`.
 */
disk?: string, 
/**
 * A file system in memory.
 */
tmpfs?: boolean, 
/**
 * The disk that the snapshot or the original carries itself.
 */
captured?: boolean, 
/**
 * Whether the guest may not write to it. Default: `false`.
 */
readonly?: boolean, };

/**
 * Certificates in PEM form: one text, or a list of them.
 */
export type CaCertificates = string | Array<string>;

/**
 * What `msb_client_open` takes.
 */
export type ClientConfig = { 
/**
 * The directory that holds sandboxes, images, volumes and the runtime.
 * Default: `MSB_HOME`, or `.microsandbox` in the user's home directory.
 */
home?: string, 
/**
 * The cloud to use instead of this machine; it cannot be given with `home`.
 * Default: what the environment and the configuration of microsandbox say,
 * which is this machine unless they name a cloud.
 */
cloud?: CloudOptions, };

/**
 * How a file is copied.
 *
 * - `auto`: Sharing blocks where the file system can, else by copying.
 * - `copy`: By copying.
 * - `reflink`: Sharing blocks. Where the file system cannot, it is an error.
 */
export type CloneStrategy = "auto" | "copy" | "reflink";

/**
 * A cloud, and how to be let in.
 */
export type CloudOptions = { 
/**
 * The cloud's `http:` or `https:` URL, without a key in it. Default: that
 * of the hosted cloud.
 */
url?: string, 
/**
 * The key. Needed unless there is a profile.
 */
apiKey?: string, 
/**
 * The profile in the configuration of microsandbox that has URL and key.
 * Neither can be given with it.
 */
profile?: string, };

/**
 * How to run a command.
 */
export type CommandOptions = { 
/**
 * The command's arguments. A shell script sees them as `$1`, `$2` and so
 * on; the image's own command gets them behind its own. Default: none.
 */
args?: Array<string>, 
/**
 * Working directory in the guest. Default: the sandbox's.
 */
cwd?: string, 
/**
 * Environment variables, added to the sandbox's.
 */
env?: { [key in string]: string }, 
/**
 * The guest user to run as. Default: the sandbox's.
 */
user?: string, 
/**
 * After how many milliseconds the command is killed and the call fails
 * with `exec-timeout`. Default: never.
 */
timeoutMs?: number, 
/**
 * Runs the command in a terminal of its own, of this size: standard
 * output and standard error are one then. Default: no terminal.
 */
tty?: TerminalSize, 
/**
 * Resource limits of the command. Default: the sandbox's.
 */
rlimits?: Rlimits, };

/**
 * A command to run.
 */
export type CommandRequest = { 
/**
 * What to run.
 */
program: Program, 
/**
 * Where its standard input comes from.
 */
stdin: Stdin, 
/**
 * How to run it.
 */
options: CommandOptions, };

/**
 * How a command ended. The frame's bytes are its standard output followed by
 * its standard error.
 */
export type CommandResult = { 
/**
 * The exit code. -1 after a signal.
 */
code: number, 
/**
 * The signal that ended it.
 */
signal?: FatalSignal, 
/**
 * How many of the bytes are standard output.
 */
stdoutLength: number, };

/**
 * Which disk layers to merge.
 */
export type CompactOptions = { 
/**
 * How many of the oldest layers of each disk to merge, at least 2.
 * Default: all that are finished.
 */
layers?: number, 
/**
 * The guest path of the only disk to compact; `/` is the root disk.
 * Default: the root disk and every disk of the sandbox's own.
 */
disk?: string, 
/**
 * Whether to plan and change nothing. Default: `false`.
 */
dryRun?: boolean, };

/**
 * What a compaction does, or would do.
 */
export type CompactResult = { 
/**
 * The bytes that were written anew.
 */
materializedBytes: number, 
/**
 * How long it took, in milliseconds.
 */
durationMs: number, 
/**
 * How long the sandbox stood still for it, in milliseconds.
 */
pauseMs: number, 
/**
 * Each disk.
 */
disks: Array<CompactedDisk>, };

/**
 * What a compaction does, or would do, to a disk.
 */
export type CompactedDisk = { 
/**
 * Where the guest has it; `/` is the root disk.
 */
guestPath: string, 
/**
 * How many layers it had, the one that is written to included.
 */
layersBefore: number, 
/**
 * How many layers it has, the one that is written to included.
 */
layersAfter: number, 
/**
 * The bytes that were written anew.
 */
materializedBytes: number, };

/**
 * Which sandbox to connect to, and for how long to try.
 */
export type ConnectOptions = { 
/**
 * The sandbox's name.
 */
name: string, 
/**
 * The identity that the sandbox has to have. Default: any.
 */
id?: string, 
/**
 * Milliseconds to wait for the guest to answer. Default: 10000.
 */
timeoutMs?: number, };

/**
 * How to copy a snapshot to a file with other labels.
 */
export type CopyOptions = { 
/**
 * Whether a file that is there already is replaced. Default: `false`.
 */
overwrite?: boolean, 
/**
 * The copy's labels. Default: none.
 */
labels?: { [key in string]: string }, 
/**
 * Whether checksums are recorded in the copy. Default: `false`.
 */
recordIntegrity?: boolean, };

/**
 * How far a copy is.
 */
export type CopyProgress = { 
/**
 * The file that is being copied, relative to the source; empty for the
 * source itself.
 */
path: string, 
/**
 * How many bytes are copied.
 */
bytes: number, 
/**
 * How many bytes there were when the copy began.
 */
totalBytes: number, 
/**
 * How many files are copied.
 */
files: number, 
/**
 * How many files there were when the copy began.
 */
totalFiles: number, };

/**
 * How virtual CPUs are placed on this machine's processors.
 *
 * - `inherit`: As the operating system likes.
 * - `auto`: On cores of their own, then on siblings, then shared.
 * - `spread`: As wide as possible.
 * - `compact`: On as few cores as possible.
 */
export type CpuPlacement = "inherit" | "auto" | "spread" | "compact";

/**
 * Which file to capture into, and what.
 */
export type CreateArchiveRequest = { 
/**
 * The file to write, on this machine.
 */
path: string, 
/**
 * How to write it.
 */
archive: ArchiveOptions, 
/**
 * What to capture. It has neither `group` nor `directory`.
 */
options: SnapshotOptions, };

/**
 * What a new sandbox is made from.
 */
export type CreateOptions = { 
/**
 * The name that the sandbox is known by: 1 to 128 letters, digits, dots,
 * hyphens and underscores, the first one a letter or digit. Default: a
 * random one.
 */
name?: string, 
/**
 * The root file system: a reference of an OCI image such as
 * `alpine:3.22`, a path that starts with `/`, `./` or `../` and names a
 * directory or a disk image (`.qcow2`, `.raw`, `.vmdk`), or an object
 * that says which it is.
 */
image: ImageSource, 
/**
 * Where the changes to an OCI image's files go. Default: onto a managed
 * disk of 4096 MiB.
 */
rootDisk?: RootDisk, 
/**
 * Changes to the root file system before the first boot, in this order.
 * They need an OCI image with a managed or flat root disk, or a
 * directory, which they change for good. Default: none.
 */
patches?: Array<PatchSpec>, 
/**
 * When the image's registry is asked. Default: `if-missing`.
 */
pullPolicy?: PullPolicy, 
/**
 * Credentials for the image's registry. Default: those that the system's
 * keyring, the user's configuration or Docker's configuration file have
 * for it, else none.
 */
registryAuth?: RegistryAuth, 
/**
 * Whether the registry is spoken to in plain HTTP. Default: `false`,
 * unless the user's configuration says so for this registry.
 */
registryInsecure?: boolean, 
/**
 * Certificates of authorities to trust besides the system's, in PEM form.
 * Default: those that the user's configuration names.
 */
registryCaCerts?: CaCertificates, 
/**
 * Virtual CPUs, from 1 to 255. Default: 1.
 */
cpus?: number, 
/**
 * Virtual CPUs that a change of the running sandbox can give it, from
 * `cpus` to 255. Default: `cpus`.
 */
maxCpus?: number, 
/**
 * How virtual CPUs are placed on this machine's processors. Default:
 * `inherit`.
 */
cpuPlacement?: CpuPlacement, 
/**
 * A placement profile of this machine's configuration, by its name.
 * Default: none.
 */
placementProfile?: string, 
/**
 * Memory in MiB. Default: 512.
 */
memoryMiB?: number, 
/**
 * Memory in MiB that a change of the running sandbox can give it, at
 * least `memoryMiB`. Default: `memoryMiB`.
 */
maxMemoryMiB?: number, 
/**
 * When the guest's kernel uses huge pages. Default: `madvise`.
 */
transparentHugePages?: TransparentHugePages, 
/**
 * Whether this machine sets the guest's clock. Default: `sync`.
 */
guestClock?: GuestClock, 
/**
 * Whether programs in the guest can run virtual machines of their own:
 * the guest's processor then has the virtualization of this machine's,
 * which is more for a guest to attack. Needs an x64 Linux machine that
 * nests. A snapshot keeps it as it was taken. Default: `false`.
 */
nestedVirtualization?: boolean, 
/**
 * Whether the guest's kernel ends RCU grace periods at once, for which it
 * interrupts each virtual CPU. A command that comes after a pause
 * otherwise starts 10 to 20 ms later, because the kernel waits for such a
 * period when it moves the command to its cgroup. Without effect with
 * `init`. Default: `true`.
 */
rcuExpedited?: boolean, 
/**
 * Environment variables of every command. Names that start with `MSB_`
 * are reserved. Default: the image's.
 */
env?: { [key in string]: string }, 
/**
 * Working directory of commands. Default: the image's, else `/`.
 */
workdir?: string, 
/**
 * The shell that runs `shell` scripts. Default: `/bin/sh`.
 */
shell?: string, 
/**
 * The guest user that commands run as: a name or an id, with a group
 * after a colon if needed. Default: the image's, else `root`.
 */
user?: string, 
/**
 * The guest's host name, at most 64 bytes. Default: made from the name.
 */
hostname?: string, 
/**
 * Labels to find the sandbox by. Names that start with `sandbox.`,
 * `microsandbox.` or `service.` are reserved. Default: the image's.
 */
labels?: { [key in string]: string }, 
/**
 * Replaces the image's entrypoint. Default: the image's.
 */
entrypoint?: Array<string>, 
/**
 * Replaces the image's command; an empty list removes it. Default: the
 * image's.
 */
cmd?: Array<string>, 
/**
 * Hands the guest's first process over to a program of the image, such as
 * systemd. Default: the runtime's own.
 */
init?: InitOption, 
/**
 * Scripts by their names, which commands can run by name. Default: none.
 */
scripts?: { [key in string]: string }, 
/**
 * Resource limits of every program. Default: the guest kernel's.
 */
rlimits?: Rlimits, 
/**
 * What commands may do to the sandbox. Default: `default`.
 */
security?: SecurityProfile, 
/**
 * Whose sandboxes run on this machine. Default: what its configuration
 * says, else `single-tenant`.
 */
deploymentProfile?: DeploymentProfile, 
/**
 * How far the sandbox reaches. Default: `public-only`.
 */
network?: NetworkOption, 
/**
 * Ports of this machine that lead into the sandbox: a port of the guest
 * for any free one, or in full. Default: none.
 */
ports?: Array<PortOption>, 
/**
 * Sockets of this machine that programs in the sandbox can connect to.
 * Default: none.
 */
vsock?: Array<VsockRoute>, 
/**
 * Values that the sandbox can use and never sees, by the names of their
 * environment variables. Default: none.
 */
secrets?: { [key in string]: SecretOptions }, 
/**
 * What happens to a request that takes a secret's placeholder where it
 * may not go. Default: `block-and-log`.
 */
secretViolationAction?: SecretViolationAction, 
/**
 * How much the sandbox's runtime logs. Default: what this machine's
 * configuration says, else nothing.
 */
logLevel?: LogLevel, 
/**
 * Whether the runtime logs nothing, whatever this machine's configuration
 * says. Default: `false`.
 */
quietLogs?: boolean, 
/**
 * Milliseconds between two samples of metrics; 0 takes none. Default:
 * 1000.
 */
metricsSampleIntervalMs?: number, 
/**
 * Whether no metrics are sampled, whatever the interval. Default:
 * `false`.
 */
disableMetricsSample?: boolean, 
/**
 * Whether the sandbox outlives this program. Default: `false`.
 */
detached?: boolean, 
/**
 * Whether a sandbox of this name is stopped and replaced. Default:
 * `false`, which makes it an error; `true` with `replaceWithTimeoutMs`.
 */
replace?: boolean, 
/**
 * Milliseconds that a sandbox that is replaced may take to stop before it
 * is killed. Default: 10000.
 */
replaceWithTimeoutMs?: number, 
/**
 * The name that the cloud knows the sandbox by, unique in all of it:
 * lower-case letters, digits and single hyphens. Only in the cloud.
 * Default: one that the cloud chooses.
 */
slug?: string, 
/**
 * Whether the sandbox is removed when it stops. Default: `true` without
 * a `name`, else `false`.
 */
ephemeral?: boolean, 
/**
 * How long the sandbox may live, in milliseconds, rounded up to whole
 * seconds. Default: without limit.
 */
maxDurationMs?: number, 
/**
 * After how long without activity the sandbox stops, in milliseconds,
 * rounded up to whole seconds. Default: never.
 */
idleTimeoutMs?: number, 
/**
 * What is mounted in the guest besides its root file system, by the
 * absolute path where. Default: nothing.
 */
mounts?: { [key in string]: Mount }, };

/**
 * How far a create is.
 */
export type CreateProgress = PullProgress | StartupProgress;

/**
 * How long to wait before completing.
 */
export type DelayOptions = { 
/**
 * Milliseconds to wait.
 */
milliseconds: number, };

/**
 * Whose sandboxes run on this machine.
 *
 * - `single-tenant`: Those of one party.
 * - `multi-tenant`: Those of parties that do not trust each other: whatever the sandbox's rules say, it reaches public addresses only, and `ports`, `vsock`, and the network's `interface`, `trustHostCAs`, `dns.nameservers` and `dns.rebindProtection: false` are refused.
 */
export type DeploymentProfile = "single-tenant" | "multi-tenant";

/**
 * How to stop and remove a sandbox.
 */
export type DestroyOptions = { 
/**
 * Whether it is killed instead of stopped. Default: `false`.
 */
force?: boolean, 
/**
 * Milliseconds to wait until it has stopped. Default: 10000.
 */
timeoutMs?: number, };

/**
 * An entry of a directory.
 */
export type DirectoryEntry = { 
/**
 * Its name, without the directory.
 */
name: string, 
/**
 * What it is.
 */
kind: FileKind, };

/**
 * The format of a disk image.
 *
 * - `raw`: The disk's bytes as they are.
 * - `qcow2`: QEMU's format.
 * - `vmdk`: VMware's format.
 */
export type DiskFormat = "raw" | "qcow2" | "vmdk";

/**
 * A disk image of this machine.
 */
export type DiskMount = { 
/**
 * Its path. One that is not absolute starts in the program's working
 * directory.
 *
 * Permissions: read access to it, and write access unless the mount
 * is `readOnly`.
 */
source: string, 
/**
 * Its format. Default: what its name ends with, else `"raw"`.
 */
format?: DiskFormat, 
/**
 * Its file system, such as `ext4`. Default: the guest finds out.
 */
fsType?: string, 
/**
 * Whether the guest cannot write to it. Default: `false`.
 */
readOnly?: boolean, 
/**
 * Whether programs on it cannot be run directly. Default:
 * `false`.
 */
noExec?: boolean, 
/**
 * Whether programs on it get no other user's rights. Default:
 * `false`.
 */
noSuid?: boolean, 
/**
 * Whether device files on it do nothing. Default: `false`.
 */
noDev?: boolean, };

/**
 * How much room something takes on this machine.
 */
export type DiskUsage = { 
/**
 * The length of its files in bytes. Absent if they could not all be read.
 */
logicalBytes?: number, 
/**
 * The bytes that its files have on disk. Absent where that is not known.
 */
allocatedBytes?: number, };

/**
 * When a change takes effect.
 *
 * - `live`: At once.
 * - `next-start`: When the sandbox is started the next time.
 * - `requires-restart`: With a restart.
 * - `unsupported`: Never: this setting cannot be changed.
 */
export type Disposition = "live" | "next-start" | "requires-restart" | "unsupported";

/**
 * How names are resolved.
 */
export type DnsOptions = { 
/**
 * The servers to ask, each an address or a name, with a port after a
 * colon if it is not 53. Default: those of this machine.
 */
nameservers?: Array<string>, 
/**
 * Whether answers are dropped that point a public name at a private
 * address. Default: `true`.
 */
rebindProtection?: boolean, 
/**
 * Milliseconds to wait for an answer. Default: 5000.
 */
queryTimeoutMs?: number, };

/**
 * What the process does, in order. After the last step it exits with code 0.
 */
export type EchoProcessOptions = { 
/**
 * The steps.
 */
steps: Array<EchoStep>, };

/**
 * One step.
 */
export type EchoStep = { "stdout": number } | { "stderr": number } | "copy" | "closeStdin" | "waitForSignal" | { "exit": number } | "lose";

/**
 * A way for a sandbox to end.
 *
 * - `stop`: The guest shuts down.
 * - `kill`: Its process is killed.
 * - `drain`: It takes no new work, finishes what it has, and stops.
 */
export type End = "stop" | "kill" | "drain";

/**
 * What to ask a sandbox for.
 */
export type EndOptions = { 
/**
 * How it is to end.
 */
how: End, };

/**
 * A stable name for what went wrong. Codes are never renamed or reused.
 *
 * - `agent-client-error`: The sandbox's agent could not be reached, or answered out of turn.
 * - `already-exists`: A file or directory of that name exists already.
 * - `boot-failed`: The microVM or its agent did not come up. `details.diagnosis` says what is wrong with the host, as far as that can be seen.
 * - `busy`: A file is in use in a way that forbids the operation.
 * - `cancelled`: The request was cancelled before it had a result.
 * - `client-closed`: The client was closed before the request completed.
 * - `cloud-http`: The cloud answered with an HTTP status that says no, and that has no code of its own. `details.status` is the status.
 * - `cloud-conflict`: What the cloud is asked for contradicts what is there.
 * - `cloud-forbidden`: The key is good, but does not permit this.
 * - `cloud-rate-limited`: The cloud was asked too often.
 * - `cloud-response-invalid`: The cloud's answer broke off, or is none that can be understood.
 * - `cloud-unauthorized`: The cloud does not know the key.
 * - `cloud-unavailable`: The cloud failed, or has no room at the moment.
 * - `command-interrupted`: The sandbox stopped, or the connection to it was lost, before the command ended. `details` carries the output so far.
 * - `control-client-error`: A request to the sandbox's control socket failed.
 * - `control-secret-batch`: Some entries of a batch of secrets were applied before one failed.
 * - `control-state-changed`: The sandbox changed while a modification was being saved.
 * - `cross-device`: The operation cannot go from one file system to another.
 * - `database-error`: The database of sandboxes could not be read or written.
 * - `directory-not-empty`: A directory is not empty.
 * - `exec-failed`: The command could not be started: there is no such program, working directory or user, or a limit forbids it.
 * - `exec-timeout`: The command ran longer than its `timeoutMs` and was killed.
 * - `file-closed`: The file was closed.
 * - `filesystem-error`: An operation on files in the sandbox failed.
 * - `filesystem-loop`: Symbolic links lead in a circle.
 * - `handle-closed`: The handle was released: the sandbox was stopped, killed, detached or disposed through this object.
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
 * - `invalid-option`: An option has the wrong type, is missing or contradicts another one. `details.path` names it.
 * - `invalid-sandbox-name`: The sandbox name is empty, too long or has characters that names cannot have.
 * - `io-error`: A file or directory on the host could not be used.
 * - `is-a-directory`: A directory is where something else was needed.
 * - `job-history-error`: The stored output of a job could not be read.
 * - `job-input-busy`: The job still works on earlier input.
 * - `job-launch-unconfirmed`: Whether the job was started is not known. `details.id` is the job that it would be: look it up before you try again.
 * - `job-lost`: How the job ended is not known: its sandbox stopped before.
 * - `job-not-found`: There is no job of that id, or it is forgotten.
 * - `job-not-running`: The job has ended, or belongs to an earlier run of its sandbox.
 * - `job-output-gap`: Output of the job was dropped before it was read. Behind `details.cursor` it goes on.
 * - `job-read-only`: The attachment is read-only.
 * - `json-error`: Stored data is not the JSON that it should be.
 * - `libkrunfw-not-found`: The `libkrunfw` library was not found.
 * - `log-missed-rotation`: The log was rotated away before it was read.
 * - `metrics-disabled`: Metrics are switched off for this sandbox.
 * - `metrics-unavailable`: There is no metrics sample yet.
 * - `microsandbox-error`: An error that the core does not classify.
 * - `missing-restore-bindings`: A restore needs bindings for resources of the host.
 * - `modification-not-confirmed`: A change of a sandbox in the cloud was not confirmed: it may be saved and not yet in effect, or its result is unknown. The message says which, and whether to send it again.
 * - `modification-refused`: The changes to a sandbox contradict each other, are not possible, or need a restart that was not asked for. `details.plan` has them.
 * - `network-policy-error`: The network options contradict each other.
 * - `no-default-command`: The image defines no command to run.
 * - `no-space`: There is no space left, or a quota is used up.
 * - `not-a-directory`: Something is not a directory where one was needed.
 * - `not-found`: There is no file or directory of that name.
 * - `option-out-of-range`: A number is outside of its range. `details.path` names the option.
 * - `os-error`: The operating system refused a call.
 * - `patch-failed`: A change to the root file system before boot failed.
 * - `permission-denied`: The guest's or this machine's system does not permit the operation on the file.
 * - `port-unavailable`: This machine cannot listen on a port: it is taken, or needs other rights. `details` names it.
 * - `protocol-error`: A message from the sandbox could not be understood.
 * - `registry-disconnected`: The registry ended the connection before everything was there.
 * - `registry-plain-http`: The registry does not speak TLS, and `registryInsecure` is not set.
 * - `registry-rate-limited`: The registry was asked too often.
 * - `registry-tls-failed`: The registry's certificate is not to be trusted, or the encryption failed in another way.
 * - `registry-unauthorized`: The registry wants other credentials, or any.
 * - `registry-unreachable`: No connection to the registry could be made.
 * - `read-only-filesystem`: The file system is read-only.
 * - `result-too-large`: A result does not fit into a frame.
 * - `output-overflow`: Output that nobody read took more room than there is for it.
 * - `runtime-error`: The runtime failed.
 * - `runtime-incomplete`: Only one of the two files of the runtime is there.
 * - `runtime-in-use`: Another runtime is in use already.
 * - `runtime-not-installed`: The runtime is not installed, and unpacking it was switched off.
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
 * - `ssh-error`: A connection over SSH could not be made, or the server at its other end does not allow what was asked of it.
 * - `stdin-closed`: The command's standard input is not read any more: it was closed in the guest, or the command has ended.
 * - `stop-timeout`: Stopping took longer than its `timeoutMs`. Nothing was killed.
 * - `terminal-error`: The terminal could not be used.
 * - `unknown-operation`: There is no operation with that number: the library and the program are of different versions.
 * - `unknown-option`: There is no option of that name. `details.path` names it.
 * - `unsupported`: The backend cannot do this.
 * - `virtualization-unavailable`: This machine offers no virtualization. `details.diagnosis` says why.
 * - `volume-already-exists`: A volume of that name exists already.
 * - `volume-in-use`: The volume is used by a sandbox.
 * - `volume-not-found`: There is no volume of that name.
 * - `wait-timeout`: What was waited for did not happen within `timeoutMs`.
 */
export type ErrorCode = "agent-client-error" | "already-exists" | "boot-failed" | "busy" | "cancelled" | "client-closed" | "cloud-http" | "cloud-conflict" | "cloud-forbidden" | "cloud-rate-limited" | "cloud-response-invalid" | "cloud-unauthorized" | "cloud-unavailable" | "command-interrupted" | "control-client-error" | "control-secret-batch" | "control-state-changed" | "cross-device" | "database-error" | "directory-not-empty" | "exec-failed" | "exec-timeout" | "file-closed" | "filesystem-error" | "filesystem-loop" | "handle-closed" | "http-error" | "http-timeout" | "http-unreachable" | "image-archive-invalid" | "image-corrupt" | "image-in-use" | "image-not-found" | "image-platform-unavailable" | "image-pull-failed" | "internal" | "invalid-config" | "invalid-cursor" | "invalid-handle" | "invalid-option" | "invalid-sandbox-name" | "io-error" | "is-a-directory" | "job-history-error" | "job-input-busy" | "job-launch-unconfirmed" | "job-lost" | "job-not-found" | "job-not-running" | "job-output-gap" | "job-read-only" | "json-error" | "libkrunfw-not-found" | "log-missed-rotation" | "metrics-disabled" | "metrics-unavailable" | "microsandbox-error" | "missing-restore-bindings" | "modification-not-confirmed" | "modification-refused" | "network-policy-error" | "no-default-command" | "no-space" | "not-a-directory" | "not-found" | "option-out-of-range" | "os-error" | "patch-failed" | "permission-denied" | "port-unavailable" | "protocol-error" | "registry-disconnected" | "registry-plain-http" | "registry-rate-limited" | "registry-tls-failed" | "registry-unauthorized" | "registry-unreachable" | "read-only-filesystem" | "result-too-large" | "output-overflow" | "runtime-error" | "runtime-incomplete" | "runtime-in-use" | "runtime-not-installed" | "sandbox-already-exists" | "sandbox-not-found" | "sandbox-not-running" | "sandbox-replaced" | "sandbox-still-running" | "sandbox-stop-timed-out" | "snapshot-already-exists" | "snapshot-image-missing" | "snapshot-integrity" | "snapshot-migration" | "snapshot-not-found" | "snapshot-replaced" | "snapshot-sandbox-running" | "snapshot-source-recovery" | "ssh-error" | "stdin-closed" | "stop-timeout" | "terminal-error" | "unknown-operation" | "unknown-option" | "unsupported" | "virtualization-unavailable" | "volume-already-exists" | "volume-in-use" | "volume-not-found" | "wait-timeout";

/**
 * How to fail.
 */
export type FailOptions = { 
/**
 * The error's message.
 */
message: string, };

/**
 * An error as the caller reads it.
 */
export type Failure = { 
/**
 * What went wrong, as a stable name.
 */
code: ErrorCode, 
/**
 * What failed, with which value, and what to do next.
 */
message: string, 
/**
 * What to branch on. `null` when there is nothing.
 */
details: unknown, };

/**
 * The signal that ended a command.
 */
export type FatalSignal = Signal | UnknownSignal;

/**
 * What to change about a file. What is not given stays as it is.
 */
export type FileAttributesRequest = { 
/**
 * The volume that has the file. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * The file's path. The file of the handle has none.
 */
path?: string, 
/**
 * Permission bits.
 */
mode?: number, 
/**
 * The number of the user who shall own it.
 */
uid?: number, 
/**
 * The number of the group that shall own it.
 */
gid?: number, 
/**
 * Its length in bytes.
 */
size?: number, 
/**
 * When it was last read, in seconds since 1970.
 */
accessedSeconds?: number, 
/**
 * When it was last written, in seconds since 1970.
 */
modifiedSeconds?: number, };

/**
 * What an entry of a directory is.
 *
 * - `file`: A regular file.
 * - `directory`: A directory.
 * - `symlink`: A symbolic link.
 * - `other`: A device, a pipe or a socket.
 */
export type FileKind = "file" | "directory" | "symlink" | "other";

/**
 * Names a file.
 */
export type FilePathRequest = { 
/**
 * The volume that has it. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * Its path.
 */
path: string, };

/**
 * A path as the answer.
 */
export type FilePathResult = { 
/**
 * The path.
 */
path: string, };

/**
 * What is known about a file. Times are milliseconds since 1970.
 */
export type FileStat = { 
/**
 * What it is.
 */
kind: FileKind, 
/**
 * Its length in bytes.
 */
size: number, 
/**
 * Its permission bits.
 */
mode: number, 
/**
 * The number of the user who owns it.
 */
uid: number, 
/**
 * The number of the group that owns it.
 */
gid: number, 
/**
 * When it was last read.
 */
accessedMs?: number, 
/**
 * When it was last written.
 */
modifiedMs?: number, 
/**
 * When it was created.
 */
createdMs?: number, };

/**
 * What to ask about a file.
 */
export type FileStatRequest = { 
/**
 * The volume that has it. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * Its path.
 */
path: string, 
/**
 * Whether a link stands for what it leads to.
 */
follow: boolean, };

/**
 * How to fork a sandbox several times.
 */
export type ForkManyOptions = { 
/**
 * Whether the guest writes its disks back first. Default: `"auto"`, which
 * does not: the forks have the memory too.
 */
guestFlush?: GuestFlush, 
/**
 * Whether the captured disks get checksums. Default: `false`.
 */
recordIntegrity?: boolean, 
/**
 * The guest user of the forks' commands. Default: the original's.
 */
user?: string, };

/**
 * Which forks to make.
 */
export type ForkManyRequest = { 
/**
 * The forks' names.
 */
names: Array<string>, 
/**
 * How to fork.
 */
options: ForkManyOptions, };

/**
 * How to fork a sandbox.
 */
export type ForkOptions = { 
/**
 * The fork's name. Default: a random one.
 */
name?: string, 
/**
 * Whether the guest writes its disks back first. Default: `"auto"`, which
 * does not: the fork has the memory too.
 */
guestFlush?: GuestFlush, 
/**
 * Whether the captured disks get checksums. Default: `false`.
 */
recordIntegrity?: boolean, 
/**
 * The guest user of the fork's commands. Default: the original's.
 */
user?: string, 
/**
 * What the fork uses of this machine. Default: nothing.
 */
bindings?: Bindings, };

/**
 * What became of one of several forks.
 */
export type ForkOutcome = { 
/**
 * Its name.
 */
name: string, 
/**
 * The fork, unless it failed.
 */
sandbox?: LiveSandbox, 
/**
 * The fork's handle, unless it failed.
 */
handle?: number, 
/**
 * Why it failed.
 */
error?: Failure, };

/**
 * The runtime, if there is one.
 */
export type FoundRuntime = { 
/**
 * Not there when the runtime is not installed.
 */
runtime?: RuntimeInfo, };

/**
 * A group's head, the snapshot that the group's name alone stands for.
 */
export type GroupHead = { 
/**
 * The group.
 */
group: string, 
/**
 * The identity of its head.
 */
head: string, 
/**
 * The identity of its head before.
 */
previous?: string, 
/**
 * Whether the head is another one now.
 */
changed: boolean, 
/**
 * Why it is, or is not.
 */
reason: GroupHeadReason, };

/**
 * Why a group has the head that it has.
 *
 * - `initialized`: The group was empty.
 * - `fast-forwarded`: The new one descends from the old one.
 * - `selected`: It was chosen.
 * - `unchanged`: It was the head already.
 * - `diverged`: The new one does not descend from the old one, which stays.
 * - `unknown-ancestry`: It cannot be told whether the new one descends from the old one, which stays.
 * - `ambiguous-candidates`: Several came at once and none descends from all others.
 */
export type GroupHeadReason = "initialized" | "fast-forwarded" | "selected" | "unchanged" | "diverged" | "unknown-ancestry" | "ambiguous-candidates";

/**
 * Whether this machine sets the guest's clock.
 *
 * - `sync`: When the guest boots, resumes, and about once a minute.
 * - `off`: Only when it boots.
 */
export type GuestClock = "sync" | "off";

/**
 * Whether the guest writes back what it has not written to its disks yet.
 *
 * - `auto`: Where the captured disks would be out of date otherwise: when the disks of a running sandbox are captured without its memory.
 * - `required`: Always; failing to do so is an error.
 * - `skip`: Never.
 */
export type GuestFlush = "auto" | "required" | "skip";

/**
 * One thing that was looked at.
 */
export type HostCheck = { 
/**
 * `Runtime` or `Host`.
 */
section: string, 
/**
 * What was looked at.
 */
label: string, 
/**
 * What came of it.
 */
state: HostCheckState, 
/**
 * What was seen.
 */
value: string, };

/**
 * What came of a check.
 *
 * - `pass`: It is as it should be.
 * - `fail`: No microVM can run because of it.
 * - `warn`: It may become a problem.
 * - `info`: It is neither good nor bad.
 */
export type HostCheckState = "pass" | "fail" | "warn" | "info";

/**
 * What to copy, and where to.
 */
export type HostCopyRequest = { 
/**
 * The volume that it is copied to or from. Default: the sandbox of the
 * handle.
 */
volume?: string, 
/**
 * The file or directory to copy.
 */
source: string, 
/**
 * The path of the copy.
 */
destination: string, 
/**
 * Whether to tell how far it is, as events. Default: `false`.
 */
progress?: boolean, };

/**
 * What the core found out about this machine.
 */
export type HostDiagnosis = { 
/**
 * What was looked at.
 */
checks: Array<HostCheck>, 
/**
 * What is wrong, most important first. Empty when nothing was found.
 */
problems: Array<HostProblem>, };

/**
 * How to mend a problem.
 */
export type HostFix = { 
/**
 * What the commands do.
 */
description: string, 
/**
 * Each command, ready to paste.
 */
commands: Array<string>, 
/**
 * Whether the user has to log in again afterwards.
 */
requiresRelogin: boolean, };

/**
 * A root file system that is on this machine already.
 */
export type HostImage = { "kind": "directory", 
/**
 * The directory.
 */
path: string, 
/**
 * Whether symbolic links in `path` are followed. Default: `false`,
 * which makes one an error.
 */
followSymlinks?: boolean, } | { "kind": "disk", 
/**
 * The file.
 */
path: string, 
/**
 * The file's format. Default: what its ending says.
 */
format?: DiskFormat, 
/**
 * The file system on the disk, such as `ext4`. Default: the guest
 * finds out.
 */
filesystem?: string, };

/**
 * What becomes of permission bits that the guest sets.
 *
 * - `private`: Only the guest sees them.
 * - `mirror`: The files of this machine get them too.
 */
export type HostPermissionsPolicy = "private" | "mirror";

/**
 * A published port of this machine.
 */
export type HostPort = { 
/**
 * The port on this machine, from 1 to 65535.
 */
hostPort: number, 
/**
 * The address of this machine that it listens on. Default: `127.0.0.1`.
 */
hostAddress?: string, 
/**
 * The protocol. Default: `tcp`.
 */
protocol?: PortProtocol, };

/**
 * Something that keeps microVMs from running.
 */
export type HostProblem = { 
/**
 * What is wrong, in a line.
 */
headline: string, 
/**
 * Why that may be.
 */
hints: Array<string>, 
/**
 * Commands that mend it, where there are safe ones.
 */
fix: HostFix | null, };

/**
 * The form of an answer to a denied HTTP request.
 *
 * - `json`: A JSON object with a code and a message.
 * - `text`: Plain text.
 */
export type HttpDenyFormat = "json" | "text";

/**
 * What a guest is told about HTTP requests that were denied.
 */
export type HttpOptions = { 
/**
 * Whether it is told at all, with status 403: on port 80 and on the ports
 * with TLS interception, where no rule but a default or a domain denied
 * it. Default: `true`.
 */
denyResponse?: boolean, 
/**
 * The form of the answer. Default: `json`.
 */
denyResponseFormat?: HttpDenyFormat, 
/**
 * The text of a `text` answer, in which `{host}` is replaced.
 * Default: the runtime's.
 */
denyMessage?: string, 
/**
 * The message of a `json` answer to a request that a rule denied.
 * Default: the runtime's.
 */
networkDenyMessage?: string, 
/**
 * The message of a `json` answer to a request that had a secret for
 * another host. Default: the runtime's.
 */
secretDenyMessage?: string, };

/**
 * What an image says about how to run it.
 */
export type ImageConfig = { 
/**
 * The digest of this configuration.
 */
digest: string, 
/**
 * Environment variables.
 */
env: { [key in string]: string }, 
/**
 * The program that is always run.
 */
entrypoint?: Array<string>, 
/**
 * The command, or the entrypoint's arguments.
 */
cmd?: Array<string>, 
/**
 * The working directory.
 */
workdir?: string, 
/**
 * The user.
 */
user?: string, 
/**
 * Labels.
 */
labels: { [key in string]: string }, };

/**
 * What an image is made of.
 */
export type ImageDetail = { 
/**
 * The image.
 */
image: ImageInfo, 
/**
 * What it says about how to run it.
 */
config?: ImageConfig, 
/**
 * Its layers, the lowest one first.
 */
layers: Array<ImageLayer>, };

/**
 * What is known about an image.
 */
export type ImageInfo = { 
/**
 * The image's reference.
 */
reference: string, 
/**
 * The digest of the image's manifest.
 */
manifestDigest?: string, 
/**
 * The processor that the image is for, in the words of OCI: `amd64`,
 * `arm64`.
 */
architecture?: string, 
/**
 * The operating system that the image is for.
 */
os?: string, 
/**
 * How many layers the image has.
 */
layerCount: number, 
/**
 * How many bytes its layers have, as they are fetched.
 */
sizeBytes?: number, 
/**
 * When the image was first pulled or loaded, in ISO 8601.
 */
createdAt?: string, 
/**
 * When the image was last pulled, loaded or used, in ISO 8601.
 */
lastUsedAt?: string, };

/**
 * One layer of an image.
 */
export type ImageLayer = { 
/**
 * The digest of the layer as it is fetched.
 */
digest: string, 
/**
 * The digest of what is in it.
 */
diffId: string, 
/**
 * What it is fetched as.
 */
mediaType?: string, 
/**
 * How many bytes it has, as it is fetched.
 */
sizeBytes?: number, };

/**
 * What a prune has removed.
 */
export type ImagePruneReport = { 
/**
 * How many references.
 */
referencesRemoved: number, 
/**
 * How many images, each of which may have had several references.
 */
imagesRemoved: number, 
/**
 * How many layers.
 */
layersRemoved: number, 
/**
 * How many bytes of the disk that has freed, where it is known.
 */
bytesReclaimed?: number, 
/**
 * How many references, images and layers were in use at that moment.
 */
skippedInUse: number, };

/**
 * Which image to pull, and how.
 */
export type ImagePullOptions = { 
/**
 * The image's reference, such as `alpine:3.22`.
 */
reference: string, 
/**
 * When the registry is asked. Default: `if-missing`.
 */
pullPolicy?: PullPolicy, 
/**
 * Credentials for the registry. Default: those that the system's
 * keyring, the user's configuration or Docker's configuration file have
 * for it, else none.
 */
registryAuth?: RegistryAuth, 
/**
 * Whether the registry is spoken to in plain HTTP. Default: `false`,
 * unless the user's configuration says so for this registry.
 */
registryInsecure?: boolean, 
/**
 * Certificates of authorities to trust besides the system's, in PEM form.
 * Default: those that the user's configuration names.
 */
registryCaCerts?: CaCertificates, };

/**
 * A root file system: a reference of an OCI image such as `alpine:3.22`, a
 * path that starts with `/`, `./` or `../` and names a directory or a disk
 * image (`.qcow2`, `.raw`, `.vmdk`), or an object that says which it is.
 */
export type ImageSource = string | HostImage;

/**
 * The program that becomes the guest's first process.
 */
export type InitOption = string | InitOptions;

/**
 * The program that becomes the guest's first process.
 */
export type InitOptions = { 
/**
 * An absolute path in the guest, or `auto` for the one that the image's
 * entrypoint starts or that is found in a usual place.
 */
command: string, 
/**
 * Its arguments. Default: none.
 */
args?: Array<string>, 
/**
 * More environment variables for it. Default: none.
 */
env?: { [key in string]: string }, };

/**
 * How to install the runtime.
 */
export type InstallRuntimeOptions = { 
/**
 * Whether to replace a runtime that is installed already. Default: false.
 */
force?: boolean, };

/**
 * A certificate authority for the proxy's certificates.
 */
export type InterceptionAuthority = { 
/**
 * A PEM file on this machine with the certificate.
 */
certificatePath: string, 
/**
 * A PEM file on this machine with the private key.
 */
keyPath: string, };

/**
 * The guest's network interface. What is left out, the core chooses for each
 * sandbox so that no two get the same.
 */
export type InterfaceOptions = { 
/**
 * The MAC address, such as `02:5a:7b:13:01:02`. Default: chosen.
 */
macAddress?: string, 
/**
 * The largest packet in bytes, from 68 to 65535. Default: 1500.
 */
mtu?: number, 
/**
 * The IPv4 address. Default: one of `ipv4Pool`.
 */
ipv4Address?: string, 
/**
 * The block that a `/30` is taken from for the sandbox. Default:
 * `172.16.0.0/12`.
 */
ipv4Pool?: string, 
/**
 * The IPv6 address. Default: one of `ipv6Pool`.
 */
ipv6Address?: string, 
/**
 * The block that a `/64` is taken from for the sandbox. Default:
 * `fd42:6d73:62::/48`.
 */
ipv6Pool?: string, };

/**
 * How to attach to a job.
 */
export type JobAttachOptions = { 
/**
 * Whether to leave the job's input and terminal to others. Default:
 * `false`.
 */
readOnly?: boolean, 
/**
 * Which of its past output comes first. Default: none.
 */
replay?: Replay, };

/**
 * Which job to attach to, and how.
 */
export type JobAttachRequest = { 
/**
 * The job.
 */
target: JobTarget, 
/**
 * How to attach.
 */
options: JobAttachOptions, };

/**
 * How a job ended.
 */
export type JobExit = { 
/**
 * The exit code. -1 after a signal.
 */
code: number, 
/**
 * The signal that ended it.
 */
signal?: FatalSignal, 
/**
 * Whether it was killed because it ran too long.
 */
timedOut: boolean, };

/**
 * What is known about a job.
 */
export type JobInfo = { 
/**
 * The job's id, which no other job of the sandbox ever has.
 */
id: string, 
/**
 * The program and its arguments.
 */
command: Array<string>, 
/**
 * What it was doing when it was asked.
 */
state: JobState, 
/**
 * Whether it runs in a terminal.
 */
tty: boolean, 
/**
 * Whether its standard input has ended for good.
 */
stdinClosed: boolean, 
/**
 * Whether it was killed because it ran too long.
 */
timedOut: boolean, 
/**
 * Its process id in the guest, once it has started.
 */
pid?: number, 
/**
 * When it was accepted, in milliseconds since 1970.
 */
createdAt: number, 
/**
 * When it started, in milliseconds since 1970.
 */
startedAt?: number, 
/**
 * When its end was seen, in milliseconds since 1970.
 */
finishedAt?: number, 
/**
 * The exit code, once it has ended.
 */
exitCode?: number, 
/**
 * The signal that ended it.
 */
signal?: FatalSignal, 
/**
 * Why it could not be started, or why its end is not known.
 */
error?: string, };

/**
 * Some jobs.
 */
export type JobList = { 
/**
 * The jobs.
 */
jobs: Array<JobInfo>, 
/**
 * Where the next page starts. Absent on the last page.
 */
nextCursor?: string, };

/**
 * Which jobs to list.
 */
export type JobListOptions = { 
/**
 * The sandbox's name.
 */
sandbox: string, 
/**
 * The sandbox's identity.
 */
sandboxId: string, 
/**
 * Whether jobs that have ended are listed too. Default: `false`.
 */
all?: boolean, 
/**
 * How many to return at most, from 1 to 100. Default: 50.
 */
limit?: number, 
/**
 * Where the previous page ended.
 */
cursor?: string, };

/**
 * Which output of a job to read.
 */
export type JobLogFilter = { 
/**
 * Only the last so many records. Default: all.
 */
tail?: number, 
/**
 * Only from this time on, in milliseconds since 1970.
 */
since?: number, 
/**
 * Only before this time, in milliseconds since 1970.
 */
until?: number, 
/**
 * Which output. Default: all but `stdin-error`.
 */
sources?: Array<JobLogSource>, 
/**
 * Only what comes behind the record with this cursor.
 */
fromCursor?: string, 
/**
 * Whether to go on until the job has ended. Default: `false`.
 */
follow?: boolean, };

/**
 * A record of a job's output. Its bytes are the item's.
 */
export type JobLogRecord = { 
/**
 * When it was captured, in milliseconds since 1970.
 */
timestamp: number, 
/**
 * Where it comes from.
 */
source: JobLogSource, 
/**
 * Where to go on reading behind it.
 */
cursor: string, };

/**
 * Where a record comes from.
 *
 * - `stdout`: Standard output.
 * - `stderr`: Standard error.
 * - `output`: Both, of a job in a terminal.
 * - `stdin-error`: A note that a write to the job's standard input failed.
 */
export type JobLogSource = "stdout" | "stderr" | "output" | "stdin-error";

/**
 * Which output of which job to read.
 */
export type JobLogsOptions = { 
/**
 * The job.
 */
target: JobTarget, 
/**
 * Which of its output.
 */
options: JobLogFilter, };

/**
 * Which signal to send to a job.
 */
export type JobSignalOptions = { 
/**
 * The job.
 */
target: JobTarget, 
/**
 * The signal.
 */
signal: SignalOption, };

/**
 * What a job is doing.
 *
 * - `starting`: It was accepted and has not started yet.
 * - `running`: It runs.
 * - `exited`: It ended.
 * - `failed`: It could not be started.
 * - `lost`: Its sandbox stopped before it ended, so how it ended is not known.
 */
export type JobState = "starting" | "running" | "exited" | "failed" | "lost";

/**
 * Names a job.
 */
export type JobTarget = { 
/**
 * The sandbox's name.
 */
sandbox: string, 
/**
 * The sandbox's identity.
 */
sandboxId: string, 
/**
 * The job's id.
 */
job: string, };

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * How to kill a sandbox.
 */
export type KillOptions = { 
/**
 * Milliseconds to wait until it is gone. Default: 5000.
 */
timeoutMs?: number, };

/**
 * The versions of what this library is made of.
 */
export type LibraryVersions = { 
/**
 * The library's own version.
 */
library: string, 
/**
 * The version of the microsandbox core, and of the runtime that the
 * library carries.
 */
core: string, };

/**
 * A number, or none.
 */
export type Limit = number | "unlimited";

/**
 * Which sandboxes to list.
 */
export type ListOptions = { 
/**
 * How many to return at most, from 1 to 100. Default: 20.
 */
pageSize?: number, 
/**
 * Where the previous page ended.
 */
cursor?: string, 
/**
 * Labels that a sandbox has to have. Default: none.
 */
labels?: { [key in string]: string }, };

/**
 * Which volumes to list.
 */
export type ListVolumesRequest = { 
/**
 * Labels that a volume has to have. Default: none.
 */
labels?: { [key in string]: string }, };

/**
 * A sandbox that this program is connected to. Its handle is in the frame.
 */
export type LiveSandbox = { 
/**
 * The sandbox's name.
 */
name: string, 
/**
 * The sandbox's identity, which a later sandbox of the same name does
 * not share.
 */
id: string, 
/**
 * Where it runs.
 */
backend: BackendKind, 
/**
 * Whether the sandbox ends with this connection.
 */
ownsLifecycle: boolean, 
/**
 * The ports of this machine that lead into it.
 */
ports: Array<PublishedPort>, };

/**
 * Which archive to load.
 */
export type LoadImagesOptions = { 
/**
 * The archive.
 */
path: string, 
/**
 * More references for the first image in the archive. Default: none.
 */
tags?: Array<string>, };

/**
 * How to load snapshots from files.
 */
export type LoadOptions = { 
/**
 * The group that the snapshots join. Default: a new one.
 */
group?: string, 
/**
 * The directory of this machine that holds the group. Default: the home
 * directory's own.
 */
directory?: string, 
/**
 * The snapshot or archive with the data that was left out of the files.
 */
base?: string, 
/**
 * Whether the last one becomes the group's head in any case. Default:
 * `false`, only if it descends from the head.
 */
setHead?: boolean, };

/**
 * Which files to load snapshots from.
 */
export type LoadRequest = { 
/**
 * The files, on this machine.
 */
paths: Array<string>, 
/**
 * How to load them.
 */
options: LoadOptions, };

/**
 * A log entry. Its bytes are those of the frame, or in a list the next ones.
 */
export type LogEntry = { 
/**
 * When it was captured, in ISO 8601.
 */
timestamp: string, 
/**
 * Where it comes from.
 */
source: LogSource, 
/**
 * Which command it comes from: those with the same number belong
 * together.
 */
session?: number, 
/**
 * Where to go on after this entry.
 */
cursor: string, 
/**
 * How many bytes it has.
 */
length: number, };

/**
 * What of a log to stream.
 */
export type LogFollowOptions = { 
/**
 * The time of the first entry at the earliest, in ISO 8601. Default: the
 * beginning.
 */
since?: string, 
/**
 * The cursor of the entry to go on after, with the same `sources`.
 */
cursor?: string, 
/**
 * The time that all entries are before, in ISO 8601. Default: without
 * limit.
 */
until?: string, 
/**
 * Where the entries come from. Default: what commands print.
 */
sources?: Array<LogSource>, 
/**
 * Whether to wait for entries that are still to come. Default: `false`.
 */
follow?: boolean, };

/**
 * How much a sandbox's runtime logs.
 *
 * - `error`: Errors.
 * - `warn`: Warnings too.
 * - `info`: What happens, too.
 * - `debug`: What helps to find mistakes, too.
 * - `trace`: Everything.
 */
export type LogLevel = "error" | "warn" | "info" | "debug" | "trace";

/**
 * What of a log to read.
 */
export type LogReadOptions = { 
/**
 * How many entries at most, the newest ones. Default: all.
 */
tail?: number, 
/**
 * The time of the first entry at the earliest, in ISO 8601. Default: the
 * beginning.
 */
since?: string, 
/**
 * The time that all entries are before, in ISO 8601. Default: the end.
 */
until?: string, 
/**
 * Where the entries come from. Default: what commands print.
 */
sources?: Array<LogSource>, };

/**
 * Where a log entry comes from.
 *
 * - `stdout`: The standard output of a command.
 * - `stderr`: The standard error of a command.
 * - `output`: The terminal of a command.
 * - `system`: The runtime and the guest's kernel.
 */
export type LogSource = "stdout" | "stderr" | "output" | "system";

/**
 * How to make a directory.
 */
export type MakeDirectoryOptions = { 
/**
 * Whether missing parents are made too, and a directory that exists is no
 * error. Default: `false`.
 */
recursive?: boolean, 
/**
 * The permission bits of the directory. Default: `0o777`, less the umask.
 */
mode?: number, };

/**
 * What a memory file is for.
 *
 * - `branch`: Sandboxes that were forked.
 * - `snapshot`: A snapshot, from which it can be unpacked again.
 */
export type MemoryKind = "branch" | "snapshot";

/**
 * What became of a memory file.
 *
 * - `reclaimable`: It could be removed.
 * - `in-use`: Somebody uses it.
 * - `pending-handoff`: A fork is about to use it.
 * - `too-young`: It is not old enough.
 * - `missing-handoff-lock`: It is not known whether somebody uses it.
 * - `changed`: Somebody else changed or removed it meanwhile.
 * - `removed`: It was removed.
 * - `error`: Something went wrong.
 */
export type MemoryState = "reclaimable" | "in-use" | "pending-handoff" | "too-young" | "missing-handoff-lock" | "changed" | "removed" | "error";

/**
 * What a sandbox uses.
 */
export type Metrics = { 
/**
 * When the sample was taken, in ISO 8601.
 */
timestamp: string, 
/**
 * How long the sandbox has been running, in milliseconds.
 */
uptimeMs: number, 
/**
 * Share of one CPU in percent: 200 stands for two busy ones.
 */
cpuPercent: number, 
/**
 * How long its virtual CPUs have been running altogether, in
 * milliseconds.
 */
cpuTimeMs: number, 
/**
 * Memory in use by the guest, in bytes.
 */
memoryBytes: number, 
/**
 * Memory that the guest could still use, in bytes.
 */
memoryAvailableBytes?: number, 
/**
 * Memory of this machine that the sandbox takes, in bytes.
 */
memoryHostBytes?: number, 
/**
 * How much memory the guest has, in bytes.
 */
memoryLimitBytes: number, 
/**
 * Bytes read from its disks so far.
 */
diskReadBytes: number, 
/**
 * Bytes written to its disks so far.
 */
diskWriteBytes: number, 
/**
 * Bytes that the guest has received so far.
 */
networkReceivedBytes: number, 
/**
 * Bytes that the guest has sent so far.
 */
networkSentBytes: number, 
/**
 * Bytes in use on its root file system.
 */
rootUsedBytes?: number, 
/**
 * Bytes that are free on its root file system.
 */
rootFreeBytes?: number, 
/**
 * Bytes of this machine's disk that its root file system takes.
 */
rootHostBytes?: number, };

/**
 * How to follow what a sandbox uses.
 */
export type MetricsOptions = { 
/**
 * Milliseconds from one sample to the next. Default: 1000, which is how
 * often a sandbox takes one unless it was told otherwise.
 */
intervalMs?: number, };

/**
 * A directory to make.
 */
export type MkdirRequest = { 
/**
 * The volume that gets it. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * Its path.
 */
path: string, 
/**
 * How to make it.
 */
options: MakeDirectoryOptions, };

/**
 * A remark about one of the changes.
 */
export type ModificationNote = { 
/**
 * The setting, as the core calls it.
 */
field: string, 
/**
 * What there is to say.
 */
message: string, };

/**
 * What a modification does, or would do.
 */
export type ModificationPlan = { 
/**
 * Whether the changes were made.
 */
applied: boolean, 
/**
 * When they are to take effect.
 */
policy: ModificationPolicy, 
/**
 * The changes to settings.
 */
changes: Array<SettingChange>, 
/**
 * The changes to secrets, without their values.
 */
secretChanges: Array<SecretSettingChange>, 
/**
 * Why the changes cannot be made. Empty when they can.
 */
conflicts: Array<ModificationNote>, 
/**
 * What to know about the changes.
 */
warnings: Array<ModificationNote>, 
/**
 * How far a running sandbox has taken on new CPUs and memory.
 */
resizes: Array<ResizeStatus>, };

/**
 * When the changes to a sandbox that runs are to take effect.
 *
 * - `no-restart`: At once. A change that needs a restart is refused, and then nothing is changed.
 * - `next-start`: When the sandbox is started the next time.
 * - `restart`: At once, with a restart if a change needs one.
 */
export type ModificationPolicy = "no-restart" | "next-start" | "restart";

/**
 * What to change about a sandbox. What is not named stays as it is.
 */
export type ModifyOptions = { 
/**
 * Virtual CPUs, from 1 to 255. While the sandbox runs, up to the number
 * that it was booted for.
 */
cpus?: number, 
/**
 * How many virtual CPUs a running sandbox can be given, from 1 to 255.
 */
maxCpus?: number, 
/**
 * Memory in MiB. While the sandbox runs, between what it was booted with
 * and what it was booted for.
 */
memoryMiB?: number, 
/**
 * How much memory a running sandbox can be given, in MiB.
 */
maxMemoryMiB?: number, 
/**
 * Size of the root disk in MiB. It can only grow.
 */
rootDiskMiB?: number, 
/**
 * Environment variables to set; `null` removes one.
 */
env?: { [key in string]: string | null }, 
/**
 * Labels to set; `null` removes one.
 */
labels?: { [key in string]: string | null }, 
/**
 * Working directory of commands.
 */
workdir?: string, 
/**
 * Ports to publish besides those that are. One of this machine that is
 * published already gets the new guest port.
 */
ports?: Array<PortOption>, 
/**
 * Published ports to take back.
 */
unpublishPorts?: Array<HostPort>, 
/**
 * Secrets by the environment variable that stands for them in the guest;
 * `null` removes one. A new one needs a value and a host.
 */
secrets?: { [key in string]: SecretChange | null }, 
/**
 * When the changes are to take effect. Default: `no-restart`.
 */
policy?: ModificationPolicy, 
/**
 * Whether to plan and change nothing. Default: `false`.
 */
dryRun?: boolean, };

/**
 * Something to mount in the guest.
 */
export type Mount = { "type": "volume" } & VolumeMount | { "type": "bind" } & BindMount | { "type": "tmpfs" } & TmpfsMount | { "type": "disk" } & DiskMount | { "type": "owned" } & OwnedMount;

/**
 * A user and a group of the guest.
 */
export type MountOwner = { 
/**
 * The user's number.
 */
uid: number, 
/**
 * The group's number.
 */
gid: number, };

/**
 * How much a mounted directory has to be like the original's.
 *
 * - `strict`: Whatever is missing or different is an error.
 * - `relaxed`: The sandbox runs without what is missing, and `restoreWarnings` says what that is.
 */
export type MountPolicy = "strict" | "relaxed";

/**
 * Names an image.
 */
export type NamedImage = { 
/**
 * The image's reference, as the list has it.
 */
reference: string, };

/**
 * Names a sandbox.
 */
export type NamedSandbox = { 
/**
 * The sandbox's name.
 */
name: string, 
/**
 * The identity that the sandbox has to have. Default: any.
 */
id?: string, };

/**
 * Names a volume.
 */
export type NamedVolume = { 
/**
 * The volume's name.
 */
name: string, };

/**
 * What happens to traffic.
 *
 * - `allow`: It passes.
 * - `deny`: It is dropped.
 */
export type NetworkAction = "allow" | "deny";

/**
 * Which way traffic goes. The answers to it always pass.
 *
 * - `egress`: From the guest outwards.
 * - `ingress`: From outside to a published port.
 * - `any`: Either way.
 */
export type NetworkDirection = "egress" | "ingress" | "any";

/**
 * Addresses with something in common.
 *
 * - `public`: Public internet addresses: all that are in no other group.
 * - `loopback`: `127.0.0.0/8` and `::1`.
 * - `private`: The private ranges of RFC 1918 and RFC 4193, and carrier-grade NAT.
 * - `link-local`: `169.254.0.0/16` and `fe80::/10`, without the metadata service.
 * - `metadata`: The metadata service of a cloud, `169.254.169.254`.
 * - `multicast`: `224.0.0.0/4` and `ff00::/8`.
 * - `host`: This machine, which the guest knows as `host.microsandbox.internal`.
 */
export type NetworkGroup = "public" | "loopback" | "private" | "link-local" | "metadata" | "multicast" | "host";

/**
 * How far a sandbox reaches, in a word or in full.
 */
export type NetworkOption = NetworkPreset | NetworkOptions;

/**
 * What a sandbox reaches, and what reaches it.
 *
 * Rules are asked in their order, the first one that is about the traffic
 * decides; after them come those of `preset` or `profiles`, and at last
 * `defaultEgress` or `defaultIngress`.
 */
export type NetworkOptions = { 
/**
 * Where to start from. Default: `public-only`.
 */
preset?: NetworkPreset, 
/**
 * Where to start from, composed; instead of `preset`. With any profile
 * the guest can also resolve names. Default: `["public"]`.
 */
profiles?: Array<NetworkProfile>, 
/**
 * What is decided before the preset or the profiles. To block a domain,
 * deny it here; its name then does not resolve either. Default: none.
 */
rules?: Array<NetworkRule>, 
/**
 * What happens to outgoing traffic that no rule is about. Default: the
 * preset's, which is `deny` except for `allow-all`.
 */
defaultEgress?: NetworkAction, 
/**
 * What happens to traffic to published ports that no rule is about.
 * Default: the preset's, which is `allow` except for `none`.
 */
defaultIngress?: NetworkAction, 
/**
 * Whether a rule that allows a domain asks the connection itself (TLS,
 * HTTP) which domain it is for, rather than trusting that the guest
 * resolved it. Default: `true`.
 */
strict?: boolean, 
/**
 * How names are resolved. Default: as this machine does.
 */
dns?: DnsOptions, 
/**
 * Interception of TLS. Default: only with `secrets`.
 */
tls?: TlsOptions, 
/**
 * What a guest is told about HTTP requests that were denied. Default: a
 * status and a JSON object.
 */
http?: HttpOptions, 
/**
 * How much traffic passes. Default: without limit.
 */
rateLimits?: RateLimits, 
/**
 * How many TCP connections the guest may have open at once; 0 is without
 * limit. One more is refused. Those that a server has closed count for
 * ten seconds more. Default: without limit, 1024 with deployment profile
 * `multi-tenant`.
 */
maxTcpConnections?: number, 
/**
 * How many TCP connections to published ports may be open at once; 0 is
 * without limit. One more is accepted and closed. Default: without limit.
 */
maxInboundTcpConnections?: number, 
/**
 * How many UDP flows are kept at once; 0 is without limit. One more takes
 * the place of the oldest, which gets another port here when it goes on.
 * Default: without limit, 1024 with deployment profile `multi-tenant`.
 */
maxUdpConnections?: number, 
/**
 * How many connections to each published TCP port may wait to be
 * accepted, from 1 to 2147483647. Default: 1024.
 */
tcpAcceptQueueSize?: number, 
/**
 * The guest's network interface. Default: chosen.
 */
interface?: InterfaceOptions, 
/**
 * Prefixes of NAT64, each `/96`: addresses in them are judged by the IPv4
 * address inside too. Default: `64:ff9b::/96`.
 */
nat64Prefixes?: Array<string>, 
/**
 * Whether the guest trusts the certificate authorities that this machine
 * trusts. Default: `false`.
 */
trustHostCAs?: boolean, 
/**
 * A proxy that all outgoing connections go through, except for those to
 * this machine. Default: what this machine's configuration says, else
 * none.
 */
proxy?: ProxyOptions, };

/**
 * How far a sandbox reaches.
 *
 * - `none`: There is no network. Nothing goes in or out, published ports included.
 * - `public-only`: Public internet addresses, and names through the sandbox's own resolver. Not the local network, not this machine, not the metadata service of a cloud. Published ports can be reached.
 * - `non-local`: What `public-only` allows, and private addresses: the local network.
 * - `allow-all`: Everything, this machine included.
 */
export type NetworkPreset = "none" | "public-only" | "non-local" | "allow-all";

/**
 * A part of the network, to compose what a sandbox reaches.
 *
 * - `public`: Public internet addresses.
 * - `private`: Private addresses: the local network.
 * - `host`: This machine, which the guest knows as `host.microsandbox.internal`.
 */
export type NetworkProfile = "public" | "private" | "host";

/**
 * A protocol that rules tell apart.
 *
 * - `tcp`: TCP.
 * - `udp`: UDP.
 * - `icmpv4`: ICMP over IPv4.
 * - `icmpv6`: ICMP over IPv6.
 */
export type NetworkProtocol = "tcp" | "udp" | "icmpv4" | "icmpv6";

/**
 * What happens to some of the traffic.
 *
 * At most one of `cidr`, `domain`, `domainSuffix` and `group` says with whom;
 * without any of them the rule is about everybody. Going out that is where
 * the traffic goes to, coming in where it comes from.
 */
export type NetworkRule = { 
/**
 * What happens to the traffic.
 */
action: NetworkAction, 
/**
 * Which way it goes. Default: `egress`.
 */
direction?: NetworkDirection, 
/**
 * An address such as `10.1.2.3`, or a block such as `10.0.0.0/8`.
 * Default: any.
 */
cidr?: string, 
/**
 * Exactly this domain. Default: any.
 */
domain?: string, 
/**
 * This domain and everything below it. It needs at least two labels.
 * Default: any.
 */
domainSuffix?: string, 
/**
 * Addresses with something in common. Default: any.
 */
group?: NetworkGroup, 
/**
 * The protocols; ICMP only in a rule about `egress`, because it does not
 * come in through published ports. Default: all.
 */
protocols?: Array<NetworkProtocol>, 
/**
 * The ports in the guest that are listened on, or outside that the guest
 * connects to. Default: all.
 */
ports?: Array<PortRangeOption>, };

/**
 * Options of an operation that has none.
 */
export type NoOptions = Record<string, never>;

/**
 * An operation on a sandbox, with options of its own.
 */
export type OnSandbox<Options> = { 
/**
 * The sandbox. Default: the one behind the handle.
 */
sandbox?: NamedSandbox, 
/**
 * What to do with it.
 */
options: Options, };

/**
 * How to open a file.
 */
export type OpenFileOptions = { 
/**
 * Whether it can be read. Default: `false`, and `true` when nothing at
 * all is asked for.
 */
read?: boolean, 
/**
 * Whether it can be written. Default: `false`.
 */
write?: boolean, 
/**
 * Whether everything written goes to the end. Default: `false`.
 */
append?: boolean, 
/**
 * Whether what it holds is thrown away; needs `write`. Default: `false`.
 */
truncate?: boolean, 
/**
 * Whether it is created when it is missing; needs `write` or `append`.
 * Default: `false`.
 */
create?: boolean, 
/**
 * Whether it has to be created, so that one that exists is an error.
 * Default: `false`.
 */
createNew?: boolean, 
/**
 * The permission bits of a file that is created, less the umask.
 * Default: `0o666`.
 */
mode?: number, };

/**
 * A file to open.
 */
export type OpenFileRequest = { 
/**
 * The volume that has it. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * Its path.
 */
path: string, 
/**
 * How to open it.
 */
options: OpenFileOptions, };

/**
 * Storage of the sandbox's own, which is removed with it.
 */
export type OwnedMount = { 
/**
 * What it is made of. Default: `"directory"`.
 */
kind?: VolumeKind, 
/**
 * The size in MiB of a disk, at least 68. Default: none, so a disk
 * needs it; nothing else has one.
 */
sizeMiB?: number, 
/**
 * How many MiB the guest may write to a directory. Default: without
 * limit.
 */
quotaMiB?: number, 
/**
 * Whether owners, permission bits and special files that the
 * guest sets are kept beside the files instead of in them.
 * Default: `"strict"`.
 */
statVirtualization?: StatVirtualizationPolicy, 
/**
 * Whether permission bits that the guest sets reach the files
 * of this machine. Default: `"private"`.
 */
hostPermissions?: HostPermissionsPolicy, 
/**
 * Who the guest sees as the owner of what was made outside.
 * Default: decided by the runtime.
 */
owner?: MountOwner, 
/**
 * Whether the guest cannot write to it. Default: `false`.
 */
readOnly?: boolean, 
/**
 * Whether programs on it cannot be run directly. Default:
 * `false`.
 */
noExec?: boolean, 
/**
 * Whether programs on it get no other user's rights. Default:
 * `false`.
 */
noSuid?: boolean, 
/**
 * Whether device files on it do nothing. Default: `false`.
 */
noDev?: boolean, };

/**
 * One change to the root file system. All paths in the guest are absolute.
 * Folders that are missing on the way are made.
 */
export type PatchSpec = { "kind": "write", 
/**
 * The file.
 */
path: string, 
/**
 * How many of the request's raw bytes are its content. They follow
 * those of the patches before.
 */
length: number, 
/**
 * The file's mode. Default: 0o644.
 */
mode?: number, 
/**
 * Whether something that is there is replaced. Default: `false`,
 * which makes it an error.
 */
replace?: boolean, } | { "kind": "copy", 
/**
 * What is copied.
 */
from: string, 
/**
 * Where it is copied to.
 */
path: string, 
/**
 * The file's mode; directories take none. Default: the original's.
 */
mode?: number, 
/**
 * Whether something that is there is replaced. Default: `false`,
 * which makes it an error.
 */
replace?: boolean, } | { "kind": "append", 
/**
 * The file.
 */
path: string, 
/**
 * What is appended.
 */
content: string, } | { "kind": "mkdir", 
/**
 * The directory.
 */
path: string, 
/**
 * Its mode. Default: 0o755.
 */
mode?: number, } | { "kind": "symlink", 
/**
 * The link.
 */
path: string, 
/**
 * What it points to.
 */
target: string, 
/**
 * Whether something that is there is replaced. Default: `false`,
 * which makes it an error.
 */
replace?: boolean, } | { "kind": "remove", 
/**
 * What is removed.
 */
path: string, };

/**
 * How to pause a sandbox.
 */
export type PauseOptions = { 
/**
 * Whether the guest writes its disks back first. Default: `"auto"`.
 */
guestFlush?: GuestFlush, };

/**
 * Whether a sandbox is paused.
 */
export type PauseState = { 
/**
 * Whether it is paused.
 */
paused: boolean, 
/**
 * Whether a pause or capture failed in a way that only a stop and start
 * gets it out of.
 */
recoveryRequired: boolean, 
/**
 * Why a resumable snapshot cannot be made of it now, if so.
 */
captureUnavailable?: string, };

/**
 * An answer of the guest.
 */
export type PingResult = { 
/**
 * How long the answer took, in milliseconds.
 */
latencyMs: number, };

/**
 * A port of the guest, and where this machine listens for it.
 */
export type PortOption = number | PortOptions;

/**
 * A port of the guest, and where this machine listens for it.
 */
export type PortOptions = { 
/**
 * The port in the guest, from 1 to 65535.
 */
guestPort: number, 
/**
 * The port of this machine, from 0 to 65535; 0 is any free one. Default:
 * 0.
 */
hostPort?: number, 
/**
 * The protocol. Default: `tcp`.
 */
protocol?: PortProtocol, 
/**
 * The IP address of this machine to listen on; `0.0.0.0` is all, which
 * lets other machines in. Default: `127.0.0.1`.
 */
hostAddress?: string, };

/**
 * A protocol with ports.
 *
 * - `tcp`: TCP.
 * - `udp`: UDP.
 */
export type PortProtocol = "tcp" | "udp";

/**
 * One port, or a range of ports.
 */
export type PortRangeOption = number | PortRangeOptions;

/**
 * A range of ports.
 */
export type PortRangeOptions = { 
/**
 * The first one.
 */
start: number, 
/**
 * The last one.
 */
end: number, };

/**
 * What a process produced, without its bytes.
 */
export type ProcessItem = { "type": "stdout" } | { "type": "stderr" } | { "type": "exited", 
/**
 * The exit code. -1 after a signal.
 */
code: number, 
/**
 * The signal that ended it.
 */
signal?: FatalSignal, } | { "type": "failed", 
/**
 * Why.
 */
failure: Failure, };

/**
 * A profile. Its key is never told, nor where it is.
 */
export type Profile = { 
/**
 * Its name.
 */
name: string, 
/**
 * Where its sandboxes live.
 */
kind: BackendKind, 
/**
 * Whether the machine's administrator allows it.
 */
isAllowed: boolean, 
/**
 * Whether it says where its key is, or needs none.
 */
hasKey: boolean, };

/**
 * The profiles, and which backend programs use that do not choose one.
 */
export type ProfileSelection = { 
/**
 * The profiles, by their names.
 */
profiles: Array<Profile>, 
/**
 * The profile that is in use, if one is.
 */
active?: string, 
/**
 * Whether the environment or the machine's administrator decides, so that
 * `active` does not.
 */
isOverridden: boolean, 
/**
 * What programs use that start now, without its URL. Absent if there is
 * nothing that they could use.
 */
selected?: BackendInfo, 
/**
 * Why they cannot use it.
 */
problem?: string, };

/**
 * What to run.
 */
export type Program = { "exec": string } | { "shell": string } | "default";

/**
 * A proxy that all outgoing connections go through, except for those to this
 * machine. It is reached from this machine, so `127.0.0.1` is this machine's.
 */
export type ProxyOptions = { 
/**
 * What it speaks. Only `socks5` also carries UDP, and the others block
 * it.
 */
protocol: ProxyProtocol, 
/**
 * Where it is: an IP address with a port, such as `127.0.0.1:1080`.
 */
address: string, 
/**
 * The user's identity, for `socks4` only. Default: none.
 */
userId?: string, 
/**
 * The user's name, for `http-connect` and `socks5`, with a
 * `passwordFromEnv`. Default: none.
 */
username?: string, 
/**
 * The environment variable of this program that holds the password. It is
 * read each time that the sandbox starts. Default: none.
 */
passwordFromEnv?: string, };

/**
 * What a proxy speaks.
 *
 * - `http-connect`: HTTP with the method CONNECT.
 * - `socks4`: SOCKS version 4.
 * - `socks5`: SOCKS version 5.
 */
export type ProxyProtocol = "http-connect" | "socks4" | "socks5";

/**
 * Which memory files to remove. Snapshots, volumes, images and the disks of
 * sandboxes are never removed by this.
 */
export type PruneStorageRequest = { 
/**
 * Whether it is only looked at what would be removed. Default: `false`.
 */
dryRun?: boolean, 
/**
 * How old a file has to be, in milliseconds. Default: 0.
 */
olderThanMs?: number, 
/**
 * Whether only memory of forks is removed, and what was unpacked from
 * snapshots is kept. Default: `false`.
 */
branchesOnly?: boolean, };

/**
 * A memory file.
 */
export type PrunedMemoryFile = { 
/**
 * Where it is or was.
 */
path: string, 
/**
 * What it is for.
 */
kind: MemoryKind, 
/**
 * What became of it, or why it was kept.
 */
state: MemoryState, 
/**
 * Its length.
 */
logicalBytes?: number, 
/**
 * What the file system has set aside for it.
 */
allocatedBytes?: number, 
/**
 * What went wrong with it.
 */
error?: string, };

/**
 * A port of this machine that leads into a sandbox.
 */
export type PublishedPort = { 
/**
 * The port in the guest.
 */
guestPort: number, 
/**
 * The port of this machine.
 */
hostPort: number, 
/**
 * The protocol.
 */
protocol: PortProtocol, 
/**
 * The IP address of this machine.
 */
hostAddress: string, };

/**
 * When an image's registry is asked.
 *
 * - `if-missing`: When the image is not here.
 * - `always`: Always. Layers that are here already are not fetched again.
 * - `never`: Never. An image that is not here is an error.
 */
export type PullPolicy = "if-missing" | "always" | "never";

/**
 * How far a pull is. Layers are counted from 0, the lowest one. Some events
 * may be missing when they come faster than they are taken.
 */
export type PullProgress = { "kind": "resolving", 
/**
 * The image's reference.
 */
image: string, } | { "kind": "resolved", 
/**
 * The image's reference.
 */
image: string, 
/**
 * The digest of the image's manifest.
 */
manifestDigest: string, 
/**
 * How many layers the image has.
 */
layerCount: number, 
/**
 * How many bytes its layers have, as they are fetched.
 */
totalBytes?: number, } | { "kind": "downloading", 
/**
 * Which layer.
 */
layer: number, 
/**
 * The layer's digest.
 */
digest: string, 
/**
 * How many bytes are here.
 */
downloadedBytes: number, 
/**
 * How many there are.
 */
totalBytes?: number, } | { "kind": "downloaded", 
/**
 * Which layer.
 */
layer: number, 
/**
 * The layer's digest.
 */
digest: string, 
/**
 * How many bytes it has.
 */
downloadedBytes: number, } | { "kind": "unpacking", 
/**
 * Which layer.
 */
layer: number, 
/**
 * How many of its bytes are done.
 */
readBytes: number, 
/**
 * How many there are.
 */
totalBytes: number, } | { "kind": "unpacked", 
/**
 * Which layer.
 */
layer: number, 
/**
 * The digest of what is in the layer.
 */
diffId: string, } | { "kind": "merging" } | { "kind": "pulled", 
/**
 * The image's reference.
 */
image: string, 
/**
 * How many layers it has.
 */
layerCount: number, };

/**
 * How much traffic passes in one direction, in bytes, packets or both.
 */
export type RateLimit = { 
/**
 * Limits bytes. Default: without limit.
 */
bytes?: TokenBucket, 
/**
 * Limits packets. Default: without limit.
 */
packets?: TokenBucket, };

/**
 * How much traffic passes in each direction. Default: without limit.
 */
export type RateLimits = { 
/**
 * What the guest sends. Default: without limit.
 */
egress?: RateLimit, 
/**
 * What the guest receives. Default: without limit.
 */
ingress?: RateLimit, };

/**
 * What to read of an open file.
 */
export type ReadFileOptions = { 
/**
 * Where to begin.
 */
offset: number, 
/**
 * How many bytes at most. Fewer come when the file ends, or when it is
 * more than the library reads at once.
 */
length: number, };

/**
 * How much of a stream to produce.
 */
export type ReadOptions = { 
/**
 * How many items the caller has room for. Each arrives as an event of
 * the request.
 */
credit: number, };

/**
 * What became of the stream.
 */
export type ReadResult = { 
/**
 * Whether there are no more items.
 */
done: boolean, };

/**
 * Credentials for a registry. Both keys are needed.
 */
export type RegistryAuth = { 
/**
 * The user's name.
 */
username: string, 
/**
 * The password, or a token that stands for it.
 */
password: string, };

/**
 * How to remove a file or directory.
 */
export type RemoveFileOptions = { 
/**
 * Whether a directory is removed with everything in it. Default: `false`.
 */
recursive?: boolean, };

/**
 * What to remove.
 */
export type RemoveFileRequest = { 
/**
 * The volume that has it. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * Its path.
 */
path: string, 
/**
 * How to remove it.
 */
options: RemoveFileOptions, };

/**
 * Which image to remove, and how.
 */
export type RemoveImageOptions = { 
/**
 * The image's reference, as the list has it.
 */
reference: string, 
/**
 * Whether an image that sandboxes or snapshots are made from loses its
 * name too. They keep what they need of it. Default: `false`, which makes
 * it an error.
 */
force?: boolean, };

/**
 * Which snapshot to remove.
 */
export type RemoveSnapshotOptions = { 
/**
 * The snapshot.
 */
snapshot: SnapshotTarget, 
/**
 * Whether it is removed although other snapshots build on it. Default:
 * `false`.
 */
force?: boolean, };

/**
 * Past output of a job.
 */
export type Replay = { "recentBytes": number } | { "afterCursor": string };

/**
 * How far a resize has come.
 *
 * - `accepted`: It was asked for.
 * - `converging`: The guest is at it.
 * - `applied`: It is done.
 * - `guest-refused`: The guest would not.
 * - `failed`: It failed.
 */
export type ResizeState = "accepted" | "converging" | "applied" | "guest-refused" | "failed";

/**
 * How far a running sandbox has taken on a new size.
 */
export type ResizeStatus = { 
/**
 * What changes its size.
 */
resource: ResizedResource, 
/**
 * What was asked for.
 */
requested: string, 
/**
 * What the guest has.
 */
actual: string, 
/**
 * What the hypervisor allows.
 */
enforced: string, 
/**
 * How far it has come.
 */
state: ResizeState, };

/**
 * What can change its size while a sandbox runs.
 *
 * - `cpus`: Virtual CPUs.
 * - `memory`: Memory.
 */
export type ResizedResource = "cpus" | "memory";

/**
 * How to restart a sandbox.
 */
export type RestartOptions = { 
/**
 * Whether it is killed instead of stopped. Default: `false`.
 */
force?: boolean, 
/**
 * Milliseconds to wait until it has stopped. Default: 10000.
 */
timeoutMs?: number, 
/**
 * Whether the restarted sandbox outlives this program. Default: `false`.
 */
detached?: boolean, };

/**
 * How to make a sandbox from a snapshot.
 */
export type RestoreOptions = { 
/**
 * The sandbox's name. Default: a random one.
 */
name?: string, 
/**
 * Virtual CPUs, from 1 to 255. Default: as captured. A resumed sandbox
 * cannot have others.
 */
cpus?: number, 
/**
 * Memory in MiB. Default: as captured. A resumed sandbox cannot have
 * more or less.
 */
memoryMiB?: number, 
/**
 * The guest user that commands run as. Default: as captured.
 */
user?: string, 
/**
 * How much commands may do. Default: as captured. A resumed sandbox
 * cannot have another.
 */
security?: SecurityProfile, 
/**
 * How long the sandbox may live, in milliseconds, rounded up to whole
 * seconds. Default: without limit.
 */
maxDurationMs?: number, 
/**
 * After how long without activity the sandbox stops, in milliseconds,
 * rounded up to whole seconds. Default: never.
 */
idleTimeoutMs?: number, 
/**
 * Whether the guest's clock is set to this machine's. Default: as
 * captured.
 */
syncClock?: boolean, 
/**
 * Whether a resumable snapshot is booted from its disk instead of resumed.
 * Default: `false`.
 */
diskOnly?: boolean, 
/**
 * Whether a resumed sandbox shares the captured memory with others until
 * it writes to it. Default: `false`.
 */
shareMemory?: boolean, 
/**
 * The snapshot or archive that an archive leaves out data of. Default:
 * the archive is complete.
 */
base?: string, 
/**
 * Whether the sandbox runs without the mounts that it had and that
 * `bindings` does not name. Default: `false`.
 */
allowMissing?: boolean, 
/**
 * What the sandbox uses of this machine. Default: nothing.
 */
bindings?: Bindings, };

/**
 * What to make a sandbox from.
 */
export type RestoreRequest = { 
/**
 * The snapshot, or an archive of one.
 */
snapshot: SnapshotTarget, 
/**
 * How to make it.
 */
options: RestoreOptions, };

/**
 * A mount that a restored sandbox does without.
 */
export type RestoreWarning = { 
/**
 * Where the guest has it.
 */
guestPath: string, 
/**
 * What is wrong with it.
 */
reason: string, };

/**
 * One limit, or a soft and a hard one.
 */
export type RlimitOption = Limit | RlimitRange;

/**
 * A soft and a hard limit.
 */
export type RlimitRange = { 
/**
 * What holds at first.
 */
soft: Limit, 
/**
 * What a program may raise it to.
 */
hard: Limit, };

/**
 * Resource limits of every program in a sandbox, as `setrlimit` sets
 * them. A limit is one number, or a soft one that programs may raise
 * up to a hard one. Default of each: the guest kernel's.
 */
export type Rlimits = { 
/**
 * Address space, in bytes. Default: the kernel's.
 */
as?: RlimitOption, 
/**
 * Size of a core file, in bytes. Default: the kernel's.
 */
core?: RlimitOption, 
/**
 * Processor time, in seconds. Default: the kernel's.
 */
cpu?: RlimitOption, 
/**
 * Data segment, in bytes. Default: the kernel's.
 */
data?: RlimitOption, 
/**
 * Size of a file that is written, in bytes. Default: the kernel's.
 */
fsize?: RlimitOption, 
/**
 * File locks. Default: the kernel's.
 */
locks?: RlimitOption, 
/**
 * Locked memory, in bytes. Default: the kernel's.
 */
memlock?: RlimitOption, 
/**
 * Message queues, in bytes. Default: the kernel's.
 */
msgqueue?: RlimitOption, 
/**
 * The ceiling of the nice value: 20 minus it. Default: the kernel's.
 */
nice?: RlimitOption, 
/**
 * Open files of one process. Default: the kernel's.
 */
nofile?: RlimitOption, 
/**
 * Processes and threads of one user. Root is not bound by it. Default: the kernel's.
 */
nproc?: RlimitOption, 
/**
 * Resident memory, in bytes. Linux ignores it. Default: the kernel's.
 */
rss?: RlimitOption, 
/**
 * The ceiling of the real-time priority. Default: the kernel's.
 */
rtprio?: RlimitOption, 
/**
 * Processor time of a real-time process without a blocking call, in
 * microseconds. Default: the kernel's.
 */
rttime?: RlimitOption, 
/**
 * Signals that wait to be delivered. Default: the kernel's.
 */
sigpending?: RlimitOption, 
/**
 * Stack, in bytes. Default: the kernel's.
 */
stack?: RlimitOption, };

/**
 * Where the changes to an OCI image's files go.
 */
export type RootDisk = { "kind": "managed", 
/**
 * The most that it can hold, in MiB. Default: 4096.
 */
sizeMiB?: number, } | { "kind": "tmpfs", 
/**
 * The most that it can hold, in MiB, no more than the sandbox has
 * memory. Default: half of that.
 */
sizeMiB?: number, } | { "kind": "flat", 
/**
 * The most that it can hold, in MiB. Default: 4096, or what the image
 * needs.
 */
sizeMiB?: number, 
/**
 * The disk's file system. Default: `ext4`.
 */
filesystem?: string, 
/**
 * How the disk is made from the one that is kept for the image.
 * Default: `auto`.
 */
clone?: CloneStrategy, } | { "kind": "disk", 
/**
 * The file.
 */
path: string, 
/**
 * The file's format, `raw` or `qcow2`. Default: what its ending
 * says: `.img`, `.raw` or `.qcow2`.
 */
format?: DiskFormat, 
/**
 * The disk's file system. Default: `ext4`.
 */
filesystem?: string, };

/**
 * The runtime that sandboxes on this machine use.
 */
export type RuntimeInfo = { 
/**
 * The absolute path of the program that runs a microVM.
 */
msbPath: string, 
/**
 * The absolute path of the firmware that boots it.
 */
libkrunfwPath: string, 
/**
 * What decided on these files.
 */
origin: RuntimeOrigin, 
/**
 * The version of `msb`, if the file says it.
 */
version?: string, };

/**
 * What decided on the files of the runtime.
 *
 * - `configuration`: `MSB_PATH`, `setRuntimePath()` or the configuration of microsandbox.
 * - `home`: They were installed in `MSB_HOME`.
 */
export type RuntimeOrigin = "configuration" | "home";

/**
 * What is known about a sandbox.
 */
export type SandboxInfo = { 
/**
 * The sandbox's name.
 */
name: string, 
/**
 * The sandbox's identity, which a later sandbox of the same name does
 * not share.
 */
id: string, 
/**
 * Where it runs.
 */
backend: BackendKind, 
/**
 * What it was doing when it was asked.
 */
status: Status, 
/**
 * When it was created, in ISO 8601.
 */
createdAt?: string, 
/**
 * When its entry last changed, in ISO 8601.
 */
updatedAt?: string, };

/**
 * Some sandboxes, newest first.
 */
export type SandboxPage = { 
/**
 * The sandboxes.
 */
sandboxes: Array<SandboxInfo>, 
/**
 * Where the next page starts. Absent on the last page.
 */
nextCursor?: string, };

/**
 * Which images to save, and where.
 */
export type SaveImagesOptions = { 
/**
 * The images' references, as the list has them.
 */
references: Array<string>, 
/**
 * The archive.
 */
path: string, 
/**
 * The archive's format. Default: `oci`.
 */
format?: ArchiveFormat, };

/**
 * How to save a snapshot to a file.
 */
export type SaveOptions = { 
/**
 * Whether a file that is there already is replaced. Default: `false`.
 */
overwrite?: boolean, 
/**
 * Whether the file is compressed. Default: `true`.
 */
compress?: boolean, 
/**
 * Whether the snapshots that it descends from are saved too. Default:
 * `false`.
 */
withParents?: boolean, 
/**
 * Whether its image is saved too, so that it boots where the image cannot
 * be pulled. Default: `false`.
 */
withImage?: boolean, 
/**
 * The snapshot or archive whose data is left out. Whoever loads the file
 * needs it. Default: nothing is left out.
 */
since?: string, 
/**
 * How many of the newest disk layers to save, leaving out the others.
 * Default: all.
 */
lastLayers?: number, };

/**
 * What to change about a secret, or a new one, which needs a value and a host.
 * What is not named stays as it is, or is as in a create.
 */
export type SecretChange = { 
/**
 * The value. It is stored, readable for your user, with the sandbox on
 * this machine; `fromEnv` is not.
 */
value?: string, 
/**
 * The environment variable of this program that holds the value, instead
 * of `value`. It is read now, and each time that the sandbox starts.
 */
fromEnv?: string, 
/**
 * The hosts that may get the value.
 */
hosts?: Array<string>, 
/**
 * What the guest sees instead of the value, at most 1024 bytes.
 */
placeholder?: string, 
/**
 * Where in a request the placeholder is replaced.
 */
substitution?: SecretSubstitution, 
/**
 * More hosts that may get the placeholder, as it is.
 */
passthroughHosts?: Array<string>, 
/**
 * What happens to a request that takes the placeholder elsewhere.
 */
violationAction?: SecretViolationAction, 
/**
 * Whether the value is only sent over TLS, to a server that has proven to
 * be the host.
 */
requireTls?: boolean, };

/**
 * What happens to a secret.
 *
 * - `added`: It is new.
 * - `rotated`: It gets another value.
 * - `renamed`: It gets another name.
 * - `hosts-updated`: Its value may be sent to other hosts.
 * - `placeholder-updated`: The guest sees another placeholder.
 * - `removed`: It is gone.
 */
export type SecretChangeKind = "added" | "rotated" | "renamed" | "hosts-updated" | "placeholder-updated" | "removed";

/**
 * A value that a sandbox can use and never sees.
 *
 * The guest has an environment variable of the secret's name that holds a
 * placeholder. When it sends the placeholder to one of the `hosts`, this
 * machine replaces it with the value on the way. For that the connections to
 * the intercepted ports (443) are decrypted on this machine; the guest trusts
 * the certificate authority that this needs.
 */
export type SecretOptions = { 
/**
 * The value. It is stored, readable for your user, with the sandbox on
 * this machine; `fromEnv` is not. Default: `fromEnv` says it.
 */
value?: string, 
/**
 * The environment variable of this program that holds the value, instead
 * of `value`. It is read each time that the sandbox starts. On Bun it has
 * to be set before the program starts. Default: `value` says it.
 */
fromEnv?: string, 
/**
 * The hosts that may get the value: `api.example.com`, or
 * `*.example.com` for a domain and all below it; only at addresses that
 * the sandbox's own resolver has given for the name, so an `/etc/hosts`
 * is not enough. `*` is any host, which gives the value to whoever the
 * guest sends it to.
 */
hosts: Array<string>, 
/**
 * What the guest sees instead of the value, at most 1024 bytes. Default:
 * `$MSB_` and the secret's name.
 */
placeholder?: string, 
/**
 * Where in a request the placeholder is replaced. Default: in its
 * headers.
 */
substitution?: SecretSubstitution, 
/**
 * More hosts that may get the placeholder, as it is. To any host that is
 * in neither list, requests with it are blocked. Default: none.
 */
passthroughHosts?: Array<string>, 
/**
 * What happens to a request that takes the placeholder elsewhere.
 * Default: the sandbox's `secretViolationAction`.
 */
violationAction?: SecretViolationAction, 
/**
 * Whether the value is only sent over TLS, to a server that has proven to
 * be the host. Default: `true`.
 */
requireTls?: boolean, };

/**
 * A change to a secret.
 */
export type SecretSettingChange = { 
/**
 * The environment variable that stands for the secret in the guest.
 */
name: string, 
/**
 * What happens to it.
 */
change: SecretChangeKind, 
/**
 * The hosts that the value may be sent to afterwards.
 */
hosts: Array<string>, 
/**
 * When it takes effect.
 */
disposition: Disposition, 
/**
 * Why not sooner.
 */
reason?: string, };

/**
 * Where in a request a placeholder is replaced.
 */
export type SecretSubstitution = { 
/**
 * In headers, also inside the name and password of basic authentication.
 * Default: `true`.
 */
headers?: boolean, 
/**
 * Only in these headers. Better than in all, where a server sends back
 * what it got. Default: in all.
 */
headerFields?: Array<string>, 
/**
 * In the query of the URL. Default: `false`.
 */
query?: boolean, 
/**
 * In the body, over HTTP/1, up to 16 MiB. Default: `false`.
 */
body?: boolean, };

/**
 * What happens to a request that takes a placeholder where it may not go.
 *
 * - `block`: It is blocked.
 * - `block-and-log`: It is blocked, and the sandbox's log says so.
 * - `block-and-terminate`: It is blocked, and the sandbox ends.
 */
export type SecretViolationAction = "block" | "block-and-log" | "block-and-terminate";

/**
 * What commands in a sandbox may do to it.
 *
 * - `default`: What root may do on any machine: install packages, mount, run Docker.
 * - `restricted`: Less: commands gain no privileges (no `sudo`), do not have `CAP_SYS_ADMIN`, and mounts ignore set-user-ID bits and devices.
 */
export type SecurityProfile = "default" | "restricted";

/**
 * Which runtime to use.
 */
export type SetRuntimePath = { 
/**
 * The absolute path of `msb`. Its `libkrunfw` is beside it or in `../lib`.
 */
path: string, };

/**
 * A change to a setting.
 */
export type SettingChange = { 
/**
 * The setting, as the core calls it, such as `cpus` or `env`.
 */
field: string, 
/**
 * What happens to it.
 */
change: SettingChangeKind, 
/**
 * Its state before.
 */
before?: string, 
/**
 * Its state afterwards.
 */
after?: string, 
/**
 * When it takes effect.
 */
disposition: Disposition, 
/**
 * Why not sooner.
 */
reason?: string, };

/**
 * What happens to a setting.
 *
 * - `added`: It is new.
 * - `updated`: It gets another value.
 * - `removed`: It is gone.
 */
export type SettingChangeKind = "added" | "updated" | "removed";

/**
 * A signal of a Linux guest, whatever this machine is.
 */
export type Signal = "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGILL" | "SIGTRAP" | "SIGABRT" | "SIGBUS" | "SIGFPE" | "SIGKILL" | "SIGUSR1" | "SIGSEGV" | "SIGUSR2" | "SIGPIPE" | "SIGALRM" | "SIGTERM" | "SIGSTKFLT" | "SIGCHLD" | "SIGCONT" | "SIGSTOP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU" | "SIGURG" | "SIGXCPU" | "SIGXFSZ" | "SIGVTALRM" | "SIGPROF" | "SIGWINCH" | "SIGIO" | "SIGPWR" | "SIGSYS";

/**
 * A signal by its name, or by its number from 1 to 64.
 */
export type SignalOption = Signal | number;

/**
 * Which signal to send.
 */
export type SignalOptions = { 
/**
 * The signal.
 */
signal: SignalOption, };

/**
 * What a snapshot says about itself.
 */
export type SnapshotDetails = { 
/**
 * Its labels.
 */
labels: { [key in string]: string }, 
/**
 * Its whole description, in the core's own format.
 */
manifest: Record<string, unknown>, };

/**
 * Where to look for snapshots.
 */
export type SnapshotDirectory = { 
/**
 * A directory of this machine. Default: the home directory's own.
 */
directory?: string, };

/**
 * What is known about a snapshot.
 */
export type SnapshotInfo = { 
/**
 * Its identity, which stays the same wherever it is copied to.
 */
id: string, 
/**
 * The digest of its description.
 */
digest: string, 
/**
 * What finds this very copy again: its path, or in the cloud its id.
 */
reference: string, 
/**
 * Its name within its group.
 */
name?: string, 
/**
 * Its group.
 */
group?: string, 
/**
 * The identity of the snapshot that its sandbox was at before.
 */
parentId?: string, 
/**
 * Whether memory and processes are captured too.
 */
resumable: boolean, 
/**
 * The image that its sandbox was made from.
 */
image: string, 
/**
 * The disk format.
 */
format?: DiskFormat, 
/**
 * The size of the root disk in bytes, as far as it is known.
 */
sizeBytes?: number, 
/**
 * Whether its data is there, as the core calls it: `ready` if so.
 */
availability: string, 
/**
 * When it was made, in ISO 8601.
 */
createdAt: string, 
/**
 * What became of its group's head, when it was just made or loaded.
 */
headUpdate?: GroupHead, };

/**
 * How to make a snapshot of a sandbox.
 */
export type SnapshotOptions = { 
/**
 * The snapshot's name within its group. Default: a random one.
 */
name?: string, 
/**
 * The group that the snapshot joins. Default: one that is called like the
 * sandbox.
 */
group?: string, 
/**
 * The directory of this machine that holds the group. Default: the home
 * directory's own.
 */
directory?: string, 
/**
 * Labels, which stay outside of what is verified.
 */
labels?: { [key in string]: string }, 
/**
 * Whether memory and processes are captured too, so that a sandbox can
 * go on from there. The sandbox has to run. Default: `false`, disks only.
 */
resumable?: boolean, 
/**
 * Whether the guest writes its disks back first. Default: `"auto"`.
 */
guestFlush?: GuestFlush, 
/**
 * Whether checksums are recorded, for `verify`. Default: `false`.
 */
recordIntegrity?: boolean, };

/**
 * A group of snapshots, or one of its members.
 */
export type SnapshotSelector = { 
/**
 * `group` to read its head, or `group:name` to make that one its head.
 */
selector: string, };

/**
 * Which snapshot.
 */
export type SnapshotTarget = { 
/**
 * A name such as `group:name`, a group for its newest one, an identity,
 * or a path.
 */
reference: string, 
/**
 * The digest that the snapshot has to have. Default: any.
 */
digest?: string, };

/**
 * A command that has started. Its handle is in the frame.
 */
export type SpawnedProcess = { 
/**
 * Its process id in the guest.
 */
pid: number, };

/**
 * What to run over SSH.
 */
export type SshCommandRequest = { 
/**
 * A script, which the sandbox's shell gets with `-c`. Default: the shell
 * reads its input.
 */
command?: string, 
/**
 * Runs it in a terminal of this size. Default: no terminal.
 */
tty?: TerminalSize, };

/**
 * As whom to log in.
 */
export type SshRequest = { 
/**
 * The guest user to log in as. Default: `root`.
 */
user?: string, 
/**
 * What programs with a terminal are told that it is. Default: the
 * variable `TERM` of this program, or `xterm`.
 */
term?: string, };

/**
 * Something that happened at an SSH server.
 */
export type SshServerEvent = { "type": "loggedIn", 
/**
 * The user that it asked for.
 */
user: string, 
/**
 * The SHA-256 fingerprint of its key, as `ssh-keygen -l` shows it.
 */
fingerprint: string, 
/**
 * Its address and port.
 */
remoteAddress: string, } | { "type": "refused", 
/**
 * The user that it asked for.
 */
user: string, 
/**
 * The SHA-256 fingerprint of the key, as `ssh-keygen -l` shows it.
 */
fingerprint: string, 
/**
 * Its address and port.
 */
remoteAddress: string, } | { "type": "missed", 
/**
 * How many.
 */
count: number, };

/**
 * A server that listens. Its handle is in the frame.
 */
export type SshServerInfo = { 
/**
 * The port that it listens on.
 */
port: number, 
/**
 * Its public key, as in `known_hosts`.
 */
hostKey: string, };

/**
 * Where to listen, and who may log in.
 */
export type SshServerRequest = { 
/**
 * The port of this machine, from 0 to 65535; 0 is any free one. Default:
 * 0.
 */
port?: number, 
/**
 * The address of this machine to listen on; `0.0.0.0` is all, which lets
 * other machines in. Default: `127.0.0.1`.
 */
hostname?: string, 
/**
 * The public keys of those who may log in, each as a line of an
 * `authorized_keys` file. Options in front of a key are refused. Default:
 * those of `authorizedKeysFile`.
 */
authorizedKeys?: Array<string>, 
/**
 * A file of this machine with more of them. It is read once, at the
 * start. Default: none.
 */
authorizedKeysFile?: string, 
/**
 * The guest user that everybody becomes. Default: the one that a client
 * logs in as.
 */
user?: string, 
/**
 * Whether clients may use SFTP, and with it `scp`. Default: `true`.
 */
sftp?: boolean, 
/**
 * The private key that shows clients whom they talk to, as the text of a
 * file in OpenSSH's or PEM format without a passphrase. Default: a key that
 * is made once for the sandbox and kept with it.
 */
hostKey?: string, 
/**
 * After how many quiet milliseconds a connection is closed, with the
 * commands in it; 0 is never. Default: 600000.
 */
inactivityTimeoutMs?: number, };

/**
 * Which sandbox to start, and how.
 */
export type StartOptions = { 
/**
 * The sandbox's name.
 */
name: string, 
/**
 * The identity that the sandbox has to have. Default: any.
 */
id?: string, 
/**
 * Whether the sandbox outlives this program. Default: `false`.
 */
detached?: boolean, };

/**
 * What a boot is at.
 *
 * - `booting`: The virtual machine is made. What follows is reported for detached sandboxes and for snapshots only.
 * - `preparing-snapshot`: The snapshot is prepared.
 * - `waiting-for-memory-backing`: Another program prepares the same memory.
 * - `preparing-memory-backing`: The memory is prepared.
 * - `reusing-memory-backing`: Memory that was prepared before is used.
 * - `syncing-memory-backing`: The prepared memory is written to the disk.
 * - `activating`: The machine runs, and its agent is waited for.
 */
export type StartupPhase = "booting" | "preparing-snapshot" | "waiting-for-memory-backing" | "preparing-memory-backing" | "reusing-memory-backing" | "syncing-memory-backing" | "activating";

/**
 * How far a boot is.
 */
export type StartupProgress = { "kind": "startup", 
/**
 * What it is at.
 */
phase: StartupPhase, 
/**
 * How many bytes of memory are prepared.
 */
completedBytes: number, 
/**
 * How many there are to prepare, where that is known.
 */
totalBytes?: number, };

/**
 * How what the guest sets on files relates to what they have here.
 *
 * - `strict`: It is kept in extended attributes; a file system without them is an error.
 * - `relaxed`: It is kept in extended attributes where the file system has them.
 * - `off`: The files have what the guest sees.
 */
export type StatVirtualizationPolicy = "strict" | "relaxed" | "off";

/**
 * What a client holds.
 */
export type Statistics = { 
/**
 * Handles that were not given back.
 */
handles: number, 
/**
 * Requests that have not completed, apart from the one that asks.
 */
requests: number, 
/**
 * Frames that were not received.
 */
frames: number, };

/**
 * What a sandbox is doing.
 *
 * - `created`: It was never started.
 * - `starting`: It is booting.
 * - `running`: It runs.
 * - `draining`: It finishes its work before it stops.
 * - `paused`: It stands still, with its memory kept.
 * - `stopped`: It was stopped.
 * - `crashed`: It ended by itself, with a failure.
 */
export type Status = "created" | "starting" | "running" | "draining" | "paused" | "stopped" | "crashed";

/**
 * Where a command's standard input comes from.
 *
 * - `null`: There is none: it is at its end from the start.
 * - `bytes`: The request's bytes.
 * - `piped`: `process.write`.
 */
export type Stdin = "null" | "bytes" | "piped";

/**
 * How to stop a sandbox.
 */
export type StopOptions = { 
/**
 * Milliseconds to wait until it has stopped. Default: without limit.
 */
timeoutMs?: number, 
/**
 * Whether a sandbox that has not stopped by then is killed. Default:
 * `false`, which makes it an error and kills nothing.
 */
force?: boolean, };

/**
 * How a sandbox ended.
 */
export type StopResult = { 
/**
 * What it is now.
 */
status: Status, 
/**
 * The exit code of its process, when this program started it.
 */
exitCode?: number, 
/**
 * The number of the signal that ended its process, when this program
 * started it.
 */
signal?: number, };

/**
 * What one kind of things takes. What is absent is not known.
 */
export type StorageCategory = { 
/**
 * How many there are.
 */
count?: number, 
/**
 * How many of them are in use.
 */
inUse?: number, 
/**
 * The sum of the lengths of their files.
 */
logicalBytes?: number, 
/**
 * The sum of what the file system has set aside for them.
 */
allocatedBytes?: number, 
/**
 * The lengths of the files that could be removed.
 */
reclaimableBytes?: number, 
/**
 * Each of them.
 */
items: Array<StorageItem>, 
/**
 * What the numbers do not tell.
 */
notes: Array<string>, };

/**
 * What one thing takes. What is absent is not known.
 */
export type StorageItem = { 
/**
 * Its name.
 */
name: string, 
/**
 * Where it is.
 */
path: string, 
/**
 * The sum of the lengths of its files.
 */
logicalBytes?: number, 
/**
 * What the file system has set aside for it.
 */
allocatedBytes?: number, 
/**
 * Whether it is in use.
 */
inUse?: boolean, 
/**
 * Whether it could be removed.
 */
reclaimable?: boolean, 
/**
 * Why it is kept, or why it is not known how much it takes.
 */
reasons: Array<string>, };

/**
 * What was removed.
 */
export type StoragePruneReport = { 
/**
 * Whether it was only looked at what would be removed.
 */
dryRun: boolean, 
/**
 * How many files were removed.
 */
filesRemoved: number, 
/**
 * The sum of their lengths.
 */
logicalBytesRemoved: number, 
/**
 * Each file that was looked at.
 */
files: Array<PrunedMemoryFile>, };

/**
 * What is stored on this machine. It was looked up piece by piece, while
 * others may have changed it.
 */
export type StorageUsage = { 
/**
 * Images, and the layers that they share.
 */
images: StorageCategory, 
/**
 * Snapshots.
 */
snapshots: StorageCategory, 
/**
 * Sandboxes, also those that are stopped.
 */
sandboxes: StorageCategory, 
/**
 * Volumes.
 */
volumes: StorageCategory, 
/**
 * Memory of sandboxes that others were forked from.
 */
branchMemory: StorageCategory, 
/**
 * Memory unpacked from snapshots, which can be unpacked again.
 */
snapshotMemory: StorageCategory, 
/**
 * What the numbers do not tell.
 */
notes: Array<string>, };

/**
 * What the stream produces.
 */
export type StreamOptions = { 
/**
 * How many items.
 */
items: number, 
/**
 * How many bytes each item has.
 */
itemLength: number, };

/**
 * A link to make.
 */
export type SymlinkRequest = { 
/**
 * The volume that gets it. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * What the link says.
 */
target: string, 
/**
 * The path of the link.
 */
path: string, };

/**
 * The size of a terminal, each from 1 to 65535.
 */
export type TerminalSize = { 
/**
 * Characters in a line.
 */
columns: number, 
/**
 * Lines.
 */
rows: number, };

/**
 * Interception of TLS: the sandbox's connections end at a proxy on this
 * machine, whose certificate authority the guest trusts, and the proxy makes
 * its own to the server. Secrets need it.
 */
export type TlsOptions = { 
/**
 * Whether connections are intercepted. Default: `true`.
 */
enabled?: boolean, 
/**
 * The ports whose connections are intercepted. Default: `[443]`.
 */
interceptedPorts?: Array<number>, 
/**
 * Hosts that are not intercepted, such as `example.com` or
 * `*.example.com`. Default: none.
 */
bypass?: Array<string>, 
/**
 * Whether servers have to prove who they are. Default: `true`.
 */
verifyUpstream?: boolean, 
/**
 * Hosts for which that is different. Default: none.
 */
verifyUpstreamFor?: Array<VerifyUpstreamFor>, 
/**
 * PEM files on this machine with certificate authorities that servers
 * may be certified by, besides the usual ones. Default: none.
 */
upstreamCertificateAuthorities?: Array<string>, 
/**
 * PEM files on this machine with certificate authorities that only some
 * hosts may be certified by. Default: none.
 */
upstreamCertificateAuthoritiesFor?: Array<UpstreamCertificateAuthorityFor>, 
/**
 * Whether UDP to the intercepted ports is dropped, so that QUIC falls
 * back to TLS. Default: `true`.
 */
blockQuic?: boolean, 
/**
 * The proxy's own certificate authority. Default: one that is made once
 * for this machine.
 */
interceptionAuthority?: InterceptionAuthority, 
/**
 * How many of the proxy's certificates are kept. Default: 1000.
 */
certificateCacheSize?: number, 
/**
 * How many hours the proxy's certificates are valid. Default: 24.
 */
certificateValidityHours?: number, };

/**
 * Memory, which is gone when the sandbox stops.
 */
export type TmpfsMount = { 
/**
 * How many MiB it holds; they count as the sandbox's memory. Default:
 * decided by the guest.
 */
sizeMiB?: number, 
/**
 * Whether the guest cannot write to it. Default: `false`.
 */
readOnly?: boolean, 
/**
 * Whether programs on it cannot be run directly. Default:
 * `false`.
 */
noExec?: boolean, 
/**
 * Whether programs on it get no other user's rights. Default:
 * `false`.
 */
noSuid?: boolean, 
/**
 * Whether device files on it do nothing. Default: `false`.
 */
noDev?: boolean, };

/**
 * Which snapshot to write to a file, and how.
 */
export type ToFile<Options> = { 
/**
 * The snapshot.
 */
snapshot: SnapshotTarget, 
/**
 * The file to write, on this machine.
 */
path: string, 
/**
 * How to write it.
 */
options: Options, };

/**
 * How many bytes or packets pass in which time.
 */
export type TokenBucket = { 
/**
 * How many pass at once, and in each `refillTimeMs`.
 */
size: number, 
/**
 * Milliseconds after which as many may pass again; the allowance grows
 * steadily meanwhile.
 */
refillTimeMs: number, 
/**
 * How many more pass once, at the start. Default: 0.
 */
oneTimeBurst?: number, };

/**
 * A refreshed idle timer.
 */
export type TouchResult = { 
/**
 * How much activity the guest has counted, this call included.
 */
activity: number, };

/**
 * When the guest's kernel uses huge pages for memory without a file.
 *
 * - `always`: Wherever it can.
 * - `madvise`: Where a program asks for it.
 * - `never`: Never.
 */
export type TransparentHugePages = "always" | "madvise" | "never";

/**
 * Names two files.
 */
export type TwoPathsRequest = { 
/**
 * The volume that has them. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * The path that is.
 */
path: string, 
/**
 * The path that shall be.
 */
newPath: string, };

/**
 * The name of a signal that is not known.
 */
export type UnknownSignal = "unknown";

/**
 * Whom some hosts may be certified by.
 */
export type UpstreamCertificateAuthorityFor = { 
/**
 * The hosts: `example.com` or `*.example.com`.
 */
host: string, 
/**
 * A PEM file on this machine.
 */
path: string, };

/**
 * Which profile to use.
 */
export type UseProfile = { 
/**
 * The profile's name. Default: none.
 */
name?: string, };

/**
 * What came of verifying a snapshot.
 */
export type VerifyResult = { 
/**
 * Whether checksums were recorded and match. `false` means that none were
 * recorded; data that does not match is an error.
 */
verified: boolean, 
/**
 * The kind of checksum.
 */
algorithm?: string, 
/**
 * The checksum.
 */
checksum?: string, 
/**
 * The digest of the captured memory and devices, which are always
 * verified.
 */
checkpoint?: string, };

/**
 * Whether some hosts have to prove who they are.
 */
export type VerifyUpstreamFor = { 
/**
 * The hosts: `example.com` or `*.example.com`.
 */
host: string, 
/**
 * Whether they have to.
 */
verify: boolean, };

/**
 * When a volume is created.
 *
 * - `never`: It has to exist.
 * - `if-missing`: If it is missing. One that exists has to be of the same kind.
 * - `always`: One that exists is an error.
 */
export type VolumeCreation = "never" | "if-missing" | "always";

/**
 * What is known about a volume.
 */
export type VolumeInfo = { 
/**
 * The volume's name.
 */
name: string, 
/**
 * Where it is.
 */
backend: BackendKind, 
/**
 * What it is made of.
 */
kind: VolumeKind, 
/**
 * Its size in bytes, if it is a disk.
 */
capacityBytes?: number, 
/**
 * How many MiB guests may write to it. Absent without a limit.
 */
quotaMiB?: number, 
/**
 * The directory of this machine that it is in.
 */
path?: string, 
/**
 * Its labels.
 */
labels: { [key in string]: string }, 
/**
 * When it was created, in ISO 8601.
 */
createdAt?: string, };

/**
 * What a volume is made of.
 *
 * - `directory`: A directory of this machine, which several sandboxes can use at a time.
 * - `disk`: A disk with an ext4 file system, for one sandbox at a time.
 */
export type VolumeKind = "directory" | "disk";

/**
 * A volume, which outlives the sandbox and can be shared.
 */
export type VolumeMount = { 
/**
 * The volume's name.
 */
name: string, 
/**
 * Whether the volume is created. Default: `"never"`, so that it has
 * to exist.
 */
create?: VolumeCreation, 
/**
 * What a volume that is created is made of. Default: `"directory"`.
 */
kind?: VolumeKind, 
/**
 * The size in MiB of a disk that is created, at least 68. Default:
 * none, so a disk needs it.
 */
sizeMiB?: number, 
/**
 * How many MiB guests may write to a directory that is created.
 * Default: without limit.
 */
quotaMiB?: number, 
/**
 * The labels of a volume that is created. Default: none.
 */
labels?: { [key in string]: string }, 
/**
 * Whether links in the path of the volume's directory are followed.
 * Default: `false`.
 */
followRootSymlinks?: boolean, 
/**
 * Whether owners, permission bits and special files that the
 * guest sets are kept beside the files instead of in them.
 * Default: `"strict"`.
 */
statVirtualization?: StatVirtualizationPolicy, 
/**
 * Whether permission bits that the guest sets reach the files
 * of this machine. Default: `"private"`.
 */
hostPermissions?: HostPermissionsPolicy, 
/**
 * Who the guest sees as the owner of what was made outside.
 * Default: decided by the runtime.
 */
owner?: MountOwner, 
/**
 * Whether the guest cannot write to it. Default: `false`.
 */
readOnly?: boolean, 
/**
 * Whether programs on it cannot be run directly. Default:
 * `false`.
 */
noExec?: boolean, 
/**
 * Whether programs on it get no other user's rights. Default:
 * `false`.
 */
noSuid?: boolean, 
/**
 * Whether device files on it do nothing. Default: `false`.
 */
noDev?: boolean, };

/**
 * What a new volume is.
 */
export type VolumeOptions = { 
/**
 * The volume's name: letters, digits, dots, hyphens and underscores, the
 * first one a letter or digit.
 */
name: string, 
/**
 * What it is made of. Default: `"directory"`.
 */
kind?: VolumeKind, 
/**
 * The size of a disk in MiB, at least 68, of which its file system takes
 * 66 for itself. It has to be given for a disk, and only for one.
 */
sizeMiB?: number, 
/**
 * How many MiB guests may write to a directory. This machine does not
 * enforce it on what is written from outside. Default: without limit.
 */
quotaMiB?: number, 
/**
 * Labels to find the volume by.
 */
labels?: { [key in string]: string }, };

/**
 * A socket of this machine that programs in a sandbox can connect to.
 */
export type VsockRoute = { 
/**
 * The absolute path of a Unix socket of this machine; on Windows the
 * local name of a pipe.
 */
hostSocket: string, 
/**
 * The port of CID 2, the host, that leads to it: from 1 to 4294967294.
 */
port: number, 
/**
 * The kind of socket. Default: `stream`.
 */
type?: VsockType, };

/**
 * The kind of a socket.
 *
 * - `stream`: A stream of bytes.
 * - `dgram`: Datagrams, which may get lost. Not on Windows.
 */
export type VsockType = "stream" | "dgram";

/**
 * Which port of the guest to wait for.
 */
export type WaitForPortOptions = { 
/**
 * The port in the guest, from 1 to 65535.
 */
port: number, 
/**
 * The protocol. Default: `tcp`.
 */
protocol?: PortProtocol, 
/**
 * Milliseconds to wait. Default: 60000.
 */
timeoutMs?: number, };

/**
 * What to wait for.
 */
export type WaitForStatusOptions = { 
/**
 * The status to wait for.
 */
status: Status, };

/**
 * Where to write in an open file.
 */
export type WriteFileOptions = { 
/**
 * Where to begin. A file that was opened to append does not care.
 */
offset: number, };

/**
 * What a write has come to.
 */
export type WriteFileResult = { 
/**
 * Where the next write would begin.
 */
offset: number, };

/**
 * How to write a file as a whole.
 */
export type WriteWholeFileOptions = { 
/**
 * Whether what the file holds is kept and the new content goes behind it.
 * Default: `false`.
 */
append?: boolean, 
/**
 * Whether the file is created when it is missing. Default: `true`.
 */
create?: boolean, 
/**
 * Whether the file has to be created, so that one that exists is an
 * error. Default: `false`.
 */
createNew?: boolean, 
/**
 * The file's permission bits, also when it exists. Default: what it has,
 * or `0o666` less the umask.
 */
mode?: number, };

/**
 * A file to write as a whole. The frame's bytes are its content.
 */
export type WriteWholeFileRequest = { 
/**
 * The volume that gets it. Default: the sandbox of the handle.
 */
volume?: string, 
/**
 * Its path.
 */
path: string, 
/**
 * How to write it.
 */
options: WriteWholeFileOptions, };
