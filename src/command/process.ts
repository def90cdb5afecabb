/**
 * Commands whose input and output are streamed.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type {
  CommandRequest,
  Program,
  Signal,
  TerminalSize,
} from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { type MicrosandboxError, StdinClosedError, UnfinishedCommandError } from "../errors.ts";
import { toError } from "../failure.ts";
import { concatenated, encoded } from "../files/bytes.ts";
import { showAs } from "../inspect.ts";
import { CommandOutput, type CommandStatus, toStatus } from "./command.ts";
import { type ProcessEvent, ProcessEvents } from "./events.ts";
import type { ExecOptions } from "./options.gen.ts";
import { type End, ProcessOutput } from "./output.ts";
import { ProcessStreams } from "./streams.ts";

/** What a process of the library needs to know to be one of this module. */
export interface ProcessOrigin {
  /** The client that started it. */
  client: Client;
  /** Its handle. */
  handle: number;
  /** Its process id in the guest. */
  pid: number;
  /** Whether it takes input from {@link Process.stdin}. */
  isPiped: boolean;
  /** Whether it ends with its object. */
  isOwned: boolean;
}

/** Makes the object for a process that the library has started. */
export let toProcess: (origin: ProcessOrigin) => Process;

/** The part of a process that is this module's own business. */
let outputOf: (process: Process) => ProcessOutput;

/**
 * A command that runs in a sandbox.
 *
 * Its output is taken from the guest as it is read here, so a slow reader slows
 * the command. Output can be read in one of three ways: as the streams
 * {@link Process.stdout} and {@link Process.stderr}, as events by iterating
 * over the process, or in one piece with {@link Process.collect}. Both streams
 * come from the guest in one sequence: while one is read and the other is not,
 * the other keeps up to 16 MiB for a later reader and then fails with code
 * `output-overflow`, so that nothing waits for ever.
 *
 * @example Talk to a command
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
 * await using process = await sandbox.execStream("tr", { args: ["a-z", "A-Z"] });
 * const writer = process.stdin.getWriter();
 * await writer.write(new TextEncoder().encode("hello\n"));
 * await writer.close();
 * console.log(await new Response(process.stdout).text());
 * console.log((await process.status).code);
 * ```
 *
 * @category Commands
 */
export class Process implements AsyncDisposable {
  /** The process id in the guest; 0 over SSH, which does not tell it. */
  readonly pid: number;
  readonly #client: Client;
  readonly #handle: number;
  readonly #isOwned: boolean;
  readonly #output: ProcessOutput;
  readonly #streams: ProcessStreams;
  readonly #stdin: WritableStream<Uint8Array> | undefined;
  /** Whether the output goes somewhere else than to the streams. */
  #isTaken = false;
  #disposed: Promise<void> | undefined;

  static {
    toProcess = (origin) => new Process(origin);
    showAs(this, "Process", ({ pid }) => ({ pid }));
    outputOf = (process) => process.#output;
  }

  private constructor({ client, handle, pid, isPiped, isOwned }: ProcessOrigin) {
    this.pid = pid;
    this.#client = client;
    this.#handle = handle;
    this.#isOwned = isOwned;
    const streams = new ProcessStreams(() => output.advance());
    const output = new ProcessOutput(client, handle, isOwned, streams);
    this.#streams = streams;
    this.#output = output;
    if (isPiped) this.#stdin = inputOf(client, handle, output);
  }

  /**
   * The command's standard input. A write resolves when the guest has room for
   * the next one; closing it is what the command sees as the end of its input.
   * Aborting it, as piping does when its source fails, kills the command: it
   * could not tell a part of its input from all of it. A job is left instead.
   *
   * Writing throws {@link StdinClosedError} when the command has closed its
   * input. When the command ends, the stream fails with that error, so that
   * what is piped into it ends too. Throws `TypeError` when the option `stdin`
   * said where the input comes from.
   */
  get stdin(): WritableStream<Uint8Array> {
    if (this.#stdin) return this.#stdin;
    throw new TypeError(
      "Cannot write to the process: its standard input was given with the option stdin",
    );
  }

  /**
   * What the command writes to its standard output, as a byte stream. It fails
   * with what {@link Process.status} fails with, behind what was written before.
   */
  get stdout(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#expectNotTaken("read stdout");
    return this.#streams.stdout;
  }

  /** What the command writes to its standard error, like {@link Process.stdout}. */
  get stderr(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#expectNotTaken("read stderr");
    return this.#streams.stderr;
  }

  /**
   * How the command ends. As with a pipe, a command whose output is not read
   * stops when about 1 MiB of it waits.
   *
   * Rejects with {@link ExecTimeoutError} after `timeoutMs`, with
   * {@link CommandInterruptedError} when the sandbox ends before the command,
   * and with the signal's reason when it was aborted.
   */
  get status(): Promise<CommandStatus> {
    this.#streams.wantEnd();
    this.#output.advance();
    return this.#output.status;
  }

  /**
   * Sends a signal to the command, by its name or its number in a Linux guest.
   * A command that has ended needs none. Default: `SIGTERM`.
   */
  async kill(
    signal: Signal | number = "SIGTERM",
    options: Cancellable = {},
  ): Promise<void> {
    const aborted = onlySignal(options);
    await unlessEnded(this.#output, () =>
      this.#client.call("process.signal", { signal }, {
        handle: this.#handle,
        signal: aborted,
      }));
  }

  /** Gives the command's terminal another size. */
  async resize(
    size: TerminalSize,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    await unlessEnded(this.#output, () =>
      this.#client.call("process.resize", size, {
        handle: this.#handle,
        signal,
      }));
  }

  /**
   * Waits for the end and collects the output, all of it: it takes as much
   * memory as the command prints.
   *
   * Rejects as {@link Process.status} does, with the output so far in the
   * error, and with `TypeError` when output was read another way.
   */
  async collect(): Promise<CommandOutput> {
    const { stdout, stderr } = this.#take("collect the output");
    const { promise, resolve } = Promise.withResolvers<End>();
    this.#output.consume({
      write: (kind, bytes) => void (kind === "stdout" ? stdout : stderr).push(bytes),
      end: resolve,
      wants: () => true,
    });
    const end = await promise;
    const output = [concatenated(stdout), concatenated(stderr)] as const;
    if ("error" in end) throw withOutput(end.error, ...output);
    return new CommandOutput(end.status, ...output);
  }

  /**
   * What the process does, as it happens. Leaving the loop early drops the
   * output that is to come; the command goes on.
   *
   * Throws `TypeError` when output was read another way.
   */
  [Symbol.asyncIterator](): AsyncIterator<ProcessEvent, void> {
    const { stdout, stderr } = this.#take("iterate over the events");
    const events = new ProcessEvents(this.pid, this.#output);
    for (const bytes of stdout) events.write("stdout", bytes);
    for (const bytes of stderr) events.write("stderr", bytes);
    return events.iterate();
  }

  /**
   * Kills the command with `SIGKILL` if it has not ended, and waits until it
   * has. Output that was not read is dropped.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    try {
      if (!this.#isOwned) throw detached();
      await this.kill("SIGKILL");
      await this.#output.drain();
    } catch (error) {
      // The process is not ours to end, is gone, or goes with its handle.
      this.#output.fail(error);
    }
  }

  #take(action: string): { stdout: Uint8Array<ArrayBuffer>[]; stderr: Uint8Array<ArrayBuffer>[] } {
    this.#expectNotTaken(action);
    if (this.#streams.isTouched) {
      throw new TypeError(`Cannot ${action}: a stream of the process was read`);
    }
    this.#isTaken = true;
    return this.#streams.takeWaiting();
  }

  #expectNotTaken(action: string): void {
    if (!this.#isTaken) return;
    throw new TypeError(
      `Cannot ${action}: the output of the process is collected or iterated over`,
    );
  }
}

/** Starts a program and returns when it has started. */
export async function spawn(
  client: Client,
  handle: number,
  program: Program,
  options: ExecOptions = {},
): Promise<Process> {
  const { signal, stdin, ...rest } = options;
  const isPiped = stdin === undefined || stdin instanceof ReadableStream;
  const { result, handle: processHandle } = await client.call(
    "process.spawn",
    toRequest(
      program,
      isPiped ? "piped" : stdin === null ? "null" : "bytes",
      rest,
    ),
    { handle, bytes: toBytes(isPiped ? null : stdin), signal },
  );
  return toOwned(client, processHandle, result.pid, isPiped ? stdin : null, signal);
}

/**
 * The object for a process that this program has started: it fails when the
 * signal is aborted, and a stream becomes its input. With `null` it takes none.
 */
export function toOwned(
  client: Client,
  handle: number,
  pid: number,
  stdin: ReadableStream<Uint8Array> | null | undefined,
  signal: AbortSignal | undefined,
): Process {
  const isPiped = stdin !== null;
  const process = toProcess({ client, handle, pid, isPiped, isOwned: true });
  if (signal) failOnAbort(process, signal);
  if (stdin) feed(process, stdin);
  return process;
}

/** Runs a program to its end and collects what it prints. */
export async function run(
  client: Client,
  handle: number,
  program: Program,
  options: ExecOptions = {},
): Promise<CommandOutput> {
  const { signal, stdin, ...rest } = options;
  if (stdin instanceof ReadableStream) {
    const process = await spawn(client, handle, program, options);
    return await process.collect();
  }
  const source = stdin === undefined || stdin === null ? "null" : "bytes";
  const { result, bytes } = await client.call(
    "command.run",
    toRequest(program, source, rest),
    { handle, bytes: toBytes(stdin), signal },
  );
  return new CommandOutput(
    toStatus(result),
    bytes.subarray(0, result.stdoutLength),
    bytes.subarray(result.stdoutLength),
  );
}

/** The size of a terminal when nobody says otherwise. */
const defaultTerminal: TerminalSize = { columns: 80, rows: 24 };

/** The request for a program. */
export function toRequest(
  program: Program,
  stdin: CommandRequest["stdin"],
  { tty, ...options }: Omit<ExecOptions, "stdin" | "signal">,
): CommandRequest {
  return { program, stdin, options: { ...options, ...toTerminal(tty) } };
}

/** The part of a request that asks for a terminal, or does not. */
export function toTerminal(tty: ExecOptions["tty"]): { tty?: TerminalSize } {
  const terminal = tty === true ? defaultTerminal : tty;
  return terminal ? { tty: terminal } : {};
}

/** The bytes of an input that is not a stream. */
export function toBytes(
  stdin: ExecOptions["stdin"],
  wanted = "a string, a Uint8Array, a ReadableStream or null",
): Uint8Array {
  if (stdin === undefined || stdin === null) return new Uint8Array(0);
  return encoded(stdin, "stdin", wanted);
}

/** A process's standard input, behind its handle. */
function inputOf(
  client: Client,
  handle: number,
  output: ProcessOutput,
): WritableStream<Uint8Array> {
  const { stopped } = output;
  return new WritableStream({
    // A source that has nothing to say would be waited for for ever.
    start: (controller) => errorOnAbort(controller, stopped),
    write: async (bytes) => {
      await client.call("process.write", {}, { handle, bytes, signal: stopped });
    },
    close: () =>
      unlessEnded(
        output,
        () => client.call("process.closeInput", {}, { handle, signal: stopped }),
      ),
    // Closing it is the end of the data, which a part of them must not pass for.
    abort: (reason) => output.fail(reason ?? new DOMException("Input aborted", "AbortError")),
  });
}

/**
 * Errors a stream when the signal is aborted. A function of its own, whose scope
 * has nothing else: what the signal knows lives as long as the signal.
 */
function errorOnAbort(controller: WritableStreamDefaultController, signal: AbortSignal): void {
  const weak = new WeakRef(controller);
  signal.addEventListener("abort", () => weak.deref()?.error(signal.reason), { once: true });
}

/** Does what a process that has ended does not need. */
async function unlessEnded(
  output: ProcessOutput,
  action: () => Promise<unknown>,
): Promise<void> {
  if (output.end) return;
  try {
    await action();
  } catch (error) {
    // The end may have been on its way when the action began.
    if (!output.end) throw error;
  }
}

function failOnAbort(process: Process, signal: AbortSignal): void {
  const output = outputOf(process);
  if (signal.aborted) return output.fail(signal.reason);
  failWeakly(new WeakRef(output), signal, output.stopped);
}

/**
 * Makes a process fail when the signal is aborted, which may live as long as the
 * program and must not keep a process that nothing else knows any more.
 */
function failWeakly(output: WeakRef<ProcessOutput>, signal: AbortSignal, until: AbortSignal): void {
  signal.addEventListener("abort", () => output.deref()?.fail(signal.reason), { signal: until });
}

/** Copies a stream to the process's input, and fails the process if it fails. */
function feed(process: Process, source: ReadableStream<Uint8Array>): void {
  const output = outputOf(process);
  // Aborting the input would end it, which the command cannot tell from the
  // end of its data. The source is cancelled when the command has ended.
  const options = { preventAbort: true, signal: output.stopped };
  source.pipeTo(process.stdin, options).catch((error) => {
    // A command may end before it has read all of its input.
    if (!(error instanceof StdinClosedError)) output.fail(error);
  });
}

function detached(): MicrosandboxError {
  return toError({
    code: "handle-closed",
    message: "Cannot use the process any more: this object was disposed",
  });
}

/** The same error with the output so far, if it is one that carries it. */
function withOutput(
  error: unknown,
  stdout: Uint8Array<ArrayBuffer>,
  stderr: Uint8Array<ArrayBuffer>,
): unknown {
  if (!(error instanceof UnfinishedCommandError)) return error;
  const { code, message, details } = error;
  return toError({
    code,
    message,
    details: { ...details, stdoutLength: stdout.length },
    bytes: concatenated([stdout, stderr]),
  });
}
