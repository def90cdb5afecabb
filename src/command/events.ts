/**
 * The output of a process as events.
 *
 * @module
 */

import type { CommandStatus } from "./command.ts";
import type { End, OutputConsumer, ProcessOutput } from "./output.ts";

/**
 * Something that a process did.
 *
 * @category Commands
 */
export type ProcessEvent =
  | {
    /** It has started. The first event. */
    type: "started";
    /** Its process id in the guest. */
    pid: number;
  }
  | {
    /** It wrote to its standard output or its standard error. */
    type: "stdout" | "stderr";
    /** What it wrote. */
    data: Uint8Array<ArrayBuffer>;
  }
  | {
    /** It ended by itself or by a signal. The last event. */
    type: "exited";
    /** How. */
    status: CommandStatus;
  }
  | {
    /** It did not end by itself: see `Process.status`. The last event. */
    type: "failed";
    /** Why. */
    error: unknown;
  };

/** Hands output to one iterator, as it takes it. */
export class ProcessEvents implements OutputConsumer {
  readonly #output: ProcessOutput;
  readonly #waiting: ProcessEvent[];
  #arrived: PromiseWithResolvers<void> | undefined;
  #isLeft = false;

  /** Starts with the event that the process has started. */
  constructor(pid: number, output: ProcessOutput) {
    this.#output = output;
    this.#waiting = [{ type: "started", pid }];
  }

  /** The events. To be called once. */
  async *iterate(): AsyncGenerator<ProcessEvent, void> {
    this.#output.consume(this);
    try {
      while (true) {
        const event = this.#waiting.shift();
        if (event === undefined) {
          this.#arrived = Promise.withResolvers();
          this.#output.advance();
          await this.#arrived.promise;
          continue;
        }
        yield event;
        if (event.type === "exited" || event.type === "failed") return;
      }
    } finally {
      this.#isLeft = true;
      this.#waiting.length = 0;
      this.#output.advance();
    }
  }

  /** Takes output. */
  write(type: "stdout" | "stderr", data: Uint8Array<ArrayBuffer>): void {
    if (!this.#isLeft) this.#push({ type, data });
  }

  /** Takes the end. */
  end(end: End): void {
    if ("error" in end) this.#push({ type: "failed", error: end.error });
    else this.#push({ type: "exited", status: end.status });
  }

  /** Whether the iterator waits, or is gone and nobody else will read. */
  wants(): boolean {
    return this.#isLeft || this.#arrived !== undefined;
  }

  #push(event: ProcessEvent): void {
    this.#waiting.push(event);
    this.#arrived?.resolve();
    this.#arrived = undefined;
  }
}
