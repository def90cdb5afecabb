/**
 * `cli msb`: the core's own command line, as it is installed here.
 *
 * @module
 */

import { runProgram } from "../../ffi/program.ts";
import { ensureRuntime } from "../host/runtime.ts";

/** Runs `msb` and returns its exit code. */
export async function msb(args: string[]): Promise<number> {
  const { msbPath } = await ensureRuntime();
  return await runProgram(msbPath, args);
}
