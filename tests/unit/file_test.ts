// Open files whose closing fails, and whose turns are waited for. The calls on
// them are answered here, as it takes a full disk or a stuck guest otherwise.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { toFile } from "../../src/files/file.ts";
import { toError } from "../../src/failure.ts";
import { type Answers, StandIn } from "../support.ts";

const native = await loadLibrary(libraryPath());
const clients: StandIn[] = [];
after(() => clients.forEach((client) => client.close()));

function open(answers: Answers) {
  const client = new StandIn(native, answers);
  clients.push(client);
  return toFile(client, 1, "/x");
}

/** A file that takes what is written, and has no room for it when it is closed. */
function fullFile() {
  return open({
    "file.write": (_, { bytes }) => Promise.resolve({ result: { offset: bytes!.length } }),
    "file.close": () => Promise.reject(toError({ code: "no-space", message: "full" })),
  });
}

const noSpace = { name: "FileSystemError", code: "no-space" };

test("a file that cannot be closed says so once, however it is closed", async () => {
  await assert.rejects(async () => {
    await using _file = fullFile();
  }, noSpace);
  await assert.rejects(async () => {
    await using file = fullFile();
    await file.close();
  }, noSpace);
  await assert.rejects(async () => {
    await using file = fullFile();
    const source = new Blob(["some text"]).stream();
    await source.pipeTo(file.writable);
  }, noSpace);
});

test("a call that waits for its turn is given up at once", async () => {
  const reading = Promise.withResolvers<unknown>();
  let writes = 0;
  const file = open({
    "file.read": () => reading.promise,
    "file.write": () => {
      writes++;
      return Promise.resolve({ result: { offset: 1 } });
    },
    "file.close": () => Promise.resolve({ result: {} }),
  });
  const slow = file.read(new Uint8Array(1));
  const controller = new AbortController();
  const reason = new Error("enough");
  const given = file.write(new Uint8Array(1), { signal: controller.signal });
  const later = file.write(new Uint8Array(1));
  controller.abort(reason);
  await assert.rejects(given, reason);
  assert.equal(writes, 0);
  reading.resolve({ result: {}, bytes: new Uint8Array(1) });
  assert.equal(await slow, 1);
  assert.equal(await later, 1);
  assert.equal(writes, 1);
  await file.close();
});
