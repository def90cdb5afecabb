// Every operation of the library against a cloud: it is asked, or the operation
// says that it is not supported.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { operation, type Operations } from "../../ffi/protocol/protocol.gen.ts";
import type { MicrosandboxError } from "../../src/errors.ts";
import { toError } from "../../src/failure.ts";
import { apiKey, serveCloud } from "../cloud.ts";

type Name = keyof Operations;
type Options = { [Each in Name]?: Operations[Each]["options"] };

const server = await serveCloud();
const cloud = { url: server.url, apiKey };
const client = new Client(await loadLibrary(libraryPath()), toError, { cloud });
after(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

const name = "web";
const on = { sandbox: { name } };
const path = "/greeting";
const file = "/tmp/microsandbox-cloud-test-none";
const paths = { path, newPath: "/other" };
const target = { sandbox: name, sandboxId: "", job: `job_${"0".repeat(32)}` };
const reference = "base";
const snapshot = { reference };
const command = { program: { exec: "echo" }, stdin: "null", options: {} } as const;

/** What the cloud does. */
const supported: Options = {
  "sandbox.create": { image: "alpine:3.22" },
  "sandbox.getOrCreate": { image: "alpine:3.22", name },
  "sandbox.start": { name },
  "sandbox.get": { name },
  "sandbox.list": {},
  "sandbox.remove": { name },
  "sandbox.connect": { name },
  "sandbox.connectOrStart": { name },
  "sandbox.stop": { ...on, options: {} },
  "sandbox.waitUntilStopped": { ...on, options: {} },
  "sandbox.waitForStatus": { ...on, options: { status: "running" } },
  "sandbox.end": { ...on, options: { how: "stop" } },
  "sandbox.restart": { ...on, options: {} },
  "sandbox.destroy": { ...on, options: {} },
  "sandbox.restore": { snapshot, options: {} },
  "command.run": command,
  "process.spawn": command,
  "fs.stat": { path, follow: true },
  "logs.stream": { ...on, options: { follow: true } },
  "agent.connect": { name },
  "volume.create": { name: "data" },
  "volume.get": { name: "data" },
  "volume.list": {},
  "volume.remove": { name: "data" },
  "snapshot.create": { ...on, options: { name: "base" } },
  "snapshot.get": snapshot,
  "snapshot.list": {},
  "snapshot.remove": { snapshot },
  "snapshot.details": snapshot,
};

/** What the agent of the tests' cloud refuses after it was asked. */
const refused: Options = {
  "port.waitFor": { port: 80, timeoutMs: 1 },
  "fs.open": { path, options: { read: true } },
  "fs.readFile": { path },
  "fs.writeFile": { path, options: {} },
  "fs.readDir": { path },
  "fs.mkdir": { path, options: {} },
  "fs.remove": { path, options: {} },
  "fs.rename": paths,
  "fs.copyFile": paths,
  "fs.symlink": { target: path, path: "/link" },
  "fs.readLink": { path },
  "fs.realPath": { path },
  "fs.setAttributes": { path, mode: 0o600 },
  "fs.copyFromHost": { source: "/etc/hostname", destination: path },
  "fs.copyToHost": { source: path, destination: file },
};

/** What the cloud cannot do. */
const unsupported: Options = {
  "sandbox.kill": { ...on, options: {} },
  "sandbox.ping": { ...on, options: {} },
  "sandbox.touch": { ...on, options: {} },
  "sandbox.fork": { ...on, options: {} },
  "sandbox.forkMany": { ...on, options: { names: ["one"], options: {} } },
  "sandbox.compact": { ...on, options: {} },
  "sandbox.modify": { ...on, options: { labels: { a: "b" } } },
  "sandbox.pause": { ...on, options: {} },
  "sandbox.resume": { ...on, options: {} },
  "sandbox.pauseState": { ...on, options: {} },
  "sandbox.config": { ...on, options: {} },
  "job.start": command,
  "job.list": { sandbox: name, sandboxId: "", limit: 1 },
  "job.get": target,
  "job.wait": target,
  "job.signal": { target, signal: "SIGTERM" },
  "job.closeInput": target,
  "job.logs": { target, options: {} },
  "job.attach": { target, options: {} },
  "image.get": { reference },
  "image.list": {},
  "image.inspect": { reference },
  "image.remove": { reference },
  "image.prune": {},
  "image.load": { path: file },
  "image.save": { references: [reference], path: file },
  "image.pull": { reference },
  "storage.usage": {},
  "storage.prune": {},
  "snapshot.reindex": {},
  "snapshot.verify": snapshot,
  "snapshot.storageUsage": snapshot,
  "snapshot.groupHead": { selector: "base" },
  "snapshot.createArchive": { ...on, options: { path: file, archive: {}, options: {} } },
  "snapshot.save": { snapshot, path: file, options: {} },
  "snapshot.copy": { snapshot, path: file, options: {} },
  "snapshot.load": { paths: ["/etc/hostname"], options: {} },
  "logs.read": { ...on, options: {} },
  "metrics.get": { ...on, options: {} },
  "metrics.all": {},
  "metrics.stream": { ...on, options: {} },
  "runtime.install": {},
  "runtime.ensure": {},
  "runtime.find": {},
};

/** What works on something that another operation made, or on nothing of a backend. */
const elsewhere: Name[] = [
  "sandbox.detach",
  "sandbox.restoreWarnings",
  "process.read",
  "process.write",
  "process.closeInput",
  "process.signal",
  "process.resize",
  "process.abandon",
  "stream.read",
  "file.read",
  "file.write",
  "file.stat",
  "file.setAttributes",
  "file.close",
  "ssh.connect",
  "ssh.spawn",
  "ssh.openSftp",
  "ssh.close",
  "sshServer.listen",
  "sshServer.events",
  "sshServer.close",
  "agent.request",
  "agent.stream",
  "agent.send",
  "agent.close",
  "backend.info",
  "backend.requirements",
  "backend.profiles",
  "backend.useProfile",
  "runtime.setPath",
  "runtime.versions",
  "runtime.diagnose",
];

/** Runs the operation on a sandbox that runs, and tells how often the cloud was asked. */
async function run(
  each: Name,
  options: unknown,
): Promise<{ error?: MicrosandboxError; asked: number }> {
  const { result, handle } = await client.call("sandbox.getOrCreate", {
    image: "alpine:3.22",
    name,
  });
  if (each === "sandbox.waitUntilStopped") {
    await client.call("sandbox.stop", { options: {} }, { handle });
  }
  server.requests.length = 0;
  const filled = JSON.parse(
    JSON.stringify(options),
    (key, value) => key === "sandboxId" ? result.id : value,
  );
  const error = await client.call(each, filled, { handle }).then(() => undefined, (it) => it);
  client.release(handle);
  return { ...error && { error }, asked: server.requests.length };
}

test("every operation is one of these", () => {
  const known = [supported, refused, unsupported].flatMap(Object.keys);
  const all = Object.keys(operation).filter((each) => !each.startsWith("echo."));
  assert.deepEqual([...known, ...elsewhere].sort(), all.sort());
});

for (const [each, options] of Object.entries(supported)) {
  test(`${each} asks the cloud`, async () => {
    const { error, asked } = await run(each as Name, options);
    assert.equal(error, undefined);
    assert.ok(asked > 0);
  });
}

for (const [each, options] of Object.entries(refused)) {
  test(`${each} asks the sandbox's agent`, async () => {
    const { error, asked } = await run(each as Name, options);
    assert.ok(error && !["unsupported", "internal"].includes(error.code), String(error));
    assert.ok(asked > 0);
  });
}

for (const [each, options] of Object.entries(unsupported)) {
  test(`${each} is not supported by the cloud`, async () => {
    const { error } = await run(each as Name, options);
    assert.equal(error?.code, "unsupported", String(error));
    assert.equal(error?.details["operation"], each);
    assert.match(error!.message, /: \S/, "it says what to do instead");
  });
}
