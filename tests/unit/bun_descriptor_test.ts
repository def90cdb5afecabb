// Bun waits by reading a descriptor, which has to be closed with its client.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { toError } from "../../src/failure.ts";
import { until } from "../support.ts";

/** Keeps this thread from everything else, so that what arrives stays unread. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test("a client that is closed before it has read leaves no descriptor", async (context) => {
  if (!("Bun" in globalThis)) return context.skip("Deno has a way of its own");
  if (process.platform !== "linux") return context.skip("only Linux tells which there are");
  const native = await loadLibrary(libraryPath());
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  for (let round = 0; round < 10; round++) {
    const client = new Client(native, toError);
    const call = client.call("echo.delay", { milliseconds: 1 });
    // The second half of them waits already when it is closed.
    if (round >= 5) await new Promise((resolve) => setTimeout(resolve, 0));
    block(20);
    client.close();
    // On a busy machine it may have come to its end before.
    const code = await call.then(() => "done", (error) => error.code);
    assert.match(code, /^(client-closed|done)$/);
  }
  await until("all descriptors are closed", () => descriptors() <= before);
});
