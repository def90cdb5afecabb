/**
 * Root file systems: what is changed in them before the first boot, and the
 * permissions for what they need of this machine.
 *
 * @module
 */

import type { CreateOptions, PatchSpec } from "../../ffi/protocol/protocol.gen.ts";
import { concatenated, encoded } from "../files/bytes.ts";
import { requireRead, requireWrite } from "../host/permissions.ts";

/** Writes a file before the first boot. */
export interface WritePatch {
  /** What kind of patch this is. */
  kind: "write";
  /** The file. */
  path: string;
  /** What is written: text, in UTF-8, or bytes. */
  content: string | Uint8Array;
  /** The file's mode. Default: 0o644. */
  mode?: number;
  /**
   * Whether something that is there is replaced. Default: `false`, which makes
   * it an error.
   */
  replace?: boolean;
}

/**
 * One change to the root file system before the first boot. All paths in the
 * guest are absolute, and folders that are missing on the way are made.
 *
 * - `write` writes a file.
 * - `copy` copies `from`, a file or a directory of this machine, to `path`.
 *   Needs `--allow-read` for it.
 * - `append` appends text to a file that is there. In an OCI image the file
 *   then belongs to root, with mode 0o644.
 * - `mkdir` makes a directory, unless it is there.
 * - `symlink` makes a symbolic link to `target`.
 * - `remove` removes a file or a directory, if it is there.
 *
 * The core keeps the content of patches with the sandbox's entry, so they are
 * for configuration; copy large files with a volume or through the guest.
 *
 * @example
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({
 *   image: "alpine:3.22",
 *   patches: [
 *     { kind: "write", path: "/etc/motd", content: "hello\n", replace: true },
 *     { kind: "symlink", path: "/data", target: "/var/data" },
 *   ],
 * });
 * ```
 */
export type Patch = WritePatch | Exclude<PatchSpec, { kind: "write" }>;

/** The patches as the library takes them, and what they write. */
export function encodePatches(
  patches: Patch[],
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
export function decodePatches(specs: PatchSpec[], bytes: Uint8Array): Patch[] {
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

function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}
