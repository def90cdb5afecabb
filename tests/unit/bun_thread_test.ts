// Bun waits on a thread where the library has no descriptors, which is Windows.
// Here the same thread is used in the place of the descriptor.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { toError } from "../../src/failure.ts";

test("requests complete with a thread that waits", async (context) => {
  if (!("Bun" in globalThis)) return context.skip("Deno has a way of its own");
  const { threadWaiter } = await import("../../ffi/bun.ts");
  const path = libraryPath();
  const native = await loadLibrary(path);
  const client = new Client(
    { ...native, waiter: (number) => threadWaiter(path, number) },
    toError,
  );
  for (let round = 0; round < 3; round++) {
    const calls = Array.from({ length: 100 }, (_, index) => client.call("echo.call", { index }));
    const replies = await Promise.all(calls);
    assert.deepEqual(replies.map(({ result }) => result), replies.map((_, index) => ({ index })));
  }
  const pending = client.call("echo.delay", { milliseconds: 600_000 });
  client.close();
  await assert.rejects(pending, { code: "client-closed" });
});
