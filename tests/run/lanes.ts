// Runs suites one after another in lanes side by side, and adds up how they went.

import process from "node:process";
import { execute, type Output } from "./execute.ts";
import type { Failure, Report } from "./report.ts";
import type { Suite } from "./suite.ts";

/** How all suites went. */
export interface Totals {
  passed: number;
  /** What failed, by its suite. */
  failures: { suite: string; failed: Failure[] }[];
  /** What passed only at the second try. */
  flaky: string[];
}

/** How to run suites. */
export interface LaneOptions {
  /** How many run side by side. */
  lanes: number;
  /** Whether a suite that failed runs once more, and that run decides. */
  retries: boolean;
}

/** Runs suites in their order and adds what comes of them to the totals. */
export async function runInLanes(
  suites: Suite[],
  totals: Totals,
  { lanes, retries }: LaneOptions,
): Promise<void> {
  const waiting = [...suites];
  const show = lanes > 1 ? showAtTheEnd : showAtOnce;
  const lane = async () => {
    for (let suite = waiting.shift(); suite; suite = waiting.shift()) {
      await runSuite(suite, totals, show, retries);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function runSuite(
  suite: Suite,
  totals: Totals,
  show: () => Output,
  retries: boolean,
): Promise<void> {
  const { name } = suite;
  console.log(`\n=== ${name}`);
  const started = performance.now();
  let report = await execute(suite, show());
  if (report.failures.length > 0 && retries) {
    console.log(`=== ${name}: ${report.failures.length} failed, so this runs again`);
    const first = report;
    report = await execute(suite, show());
    totals.flaky.push(...flakyTests(first, report).map((test) => `${name}: ${test}`));
  }
  const { passed, failures } = report;
  totals.passed += passed;
  if (failures.length > 0) totals.failures.push({ suite: name, failed: failures });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`=== ${name}: ${passed} passed, ${failures.length} failed, ${seconds} s`);
}

/** The tests that failed at first and then no more. */
export function flakyTests(first: Report, second: Report): string[] {
  const still = new Set(second.failures.map(({ name }) => name));
  return first.failures.map(({ name }) => name).filter((name) => !still.has(name));
}

function showAtOnce(): Output {
  return { write: (chunk, to) => void to.write(chunk), end() {} };
}

/** For suites side by side, whose lines would be mixed otherwise. */
function showAtTheEnd(): Output {
  let text = "";
  return { write: (chunk) => void (text += chunk), end: () => void process.stdout.write(text) };
}
