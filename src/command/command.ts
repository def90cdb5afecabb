/**
 * Commands in a sandbox: how to run them, and how they end.
 *
 * @module
 */

import type { FatalSignal } from "../../ffi/protocol/protocol.gen.ts";
import { beginning, showAs } from "../inspect.ts";

/**
 * How a command ended.
 *
 * @category Commands
 */
export interface CommandStatus {
  /** Whether the exit code is 0. */
  readonly success: boolean;
  /** The exit code. -1 after a signal. */
  readonly code: number;
  /** The signal that ended the command, else `null`. */
  readonly signal: FatalSignal | null;
}

/**
 * How a command ended, and what it printed.
 *
 * @category Commands
 */
export class CommandOutput implements CommandStatus {
  /** Whether the exit code is 0. */
  readonly success: boolean;
  /** The exit code. -1 after a signal. */
  readonly code: number;
  /** The signal that ended the command, else `null`. */
  readonly signal: FatalSignal | null;
  /** What the command wrote to its standard output. */
  readonly stdout: Uint8Array<ArrayBuffer>;
  /** What the command wrote to its standard error. */
  readonly stderr: Uint8Array<ArrayBuffer>;

  static {
    showAs(this, "CommandOutput", (output) => ({
      code: output.code,
      ...output.signal !== null && { signal: output.signal },
      stdout: beginning(output.text()),
      stderr: beginning(output.errorText()),
    }));
  }

  /** Made by this module only. */
  constructor(
    status: CommandStatus,
    stdout: Uint8Array<ArrayBuffer>,
    stderr: Uint8Array<ArrayBuffer>,
  ) {
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
