// Whose context a callback runs in. A process of the library says when it is
// told to, in the place of an image that is pulled.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { after, test } from "node:test";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { Image } from "../../mod.ts";
import { connected } from "../../src/host/connection.ts";
import { StandIn } from "../support.ts";

const { promise: isPulling, resolve: pulls } = Promise.withResolvers<void>();
let handle = 0;
const client: StandIn = new StandIn(await loadLibrary(libraryPath()), {
  "image.pull": (_, { onEvent }) => {
    pulls();
    return client.call("process.read", { credit: 1 }, { handle, onEvent });
  },
});
after(() => client.close());

/** Lets the client begin to wait for what was called. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

test("onProgress runs in the context of its own call", async () => {
  ({ handle } = await client.call("echo.process", { steps: ["copy"] }));
  const context = new AsyncLocalStorage<string>();
  const given = new AbortController();
  // The program waits for the library in the context of this call.
  const other = context.run(
    "other",
    () => client.call("echo.delay", { milliseconds: 60_000 }, { signal: given.signal }),
  );
  await turn();
  let heardIn: string | undefined;
  const pull = context.run(
    "pull",
    () =>
      connected(
        client,
        () => Image.pull("alpine", { onProgress: () => heardIn = context.getStore() }),
      ),
  );
  await isPulling;
  await turn();
  const bytes = new Uint8Array(1);
  await context.run("other", () => client.call("process.write", {}, { handle, bytes }));
  await pull;
  given.abort();
  await assert.rejects(other);
  client.release(handle);
  assert.equal(heardIn, "pull");
});
