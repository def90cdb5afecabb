// A cloud on this machine: what it answers are the core's published types, which
// capi/tests/cloud.rs holds tests/fixtures/cloud.json to.

import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { type Agent, serveAgent } from "./cloud_agent.ts";
import { listening } from "./servers.ts";

/** A request as it came. */
export interface CloudRequest {
  /** The method and the path, without the query. */
  call: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
}

/** What the cloud does with a request. */
export type Answer =
  /** Sends this. */
  | { status?: number; body: unknown }
  /** Sends these server-sent events, and ends them unless they stay open. */
  | { events: string; isOpen?: boolean }
  /** Says nothing, and resolves when the caller has hung up. */
  | { silence: () => void }
  /** Sends half of an answer and hangs up, or hangs up at once. */
  | { cut: "body" | "head" }
  /** Becomes a WebSocket to the agent of a sandbox. */
  | "agent";

/** A cloud. */
export interface Cloud extends AsyncDisposable {
  url: string;
  /** What came, in the order in which it came. */
  requests: CloudRequest[];
  /** What the agents of its sandboxes were asked. */
  agent: Agent;
  /** Does with a request what the cloud does. */
  answer(request: CloudRequest): Answer;
  /** Answers instead of the cloud, where it returns something. */
  intercept: ((request: CloudRequest) => Answer | undefined) | undefined;
}

/** The only key that the cloud knows. */
export const apiKey = "msb_test_loopback_key";

/** Bodies of requests and answers. */
export const fixtures = JSON.parse(
  readFileSync(new URL("fixtures/cloud.json", import.meta.url), "utf8"),
);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Serves a cloud on any port of this machine. */
export async function serveCloud(): Promise<Cloud> {
  const agent: Agent = { commands: [], isDead: false };
  const sandboxes = new Map<string, Record<string, unknown>>();
  const sockets = new Set<Socket>();
  const cloud = { requests: [], agent, answer: route, intercept: undefined } as unknown as Cloud;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    receive(socket, (request) => {
      cloud.requests.push(request);
      const answer = request.headers["authorization"] === `Bearer ${apiKey}`
        ? cloud.intercept?.(request) ?? route(request)
        : problem(401, "unauthorized", "no such key");
      send(socket, answer, request);
    });
  });
  const { port, ...disposable } = await listening(server, "127.0.0.1");
  return Object.assign(cloud, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await disposable[Symbol.asyncDispose]();
    },
  });

  function route({ call, body }: CloudRequest): Answer {
    const [method, path] = call.split(" ") as [string, string];
    const [, , noun, first, second, third] = path.split("/");
    if (noun === "sandboxes") {
      if (first === undefined) {
        return method === "POST"
          ? create((body as { name: string }).name)
          : { body: { data: [...sandboxes.values()], next_cursor: null } };
      }
      const isNamed = first === "by-name";
      const key = isNamed ? second! : first;
      const action = isNamed ? third : second;
      const found = [...sandboxes.values()].find((it) => it[isNamed ? "name" : "id"] === key);
      if (found === undefined) return problem(404, "sandbox_not_found", `no sandbox ${key}`);
      return act(method, action, found);
    }
    if (call === "GET /v1/volumes") return { body: [fixtures.volume] };
    if (call === "POST /v1/volumes") return { body: fixtures.volume };
    if (method === "DELETE") return { body: fixtures.message };
    if (call === "GET /v1/snapshots") return { body: { data: [fixtures.snapshot] } };
    if (call === "POST /v1/snapshots") return { body: fixtures.snapshotOperation };
    if (noun === "snapshots") return { body: fixtures.snapshot };
    return problem(404, "no_such_route", `no route ${call}`);
  }

  function create(name: string): Answer {
    if (sandboxes.has(name)) return problem(409, "name_already_exists", `${name} is taken`);
    const sandbox = {
      ...fixtures.sandbox,
      id: crypto.randomUUID(),
      name,
      created_at: new Date().toISOString(),
    };
    sandboxes.set(name, sandbox);
    return { body: sandbox };
  }

  function act(
    method: string,
    action: string | undefined,
    sandbox: Record<string, unknown>,
  ): Answer {
    switch (`${method} ${action ?? ""}`) {
      case "GET ":
        return { body: sandbox };
      case "DELETE ":
        sandboxes.delete(sandbox["name"] as string);
        return { body: fixtures.message };
      case "POST start":
        return { body: Object.assign(sandbox, { status: "running" }) };
      case "POST stop":
        return { body: Object.assign(sandbox, { status: "stopped" }) };
      case "POST modifications":
        return { body: fixtures.modificationPlan };
      case "PUT ":
        return { body: { ...fixtures.modificationPlan, applied: true } };
      case "GET logs":
        return { events: fixtures.events.join("") };
      case "GET agent":
        return "agent";
      default:
        return problem(404, "no_such_route", `no route ${method} ${action}`);
    }
  }

  function send(socket: Socket, answer: Answer, request: CloudRequest): void {
    if (answer === "agent") return serveAgent(socket, request.headers, agent);
    if ("silence" in answer) return void socket.on("close", answer.silence);
    if ("events" in answer) {
      socket.write(`${head(200, "text/event-stream")}Connection: close\r\n\r\n${answer.events}`);
      if (!answer.isOpen) socket.end();
    } else if ("cut" in answer) {
      if (answer.cut === "head") return void socket.destroy();
      socket.write(`${head(200)}Content-Length: 1000\r\n\r\n{"id": `, () => socket.destroy());
    } else {
      const body = encoder.encode(JSON.stringify(answer.body));
      // In one piece, or the second would wait until the first is acknowledged.
      const start = `${head(answer.status ?? 200)}Content-Length: ${body.length}\r\n\r\n`;
      socket.write(Uint8Array.from([...encoder.encode(start), ...body]));
    }
  }
}

/** An answer in the cloud's own form of an error. */
export function problem(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}

function head(status: number, type = "application/json"): string {
  return `HTTP/1.1 ${status} Status\r\nContent-Type: ${type}\r\n`;
}

/** Calls back with each request that comes over the connection. */
function receive(socket: Socket, onRequest: (request: CloudRequest) => void): void {
  let bytes = new Uint8Array(0);
  socket.on("data", (chunk: Uint8Array) => {
    bytes = Uint8Array.from([...bytes, ...chunk]);
    while (true) {
      // Headers are ASCII, so that characters are bytes until their end.
      const end = decoder.decode(bytes).indexOf("\r\n\r\n");
      if (end < 0) return;
      const [line, ...fields] = decoder.decode(bytes.subarray(0, end)).split("\r\n");
      const headers = Object.fromEntries(fields.map((field) => {
        const [name, ...value] = field.split(":");
        return [name!.toLowerCase(), value.join(":").trim()];
      }));
      const start = end + 4;
      const length = Number(headers["content-length"] ?? 0);
      if (bytes.length < start + length) return;
      const text = decoder.decode(bytes.subarray(start, start + length));
      bytes = bytes.slice(start + length);
      const [method, target] = line!.split(" ");
      const url = new URL(target!, "http://cloud");
      if (headers["upgrade"]) socket.removeAllListeners("data");
      onRequest({
        call: `${method} ${url.pathname}`,
        query: Object.fromEntries(url.searchParams),
        headers,
        body: text === "" ? undefined : JSON.parse(text),
      });
      if (headers["upgrade"]) return;
    }
  });
}
