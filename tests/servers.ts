// Servers of this machine for sandboxes to reach, and addresses to reach them by.

import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, type Server } from "node:net";

/** What came over HTTP, in the order in which it came. */
export interface HttpRequest {
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** An HTTP server that remembers what it was asked. */
export interface HttpServer extends AsyncDisposable {
  port: number;
  requests: HttpRequest[];
}

/** Serves `body` on all addresses. */
export async function serveHttp(body: string | Uint8Array = "hello"): Promise<HttpServer> {
  const requests: HttpRequest[] = [];
  const server = createServer(async (request, response) => {
    requests.push(await received(request));
    response.end(body);
  });
  return { ...await listening(server), requests };
}

/** The request with all of its body. */
export async function received(request: IncomingMessage): Promise<HttpRequest> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return { url: request.url!, headers: request.headers, body };
}

/** Has the server listen on any port, and stop with the object. */
export async function listening(
  server: Server,
  address = "0.0.0.0",
): Promise<AsyncDisposable & { port: number }> {
  server.listen(0, address);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      (server as Server & { closeAllConnections?(): void }).closeAllConnections?.();
      server.close();
    },
  };
}

/** A DNS server that knows these IPv4 addresses, and remembers the names that it was asked for. */
export async function serveNames(
  addresses: Record<string, string>,
): Promise<AsyncDisposable & { port: number; asked: string[] }> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, { address, port }) => {
    const { name, end, type } = question(query);
    asked.push(name);
    const found = type === 1 ? addresses[name] : undefined;
    const header = Buffer.from(query.subarray(0, 12));
    // A recursive answer without error, or that there is no such name.
    header.writeUInt16BE(name in addresses ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(found ? 1 : 0, 6);
    header.writeUInt32BE(0, 8);
    const parts = [header, query.subarray(12, end)];
    if (found) {
      // The name of the question, type A, class IN, 60 seconds, 4 bytes.
      parts.push(Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]));
      parts.push(Buffer.from(found.split(".").map(Number)));
    }
    socket.send(Buffer.concat(parts), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    asked,
    [Symbol.asyncDispose]: async () => void socket.close(),
  };
}

function question(query: Uint8Array): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  while (query[at]! > 0) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + query[at]!)));
    at += 1 + query[at]!;
  }
  const type = query[at + 1]! * 256 + query[at + 2]!;
  return { name: labels.join(".").toLowerCase(), type, end: at + 5 };
}

/** Gives this machine another address. Only the emulated host's root may. */
export function addAddress(address: string): boolean {
  const { status, stderr } = spawnSync("busybox", [
    "ip",
    "addr",
    "add",
    `${address}/32`,
    "dev",
    "lo",
  ]);
  return status === 0 || String(stderr).includes("exists");
}
