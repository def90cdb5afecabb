/**
 * SSH clients of a sandbox.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { Closing } from "../closing.ts";
import type { CommandOutput, CommandStatus } from "../command/command.ts";
import { type Process, toBytes, toOwned, toTerminal } from "../command/process.ts";
import { attach, type AttachTerminalOptions } from "../command/terminal.ts";
import { toError } from "../failure.ts";
import type { SshExecOptions, SshOptions } from "./options.gen.ts";
import { type SftpSession, toSftp } from "./sftp.ts";

/** Makes an SSH client of the sandbox behind a handle. */
export async function connectSsh(
  client: Client,
  handle: number,
  { signal, ...options }: SshOptions = {},
): Promise<SshClient> {
  const reply = await client.call("ssh.connect", options, { handle, signal });
  return toSsh(client, reply.handle);
}

let toSsh: (client: Client, handle: number) => SshClient;

/**
 * An SSH client of a sandbox, which {@link Sandbox.ssh} makes.
 *
 * Each command and each SFTP session has a connection of its own, within this
 * program, so that one that nobody reads holds up no other one. Whether the
 * sandbox can be reached turns out when they start.
 *
 * @example Run a command, and read a file
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
 * await using ssh = await sandbox.ssh();
 * console.log((await ssh.exec("uname -a")).text());
 * await using sftp = await ssh.sftp();
 * console.log(await sftp.fs.readTextFile("/etc/os-release"));
 * ```
 *
 * @category Remote access
 */
export class SshClient implements AsyncDisposable {
  readonly #client: Client;
  readonly #handle: number;
  readonly #closing: Closing;

  static {
    toSsh = (client, handle) => new SshClient(client, handle);
  }

  private constructor(client: Client, handle: number) {
    this.#client = client;
    this.#handle = handle;
    this.#closing = new Closing((signal) => client.call("ssh.close", {}, { handle, signal }));
  }

  /**
   * Runs a script with the sandbox's shell to its end and collects what it
   * prints. A shell that cannot be started is code 127 with the reason as
   * standard error, as with any SSH server.
   *
   * Throws {@link SshError}, {@link CommandInterruptedError} when the sandbox
   * or the client ends before the command, and the signal's reason.
   */
  async exec(
    command: string,
    { stdin = null, ...options }: SshExecOptions = {},
  ): Promise<CommandOutput> {
    const process = await this.execStream(command, { stdin, ...options });
    return await process.collect();
  }

  /** Starts a script with the sandbox's shell. Throws {@link SshError}. */
  async execStream(command: string, options?: SshExecOptions): Promise<Process> {
    return await this.#spawn({ command }, options);
  }

  /**
   * Runs the sandbox's shell in this program's terminal.
   *
   * Returns how the shell ended, or `undefined` when the user detached, which
   * kills it. Throws {@link MicrosandboxError} with code `terminal-error` when
   * standard input is not a terminal, and {@link SshError}.
   */
  async attach(options?: AttachTerminalOptions): Promise<CommandStatus | undefined> {
    return await attach((tty) => this.#spawn({}, tty), options);
  }

  /** Starts an SFTP session. Throws {@link SshError}. */
  async sftp(options: Cancellable = {}): Promise<SftpSession> {
    const signal = onlySignal(options);
    const { handle } = await this.#client.call("ssh.openSftp", {}, {
      handle: this.#openHandle(),
      signal,
    });
    return toSftp(this.#client, handle);
  }

  /**
   * Ends all connections, which kills the commands. Giving this up ends them
   * nevertheless.
   */
  async close(options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    return await this.#closing.run(signal);
  }

  /** Ends all connections, which kills the commands. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #spawn(
    request: { command?: string },
    { stdin, tty, signal, ...options }: SshExecOptions = {},
  ): Promise<Process> {
    const input = toStream(stdin);
    const { handle } = await this.#client.call(
      "ssh.spawn",
      // What SSH cannot do is in no option, and the library refuses it by name.
      { ...options, ...request, ...toTerminal(tty) },
      { handle: this.#openHandle(), signal },
    );
    return toOwned(this.#client, handle, 0, input, signal);
  }

  #openHandle(): number {
    if (!this.#closing.hasBegun) return this.#handle;
    throw toError({
      code: "handle-closed",
      message: "Cannot use the SSH client: it was closed, so make another one",
    });
  }
}

/** An input as a stream; none is one that is at its end. */
function toStream(
  stdin: SshExecOptions["stdin"],
): ReadableStream<Uint8Array> | undefined {
  if (stdin === undefined || stdin instanceof ReadableStream) return stdin;
  const bytes = toBytes(stdin);
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
