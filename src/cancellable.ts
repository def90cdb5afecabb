/**
 * Calls that can be given up.
 *
 * @module
 */

import { kindOf } from "../ffi/failure.ts";
import { toError } from "./failure.ts";

/**
 * What can be given up before it is done.
 *
 * @category Sandboxes
 */
export interface Cancellable {
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * The signal of options that have nothing else. Others are refused by name, as
 * the library does it where there are more.
 */
export function onlySignal(options: Cancellable): AbortSignal | undefined {
  expectOptions(options);
  if (options instanceof AbortSignal) {
    throw toError({
      code: "invalid-option",
      message: "Cannot use a signal as the options: give it as { signal }",
      details: { path: "signal" },
    });
  }
  const { signal, ...others } = options;
  refuseOthers(others, "signal");
  return signal;
}

/** Refuses what is no object: its properties would be taken for options. */
export function expectOptions(options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  throw toError({
    code: "invalid-option",
    message: `Cannot use ${kindOf(options)} as the options: give an object with them`,
    details: { path: "options" },
  });
}

/** Refuses options that a call does not have. What is undefined is left out. */
export function refuseOthers(others: object, known: string): void {
  const name = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  if (name === undefined) return;
  throw toError({
    code: "unknown-option",
    message: `Cannot use option ${name}: this call takes ${known}`,
    details: { path: name },
  });
}

/** Refuses a time to wait that timers do not take, or that is none. */
export function checkTimeout(timeoutMs: number): void {
  if (timeoutMs >= 1 && timeoutMs < 2 ** 31) return;
  throw toError({
    code: "option-out-of-range",
    message: `Cannot wait for ${timeoutMs} ms: give a timeoutMs from 1 to 2147483647`,
    details: { path: "timeoutMs" },
  });
}

/**
 * Waits for `work` until the signal is aborted, and fails with its reason then.
 * The work goes on, for others who wait for it.
 */
export async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
