// Options that are refused before anything starts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type CreateSandboxOptions, Sandbox } from "../../mod.ts";

const refused: [CreateSandboxOptions, string, string][] = [
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
