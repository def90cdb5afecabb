/**
 * What sandboxes use.
 *
 * @module
 */

import type { Metrics } from "../../ffi/protocol/protocol.gen.ts";
import { readStream } from "../../ffi/stream.ts";
import { type Address, address } from "./address.ts";
import type { MetricsStreamOptions } from "./options.gen.ts";
import type { SandboxMetrics } from "./sandbox_metrics.gen.ts";

/** What a sandbox uses, with its time as a date. */
export function toMetrics(metrics: Metrics): SandboxMetrics {
  return { ...metrics, timestamp: new Date(metrics.timestamp) };
}

/** Returns how much a sandbox uses. */
export async function readMetrics(
  { client, handle, on }: Address,
  signal: AbortSignal | undefined,
): Promise<SandboxMetrics> {
  const { result } = await client.call(
    "metrics.get",
    { ...on, options: {} },
    { handle, signal },
  );
  return toMetrics(result);
}

/** Returns samples of how much a sandbox uses. */
export async function* streamMetrics(
  target: { [address](): Promise<Address> },
  { signal, ...options }: MetricsStreamOptions,
): AsyncGenerator<SandboxMetrics, void> {
  const { client, handle, on } = await target[address]();
  const stream = await client.call(
    "metrics.stream",
    { ...on, options },
    { handle, signal },
  );
  // An old sample is worth nothing, so none is taken ahead.
  const items = readStream(client, stream.handle, { signal, credit: 1 });
  for await (const { json } of items) yield toMetrics(json as Metrics);
}
