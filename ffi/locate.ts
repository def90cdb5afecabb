/**
 * Where the library may be.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { environment } from "./environment.ts";
import { libraryFile } from "./target.ts";

/** The environment variable that names the library's absolute path. */
export const pathVariable = "MICROSANDBOX_LIB";

/** The environment variables that decide where the cache is, on this system. */
export const cacheVariables: readonly string[] = {
  darwin: ["HOME"],
  win32: ["LOCALAPPDATA"],
}[process.platform as string] ?? ["XDG_CACHE_HOME", "HOME"];

/**
 * The library that was built in this checkout, if the module is one and it was.
 *
 * Deno may not allow to look. Then a permission to load that very file says
 * that it is meant.
 */
export function checkoutLibrary(): string | undefined {
  // A module that was fetched from a server has no directory.
  const directory = import.meta.dirname;
  if (directory === undefined) return undefined;
  const root = directory.slice(0, directory.lastIndexOf("ffi"));
  const target = `${process.arch}-${process.platform}`;
  const path = `${root}lib/${target}/${libraryFile(process.platform)}`;
  if ("Deno" in globalThis && !isGranted({ name: "read", path })) {
    return isGranted({ name: "ffi", path }) ? path : undefined;
  }
  return existsSync(path) ? path : undefined;
}

/**
 * The directory that downloaded libraries are kept in. Not known when the
 * variables that tell are not set, or may not be read.
 */
export function cacheDirectory(): string | undefined {
  const home = environment("HOME");
  switch (process.platform) {
    case "darwin":
      return home && join(home, "Library", "Caches", "microsandbox");
    case "win32": {
      const local = environment("LOCALAPPDATA");
      return local && join(local, "microsandbox");
    }
    default: {
      const cache = environment("XDG_CACHE_HOME");
      // The specification of that variable has relative paths ignored.
      if (cache && isAbsolute(cache)) return join(cache, "microsandbox");
      return home && join(home, ".cache", "microsandbox");
    }
  }
}

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}
