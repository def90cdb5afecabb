/**
 * What sandboxes have printed.
 *
 * @module
 */

import type { LogEntry as RawEntry, LogSource } from "../../ffi/protocol/protocol.gen.ts";
import { readStream } from "../../ffi/stream.ts";
import { type Cancellable, checkTimeout } from "../cancellable.ts";
import { MicrosandboxError, WaitTimeoutError } from "../errors.ts";
import { toError } from "../failure.ts";
import { beginning, showAs } from "../inspect.ts";
import { type Address, address } from "./address.ts";
import { readMetrics } from "./metrics.ts";

/**
 * What of a log to read.
 *
 * @category Sandboxes
 */
export interface ReadLogsOptions extends Cancellable {
  /** How many entries at most, the newest ones. Default: all. */
  tail?: number | undefined;
  /** The time of the first entry at the earliest. Default: the beginning. */
  since?: Date | undefined;
  /** The time that all entries are before. Default: the end. */
  until?: Date | undefined;
  /** Where the entries come from. Default: what commands print. */
  sources?: readonly LogSource[] | undefined;
}

/**
 * What of a log to stream.
 *
 * @category Sandboxes
 */
export interface StreamLogsOptions extends Cancellable {
  /** The time of the first entry at the earliest. Default: the beginning. */
  since?: Date | undefined;
  /** The cursor of the entry to go on after, with the same `sources`. */
  cursor?: string | undefined;
  /** The time that all entries are before. Default: without limit. */
  until?: Date | undefined;
  /** Where the entries come from. Default: what commands print. */
  sources?: readonly LogSource[] | undefined;
  /** Whether to wait for entries that are still to come. Default: `false`. */
  follow?: boolean | undefined;
}

/**
 * How to wait for something to be printed.
 *
 * @category Sandboxes
 */
export interface WaitForLogOptions extends Cancellable {
  /**
   * The time of the first entry at the earliest. Default: the boot of the
   * sandbox, so that what was printed already counts, and what it printed when
   * it ran before does not. Where the boot is not known, which takes metrics of
   * a sandbox that others have booted, the beginning.
   */
  since?: Date | undefined;
  /** Where the entries come from. Default: what commands print. */
  sources?: readonly LogSource[] | undefined;
  /** Milliseconds to wait, from 1 to 2147483647. Default: 60000. */
  timeoutMs?: number | undefined;
}

/**
 * Something that a sandbox has printed.
 *
 * @category Sandboxes
 */
export class LogEntry {
  /** When it was captured. */
  readonly timestamp: Date;
  /** Where it comes from. */
  readonly source: LogSource;
  /**
   * Which command it comes from: entries with the same number belong together.
   */
  readonly session: number | undefined;
  /** Where a stream of the same sources goes on after this entry. */
  readonly cursor: string;
  /**
   * What was printed. Of a command without a terminal, what was no UTF-8 is
   * already replaced by U+FFFD.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;

  static {
    showAs(this, "LogEntry", (entry) => ({
      timestamp: entry.timestamp,
      source: entry.source,
      text: beginning(entry.text()),
    }));
  }

  /** Made by this module only. */
  constructor(entry: RawEntry, bytes: Uint8Array<ArrayBuffer>) {
    this.timestamp = new Date(entry.timestamp);
    this.source = entry.source;
    this.session = entry.session;
    this.cursor = entry.cursor;
    this.bytes = bytes;
  }

  /** What was printed, as text. Bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

/** Reads a log. */
export async function readLogs(
  { client, handle, on }: Address,
  { signal, ...options }: ReadLogsOptions,
): Promise<LogEntry[]> {
  const { result, bytes } = await client.call(
    "logs.read",
    { ...on, options: withTimes(options) },
    { handle, signal },
  );
  let start = 0;
  return result.map((entry) => new LogEntry(entry, bytes.subarray(start, start += entry.length)));
}

/** Streams a log. */
export async function* streamLogs(
  target: { [address](): Promise<Address> },
  { signal, ...options }: StreamLogsOptions,
): AsyncGenerator<LogEntry, void> {
  const { client, handle, on } = await target[address]();
  const stream = await client.call(
    "logs.stream",
    { ...on, options: withTimes(options) },
    { handle, signal },
  );
  for await (const { json, bytes } of readStream(client, stream.handle, { signal })) {
    yield new LogEntry(json as RawEntry, bytes);
  }
}

/** How much of a line without an end is kept to be looked at again. */
const longestLine = 65_536;

/** Waits until a log has something that matches. */
export async function waitForLog(
  target: { [address](): Promise<Address> },
  pattern: string | RegExp,
  { timeoutMs = 60_000, signal, ...options }: WaitForLogOptions,
): Promise<LogEntry> {
  checkWait(pattern, timeoutMs);
  const since = options.since ?? await bootOf(target, signal);
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  // What a command prints at once may be several entries.
  const lines = new Map<string, string>();
  try {
    const following = { ...options, ...since && { since }, follow: true, signal: either };
    for await (const entry of streamLogs(target, following)) {
      const origin = `${entry.source} ${entry.session}`;
      const text = (lines.get(origin) ?? "") + entry.text();
      if (typeof pattern === "string" ? text.includes(pattern) : text.search(pattern) >= 0) {
        return entry;
      }
      lines.set(origin, text.slice(text.lastIndexOf("\n") + 1).slice(-longestLine));
    }
  } catch (error) {
    if (!timeout.aborted || error !== timeout.reason) throw error;
  }
  throw new WaitTimeoutError(
    "wait-timeout",
    `Nothing that the sandbox printed within ${timeoutMs} ms matches ${pattern}: look at what ` +
      `it did print with logs(), and whether it was printed by one of the sources`,
    { pattern: String(pattern), timeoutMs },
  );
}

/** When a sandbox was booted, as far as that is known. */
async function bootOf(
  target: { [address](): Promise<Address> },
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  const found = await target[address]();
  if (found.bootedAfter) return found.bootedAfter;
  try {
    const { timestamp, uptimeMs } = await readMetrics(found, signal);
    return new Date(timestamp.getTime() - uptimeMs);
  } catch (error) {
    // There may be none: they are not enabled, or the sandbox does not run.
    if (!(error instanceof MicrosandboxError)) throw error;
  }
}

function checkWait(pattern: unknown, timeoutMs: number): void {
  if (typeof pattern !== "string" && !(pattern instanceof RegExp)) {
    throw toError({
      code: "invalid-option",
      message: `Cannot wait for ${pattern}: give a string or a regular expression`,
      details: { path: "pattern" },
    });
  }
  checkTimeout(timeoutMs);
}

/** The same options with times as the library takes them. */
function withTimes<Options extends { since?: Date | undefined; until?: Date | undefined }>(
  { since, until, ...options }: Options,
): Omit<Options, "since" | "until"> & { since?: string; until?: string } {
  return {
    ...options,
    ...since && { since: since.toISOString() },
    ...until && { until: until.toISOString() },
  };
}
