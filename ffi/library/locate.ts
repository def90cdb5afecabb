/**
 * Where the library may be.
 *
 * @module
 */

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
 * Where the library of this checkout is built. A module that was fetched from a
 * server is none.
 */
export function checkoutLibrary(): string | undefined {
  const directory = import.meta.dirname;
  const place = join("ffi", "library");
  // A program that was bundled is no checkout either.
  if (!directory?.endsWith(place)) return undefined;
  const root = directory.slice(0, -place.length);
  const target = `${process.arch}-${process.platform}`;
  return `${root}lib/${target}/${libraryFile(process.platform)}`;
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
