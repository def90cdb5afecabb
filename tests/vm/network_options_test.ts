// Options of the network besides rules, in real microVMs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox } from "../../mod.ts";
import {
  addAddress,
  copyProgram,
  type HttpServer,
  listening,
  serveHttp,
  serveProxy,
} from "../servers.ts";
import { until } from "../support.ts";

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
/** The certificate authorities of this machine, where Debian has them. */
const authorities = "/etc/ssl/certs/ca-certificates.crt";
const hasPerl = existsSync("/usr/bin/perl");

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
/** `allow-all`, with one that speaks SOCKS, and with limits. */
let limited: Sandbox;

before(async () => {
  server = await serveHttp();
  proxy = await serveProxy();
  keeper = await listening(createServer((socket) => {
    kept.add(socket);
    socket.on("error", () => {}).on("close", () => kept.delete(socket)).resume();
  }));
  local.listen(`${directory}/socket`);
  await once(local, "listening");
  if (hasPerl) copyProgram("perl", `${directory}/perl`, "/perl");
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
      interface: { macAddress: "02:5a:7b:13:01:02", mtu: 1400, ipv4Address: "172.29.9.2" },
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
    ...hasPerl && {
      mounts: { "/perl": { type: "bind", source: `${directory}/perl`, readOnly: true } },
    },
    network: {
      preset: "allow-all",
      proxy: { protocol: "socks5", ...account },
      maxTcpConnections: 2,
      maxInboundTcpConnections: 1,
    },
  });
});
after(async () => {
  await Promise.all([proxied, limited].map((sandbox) => sandbox?.[Symbol.asyncDispose]()));
  for (const socket of kept) socket.destroy();
  await Promise.all([server, proxy, keeper].map((it) => it?.[Symbol.asyncDispose]()));
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
  { skip: hasPerl ? false : "this machine has no perl, which can use vsock" },
  async () => {
    // The address family, no flags, the port, and 2 for the host.
    const script = `socket(S, 40, 1, 0) or die "socket: $!";
      connect(S, pack("SSLLL", 40, 0, 9, 2, 0)) or die "connect: $!";
      syswrite(S, "ping"); sysread(S, $answer, 100); print $answer`;
    const output = await limited.exec("/perl/perl", { args: ["-e", script] });
    assert.equal(output.text(), "got ping", output.errorText());
  },
);
