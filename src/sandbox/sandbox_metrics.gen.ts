// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run
// `deno task generate` instead.

/**
 * Options of calls, each with every key.
 *
 * @module
 */

/**
 * What a sandbox uses.
 *
 * @category Sandboxes
 */
export interface SandboxMetrics {
  /** When it was measured. */
  timestamp: Date;
  /** How long the sandbox has been running, in milliseconds. */
  uptimeMs: number;
  /** Share of one CPU in percent: 200 stands for two busy ones. */
  cpuPercent: number;
  /**
   * How long its virtual CPUs have been running altogether, in
   * milliseconds.
   */
  cpuTimeMs: number;
  /** Memory in use by the guest, in bytes. */
  memoryBytes: number;
  /** Memory that the guest could still use, in bytes. */
  memoryAvailableBytes?: number;
  /** Memory of this machine that the sandbox takes, in bytes. */
  memoryHostBytes?: number;
  /** How much memory the guest has, in bytes. */
  memoryLimitBytes: number;
  /** Bytes read from its disks so far. */
  diskReadBytes: number;
  /** Bytes written to its disks so far. */
  diskWriteBytes: number;
  /** Bytes that the guest has received so far. */
  networkReceivedBytes: number;
  /** Bytes that the guest has sent so far. */
  networkSentBytes: number;
  /** Bytes in use on its root file system. */
  rootUsedBytes?: number;
  /** Bytes that are free on its root file system. */
  rootFreeBytes?: number;
  /** Bytes of this machine's disk that its root file system takes. */
  rootHostBytes?: number;
}
