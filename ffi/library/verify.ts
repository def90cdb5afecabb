/**
 * Whether a file is the one that was released.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { open, utimes } from "node:fs/promises";

/** What a released file is known by. */
export interface Identity {
  /** Its length in bytes. */
  size: number;
  /** The SHA-256 of its content, in hexadecimal. */
  sha256: string;
}

/** The time from which on files that were verified are dated: 2000. */
const firstMarkSeconds = 946_684_800;

/**
 * Whether there is a file at `path` with exactly this content.
 *
 * Reading all of it takes most of the time that a program needs to start, so a
 * file that was verified is marked, by a time that belongs to its content: what
 * is written to it afterwards changes that. A mark says no more than that nothing
 * was damaged: whoever may write the file can mark it too.
 *
 * Permissions: `--allow-read=<path>`.
 */
export async function isIntact(
  path: string,
  identity: Identity,
): Promise<boolean> {
  const { size, sha256 } = identity;
  let file;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  try {
    const found = await file.stat();
    if (found.size !== size) return false;
    if (found.mtimeMs === markOf(identity) * 1000) return true;
    const hash = createHash("sha256");
    const buffer = new Uint8Array(1024 * 1024);
    while (true) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    if (hash.digest("hex") !== sha256) return false;
  } finally {
    await file.close();
  }
  await mark(path, identity);
  return true;
}

/** Marks a file as verified, where this program may write it. */
async function mark(path: string, identity: Identity): Promise<void> {
  if (
    "Deno" in globalThis &&
    Deno.permissions.querySync({ name: "write", path }).state !== "granted"
  ) return;
  const time = markOf(identity);
  // Without its mark it is verified again, which only takes time.
  await utimes(path, time, time).catch(() => {});
}

/** The time that a file with this content is marked by, in seconds since 1970. */
function markOf({ sha256 }: Identity): number {
  return firstMarkSeconds + Number.parseInt(sha256.slice(0, 7), 16);
}
