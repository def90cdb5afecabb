// Programs of their own with real microVMs: how they end, and what is left of
// their sandboxes then.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Sandbox } from "../../mod.ts";
import { command, machinesOf, scopedFlags, start, until } from "../support.ts";

const prefix = "Bun" in globalThis ? "bun" : "deno";
const fixtures = `${import.meta.dirname}/fixtures`;
const flags = scopedFlags(["MICROSANDBOX_TEST_IMAGE"]);

function forget(...args: string[]): string[] {
  return [...command(`${fixtures}/forget.ts`, flags), ...args];
}

test("a program that disposes its sandbox ends by itself", async () => {
  const ended = await start(command(`${fixtures}/dispose.ts`, flags)).ended;
  assert.deepEqual(ended, {
    code: 0,
    signal: null,
    stdout: "hello\n",
    stderr: "",
  });
});

test("a program that forgets its sandbox ends by itself and leaves no VM", async () => {
  const name = `${prefix}-forgotten`;
  const ended = await start(forget(name)).ended;
  assert.equal(ended.code, 0, ended.stderr);
  await until("msb has ended", () => machinesOf(name).length === 0);
  await until(
    "it is known to have stopped",
    async () => (await Sandbox.get(name)).status !== "running",
  );
  await Sandbox.remove(name);
});

test("a program that is killed leaves no VM", async () => {
  const name = `${prefix}-orphan`;
  const program = start(forget(name, "waits"));
  await program.printed("created");
  assert.ok(machinesOf(name).length > 0);
  program.kill("SIGKILL");
  assert.equal((await program.ended).signal, "SIGKILL");
  await until("msb has ended", () => machinesOf(name).length === 0);
  await until(
    "it is known to have stopped",
    async () => (await Sandbox.get(name)).status !== "running",
  );
  await Sandbox.remove(name);
});

test("a detached sandbox outlives its program", async () => {
  const name = `${prefix}-detached`;
  const ended = await start(forget(name, "detached")).ended;
  assert.equal(ended.code, 0, ended.stderr);
  const handle = await Sandbox.get(name);
  assert.equal(handle.status, "running");
  const sandbox = await handle.connect();
  assert.equal((await sandbox.exec("echo", { args: ["still here"] })).text(), "still here\n");
  await sandbox.kill();
  await handle.remove();
});
