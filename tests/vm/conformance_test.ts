// What the integration tests of the official SDKs check and no other test here
// does; docs/conformance.md says which is which. Booting takes seconds where it
// is emulated, so two sandboxes, and one more from a snapshot, serve them all.

import assert from "node:assert/strict";
import * as host from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import {
  type ExecOptions,
  type ProcessEvent,
  Sandbox,
  type SandboxHandle,
  Snapshot,
  version,
  Volume,
} from "../../mod.ts";
import type { CreateProgress } from "../../types.ts";
import { addAddress, type HttpServer, listening, serveHttp, serveNames } from "../servers.ts";
import { until } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const owner = `${prefix}-conformance`;
const webName = `${owner}-web`;
const jobName = `${owner}-job`;
const volumeName = `${owner}-volume`;
const scratch = host.mkdtempSync("/tmp/microsandbox-conformance-");
const secret = `secret-${crypto.randomUUID()}`;
/** Addresses that this machine is given, see network_test.ts. */
const publicAddress = "192.31.196.7";
const privateAddress = "10.1.2.3";
const needsAddresses = [publicAddress, privateAddress].every(addAddress)
  ? false
  : "this machine cannot be given more addresses";

let server: HttpServer;
let other: HttpServer;
let names: Awaited<ReturnType<typeof serveNames>>;
let fixedPort: number;
const progress: CreateProgress[] = [];
/** With most options there are; its commands run as a user. */
let web: Sandbox;
/** With mounts, whose commands run as root. It is stopped at the end. */
let job: Sandbox;

before(async () => {
  [server, other] = await Promise.all([serveHttp(), serveHttp("other")]);
  names = await serveNames({
    "open.test": publicAddress,
    "blocked.test": publicAddress,
    "any.suffix.test": publicAddress,
  });
  {
    await using free = await listening(createServer());
    fixedPort = free.port;
  }
  const volume = await Volume.create({ name: volumeName });
  await volume.fs.writeTextFile("greeting", "from this machine\n");
  await volume.fs.writeTextFile("run.sh", "#!/bin/sh\necho ran\n", { mode: 0o755 });
  web = await createWeb();
  job = await createJob();
});
after(async () => {
  for await (const handle of Sandbox.list()) {
    if (handle.name.startsWith(owner)) await handle.destroy({ force: true });
  }
  for (const snapshot of await Snapshot.list()) {
    if (snapshot.group === jobName) await snapshot.remove({ force: true });
  }
  await Volume.remove(volumeName);
  await Promise.all([server, other, names].map((it) => it?.[Symbol.asyncDispose]()));
  host.rmSync(scratch, { recursive: true });
});

function createWeb(): Promise<Sandbox> {
  return Sandbox.create({
    name: webName,
    image,
    cpus: 1,
    maxCpus: 2,
    memoryMiB: 256,
    maxMemoryMiB: 512,
    transparentHugePages: "always",
    hostname: "conformance",
    workdir: "/var/tmp",
    shell: "/bin/sh",
    user: "guest",
    env: { BASE: "base", OTHER: "other" },
    labels: { owner, tier: "web" },
    scripts: { greet: '#!/bin/sh\necho "script $(id -un) $BASE"' },
    entrypoint: ["/bin/sh", "-c", "echo entrypoint"],
    init: "auto",
    patches: [{ kind: "symlink", path: "/sbin/init", target: "/bin/init" }],
    maxDurationMs: 7_200_000,
    idleTimeoutMs: 1_800_000,
    ephemeral: true,
    detached: true,
    pullPolicy: "if-missing",
    logLevel: "info",
    secrets: {
      KEY: {
        value: secret,
        hosts: ["api.test"],
        placeholder: "<hidden>",
        violationAction: "block",
      },
    },
    secretViolationAction: "block-and-log",
    network: {
      preset: "none",
      defaultIngress: "allow",
      rules: [
        { action: "allow", cidr: publicAddress, protocols: ["tcp"], ports: [server.port] },
        { action: "allow", group: "link-local", protocols: ["tcp"], ports: [80] },
        { action: "allow", direction: "any", cidr: "127.0.0.1/32" },
        { action: "deny", cidr: "192.0.2.0/24", protocols: ["tcp", "udp"] },
        { action: "allow", protocols: ["tcp"], ports: [{ start: other.port, end: other.port }] },
      ],
      tls: { upstreamCertificateAuthorities: [] },
      // Without it and without a published port a guest has an address only where
      // this machine has a route.
      interface: { ipv4Address: "172.29.8.2" },
    },
    onProgress: (event) => progress.push(event),
  });
}

function createJob(): Promise<Sandbox> {
  return Sandbox.create({
    name: jobName,
    image,
    memoryMiB: 256,
    rootDisk: { kind: "managed", sizeMiB: 128 },
    labels: { owner, tier: "job" },
    pullPolicy: "never",
    quietLogs: true,
    mounts: {
      "/data": { type: "volume", name: volumeName },
      "/readonly": { type: "volume", name: volumeName, readOnly: true },
      "/noexec": { type: "volume", name: volumeName, noExec: true },
      "/scratch": { type: "tmpfs", sizeMiB: 4 },
    },
    ports: [{ guestPort: 7777, hostPort: fixedPort }],
    network: {
      profiles: ["public", "private"],
      rules: [
        { action: "deny", domain: "blocked.test" },
        { action: "deny", domainSuffix: "suffix.test" },
        { action: "deny", group: "public", protocols: ["tcp"], ports: [9] },
      ],
      dns: {
        nameservers: [`127.0.0.1:${names.port}`],
        rebindProtection: true,
        queryTimeoutMs: 5_000,
      },
      maxTcpConnections: 64,
    },
  });
}

/** What a script prints, which has to succeed. */
async function run(on: Sandbox, script: string, options?: ExecOptions): Promise<string> {
  const output = await on.shell(script, options);
  assert.equal(output.code, 0, output.errorText());
  return output.text();
}

/** What a guest gets from a server of this machine, or nothing. */
async function get(on: Sandbox, address: string, { port }: HttpServer): Promise<string> {
  const args = [`http://${address}:${port}/`];
  return (await on.shell('timeout 8 wget -q -O - "$1"', { args })).text();
}

test("a guest is what the options of its sandbox say", async () => {
  const seen = await run(web, 'echo "$(hostname):$(pwd):$(id -un):$BASE:$OTHER:$KEY"');
  assert.equal(seen, "conformance:/var/tmp:guest:base:other:<hidden>\n");
  assert.equal((await web.exec("greet")).text(), "script guest base\n");
  assert.equal((await web.exec("id", { args: ["-un"], user: "root" })).text(), "root\n");
  assert.equal(await run(web, "cat /proc/1/comm"), "init\n");
  assert.deepEqual(progress.map(({ kind }) => kind), ["pulled", "startup", "startup"]);
});

test("config() has what a sandbox was made with", async () => {
  const config = await (await Sandbox.get(webName)).config();
  const { cpus, maxCpus, memoryMiB, maxMemoryMiB, transparentHugePages } = config;
  assert.deepEqual(
    { cpus, maxCpus, memoryMiB, maxMemoryMiB, transparentHugePages },
    { cpus: 1, maxCpus: 2, memoryMiB: 256, maxMemoryMiB: 512, transparentHugePages: "always" },
  );
  const { name, hostname, workdir, shell, user, env, entrypoint, init } = config;
  assert.deepEqual(
    [name, hostname, workdir, shell, user, env?.["BASE"]],
    [webName, "conformance", "/var/tmp", "/bin/sh", "guest", "base"],
  );
  assert.deepEqual([entrypoint, init], [["/bin/sh", "-c", "echo entrypoint"], "auto"]);
  assert.match(config.scripts?.["greet"] ?? "", /^#!\/bin\/sh\necho "script/);
  const { maxDurationMs, idleTimeoutMs, ephemeral, pullPolicy, logLevel, quietLogs } = config;
  assert.deepEqual(
    { maxDurationMs, idleTimeoutMs, ephemeral, pullPolicy, logLevel, quietLogs },
    {
      maxDurationMs: 7_200_000,
      idleTimeoutMs: 1_800_000,
      ephemeral: true,
      pullPolicy: "if-missing",
      logLevel: "info",
      quietLogs: undefined,
    },
  );
  assert.ok(typeof config.network === "object");
  assert.deepEqual(
    config.network.rules?.map(({ cidr, group, direction }) => cidr ?? group ?? direction),
    [
      `${publicAddress}/32`,
      "link-local",
      "127.0.0.1/32",
      "192.0.2.0/24",
      "egress",
    ],
  );
  const quiet = await (await Sandbox.get(jobName)).config();
  assert.deepEqual(
    [quiet.logLevel, quiet.quietLogs, quiet.pullPolicy],
    [undefined, true, "never"],
  );
  const { module, core, runtime } = await version();
  assert.match(module, /^\d+\.\d+\.\d+/);
  assert.equal(runtime, core);
});

test("whoever connects to a sandbox does not own it, nor does who detached it", async () => {
  assert.equal(web.ownsLifecycle, false);
  const connected = await (await Sandbox.get(webName)).connect();
  assert.equal(connected.ownsLifecycle, false);
  assert.equal(await run(connected, "echo detached"), "detached\n");
  // Closing it again is no error.
  await connected[Symbol.asyncDispose]();
  await connected[Symbol.asyncDispose]();
  await assert.rejects(connected.exec("true"), { code: "handle-closed" });
  assert.equal(job.ownsLifecycle, true);
  await job.detach();
  const handle = await Sandbox.get(jobName);
  assert.equal(handle.status, "running");
  job = await handle.connect();
  assert.equal(job.ownsLifecycle, false);
  assert.equal(await run(job, "echo still here"), "still here\n");
});

test("a command takes its options, and refuses what makes no sense", async () => {
  const hello = await job.exec("echo", { args: ["hello"] });
  assert.deepEqual(
    [hello.success, hello.code, hello.text(), hello.errorText()],
    [true, 0, "hello\n", ""],
  );
  const failed = await job.exec("sh", { args: ["-c", "echo nope >&2; exit 42"] });
  assert.deepEqual([failed.success, failed.code, failed.errorText()], [false, 42, "nope\n"]);
  const options = { cwd: "/tmp", env: { EXTRA: "more" }, timeoutMs: 120_000 };
  assert.equal(await run(job, 'echo "$(pwd):$EXTRA"', options), "/tmp:more\n");
  const as = await run(web, 'echo "$(id -un):$BASE:$EXTRA"', { ...options, user: "root" });
  assert.equal(as, "root:base:more\n");
  const wrong: [unknown, string, string][] = [
    [{ typo: true }, "unknown-option", "typo"],
    [{ args: "hello" }, "invalid-option", "args"],
    [{ args: [5] }, "invalid-option", "args[0]"],
    [{ rlimits: [{ resource: "cpu", soft: 1, hard: 1 }] }, "unknown-option", "rlimits[0].resource"],
    [{ stdin: 5 }, "invalid-option", "stdin"],
    [{ stdin: new ArrayBuffer(3) }, "invalid-option", "stdin"],
  ];
  for (const [options, code, path] of wrong) {
    const refused = { name: "InvalidOptionError", code, path };
    await assert.rejects(job.exec("true", options as ExecOptions), refused);
    await assert.rejects(job.execStream("true", options as ExecOptions), refused);
  }
  await assert.rejects(job.jobs.exec("true", { stdin: 5 as unknown as string }), { path: "stdin" });
  await using ssh = await job.ssh();
  await assert.rejects(ssh.exec("true", { stdin: 5 as unknown as string }), { path: "stdin" });
});

test("a command's events are its start, its output and its end", async () => {
  const command = await job.shellStream("for i in 1 2 3; do echo $i; done; echo err >&2; exit 7");
  const seen: Record<string, string> = { stdout: "", stderr: "" };
  const events: ProcessEvent[] = [];
  for await (const event of command) {
    events.push(event);
    if ("data" in event) seen[event.type] += new TextDecoder().decode(event.data);
  }
  assert.deepEqual(seen, { stdout: "1\n2\n3\n", stderr: "err\n" });
  assert.ok(command.pid > 0);
  assert.deepEqual(events[0], { type: "started", pid: command.pid });
  const status = { success: false, code: 7, signal: null };
  assert.deepEqual(events.at(-1), { type: "exited", status });
  const collected = await (await job.shellStream("echo out; echo err >&2")).collect();
  assert.deepEqual([collected.text(), collected.errorText(), collected.code], [
    "out\n",
    "err\n",
    0,
  ]);

  const sleep = await job.shellStream("exec sleep 1000");
  const kinds: string[] = [];
  for await (const event of sleep) {
    kinds.push(event.type);
    if (event.type === "started") await sleep.kill("SIGTERM");
  }
  assert.deepEqual(kinds, ["started", "exited"]);
  assert.equal((await sleep.status).success, false);
});

test("a terminal gets another size while its output is waited for", async () => {
  const command = await job.shellStream(
    "test -t 0 && test -t 1 || exit 42; echo ready; read line; stty size; echo marker >&2",
    { tty: true },
  );
  const reader = command.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("ready")) text += (await reader.read()).value!;
  const next = reader.read();
  await command.resize({ columns: 100, rows: 40 });
  await command.stdin.getWriter().write(new TextEncoder().encode("go on\n"));
  text += (await next).value!;
  for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value;
  assert.match(text, /^40 100\r$/m);
  assert.match(text, /^marker\r$/m);
  assert.equal(await new Response(command.stderr).text(), "");
  assert.equal((await command.status).code, 0);
});

test("standard input has one writer, or none when it is given", async () => {
  const without = await job.exec("cat", { stdin: null });
  assert.equal(without.text(), "");
  const started = await job.execStream("echo", { args: ["hi"], stdin: null });
  assert.throws(() => started.stdin, TypeError);
  assert.equal((await started.collect()).text(), "hi\n");
  const cat = await job.execStream("cat");
  const writer = cat.stdin.getWriter();
  assert.throws(() => cat.stdin.getWriter(), TypeError);
  await writer.write(new TextEncoder().encode("written\n"));
  await writer.close();
  assert.equal((await cat.collect()).text(), "written\n");
});

test("a program goes on while a command runs", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  await job.shell("sleep 1");
  clearInterval(timer);
  assert.ok(ticks > 1, String(ticks));
});

test("volumes are mounted read-only and without programs, and a tmpfs has an end", async () => {
  assert.equal(await run(job, "cat /data/greeting; sh /noexec/run.sh"), "from this machine\nran\n");
  const written = await job.shell("echo nope >/readonly/file");
  assert.match(written.errorText(), /Read-only file system/);
  const direct = await job.shell("/data/run.sh && /noexec/run.sh");
  assert.deepEqual([direct.text(), direct.code], ["ran\n", 126]);
  await run(job, "dd if=/dev/zero of=/scratch/small bs=1M count=1");
  const big = await job.shell("dd if=/dev/zero of=/scratch/big bs=1M count=8");
  assert.match(big.errorText(), /No space left/);
});

test("a plan has each change, and changes nothing", async () => {
  const plan = await job.modify({
    cpus: 2,
    rootDiskMiB: 8192,
    labels: { tier: "gold" },
    dryRun: true,
  });
  assert.deepEqual([plan.applied, plan.policy], [false, "no-restart"]);
  // More processors than it was booted for come with more that it can have.
  assert.deepEqual(plan.changes.map(({ field, change }) => `${field} ${change}`).sort(), [
    "cpus updated",
    "label updated",
    "max_cpus updated",
    "root_disk_size updated",
  ]);
  const handle = await Sandbox.get(jobName);
  assert.equal((await handle.modify({ env: { MODIFIED: "1" }, dryRun: true })).applied, false);
  const { cpus, env, labels } = await handle.config();
  assert.deepEqual([cpus, env?.["MODIFIED"], labels?.["tier"]], [1, undefined, "job"]);
});

test("list() finds the sandboxes that have all of the labels", async () => {
  const found = async (labels: Record<string, string>): Promise<SandboxHandle[]> =>
    await Array.fromAsync(Sandbox.list({ labels }));
  const byOwner = await found({ owner });
  assert.deepEqual(byOwner.map(({ name }) => name).sort(), [jobName, webName]);
  const byBoth = await found({ owner, tier: "web" });
  assert.deepEqual(byBoth.map(({ name }) => name), [webName]);
  assert.deepEqual(await found({ owner: `${owner}-else`, tier: "web" }), []);
  const [listed] = byBoth;
  assert.equal(listed!.status, "running");
  assert.ok(listed!.createdAt! <= new Date());
  assert.equal((await listed!.config()).name, webName);
  assert.equal((await listed!.refresh()).name, webName);
});

test("metrics are there for all sandboxes, and their stream can be left", async () => {
  await until("both have a sample", async () => {
    const all = await Sandbox.metrics();
    return [webName, jobName].every((name) => all.get(name)?.memoryLimitBytes === 2 ** 28);
  });
  const stream = job.metricsStream({ intervalMs: 200 });
  assert.ok((await stream.next()).value!.memoryLimitBytes > 0);
  await stream.return();
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

test("logs are limited in several ways at once", async () => {
  await job.shell("echo old line");
  const since = (await job.logs({ tail: 1 }))[0]!.timestamp;
  await job.shell("echo recent line; echo recent error >&2");
  const handle = await Sandbox.get(jobName);
  const sources = ["stdout" as const];
  const [recent, ...more] = await handle.logs({ tail: 1, since, sources });
  assert.deepEqual([recent!.text(), recent!.source, more], ["recent line\n", "stdout", []]);
  const streamed = await Array.fromAsync(job.logStream({ sources }));
  assert.equal(streamed.at(-1)!.text(), "recent line\n");
  assert.ok(streamed.every(({ source, cursor }) => source === "stdout" && cursor.length > 0));
  const rest = await Array.fromAsync(job.logStream({ sources, cursor: streamed.at(-1)!.cursor }));
  assert.deepEqual(rest, []);
});

test("rules open an address and a range of ports, and nothing else", {
  skip: needsAddresses,
}, async () => {
  assert.equal(await get(web, publicAddress, server), "hello");
  assert.equal(await get(web, privateAddress, other), "other");
  assert.equal(await get(web, privateAddress, server), "");
});

test("profiles add up, and what is denied by name does not resolve", {
  skip: needsAddresses,
}, async () => {
  assert.equal(await get(job, publicAddress, server), "hello");
  assert.equal(await get(job, privateAddress, server), "hello");
  assert.equal(await get(job, "host.microsandbox.internal", server), "");
  const resolved = async (name: string) => (await job.exec("nslookup", { args: [name] })).text();
  assert.ok((await resolved("open.test")).includes(publicAddress));
  for (const name of ["blocked.test", "any.suffix.test"]) {
    assert.ok(!(await resolved(name)).includes(publicAddress), name);
    assert.ok(!names.asked.includes(name));
  }
});

test("a port of this machine that was chosen leads to the guest", async () => {
  assert.deepEqual(job.ports.map(({ hostPort }) => hostPort), [fixedPort]);
  await job.shell("nc -ll -p 7777 -e echo through >/dev/null 2>&1 &");
  await job.waitForPort(7777);
  let text = "";
  const socket = connect(fixedPort, "127.0.0.1").on("data", (chunk) => text += chunk);
  await new Promise((resolve) => socket.on("close", resolve));
  assert.equal(text, "through\n");
});

test("a stopped sandbox has its logs, and answers nothing", async () => {
  const stopped = await Sandbox.get(jobName);
  await job.shell("echo kept >/root/kept; echo last line; sync");
  await stopped.stop();
  await stopped.kill();
  const refused = { name: "SandboxNotRunningError", code: "sandbox-not-running" };
  await assert.rejects(stopped.ping(), refused);
  await assert.rejects(stopped.touch(), refused);
  assert.equal((await stopped.refresh()).status, "stopped");
  const [last] = await stopped.logs({ tail: 1, sources: ["stdout"] });
  assert.equal(last!.text(), "last line\n");
});

test("a stopped sandbox's snapshot is found, listed, carried away and booted", async () => {
  const handle = await Sandbox.get(jobName);
  const snapshot = await handle.snapshot({ name: "stopped" });
  assert.match(snapshot.digest, /^\S+$/);
  assert.deepEqual(
    [snapshot.group, snapshot.resumable, snapshot.format, snapshot.image],
    [jobName, false, "raw", image],
  );
  assert.ok(snapshot.sizeBytes! > 0);
  await snapshot.verify();
  for (const reference of [`${jobName}:stopped`, snapshot.reference]) {
    assert.equal((await Snapshot.get(reference)).digest, snapshot.digest);
  }
  const directory = dirname(snapshot.reference);
  for (const found of [await Snapshot.list(), await Snapshot.list({ directory })]) {
    assert.ok(found.some(({ digest }) => digest === snapshot.digest));
  }
  assert.ok(await Snapshot.reindex({ directory }) > 0);
  const archive = join(scratch, "archive.msb");
  await snapshot.save(archive, { compress: false });
  const [imported] = await Snapshot.load(archive, { directory: join(scratch, "imported") });
  assert.deepEqual([imported!.id, imported!.digest], [snapshot.id, snapshot.digest]);
  await imported!.remove({ force: true });

  const mounts = Object.fromEntries(
    ["/data", "/readonly", "/noexec"].map((path) => [path, { volume: volumeName }]),
  );
  const restored = await snapshot.restore({ name: `${owner}-restored`, bindings: { mounts } });
  assert.equal(await run(restored, "cat /root/kept /data/greeting"), "kept\nfrom this machine\n");
  await restored.kill();
  await handle.remove();
  await assert.rejects(Sandbox.get(jobName), { code: "sandbox-not-found" });
});
