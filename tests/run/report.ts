// Reads how the tests of a suite went out of what its runner reports.

/** A test that failed. */
export interface Failure {
  /** The test's name. */
  name: string;
  /** Why, in a line or a few. */
  reason: string;
}

/** How tests went. */
export interface Report {
  passed: number;
  skipped: number;
  failures: Failure[];
}

/** Reads a report in JUnit's format, as Deno and Bun write it. */
export function readJunit(xml: string): Report {
  const report: Report = { passed: 0, skipped: 0, failures: [] };
  for (const [, attributes, body = ""] of xml.matchAll(testcase)) {
    const failure = /<(?:failure|error)\b([^>]*)/.exec(body);
    if (failure) {
      const reason = attribute(failure[1]!, "message").split("\n")[0]!;
      report.failures.push({ name: attribute(attributes!, "name"), reason });
    } else if (body.includes("<skipped")) report.skipped++;
    else report.passed++;
  }
  return report;
}

/** A test with what it contains. Values of attributes have neither quotes nor `<` in them. */
const testcase = /<testcase\b((?:\s+[\w-]+="[^"]*")*)\s*(?:\/>|>(.*?)<\/testcase>)/gs;

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replaceAll(
    /&(#\d+|\w+);/g,
    (whole, entity: string) =>
      entity.startsWith("#")
        ? String.fromCodePoint(Number(entity.slice(1)))
        : characters[entity] ?? whole,
  );
}

const characters: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/** Reads what `cargo test` prints, which has no other report. */
export function readCargo(output: string): Report {
  const report = addCounts(
    output,
    /^test result: \w+\. (?<passed>\d+) passed; \d+ failed; (?<skipped>\d+) ignored/gm,
  );
  for (const [, name] of output.matchAll(/^test (.+?)(?: - should panic)? \.\.\. FAILED$/gm)) {
    const panic = output.indexOf(`thread '${name}'`);
    const reason = panic === -1 ? "" : output.slice(panic).split("\n")[1]!;
    report.failures.push({ name: name!, reason });
  }
  return report;
}

/** Reads lines such as `3 passed, 0 failed`. */
export function readCounts(output: string): Report {
  return addCounts(output, /^(?<passed>\d+) passed, \d+ failed$/gm);
}

/** Adds up what a pattern finds. */
function addCounts(output: string, pattern: RegExp): Report {
  const report: Report = { passed: 0, skipped: 0, failures: [] };
  for (const { groups } of output.matchAll(pattern)) {
    report.passed += Number(groups!["passed"]);
    report.skipped += Number(groups!["skipped"] ?? 0);
  }
  return report;
}
