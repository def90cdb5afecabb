// The agent of a sandbox, spoken to in its own protocol.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";
import { AgentClient, Sandbox } from "../../mod.ts";
import type { AgentFrame } from "../../types.ts";
import { type Cbor, decode, encode } from "../cbor.ts";

const name = `${"Bun" in globalThis ? "bun" : "deno"}-agent`;
/** Flags of frames: the last one of an exchange, and the first one. */
const [terminal, start] = [1, 2];
/** What each frame of output costs besides its bytes. */
const outputOverhead = 256;
let sandbox: Sandbox;
let agent: AgentClient;
/** The version of the protocol that the agent speaks. */
let version: number;

interface Message {
  [key: string]: Cbor;
  t: string;
}

before(async () => {
  const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
  sandbox = await Sandbox.create({ name, image, memoryMiB: 512 });
  agent = await sandbox.agent();
  version = (decode(agent.readyBytes) as Message)["v"] as number;
});
after(async () => {
  await agent.close();
  await sandbox[Symbol.asyncDispose]();
});

function message(type: string, payload: Cbor): Uint8Array {
  return encode({ v: version, t: type, p: encode(payload) });
}

/** The type and the payload of the message in a frame. */
function opened({ body }: AgentFrame): [string, Cbor] {
  const { t, p } = decode(body) as Message;
  return [t, decode(p as Uint8Array)];
}

/** The request to run a script. */
function script(script: string): Uint8Array {
  return message("core.exec.request", {
    cmd: "/bin/sh",
    args: ["-c", script],
    env: [],
    cwd: null,
    user: null,
    tty: false,
    rows: 24,
    cols: 80,
    rlimits: [],
  });
}

test("a request is answered, on a connection that the agent began", async () => {
  assert.equal((decode(agent.readyBytes) as Message).t, "core.ready");
  const answers = await Promise.all([
    agent.request(0, message("core.ping", {})),
    agent.request(0, message("core.ping", {})),
  ]);
  assert.deepEqual(answers.map((answer) => opened(answer)[0]), ["core.pong", "core.pong"]);
  assert.notEqual(answers[0].id, answers[1].id);
});

test("a stream has all frames of an exchange, which send() goes on with", async () => {
  const stream = await agent.stream(
    start,
    script("trap 'echo got it; exit 3' TERM; read word; echo $word; while :; do sleep 0.1; done"),
  );
  const send = (type: string, payload: Cbor) => agent.send(stream.id, 0, message(type, payload));
  const seen: [string, Cbor][] = [];
  let printed = "";
  let consumed = 0;
  let last = 0;
  for await (const frame of stream) {
    assert.equal(frame.id, stream.id);
    const [type, payload] = opened(frame);
    seen.push([type, payload]);
    last = frame.flags;
    if (type === "core.exec.started") {
      await send("core.exec.stdin", { data: new TextEncoder().encode("ready\n") });
    }
    if (type !== "core.exec.stdout" && type !== "core.exec.stderr") continue;
    const { data } = payload as { data: Uint8Array };
    // The agent tells of the end only when all of the output was acknowledged.
    consumed += data.length + outputOverhead;
    await send("core.exec.output.ack", { consumed });
    if (type === "core.exec.stdout") printed += new TextDecoder().decode(data);
    if (printed === "ready\n") await send("core.exec.signal", { signal: 15 });
  }
  assert.equal(printed, "ready\ngot it\n");
  assert.equal(seen[0]![0], "core.exec.started");
  assert.deepEqual(seen.at(-1), ["core.exec.exited", { code: 3 }]);
  assert.equal(last & terminal, terminal);
  await assert.rejects(Array.fromAsync(stream.frames()), TypeError);
});

test("frames that nobody waits for any more hold up nobody", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const stream = await agent.stream(start, script("echo one; sleep 1000"));
  await assert.rejects(async () => {
    for await (const frame of stream.frames({ signal: controller.signal })) {
      if (opened(frame)[0] === "core.exec.stdout") controller.abort(reason);
    }
  }, reason);
  {
    await using unread = await agent.stream(start, script("seq 10000"));
    assert.ok(unread.id > stream.id);
  }
  assert.equal(opened(await agent.request(0, message("core.ping", {})))[0], "core.pong");
  await assert.rejects(
    agent.request(0, message("core.ping", {}), { signal: AbortSignal.abort(reason) }),
    reason,
  );
});

test("closing ends what waits, and nothing can be asked afterwards", async () => {
  const other = await AgentClient.connect(name);
  const stream = await other.stream(start, script("sleep 1000"));
  const frames = stream.frames();
  assert.equal(opened((await frames.next()).value as AgentFrame)[0], "core.exec.started");
  const waiting = assert.rejects(frames.next(), { code: "agent-client-error" });
  await other.close();
  await waiting;
  await other.close();
  await assert.rejects(other.request(0, new Uint8Array(0)), { code: "handle-closed" });
  await assert.rejects(AgentClient.connect(`${name}-none`), { name: "SandboxNotFoundError" });
});
