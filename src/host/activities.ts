/**
 * Which of Deno's permissions a program needs, for each thing that it may do:
 * the one list behind `docs/permissions.md`, the command `where`, and the tests
 * that run each activity under exactly these flags.
 *
 * @module
 */

/** Deno's permissions, as its configuration file has them. */
export interface Permissions {
  /** Libraries to load. */
  ffi?: string[];
  /** Files and directories to read. */
  read?: string[];
  /** Files and directories to write. */
  write?: string[];
  /** Environment variables to read. */
  env?: string[];
  /** Hosts to connect to. */
  net?: string[];
  /** Programs to run. */
  run?: string[];
}

/** The paths and hosts that permissions name. */
export interface Places {
  /** The library. */
  library: string;
  /** Where downloaded libraries are kept. */
  cache: string;
  /** The variables that say where that is. */
  cacheVariables: readonly string[];
  /** The hosts that a download goes through. */
  hosts: readonly string[];
  /** The `msb` program. */
  msb: string;
  /** The host and port of the cloud. Default: those of the hosted cloud. */
  cloud?: string;
}

/** Something that a program may do. */
export interface Activity {
  /** What the program does. */
  name: string;
  /** Why it needs these permissions. */
  why: string;
  /** What it needs. */
  permissions(places: Places): Permissions;
}

/** What programs may do, from the least to the most permissions. */
export const activities = {
  chosen: {
    name: "Use sandboxes, with a library that `setLibraryPath()` names",
    why: "Loading the library is all that Deno sees of it.",
    permissions: ({ library }) => ({ ffi: [library] }),
  },
  named: {
    name: "Use sandboxes, with a library that `MICROSANDBOX_LIB` names",
    why: "The variable is read; the library is not verified.",
    permissions: ({ library }) => ({
      ffi: [library],
      env: ["MICROSANDBOX_LIB"],
    }),
  },
  use: {
    name: "Use sandboxes, with the installed library",
    why: "The variables say where the library is, and its size and its mark are " +
      "compared before it is loaded.",
    permissions: ({ library, cacheVariables }) => ({
      ffi: [library],
      read: [library],
      env: [...cacheVariables],
    }),
  },
  install: {
    name: "Install the library and the runtime, by `install()`, by the first " +
      "use of a sandbox or by `cli install`",
    why: "The library is downloaded into its directory; the runtime is inside " +
      "the library, which writes it without Deno seeing it.",
    permissions: ({ library, cache, cacheVariables, hosts }) => ({
      ffi: [library],
      read: [cache],
      write: [cache],
      env: [...cacheVariables],
      net: [...hosts],
    }),
  },
  where: {
    name: "`cli where` and `cli doctor`",
    why: "They look at what is installed and change nothing.",
    permissions: ({ library, cacheVariables }) => ({
      ffi: [library],
      read: [library],
      env: [...cacheVariables],
    }),
  },
  setRuntimePath: {
    name: "`setRuntimePath()`, with a library that `setLibraryPath()` names",
    why: "The program that it names is run.",
    permissions: ({ library, msb }) => ({ ffi: [library], run: [msb] }),
  },
  cloud: {
    name: "`Backend.cloud()` without options, with a library that " +
      "`setLibraryPath()` names",
    why: "The variables have its key and its URL, and requests go to its host. " +
      "A profile or an option may name others.",
    permissions: ({ library, cloud = "api.microsandbox.dev:443" }) => ({
      ffi: [library],
      env: ["MSB_API_KEY", "MSB_API_URL"],
      net: [cloud],
    }),
  },
} as const satisfies Record<string, Activity>;

/**
 * The flags of `deno run` that grant the permissions. Deno takes a comma for the
 * end of a path, so what has one is granted with the directory before it.
 */
export function toFlags(permissions: Permissions): string[] {
  const list = (values: string[]) =>
    values.map((it) => it.replace(/[\\/][^\\/]*,.*/, "") || "/").join(",");
  return Object.entries(permissions).map(([name, values]) => `--allow-${name}=${list(values)}`);
}
