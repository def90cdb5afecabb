// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/** A log entry. Its bytes are those of the frame, or in a list the next ones. */
export interface LogEntry {
  /** When it was captured, in ISO 8601. */
  timestamp: string;
  /** Where it comes from. */
  source: LogSource;
  /**
   * Which command it comes from: those with the same number belong
   * together.
   */
  session?: number;
  /** Where to go on after this entry. */
  cursor: string;
  /** How many bytes it has. */
  length: number;
}

/** What of a log to stream. */
export interface LogFollowOptions {
  /**
   * The time of the first entry at the earliest, in ISO 8601. Default: the
   * beginning.
   */
  since?: string | undefined;
  /** The cursor of the entry to go on after, with the same `sources`. */
  cursor?: string | undefined;
  /**
   * The time that all entries are before, in ISO 8601. Default: without
   * limit.
   */
  until?: string | undefined;
  /** Where the entries come from. Default: what commands print. */
  sources?: readonly LogSource[] | undefined;
  /** Whether to wait for entries that are still to come. Default: `false`. */
  follow?: boolean | undefined;
}

/** What of a log to read. */
export interface LogReadOptions {
  /** How many entries at most, the newest ones. Default: all. */
  tail?: number | undefined;
  /**
   * The time of the first entry at the earliest, in ISO 8601. Default: the
   * beginning.
   */
  since?: string | undefined;
  /** The time that all entries are before, in ISO 8601. Default: the end. */
  until?: string | undefined;
  /** Where the entries come from. Default: what commands print. */
  sources?: readonly LogSource[] | undefined;
}

/**
 * Where a log entry comes from.
 *
 * - `stdout`: The standard output of a command.
 * - `stderr`: The standard error of a command.
 * - `output`: The terminal of a command.
 * - `system`: The runtime and the guest's kernel.
 */
export type LogSource = "stdout" | "stderr" | "output" | "system";
