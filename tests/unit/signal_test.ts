// A signal that outlives calls keeps nothing of them.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { unlessAborted } from "../../src/cancellable.ts";
import { toError } from "../../src/failure.ts";

const client = new Client(await loadLibrary(libraryPath()), toError);
after(() => client.close());

/** A signal, and how many listeners it has. */
function counted(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners.delete(args[1]);
    remove(...args);
  };
  return { controller, listeners: () => listeners.size };
}

test("a call that has ended no longer listens to its signal", async () => {
  const { controller: { signal }, listeners } = counted();
  const call = client.call("echo.delay", { milliseconds: 1 }, { signal });
  assert.equal(listeners(), 1);
  await call;
  assert.equal(listeners(), 0);
  await assert.rejects(client.call("echo.fail", { message: "no" }, { signal }));
  assert.equal(listeners(), 0);
});

test("a call that was aborted no longer listens to its signal", async () => {
  const { controller, listeners } = counted();
  const { signal } = controller;
  const call = client.call("echo.delay", { milliseconds: 3_600_000 }, { signal });
  controller.abort(new Error("enough"));
  await assert.rejects(call, /enough/);
  assert.equal(listeners(), 0);
});

test("a wait that has ended no longer listens to its signal", async () => {
  const { controller: { signal }, listeners } = counted();
  assert.equal(await unlessAborted(Promise.resolve(1), signal), 1);
  await assert.rejects(unlessAborted(Promise.reject(new Error("no")), signal), /no/);
  assert.equal(listeners(), 0);
});

test("a wait fails with the reason of a signal that is or gets aborted", async () => {
  const { controller, listeners } = counted();
  const reason = new Error("enough");
  const waiting = unlessAborted(new Promise(() => {}), controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, (error: unknown) => error === reason);
  const late = unlessAborted(Promise.resolve(1), controller.signal);
  await assert.rejects(late, (error: unknown) => error === reason);
  assert.equal(listeners(), 0);
});
