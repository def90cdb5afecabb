/**
 * How objects name a sandbox to the library.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type { NamedSandbox } from "../../ffi/protocol/protocol.gen.ts";

/** How the library finds a sandbox: by a handle, or by its name. */
export interface Address {
  /** The client to call. */
  client: Client;
  /** The handle of a connected sandbox, or 0. */
  handle: number;
  /** The part of a request that names a sandbox; empty for a connected one. */
  on: { sandbox?: NamedSandbox };
  /** A time before its boot, if this program has booted it. */
  bootedAfter?: Date | undefined;
}

/** The method that gives a sandbox's address. */
export const address: unique symbol = Symbol("address");
