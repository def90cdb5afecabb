/**
 * `cli where`: where everything is, and the permissions that it needs.
 *
 * @module
 */

import {
  isLibraryInstalled,
  type LibraryPlaces,
  libraryPlaces,
} from "../../ffi/library/library.ts";
import { activities, type Permissions, toFlags } from "../host/activities.ts";
import { runtimePath } from "../host/runtime.ts";
import { commandLine, print, printJson } from "./output.ts";

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
  /** Whether it is there. */
  isInstalled: boolean;
  /** The absolute path of `msb`, if it is there. */
  msb: string | null;
  /** What a program needs to use sandboxes. */
  use: Grant;
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
  const { library, msb, use, install } = found;
  print(`library: ${library}${found.isInstalled ? "" : " (not installed yet)"}`);
  print(`msb:     ${msb ?? "not installed yet"}`);
  print("");
  print("To use sandboxes:");
  print(`  deno run ${use.flags.join(" ")} main.ts`);
  if (install !== null) {
    print("To install them, once:");
    print(`  deno run ${install.flags.join(" ")} ${commandLine} install`);
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
  const isInstalled = await isLibraryInstalled();
  // Looking for msb loads the library, which would download it.
  const msb = isInstalled ? await runtimePath() ?? null : null;
  const all = { ...places, msb: msb ?? "" };
  return {
    library: places.library,
    isInstalled,
    msb,
    use: grant(activities[uses[places.origin]].permissions(all)),
    install: places.origin === "released" ? grant(activities.install.permissions(all)) : null,
  };
}

function grant(permissions: Permissions): Grant {
  return { flags: toFlags(permissions), permissions };
}
