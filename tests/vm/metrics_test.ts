// What sandboxes use.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox, type SandboxMetrics } from "../../mod.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-metrics`;
let sandbox: Sandbox;

before(async () => {
  sandbox = await Sandbox.create({ name, image, memoryMiB: 256 });
});
after(() => sandbox.destroy({ force: true }));

/** The first sample that is there. */
async function firstSample(): Promise<SandboxMetrics> {
  for await (const sample of sandbox.metricsStream({ intervalMs: 200 })) return sample;
  throw new Error("The stream was empty");
}

test("metrics() tells what the sandbox uses", async () => {
  const first = await firstSample();
  for (const metrics of [first, await (await Sandbox.get(name)).metrics()]) {
    assert.ok(metrics.memoryBytes > 1e6, String(metrics.memoryBytes));
    assert.equal(metrics.memoryLimitBytes, 256 * 1024 * 1024);
    assert.ok(metrics.cpuTimeMs > 0);
    assert.ok(metrics.uptimeMs > 0);
    assert.ok(metrics.cpuPercent >= 0);
    assert.ok(Math.abs(Date.now() - metrics.timestamp.getTime()) < 60_000);
  }
});

test("Sandbox.metrics() tells of every running sandbox", async () => {
  const all = await Sandbox.metrics();
  assert.equal(all.get(name)?.memoryLimitBytes, 256 * 1024 * 1024);
});

test("metricsStream() counts on", async () => {
  const samples: SandboxMetrics[] = [];
  const busy = sandbox.shell("head -c 20000000 /dev/zero | md5sum");
  for await (const sample of sandbox.metricsStream({ intervalMs: 1_000 })) {
    samples.push(sample);
    if (samples.length === 3) break;
  }
  await busy;
  assert.ok(samples[2]!.cpuTimeMs > samples[0]!.cpuTimeMs);
  assert.ok(samples[2]!.uptimeMs > samples[0]!.uptimeMs);
});

test("metricsStream() refuses an interval of nothing", async () => {
  await assert.rejects(sandbox.metricsStream({ intervalMs: 0 }).next(), {
    code: "option-out-of-range",
    path: "intervalMs",
  });
});

test("metricsStream() ends when the sandbox stops", async () => {
  const stream = sandbox.metricsStream({ intervalMs: 200 });
  await stream.next();
  const ended = (async () => {
    for await (const sample of stream) assert.ok(sample.uptimeMs > 0);
  })();
  await sandbox.stop();
  await ended;
  await assert.rejects(sandbox.metrics(), { code: "sandbox-not-running" });
});
