/**
 * Options as JSON. What JSON would drop or change silently is refused by name.
 *
 * @module
 */

import { kindOf, Refused } from "./failure.ts";

/** How deep options are before they are looked at in the slow way. */
const usualDepth = 8;

/**
 * Options as JSON.
 *
 * Throws {@link Refused} for what JSON does not hold: numbers that are none,
 * functions, cycles, and objects that are neither plain nor say how they are
 * written. Of a `Map` or of `Headers` nothing would be left but `{}`.
 */
export function toJson(options: unknown): string {
  if (isPlain(options, usualDepth)) return JSON.stringify(options);
  expectPlain(options, "", []);
  return JSON.stringify(options, (key, value: unknown) => {
    // What `toJSON` has returned was not looked at before.
    if (isEncodable(value)) return value;
    throw refused(key, value);
  });
}

/**
 * Whether JSON holds a value and all that it contains, to this depth. It is
 * quicker to look than to have `JSON.stringify` ask about each value.
 */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== "object") return isEncodable(value);
  if (value === null) return true;
  if (depth === 0 || "toJSON" in value) return false;
  if (Array.isArray(value)) return value.every((it) => isPlain(it, depth - 1));
  if (!isRecord(value)) return false;
  for (const key in value) {
    if (!isPlain(value[key as keyof typeof value], depth - 1)) return false;
  }
  return true;
}

/** Refuses what JSON does not hold, with where it is. */
function expectPlain(value: unknown, path: string, within: unknown[]): void {
  if (typeof value !== "object") {
    if (isEncodable(value)) return;
    throw refused(path, value);
  }
  if (value === null || "toJSON" in value) return;
  if (within.includes(value)) {
    throw refusal(path, "it contains itself");
  }
  const isArray = Array.isArray(value);
  if (!isArray && !isRecord(value)) {
    throw refusal(path, `${kindOf(value)} is no plain object`);
  }
  for (const [key, inner] of Object.entries(value)) {
    const step = isArray ? `[${key}]` : path === "" ? key : `.${key}`;
    expectPlain(inner, path + step, [...within, value]);
  }
}

/**
 * Whether all of an object is in its own properties: its prototype is at the
 * root, be it that of another realm, or there is none.
 */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ||
    Object.getPrototypeOf(prototype) === null;
}

/** Whether `JSON.stringify` would not drop it silently, or make it `null`. */
function isEncodable(value: unknown): boolean {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value);
    case "bigint":
    case "function":
    case "symbol":
      return false;
    default:
      return true;
  }
}

function refused(path: string, value: unknown): Refused {
  // A number that is none can be shown; anything else may be a secret.
  const shown = typeof value === "number" ? value : `a ${typeof value}`;
  return refusal(path, `${shown} is no JSON value`);
}

function refusal(path: string, reason: string): Refused {
  return new Refused({
    code: "invalid-option",
    message: `Cannot use ${path === "" ? "the options" : `option ${path}`}: ${reason}`,
    details: { path },
  });
}
