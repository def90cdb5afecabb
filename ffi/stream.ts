/**
 * Streams: items that the library produces as they are asked for.
 *
 * @module
 */

import type { Client } from "./client.ts";

/** One item of a stream. */
export interface StreamItem {
  /** What the item is; `null` when its bytes say it all. */
  json: unknown;
  /** The item's raw bytes. The consumer may keep them. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** How to read a stream. */
export interface ReadStreamOptions {
  /** Ends the stream. The consumer then gets the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * How many items may be on their way to the consumer. What it has not taken
   * yet counts, so this also bounds what waits in memory. Default: 16.
   */
  credit?: number;
}

/**
 * The items behind a stream handle, in order. The handle is given back, and
 * what produces the items stops, when the consumer stops, the stream ends or
 * fails, or the signal is aborted.
 */
export async function* readStream(
  client: Client,
  handle: number,
  { signal, credit = 16 }: ReadStreamOptions = {},
): AsyncGenerator<StreamItem, void> {
  const stopped = new AbortController();
  const signals = signal ? [signal, stopped.signal] : [stopped.signal];
  try {
    let done = false;
    while (!done) {
      const arrived: StreamItem[] = [];
      let changed = Promise.withResolvers<void>();
      let isReading = true;
      const read = client.call("stream.read", { credit }, {
        handle,
        signal: AbortSignal.any(signals),
        onEvent: (json, bytes) => {
          arrived.push({ json, bytes });
          changed.resolve();
        },
      });
      const settled = () => {
        isReading = false;
        changed.resolve();
      };
      read.then(settled, settled);
      while (isReading || arrived.length > 0) {
        const item = arrived.shift();
        if (item !== undefined) {
          yield item;
        } else {
          await changed.promise;
          changed = Promise.withResolvers();
        }
      }
      ({ result: { done } } = await read);
    }
  } catch (error) {
    // It was made while nobody waited, so its stack leads nowhere. A reason that
    // was given with the signal is the program's own.
    if (error instanceof Error && !signal?.aborted) Error.captureStackTrace(error);
    throw error;
  } finally {
    stopped.abort();
    client.release(handle);
  }
}
