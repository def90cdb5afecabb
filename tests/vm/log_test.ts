// What sandboxes print, read and streamed.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, test } from "node:test";
import { type LogEntry, Sandbox } from "../../mod.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-logs`;
const directory = `${process.env["MSB_HOME"]}/sandboxes/${name}/logs`;
let sandbox: Sandbox;

before(async () => {
  sandbox = await Sandbox.create({ name, image, memoryMiB: 256 });
  await sandbox.shell("echo one; printf '\\377\\n' >&2");
  await sandbox.shell("echo two");
});
after(() => sandbox.destroy({ force: true }));

async function collected(entries: AsyncIterable<LogEntry>): Promise<LogEntry[]> {
  const all: LogEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

function texts(entries: LogEntry[]): string[] {
  return entries.map((entry) => `${entry.source} ${entry.text().trimEnd()}`);
}

test("logs() reads what commands printed, with its times and sources", async () => {
  const entries = await sandbox.logs();
  assert.deepEqual(texts(entries).sort(), [
    "stderr \ufffd",
    "stdout one",
    "stdout two",
  ]);
  const stderr = entries.find((entry) => entry.source === "stderr")!;
  // The log holds text.
  assert.deepEqual(stderr.bytes, new TextEncoder().encode("\ufffd\n"));
  const one = entries.find((entry) => entry.text() === "one\n")!;
  const two = entries.find((entry) => entry.text() === "two\n")!;
  assert.equal(stderr.session, one.session);
  assert.notEqual(one.session, two.session);
  assert.ok(one.timestamp <= two.timestamp);
  assert.ok(Math.abs(Date.now() - two.timestamp.getTime()) < 600_000);
});

test("logs() limits by number, time and source", async () => {
  const handle = await Sandbox.get(name);
  assert.deepEqual(texts(await handle.logs({ tail: 1 })), ["stdout two"]);
  assert.deepEqual(texts(await handle.logs({ sources: ["stderr"] })), ["stderr \ufffd"]);
  const two = (await handle.logs({ tail: 1 }))[0]!;
  assert.deepEqual(texts(await handle.logs({ since: two.timestamp })), ["stdout two"]);
  const before = texts(await handle.logs({ until: two.timestamp }));
  assert.ok(before.length > 0 && !before.includes("stdout two"), String(before));
  const system = await handle.logs({ sources: ["system"] });
  assert.ok(system.length > 0);
  assert.ok(system.every((entry) => entry.source === "system"));
  await assert.rejects(handle.logs({ tail: 0 }), {
    code: "option-out-of-range",
    path: "tail",
  });
});

test("logStream() ends at the end, and a cursor goes on from an entry", async () => {
  const all = await collected(sandbox.logStream());
  assert.equal(all.length, 3);
  const rest = await collected(sandbox.logStream({ cursor: all[0]!.cursor }));
  assert.deepEqual(texts(rest), texts(all.slice(1)));
  const none = await collected(sandbox.logStream({ cursor: all[2]!.cursor }));
  assert.deepEqual(none, []);
});

test("logStream() follows, and ends when the loop breaks", async () => {
  const followed: string[] = [];
  const last = (await collected(sandbox.logStream())).at(-1)!;
  const printing = sandbox.shell("echo three; sleep 1; echo four");
  const stream = sandbox.logStream({ cursor: last.cursor, follow: true });
  for await (const entry of stream) {
    followed.push(...entry.text().trim().split("\n"));
    if (followed.includes("four")) break;
  }
  assert.deepEqual(followed, ["three", "four"]);
  await printing;
});

test("logStream() is ended by its signal", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const stream = sandbox.logStream({ follow: true, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 500);
  await assert.rejects(collected(stream), reason);
});

test("waitForLog() waits for what is printed, in however many pieces", async () => {
  const two = await sandbox.waitForLog("two");
  assert.equal(two.text(), "two\n");
  const printing = sandbox.shell("printf 'rea'; sleep 1; echo 'dy on 80'; echo ready on 81 >&2");
  // Only the standard output counts, and a global expression has no memory.
  const pattern = /^ready on (80|81)$/gm;
  const entry = await sandbox.waitForLog(pattern, { sources: ["stdout"] });
  assert.equal(entry.source, "stdout");
  assert.match(entry.text(), /dy on 80/);
  const handle = await Sandbox.get(name);
  const again = await handle.waitForLog(pattern, { since: two.timestamp, sources: ["stderr"] });
  assert.equal(again.text(), "ready on 81\n");
  await printing;
});

test("waitForLog() ends after timeoutMs and with its signal", async () => {
  await assert.rejects(sandbox.waitForLog("never", { timeoutMs: 300 }), {
    name: "WaitTimeoutError",
    code: "wait-timeout",
    details: { pattern: "never", timeoutMs: 300 },
  });
  const reason = new Error("enough");
  const controller = new AbortController();
  const waiting = sandbox.waitForLog(/never/, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 300);
  await assert.rejects(waiting, reason);
  for (const timeoutMs of [0, 2 ** 31, NaN]) {
    await assert.rejects(sandbox.waitForLog("two", { timeoutMs }), {
      code: "option-out-of-range",
      path: "timeoutMs",
    });
  }
});

test("a cursor that is none is refused, and so are two starts", async () => {
  for (const cursor of ["nonsense", "AAAA"]) {
    await assert.rejects(collected(sandbox.logStream({ cursor })), {
      name: "InvalidCursorError",
      code: "invalid-cursor",
    });
  }
  const both = { since: new Date(), cursor: "AA==" };
  await assert.rejects(collected(sandbox.logStream(both)), {
    code: "invalid-option",
    path: "cursor",
  });
});

test("the log of a stopped sandbox stays readable", async () => {
  const before = texts(await sandbox.logs());
  await sandbox.stop();
  assert.deepEqual(texts(await sandbox.logs()), before);
});

// The runtime rotates a log after 10 MiB and keeps four old ones. Moving the
// files as it does takes a moment instead of 50 MiB of output.

test("rotated logs are read in order, and lost ones are told", async () => {
  const log = `${directory}/exec.log`;
  const line = readFileSync(log, "utf8").split("\n").find((it) => it.includes("one"))!;
  const all = await sandbox.logs();
  const cursor = all[0]!.cursor;
  renameSync(log, `${log}.1`);
  writeFileSync(log, `${line.replace("one", "five")}\n`);
  assert.ok(texts(await collected(sandbox.logStream())).includes("stdout five"));
  const resumed = texts(await collected(sandbox.logStream({ cursor })));
  assert.equal(resumed.at(-1), "stdout five");
  assert.equal(resumed.length, all.length);

  // A follower that has read the file sees it go away.
  const following = sandbox.logStream({ follow: true });
  for (let count = 0; count <= all.length; count++) await following.next();
  const next = following.next();
  // The new file is there before the old ones go, or it could get the number
  // by which the core knows one of them.
  writeFileSync(`${directory}/new`, `${line.replace("one", "six")}\n`);
  for (const file of readdirSync(directory)) {
    if (file.startsWith("exec.log")) rmSync(`${directory}/${file}`);
  }
  renameSync(`${directory}/new`, log);
  await assert.rejects(next, {
    name: "LogRotationError",
    code: "log-missed-rotation",
  });
  await assert.rejects(collected(sandbox.logStream({ cursor })), {
    name: "InvalidCursorError",
    code: "invalid-cursor",
  });
});

test("waitForLog() does not take what was printed before the sandbox was booted", async () => {
  await using again = await Sandbox.start(name);
  assert.ok(texts(await again.logs()).includes("stdout six"));
  await assert.rejects(again.waitForLog("six", { timeoutMs: 1_000 }), { code: "wait-timeout" });
  await again.shell("echo seven");
  assert.equal((await again.waitForLog("seven")).text(), "seven\n");
});
