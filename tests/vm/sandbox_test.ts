// Sandboxes and commands in real microVMs. Booting one takes seconds where it
// is emulated, so most tests share one.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox, type SandboxHandle } from "../../mod.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
/** Both runtimes run this file in one home. */
const prefix = "Bun" in globalThis ? "bun" : "deno";
const name = `${prefix}-shared`;
let shared: Sandbox;

before(async () => {
  shared = await Sandbox.create({
    name,
    image,
    memoryMiB: 256,
    env: { GREETING: "grüße" },
    labels: { runtime: prefix },
    hostname: "testhost",
    workdir: "/tmp",
  });
});
after(() => shared[Symbol.asyncDispose]());

async function names(): Promise<string[]> {
  const found: string[] = [];
  for await (const handle of Sandbox.list()) found.push(handle.name);
  return found;
}

test("create() gives a sandbox that belongs to this program", async () => {
  assert.equal(shared.name, name);
  assert.equal(shared.backend, "local");
  assert.equal(shared.ownsLifecycle, true);
  const handle = await Sandbox.get(name);
  assert.equal(handle.status, "running");
  assert.equal(handle.id, shared.id);
  assert.ok(handle.createdAt! <= new Date());
});

test("exec() collects both outputs and the exit code", async () => {
  const script = 'printf "out\\377\\000" ; printf err >&2; exit 3';
  const output = await shared.exec("sh", { args: ["-c", script] });
  assert.equal(output.code, 3);
  assert.equal(output.success, false);
  assert.deepEqual(output.stdout, new Uint8Array([111, 117, 116, 255, 0]));
  assert.equal(output.errorText(), "err");
});

test("exec() passes arguments, directory, environment and user as they are", async () => {
  const output = await shared.exec("sh", {
    args: ["-c", 'echo "$1|$(pwd)|$VALUE|$GREETING|$(id -u)|$(hostname)"', "sh", "a 'b' \"$c\""],
    cwd: "/etc",
    env: { VALUE: "x y=z" },
    user: "guest",
  });
  assert.equal(output.text(), `a 'b' "$c"|/etc|x y=z|grüße|1000|testhost\n`);
});

test("exec() starts in the sandbox's directory", async () => {
  assert.equal((await shared.exec("pwd")).text(), "/tmp\n");
});

test("shell() passes arguments to the script without quoting trouble", async () => {
  const output = await shared.shell('printf "%s" "$1"', {
    args: ["$(reboot); '\" \n"],
  });
  assert.equal(output.text(), "$(reboot); '\" \n");
  assert.equal(output.success, true);
});

test("json() parses what was printed", async () => {
  const output = await shared.shell(`echo '{"list":[1,2]}'`);
  assert.deepEqual(output.json(), { list: [1, 2] });
});

test("exec() collects megabytes exactly", async () => {
  const output = await shared.shell("head -c 3000000 /dev/zero | tr '\\0' x");
  assert.equal(output.stdout.length, 3_000_000);
  assert.ok(output.stdout.every((byte) => byte === 120));
});

test("a command that cannot be started is ExecFailedError with the guest's errno", async () => {
  await assert.rejects(shared.exec("no-such-program"), {
    name: "ExecFailedError",
    code: "exec-failed",
    kind: "not_found",
    errnoName: "ENOENT",
  });
});

test("a command that runs too long is killed, and its output so far is kept", async () => {
  const script = "echo before; echo problem >&2; sleep 1000";
  await assert.rejects(
    shared.shell(script, { timeoutMs: 2_000 }),
    (error: unknown) => {
      assert.ok(error instanceof Error);
      const { name, code, stdout, stderr } = error as Error & {
        code: string;
        stdout: Uint8Array;
        stderr: Uint8Array;
      };
      assert.equal(name, "ExecTimeoutError");
      assert.equal(code, "exec-timeout");
      assert.equal(new TextDecoder().decode(stdout), "before\n");
      assert.equal(new TextDecoder().decode(stderr), "problem\n");
      return true;
    },
  );
  // Its whole process is gone, not only the call.
  assert.equal((await shared.exec("pidof", { args: ["sleep"] })).code, 1);
});

test("an aborted command is killed, and fails with the signal's reason", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const call = shared.shell("sleep 1000", { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 500);
  await assert.rejects(call, reason);
  const left = await shared.shell(
    "for i in 1 2 3 4 5 6 7 8 9 10; do pidof sleep >/dev/null || exit 0; usleep 200000; done; exit 1",
  );
  assert.equal(left.code, 0);
});

test("a timeoutMs out of range is refused", async () => {
  await assert.rejects(shared.exec("true", { timeoutMs: 0 }), {
    code: "option-out-of-range",
    path: "timeoutMs",
  });
});

test("unknown command options are refused by name", async () => {
  const options = { cwdd: "/" } as { cwd?: string };
  await assert.rejects(shared.exec("true", options), {
    code: "unknown-option",
    path: "cwdd",
  });
});

test("commands run side by side", async () => {
  const outputs = await Promise.all(
    Array.from({ length: 8 }, (_, index) => shared.shell(`echo ${index}`)),
  );
  assert.deepEqual(
    outputs.map((output) => output.text()),
    Array.from({ length: 8 }, (_, index) => `${index}\n`),
  );
});

test("create() refuses a name that is taken", async () => {
  await assert.rejects(Sandbox.create({ name, image }), {
    name: "SandboxAlreadyExistsError",
    code: "sandbox-already-exists",
    details: { name },
  });
  assert.equal((await Sandbox.get(name)).status, "running");
});

test("start() and remove() refuse a sandbox that runs", async () => {
  await assert.rejects(Sandbox.start(name), { code: "sandbox-still-running" });
  await assert.rejects(Sandbox.remove(name), { code: "sandbox-still-running" });
});

test("list() finds sandboxes by label", async () => {
  const found: SandboxHandle[] = [];
  for await (const handle of Sandbox.list({ labels: { runtime: prefix } })) {
    found.push(handle);
  }
  assert.deepEqual(found.map((handle) => handle.name), [name]);
  for await (const handle of Sandbox.list({ labels: { runtime: "other" } })) {
    assert.fail(handle.name);
  }
});

test("connect() gives a second way to the sandbox, and does not own it", async () => {
  const handle = await Sandbox.get(name);
  {
    await using connected = await handle.connect();
    assert.equal(connected.ownsLifecycle, false);
    assert.equal((await connected.exec("echo", { args: ["hi"] })).text(), "hi\n");
  }
  assert.equal((await handle.refresh()).status, "running");
});

test("get() of no sandbox is SandboxNotFoundError", async () => {
  await assert.rejects(Sandbox.get("no-such-sandbox"), {
    name: "SandboxNotFoundError",
    code: "sandbox-not-found",
  });
});

test("a create that is aborted while it boots leaves nothing behind", async () => {
  const reason = new Error("changed my mind");
  const controller = new AbortController();
  const creating = Sandbox.create({
    name: `${prefix}-aborted`,
    image,
    onProgress: (event) => {
      if (event.kind === "startup" && event.phase === "booting") controller.abort(reason);
    },
    signal: controller.signal,
  });
  await assert.rejects(creating, reason);
  assert.ok(!(await names()).includes(`${prefix}-aborted`));
});

test("a create whose guest does not come up leaves nothing behind", async () => {
  await assert.rejects(
    Sandbox.create({ name: `${prefix}-broken`, image, user: "nobody-here" }),
    (error: unknown) => {
      assert.ok(error instanceof Error);
      assert.equal(error.name, "BootError");
      assert.equal((error as Error & { code: string }).code, "boot-failed");
      assert.match(error.message, /nobody-here/);
      assert.ok((error as Error & { diagnosis: object }).diagnosis);
      return true;
    },
  );
  assert.ok(!(await names()).includes(`${prefix}-broken`));
});

test("a registry that cannot be reached is registry-unreachable", async () => {
  await assert.rejects(
    Sandbox.create({
      name: `${prefix}-unreachable`,
      image: "127.0.0.1:1/none:1",
      signal: AbortSignal.timeout(120_000),
    }),
    { name: "ImageError", code: "registry-unreachable" },
  );
  assert.ok(!(await names()).includes(`${prefix}-unreachable`));
});

test("a named sandbox is stopped, started, found again, killed and removed", async () => {
  const name = `${prefix}-life`;
  const created = await Sandbox.create({ name, image });
  await created.shell("echo kept >/root/file && sync");
  await created.stop();
  await assert.rejects(created.exec("true"), {
    name: "ClosedError",
    code: "handle-closed",
  });
  assert.equal((await Sandbox.get(name)).status, "stopped");

  const started = await Sandbox.start(name);
  assert.equal(started.id, created.id);
  assert.equal((await started.shell("cat /root/file")).text(), "kept\n");

  const got = await Sandbox.getOrCreate({ name, image });
  assert.equal(got.id, created.id);
  assert.equal(got.ownsLifecycle, false);

  // Everybody who has something under way hears of the end.
  const interrupted = assert.rejects(started.shell("echo so far; sleep 1000"), {
    name: "CommandInterruptedError",
    code: "command-interrupted",
  });
  const stopped = started.waitUntilStopped();
  await (await Sandbox.get(name)).kill();
  await interrupted;
  assert.equal((await stopped).status, "stopped");

  await Sandbox.remove(name);
  await assert.rejects(Sandbox.get(name), { code: "sandbox-not-found" });
});

test("a handle refuses the sandbox that has taken its name", async () => {
  const name = `${prefix}-replaced`;
  const first = await Sandbox.create({ name, image });
  const handle = await Sandbox.get(name);
  await first.detach();
  const second = await Sandbox.create({ name, image, replace: true });
  assert.notEqual(second.id, first.id);
  assert.equal((await second.exec("echo", { args: ["second"] })).text(), "second\n");
  await assert.rejects(handle.stop(), { code: "sandbox-replaced" });
  await second.kill();
  await Sandbox.remove(name);
});

test("a sandbox without a name is removed when it is disposed", async () => {
  let name: string;
  {
    await using unnamed = await Sandbox.create({ image, maxDurationMs: 600_000 });
    name = unnamed.name;
    assert.match(name, /^sandbox-[0-9a-f]{16}$/);
    assert.ok((await names()).includes(name));
  }
  assert.ok(!(await names()).includes(name));
});

test("a sandbox stops by itself after maxDurationMs", async () => {
  const sandbox = await Sandbox.create({ image, maxDurationMs: 20_000 });
  const result = await sandbox.waitUntilStopped();
  assert.ok(["stopped", "crashed"].includes(result.status), result.status);
});
