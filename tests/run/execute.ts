// Runs one suite, shows what it prints, and says how it went.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { readCargo, readCounts, readJunit, type Report } from "./report.ts";
import { reportFile, root, type Suite } from "./suite.ts";

/** Where a suite's output goes. */
export interface Output {
  write(chunk: string, to: NodeJS.WriteStream): void;
  end(): void;
}

/** A secret has to be there before the runtime starts. */
const secret = { MICROSANDBOX_TEST_SECRET: `environment-${crypto.randomUUID()}` };

/** Runs a suite to its end. */
export async function execute(suite: Suite, output: Output): Promise<Report> {
  const file = join(root, reportFile(suite.name));
  if (suite.reporting === "junit") {
    mkdirSync(dirname(file), { recursive: true });
    // A report of an earlier run says nothing of this one.
    rmSync(file, { force: true });
  }
  const [program, ...args] = suite.command;
  const child = spawn(program!, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...secret, ...suite.env, NO_COLOR: "1" },
  });
  let said = "";
  const streams = [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const;
  for (const [from, to] of streams) {
    from.setEncoding("utf8");
    from.on("data", (chunk: string) => {
      said += chunk;
      output.write(chunk, to);
    });
  }
  const [code] = await once(child, "close");
  output.end();
  return judge(suite, code, said, readReport(suite, said, file));
}

/** What the runner reported; nothing when it broke before it did. */
function readReport({ reporting }: Suite, said: string, file: string): Report | undefined {
  switch (reporting) {
    case "junit":
      try {
        return readJunit(readFileSync(file, "utf8"));
      } catch {
        return undefined;
      }
    case "cargo":
      return readCargo(said);
    case "counts":
      return readCounts(said);
    case "exit-code":
      return undefined;
  }
}

/** Holds the report against the exit code. */
export function judge(
  { reporting }: Pick<Suite, "reporting">,
  code: number | null,
  said: string,
  report: Report = { passed: 0, skipped: 0, failures: [] },
): Report {
  // Checks are one test.
  if (reporting === "exit-code" && code === 0) return { ...report, passed: 1 };
  if (report.failures.length > 0) return report;
  if (code === 0 && report.passed + report.skipped > 0) return report;
  const problem = code === 0 ? "ran no test" : `ended with ${code ?? "a signal"}`;
  const lastWords = said.trimEnd().split("\n").slice(-15).join("\n    ");
  const failure = { name: "the suite itself", reason: `${problem}:\n    ${lastWords}` };
  return { ...report, failures: [failure] };
}
