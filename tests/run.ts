// Runs the test suites and closes with one line of counts.
//
//   deno run --allow-all tests/run.ts [--full] [SUITE...]
//
// tools/test.sh installs and builds what this needs, and then calls it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

interface Suite {
  name: string;
  command: string[];
  env?: Record<string, string>;
  /** Whether it boots microVMs. */
  bootsMicroVms?: boolean;
}

const root = dirname(import.meta.dirname!);
const isFull = process.argv.includes("--full");
const library = process.env["MICROSANDBOX_LIB"] ?? "";

/** What tests may do under Deno besides using the library. */
interface Grant {
  /** Environment variables to read. */
  variables: string[] | "all";
  /** Other flags. */
  flags?: string;
  /** Processors that the emulated host needs, 1 by default. */
  cpus?: number;
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
  flags: "--allow-run=busybox,openssl,ldd,ps,which --allow-read --allow-write=/tmp --allow-net",
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
  return `deno test --no-prompt --no-check --allow-ffi=${library} ` +
    `--allow-env${env} ${flags} ${files}`;
}

/**
 * The nouns that have tests in microVMs. An emulated processor makes these slow,
 * so there a noun runs on one runtime, in turn, unless --full is given: what
 * differs between the runtimes is tested without microVMs on both, by the suites
 * before these, and by the nouns of `onBoth`. The longest come first, so that
 * lanes side by side end together. A noun's place decides its runtime: `package`
 * stands before `docs` because each then has the one on which it takes less.
 */
const vmNouns: Record<string, Grant> = {
  package: programs,
  docs: programs,
  fault: programs,
  command: microVms,
  // Root file systems need a disk that keeps attributes.
  image: { ...programs, flags: `${programs.flags} --allow-write=$MSB_HOME` },
  sandbox: microVms,
  official: programs,
  lifecycle: { ...microVms, flags: "--allow-net=127.0.0.1" },
  snapshot: {
    variables: ["MICROSANDBOX_TEST_IMAGE"],
    flags: "--allow-read=/tmp,$MSB_HOME --allow-write=/tmp --allow-net=127.0.0.1",
  },
  // Who starts a program gives it the whole environment.
  soak: { variables: "all", flags: "--allow-run=ls" },
  secret: servers,
  ssh: programs,
  network: servers,
  network_options: servers,
  programs,
  conformance: servers,
  terminal: programs,
  // It looks at how virtual CPUs are spread.
  machine: { ...servers, cpus: 2 },
  fs: hostFiles,
  options: servers,
  job: microVms,
  patch: { ...programs, flags: `${programs.flags} --allow-write=$MSB_HOME` },
  volume: hostFiles,
  log: {
    variables: ["MICROSANDBOX_TEST_IMAGE", "MSB_HOME"],
    flags: "--allow-read=$MSB_HOME --allow-write=$MSB_HOME",
  },
  metrics: microVms,
  agent: microVms,
};

/** What is about the runtime's own processes. */
const onBoth = ["programs"];

/**
 * The tests in microVMs, each noun on each runtime by itself: where the machine
 * is emulated it may die, and then only so much has to run again.
 */
const vmSuites: Suite[] = Object.entries(vmNouns).flatMap(([noun, grant]) => {
  const file = `tests/vm/${noun}_test.ts`;
  return Object.entries({
    deno: denoTest(file, grant),
    // Milliseconds for one test, which Deno does not limit.
    bun: `bun test --timeout ${isFull ? 14_400_000 : 600_000} ./${file}`,
  }).map(([runtime, command]) => ({
    name: `vm-${noun}-${runtime}`,
    command: ["tests/host/run.sh", ...shell(command)],
    env: { MICROSANDBOX_TEST_HOST_CPUS: `${grant.cpus ?? 1}` },
    bootsMicroVms: true,
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
if (isFull) process.env["MICROSANDBOX_TEST_FULL"] = "1";
// Seconds for the tests of one noun: the longest take three minutes, and what
// hangs must not take the whole run with it.
process.env["MICROSANDBOX_TEST_HOST_TIMEOUT"] ||= isFull ? "14400" : "480";

const meant = suites.filter((suite) =>
  wanted.length === 0 || wanted.some((name) => isMeant(suite, name))
);
const vmMeant = meant.filter((suite) => suite.bootsMicroVms);
const total: Counts = { passed: 0, failed: 0 };
/** What failed, to be repeated at the end, where it is seen. */
const failures: string[] = [];
let isEmulated = false;
await Promise.all([
  vmMeant.length > 0 && chooseHost(),
  runInLanes(meant.filter((suite) => !suite.bootsMicroVms), 2),
]);
const chosen = !isEmulated || isFull || wanted.length > 0 ? vmMeant : vmMeant.filter(isInTurn);
// One emulated machine keeps one processor busy. On this machine itself suites would disturb each other.
await runInLanes(chosen, isEmulated ? 2 : 1);
const left = vmMeant.filter((suite) => !chosen.includes(suite)).map(({ name }) => name);
if (left.length > 0) {
  console.log(
    `\nnot run, as in the emulated host each noun runs on one runtime without --full: ${
      left.join(" ")
    }`,
  );
}
for (const failure of failures) console.log(`\n${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

/** Whether it is this suite's runtime that runs its noun in the emulated host. */
function isInTurn({ name }: Suite): boolean {
  const noun = Object.keys(vmNouns).find((noun) => name.startsWith(`vm-${noun}-`))!;
  const runtime = Object.keys(vmNouns).indexOf(noun) % 2 === 0 ? "deno" : "bun";
  return onBoth.includes(noun) || name.endsWith(`-${runtime}`);
}

/** Lets tests/host try once whether microVMs boot here, for all suites. */
async function chooseHost(): Promise<void> {
  if (!process.env["MICROSANDBOX_TEST_HOST"]) {
    const choose = promisify(execFile)("tests/host/run.sh", ["--choose"], { cwd: root });
    const { stdout, stderr } = await choose;
    process.stderr.write(stderr);
    process.env["MICROSANDBOX_TEST_HOST"] = stdout.trim();
  }
  isEmulated = process.env["MICROSANDBOX_TEST_HOST"] === "emulated";
}

interface Counts {
  passed: number;
  failed: number;
}

/** How a suite went. */
interface Outcome extends Counts {
  lines: string[];
}

/** Names a suite's failed tests and their errors. Without any the suite broke, and its last words tell why. */
function describe({ name }: Suite, { lines }: Outcome): string {
  const failed = lines.filter((line) => /^\(fail\) |\.\.\. FAILED|^error: /.test(line));
  return [`failed in ${name}:`, ...failed.length > 0 ? failed : lines.slice(-15)].join("\n  ");
}

/** Runs suites in their order, so many side by side. */
async function runInLanes(suites: Suite[], lanes: number): Promise<void> {
  const waiting = [...suites];
  const lane = async () => {
    for (let suite = waiting.shift(); suite; suite = waiting.shift()) {
      await runAndCount(suite, lanes > 1 ? showAtTheEnd : showAtOnce);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Where a suite's output goes. */
interface Output {
  write(chunk: string, to: NodeJS.WriteStream): void;
  end(): void;
}

function showAtOnce(): Output {
  return { write: (chunk, to) => void to.write(chunk), end() {} };
}

/** For suites side by side, whose lines would be mixed otherwise. */
function showAtTheEnd(): Output {
  let text = "";
  return { write: (chunk) => void (text += chunk), end: () => void process.stdout.write(text) };
}

async function runAndCount(suite: Suite, show: () => Output): Promise<void> {
  console.log(`\n=== ${suite.name}`);
  const started = performance.now();
  let outcome = await run(suite, show());
  // The emulated processor is not as reliable as a real one, so there a second
  // run decides; on a real machine the first one does.
  if (outcome.failed > 0 && isEmulated && suite.bootsMicroVms) {
    console.log(
      `=== ${suite.name}: ${outcome.failed} failed in the emulated host, so this runs again`,
    );
    outcome = await run(suite, show());
  }
  const { passed, failed } = outcome;
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) failures.push(describe(suite, outcome));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `=== ${suite.name}: ${passed} passed, ${failed} failed, ${seconds} s`,
  );
}

/** Runs a suite, shows what it prints, and counts what it says it ran. */
async function run(suite: Suite, output: Output): Promise<Outcome> {
  const [program, ...args] = suite.command;
  const child = spawn(program!, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment, ...suite.env, NO_COLOR: "1" },
  });
  const outcome: Outcome = { passed: 0, failed: 0, lines: [] };
  let said = false;
  for (
    const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const
  ) {
    let rest = "";
    from.setEncoding("utf8");
    from.on("data", (chunk: string) => {
      output.write(chunk, to);
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      outcome.lines.push(...lines);
      for (const line of lines) {
        for (const summary of summaries) {
          const groups = summary.exec(line)?.groups;
          if (groups === undefined) continue;
          outcome.passed += Number(groups["passed"] ?? 0);
          outcome.failed += Number(groups["failed"] ?? 0);
          said = true;
        }
      }
    });
  }
  const [code] = await once(child, "close");
  output.end();
  // A suite without counts is one test: checks, and runners that broke.
  if (code === 0 && !said) outcome.passed++;
  if (code !== 0 && outcome.failed === 0) outcome.failed++;
  return outcome;
}
