// What a program's terminal gets of what a guest's has sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RawLines } from "../../src/command/terminal.ts";

/** What a terminal does whose processing of output is on. */
function processed(text: string): string {
  return text.replaceAll("\n", "\r\n");
}

function shown(...parts: string[]): string {
  const lines = new RawLines();
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return processed(
    parts.map((part) => decoder.decode(lines.convert(encoder.encode(part)))).join(""),
  );
}

test("a line feed that the guest sent alone gets no carriage return", () => {
  assert.equal(shown("one\r\ntwo\r\n"), "one\r\ntwo\r\n");
  assert.equal(shown("down\n\ndown"), "down\v\vdown");
  assert.equal(shown("\n", "\r\n"), "\v\r\n");
  assert.equal(shown("grüße\x1b[1;1H\r"), "grüße\x1b[1;1H\r");
});

test("a line that ends between two pieces of output still ends", () => {
  assert.equal(shown("one\r", "\ntwo"), "one\r\r\ntwo");
});
