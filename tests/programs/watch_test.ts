// Programs that are run again in the same process, by `deno run --watch` and by
// `bun --hot`: each round leaves nothing of the one before.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { start, until } from "../support.ts";

const rounds = 12;
const folder = mkdtempSync("/tmp/microsandbox-test-");
after(() => rmSync(folder, { recursive: true, force: true }));

/** How many threads and descriptors a process has. Deno itself may not look. */
function held(pid: number): { threads: number; descriptors: number } {
  const count = (kind: string) =>
    Number(execFileSync("sh", ["-c", `ls /proc/${pid}/${kind} | wc -l`], { encoding: "utf8" }));
  return { threads: count("task"), descriptors: count("fd") };
}

test("a program that is watched leaves nothing of the rounds before", async () => {
  // Never answers, so that each round has a call in flight until its client is closed.
  const connections = new Set<Socket>();
  const registry = createServer((socket) => {
    connections.add(socket);
    socket.on("error", () => {}).on("close", () => connections.delete(socket)).resume();
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const { port } = registry.address() as AddressInfo;
  const module = pathToFileURL(`${import.meta.dirname}/../../mod.ts`);
  const write = (round: number) =>
    writeFileSync(
      `${folder}/main.ts`,
      `import { Image } from "${module}";
Image.pull("127.0.0.1:${port}/never:1", { registryInsecure: true }).catch(() => {});
await Image.list();
console.log("round ${round}.");
setInterval(() => {}, 1_000);
`,
    );
  mkdirSync(`${folder}/home`);
  write(0);
  const program = start(
    "Bun" in globalThis
      ? ["bun", "--hot", `${folder}/main.ts`]
      : ["deno", "run", "--allow-all", "--no-check", "--watch", `${folder}/main.ts`],
    { MSB_HOME: `${folder}/home` },
  );
  try {
    await program.printed("round 0.");
    const first = held(program.pid);
    for (let round = 1; round <= rounds; round++) {
      await until(
        "the call of this round is in flight, and no earlier one",
        () => connections.size === 1,
      );
      write(round);
      await program.printed(`round ${round}.`);
    }
    const last = held(program.pid);
    const growth = `from ${JSON.stringify(first)} to ${JSON.stringify(last)}`;
    assert.ok(last.threads - first.threads < rounds / 2, growth);
    assert.ok(last.descriptors - first.descriptors < rounds / 2, growth);
  } finally {
    program.kill("SIGKILL");
    await program.ended;
    registry.close();
    for (const socket of connections) socket.destroy();
  }
});
