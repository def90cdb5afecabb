// What goes wrong on this machine: each time an error with a code comes in
// bounded time, and the next call works.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { after, test, type TestContext } from "node:test";
import { command, scopedFlags, start } from "../support.ts";

const homes: string[] = [];
after(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

/** A home of its own, as each test breaks its home. */
function newHome(): string {
  const home = mkdtempSync("/tmp/microsandbox-test-");
  homes.push(home);
  return home;
}

/** The command that runs into a fault. */
function fault(name: string): string[] {
  return [...command(`${import.meta.dirname}/fixtures/fault.ts`), name];
}

/** What a program printed, line by line. It may not end with an error. */
async function lines(args: string[], home: string): Promise<string[]> {
  const ended = await start(args, { MSB_HOME: home }).ended;
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout.trim().split("\n");
}

/** The command with something mounted over its home that only it sees. */
async function mounted(
  context: TestContext,
  mount: string,
  home: string,
  [...args]: string[],
): Promise<string[] | undefined> {
  const unshare = ["unshare", "--map-root-user", "--mount"];
  const { code, stderr } = await start([...unshare, "sh", "-c", `mount ${mount} ${home}`]).ended
    .catch((error) => ({ code: -1, stderr: String(error) }));
  if (code === 0) {
    return [...unshare, "sh", "-c", `mount ${mount} ${home} && exec "$@"`, "sh", ...args];
  }
  return void context.skip(`this machine lets nobody mount: ${stderr.trim()}`);
}

test("a home that cannot be written is an error of its own", async (context) => {
  const home = newHome();
  const args = await mounted(context, `-o bind,ro ${home}`, home, fault("read-only"));
  if (args) assert.deepEqual(await lines(args, home), ["create: io-error"]);
});

test("a full disk is an error of its own, and what is removed makes room", async (context) => {
  const home = newHome();
  const args = await mounted(context, "-t tmpfs -o size=4m tmpfs", home, fault("full"));
  if (!args) return;
  assert.deepEqual(await lines(args, home), ["write: no-space", "remove: ok", "write again: ok"]);
});

test("too few descriptors are an error of its own, and closing some helps", async () => {
  const args = ["prlimit", "--nofile=60", ...fault("descriptors")];
  // The database or the file may be what gets no descriptor.
  const [open, again] = await lines(args, newHome());
  assert.match(open!, /^open: (filesystem|database)-error$/);
  assert.equal(again, "open again: ok");
});

test("a database that another process keeps is an error in bounded time", async () => {
  const home = newHome();
  writeFileSync(`${home}/config.json`, JSON.stringify({ database: { busy_timeout_secs: 1 } }));
  await lines(fault("parallel"), home);
  const locker = start([
    "python3",
    "-c",
    "import sqlite3, sys, time\n" +
    "database = sqlite3.connect(sys.argv[1], isolation_level=None)\n" +
    "database.execute('BEGIN EXCLUSIVE')\n" +
    "print('locked', flush=True)\n" +
    "time.sleep(600)",
    `${home}/db/msb.db`,
  ]);
  await locker.printed("locked");
  const program = start(fault("locked"), { MSB_HOME: home });
  await program.printed("create: runtime-error");
  locker.kill("SIGKILL");
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "create: runtime-error\ncreate again: ok\n");
});

test("20 creates from two processes at once all succeed", async () => {
  const home = newHome();
  const both = [fault("parallel"), fault("parallel")];
  const printed = await Promise.all(both.map((args) => lines(args, home)));
  assert.deepEqual(printed.flat(), Array(20).fill("create: ok"));
});

test("a program that is killed while it writes leaves nothing that hinders the next one", async () => {
  const home = newHome();
  const program = start(fault("killed"), { MSB_HOME: home });
  await program.printed("writing");
  program.kill("SIGKILL");
  assert.equal((await program.ended).signal, "SIGKILL");
  assert.deepEqual(await lines(fault("parallel"), home), Array(10).fill("create: ok"));
});

test("several workers use the library at once, and many may be terminated with calls in flight", async () => {
  const flags = [...scopedFlags(), "--allow-read"];
  const args = command(`${import.meta.dirname}/fixtures/workers.ts`, flags);
  assert.deepEqual(await lines(args, newHome()), [
    "all: true,true,true,true,true",
    "after: true",
    "files can be looked at",
  ]);
});
