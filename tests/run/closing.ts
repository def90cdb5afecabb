// The closing part of a run: what failed, what is flaky, and the counts.

import type { Totals } from "./lanes.ts";

/** The closing part, whose last line has the counts. */
export function closing({ passed, failures, flaky }: Totals): string {
  const parts = failures.map(({ suite, failed }) =>
    [`failed in ${suite}:`, ...failed.map(({ name, reason }) => `${name}: ${reason}`)].join("\n  ")
  );
  if (flaky.length > 0) parts.push(`${flaky.length} flaky: ${flaky.join(", ")}`);
  parts.push(`${passed} passed, ${failedCount(failures)} failed`);
  return parts.join("\n\n");
}

/** The exit code of a run: 0 when something ran and nothing failed. */
export function exitCode({ passed, failures }: Totals): number {
  return passed > 0 && failures.length === 0 ? 0 : 1;
}

function failedCount(failures: Totals["failures"]): number {
  return failures.reduce((sum, { failed }) => sum + failed.length, 0);
}
