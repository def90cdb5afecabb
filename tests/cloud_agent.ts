// The agent of a sandbox in the cloud, as far as tests ask it: commands that
// echo, and one file, over the WebSocket that the cloud passes on.

import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { type Cbor, decode, encode } from "./cbor.ts";

/** What agents were asked, and what they are to do. */
export interface Agent {
  /** Each command with its arguments. */
  commands: string[][];
  /** Whether they hang up when they are asked to run a command. */
  isDead: boolean;
}

/** A message of the agent's protocol, in the generation that needs no credit. */
interface Message {
  id: number;
  type: string;
  payload: Record<string, Cbor>;
}

const generation = 6;
const flagTerminal = 1;

/** Takes the connection over and is an agent to whoever is at its other end. */
export function serveAgent(
  socket: Socket,
  headers: Record<string, string>,
  agent: Agent,
): void {
  const accept = createHash("sha1")
    .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  // The identities that the client may use, and what the agent can do.
  const identities = Uint8Array.of(0, 0, 0, 1, 255, 255, 255, 255);
  const ready = { boot_time_ns: 0, init_time_ns: 0, ready_time_ns: 0 };
  sendFrame(socket, Uint8Array.from([...identities, ...toBytes(0, "core.ready", ready)]));
  const reader = new Reader();
  socket.on("data", (chunk: Uint8Array) => {
    for (const message of reader.read(chunk)) answer(socket, message, agent);
  });
}

function answer(socket: Socket, { id, type, payload }: Message, agent: Agent): void {
  const send = (type: string, payload: Record<string, Cbor>, flags = 0) =>
    sendFrame(socket, toBytes(id, type, payload, flags));
  switch (type) {
    case "core.exec.request": {
      const [program, ...args] = [payload["cmd"], ...payload["args"] as Cbor[]] as string[];
      agent.commands.push([program!, ...args]);
      if (agent.isDead) return void socket.destroy();
      send("core.exec.started", { pid: 42 });
      send("core.exec.stdout", { data: new TextEncoder().encode(`${args.join(" ")}\n`) });
      return send("core.exec.exited", { code: 0 }, flagTerminal);
    }
    case "core.fs.request": {
      const [name] = Object.keys(payload["op"] as Record<string, Cbor>);
      return send(
        "core.fs.response",
        name === "Stat"
          ? { ok: true, error: null, data: { Stat: stat } }
          : { ok: false, error: "read-only file system (os error 30)", data: null },
        flagTerminal,
      );
    }
  }
}

const stat = {
  path: "/greeting",
  kind: "file",
  size: 5,
  mode: 0o644,
  modified: 0,
  uid: 0,
  gid: 0,
  atime: 0,
  mtime: 0,
};

/** A message as the relay passes it on. */
function toBytes(
  id: number,
  type: string,
  payload: Record<string, Cbor>,
  flags = 0,
): Uint8Array {
  const body = encode({ v: generation, t: type, p: encode(payload) });
  const bytes = new Uint8Array(9 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 5 + body.length);
  view.setUint32(4, id);
  bytes[8] = flags;
  bytes.set(body, 9);
  return bytes;
}

/** Sends bytes as one binary message. */
function sendFrame(socket: Socket, bytes: Uint8Array): void {
  const length = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 255];
  socket.write(Uint8Array.from([0x82, ...length, ...bytes]));
}

/** Takes messages out of WebSocket frames, whose bounds mean nothing. */
class Reader {
  #socket: number[] = [];
  #bytes: number[] = [];

  *read(chunk: Uint8Array): Generator<Message> {
    this.#socket.push(...chunk);
    while (this.#takeFrame()) {
      while (true) {
        const bytes = Uint8Array.from(this.#bytes);
        if (bytes.length < 9) break;
        const view = new DataView(bytes.buffer);
        const end = 4 + view.getUint32(0);
        if (bytes.length < end) break;
        this.#bytes.splice(0, end);
        const { t, p } = decode(bytes.slice(9, end)) as { t: string; p: Uint8Array };
        yield {
          id: view.getUint32(4),
          type: t,
          payload: decode(p) as Record<string, Cbor>,
        };
      }
    }
  }

  /** Moves the content of the next frame over, if all of it is there. */
  #takeFrame(): boolean {
    const [first, second, third, fourth] = this.#socket;
    if (this.#socket.length < 2) return false;
    const short = second! & 127;
    const start = short === 126 ? 4 : 2;
    const length = short === 126 ? third! * 256 + fourth! : short;
    // Clients mask what they send with four bytes.
    const end = start + 4 + length;
    if (this.#socket.length < end) return false;
    const frame = this.#socket.splice(0, end);
    const mask = frame.slice(start, start + 4);
    const isBinary = (first! & 15) === 2;
    if (isBinary) {
      this.#bytes.push(...frame.slice(start + 4).map((byte, at) => byte ^ mask[at % 4]!));
    }
    return true;
  }
}
