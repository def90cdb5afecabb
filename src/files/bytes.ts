/**
 * Bytes.
 *
 * @module
 */

import { notBytes } from "../../ffi/failure.ts";
import { toError } from "../failure.ts";

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

/** Refuses what is no `Uint8Array` as the option at `path`. */
export function expectBytes(
  content: unknown,
  path: string,
): asserts content is Uint8Array {
  if (!(content instanceof Uint8Array)) throw toError(notBytes(content, path));
}

/**
 * Encodes the chunks of a stream. Text may be cut within a surrogate pair, whose
 * halves encode to nothing but U+FFFD each.
 */
export class ChunkEncoder {
  /** The first half of a pair that the text so far ends with, or nothing. */
  #half = "";

  /** The bytes of a chunk, behind what an earlier one has left. */
  encode(chunk: unknown): Uint8Array {
    if (typeof chunk === "string") return this.#encodeText(chunk);
    const bytes = encoded(chunk, "data", "a stream of strings or Uint8Arrays");
    return this.#half === "" ? bytes : concatenated([this.flush(), bytes]);
  }

  /** What is left at the end: a half whose other half never came is U+FFFD. */
  flush(): Uint8Array {
    const rest = encoder.encode(this.#half);
    this.#half = "";
    return rest;
  }

  #encodeText(chunk: string): Uint8Array {
    const text = this.#half + chunk;
    this.#half = /[\uD800-\uDBFF]$/.exec(text)?.[0] ?? "";
    return encoder.encode(text.slice(0, text.length - this.#half.length));
  }
}

/** The parts one after another. A single part is not copied. */
export function concatenated<Buffer extends ArrayBufferLike>(
  parts: Uint8Array<Buffer>[],
): Uint8Array<Buffer | ArrayBuffer> {
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
