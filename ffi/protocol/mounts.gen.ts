// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { DiskFormat } from "./rootfs.gen.ts";
import type { VolumeKind } from "./volume.gen.ts";

/** A file or directory of this machine. */
export interface BindMount {
  /**
   * Its path. One that is not absolute starts in the program's working
   * directory.
   *
   * Permissions: read access to it, and write access unless the mount
   * is `readOnly`.
   */
  source: string;
  /** How many MiB the guest may add. Default: a limit of the runtime. */
  quotaMiB?: number | undefined;
  /**
   * Whether links in the path are followed. Default: `false`, which
   * makes them an error.
   */
  followRootSymlinks?: boolean | undefined;
  /**
   * Whether owners, permission bits and special files that the
   * guest sets are kept beside the files instead of in them.
   * Default: `"strict"`.
   */
  statVirtualization?: StatVirtualizationPolicy | undefined;
  /**
   * Whether permission bits that the guest sets reach the files
   * of this machine. Default: `"private"`.
   */
  hostPermissions?: HostPermissionsPolicy | undefined;
  /**
   * Who the guest sees as the owner of what was made outside.
   * Default: decided by the runtime.
   */
  owner?: MountOwner | undefined;
  /** Whether the guest cannot write to it. Default: `false`. */
  readOnly?: boolean | undefined;
  /**
   * Whether programs on it cannot be run directly. Default:
   * `false`.
   */
  noExec?: boolean | undefined;
  /**
   * Whether programs on it get no other user's rights. Default:
   * `false`.
   */
  noSuid?: boolean | undefined;
  /** Whether device files on it do nothing. Default: `false`. */
  noDev?: boolean | undefined;
}

/** A disk image of this machine. */
export interface DiskMount {
  /**
   * Its path. One that is not absolute starts in the program's working
   * directory.
   *
   * Permissions: read access to it, and write access unless the mount
   * is `readOnly`.
   */
  source: string;
  /** Its format. Default: what its name ends with, else `"raw"`. */
  format?: DiskFormat | undefined;
  /** Its file system, such as `ext4`. Default: the guest finds out. */
  fsType?: string | undefined;
  /** Whether the guest cannot write to it. Default: `false`. */
  readOnly?: boolean | undefined;
  /**
   * Whether programs on it cannot be run directly. Default:
   * `false`.
   */
  noExec?: boolean | undefined;
  /**
   * Whether programs on it get no other user's rights. Default:
   * `false`.
   */
  noSuid?: boolean | undefined;
  /** Whether device files on it do nothing. Default: `false`. */
  noDev?: boolean | undefined;
}

/**
 * What becomes of permission bits that the guest sets.
 *
 * - `private`: Only the guest sees them.
 * - `mirror`: The files of this machine get them too.
 */
export type HostPermissionsPolicy = "private" | "mirror";

/** Something to mount in the guest. */
export type Mount =
  | { type: "volume" } & VolumeMount
  | { type: "bind" } & BindMount
  | { type: "tmpfs" } & TmpfsMount
  | { type: "disk" } & DiskMount
  | { type: "owned" } & OwnedMount;

/** A user and a group of the guest. */
export interface MountOwner {
  /** The user's number. */
  uid: number;
  /** The group's number. */
  gid: number;
}

/** Storage of the sandbox's own, which is removed with it. */
export interface OwnedMount {
  /** What it is made of. Default: `"directory"`. */
  kind?: VolumeKind | undefined;
  /**
   * The size in MiB of a disk, at least 68. Default: none, so a disk
   * needs it; nothing else has one.
   */
  sizeMiB?: number | undefined;
  /**
   * How many MiB the guest may write to a directory. Default: without
   * limit.
   */
  quotaMiB?: number | undefined;
  /**
   * Whether owners, permission bits and special files that the
   * guest sets are kept beside the files instead of in them.
   * Default: `"strict"`.
   */
  statVirtualization?: StatVirtualizationPolicy | undefined;
  /**
   * Whether permission bits that the guest sets reach the files
   * of this machine. Default: `"private"`.
   */
  hostPermissions?: HostPermissionsPolicy | undefined;
  /**
   * Who the guest sees as the owner of what was made outside.
   * Default: decided by the runtime.
   */
  owner?: MountOwner | undefined;
  /** Whether the guest cannot write to it. Default: `false`. */
  readOnly?: boolean | undefined;
  /**
   * Whether programs on it cannot be run directly. Default:
   * `false`.
   */
  noExec?: boolean | undefined;
  /**
   * Whether programs on it get no other user's rights. Default:
   * `false`.
   */
  noSuid?: boolean | undefined;
  /** Whether device files on it do nothing. Default: `false`. */
  noDev?: boolean | undefined;
}

/**
 * How what the guest sets on files relates to what they have here.
 *
 * - `strict`: It is kept in extended attributes; a file system without them is an error.
 * - `relaxed`: It is kept in extended attributes where the file system has them.
 * - `off`: The files have what the guest sees.
 */
export type StatVirtualizationPolicy = "strict" | "relaxed" | "off";

/** Memory, which is gone when the sandbox stops. */
export interface TmpfsMount {
  /**
   * How many MiB it holds; they count as the sandbox's memory. Default:
   * decided by the guest.
   */
  sizeMiB?: number | undefined;
  /** Whether the guest cannot write to it. Default: `false`. */
  readOnly?: boolean | undefined;
  /**
   * Whether programs on it cannot be run directly. Default:
   * `false`.
   */
  noExec?: boolean | undefined;
  /**
   * Whether programs on it get no other user's rights. Default:
   * `false`.
   */
  noSuid?: boolean | undefined;
  /** Whether device files on it do nothing. Default: `false`. */
  noDev?: boolean | undefined;
}

/**
 * When a volume is created.
 *
 * - `never`: It has to exist.
 * - `if-missing`: If it is missing. One that exists has to be of the same kind.
 * - `always`: One that exists is an error.
 */
export type VolumeCreation = "never" | "if-missing" | "always";

/** A volume, which outlives the sandbox and can be shared. */
export interface VolumeMount {
  /** The volume's name. */
  name: string;
  /**
   * Whether the volume is created. Default: `"never"`, so that it has
   * to exist.
   */
  create?: VolumeCreation | undefined;
  /** What a volume that is created is made of. Default: `"directory"`. */
  kind?: VolumeKind | undefined;
  /**
   * The size in MiB of a disk that is created, at least 68. Default:
   * none, so a disk needs it.
   */
  sizeMiB?: number | undefined;
  /**
   * How many MiB guests may write to a directory that is created.
   * Default: without limit.
   */
  quotaMiB?: number | undefined;
  /** The labels of a volume that is created. Default: none. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
  /**
   * Whether links in the path of the volume's directory are followed.
   * Default: `false`.
   */
  followRootSymlinks?: boolean | undefined;
  /**
   * Whether owners, permission bits and special files that the
   * guest sets are kept beside the files instead of in them.
   * Default: `"strict"`.
   */
  statVirtualization?: StatVirtualizationPolicy | undefined;
  /**
   * Whether permission bits that the guest sets reach the files
   * of this machine. Default: `"private"`.
   */
  hostPermissions?: HostPermissionsPolicy | undefined;
  /**
   * Who the guest sees as the owner of what was made outside.
   * Default: decided by the runtime.
   */
  owner?: MountOwner | undefined;
  /** Whether the guest cannot write to it. Default: `false`. */
  readOnly?: boolean | undefined;
  /**
   * Whether programs on it cannot be run directly. Default:
   * `false`.
   */
  noExec?: boolean | undefined;
  /**
   * Whether programs on it get no other user's rights. Default:
   * `false`.
   */
  noSuid?: boolean | undefined;
  /** Whether device files on it do nothing. Default: `false`. */
  noDev?: boolean | undefined;
}
