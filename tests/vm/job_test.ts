// Jobs in a real microVM.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { Job, type JobLogEntry, Sandbox } from "../../mod.ts";
import { abortedLaterEachTime } from "../support.ts";

const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-jobs`;
let sandbox: Sandbox;

before(async () => {
  const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
  sandbox = await Sandbox.create({ name, image, memoryMiB: 256 });
});
after(async () => {
  await sandbox[Symbol.asyncDispose]();
  await Sandbox.remove(name);
});

async function collected(entries: AsyncIterable<JobLogEntry>): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { source, data } of entries) {
    found.push([source, new TextDecoder().decode(data)]);
  }
  return found;
}

test("a job's output and end are kept", async () => {
  const script = "echo out; sleep 1; echo err >&2; sleep 1; printf '\\377'; exit 3";
  const started = await sandbox.jobs.shell(script);
  assert.equal(started.state, "running");
  const { code, timedOut } = await started.wait();
  assert.deepEqual({ code, timedOut }, { code: 3, timedOut: false });
  const job = await sandbox.jobs.get(started.id);
  assert.equal(job.state, "exited");
  assert.equal(job.exitCode, 3);
  assert.ok(job.startedAt! <= job.finishedAt!);
  const entries: JobLogEntry[] = [];
  for await (const entry of job.logs()) entries.push(entry);
  assert.deepEqual(entries.map(({ source }) => source), ["stdout", "stderr", "stdout"]);
  assert.deepEqual(entries[2]!.data, new Uint8Array([255]));
  const fromCursor = entries[0]!.cursor;
  assert.equal((await collected(job.logs({ fromCursor }))).length, 2);
  assert.deepEqual(await collected(job.logs({ sources: ["stderr"] })), [["stderr", "err\n"]]);
  assert.equal((await collected(job.logs({ tail: 1 }))).length, 1);
});

test("an aborted start leaves no job that runs", async () => {
  const started = await abortedLaterEachTime(
    (signal) => sandbox.jobs.shell("sleep 1000", { signal }),
    async () => {
      for await (const job of sandbox.jobs.list()) await job.wait();
      assert.equal((await sandbox.shell("pidof sleep")).code, 1);
    },
    10,
  );
  await started.kill();
});

test("logs() follows a job to its end", async () => {
  const job = await sandbox.jobs.shell("for i in 1 2 3; do echo $i; sleep 1; done");
  assert.deepEqual(await collected(job.logs({ follow: true })), [
    ["stdout", "1\n"],
    ["stdout", "2\n"],
    ["stdout", "3\n"],
  ]);
});

test("leaving logs() early ends the following, not the job", async () => {
  const job = await sandbox.jobs.shell("while :; do echo line; sleep 0.2; done");
  for await (const _ of job.logs({ follow: true })) break;
  assert.equal((await job.refresh()).state, "running");
  await job.kill("SIGKILL");
  const { code, signal } = await job.wait();
  assert.deepEqual({ code, signal }, { code: -1, signal: "unknown" });
  await assert.rejects(job.kill(), { code: "job-not-running" });
});

test("attaching gives the job's streams, and replays what was before", async () => {
  const job = await sandbox.jobs.exec("cat");
  const first = await job.attach();
  const writer = first.stdin.getWriter();
  await writer.write(new TextEncoder().encode("one\n"));
  const reader = first.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "one\n");
  await first[Symbol.asyncDispose]();
  assert.equal((await job.refresh()).state, "running");

  await using second = await job.attach({ replay: { recentBytes: 1024 } });
  const input = second.stdin.getWriter();
  await input.write(new TextEncoder().encode("two\n"));
  await input.close();
  const output = await second.collect();
  assert.equal(output.text(), "one\ntwo\n");
  assert.equal(output.code, 0);
});

test("a read-only attachment has no stdin", async () => {
  const job = await sandbox.jobs.exec("cat");
  await using observer = await job.attach({ readOnly: true });
  assert.throws(() => observer.stdin, TypeError);
  await job.closeStdin();
  assert.equal((await observer.status).code, 0);
});

test("a job gets its input with its start", async () => {
  const job = await sandbox.jobs.exec("wc", { args: ["-c"], stdin: "12345" });
  await job.wait();
  assert.deepEqual(await collected(job.logs()), [["stdout", "5\n"]]);
  await assert.rejects(sandbox.jobs.exec("cat", { stdin: new Uint8Array(65_537) }), {
    code: "invalid-option",
  });
});

test("a job that runs too long is killed", async () => {
  const job = await sandbox.jobs.exec("sleep", { args: ["1000"], timeoutMs: 500 });
  assert.equal((await job.wait()).timedOut, true);
});

test("a job that cannot be started is ExecFailedError", async () => {
  await assert.rejects(sandbox.jobs.exec("no-such-program"), {
    name: "ExecFailedError",
    code: "exec-failed",
  });
});

test("list() finds running jobs, and all of them when asked", async () => {
  const job = await sandbox.jobs.exec("sleep", { args: ["1000"] });
  const running: string[] = [];
  for await (const { id } of sandbox.jobs.list()) running.push(id);
  assert.deepEqual(running, [job.id]);
  const all: Job[] = [];
  for await (const found of sandbox.jobs.list({ all: true })) all.push(found);
  assert.ok(all.length > 1);
  assert.ok(all.every((found) => found instanceof Job));
  await job.kill("SIGKILL");
  await job.wait();
});

test("get() of no job is an error", async () => {
  await assert.rejects(sandbox.jobs.get("job_00000000000000000000000000000000"), {
    code: "job-not-found",
  });
  await assert.rejects(sandbox.jobs.get("nonsense"), { code: "invalid-option" });
});

test("the jobs of a stopped sandbox are still known", async () => {
  const lost = await sandbox.jobs.exec("sleep", { args: ["1000"] });
  const done = await sandbox.jobs.exec("echo", { args: ["kept"] });
  await done.wait();
  await sandbox.stop();
  const { jobs } = await Sandbox.get(name);
  assert.deepEqual(await collected((await jobs.get(done.id)).logs()), [["stdout", "kept\n"]]);
  const found = await jobs.get(lost.id);
  assert.ok(["lost", "exited"].includes(found.state), found.state);
});
