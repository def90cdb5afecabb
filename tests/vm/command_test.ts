// Commands in a real microVM: their input, output, signals and ends.
//
// Emulation moves about 2 MB a second, so what is large is small here unless
// MICROSANDBOX_TEST_FULL is set, as `deno task test:full` does.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import process from "node:process";
import { after, before, test } from "node:test";
import { type Process, type ProcessEvent, Sandbox, sh } from "../../mod.ts";

const isFull = process.env["MICROSANDBOX_TEST_FULL"] === "1";
const MiB = 1024 * 1024;
let sandbox: Sandbox;

before(async () => {
  sandbox = await Sandbox.create({
    image: process.env["MICROSANDBOX_TEST_IMAGE"]!,
    memoryMiB: 256,
  });
});
after(() => sandbox[Symbol.asyncDispose]());

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256);
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text();
}

test("stdin takes bytes, text, a stream, or nothing", async () => {
  const bytes = bytesOf(256);
  assert.deepEqual((await sandbox.exec("cat", { stdin: bytes })).stdout, bytes);
  assert.equal((await sandbox.exec("cat", { stdin: "grüße\n" })).text(), "grüße\n");
  const stream = ReadableStream.from([bytes.subarray(0, 100), bytes.subarray(100)]);
  assert.deepEqual((await sandbox.exec("cat", { stdin: stream })).stdout, bytes);
  assert.equal((await sandbox.exec("cat", { stdin: null })).text(), "");
  assert.equal((await sandbox.exec("cat")).text(), "");
});

test("what goes in comes out again, however much it is", async () => {
  const length = isFull ? 100 * MiB : 4 * MiB;
  const sent = createHash("sha256");
  let left = length;
  const stdin = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      const chunk = bytesOf(Math.min(left, MiB));
      crypto.getRandomValues(chunk.subarray(0, 4096));
      sent.update(chunk);
      left -= chunk.length;
      controller.enqueue(chunk);
    },
  });
  const command = await sandbox.execStream("cat", { stdin });
  const received = createHash("sha256");
  let count = 0;
  for await (const chunk of command.stdout) {
    received.update(chunk);
    count += chunk.length;
  }
  assert.equal(count, length);
  assert.equal(received.digest("hex"), sent.digest("hex"));
  assert.equal((await command.status).success, true);
});

test("a stream that fails as stdin kills the command", async () => {
  const reason = new Error("no more");
  const stdin = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(reason),
  });
  await assert.rejects(sandbox.exec("cat", { stdin }), reason);
});

test("a command may end before it has read its input", async () => {
  const output = await sandbox.exec("true", { stdin: bytesOf(300_000) });
  assert.equal(output.success, true);
  const stdin = ReadableStream.from([bytesOf(300_000)]);
  assert.equal((await sandbox.exec("true", { stdin })).success, true);
});

test("writing to a command that closed its input is an error of the writer", async () => {
  await using command = await sandbox.shellStream("exec <&-; echo closed; sleep 1000");
  const reader = command.stdout.getReader();
  await reader.read();
  const writer = command.stdin.getWriter();
  await assert.rejects(
    (async () => {
      while (true) await writer.write(new Uint8Array(65_536));
    })(),
    { name: "StdinClosedError", message: /EPIPE/ },
  );
});

test("execStream() gives both streams, the status and the process id", async () => {
  const command = await sandbox.shellStream("echo $$; printf err >&2; exit 7");
  const [stdout, stderr, status] = await Promise.all([
    text(command.stdout),
    text(command.stderr),
    command.status,
  ]);
  assert.equal(Number(stdout), command.pid);
  assert.equal(stderr, "err");
  assert.deepEqual(status, { success: false, code: 7, signal: null });
});

test("text that is split in the middle of a character comes out whole", async () => {
  const script = "printf '\\303'; sleep 1; printf '\\274'";
  assert.equal((await sandbox.shell(script)).text(), "ü");
  const command = await sandbox.shellStream(script);
  let decoded = "";
  for await (const part of command.stdout.pipeThrough(new TextDecoderStream())) decoded += part;
  assert.equal(decoded, "ü");
});

test("a command can be talked to", async () => {
  await using command = await sandbox.execStream("sh");
  const writer = command.stdin.getWriter();
  const lines = command.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (const number of [1, 2, 3]) {
    await writer.write(new TextEncoder().encode(`echo $((${number} * 11))\n`));
    assert.equal((await lines.read()).value, `${number * 11}\n`);
  }
  await writer.close();
  assert.equal((await command.status).code, 0);
});

test("iterating gives typed events", async () => {
  const events: ProcessEvent[] = [];
  for await (const event of await sandbox.shellStream("echo out; sleep 1; echo err >&2")) {
    events.push(event);
  }
  assert.deepEqual(events.map((event) => event.type), ["started", "stdout", "stderr", "exited"]);
});

test("a reader slows the guest down, and memory stays bounded", async () => {
  const total = isFull ? 1024 : 12;
  const command = await sandbox.shellStream(sh`
    i=0
    while [ $i -lt ${total} ]; do
      head -c 1048576 /dev/zero; i=$((i + 1)); echo $i >/tmp/progress
    done`);
  const reader = command.stdout.getReader();
  let length = (await reader.read()).value!.length;
  // The guest gets no further than what fits between it and the reader.
  const progress = async () =>
    Number((await sandbox.exec("cat", { args: ["/tmp/progress"] })).text());
  let [before, same] = [-1, 0];
  while (same < 10) {
    const now = await progress();
    same = now === before ? same + 1 : 0;
    before = now;
  }
  assert.ok(before < 8, `The guest wrote ${before} MiB with nobody reading`);
  const memory = process.memoryUsage().rss;
  let highest = memory;
  for (let second = 1; length < total * MiB; second++) {
    // One MiB a second in the full run; the reduced one is slow enough anyway.
    if (isFull) await new Promise((resolve) => setTimeout(resolve, 1000));
    while (length < Math.min(total, isFull ? second : total) * MiB) {
      length += (await reader.read()).value!.length;
    }
    highest = Math.max(highest, process.memoryUsage().rss);
  }
  assert.equal((await command.status).success, true);
  assert.ok(highest - memory < 64 * MiB, `Memory grew by ${(highest - memory) / MiB} MiB`);
});

test("reading one stream and not the other does not stop the command", async () => {
  const script = "head -c 3000000 /dev/zero >&2; echo done";
  const command = await sandbox.shellStream(script);
  assert.equal(await text(command.stdout), "done\n");
  assert.equal((await new Response(command.stderr).arrayBuffer()).byteLength, 3_000_000);
});

test("every exit code comes through", async () => {
  const codes = Array.from({ length: 256 }, (_, code) => code);
  const waiting = [...codes];
  const seen = new Map<number, number>();
  await Promise.all(Array.from({ length: 2 }, async () => {
    for (let code = waiting.pop(); code !== undefined; code = waiting.pop()) {
      const { code: got, signal } = await sandbox.shell(`exit ${code}`);
      assert.equal(signal, null);
      seen.set(code, got);
    }
  }));
  assert.deepEqual(codes.map((code) => seen.get(code)), codes);
});

test("death by a signal is told, by its name when it was sent from here", async () => {
  assert.deepEqual(pick(await sandbox.shell("kill -9 $$")), { code: -1, signal: "unknown" });
  for (
    const [sent, name] of [["SIGTERM", "SIGTERM"], [2, "SIGINT"], ["SIGKILL", "SIGKILL"]] as const
  ) {
    const command = await sandbox.execStream("sleep", { args: ["1000"] });
    await command.kill(sent);
    assert.deepEqual(pick(await command.status), { code: -1, signal: name });
  }
});

function pick({ code, signal }: { code: number; signal: unknown }): object {
  return { code, signal };
}

test("a command can handle its signals", async () => {
  const command = await sandbox.shellStream(
    "trap 'echo got it; exit 5' USR1; echo ready; while :; do sleep 0.1; done",
  );
  const reader = command.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "ready\n");
  await command.kill("SIGUSR1");
  assert.equal((await reader.read()).value, "got it\n");
  assert.deepEqual(await command.status, { success: false, code: 5, signal: null });
});

test("execStream() rejects what cannot be started", async () => {
  await assert.rejects(sandbox.execStream("no-such-program"), {
    name: "ExecFailedError",
    errnoName: "ENOENT",
    kind: "not_found",
  });
  await assert.rejects(sandbox.execStream("/etc/passwd"), {
    name: "ExecFailedError",
    errnoName: "EACCES",
  });
  await assert.rejects(sandbox.execStream("true", { user: "nobody-here" }), {
    name: "ExecFailedError",
    message: /nobody-here/,
  });
});

test("timeoutMs kills the command, and its output so far is kept", async () => {
  const script = "echo before; sleep 1000";
  const collected = await sandbox.shellStream(script, { timeoutMs: 1_000 });
  await assert.rejects(collected.collect(), {
    name: "ExecTimeoutError",
    stdout: new TextEncoder().encode("before\n"),
  });
  const streamed = await sandbox.shellStream(script, { timeoutMs: 1_000 });
  const reader = streamed.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "before\n");
  await assert.rejects(reader.read(), { name: "ExecTimeoutError" });
  await assert.rejects(streamed.status, { name: "ExecTimeoutError" });
  await expectNone("sleep");
});

test("an aborted command is killed, and fails with the signal's reason", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const command = await sandbox.shellStream("echo started; sleep 1000", {
    signal: controller.signal,
  });
  const reader = command.stdout.getReader();
  await reader.read();
  const reading = assert.rejects(reader.read(), reason);
  controller.abort(reason);
  await reading;
  await assert.rejects(command.status, reason);
  await expectNone("sleep");
});

test("a command that does not read the input that it was given is killed all the same", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  // More than is sent ahead of a command that does not read.
  const stdin = new Uint8Array(1024 * 1024);
  const collected = sandbox.exec("sleep", { args: ["1000"], stdin, signal: controller.signal });
  const streamed = await sandbox.execStream("sleep", { args: ["1000"], stdin });
  await sandbox.shell('while [ "$(pidof sleep | wc -w)" -lt 2 ]; do usleep 50000; done');
  controller.abort(reason);
  await assert.rejects(collected, reason);
  await streamed[Symbol.asyncDispose]();
  await expectNone("sleep");
});

test("a disposed command is killed", async () => {
  let command: Process;
  {
    await using running = await sandbox.execStream("sleep", { args: ["1000"] });
    command = running;
  }
  assert.equal((await command.status).signal, "SIGKILL");
  await expectNone("sleep");
});

/** Waits until no such program runs in the guest. */
async function expectNone(program: string): Promise<void> {
  const script = sh`i=0; while pidof ${program} >/dev/null; do
    i=$((i + 1)); [ $i -lt 50 ] || exit 1; usleep 100000; done`;
  assert.equal((await sandbox.shell(script)).code, 0);
}

test("a terminal has the size that it was given, and can get another", async () => {
  const tty = { columns: 100, rows: 30 };
  const output = await sandbox.shell("sleep 0.5; stty size; echo err >&2; tty", { tty });
  assert.match(output.text(), /^30 100\r\nerr\r\n\/dev\/pts\/\d+\r\n$/);
  assert.equal(output.stderr.length, 0);
  const command = await sandbox.shellStream(
    "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done",
    { tty: true },
  );
  const reader = command.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "ready\r\n");
  await command.resize({ columns: 133, rows: 44 });
  assert.equal((await reader.read()).value, "44 133\r\n");
  await command.status;
});

test("a terminal's control characters are signals", async () => {
  const command = await sandbox.shellStream("echo ready; sleep 1000", { tty: true });
  const reader = command.stdout.getReader();
  await reader.read();
  await command.stdin.getWriter().write(new Uint8Array([3]));
  assert.notEqual((await command.status).code, 0);
});

test("rlimits bind the command, and are refused when they cannot be", async () => {
  const rlimits = { nofile: { soft: 17, hard: 33 } };
  const limited = await sandbox.shell("ulimit -Sn; ulimit -Hn", { rlimits });
  assert.equal(limited.text(), "17\n33\n");
  const streamed = await sandbox.shellStream("ulimit -n", { rlimits: { nofile: 21 } });
  assert.equal(await text(streamed.stdout), "21\n");
  await assert.rejects(sandbox.exec("true", { rlimits: { nofile: { soft: 2, hard: 1 } } }), {
    name: "InvalidOptionError",
    path: "rlimits.nofile.soft",
  });
});

test("the image's own command runs with more arguments", async () => {
  const output = await sandbox.execDefault({ args: ["-c", 'echo "$1"', "sh", "mine"] });
  assert.equal(output.text(), "mine\n");
  const command = await sandbox.execDefaultStream({ args: ["-c", "exit 3"] });
  assert.equal((await command.status).code, 3);
});

test("sh makes words that the guest's shell takes as they are", async () => {
  const values = ["'", "''", "$(id) `id` $HOME", "\\", "a\nb", "*", "-n", "grüße", ""];
  const output = await sandbox.shell(sh`printf '%s\0' ${values}`);
  assert.deepEqual(output.text().split("\0").slice(0, -1), values);
});

test("64 commands at once each get their own output", async () => {
  const expected = (index: number) =>
    Array.from({ length: 100 }, (_, line) => `${index} ${line}\n`).join("");
  const outputs = await Promise.all(
    Array.from({ length: 64 }, async (_, index) => {
      const command = await sandbox.shellStream(
        sh`i=0; while [ $i -lt 100 ]; do echo ${index} $i; i=$((i + 1)); done`,
      );
      return await text(command.stdout);
    }),
  );
  outputs.forEach((output, index) => assert.equal(output, expected(index)));
});

test("more commands than a sandbox has connections take their turn, and need nobody to read them", async () => {
  const commands = await Promise.all(
    Array.from({ length: 140 }, (_, index) => sandbox.execStream("echo", { args: [`${index}`] })),
  );
  const outputs = await Promise.all(commands.map((command) => text(command.stdout)));
  outputs.forEach((output, index) => assert.equal(output, `${index}\n`));
});

test("many short commands in a row leave nothing behind", async () => {
  const run = async (count: number) => {
    for (let index = 0; index < count; index++) {
      assert.equal((await sandbox.exec("echo", { args: [String(index)] })).text(), `${index}\n`);
    }
  };
  const guestProcesses = async () =>
    Number((await sandbox.shell("ls /proc | grep -c '^[0-9]'")).text());
  // The first ones fill caches and pools.
  await run(50);
  const processes = await guestProcesses();
  const memory = process.memoryUsage().rss;
  await run(isFull ? 1_000 : 100);
  const growth = process.memoryUsage().rss - memory;
  assert.ok(growth < 32 * MiB, `Memory grew by ${growth / MiB} MiB`);
  assert.ok(await guestProcesses() <= processes + 1);
});

test("a command whose sandbox is killed is CommandInterruptedError", async () => {
  await using other = await Sandbox.create({ image: process.env["MICROSANDBOX_TEST_IMAGE"]! });
  const command = await other.shellStream("echo so far; sleep 1000");
  const reader = command.stdout.getReader();
  await reader.read();
  const reading = assert.rejects(reader.read(), { name: "CommandInterruptedError" });
  const collecting = assert.rejects(other.shell("echo so far; sleep 1000"), {
    name: "CommandInterruptedError",
  });
  await other.kill();
  await Promise.all([reading, collecting]);
  await assert.rejects(command.status, { name: "CommandInterruptedError" });
});
