/**
 * Closing, which is begun once and ends what it closes.
 *
 * @module
 */

/** Closes something once, whoever asks for it how often. */
export class Closing {
  readonly #close: (signal?: AbortSignal) => Promise<unknown>;
  #ended: Promise<void> | undefined;

  /** `close` closes it, or fails when it is there no longer. */
  constructor(close: (signal?: AbortSignal) => Promise<unknown>) {
    this.#close = close;
  }

  /** Whether closing has begun. */
  get hasBegun(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Closes it, or waits until it is closed. When the signal is aborted, the call
   * fails with its reason, and the closing goes on.
   */
  async run(signal: AbortSignal | undefined): Promise<void> {
    if (this.#ended) return await this.#ended;
    const closing = this.#close(signal);
    this.#ended = closing.then(() => {}, () => this.#closeAgain());
    await closing;
  }

  /** Closes what a close that has failed may have left open. */
  async #closeAgain(): Promise<void> {
    try {
      await this.#close();
    } catch {
      // It is gone already. Whoever closed it first was told what went wrong.
    }
  }
}
