// Programs of their own that use the library: how they end, what they may do,
// and what they are told on machines that lack something.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { libraryPath } from "../../ffi/library/library.ts";
import { command, scopedFlags, start } from "../support.ts";

const fixtures = `${import.meta.dirname}/fixtures`;
const home = mkdtempSync("/tmp/microsandbox-test-");
after(() => rmSync(home, { recursive: true, force: true }));

test("a program that leaves its client open ends by itself", async () => {
  const ended = await start(command(`${fixtures}/echo.ts`)).ended;
  assert.deepEqual(ended, {
    code: 0,
    signal: null,
    stdout: '{"text":"hello"}\n',
    stderr: "",
  });
});

test("a program for which a thread waits ends by itself", async (context) => {
  if (!("Bun" in globalThis)) return context.skip("only Bun may need it");
  const ended = await start(command(`${fixtures}/bun_thread.ts`)).ended;
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stdout, '{"text":"hello"}\n');
});

test("a program that throws with a call in flight ends at once", async () => {
  const ended = await start(command(`${fixtures}/echo_pending.ts`)).ended;
  assert.equal(ended.code, 1);
  assert.equal(ended.stdout, "pending\n");
  assert.match(ended.stderr, /thrown on purpose/);
});

/** For programs that collect garbage. */
const garbageFlags = [...scopedFlags(), "--v8-flags=--expose-gc"];

test("processes that a program forgets are given back", async () => {
  const ended = await start(command(`${fixtures}/abandon.ts`, garbageFlags)).ended;
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stdout, "none left\n");
});

test("files and connections that a program forgets are given back, its own sandbox is not", async () => {
  const ended = await start(command(`${fixtures}/collected.ts`, garbageFlags)).ended;
  assert.equal(ended.code, 0, ended.stderr);
  // 3 is the sandbox that belongs to the program.
  assert.equal(ended.stdout, "[1,2]\n");
});

test("100,000 calls leave no memory behind", async () => {
  const ended = await start(command(`${fixtures}/calls.ts`, garbageFlags)).ended;
  assert.equal(ended.code, 0, ended.stderr);
  const memory: number[] = JSON.parse(ended.stdout);
  const growths = memory.slice(1).map((bytes, index) => bytes - memory[index]!);
  // A leak of 100 bytes a call would be 10 MB each time. The heap grows too, but only until it has what it needs.
  assert.ok(Math.min(...growths) < 5_000_000, `It had ${memory} bytes after each 100,000 calls`);
});

test("the path needs no permission but its own", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun has no permissions");
  const flags = ["--no-prompt", "--no-check"];
  const file = `${fixtures}/echo.ts`;
  const variable = { MICROSANDBOX_LIB: libraryPath() };
  const without = await start(command(file, flags), variable).ended;
  assert.notEqual(without.code, 0);
  assert.match(without.stderr, /NotCapable: Requires ffi access/);
  assert.match(without.stderr, /--allow-ffi/);
});

test("a library that is not there is an error that says what to do", async () => {
  const missing = `${home}/no-such-library.so`;
  const ended = await start(
    command(`${fixtures}/echo.ts`, scopedFlags([], missing)),
    { MICROSANDBOX_LIB: missing },
  ).ended;
  assert.notEqual(ended.code, 0);
  assert.match(ended.stderr, /Cannot load the microsandbox library/);
  assert.ok(ended.stderr.includes(missing));
  assert.match(ended.stderr, /MICROSANDBOX_LIB/);
});

/** Runs fixtures/create.ts and returns the error that it was given. */
async function refusal(
  image: string,
  { wrap = [] as string[], directory = home } = {},
): Promise<{ name: string; code: string; message: string; details: Record<string, unknown> }> {
  const flags = scopedFlags(["MICROSANDBOX_TEST_IMAGE"]);
  const ended = await start(
    [...wrap, ...command(`${fixtures}/create.ts`, flags)],
    { MSB_HOME: directory, MICROSANDBOX_TEST_IMAGE: image },
  ).ended;
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

test("a machine without a hypervisor is told so before anything starts", async () => {
  // In a mount namespace of its own, where the device may not be opened.
  const hide = "if [ -e /dev/kvm ]; then mount --bind /dev/kvm /dev/kvm && " +
    'mount -o remount,bind,nodev /dev/kvm; fi && exec "$@"';
  const error = await refusal("alpine", {
    wrap: ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", hide, "sh"],
  });
  assert.equal(error.name, "BootError");
  assert.equal(error.code, "virtualization-unavailable");
  assert.match(error.message, /\/dev\/kvm/);
  assert.match(error.message, /add your user|enable virtualization/);
  assert.ok(error.details["diagnosis"]);
});

const noDevice = "this machine has no /dev/kvm, which is looked for first";

test("MICROSANDBOX_NO_AUTO_INSTALL keeps the runtime from being unpacked", async (context) => {
  const error = await refusal("alpine", {
    wrap: ["env", "MICROSANDBOX_NO_AUTO_INSTALL=1"],
  });
  if (error.code === "virtualization-unavailable") return context.skip(noDevice);
  assert.equal(error.code, "runtime-not-installed");
  assert.match(error.message, /MICROSANDBOX_NO_AUTO_INSTALL/);
});

test("an image that its registry does not know is image-not-found", async (context) => {
  const registry = createServer((_, response) => {
    response.writeHead(404, { "content-type": "application/json" });
    response.end(JSON.stringify({
      errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }],
    }));
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  writeFileSync(
    `${home}/config.json`,
    JSON.stringify({ registries: { hosts: { [host]: { insecure: true } } } }),
  );
  const error = await refusal(`${host}/none:1`);
  registry.close();
  if (error.code === "virtualization-unavailable") return context.skip(noDevice);
  assert.equal(error.name, "ImageError");
  assert.equal(error.code, "image-not-found");
  assert.match(error.message, /check the image's name and tag/);
});
