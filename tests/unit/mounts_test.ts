// Mounts that are refused before anything starts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Sandbox } from "../../mod.ts";
import type { Mount } from "../../types.ts";

const refused: [string, Mount, string, string][] = [
  ["data", { type: "tmpfs" }, "invalid-option", "mounts.data"],
  ["/", { type: "tmpfs" }, "invalid-option", "mounts./"],
  ["/a:b", { type: "tmpfs" }, "invalid-option", "mounts./a:b"],
  ["/a", { type: "tmpfs", sizeMiB: 0 }, "option-out-of-range", "mounts./a.sizeMiB"],
  ["/a", { type: "volume", name: "../b" }, "invalid-option", "mounts./a.name"],
  ["/a", { type: "volume", name: "b", sizeMiB: 80 }, "invalid-option", "mounts./a.sizeMiB"],
  [
    "/a",
    { type: "volume", name: "b", create: "always", kind: "disk" },
    "invalid-option",
    "mounts./a.sizeMiB",
  ],
  ["/a", { type: "owned", sizeMiB: 80 }, "invalid-option", "mounts./a.sizeMiB"],
  ["/a", { type: "owned", kind: "disk", sizeMiB: 8 }, "option-out-of-range", "mounts./a.sizeMiB"],
  [
    "/a",
    {
      type: "owned",
      statVirtualization: "off",
      hostPermissions: "mirror",
    },
    "invalid-option",
    "mounts./a",
  ],
  ["/a", { type: "tmpfs", size: 8 } as Mount, "unknown-option", "mounts./a.size"],
  ["/a", { type: "nfs" } as unknown as Mount, "invalid-option", "mounts./a.type"],
];

for (const [path, mount, code, option] of refused) {
  test(`create() refuses ${JSON.stringify(mount)} at ${path}`, async () => {
    await assert.rejects(Sandbox.create({ image: "alpine", mounts: { [path]: mount } }), {
      name: "InvalidOptionError",
      code,
      path: option,
    });
  });
}
