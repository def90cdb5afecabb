/**
 * `cli doctor`: what keeps sandboxes from booting on this machine.
 *
 * @module
 */

import { isLibraryInstalled } from "../../ffi/library/library.ts";
import type { HostCheckState, HostProblem } from "../../ffi/protocol/protocol.gen.ts";
import { diagnose, libraryPath } from "../host/runtime.ts";
import { commandLine, print, printJson } from "./output.ts";

const marks: Record<HostCheckState, string> = {
  pass: "ok",
  fail: "FAIL",
  warn: "warn",
  info: "",
};

/** Prints the diagnosis. The exit code is 1 when something is wrong. */
export async function doctor(isJson: boolean): Promise<number> {
  const library = libraryPath();
  const isThere = await isLibraryInstalled();
  // The examination is in the library: without it there is only one finding.
  const diagnosis = isThere ? await diagnose() : {
    checks: [],
    problems: [missingLibrary(library)],
  };
  const { checks, problems } = diagnosis;
  if (isJson) {
    printJson({ library, ...diagnosis });
    return problems.length === 0 ? 0 : 1;
  }
  print(`${isThere ? "ok   " : "FAIL "}library: ${library}`);
  for (const { label, state, value } of checks) {
    print(`${marks[state].padEnd(5)}${label}: ${value}`);
  }
  for (const { headline, hints, fix } of problems) {
    print(`\n${headline}`);
    for (const hint of hints) print(`  - ${hint}`);
    if (fix === null) continue;
    print(`  ${fix.description}:`);
    for (const command of fix.commands) print(`    ${command}`);
    if (fix.requiresRelogin) print("  Log in again afterwards.");
  }
  if (problems.length === 0) print("\nNothing is wrong on this machine.");
  return problems.length === 0 ? 0 : 1;
}

function missingLibrary(path: string): HostProblem {
  return {
    headline: `The library ${path} is not installed`,
    hints: ["creating a sandbox downloads it, and so does the command below"],
    fix: {
      description: "download it",
      commands: [`deno run -A ${commandLine} install`],
      requiresRelogin: false,
    },
  };
}
