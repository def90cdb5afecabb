/**
 * A thread that waits, for Bun where the library has no descriptor to read.
 *
 * @module
 */

import { dlopen } from "bun:ffi";
import { parentPort, workerData } from "node:worker_threads";

/** `MSB_WAIT_FOREVER` */
const waitForever = 0xffff_ffff;

const { path, client } = workerData as { path: string; client: number };
// The process has it loaded already, so this is the same library.
const { symbols: library } = dlopen(path, {
  msb_wait: { args: ["u32", "u32"], returns: "i32" },
});

// Each message asks for one wait. It blocks this thread and no other.
parentPort!.on("message", () => {
  parentPort!.postMessage(library.msb_wait(client, waitForever));
});
