// Runs the test suites one after another and closes with one line of counts.
//
//   deno run --allow-all tests/run.ts [--full] [SUITE...]
//
// tools/test.sh installs and builds what this needs, and then calls it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import process from "node:process";

interface Suite {
  name: string;
  command: string[];
}

const root = dirname(import.meta.dirname!);
const library = process.env["MICROSANDBOX_LIB"] ?? "";
/** For tests that start programs of their own and look at what they leave. */
const spawning = "--allow-run --allow-read --allow-write=/tmp --allow-net=127.0.0.1";
const vmVariables = ["MICROSANDBOX_TEST_IMAGE", "MICROSANDBOX_TEST_FULL"];

/** Runs test files on Deno, with the library and what else they name. */
function denoTest(files: string, variables: string[] | "all", more = ""): string {
  const env = variables === "all" ? "" : `=${["MICROSANDBOX_LIB", ...variables]}`;
  return `deno test --quiet --no-prompt --no-check --allow-ffi=${library} ` +
    `--allow-env${env} ${more} ${files}`;
}

const vmTests = [
  denoTest(
    ["sandbox", "command", "job"].map((noun) => `tests/vm/${noun}_test.ts`).join(" "),
    vmVariables,
  ),
  denoTest(
    "tests/vm/programs_test.ts tests/vm/terminal_test.ts tests/vm/docs_test.ts",
    "all",
    spawning,
  ),
  `bun test --timeout 600000 ./tests/vm/`,
];

const suites: Suite[] = [
  {
    name: "types",
    command: ["deno", "check", "mod.ts", "tests", "examples"],
  },
  { name: "style", command: ["deno", "lint", "--quiet", "mod.ts", "src", "ffi"] },
  {
    name: "rust",
    command: shell("cargo test --manifest-path capi/Cargo.toml --release --locked"),
  },
  { name: "c", command: ["tests/c/run.sh", library] },
  { name: "deno", command: shell(denoTest("tests/unit/", [])) },
  { name: "bun", command: shell("bun test --timeout 60000 ./tests/unit/ ./tests/programs/") },
  {
    name: "deno-programs",
    command: shell(denoTest("tests/programs/", "all", spawning)),
  },
  {
    name: "vm",
    command: [
      "tests/host/run.sh",
      ...shell(`status=0; ${vmTests.map((it) => `${it} || status=1`).join("; ")}; exit $status`),
    ],
  },
];

function shell(script: string): string[] {
  return ["bash", "-c", script];
}

/** What each runner prints when it has finished. */
const summaries = [
  /test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed/,
  /^(?:ok|FAILED) \| (?<passed>\d+) passed.* \| (?<failed>\d+) failed/,
  /^ ?(?<passed>\d+) pass$/,
  /^ ?(?<failed>\d+) fail$/,
  /^(?<passed>\d+) passed, (?<failed>\d+) failed$/,
];

const wanted = process.argv.slice(2).filter((argument) => argument !== "--full");
const unknown = wanted.filter((name) => !suites.some((it) => it.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no suite ${unknown}: choose among ${suites.map((it) => it.name)}`,
  );
  process.exit(2);
}
if (process.argv.includes("--full")) process.env["MICROSANDBOX_TEST_FULL"] = "1";

let passed = 0;
let failed = 0;
for (const suite of suites) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
  console.log(`\n=== ${suite.name}`);
  const started = performance.now();
  const counts = await run(suite);
  passed += counts.passed;
  failed += counts.failed;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `=== ${suite.name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`,
  );
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** Runs a suite, shows what it prints, and counts what it says it ran. */
async function run(suite: Suite): Promise<{ passed: number; failed: number }> {
  const [program, ...args] = suite.command;
  const child = spawn(program!, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const counts = { passed: 0, failed: 0 };
  let said = false;
  for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const) {
    let rest = "";
    from.setEncoding("utf8");
    from.on("data", (chunk: string) => {
      to.write(chunk);
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        for (const summary of summaries) {
          const groups = summary.exec(line)?.groups;
          if (groups === undefined) continue;
          counts.passed += Number(groups["passed"] ?? 0);
          counts.failed += Number(groups["failed"] ?? 0);
          said = true;
        }
      }
    });
  }
  const [code] = await once(child, "close");
  // A suite without counts is one test: checks, and runners that broke.
  if (code === 0 && !said) counts.passed++;
  if (code !== 0 && counts.failed === 0) counts.failed++;
  return counts;
}
