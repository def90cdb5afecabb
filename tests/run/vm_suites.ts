// The suites in microVMs: each noun on each runtime by itself, because an
// emulated machine may die, and then only so much has to run again.

import { bash, bunTest, denoTest, type Grant, isFull, programs, type Suite } from "./suite.ts";

type Runtime = "deno" | "bun";

/** A noun that has tests in microVMs. */
interface Noun extends Grant {
  /**
   * The runtime that it runs on in the emulated host, where these tests are
   * slow, unless --full is given. What differs between the runtimes is tested
   * without microVMs on both, by the suites before these, and by the nouns that
   * say `both`.
   */
  emulatedOn: Runtime | "both";
  /** Processors that the emulated host needs. Default: 1. */
  cpus?: number;
}

const microVms: Grant = { variables: ["MICROSANDBOX_TEST_IMAGE", "MICROSANDBOX_TEST_FULL"] };
/**
 * For tests that look at what the library does with files of this machine.
 * Deno allows making symbolic links only with permission to write everywhere.
 */
const hostFiles: Grant = { variables: "all", flags: "--allow-read --allow-write" };
/** For tests with servers of their own on this machine. */
const servers: Grant = {
  variables: "all",
  flags: "--allow-run=busybox,openssl,ldd,ps,which --allow-read --allow-write=/tmp --allow-net",
};
/** For tests of root file systems, which need a disk that keeps attributes. */
const rootfs: Grant = { ...programs, flags: `${programs.flags} --allow-write=$MSB_HOME` };

/** The nouns, the longest first, so that lanes side by side end together. */
const nouns: Record<string, Noun> = {
  package: { ...programs, emulatedOn: "deno" },
  docs: { ...programs, emulatedOn: "bun" },
  fault: { ...programs, emulatedOn: "deno" },
  command: { ...microVms, emulatedOn: "bun" },
  image: { ...rootfs, emulatedOn: "deno" },
  sandbox: { ...microVms, emulatedOn: "bun" },
  official: { ...rootfs, emulatedOn: "deno" },
  lifecycle: { ...microVms, flags: "--allow-net=127.0.0.1", emulatedOn: "bun" },
  // A program that starts another one gives it the whole environment.
  snapshot: {
    variables: "all",
    flags: "--allow-run=ps --allow-read=/tmp,$MSB_HOME --allow-write=/tmp --allow-net=127.0.0.1",
    emulatedOn: "deno",
  },
  soak: { variables: "all", flags: "--allow-run=ls", emulatedOn: "bun" },
  secret: { ...servers, emulatedOn: "deno" },
  ssh: { ...programs, emulatedOn: "bun" },
  network: { ...servers, emulatedOn: "deno" },
  network_options: { ...servers, emulatedOn: "bun" },
  // It is about the runtime's own processes.
  programs: { ...programs, emulatedOn: "both" },
  conformance: { ...servers, emulatedOn: "bun" },
  terminal: { ...programs, emulatedOn: "deno" },
  // It looks at how virtual CPUs are spread.
  machine: { ...servers, emulatedOn: "bun", cpus: 2 },
  fs: { ...hostFiles, emulatedOn: "deno" },
  options: { ...servers, emulatedOn: "bun" },
  job: { ...microVms, emulatedOn: "deno" },
  patch: { ...rootfs, emulatedOn: "bun" },
  volume: { ...hostFiles, emulatedOn: "deno" },
  log: {
    variables: ["MICROSANDBOX_TEST_IMAGE", "MSB_HOME"],
    flags: "--allow-read=$MSB_HOME --allow-write=$MSB_HOME",
    emulatedOn: "bun",
  },
  isolation: { ...hostFiles, emulatedOn: "both" },
  guest: { ...microVms, emulatedOn: "both" },
  metrics: { ...microVms, emulatedOn: "deno" },
  agent: { ...microVms, emulatedOn: "bun" },
};

/** Milliseconds for one test on Bun. */
const timeoutMs = isFull ? 14_400_000 : 600_000;

/** The suites in microVMs. */
export const vmSuites: Suite[] = Object.entries(nouns).flatMap(([name, noun]) => [
  vmSuite(name, noun, "deno"),
  vmSuite(name, noun, "bun"),
]);

function vmSuite(noun: string, { emulatedOn, cpus = 1, ...grant }: Noun, runtime: Runtime): Suite {
  const name = `vm-${noun}-${runtime}`;
  const file = `tests/vm/${noun}_test.ts`;
  const script = runtime === "deno"
    ? denoTest(name, file, grant)
    : bunTest(name, `./${file}`, timeoutMs);
  return {
    name,
    command: ["tests/host/run.sh", ...bash(script)],
    reporting: "junit",
    env: { MICROSANDBOX_TEST_HOST_CPUS: `${cpus}` },
    vm: { runsEmulated: isFull || emulatedOn === "both" || emulatedOn === runtime },
  };
}
