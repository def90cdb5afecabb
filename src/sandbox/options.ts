/**
 * What the methods of sandboxes take, and what {@link Sandbox.config} and
 * {@link Sandbox.forkMany} give.
 *
 * @module
 */

import type {
  CompactOptions,
  CreateOptions,
  CreateProgress,
  DestroyOptions,
  ForkManyOptions,
  ForkOptions,
  KillOptions,
  ListOptions,
  ModifyOptions,
  PauseOptions,
  RestartOptions,
  StopOptions,
} from "../../ffi/protocol/protocol.gen.ts";
import type { Cancellable } from "../cancellable.ts";
import type { Patch } from "./rootfs.ts";

/** What a new sandbox is made from. */
export interface CreateSandboxOptions extends Omit<CreateOptions, "patches">, Cancellable {
  /**
   * Changes to the root file system before the first boot, in this order. They
   * need an OCI image with a managed or flat root disk, or a directory, which
   * they change for good. Default: none.
   */
  patches?: Patch[];
  /**
   * Is told how far the create is: first how far the image is, then how far
   * the boot is. An error that it throws is uncaught, as any callback's.
   */
  onProgress?: (progress: CreateProgress) => void;
}

/** How to start a sandbox. */
export interface StartSandboxOptions extends Cancellable {
  /** Whether the sandbox outlives this program. Default: `false`. */
  detached?: boolean;
}

/** Which sandboxes to list. */
export interface ListSandboxesOptions extends Pick<ListOptions, "labels">, Cancellable {
  /** How many are looked up at once, from 1 to 100. Default: 100. */
  pageSize?: number;
}

/** How to stop a sandbox. */
export interface StopSandboxOptions extends StopOptions, Cancellable {}

/** How to kill a sandbox. */
export interface KillSandboxOptions extends KillOptions, Cancellable {}

/** How to restart a sandbox. */
export interface RestartSandboxOptions extends RestartOptions, Cancellable {}

/** How to stop and remove a sandbox. */
export interface DestroySandboxOptions extends DestroyOptions, Cancellable {}

/** What to change about a sandbox, and when. */
export interface ModifySandboxOptions extends ModifyOptions, Cancellable {}

/** How to pause a sandbox. */
export interface PauseSandboxOptions extends PauseOptions, Cancellable {}

/** How to fork a sandbox. */
export interface ForkSandboxOptions extends ForkOptions, Cancellable {
  /** Whether the fork outlives its object. Default: `false`. */
  detached?: boolean;
  /**
   * Is told how far the fork is. An error that it throws is uncaught, as any
   * callback's.
   */
  onProgress?: (progress: CreateProgress) => void;
}

/** How to fork a sandbox several times. */
export interface ForkManySandboxOptions extends ForkManyOptions, Cancellable {
  /** Whether the forks outlive their objects. Default: `false`. */
  detached?: boolean;
}

/** Which disk layers to merge. */
export interface CompactSandboxOptions extends CompactOptions, Cancellable {}

/** What a sandbox was made from. */
export interface SandboxConfig extends Omit<CreateOptions, "patches"> {
  /** Changes to the root file system before the first boot. */
  patches?: Patch[];
}
