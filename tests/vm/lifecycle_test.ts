// The lifecycle of sandboxes, seen from connected sandboxes and from handles.
// The tests follow one sandbox through its life, because each boot takes
// seconds where it is emulated.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { type ModificationError, Sandbox, type SandboxHandle } from "../../mod.ts";
import type { PortOptions } from "../../types.ts";
import { until } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-life-cycle`;
let sandbox: Sandbox;

before(async () => {
  sandbox = await Sandbox.create({
    name,
    image,
    memoryMiB: 256,
    maxMemoryMiB: 512,
    maxCpus: 2,
    labels: { suite: name },
    env: { KEPT: "1", GONE: "1" },
  });
});
after(async () => {
  await (await Sandbox.get(name)).destroy({ force: true });
});

test("ping() and touch() reach the guest, from both sides", async () => {
  const handle = await Sandbox.get(name);
  for (const target of [sandbox, handle]) {
    const { latencyMs } = await target.ping();
    assert.ok(latencyMs > 0 && latencyMs < 60_000, String(latencyMs));
  }
  const first = await sandbox.touch();
  const second = await handle.touch();
  assert.ok(second.activity > first.activity);
});

test("modify() plans without changing anything", async () => {
  const plan = await sandbox.modify({
    labels: { stage: "planned" },
    memoryMiB: 1024,
    dryRun: true,
  });
  assert.equal(plan.applied, false);
  assert.equal(plan.policy, "no-restart");
  const changes = Object.fromEntries(
    plan.changes.map(({ field, disposition }) => [field, disposition]),
  );
  assert.equal(changes["memory"], "requires-restart");
  assert.equal(Object.values(changes).includes("live"), true);
  for await (const found of Sandbox.list({ labels: { stage: "planned" } })) {
    assert.fail(found.name);
  }
});

test("modify() refuses what needs a restart, and changes nothing then", async () => {
  await assert.rejects(
    sandbox.modify({ memoryMiB: 1024, labels: { stage: "refused" } }),
    (error: ModificationError) => {
      assert.equal(error.name, "ModificationError");
      assert.equal(error.code, "modification-refused");
      assert.match(error.message, /policy "restart"/);
      assert.equal(error.plan.applied, false);
      assert.ok(
        error.plan.changes.some((change) =>
          change.field === "memory" && change.disposition === "requires-restart"
        ),
      );
      return true;
    },
  );
  for await (const found of Sandbox.list({ labels: { stage: "refused" } })) {
    assert.fail(found.name);
  }
});

test("modify() names conflicts", async () => {
  const plan = await sandbox.modify({ cpus: 4, maxCpus: 3, dryRun: true });
  assert.ok(plan.conflicts.length > 0);
  const unpublish = await sandbox.modify({
    unpublishPorts: [{ hostPort: 45_678 }],
    dryRun: true,
  });
  assert.match(unpublish.conflicts[0]!.message, /no published port/);
});

test("modify() refuses values out of range by name", async () => {
  await assert.rejects(sandbox.modify({ cpus: 0 }), {
    code: "option-out-of-range",
    path: "cpus",
  });
  await assert.rejects(
    sandbox.modify({ ports: [{ hostPort: 70_000, guestPort: 80 }] }),
    { code: "option-out-of-range", path: "ports[0].hostPort" },
  );
});

test("modify() changes labels while the sandbox runs", async () => {
  const plan = await sandbox.modify({ labels: { stage: "live" } });
  assert.equal(plan.applied, true);
  assert.ok(plan.changes.every((change) => change.disposition === "live"));
  const found: SandboxHandle[] = [];
  for await (const it of Sandbox.list({ labels: { stage: "live" } })) found.push(it);
  assert.deepEqual(found.map((it) => it.id), [sandbox.id]);
});

test("modify() gives a running guest another processor and more memory", async () => {
  const plan = await sandbox.modify({ cpus: 2, memoryMiB: 384 });
  assert.equal(plan.applied, true);
  assert.ok(plan.changes.every((change) => change.disposition === "live"), JSON.stringify(plan));
  assert.deepEqual(plan.resizes.map(({ resource }) => resource).sort(), ["cpus", "memory"]);
  await until("the guest has both", async () => {
    const output = await sandbox.shell("nproc; grep MemTotal /proc/meminfo | tr -dc 0-9");
    const [processors, memoryKiB] = output.text().split("\n").map(Number);
    return processors === 2 && memoryKiB! > 300 * 1024;
  });
});

test("modify() publishes a port with the next start, and finds a free one for it", async () => {
  const plan = await sandbox.modify({ ports: [8080], policy: "next-start" });
  assert.ok(plan.changes.every((change) => change.disposition === "next-start"));
  const { ports } = await (await Sandbox.get(name)).config();
  const [port] = ports as PortOptions[];
  assert.equal(port!.guestPort, 8080);
  await sandbox.modify({
    unpublishPorts: [{ hostPort: port!.hostPort! }],
    policy: "next-start",
  });
  assert.equal((await (await Sandbox.get(name)).config()).ports, undefined);
});

test("modify() takes secrets by name, and shows no value", async () => {
  const change = { value: "hidden-value", hosts: ["api.test"] };
  const plan = await sandbox.modify({ secrets: { TOKEN: change }, dryRun: true });
  assert.deepEqual(
    plan.secretChanges.map(({ name, change, hosts }) => ({ name, change, hosts })),
    [{ name: "TOKEN", change: "added", hosts: ["api.test"] }],
  );
  assert.ok(!JSON.stringify(plan).includes("hidden-value"));
  await assert.rejects(
    sandbox.modify({ secrets: { TOKEN: { ...change, fromEnv: "MICROSANDBOX_TEST_IMAGE" } } }),
    { code: "invalid-option", path: "secrets.TOKEN.fromEnv" },
  );
  await assert.rejects(
    sandbox.modify({ secrets: { TOKEN: { hosts: ["https://api.test"] } } }),
    { code: "invalid-option", path: "secrets.TOKEN.hosts[0]" },
  );
});

test("modify() saves changes for the next start", async () => {
  const plan = await (await Sandbox.get(name)).modify({
    env: { ADDED: "2", GONE: null },
    policy: "next-start",
  });
  assert.equal(plan.applied, true);
  const output = await sandbox.shell("echo $KEPT-$GONE-$ADDED");
  assert.equal(output.text(), "1-1-\n");
});

test("a stop that runs out of time kills nothing", async () => {
  const handle = await Sandbox.get(name);
  for (const target of [sandbox, handle]) {
    await assert.rejects(target.stop({ timeoutMs: 1 }), {
      name: "StopTimeoutError",
      code: "stop-timeout",
    });
  }
  // Had it been delivered, the guest would now be shutting down in its own
  // time; either way its process was not killed.
  const { status } = await sandbox.refresh();
  assert.ok(["running", "stopped"].includes(status), status);
});

test("requestStop() returns at once, and waitForStatus() waits", async () => {
  const stopped = sandbox.waitUntilStopped();
  await sandbox.requestStop();
  const handle = await (await Sandbox.get(name)).waitForStatus("stopped");
  assert.equal(handle.status, "stopped");
  assert.equal(handle.id, sandbox.id);
  assert.deepEqual(await stopped, { status: "stopped", exitCode: 0 });
  // Asking again is no error.
  await handle.requestStop();
  await handle.stop();
});

test("what needs a running guest says so when it does not run", async () => {
  const handle = await Sandbox.get(name);
  const expected = { name: "SandboxNotRunningError", code: "sandbox-not-running" };
  await assert.rejects(handle.ping(), expected);
  await assert.rejects(handle.connect(), expected);
  await assert.rejects(handle.metrics(), expected);
});

test("connectOrStart() boots a stopped sandbox and connects to a running one", async () => {
  const handle = await Sandbox.get(name);
  sandbox = await handle.connectOrStart();
  assert.equal(sandbox.ownsLifecycle, true);
  // What was saved for this start is there now.
  const output = await sandbox.shell("echo $KEPT-$GONE-$ADDED; nproc");
  assert.equal(output.text(), "1--2\n2\n");
  const second = await handle.connectOrStart();
  assert.equal(second.ownsLifecycle, false);
  assert.equal(second.id, sandbox.id);
});

test("restart() gives an object that takes the old one's place", async () => {
  await sandbox.shell("echo kept >/root/kept && sync");
  const restarted = await sandbox.restart();
  assert.equal(restarted.id, sandbox.id);
  await assert.rejects(sandbox.exec("true"), { code: "handle-closed" });
  sandbox = restarted;
  assert.equal((await sandbox.shell("cat /root/kept")).text(), "kept\n");
});

test("an object that was connected before a restart runs commands after it", async () => {
  const other = await (await Sandbox.get(sandbox.name)).connect();
  // With this one a connection for the next command is made, which the restart ends.
  await other.exec("true");
  sandbox = await sandbox.restart();
  assert.equal((await other.exec("echo", { args: ["again"] })).text(), "again\n");
});

test("modify() restarts the sandbox when it may", async () => {
  const plan = await sandbox.modify({ memoryMiB: 640, policy: "restart" });
  assert.equal(plan.applied, true);
  // The object knows that its connection is gone.
  await assert.rejects(sandbox.exec("true"), { code: "handle-closed" });
  const handle = await sandbox.refresh();
  assert.equal(handle.status, "running");
  sandbox = await handle.connect();
  const output = await sandbox.shell("grep MemTotal /proc/meminfo | tr -dc 0-9");
  assert.ok(Number(output.text()) > 520 * 1024, output.text());
});

test("drain() lets work end and then stops the sandbox", async () => {
  const result = await sandbox.drain();
  assert.equal(result.status, "stopped");
  assert.equal((await sandbox.refresh()).status, "stopped");
});

test("list() pages through all sandboxes", async () => {
  const other = await Sandbox.create({
    name: `${name}-other`,
    image,
    labels: { suite: name },
  });
  const found: string[] = [];
  for await (const it of Sandbox.list({ labels: { suite: name }, pageSize: 1 })) {
    found.push(it.name);
  }
  assert.deepEqual(found.sort(), [name, other.name]);
  await assert.rejects(
    async () => {
      for await (const it of Sandbox.list({ pageSize: 0 })) assert.fail(it.name);
    },
    { code: "option-out-of-range", path: "pageSize" },
  );

  // A sandbox that is destroyed need not be stopped before.
  await other.destroy();
  await assert.rejects(other.refresh(), { code: "sandbox-not-found" });
});

test("requestKill() ends a sandbox, and nothing takes it for its successor", async () => {
  const name = `${prefix}-replaced`;
  const first = await Sandbox.create({ name, image });
  const handle = await Sandbox.get(name);
  await first.requestKill();
  const { status, signal } = await first.waitUntilStopped();
  assert.equal(status, "stopped");
  assert.equal(signal, 9);

  const second = await Sandbox.create({ name, image, replace: true });
  assert.notEqual(second.id, first.id);
  const expected = { name: "SandboxReplacedError", code: "sandbox-replaced" };
  const calls: ((target: Sandbox | SandboxHandle) => Promise<unknown>)[] = [
    (it) => it.refresh(),
    (it) => it.stop(),
    (it) => it.kill(),
    (it) => it.requestStop(),
    (it) => it.restart(),
    (it) => it.destroy(),
    (it) => it.ping(),
    (it) => it.modify({ labels: { a: "b" } }),
    (it) => it.pause(),
    (it) => it.fork(),
    (it) => it.compact(),
    (it) => it.snapshot(),
    (it) => it.logs(),
    (it) => it.metrics(),
    (it) => it.metricsStream().next(),
    (it) => it.logStream().next(),
    (it) => it.waitForStatus("stopped"),
  ];
  for (const target of [first, handle]) {
    for (const call of calls) {
      await assert.rejects(call(target), expected, String(call));
    }
  }
  await assert.rejects(handle.connect(), expected);
  await assert.rejects(handle.connectOrStart(), expected);
  await assert.rejects(handle.start(), expected);
  await assert.rejects(handle.remove(), expected);
  assert.equal((await second.refresh()).status, "running");
  await second.destroy({ force: true });
});

test("a wait is given up when its signal is aborted", async () => {
  const handle = await Sandbox.get(name);
  const reason = new Error("waited long enough");
  const controller = new AbortController();
  const waiting = handle.waitForStatus("running", { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 300);
  await assert.rejects(waiting, reason);
});
