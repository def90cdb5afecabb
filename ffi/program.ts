/**
 * Runs another program in the place of this one.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";

/**
 * Runs a program with this one's standard streams and environment, and returns
 * its exit code; the end by a signal is 128 and the signal's number.
 *
 * Permissions: `--allow-run=<path>`.
 */
export async function runProgram(
  path: string,
  args: string[],
): Promise<number> {
  // An interrupt from the terminal reaches the program too, which decides.
  process.on("SIGINT", () => {});
  if ("Deno" in globalThis) return await runOnDeno(path, args);
  const child = spawn(path, args, { stdio: "inherit" });
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(
      "exit",
      (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

/** In Node's way Deno would want to read the whole environment first. */
async function runOnDeno(path: string, args: string[]): Promise<number> {
  const child = new Deno.Command(path, { args, stdin: "inherit" }).spawn();
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const { code } = await child.status;
  return code;
}
