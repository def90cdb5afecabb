/**
 * Finds and loads the shared library.
 *
 * @module
 */

import process from "node:process";
import type { Native } from "./native.ts";
import { abiVersion } from "./protocol.gen.ts";

/** The library could not be found or used. */
export class LibraryError extends Error {
  /** The class's name. */
  override readonly name = "LibraryError";
}

/** The environment variable that names the library's absolute path. */
const pathVariable = "MICROSANDBOX_LIB";

/**
 * The absolute path that the library is loaded from: `MICROSANDBOX_LIB`, else
 * the checkout's own build.
 *
 * Permissions: none. Without `--allow-env=MICROSANDBOX_LIB` the variable
 * counts as unset.
 */
export function libraryPath(): string {
  const path = environment(pathVariable);
  if (path) return path;
  const target = `${process.arch}-${process.platform}`;
  const name = {
    darwin: "libmicrosandbox.dylib",
    win32: "microsandbox.dll",
  }[process.platform as string] ?? "libmicrosandbox.so";
  // A module that was fetched from a server has no directory.
  const directory = import.meta.dirname;
  if (directory === undefined) {
    throw new LibraryError(
      `Cannot find the microsandbox library for ${target}: set ` +
        `${pathVariable} to its absolute path`,
    );
  }
  const root = directory.slice(0, directory.lastIndexOf("ffi"));
  return `${root}lib/${target}/${name}`;
}

/**
 * Loads the library at `path` and makes sure that it is of this module's
 * version.
 *
 * Permissions: `--allow-ffi=<path>`.
 */
export async function loadLibrary(path: string): Promise<Native> {
  const { load } = "Bun" in globalThis
    ? await import("./bun.ts")
    : await import("./deno.ts");
  let native: Native;
  try {
    native = load(path);
  } catch (error) {
    // Deno's own error for a missing permission names the flag to use.
    if (error instanceof Error && error.name === "NotCapable") throw error;
    throw new LibraryError(
      `Cannot load the microsandbox library ${path}: build it with ` +
        `\`deno task build\`, or set ${pathVariable} to the absolute path of ` +
        `one for this machine`,
      { cause: error },
    );
  }
  const version = native.abiVersion();
  if (version !== abiVersion) {
    throw new LibraryError(
      `Cannot use the microsandbox library ${path}: its interface has ` +
        `version ${version} and this module needs ${abiVersion}, so take ` +
        `both from one release`,
    );
  }
  return native;
}

/** An environment variable, if it is set and may be read without asking. */
function environment(variable: string): string | undefined {
  if (
    "Deno" in globalThis &&
    Deno.permissions.querySync({ name: "env", variable }).state !== "granted"
  ) {
    return undefined;
  }
  return process.env[variable];
}
