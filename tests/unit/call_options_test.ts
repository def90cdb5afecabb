// Options that calls on a sandbox refuse, because they do not have them.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { LiveSandbox, SandboxInfo } from "../../ffi/protocol/protocol.gen.ts";
import {
  AgentClient,
  attachTerminal,
  backendInfo,
  diagnose,
  ensureRuntime,
  Image,
  install,
  type Process,
  Profiles,
  Sandbox,
  SandboxHandle,
  Snapshot,
  Storage,
  version,
  Volume,
  type WaitForHttpOptions,
} from "../../mod.ts";
import { toError } from "../../src/failure.ts";
import { make } from "../../src/sandbox/make.ts";

const client = new Client(await loadLibrary(libraryPath()), toError);
after(() => client.close());

const bytes = new Uint8Array(0);
const named = new SandboxHandle(client, { name: "any", id: "1" } as SandboxInfo);
const sandbox = make.sandbox(client, {
  result: { name: "any", id: "1", ownsLifecycle: true, ports: [] } as unknown as LiveSandbox,
  handle: 0,
  bytes,
});

const limited = { timeoutMs: 1 } as { signal?: AbortSignal };
const calls: [string, () => Promise<unknown>][] = [
  ["waitUntilStopped", () => named.waitUntilStopped(limited)],
  ["waitForStatus", () => named.waitForStatus("running", limited)],
  ["requestStop", () => named.requestStop(limited)],
  ["requestKill", () => named.requestKill(limited)],
  ["ping", () => named.ping(limited)],
  ["touch", () => named.touch(limited)],
  ["resume", () => named.resume(limited)],
  ["pauseState", () => named.pauseState(limited)],
  ["drain", () => named.drain(limited)],
  ["config", () => named.config(limited)],
  ["refresh", () => named.refresh(limited)],
  ["metrics", () => named.metrics(limited)],
  ["remove", () => named.remove(limited)],
  ["detach", () => sandbox.detach(limited)],
  ["restoreWarnings", () => sandbox.restoreWarnings(limited)],
  ["agent", () => sandbox.agent(limited)],
  ["fs.stat", () => sandbox.fs.stat("/x", limited)],
  ["fs.readTextFile", () => sandbox.fs.readTextFile("/x", limited)],
  ["fs.create", () => sandbox.fs.create("/x", limited)],
  ["fs.readDir", () => sandbox.fs.readDir("/x", limited).next()],
  ["fs.copyToHost", () => sandbox.fs.copyToHost("/x", "/run/socket", limited)],
  ["jobs.get", () => sandbox.jobs.get("1", limited)],
  ["Sandbox.get", () => Sandbox.get("any", limited)],
  ["Sandbox.remove", () => Sandbox.remove("any", limited)],
  ["Sandbox.metrics", () => Sandbox.metrics(limited)],
  ["Volume.get", () => Volume.get("any", limited)],
  ["Volume.remove", () => Volume.remove("any", limited)],
  ["Image.get", () => Image.get("any", limited)],
  ["Image.list", () => Image.list(limited)],
  ["Image.inspect", () => Image.inspect("any", limited)],
  ["Image.prune", () => Image.prune(limited)],
  ["Snapshot.get", () => Snapshot.get("any", limited)],
  ["Snapshot.groupHead", () => Snapshot.groupHead("any", limited)],
  ["AgentClient.connect", () => AgentClient.connect("any", limited)],
  ["Storage.usage", () => Storage.usage(limited)],
  ["Profiles.get", () => Profiles.get(limited)],
  ["backendInfo", () => backendInfo(limited)],
  ["version", () => version(limited)],
  ["diagnose", () => diagnose(limited)],
  ["ensureRuntime", () => ensureRuntime(limited)],
  ["install", () => install(limited)],
  ["attachTerminal", () => attachTerminal({} as Process, limited)],
];
for (const [name, call] of calls) {
  test(`${name}() refuses a time limit, which it does not have`, async () => {
    await assert.rejects(call, { code: "unknown-option", path: "timeoutMs" });
  });
}

const misused: [string, () => Promise<unknown>, RegExp][] = [
  ["Sandbox.create", () => Sandbox.create("alpine" as never), /Cannot use a string as the options/],
  ["Sandbox.getOrCreate", () => Sandbox.getOrCreate(undefined as never), /Cannot use undefined/],
  ["Volume.create", () => Volume.create("data" as never), /Cannot use a string as the options/],
  ["Sandbox.get", () => Sandbox.get("any", null as never), /Cannot use null as the options/],
  ["Image.list", () => Image.list(["any"] as never), /Cannot use a value of type Array/],
];
for (const [name, call, message] of misused) {
  test(`${name}() refuses what is no object of options`, async () => {
    await assert.rejects(call, { code: "invalid-option", path: "options", message });
  });
}

test("an option that is undefined is left out, also where there is none of its name", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  const options = { signal, cwd: undefined } as { signal: AbortSignal };
  await assert.rejects(Sandbox.get("any", options), /enough/);
});

test("a signal is no options, and is not left out silently", async () => {
  const { signal } = new AbortController();
  await assert.rejects(Sandbox.get("any", signal as { signal?: AbortSignal }), {
    code: "invalid-option",
    path: "signal",
  });
});

const refused: [WaitForHttpOptions, string, string][] = [
  ...[0, -1, NaN, Infinity, 2 ** 31, "1 s" as unknown as number].map((timeoutMs) =>
    [{ timeoutMs }, "option-out-of-range", "timeoutMs"] as [WaitForHttpOptions, string, string]
  ),
  [{ interval: 1 } as WaitForHttpOptions, "unknown-option", "interval"],
];
for (const [options, code, path] of refused) {
  const shown = Object.entries(options).flat().join(": ");
  test(`waitForHttp() refuses ${shown}`, async () => {
    await assert.rejects(sandbox.waitForHttp(80, options), {
      name: "InvalidOptionError",
      code,
      path,
    });
  });
}
