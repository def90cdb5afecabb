// Mounts in real microVMs. Booting one takes seconds, so one sandbox has most
// kinds of them.

import assert from "node:assert/strict";
import * as host from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox, Volume } from "../../mod.ts";
import type { Mount } from "../../types.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
const ensured = `${prefix}-ensured`;
const created = `${prefix}-created`;
let scratch: string;
let shared: Volume;
let sandbox: Sandbox;

before(async () => {
  // A bind mount keeps what the guest sets in extended attributes, so it has
  // to be where the home is.
  const home = process.env["MSB_HOME"] ?? tmpdir();
  scratch = host.mkdtempSync(join(home, "microsandbox-volume-"));
  host.mkdirSync(join(scratch, "source"));
  host.writeFileSync(join(scratch, "source", "file"), "from the host\n");
  host.mkdirSync(join(scratch, "bin"));
  host.writeFileSync(join(scratch, "bin", "script"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  shared = await Volume.create({ name: `${prefix}-shared` });
  const disk = await Volume.create({ name: `${prefix}-disk`, kind: "disk", sizeMiB: 80 });
  await shared.fs.writeTextFile("input", "from the volume\n");
  const source = join(scratch, "source");
  // A copy of a disk is an image of one.
  const disks = join(scratch, "image.raw");
  host.copyFileSync(join(disk.path!, "disk.raw"), disks);
  sandbox = await Sandbox.create({
    image,
    mounts: {
      "/shared": { type: "volume", name: shared.name },
      "/disk": { type: "volume", name: disk.name },
      "/ensured": {
        type: "volume",
        name: ensured,
        create: "if-missing",
        quotaMiB: 4,
        labels: { by: prefix },
      },
      "/created": { type: "volume", name: created, create: "always", kind: "disk", sizeMiB: 80 },
      "/bind": { type: "bind", source },
      "/readonly": { type: "bind", source, readOnly: true },
      "/script": {
        type: "bind",
        source: join(scratch, "bin"),
        noExec: true,
        noSuid: true,
        noDev: true,
        owner: { uid: 1000, gid: 1001 },
      },
      "/memory": { type: "tmpfs", sizeMiB: 8 },
      "/owned": { type: "owned", quotaMiB: 8 },
      "/owned-disk": { type: "owned", kind: "disk", sizeMiB: 80 },
      "/image": { type: "disk", source: disks, format: "raw", fsType: "ext4", readOnly: true },
    },
  });
});
after(async () => {
  await sandbox[Symbol.asyncDispose]();
  for (const volume of await Volume.list()) {
    if (volume.name.startsWith(prefix)) await volume.remove();
  }
  host.rmSync(scratch, { recursive: true });
});

/** What a script in the sandbox prints, which has to succeed. */
async function run(script: string): Promise<string> {
  const output = await sandbox.shell(script);
  assert.equal(output.code, 0, output.errorText());
  return output.text();
}

test("a volume is shared between this machine and its sandboxes", async () => {
  assert.equal(await run("cat /shared/input"), "from the volume\n");
  await run("echo from the guest >/shared/output; mkdir /shared/made; chmod 700 /shared/made");
  assert.equal(await shared.fs.readTextFile("output"), "from the guest\n");
  assert.equal((await shared.fs.stat("made")).isDirectory, true);
  await shared.fs.writeTextFile("later", "later\n", { mode: 0o640 });
  assert.equal(await run("cat /shared/later; stat -c %a /shared/later"), "later\n640\n");
});

test("volumes are created with the sandbox, and disks are file systems of their own", async () => {
  const volume = await Volume.get(ensured);
  assert.deepEqual(
    [volume.kind, volume.quotaMiB, volume.labels],
    ["directory", 4, { by: prefix }],
  );
  assert.equal((await Volume.get(created)).kind, "disk");
  for (const disk of ["/disk", "/created", "/owned-disk"]) {
    assert.equal(await run(`awk '$2=="${disk}" {print $3}' /proc/mounts`), "ext4\n");
    await run(`echo x >${disk}/file && sync`);
  }
  await run("echo x >/owned/file");
  assert.match(await run("df -m /memory | tail -1"), /^tmpfs +8 /);
});

test("a quota bounds what the guest writes", async () => {
  const output = await sandbox.shell("head -c 6000000 /dev/zero >/ensured/big");
  assert.notEqual(output.code, 0);
  const { size } = await sandbox.fs.stat("/ensured/big");
  assert.ok(size <= 4 * 1024 * 1024, `${size}`);
});

test("directories of this machine are seen, and written unless they are read-only", async () => {
  assert.equal(await run("cat /bind/file /readonly/file"), "from the host\nfrom the host\n");
  await run("echo new >/bind/new");
  assert.equal(host.readFileSync(join(scratch, "source", "new"), "utf8"), "new\n");
  for (const path of ["/readonly/x", "/image/x"]) {
    await assert.rejects(sandbox.fs.writeFile(path, "x"), {
      code: "read-only-filesystem",
      path,
    });
  }
  assert.equal(host.existsSync(join(scratch, "source", "x")), false);
});

test("a mount's options reach the guest", async () => {
  assert.equal(await run("stat -c '%u %g' /script/script"), "1000 1001\n");
  assert.match(await run("grep ' /script ' /proc/mounts"), /nosuid.*nodev.*noexec/);
  assert.equal((await sandbox.exec("sh", { args: ["/script/script"] })).text(), "ran\n");
  await assert.rejects(sandbox.exec("/script/script"), { name: "ExecFailedError" });
});

test("a volume that a sandbox uses is volume-in-use", async () => {
  for (const name of [shared.name, created]) {
    await assert.rejects(Volume.remove(name), {
      name: "VolumeInUseError",
      code: "volume-in-use",
      details: { name },
    });
  }
  assert.equal(await shared.fs.exists("input"), true);
});

test("volumes that are not what they are asked to be are refused, and nothing is left", async () => {
  const name = `${prefix}-mounts`;
  const attempts: [Mount, object][] = [
    [
      { type: "volume", name: `${prefix}-no-such-volume` },
      { name: "VolumeNotFoundError", code: "volume-not-found" },
    ],
    [
      { type: "volume", name: shared.name, create: "always" },
      { name: "VolumeAlreadyExistsError", code: "volume-already-exists" },
    ],
    [
      { type: "volume", name: shared.name, create: "if-missing", kind: "disk", sizeMiB: 80 },
      { name: "InvalidOptionError", path: "mounts./mnt.kind" },
    ],
    [
      { type: "volume", name: ensured, create: "if-missing", quotaMiB: 5 },
      { name: "InvalidOptionError", path: "mounts./mnt.quotaMiB" },
    ],
    [
      { type: "volume", name: created, owner: { uid: 1, gid: 1 } },
      { name: "InvalidOptionError", path: "mounts./mnt.owner" },
    ],
  ];
  for (const [mount, error] of attempts) {
    await assert.rejects(Sandbox.create({ name, image, mounts: { "/mnt": mount } }), error);
  }
  await assert.rejects(Sandbox.get(name), { code: "sandbox-not-found" });
  assert.equal(host.existsSync(join(shared.path!, "..", "..", "sandboxes", name)), false);
});
