// Options whose effect shows inside of a real microVM.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox, type SandboxConfig } from "../../mod.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const home = process.env["MSB_HOME"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
const directory = mkdtempSync("/tmp/microsandbox-test-");
let sandbox: Sandbox;

before(async () => {
  writeFileSync(`${directory}/file`, "of this machine");
  sandbox = await Sandbox.create({
    name: `${prefix}-options`,
    image,
    ephemeral: true,
    cpus: 2,
    memoryMiB: 256,
    transparentHugePages: "never",
    security: "restricted",
    scripts: { greet: "#!/bin/sh\necho hello $1" },
    rlimits: { nofile: { soft: 32, hard: 64 }, fsize: 100_000, core: "unlimited" },
    logLevel: "debug",
    ports: [{ guestPort: 80, hostPort: 0 }],
    mounts: {
      "/mnt/bind": { type: "bind", source: directory, readOnly: true },
      "/mnt/memory": { type: "tmpfs", sizeMiB: 8, noExec: true },
      "/mnt/own": { type: "owned", quotaMiB: 70 },
    },
    patches: [
      { kind: "write", path: "/srv/text", content: "\ufeffgrüße" },
      { kind: "write", path: "/srv/bytes", content: Uint8Array.of(0, 255), mode: 0o600 },
      { kind: "symlink", path: "/srv/link", target: "text" },
      { kind: "copy", from: `${directory}/file`, path: "/srv/copy" },
    ],
  });
});
after(async () => {
  await sandbox?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

async function run(script: string, on = sandbox): Promise<string> {
  return (await on.shell(script)).text().trim();
}

test("cpus and memoryMiB are what the guest has", async () => {
  assert.equal(await run("nproc"), "2");
  const kilobytes = Number(await run("awk '/MemTotal/ {print $2}' /proc/meminfo"));
  assert.ok(kilobytes > 180 * 1024 && kilobytes < 300 * 1024, `${kilobytes} kB`);
});

test("rlimits limit", async () => {
  assert.equal(await run("ulimit -Sn; ulimit -Hn; ulimit -c"), "32\n64\nunlimited");
  const open = await sandbox.shell(
    'i=3; while [ $i -lt 40 ]; do eval "exec $i</dev/null" || exit 9; i=$((i+1)); done',
  );
  assert.notEqual(open.code, 0);
  const written = await sandbox.shell("head -c 200000 /dev/zero >/root/file");
  assert.notEqual(written.code, 0);
  assert.equal(await run("wc -c </root/file"), "100000");
});

test("scripts are commands", async () => {
  const output = await sandbox.exec("greet", { args: ["you"] });
  assert.equal(output.text(), "hello you\n");
});

test("the restricted profile takes privileges away", async () => {
  assert.equal(await run("awk '/NoNewPrivs/ {print $2}' /proc/self/status"), "1");
  assert.notEqual((await sandbox.exec("mount", { args: ["-t", "tmpfs", "none", "/mnt"] })).code, 0);
});

test("transparentHugePages is the guest kernel's setting", async () => {
  assert.match(await run("cat /sys/kernel/mm/transparent_hugepage/enabled"), /\[never\]/);
});

test("logLevel is how much the runtime logs", () => {
  const log = (name: string) =>
    readdirSync(`${home}/sandboxes/${name}/logs`)
      .map((file) => readFileSync(`${home}/sandboxes/${name}/logs/${file}`, "utf8")).join("\n");
  assert.match(log(sandbox.name), /DEBUG/);
});

test("what config() returns makes the same sandbox again", async () => {
  const options: SandboxConfig = await sandbox.config();
  assert.equal(options.name, sandbox.name);
  assert.deepEqual(options.ports, sandbox.ports);
  assert.deepEqual(await (await Sandbox.get(sandbox.name)).config(), options);
  const changes = { name: `${prefix}-copy`, ports: [80] };
  await using copy = await Sandbox.create({
    ...options,
    ...changes,
    init: "/bin/init",
  });
  const { name, ports, init, ...rest } = await copy.config();
  const { name: _name, ports: _ports, ...expected } = options;
  assert.deepEqual(rest, expected);
  assert.deepEqual([name, init, ports?.length], [changes.name, "/bin/init", 1]);
  assert.equal(await run("ulimit -Hn", copy), "64");
  // So have the patches been made again, and the mounts.
  const files = "cat /srv/copy /mnt/bind/file; od -A n -t u1 /srv/bytes";
  assert.equal(await run(files, copy), "of this machineof this machine   0 255");
  // Text is what it was, with the mark at its beginning, which decoding it drops.
  const text = new Uint8Array((await copy.shell("cat /srv/link")).stdout);
  assert.deepEqual(text, new TextEncoder().encode("\ufeffgrüße"));
  assert.match(await run("grep /mnt/memory /proc/mounts", copy), /noexec/);
  // The init option hands the first process over.
  assert.equal(await run("cat /proc/1/comm", copy), "init");
});
