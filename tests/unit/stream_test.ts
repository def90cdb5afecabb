// Streams of the library, which have to be given back however they are left.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { readStream } from "../../ffi/stream.ts";
import { toError } from "../../src/failure.ts";
import { StandIn } from "../support.ts";

const native = await loadLibrary(libraryPath());
const client = new Client(native, toError);
after(() => client.close());

async function open(items: number): Promise<number> {
  return (await client.call("echo.stream", { items, itemLength: 3 })).handle;
}

async function handles(): Promise<number> {
  return (await client.call("echo.statistics", {})).result.handles;
}

test("a stream that is read to its end is given back", async () => {
  const numbers: unknown[] = [];
  for await (const { json, bytes } of readStream(client, await open(100), { credit: 7 })) {
    assert.deepEqual([...bytes], Array(3).fill(json));
    numbers.push(json);
  }
  assert.deepEqual(numbers, Array.from({ length: 100 }, (_, index) => index));
  assert.equal(await handles(), 0);
});

test("a loop that is left gives the stream back", async () => {
  for await (const { json } of readStream(client, await open(1_000_000))) {
    if (json === 20) break;
  }
  assert.equal(await handles(), 0);
});

test("a loop that throws gives the stream back", async () => {
  const reading = async () => {
    for await (const { json } of readStream(client, await open(1_000_000))) {
      throw new Error(`enough of ${json}`);
    }
  };
  await assert.rejects(reading, /enough of 0/);
  assert.equal(await handles(), 0);
});

test("an aborted stream fails with the signal's reason and is given back", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const reading = async () => {
    const { signal } = controller;
    for await (const { json } of readStream(client, await open(1_000_000), { signal })) {
      if (json === 20) controller.abort(reason);
    }
  };
  await assert.rejects(reading, (error: unknown) => error === reason);
  assert.equal(await handles(), 0);
});

test("a read that waits is cancelled when the loop is left", async () => {
  const cancelled = Promise.withResolvers<void>();
  // One item is there, and the next one never comes.
  const stalled = new StandIn(native, {
    "stream.read": (_options, { onEvent, signal }) => {
      onEvent!(1, new Uint8Array(0));
      return new Promise((_, reject) =>
        signal!.addEventListener("abort", () => {
          cancelled.resolve();
          reject(signal!.reason);
        })
      );
    },
  });
  for await (const { json } of readStream(stalled, 1)) {
    assert.equal(json, 1);
    break;
  }
  await cancelled.promise;
  stalled.close();
});
