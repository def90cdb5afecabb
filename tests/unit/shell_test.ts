// The template tag for scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sh } from "../../mod.ts";

test("sh quotes each value and nothing else", () => {
  assert.equal(sh`echo ${"a b"} ${7}`, "echo 'a b' '7'");
  assert.equal(sh`rm -- ${["a", "b c"]}`, "rm -- 'a' 'b c'");
  assert.equal(sh`echo ${""} ${[]}.`, "echo '' .");
  assert.equal(sh`grep '\.ts$' ${"it's"}`, String.raw`grep '\.ts$' 'it'\''s'`);
});

test("sh refuses what cannot be an argument", () => {
  assert.throws(() => sh`echo ${"a\0b"}`, TypeError);
  for (const value of [undefined, null, {}, true]) {
    assert.throws(() => sh`echo ${value as unknown as string}`, TypeError);
  }
});
