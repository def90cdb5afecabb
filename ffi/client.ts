/**
 * Requests and frames: turns the library's numbers into promises.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { type Failure, notBytes, Refused } from "./failure.ts";
import { toJson } from "./json.ts";
import type { Native } from "./native.ts";
import {
  type ClientConfig,
  frameHeaderLength,
  frameKind,
  operation,
  type Operations,
  status,
} from "./protocol/protocol.gen.ts";

/** What a request may have besides its options. */
export interface CallOptions {
  /** The handle to work on. */
  handle?: number;
  /** Raw input. */
  bytes?: Uint8Array | undefined;
  /** Cancels the request. The call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Gets what the request produces before it completes. */
  onEvent?: ((json: unknown, bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
}

/** What a request completed with. */
export interface Reply<Result> {
  /** The result. */
  result: Result;
  /** The handle that the operation made, or 0. */
  handle: number;
  /** The result's raw bytes. The caller may keep them. */
  bytes: Uint8Array<ArrayBuffer>;
}

interface Pending {
  resolve(reply: Reply<unknown>): void;
  reject(error: unknown): void;
  onEvent: CallOptions["onEvent"];
  signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}

const nothing = new Uint8Array(0);
const noFrames = "what it sent is no frames";
/**
 * How many frames may be delivered before other events have their turn. What
 * completes at once could otherwise go on for ever without them.
 */
const framesPerTurn = 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One client of the library. */
export class Client {
  readonly #native: Native;
  readonly #number: number;
  readonly #toError: (failure: Failure) => Error;
  readonly #pending = new Map<number, Pending>();
  /** Where small options are encoded; the library copies them. */
  readonly #scratch = new Uint8Array(16 * 1024);
  readonly #frames = new Uint8Array(64 * 1024);
  readonly #framesLength = new Uint32Array(1);
  readonly #wait: () => Promise<void>;
  #lastRequest = 0;
  #isWaiting = false;
  #isDrainScheduled = false;
  /** How many frames were delivered since other events had their turn. */
  #framesThisTurn = 0;
  #isClosed = false;

  /**
   * Opens a client of `native` whose failures `toError` turns into errors, by
   * default one of the default backend.
   */
  constructor(
    native: Native,
    toError: (failure: Failure) => Error,
    config: ClientConfig = {},
  ) {
    this.#native = native;
    this.#toError = toError;
    const out = new Uint32Array(1);
    const code = native.clientOpen(...this.#encodeConfig(config), out);
    if (code === status.invalidConfig) {
      throw toError({
        code: "invalid-config",
        message: `Cannot use options ${Object.keys(config).join(", ")}: one of ` +
          `them is unknown or of another type than it should be`,
      });
    }
    if (code !== status.ok) throw toError(statusFailure(code, "open a client"));
    this.#number = out[0]!;
    this.#wait = native.waiter(this.#number, () => this.#isClosed);
  }

  /** Whether the client was closed, or has ended because it could not go on. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Runs an operation and resolves with what it completes with.
   *
   * An aborted `signal` cancels the request. The promise settles when the
   * library is done with it, so that nothing of it is left then; when the
   * result came before the cancellation, it resolves.
   */
  async call<Name extends keyof Operations>(
    name: Name,
    options: Operations[Name]["options"],
    call: CallOptions = {},
  ): Promise<Reply<Operations[Name]["result"]>> {
    try {
      return await this.#submit(name, options, call);
    } catch (error) {
      // Made here and not where frames are received: only here does the stack
      // lead to the part of the program that has called.
      throw error instanceof Refused ? this.#toError(error.failure) : error;
    }
  }

  #submit<Name extends keyof Operations>(
    name: Name,
    options: Operations[Name]["options"],
    { handle = 0, bytes = nothing, signal, onEvent }: CallOptions,
  ): Promise<Reply<Operations[Name]["result"]>> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new Refused(closed);
      if (!(bytes instanceof Uint8Array)) {
        throw new Refused(notBytes(bytes, "bytes"));
      }
      const request = this.#nextRequest();
      const [json, jsonLength] = this.#encode(options);
      const code = this.#native.submit(
        this.#number,
        request,
        operation[name],
        handle,
        json,
        jsonLength,
        fixed(bytes),
        bytes.length,
      );
      if (code !== status.ok) throw new Refused(statusFailure(code, `start ${name}`));
      const onAbort = signal &&
        (() => void this.#native.cancel(this.#number, request));
      if (signal && onAbort) signal.addEventListener("abort", onAbort);
      this.#pending.set(request, {
        resolve: resolve as Pending["resolve"],
        reject,
        onEvent,
        signal,
        onAbort,
      });
      this.#scheduleDrain();
    });
  }

  /** Gives a handle back. A handle that is gone already is no error. */
  release(handle: number): void {
    if (!this.#isClosed) this.#native.release(this.#number, handle);
  }

  /** Closes the client. What is in flight fails with `client-closed`. */
  close(): void {
    if (!this.#isClosed) this.#end(closed);
  }

  /** Closes the client, and makes what is in flight fail. */
  #end(failure: Failure): void {
    this.#isClosed = true;
    this.#native.clientClose(this.#number);
    for (const request of [...this.#pending.keys()]) {
      this.#take(request)?.reject(new Refused(failure));
    }
    // Bun's descriptor is closed by the wait that sees its end.
    if (!this.#isWaiting) void this.#wait();
  }

  /**
   * Has frames received as soon as the program has started all the calls that
   * it starts together: many requests complete within that time.
   */
  #scheduleDrain(): void {
    if (this.#isDrainScheduled) return;
    this.#isDrainScheduled = true;
    if (this.#framesThisTurn < framesPerTurn) return queueMicrotask(this.#turn);
    setImmediate(() => {
      this.#framesThisTurn = 0;
      this.#turn();
    });
  }

  /** Receives what is there, and waits for what is not there yet. */
  readonly #turn = (): void => {
    this.#isDrainScheduled = false;
    if (this.#isClosed) return;
    this.#drain();
    void this.#waitForFrames();
  };

  /**
   * Receives frames as long as requests are in flight. There is at most one
   * wait, and none when there is nothing to wait for: it would keep the
   * program from ending.
   */
  async #waitForFrames(): Promise<void> {
    while (this.#pending.size > 0 && !this.#isWaiting) {
      this.#isWaiting = true;
      try {
        await this.#wait();
      } finally {
        this.#isWaiting = false;
      }
      if (this.#isClosed) return;
      this.#framesThisTurn = 0;
      this.#drain();
    }
  }

  /**
   * Receives what is there. After frames that are none, nothing that the
   * library sends can be understood, and who waits for it would wait for ever.
   */
  #drain(): void {
    try {
      this.#receiveAll();
    } catch (error) {
      if (this.#isClosed) return;
      const message = `Cannot go on with the library: ${(error as Error).message}`;
      this.#end({ code: "internal", message });
    }
  }

  /**
   * Receives until nothing is there, which is what has the next frame
   * announced, or nothing more is expected.
   */
  #receiveAll(): void {
    while (this.#pending.size > 0 && !this.#isClosed) {
      let buffer = this.#frames;
      let code = this.#receive(buffer);
      if (code === status.bufferTooSmall) {
        // A frame that gets a buffer of its own need not be copied out of it. The
        // frame fills it, so Bun need not set it to zero first; Deno always does.
        buffer = new Uint8Array(Buffer.allocUnsafeSlow(this.#framesLength[0]!).buffer);
        code = this.#receive(buffer);
      }
      if (code !== status.ok) throw new Error(statusFailure(code, "receive").message);
      const length = this.#framesLength[0]!;
      if (length === 0) return;
      this.#deliver(buffer, length);
    }
  }

  #receive(buffer: Uint8Array<ArrayBuffer>): number {
    return this.#native.receive(
      this.#number,
      buffer,
      buffer.length,
      this.#framesLength,
    );
  }

  /** Hands each frame in the buffer to its request. */
  #deliver(buffer: Uint8Array<ArrayBuffer>, length: number): void {
    // The view ends with the frames: reading beyond them throws.
    const view = new DataView(buffer.buffer, 0, length);
    for (let start = 0; start < length;) {
      const kind = view.getUint32(start + 4, true);
      const jsonStart = start + frameHeaderLength;
      const bytesStart = jsonStart + view.getUint32(start + 12, true);
      const end = bytesStart + view.getUint32(start + 16, true);
      const request = view.getUint32(start, true);
      const handle = view.getUint32(start + 8, true);
      if (end > length || !this.#pending.has(request)) throw new Error(noFrames);
      const json = parse(buffer.subarray(jsonStart, bytesStart));
      const bytes = buffer === this.#frames
        ? buffer.slice(bytesStart, end)
        : buffer.subarray(bytesStart, end);
      start = end;
      this.#framesThisTurn++;
      if (kind === frameKind.event) {
        try {
          this.#pending.get(request)!.onEvent?.(json, bytes);
        } catch (error) {
          // As any callback's: it must not keep others from their frames.
          reportError(error);
        }
      } else if (kind === frameKind.result) {
        this.#take(request)!.resolve({ result: json, handle, bytes });
      } else if (kind === frameKind.error && isFailure(json)) {
        this.#fail(request, { ...json, bytes });
      } else {
        throw new Error(noFrames);
      }
    }
  }

  #fail(request: number, failure: Failure): void {
    const { signal, reject } = this.#take(request)!;
    reject(
      failure.code === "cancelled" && signal?.aborted ? signal.reason : new Refused(failure),
    );
  }

  #take(request: number): Pending | undefined {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    if (pending?.onAbort) {
      pending.signal?.removeEventListener("abort", pending.onAbort);
    }
    return pending;
  }

  #nextRequest(): number {
    do {
      this.#lastRequest = (this.#lastRequest + 1) >>> 0;
    } while (this.#pending.has(this.#lastRequest));
    return this.#lastRequest;
  }

  #encodeConfig(config: ClientConfig): [Uint8Array<ArrayBuffer>, number] {
    try {
      return this.#encode(config);
    } catch (error) {
      throw error instanceof Refused ? this.#toError(error.failure) : error;
    }
  }

  /** The options as JSON, and how much of the array they take. */
  #encode(options: unknown): [Uint8Array<ArrayBuffer>, number] {
    const json = toJson(options);
    const { read, written } = encoder.encodeInto(json, this.#scratch);
    if (read === json.length) return [this.#scratch, written];
    const encoded = encoder.encode(json);
    return [encoded, encoded.length];
  }
}

const closed: Failure = {
  code: "client-closed",
  message: "The client was closed before the request completed",
};

/** The failure that a status of the library is. */
function statusFailure(code: number, action: string): Failure {
  // A program that is loaded again, as `bun --hot` does it, closes the clients
  // that it had before.
  if (code === status.invalidClient) return closed;
  return {
    code: "internal",
    message: `Cannot ${action}: the library returned status ${code}`,
  };
}

function parse(json: Uint8Array): unknown {
  return json.length === 0 ? null : JSON.parse(decoder.decode(json));
}

/** Whether the JSON of a frame is that of an error. */
function isFailure(json: unknown): json is Failure {
  return typeof (json as Failure | null)?.code === "string";
}

/** Foreign calls take no shared and no resizable memory, so that is copied. */
function fixed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && !buffer.resizable
    ? bytes as Uint8Array<ArrayBuffer>
    : bytes.slice();
}
