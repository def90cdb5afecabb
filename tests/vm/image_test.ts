// Sandboxes from every kind of root file system, in real microVMs.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, test } from "node:test";
import { type CreateSandboxOptions, Image, Sandbox } from "../../mod.ts";
import type { CreateProgress } from "../../types.ts";
import {
  cachedFiles,
  makeArchive,
  push,
  readArchive,
  type Registry,
  run,
  startBottleneck,
  startRegistry,
  withRandomLayer,
} from "../registry.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const home = process.env["MSB_HOME"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
/** Root file systems need a disk that keeps attributes, such as the home's. */
const folder = mkdtempSync(`${home}/image-test-`);
const largeLayer = 4 * 1024 * 1024;
let registry: Registry;
let rootfs: string;

before(async () => {
  registry = await startRegistry({ folder });
  const content = readArchive(makeArchive(folder), `${folder}/oci`);
  for (const tag of ["1", "unseen"]) {
    const large = withRandomLayer(content, folder, largeLayer);
    await push(registry, `test/${prefix}`, tag, large);
  }
  rootfs = `${folder}/rootfs`;
  mkdirSync(rootfs);
  writeFileSync(`${folder}/layer.tar`, content.layers[0]!.bytes);
  run("tar", "-xf", `${folder}/layer.tar`, "-C", rootfs);
});
after(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a script prints in a sandbox of its own. */
async function printed(options: CreateSandboxOptions, script: string): Promise<string> {
  await using sandbox = await Sandbox.create({ memoryMiB: 256, ...options });
  const output = await sandbox.shell(script);
  assert.equal(output.errorText(), "");
  return output.text();
}

/** How many MiB the root file system of a sandbox holds. */
async function capacity(options: CreateSandboxOptions): Promise<number> {
  return Number(await printed(options, "df -m / | awk 'NR > 1 { print $(NF - 4) }'"));
}

test("create() pulls an image, reports how far it is, and boots it", async () => {
  const reference = `${registry.host}/test/${prefix}:1`;
  const events: CreateProgress[] = [];
  await using sandbox = await Sandbox.getOrCreate({
    name: `${prefix}-image-user`,
    image: reference,
    registryInsecure: true,
    pullPolicy: "always",
    memoryMiB: 256,
    ephemeral: true,
    onProgress: (event) => events.push(event),
  });
  assert.equal((await sandbox.shell("wc -c </data")).text().trim(), String(largeLayer));
  assert.equal((await sandbox.config()).pullPolicy, "if-missing");
  const kinds = events.map((event) => event.kind);
  assert.equal(kinds[0], "resolving");
  assert.ok(events.filter((it) => it.kind === "downloading" && it.layer === 1).length > 1);
  const pulled = kinds.indexOf("pulled");
  assert.ok(pulled > 0);
  assert.deepEqual(events.slice(pulled + 1), [
    { kind: "startup", phase: "booting", completedBytes: 0 },
  ]);

  // An image in use loses its name only when that is forced.
  assert.equal((await Image.get(reference)).layerCount, 2);
  await assert.rejects(Image.remove(reference), { name: "ImageError", code: "image-in-use" });
  await Image.remove(reference, { force: true });
  await assert.rejects(Image.get(reference), { code: "image-not-found" });
  assert.equal((await sandbox.shell("wc -c </data")).text().trim(), String(largeLayer));
});

test("a detached sandbox reports when it comes up", async () => {
  const events: CreateProgress[] = [];
  const sandbox = await Sandbox.create({
    image,
    memoryMiB: 256,
    detached: true,
    onProgress: (event) => events.push(event),
  });
  await sandbox.kill();
  assert.deepEqual(events, [
    { kind: "pulled", image, layerCount: 1 },
    { kind: "startup", phase: "booting", completedBytes: 0 },
    { kind: "startup", phase: "activating", completedBytes: 0 },
  ]);
});

test("a create whose pull fails or is aborted leaves no sandbox and no half of a layer", async () => {
  const name = `${prefix}-unpulled`;
  const options = { name, registryInsecure: true };
  const before = cachedFiles(home);
  await assert.rejects(
    Sandbox.create({ ...options, image: `${registry.host}/test/${prefix}:none` }),
    { name: "ImageError", code: "image-not-found" },
  );
  await assert.rejects(Sandbox.create({ ...options, image: "never/seen", pullPolicy: "never" }), {
    code: "image-not-found",
  });
  const way = await startBottleneck(registry, largeLayer / 2, "stalled");
  const controller = new AbortController();
  const reason = new Error("no longer wanted");
  await assert.rejects(
    Sandbox.create({
      ...options,
      image: `${way.host}/test/${prefix}:unseen`,
      signal: controller.signal,
      onProgress(event) {
        if (event.kind === "downloading") controller.abort(reason);
      },
    }),
    reason,
  );
  await way.stop();
  await assert.rejects(Sandbox.get(name), { code: "sandbox-not-found" });
  assert.deepEqual(cachedFiles(home).filter((file) => !before.includes(file)), []);
});

test("a managed root disk has the size that it is given", async () => {
  const size = await capacity({ image, rootDisk: { kind: "managed", sizeMiB: 300 } });
  assert.ok(size > 200 && size <= 300, `${size} MiB`);
});

test("a tmpfs root disk holds what the guest's memory allows", async () => {
  const size = await capacity({ image, rootDisk: { kind: "tmpfs", sizeMiB: 64 } });
  assert.equal(size, 64);
});

test("a flat root disk is one file system with the image's files in it", async () => {
  const text = await printed(
    { image, rootDisk: { kind: "flat", sizeMiB: 256 } },
    "awk '$2 == \"/\" { print $3 }' /proc/mounts; cat /etc/os-release | head -n 1",
  );
  assert.equal(text, "ext4\nID=busybox\n");
});

test("a root disk of one's own keeps what is written to it", async () => {
  const disk = `${folder}/upper.raw`;
  run("mkfs.ext4", "-q", disk, "64M");
  const options: CreateSandboxOptions = { image, rootDisk: { kind: "disk", path: disk } };
  await printed(options, "echo kept >/etc/kept; sync");
  assert.equal(await printed(options, "cat /etc/kept"), "kept\n");
});

test("a directory is a root file system that the guest works in", async () => {
  const script = "echo written by the guest >/etc/written; cat /etc/os-release | head -n 1";
  assert.equal(await printed({ image: rootfs }, script), "ID=busybox\n");
  assert.equal(readFileSync(`${rootfs}/etc/written`, "utf8"), "written by the guest\n");
});

test("a disk image is a root file system that the guest works on", async () => {
  const disk = `${folder}/disk.raw`;
  run("mkfs.ext4", "-q", "-d", rootfs, disk, "64M");
  const options: CreateSandboxOptions = {
    image: { kind: "disk", path: disk, format: "raw", filesystem: "ext4" },
  };
  const script = "awk '$2 == \"/\" { print $3 }' /proc/mounts; cat /etc/os-release | head -n 1";
  assert.equal(await printed(options, script), "ext4\nID=busybox\n");
});
