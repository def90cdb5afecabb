// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run
// `deno task generate` instead.

/**
 * Options of calls, each with every key.
 *
 * @module
 */

import type { VolumeKind } from "../../ffi/protocol/protocol.gen.ts";

/**
 * How to open a file, in the shape of `Deno.OpenOptions`.
 *
 * @category Files
 */
export interface OpenOptions {
  /**
   * Whether it can be read. Default: `false`, and `true` when nothing at
   * all is asked for.
   */
  read?: boolean | undefined;
  /** Whether it can be written. Default: `false`. */
  write?: boolean | undefined;
  /** Whether everything written goes to the end. Default: `false`. */
  append?: boolean | undefined;
  /** Whether what it holds is thrown away; needs `write`. Default: `false`. */
  truncate?: boolean | undefined;
  /**
   * Whether it is created when it is missing; needs `write` or `append`.
   * Default: `false`.
   */
  create?: boolean | undefined;
  /**
   * Whether it has to be created, so that one that exists is an error.
   * Default: `false`.
   */
  createNew?: boolean | undefined;
  /**
   * The permission bits of a file that is created, less the umask.
   * Default: `0o666`.
   */
  mode?: number | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to write a file, in the shape of `Deno.WriteFileOptions`.
 *
 * @category Files
 */
export interface WriteFileOptions {
  /**
   * Whether what the file holds is kept and the new content goes behind it.
   * Default: `false`.
   */
  append?: boolean | undefined;
  /** Whether the file is created when it is missing. Default: `true`. */
  create?: boolean | undefined;
  /**
   * Whether the file has to be created, so that one that exists is an
   * error. Default: `false`.
   */
  createNew?: boolean | undefined;
  /**
   * The file's permission bits, also when it exists. Default: what it has,
   * or `0o666` less the umask.
   */
  mode?: number | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to make a directory, in the shape of `Deno.MkdirOptions`.
 *
 * @category Files
 */
export interface MkdirOptions {
  /**
   * Whether missing parents are made too, and a directory that exists is no
   * error. Default: `false`.
   */
  recursive?: boolean | undefined;
  /** The permission bits of the directory. Default: `0o777`, less the umask. */
  mode?: number | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to remove something, in the shape of `Deno.RemoveOptions`.
 *
 * @category Files
 */
export interface RemoveOptions {
  /** Whether a directory is removed with everything in it. Default: `false`. */
  recursive?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to make a volume.
 *
 * @category Volumes
 */
export interface CreateVolumeOptions {
  /**
   * The volume's name: letters, digits, dots, hyphens and underscores, the
   * first one a letter or digit.
   */
  name: string;
  /** What it is made of. Default: `"directory"`. */
  kind?: VolumeKind | undefined;
  /**
   * The size of a disk in MiB, at least 68, of which its file system takes
   * 66 for itself. It has to be given for a disk, and only for one.
   */
  sizeMiB?: number | undefined;
  /**
   * How many MiB guests may write to a directory. This machine does not
   * enforce it on what is written from outside. Default: without limit.
   */
  quotaMiB?: number | undefined;
  /** Labels to find the volume by. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}
