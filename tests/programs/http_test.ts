// Waiting for an HTTP server behind a published port, played by a server of this
// machine.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { LiveSandbox } from "../../ffi/protocol/protocol.gen.ts";
import { Sandbox } from "../../mod.ts";
import { toError } from "../../src/failure.ts";
import { make } from "../../src/sandbox/make.ts";

const client = new Client(await loadLibrary(libraryPath()), toError);
const servers: Server[] = [];
after(() => {
  client.close();
  for (const server of servers) server.close();
});

/** A sandbox whose port 80 leads to a server that answers with these statuses. */
async function serving(...statuses: number[]): Promise<{ sandbox: Sandbox; paths: string[] }> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url!);
    response.writeHead(statuses.length > 1 ? statuses.shift()! : statuses[0]!).end("text");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { sandbox: behind((server.address() as AddressInfo).port), paths };
}

function behind(hostPort: number): Sandbox {
  const ports = [{ guestPort: 80, hostPort, protocol: "tcp", hostAddress: "127.0.0.1" }];
  const live = { name: "web", id: "1", backend: "local", ownsLifecycle: false, ports };
  const sandbox = make.sandbox(client, {
    result: live as LiveSandbox,
    handle: 0,
    bytes: new Uint8Array(0),
  });
  assert.ok(sandbox instanceof Sandbox);
  return sandbox;
}

test("waitForHttp() asks the server itself, whatever proxy there is", async () => {
  const { sandbox, paths } = await serving(200);
  const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"];
  for (const name of names) process.env[name] = "http://127.0.0.1:9";
  try {
    await sandbox.waitForHttp(80, { path: "/health?deep=1", timeoutMs: 20_000 });
  } finally {
    for (const name of names) delete process.env[name];
  }
  assert.deepEqual(paths, ["/health?deep=1"]);
});

test("waitForHttp() takes a server that has nothing at its root, and waits for one that fails", async () => {
  const { sandbox, paths } = await serving(503, 502, 404);
  await sandbox.waitForHttp(80, { timeoutMs: 20_000 });
  assert.equal(paths.length, 3);
});

test("waitForHttp() says what to do about what it saw last", async () => {
  const cases: [Sandbox, { status?: number }, RegExp][] = [
    [(await serving(404)).sandbox, { status: 200 }, /status 404.*the server answers, so ask/s],
    [(await serving(500)).sandbox, {}, /status 500.*look at what it prints/s],
    [behind(9), {}, /listens on the guest's address/],
  ];
  // Long enough for an answer on a machine that is busy.
  const waits = cases.map(([sandbox, options, message]) =>
    assert.rejects(sandbox.waitForHttp(80, { timeoutMs: 2_000, ...options }), {
      name: "WaitTimeoutError",
      code: "wait-timeout",
      message,
    })
  );
  await Promise.all(waits);
});

test("waitForHttp() refuses a path that leads to another server", async () => {
  const { sandbox, paths } = await serving(200);
  for (const path of ["http://other.test/", "//other.test/", "health", "/a b", ""]) {
    const waiting = sandbox.waitForHttp(80, { path, timeoutMs: 20_000 });
    if (path === "//other.test/") await waiting;
    else await assert.rejects(waiting, { code: "invalid-option", path: "path" });
  }
  assert.deepEqual(paths, ["//other.test/"]);
});

test("waitForHttp() is given up by its signal", async () => {
  const server = createServer(() => {});
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const reason = new Error("enough");
  const controller = new AbortController();
  server.once("request", () => controller.abort(reason));
  const sandbox = behind((server.address() as AddressInfo).port);
  await assert.rejects(sandbox.waitForHttp(80, { signal: controller.signal }), reason);
});
