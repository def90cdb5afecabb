// The boundary of the official npm package, on Deno and on Bun. It has no echo.
// Its cheapest call that goes to another thread and back is the next item of a
// stream that has ended, here of a pull that could not begin.

import { dirname } from "node:path";
import process from "node:process";
import { latency, rate, report } from "../report.ts";

const { default: native } = await import(
  `${dirname(process.env["MICROSANDBOX_BENCH_NPM"]!)}/../native/index.cjs`
);
const creation = await new native.SandboxBuilder("none").image("localhost:1/none:none")
  .createWithPullProgress();
await creation.awaitSandbox().catch(() => {});
const { progress } = creation;
while (await progress.recv() !== null);

const call = () => progress.recv();
await rate(call, 64, 500);
await latency("call through a thread", call, 1500);
for (const inFlight of [1, 64, 1024]) {
  report(
    `calls through a thread, ${inFlight} in flight`,
    await rate(call, inFlight, 1500),
    "calls/s",
  );
}
// Its threads keep the program.
process.exit(0);
