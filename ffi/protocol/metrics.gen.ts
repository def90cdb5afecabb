// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/** What a sandbox uses. */
export interface Metrics {
  /** When the sample was taken, in ISO 8601. */
  timestamp: string;
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

/** How to follow what a sandbox uses. */
export interface MetricsOptions {
  /**
   * Milliseconds from one sample to the next. Default: 1000, which is how
   * often a sandbox takes one unless it was told otherwise.
   */
  intervalMs?: number | undefined;
}
