// What options say of the machine, this one and the guest's.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { after, before, test } from "node:test";
import { type CreateSandboxOptions, Sandbox } from "../../mod.ts";
import type { Mount } from "../../types.ts";
import { addAddress, copyProgram, listening } from "../servers.ts";
import { machinesOf } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
const directory = mkdtempSync("/tmp/microsandbox-test-");
/** Addresses for this machine; see network_test.ts. */
const [publicAddress, privateAddress] = ["192.31.196.7", "10.1.2.3"] as const;
/** The runtime gives guests IPv4 where this machine has a way to this address. */
const documentationAddress = "192.0.2.1";
const needsAddresses = [publicAddress, privateAddress, documentationAddress].every(addAddress)
  ? false
  : "this machine cannot be given more addresses";
const needsPerl = existsSync("/usr/bin/perl") ? false : "this machine has no perl";

let server: Awaited<ReturnType<typeof listening>>;
/** With what is to be tested. */
let special: Sandbox;
/** As it is if nothing is said. */
let ordinary: Sandbox;

before(async () => {
  server = await listening(
    createServer((socket) => void socket.on("error", () => {})),
  );
  const mounts: Record<string, Mount> = {};
  if (!needsPerl) {
    copyProgram("perl", `${directory}/perl`, "/perl");
    mounts["/perl"] = {
      type: "bind",
      source: `${directory}/perl`,
      readOnly: true,
    };
  }
  const options: CreateSandboxOptions = {
    image,
    cpus: 2,
    memoryMiB: 256,
    mounts,
    network: "allow-all",
  };
  ordinary = await Sandbox.create({ ...options, name: `${prefix}-ordinary` });
  special = await Sandbox.create({
    ...options,
    name: `${prefix}-special`,
    cpuPlacement: "spread",
    guestClock: "off",
    deploymentProfile: "multi-tenant",
  });
});
after(async () => {
  await Promise.all(
    [ordinary, special].map((sandbox) => sandbox?.destroy({ force: true })),
  );
  await server?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** The processors that threads of a process may run on: one list for each whose name has this. */
function processorsOf(pid: number, name: string): string[] {
  // Deno lets only programs with all permissions read /proc.
  const script = `cd /proc/${pid}/task || exit; for thread in *; do
    echo "$(cat $thread/comm): $(grep Cpus_allowed_list $thread/status)"; done`;
  return execFileSync("busybox", ["sh", "-c", script], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.split(":")[0]!.includes(name))
    .map((line) => line.split("\t").at(-1)!);
}

test(
  "cpuPlacement spreads virtual CPUs over this machine's processors",
  { skip: navigator.hardwareConcurrency < 2 ? "this machine has one processor only" : false },
  () => {
    const virtualCpus = ({ name }: Sandbox) => processorsOf(machinesOf(name)[0]!, "vcpu");
    const [first, second] = virtualCpus(special);
    assert.match(first!, /^\d+$/);
    assert.match(second!, /^\d+$/);
    assert.notEqual(first, second);
    // As it is for everything that this program starts.
    const [own] = processorsOf(process.pid, "");
    assert.deepEqual(virtualCpus(ordinary), [own, own]);
  },
);

test("guestClock says whether this machine sets the guest's clock after a pause", async () => {
  const years: string[] = [];
  for (const sandbox of [ordinary, special]) {
    await sandbox.shell("date -s @1000000000");
    await sandbox.pause();
    await sandbox.resume();
    years.push((await sandbox.shell("date +%Y")).text().trim());
  }
  const [synchronized, left] = years;
  assert.ok(Number(synchronized) > 2020, synchronized);
  assert.equal(left, "2001");
});

/** Opens connections in the guest until one is refused, and returns how many were not. */
async function connections(
  sandbox: Sandbox,
  address: string,
  most: number,
): Promise<number> {
  const script = `my $to = pack("SnC4x8", 2, $ARGV[1], split /\\./, $ARGV[0]);
    for (1 .. $ARGV[2]) {
      socket($open[$_], 2, 1, 0) or die "socket: $!";
      connect($open[$_], $to) or last;
      $count++;
    }
    print $count + 0`;
  const output = await sandbox.shell(
    'ulimit -n 2048; exec /perl/perl -e "$@"',
    {
      args: [script, address, String(server.port), String(most)],
      timeoutMs: 120_000,
    },
  );
  assert.equal(output.code, 0, output.errorText());
  return Number(output.text());
}

test(
  "with multi-tenant a sandbox reaches public addresses only, whatever its rules say",
  { skip: needsAddresses || needsPerl },
  async () => {
    assert.equal(await connections(ordinary, privateAddress, 1), 1);
    assert.equal(await connections(special, privateAddress, 1), 0);
    assert.equal(await connections(special, publicAddress, 1), 1);
  },
);

test(
  "with multi-tenant a sandbox has 1024 TCP connections if nothing else is said",
  {
    skip: needsAddresses || needsPerl ||
      (process.env["MICROSANDBOX_TEST_FULL"] ? false : "takes long, see --full"),
  },
  async () => {
    // One was opened before, and counts for ten seconds more.
    const opened = await connections(special, publicAddress, 1030);
    assert.ok(opened === 1024 || opened === 1023, String(opened));
    assert.equal(await connections(ordinary, publicAddress, 1030), 1030);
  },
);
