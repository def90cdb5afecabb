/**
 * The library through `bun:ffi`.
 *
 * Bun has no calls that leave the event loop free, and its callbacks from
 * other threads are not safe to use, so waiting is reading a descriptor.
 *
 * @module
 */

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
 * What gives up the clients of this module as it was loaded before. `bun --hot`
 * loads a program again in the same process, in which everything that the
 * program had before goes on; its clients must not.
 */
const earlier = globalThis as { [key: symbol]: Set<() => void> | undefined };
const key = Symbol.for(`microsandbox clients of ${import.meta.url}`);
for (const abandon of earlier[key] ?? []) abandon();
const open: Set<() => void> = earlier[key] = new Set();

/**
 * Loads the library. It stays loaded until the process ends: its threads run
 * that long.
 */
export async function load(path: string): Promise<Native> {
  // In a program that was bundled for Deno, importing it above would be done too.
  const { dlopen } = await import("bun:ffi");
  const { symbols: library } = dlopen(path, symbols);
  /** What gives up each client. */
  const clients = new Map<number, () => void>();
  const forget = (client: number) => {
    open.delete(clients.get(client)!);
    clients.delete(client);
  };
  return {
    abiVersion: library.msb_abi_version,
    clientOpen: library.msb_client_open,
    clientClose: (client) => {
      forget(client);
      return library.msb_client_close(client);
    },
    submit: library.msb_submit,
    cancel: library.msb_cancel,
    receive: library.msb_receive,
    release: library.msb_release,
    waiter: (client, isClosed) => {
      const outDescriptor = new Int32Array(1);
      const code = library.msb_wake_fd(client, outDescriptor);
      if (code !== status.ok && code !== status.unsupported) {
        throw new Error(`Cannot wait for the library: msb_wake_fd returned ${code}`);
      }
      const wait = code === status.ok
        ? descriptorWaiter(outDescriptor[0]!, isClosed)
        : threadWaiter(path, client);
      const abandon = () => {
        library.msb_client_close(client);
        wait.abandon();
      };
      clients.set(client, abandon);
      open.add(abandon);
      return wait;
    },
  };
}

/** Waits, until what waits for it is gone. */
export interface Waiter {
  /** Waits once. */
  (): Promise<void>;
  /**
   * Leaves nothing of the waiting of a client that was closed, and lets a wait
   * that is under way stay so: nothing that awaits it is there any more.
   */
  abandon(): void;
}

/** Waits by reading the descriptor, and closes it at its end of file. */
function descriptorWaiter(
  descriptor: number,
  isClosed: () => boolean,
): Waiter {
  // What is read does not matter, only that there was something.
  const discarded = new Uint8Array(64);
  let isAbandoned = false;
  let isReading = false;
  const wait = () =>
    new Promise<void>((resolve, reject) => {
      isReading = true;
      const attempt = () =>
        read(descriptor, discarded, 0, discarded.length, null, (error, count) => {
          // The library ends reads after a second, for workers to be terminated.
          if (error?.code === "EAGAIN") return attempt();
          // What was announced before the end stands in front of it.
          if (!error && count > 0 && (isClosed() || isAbandoned)) return attempt();
          isReading = false;
          if (error) return reject(error);
          if (count === 0) closeSync(descriptor);
          if (!isAbandoned) resolve();
        });
      attempt();
    });
  const abandon = () => {
    isAbandoned = true;
    if (!isReading) void wait();
  };
  return Object.assign(wait, { abandon });
}

/**
 * The program of the thread: each message asks for one wait, which blocks this
 * thread and no other. It is text, because a file of its own would not be there
 * in a program that was bundled.
 */
const waitingThread = `
  const { dlopen } = require("bun:ffi");
  const { parentPort, workerData } = require("node:worker_threads");
  // The process has it loaded already, so this is the same library.
  const { symbols: library } = dlopen(workerData.path, {
    msb_wait: { args: ["u32", "u32"], returns: "i32" },
  });
  const waitForever = 0xffff_ffff;
  parentPort.on("message", () => {
    parentPort.postMessage(library.msb_wait(workerData.client, waitForever));
  });
`;

/**
 * Waits on a thread of its own, which ends with the client. For Windows, whose
 * library has no descriptors.
 */
export function threadWaiter(path: string, client: number): Waiter {
  const worker = new Worker(waitingThread, { eval: true, workerData: { path, client } });
  // Only a wait that somebody needs keeps the program from ending.
  worker.unref();
  const wait = () =>
    new Promise<void>((resolve, reject) => {
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
  const abandon = () => {
    worker.removeAllListeners();
    void worker.terminate();
  };
  return Object.assign(wait, { abandon });
}
