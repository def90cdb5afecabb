/**
 * What the classes of this module tell each other and nobody else: how to make
 * objects whose constructors are not for users, and how to name a sandbox to
 * the library.
 *
 * @module
 */

import type { Client, Reply } from "../ffi/client.ts";
import type {
  LiveSandbox,
  NamedSandbox,
  SandboxInfo,
} from "../ffi/protocol.gen.ts";
import type { Sandbox } from "./sandbox.ts";
import type { SandboxHandle } from "./sandbox_handle.ts";

/** How the library finds a sandbox: by a handle, or by its name. */
export interface Address {
  /** The client to call. */
  client: Client;
  /** The handle of a connected sandbox, or 0. */
  handle: number;
  /** The part of a request that names a sandbox; empty for a connected one. */
  on: { sandbox?: NamedSandbox };
}

/** The method that gives a sandbox's address. */
export const address: unique symbol = Symbol("address");

/** The constructors that are not for users, provided by their classes. */
export interface Makers {
  /** Makes the object for a sandbox that the library has connected to. */
  sandbox(client: Client, reply: Reply<LiveSandbox>): Sandbox;
  /** Makes the object for a sandbox that was looked up. */
  handle(client: Client, info: SandboxInfo): SandboxHandle;
}

/** The constructors that are not for users. */
export const make: Makers = {} as Makers;
