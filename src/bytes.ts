/**
 * Bytes.
 *
 * @module
 */

import { toError } from "./errors.ts";

const encoder = new TextEncoder();

/**
 * What was given as the option at `path`, text in UTF-8. Whatever is neither
 * text nor bytes is refused, which would be no bytes or wrong ones otherwise.
 */
export function encoded(
  content: unknown,
  path: string,
  wanted = "a string or a Uint8Array",
): Uint8Array {
  if (typeof content === "string") return encoder.encode(content);
  if (content instanceof Uint8Array) return content;
  throw toError({
    code: "invalid-option",
    message: `Cannot use option ${path}: give ${wanted}`,
    details: { path },
  });
}

/** The parts one after another. A single part is not copied. */
export function concatenated(parts: Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
