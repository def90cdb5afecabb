// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run
// `deno task generate` instead.

/**
 * Options of calls, each with every key.
 *
 * @module
 */

import type {
  Bindings,
  CreateProgress,
  GuestFlush,
  SecurityProfile,
} from "../../ffi/protocol/protocol.gen.ts";
import type { ArchiveProgress, LoadProgress } from "./options.ts";

/**
 * How to make a sandbox from a snapshot.
 *
 * @category Snapshots
 */
export interface RestoreSandboxOptions {
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
  /** Whether the sandbox outlives its object. Default: `false`. */
  detached?: boolean | undefined;
  /**
   * Called with how far the restore is: with the image's progress, where that is not
   * here, then with the boot's. An error that it throws is uncaught, as any callback's.
   */
  onProgress?: ((progress: CreateProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to make a snapshot.
 *
 * @category Snapshots
 */
export interface CreateSnapshotOptions {
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
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to capture a sandbox straight into a file.
 *
 * @category Snapshots
 */
export interface CreateArchiveOptions {
  /** Whether a file that is there already is replaced. Default: `false`. */
  overwrite?: boolean | undefined;
  /** Whether the file is compressed. Default: `true`. */
  compress?: boolean | undefined;
  /** The snapshot's name within its group. Default: a random one. */
  name?: string | undefined;
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
  /**
   * Gets how much was written, four times a second at most, and once more when
   * the file is complete.
   */
  onProgress?: ((progress: ArchiveProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to save a snapshot to a file.
 *
 * @category Snapshots
 */
export interface SaveSnapshotOptions {
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
  /**
   * Gets how much was written, four times a second at most, and once more when
   * the file is complete.
   */
  onProgress?: ((progress: ArchiveProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to copy a snapshot to a file with other labels.
 *
 * @category Snapshots
 */
export interface CopySnapshotOptions {
  /** Whether a file that is there already is replaced. Default: `false`. */
  overwrite?: boolean | undefined;
  /** The copy's labels. Default: none. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
  /** Whether checksums are recorded in the copy. Default: `false`. */
  recordIntegrity?: boolean | undefined;
  /**
   * Gets how much was written, four times a second at most, and once more when
   * the file is complete.
   */
  onProgress?: ((progress: ArchiveProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to load snapshots from files.
 *
 * @category Snapshots
 */
export interface LoadSnapshotsOptions {
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
  /**
   * Called with how far the files have been read: now and then on Linux, and at
   * the end everywhere.
   */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}
