/**
 * The output of a process as two byte streams.
 *
 * @module
 */

import { toError } from "../failure.ts";
import type { End, OutputConsumer } from "./output.ts";

/**
 * How much of a stream waits for its reader before the reading stops, which
 * makes the guest wait in turn: what a pipe holds at most on Linux.
 */
const pipeCapacity = 1024 * 1024;

/** How much of a stream is kept for a reader that may never come. */
const overflowLength = 16 * 1024 * 1024;

/**
 * Hands output to two streams.
 *
 * The library gives both in one sequence, so to get at one of them the other
 * has to be put somewhere. As long as somebody reads it, it is kept up to
 * `pipeCapacity` and then waited for. If nobody does, waiting could be for
 * ever, so it is kept up to `overflowLength` and then given up.
 */
export class ProcessStreams implements OutputConsumer {
  readonly #stdout: Channel;
  readonly #stderr: Channel;
  /** Whether somebody waits for the end. */
  #isEndWanted = false;

  /** Calls `advance` whenever more output may be wanted. */
  constructor(advance: () => void) {
    this.#stdout = new Channel("stdout", advance);
    this.#stderr = new Channel("stderr", advance);
  }

  /** The stream of standard output. */
  get stdout(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stdout.stream;
  }

  /** The stream of standard error. */
  get stderr(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stderr.stream;
  }

  /** Whether a stream was read, so that its output is not all there any more. */
  get isTouched(): boolean {
    return this.#stdout.isTouched || this.#stderr.isTouched;
  }

  /** Makes the end be read for, as far as there is room for the output. */
  wantEnd(): void {
    this.#isEndWanted = true;
  }

  /** Drops all output that was not read, and all that is to come. */
  discard(): void {
    this.#stdout.discard();
    this.#stderr.discard();
  }

  /** The output that waits, taken out. */
  takeWaiting(): { stdout: Uint8Array<ArrayBuffer>[]; stderr: Uint8Array<ArrayBuffer>[] } {
    return { stdout: this.#stdout.take(), stderr: this.#stderr.take() };
  }

  /** Takes output. */
  write(kind: "stdout" | "stderr", bytes: Uint8Array<ArrayBuffer>): void {
    (kind === "stdout" ? this.#stdout : this.#stderr).push(bytes);
  }

  /** Ends both streams, behind what they still hold. */
  end(end: End): void {
    this.#stdout.end(end);
    this.#stderr.end(end);
  }

  /** Whether somebody waits for output, and nobody is to be waited for. */
  wants(): boolean {
    const channels = [this.#stdout, this.#stderr];
    if (channels.some((channel) => channel.isAwaited)) {
      return !channels.some((channel) => channel.isFull && channel.isBeingRead);
    }
    const nobodyReads = channels.every((channel) => channel.isDiscarded);
    return (this.#isEndWanted || nobodyReads) &&
      !channels.some((channel) => channel.isFull);
  }
}

/** One of the two. */
class Channel {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #name: string;
  readonly #advance: () => void;
  #controller!: ReadableByteStreamController;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingLength = 0;
  #pull: PromiseWithResolvers<void> | undefined;
  #wasRead = false;
  #end: End | undefined;
  isDiscarded = false;

  constructor(name: string, advance: () => void) {
    this.#name = name;
    this.#advance = advance;
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller as ReadableByteStreamController;
      },
      pull: () => this.#deliver(),
      cancel: () => this.discard(),
    });
  }

  /** Whether a reader waits for output. */
  get isAwaited(): boolean {
    return this.#pull !== undefined;
  }

  /** Whether there is a reader that took something before. */
  get isBeingRead(): boolean {
    return this.#wasRead && this.stream.locked;
  }

  get isFull(): boolean {
    return this.#waitingLength >= pipeCapacity;
  }

  get isTouched(): boolean {
    return this.#wasRead || this.stream.locked || this.isDiscarded;
  }

  push(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.isDiscarded) return;
    if (this.#pull) {
      this.#controller.enqueue(bytes);
      return this.#settlePull();
    }
    this.#waiting.push(bytes);
    this.#waitingLength += bytes.length;
    if (this.#waitingLength > overflowLength) this.#overflow();
  }

  end(end: End): void {
    this.#end ??= end;
    if (this.#pull) {
      this.#close();
      this.#settlePull();
    }
  }

  discard(): void {
    this.isDiscarded = true;
    this.take();
    this.#settlePull();
    this.#advance();
  }

  take(): Uint8Array<ArrayBuffer>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingLength = 0;
    return waiting;
  }

  #deliver(): Promise<void> | undefined {
    this.#wasRead = true;
    const bytes = this.#waiting.shift();
    if (bytes !== undefined) {
      this.#waitingLength -= bytes.length;
      this.#controller.enqueue(bytes);
      this.#advance();
    } else if (this.#end) {
      this.#close();
    } else {
      this.#pull = Promise.withResolvers();
      this.#advance();
      return this.#pull?.promise;
    }
  }

  #settlePull(): void {
    this.#pull?.resolve();
    this.#pull = undefined;
  }

  #close(): void {
    if (this.#end && "error" in this.#end) {
      return this.#controller.error(this.#end.error);
    }
    this.#controller.close();
    // A reader that brought its own buffer gets it back, empty.
    this.#controller.byobRequest?.respond(0);
  }

  #overflow(): void {
    this.isDiscarded = true;
    this.take();
    this.#controller.error(toError({
      code: "output-overflow",
      message: `Cannot keep more than ${overflowLength} bytes of ${this.#name} ` +
        `that nobody reads: read it along with the rest, or cancel the stream`,
    }));
  }
}
