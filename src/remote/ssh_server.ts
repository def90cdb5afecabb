/**
 * SSH servers of this machine that lead into a sandbox.
 *
 * @module
 */

import type { Client, Reply } from "../../ffi/client.ts";
import type { SshServerEvent, SshServerInfo } from "../../ffi/protocol/protocol.gen.ts";
import { readStream } from "../../ffi/stream.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { Closing } from "../closing.ts";
import { toError } from "../failure.ts";
import { bracketed, requireNet, requireRead } from "../host/permissions.ts";
import type { SshServerOptions } from "./options.gen.ts";

/** Starts a server of the sandbox behind a handle. */
export async function serveSsh(
  client: Client,
  handle: number,
  { signal, ...options }: SshServerOptions,
): Promise<SshServer> {
  const { hostname = "127.0.0.1", port = 0, authorizedKeysFile } = options;
  // What is no port Deno does not understand; the library says what is wrong.
  if (port >= 0 && port <= 65_535) {
    requireNet(`${bracketed(hostname)}:${port}`);
  }
  if (authorizedKeysFile !== undefined) requireRead(authorizedKeysFile);
  return toServer(client, await client.call("sshServer.listen", options, { handle, signal }));
}

let toServer: (client: Client, reply: Reply<SshServerInfo>) => SshServer;

/**
 * An SSH server of this machine that leads into a sandbox, which
 * {@link Sandbox.sshServer} starts. It keeps its sandbox in use, and ends with
 * the program at the latest.
 *
 * Clients log in with a key and with nothing else. They can run commands, with
 * or without a terminal, use SFTP and `scp`, and have connections forwarded to
 * what the guest can reach. Iterating over the server tells who logged in, and
 * whose key was refused, from its start on; the iteration ends when the server
 * is closed.
 *
 * @example Let a key in
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
 * const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+zK5j5EJOhH1A4qQ1sS3g3m1kzLxM0QWl8vJ4eS0kz";
 * await using server = await sandbox.sshServer({ authorizedKeys: [key] });
 * console.log(`ssh -p ${server.port} root@127.0.0.1`);
 * ```
 *
 * @category Remote access
 */
export class SshServer implements AsyncDisposable {
  readonly #client: Client;
  readonly #handle: number;
  /** The port that it listens on. */
  readonly port: number;
  /** The server's public key, as in a `known_hosts` file behind the host. */
  readonly hostKey: string;
  readonly #closing = new Closing((signal) => this.#close(signal));
  /** Calls for events that closing must not overtake, or they would fail. */
  #opening: Promise<unknown> = Promise.resolve();

  static {
    toServer = (client, reply) => new SshServer(client, reply);
  }

  private constructor(client: Client, { handle, result }: Reply<SshServerInfo>) {
    this.#client = client;
    this.#handle = handle;
    this.port = result.port;
    this.hostKey = result.hostKey;
  }

  /**
   * Stops listening, ends all connections and the commands in them, and
   * resolves when the port is free. Giving this up closes the server
   * nevertheless.
   */
  async close(options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    return await this.#closing.run(signal);
  }

  /** What {@link SshServer.close} does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Who came and was let in or refused. Each event is told once, whoever
   * iterates.
   */
  async *events(options: Cancellable = {}): AsyncGenerator<SshServerEvent, void> {
    const signal = onlySignal(options);
    if (this.#closing.hasBegun) {
      throw toError({
        code: "handle-closed",
        message: "Cannot read the events of the SSH server: it was closed",
      });
    }
    const client = this.#client;
    const opening = client.call("sshServer.events", {}, { handle: this.#handle, signal });
    this.#opening = Promise.allSettled([this.#opening, opening]);
    const { handle } = await opening;
    for await (const { json } of readStream(client, handle, { credit: 1, signal })) {
      yield json as SshServerEvent;
    }
  }

  /** The events, as {@link SshServer.events} gives them. */
  [Symbol.asyncIterator](): AsyncGenerator<SshServerEvent, void> {
    return this.events();
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    await this.#opening;
    await this.#client.call("sshServer.close", {}, { handle: this.#handle, signal });
  }
}
