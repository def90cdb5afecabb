// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { Failure } from "./errors.gen.ts";

/** How to run a command. */
export interface CommandOptions {
  /**
   * The command's arguments. A shell script sees them as `$1`, `$2` and so
   * on; the image's own command gets them behind its own. Default: none.
   */
  args?: readonly string[] | undefined;
  /** Working directory in the guest. Default: the sandbox's. */
  cwd?: string | undefined;
  /** Environment variables, added to the sandbox's. */
  env?: { readonly [key: string]: string | undefined } | undefined;
  /** The guest user to run as. Default: the sandbox's. */
  user?: string | undefined;
  /**
   * After how many milliseconds the command is killed and the call fails
   * with `exec-timeout`. Default: never.
   */
  timeoutMs?: number | undefined;
  /**
   * Runs the command in a terminal of its own, of this size: standard
   * output and standard error are one then. Default: no terminal.
   */
  tty?: TerminalSize | undefined;
  /** Resource limits of the command. Default: the sandbox's. */
  rlimits?: Rlimits | undefined;
}

/** A command to run. */
export interface CommandRequest {
  /** What to run. */
  program: Program;
  /** Where its standard input comes from. */
  stdin: Stdin;
  /** How to run it. */
  options: CommandOptions;
}

/**
 * How a command ended. The frame's bytes are its standard output followed by
 * its standard error.
 */
export interface CommandResult {
  /** The exit code. -1 after a signal. */
  code: number;
  /** The signal that ended it. */
  signal?: FatalSignal;
  /** How many of the bytes are standard output. */
  stdoutLength: number;
}

/** What the process does, in order. After the last step it exits with code 0. */
export interface EchoProcessOptions {
  /** The steps. */
  steps: readonly EchoStep[];
}

/** One step. */
export type EchoStep =
  | { stdout: number }
  | { stderr: number }
  | "copy"
  | "closeStdin"
  | "waitForSignal"
  | { exit: number }
  | "lose";

/** The signal that ended a command. */
export type FatalSignal = Signal | UnknownSignal;

/** A number, or none. */
export type Limit = number | "unlimited";

/** What a process produced, without its bytes. */
export type ProcessItem =
  | { type: "stdout" }
  | { type: "stderr" }
  | {
    type: "exited";
    /** The exit code. -1 after a signal. */
    code: number;
    /** The signal that ended it. */
    signal?: FatalSignal;
  }
  | {
    type: "failed";
    /** Why. */
    failure: Failure;
  };

/** What to run. */
export type Program = { exec: string } | { shell: string } | "default";

/** One limit, or a soft and a hard one. */
export type RlimitOption = Limit | RlimitRange;

/** A soft and a hard limit. */
export interface RlimitRange {
  /** What holds at first. */
  soft: Limit;
  /** What a program may raise it to. */
  hard: Limit;
}

/**
 * Resource limits of every program in a sandbox, as `setrlimit` sets
 * them. A limit is one number, or a soft one that programs may raise
 * up to a hard one. Default of each: the guest kernel's.
 */
export interface Rlimits {
  /** Address space, in bytes. Default: the kernel's. */
  as?: RlimitOption | undefined;
  /** Size of a core file, in bytes. Default: the kernel's. */
  core?: RlimitOption | undefined;
  /** Processor time, in seconds. Default: the kernel's. */
  cpu?: RlimitOption | undefined;
  /** Data segment, in bytes. Default: the kernel's. */
  data?: RlimitOption | undefined;
  /** Size of a file that is written, in bytes. Default: the kernel's. */
  fsize?: RlimitOption | undefined;
  /** File locks. Default: the kernel's. */
  locks?: RlimitOption | undefined;
  /** Locked memory, in bytes. Default: the kernel's. */
  memlock?: RlimitOption | undefined;
  /** Message queues, in bytes. Default: the kernel's. */
  msgqueue?: RlimitOption | undefined;
  /** The ceiling of the nice value: 20 minus it. Default: the kernel's. */
  nice?: RlimitOption | undefined;
  /** Open files of one process. Default: the kernel's. */
  nofile?: RlimitOption | undefined;
  /** Processes and threads of one user. Root is not bound by it. Default: the kernel's. */
  nproc?: RlimitOption | undefined;
  /** Resident memory, in bytes. Linux ignores it. Default: the kernel's. */
  rss?: RlimitOption | undefined;
  /** The ceiling of the real-time priority. Default: the kernel's. */
  rtprio?: RlimitOption | undefined;
  /**
   * Processor time of a real-time process without a blocking call, in
   * microseconds. Default: the kernel's.
   */
  rttime?: RlimitOption | undefined;
  /** Signals that wait to be delivered. Default: the kernel's. */
  sigpending?: RlimitOption | undefined;
  /** Stack, in bytes. Default: the kernel's. */
  stack?: RlimitOption | undefined;
}

/** A signal of a Linux guest, whatever this machine is. */
export type Signal =
  | "SIGHUP"
  | "SIGINT"
  | "SIGQUIT"
  | "SIGILL"
  | "SIGTRAP"
  | "SIGABRT"
  | "SIGBUS"
  | "SIGFPE"
  | "SIGKILL"
  | "SIGUSR1"
  | "SIGSEGV"
  | "SIGUSR2"
  | "SIGPIPE"
  | "SIGALRM"
  | "SIGTERM"
  | "SIGSTKFLT"
  | "SIGCHLD"
  | "SIGCONT"
  | "SIGSTOP"
  | "SIGTSTP"
  | "SIGTTIN"
  | "SIGTTOU"
  | "SIGURG"
  | "SIGXCPU"
  | "SIGXFSZ"
  | "SIGVTALRM"
  | "SIGPROF"
  | "SIGWINCH"
  | "SIGIO"
  | "SIGPWR"
  | "SIGSYS";

/** A signal by its name, or by its number from 1 to 64. */
export type SignalOption = Signal | number;

/** Which signal to send. */
export interface SignalOptions {
  /** The signal. */
  signal: SignalOption;
}

/** A command that has started. Its handle is in the frame. */
export interface SpawnedProcess {
  /** Its process id in the guest. */
  pid: number;
}

/**
 * Where a command's standard input comes from.
 *
 * - `null`: There is none: it is at its end from the start.
 * - `bytes`: The request's bytes.
 * - `piped`: `process.write`.
 */
export type Stdin = "null" | "bytes" | "piped";

/** The size of a terminal, each from 1 to 65535. */
export interface TerminalSize {
  /** Characters in a line. */
  columns: number;
  /** Lines. */
  rows: number;
}

/** The name of a signal that is not known. */
export type UnknownSignal = "unknown";
