// Runs the test suites and closes with one line of counts.
//
//   deno run --allow-all tests/run.ts [--full] [SUITE...]
//
// tools/test.sh installs and builds what this needs, and then calls it.

import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { closing, exitCode } from "./run/closing.ts";
import { runInLanes, type Totals } from "./run/lanes.ts";
import { isFull, root, type Suite } from "./run/suite.ts";
import { suites } from "./run/suites.ts";

/** Names of suites, or of groups of them: `vm` stands for all that begin with `vm-`. */
const wanted = process.argv.slice(2).filter((argument) => argument !== "--full");
const isMeant = (suite: Suite, name: string) =>
  suite.name === name || suite.name.startsWith(`${name}-`);
const unknown = wanted.filter((name) => !suites.some((suite) => isMeant(suite, name)));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown}: choose among ${suites.map((it) => it.name)}`);
  process.exit(2);
}
if (isFull) process.env["MICROSANDBOX_TEST_FULL"] = "1";
// Seconds for the tests of one noun: the longest take three minutes, and what
// hangs must not take the whole run with it.
process.env["MICROSANDBOX_TEST_HOST_TIMEOUT"] ||= isFull ? "14400" : "480";

const meant = suites.filter((suite) =>
  wanted.length === 0 || wanted.some((name) => isMeant(suite, name))
);
const inVms = meant.filter(({ vm }) => vm);
const totals: Totals = { passed: 0, failures: [], flaky: [] };
const [isEmulated] = await Promise.all([
  inVms.length > 0 && isHostEmulated(),
  runInLanes(meant.filter(({ vm }) => !vm), totals, { lanes: 2, retries: false }),
]);
// A suite that is asked for by name runs in any case.
const left = isEmulated && wanted.length === 0 ? inVms.filter(({ vm }) => !vm!.runsEmulated) : [];
// One emulated machine keeps one processor busy, and is not as reliable as a real one. On this
// machine itself suites would disturb each other.
await runInLanes(
  inVms.filter((suite) => !left.includes(suite)),
  totals,
  isEmulated ? { lanes: 2, retries: true } : { lanes: 1, retries: false },
);
if (left.length > 0) {
  console.log(
    `\nnot run, as in the emulated host each noun runs on one runtime without --full: ${
      left.map(({ name }) => name).join(" ")
    }`,
  );
}
console.log(`\n${closing(totals)}`);
process.exit(exitCode(totals));

/** Lets tests/host try once, for all suites, whether microVMs boot here. */
async function isHostEmulated(): Promise<boolean> {
  if (!process.env["MICROSANDBOX_TEST_HOST"]) {
    const choose = promisify(execFile)("tests/host/run.sh", ["--choose"], { cwd: root });
    const { stdout, stderr } = await choose;
    process.stderr.write(stderr);
    process.env["MICROSANDBOX_TEST_HOST"] = stdout.trim();
  }
  return process.env["MICROSANDBOX_TEST_HOST"] === "emulated";
}
