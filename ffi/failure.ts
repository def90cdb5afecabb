/**
 * Failures: errors as they travel, before they become the errors that callers
 * see.
 *
 * @module
 */

import type { ErrorCode } from "./protocol/protocol.gen.ts";

/** An error as it travels in a frame. */
export interface Failure {
  /** What went wrong, as a stable name. */
  code: ErrorCode;
  /** What went wrong, as a sentence. */
  message: string;
  /** What to branch on. */
  details?: unknown;
  /** What was produced before the failure. */
  bytes?: Uint8Array<ArrayBuffer>;
}

/**
 * A failure on its way to the call that fails with it, which makes an error of
 * it: its stack then leads to the part of the program that has called.
 */
export class Refused {
  /** The failure. */
  readonly failure: Failure;

  /** Carries a failure. */
  constructor(failure: Failure) {
    this.failure = failure;
  }
}

/**
 * The failure for what is no `Uint8Array`. Other arrays have another length than
 * their bytes, and would be used in part.
 */
export function notBytes(value: unknown, path: string): Failure {
  return {
    code: "invalid-option",
    message: `Cannot use ${kindOf(value)} as ${path}: give a Uint8Array`,
    details: { path },
  };
}

/** What a value is, without what it holds: that may be a secret. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return `a value of type ${value.constructor?.name ?? "object"}`;
}
