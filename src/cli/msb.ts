/**
 * `cli msb`: the core's own command line, as it is installed here.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { ensureRuntime } from "../runtime.ts";

/** Runs `msb` in the place of this program, as far as one can tell. */
export async function msb(args: string[]): Promise<number> {
  const { msbPath } = await ensureRuntime();
  return await new Promise((resolve, reject) => {
    const child = spawn(msbPath, args, { stdio: "inherit" });
    // An interrupt from the terminal reaches msb too, which decides about it.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => void child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
