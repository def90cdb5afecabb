/**
 * Finds the shared library, fetches it when it has to, and loads it.
 *
 * It is the one that the program names, else the one that `MICROSANDBOX_LIB`
 * names, else the checkout's own build, else the released one, which is
 * downloaded once and kept. Only released ones are verified: the others are
 * the user's own.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import type { Native } from "../native.ts";
import { abiVersion } from "../protocol/protocol.gen.ts";
import { provide } from "./cache.ts";
import { environment, isSwitchedOn } from "./environment.ts";
import type { DownloadOptions } from "./fetch.ts";
import { LibraryError } from "./library_error.ts";
import { cacheDirectory, cacheVariables, checkoutLibrary, pathVariable } from "./locate.ts";
import { manifest } from "./manifest.gen.ts";
import type { ReleasedLibrary } from "./manifest.ts";
import { targetOf, thisMachine } from "./target.ts";
import { isIntact } from "./verify.ts";

/** The environment variable that names where released files are fetched from. */
const mirrorVariable = "MICROSANDBOX_MIRROR";
/** The environment variable that forbids to fetch and unpack anything unasked. */
const noInstallVariable = "MICROSANDBOX_NO_AUTO_INSTALL";

/** How to provide the library. */
export interface ProvideOptions extends DownloadOptions {
  /**
   * Where released files are, as an `http:` or `https:` URL that their names
   * are appended to. Default: `MICROSANDBOX_MIRROR`, else the release's own.
   */
  mirror?: string | undefined;
}

/** Whether this copy of the module was released: a checkout's lists nothing. */
const isRelease = Object.keys(manifest.libraries).length > 0;

let chosen: string | undefined;
let loaded: string | undefined;
/** What is being loaded: finding and verifying it takes a while. */
let loading: string | undefined;

/**
 * Makes the module load the library at this absolute path. It is not verified.
 *
 * Throws {@link LibraryError} with code `library-loaded` when another one is
 * in use, and `TypeError` for a relative path.
 *
 * @category Installation
 */
export function setLibraryPath(path: string): void {
  if (!isAbsolute(path)) {
    throw new TypeError(
      `Cannot load the library from "${path}": the path has to be absolute`,
    );
  }
  const used = loaded ?? loading;
  if (used !== undefined && used !== path) {
    throw new LibraryError(
      "library-loaded",
      `Cannot use the library ${path}: ${used} is loaded already, so set ` +
        `the path before anything else of this module is used`,
    );
  }
  chosen = path;
}

/**
 * The absolute path that the library is loaded from. It need not exist yet
 * when it is a released one.
 *
 * Throws {@link LibraryError} with codes `unsupported-target` and
 * `library-not-found`.
 *
 * Permissions: none. Environment variables that may not be read count as
 * unset.
 *
 * @category Installation
 */
export function libraryPath(): string {
  return ownLibrary() ?? join(requireCacheDirectory(), releasedLibrary().file);
}

/**
 * The absolute path of a library that is there; a released one is verified,
 * and is downloaded unless it is there.
 *
 * Throws {@link LibraryError} and `Deno.errors.NotCapable`.
 */
export async function installLibrary(
  { mirror, ...options }: ProvideOptions = {},
): Promise<string> {
  requireRuntime();
  const own = ownLibrary();
  if (own !== undefined) return own;
  const library = releasedLibrary();
  const directory = requireCacheDirectory();
  const base = baseUrl(mirror ?? environment(mirrorVariable));
  try {
    return await provide(library, directory, base, options);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NotCapable") throw error;
    throw new Deno.errors.NotCapable(
      `Cannot provide the microsandbox library ` +
        `${join(directory, library.file)}: ${error.message}; the module's ` +
        `\`cli where\` prints the flags for installing and for running`,
      { cause: error },
    );
  }
}

/**
 * Loads the library, which is downloaded unless it is there, or
 * `MICROSANDBOX_NO_AUTO_INSTALL` forbids to.
 */
export async function provideLibrary(): Promise<Native> {
  loading = libraryPath();
  try {
    return await loadLibrary(await providedPath(loading));
  } finally {
    loading = undefined;
  }
}

async function providedPath(path: string): Promise<string> {
  if (ownLibrary() !== undefined) return path;
  if (!isSwitchedOn(noInstallVariable)) return await installLibrary();
  if (!await isIntact(path, releasedLibrary())) {
    throw new LibraryError(
      "library-not-found",
      `Cannot find the microsandbox library ${path}, and ` +
        `${noInstallVariable} forbids to download it: unset that variable, ` +
        `or call install() or the module's \`cli install\` first`,
    );
  }
  return path;
}

/**
 * Why the library cannot be used without downloading it, if so. The user's own
 * one is loaded to find out.
 *
 * Permissions: `--allow-read=<path>` for a released one, else
 * `--allow-ffi=<path>`.
 */
export async function libraryProblem(): Promise<LibraryError | undefined> {
  try {
    const path = libraryPath();
    if (ownLibrary() !== undefined) {
      await loadLibrary(path);
    } else if (!await isIntact(path, releasedLibrary())) {
      return new LibraryError("library-not-found", `The library ${path} is not installed`);
    }
    return undefined;
  } catch (error) {
    if (error instanceof LibraryError) return error;
    throw error;
  }
}

/**
 * Loads the library at `path` and makes sure that it is of this module's
 * version. It stays loaded until the process ends.
 *
 * Permissions: `--allow-ffi=<path>`.
 */
export async function loadLibrary(path: string): Promise<Native> {
  requireRuntime();
  const { load } = "Bun" in globalThis ? await import("../bun.ts") : await import("../deno.ts");
  let native: Native;
  try {
    native = await load(path);
  } catch (error) {
    // Deno's own error for a missing permission names the flag to use.
    if (error instanceof Error && error.name === "NotCapable") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LibraryError(
      "library-load-failed",
      `Cannot load the microsandbox library ${path} (${reason.trim()}): in a ` +
        `checkout build it with \`deno task build\`, else set ` +
        `${pathVariable} to the absolute path of one for this machine`,
      { cause: error },
    );
  }
  loaded = path;
  const version = native.abiVersion();
  if (version !== abiVersion) {
    throw new LibraryError(
      "library-incompatible",
      `Cannot use the microsandbox library ${path}: its interface has ` +
        `version ${version} and this module needs ${abiVersion}, so take ` +
        `both from one release`,
    );
  }
  return native;
}

/** Refuses other runtimes, before anything is downloaded for them. */
function requireRuntime(): void {
  if ("Bun" in globalThis || "Deno" in globalThis) return;
  throw new LibraryError(
    "unsupported-target",
    "Cannot run microVMs from Node: this module runs on Deno and on Bun, which can load its " +
      "library, so start the program with one of them",
  );
}

/** Where the library is or will be, and what decided on it. */
export interface LibraryPlaces {
  /** The absolute path of the library. */
  library: string;
  /** `setLibraryPath()`, `MICROSANDBOX_LIB`, the checkout, or the release. */
  origin: "chosen" | "named" | "checkout" | "released";
  /** Where downloaded libraries are kept; empty when it is not known. */
  cache: string;
  /** The environment variables that say so. */
  cacheVariables: readonly string[];
  /** The hosts that a download goes through. */
  hosts: readonly string[];
}

/**
 * Where the library is or will be.
 *
 * Throws what {@link libraryPath} throws.
 */
export function libraryPlaces(): LibraryPlaces {
  const library = libraryPath();
  const mirror = environment(mirrorVariable);
  return {
    library,
    origin: chosen !== undefined
      ? "chosen"
      : environment(pathVariable) !== undefined
      ? "named"
      : isRelease
      ? "released"
      : "checkout",
    cache: cacheDirectory() ?? "",
    cacheVariables,
    hosts: mirror === undefined ? manifest.hosts : [baseUrl(mirror).host],
  };
}

/** Whether the library is the user's own, and so is never downloaded. */
export function isOwnLibrary(): boolean {
  return ownLibrary() !== undefined;
}

/** The user's own library. */
function ownLibrary(): string | undefined {
  return chosen ?? environment(pathVariable) ??
    (isRelease ? undefined : checkoutLibrary());
}

/** The released library for this machine. */
function releasedLibrary(): ReleasedLibrary {
  const target = targetOf(thisMachine());
  const library = manifest.libraries[target];
  if (library === undefined) {
    throw new LibraryError(
      "library-not-found",
      `Cannot find the microsandbox library for ${target}: this copy of the ` +
        `module was released without one, so take a released version that ` +
        `has it, or set ${pathVariable} to the absolute path of one`,
    );
  }
  return library;
}

function requireCacheDirectory(): string {
  const directory = cacheDirectory();
  if (directory === undefined) {
    const flag = "Deno" in globalThis
      ? `allow to read them with --allow-env=${cacheVariables}, or `
      : "";
    throw new LibraryError(
      "library-not-found",
      `Cannot tell where the microsandbox library is, because none of ` +
        `${cacheVariables.join(" and ")} is known: ${flag}set one, or name ` +
        `the library with ${pathVariable} or setLibraryPath()`,
    );
  }
  return directory;
}

function baseUrl(mirror: string | undefined): URL {
  const text = mirror ?? manifest.baseUrl;
  const url = URL.parse(text.endsWith("/") ? text : `${text}/`);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new LibraryError(
    "download-failed",
    `Cannot download from "${withoutCredentials(text)}": a mirror is an ` +
      `http: or https: URL`,
  );
}

/**
 * A mirror as a message may show it. What is no URL can hold a user and a
 * password too: all between its scheme and its last `@`.
 */
function withoutCredentials(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const rest = text.slice(scheme.length);
  return scheme + rest.slice(rest.lastIndexOf("@") + 1);
}
