// Snapshots, pauses and forks. The tests follow one sandbox and what is made
// from it, because each boot takes seconds where it is emulated.

import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox, Snapshot } from "../../mod.ts";
import type { CreateProgress, LoadProgress } from "../../types.ts";
import { abortedLaterEachTime, machinesOf } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-source`;
const directory = mkdtempSync("/tmp/snapshots-");
let sandbox: Sandbox;
let disk: Snapshot;

before(async () => {
  // Compacting reads the whole disk, which is slow where it is emulated.
  const rootDisk = { kind: "managed", sizeMiB: 128 } as const;
  sandbox = await Sandbox.create({ name, image, memoryMiB: 256, rootDisk });
  // A process that is in memory only, and tells where it is.
  await sandbox.shell(
    "echo disk >/root/file; (i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.1; done) >/dev/null 2>&1 &",
  );
});
after(async () => {
  rmSync(directory, { recursive: true });
  await sandbox.destroy({ force: true });
});

async function count(of: Sandbox): Promise<number> {
  return Number((await of.shell("cat /tmp/count")).text());
}

test("pause() makes the sandbox stand still until resume()", async () => {
  const handle = await Sandbox.get(name);
  await sandbox.pause();
  assert.equal((await handle.refresh()).status, "paused");
  assert.deepEqual(await handle.pauseState(), {
    paused: true,
    recoveryRequired: false,
  });
  await handle.resume();
  assert.equal((await sandbox.pauseState()).paused, false);
  const before = await count(sandbox);
  await sandbox.shell("sleep 0.3");
  assert.ok(await count(sandbox) > before);
});

test("snapshot() captures the disk of a running sandbox", async () => {
  disk = await sandbox.snapshot({
    name: "disk",
    labels: { of: name },
    recordIntegrity: true,
  });
  assert.equal(disk.name, "disk");
  assert.equal(disk.group, name);
  assert.equal(disk.resumable, false);
  assert.equal(disk.image, image);
  assert.equal(disk.sizeBytes, 128 * 1024 * 1024);
  assert.equal(disk.availability, "ready");
  assert.deepEqual(disk.headUpdate, {
    group: name,
    head: disk.id,
    changed: true,
    reason: "initialized",
  });
  assert.ok(Math.abs(Date.now() - disk.createdAt.getTime()) < 600_000);
});

test("get() finds a snapshot by group, name, identity and path", async () => {
  for (const reference of [name, `${name}:disk`, disk.id, disk.reference]) {
    const found = await Snapshot.get(reference);
    assert.equal(found.id, disk.id, reference);
    assert.equal(found.digest, disk.digest);
  }
  await assert.rejects(Snapshot.get(`${name}:none`), {
    name: "SnapshotError",
    code: "snapshot-not-found",
  });
});

test("a snapshot tells its labels, its size and whether it is whole", async () => {
  const { labels, manifest } = await disk.details();
  assert.deepEqual(labels, { of: name });
  assert.equal(manifest["snapshot_id"], disk.id);
  const verified = await disk.verify();
  assert.equal(verified.verified, true);
  assert.match(verified.checksum!, /^[a-z0-9]+:/);
  const usage = await disk.storageUsage();
  assert.ok(usage.allocatedBytes! > 0);
});

test("a name that is taken is refused", async () => {
  await assert.rejects(sandbox.snapshot({ name: "disk" }), {
    name: "SnapshotError",
    code: "snapshot-already-exists",
  });
});

test("a resumable snapshot goes on where it was", async () => {
  const before = await count(sandbox);
  const snapshot = await sandbox.snapshot({ name: "resumable", resumable: true });
  assert.equal(snapshot.resumable, true);
  assert.equal(snapshot.parentId, disk.id);
  assert.equal(snapshot.headUpdate?.reason, "fast-forwarded");
  assert.deepEqual(
    (await Snapshot.list()).filter((it) => it.group === name).map((it) => it.name),
    ["resumable", "disk"],
  );

  const phases: string[] = [];
  const restored = await Sandbox.restore(snapshot, {
    name: `${name}-resumed`,
    onProgress: (event) => event.kind === "startup" && phases.push(event.phase),
  });
  assert.equal(phases[0], "booting");
  assert.equal(phases.at(-1), "activating");
  assert.equal(restored.ownsLifecycle, true);
  // Its process and its memory are there: a boot would count from 1.
  assert.ok(await count(restored) > before);
  assert.deepEqual(await restored.restoreWarnings(), []);
  await assert.rejects(
    snapshot.restore({ name: `${name}-resumed` }),
    { code: "sandbox-already-exists" },
  );
  await restored.destroy({ force: true });
  await assert.rejects(
    snapshot.restore({ name: `${name}-larger`, memoryMiB: 1024 }),
    /memory/i,
  );
  await assert.rejects(Sandbox.get(`${name}-larger`), { code: "sandbox-not-found" });

  // A group keeps its head while it has others.
  await assert.rejects(snapshot.remove(), { name: "InvalidOptionError" });
  assert.equal((await Snapshot.groupHead(`${name}:disk`)).reason, "selected");
  await snapshot.remove();
});

test("an aborted snapshot leaves nothing behind, and its group as it was", async () => {
  const late = await abortedLaterEachTime(
    (signal) => sandbox.snapshot({ name: "aborted", signal }),
    async () => {
      await assert.rejects(Snapshot.get(`${name}:aborted`), { code: "snapshot-not-found" });
      assert.equal((await Snapshot.groupHead(name)).head, disk.id);
    },
  );
  await Snapshot.groupHead(`${name}:disk`);
  await late.remove();
});

test("save() writes a file, tells how far it is, and keeps what is there", async () => {
  const path = `${directory}/disk.msb`;
  const progress: number[] = [];
  const saved = await disk.save(path, {
    onProgress: ({ writtenBytes }) => progress.push(writtenBytes),
  });
  assert.equal(saved.id, disk.id);
  assert.equal(saved.sizeBytes, statSync(path).size);
  assert.equal(progress.at(-1), saved.sizeBytes);
  await assert.rejects(disk.save(path), {
    name: "FileAlreadyExistsError",
    code: "already-exists",
  });
  await disk.save(path, { overwrite: true, compress: false });
  assert.ok(statSync(path).size > saved.sizeBytes);
});

test("an aborted save leaves no file", async () => {
  const path = `${directory}/aborted.msb`;
  const reason = new Error("never mind");
  const controller = new AbortController();
  const saving = disk.save(path, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(saving, reason);
  assert.equal(existsSync(path), false);
  assert.deepEqual(readdirSync(directory), ["disk.msb"]);
});

test("an aborted save that was to replace a file keeps that file", async () => {
  const path = `${directory}/disk.msb`;
  const before = readFileSync(path);
  await abortedLaterEachTime(
    (signal) => disk.save(path, { overwrite: true, signal }),
    () => {
      assert.ok(before.equals(readFileSync(path)));
      assert.deepEqual(readdirSync(directory), ["disk.msb"]);
      return Promise.resolve();
    },
  );
});

test("load() takes a file into a group, and restore() boots from it", async () => {
  const group = `${name}-loaded`;
  const copy = `${directory}/copy.msb`;
  await disk.copyTo(copy, { labels: { copied: "yes" } });
  const progress: LoadProgress[] = [];
  const [loaded, ...more] = await Snapshot.load(copy, {
    group,
    onProgress: (event) => progress.push(event),
  });
  const size = statSync(copy).size;
  assert.deepEqual(progress.at(-1), { readBytes: size, totalBytes: size });
  assert.deepEqual(more, []);
  assert.equal(loaded!.group, group);
  assert.deepEqual((await loaded!.details()).labels, { copied: "yes" });
  assert.equal((await loaded!.verify()).verified, false);

  const restored = await loaded!.restore({ name: `${name}-restored` });
  // It has booted, so nothing counts.
  const output = await restored.shell("cat /root/file; ps | grep '[c]ount' || echo booted");
  assert.equal(output.text(), "disk\nbooted\n");
  await restored.destroy({ force: true });
  await Snapshot.remove(group);
});

test("an aborted load takes nothing from a group that is there, and leaves no new one", async () => {
  const path = `${directory}/disk.msb`;
  const references = async () => (await Snapshot.list()).map((it) => it.reference).sort();
  const before = await references();
  const check = async () => assert.deepEqual(await references(), before);
  // Into a group that is there it comes to its end once it has begun.
  const reason = new Error("never mind");
  const controller = new AbortController();
  const loading = Snapshot.load(path, { group: name, signal: controller.signal });
  controller.abort(reason);
  await loading.catch((error) => assert.equal(error, reason));
  await check();
  const group = `${name}-aborted`;
  const [loaded] = await abortedLaterEachTime(
    (signal) => Snapshot.load(path, { group, signal }),
    check,
  );
  await loaded!.remove();
});

test("load() refuses a file that is damaged", async () => {
  const path = `${directory}/damaged.msb`;
  await disk.save(path);
  truncateSync(path, Math.floor(statSync(path).size / 2));
  await assert.rejects(Snapshot.load(path, { group: `${name}-damaged` }));
  assert.ok(!(await Snapshot.list()).some((it) => it.group === `${name}-damaged`));
});

test("createArchive() captures into a file and keeps no snapshot", async () => {
  const path = `${directory}/direct.msb`;
  const before = (await Snapshot.list()).length;
  const archive = await Snapshot.createArchive(sandbox, path, { labels: { a: "b" } });
  assert.equal(archive.sizeBytes, statSync(path).size);
  assert.equal((await Snapshot.list()).length, before);
  const [loaded] = await Snapshot.load(path, { group: `${name}-direct` });
  assert.equal(loaded!.id, archive.id);
  const head = await Snapshot.groupHead(`${name}-direct`);
  assert.equal(head.head, archive.id);
  assert.equal(head.changed, false);
  await loaded!.remove();
});

test("a snapshot that was removed is not found any more", async () => {
  const group = `${name}-again`;
  const first = await sandbox.snapshot({ name: "same", group });
  await first.remove();
  await assert.rejects(first.details(), { code: "snapshot-not-found" });
});

test("fork() goes on where the sandbox is, apart from it", async () => {
  const events: CreateProgress[] = [];
  const fork = await sandbox.fork({
    name: `${name}-fork`,
    // Nothing is published that is not asked for.
    bindings: { ports: [8080] },
    onProgress: (event) => events.push(event),
  });
  assert.ok(events.some((event) => event.kind === "startup" && event.phase === "activating"));
  assert.deepEqual(fork.ports.map(({ guestPort }) => guestPort), [8080]);
  assert.ok(fork.ports[0]!.hostPort > 0);
  const at = await count(fork);
  assert.ok(at > 1);
  await fork.shell("echo fork >/root/file");
  assert.equal((await sandbox.shell("cat /root/file")).text(), "disk\n");
  await assert.rejects(sandbox.fork({ name: `${name}-fork` }), {
    code: "sandbox-already-exists",
  });
  await fork.destroy({ force: true });
});

test("forkMany() makes several forks of one moment", async () => {
  await assert.rejects(sandbox.forkMany([]), { code: "invalid-option", path: "names" });
  const names = [`${name}-fork-1`, `${name}-fork-2`];
  const forks = await (await Sandbox.get(name)).forkMany(names);
  assert.deepEqual(forks.map((it) => it.name), names);
  for (const { sandbox: fork, error } of forks) {
    assert.equal(error, undefined);
    assert.equal((await fork!.shell("cat /root/file")).text(), "disk\n");
    await fork!.destroy({ force: true });
  }
});

test("forks stop with their objects, unless they are detached", async () => {
  let unnamed: string;
  {
    await using fork = await sandbox.fork();
    unnamed = fork.name;
    await using named = await sandbox.fork({ name: `${name}-scoped` });
    assert.ok(fork.ownsLifecycle && named.ownsLifecycle);
    assert.equal((await named.shell("cat /root/file")).text(), "disk\n");
  }
  await assert.rejects(Sandbox.get(unnamed), { code: "sandbox-not-found" });
  assert.deepEqual(machinesOf(`${name}-scoped`), []);
  await Sandbox.remove(`${name}-scoped`);
  {
    await using _ = await sandbox.fork({ name: `${name}-detached`, detached: true });
  }
  assert.equal(machinesOf(`${name}-detached`).length, 1);
  await (await Sandbox.get(`${name}-detached`)).destroy({ force: true });
});

test("a restored sandbox stops with its object", async () => {
  let unnamed: string;
  {
    await using restored = await disk.restore();
    unnamed = restored.name;
    assert.equal((await restored.shell("cat /root/file")).text(), "disk\n");
  }
  assert.deepEqual(machinesOf(unnamed), []);
  await assert.rejects(Sandbox.get(unnamed), { code: "sandbox-not-found" });
});

test("an aborted fork leaves nothing behind", async () => {
  const reason = new Error("changed my mind");
  const controller = new AbortController();
  const forking = sandbox.fork({
    name: `${name}-aborted`,
    onProgress: ({ kind }) => kind === "startup" && controller.abort(reason),
    signal: controller.signal,
  });
  await assert.rejects(forking, reason);
  await assert.rejects(Sandbox.get(`${name}-aborted`), { code: "sandbox-not-found" });
});

test("restore options are refused by name before anything starts", async () => {
  await assert.rejects(disk.restore({ cpus: 0 }), {
    code: "option-out-of-range",
    path: "cpus",
  });
  await assert.rejects(
    disk.restore({ bindings: { mounts: { "/data": { bind: "/tmp", tmpfs: true } } } }),
    { code: "invalid-option", path: "bindings.mounts./data" },
  );
  await assert.rejects(Sandbox.restore(`${name}:none`), {
    code: "snapshot-not-found",
  });
});

test("compact() merges the layers that snapshots left", async () => {
  await assert.rejects(sandbox.compact({ layers: 1 }), {
    code: "option-out-of-range",
    path: "layers",
  });
  const plan = await sandbox.compact({ dryRun: true });
  assert.equal(plan.disks[0]?.guestPath, "/");
  assert.ok(plan.disks[0]!.layersBefore > 2, JSON.stringify(plan));
  const done = await sandbox.compact();
  assert.equal(done.disks[0]!.layersAfter, plan.disks[0]!.layersAfter);
  assert.ok(done.disks[0]!.layersAfter < done.disks[0]!.layersBefore);
  assert.equal((await sandbox.shell("cat /root/file")).text(), "disk\n");
});

test("remove() removes a snapshot, and its sandbox stays", async () => {
  await disk.remove({ force: true });
  await assert.rejects(disk.verify(), { code: "snapshot-not-found" });
  assert.equal((await sandbox.shell("cat /root/file")).text(), "disk\n");
});
