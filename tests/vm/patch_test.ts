// Patches of the root file system, seen from inside real microVMs.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, test } from "node:test";
import { type Patch, Sandbox } from "../../mod.ts";
import { makeArchive, readArchive, run } from "../registry.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
const folder = mkdtempSync(`${process.env["MSB_HOME"]}/patch-test-`);
/** Every byte there is, which no text is made of. */
const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
let patches: Patch[];

before(() => {
  mkdirSync(`${folder}/tree/inner`, { recursive: true });
  writeFileSync(`${folder}/tree/inner/file`, "in a tree", { mode: 0o600 });
  // Deno makes links only for programs that may write everywhere.
  run("ln", "-s", "inner/file", `${folder}/tree/link`);
  writeFileSync(`${folder}/program`, "#!/bin/sh\necho ran\n", { mode: 0o755 });
  patches = [
    { kind: "write", path: "/srv/deep/text", content: "grüße\n" },
    { kind: "write", path: "/srv/bytes", content: bytes, mode: 0o640 },
    { kind: "write", path: "/srv/empty", content: "" },
    { kind: "write", path: "/etc/os-release", content: "ID=patched\n", replace: true },
    { kind: "append", path: "/etc/group", content: "patched:x:7:\n" },
    { kind: "append", path: "/srv/deep/text", content: "more\n" },
    { kind: "copy", from: `${folder}/program`, path: "/usr/bin/program" },
    { kind: "copy", from: `${folder}/tree`, path: "/srv/tree" },
    { kind: "mkdir", path: "/srv/folder", mode: 0o750 },
    { kind: "mkdir", path: "/etc" },
    { kind: "symlink", path: "/srv/link", target: "deep/text" },
    { kind: "remove", path: "/home/guest" },
    { kind: "remove", path: "/never/there" },
  ];
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("patches are there when an image's sandbox boots", async () => {
  await using sandbox = await Sandbox.create({ image, memoryMiB: 256, patches });
  const output = await sandbox.shell(`
    cat /srv/deep/text /srv/link /etc/os-release /srv/tree/link
    tail -n 1 /etc/group
    program
    wc -c </srv/empty
    stat -c '%a %U' /srv/bytes /srv/folder /srv/deep/text /srv/tree/inner/file
    [ -e /home/guest ] || echo removed
    [ -d /etc ] && [ -e /etc/passwd ] && echo kept
  `);
  assert.equal(output.errorText(), "");
  assert.equal(
    output.text(),
    "grüße\nmore\ngrüße\nmore\nID=patched\nin a treepatched:x:7:\nran\n0\n" +
      "640 root\n750 root\n644 root\n600 root\nremoved\nkept\n",
  );
  const read = await sandbox.exec("cat", { args: ["/srv/bytes"] });
  assert.deepEqual(read.stdout, bytes);
});

test("a directory is patched for good", async () => {
  const rootfs = `${folder}/rootfs`;
  mkdirSync(rootfs);
  const content = readArchive(makeArchive(folder), `${folder}/oci`);
  writeFileSync(`${folder}/layer.tar`, content.layers[0]!.bytes);
  run("tar", "-xf", `${folder}/layer.tar`, "-C", rootfs);
  await using sandbox = await Sandbox.create({ image: rootfs, memoryMiB: 256, patches });
  const output = await sandbox.shell("cat /srv/link /etc/os-release; program");
  assert.equal(output.text(), "grüße\nmore\nID=patched\nran\n");
  assert.deepEqual(new Uint8Array(readFileSync(`${rootfs}/srv/bytes`)), bytes);
  assert.equal(readlinkSync(`${rootfs}/srv/link`), "deep/text");
});

test("a patch that fails says which path, and leaves no sandbox", async () => {
  const name = `${prefix}-unpatched`;
  const failing: [Patch, RegExp][] = [
    [{ kind: "write", path: "/etc/passwd", content: "" }, /exists.*\/etc\/passwd.*set replace/],
    [{ kind: "append", path: "/etc/none", content: "" }, /\/etc\/none.*not found/],
    [{ kind: "mkdir", path: "/etc/passwd" }, /\/etc\/passwd.*not a directory/],
  ];
  for (const [patch, message] of failing) {
    await assert.rejects(Sandbox.create({ name, image, patches: [patch] }), {
      code: "patch-failed",
      message,
    });
    await assert.rejects(Sandbox.get(name), { code: "sandbox-not-found" });
  }
});
