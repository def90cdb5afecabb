// What runs the suites reads their reports right, and says what is flaky.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { after, test } from "node:test";
import { closing, exitCode } from "../run/closing.ts";
import { judge } from "../run/execute.ts";
import { runInLanes, type Totals } from "../run/lanes.ts";
import { readCargo, readCounts, readJunit } from "../run/report.ts";
import { bash, type Suite } from "../run/suite.ts";

const folder = mkdtempSync("/tmp/microsandbox-run-");
after(() => rmSync(folder, { recursive: true }));

test("a report of Deno names what failed", () => {
  const report = readJunit(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.024">
    <testsuite name="./a_test.ts" tests="4" disabled="1" errors="0" failures="1">
        <testcase name="passes" classname="./a_test.ts" time="0.001" line="3" col="1">
        </testcase>
        <testcase name="fails &lt;b&gt; &quot;q&quot;" classname="./a_test.ts" time="0.002">
            <failure message="Uncaught AssertionError: 1 &amp; 2:

1 !== 2
">AssertionError: &lt;/testcase&gt;
    at file:///a_test.ts:4:40</failure>
        </testcase>
        <testcase name="left out" classname="./a_test.ts" time="0.000" line="6" col="1">
            <skipped/>
        </testcase>
        <testcase name="passes &gt; in a step" classname="./a_test.ts" time="0.000">
        </testcase>
    </testsuite>
</testsuites>`);
  assert.deepEqual(report, {
    passed: 2,
    skipped: 1,
    failures: [{ name: 'fails <b> "q"', reason: "Uncaught AssertionError: 1 & 2:" }],
  });
});

test("a report of Bun names what failed", () => {
  const report = readJunit(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3" assertions="0" failures="1" skipped="1" time="0.14">
  <testsuite name="a_test.ts" file="a_test.ts" tests="3" failures="1" skipped="1" hostname="vm">
    <testcase name="passes" classname="" time="0.001234" file="a_test.ts" line="3" assertions="0" />
    <testcase name="is late" classname="" time="0.00544" file="a_test.ts" line="9">
      <failure type="TypeError" message="late &amp; bad&#10;second line">at a_test.ts:9:85</failure>
    </testcase>
    <testcase name="todo" classname="" time="0" file="a_test.ts" line="7" assertions="0">
      <skipped message="TODO" />
    </testcase>
  </testsuite>
</testsuites>`);
  const failures = [{ name: "is late", reason: "late & bad" }];
  assert.deepEqual(report, { passed: 1, skipped: 1, failures });
});

test("what Cargo and programs print is counted", () => {
  assert.deepEqual(
    readCargo(`running 2 tests
test frame::tests::is_whole ... ok
test frame::tests::is_cut ... FAILED

---- frame::tests::is_cut stdout ----

thread 'frame::tests::is_cut' (77) panicked at src/frame.rs:9:5:
a frame that is cut
note: run with RUST_BACKTRACE=1

test result: FAILED. 1 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.00s
`),
    {
      passed: 1,
      skipped: 3,
      failures: [{ name: "frame::tests::is_cut", reason: "a frame that is cut" }],
    },
  );
  const counted = readCounts("3 passed, 0 failed\nnot 4 passed, 0 failed\n2 passed, 0 failed\n");
  assert.deepEqual(counted, { passed: 5, skipped: 0, failures: [] });
});

test("a suite that broke, or ran nothing, has failed whatever it reported", () => {
  const passed = { passed: 3, skipped: 0, failures: [] };
  const names = (...args: Parameters<typeof judge>) =>
    judge(...args).failures.map(({ reason }) => reason);
  assert.deepEqual(names({ reporting: "junit" }, 0, "", passed), []);
  assert.deepEqual(names({ reporting: "junit" }, 1, "it\nbroke\n", passed), [
    "ended with 1:\n    it\n    broke",
  ]);
  assert.deepEqual(names({ reporting: "junit" }, null, "", passed), ["ended with a signal:\n    "]);
  assert.deepEqual(names({ reporting: "junit" }, 0, "none"), ["ran no test:\n    none"]);
  assert.deepEqual(names({ reporting: "junit" }, 0, "", { ...passed, passed: 0, skipped: 1 }), []);
  assert.deepEqual(judge({ reporting: "exit-code" }, 0, "").passed, 1);
  assert.deepEqual(names({ reporting: "exit-code" }, 2, "no"), ["ended with 2:\n    no"]);
});

/** A suite whose first run fails. */
function unsteady(name: string): Suite {
  const script = `[ -e ${folder}/${name} ] && echo "2 passed, 0 failed" && exit
    touch ${folder}/${name}; exit 1`;
  return { name, command: bash(script), reporting: "counts" };
}

async function ran(retries: boolean, ...suites: Suite[]): Promise<Totals> {
  const totals: Totals = { passed: 0, failures: [], flaky: [] };
  await runInLanes(suites, totals, { lanes: 2, retries });
  return totals;
}

test("what passes only at the second try is counted, and named as flaky", async () => {
  const steady: Suite = {
    name: "steady",
    command: bash("echo 1 passed, 0 failed"),
    reporting: "counts",
  };
  const totals = await ran(true, unsteady("first"), steady);
  assert.equal(exitCode(totals), 0);
  assert.equal(closing(totals), "1 flaky: first: the suite itself\n\n3 passed, 0 failed");
});

test("without a second try it has failed", async () => {
  const totals = await ran(false, unsteady("second"));
  assert.equal(exitCode(totals), 1);
  const [reason, counts] = closing(totals).split("\n\n");
  assert.match(reason!, /^failed in second:\n {2}the suite itself: ended with 1/);
  assert.equal(counts, "0 passed, 1 failed");
});

test("a run in which nothing ran has failed", async () => {
  assert.equal(exitCode(await ran(false)), 1);
});
