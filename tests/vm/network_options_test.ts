// Options of the network besides rules, in real microVMs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox } from "../../mod.ts";
import type { Mount } from "../../types.ts";
import {
  addAddress,
  copyProgram,
  type HttpServer,
  listening,
  makeCertificates,
  serveHttp,
  serveNames,
  serveProxy,
} from "../servers.ts";
import { machinesOf, until } from "../support.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
const directory = mkdtempSync("/tmp/microsandbox-test-");
/** What the guest calls this machine. */
const host = "host.microsandbox.internal";
/** An address for this machine; see network_test.ts. */
const privateAddress = "10.1.2.3";
const needsAddress = addAddress(privateAddress)
  ? false
  : "this machine cannot be given more addresses";
/** Hosts whose TLS is intercepted, left alone, and intercepted without proof of who they are. */
const [intercepted, bypassed, unproven] = ["intercepted.test", "bypassed.test", "unproven.test"];
/** The certificate authorities of this machine, where Debian has them. */
const authorities = "/etc/ssl/certs/ca-certificates.crt";
const needsPerl = existsSync("/usr/bin/perl") ? false : "this machine has no perl";

let server: HttpServer;
let proxy: Awaited<ReturnType<typeof serveProxy>>;
/** Keeps the connections to it. */
let keeper: Awaited<ReturnType<typeof listening>>;
const kept = new Set<Socket>();
/** What a program in the guest reaches over vsock. */
const local: Server = createServer((socket) => {
  socket.once("data", (data) => socket.end(`got ${data}`));
});
/** `non-local`, with a proxy that speaks HTTP and an interface of its own. */
let proxied: Sandbox;
/** `allow-all`, with one that speaks SOCKS 5, and with limits. */
let limited: Sandbox;
let secure: Awaited<ReturnType<typeof listening>>;
let names: Awaited<ReturnType<typeof serveNames>>;
/** With TLS interception and SOCKS 4. */
let inspected: Sandbox;

before(async () => {
  server = await serveHttp();
  proxy = await serveProxy();
  keeper = await listening(createServer((socket) => {
    kept.add(socket);
    socket.on("error", () => {}).on("close", () => kept.delete(socket)).resume();
  }));
  local.listen(`${directory}/socket`);
  await once(local, "listening");
  const mounts: Record<string, Mount> = {};
  for (const program of needsPerl ? ["openssl"] : ["openssl", "perl"]) {
    copyProgram(program, `${directory}/${program}`, `/${program}`);
    mounts[`/${program}`] = { type: "bind", source: `${directory}/${program}`, readOnly: true };
  }
  const account = {
    address: `127.0.0.1:${proxy.port}`,
    username: "me",
    passwordFromEnv: "MICROSANDBOX_TEST_SECRET",
  };
  proxied = await Sandbox.create({
    name: `${prefix}-proxied`,
    image,
    memoryMiB: 256,
    ephemeral: true,
    network: {
      preset: "non-local",
      proxy: { protocol: "http-connect", ...account },
      interface: {
        macAddress: "02:5a:7b:13:01:02",
        mtu: 1400,
        ipv4Address: "172.29.9.2",
      },
      trustHostCAs: true,
    },
  });
  limited = await Sandbox.create({
    name: `${prefix}-limited`,
    image,
    memoryMiB: 256,
    ephemeral: true,
    ports: [7001],
    vsock: [{ hostSocket: `${directory}/socket`, port: 9 }],
    mounts,
    network: {
      preset: "allow-all",
      proxy: { protocol: "socks5", ...account },
      maxTcpConnections: 2,
      maxInboundTcpConnections: 1,
      maxUdpConnections: 1,
    },
  });
  const hosts = [intercepted, bypassed, unproven];
  for (const name of ["servers", "proxy"]) {
    mkdirSync(`${directory}/${name}`);
    makeCertificates(`${directory}/${name}`, hosts, name);
  }
  secure = await listening(createHttpsServer({
    cert: readFileSync(`${directory}/servers/server.pem`),
    key: readFileSync(`${directory}/servers/server.key`),
  }, (_request, response) => void response.end("served")));
  const machineAddress = "172.29.8.1";
  names = await serveNames(Object.fromEntries(hosts.map((host) => [host, machineAddress])));
  inspected = await Sandbox.create({
    name: `${prefix}-inspected`,
    image,
    memoryMiB: 256,
    ephemeral: true,
    ports: [7002],
    mounts,
    network: {
      preset: "allow-all",
      interface: { ipv4Address: "172.29.8.2" },
      proxy: { protocol: "socks4", address: `127.0.0.1:${proxy.port}`, userId: "me" },
      dns: { nameservers: [`127.0.0.1:${names.port}`], rebindProtection: false },
      tcpAcceptQueueSize: 1,
      tls: {
        interceptedPorts: [secure.port],
        bypass: [bypassed],
        verifyUpstreamFor: [{ host: unproven, verify: false }],
        interceptionAuthority: {
          certificatePath: `${directory}/proxy/ca.pem`,
          keyPath: `${directory}/proxy/ca.key`,
        },
        certificateValidityHours: 2,
      },
    },
  });
});
after(async () => {
  await Promise.all(
    [proxied, limited, inspected].map((sandbox) => sandbox?.[Symbol.asyncDispose]()),
  );
  for (const socket of kept) socket.destroy();
  const servers = [server, proxy, keeper, secure, names];
  await Promise.all(servers.map((it) => it?.[Symbol.asyncDispose]()));
  local.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What the guest gets from a URL. */
async function get(sandbox: Sandbox, address: string): Promise<string> {
  const url = `http://${address}:${server.port}/`;
  return (await sandbox.shell('timeout 20 wget -q -O - "$1"', { args: [url] })).text();
}

test("no more TCP connections are open at once than maxTcpConnections", async () => {
  const args = [host, String(keeper.port)];
  const open = () => limited.shell(`(sleep 600 | nc "$@") >/dev/null 2>&1 &`, { args });
  await open();
  await open();
  await until("two connections are open", () => kept.size === 2);
  const third = await limited.shell(`nc -w 8 "$@" </dev/null`, { args });
  assert.notEqual(third.code, 0);
  assert.equal(kept.size, 2);
  // Room for another one comes with the end of one, though not at once: the core
  // counts a connection for some seconds after its end.
  await limited.shell("kill $(pidof nc)");
  await until("both are closed", () => kept.size === 0);
  await until("another one is open", async () => {
    await open();
    await limited.shell("sleep 1");
    return kept.size > 0;
  });
  await limited.shell("kill $(pidof nc)");
});

test("no more connections to published ports are open than maxInboundTcpConnections", async () => {
  await limited.shell("nc -ll -p 7001 -e cat >/dev/null 2>&1 &");
  await limited.waitForPort(7001);
  const { hostPort } = limited.ports[0]!;
  /** What the guest sends back; nothing when the connection ends before. */
  const talk = async (socket: Socket) => {
    socket.on("error", () => {});
    const answer = new Promise<string>((resolve) => {
      socket.on("data", (data) => resolve(String(data))).on("close", () => resolve(""));
    });
    socket.write("hello");
    return await answer;
  };
  const first = connect(hostPort, "127.0.0.1");
  assert.equal(await talk(first), "hello");
  assert.equal(await talk(connect(hostPort, "127.0.0.1")), "");
  first.destroy();
  await until("there is room again", async () => {
    const next = connect(hostPort, "127.0.0.1");
    const answer = await talk(next);
    next.destroy();
    return answer === "hello";
  });
});

test(
  "non-local reaches the local network, here through HTTP CONNECT, and not this machine",
  { skip: needsAddress },
  async () => {
    assert.equal(await get(proxied, privateAddress), "hello");
    assert.deepEqual(proxy.requests.at(-1), {
      protocol: "http-connect",
      credentials: `me:${process.env["MICROSANDBOX_TEST_SECRET"]}`,
      address: `${privateAddress}:${server.port}`,
    });
    const before = server.requests.length;
    assert.equal(await get(proxied, host), "");
    assert.equal(server.requests.length, before);
  },
);

test(
  "allow-all reaches everything, here through SOCKS 5, and this machine without it",
  { skip: needsAddress },
  async () => {
    assert.equal(await get(limited, privateAddress), "hello");
    assert.deepEqual(proxy.requests.at(-1), {
      protocol: "socks5",
      credentials: `me:${process.env["MICROSANDBOX_TEST_SECRET"]}`,
      address: `${privateAddress}:${server.port}`,
    });
    const before = proxy.requests.length;
    assert.equal(await get(limited, host), "hello");
    assert.equal(proxy.requests.length, before);
  },
);

test("the guest's interface is what interface says", async () => {
  const output = await proxied.shell(
    "cd /sys/class/net/eth0; cat address mtu; ip -o -4 addr show eth0 | awk '{print $4}'",
  );
  assert.equal(output.text(), "02:5a:7b:13:01:02\n1400\n172.29.9.2/30\n");
});

test(
  "trustHostCAs gives the guest the authorities of this machine",
  { skip: existsSync(authorities) ? false : "this machine has no certificate authorities there" },
  async () => {
    // A line from the middle of a certificate.
    const line = readFileSync(authorities, "utf8").split("\n")[5]!;
    // Where they are is the image's matter, and this one has no place for them.
    const script = 'grep -r -l -F -e "$1" /etc /usr /.msb 2>/dev/null';
    assert.notEqual((await proxied.shell(script, { args: [line] })).text(), "");
    assert.equal((await limited.shell(script, { args: [line] })).text(), "");
  },
);

test(
  "a program in the guest reaches a socket of this machine over vsock",
  { skip: needsPerl },
  async () => {
    // The address family, no flags, the port, and 2 for the host.
    const script = `socket(S, 40, 1, 0) or die "socket: $!";
      connect(S, pack("SSLLL", 40, 0, 9, 2, 0)) or die "connect: $!";
      syswrite(S, "ping"); sysread(S, $answer, 100); print $answer`;
    const output = await limited.exec("/perl/perl", { args: ["-e", script] });
    assert.equal(output.text(), "got ping", output.errorText());
  },
);

test(
  "one UDP flow more than maxUdpConnections takes the place of the oldest",
  { skip: needsPerl },
  async () => {
    // It answers with the port that a datagram came from.
    const echo = createSocket("udp4");
    echo.on("message", (_message, { address, port }) => echo.send(String(port), port, address));
    echo.bind(0);
    await once(echo, "listening");
    const script = `my $to = pack("SnA4x8", 2, $ARGV[1], scalar gethostbyname($ARGV[0]));
      socket(A, 2, 2, 0) or die; socket(B, 2, 2, 0) or die;
      sub ask { send($_[0], "?", 0, $to) or die; recv($_[0], my $port, 9, 0); "$port " }
      print ask(A), ask(A), ask(B), ask(A)`;
    const output = await limited.exec("/perl/perl", {
      args: ["-e", script, host, String(echo.address().port)],
      timeoutMs: 60_000,
    });
    echo.close();
    const [first, again, other, moved] = output.text().split(" ");
    assert.ok(Number(first) > 0, output.errorText());
    assert.equal(again, first);
    assert.notEqual(other, first);
    assert.notEqual(moved, first);
  },
);

test(
  "outgoing connections go through a SOCKS 4 proxy with its user's identity",
  { skip: needsAddress },
  async () => {
    assert.equal(await get(inspected, privateAddress), "hello");
    assert.deepEqual(proxy.requests.at(-1), {
      protocol: "socks4",
      credentials: "me",
      address: `${privateAddress}:${server.port}`,
    });
  },
);

/** What the guest's TLS client is told by a host: its certificate, and what it serves. */
async function request(name: string): Promise<{ certificate: string; page: string }> {
  const script = `host=\${1%:*}
    printf 'GET / HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' "$1" >/tmp/request
    timeout 30 /openssl/openssl s_client -ign_eof -connect "$1" -servername "$host" \\
      </tmp/request >/tmp/answer 2>/dev/null
    /openssl/openssl x509 -noout -issuer -dates </tmp/answer; echo; cat /tmp/answer`;
  const output = await inspected.shell(script, { args: [`${name}:${secure.port}`] });
  const text = output.text();
  const [certificate] = text.split("\n\n", 1);
  return { certificate: certificate!, page: text.slice(certificate!.length) };
}

test("TLS is intercepted with the certificate authority that was given", async () => {
  const { certificate, page } = await request(unproven!);
  const [issuer, from, to] = certificate.split("\n").map((line) => line.split("=").at(-1)!.trim());
  assert.equal(issuer, "proxy");
  assert.ok((Date.parse(to!) - Date.parse(from!)) <= 3 * 3_600_000, certificate);
  assert.match(page, /served/);
});

test("a server whose certificate nobody vouches for is refused", async () => {
  assert.doesNotMatch((await request(intercepted!)).page, /served/);
});

test("TLS with a host of bypass is not intercepted", async () => {
  const { certificate, page } = await request(bypassed!);
  assert.match(certificate, /issuer=CN = servers/);
  assert.match(page, /served/);
});

test("no more connections to a published port wait than tcpAcceptQueueSize", async () => {
  const { hostPort } = inspected.ports[0]!;
  const signal = (name: string) =>
    execFileSync("busybox", ["kill", `-${name}`, ...machinesOf(inspected.name).map(String)]);
  /** How many connections the kernel has asked for again, as nothing answered. */
  const unanswered = () =>
    execFileSync("busybox", ["cat", "/proc/net/tcp"], { encoding: "utf8" }).split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote, state, , , retransmits]) =>
        state === "02" && parseInt(remote!.split(":")[1]!, 16) === hostPort &&
        parseInt(retransmits!, 16) > 0
      ).length;
  let waiting = 0;
  const sockets: Socket[] = [];
  // A runtime that stands still accepts none, so they have to wait.
  signal("STOP");
  try {
    for (let index = 0; index < 6; index++) {
      const socket = connect(hostPort, "127.0.0.1", () => waiting++).on("error", () => {});
      sockets.push(socket);
    }
    await until("the others are not answered", () => unanswered() === 4);
    // The kernel lets one more wait than it is told.
    assert.equal(waiting, 2);
  } finally {
    for (const socket of sockets) socket.destroy();
    signal("CONT");
  }
});
