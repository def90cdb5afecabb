// Files of a guest, in one microVM.

import assert from "node:assert/strict";
import * as host from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox } from "../../mod.ts";
import type { CopyProgress } from "../../types.ts";
import { testFiles } from "../files.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
const root = "/tmp/files/";
let sandbox: Sandbox;
let scratch: string;

before(async () => {
  scratch = host.mkdtempSync(join(tmpdir(), "microsandbox-fs-"));
  sandbox = await Sandbox.create({
    name: `${prefix}-fs`,
    image,
    memoryMiB: 512,
    mounts: { "/tiny": { type: "tmpfs", sizeMiB: 1 } },
  });
  await sandbox.fs.mkdir(root);
});
after(async () => {
  await sandbox[Symbol.asyncDispose]();
  host.rmSync(scratch, { recursive: true });
});

testFiles("guest", () => ({ fs: sandbox.fs, root }));

test("what is written is what a command sees, and the other way round", async () => {
  await sandbox.fs.writeTextFile("/tmp/seen", "from here", { mode: 0o604 });
  const seen = await sandbox.shell('cat "$1"; stat -c "|%a|%u" "$1"', { args: ["/tmp/seen"] });
  assert.equal(seen.text(), "from here|604|0\n");
  await sandbox.shell("printf 'from there' >/tmp/seen; chown guest /tmp/seen");
  assert.equal(await sandbox.fs.readTextFile("/tmp/seen"), "from there");
  assert.equal((await sandbox.fs.stat("/tmp/seen")).uid, 1000);
  assert.match(await sandbox.fs.readTextFile("/proc/version"), /^Linux version /);
});

test("chown() gives a file away", async () => {
  await sandbox.fs.writeFile("/tmp/given", "");
  await sandbox.fs.chown("/tmp/given", 1000, null);
  const { uid, gid } = await sandbox.fs.stat("/tmp/given");
  assert.deepEqual([uid, gid], [1000, 0]);
  await sandbox.fs.chown("/tmp/given", null, 1000);
  assert.equal((await sandbox.fs.stat("/tmp/given")).gid, 1000);
});

test("what is no file at all is told apart", async () => {
  const { isFile, isDirectory, isSymlink } = await sandbox.fs.stat("/dev/null");
  assert.deepEqual([isFile, isDirectory, isSymlink], [false, false, false]);
  await assert.rejects(sandbox.fs.copyToHost("/dev/null", join(scratch, "null")), {
    name: "FileSystemError",
    code: "filesystem-error",
    path: "/dev/null",
  });
});

test("a path that is not absolute is refused, since a guest has many directories", async () => {
  await assert.rejects(sandbox.fs.readFile("tmp/seen"), {
    name: "InvalidOptionError",
    code: "invalid-option",
    path: "path",
  });
});

test("a full file system is no-space, a read-only one read-only-filesystem", async () => {
  await assert.rejects(sandbox.fs.writeFile("/tiny/big", new Uint8Array(3_000_000)), {
    name: "FileSystemError",
    code: "no-space",
    path: "/tiny/big",
    errno: 28,
  });
  await sandbox.fs.remove("/tiny/big");
  await sandbox.shell("mount -o remount,ro /tiny");
  await assert.rejects(sandbox.fs.writeFile("/tiny/x", "x"), {
    code: "read-only-filesystem",
  });
  await assert.rejects(sandbox.fs.rename("/tmp/seen", "/tiny/seen"), {
    code: /^(cross-device|read-only-filesystem)$/,
  });
});

test("directories are copied in and out, and progress tells how far", async () => {
  const source = join(scratch, "tree");
  host.mkdirSync(join(source, "sub"), { recursive: true });
  host.writeFileSync(join(source, "run.sh"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  host.writeFileSync(join(source, "sub", "large"), new Uint8Array(5_000_000).fill(7));
  host.symlinkSync("../run.sh", join(source, "sub", "link"));
  let last: CopyProgress | undefined;
  const onProgress = (progress: CopyProgress) => last = progress;
  await sandbox.fs.copyFromHost(source, "/tmp/tree", { onProgress });
  const total = 5_000_019;
  assert.deepEqual(
    [last?.bytes, last?.totalBytes, last?.files, last?.totalFiles],
    [total, total, 2, 2],
  );
  assert.equal((await sandbox.exec("/tmp/tree/sub/link")).text(), "ran\n");
  await sandbox.shell("echo made here >/tmp/tree/sub/made; chmod 4711 /tmp/tree/run.sh");
  last = undefined;
  const target = join(scratch, "back");
  await sandbox.fs.copyToHost("/tmp/tree", target, { onProgress });
  assert.equal(last!.files, 3);
  assert.equal(host.readFileSync(join(target, "sub", "made"), "utf8"), "made here\n");
  assert.equal(host.readlinkSync(join(target, "sub", "link")), "../run.sh");
  // The right to act as the owner does not leave the guest.
  assert.equal(host.statSync(join(target, "run.sh")).mode & 0o7777, 0o711);
  // So is a single file.
  await sandbox.fs.copyFromHost(join(target, "sub", "made"), "/tmp/alone");
  await sandbox.fs.copyToHost("/tmp/alone", join(scratch, "alone"));
  assert.equal(host.readFileSync(join(scratch, "alone"), "utf8"), "made here\n");
  const large = host.readFileSync(join(target, "sub", "large"));
  assert.ok(large.length === 5_000_000 && large.every((byte) => byte === 7));
});

const MiB = 1024 * 1024;

test("a stream is written no further ahead than a little", async () => {
  let produced = 0;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (produced === 6 * MiB) return controller.close();
      controller.enqueue(new Uint8Array(64 * 1024));
      produced += 64 * 1024;
      if (produced % MiB !== 0) return;
      const written = await sandbox.fs.exists("/tmp/long")
        ? (await sandbox.fs.stat("/tmp/long")).size
        : 0;
      if (produced - written <= 4 * MiB) return;
      controller.error(new Error(`${produced} bytes were taken, ${written} written`));
    },
  }, { highWaterMark: 0 });
  await sandbox.fs.writeFile("/tmp/long", stream);
  assert.equal((await sandbox.fs.stat("/tmp/long")).size, 6 * MiB);
});

test("a reader who pauses holds nobody up, and is read no further ahead than a little", async () => {
  await using file = await sandbox.fs.open("/tmp/long");
  const reader = file.readable.getReader();
  let read = (await reader.read()).value!.length;
  assert.equal((await sandbox.exec("echo", { args: ["hi"] })).text(), "hi\n");
  // Only who has not read the end yet sees that it changes.
  await sandbox.fs.truncate("/tmp/long", 4 * MiB + 1);
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    read += next.value.length;
  }
  assert.equal(read, 4 * MiB + 1);
  await assert.rejects(file.stat(), { code: "file-closed" });
  const again = await sandbox.fs.open("/tmp/long");
  await again.readable.cancel();
  await assert.rejects(again.stat(), { code: "file-closed" });
  await sandbox.fs.remove("/tmp/long");
});

test("more files than the agent keeps open can be opened one after another", {
  skip: process.env["MICROSANDBOX_TEST_FULL"] ? false : "takes long, see --full",
}, async () => {
  await sandbox.fs.writeFile("/tmp/again", "x");
  for (let round = 0; round < 11; round++) {
    const files = await Promise.all(
      Array.from({ length: 100 }, () => sandbox.fs.open("/tmp/again")),
    );
    await Promise.all(files.map((file) => file.close()));
  }
});

test("a gibibyte goes in and out in little memory", {
  skip: process.env["MICROSANDBOX_TEST_FULL"] ? false : "takes long, see --full",
}, async () => {
  const length = 1024 * MiB;
  const chunk = new Uint8Array(64 * 1024).fill(3);
  let left = length / chunk.length;
  let peak = 0;
  const note = () => peak = Math.max(peak, process.memoryUsage.rss());
  await sandbox.fs.writeFile("/tmp/warm", new Uint8Array(4 * MiB));
  const before = process.memoryUsage.rss();
  const started = performance.now();
  await sandbox.fs.writeFile(
    "/root/huge",
    new ReadableStream({
      pull(controller) {
        if (left-- === 0) return controller.close();
        if (left % 64 === 0) note();
        controller.enqueue(chunk);
      },
    }),
  );
  const written = performance.now();
  let read = 0;
  for await (const bytes of (await sandbox.fs.open("/root/huge")).readable) {
    read += bytes.length;
    note();
  }
  assert.equal(read, length);
  const rate = (ms: number) => `${(length / MiB / ms * 1000).toFixed(0)} MiB/s`;
  const grown = (peak - before) / MiB;
  console.log(
    `in ${rate(written - started)}, out ${rate(performance.now() - written)}, ` +
      `memory grew by ${grown.toFixed(0)} MiB`,
  );
  assert.ok(grown < 128, `${grown} MiB`);
  await sandbox.fs.remove("/root/huge");
});

test("files of a sandbox that ends are sandbox-not-running, not lost calls", async () => {
  const other = await Sandbox.create({ image });
  const file = await other.fs.open("/etc/passwd");
  await other.kill();
  await assert.rejects(other.fs.readFile("/etc/passwd"), {
    name: "ClosedError",
    code: "handle-closed",
  });
  await assert.rejects(file.read(new Uint8Array(1)), {
    name: "SandboxNotRunningError",
    code: "sandbox-not-running",
  });
});
