// The command line where something is odd: a library that is missing, paths that
// a shell takes apart, a runtime that is none of the two.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, test } from "node:test";
import { libraryPath } from "../../ffi/library/library.ts";
import { command, type Ended, start } from "../support.ts";

const cli = `${import.meta.dirname}/../../cli.ts`;
const home = mkdtempSync("/tmp/microsandbox-test-");
after(() => rmSync(home, { recursive: true, force: true }));

function run(args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  return start(
    [...command(cli, ["--allow-all", "--no-check"]), ...args],
    { MSB_HOME: home, ...environment },
  ).ended;
}

test("where and doctor report a library that is missing", async () => {
  const missing = { MICROSANDBOX_LIB: `${home}/none.so` };
  const where = await run(["where", "--json"], missing);
  assert.equal(where.code, 0, where.stderr);
  const found = JSON.parse(where.stdout);
  assert.equal(found.isInstalled, false);
  assert.match(found.problem, /Cannot load the microsandbox library/);
  assert.match((await run(["where"], missing)).stdout, /Cannot load the microsandbox library/);
  const doctor = await run(["doctor", "--json"], missing);
  assert.equal(doctor.code, 1, doctor.stderr);
  const { library, problems } = JSON.parse(doctor.stdout);
  assert.equal(library, missing.MICROSANDBOX_LIB);
  assert.match(problems[0].headline, /Cannot load the microsandbox library/);
});

test("help and the version are results", async () => {
  for (const args of [["--help"], ["install", "--help"], ["where", "-h"]]) {
    const ended = await run(args);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /^Usage: cli COMMAND/);
  }
  assert.match((await run(["--version"])).stdout, /^\d+\.\d+\.\d+/);
});

test("where prints commands of the runtime that it runs on", async () => {
  const { stdout } = await run(["where"]);
  assert.equal(stdout.includes("deno run"), "Deno" in globalThis, stdout);
});

test("the flags that where prints work when they are pasted", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun has no permissions");
  writeFileSync(
    `${home}/main.ts`,
    `import { Sandbox } from "${import.meta.dirname}/../../mod.ts";
await Sandbox.create({ image: "any", cpus: -1 }).catch((error) => console.log(error.code));
`,
  );
  for (const name of ["with space", "last, first", "quote'd", "dollar$HOME"]) {
    const place = `${home}/${name}`;
    mkdirSync(place);
    const MICROSANDBOX_LIB = `${place}/libmicrosandbox.so`;
    copyFileSync(libraryPath(), MICROSANDBOX_LIB);
    const { stdout } = await run(["where"], { MICROSANDBOX_LIB });
    const line = stdout.split("\n").find((it) => it.includes("main.ts"))!.trim();
    const pasted = line.replace("deno run", "env deno run --no-prompt --no-check");
    const options = { cwd: home, encoding: "utf8" } as const;
    const env = { ...process.env, MICROSANDBOX_LIB };
    assert.equal(
      execFileSync("sh", ["-c", pasted], { ...options, env }),
      "option-out-of-range\n",
      line,
    );
    rmSync(place, { recursive: true });
  }
});

test("another runtime is told which ones there are", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun cannot pass for another runtime");
  writeFileSync(
    `${home}/node.ts`,
    `const { loadLibrary } = await import("${import.meta.dirname}/../../ffi/library/library.ts");
delete (globalThis as { Deno?: unknown }).Deno;
await loadLibrary("/any").catch((error: Error) => console.log(String(error)));
`,
  );
  const { stdout, stderr } = await start([
    "env",
    "deno",
    "run",
    "-A",
    "--no-check",
    `${home}/node.ts`,
  ])
    .ended;
  assert.match(stdout, /LibraryError: .*runs on Deno and on Bun/, stderr);
});
