/**
 * Commands in a sandbox.
 *
 * @module
 */

import type { CommandOptions } from "../ffi/protocol.gen.ts";

/** How to run a command, and how to give it up. */
export interface ExecOptions extends CommandOptions {
  /** Kills the command. The call then fails with the signal's reason. */
  signal?: AbortSignal;
}

/** How a command ended, and what it printed. */
export class CommandOutput {
  /** The exit code. */
  readonly code: number;
  /** What the command wrote to its standard output. */
  readonly stdout: Uint8Array;
  /** What the command wrote to its standard error. */
  readonly stderr: Uint8Array;

  /** Made by this module only. */
  constructor(code: number, stdout: Uint8Array, stderr: Uint8Array) {
    this.code = code;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** Whether the exit code is 0. */
  get success(): boolean {
    return this.code === 0;
  }

  /** Standard output as text. Bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.stdout);
  }

  /** Standard error as text. Bytes that are not UTF-8 become U+FFFD. */
  errorText(): string {
    return new TextDecoder().decode(this.stderr);
  }

  /**
   * Standard output as the JSON value that it is.
   *
   * Throws `SyntaxError` when it is none.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }
}
