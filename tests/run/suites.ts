// All suites, in the order in which they run.

import { bash, bunTest, denoTest, type Grant, library, programs, type Suite } from "./suite.ts";
import { vmSuites } from "./vm_suites.ts";

/** A home for what tests create without a microVM, which goes away again. */
const ownHome = 'export MSB_HOME=$(mktemp -d); trap "rm -rf $MSB_HOME" EXIT; ';

/**
 * What options name is refused for its permission before anything else. One path
 * can only be read, and one only written.
 */
const hostAccess: Grant = {
  variables: [],
  flags: "--allow-net=127.0.0.1 --allow-read=/run/socket,/x,/readable " +
    "--allow-write=/run/socket,/writable",
};

/** The suites. */
export const suites: Suite[] = [
  { name: "check", command: ["tools/check.sh"], reporting: "exit-code" },
  {
    name: "rust",
    command: ["tools/rust_tests.sh"],
    reporting: "cargo",
  },
  { name: "loom", command: ["tools/loom.sh"], reporting: "cargo" },
  { name: "c", command: ["tests/c/run.sh", library], reporting: "counts" },
  {
    name: "deno",
    command: bash(denoTest("deno", "tests/unit/", hostAccess)),
    reporting: "junit",
  },
  {
    name: "bun",
    command: bash(ownHome + bunTest("bun", "./tests/unit/ ./tests/programs/", 60_000)),
    reporting: "junit",
  },
  {
    name: "deno-programs",
    command: bash(ownHome + denoTest("deno-programs", "tests/programs/", programs)),
    reporting: "junit",
  },
  {
    // It runs programs of both runtimes itself.
    name: "package",
    command: bash(denoTest("package", "tests/package/", programs)),
    reporting: "junit",
  },
  ...vmSuites,
];
