/**
 * The library through `Deno.dlopen`.
 *
 * @module
 */

import type { Native } from "./native.ts";

/** `MSB_WAIT_FOREVER` */
const waitForever = 0xffff_ffff;

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
  // Each pending call holds one of the 32 threads that Deno also uses for its
  // own file system calls, so each client has one at most.
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
  return {
    abiVersion: library.msb_abi_version,
    clientOpen: library.msb_client_open,
    clientClose: library.msb_client_close,
    submit: library.msb_submit,
    cancel: library.msb_cancel,
    receive: library.msb_receive,
    release: library.msb_release,
    waiter: (client) => async () => {
      await library.msb_wait(client, waitForever);
    },
  };
}
