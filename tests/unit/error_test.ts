// What errors say of the program that they happened in.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { EchoStep } from "../../ffi/protocol/protocol.gen.ts";
import { readStream } from "../../ffi/stream.ts";
import * as microsandbox from "../../mod.ts";
import { toOwned } from "../../src/command/process.ts";
import { toError } from "../../src/failure.ts";

const { MicrosandboxError, Sandbox } = microsandbox;
const client = new Client(await loadLibrary(libraryPath()), toError);
after(() => client.close());

async function failureOf(work: () => Promise<unknown>): Promise<Error> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof MicrosandboxError, String(error));
    return error;
  }
  throw new Error("It did not fail");
}

test("the stack of an error leads to the part of the program that called", async () => {
  async function theBusiness(): Promise<void> {
    await Sandbox.create({ image: "any", cpus: -1 });
  }
  const { stack = "" } = await failureOf(theBusiness);
  assert.match(stack, /theBusiness/);
  assert.match(stack, /error_test\.ts/);
  // The line that runtimes show is that of the first frame.
  const [first = ""] = stack.split("\n").filter((line) => line.trimStart().startsWith("at "));
  assert.doesNotMatch(first, /errors\.ts|failure\.ts/);
});

test("the stack of a stream's error leads to its reader", async (context) => {
  if ("Bun" in globalThis) return context.skip("JavaScriptCore loses it at async generators");
  async function theReader(): Promise<void> {
    const { handle } = await client.call("echo.stream", { items: 5, itemLength: 1 });
    client.release(handle);
    for await (const _ of readStream(client, handle)) assert.fail("there is an item");
  }
  assert.match((await failureOf(theReader)).stack ?? "", /theReader/);
});

test("the stack of a process's error leads to where it was started", async () => {
  async function theStarter(steps: EchoStep[]): Promise<microsandbox.Process> {
    const { handle } = await client.call("echo.process", { steps });
    return toOwned(client, handle, 1, null, undefined);
  }
  const process = await theStarter([{ stdout: 1 }, "lose"]);
  const { name, message, stack = "" } = await failureOf(() => process.status);
  assert.ok(stack.startsWith(`${name}: ${message}`), stack);
  assert.match(stack, /theStarter/);
});

test("every error has its class's name, and has it in its stack", () => {
  const classes = Object.entries(microsandbox).filter(([, value]) =>
    typeof value === "function" && value.prototype instanceof MicrosandboxError
  );
  assert.ok(classes.length > 30);
  for (const [name, { prototype }] of classes as [string, { prototype: Error }][]) {
    assert.equal(prototype.name, name);
    assert.ok(Object.hasOwn(prototype, "name"), `${name} has the name of its parent`);
  }
  const error = toError({ code: "volume-not-found", message: "gone" });
  assert.equal(String(error), "VolumeNotFoundError: gone");
  assert.ok(error.stack?.startsWith("VolumeNotFoundError: gone"), error.stack);
});

test("what was closed by the program is told apart from what does not run", () => {
  for (const code of ["handle-closed", "client-closed"] as const) {
    assert.equal(toError({ code, message: "" }).name, "ClosedError");
  }
  assert.equal(
    toError({ code: "sandbox-not-running", message: "" }).name,
    "SandboxNotRunningError",
  );
});
