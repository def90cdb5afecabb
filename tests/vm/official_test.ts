// This module and the official Python package of the same version in one home:
// what one of them makes, the other one sees, uses and stops.

import assert from "node:assert/strict";
import process from "node:process";
import { after, test } from "node:test";
import { MissingRestoreBindingsError, Sandbox, Snapshot } from "../../mod.ts";
import { start } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const python = process.env["MICROSANDBOX_TEST_PYTHON"]!;
const script = `${import.meta.dirname}/fixtures/official.py`;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const ours = `${prefix}-ours`;
const theirs = `${prefix}-theirs`;
const volume = `${prefix}-volume`;

/** Has the official package do one thing. */
async function official(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await start([python, script, ...args]).ended;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

after(async () => {
  for await (const handle of Sandbox.list()) {
    if (handle.name.startsWith(ours) || handle.name.startsWith(theirs)) {
      await handle.destroy({ force: true });
    }
  }
  await official("remove_volume", volume);
});

test("a sandbox made here is used and stopped there, and started there and used here", async () => {
  const sandbox = await Sandbox.create({ name: ours, image, memoryMiB: 256 });
  await sandbox.shell("echo ours >/root/by && sync && echo printed here");
  const known = await official("sandboxes") as Record<string, string[]>;
  assert.deepEqual(known[ours], [sandbox.id, "running"]);
  assert.equal(await official("shell", ours, "cat /root/by"), "ours\n");
  assert.ok((await official("logs", ours) as string[]).includes("printed here\n"));

  const stopped = sandbox.waitUntilStopped();
  await official("stop", ours);
  assert.equal((await stopped).status, "stopped");

  assert.equal(await official("start", ours), sandbox.id);
  const handle = await Sandbox.get(ours);
  assert.equal(handle.status, "running");
  const connected = await handle.connect();
  assert.equal(connected.ownsLifecycle, false);
  assert.equal((await connected.shell("cat /root/by")).text(), "ours\n");
  await connected.stop();
  const stoppedHere = await official("sandboxes") as Record<string, string[]>;
  assert.deepEqual(stoppedHere[ours], [sandbox.id, "stopped"]);
});

test("snapshots go both ways", async () => {
  const handle = await Sandbox.get(ours);
  const snapshot = await handle.snapshot({ name: "here" });
  assert.ok((await official("snapshots") as string[]).includes(snapshot.id));
  const there = await official("snapshot", ours, "there");
  assert.equal((await Snapshot.get(`${ours}:there`)).id, there);

  const id = await official("restore", `${ours}:here`, `${ours}-restored`);
  const restored = await (await Sandbox.get(`${ours}-restored`)).connect();
  assert.equal(restored.id, id);
  assert.equal((await restored.shell("cat /root/by")).text(), "ours\n");
  await restored.kill();
});

test("a sandbox and a volume made there are used here", async () => {
  const id = await official("create", theirs, image, volume);
  const found: string[] = [];
  for await (const it of Sandbox.list({ labels: { "made-by": "python" } })) {
    if (it.name === theirs) found.push(it.id);
  }
  assert.deepEqual(found, [id]);
  const handle = await Sandbox.get(theirs);
  const sandbox = await handle.connect();
  assert.equal((await sandbox.shell("cat /root/by /data/file")).text(), "python\nvolume\n");
  assert.ok((await handle.metricsStream().next()).value!.memoryBytes > 0);

  // What it uses of this machine does not come along with a snapshot.
  const snapshot = await sandbox.snapshot();
  await sandbox.stop();
  const name = `${theirs}-restored`;
  await assert.rejects(snapshot.restore({ name }), (error: unknown) => {
    assert.ok(error instanceof MissingRestoreBindingsError);
    assert.equal(error.code, "missing-restore-bindings");
    assert.deepEqual(error.missing, ["mount /data"]);
    return true;
  });
  await assert.rejects(Sandbox.get(name), { code: "sandbox-not-found" });
  const bindings = { mounts: { "/data": { volume } } };
  const restored = await snapshot.restore({ name, bindings });
  assert.equal((await restored.shell("cat /root/by /data/file")).text(), "python\nvolume\n");
  await official("stop", name);
  assert.equal((await restored.waitUntilStopped()).status, "stopped");
});
