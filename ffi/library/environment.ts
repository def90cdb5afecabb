/**
 * Environment variables, read without ever asking for a permission.
 *
 * @module
 */

import process from "node:process";

/**
 * An environment variable that is set to something. Where Deno does not allow
 * to read it, it counts as unset, so that nothing here needs `--allow-env`.
 */
export function environment(variable: string): string | undefined {
  if (
    "Deno" in globalThis &&
    Deno.permissions.querySync({ name: "env", variable }).state !== "granted"
  ) {
    return undefined;
  }
  return process.env[variable] || undefined;
}

/** Whether a variable is set to anything but `0`, `false` or `no`. */
export function isSwitchedOn(variable: string): boolean {
  const value = environment(variable);
  return value !== undefined && !["0", "false", "no"].includes(value);
}
