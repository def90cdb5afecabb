// Runs the test suites one after another and closes with one line of counts.
//
//   deno run --allow-all tests/run.ts [--full] [SUITE...]
//
// tools/test.sh installs and builds what this needs, and then calls it.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import process from "node:process";

interface Suite {
  name: string;
  command: string[];
}

const root = dirname(import.meta.dirname!);
const library = process.env["MICROSANDBOX_LIB"] ?? "";

/** What tests may do under Deno besides using the library. */
interface Grant {
  /** Environment variables to read. */
  variables: string[] | "all";
  /** Other flags. */
  flags?: string;
}

const microVms: Grant = { variables: ["MICROSANDBOX_TEST_IMAGE", "MICROSANDBOX_TEST_FULL"] };
/** For tests that start programs of their own and look at what they leave. */
const programs: Grant = {
  variables: "all",
  flags: "--allow-run --allow-read --allow-write=/tmp --allow-net=127.0.0.1",
};

/**
 * For tests that look at what the library does with files of this machine.
 * Deno lets nobody make symbolic links who may not write everywhere.
 */
const hostFiles: Grant = { variables: "all", flags: "--allow-read --allow-write" };
/** A home for what tests create without a microVM, which goes away again. */
const ownHome = 'export MSB_HOME=$(mktemp -d); trap "rm -rf $MSB_HOME" EXIT; ';
/** For tests with servers of their own on this machine. */
const servers: Grant = {
  variables: "all",
  flags: "--allow-run=busybox,openssl,ldd,which --allow-read --allow-write=/tmp --allow-net",
};
/** What options name is refused for its permission before anything else. */
const hostAccess: Grant = {
  variables: [],
  flags: "--allow-net=127.0.0.1 --allow-read=/run/socket,/x --allow-write=/run/socket",
};
/** A secret has to be there before the runtime starts. */
const environment = { MICROSANDBOX_TEST_SECRET: `environment-${crypto.randomUUID()}` };

/** Runs test files on Deno, with the library and what else they name. */
function denoTest(files: string, { variables, flags = "" }: Grant): string {
  const env = variables === "all" ? "" : `=${["MICROSANDBOX_LIB", ...variables]}`;
  return `deno test --quiet --no-prompt --no-check --allow-ffi=${library} ` +
    `--allow-env${env} ${flags} ${files}`;
}

/** The nouns that have tests in microVMs. */
const vmNouns: Record<string, Grant> = {
  sandbox: microVms,
  lifecycle: microVms,
  metrics: microVms,
  log: {
    variables: ["MICROSANDBOX_TEST_IMAGE", "MSB_HOME"],
    flags: "--allow-read=$MSB_HOME --allow-write=$MSB_HOME",
  },
  snapshot: {
    variables: ["MICROSANDBOX_TEST_IMAGE"],
    flags: "--allow-read=/tmp,$MSB_HOME --allow-write=/tmp",
  },
  command: microVms,
  network: servers,
  network_options: servers,
  options: servers,
  secret: servers,
  job: microVms,
  fs: hostFiles,
  volume: hostFiles,
  programs,
  terminal: programs,
  // Root file systems need a disk that keeps attributes.
  image: { ...programs, flags: `${programs.flags} --allow-write=$MSB_HOME` },
  patch: { ...programs, flags: `${programs.flags} --allow-write=$MSB_HOME` },
  docs: programs,
  official: programs,
  package: programs,
};

/**
 * The tests in microVMs, each noun on each runtime by itself: where the machine
 * is emulated it may die, and then only so much has to run again.
 */
const vmSuites: Suite[] = Object.entries(vmNouns).flatMap(([noun, grant]) => {
  const file = `tests/vm/${noun}_test.ts`;
  return Object.entries({
    deno: denoTest(file, grant),
    bun: `bun test --timeout 600000 ./${file}`,
  }).map(([runtime, command]) => ({
    name: `vm-${noun}-${runtime}`,
    command: ["tests/host/run.sh", ...shell(command)],
  }));
});

const suites: Suite[] = [
  { name: "check", command: ["tools/check.sh"] },
  {
    name: "rust",
    command: shell("cargo test --manifest-path capi/Cargo.toml --release --locked"),
  },
  { name: "c", command: ["tests/c/run.sh", library] },
  { name: "deno", command: shell(denoTest("tests/unit/", hostAccess)) },
  {
    name: "bun",
    command: shell(`${ownHome}bun test --timeout 60000 ./tests/unit/ ./tests/programs/`),
  },
  {
    name: "deno-programs",
    command: shell(ownHome + denoTest("tests/programs/", programs)),
  },
  {
    // It runs programs of both runtimes itself.
    name: "package",
    command: shell(denoTest("tests/package/", programs)),
  },
  ...vmSuites,
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

/** Names of suites, or of groups of them: `vm` stands for all that begin with `vm-`. */
const wanted = process.argv.slice(2).filter((argument) => argument !== "--full");
const isMeant = (suite: Suite, name: string) =>
  suite.name === name || suite.name.startsWith(`${name}-`);
const unknown = wanted.filter((name) => !suites.some((suite) => isMeant(suite, name)));
if (unknown.length > 0) {
  console.error(
    `There is no suite ${unknown}: choose among ${suites.map((it) => it.name)}`,
  );
  process.exit(2);
}
const isFull = process.argv.includes("--full");
if (isFull) process.env["MICROSANDBOX_TEST_FULL"] = "1";
// Seconds for the tests of one noun: the longest take four minutes, and what
// hangs must not take the whole run with it.
process.env["MICROSANDBOX_TEST_HOST_TIMEOUT"] ||= isFull ? "14400" : "600";

let passed = 0;
let failed = 0;
for (const suite of suites) {
  if (wanted.length > 0 && !wanted.some((name) => isMeant(suite, name))) continue;
  console.log(`\n=== ${suite.name}`);
  const started = performance.now();
  if (vmSuites.includes(suite)) chooseHost();
  let counts = await run(suite);
  // The emulated processor is not as reliable as a real one, so there a second
  // run decides; on a real machine the first one does.
  if (counts.failed > 0 && process.env["MICROSANDBOX_TEST_HOST"] === "emulated" && vmSuites.includes(suite)) {
    console.log(`=== ${suite.name}: ${counts.failed} failed in the emulated host, so this runs again`);
    counts = await run(suite);
  }
  passed += counts.passed;
  failed += counts.failed;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `=== ${suite.name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`,
  );
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** Lets tests/host try once whether microVMs boot here, for all suites. */
function chooseHost(): void {
  process.env["MICROSANDBOX_TEST_HOST"] ||= execFileSync(
    "tests/host/run.sh",
    ["--choose"],
    { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  ).trim();
}

/** How a suite went. */
interface Counts {
  passed: number;
  failed: number;
}

/** Runs a suite, shows what it prints, and counts what it says it ran. */
async function run(suite: Suite): Promise<Counts> {
  const [program, ...args] = suite.command;
  const child = spawn(program!, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment, NO_COLOR: "1" },
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
