/**
 * Root file systems: what is changed in them before the first boot, and the
 * permissions for what they need of this machine.
 *
 * @module
 */

import type { CreateOptions, PatchSpec } from "../../ffi/protocol/protocol.gen.ts";
import { concatenated, encoded } from "../files/bytes.ts";
import { requireRead, requireWrite } from "../host/permissions.ts";
import type { Patch } from "./create_options.gen.ts";

/** The patches as the library takes them, and what they write. */
export function encodePatches(
  patches: readonly Patch[],
): { patches: PatchSpec[]; bytes: Uint8Array } {
  const contents: Uint8Array[] = [];
  const specs = patches.map((patch, index): PatchSpec => {
    if (patch.kind === "copy") requireRead(patch.from);
    if (patch.kind !== "write") return patch;
    const { content, ...rest } = patch;
    const bytes = encoded(content, `patches[${index}].content`);
    contents.push(bytes);
    return { ...rest, length: bytes.length };
  });
  return { patches: specs, bytes: concatenated(contents) };
}

/** The patches as they were given, of what the library returns. */
export function decodePatches(
  specs: readonly PatchSpec[],
  bytes: Uint8Array<ArrayBuffer>,
): Patch[] {
  let start = 0;
  return specs.map((spec): Patch => {
    if (spec.kind !== "write") return spec;
    const { length, ...rest } = spec;
    return { ...rest, content: textOrBytes(bytes.subarray(start, start += length)) };
  });
}

/** Makes sure that the program may use what a root file system is made from. */
export function requireRootfs(
  { image, rootDisk }: Pick<CreateOptions, "image" | "rootDisk">,
): void {
  // Whatever is of another type is refused by the library.
  if (typeof image === "string") {
    if (isPath(image)) requireBoth(image);
  } else if (typeof image?.path === "string") {
    requireBoth(image.path);
  }
  if (rootDisk?.kind === "disk") requireBoth(rootDisk.path);
}

/** The guest works on the path itself. */
function requireBoth(path: string): void {
  requireRead(path);
  requireWrite(path);
}

/** The core's rule for what is a path and no reference. */
function isPath(image: string): boolean {
  return /^(\.?\.?[\\/]|\.\.?$|[A-Za-z]:[\\/])/.test(image);
}

function textOrBytes(bytes: Uint8Array<ArrayBuffer>): string | Uint8Array<ArrayBuffer> {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}
