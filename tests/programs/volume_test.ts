// Volumes and their files on this machine, without a virtual machine. What is
// created is below MSB_HOME, which tests/run/suites.ts sets to an empty directory.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as host from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Storage, Volume } from "../../mod.ts";
import type { CopyProgress } from "../../types.ts";
import { digestOf, testFiles } from "../files.ts";
import { command, scopedFlags, start } from "../support.ts";

const home = process.env["MSB_HOME"]!;
assert.ok(home, "MSB_HOME has to be a directory for this test alone");
const prefix = "Bun" in globalThis ? "bun" : "deno";
let volume: Volume;
let scratch: string;

before(async () => {
  host.mkdirSync(home, { recursive: true });
  scratch = host.mkdtempSync(join(home, "scratch-"));
  volume = await Volume.create({ name: `${prefix}-files` });
});
after(async () => {
  await volume.remove();
  host.rmSync(scratch, { recursive: true });
});

/** Makes a symbolic link. Deno's own call needs leave to write everywhere. */
function linkSync(target: string, path: string): void {
  execFileSync("ln", ["-s", target, path]);
}

testFiles("volume", () => ({ fs: volume.fs, root: "/" }));

test("create() tells what the volume is, and get() and list() the same", async () => {
  const name = `${prefix}-facts`;
  const labels = { owner: prefix, team: "a=b, c" };
  const created = await Volume.create({ name, quotaMiB: 64, labels });
  const listed = (await Volume.list()).find((it) => it.name === name)!;
  for (const it of [created, await Volume.get(name), listed]) {
    assert.deepEqual(
      [it.name, it.backend, it.kind, it.capacityBytes, it.quotaMiB, it.labels],
      [name, "local", "directory", undefined, 64, labels],
    );
    assert.ok(host.statSync(it.path!).isDirectory());
    assert.ok(Math.abs(it.createdAt!.getTime() - Date.now()) < 600_000);
  }
  const names = async (labels?: Record<string, string>) =>
    (await Volume.list(labels ? { labels } : {})).map((it) => it.name);
  assert.ok((await names()).includes(name));
  assert.deepEqual(await names(labels), [name]);
  assert.deepEqual(await names({ ...labels, other: "x" }), []);
  await Volume.remove(name);
  assert.equal(host.existsSync(created.path!), false);
  await assert.rejects(Volume.get(name), {
    name: "VolumeNotFoundError",
    code: "volume-not-found",
    details: { name },
  });
  await assert.rejects(Volume.remove(name), { name: "VolumeNotFoundError" });
});

test("a disk has a size, and its files are for guests only", async () => {
  const name = `${prefix}-disk`;
  const disk = await Volume.create({ name, kind: "disk", sizeMiB: 80 });
  assert.equal(disk.kind, "disk");
  assert.equal(disk.capacityBytes, 80 * 1024 * 1024);
  await assert.rejects(disk.fs.readFile("x"), {
    name: "UnsupportedError",
    code: "unsupported",
    details: { name, operation: "fs.readFile" },
  });
  await disk.remove();
});

test("create() refuses names that are taken, and options that make no sense", async () => {
  await assert.rejects(Volume.create({ name: volume.name }), {
    name: "VolumeAlreadyExistsError",
    code: "volume-already-exists",
    details: { name: volume.name },
  });
  const name = `${prefix}-refused`;
  for (
    const [options, code, path] of [
      [{ name: "" }, "invalid-option", "name"],
      [{ name: "../up" }, "invalid-option", "name"],
      [{ name, kind: "disk" }, "invalid-option", "sizeMiB"],
      [{ name, kind: "disk", sizeMiB: 67 }, "option-out-of-range", "sizeMiB"],
      [{ name, kind: "disk", sizeMiB: 80, quotaMiB: 8 }, "invalid-option", "quotaMiB"],
      [{ name, sizeMiB: 8 }, "invalid-option", "sizeMiB"],
      [{ name, quotaMiB: -1 }, "option-out-of-range", "quotaMiB"],
      [{ name, sizeMib: 8 } as { name: string }, "unknown-option", "sizeMib"],
    ] as const
  ) {
    await assert.rejects(Volume.create(options), { name: "InvalidOptionError", code, path });
  }
  await assert.rejects(Volume.get(name), { code: "volume-not-found" });
});

test("a create that is aborted leaves nothing behind", async () => {
  const name = `${prefix}-aborted`;
  const reason = new Error("changed my mind");
  const controller = new AbortController();
  const creating = Volume.create({
    name,
    kind: "disk",
    sizeMiB: 512,
    signal: controller.signal,
  });
  queueMicrotask(() => controller.abort(reason));
  await assert.rejects(creating, reason);
  await assert.rejects(Volume.get(name), { code: "volume-not-found" });
});

test("what is neither text nor bytes is not written", async () => {
  const wrong = [undefined, null, 5, new ArrayBuffer(3), new Uint16Array(2), ["x"]] as unknown[];
  const refused = { name: "InvalidOptionError", code: "invalid-option", path: "data" };
  for (const data of wrong as string[]) {
    await assert.rejects(volume.fs.writeFile("wrong", data), refused);
  }
  await assert.rejects(
    volume.fs.writeFile("wrong", ReadableStream.from(wrong as string[])),
    refused,
  );
  await volume.fs.remove("wrong");
});

test("the files of a volume that does not exist are volume-not-found", async () => {
  const gone = await Volume.create({ name: `${prefix}-gone` });
  await gone.fs.writeFile("x", "of the first one");
  await gone.remove();
  await assert.rejects(gone.fs.readFile("x"), { name: "VolumeNotFoundError" });
  // What has its name later is another one.
  const next = await Volume.create({ name: gone.name });
  await assert.rejects(gone.fs.readFile("x"), { code: "not-found" });
  await next.remove();
  const disk = await Volume.create({ name: gone.name, kind: "disk", sizeMiB: 80 });
  await assert.rejects(gone.fs.readFile("x"), { code: "unsupported" });
  await disk.remove();
});

test("paths of a volume need no slash, and lead out of it by no dots and no link", async () => {
  await volume.fs.writeFile("plain", "inside");
  assert.equal(await volume.fs.readTextFile("/plain"), "inside");
  host.writeFileSync(join(scratch, "secret"), "outside");
  linkSync(scratch, join(volume.path!, "out"));
  for (const path of ["../x", "/a/../../x", "out/secret", "out/new"]) {
    await assert.rejects(volume.fs.readFile(path), {
      name: "FilePermissionError",
      code: "permission-denied",
      path,
    });
    await assert.rejects(volume.fs.writeFile(path, "x"), { code: "permission-denied" });
  }
  await assert.rejects(volume.fs.remove("/", { recursive: true }), {
    code: "permission-denied",
  });
  assert.deepEqual(host.readdirSync(scratch), ["secret"]);
  await volume.fs.remove("out");
});

test("copyFromHost() and copyToHost() carry trees, modes and links, and tell how far", async () => {
  const source = join(scratch, "tree");
  host.mkdirSync(join(source, "sub", "empty"), { recursive: true });
  host.writeFileSync(join(source, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  host.writeFileSync(join(source, "sub", "large"), new Uint8Array(5_000_000).fill(7));
  linkSync("../run.sh", join(source, "sub", "link"));
  const seen: CopyProgress[] = [];
  await volume.fs.mkdir("copies");
  await volume.fs.copyFromHost(pathToFileURL(source), "copies/tree", {
    onProgress: (progress) => seen.push(progress),
  });
  const total = 5_000_010;
  assert.deepEqual(seen.at(-1), {
    path: seen.at(-1)!.path,
    bytes: total,
    totalBytes: total,
    files: 2,
    totalFiles: 2,
  });
  assert.ok(seen.every((it) => it.totalBytes === total && it.bytes <= total));
  assert.equal((await volume.fs.stat("copies/tree/run.sh")).mode, 0o755);
  assert.equal(await volume.fs.readLink("copies/tree/sub/link"), "../run.sh");

  // A second time over what is there already.
  await volume.fs.copyFromHost(source, "copies/tree");
  const target = join(scratch, "back");
  host.mkdirSync(target);
  host.writeFileSync(join(target, "kept"), "kept");
  await volume.fs.copyToHost("copies/tree", pathToFileURL(target));
  assert.deepEqual(host.readdirSync(target).sort(), ["kept", "run.sh", "sub"]);
  assert.deepEqual(host.readdirSync(join(target, "sub")).sort(), ["empty", "large", "link"]);
  assert.equal(host.statSync(join(target, "run.sh")).mode & 0o777, 0o755);
  assert.equal(host.readlinkSync(join(target, "sub", "link")), "../run.sh");
  assert.equal(host.statSync(join(target, "sub", "large")).size, 5_000_000);

  await volume.fs.copyToHost("copies/tree/run.sh", join(target, "kept"));
  assert.equal(host.readFileSync(join(target, "kept"), "utf8"), "#!/bin/sh\n");
  await assert.rejects(volume.fs.copyToHost("copies/tree/run.sh", target), {
    name: "IsADirectoryError",
    path: "copies/tree/run.sh",
    newPath: target,
  });
  await assert.rejects(volume.fs.copyFromHost(join(scratch, "none"), "x"), {
    name: "FileNotFoundError",
    path: join(scratch, "none"),
  });
  await volume.fs.remove("copies", { recursive: true });
});

test("copyToHost() follows no link out of the destination", async () => {
  const outside = join(scratch, "outside");
  const target = join(scratch, "target");
  host.mkdirSync(outside);
  host.mkdirSync(target);
  linkSync(outside, join(target, "sub"));
  await volume.fs.mkdir("evil/sub", { recursive: true });
  await volume.fs.writeFile("evil/sub/file", "x");
  await assert.rejects(volume.fs.copyToHost("evil", target));
  assert.deepEqual(host.readdirSync(outside), []);
});

test("an aborted copy to this machine leaves no part of a file", async () => {
  // Holes up to a length that no machine copies before it is told to stop.
  {
    await using file = await volume.fs.open("long", { write: true, create: true });
    await file.truncate(2 ** 36);
  }
  const controller = new AbortController();
  const reason = new Error("enough");
  const target = join(scratch, "partial");
  host.mkdirSync(target);
  const copying = volume.fs.copyToHost("long", join(target, "long"), {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await assert.rejects(copying, reason);
  assert.deepEqual(host.readdirSync(target), []);
  await volume.fs.remove("long");
});

test("streams of any length need little memory", async () => {
  const length = (process.env["MICROSANDBOX_TEST_FULL"] ? 1024 : 256) * 1024 * 1024;
  await volume.fs.writeFile("warm", new Uint8Array(8 * 1024 * 1024));
  await volume.fs.remove("warm");
  const chunk = new Uint8Array(64 * 1024).fill(3);
  let left = length / chunk.length;
  let peak = 0;
  const note = () => peak = Math.max(peak, process.memoryUsage.rss());
  const start = process.memoryUsage.rss();
  await volume.fs.writeFile(
    "long",
    new ReadableStream({
      pull(controller) {
        if (left-- === 0) return controller.close();
        if (left % 256 === 0) note();
        controller.enqueue(chunk);
      },
    }),
  );
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      note();
      controller.enqueue(chunk);
    },
  });
  const file = await volume.fs.open("long");
  assert.equal((await digestOf(file.readable.pipeThrough(counted))).length, length);
  await volume.fs.remove("long");
  const grown = (peak - start) / 1024 / 1024;
  console.log(`resident memory grew by ${grown.toFixed(0)} MiB`);
  assert.ok(grown < 128, `${grown} MiB`);
});

test("Storage tells what volumes take, and prunes memory that nobody uses", async () => {
  await volume.fs.writeFile("counted", new Uint8Array(300_000));
  const usage = await Storage.usage();
  const item = usage.volumes.items.find((it) => it.name === volume.name);
  assert.ok(item!.logicalBytes! >= 300_000, JSON.stringify(item));
  assert.equal(item!.path, volume.path);
  assert.ok(usage.volumes.count! >= 1);
  const report = await Storage.prune({ dryRun: true, olderThanMs: 1000 });
  assert.deepEqual(report, {
    dryRun: true,
    filesRemoved: 0,
    logicalBytesRemoved: 0,
    files: [],
  });
  await assert.rejects(Storage.prune({ olderThanMs: -1 }), {
    code: "option-out-of-range",
    path: "olderThanMs",
  });
});

test("paths of this machine need Deno's permission, for just that path", {
  skip: "Bun" in globalThis ? "Bun has no permissions" : false,
}, async () => {
  const readable = join(scratch, "readable");
  host.writeFileSync(readable, "x");
  const fixture = join(import.meta.dirname!, "fixtures", "copy.ts");
  const flags = [...scopedFlags(["MSB_HOME"]), `--allow-read=${readable}`];
  const program = command(fixture, flags);
  const { code, stdout, stderr } = await start(
    [...program, volume.name, readable, scratch],
    { MSB_HOME: home },
  ).ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trim().split("\n"), [
    "copyFromHost: done",
    `copyFromHost: NotCapable: --allow-read=${scratch}`,
    `copyToHost: NotCapable: --allow-write=${scratch}`,
    `bind: NotCapable: --allow-read=${scratch}`,
    `bind: NotCapable: --allow-write=${readable}`,
    `disk: NotCapable: --allow-read=${scratch}`,
  ]);
});
