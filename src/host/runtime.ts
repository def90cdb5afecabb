/**
 * What has to be on this machine before a sandbox can boot: the library, and
 * the runtime that it carries.
 *
 * Creating or starting a sandbox provides both, once, unless
 * `MICROSANDBOX_NO_AUTO_INSTALL` is set to anything but `0`, `false` or `no`.
 * These functions do it at another time, and tell what is there.
 *
 * @module
 */

import type { DownloadProgress } from "../../ffi/library/fetch.ts";
import {
  installLibrary,
  isOwnLibrary,
  libraryPath as libraryPathOf,
  libraryProblem,
} from "../../ffi/library/library.ts";
import { manifest } from "../../ffi/library/manifest.gen.ts";
import type { HostDiagnosis, RuntimeInfo } from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal, refuseOthers } from "../cancellable.ts";
import { toError } from "../failure.ts";
import { connect } from "./connection.ts";
import { requireRun } from "./permissions.ts";

export { libraryPath, setLibraryPath } from "../../ffi/library/library.ts";
export type { DownloadProgress };

/**
 * How to install.
 *
 * @category Installation
 */
export interface InstallOptions extends Cancellable {
  /**
   * Whether to replace a runtime that is installed already. Sandboxes that run
   * keep the one that they have. Default: `false`.
   */
  force?: boolean | undefined;
  /**
   * Where released files are, as an `http:` or `https:` URL that their names
   * are appended to. Default: the environment variable `MICROSANDBOX_MIRROR`,
   * else the release's own.
   */
  mirror?: string | undefined;
  /** Called with how far the download is, for each piece that arrives. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** What is installed, and where. */
export interface Installation extends RuntimeInfo {
  /** The absolute path of the library. */
  libraryPath: string;
}

/** The versions of what works together. */
export interface Versions {
  /** The version of this module. */
  module: string;
  /** The version of the library. */
  library: string;
  /** The version of the microsandbox core in the library. */
  core: string;
  /**
   * The version of the runtime that sandboxes use. Not there when none is
   * installed, or when it does not say.
   */
  runtime?: string;
}

/**
 * Downloads the library and unpacks the runtime, where they are missing.
 *
 * Any number of programs may do this at once.
 *
 * Throws {@link LibraryError}; {@link MicrosandboxError} with codes
 * `runtime-incomplete` when half of a runtime is there, `io-error`, and
 * `unsupported` when sandboxes live in the cloud.
 *
 * Permissions: the activity "install" of `docs/permissions.md`.
 *
 * @category Installation
 */
export async function install(
  { force = false, mirror, onProgress, signal, ...others }: InstallOptions = {},
): Promise<Installation> {
  refuseOthers(others, "force, mirror, onProgress and signal");
  if (mirror !== undefined && isOwnLibrary()) {
    throw toError({
      code: "invalid-option",
      message: `Cannot use option mirror: nothing is downloaded, because the program has chosen ` +
        `the library ${libraryPathOf()}`,
      details: { path: "mirror" },
    });
  }
  const libraryPath = await installLibrary({ mirror, onProgress, signal });
  const client = await connect(signal);
  const { result } = await client.call("runtime.install", { force }, {
    signal,
  });
  return { libraryPath, ...result };
}

/**
 * Whether sandboxes can be created without downloading or unpacking anything. A
 * library that cannot be loaded is one that is not installed.
 *
 * Throws {@link UnsupportedError} where sandboxes live in a cloud.
 *
 * @category Installation
 */
export async function isInstalled(options: Cancellable = {}): Promise<boolean> {
  return await libraryProblem() === undefined &&
    await runtimePath(options) !== undefined;
}

/**
 * Makes sure that there is a runtime, as creating a sandbox does, and tells
 * which one. It also loads the library, which `deno test --sanitize-resources`
 * takes for a leak of the test that does it first: await this at the top of the
 * file.
 *
 * Throws what {@link install} throws, and {@link MicrosandboxError} with code
 * `runtime-not-installed` when `MICROSANDBOX_NO_AUTO_INSTALL` forbids to
 * unpack it.
 *
 * @category Installation
 */
export async function ensureRuntime(
  options: Cancellable = {},
): Promise<RuntimeInfo> {
  const signal = onlySignal(options);
  const client = await connect(signal);
  const { result } = await client.call("runtime.ensure", {}, { signal });
  return result;
}

/**
 * The absolute path of the `msb` program that sandboxes use, if there is one.
 *
 * Throws {@link LibraryError}; {@link MicrosandboxError} with code
 * `runtime-incomplete` when its `libkrunfw` is missing, and `unsupported` when
 * sandboxes live in the cloud.
 *
 * @category Installation
 */
export async function runtimePath(
  options: Cancellable = {},
): Promise<string | undefined> {
  const signal = onlySignal(options);
  const client = await connect(signal);
  const { result } = await client.call("runtime.find", {}, { signal });
  return result.runtime?.msbPath;
}

/**
 * Makes sandboxes of this program use the `msb` at this absolute path, with the
 * `libkrunfw` beside it or in `../lib`. The environment variable `MSB_PATH`
 * comes first.
 *
 * Call it once, before anything else: throws {@link MicrosandboxError} with code
 * `runtime-in-use` afterwards.
 *
 * Permissions: `--allow-run=<path>`.
 *
 * @category Installation
 */
export async function setRuntimePath(
  path: string,
  options: Cancellable = {},
): Promise<void> {
  const signal = onlySignal(options);
  requireRun(path);
  const client = await connect(signal);
  await client.call("runtime.setPath", { path }, { signal });
}

/**
 * The versions of the module, the library, its core and the runtime.
 *
 * Throws {@link UnsupportedError} where sandboxes live in a cloud.
 *
 * @category Installation
 */
export async function version(
  options: Cancellable = {},
): Promise<Versions> {
  const signal = onlySignal(options);
  const client = await connect(signal);
  const [{ result: versions }, { result: { runtime } }] = await Promise.all([
    client.call("runtime.versions", {}, { signal }),
    client.call("runtime.find", {}, { signal }),
  ]);
  const all: Versions = { module: manifest.version, ...versions };
  if (runtime?.version !== undefined) all.runtime = runtime.version;
  return all;
}

/**
 * Looks at what a sandbox needs of this machine, without changing anything.
 *
 * @category Installation
 */
export async function diagnose(
  options: Cancellable = {},
): Promise<HostDiagnosis> {
  const signal = onlySignal(options);
  const client = await connect(signal);
  const { result } = await client.call("runtime.diagnose", {}, { signal });
  return result;
}
