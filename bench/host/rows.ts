// The rows of host-only work, the same for this module and for the npm package:
// each hands over its way to do a thing.

import process from "node:process";
import { latency, quantile, rate, report } from "../report.ts";

/** How a package does what is measured. */
export interface Package {
  /** Lists 100 sandboxes. */
  list(): Promise<unknown>;
  /** Reads a file of the volume. */
  read(path: string): Promise<Uint8Array>;
  /** Writes a file of the volume. */
  write(path: string, bytes: Uint8Array): Promise<unknown>;
  /** Opens a file of the volume, and returns what holds it open. */
  open(path: string): Promise<unknown>;
}

const sizes = { "1 KiB": 1024, "1 MiB": 1024 ** 2, "256 MiB": 256 * 1024 ** 2 };

/**
 * Measures a package. `load` imports it and opens its volume; everything up to
 * the first list counts as its start.
 */
export async function measure(load: () => Promise<Package>): Promise<void> {
  const start = performance.now();
  const it = await load();
  await it.list();
  report("import to first call", performance.now() - start, "ms");
  // The runner starts programs for that row alone, because each start is one sample.
  if (process.argv.includes("--start")) return;
  await latency("list of 100 sandboxes", it.list, 500);
  for (const [name, length] of Object.entries(sizes)) {
    const path = `file-${length}`;
    const bytes = new Uint8Array(length).fill(1);
    const write = await median(() => it.write(path, bytes), length);
    const read = await median(() => it.read(path), length);
    if (length < 2048) {
      report(`volume: write ${name}`, write * 1000, "µs");
      report(`volume: read ${name}`, read * 1000, "µs");
    } else {
      report(`volume: write ${name}`, length / write / 1000, "MB/s");
      report(`volume: read ${name}`, length / read / 1000, "MB/s");
    }
  }
  report(
    "volume: reads of 1 KiB, 64 in flight",
    await rate(() => it.read("file-1024"), 64, 500),
    "calls/s",
  );
  report("memory per open file", await memoryPerHandle(() => it.open("file-1024")), "bytes");
}

/** The median time of a call, in milliseconds. */
async function median(call: () => Promise<unknown>, length: number): Promise<number> {
  const samples: number[] = [];
  for (let left = length > 1e7 ? 3 : length > 1e5 ? 50 : 500; left > 0; left--) {
    const start = performance.now();
    await call();
    samples.push(performance.now() - start);
  }
  return quantile(samples, 0.5);
}

async function memoryPerHandle(open: () => Promise<unknown>): Promise<number> {
  const handles: unknown[] = [];
  const more = async (count: number) => {
    for (; count > 0; count--) handles.push(await open());
  };
  // The first ones also pay for what all of them share.
  await more(1000);
  const before = resident();
  await more(4000);
  return (resident() - before) / 4000;
}

/** How much memory the program has, without the garbage where it can be collected. */
function resident(): number {
  (globalThis as { Bun?: { gc(synchronous: boolean): void } }).Bun?.gc(true);
  return process.memoryUsage.rss();
}
