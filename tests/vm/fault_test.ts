// What goes wrong while microVMs run: each time an error with a code comes in
// bounded time, nothing is left behind, and the next call works. The tests
// follow one sandbox from fault to fault, because each boot takes seconds where
// it is emulated.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";
import { type BootError, MicrosandboxError, Sandbox, Snapshot } from "../../mod.ts";
import { connect } from "../../src/host/connection.ts";
import { command, machinesOf, type Program, scopedFlags, start, until } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const home = process.env["MSB_HOME"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-fault`;
const otherName = `${prefix}-fault-other`;
const fixtures = `${import.meta.dirname}/fixtures`;
const flags = scopedFlags(["MICROSANDBOX_TEST_IMAGE"]);
let sandbox: Sandbox;
let other: Sandbox;

after(async () => {
  for (const left of [name, otherName]) {
    await (await Sandbox.get(left)).destroy({ force: true });
  }
});

/** Starts a program that works with the sandbox. */
function victim(work: string): Program {
  return start([...command(`${fixtures}/victim.ts`, flags), work, name]);
}

/** Kills a program, and waits until its sandbox is known not to run any more. */
async function killProgram(program: Program): Promise<void> {
  program.kill("SIGKILL");
  assert.equal((await program.ended).signal, "SIGKILL");
  await until("its microVM has ended", () => machinesOf(name).length === 0);
  await until(
    "that is known",
    async () => ["stopped", "crashed"].includes((await Sandbox.get(name)).status),
  );
}

/** Kills a sandbox's microVM. */
function killMachine(of: string): void {
  const machines = machinesOf(of);
  assert.ok(machines.length > 0, `${of} has no microVM`);
  for (const machine of machines) process.kill(machine, "SIGKILL");
}

/** Resolves when the sandbox is being captured. */
async function capturing(): Promise<void> {
  const group = `${home}/snapshots/${name}`;
  await until(
    "a capture has begun",
    () => existsSync(group) && readdirSync(group).some((it) => it.startsWith(".capture-")),
  );
}

async function snapshots(): Promise<(string | undefined)[]> {
  return (await Snapshot.list()).filter((it) => it.group === name).map((it) => it.name);
}

/** Fails when this takes longer than it may even where it is emulated. */
async function bounded<T>(what: string, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No end after 120 s: ${what}`)), 120_000);
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** What a call fails with. */
async function failure(what: string, call: Promise<unknown>): Promise<unknown> {
  return await bounded(what, call).then(
    (result) => assert.fail(`${what} did not fail: ${result}`),
    (error) => error,
  );
}

/** How many handles this program holds. */
async function handles(): Promise<number> {
  return (await (await connect()).call("echo.statistics", {})).result.handles;
}

/** A stream that has no end, and a promise that several parts of it are taken. */
function endless(): { stream: ReadableStream<Uint8Array>; taken: Promise<void> } {
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  let parts = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++parts > 8) resolve();
      controller.enqueue(new Uint8Array(64 * 1024));
    },
  });
  return { stream, taken };
}

test("a program that is killed while it creates leaves no microVM", async () => {
  const program = victim("create");
  await until("its microVM is there", () => machinesOf(name).length > 0);
  await killProgram(program);
});

test("a callback that throws ends its program, and no microVM is left", async () => {
  // It takes the name that the killed program left.
  const program = victim("throw");
  const ended = await bounded("the program", program.ended).finally(() => program.kill("SIGKILL"));
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /thrown on purpose/);
  await until("its microVM has ended", () => machinesOf(name).length === 0);
});

test("a program that is killed while it executes, streams and copies leaves no microVM", async () => {
  const program = victim("use");
  await program.printed("busy");
  await killProgram(program);
});

test("a program that is killed while it snapshots leaves nothing that is in the way", async () => {
  const program = victim("snapshot");
  await capturing();
  await killProgram(program);
  assert.deepEqual(await snapshots(), []);

  sandbox = await Sandbox.start(name);
  assert.equal(sandbox.ownsLifecycle, true);
  await sandbox.snapshot({ name: "half" });
  assert.deepEqual(await snapshots(), ["half"]);
});

test("an error that a consumer throws reaches the caller, and nothing is kept for it", async () => {
  const thrown = new Error("thrown on purpose");
  const fail = (): never => {
    throw thrown;
  };
  const forever = "while :; do echo again; sleep 0.1; done";
  const consumers: Record<string, () => Promise<unknown>> = {
    async "a loop over events"() {
      await using command = await sandbox.shellStream(forever);
      for await (const event of command) if (event.type === "stdout") fail();
    },
    async "a stream that takes the output"() {
      await using command = await sandbox.shellStream(forever);
      await command.stdout.pipeTo(new WritableStream({ write: fail }));
    },
    async "a loop over metrics"() {
      for await (const _ of sandbox.metricsStream({ intervalMs: 100 })) fail();
    },
    async "a loop over a log"() {
      for await (const _ of sandbox.logStream({ follow: true })) fail();
    },
    async "a stream that takes a file"() {
      const file = await sandbox.fs.open("/dev/zero");
      await file.readable.pipeTo(new WritableStream({ write: fail }));
    },
    "a stream that gives a command its input": () =>
      sandbox.exec("cat", { stdin: new ReadableStream({ pull: fail }) }),
    "a stream that gives a file its content": () =>
      sandbox.fs.writeFile("/root/file", new ReadableStream({ pull: fail })),
  };
  const held = await handles();
  for (const [what, consume] of Object.entries(consumers)) {
    assert.equal(await failure(what, consume()), thrown, what);
    await until(`${what} has given its handle back`, async () => await handles() === held);
  }
  const left = await sandbox.shell("ps | grep -c -e '[e]cho again' -e '[c]at$'");
  assert.equal(left.text(), "0\n");
});

test("a clock that jumps makes nothing late, and nothing early", async (context) => {
  // The emulated host's first process: no real machine's clock may be touched.
  const first = execFileSync("ps", ["-ww", "-p", "1", "-o", "args="], { encoding: "utf8" }).trim();
  if (!first.startsWith("/bin/busybox sh /init")) {
    return context.skip(
      `only the emulated host's clock may be changed, and this is none: ${first}`,
    );
  }
  const hour = 3_600;
  const [began, date] = [performance.now(), Date.now()];
  /** Sets the clock that many seconds beside what it would be. */
  const shift = (seconds: number) => {
    const now = date / 1000 + (performance.now() - began) / 1000 + seconds;
    execFileSync("date", ["-s", `@${now.toFixed(3)}`]);
  };
  const { timestamp } = await sandbox.metrics();
  try {
    for (const seconds of [hour, -hour]) {
      const inTime = sandbox.shell("sleep 5; echo in time", { timeoutMs: 600_000 });
      const tooLong = failure(
        "a command that takes too long",
        sandbox.shell("sleep 1000", { timeoutMs: 5_000 }),
      );
      const never = failure("a wait", sandbox.waitForLog("never printed", { timeoutMs: 5_000 }));
      shift(seconds);
      assert.ok(Math.abs(Date.now() - date) > hour * 1000 / 2);
      assert.equal((await bounded("a command", inTime)).text(), "in time\n");
      assert.equal((await tooLong as MicrosandboxError).code, "exec-timeout");
      assert.equal((await never as MicrosandboxError).code, "wait-timeout");
      await bounded("a ping", sandbox.ping());
      const newer = (async () => {
        for await (const next of sandbox.metricsStream({ intervalMs: 100 })) {
          if (next.timestamp.getTime() !== timestamp.getTime()) return;
        }
      })();
      if (seconds < 0) {
        await bounded("newer metrics", newer);
      } else {
        // The core compares the clock with the age of the microVM's process, and
        // takes it for another one.
        const error = await failure("newer metrics", newer) as MicrosandboxError;
        assert.equal(error.code, "metrics-unavailable");
      }
      const log = await bounded("the log", sandbox.logs({ tail: 1 }));
      assert.equal(log[0]!.text(), "in time\n");
    }
  } finally {
    shift(0);
  }
  assert.equal((await sandbox.shell("echo after")).text(), "after\n");
  assert.ok((await sandbox.metrics()).memoryBytes > 0);
  assert.equal((await sandbox.refresh()).status, "running");
});

test("a microVM that is killed fails all calls that are under way", async () => {
  const held = await handles();
  const executing = sandbox.shell("echo so far; touch /tmp/executing; sleep 1000");
  const streaming = await sandbox.shellStream(
    "until [ -e /tmp/executing ]; do sleep 0.1; done; while :; do echo streamed; done",
  );
  const reader = streaming.stdout.getReader();
  await reader.read();
  const source = endless();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<unknown>();
  const file = await sandbox.fs.open("/dev/zero");
  const calls = {
    executing,
    streaming: (async () => {
      while (!(await reader.read()).done);
    })(),
    status: streaming.status,
    writing: sandbox.fs.writeFile("/root/written", source.stream),
    reading: file.readable.pipeTo(new WritableStream<unknown>({ write: arrive })),
  };
  const failures = Object.entries(calls).map(async ([what, call]) =>
    [what, await failure(what, call)] as const
  );
  // What a machine uses has no error to end with.
  const watching = (async () => {
    for await (const _ of sandbox.metricsStream({ intervalMs: 100 }));
  })();
  const stopped = sandbox.waitUntilStopped();
  await Promise.all([source.taken, arrived]);
  killMachine(name);
  for (const [what, error] of await Promise.all(failures)) {
    assert.ok(error instanceof MicrosandboxError, `${what}: ${error}`);
    const isOfFile = what === "reading" || what === "writing";
    assert.equal(error.code, isOfFile ? "sandbox-not-running" : "command-interrupted", what);
  }
  assert.equal(
    new TextDecoder().decode((await executing.catch((error) => error)).stdout),
    "so far\n",
  );
  await bounded("the metrics", watching);
  assert.equal((await bounded("the stop", stopped)).signal, 9);
  assert.deepEqual(machinesOf(name), []);
  assert.equal((await sandbox.refresh()).status, "crashed");
  // All that is given back, and what the sandbox itself had.
  assert.equal(await handles(), held - 1);

  sandbox = await Sandbox.start(name);
  assert.equal((await sandbox.shell("echo again")).text(), "again\n");
});

test("a microVM that is killed while it is captured leaves no snapshot", async () => {
  const taking = failure("the snapshot", sandbox.snapshot({ name: "whole", resumable: true }));
  await capturing();
  killMachine(name);
  // The core's word for a machine that has not answered.
  assert.equal((await taking as MicrosandboxError).code, "control-client-error");
  assert.equal((await sandbox.refresh()).status, "crashed");
  assert.deepEqual(await snapshots(), ["half"]);
});

test("a microVM that is killed while it boots is an error, and its name stays free", async () => {
  const options = { name: otherName, image, memoryMiB: 256 };
  const creating = failure("the create", Sandbox.create(options));
  await until("its microVM is there", () => machinesOf(otherName).length > 0);
  killMachine(otherName);
  const error = await creating as BootError;
  assert.equal(error.name, "BootError");
  assert.equal(error.code, "boot-failed");
  assert.deepEqual(machinesOf(otherName), []);
  await assert.rejects(Sandbox.get(otherName), { code: "sandbox-not-found" });
  other = await Sandbox.create(options);
});

test("a worker that is terminated takes nothing from another thread's sandbox", async () => {
  const worker = new Worker(new URL(`${fixtures}/machine_worker.ts`, import.meta.url));
  const answer = new Promise((resolve, reject) => {
    worker.once("message", resolve).once("error", reject).postMessage(name);
  });
  const [, output] = await Promise.all([answer, other.shell("echo main")]);
  assert.deepEqual(await answer, { ownsLifecycle: true, text: "worker\n" });
  assert.equal(output.text(), "main\n");
  const sleeping = other.shell("sleep 2; echo undisturbed");
  await worker.terminate();
  assert.equal((await bounded("a command", sleeping)).text(), "undisturbed\n");

  // It belongs to the program, which goes on.
  const handle = await Sandbox.get(name);
  assert.equal(handle.status, "running");
  await bounded("the stop", handle.stop());
  assert.deepEqual(machinesOf(name), []);
});
