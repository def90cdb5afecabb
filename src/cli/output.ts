/**
 * What the command line prints.
 *
 * @module
 */

import process from "node:process";
import type { DownloadProgress } from "../../ffi/library/fetch.ts";
import { manifest } from "../../ffi/library/manifest.gen.ts";

/** How Deno names this command line. */
export const commandLine = `jsr:@x/microsandbox@${manifest.version}/cli`;

/** A command of this command line, as it is typed on this runtime. */
export function typed(command: string, flags: string[] = ["-A"]): string {
  if ("Bun" in globalThis) return `bun run ${shellWord(process.argv[1] ?? "cli.js")} ${command}`;
  return `deno run ${flags.map(shellWord).join(" ")} ${commandLine} ${command}`;
}

/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Prints a line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints the result as one JSON value. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Says something that is not the result. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Shows how far a download is: a bar on a terminal, a line for each quarter
 * elsewhere. It goes to standard error, where results do not.
 */
export function progressBar(): (progress: DownloadProgress) => void {
  const width = 30;
  let shown = -1;
  return ({ file, receivedBytes, totalBytes }) => {
    const steps = process.stderr.isTTY ? 100 : 4;
    const step = Math.floor(receivedBytes * steps / totalBytes);
    if (step === shown) return;
    const isFirst = shown === -1 || step < shown;
    shown = step;
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
    const amount = `${megabytes(receivedBytes)} of ${megabytes(totalBytes)} MB`;
    if (process.stderr.isTTY) {
      const done = Math.floor(receivedBytes * width / totalBytes);
      const bar = "=".repeat(done).padEnd(width);
      const end = receivedBytes === totalBytes ? "\n" : "";
      process.stderr.write(`\r[${bar}] ${amount}${end}`);
    } else if (isFirst) {
      say(`downloading ${file}, ${megabytes(totalBytes)} MB`);
    } else {
      say(amount);
    }
  };
}
