// Processes on the library's echo process, which plays a script instead of
// running in a sandbox.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { EchoStep } from "../../ffi/protocol/protocol.gen.ts";
import type { Process, ProcessEvent } from "../../mod.ts";
import { toOwned, toProcess } from "../../src/command/process.ts";
import { toError } from "../../src/failure.ts";
import { StandIn } from "../support.ts";

const native = await loadLibrary(libraryPath());
const client = new Client(native, toError);
after(() => client.close());

async function play(...steps: EchoStep[]): Promise<Process> {
  const { handle, result } = await client.call("echo.process", { steps });
  const { pid } = result;
  return toProcess({ client, handle, pid, isPiped: true, isOwned: true });
}

async function handles(): Promise<number> {
  return (await client.call("echo.statistics", {})).result.handles;
}

/** Whether the bytes are what an echo step writes from an offset on. */
function isPattern(bytes: Uint8Array, offset = 0): boolean {
  return bytes.every((byte, index) => byte === (offset + index) % 251);
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const bytes of stream) {
    assert.ok(isPattern(bytes, length));
    length += bytes.length;
  }
  return length;
}

const MiB = 1024 * 1024;

test("stdout and stderr are streams of bytes that end with the process", async () => {
  const process = await play({ stdout: 100_000 }, { stderr: 50_000 }, { exit: 3 });
  const [stdout, stderr, status] = await Promise.all([
    readAll(process.stdout),
    readAll(process.stderr),
    process.status,
  ]);
  assert.deepEqual([stdout, stderr], [100_000, 50_000]);
  assert.deepEqual(status, { success: false, code: 3, signal: null });
  assert.equal(await handles(), 0);
});

test("stdout fills buffers that its reader brings", async () => {
  const process = await play({ stdout: 1_000 });
  const reader = process.stdout.getReader({ mode: "byob" });
  let length = 0;
  let buffer = new Uint8Array(64);
  while (true) {
    const { done, value } = await reader.read(buffer);
    if (done) break;
    assert.ok(value.length <= 64 && isPattern(value, length));
    length += value.length;
    buffer = new Uint8Array(value.buffer);
  }
  assert.equal(length, 1_000);
});

test("status comes without the output being read", async () => {
  const process = await play({ stdout: 10_000 }, { stderr: 10_000 });
  assert.deepEqual(await process.status, { success: true, code: 0, signal: null });
  assert.equal(await readAll(process.stdout), 10_000);
  assert.equal(await readAll(process.stderr), 10_000);
});

test("one stream can be read to its end before the other", async () => {
  for (const [first, second] of [["stdout", "stderr"], ["stderr", "stdout"]] as const) {
    const process = await play({ stderr: 5 * MiB }, { stdout: 5 * MiB }, { stderr: 5 * MiB });
    const lengths = { stdout: 5 * MiB, stderr: 10 * MiB };
    let length = 0;
    for await (const bytes of process[first]) length += bytes.length;
    assert.equal(length, lengths[first]);
    length = 0;
    for await (const bytes of process[second]) length += bytes.length;
    assert.equal(length, lengths[second]);
  }
});

test("a stream that nobody reads is given up at 16 MiB, and the other goes on", async () => {
  const process = await play({ stderr: 20 * MiB }, { stdout: MiB });
  assert.equal(await readAll(process.stdout), MiB);
  await assert.rejects(readAll(process.stderr), { code: "output-overflow" });
  assert.equal((await process.status).code, 0);
});

test("a cancelled stream does not hold up the other", async () => {
  const process = await play({ stderr: 40 * MiB }, { stdout: 1_000 });
  await process.stderr.cancel();
  assert.equal(await readAll(process.stdout), 1_000);
});

test("a process whose streams are both cancelled goes on to its end", async () => {
  const process = await play({ stdout: 20 * MiB }, { stderr: 20 * MiB });
  await process.stdout.cancel();
  await process.stderr.cancel();
  assert.equal((await process.status).code, 0);
});

test("a reader that is slower than the process slows it", async () => {
  const process = await play({ stdout: 8 * MiB }, "copy");
  const reader = process.stdout.getReader();
  let length = (await reader.read()).value!.length;
  // The process has room for four writes, and takes none before it has got rid
  // of its output.
  const writer = process.stdin.getWriter();
  let isWritten = false;
  const written = (async () => {
    for (let count = 0; count < 6; count++) await writer.write(new Uint8Array(1));
    isWritten = true;
  })();
  for (let count = 0; count < 3_000; count++) await client.call("echo.call", {});
  assert.equal(isWritten, false);
  while (length < 8 * MiB) length += (await reader.read()).value!.length;
  await written;
  await process[Symbol.asyncDispose]();
});

test("collect() returns all output", async () => {
  const process = await play({ stdout: 300_000 }, { stderr: 7 }, { stdout: 5 }, { exit: 1 });
  const output = await process.collect();
  assert.equal(output.code, 1);
  assert.equal(output.stdout.length, 300_005);
  assert.ok(isPattern(output.stdout.subarray(0, 300_000)));
  assert.deepEqual(output.stderr, new Uint8Array([0, 1, 2, 3, 4, 5, 6]));
});

test("a process that is lost fails with its output so far", async () => {
  const process = await play({ stdout: 3 }, { stderr: 2 }, "lose");
  await assert.rejects(process.collect(), {
    name: "CommandInterruptedError",
    code: "command-interrupted",
    stdout: new Uint8Array([0, 1, 2]),
    stderr: new Uint8Array([0, 1]),
  });
  await assert.rejects(process.status, { code: "command-interrupted" });
  assert.equal(await handles(), 0);
});

test("the streams of a lost process give what came before, and then fail", async () => {
  const process = await play({ stdout: 3 }, "lose");
  const reader = process.stdout.getReader();
  assert.deepEqual((await reader.read()).value, new Uint8Array([0, 1, 2]));
  await assert.rejects(reader.read(), { code: "command-interrupted" });
});

test("iterating gives what happens in order", async () => {
  const process = await play({ stdout: 2 }, { stderr: 1 }, { stdout: 1 }, { exit: 9 });
  const events: ProcessEvent[] = [];
  for await (const event of process) events.push(event);
  assert.deepEqual(events, [
    { type: "started", pid: 1 },
    { type: "stdout", data: new Uint8Array([0, 1]) },
    { type: "stderr", data: new Uint8Array([0]) },
    { type: "stdout", data: new Uint8Array([0]) },
    { type: "exited", status: { success: false, code: 9, signal: null } },
  ]);
});

test("iterating ends with the failure of a lost process", async () => {
  const types: string[] = [];
  let last: ProcessEvent | undefined;
  for await (const event of await play({ stdout: 1 }, "lose")) {
    types.push(event.type);
    last = event;
  }
  assert.deepEqual(types, ["started", "stdout", "failed"]);
  assert.ok(last?.type === "failed");
  assert.equal((last.error as { code: string }).code, "command-interrupted");
});

test("a loop that is left lets the process go on", async () => {
  const process = await play({ stdout: 30 * MiB }, { exit: 4 });
  for await (const event of process) if (event.type === "stdout") break;
  assert.equal((await process.status).code, 4);
});

test("output can be read in one way only", async () => {
  const collected = await play({ stdout: 1 });
  const output = collected.collect();
  assert.throws(() => collected.stdout, TypeError);
  await assert.rejects(collected.collect(), TypeError);
  await output;
  const read = await play({ stdout: 1 });
  await read.stdout.cancel();
  assert.throws(() => read[Symbol.asyncIterator](), TypeError);
  await read[Symbol.asyncDispose]();
});

test("stdin takes bytes of every value, and its end", async () => {
  const process = await play("copy");
  const sent = Uint8Array.from({ length: 256 }, (_, index) => index);
  const writer = process.stdin.getWriter();
  await writer.write(sent.subarray(0, 100));
  await writer.write(sent.subarray(100));
  await writer.close();
  assert.deepEqual((await process.collect()).stdout, sent);
});

test("stdin takes a large stream as fast as the process does", async () => {
  const process = await play("copy");
  let sent = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === 64 * MiB) return controller.close();
      controller.enqueue(Uint8Array.from({ length: MiB }, (_, index) => (sent + index) % 251));
      sent += MiB;
    },
  });
  const [length] = await Promise.all([readAll(process.stdout), source.pipeTo(process.stdin)]);
  assert.equal(length, 64 * MiB);
});

test("writing to a process that closed its input is StdinClosedError", async () => {
  const process = await play("closeStdin", "waitForSignal");
  const writer = process.stdin.getWriter();
  const writes = async () => {
    while (true) await writer.write(new Uint8Array(MiB));
  };
  await assert.rejects(writes(), {
    name: "StdinClosedError",
    code: "stdin-closed",
    message: /EPIPE/,
  });
  await process[Symbol.asyncDispose]();
});

test("writing to a process that ended is StdinClosedError", async () => {
  const process = await play({ exit: 0 });
  await process.status;
  const writer = process.stdin.getWriter();
  await assert.rejects(writer.write(new Uint8Array(1)), { name: "StdinClosedError" });
});

test("a write that waits is given up when the process ends", async () => {
  const process = await play("waitForSignal");
  const writer = process.stdin.getWriter();
  const writing = assert.rejects(
    (async () => {
      while (true) await writer.write(new Uint8Array(MiB));
    })(),
    { code: "stdin-closed" },
  );
  await process.kill("SIGINT");
  assert.equal((await process.status).signal, "SIGINT");
  await writing;
});

test("a stream that is the input is given up when the process ends", async () => {
  const { handle } = await client.call("echo.process", { steps: ["waitForSignal"] });
  const cancelled = Promise.withResolvers<unknown>();
  const source = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
  const process = toOwned(client, handle, 1, source, undefined);
  await process.kill("SIGINT");
  assert.equal((await process.status).signal, "SIGINT");
  assert.equal((await cancelled.promise as Error).name, "StdinClosedError");
});

test("a stream that is the input and fails is no end of the input", async () => {
  const { handle } = await client.call("echo.process", { steps: ["copy"] });
  let ends = 0;
  const watched = new StandIn(native, {
    "process.write": (options, call) => client.call("process.write", options, call),
    "process.read": (options, call) => client.call("process.read", options, call),
    "process.closeInput": (options, call) => {
      ends++;
      return client.call("process.closeInput", options, call);
    },
  });
  const broken = new Error("the source broke");
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([1, 2, 3])),
    pull: () => Promise.reject(broken),
  });
  const process = toOwned(watched, handle, 1, source, undefined);
  await assert.rejects(process.status, (error: unknown) => error === broken);
  assert.equal(ends, 0);
  client.release(handle);
  watched.close();
});

test("what is piped into a process ends with it, also when it has nothing to say", async () => {
  const process = await play("waitForSignal");
  const idle = new ReadableStream<Uint8Array>();
  const piping = assert.rejects(idle.pipeTo(process.stdin), { name: "StdinClosedError" });
  await process.kill("SIGINT");
  assert.equal((await process.status).signal, "SIGINT");
  await piping;
});

test("a source that fails half-way does not pass for a whole input", async () => {
  const reason = new Error("torn");
  const process = await play("copy");
  let isBegun = false;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isBegun) return controller.error(reason);
      controller.enqueue(new Uint8Array(10));
      isBegun = true;
    },
  });
  await assert.rejects(source.pipeTo(process.stdin), reason);
  await assert.rejects(process.status, reason);
  assert.equal(await handles(), 0);
});

test("what a process needs no more is no error when its end came meanwhile", async () => {
  let process: Process;
  let handle = 0;
  /** Lets the end come first, as it may while the call is on its way. */
  const afterEnd = async (call: () => Promise<unknown>) => {
    await client.call("process.signal", { signal: 15 }, { handle });
    await process.status;
    return await call();
  };
  const late = new StandIn(native, {
    "process.signal": (options, call) =>
      afterEnd(() => client.call("process.signal", options, call)),
    "process.resize": (options, call) =>
      afterEnd(() => client.call("process.resize", options, call)),
    "process.closeInput": (options, call) =>
      afterEnd(() => client.call("process.closeInput", options, call)),
    "process.read": (options, call) => client.call("process.read", options, call),
  });
  const actions: ((process: Process) => Promise<void>)[] = [
    (process) => process.kill(),
    (process) => process.resize({ columns: 80, rows: 24 }),
    (process) => process.stdin.close(),
  ];
  for (const action of actions) {
    ({ handle } = await client.call("echo.process", { steps: ["waitForSignal"] }));
    process = toProcess({ client: late, handle, pid: 1, isPiped: true, isOwned: true });
    await action(process);
    assert.equal((await process.status).signal, "SIGTERM");
    client.release(handle);
  }
  late.close();
});

test("writing what is no Uint8Array is refused, and not done in part", async () => {
  const process = await play("copy");
  const writer = process.stdin.getWriter();
  const wrong = new Uint16Array([1, 2]) as unknown as Uint8Array;
  await assert.rejects(writer.write(wrong), {
    name: "InvalidOptionError",
    code: "invalid-option",
    message: "Cannot use a value of type Uint16Array as bytes: give a Uint8Array",
  });
  await process[Symbol.asyncDispose]();
});

test("kill() takes names and numbers, and refuses others before they are sent", async () => {
  const process = await play("waitForSignal");
  for (const signal of ["SIGFOO", 0, 65, 1.5, "9"]) {
    await assert.rejects(process.kill(signal as number), {
      name: "InvalidOptionError",
      path: "signal",
    });
  }
  await process.kill(15);
  assert.deepEqual(await process.status, { success: false, code: -1, signal: "SIGTERM" });
  await process.kill();
});

test("resize() refuses sizes that cannot be", async () => {
  await using process = await play("waitForSignal");
  await process.resize({ columns: 80, rows: 24 });
  await assert.rejects(process.resize({ columns: 0, rows: 24 }), {
    code: "option-out-of-range",
    path: "columns",
  });
});

test("disposing kills the process, also while its output is read", async () => {
  const process = await play({ stdout: 100 }, "waitForSignal");
  const reader = process.stdout.getReader();
  assert.equal((await reader.read()).value?.length, 100);
  const reading = reader.read();
  await process[Symbol.asyncDispose]();
  await process[Symbol.asyncDispose]();
  assert.ok((await reading).done);
  assert.equal((await process.status).signal, "SIGKILL");
  assert.equal(await handles(), 0);
});

test("disposing does not wait for a reader that does not read", async () => {
  const process = await play({ stdout: 40 * MiB }, "waitForSignal");
  const reader = process.stdout.getReader();
  await reader.read();
  await process[Symbol.asyncDispose]();
  assert.equal(await handles(), 0);
});

test("64 processes side by side stay apart", async () => {
  await Promise.all(
    Array.from({ length: 64 }, async (_, index) => {
      const process = await play({ stdout: 10_000 + index }, { stderr: index }, { exit: index });
      const [stdout, stderr, { code }] = await Promise.all([
        readAll(process.stdout),
        readAll(process.stderr),
        process.status,
      ]);
      assert.deepEqual([stdout, stderr, code], [10_000 + index, index, index]);
    }),
  );
  assert.equal(await handles(), 0);
});
