// What is closed once, by whoever asks for it first.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Closing } from "../../src/closing.ts";

test("something is closed once, however often that is asked for", async () => {
  let count = 0;
  const ended = Promise.withResolvers<void>();
  const closing = new Closing(() => {
    count++;
    return ended.promise;
  });
  assert.equal(closing.hasBegun, false);
  const both = [closing.run(undefined), closing.run(undefined)];
  assert.equal(closing.hasBegun, true);
  ended.resolve();
  await Promise.all(both);
  await closing.run(undefined);
  assert.equal(count, 1);
});

test("a close that fails is tried once more, without its signal", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const closing = new Closing((signal) => {
    signals.push(signal);
    return Promise.reject(new Error(`no ${signals.length}`));
  });
  const { signal } = new AbortController();
  await assert.rejects(closing.run(signal), /no 1/);
  // Later calls do not fail again.
  await closing.run(signal);
  await closing.run(signal);
  assert.deepEqual(signals, [signal, undefined]);
});
