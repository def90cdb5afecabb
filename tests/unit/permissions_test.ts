// What reads and writes files of this machine takes both permissions, each of
// which this test has for another path.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Backend, Sandbox } from "../../mod.ts";

const skip = "Deno" in globalThis ? false : "only Deno has permissions";

/** Calls that use a path in both ways. */
const calls: [string, (path: string) => Promise<unknown>][] = [
  ["an image that is a directory", (image) => Sandbox.create({ image })],
  [
    "an image that is a disk",
    (path) => Sandbox.create({ image: { kind: "disk", path } }),
  ],
  [
    "a root disk",
    (path) => Sandbox.create({ image: "alpine", rootDisk: { kind: "disk", path } }),
  ],
  [
    "a directory that is mounted",
    (source) => Sandbox.create({ image: "alpine", mounts: { "/a": { type: "bind", source } } }),
  ],
  [
    "a disk that is mounted",
    (source) => Sandbox.create({ image: "alpine", mounts: { "/a": { type: "disk", source } } }),
  ],
  [
    "a socket that vsock leads to",
    (hostSocket) => Sandbox.create({ image: "alpine", vsock: [{ hostSocket, port: 1 }] }),
  ],
  [
    "a directory that a restored sandbox gets",
    (bind) => Sandbox.restore("a:b", { bindings: { mounts: { "/a": { bind } } } }),
  ],
  [
    "a disk that a restored sandbox gets",
    (disk) => Sandbox.restore("a:b", { bindings: { mounts: { "/a": { disk } } } }),
  ],
  ["the home of a backend", (home) => Backend.local({ home })],
];

for (const [what, call] of calls) {
  for (
    const [path, flag] of [
      ["/readable", "--allow-write=/readable"],
      ["/writable", "--allow-read=/writable"],
    ] as const
  ) {
    test(`${what} takes ${flag}`, { skip }, async () => {
      await assert.rejects(call(path), (error: Error) => {
        assert.equal(error.name, "NotCapable");
        assert.ok(error.message.includes(flag), error.message);
        return true;
      });
    });
  }
}

test("a mount that is only read takes no permission to write", { skip }, async () => {
  const mounts = { "/a": { type: "bind", source: "/readable", readOnly: true } } as const;
  // What is refused then is something else.
  await assert.rejects(Sandbox.create({ image: "alpine", mounts, cpus: 0 }), { path: "cpus" });
});
