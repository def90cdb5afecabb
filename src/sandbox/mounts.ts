/**
 * What a sandbox mounts of this machine.
 *
 * @module
 */

import type { Mount } from "../../ffi/protocol/protocol.gen.ts";
import { requireRead, requireWrite } from "../host/permissions.ts";

/**
 * Makes sure that the program may use the paths of this machine that the
 * mounts name, in the way that the guest could.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireMounts(
  mounts: { [path in string]?: Mount } | undefined,
): void {
  for (const mount of Object.values(mounts ?? {})) {
    if (mount?.type !== "bind" && mount?.type !== "disk") continue;
    // What is no string is refused with the other options.
    if (typeof mount.source !== "string") continue;
    requireRead(mount.source);
    if (mount.readOnly !== true) requireWrite(mount.source);
  }
}
