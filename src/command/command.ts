/**
 * Commands in a sandbox: how to run them, and how they end.
 *
 * @module
 */

import type { CommandOptions, FatalSignal, TerminalSize } from "../../ffi/protocol/protocol.gen.ts";
import { beginning, showAs } from "../inspect.ts";

/** How to run a command, and how to give it up. */
export interface ExecOptions extends Omit<CommandOptions, "tty"> {
  /**
   * The command's standard input; `null` for none. A stream is read as fast as
   * the command takes it. Default: none when the output is collected; with a
   * {@link Process}, its `stdin`.
   */
  stdin?: string | Uint8Array | ReadableStream<Uint8Array> | null;
  /**
   * Runs the command in a terminal of its own, in which standard output and
   * standard error are one. `true` stands for 80 columns and 24 rows. Default:
   * `false`.
   */
  tty?: boolean | TerminalSize;
  /** Kills the command. The call then fails with the signal's reason. */
  signal?: AbortSignal;
}

/** How a command ended. */
export interface CommandStatus {
  /** Whether the exit code is 0. */
  readonly success: boolean;
  /** The exit code. -1 after a signal. */
  readonly code: number;
  /** The signal that ended the command, else `null`. */
  readonly signal: FatalSignal | null;
}

/** How a command ended, and what it printed. */
export class CommandOutput implements CommandStatus {
  /** Whether the exit code is 0. */
  readonly success: boolean;
  /** The exit code. -1 after a signal. */
  readonly code: number;
  /** The signal that ended the command, else `null`. */
  readonly signal: FatalSignal | null;
  /** What the command wrote to its standard output. */
  readonly stdout: Uint8Array;
  /** What the command wrote to its standard error. */
  readonly stderr: Uint8Array;

  static {
    showAs(this, "CommandOutput", (output) => ({
      code: output.code,
      ...output.signal !== null && { signal: output.signal },
      stdout: beginning(output.text()),
      stderr: beginning(output.errorText()),
    }));
  }

  /** Made by this module only. */
  constructor(status: CommandStatus, stdout: Uint8Array, stderr: Uint8Array) {
    this.success = status.success;
    this.code = status.code;
    this.signal = status.signal;
    this.stdout = stdout;
    this.stderr = stderr;
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

/** The status for an exit code and a signal. */
export function toStatus(
  { code, signal }: { code: number; signal?: FatalSignal },
): CommandStatus {
  return { success: code === 0, code, signal: signal ?? null };
}
