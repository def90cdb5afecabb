/**
 * This program's own terminal, connected to a process in a sandbox.
 *
 * @module
 */

import process from "node:process";
import { refuseOthers } from "../cancellable.ts";
import { toError } from "../failure.ts";
import type { CommandStatus } from "./command.ts";
import type { AttachOptions, ExecOptions } from "./options.gen.ts";
import type { Process } from "./process.ts";

const lineFeed = 0x0a;
const verticalTab = 0x0b;
const carriageReturn = 0x0d;

/** How to connect this program's terminal to a process. */
export interface AttachTerminalOptions {
  /**
   * What to type to leave the process: characters and `ctrl-` combinations,
   * separated by commas, such as `ctrl-p,ctrl-q`. Default: `ctrl-]`.
   */
  detachKeys?: string | undefined;
  /** Leaves the process. The call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Starts a process in a terminal of this one's size, and connects the two. */
export async function attach(
  start: (options: ExecOptions) => Promise<Process>,
  { detachKeys, ...options }: AttachOptions = {},
): Promise<CommandStatus | undefined> {
  expectTerminal();
  const keys = parseKeys(detachKeys);
  await using remote = await start({ ...options, tty: terminalSize() });
  return await connectTerminal(remote, keys, options.signal);
}

/**
 * Connects this program's terminal to a process that runs in a terminal, until
 * the process ends or the user types the detach keys, which leaves it running.
 *
 * Returns how the process ended, or `undefined` when the user detached. Throws
 * {@link MicrosandboxError} with code `terminal-error` when standard input is
 * not a terminal, and {@link InvalidOptionError} for keys that do not exist and
 * for options that it does not have.
 *
 * @category Commands
 */
export async function attachTerminal(
  remote: Process,
  { detachKeys, signal, ...others }: AttachTerminalOptions = {},
): Promise<CommandStatus | undefined> {
  refuseOthers(others, "detachKeys and signal");
  expectTerminal();
  const keys = parseKeys(detachKeys);
  await remote.resize(terminalSize(), signal ? { signal } : {});
  return await connectTerminal(remote, keys, signal);
}

async function connectTerminal(
  remote: Process,
  keys: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<CommandStatus | undefined> {
  const { stdin, stdout } = process;
  const writer = remote.stdin.getWriter();
  const reader = remote.stdout.getReader();
  const left = Promise.withResolvers<undefined>();
  const input = new DetachFilter(keys);
  const onData = (chunk: Uint8Array) => {
    const typed = input.filter(new Uint8Array(chunk));
    // What cannot be written any more is told by the end of the process.
    if (typed.length > 0) writer.write(typed).catch(() => {});
    if (input.isDetached) left.resolve(undefined);
  };
  const onResize = () => void remote.resize(terminalSize()).catch(() => {});
  const onAbort = () => left.reject(signal?.reason);
  stdin.setRawMode(true);
  stdin.on("data", onData);
  stdin.resume();
  process.on("SIGWINCH", onResize);
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) onAbort();
  try {
    const shown = show(reader).then(() => remote.status);
    return await Promise.race([shown, left.promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    process.off("SIGWINCH", onResize);
    stdin.off("data", onData);
    stdin.setRawMode(false);
    stdin.pause();
    reader.releaseLock();
    writer.releaseLock();
    // A lone write flushes what the terminal was sent before.
    await new Promise<void>((resolve) => void stdout.write("", () => resolve()));
  }
}

/** Shows the output, as fast as the terminal takes it. */
async function show(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  // Windows has no such processing.
  const lines = process.stdout.isTTY && process.platform !== "win32" ? new RawLines() : undefined;
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    await new Promise<void>((resolve) => {
      process.stdout.write(lines?.convert(value) ?? value, () => resolve());
    });
  }
}

/**
 * Output for a terminal whose own processing of output is on: the runtimes' raw
 * mode is one of input only, in which the terminal still puts a carriage return
 * before each line feed. The guest's terminal has done that where it should be.
 */
export class RawLines {
  #wasReturn = false;

  /**
   * The output so that the terminal gets what the guest has sent: it adds the
   * carriage return that is left out here. A line feed that has none goes as a
   * vertical tab, which terminals take for one and add nothing to.
   */
  convert(output: Uint8Array): Uint8Array {
    const converted = new Uint8Array(output.length);
    let length = 0;
    for (const byte of output) {
      if (byte === lineFeed && this.#wasReturn) {
        // One at the end of the output before is out already, and does no harm.
        if (length > 0) length--;
        converted[length++] = lineFeed;
      } else {
        converted[length++] = byte === lineFeed ? verticalTab : byte;
      }
      this.#wasReturn = byte === carriageReturn;
    }
    return converted.subarray(0, length);
  }
}

function expectTerminal(): void {
  if (process.stdin.isTTY) return;
  throw toError({
    code: "terminal-error",
    message: "Cannot attach: standard input is not a terminal, so run the " +
      "command with exec or execStream",
  });
}

function terminalSize(): { columns: number; rows: number } {
  const { columns, rows } = process.stdout;
  return { columns: columns || 80, rows: rows || 24 };
}

/** The bytes that a terminal sends for the keys. */
function parseKeys(keys = "ctrl-]"): Uint8Array {
  return Uint8Array.from(keys.split(","), (key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    throw toError({
      code: "invalid-option",
      message: `Cannot use ${JSON.stringify(key)} as a detach key: give single ` +
        `characters or ctrl- with a letter or one of @[\\]^_, separated by commas`,
      details: { path: "detachKeys" },
    });
  });
}

/** Looks for the detach keys in what is typed. */
class DetachFilter {
  readonly #keys: Uint8Array;
  /** How many of the keys were typed, and so held back. */
  #matched = 0;
  isDetached = false;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** What is to be passed on. Keys that turn out to be no detaching come late. */
  filter(typed: Uint8Array): Uint8Array {
    const passed: number[] = [];
    for (const byte of typed) {
      if (this.isDetached) break;
      if (byte !== this.#keys[this.#matched]) {
        passed.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) this.#matched++;
      else passed.push(byte);
      this.isDetached = this.#matched === this.#keys.length;
    }
    return Uint8Array.from(passed);
  }
}
