/**
 * The constructors that are not for users, which their classes provide: a
 * class that imported another one to construct it could not be its base.
 *
 * @module
 */

import type { Client, Reply } from "../../ffi/client.ts";
import type { LiveSandbox, SandboxInfo } from "../../ffi/protocol/protocol.gen.ts";
import { toError } from "../failure.ts";
import type { SandboxHandle } from "./handle.ts";
import type { Sandbox } from "./sandbox.ts";

/** What became of a sandbox before its object, as far as the library does not tell. */
export interface SandboxOrigin {
  /** A time before its boot, if this program has booted it. */
  bootedAfter?: Date | undefined;
  /**
   * Whether the library runs it detached although it is this program's: what a
   * program has made, its object disposes of. With a name that the library chose
   * it is also removed.
   */
  made?: "named" | "nameless" | undefined;
}

/** What a sandbox is that a program makes with these options. */
export function madeWith(
  detached: unknown,
  name: string | undefined,
): SandboxOrigin["made"] {
  if (detached !== undefined && typeof detached !== "boolean") {
    throw toError({
      code: "invalid-option",
      message: `Cannot use option detached: give true or false`,
      details: { path: "detached" },
    });
  }
  if (detached) return undefined;
  return name === undefined ? "nameless" : "named";
}

/** The constructors that are not for users, provided by their classes. */
export interface Makers {
  /** Makes the object for a sandbox that the library has connected to. */
  sandbox(client: Client, reply: Reply<LiveSandbox>, origin?: SandboxOrigin): Sandbox;
  /** Makes the object for a sandbox that was looked up. */
  handle(client: Client, info: SandboxInfo): SandboxHandle;
}

/** The constructors that are not for users. */
export const make: Makers = {} as Makers;
