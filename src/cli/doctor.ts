/**
 * `cli doctor`: what keeps sandboxes from booting on this machine.
 *
 * @module
 */

import { libraryProblem } from "../../ffi/library/library.ts";
import type { LibraryError } from "../../ffi/library/library_error.ts";
import type { HostCheckState, HostProblem } from "../../ffi/protocol/protocol.gen.ts";
import { diagnose, libraryPath } from "../host/runtime.ts";
import { print, printJson, typed } from "./output.ts";

const marks: Record<HostCheckState, string> = {
  pass: "ok",
  fail: "FAIL",
  warn: "warn",
  info: "",
};

/** Prints the diagnosis. The exit code is 1 when something is wrong. */
export async function doctor(isJson: boolean): Promise<number> {
  const problem = await libraryProblem();
  // There is none where it is not known which library this machine needs.
  const library = problem?.code === "unsupported-target" ? null : libraryPath();
  // The examination is in the library: without it there is only one finding.
  const diagnosis = problem ? { checks: [], problems: [toProblem(problem)] } : await diagnose();
  const { checks, problems } = diagnosis;
  if (isJson) {
    printJson({ library, ...diagnosis });
    return problems.length === 0 ? 0 : 1;
  }
  print(`${problem ? "FAIL " : "ok   "}library: ${library ?? "none"}`);
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

/** The finding that there is no library to use. */
function toProblem({ code, message }: LibraryError): HostProblem {
  if (code !== "library-not-found") return { headline: message, hints: [], fix: null };
  return {
    headline: message,
    hints: ["creating a sandbox downloads it, and so does the command below"],
    fix: {
      description: "download it",
      commands: [typed("install")],
      requiresRelogin: false,
    },
  };
}
