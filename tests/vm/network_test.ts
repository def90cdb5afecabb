// What sandboxes reach and what reaches them, in real microVMs.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import process from "node:process";
import { after, before, test } from "node:test";
import { type CreateSandboxOptions, Sandbox } from "../../mod.ts";
import { addAddress, type HttpServer, serveHttp, serveNames } from "../servers.ts";
import { until } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
/** What the guest calls this machine. */
const host = "host.microsandbox.internal";
/**
 * Addresses that this machine is given, a private and a public one; what is
 * sent to the public one's network (AS112) is meant to get lost.
 */
const [publicAddress, privateAddress] = ["192.31.196.7", "10.1.2.3"];
/** IPv6 addresses with an IPv4 address inside: the private one, and the one after it. */
const [translated, deniedInside] = ["2001:db8:64::a01:203", "2001:db8:64::a01:204"];
const needsIpv6 = [translated, deniedInside].every(addAddress)
  ? false
  : "this machine cannot be given IPv6 addresses";
const hasAddresses = [publicAddress, privateAddress].every(addAddress);
const needsAddresses = hasAddresses ? false : "this machine cannot be given more addresses";

const megabyte = new Uint8Array(1_000_000).fill(120);
let server: HttpServer;
let other: HttpServer;
let big: HttpServer;
let translatedServer: HttpServer | undefined;
let names: Awaited<ReturnType<typeof serveNames>>;
/** With the default network. */
let plain: Sandbox;
/** With rules. */
let ruled: Sandbox;

function create(name: string, options: Partial<CreateSandboxOptions>): Promise<Sandbox> {
  return Sandbox.create({
    name: `${prefix}-${name}`,
    image,
    memoryMiB: 256,
    ephemeral: true,
    ...options,
  });
}

before(async () => {
  server = await serveHttp();
  other = await serveHttp("other");
  big = await serveHttp(megabyte);
  if (!needsIpv6) translatedServer = await serveHttp("translated", "::");
  names = await serveNames({
    "allowed.test": publicAddress,
    "denied.test": publicAddress,
    "rebound.test": privateAddress,
  });
  plain = await create("plain", {
    ports: [8080, { guestPort: 5353, protocol: "udp" }],
    network: { dns: { nameservers: [`127.0.0.1:${names.port}`] } },
  });
  ruled = await create("ruled", {
    ports: [7001, 7002],
    network: {
      preset: "none",
      rules: [
        { action: "allow", group: "host", protocols: ["tcp"], ports: [server.port, big.port] },
        { action: "allow", cidr: `${privateAddress}/32` },
        { action: "deny", cidr: "10.1.2.4" },
        { action: "allow", cidr: "2001:db8:64::/96" },
        { action: "allow", domain: "allowed.test" },
        { action: "allow", direction: "ingress", ports: [{ start: 7000, end: 7001 }] },
      ],
      dns: { nameservers: [`127.0.0.1:${names.port}`] },
      http: { networkDenyMessage: "ask the owner" },
      // With one of them only, this is all that the guest has.
      interface: { ipv4Address: "172.29.6.2", ipv6Address: "fd42:6d73:62:9::2" },
      nat64Prefixes: ["2001:db8:64::/96"],
      rateLimits: { ingress: { bytes: { size: 250_000, refillTimeMs: 1_000 } } },
    },
  });
});
after(async () => {
  await Promise.all([plain, ruled].map((sandbox) => sandbox?.[Symbol.asyncDispose]()));
  await Promise.all(
    [server, other, big, translatedServer, names].map((it) => it?.[Symbol.asyncDispose]()),
  );
});

/** What the guest gets from a URL, or `undefined`. */
async function get(sandbox: Sandbox, url: string): Promise<string | undefined> {
  const output = await sandbox.shell('timeout 8 wget -q -O - "$1"', { args: [url] });
  return output.success ? output.text() : undefined;
}

/** What a port of this machine sends before it closes the connection. */
async function read(port: number): Promise<string> {
  let text = "";
  const socket = connect(port, "127.0.0.1").on("data", (chunk) => text += chunk);
  // A connection that the rules deny is reset.
  socket.on("error", () => {});
  await new Promise((resolve) => socket.on("close", resolve));
  return text;
}

test("by default a sandbox reaches public addresses", { skip: needsAddresses }, async () => {
  assert.equal(await get(plain, `http://${publicAddress}:${server.port}/public`), "hello");
});

test("by default a sandbox reaches neither this machine nor the local network", async () => {
  const before = server.requests.length;
  assert.equal(await get(plain, `http://${host}:${server.port}/host`), undefined);
  assert.equal(await get(plain, `http://${privateAddress}:${server.port}/private`), undefined);
  assert.equal(server.requests.length, before);
});

test("by default a public name does not resolve to a private address", async () => {
  const resolve = (name: string) => plain.exec("nslookup", { args: [name] });
  assert.ok((await resolve("allowed.test")).text().includes(publicAddress));
  assert.ok(!(await resolve("rebound.test")).text().includes(privateAddress));
  assert.ok(names.asked.includes("rebound.test"));
});

test("a rule allows a port of this machine and no other", async () => {
  assert.equal(await get(ruled, `http://${host}:${server.port}/`), "hello");
  assert.equal(await get(ruled, `http://${host}:${other.port}/`), undefined);
  assert.equal(other.requests.length, 0);
});

test(
  "a rule allows an address, and what no rule is about is denied",
  { skip: needsAddresses },
  async () => {
    assert.equal(await get(ruled, `http://${privateAddress}:${other.port}/`), "other");
    const before = other.requests.length;
    assert.equal(await get(ruled, `http://${publicAddress}:${other.port}/`), undefined);
    assert.equal(other.requests.length, before);
  },
);

test("a rule allows a domain, and no other resolves", { skip: needsAddresses }, async () => {
  assert.equal(await get(ruled, `http://allowed.test:${other.port}/domain`), "other");
  assert.equal(other.requests.at(-1)!.url, "/domain");
  assert.equal(await get(ruled, `http://denied.test:${other.port}/`), undefined);
  assert.ok(!names.asked.includes("denied.test"));
});

test(
  "an address inside of one of nat64Prefixes is judged by the IPv4 address in it too",
  { skip: needsIpv6 },
  async () => {
    const { port } = translatedServer!;
    assert.equal(await get(ruled, `http://[${translated}]:${port}/`), "translated");
    assert.equal(await get(ruled, `http://[${deniedInside}]:${port}/`), undefined);
    const addresses = (await ruled.shell("ip -6 addr show eth0")).text();
    assert.match(addresses, /fd42:6d73:62:9::2\/64/);
  },
);

test("an HTTP request that no rule allows is answered with the reason", async () => {
  const request = "GET / HTTP/1.1\\r\\nHost: denied.test\\r\\n\\r\\n";
  const output = await ruled.shell('printf "$1" | timeout 8 nc "$2" 80', { args: [request, host] });
  assert.match(output.text(), /^HTTP\/1\.1 403 .*ask the owner/s);
});

test("a rate limit limits", async () => {
  const download = async (sandbox: Sandbox, url: string) => {
    const started = performance.now();
    const output = await sandbox.shell('wget -q -O - "$1" | wc -c', { args: [url] });
    assert.equal(output.text().trim(), "1000000");
    return performance.now() - started;
  };
  // One second's worth passes at once, so that the rest takes three.
  const limited = await download(ruled, `http://${host}:${big.port}/`);
  assert.ok(limited > 2_800, `${limited} ms`);
  if (!hasAddresses) return;
  const free = await download(plain, `http://${publicAddress}:${big.port}/`);
  assert.ok(free < limited / 2, `${free} ms without a limit, ${limited} ms with one`);
});

test("a published port is any free one, and leads to the guest", async () => {
  const tcp = plain.ports.find((port) => port.protocol === "tcp")!;
  assert.deepEqual({ ...tcp, hostPort: 0 }, {
    guestPort: 8080,
    hostPort: 0,
    protocol: "tcp",
    hostAddress: "127.0.0.1",
  });
  assert.ok(tcp.hostPort > 0);
  // It comes up while it is waited for.
  const waiting = [plain.waitForPort(8080), plain.waitForHttp(8080, { path: "/page" })];
  await plain.shell("mkdir -p /srv && echo content >/srv/page && httpd -p 8080 -h /srv");
  await Promise.all(waiting);
  await plain.waitForHttp(8080, { path: "/none", status: 404 });
  const response = await fetch(`http://127.0.0.1:${tcp.hostPort}/page`);
  assert.equal(await response.text(), "content\n");
});

test("a published UDP port leads to the guest", async () => {
  const { hostPort } = plain.ports.find((port) => port.protocol === "udp")!;
  // Nobody listens there, which the guest's kernel counts.
  const unclaimed = async () => {
    const table = (await plain.exec("cat", { args: ["/proc/net/snmp"] })).text();
    const [keys, values] = table.split("\n").filter((line) => line.startsWith("Udp:"));
    const index = keys!.split(" ").indexOf("NoPorts");
    return Number(values!.split(" ")[index]);
  };
  const before = await unclaimed();
  const socket = createSocket("udp4");
  socket.send("datagram", hostPort, "127.0.0.1");
  await until("the datagram has arrived", async () => await unclaimed() > before);
  socket.close();
});

test("connections to published ports pass the rules too", async () => {
  await ruled.shell(
    "for port in 7001 7002; do nc -ll -p $port -e echo $port >/dev/null 2>&1 & done",
  );
  await ruled.waitForPort(7001);
  await ruled.waitForPort(7002);
  const [allowed, denied] = [7001, 7002].map((guestPort) =>
    ruled.ports.find((port) => port.guestPort === guestPort)!.hostPort
  );
  assert.equal(await read(allowed!), "7001\n");
  assert.equal(await read(denied!), "");
});

test("to wait for a port ends after timeoutMs, and with the signal", async () => {
  await assert.rejects(plain.waitForPort(9, { timeoutMs: 500 }), {
    name: "WaitTimeoutError",
    code: "wait-timeout",
    details: { port: 9, timeoutMs: 500 },
  });
  await assert.rejects(plain.waitForHttp(8080, { status: 418, timeoutMs: 5_000 }), {
    name: "WaitTimeoutError",
    message: /last: status 404/,
  });
  const reason = new Error("enough");
  const signal = AbortSignal.timeout(300);
  await assert.rejects(plain.waitForPort(9, { signal }), { name: "TimeoutError" });
  await assert.rejects(plain.waitForHttp(8080, { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(plain.waitForHttp(9), { code: "invalid-option", path: "port" });
});

test("a port that is taken is refused, and nothing is left behind", async () => {
  const name = `${prefix}-taken`;
  await assert.rejects(
    Sandbox.create({
      name,
      image,
      ports: [{ guestPort: 80, hostPort: server.port, hostAddress: "0.0.0.0" }],
    }),
    {
      name: "PortUnavailableError",
      code: "port-unavailable",
      hostPort: server.port,
    },
  );
  await assert.rejects(Sandbox.get(name), { code: "sandbox-not-found" });
});

test("without a network there is no way out, and commands run", async () => {
  await using off = await create("off", { network: "none" });
  const interfaces = async (sandbox: Sandbox) =>
    (await sandbox.exec("ls", { args: ["/sys/class/net"] })).text().split("\n");
  assert.ok((await interfaces(plain)).includes("eth0"));
  assert.ok(!(await interfaces(off)).includes("eth0"));
  assert.equal(await get(off, `http://${publicAddress}:${server.port}/`), undefined);
});
