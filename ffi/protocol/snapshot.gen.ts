// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { SecurityProfile } from "./create.gen.ts";
import type { DiskFormat } from "./rootfs.gen.ts";
import type { Bindings, GuestFlush } from "./sandbox.gen.ts";

/** An archive that was written. */
export interface ArchiveInfo {
  /** The identity of the snapshot in it. */
  id: string;
  /** Its length in bytes. */
  sizeBytes: number;
}

/** How to write a snapshot to a file. */
export interface ArchiveOptions {
  /** Whether a file that is there already is replaced. Default: `false`. */
  overwrite?: boolean | undefined;
  /** Whether the file is compressed. Default: `true`. */
  compress?: boolean | undefined;
}

/** How to copy a snapshot to a file with other labels. */
export interface CopyOptions {
  /** Whether a file that is there already is replaced. Default: `false`. */
  overwrite?: boolean | undefined;
  /** The copy's labels. Default: none. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
  /** Whether checksums are recorded in the copy. Default: `false`. */
  recordIntegrity?: boolean | undefined;
}

/** Which file to capture into, and what. */
export interface CreateArchiveRequest {
  /** The file to write, on this machine. */
  path: string;
  /** How to write it. */
  archive: ArchiveOptions;
  /** What to capture. It has neither `group` nor `directory`. */
  options: SnapshotOptions;
}

/** How much room something takes on this machine. */
export interface DiskUsage {
  /** The length of its files in bytes. Absent if they could not all be read. */
  logicalBytes?: number;
  /** The bytes that its files have on disk. Absent where that is not known. */
  allocatedBytes?: number;
}

/** A group's head, the snapshot that the group's name alone stands for. */
export interface GroupHead {
  /** The group. */
  group: string;
  /** The identity of its head. */
  head: string;
  /** The identity of its head before. */
  previous?: string;
  /** Whether the head is another one now. */
  changed: boolean;
  /** Why it is, or is not. */
  reason: GroupHeadReason;
}

/**
 * Why a group has the head that it has.
 *
 * - `initialized`: The group was empty.
 * - `fast-forwarded`: The new one descends from the old one.
 * - `selected`: It was chosen.
 * - `unchanged`: It was the head already.
 * - `diverged`: The new one does not descend from the old one, which stays.
 * - `unknown-ancestry`: It cannot be told whether the new one descends from the old one, which
 *   stays.
 * - `ambiguous-candidates`: Several came at once and none descends from all others.
 */
export type GroupHeadReason =
  | "initialized"
  | "fast-forwarded"
  | "selected"
  | "unchanged"
  | "diverged"
  | "unknown-ancestry"
  | "ambiguous-candidates";

/** How to load snapshots from files. */
export interface LoadOptions {
  /** The group that the snapshots join. Default: a new one. */
  group?: string | undefined;
  /**
   * The directory of this machine that holds the group. Default: the home
   * directory's own.
   */
  directory?: string | undefined;
  /** The snapshot or archive with the data that was left out of the files. */
  base?: string | undefined;
  /**
   * Whether the last one becomes the group's head in any case. Default:
   * `false`, only if it descends from the head.
   */
  setHead?: boolean | undefined;
}

/** Which files to load snapshots from. */
export interface LoadRequest {
  /** The files, on this machine. */
  paths: readonly string[];
  /** How to load them. */
  options: LoadOptions;
}

/** Which snapshot to remove. */
export interface RemoveSnapshotOptions {
  /** The snapshot. */
  snapshot: SnapshotTarget;
  /**
   * Whether it is removed although other snapshots build on it. Default:
   * `false`.
   */
  force?: boolean | undefined;
}

/** How to make a sandbox from a snapshot. */
export interface RestoreOptions {
  /** The sandbox's name. Default: a random one. */
  name?: string | undefined;
  /**
   * Virtual CPUs, from 1 to 255. Default: as captured. A resumed sandbox
   * cannot have others.
   */
  cpus?: number | undefined;
  /**
   * Memory in MiB. Default: as captured. A resumed sandbox cannot have
   * more or less.
   */
  memoryMiB?: number | undefined;
  /** The guest user that commands run as. Default: as captured. */
  user?: string | undefined;
  /**
   * How much commands may do. Default: as captured. A resumed sandbox
   * cannot have another.
   */
  security?: SecurityProfile | undefined;
  /**
   * How long the sandbox may live, in milliseconds, rounded up to whole
   * seconds. Default: without limit.
   */
  maxDurationMs?: number | undefined;
  /**
   * After how long without activity the sandbox stops, in milliseconds,
   * rounded up to whole seconds. Default: never.
   */
  idleTimeoutMs?: number | undefined;
  /**
   * Whether the guest's clock is set to this machine's. Default: as
   * captured.
   */
  syncClock?: boolean | undefined;
  /**
   * Whether a resumable snapshot is booted from its disk instead of resumed.
   * Default: `false`.
   */
  diskOnly?: boolean | undefined;
  /**
   * Whether a resumed sandbox shares the captured memory with others until
   * it writes to it. Default: `false`.
   */
  shareMemory?: boolean | undefined;
  /**
   * The snapshot or archive that an archive leaves out data of. Default:
   * the archive is complete.
   */
  base?: string | undefined;
  /**
   * Whether the sandbox runs without the mounts that it had and that
   * `bindings` does not name. Default: `false`.
   */
  allowMissing?: boolean | undefined;
  /** What the sandbox uses of this machine. Default: nothing. */
  bindings?: Bindings | undefined;
}

/** What to make a sandbox from. */
export interface RestoreRequest {
  /** The snapshot, or an archive of one. */
  snapshot: SnapshotTarget;
  /** How to make it. */
  options: RestoreOptions;
}

/** A mount that a restored sandbox does without. */
export interface RestoreWarning {
  /** Where the guest has it. */
  guestPath: string;
  /** What is wrong with it. */
  reason: string;
}

/** How to save a snapshot to a file. */
export interface SaveOptions {
  /** Whether a file that is there already is replaced. Default: `false`. */
  overwrite?: boolean | undefined;
  /** Whether the file is compressed. Default: `true`. */
  compress?: boolean | undefined;
  /**
   * Whether the snapshots that it descends from are saved too. Default:
   * `false`.
   */
  withParents?: boolean | undefined;
  /**
   * Whether its image is saved too, so that it boots where the image cannot
   * be pulled. Default: `false`.
   */
  withImage?: boolean | undefined;
  /**
   * The snapshot or archive whose data is left out. Whoever loads the file
   * needs it. Default: nothing is left out.
   */
  since?: string | undefined;
  /**
   * How many of the newest disk layers to save, leaving out the others.
   * Default: all.
   */
  lastLayers?: number | undefined;
}

/** What a snapshot says about itself. */
export interface SnapshotDetails {
  /** Its labels. */
  labels: { [key: string]: string };
  /** Its whole description, in the core's own format. */
  manifest: Record<string, unknown>;
}

/** Where to look for snapshots. */
export interface SnapshotDirectory {
  /** A directory of this machine. Default: the home directory's own. */
  directory?: string | undefined;
}

/** What is known about a snapshot. */
export interface SnapshotInfo {
  /** Its identity, which stays the same wherever it is copied to. */
  id: string;
  /** The digest of its description. */
  digest: string;
  /** What finds this very copy again: its path, or in the cloud its id. */
  reference: string;
  /** Its name within its group. */
  name?: string;
  /** Its group. */
  group?: string;
  /** The identity of the snapshot that its sandbox was at before. */
  parentId?: string;
  /** Whether memory and processes are captured too. */
  resumable: boolean;
  /** The image that its sandbox was made from. */
  image: string;
  /** The disk format. */
  format?: DiskFormat;
  /** The size of the root disk in bytes, as far as it is known. */
  sizeBytes?: number;
  /** Whether its data is there, as the core calls it: `ready` if so. */
  availability: string;
  /** When it was made, in ISO 8601. */
  createdAt: string;
  /** What became of its group's head, when it was just made or loaded. */
  headUpdate?: GroupHead;
}

/** How to make a snapshot of a sandbox. */
export interface SnapshotOptions {
  /** The snapshot's name within its group. Default: a random one. */
  name?: string | undefined;
  /**
   * The group that the snapshot joins. Default: one that is called like the
   * sandbox.
   */
  group?: string | undefined;
  /**
   * The directory of this machine that holds the group. Default: the home
   * directory's own.
   */
  directory?: string | undefined;
  /** Labels, which stay outside of what is verified. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
  /**
   * Whether memory and processes are captured too, so that a sandbox can
   * go on from there. The sandbox has to run. Default: `false`, disks only.
   */
  resumable?: boolean | undefined;
  /** Whether the guest writes its disks back first. Default: `"auto"`. */
  guestFlush?: GuestFlush | undefined;
  /** Whether checksums are recorded, for `verify`. Default: `false`. */
  recordIntegrity?: boolean | undefined;
}

/** A group of snapshots, or one of its members. */
export interface SnapshotSelector {
  /** `group` to read its head, or `group:name` to make that one its head. */
  selector: string;
}

/** Which snapshot. */
export interface SnapshotTarget {
  /**
   * A name such as `group:name`, a group for its newest one, an identity,
   * or a path.
   */
  reference: string;
  /** The digest that the snapshot has to have. Default: any. */
  digest?: string | undefined;
}

/** Which snapshot to write to a file, and how. */
export interface ToFile<Options> {
  /** The snapshot. */
  snapshot: SnapshotTarget;
  /** The file to write, on this machine. */
  path: string;
  /** How to write it. */
  options: Options;
}

/** What came of verifying a snapshot. */
export interface VerifyResult {
  /**
   * Whether checksums were recorded and match. `false` means that none were
   * recorded; data that does not match is an error.
   */
  verified: boolean;
  /** The kind of checksum. */
  algorithm?: string;
  /** The checksum. */
  checksum?: string;
  /**
   * The digest of the captured memory and devices, which are always
   * verified.
   */
  checkpoint?: string;
}
