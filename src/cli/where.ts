/**
 * `cli where`: where everything is, and the permissions that it needs.
 *
 * @module
 */

import { type LibraryPlaces, libraryPlaces, libraryProblem } from "../../ffi/library/library.ts";
import { activities, type Permissions, toFlags } from "../host/activities.ts";
import { runtimePath } from "../host/runtime.ts";
import { print, printJson, shellWord, typed } from "./output.ts";

/** The activity that using sandboxes is, for each kind of library. */
const uses: Record<LibraryPlaces["origin"], keyof typeof activities> = {
  chosen: "chosen",
  named: "named",
  checkout: "chosen",
  released: "use",
};

/** What `cli where --json` prints. */
export interface Whereabouts {
  /** The absolute path of the library, there or not. */
  library: string;
  /** Whether it is there and can be loaded. */
  isInstalled: boolean;
  /** Why it cannot be used, if so. */
  problem: string | null;
  /** The absolute path of `msb`, if it is there. */
  msb: string | null;
  /** What a program needs to use sandboxes. */
  use: Grant;
  /**
   * The same for a released library of any version, by its directory: it allows
   * to load whatever is there.
   */
  everyVersion: Grant | null;
  /** What installing needs, or the first use of a sandbox. */
  install: Grant | null;
}

/** Permissions, as flags and for the `permissions` of `deno.json`. */
export interface Grant {
  /** Flags of `deno run`. */
  flags: string[];
  /** A permission set of `deno.json`. */
  permissions: Permissions;
}

/** Prints where everything is. */
export async function where(isJson: boolean): Promise<number> {
  const found = await whereabouts();
  if (isJson) {
    printJson(found);
    return 0;
  }
  const { library, msb, problem, use, install } = found;
  const isMissing = !found.isInstalled && install !== null;
  print(`library: ${library}${isMissing ? " (not installed yet)" : ""}`);
  if (problem !== null && !isMissing) print(`         ${problem}`);
  print(`msb:     ${msb ?? "not installed yet"}`);
  print("");
  if (install !== null) {
    print("To install them, once:");
    print(`  ${typed("install", install.flags)}`);
  }
  if ("Bun" in globalThis) {
    print("Bun has no permissions: every program may use sandboxes.");
    return 0;
  }
  print("To use sandboxes:");
  print(`  deno run ${use.flags.map(shellWord).join(" ")} main.ts`);
  if (library.includes(",")) {
    print("A path with a comma cannot stand there: this allows all of the directory before it.");
  }
  if (found.everyVersion !== null) {
    print("The same for every version, for the name of the library changes with each. It allows");
    print("to load whatever is in that directory:");
    print(`  deno run ${found.everyVersion.flags.map(shellWord).join(" ")} main.ts`);
  }
  print("");
  print("Or in deno.json, for `deno run -P=sandbox main.ts`:");
  const sets: Record<string, Permissions> = { sandbox: use.permissions };
  if (install !== null) sets["install"] = install.permissions;
  print(`"permissions": ${JSON.stringify(sets, null, 2)}`);
  return 0;
}

async function whereabouts(): Promise<Whereabouts> {
  const places = libraryPlaces();
  const problem = await libraryProblem();
  // Looking for msb loads the library, which would download it.
  const msb = problem ? null : await runtimePath() ?? null;
  const all = { ...places, msb: msb ?? "" };
  const activity = activities[uses[places.origin]];
  const isReleased = places.origin === "released";
  return {
    library: places.library,
    isInstalled: problem === undefined,
    problem: problem?.message ?? null,
    msb,
    use: grant(activity.permissions(all)),
    everyVersion: isReleased
      ? grant(activity.permissions({ ...all, library: places.cache }))
      : null,
    install: isReleased ? grant(activities.install.permissions(all)) : null,
  };
}

function grant(permissions: Permissions): Grant {
  return { flags: toFlags(permissions), permissions };
}
