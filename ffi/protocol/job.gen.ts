// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { FatalSignal, SignalOption } from "./command.gen.ts";

/** How to attach to a job. */
export interface JobAttachOptions {
  /**
   * Whether to leave the job's input and terminal to others. Default:
   * `false`.
   */
  readOnly?: boolean | undefined;
  /** Which of its past output comes first. Default: none. */
  replay?: Replay | undefined;
}

/** Which job to attach to, and how. */
export interface JobAttachRequest {
  /** The job. */
  target: JobTarget;
  /** How to attach. */
  options: JobAttachOptions;
}

/** How a job ended. */
export interface JobExit {
  /** The exit code. -1 after a signal. */
  code: number;
  /** The signal that ended it. */
  signal?: FatalSignal;
  /** Whether it was killed because it ran too long. */
  timedOut: boolean;
}

/** What is known about a job. */
export interface JobInfo {
  /** The job's id, which no other job of the sandbox ever has. */
  id: string;
  /** The program and its arguments. */
  command: string[];
  /** What it was doing when it was asked. */
  state: JobState;
  /** Whether it runs in a terminal. */
  tty: boolean;
  /** Whether its standard input has ended for good. */
  stdinClosed: boolean;
  /** Whether it was killed because it ran too long. */
  timedOut: boolean;
  /** Its process id in the guest, once it has started. */
  pid?: number;
  /** When it was accepted, in milliseconds since 1970. */
  createdAt: number;
  /** When it started, in milliseconds since 1970. */
  startedAt?: number;
  /** When its end was seen, in milliseconds since 1970. */
  finishedAt?: number;
  /** The exit code, once it has ended. */
  exitCode?: number;
  /** The signal that ended it. */
  signal?: FatalSignal;
  /** Why it could not be started, or why its end is not known. */
  error?: string;
}

/** Some jobs. */
export interface JobList {
  /** The jobs. */
  jobs: JobInfo[];
  /** Where the next page starts. Absent on the last page. */
  nextCursor?: string;
}

/** Which jobs to list. */
export interface JobListOptions {
  /** The sandbox's name. */
  sandbox: string;
  /** The sandbox's identity. */
  sandboxId: string;
  /** Whether jobs that have ended are listed too. Default: `false`. */
  all?: boolean | undefined;
  /** How many to return at most, from 1 to 100. Default: 50. */
  limit?: number | undefined;
  /** Where the previous page ended. */
  cursor?: string | undefined;
}

/** Which output of a job to read. */
export interface JobLogFilter {
  /** Only the last so many records. Default: all. */
  tail?: number | undefined;
  /** Only from this time on, in milliseconds since 1970. */
  since?: number | undefined;
  /** Only before this time, in milliseconds since 1970. */
  until?: number | undefined;
  /** Which output. Default: all but `stdin-error`. */
  sources?: readonly JobLogSource[] | undefined;
  /** Only what comes behind the record with this cursor. */
  fromCursor?: string | undefined;
  /** Whether to go on until the job has ended. Default: `false`. */
  follow?: boolean | undefined;
}

/** A record of a job's output. Its bytes are the item's. */
export interface JobLogRecord {
  /** When it was captured, in milliseconds since 1970. */
  timestamp: number;
  /** Where it comes from. */
  source: JobLogSource;
  /** Where to go on reading behind it. */
  cursor: string;
}

/**
 * Where a record comes from.
 *
 * - `stdout`: Standard output.
 * - `stderr`: Standard error.
 * - `output`: Both, of a job in a terminal.
 * - `stdin-error`: A note that a write to the job's standard input failed.
 */
export type JobLogSource = "stdout" | "stderr" | "output" | "stdin-error";

/** Which output of which job to read. */
export interface JobLogsOptions {
  /** The job. */
  target: JobTarget;
  /** Which of its output. */
  options: JobLogFilter;
}

/** Which signal to send to a job. */
export interface JobSignalOptions {
  /** The job. */
  target: JobTarget;
  /** The signal. */
  signal: SignalOption;
}

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

/** Names a job. */
export interface JobTarget {
  /** The sandbox's name. */
  sandbox: string;
  /** The sandbox's identity. */
  sandboxId: string;
  /** The job's id. */
  job: string;
}

/** Past output of a job. */
export type Replay = { recentBytes: number } | { afterCursor: string };
