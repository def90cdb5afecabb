// What the first use of the library waits for.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Volume } from "../../mod.ts";

test("a call is given up while the library is loaded, which goes on for others", async () => {
  // Bun runs all files of tests in one program, which others may have connected.
  const { connect } = await import("../../src/host/connection.ts?apart");
  let isConnected = false;
  const other = connect().then((client) => {
    isConnected = true;
    return client;
  });
  const controller = new AbortController();
  const reason = new Error("enough");
  const given = connect(controller.signal);
  controller.abort(reason);
  await assert.rejects(given, (error: unknown) => error === reason);
  assert.equal(isConnected, false);
  const client = await other;
  assert.equal(await connect(new AbortController().signal), client);
  client.close();
});

test("a client that ended is replaced by the next call", async () => {
  const { connect } = await import("../../src/host/connection.ts?ended");
  const first = await connect();
  first.close();
  const second = await connect();
  assert.notEqual(second, first);
  assert.equal(second.isClosed, false);
  assert.equal(await connect(), second);
  second.close();
});

test("a call with an aborted signal fails with its reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(
    Volume.list({ signal: AbortSignal.abort(reason) }),
    (error: unknown) => error === reason,
  );
});

test("a library that could not be loaded is looked for again", async () => {
  const { connect } = await import("../../src/host/connection.ts?failing");
  const path = process.env["MICROSANDBOX_LIB"];
  process.env["MICROSANDBOX_LIB"] = "/nowhere/libmicrosandbox.so";
  try {
    await assert.rejects(connect(), /\/nowhere\/libmicrosandbox\.so/);
  } finally {
    if (path === undefined) delete process.env["MICROSANDBOX_LIB"];
    else process.env["MICROSANDBOX_LIB"] = path;
  }
  const client = await connect();
  assert.equal((await client.call("echo.call", "here")).result, "here");
  client.close();
});
