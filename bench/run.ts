// Runs the benchmark programs in turns and prints their medians as one table.
// bench/run.sh installs what this needs, and then calls it.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { arch, cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { quantile } from "./report.ts";

const here = import.meta.dirname!;
const tools = process.env["MICROSANDBOX_BENCH_DIR"]!;
const build = dirname(tools);
const deno = ["deno", "run", "--quiet", "--no-check", "--allow-all"];
const bun = ["bun", "run"];
const python = `${build}/python/bin/python`;

/** What is compared. */
interface Contender {
  /** How to run its program of a group. */
  program(group: string): string[];
  /** What it finds in its environment. */
  environment(homes: string): Record<string, string>;
  /** The only group that it is in. Default: all. */
  group?: string;
}

const module = (runtime: string[]): Contender => ({
  program: (group) => [...runtime, `${here}/${group}/module.ts`],
  environment: (homes) => ({ MSB_HOME: isInside ? homes : `${homes}/module` }),
});

/**
 * The official packages are of other versions: each has a home of its own, which
 * the others would refuse, and its own runtime.
 */
const npm = (runtime: string[], addon: string): Contender => ({
  program: (group) => [...runtime, `${here}/${group}/npm.ts`],
  environment: (homes) => {
    const modules = `${tools}/npm-${addon}/node_modules`;
    const machine = arch() === "x64" ? "linux-x64-gnu" : "linux-arm64-gnu";
    return {
      MSB_HOME: `${homes}/n${addon}`,
      MSB_PATH: `${modules}/@superradcompany/microsandbox-${machine}/bin/msb`,
      MICROSANDBOX_BENCH_NPM: `${modules}/microsandbox/dist/index.js`,
    };
  },
});

const other: Contender = {
  program: (group) =>
    group === "boundary" ? [`${tools}/floor`] : [python, `${here}/${group}/python.py`],
  environment: (homes) => ({ MSB_HOME: `${homes}/p`, MSB_PATH: pythonProgram() }),
};

/** What is compared, in the order of the table's columns. */
const contenders: Record<string, Contender> = {
  "Deno": module(deno),
  "npm on Deno": npm(deno, "0.6.18"),
  "npm 0.7 on Deno": { ...npm(deno, "0.7.2"), group: "vm" },
  "Bun": module(bun),
  "npm on Bun": npm(bun, "0.6.18"),
  "npm 0.7 on Bun": { ...npm(bun, "0.7.2"), group: "vm" },
  "other": other,
};

/** Our columns, and those that they are compared with. */
const ratios = [
  ["Deno", "npm on Deno"],
  ["Bun", "npm on Bun"],
  ["Deno", "npm 0.7 on Deno"],
  ["Bun", "npm 0.7 on Bun"],
  ["Deno", "other"],
  ["Bun", "other"],
] as const;

/** The groups of rows: how often each program runs, and with which arguments. */
const groups: Record<string, { rounds: number; args?: string[] }[]> = {
  boundary: [{ rounds: 3 }],
  host: [{ rounds: 10, args: ["--start"] }, { rounds: 3 }],
  vm: [{ rounds: 3 }],
};

/** Milliseconds for one program, as some of the official package's hang in the emulated host. */
const patience = 180_000;

/** The values of each row and contender, and the rows' units. */
type Results = Map<string, { unit: string; values: Map<string, number[]> }>;

const wanted = process.argv.slice(2).filter((it) => !it.startsWith("--"));
// Where microVMs do not boot, that group runs in the emulated host, as a run of its own.
const isInside = process.argv.includes("--inside");
console.log(`${machine()}\n`);
for (const [group, passes] of Object.entries(groups)) {
  if (wanted.length > 0 && !wanted.includes(group)) continue;
  if (group === "vm" && !isInside) {
    inTestHost();
    continue;
  }
  // The test host's home has the image. Paths of sockets below may have 107 bytes.
  const homes = isInside ? process.env["MSB_HOME"]! : mkdtempSync(`${tmpdir()}/bench-`);
  try {
    print(group, measure(group, passes, homes));
  } finally {
    if (!isInside) rmSync(homes, { recursive: true });
  }
}

/** Runs the contenders of a group in turns. */
function measure(
  group: string,
  passes: { rounds: number; args?: string[] }[],
  homes: string,
): Results {
  const results: Results = new Map();
  for (const contender of Object.values(taking(group))) prepare(group, contender, homes);
  for (const { rounds, args = [] } of passes) {
    for (let round = 0; round < rounds; round++) {
      for (const [name, { program, environment }] of Object.entries(taking(group))) {
        console.error(`${group}, round ${round + 1} of ${rounds}: ${columnTitle(group, name)}`);
        const output = run([...program(group), ...args], environment(homes));
        for (const line of output.split("\n").filter((it) => it.startsWith("{"))) {
          const { row, value, unit } = JSON.parse(line);
          const found = results.get(row) ?? { unit, values: new Map() };
          results.set(row, found);
          found.values.set(name, [...found.values.get(name) ?? [], value]);
        }
      }
    }
  }
  return results;
}

/** The contenders of a group, by the names of their columns. */
function taking(group: string): Record<string, Contender> {
  const all = Object.entries(contenders);
  return Object.fromEntries(all.filter(([, it]) => (it.group ?? group) === group));
}

/** The Python package's own msb. */
function pythonProgram(): string {
  const find = "import microsandbox, pathlib;" +
    "print(next(pathlib.Path(microsandbox.__file__).parent.glob('_bundled/*/msb')))";
  return execFileSync(python, ["-c", find], { encoding: "utf8" }).trim();
}

/** Fills a contender's home. */
function prepare(group: string, { program, environment }: Contender, homes: string): void {
  const env = environment(homes);
  mkdirSync(env["MSB_HOME"]!, { recursive: true });
  if (group === "host") {
    // The first call makes the database.
    run([...program(group), "--start"], env);
    run(["python3", `${here}/host/seed.py`, env["MSB_HOME"]!], env);
  } else if (group === "vm" && env["MSB_PATH"] !== undefined) {
    run([`${dirname(here)}/tests/host/image.sh`, `${homes}/image.tar`], env);
    run([env["MSB_PATH"], "load", "--quiet", "-i", `${homes}/image.tar`], env);
  }
}

/** Runs a program and returns what it printed. What fails is told and leaves a gap in the table. */
function run([program, ...args]: string[], env: Record<string, string>): string {
  const ended = spawnSync(program!, args, {
    env: { ...process.env, NO_COLOR: "1", ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: patience,
    killSignal: "SIGKILL",
  });
  if (ended.status !== 0) {
    console.error(`${[program, ...args].join(" ")} ended with ${ended.status ?? ended.signal}`);
  }
  return ended.stdout;
}

/** Runs the rows in a microVM where microVMs boot. */
function inTestHost(): void {
  const emulated = execFileSync(`${dirname(here)}/tests/host/run.sh`, ["--choose"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim() === "emulated";
  spawnSync(`${dirname(here)}/tests/host/run.sh`, [
    ...deno,
    import.meta.filename!,
    "vm",
    "--inside",
  ], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      MICROSANDBOX_TEST_HOST: emulated ? "emulated" : "direct",
      ...emulated && { MICROSANDBOX_BENCH_MIB: "16" },
    },
  });
}

function columnTitle(group: string, contender: string): string {
  if (contender !== "other") return contender;
  return group === "boundary" ? "floor" : "Python";
}

function print(group: string, results: Results): void {
  const title = (name: string) => columnTitle(group, name);
  const names = Object.keys(taking(group));
  const pairs = ratios.filter(([ours, theirs]) => names.includes(ours) && names.includes(theirs));
  const lines = [[
    `${group} (median)`,
    "unit",
    ...names.map(title),
    ...pairs.map(([ours, theirs]) => `${ours} : ${title(theirs).split(" on ")[0]}`),
  ]];
  for (const [row, { unit, values }] of results) {
    const median = (name: string) => {
      const found = values.get(name);
      return found && quantile(found, 0.5);
    };
    lines.push([
      row,
      unit,
      ...names.map((name) => shown(median(name))),
      ...pairs.map(([ours, theirs]) => ratio(unit, median(ours), median(theirs))),
    ]);
  }
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)));
  for (const line of lines) {
    console.log(`| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  }
  console.log();
}

/** How many times as good as the other one: above 1 is better, whatever the unit. */
function ratio(unit: string, ours: number | undefined, theirs: number | undefined): string {
  if (ours === undefined || theirs === undefined) return "";
  const more = ours / theirs;
  return (unit.endsWith("/s") ? more : 1 / more).toFixed(2);
}

function shown(value: number | undefined): string {
  if (value === undefined) return "";
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}

/** What was measured, and where. */
function machine(): string {
  const version = (program: string, ...args: string[]) =>
    execFileSync(program, args, { encoding: "utf8" }).trim().split("\n")[0]!;
  const manifest = `${tools}/npm-0.6.18/node_modules/microsandbox/package.json`;
  const npmVersion = JSON.parse(readFileSync(manifest, "utf8")).version;
  return [
    `${cpus()[0]?.model}, ${cpus().length} cores, ${
      Math.round(totalmem() / 2 ** 30)
    } GiB, Linux ${release()}`,
    `${version("deno", "--version")}; Bun ${version("bun", "--version")}; ` +
    `npm microsandbox ${npmVersion}, also with its addon 0.7.2; ${
      version(python, "-m", "pip", "list", "--format=freeze").replace("==", " ")
    }`,
    `load when it began: ${loadavg()[0]!.toFixed(2)}`,
  ].join("\n");
}
