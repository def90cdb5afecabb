// Restores and snapshot files that are refused before anything starts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type RestoreSandboxOptions, Sandbox, Snapshot } from "../../mod.ts";

const refused: [RestoreSandboxOptions, string, string][] = [
  [{ name: "a b" }, "invalid-sandbox-name", "name"],
  [{ cpus: 0 }, "option-out-of-range", "cpus"],
  [{ memoryMiB: -1 }, "option-out-of-range", "memoryMiB"],
  [{ maxDurationMs: 0 }, "option-out-of-range", "maxDurationMs"],
  [{ security: "none" } as unknown as RestoreSandboxOptions, "invalid-option", "security"],
  [{ imgae: "x" } as RestoreSandboxOptions, "unknown-option", "imgae"],
  [{ bindings: { mounts: { "/data": {} } } }, "invalid-option", "bindings.mounts./data"],
  [
    { bindings: { mounts: { "/data": { tmpfs: true, captured: true } } } },
    "invalid-option",
    "bindings.mounts./data",
  ],
  [
    { bindings: { mounts: { data: { tmpfs: true } } } },
    "invalid-option",
    "bindings.mounts.data",
  ],
  [
    { bindings: { mountPolicy: "loose" } } as unknown as RestoreSandboxOptions,
    "invalid-option",
    "bindings.mountPolicy",
  ],
];

for (const [options, code, path] of refused) {
  test(`restore() refuses ${JSON.stringify(options)}`, async () => {
    await assert.rejects(Sandbox.restore("group:name", options), {
      name: "InvalidOptionError",
      code,
      path,
    });
  });
}

test("load() refuses to load nothing", async () => {
  await assert.rejects(Snapshot.load([]), { code: "invalid-option", path: "paths" });
});

const mounts = { "/data": { bind: "/nowhere" } };
const ports = [{ hostAddress: "127.0.0.9", hostPort: 8080, guestPort: 80 }];
/** Each needs a permission that this test does not have. */
const forbidden: [string, string, () => Promise<unknown>][] = [
  ["load() of a file", "--allow-read=/nowhere/file.msb", () => Snapshot.load("/nowhere/file.msb")],
  [
    "load() into a directory",
    "--allow-write=/nowhere",
    () => Snapshot.load([], { directory: "/nowhere" }),
  ],
  [
    "load() with a base",
    "--allow-read=./base.msb",
    () => Snapshot.load([], { base: "./base.msb" }),
  ],
  ["get() of a path", "--allow-read=/nowhere", () => Snapshot.get("/nowhere")],
  [
    "list() of a directory",
    "--allow-read=/nowhere",
    () => Snapshot.list({ directory: "/nowhere" }),
  ],
  [
    "reindex() of a directory",
    "--allow-read=/nowhere",
    () => Snapshot.reindex({ directory: "/nowhere" }),
  ],
  ["remove() of a path", "--allow-write=/nowhere", () => Snapshot.remove("/nowhere")],
  [
    "restore() of a file",
    "--allow-read=/nowhere/file.msb",
    () => Sandbox.restore("/nowhere/file.msb"),
  ],
  [
    "restore() with a mount",
    "--allow-read=/nowhere",
    () => Sandbox.restore("a:b", { bindings: { mounts } }),
  ],
  [
    "restore() with a port",
    "--allow-net=127.0.0.9:8080",
    () => Sandbox.restore("a:b", { bindings: { ports } }),
  ],
];

for (const [name, flag, call] of forbidden) {
  test(`${name} asks for ${flag}`, { skip: "Bun" in globalThis }, async () => {
    await assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof Error);
      assert.equal(error.name, "NotCapable");
      assert.ok(error.message.includes(flag), error.message);
      return true;
    });
  });
}
