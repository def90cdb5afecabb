// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { PortOption, PortProtocol } from "./network.gen.ts";
import type { SecretChange } from "./secrets.gen.ts";

/**
 * When a change takes effect.
 *
 * - `live`: At once.
 * - `next-start`: When the sandbox is started the next time.
 * - `requires-restart`: With a restart.
 * - `unsupported`: Never: this setting cannot be changed.
 */
export type Disposition = "live" | "next-start" | "requires-restart" | "unsupported";

/** A published port of this machine. */
export interface HostPort {
  /** The port on this machine, from 1 to 65535. */
  hostPort: number;
  /** The address of this machine that it listens on. Default: `127.0.0.1`. */
  hostAddress?: string | undefined;
  /** The protocol. Default: `tcp`. */
  protocol?: PortProtocol | undefined;
}

/** A remark about one of the changes. */
export interface ModificationNote {
  /** The setting, as the core calls it. */
  field: string;
  /** What there is to say. */
  message: string;
}

/** What a modification does, or would do. */
export interface ModificationPlan {
  /** Whether the changes were made. */
  applied: boolean;
  /** When they are to take effect. */
  policy: ModificationPolicy;
  /** The changes to settings. */
  changes: SettingChange[];
  /** The changes to secrets, without their values. */
  secretChanges: SecretSettingChange[];
  /** Why the changes cannot be made. Empty when they can. */
  conflicts: ModificationNote[];
  /** What to know about the changes. */
  warnings: ModificationNote[];
  /** How far a running sandbox has taken on new CPUs and memory. */
  resizes: ResizeStatus[];
}

/**
 * When the changes to a sandbox that runs are to take effect.
 *
 * - `no-restart`: At once. A change that needs a restart is refused, and then nothing is changed.
 * - `next-start`: When the sandbox is started the next time.
 * - `restart`: At once, with a restart if a change needs one.
 */
export type ModificationPolicy = "no-restart" | "next-start" | "restart";

/** What to change about a sandbox. What is not named stays as it is. */
export interface ModifyOptions {
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
}

/**
 * How far a resize has come.
 *
 * - `accepted`: It was asked for.
 * - `converging`: The guest is at it.
 * - `applied`: It is done.
 * - `guest-refused`: The guest would not.
 * - `failed`: It failed.
 */
export type ResizeState = "accepted" | "converging" | "applied" | "guest-refused" | "failed";

/** How far a running sandbox has taken on a new size. */
export interface ResizeStatus {
  /** What changes its size. */
  resource: ResizedResource;
  /** What was asked for. */
  requested: string;
  /** What the guest has. */
  actual: string;
  /** What the hypervisor allows. */
  enforced: string;
  /** How far it has come. */
  state: ResizeState;
}

/**
 * What can change its size while a sandbox runs.
 *
 * - `cpus`: Virtual CPUs.
 * - `memory`: Memory.
 */
export type ResizedResource = "cpus" | "memory";

/**
 * What happens to a secret.
 *
 * - `added`: It is new.
 * - `rotated`: It gets another value.
 * - `renamed`: It gets another name.
 * - `hosts-updated`: Its value may be sent to other hosts.
 * - `placeholder-updated`: The guest sees another placeholder.
 * - `removed`: It is gone.
 */
export type SecretChangeKind =
  | "added"
  | "rotated"
  | "renamed"
  | "hosts-updated"
  | "placeholder-updated"
  | "removed";

/** A change to a secret. */
export interface SecretSettingChange {
  /** The environment variable that stands for the secret in the guest. */
  name: string;
  /** What happens to it. */
  change: SecretChangeKind;
  /** The hosts that the value may be sent to afterwards. */
  hosts: string[];
  /** When it takes effect. */
  disposition: Disposition;
  /** Why not sooner. */
  reason?: string;
}

/** A change to a setting. */
export interface SettingChange {
  /** The setting, as the core calls it, such as `cpus` or `env`. */
  field: string;
  /** What happens to it. */
  change: SettingChangeKind;
  /** Its state before. */
  before?: string;
  /** Its state afterwards. */
  after?: string;
  /** When it takes effect. */
  disposition: Disposition;
  /** Why not sooner. */
  reason?: string;
}

/**
 * What happens to a setting.
 *
 * - `added`: It is new.
 * - `updated`: It gets another value.
 * - `removed`: It is gone.
 */
export type SettingChangeKind = "added" | "updated" | "removed";
