// Options that are refused before anything starts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type CreateSandboxOptions, Image, type Patch, Sandbox } from "../../mod.ts";

/** Options that TypeScript refuses too. */
function wrong<T>(options: unknown): T {
  return options as T;
}

function patched(patch: Patch): CreateSandboxOptions {
  return { image: "alpine", patches: [patch] };
}

const refused: [CreateSandboxOptions, string, string | undefined][] = [
  [{ image: "alpine", name: "" }, "invalid-sandbox-name", "name"],
  [{ image: "alpine", name: "-dash" }, "invalid-sandbox-name", "name"],
  [{ image: "alpine", name: "a/b" }, "invalid-sandbox-name", "name"],
  [{ image: "alpine", name: "n".repeat(129) }, "invalid-sandbox-name", "name"],
  [{ image: "" }, "invalid-option", "image"],
  [{ image: "alpine", cpus: 0 }, "option-out-of-range", "cpus"],
  [{ image: "alpine", cpus: -1 }, "option-out-of-range", "cpus"],
  [{ image: "alpine", cpus: 256 }, "option-out-of-range", "cpus"],
  [{ image: "alpine", cpus: 1.5 }, "invalid-option", "cpus"],
  [{ image: "alpine", cpus: NaN }, "invalid-option", "cpus"],
  [{ image: "alpine", memoryMiB: 0 }, "option-out-of-range", "memoryMiB"],
  [{ image: "alpine", maxDurationMs: 0 }, "option-out-of-range", "maxDurationMs"],
  [{ image: "alpine", idleTimeoutMs: -5 }, "option-out-of-range", "idleTimeoutMs"],
  [{ image: "alpine", memory: 512 } as CreateSandboxOptions, "unknown-option", "memory"],
  [{} as CreateSandboxOptions, "invalid-option", "image"],
  [{ image: "alpine:UPPER case" }, "invalid-option", "image"],
  [{ image: 5 } as unknown as CreateSandboxOptions, "invalid-option", "image"],
  [wrong({ image: { kind: "directory" } }), "invalid-option", "image.path"],
  [{ image: "alpine", rootDisk: { kind: "managed", sizeMiB: 0 } }, "option-out-of-range", "rootDisk.sizeMiB"],
  [wrong({ image: "alpine", rootDisk: { kind: "tmpfs", size: 1 } }), "unknown-option", "rootDisk.size"],
  [{ image: "alpine", rootDisk: { kind: "flat", filesystem: "a,b" } }, "invalid-option", "rootDisk.filesystem"],
  [{ image: "alpine", pullPolicy: "sometimes" as "always" }, "invalid-option", "pullPolicy"],
  [wrong({ image: "alpine", registryAuth: { username: "anna" } }), "invalid-option", "registryAuth.password"],
  [wrong({ image: "alpine", registryAuth: { password: "hunter2" } }), "invalid-option", "registryAuth.username"],
  [wrong({ image: "alpine", registryAuth: "hunter2" }), "invalid-option", "registryAuth"],
  [{ image: "alpine", registryCaCerts: ["hunter2"] }, "invalid-option", "registryCaCerts"],
  [patched({ kind: "write", path: "etc/motd", content: "" }), "invalid-option", "patches[0].path"],
  [patched({ kind: "remove", path: "/" }), "invalid-option", "patches[0].path"],
  [patched({ kind: "mkdir", path: "/a/../b" }), "invalid-option", "patches[0].path"],
  [patched({ kind: "mkdir", path: "/a", mode: 0o10000 }), "option-out-of-range", "patches[0].mode"],
  [patched({ kind: "symlink", path: "/a", target: "" }), "invalid-option", "patches[0].target"],
  [patched(wrong({ kind: "write", path: "/a", content: 5 })), "invalid-option", "patches[0].content"],
  [patched(wrong({ kind: "write", path: "/a", content: "", owner: 1 })), "unknown-option", "patches[0].owner"],
  [patched(wrong({ kind: "append", path: "/a" })), "invalid-option", "patches[0].content"],
  [
    { ...patched({ kind: "mkdir", path: "/a" }), rootDisk: { kind: "tmpfs" } },
    "invalid-config",
    undefined,
  ],
  [
    { image: "alpine", env: { KEY: 5 } } as unknown as CreateSandboxOptions,
    "invalid-option",
    "env.KEY",
  ],
];

for (const [options, code, path] of refused) {
  test(`create() refuses ${JSON.stringify(options).slice(0, 60)}`, async () => {
    await assert.rejects(Sandbox.create(options), {
      name: "InvalidOptionError",
      code,
      path,
    });
  });
}

test("a refusal of credentials shows none of them", async () => {
  const refusals = [
    { username: "anna" },
    { password: "hunter2" },
    { username: "anna", password: ["hunter2"] },
    "anna:hunter2",
  ];
  for (const registryAuth of refusals) {
    const options = wrong<{ registryAuth: { username: string; password: string } }>({ registryAuth });
    for (
      const call of [
        () => Sandbox.create({ image: "alpine", ...options }),
        () => Image.pull("alpine", options),
      ]
    ) {
      await assert.rejects(call, (error: Error) => {
        assert.equal(error.name, "InvalidOptionError");
        assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /anna|hunter2/);
        return true;
      });
    }
  }
});

test("what a sandbox needs of this machine's files takes permissions", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun has no permissions");
  const needs: [CreateSandboxOptions, string][] = [
    [{ image: "/no/rootfs" }, "--allow-read=/no/rootfs"],
    [{ image: { kind: "directory", path: "/no/rootfs" } }, "--allow-read=/no/rootfs"],
    [{ image: { kind: "disk", path: "/no/disk.raw" } }, "--allow-read=/no/disk.raw"],
    [
      { image: "alpine", rootDisk: { kind: "disk", path: "/no/disk.raw" } },
      "--allow-read=/no/disk.raw",
    ],
    [patched({ kind: "copy", from: "/no/file", path: "/file" }), "--allow-read=/no/file"],
  ];
  for (const [options, flag] of needs) {
    await assert.rejects(Sandbox.create(options), (error: Error) => {
      assert.equal(error.name, "NotCapable");
      assert.ok(error.message.includes(flag), error.message);
      return true;
    });
  }
});

test("a refusal says what was given and what to give instead", async () => {
  await assert.rejects(Sandbox.create({ image: "alpine", cpus: 0 }), {
    message: "Cannot use 0 as cpus: it has to be from 1 to 255",
  });
});

test("every call that takes a name refuses one that cannot be", async () => {
  const calls = [
    () => Sandbox.get("a b"),
    () => Sandbox.start("a b"),
    () => Sandbox.remove("a b"),
    () => Sandbox.getOrCreate({ name: "a b", image: "alpine" }),
  ];
  for (const call of calls) {
    await assert.rejects(call, { code: "invalid-sandbox-name" });
  }
});
