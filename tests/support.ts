// What tests on both runtimes share.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { type CallOptions, Client, type Reply } from "../ffi/client.ts";
import { libraryPath } from "../ffi/library/library.ts";
import type { Native } from "../ffi/native.ts";
import type { Operations } from "../ffi/protocol/protocol.gen.ts";
import { toError } from "../src/failure.ts";

/** What a test answers operations with, by their names. */
export type Answers = {
  [Name in keyof Operations]?: (
    options: Operations[Name]["options"],
    call: CallOptions,
  ) => Promise<unknown>;
};

/**
 * A client that has some operations answered by a test, as those need a sandbox.
 * Everything else goes to the library.
 */
export class StandIn extends Client {
  readonly #answers: Answers;

  constructor(native: Native, answers: Answers) {
    super(native, toError);
    this.#answers = answers;
  }

  override call<Name extends keyof Operations>(
    name: Name,
    options: Operations[Name]["options"],
    call: CallOptions = {},
  ): Promise<Reply<Operations[Name]["result"]>> {
    const answer = this.#answers[name];
    if (answer === undefined) return super.call(name, options, call);
    return answer(options, call) as Promise<Reply<Operations[Name]["result"]>>;
  }
}

/** How a program ended. */
export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** A program that runs. */
export interface Program {
  /** Its process. */
  pid: number;
  /** Resolves when it has printed this. */
  printed(text: string): Promise<void>;
  /** Resolves when it has printed this to its standard error. */
  reported(text: string): Promise<void>;
  /** Sends it a signal. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended and everything that it printed is there. */
  ended: Promise<Ended>;
}

/** The flags of a Deno program that may use the library and nothing else. */
export function scopedFlags(
  environment: string[] = [],
  library = libraryPath(),
): string[] {
  const variables = ["MICROSANDBOX_LIB", ...environment];
  return [
    "--no-prompt",
    "--no-check",
    `--allow-ffi=${library}`,
    `--allow-env=${variables}`,
  ];
}

/**
 * The command that runs a program on the runtime that runs this test; Deno
 * gives it the library and nothing else.
 */
export function command(file: string, flags = scopedFlags()): string[] {
  // By its name and through env: Deno gives all permissions to a copy of itself
  // that is started in Node's way by its path.
  return "Bun" in globalThis ? ["env", "bun", "run", file] : ["env", "deno", "run", ...flags, file];
}

/** The process ids of the virtual machines of a sandbox. */
export function machinesOf(name: string): number[] {
  // Deno lets only programs with all permissions read /proc.
  return execFileSync("ps", ["-ww", "-eo", "pid,args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes("/msb machine ") && line.includes(` --name ${name} `))
    .map((line) => Number.parseInt(line));
}

/** Starts a command. */
export function start(
  [file, ...args]: string[],
  environment: Record<string, string> = {},
): Program {
  const child = spawn(file!, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...environment },
  });
  let stdout = "";
  let stderr = "";
  let onOutput = () => {};
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    onOutput();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    onOutput();
  });
  const ended = once(child, "close").then(([code, signal]): Ended => ({
    code,
    signal,
    stdout,
    stderr,
  }));
  return {
    pid: child.pid!,
    ended,
    kill: (signal) => void child.kill(signal),
    printed: (text) => said(text, () => stdout),
    reported: (text) => said(text, () => stderr),
  };

  /** Resolves when it has said this. */
  function said(text: string, output: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      onOutput = () => {
        if (output().includes(text)) resolve();
      };
      onOutput();
      ended.then(() => reject(new Error(`It ended without saying ${text}: ${stderr}`)));
    });
  }
}

/**
 * Waits until `condition` holds, for what has no event: other processes'
 * processes and entries.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`Not so after 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Does something again and again, aborted `stepMs` later each time, until it is done
 * before its signal, and returns what it is done with. `check` runs after each
 * one that was aborted.
 */
export async function abortedLaterEachTime<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  check: () => Promise<void>,
  stepMs = 50,
): Promise<Result> {
  const reason = new Error("never mind");
  for (let milliseconds = 0;; milliseconds += stepMs) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(reason), milliseconds);
    try {
      const result = await work(controller.signal);
      assert.ok(milliseconds > 0);
      return result;
    } catch (error) {
      assert.equal(error, reason);
      await check();
    } finally {
      clearTimeout(timer);
    }
  }
}
