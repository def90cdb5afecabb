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
  "sandbox.stopNamed": 12,
  "sandbox.killNamed": 13,
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
  "sandbox.connect": { options: NamedSandbox; result: LiveSandbox };
  "sandbox.stop": { options: StopOptions; result: null };
  "sandbox.kill": { options: StopOptions; result: null };
  "sandbox.waitUntilStopped": { options: NoOptions; result: StopResult };
  "sandbox.detach": { options: NoOptions; result: null };
  "sandbox.stopNamed": { options: StopNamedOptions; result: null };
  "sandbox.killNamed": { options: StopNamedOptions; result: null };
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
 * A stable name for what went wrong. Codes are never renamed or reused.
 */
export type ErrorCode = "agent-client-error" | "boot-failed" | "cancelled" | "client-closed" | "cloud-http" | "command-interrupted" | "control-client-error" | "control-secret-batch" | "control-state-changed" | "database-error" | "exec-failed" | "exec-timeout" | "filesystem-error" | "handle-closed" | "http-error" | "image-in-use" | "image-not-found" | "image-pull-failed" | "internal" | "invalid-config" | "invalid-cursor" | "invalid-handle" | "invalid-option" | "invalid-sandbox-name" | "io-error" | "job-history-error" | "job-input-busy" | "job-launch-unconfirmed" | "job-lost" | "job-not-found" | "job-not-running" | "job-output-gap" | "job-read-only" | "json-error" | "libkrunfw-not-found" | "log-missed-rotation" | "metrics-disabled" | "metrics-unavailable" | "microsandbox-error" | "missing-restore-bindings" | "network-policy-error" | "no-default-command" | "option-out-of-range" | "os-error" | "patch-failed" | "protocol-error" | "result-too-large" | "output-overflow" | "runtime-error" | "runtime-incomplete" | "runtime-in-use" | "runtime-not-installed" | "sandbox-already-exists" | "sandbox-not-found" | "sandbox-not-running" | "sandbox-replaced" | "sandbox-still-running" | "sandbox-stop-timed-out" | "snapshot-already-exists" | "snapshot-image-missing" | "snapshot-integrity" | "snapshot-migration" | "snapshot-not-found" | "snapshot-sandbox-running" | "snapshot-source-recovery" | "stdin-closed" | "stop-timeout" | "terminal-error" | "unknown-operation" | "unknown-option" | "unsupported" | "virtualization-unavailable" | "volume-already-exists" | "volume-not-found";

/**
 * What `msb_client_open` takes.
 */
export type ClientConfig = { 
/**
 * The directory that holds sandboxes, images, volumes and the runtime.
 * Default: `MSB_HOME`, or `.microsandbox` in the user's home directory.
 */
home?: string, };

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
 * The root file system: an OCI image reference such as `alpine:3.22`, or
 * a path that starts with `/`, `./` or `../` and names a directory or a
 * disk image (`.qcow2`, `.raw`, `.vmdk`).
 */
image: string, 
/**
 * Virtual CPUs, from 1 to 255. Default: 1.
 */
cpus?: number, 
/**
 * Memory in MiB. Default: 512.
 */
memoryMiB?: number, 
/**
 * Environment variables of every command. Names that start with `MSB_`
 * are reserved.
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
 * `microsandbox.` or `service.` are reserved.
 */
labels?: { [key in string]: string }, 
/**
 * Replaces the image's entrypoint.
 */
entrypoint?: Array<string>, 
/**
 * Whether the sandbox outlives this program. Default: `false`.
 */
detached?: boolean, 
/**
 * Whether a sandbox of this name is stopped and replaced. Default:
 * `false`, which makes it an error.
 */
replace?: boolean, 
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
idleTimeoutMs?: number, };

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
backend: Backend, 
/**
 * Whether the sandbox ends with this connection.
 */
ownsLifecycle: boolean, };

/**
 * Where a sandbox runs.
 */
export type Backend = "local" | "cloud";

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
backend: Backend, 
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
 * What a sandbox is doing.
 */
export type Status = "created" | "starting" | "running" | "draining" | "paused" | "stopped" | "crashed";

/**
 * Which sandboxes to list.
 */
export type ListOptions = { 
/**
 * How many to return at most, from 1 to 100. Default: 20.
 */
limit?: number, 
/**
 * Where the previous page ended.
 */
cursor?: string, 
/**
 * Labels that a sandbox has to have. Default: none.
 */
labels?: { [key in string]: string }, };

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
 * How long to wait for a sandbox to stop.
 */
export type StopOptions = { 
/**
 * Milliseconds to wait. Default: without limit for a stop, 5000 for a
 * kill.
 */
timeoutMs?: number, };

/**
 * Options of an operation that has none.
 */
export type NoOptions = Record<string, never>;

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
 * Which sandbox to stop, and how long to wait for it.
 */
export type StopNamedOptions = { 
/**
 * The sandbox's name.
 */
name: string, 
/**
 * The identity that the sandbox has to have. Default: any.
 */
id?: string, 
/**
 * Milliseconds to wait. Default: without limit for a stop, 5000 for a
 * kill.
 */
timeoutMs?: number, };

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
tty?: TerminalSize, };

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
 * What to run.
 */
export type Program = { "exec": string } | { "shell": string } | "default";

/**
 * Where a command's standard input comes from.
 */
export type Stdin = "null" | "bytes" | "piped";

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
 * The signal that ended a command.
 */
export type FatalSignal = Signal | UnknownSignal;

/**
 * A signal of a Linux guest, whatever this machine is.
 */
export type Signal = "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGILL" | "SIGTRAP" | "SIGABRT" | "SIGBUS" | "SIGFPE" | "SIGKILL" | "SIGUSR1" | "SIGSEGV" | "SIGUSR2" | "SIGPIPE" | "SIGALRM" | "SIGTERM" | "SIGSTKFLT" | "SIGCHLD" | "SIGCONT" | "SIGSTOP" | "SIGTSTP" | "SIGTTIN" | "SIGTTOU" | "SIGURG" | "SIGXCPU" | "SIGXFSZ" | "SIGVTALRM" | "SIGPROF" | "SIGWINCH" | "SIGIO" | "SIGPWR" | "SIGSYS";

/**
 * The name of a signal that is not known.
 */
export type UnknownSignal = "unknown";

/**
 * A command that has started. Its handle is in the frame.
 */
export type SpawnedProcess = { 
/**
 * Its process id in the guest.
 */
pid: number, };

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
 * Which signal to send.
 */
export type SignalOptions = { 
/**
 * The signal.
 */
signal: SignalOption, };

/**
 * A signal by its name, or by its number from 1 to 64.
 */
export type SignalOption = Signal | number;

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
 * What a job is doing.
 */
export type JobState = "starting" | "running" | "exited" | "failed" | "lost";

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
 * Which output. Default: all but `stdinError`.
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
 * Where a record comes from.
 */
export type JobLogSource = "stdout" | "stderr" | "output" | "stdinError";

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
 * Past output of a job.
 */
export type Replay = { "recentBytes": number } | { "afterCursor": string };

/**
 * How to install the runtime.
 */
export type InstallRuntimeOptions = { 
/**
 * Whether to replace a runtime that is installed already. Default: false.
 */
force?: boolean, };

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
 */
export type RuntimeOrigin = "configuration" | "home";

/**
 * The runtime, if there is one.
 */
export type FoundRuntime = { 
/**
 * Not there when the runtime is not installed.
 */
runtime?: RuntimeInfo, };

/**
 * Which runtime to use.
 */
export type SetRuntimePath = { 
/**
 * The absolute path of `msb`. Its `libkrunfw` is beside it or in `../lib`.
 */
path: string, };

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
 * What came of a check.
 */
export type HostCheckState = "pass" | "fail" | "warn" | "info";

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

export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]: JsonValue } | null;

/**
 * How long to wait before completing.
 */
export type DelayOptions = { 
/**
 * Milliseconds to wait.
 */
milliseconds: number, };

/**
 * How to fail.
 */
export type FailOptions = { 
/**
 * The error's message.
 */
message: string, };

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
