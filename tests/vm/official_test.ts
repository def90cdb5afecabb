// Upstream's programs beside this module: its own msb of the same version in the
// same home, and what becomes of a home that the official Python package 0.7.11
// has made.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { Backend, MissingRestoreBindingsError, Sandbox, Snapshot } from "../../mod.ts";
import { start } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const home = process.env["MSB_HOME"]!;
const upstream = process.env["MICROSANDBOX_TEST_MSB"]!;
const python = process.env["MICROSANDBOX_TEST_PYTHON"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const ours = `${prefix}-ours`;
const theirs = `${prefix}-theirs`;
const volume = `${prefix}-volume`;

/** Skips with a reason, where nobody has built what is not ours. */
const withUpstream = {
  skip: !existsSync(upstream) && `there is no ${upstream}: tools/upstream.sh builds it`,
};
const withPython = {
  skip: !existsSync(python) && `there is no ${python}: tools/setup.sh installs it`,
};

/** Runs upstream's msb and returns what it prints. */
async function msb(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await start([upstream, ...args]).ended;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** What a script prints in a sandbox that upstream's msb runs it in. */
async function shell(name: string, script: string): Promise<string> {
  return await msb("exec", "--no-tty", "--no-stdin", name, "--", "sh", "-c", script);
}

after(async () => {
  for await (const handle of Sandbox.list()) {
    if (handle.name.startsWith(ours) || handle.name.startsWith(theirs)) {
      await handle.destroy({ force: true });
    }
  }
  if (!withUpstream.skip) await msb("volume", "remove", volume);
});

test(
  "a sandbox made here is used and stopped by msb, and started by it and used here",
  withUpstream,
  async () => {
    const sandbox = await Sandbox.create({ name: ours, image, memoryMiB: 256 });
    await sandbox.shell("echo ours >/root/by && sync && echo printed here");
    assert.match(await msb("list", "--running"), new RegExp(`^${ours}\\b`, "m"));
    assert.equal(await shell(ours, "cat /root/by"), "ours\n");
    assert.match(await msb("logs", ours), /printed here/);

    const stopped = sandbox.waitUntilStopped();
    await msb("stop", "--quiet", ours);
    assert.equal((await stopped).status, "stopped");

    await msb("start", "--quiet", ours);
    const handle = await Sandbox.get(ours);
    assert.equal(handle.id, sandbox.id);
    assert.equal(handle.status, "running");
    const connected = await handle.connect();
    assert.equal(connected.ownsLifecycle, false);
    assert.equal((await connected.shell("cat /root/by")).text(), "ours\n");
    await connected.stop();
    assert.match(await msb("list", "--stopped"), new RegExp(`^${ours}\\b`, "m"));
  },
);

test("snapshots go both ways", withUpstream, async () => {
  const handle = await Sandbox.get(ours);
  await handle.snapshot({ name: "here" });
  assert.match(await msb("snapshot", "list", "--group", ours), /\bhere\b/);
  await msb("snapshot", "create", "--quiet", "--sandbox", ours, "there");
  assert.equal((await Snapshot.get(`${ours}:there`)).name, "there");

  await msb("restore", "--quiet", "--name", `${ours}-restored`, `${ours}:here`);
  const restored = await (await Sandbox.get(`${ours}-restored`)).connect();
  assert.equal((await restored.shell("cat /root/by")).text(), "ours\n");
  await restored.kill();
});

test("a sandbox and a volume made by msb are used here", withUpstream, async () => {
  await msb("volume", "create", "--quiet", volume);
  await msb(
    ...["create", "--quiet", "--name", theirs, "--memory", "256M", "--label", "made-by=msb"],
    ...["--mount-named", `${volume}:/data`, image],
  );
  await shell(theirs, "echo msb >/root/by && echo volume >/data/file && sync");
  const found: string[] = [];
  for await (const it of Sandbox.list({ labels: { "made-by": "msb" } })) found.push(it.name);
  assert.deepEqual(found, [theirs]);
  const handle = await Sandbox.get(theirs);
  const sandbox = await handle.connect();
  assert.equal((await sandbox.shell("cat /root/by /data/file")).text(), "msb\nvolume\n");
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
  assert.equal((await restored.shell("cat /root/by /data/file")).text(), "msb\nvolume\n");
  await msb("stop", "--quiet", name);
  assert.equal((await restored.waitUntilStopped()).status, "stopped");
});

test(
  "a home of 0.7.11 opens, and what its guests could have changed is not started",
  withPython,
  async () => {
    const old = join(home, `${prefix}-0711`);
    mkdirSync(old);
    const bundled = execFileSync(python, [
      "-c",
      "import microsandbox, pathlib;" +
      "print(next(pathlib.Path(microsandbox.__file__).parent.glob('_bundled/*/msb')))",
    ], { encoding: "utf8" }).trim();
    const environment = { MSB_HOME: old, MSB_PATH: bundled };
    const script = `${import.meta.dirname}/fixtures/official.py`;
    const archive = join(home, `${prefix}-0711.tar`);
    execFileSync(`${dirname(import.meta.dirname!)}/host/image.sh`, [archive], { stdio: "ignore" });
    execFileSync(bundled, ["load", "--quiet", "-i", archive], {
      env: { ...process.env, ...environment },
    });
    const official = (...args: string[]) => start([python, script, ...args], environment).ended;
    const made = await official("fill", image);
    assert.equal(made.code, 0, made.stderr);

    using backend = await Backend.local({ home: old });
    await backend.run(async () => {
      const running = await (await Sandbox.get("running")).connect();
      assert.equal((await running.shell("cat /root/file")).text(), "kept\n");
      await assert.rejects(running.snapshot({ name: "refused" }), { code: "runtime-outdated" });
      await running.stop();

      const plain = await Sandbox.start("plain");
      assert.equal((await plain.shell("cat /root/file")).text(), "kept\n");
      assert.equal((await plain.shell("ls /.msb/root-disk.json")).success, false);
      await plain.stop();

      await assert.rejects(Sandbox.start("snapped"), { code: "migration-required" });
      const [snapshot] = await Snapshot.list();
      const restored = await snapshot!.restore({ name: "restored" });
      assert.equal((await restored.shell("cat /root/file")).text(), "kept\n");
      await restored.kill();
      await (await Sandbox.get("snapped")).destroy({ force: true });
    });

    const refused = await official("names");
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /database schema is newer than this msb/);
  },
);
