// Nothing that the host reads at a sandbox's next start is in the guest's reach:
// root in the guest looks at every mount and tries to write where it may not.

import assert from "node:assert/strict";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { Sandbox } from "../../mod.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const home = process.env["MSB_HOME"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-isolated`;
const canary = "written by the guest";

/** What may be at `/.msb`: for the guest's agent, and to be read by commands. */
const expected = ["heartbeat.json", "rootfs", "scripts", "tls"];
/** File systems that are the guest's kernel's own. */
const kernels = ["proc", "sysfs", "devtmpfs", "devpts", "cgroup2", "tmpfs"];
/** The names of what the host keeps about a sandbox. */
const journals = /root-disk|checkpoint|owned-disks|\.qcow2$|msb\.db|config\.json/;

let sandbox: Sandbox;
const others: Sandbox[] = [];
after(async () => {
  for (const it of [...others, sandbox]) await it.destroy({ force: true });
});

/** Fails when the guest reaches anything that is the host's. */
async function assertClosed(of: Sandbox): Promise<void> {
  const mounts = (await of.shell("cat /proc/mounts")).text().trim().split("\n")
    .map((line) => line.split(" "))
    .map(([source, path, type]) => ({ source: source!, path: path!, type: type! }));
  const foreign = mounts.filter(({ type }) => !kernels.includes(type));
  // The root, of which the host reads nothing, and one folder that is shared.
  assert.deepEqual(foreign.map(({ path }) => path).sort(), ["/", "/.msb"], JSON.stringify(mounts));
  assert.deepEqual(
    foreign.filter(({ type }) => type === "virtiofs").map(({ path }) => path),
    ["/.msb"],
  );

  const shared = (await of.shell("find /.msb -xdev")).text().trim().split("\n");
  for (const path of shared) assert.doesNotMatch(path, journals);
  const top = (await of.shell("ls -A /.msb")).text().trim().split("\n").sort();
  assert.deepEqual(top.filter((it) => !expected.includes(it) && it !== "planted"), []);

  // Links out of it lead to the guest's own files.
  const out = await of.shell("cat /.msb/../root-disk.json /.msb/../../msb.db");
  assert.notEqual(out.code, 0);
  assert.equal(out.stdout.length, 0);
}

/** Writes wherever root in the guest can below the shared folder, under names that the host's own files have. */
async function attack(of: Sandbox): Promise<void> {
  const { code, stderr } = await of.shell(`
    cd /.msb
    for name in root-disk.json checkpoints checkpoint-store owned-disks planted; do
      echo '${canary}' >$name || true
    done
    for name in heartbeat.json; do
      rm -f $name; ln -s /etc/passwd $name || true
    done
    sync`);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

/** The files that the host keeps of a sandbox, other than what it shares with the guest. */
function hostFiles(of: string): string[] {
  const root = join(home, "sandboxes", of);
  const files: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder)) {
      const path = join(folder, entry);
      const stat = lstatSync(path);
      if (stat.isDirectory()) {
        if (entry !== "guest-state") walk(path);
      } else if (stat.isFile() && stat.size < 1_000_000) files.push(path);
    }
  };
  walk(root);
  return files;
}

function assertUntouched(of: string): void {
  const files = hostFiles(of);
  assert.ok(files.length > 0);
  for (const path of files) assert.ok(!readFileSync(path, "latin1").includes(canary), path);
}

test("root in the guest reaches nothing of what the host keeps", async () => {
  sandbox = await Sandbox.create({ name, image, memoryMiB: 256 });
  await assertClosed(sandbox);
  await attack(sandbox);
  assertUntouched(name);
});

test("neither does it change the next start", async () => {
  await sandbox.shell("echo kept >/root/file; sync");
  await sandbox.stop();
  sandbox = await Sandbox.start(name);
  assert.equal((await sandbox.shell("cat /root/file")).text(), "kept\n");
  await assertClosed(sandbox);
  assertUntouched(name);
});

test("snapshots, restores and forks open nothing more", async () => {
  const snapshot = await sandbox.snapshot({ name: "attacked", resumable: true });
  await assertClosed(sandbox);
  const restored = await snapshot.restore({ name: `${name}-restored` });
  others.push(restored);
  await assertClosed(restored);
  await attack(restored);
  assertUntouched(`${name}-restored`);
  const fork = await sandbox.fork({ name: `${name}-fork` });
  others.push(fork);
  await assertClosed(fork);
  assert.equal((await fork.shell("cat /root/file")).text(), "kept\n");
});
