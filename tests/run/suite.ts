// What a suite is, and the commands that suites run.

import { dirname } from "node:path";
import process from "node:process";

/** The checkout, which suites run in. */
export const root = dirname(dirname(import.meta.dirname!));

/** Whether tests run with the quantities that take long under emulation. */
export const isFull = process.argv.includes("--full");

/** The library under test. */
export const library = process.env["MICROSANDBOX_LIB"] ?? "";

/**
 * What says how a suite went, besides its exit code: a file in JUnit's format,
 * the lines that Cargo prints, lines with two counts, or nothing else.
 */
export type Reporting = "junit" | "cargo" | "counts" | "exit-code";

/** Tests that run together. */
export interface Suite {
  /** What arguments call it. */
  name: string;
  /** The program and its arguments. */
  command: string[];
  /** Where to read how it went. */
  reporting: Reporting;
  /** Variables that it needs beside this program's own. */
  env?: Record<string, string>;
  /** For suites that boot microVMs: whether this one runs in the emulated host too. */
  vm?: { runsEmulated: boolean };
}

/** What tests may do under Deno besides using the library. */
export interface Grant {
  /** Environment variables to read. */
  variables: string[] | "all";
  /** Other flags. */
  flags?: string;
}

/** For tests that start programs of their own and look at what they leave. */
export const programs: Grant = {
  variables: "all",
  flags: "--allow-run --allow-read --allow-write=/tmp --allow-net=127.0.0.1",
};

/**
 * The file that a suite's runner reports to, within the checkout, because what
 * the emulated host writes elsewhere is gone with it.
 */
export function reportFile(suite: string): string {
  return `tests/reports/${suite}.xml`;
}

/** Runs test files on Deno for a suite, with the library and what else they name. */
export function denoTest(suite: string, files: string, { variables, flags = "" }: Grant): string {
  const env = variables === "all" ? "" : `=${["MICROSANDBOX_LIB", ...variables]}`;
  return `deno test --no-prompt --no-check --junit-path=${reportFile(suite)} ` +
    `--allow-ffi=${library} --allow-env${env} ${flags} ${files}`;
}

/** Runs test files on Bun for a suite. Deno does not limit the time of one test. */
export function bunTest(suite: string, files: string, timeoutMs: number): string {
  return `bun test --timeout ${timeoutMs} --reporter=junit ` +
    `--reporter-outfile=${reportFile(suite)} ${files}`;
}

/** Runs a script of Bash. */
export function bash(script: string): string[] {
  return ["bash", "-c", script];
}
