/**
 * The library through `bun:ffi`.
 *
 * Bun has no calls that leave the event loop free, and its callbacks from
 * other threads are not safe to use, so waiting is reading a descriptor.
 *
 * @module
 */

import { dlopen } from "bun:ffi";
import { closeSync, read } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Native } from "./native.ts";
import { status } from "./protocol/protocol.gen.ts";

const symbols = {
  msb_abi_version: { args: [], returns: "u32" },
  msb_client_open: { args: ["ptr", "u32", "ptr"], returns: "i32" },
  msb_client_close: { args: ["u32"], returns: "i32" },
  msb_submit: {
    args: ["u32", "u32", "u32", "u32", "ptr", "u32", "ptr", "u32"],
    returns: "i32",
  },
  msb_cancel: { args: ["u32", "u32"], returns: "i32" },
  msb_receive: { args: ["u32", "ptr", "u32", "ptr"], returns: "i32" },
  msb_release: { args: ["u32", "u32"], returns: "i32" },
  msb_wake_fd: { args: ["u32", "ptr"], returns: "i32" },
} as const;

/**
 * Loads the library. It stays loaded until the process ends: its threads run
 * that long.
 */
export function load(path: string): Native {
  const { symbols: library } = dlopen(path, symbols);
  return {
    abiVersion: library.msb_abi_version,
    clientOpen: library.msb_client_open,
    clientClose: library.msb_client_close,
    submit: library.msb_submit,
    cancel: library.msb_cancel,
    receive: library.msb_receive,
    release: library.msb_release,
    waiter: (client, isClosed) => {
      const outDescriptor = new Int32Array(1);
      const code = library.msb_wake_fd(client, outDescriptor);
      if (code === status.ok) {
        return descriptorWaiter(outDescriptor[0]!, isClosed);
      }
      if (code === status.unsupported) return threadWaiter(path, client);
      throw new Error(
        `Cannot wait for the library: msb_wake_fd returned ${code}`,
      );
    },
  };
}

/** Waits by reading the descriptor, and closes it at its end of file. */
function descriptorWaiter(
  descriptor: number,
  isClosed: () => boolean,
): () => Promise<void> {
  // What is read does not matter, only that there was something.
  const discarded = new Uint8Array(64);
  return () =>
    new Promise((resolve, reject) => {
      const attempt = () =>
        read(descriptor, discarded, 0, discarded.length, null, (error, count) => {
          // The library ends reads after a second, for workers to be terminated.
          if (error?.code === "EAGAIN") return attempt();
          if (error) return reject(error);
          // What was announced before the end stands in front of it.
          if (count > 0 && isClosed()) return attempt();
          if (count === 0) closeSync(descriptor);
          resolve();
        });
      attempt();
    });
}

/**
 * Waits on a thread of its own, which ends with the client. For Windows, whose
 * library has no descriptors.
 */
export function threadWaiter(path: string, client: number): () => Promise<void> {
  // The package exists as TypeScript and as JavaScript.
  const module = import.meta.url.replace("/bun.", "/bun_waiter.");
  const worker = new Worker(new URL(module), { workerData: { path, client } });
  // Only a wait that somebody needs keeps the program from ending.
  worker.unref();
  return () =>
    new Promise((resolve, reject) => {
      worker.ref();
      worker.once("error", reject);
      worker.once("message", (code: number) => {
        worker.off("error", reject);
        worker.unref();
        if (code !== status.ok) void worker.terminate();
        resolve();
      });
      worker.postMessage(null);
    });
}
