// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/**
 * What a memory file is for.
 *
 * - `branch`: Sandboxes that were forked.
 * - `snapshot`: A snapshot, from which it can be unpacked again.
 */
export type MemoryKind = "branch" | "snapshot";

/**
 * What became of a memory file.
 *
 * - `reclaimable`: It could be removed.
 * - `in-use`: Somebody uses it.
 * - `pending-handoff`: A fork is about to use it.
 * - `too-young`: It is not old enough.
 * - `missing-handoff-lock`: It is not known whether somebody uses it.
 * - `changed`: Somebody else changed or removed it meanwhile.
 * - `removed`: It was removed.
 * - `error`: Something went wrong.
 */
export type MemoryState =
  | "reclaimable"
  | "in-use"
  | "pending-handoff"
  | "too-young"
  | "missing-handoff-lock"
  | "changed"
  | "removed"
  | "error";

/**
 * Which memory files to remove. Snapshots, volumes, images and the disks of
 * sandboxes are never removed by this.
 */
export interface PruneStorageRequest {
  /** Whether it is only looked at what would be removed. Default: `false`. */
  dryRun?: boolean | undefined;
  /** How old a file has to be, in milliseconds. Default: 0. */
  olderThanMs?: number | undefined;
  /**
   * Whether only memory of forks is removed, and what was unpacked from
   * snapshots is kept. Default: `false`.
   */
  branchesOnly?: boolean | undefined;
}

/** A memory file. */
export interface PrunedMemoryFile {
  /** Where it is or was. */
  path: string;
  /** What it is for. */
  kind: MemoryKind;
  /** What became of it, or why it was kept. */
  state: MemoryState;
  /** Its length. */
  logicalBytes?: number;
  /** What the file system has set aside for it. */
  allocatedBytes?: number;
  /** What went wrong with it. */
  error?: string;
}

/** What one kind of things takes. What is absent is not known. */
export interface StorageCategory {
  /** How many there are. */
  count?: number;
  /** How many of them are in use. */
  inUse?: number;
  /** The sum of the lengths of their files. */
  logicalBytes?: number;
  /** The sum of what the file system has set aside for them. */
  allocatedBytes?: number;
  /** The lengths of the files that could be removed. */
  reclaimableBytes?: number;
  /** Each of them. */
  items: StorageItem[];
  /** What the numbers do not tell. */
  notes: string[];
}

/** What one thing takes. What is absent is not known. */
export interface StorageItem {
  /** Its name. */
  name: string;
  /** Where it is. */
  path: string;
  /** The sum of the lengths of its files. */
  logicalBytes?: number;
  /** What the file system has set aside for it. */
  allocatedBytes?: number;
  /** Whether it is in use. */
  inUse?: boolean;
  /** Whether it could be removed. */
  reclaimable?: boolean;
  /** Why it is kept, or why it is not known how much it takes. */
  reasons: string[];
}

/** What was removed. */
export interface StoragePruneReport {
  /** Whether it was only looked at what would be removed. */
  dryRun: boolean;
  /** How many files were removed. */
  filesRemoved: number;
  /** The sum of their lengths. */
  logicalBytesRemoved: number;
  /** Each file that was looked at. */
  files: PrunedMemoryFile[];
}

/**
 * What is stored on this machine. It was looked up piece by piece, while
 * others may have changed it.
 */
export interface StorageUsage {
  /** Images, and the layers that they share. */
  images: StorageCategory;
  /** Snapshots. */
  snapshots: StorageCategory;
  /** Sandboxes, also those that are stopped. */
  sandboxes: StorageCategory;
  /** Volumes. */
  volumes: StorageCategory;
  /** Memory of sandboxes that others were forked from. */
  branchMemory: StorageCategory;
  /** Memory unpacked from snapshots, which can be unpacked again. */
  snapshotMemory: StorageCategory;
  /** What the numbers do not tell. */
  notes: string[];
}
