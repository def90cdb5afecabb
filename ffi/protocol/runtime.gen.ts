// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/** The runtime, if there is one. */
export interface FoundRuntime {
  /** Not there when the runtime is not installed. */
  runtime?: RuntimeInfo;
}

/** One thing that was looked at. */
export interface HostCheck {
  /** `Runtime` or `Host`. */
  section: string;
  /** What was looked at. */
  label: string;
  /** What came of it. */
  state: HostCheckState;
  /** What was seen. */
  value: string;
}

/**
 * What came of a check.
 *
 * - `pass`: It is as it should be.
 * - `fail`: No microVM can run because of it.
 * - `warn`: It may become a problem.
 * - `info`: It is neither good nor bad.
 */
export type HostCheckState = "pass" | "fail" | "warn" | "info";

/** What the core found out about this machine. */
export interface HostDiagnosis {
  /** What was looked at. */
  checks: HostCheck[];
  /** What is wrong, most important first. Empty when nothing was found. */
  problems: HostProblem[];
}

/** How to mend a problem. */
export interface HostFix {
  /** What the commands do. */
  description: string;
  /** Each command, ready to paste. */
  commands: string[];
  /** Whether the user has to log in again afterwards. */
  requiresRelogin: boolean;
}

/** Something that keeps microVMs from running. */
export interface HostProblem {
  /** What is wrong, in a line. */
  headline: string;
  /** Why that may be. */
  hints: string[];
  /** Commands that mend it, where there are safe ones. */
  fix: HostFix | null;
}

/** How to install the runtime. */
export interface InstallRuntimeOptions {
  /** Whether to replace a runtime that is installed already. Default: false. */
  force?: boolean | undefined;
}

/** The versions of what this library is made of. */
export interface LibraryVersions {
  /** The library's own version. */
  library: string;
  /**
   * The version of the microsandbox core, and of the runtime that the
   * library carries.
   */
  core: string;
}

/** The runtime that sandboxes on this machine use. */
export interface RuntimeInfo {
  /** The absolute path of the program that runs a microVM. */
  msbPath: string;
  /** The absolute path of the firmware that boots it. */
  libkrunfwPath: string;
  /** What decided on these files. */
  origin: RuntimeOrigin;
  /** The version of `msb`, if the file says it. */
  version?: string;
}

/**
 * What decided on the files of the runtime.
 *
 * - `configuration`: `MSB_PATH`, `setRuntimePath()` or the configuration of microsandbox.
 * - `home`: They were installed in `MSB_HOME`.
 */
export type RuntimeOrigin = "configuration" | "home";

/** Which runtime to use. */
export interface SetRuntimePath {
  /** The absolute path of `msb`. Its `libkrunfw` is beside it or in `../lib`. */
  path: string;
}
