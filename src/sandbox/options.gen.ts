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
  HostPort,
  ModificationPolicy,
  PortOption,
  SecretChange,
} from "../../ffi/protocol/protocol.gen.ts";

/**
 * Which sandboxes to list.
 *
 * @category Sandboxes
 */
export interface ListSandboxesOptions {
  /** How many are looked up at once, from 1 to 100. Default: 100. */
  pageSize?: number | undefined;
  /** Labels that a sandbox has to have. Default: none. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to stop a sandbox.
 *
 * @category Sandboxes
 */
export interface StopSandboxOptions {
  /**
   * Milliseconds to wait until it has stopped. Default: 10000 with `force`,
   * else without limit.
   */
  timeoutMs?: number | undefined;
  /**
   * Whether a sandbox that has not stopped by then is killed. Default:
   * `false`, which makes it an error and kills nothing.
   */
  force?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to kill a sandbox.
 *
 * @category Sandboxes
 */
export interface KillSandboxOptions {
  /** Milliseconds to wait until it is gone. Default: 5000. */
  timeoutMs?: number | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to restart a sandbox.
 *
 * @category Sandboxes
 */
export interface RestartSandboxOptions {
  /** Whether it is killed instead of stopped. Default: `false`. */
  force?: boolean | undefined;
  /** Milliseconds to wait until it has stopped. Default: 10000. */
  timeoutMs?: number | undefined;
  /** Whether the restarted sandbox outlives this program. Default: `false`. */
  detached?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to stop and remove a sandbox.
 *
 * @category Sandboxes
 */
export interface DestroySandboxOptions {
  /** Whether it is killed instead of stopped. Default: `false`. */
  force?: boolean | undefined;
  /** Milliseconds to wait until it has stopped. Default: 10000. */
  timeoutMs?: number | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * What to change about a sandbox, and when.
 *
 * @category Sandboxes
 */
export interface ModifySandboxOptions {
  /**
   * Virtual CPUs, from 1 to 255. While the sandbox runs, up to the number
   * that it was booted for.
   */
  cpus?: number | undefined;
  /** How many virtual CPUs a running sandbox can be given, from 1 to 255. */
  maxCpus?: number | undefined;
  /**
   * Memory in MiB. While the sandbox runs, between what it was booted with
   * and what it was booted for.
   */
  memoryMiB?: number | undefined;
  /** How much memory a running sandbox can be given, in MiB. */
  maxMemoryMiB?: number | undefined;
  /** Size of the root disk in MiB. It can only grow. */
  rootDiskMiB?: number | undefined;
  /** Environment variables to set; `null` removes one. */
  env?: { readonly [key: string]: string | null | undefined } | undefined;
  /** Labels to set; `null` removes one. */
  labels?: { readonly [key: string]: string | null | undefined } | undefined;
  /** Working directory of commands. */
  workdir?: string | undefined;
  /**
   * Ports to publish besides those that are. One of this machine that is
   * published already gets the new guest port.
   */
  ports?: readonly PortOption[] | undefined;
  /** Published ports to take back. */
  unpublishPorts?: readonly HostPort[] | undefined;
  /**
   * Secrets by the environment variable that stands for them in the guest;
   * `null` removes one. A new one needs a value and a host.
   */
  secrets?: { readonly [key: string]: SecretChange | null | undefined } | undefined;
  /** When the changes are to take effect. Default: `no-restart`. */
  policy?: ModificationPolicy | undefined;
  /** Whether to plan and change nothing. Default: `false`. */
  dryRun?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to pause a sandbox.
 *
 * @category Sandboxes
 */
export interface PauseSandboxOptions {
  /** Whether the guest writes its disks back first. Default: `"auto"`. */
  guestFlush?: GuestFlush | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to fork a sandbox.
 *
 * @category Sandboxes
 */
export interface ForkSandboxOptions {
  /** The fork's name. Default: a random one. */
  name?: string | undefined;
  /**
   * Whether the guest writes its disks back first. Default: `"auto"`, which
   * does not: the fork has the memory too.
   */
  guestFlush?: GuestFlush | undefined;
  /** Whether the captured disks get checksums. Default: `false`. */
  recordIntegrity?: boolean | undefined;
  /** The guest user of the fork's commands. Default: the original's. */
  user?: string | undefined;
  /** What the fork uses of this machine. Default: nothing. */
  bindings?: Bindings | undefined;
  /** Whether the fork outlives its object. Default: `false`. */
  detached?: boolean | undefined;
  /** Called with how far the fork is. An error that it throws is uncaught, as any callback's. */
  onProgress?: ((progress: CreateProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to fork a sandbox several times.
 *
 * @category Sandboxes
 */
export interface ForkManySandboxOptions {
  /**
   * Whether the guest writes its disks back first. Default: `"auto"`, which
   * does not: the forks have the memory too.
   */
  guestFlush?: GuestFlush | undefined;
  /** Whether the captured disks get checksums. Default: `false`. */
  recordIntegrity?: boolean | undefined;
  /** The guest user of the forks' commands. Default: the original's. */
  user?: string | undefined;
  /** Whether the forks outlive their objects. Default: `false`. */
  detached?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Which disk layers to merge.
 *
 * @category Sandboxes
 */
export interface CompactSandboxOptions {
  /**
   * How many of the oldest layers of each disk to merge, at least 2.
   * Default: all that are finished.
   */
  layers?: number | undefined;
  /**
   * The guest path of the only disk to compact; `/` is the root disk.
   * Default: the root disk and every disk of the sandbox's own.
   */
  disk?: string | undefined;
  /** Whether to plan and change nothing. Default: `false`. */
  dryRun?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How often to sample what a sandbox uses.
 *
 * @category Sandboxes
 */
export interface MetricsStreamOptions {
  /**
   * Milliseconds from one sample to the next. Default: 1000, which is how
   * often a sandbox takes one unless it was told otherwise.
   */
  intervalMs?: number | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}
