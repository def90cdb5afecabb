// What becomes of sandboxes when their objects are disposed, and since when their
// log counts. The calls are answered here, as they take a microVM otherwise.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { LiveSandbox, SandboxInfo } from "../../ffi/protocol/protocol.gen.ts";
import { type Sandbox, SandboxHandle, type SandboxMetrics } from "../../mod.ts";
import { toError } from "../../src/failure.ts";
import { type Answers, StandIn } from "../support.ts";

const native = await loadLibrary(libraryPath());
const clients: StandIn[] = [];
after(() => clients.forEach((client) => client.close()));

function live(name: string, ownsLifecycle: boolean): LiveSandbox {
  return { name, id: `id of ${name}`, backend: "local", ownsLifecycle, ports: [] };
}

/** A sandbox that others have made, and what it and its forks were asked. */
function parent(answers: Answers = {}): { handle: SandboxHandle; asked: string[] } {
  const asked: string[] = [];
  const note = (what: string) => {
    asked.push(what);
    return Promise.resolve({ result: {}, handle: 0 });
  };
  const fork = (name = "random") =>
    Promise.resolve({ result: live(name, false), handle: 900, bytes: new Uint8Array(0) });
  const client = new StandIn(native, {
    "sandbox.fork": ({ options }) => fork(options.name),
    "sandbox.forkMany": ({ options: { names } }) =>
      Promise.resolve({
        result: names.map((name) => ({ name, sandbox: live(name, false), handle: 900 })),
      }),
    "sandbox.restart": () => fork("restarted"),
    "sandbox.stop": ({ options }) => note(`stop ${JSON.stringify(options)}`),
    "sandbox.detach": () => note("detach"),
    "sandbox.remove": ({ name, id }) => note(`remove ${name}, ${id}`),
    ...answers,
  });
  clients.push(client);
  const info = { name: "parent", id: "1", backend: "local", status: "running" } as SandboxInfo;
  return { handle: new SandboxHandle(client, info), asked };
}

const stop = 'stop {"timeoutMs":10000,"force":true}';
const removal = "remove random, id of random";

const disposals: [string, (handle: SandboxHandle) => Promise<Sandbox>, string[]][] = [
  ["a fork is stopped and removed", (it) => it.fork(), [stop, removal]],
  ["a fork with a name is stopped", (it) => it.fork({ name: "mine" }), [stop]],
  ["a detached fork is left alone", (it) => it.fork({ detached: true }), []],
  [
    "one of several forks is stopped",
    async (it) => (await it.forkMany(["one"]))[0]!.sandbox!,
    [stop],
  ],
  [
    "one of several detached forks is left alone",
    async (it) => (await it.forkMany(["one"], { detached: true }))[0]!.sandbox!,
    [],
  ],
  [
    "a fork that was detached is left alone",
    async (it) => {
      const fork = await it.fork();
      await fork.detach();
      return fork;
    },
    ["detach"],
  ],
  [
    "a fork that was stopped is removed",
    async (it) => {
      const fork = await it.fork();
      await fork.stop();
      return fork;
    },
    ["stop {}", removal],
  ],
];
for (const [name, make, expected] of disposals) {
  test(`disposing: ${name}`, async () => {
    const { handle, asked } = parent();
    const sandbox = await make(handle);
    const isOwned = expected.includes(stop);
    if (isOwned) assert.equal(sandbox.ownsLifecycle, true);
    await sandbox[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
    assert.deepEqual(asked, expected);
  });
}

test("disposing of a fork that does not stop says so, and of one that is gone does not", async () => {
  const failing = (code: "sandbox-stop-timed-out" | "sandbox-not-running") =>
    parent({ "sandbox.stop": () => Promise.reject(toError({ code, message: "" })) });
  const stuck = await failing("sandbox-stop-timed-out").handle.fork();
  await assert.rejects(async () => await stuck[Symbol.asyncDispose](), {
    code: "sandbox-stop-timed-out",
  });
  const { handle, asked } = failing("sandbox-not-running");
  await (await handle.fork())[Symbol.asyncDispose]();
  assert.deepEqual(asked, [removal]);
});

test("the option detached is true or false", async () => {
  const detached = "yes" as unknown as boolean;
  const { handle } = parent();
  await assert.rejects(handle.fork({ detached }), { code: "invalid-option", path: "detached" });
  await assert.rejects(handle.forkMany(["a"], { detached }), { path: "detached" });
});

/** A sandbox, and the times since when its log was asked for. */
function logged(answers: Answers): { handle: SandboxHandle; since: (string | undefined)[] } {
  const since: (string | undefined)[] = [];
  const { handle } = parent({
    "logs.stream": ({ options }) => {
      since.push(options.since);
      return Promise.resolve({ result: {}, handle: 900 });
    },
    "stream.read": () => Promise.resolve({ result: { done: true } }),
    ...answers,
  });
  return { handle, since };
}

const nothing = { code: "wait-timeout" };

test("waitForLog() does not look at what was printed before the boot", async () => {
  const booted = () =>
    Promise.resolve({ result: live("parent", true), handle: 901, bytes: new Uint8Array(0) });
  const { handle, since } = logged({
    "sandbox.start": booted,
    "sandbox.connectOrStart": booted,
  });
  for (const boot of [() => handle.start(), () => handle.connectOrStart()]) {
    const before = Date.now();
    const sandbox = await boot();
    await assert.rejects(sandbox.waitForLog("ready"), nothing);
    const time = Date.parse(since.pop()!);
    assert.ok(before <= time && time <= Date.now(), `${time}`);
  }
});

test("waitForLog() asks for the boot of a sandbox that ran when it was connected to", async () => {
  let asked = 0;
  const { handle } = logged({
    "sandbox.connectOrStart": () =>
      Promise.resolve({ result: live("parent", false), handle: 901, bytes: new Uint8Array(0) }),
    "metrics.get": () => {
      asked++;
      return Promise.reject(toError({ code: "metrics-disabled", message: "" }));
    },
  });
  const sandbox = await handle.connectOrStart();
  await assert.rejects(sandbox.waitForLog("ready"), nothing);
  assert.equal(asked, 1);
});

test("waitForLog() asks when a sandbox was booted that others have booted", async () => {
  const timestamp = new Date();
  const metrics = { timestamp: timestamp.toISOString(), uptimeMs: 7_000 };
  const { handle, since } = logged({
    "metrics.get": () => Promise.resolve({ result: metrics as unknown as SandboxMetrics }),
  });
  await assert.rejects(handle.waitForLog("ready"), nothing);
  assert.equal(Date.parse(since[0]!), timestamp.getTime() - 7_000);
});

test("waitForLog() looks at everything where the boot is not known, or at what it is told", async () => {
  const { handle, since } = logged({
    "metrics.get": () => Promise.reject(toError({ code: "metrics-disabled", message: "" })),
  });
  await assert.rejects(handle.waitForLog("ready"), nothing);
  const told = new Date(0);
  await assert.rejects(handle.waitForLog("ready", { since: told }), nothing);
  assert.deepEqual(since, [undefined, told.toISOString()]);
});
