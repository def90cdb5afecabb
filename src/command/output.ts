/**
 * The output of a process: takes it from the library as somebody wants it, and
 * hands it to who reads which part.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type { ProcessItem } from "../../ffi/protocol/protocol.gen.ts";
import { toError, toErrorOf } from "../failure.ts";
import { type CommandStatus, toStatus } from "./command.ts";

/** How a process ended: by itself with a status, or with an error. */
export type End = { status: CommandStatus } | { error: unknown };

/** Gets the output in order. */
export interface OutputConsumer {
  /** Output of one of the two kinds, never empty. */
  write(kind: "stdout" | "stderr", bytes: Uint8Array<ArrayBuffer>): void;
  /** The end. Nothing follows. */
  end(end: End): void;
  /** Whether to go on reading from the library. */
  wants(): boolean;
}

/** How many items are on their way at most. Each has up to about 64 KiB. */
const credit = 8;

/** Processes that nobody can read any more go on without a reader. */
const abandoned = new FinalizationRegistry<() => void>((abandon) => abandon());

/** The output of one process. */
export class ProcessOutput {
  readonly #client: Client;
  readonly #handle: number;
  readonly #stopped = new AbortController();
  readonly #ended = Promise.withResolvers<CommandStatus>();
  /** Where the process was started. */
  readonly #begun = new Error();
  #consumer: OutputConsumer;
  #isReading = false;
  #isDraining = false;
  #end: End | undefined;

  /**
   * Reads the process behind `handle`, and gives the handle back at its end.
   * `isOwned` says whether that would kill a process that has not ended.
   */
  constructor(
    client: Client,
    handle: number,
    isOwned: boolean,
    consumer: OutputConsumer,
  ) {
    this.#client = client;
    this.#handle = handle;
    this.#consumer = consumer;
    // Errors that are not awaited have to be allowed: the status is optional.
    this.#ended.promise.catch(() => {});
    const stopped = this.#stopped;
    abandoned.register(this, () => {
      // Signals that outlive the process no longer need to know of it.
      stopped.abort();
      if (isOwned) client.call("process.abandon", {}, { handle }).catch(() => {});
      else client.release(handle);
    }, this);
  }

  /** Resolves with the status when the process has ended by itself. */
  get status(): Promise<CommandStatus> {
    return this.#ended.promise;
  }

  /** How the process ended, if it has and its end was read. */
  get end(): End | undefined {
    return this.#end;
  }

  /** Aborted when the process has ended, with what an input can be told then. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Hands everything that comes from now on to another consumer. */
  consume(consumer: OutputConsumer): void {
    this.#consumer = consumer;
    if (this.#end) consumer.end(this.#end);
    else this.advance();
  }

  /** Drops everything that comes from now on, and waits for the end. */
  drain(): Promise<CommandStatus> {
    this.#isDraining = true;
    this.advance();
    return this.status;
  }

  /** Reads on if the consumer wants it. To be called when it may want more. */
  advance(): void {
    if (this.#isReading || !this.#wantsMore()) return;
    this.#isReading = true;
    void this.#read();
  }

  /** Ends the reading with an error, and the process with it. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  #wantsMore(): boolean {
    return !this.#end && (this.#isDraining || this.#consumer.wants());
  }

  async #read(): Promise<void> {
    while (this.#wantsMore()) {
      try {
        await this.#client.call("process.read", { credit }, {
          handle: this.#handle,
          signal: this.#stopped.signal,
          onEvent: (item, bytes) => this.#take(item as ProcessItem, bytes),
        });
      } catch (error) {
        this.#finish({ error });
      }
    }
    // Nothing is awaited between the last question and this, or a wish that
    // comes in between would be lost.
    this.#isReading = false;
  }

  #take(item: ProcessItem, bytes: Uint8Array<ArrayBuffer>): void {
    switch (item.type) {
      case "stdout":
      case "stderr":
        if (this.#end || this.#isDraining || bytes.length === 0) return;
        this.#consumer.write(item.type, bytes);
        break;
      case "exited":
        this.#finish({ status: toStatus(item) });
        break;
      case "failed":
        this.#finish({ error: toErrorOf(item.failure, this.#begun) });
    }
  }

  #finish(end: End): void {
    if (this.#end) return;
    this.#end = end;
    abandoned.unregister(this);
    // A call in flight would keep the process until it is done.
    this.#stopped.abort("error" in end ? end.error : inputEnded());
    this.#client.release(this.#handle);
    this.#consumer.end(end);
    if ("status" in end) this.#ended.resolve(end.status);
    else this.#ended.reject(end.error);
  }
}

function inputEnded(): Error {
  return toError({
    code: "stdin-closed",
    message: "Cannot write to the command's standard input: the command has ended",
  });
}
