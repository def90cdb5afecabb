// Servers of this machine for sandboxes to reach, and addresses to reach them by.

import { execFileSync, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { basename } from "node:path";

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

/** Serves `body` on all IPv4 addresses, or on another one. */
export async function serveHttp(
  body: string | Uint8Array = "hello",
  address?: string,
): Promise<HttpServer> {
  const requests: HttpRequest[] = [];
  const server = createServer(async (request, response) => {
    requests.push(await received(request));
    response.end(body);
  });
  return { ...await listening(server, address), requests };
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
    [Symbol.asyncDispose]() {
      (server as Server & { closeAllConnections?(): void }).closeAllConnections?.();
      server.close();
      return Promise.resolve();
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
    [Symbol.asyncDispose]() {
      socket.close();
      return Promise.resolve();
    },
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
    `${address}/${address.includes(":") ? 128 : 32}`,
    "dev",
    "lo",
  ]);
  return status === 0 || String(stderr).includes("exists");
}

/** Where a proxy was asked to connect to, how, and by whom. */
export interface ProxyRequest {
  protocol: "http-connect" | "socks4" | "socks5";
  credentials: string;
  address: string;
}

/** A proxy that speaks HTTP's CONNECT, SOCKS 4 and SOCKS 5, and remembers what it was asked. */
export async function serveProxy(): Promise<
  AsyncDisposable & { port: number; requests: ProxyRequest[] }
> {
  const requests: ProxyRequest[] = [];
  const server = createTcpServer(async (socket) => {
    socket.on("error", () => {});
    const [first] = await take(socket, 1);
    const asked = first === 4 ? askedBySocks4 : first === 5 ? askedBySocks5 : askedByHttp;
    const request = await asked(socket);
    requests.push(request);
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(request.address)!;
    const upstream = connect(Number(port), host);
    upstream.on("error", () => socket.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  return { ...await listening(server), requests };
}

/** The rest of a CONNECT request, which is answered. */
async function askedByHttp(socket: Socket): Promise<ProxyRequest> {
  let text = "";
  while (!text.endsWith("\r\n\r\n")) text += (await take(socket, 1)).toString("latin1");
  socket.write("HTTP/1.1 200 Connected\r\n\r\n");
  return {
    protocol: "http-connect",
    credentials: atob(/Proxy-Authorization: Basic (\S+)/.exec(text)?.[1] ?? ""),
    address: text.split(" ")[1]!,
  };
}

/** The rest of a SOCKS 4 request with an IPv4 address, which is granted. */
async function askedBySocks4(socket: Socket): Promise<ProxyRequest> {
  const request = await take(socket, 7);
  let userId = "";
  for (let byte = await take(socket, 1); byte[0] !== 0; byte = await take(socket, 1)) {
    userId += byte.toString("latin1");
  }
  socket.write(Uint8Array.of(0, 90, 0, 0, 0, 0, 0, 0));
  return {
    protocol: "socks4",
    credentials: userId,
    address: `${request.subarray(3).join(".")}:${request.readUInt16BE(1)}`,
  };
}

/** The rest of a SOCKS 5 exchange with a name, a password and an IPv4 address. */
async function askedBySocks5(socket: Socket): Promise<ProxyRequest> {
  const counted = async () => await take(socket, (await take(socket, 1))[0]!);
  await counted();
  socket.write(Uint8Array.of(5, 2));
  await take(socket, 1);
  const [name, password] = [await counted(), await counted()];
  socket.write(Uint8Array.of(1, 0));
  const address = await take(socket, 10);
  socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  return {
    protocol: "socks5",
    credentials: `${name}:${password}`,
    address: `${address.subarray(4, 8).join(".")}:${address.readUInt16BE(8)}`,
  };
}

async function take(socket: Socket, count: number): Promise<Buffer> {
  let bytes: Buffer | null;
  while ((bytes = socket.read(count)) === null) await once(socket, "readable");
  return bytes;
}

/**
 * Copies a program of this machine with its libraries into a new folder, from
 * where guests can run it: they see the folder at `mountPoint`.
 */
export function copyProgram(name: string, folder: string, mountPoint: string): void {
  mkdirSync(folder);
  const program = execFileSync("which", [name], { encoding: "utf8" }).trim();
  const libraries = execFileSync("ldd", [program], { encoding: "utf8" });
  const paths = [...libraries.matchAll(/(\/\S+) \(/g)].map(([, path]) => path!);
  for (const path of paths) copyFileSync(path, `${folder}/${basename(path)}`);
  copyFileSync(program, `${folder}/program`);
  const loader = basename(paths.find((path) => basename(path).startsWith("ld-"))!);
  const script = `#!/bin/sh
exec ${mountPoint}/${loader} --library-path ${mountPoint} ${mountPoint}/program "$@"
`;
  writeFileSync(`${folder}/${name}`, script, { mode: 0o755 });
}

/**
 * Makes a certificate authority in a folder, as `ca.pem` and
 * `ca.key`, and a certificate by it for these hosts, as `server.pem` and
 * `server.key`.
 */
export function makeCertificates(folder: string, hosts: string[], authorityName = "Test"): void {
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-x509", "-subj", `/CN=${authorityName}`, "-days", "2"];
  openssl("req", ...authority, ...key, "-keyout", "ca.key", "-out", "ca.pem");
  const names = hosts.map((host) => `DNS:${host}`).join();
  writeFileSync(`${folder}/names`, `subjectAltName=${names}`);
  const subject = ["-subj", `/CN=${hosts[0]}`];
  openssl("req", ...key, ...subject, "-keyout", "server.key", "-out", "server.csr");
  const issuer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  const issued = ["-days", "2", "-extfile", "names", "-out", "server.pem"];
  openssl("x509", "-req", "-in", "server.csr", ...issuer, ...issued);
}
