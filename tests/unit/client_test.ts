// Requests, frames, cancellation, credit and errors, on the library's echo
// operations: the boundary as it ships, without a sandbox.

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import type { Failure } from "../../ffi/failure.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { Statistics } from "../../ffi/protocol/protocol.gen.ts";
import { MicrosandboxError } from "../../src/errors.ts";
import { toError } from "../../src/failure.ts";

const native = await loadLibrary(libraryPath());
const client = new Client(native, toError);
after(() => client.close());

async function statistics(): Promise<Statistics> {
  return (await client.call("echo.statistics", {})).result;
}

const nothingHeld = { handles: 0, requests: 0, frames: 0 };

test("call() returns the options and bytes that it was given", async () => {
  const options = { text: "grüße \u{1f680}", list: [1, null, { deep: true }] };
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const reply = await client.call("echo.call", options, { bytes });
  assert.deepEqual(reply.result, options);
  assert.deepEqual(reply.bytes, bytes);
  assert.equal(reply.handle, 0);
});

test("call() returns bytes that later calls do not change", async () => {
  const first = await client.call("echo.call", {}, {
    bytes: new Uint8Array(100).fill(1),
  });
  await client.call("echo.call", {}, { bytes: new Uint8Array(100).fill(2) });
  assert.ok(first.bytes.every((byte) => byte === 1));
});

test("call() takes frames and options of any size", async () => {
  for (const length of [0, 65_515, 65_516, 65_517, 16 * 1024 * 1024]) {
    const bytes = new Uint8Array(length).fill(length % 251);
    const reply = await client.call("echo.call", {}, { bytes });
    assert.equal(reply.bytes.length, length);
    assert.ok(reply.bytes.every((byte) => byte === length % 251));
  }
  const text = "é".repeat(1_000_000);
  const reply = await client.call("echo.call", { text });
  assert.deepEqual(reply.result, { text });
});

test("call() copies shared and resizable memory", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(7);
  const resizable = new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 }))
    .fill(7);
  for (const bytes of [shared, resizable]) {
    const reply = await client.call("echo.call", {}, { bytes });
    assert.deepEqual(reply.bytes, new Uint8Array(8).fill(7));
  }
});

test("call() fails with the library's code, details and bytes", async () => {
  let failure: Failure | undefined;
  const own = new Client(native, (received) => {
    failure = received;
    return new Error(received.message);
  });
  const bytes = new Uint8Array([1, 2, 3]);
  await assert.rejects(
    own.call("echo.fail", { message: "as asked" }, { bytes }),
    { message: "as asked" },
  );
  assert.equal(failure?.code, "microsandbox-error");
  assert.deepEqual(failure?.details, { echo: true });
  assert.deepEqual(failure?.bytes, bytes);
  own.close();
});

test("call() fails with code internal when an operation panics", async () => {
  await assert.rejects(client.call("echo.panic", {}), {
    name: "MicrosandboxError",
    code: "internal",
  });
  await client.call("echo.call", {});
});

test("calls that complete at once leave other events their turn", async () => {
  let hadTurn = false;
  setTimeout(() => hadTurn = true, 0);
  for (let calls = 0; !hadTurn; calls++) {
    assert.ok(calls < 1_000_000, "a timer did not fire during a million calls");
    await client.call("echo.call", {});
  }
});

test("calls complete at once while others wait", async () => {
  const controller = new AbortController();
  const waiting = client.call("echo.delay", { milliseconds: 60_000 }, {
    signal: controller.signal,
  });
  for (let number = 0; number < 100; number++) {
    assert.deepEqual((await client.call("echo.call", { number })).result, { number });
    assert.equal((await statistics()).requests, 1);
  }
  controller.abort("enough");
  await assert.rejects(waiting, (reason: unknown) => reason === "enough");
  assert.deepEqual(await statistics(), nothingHeld);
});

test("call() refuses unknown options by name", async () => {
  const options = { milliseconds: 1, seconds: 1 };
  await assert.rejects(client.call("echo.delay", options), {
    name: "InvalidOptionError",
    code: "unknown-option",
    path: "seconds",
  });
});

test("call() refuses what JSON cannot hold, before anything starts", async () => {
  const values: unknown[] = [NaN, Infinity, 1n, () => {}, Symbol("key")];
  for (const value of values) {
    await assert.rejects(
      client.call("echo.call", { deep: { key: value as number } }),
      { name: "InvalidOptionError", code: "invalid-option", path: "deep.key" },
    );
  }
  assert.deepEqual(await statistics(), nothingHeld);
});

test("call() refuses objects that JSON would empty, and cycles", async () => {
  class Labels {
    get stage() {
      return "two";
    }
  }
  const cycle: Record<string, unknown> = {};
  cycle["again"] = { cycle };
  const values: [unknown, string][] = [
    [new Map([["a", "b"]]), "deep.key"],
    [new Set(["a"]), "deep.key"],
    [new Headers({ a: "b" }), "deep.key"],
    [new URLSearchParams("a=b"), "deep.key"],
    [new Labels(), "deep.key"],
    [[{ a: new Map() }], "deep.key[0].a"],
    [cycle, "deep.key.again.cycle"],
  ];
  for (const [value, path] of values) {
    // Bun's headers and parameters say how they are written, and lose nothing.
    if ("toJSON" in (value as object)) continue;
    await assert.rejects(
      client.call("echo.call", { deep: { key: value as string } }),
      { name: "InvalidOptionError", code: "invalid-option", path },
    );
  }
  assert.deepEqual(await statistics(), nothingHeld);
});

test("call() takes objects without a prototype, and what says how it is written", async () => {
  const bare = Object.assign(Object.create(null), { a: "b" });
  const date = new Date(0) as unknown as string;
  const shared = { text: "twice" };
  const { result } = await client.call("echo.call", { bare, date, list: [shared, shared] });
  assert.deepEqual(result, {
    bare: { a: "b" },
    date: new Date(0).toISOString(),
    list: [shared, shared],
  });
});

test("call() with an aborted signal starts nothing", async () => {
  const reason = new Error("changed my mind");
  await assert.rejects(
    client.call("echo.call", {}, { signal: AbortSignal.abort(reason) }),
    reason,
  );
});

test("call() fails with the signal's reason when it is aborted", async () => {
  const controller = new AbortController();
  const reason = { any: "value" };
  const call = client.call("echo.delay", { milliseconds: 60_000 }, {
    signal: controller.signal,
  });
  controller.abort(reason);
  await assert.rejects(call, (error: unknown) => error === reason);
  assert.deepEqual(await statistics(), nothingHeld);
});

test("call() resolves when the result came before the abort", async () => {
  const controller = new AbortController();
  await client.call("echo.call", {}, { signal: controller.signal });
  controller.abort();
});

test("10,000 calls, 1,000 in flight, with random cancels, complete once each", async () => {
  const total = 10_000;
  const inFlight = 1_000;
  let started = 0;
  let resolved = 0;
  let cancelled = 0;
  async function worker(seed: number): Promise<void> {
    while (started < total) {
      const number = started++;
      const controller = new AbortController();
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, number);
      const call = client.call(
        "echo.delay",
        { milliseconds: (number * 7 + seed) % 5 },
        { bytes, signal: controller.signal },
      );
      // A third of them, at moments that fall before, at and after the result.
      if (number % 3 === 0) {
        queueMicrotask(() => controller.abort("cancelled"));
      } else if (number % 3 === 1) {
        setTimeout(() => controller.abort("cancelled"), number % 5);
      }
      try {
        const reply = await call;
        assert.deepEqual(reply.bytes, bytes);
        resolved++;
      } catch (error) {
        assert.equal(error, "cancelled");
        cancelled++;
      }
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, seed) => worker(seed)));
  assert.equal(resolved + cancelled, total);
  assert.ok(resolved >= total / 3, `${resolved} resolved`);
  assert.ok(cancelled > 0, `${cancelled} cancelled`);
  assert.deepEqual(await statistics(), nothingHeld);
});

test("a stream produces no more than the credit that was given", async () => {
  const { handle } = await client.call("echo.stream", {
    items: 5,
    itemLength: 3,
  });
  const items: [unknown, Uint8Array][] = [];
  const onEvent = (json: unknown, bytes: Uint8Array) => void items.push([json, bytes]);
  const first = await client.call("stream.read", { credit: 2 }, {
    handle,
    onEvent,
  });
  assert.deepEqual(first.result, { done: false });
  assert.deepEqual(items, [
    [0, new Uint8Array([0, 0, 0])],
    [1, new Uint8Array([1, 1, 1])],
  ]);
  const rest = await client.call("stream.read", { credit: 100 }, {
    handle,
    onEvent,
  });
  assert.deepEqual(rest.result, { done: true });
  assert.deepEqual(items.map(([number]) => number), [0, 1, 2, 3, 4]);
  client.release(handle);
  assert.deepEqual(await statistics(), nothingHeld);
});

test("a released handle is refused, and is not given out again", async () => {
  const stream = { items: 1, itemLength: 1 };
  const { handle } = await client.call("echo.stream", stream);
  client.release(handle);
  client.release(handle);
  await assert.rejects(client.call("stream.read", { credit: 1 }, { handle }), {
    code: "invalid-handle",
  });
  const next = await client.call("echo.stream", stream);
  assert.notEqual(next.handle, handle);
  client.release(next.handle);
});

test("a handle of another kind is refused", async () => {
  const { handle } = await client.call("echo.stream", {
    items: 1,
    itemLength: 1,
  });
  await assert.rejects(client.call("sandbox.stop", { options: {} }, { handle }), {
    code: "invalid-handle",
    message: `Cannot use handle ${handle} as a sandbox: it is a stream`,
  });
  client.release(handle);
});

test("close() fails what is in flight, and every later call", async () => {
  const own = new Client(native, toError);
  const call = own.call("echo.delay", { milliseconds: 60_000 });
  own.close();
  own.close();
  for (const failing of [call, own.call("echo.call", {})]) {
    await assert.rejects(failing, (error: unknown) => {
      assert.ok(error instanceof MicrosandboxError);
      assert.equal(error.code, "client-closed");
      return true;
    });
  }
});

test("any number of clients with calls in flight leaves the runtime its threads", async () => {
  // Deno has 32 threads for all calls that block.
  const clients = Array.from({ length: 40 }, () => new Client(native, toError));
  const waiting = clients.map((it) =>
    assert.rejects(it.call("echo.delay", { milliseconds: 3_600_000 }), { code: "client-closed" })
  );
  await assert.rejects(stat("/x"), { code: "ENOENT" });
  await Promise.all(clients.map((it) => it.call("echo.delay", { milliseconds: 1 })));
  for (const it of clients) it.close();
  await Promise.all(waiting);
});

test("clients do not see each other's handles", async () => {
  const own = new Client(native, toError);
  const { handle } = await client.call("echo.stream", {
    items: 1,
    itemLength: 1,
  });
  await assert.rejects(own.call("stream.read", { credit: 1 }, { handle }), {
    code: "invalid-handle",
  });
  client.release(handle);
  own.close();
});
