/**
 * Whether a file is the one that was released.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** What a released file is known by. */
export interface Identity {
  /** Its length in bytes. */
  size: number;
  /** The SHA-256 of its content, in hexadecimal. */
  sha256: string;
}

/**
 * Whether there is a file at `path` with exactly this content.
 *
 * Permissions: `--allow-read=<path>`.
 */
export async function isIntact(
  path: string,
  { size, sha256 }: Identity,
): Promise<boolean> {
  let file;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  try {
    if ((await file.stat()).size !== size) return false;
    const hash = createHash("sha256");
    const buffer = new Uint8Array(1024 * 1024);
    while (true) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest("hex") === sha256;
  } finally {
    await file.close();
  }
}
