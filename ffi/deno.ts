/**
 * The library through `Deno.dlopen`.
 *
 * @module
 */

import type { Native } from "./native.ts";
import { status } from "./protocol/protocol.gen.ts";

/**
 * How long one wait may take: so long a worker that is terminated, which can
 * say nothing any more, keeps a thread.
 */
const waitMs = 1_000;

/**
 * How many clients may wait on a thread at once. There are 32 of them, and Deno
 * needs them for its own calls, such as those on files.
 */
const threads = 4;

/** How often clients that have no thread are looked at. */
const paceMs = 10;

const symbols = {
  msb_abi_version: { parameters: [], result: "u32" },
  msb_client_open: {
    parameters: ["buffer", "u32", "buffer"],
    result: "i32",
  },
  msb_client_close: { parameters: ["u32"], result: "i32" },
  msb_submit: {
    parameters: ["u32", "u32", "u32", "u32", "buffer", "u32", "buffer", "u32"],
    result: "i32",
  },
  msb_cancel: { parameters: ["u32", "u32"], result: "i32" },
  msb_wait: { parameters: ["u32", "u32"], result: "i32", nonblocking: true },
  msb_receive: {
    parameters: ["u32", "buffer", "u32", "buffer"],
    result: "i32",
  },
  msb_release: { parameters: ["u32", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Loads the library. It stays loaded until the process ends: its threads run
 * that long.
 *
 * Permissions: `--allow-ffi=<path>`, spelled exactly as given here.
 */
export function load(path: string): Native {
  const { symbols: library } = Deno.dlopen(path, symbols);
  const open = new Set<number>();
  let waiting = 0;
  // The process may go on without this isolate, as it does under --watch.
  addEventListener("unload", () => {
    for (const client of open) library.msb_client_close(client);
  });
  return {
    abiVersion: library.msb_abi_version,
    clientOpen: (config, configLength, outClient) => {
      const code = library.msb_client_open(config, configLength, outClient);
      if (code === status.ok) open.add(outClient[0]!);
      return code;
    },
    clientClose: (client) => {
      open.delete(client);
      return library.msb_client_close(client);
    },
    submit: library.msb_submit,
    cancel: library.msb_cancel,
    receive: library.msb_receive,
    release: library.msb_release,
    waiter: (client) => async () => {
      if (waiting === threads) return await pause();
      waiting++;
      try {
        await library.msb_wait(client, waitMs);
      } finally {
        waiting--;
      }
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, paceMs));
}
