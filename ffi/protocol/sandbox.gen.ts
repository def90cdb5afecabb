// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { Failure } from "./errors.gen.ts";
import type { PortOption, PublishedPort } from "./network.gen.ts";

/**
 * Where a sandbox runs.
 *
 * - `local`: On this machine.
 * - `cloud`: In the cloud.
 */
export type BackendKind = "local" | "cloud";

/** What a restored or forked sandbox uses of this machine. */
export interface Bindings {
  /** What to mount, by the guest path where the original had a mount. */
  mounts?: { readonly [key: string]: BoundMount | undefined } | undefined;
  /** Ports to publish. Default: none. */
  ports?: readonly PortOption[] | undefined;
  /**
   * Whether what is not named here is taken over from the original where
   * that is on this machine: its directories, ports and secrets. Default:
   * `false`, since two sandboxes then share them.
   */
  inherit?: boolean | undefined;
  /**
   * How much the mounted directories have to be like the original's.
   * Default: `"strict"`.
   */
  mountPolicy?: MountPolicy | undefined;
}

/**
 * What stands behind a mount. Exactly one of `bind`, `volume`, `disk`,
 * `tmpfs` and `captured` is given.
 */
export interface BoundMount {
  /** A directory of this machine. */
  bind?: string | undefined;
  /** The name of a volume. */
  volume?: string | undefined;
  /** A disk image of this machine: `.raw`, `.qcow2` or `.vmdk`. */
  disk?: string | undefined;
  /** A file system in memory. */
  tmpfs?: boolean | undefined;
  /** The disk that the snapshot or the original carries itself. */
  captured?: boolean | undefined;
  /** Whether the guest may not write to it. Default: `false`. */
  readonly?: boolean | undefined;
}

/** Which disk layers to merge. */
export interface CompactOptions {
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
}

/** What a compaction does, or would do. */
export interface CompactResult {
  /** The bytes that were written anew. */
  materializedBytes: number;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** How long the sandbox stood still for it, in milliseconds. */
  pauseMs: number;
  /** Each disk. */
  disks: CompactedDisk[];
}

/** What a compaction does, or would do, to a disk. */
export interface CompactedDisk {
  /** Where the guest has it; `/` is the root disk. */
  guestPath: string;
  /** How many layers it had, the one that is written to included. */
  layersBefore: number;
  /** How many layers it has, the one that is written to included. */
  layersAfter: number;
  /** The bytes that were written anew. */
  materializedBytes: number;
}

/** Which sandbox to connect to, and for how long to try. */
export interface ConnectOptions {
  /** The sandbox's name. */
  name: string;
  /** The identity that the sandbox has to have. Default: any. */
  id?: string | undefined;
  /** Milliseconds to wait for the guest to answer. Default: 10000. */
  timeoutMs?: number | undefined;
}

/** How to stop and remove a sandbox. */
export interface DestroyOptions {
  /** Whether it is killed instead of stopped. Default: `false`. */
  force?: boolean | undefined;
  /** Milliseconds to wait until it has stopped. Default: 10000. */
  timeoutMs?: number | undefined;
}

/**
 * A way for a sandbox to end.
 *
 * - `stop`: The guest shuts down.
 * - `kill`: Its process is killed.
 * - `drain`: It takes no new work, finishes what it has, and stops.
 */
export type End = "stop" | "kill" | "drain";

/** What to ask a sandbox for. */
export interface EndOptions {
  /** How it is to end. */
  how: End;
}

/** How to fork a sandbox several times. */
export interface ForkManyOptions {
  /**
   * Whether the guest writes its disks back first. Default: `"auto"`, which
   * does not: the forks have the memory too.
   */
  guestFlush?: GuestFlush | undefined;
  /** Whether the captured disks get checksums. Default: `false`. */
  recordIntegrity?: boolean | undefined;
  /** The guest user of the forks' commands. Default: the original's. */
  user?: string | undefined;
}

/** Which forks to make. */
export interface ForkManyRequest {
  /** The forks' names. */
  names: readonly string[];
  /** How to fork. */
  options: ForkManyOptions;
}

/** How to fork a sandbox. */
export interface ForkOptions {
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
}

/** What became of one of several forks. */
export interface ForkOutcome {
  /** Its name. */
  name: string;
  /** The fork, unless it failed. */
  sandbox?: LiveSandbox;
  /** The fork's handle, unless it failed. */
  handle?: number;
  /** Why it failed. */
  error?: Failure;
}

/**
 * Whether the guest writes back what it has not written to its disks yet.
 *
 * - `auto`: Where the captured disks would be out of date otherwise: when the disks of a running
 *   sandbox are captured without its memory.
 * - `required`: Always; failing to do so is an error.
 * - `skip`: Never.
 */
export type GuestFlush = "auto" | "required" | "skip";

/** How to kill a sandbox. */
export interface KillOptions {
  /** Milliseconds to wait until it is gone. Default: 5000. */
  timeoutMs?: number | undefined;
}

/** Which sandboxes to list. */
export interface ListOptions {
  /** How many to return at most, from 1 to 100. Default: 20. */
  pageSize?: number | undefined;
  /** Where the previous page ended. */
  cursor?: string | undefined;
  /** Labels that a sandbox has to have. Default: none. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
}

/** A sandbox that this program is connected to. Its handle is in the frame. */
export interface LiveSandbox {
  /** The sandbox's name. */
  name: string;
  /**
   * The sandbox's identity, which a later sandbox of the same name does
   * not share.
   */
  id: string;
  /** Where it runs. */
  backend: BackendKind;
  /** Whether the sandbox ends with this connection. */
  ownsLifecycle: boolean;
  /** The ports of this machine that lead into it. */
  ports: PublishedPort[];
}

/**
 * How much a mounted directory has to be like the original's.
 *
 * - `strict`: Whatever is missing or different is an error.
 * - `relaxed`: The sandbox runs without what is missing, and `restoreWarnings` says what that is.
 */
export type MountPolicy = "strict" | "relaxed";

/** Names a sandbox. */
export interface NamedSandbox {
  /** The sandbox's name. */
  name: string;
  /** The identity that the sandbox has to have. Default: any. */
  id?: string | undefined;
}

/** An operation on a sandbox, with options of its own. */
export interface OnSandbox<Options> {
  /** The sandbox. Default: the one behind the handle. */
  sandbox?: NamedSandbox | undefined;
  /** What to do with it. */
  options: Options;
}

/** How to pause a sandbox. */
export interface PauseOptions {
  /** Whether the guest writes its disks back first. Default: `"auto"`. */
  guestFlush?: GuestFlush | undefined;
}

/** Whether a sandbox is paused. */
export interface PauseState {
  /** Whether it is paused. */
  paused: boolean;
  /**
   * Whether a pause or capture failed in a way that only a stop and start
   * gets it out of.
   */
  recoveryRequired: boolean;
  /** Why a resumable snapshot cannot be made of it now, if so. */
  captureUnavailable?: string;
}

/** An answer of the guest. */
export interface PingResult {
  /** How long the answer took, in milliseconds. */
  latencyMs: number;
}

/** How to restart a sandbox. */
export interface RestartOptions {
  /** Whether it is killed instead of stopped. Default: `false`. */
  force?: boolean | undefined;
  /** Milliseconds to wait until it has stopped. Default: 10000. */
  timeoutMs?: number | undefined;
  /** Whether the restarted sandbox outlives this program. Default: `false`. */
  detached?: boolean | undefined;
}

/** What is known about a sandbox. */
export interface SandboxInfo {
  /** The sandbox's name. */
  name: string;
  /**
   * The sandbox's identity, which a later sandbox of the same name does
   * not share.
   */
  id: string;
  /** Where it runs. */
  backend: BackendKind;
  /** What it was doing when it was asked. */
  status: Status;
  /** When it was created, in ISO 8601. */
  createdAt?: string;
  /** When its entry last changed, in ISO 8601. */
  updatedAt?: string;
}

/** Some sandboxes, newest first. */
export interface SandboxPage {
  /** The sandboxes. */
  sandboxes: SandboxInfo[];
  /** Where the next page starts. Absent on the last page. */
  nextCursor?: string;
}

/** Which sandbox to start, and how. */
export interface StartOptions {
  /** The sandbox's name. */
  name: string;
  /** The identity that the sandbox has to have. Default: any. */
  id?: string | undefined;
  /** Whether the sandbox outlives this program. Default: `false`. */
  detached?: boolean | undefined;
}

/**
 * What a sandbox is doing.
 *
 * - `created`: It was never started.
 * - `starting`: It is booting.
 * - `running`: It runs.
 * - `draining`: It finishes its work before it stops.
 * - `paused`: It stands still, with its memory kept.
 * - `stopped`: It was stopped.
 * - `crashed`: It ended by itself, with a failure.
 */
export type Status =
  | "created"
  | "starting"
  | "running"
  | "draining"
  | "paused"
  | "stopped"
  | "crashed";

/** How to stop a sandbox. */
export interface StopOptions {
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
}

/** How a sandbox ended. */
export interface StopResult {
  /** What it is now. */
  status: Status;
  /** The exit code of its process, when this program started it. */
  exitCode?: number;
  /**
   * The number of the signal that ended its process, when this program
   * started it.
   */
  signal?: number;
}

/** A refreshed idle timer. */
export interface TouchResult {
  /** How much activity the guest has counted, this call included. */
  activity: number;
}

/** What to wait for. */
export interface WaitForStatusOptions {
  /** The status to wait for. */
  status: Status;
}
