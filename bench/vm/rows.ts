// The rows in a microVM, the same for this module and for the npm package: each
// hands over its way to do a thing.

import process from "node:process";
import { latency, rate, report } from "../report.ts";

/** How a package does what is measured, in the sandbox that it made. */
export interface Package {
  /** Makes the sandbox. */
  create(): Promise<unknown>;
  /** Runs a command and collects its output. */
  exec(command: string, args: string[]): Promise<unknown>;
  /** Runs `cat >/dev/null` on this input, where that ends. */
  swallow?(input: Uint8Array): Promise<unknown>;
  /** Writes a file of the guest. */
  write(path: string, bytes: Uint8Array): Promise<unknown>;
  /** Reads a file of the guest. */
  read(path: string): Promise<Uint8Array>;
  /** Stops and removes the sandbox. */
  remove(): Promise<unknown>;
}

/** How much is moved; less where the processor is emulated. */
const length = Number(process.env["MICROSANDBOX_BENCH_MIB"] ?? "64") * 1024 ** 2;
/** How many commands run at once. */
const concurrent = 64;
/** How long to repeat what is short. */
const milliseconds = Number(process.env["MICROSANDBOX_BENCH_MS"] ?? "2000");

/** Measures a package. */
export async function measure(it: Package): Promise<void> {
  const start = performance.now();
  await it.create();
  await it.exec("echo", ["first"]);
  report("create to first output", performance.now() - start, "ms");
  try {
    const call = () => it.exec("true", []);
    await latency("exec", call, milliseconds);
    const calls = await rate(call, concurrent, milliseconds);
    report(`${concurrent} concurrent execs`, calls, "calls/s");
    const bytes = new Uint8Array(length).fill(1);
    await throughput("standard output", () => it.exec("head", ["-c", `${length}`, "/dev/zero"]));
    await throughput("file upload", () => it.write("/dev/shm/file", bytes));
    await throughput("file download", () => it.read("/dev/shm/file"));
    const { swallow } = it;
    if (swallow) await throughput("standard input", () => swallow(bytes));
  } finally {
    await it.remove();
  }
}

async function throughput(row: string, move: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 2; round++) {
    const start = performance.now();
    await move();
    times.push(performance.now() - start);
  }
  report(row, length / Math.min(...times) / 1000, "MB/s");
}
