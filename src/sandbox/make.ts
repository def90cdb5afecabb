/**
 * The constructors that are not for users, which their classes provide: a
 * class that imported another one to construct it could not be its base.
 *
 * @module
 */

import type { Client, Reply } from "../../ffi/client.ts";
import type { LiveSandbox, SandboxInfo } from "../../ffi/protocol/protocol.gen.ts";
import type { SandboxHandle } from "./handle.ts";
import type { Sandbox } from "./sandbox.ts";

/** The constructors that are not for users, provided by their classes. */
export interface Makers {
  /** Makes the object for a sandbox that the library has connected to. */
  sandbox(client: Client, reply: Reply<LiveSandbox>): Sandbox;
  /** Makes the object for a sandbox that was looked up. */
  handle(client: Client, info: SandboxInfo): SandboxHandle;
}

/** The constructors that are not for users. */
export const make: Makers = {} as Makers;
