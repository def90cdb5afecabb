/**
 * The agent of a sandbox, for tools that speak its protocol themselves.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type { AgentFrameHeader, NamedSandbox } from "../../ffi/protocol/protocol.gen.ts";
import { readStream } from "../../ffi/stream.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { Closing } from "../closing.ts";
import { toError } from "../failure.ts";
import { connect } from "../host/connection.ts";

/** A frame of the agent's protocol. */
export interface AgentFrame {
  /** The number of the exchange that it belongs to. */
  id: number;
  /** Its flags: 1 for the last one of an exchange, 2 for the first one. */
  flags: number;
  /** Its body, which is CBOR. */
  body: Uint8Array<ArrayBuffer>;
}

/** Connects to the agent of a sandbox. */
export async function connectAgent(
  client: Client,
  sandbox: NamedSandbox,
  signal: AbortSignal | undefined,
): Promise<AgentClient> {
  const { handle, bytes } = await client.call("agent.connect", sandbox, { signal });
  return toAgent(client, handle, bytes);
}

let toAgent: (client: Client, handle: number, ready: Uint8Array<ArrayBuffer>) => AgentClient;

let toStream: (client: Client, handle: number, id: number) => AgentStream;

/**
 * A connection of its own to the agent of a sandbox. It passes frames on as
 * they are, and knows nothing of what is in them; the protocol belongs to the
 * version of the runtime. What can be done with it is up to the agent, which
 * obeys as `root`.
 *
 * Everything here throws {@link MicrosandboxError} with code
 * `agent-client-error` when the connection ends before the answer.
 *
 * @category Remote access
 */
export class AgentClient implements AsyncDisposable {
  readonly #client: Client;
  readonly #handle: number;
  /** The body of the message with which the agent has begun the connection. */
  readonly readyBytes: Uint8Array<ArrayBuffer>;
  readonly #closing: Closing;

  static {
    toAgent = (client, handle, ready) => new AgentClient(client, handle, ready);
  }

  private constructor(client: Client, handle: number, ready: Uint8Array<ArrayBuffer>) {
    this.#client = client;
    this.#handle = handle;
    this.readyBytes = ready;
    this.#closing = new Closing((signal) => client.call("agent.close", {}, { handle, signal }));
  }

  /**
   * Connects to the agent of the sandbox of this name.
   *
   * Throws {@link SandboxNotFoundError}, and {@link MicrosandboxError} with code
   * `agent-client-error` when the sandbox does not run.
   */
  static async connect(
    name: string,
    options: Cancellable = {},
  ): Promise<AgentClient> {
    const signal = onlySignal(options);
    return await connectAgent(await connect(signal), { name }, signal);
  }

  /** Sends a frame, and resolves with the one that answers it. */
  async request(
    flags: number,
    body: Uint8Array,
    options: Cancellable = {},
  ): Promise<AgentFrame> {
    const signal = onlySignal(options);
    const { result, bytes } = await this.#client.call("agent.request", { flags }, {
      handle: this.#openHandle(),
      bytes: body,
      signal,
    });
    return { ...result, body: bytes };
  }

  /**
   * Sends a frame, and resolves with the stream of those that answer it. A
   * stream that is not read holds up the others of this connection.
   *
   * Here too the protocol is yours to keep: since its version 10, the agent
   * tells of the end of an execution (`core.exec.exited`) only when all output
   * was acknowledged by `core.exec.output.ack` frames.
   */
  async stream(
    flags: number,
    body: Uint8Array,
    options: Cancellable = {},
  ): Promise<AgentStream> {
    const signal = onlySignal(options);
    const { result, handle } = await this.#client.call("agent.stream", { flags }, {
      handle: this.#openHandle(),
      bytes: body,
      signal,
    });
    return toStream(this.#client, handle, result.id);
  }

  /**
   * Sends another frame of an exchange that has begun. One that breaks the
   * protocol ends the connection, like input (`core.exec.stdin`) for an
   * execution that has not said `core.exec.started` yet.
   */
  async send(
    id: number,
    flags: number,
    body: Uint8Array,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    await this.#client.call("agent.send", { id, flags }, {
      handle: this.#openHandle(),
      bytes: body,
      signal,
    });
  }

  /**
   * Ends the connection, and with it what waits for an answer. Giving this up
   * ends it nevertheless.
   */
  async close(options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    return await this.#closing.run(signal);
  }

  /** Ends the connection, and with it what waits for an answer. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #openHandle(): number {
    if (!this.#closing.hasBegun) return this.#handle;
    throw toError({
      code: "handle-closed",
      message: "Cannot use the connection to the agent: it was closed, so make another one",
    });
  }
}

/**
 * Frames that answer one. They can be iterated over once.
 *
 * @category Remote access
 */
export class AgentStream implements AsyncDisposable {
  readonly #client: Client;
  readonly #handle: number;
  /** The number of the exchange, for {@link AgentClient.send}. */
  readonly id: number;
  #isTaken = false;

  static {
    toStream = (client, handle, id) => new AgentStream(client, handle, id);
  }

  private constructor(client: Client, handle: number, id: number) {
    this.#client = client;
    this.#handle = handle;
    this.id = id;
  }

  /**
   * The frames, up to the last one of the exchange. Leaving the loop early or
   * aborting drops those that are to come, and tells the agent nothing.
   *
   * Throws `TypeError` when they were taken already.
   */
  async *frames(options: Cancellable = {}): AsyncGenerator<AgentFrame, void> {
    const signal = onlySignal(options);
    if (this.#isTaken) throw new TypeError("Cannot read the frames: they were taken already");
    this.#isTaken = true;
    for await (const { json, bytes } of readStream(this.#client, this.#handle, { signal })) {
      yield { ...json as AgentFrameHeader, body: bytes };
    }
  }

  /** The frames, as {@link AgentStream.frames} gives them. */
  [Symbol.asyncIterator](): AsyncGenerator<AgentFrame, void> {
    return this.frames();
  }

  /** Drops the frames, unless somebody has taken them. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isTaken) this.#client.release(this.#handle);
    this.#isTaken = true;
    return Promise.resolve();
  }
}
