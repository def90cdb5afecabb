// What programs and their tests see of objects: on the console, spread, compared.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { ImageInfo, SandboxInfo } from "../../ffi/protocol/protocol.gen.ts";
import { CommandOutput, Image, SandboxHandle } from "../../mod.ts";
import { toError } from "../../src/failure.ts";

const client = new Client(await loadLibrary(libraryPath()), toError);
after(() => client.close());

function output(code: number, signal: "SIGKILL" | null = null): CommandOutput {
  const text = new TextEncoder();
  const status = { success: code === 0, code, signal };
  return new CommandOutput(status, text.encode("out\n"), text.encode("err\n"));
}

/** What `console.log` shows. */
function shown(value: unknown): string {
  const runtime = globalThis as { Deno?: { inspect(value: unknown): string } };
  return (runtime.Deno?.inspect ?? inspect)(value);
}

test("an output with another code is another output", () => {
  assert.deepEqual(output(0), output(0));
  assert.notDeepEqual(output(0), output(1));
  assert.notDeepEqual(output(-1, "SIGKILL"), output(-1));
  assert.equal({ ...output(3) }.code, 3);
  assert.equal(JSON.parse(JSON.stringify(output(3))).success, false);
});

test("an output is shown with its code and its text", () => {
  const text = shown(output(3));
  for (const part of ["CommandOutput", "code: 3", "out\\n", "err\\n"]) {
    assert.ok(text.includes(part), text);
  }
  assert.ok(!shown(output(3)).includes("Uint8Array"));
});

test("objects are shown as what they are, and not with their methods", () => {
  const info = { name: "web", id: "7", backend: "local", status: "running" } as SandboxInfo;
  const handle = new SandboxHandle(client, info);
  const image = new Image(client, { reference: "alpine:3" } as ImageInfo);
  for (
    const [it, parts] of [
      [handle, ["SandboxHandle", "web", "running"]],
      [image, ["Image", "alpine:3"]],
    ] as [unknown, string[]][]
  ) {
    const text = shown(it);
    for (const part of parts) assert.ok(text.includes(part), text);
    assert.ok(text.length < 200, text);
    assert.ok(!/remove|function/i.test(text), text);
  }
  assert.ok(shown({ list: [handle] }).includes("web"));
});
