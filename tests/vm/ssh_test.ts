// SSH into one microVM: from this program, and with OpenSSH's own clients.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import * as host from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox, SeekMode, type SshServer } from "../../mod.ts";
import type { SshExecOptions, SshServerEvent } from "../../types.ts";
import { connect } from "../../src/host/connection.ts";
import { command, until } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const megabytes = randomBytes(3_000_017);
let sandbox: Sandbox;
let scratch: string;
let server: SshServer;

before(async () => {
  scratch = host.mkdtempSync(join(tmpdir(), "microsandbox-ssh-"));
  for (const name of ["key", "other"]) {
    const made = await run([
      "ssh-keygen",
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-f",
      join(scratch, name),
    ]);
    assert.equal(made.code, 0, made.stderr);
  }
  const name = `${"Bun" in globalThis ? "bun" : "deno"}-ssh`;
  sandbox = await Sandbox.create({ name, image, memoryMiB: 512 });
  server = await sandbox.sshServer({ authorizedKeysFile: join(scratch, "key.pub") });
  host.writeFileSync(join(scratch, "known"), `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
  host.writeFileSync(join(scratch, "megabytes"), megabytes);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
  host.rmSync(scratch, { recursive: true });
});

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface Ran {
  code: number | null;
  stdout: Uint8Array;
  stderr: string;
}

/** Runs a program of this machine with this input. */
async function run([program, ...args]: string[], input: string | Uint8Array = ""): Promise<Ran> {
  const child = spawn(program!, args);
  const [stdout, stderr]: Uint8Array[][] = [[], []];
  child.stdout.on("data", (chunk: Uint8Array) => stdout!.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => stderr!.push(chunk));
  // It may end before it has read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return {
    code,
    stdout: Buffer.concat(stdout!),
    stderr: Buffer.concat(stderr!).toString(),
  };
}

/** What all clients of OpenSSH are told. */
function options(key = "key"): string[] {
  return [
    ["-F", "none"],
    ["-i", join(scratch, key)],
    ...[
      "BatchMode=yes",
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      "StrictHostKeyChecking=yes",
      `UserKnownHostsFile=${join(scratch, "known")}`,
    ].map((option) => ["-o", option]),
  ].flat();
}

function ssh(args: string[], input?: string | Uint8Array): Promise<Ran> {
  const target = ["-p", `${server.port}`, "root@127.0.0.1"];
  return run(["ssh", ...options(), ...target, ...args], input);
}

/** Resolves when the guest runs no `sleep` with this argument. */
async function gone(argument: string): Promise<void> {
  await until("the command is gone", async () => {
    const listed = await sandbox.exec("ps", { args: ["-o", "args"] });
    assert.match(listed.text(), /^ps -o args$/m);
    return !listed.text().includes(`sleep ${argument}`);
  });
}

test("exec() collects what a command prints, and how it ended", async () => {
  await using client = await sandbox.ssh();
  const output = await client.exec("echo out; echo err >&2; id -un; exit 3");
  assert.deepEqual([output.text(), output.errorText(), output.code], ["out\nroot\n", "err\n", 3]);
  assert.equal((await client.exec("cat", { stdin: "from here" })).text(), "from here");
  assert.equal((await client.exec("cat")).text(), "");
  const tty = { columns: 100, rows: 30 };
  // A shell that asks within its first milliseconds sees the size before.
  const sized = await client.exec("until stty size | grep -x '30 100'; do :; done; tty", { tty });
  assert.match(sized.text(), /^30 100\r\n\/dev\/\S+\r\n$/);
  // The guest does not say which signal it was.
  const { code, success, signal } = await client.exec("kill -9 $$");
  assert.deepEqual([code, success, signal], [-1, false, "unknown"]);
  await using guest = await sandbox.ssh({ user: "guest", term: "vt100" });
  assert.equal((await guest.exec("id -un")).text(), "guest\n");
  assert.equal((await guest.exec("echo $TERM", { tty: true })).text(), "vt100\r\n");
});

test("exec() refuses by name what SSH cannot do", async () => {
  await using ssh = await sandbox.ssh();
  for (const option of ["timeoutMs", "cwd", "env"]) {
    await assert.rejects(ssh.exec("true", { [option]: 1 } as SshExecOptions), {
      name: "InvalidOptionError",
      code: "unknown-option",
      path: option,
    });
  }
});

test("execStream() streams both ways, and kill() and abort reach the guest", async () => {
  await using client = await sandbox.ssh();
  const cat = await client.execStream("cat");
  const writer = cat.stdin.getWriter();
  const megabyte = megabytes.subarray(0, 1_000_003);
  const written = (async () => {
    for (let at = 0; at < megabyte.length; at += 100_000) {
      await writer.write(megabyte.subarray(at, at + 100_000));
    }
    await writer.close();
  })();
  const hash = createHash("sha256");
  for await (const chunk of cat.stdout) hash.update(chunk);
  await written;
  assert.equal(hash.digest("hex"), digest(megabyte));
  assert.equal((await cat.status).success, true);

  const sleep = await client.execStream("exec sleep 1001");
  await sleep.kill();
  assert.deepEqual(await sleep.status, { success: false, code: -1, signal: "SIGTERM" });
  const reason = new Error("enough");
  const controller = new AbortController();
  const noisy = client.exec("echo ready >/tmp/ready; exec sleep 1002", {
    signal: controller.signal,
  });
  await until("the command runs", () => sandbox.fs.exists("/tmp/ready"));
  controller.abort(reason);
  await assert.rejects(noisy, reason);
  await gone("1002");
});

test("one command that nobody reads holds up no other one, until close() ends it", async () => {
  const client = await sandbox.ssh();
  const unread = await client.execStream("yes");
  assert.equal((await client.exec("echo other")).text(), "other\n");
  const ended = assert.rejects(unread.status, { name: "CommandInterruptedError" });
  await client.close();
  await client.close();
  await ended;
  await assert.rejects(client.exec("true"), { code: "handle-closed" });
});

test("attach() is the shell in this program's terminal", async () => {
  const socket = `microsandbox-ssh-${"Bun" in globalThis ? "bun" : "deno"}`;
  const tmux = async (...args: string[]) => {
    const ran = await run(["tmux", "-L", socket, "-f", "/dev/null", ...args]);
    assert.equal(ran.code, 0, ran.stderr);
    return String(ran.stdout);
  };
  let screen = "";
  const shows = (text: RegExp) =>
    until(
      `the terminal shows ${text}`,
      async () => text.test(screen = await tmux("capture-pane", "-p")),
    )
      .catch((error) => assert.fail(`${error.message}; it shows\n${screen}`));
  const fixture = `${import.meta.dirname}/fixtures/ssh_attach.ts`;
  const program = command(fixture).concat(sandbox.name).map((word) => `'${word}'`).join(" ");
  await tmux("new-session", "-d", "-x", "100", "-y", "30", `${program}; echo ended $?; cat`);
  try {
    await shows(/\$ ?$/m);
    await tmux("send-keys", "stty size; id -un", "Enter");
    await shows(/^30 100\nguest$/m);
    await tmux("resize-window", "-x", "90", "-y", "40");
    await tmux("send-keys", "clear; stty size", "Enter");
    await shows(/^40 90$/m);
    await tmux("send-keys", "exit 7", "Enter");
    await shows(/shell ended with 7\nended 0/);
  } finally {
    await tmux("kill-server");
  }
});

test("SFTP moves megabytes exactly, and has the same files as the guest", async () => {
  await using client = await sandbox.ssh({ user: "guest" });
  await using sftp = await client.sftp();
  const { fs } = sftp;
  await fs.mkdir("/tmp/sftp/deep", { recursive: true });
  await fs.writeFile("/tmp/sftp/megabytes", megabytes);
  assert.equal(digest(await sandbox.fs.readFile("/tmp/sftp/megabytes")), digest(megabytes));
  assert.equal(digest(await fs.readFile("/tmp/sftp/megabytes")), digest(megabytes));
  const { isFile, size, uid } = await fs.stat("/tmp/sftp/megabytes");
  assert.deepEqual([isFile, size, uid], [true, megabytes.length, 1000]);
  await fs.symlink("megabytes", "/tmp/sftp/link");
  assert.equal((await fs.lstat("/tmp/sftp/link")).isSymlink, true);
  assert.equal(await fs.readLink("/tmp/sftp/link"), "megabytes");
  assert.equal(await fs.realPath("/tmp/sftp/./link"), "/tmp/sftp/megabytes");
  const entries = await Array.fromAsync(fs.readDir("/tmp/sftp"));
  entries.sort((one, other) => one.name < other.name ? -1 : 1);
  assert.deepEqual(entries.map(({ name, isFile, isDirectory }) => [name, isFile, isDirectory]), [
    ["deep", false, true],
    ["link", false, false],
    ["megabytes", true, false],
  ]);
  await fs.writeTextFile("/tmp/sftp/text", "grüße", { mode: 0o640 });
  await fs.writeTextFile("/tmp/sftp/text", "!", { append: true });
  await fs.copyFile("/tmp/sftp/text", "/tmp/sftp/copy");
  await fs.rename("/tmp/sftp/copy", "/tmp/sftp/moved");
  assert.equal(await fs.readTextFile("/tmp/sftp/moved"), "grüße!");
  await fs.chown("/tmp/sftp/moved", null, 0);
  await fs.utime("/tmp/sftp/moved", 1_000_000_000, 1_100_000_000);
  const moved = await sandbox.fs.stat("/tmp/sftp/moved");
  assert.deepEqual([moved.mode, moved.uid, moved.gid], [0o640, 1000, 0]);
  assert.equal(moved.mtime?.getTime(), 1_100_000_000_000);

  await using file = await fs.open("/tmp/sftp/text", { read: true, write: true });
  await file.seek(-1, SeekMode.End);
  await file.write(new TextEncoder().encode("?"));
  await file.truncate(9);
  await file.seek(0, SeekMode.Start);
  assert.equal(await new Response(file.readable).text(), "grüße?\0");
  await fs.remove("/tmp/sftp", { recursive: true });
  assert.equal(await fs.exists("/tmp/sftp"), false);

  const missing = { name: "FileNotFoundError", code: "not-found", path: "/tmp/sftp/none" };
  await assert.rejects(fs.readFile("/tmp/sftp/none"), missing);
  await assert.rejects(fs.mkdir("/tmp/sftp/none/deep"), { name: "FileNotFoundError" });
  await assert.rejects(fs.mkdir("/tmp"), { name: "FileAlreadyExistsError" });
  await assert.rejects(fs.remove("/proc"), { name: "FileSystemError", code: "filesystem-error" });
  const reason = new Error("enough");
  await assert.rejects(fs.readFile("/etc/passwd", { signal: AbortSignal.abort(reason) }), reason);
  await client.close();
  await assert.rejects(fs.stat("/tmp"), { name: "SshError" });
  await sftp.close();
  await assert.rejects(fs.stat("/tmp"), { code: "handle-closed" });
});

test("OpenSSH's ssh runs commands, with and without a terminal", async () => {
  const input = megabytes.subarray(0, 1_000_003);
  const ran = await ssh(["cat; echo err >&2; exit 5"], input);
  assert.deepEqual([ran.code, ran.stderr], [5, "err\n"]);
  assert.equal(digest(ran.stdout), digest(input));
  const shell = await ssh(["-tt"], "echo $((20 + 22)) on $(tty)\nexit 6\n");
  assert.equal(shell.code, 6, shell.stderr);
  assert.match(String(shell.stdout), /^42 on \/dev\//m);
  // A command that a signal ended is no success.
  assert.equal((await ssh(["kill -9 $$"])).code, 255);
  const missing = await ssh(["/no/such/program"]);
  assert.equal(missing.code, 127);
});

test("OpenSSH's sftp and scp move files", async () => {
  const [original, back] = ["megabytes", "back"].map((name) => join(scratch, name));
  const port = ["-P", `${server.port}`];
  const put = await run(["scp", ...options(), ...port, original!, "root@127.0.0.1:/tmp/scp"]);
  assert.equal(put.code, 0, put.stderr);
  assert.equal(digest(await sandbox.fs.readFile("/tmp/scp")), digest(megabytes));
  const get = await run(["scp", ...options(), ...port, "root@127.0.0.1:/tmp/scp", back!]);
  assert.equal(get.code, 0, get.stderr);
  assert.equal(digest(host.readFileSync(back!)), digest(megabytes));
  const batch = [
    "mkdir /tmp/batch",
    "cd /tmp/batch",
    `put ${original} there`,
    "rename there here",
    "ls -l",
  ];
  const sftp = ["sftp", ...options(), ...port, "-b", "-", "root@127.0.0.1"];
  const listed = await run(sftp, batch.join("\n") + "\n");
  assert.equal(listed.code, 0, listed.stderr);
  assert.match(String(listed.stdout), /-rw.* 3000017 .* here$/m);
});

test("OpenSSH's ssh has connections forwarded to the guest", async () => {
  await sandbox.shell("(echo through the tunnel | nc -l -p 7777 >/dev/null 2>&1 &)");
  await sandbox.shell("until netstat -ltn | grep -q ':7777 '; do sleep 0.1; done");
  const tunnel = await ssh(["-W", "127.0.0.1:7777"]);
  assert.equal(String(tunnel.stdout), "through the tunnel\n", tunnel.stderr);
});

test("a wrong key is refused and told, as is who logged in", async () => {
  const target = ["-p", `${server.port}`, "guest@127.0.0.1", "true"];
  const wrong = await run(["ssh", ...options("other"), ...target]);
  assert.equal(wrong.code, 255);
  assert.match(wrong.stderr, /Permission denied \(publickey\)/);
  const right = await run(["ssh", ...options(), ...target]);
  assert.equal(right.code, 0, right.stderr);
  const fingerprints = await Promise.all(["other", "key"].map(async (name) => {
    const { stdout } = await run(["ssh-keygen", "-l", "-f", join(scratch, `${name}.pub`)]);
    return String(stdout).split(" ")[1];
  }));
  const events: SshServerEvent[] = [];
  for await (const event of server) {
    if (event.type === "missed" || event.user !== "guest") continue;
    assert.match(event.remoteAddress, /^127\.0\.0\.1:\d+$/);
    events.push(event);
    if (event.type === "loggedIn") break;
  }
  assert.deepEqual(
    events.map((event) => event.type !== "missed" && [event.type, event.fingerprint]),
    [["refused", fingerprints[0]], ["loggedIn", fingerprints[1]]],
  );
  const reason = new Error("enough");
  const more = server.events({ signal: AbortSignal.abort(reason) });
  await assert.rejects(more.next(), reason);
});

test("what a close was given up for is closed all the same, and keeps no handle", async () => {
  const client = await connect();
  const handles = async () => (await client.call("echo.statistics", {})).result.handles;
  const before = await handles();
  const reason = new Error("enough");
  const authorizedKeysFile = join(scratch, "key.pub");
  const all = [
    await sandbox.ssh(),
    await sandbox.sshServer({ authorizedKeysFile }),
    await sandbox.agent(),
  ];
  for (const closable of all) {
    await assert.rejects(closable.close({ signal: AbortSignal.abort(reason) }), reason);
    await closable.close();
    await closable[Symbol.asyncDispose]();
  }
  assert.equal(await handles(), before);
});

test("close() ends connections and events, and frees the port", async () => {
  const key = host.readFileSync(join(scratch, "key.pub"), "utf8");
  const hostKey = host.readFileSync(join(scratch, "other"), "utf8");
  const first = await sandbox.sshServer({
    authorizedKeys: [key],
    hostKey,
    sftp: false,
    user: "guest",
  });
  const { port } = first;
  assert.equal(
    first.hostKey.split(" ")[1],
    host.readFileSync(join(scratch, "other.pub"), "utf8").split(" ")[1],
  );
  await assert.rejects(sandbox.sshServer({ authorizedKeys: [key], port }), {
    name: "PortUnavailableError",
    hostPort: port,
  });
  host.appendFileSync(join(scratch, "known"), `[127.0.0.1]:${port} ${first.hostKey}\n`);
  const at = ["-P", `${port}`, "-b", "-", "root@127.0.0.1"];
  const refused = await run(["sftp", ...options(), ...at], "ls\n");
  assert.notEqual(refused.code, 0);
  const whoami = await run(["ssh", ...options(), "-p", `${port}`, "root@127.0.0.1", "id -un"]);
  assert.equal(String(whoami.stdout), "guest\n", whoami.stderr);
  const sleeping = run([
    "ssh",
    ...options(),
    "-p",
    `${port}`,
    "root@127.0.0.1",
    "touch /tmp/asleep; exec sleep 1003",
  ]);
  await until("the command runs", () => sandbox.fs.exists("/tmp/asleep"));
  const events = Array.fromAsync(first);
  await first.close();
  await first.close();
  assert.equal((await sleeping).code, 255);
  assert.deepEqual((await events).map((event) => event.type), ["loggedIn", "loggedIn", "loggedIn"]);
  await gone("1003");
  // The sandbox keeps its own key, so clients know it again.
  await using second = await sandbox.sshServer({ authorizedKeys: [key], port });
  assert.deepEqual([second.port, second.hostKey], [port, server.hostKey]);
});
