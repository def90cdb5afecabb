/**
 * What the methods of sandboxes take, and what {@link Sandbox.config} and
 * {@link Sandbox.forkMany} give.
 *
 * @module
 */

import type { Cancellable } from "../cancellable.ts";
import type { CreateSandboxOptions } from "./create_options.gen.ts";

/**
 * How to start a sandbox.
 *
 * @category Sandboxes
 */
export interface StartSandboxOptions extends Cancellable {
  /** Whether the sandbox outlives this program. Default: `false`. */
  detached?: boolean | undefined;
}

/**
 * What a sandbox was made from.
 *
 * @category Sandboxes
 */
export interface SandboxConfig extends Omit<CreateSandboxOptions, "signal" | "onProgress"> {}

/** How far a file has come. */
export interface ArchiveProgress {
  /** How many bytes were written. */
  writtenBytes: number;
}

/** How far files have been read. */
export interface LoadProgress {
  /** Bytes that have been read. */
  readBytes: number;
  /** Bytes that there are. */
  totalBytes: number;
}
