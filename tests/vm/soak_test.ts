// Many commands and many sandboxes, one after another: what this program holds
// stays the same. With MICROSANDBOX_TEST_FULL=1 it does so for hours.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { Sandbox } from "../../mod.ts";
import { connect } from "../../src/host/connection.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const isFull = process.env["MICROSANDBOX_TEST_FULL"] === "1";
const MiB = 1024 * 1024;
/** More than bun's limit for the tests of a noun: the full quantities take hours. */
const timeout = 8 * 3_600_000;

/** What this program holds. */
interface Held {
  memoryMiB: number;
  descriptors: number;
  handles: number;
}

async function held(): Promise<Held> {
  // Deno lets only programs with all permissions read /proc.
  const list = execFileSync("ls", [`/proc/${process.pid}/fd`], { encoding: "utf8" });
  return {
    memoryMiB: Math.round(process.memoryUsage().rss / MiB),
    descriptors: list.trim().split("\n").length,
    handles: (await (await connect()).call("echo.statistics", {})).result.handles,
  };
}

/**
 * Does something so many times, after so many that fill what is filled once,
 * and checks that nothing more is held afterwards.
 */
async function repeat(
  what: string,
  { first, times }: { first: number; times: number },
  work: (number: number) => Promise<void>,
): Promise<void> {
  for (let number = 0; number < first; number++) await work(number);
  const before = await held();
  const started = performance.now();
  for (let number = 0; number < times; number++) await work(number);
  const seconds = (performance.now() - started) / 1000;
  const after = await held();
  console.log(
    `${times} ${what} in ${seconds.toFixed(1)} s, ${(times / seconds).toFixed(2)} a second; ` +
      `held before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`,
  );
  assert.equal(after.handles, before.handles);
  // The library's connections to its database come and go, but not one each time.
  const spare = Math.min(times - 1, 8);
  assert.ok(after.descriptors <= before.descriptors + spare, JSON.stringify([before, after]));
  assert.ok(after.memoryMiB <= before.memoryMiB + 32, JSON.stringify([before, after]));
}

test("commands leave nothing in this program", { timeout }, async () => {
  await using sandbox = await Sandbox.create({ image, memoryMiB: 256 });
  const times = isFull ? 10_000 : 40;
  await repeat("commands", { first: 10, times }, async (number) => {
    if (number % 2 === 0) {
      assert.equal((await sandbox.exec("echo", { args: [`${number}`] })).text(), `${number}\n`);
    } else {
      await using command = await sandbox.shellStream("echo $1; cat", {
        args: [`${number}`],
        stdin: "input",
      });
      assert.equal(await new Response(command.stdout).text(), `${number}\ninput`);
    }
  });
});

test("sandboxes leave nothing in this program", { timeout }, async () => {
  const times = isFull ? 200 : 3;
  await repeat("creates and stops", { first: 1, times }, async () => {
    const sandbox = await Sandbox.create({ image, memoryMiB: 128 });
    await sandbox.exec("true");
    await sandbox.stop();
    await assert.rejects(Sandbox.get(sandbox.name), { code: "sandbox-not-found" });
  });
});
