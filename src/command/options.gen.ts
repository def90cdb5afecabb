// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run
// `deno task generate` instead.

/**
 * Options of calls, each with every key.
 *
 * @module
 */

import type {
  JobLogSource,
  Replay,
  Rlimits,
  TerminalSize,
} from "../../ffi/protocol/protocol.gen.ts";

/**
 * How to run a command.
 *
 * @category Commands
 */
export interface ExecOptions {
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
   * Runs the command in a terminal of its own, in which standard output and
   * standard error are one. `true` stands for 80 columns and 24 rows. Default:
   * `false`.
   */
  tty?: boolean | TerminalSize | undefined;
  /** Resource limits of the command. Default: the sandbox's. */
  rlimits?: Rlimits | undefined;
  /**
   * The command's standard input; `null` for none. A stream is read as fast as
   * the command takes it. Default: none when the output is collected; with a
   * `Process`, its `stdin`.
   */
  stdin?: string | Uint8Array | ReadableStream<Uint8Array> | null | undefined;
  /** Kills the command. The call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * How to run a command in this program's terminal.
 *
 * @category Commands
 */
export interface AttachOptions {
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
  /** Resource limits of the command. Default: the sandbox's. */
  rlimits?: Rlimits | undefined;
  /**
   * What to type to leave the process: characters and `ctrl-` combinations,
   * separated by commas, such as `ctrl-p,ctrl-q`. Default: `ctrl-]`.
   */
  detachKeys?: string | undefined;
  /** Kills the command. The call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * How to start a job.
 *
 * @category Commands
 */
export interface StartJobOptions {
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
   * Runs the command in a terminal of its own, in which standard output and
   * standard error are one. `true` stands for 80 columns and 24 rows. Default:
   * `false`.
   */
  tty?: boolean | TerminalSize | undefined;
  /** Resource limits of the command. Default: the sandbox's. */
  rlimits?: Rlimits | undefined;
  /**
   * The job's standard input: up to 64 KiB, or `null` for none. Default: what
   * those write who attach to the job.
   */
  stdin?: string | Uint8Array | null | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Which output of a job to read.
 *
 * @category Commands
 */
export interface JobLogsOptions {
  /** Only the last so many records. Default: all. */
  tail?: number | undefined;
  /** Only from this time on. */
  since?: Date | undefined;
  /** Only before this time. */
  until?: Date | undefined;
  /** Which output. Default: all but `stdin-error`. */
  sources?: readonly JobLogSource[] | undefined;
  /** Only what comes behind the record with this cursor. */
  fromCursor?: string | undefined;
  /** Whether to go on until the job has ended. Default: `false`. */
  follow?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to attach to a job.
 *
 * @category Commands
 */
export interface AttachJobOptions {
  /**
   * Whether to leave the job's input and terminal to others. Default:
   * `false`.
   */
  readOnly?: boolean | undefined;
  /** Which of its past output comes first. Default: none. */
  replay?: Replay | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}
