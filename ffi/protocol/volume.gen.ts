// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { BackendKind } from "./sandbox.gen.ts";

/** Which volumes to list. */
export interface ListVolumesRequest {
  /** Labels that a volume has to have. Default: none. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
}

/** Names a volume. */
export interface NamedVolume {
  /** The volume's name. */
  name: string;
}

/** What is known about a volume. */
export interface VolumeInfo {
  /** The volume's name. */
  name: string;
  /** Where it is. */
  backend: BackendKind;
  /** What it is made of. */
  kind: VolumeKind;
  /** Its size in bytes, if it is a disk. */
  capacityBytes?: number;
  /** How many MiB guests may write to it. Absent without a limit. */
  quotaMiB?: number;
  /** The directory of this machine that it is in. */
  path?: string;
  /** Its labels. */
  labels: { [key: string]: string };
  /** When it was created, in ISO 8601. */
  createdAt?: string;
}

/**
 * What a volume is made of.
 *
 * - `directory`: A directory of this machine, which several sandboxes can use at a time.
 * - `disk`: A disk with an ext4 file system, for one sandbox at a time.
 */
export type VolumeKind = "directory" | "disk";

/** What a new volume is. */
export interface VolumeOptions {
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
}
