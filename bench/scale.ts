// How many sandboxes one machine holds: the memory of each, and how long the next one takes to create.
//
//   tests/host/run.sh deno run --allow-all bench/scale.ts IMAGE [COUNT] [MEMORY_MIB]
//
// Memory is the proportional share (PSS) of the processes of each sandbox, in which pages that several of them share count
// once altogether.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import process from "node:process";
import { Sandbox } from "../mod.ts";

const MiB = 1024 * 1024;
const image = process.argv[2] ?? process.env["MICROSANDBOX_TEST_IMAGE"] ?? "";
const count = Number(process.argv[3] ?? 16);
const memoryMiB = Number(process.argv[4] ?? 128);

/** The memory of all processes that run sandboxes, in MiB. */
function share(): number {
  const processes = execFileSync("ps", ["-ww", "-eo", "pid=,args="], { encoding: "utf8" }).split(
    "\n",
  );
  let bytes = 0;
  for (const line of processes) {
    const [pid, program = ""] = line.trim().split(/\s+/);
    if (!program.endsWith("/msb")) continue;
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    bytes += Number(/^Pss: +(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  }
  return bytes / MiB;
}

console.log(
  `${cpus()[0]?.model}, ${cpus().length} processors, ${Math.round(totalmem() / MiB)} MiB; ` +
    `${image}, ${memoryMiB} MiB each`,
);
console.log("sandboxes  created in (s)  MiB in all  MiB each");
const sandboxes: Sandbox[] = [];
try {
  for (let index = 1; index <= count; index++) {
    const started = performance.now();
    sandboxes.push(await Sandbox.create({ image, memoryMiB }));
    const seconds = (performance.now() - started) / 1000;
    if (index & (index - 1) && index !== count) continue;
    const outputs = await Promise.all(
      sandboxes.map((sandbox) => sandbox.exec("echo", { args: ["here"] })),
    );
    if (outputs.some((output) => output.text() !== "here\n")) {
      throw new Error("A sandbox did not answer");
    }
    const all = share();
    const cells: [string, number][] = [[`${index}`, 9], [seconds.toFixed(1), 16], [
      all.toFixed(0),
      12,
    ]];
    console.log(
      cells.map(([text, width]) => text.padStart(width)).join("") +
        (all / index).toFixed(1).padStart(10),
    );
  }
} finally {
  await Promise.all(sandboxes.map((sandbox) => sandbox.kill()));
}
