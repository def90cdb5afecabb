// Options that are refused before anything starts.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CreateSandboxOptions,
  Image,
  MicrosandboxError,
  type Patch,
  Sandbox,
} from "../../mod.ts";

/** Options that TypeScript refuses too. */
function wrong<T>(options: unknown): T {
  return options as T;
}

function patched(patch: Patch): CreateSandboxOptions {
  return { image: "alpine", patches: [patch] };
}

const refused: [CreateSandboxOptions, string, string | undefined][] = [
  [{ image: "alpine", name: "" }, "invalid-sandbox-name", "name"],
  [{ image: "alpine", name: "-dash" }, "invalid-sandbox-name", "name"],
  [{ image: "alpine", name: "a/b" }, "invalid-sandbox-name", "name"],
  [{ image: "alpine", name: "n".repeat(129) }, "invalid-sandbox-name", "name"],
  [{ image: "" }, "invalid-option", "image"],
  [{ image: "alpine", cpus: 0 }, "option-out-of-range", "cpus"],
  [{ image: "alpine", cpus: -1 }, "option-out-of-range", "cpus"],
  [{ image: "alpine", cpus: 256 }, "option-out-of-range", "cpus"],
  [{ image: "alpine", cpus: 1.5 }, "invalid-option", "cpus"],
  [{ image: "alpine", cpus: NaN }, "invalid-option", "cpus"],
  [{ image: "alpine", memoryMiB: 0 }, "option-out-of-range", "memoryMiB"],
  [{ image: "alpine", maxDurationMs: 0 }, "option-out-of-range", "maxDurationMs"],
  [{ image: "alpine", maxDurationMs: -1 }, "option-out-of-range", "maxDurationMs"],
  [{ image: "alpine", idleTimeoutMs: -5 }, "option-out-of-range", "idleTimeoutMs"],
  [{ image: "alpine", memory: 512 } as CreateSandboxOptions, "unknown-option", "memory"],
  [{} as CreateSandboxOptions, "invalid-option", "image"],
  [{ image: "alpine:UPPER case" }, "invalid-option", "image"],
  [{ image: 5 } as unknown as CreateSandboxOptions, "invalid-option", "image"],
  [wrong({ image: { kind: "directory" } }), "invalid-option", "image.path"],
  [
    { image: "alpine", rootDisk: { kind: "managed", sizeMiB: 0 } },
    "option-out-of-range",
    "rootDisk.sizeMiB",
  ],
  [
    wrong({ image: "alpine", rootDisk: { kind: "tmpfs", size: 1 } }),
    "unknown-option",
    "rootDisk.size",
  ],
  [
    { image: "alpine", rootDisk: { kind: "flat", filesystem: "a,b" } },
    "invalid-option",
    "rootDisk.filesystem",
  ],
  [{ image: "alpine", pullPolicy: "sometimes" as "always" }, "invalid-option", "pullPolicy"],
  [
    wrong({ image: "alpine", registryAuth: { username: "anna" } }),
    "invalid-option",
    "registryAuth.password",
  ],
  [
    wrong({ image: "alpine", registryAuth: { password: "hunter2" } }),
    "invalid-option",
    "registryAuth.username",
  ],
  [wrong({ image: "alpine", registryAuth: "hunter2" }), "invalid-option", "registryAuth"],
  [{ image: "alpine", registryCaCerts: ["hunter2"] }, "invalid-option", "registryCaCerts"],
  [patched({ kind: "write", path: "etc/motd", content: "" }), "invalid-option", "patches[0].path"],
  [patched({ kind: "remove", path: "/" }), "invalid-option", "patches[0].path"],
  [patched({ kind: "mkdir", path: "/a/../b" }), "invalid-option", "patches[0].path"],
  [patched({ kind: "mkdir", path: "/a", mode: 0o10000 }), "option-out-of-range", "patches[0].mode"],
  [patched({ kind: "symlink", path: "/a", target: "" }), "invalid-option", "patches[0].target"],
  [
    patched(wrong({ kind: "write", path: "/a", content: 5 })),
    "invalid-option",
    "patches[0].content",
  ],
  [
    patched(wrong({ kind: "write", path: "/a", content: "", owner: 1 })),
    "unknown-option",
    "patches[0].owner",
  ],
  [patched(wrong({ kind: "append", path: "/a" })), "invalid-option", "patches[0].content"],
  [
    { ...patched({ kind: "mkdir", path: "/a" }), rootDisk: { kind: "tmpfs" } },
    "invalid-config",
    undefined,
  ],
  [
    { image: "alpine", env: { KEY: 5 } } as unknown as CreateSandboxOptions,
    "invalid-option",
    "env.KEY",
  ],
];

/** Options for a machine whose tenants do not trust each other. */
function forTenants(options: Record<string, unknown>): Record<string, unknown> {
  return { deploymentProfile: "multi-tenant", ...options };
}

/** Options below the first level, and contradictions; the image is always the same. */
const deep: [Record<string, unknown>, string, string][] = [
  [{ maxCpus: 0 }, "option-out-of-range", "maxCpus"],
  [{ cpus: 4, maxCpus: 2 }, "option-out-of-range", "maxCpus"],
  [{ memoryMiB: 512, maxMemoryMiB: 256 }, "option-out-of-range", "maxMemoryMiB"],
  [{ cpuPlacement: "anywhere" }, "invalid-option", "cpuPlacement"],
  [{ env: { MSB_KEY: "reserved" } }, "invalid-option", "env.MSB_KEY"],
  [{ env: { "A=B": "" } }, "invalid-option", "env.A=B"],
  [{ labels: { "sandbox.id": "" } }, "invalid-option", "labels.sandbox.id"],
  [{ scripts: { "../escape": "" } }, "invalid-option", "scripts.../escape"],
  [{ hostname: "h".repeat(65) }, "invalid-option", "hostname"],
  [{ init: "sbin/init" }, "invalid-option", "init"],
  [{ init: { command: "auto", arguments: [] } }, "unknown-option", "init.arguments"],
  [{ init: { args: [] } }, "invalid-option", "init.command"],
  [{ rlimits: { files: 5 } }, "unknown-option", "rlimits.files"],
  [{ rlimits: { nofile: -1 } }, "option-out-of-range", "rlimits.nofile"],
  [{ rlimits: { nofile: "many" } }, "invalid-option", "rlimits.nofile"],
  [{ rlimits: { nofile: { soft: 5 } } }, "invalid-option", "rlimits.nofile.hard"],
  [{ rlimits: { nofile: { soft: 5, hard: 4 } } }, "invalid-option", "rlimits.nofile.soft"],
  [
    { rlimits: { nofile: { soft: "unlimited", hard: 4 } } },
    "invalid-option",
    "rlimits.nofile.soft",
  ],
  [{ quietLogs: true, logLevel: "info" }, "invalid-option", "logLevel"],
  [forTenants({ ports: [80] }), "invalid-option", "ports"],
  [forTenants({ vsock: [{ hostSocket: "/run/socket", port: 9 }] }), "invalid-option", "vsock"],
  [forTenants({ network: { trustHostCAs: true } }), "invalid-option", "network.trustHostCAs"],
  [forTenants({ network: { interface: { mtu: 1400 } } }), "invalid-option", "network.interface"],
  [
    forTenants({ network: { dns: { nameservers: ["127.0.0.1"] } } }),
    "invalid-option",
    "network.dns.nameservers",
  ],
  [
    forTenants({ network: { dns: { rebindProtection: false } } }),
    "invalid-option",
    "network.dns.rebindProtection",
  ],
  [
    { disableMetricsSample: true, metricsSampleIntervalMs: 5 },
    "invalid-option",
    "metricsSampleIntervalMs",
  ],
  [{ logLevel: "verbose" }, "invalid-option", "logLevel"],
  [{ transparentHugePages: "auto" }, "invalid-option", "transparentHugePages"],
  [{ replaceWithTimeoutMs: -1 }, "option-out-of-range", "replaceWithTimeoutMs"],
  [{ replace: false, replaceWithTimeoutMs: 5 }, "invalid-option", "replaceWithTimeoutMs"],
  [{ vsock: [{ hostSocket: "/run/socket", port: 0 }] }, "option-out-of-range", "vsock[0].port"],
  [
    { vsock: [{ hostSocket: "/run/socket", port: 123, type: "dgram" }] },
    "invalid-option",
    "vsock[0].port",
  ],
  [{ network: "public" }, "invalid-option", "network"],
  [{ network: 5 }, "invalid-option", "network"],
  [{ network: { presets: "none" } }, "unknown-option", "network.presets"],
  [{ network: { preset: "none", profiles: [] } }, "invalid-option", "network.profiles"],
  [{ network: { rules: [{ action: "allow" }, {}] } }, "invalid-option", "network.rules[1].action"],
  [
    { network: { rules: [{ action: "allow", cidr: "10.0.0.0/99" }] } },
    "invalid-option",
    "network.rules[0].cidr",
  ],
  [
    { network: { rules: [{ action: "allow", domain: "a..b" }] } },
    "invalid-option",
    "network.rules[0].domain",
  ],
  [
    { network: { rules: [{ action: "allow", domainSuffix: "com" }] } },
    "invalid-option",
    "network.rules[0].domainSuffix",
  ],
  [
    { network: { rules: [{ action: "allow", domain: "a.b", group: "host" }] } },
    "invalid-option",
    "network.rules[0]",
  ],
  [
    { network: { rules: [{ action: "allow", ports: [{ start: 9, end: 8 }] }] } },
    "option-out-of-range",
    "network.rules[0].ports[0].end",
  ],
  [
    {
      network: { rules: [{ action: "deny", direction: "ingress", protocols: ["tcp", "icmpv4"] }] },
    },
    "invalid-option",
    "network.rules[0].protocols[1]",
  ],
  [
    { network: { rules: [{ action: "allow", direction: "any", protocols: ["icmpv6"] }] } },
    "invalid-option",
    "network.rules[0].protocols[0]",
  ],
  [
    { network: { rules: [{ action: "allow", ports: [65536] }] } },
    "option-out-of-range",
    "network.rules[0].ports[0]",
  ],
  [{ network: { dns: { servers: [] } } }, "unknown-option", "network.dns.servers"],
  [
    { network: { dns: { nameservers: ["1.1.1.1:x"] } } },
    "invalid-option",
    "network.dns.nameservers[0]",
  ],
  [
    { network: { dns: { queryTimeoutMs: 0 } } },
    "option-out-of-range",
    "network.dns.queryTimeoutMs",
  ],
  [
    { network: { tls: { interceptedPorts: [0] } } },
    "option-out-of-range",
    "network.tls.interceptedPorts[0]",
  ],
  [
    { network: { tls: { interceptionAuthority: { keyPath: "/x" } } } },
    "invalid-option",
    "network.tls.interceptionAuthority.certificatePath",
  ],
  [{ network: { rateLimits: {} } }, "invalid-option", "network.rateLimits"],
  [{ network: { rateLimits: { egress: {} } } }, "invalid-option", "network.rateLimits.egress"],
  [
    { network: { rateLimits: { egress: { bytes: { size: 1, refillTimeMs: 0 } } } } },
    "option-out-of-range",
    "network.rateLimits.egress.bytes.refillTimeMs",
  ],
  [{ network: { tcpAcceptQueueSize: 0 } }, "option-out-of-range", "network.tcpAcceptQueueSize"],
  [{ network: { maxTcpConnections: -1 } }, "option-out-of-range", "network.maxTcpConnections"],
  [
    { network: { interface: { macAddress: "01:00:00:00:00:00" } } },
    "invalid-option",
    "network.interface.macAddress",
  ],
  [
    { network: { interface: { ipv4Pool: "10.0.0.0/31" } } },
    "invalid-option",
    "network.interface.ipv4Pool",
  ],
  [{ network: { nat64Prefixes: ["64:ff9b::/64"] } }, "invalid-option", "network.nat64Prefixes[0]"],
  [
    { network: { proxy: { protocol: "socks5", address: "proxy" } } },
    "invalid-option",
    "network.proxy.address",
  ],
  [
    { network: { proxy: { protocol: "socks4", address: "[::1]:1", username: "me" } } },
    "invalid-option",
    "network.proxy.username",
  ],
  [
    { network: { proxy: { protocol: "socks5", address: "[::1]:1", username: "me" } } },
    "invalid-option",
    "network.proxy.passwordFromEnv",
  ],
  [{ network: "none", ports: [80] }, "invalid-option", "ports"],
  [{ ports: [0] }, "option-out-of-range", "ports[0]"],
  [{ ports: ["80"] }, "invalid-option", "ports[0]"],
  [{ ports: [80, { guestPort: 80, hostPort: 65536 }] }, "option-out-of-range", "ports[1].hostPort"],
  [
    { ports: [{ guestPort: 80, hostAddress: "localhost" }] },
    "invalid-option",
    "ports[0].hostAddress",
  ],
  [{ ports: [{ guestPort: 80, bind: "127.0.0.1" }] }, "unknown-option", "ports[0].bind"],
  [
    { ports: [{ guestPort: 80, hostPort: 18080 }, { guestPort: 81, hostPort: 18080 }] },
    "invalid-option",
    "ports[1].hostPort",
  ],
  [{ secrets: { KEY: { value: "hush" } } }, "invalid-option", "secrets.KEY.hosts"],
  [{ secrets: { KEY: { value: "hush", hosts: [] } } }, "invalid-option", "secrets.KEY.hosts"],
  [
    { secrets: { KEY: { value: "hush", hosts: ["https://a.b"] } } },
    "invalid-option",
    "secrets.KEY.hosts[0]",
  ],
  [{ secrets: { KEY: { hosts: ["a.b"] } } }, "invalid-option", "secrets.KEY.value"],
  [{ secrets: { KEY: { value: "", hosts: ["a.b"] } } }, "invalid-option", "secrets.KEY.value"],
  [
    { secrets: { KEY: { value: "hush", fromEnv: "MICROSANDBOX_LIB", hosts: ["a.b"] } } },
    "invalid-option",
    "secrets.KEY.fromEnv",
  ],
  [
    { secrets: { KEY: { value: "hush", hosts: ["a.b"], substitution: { headers: false } } } },
    "invalid-option",
    "secrets.KEY.substitution",
  ],
  [
    {
      secrets: { KEY: { value: "hush", hosts: ["a.b"], substitution: { headerFields: ["a b"] } } },
    },
    "invalid-option",
    "secrets.KEY.substitution.headerFields[0]",
  ],
  [
    { secrets: { KEY: { value: "hush", hosts: ["a.b"], placeholder: "a\nb" } } },
    "invalid-option",
    "secrets.KEY.placeholder",
  ],
  [{ secrets: { KEY: { value: "hush", host: "a.b" } } }, "unknown-option", "secrets.KEY.host"],
  [
    { env: { KEY: "hush" }, secrets: { KEY: { value: "hush", hosts: ["a.b"] } } },
    "invalid-option",
    "secrets.KEY",
  ],
  [{ secrets: { KEY: "hush" } }, "invalid-option", "secrets.KEY"],
  [{ secrets: { KEY: { value: ["hush"], hosts: [] } } }, "invalid-option", "secrets.KEY.value"],
  [{ secrets: { KEY: { value: 4711n, hosts: [] } } }, "invalid-option", "secrets.KEY.value"],
];

for (const [options, code, path] of deep) {
  test(`create() refuses ${path} in ${shown(options)}`, async () => {
    await assert.rejects(
      Sandbox.create({ image: "alpine", ...options }),
      (error: unknown) => {
        assert.ok(error instanceof MicrosandboxError);
        assert.deepEqual([error.code, error.details["path"]], [code, path], error.message);
        // What a secret holds is nobody's business.
        assert.ok(!/hush|4711/.test(error.message), error.message);
        return true;
      },
    );
  });
}

function shown(options: unknown): string {
  return JSON.stringify(options, (_key, value) => typeof value === "bigint" ? `${value}` : value)
    .slice(0, 70);
}

test("what the core refuses is refused before anything starts, too", async () => {
  await assert.rejects(Sandbox.create({ image: "alpine", init: "/sbin\\init" }), {
    name: "InvalidOptionError",
    code: "invalid-config",
    message: /init/,
  });
});

const notDeno = "Deno" in globalThis ? false : "only Deno has permissions";

test("what options name on this machine needs its permission", { skip: notDeno }, async () => {
  const needed: [Partial<CreateSandboxOptions>, RegExp][] = [
    [{ ports: [{ guestPort: 80, hostAddress: "0.0.0.0" }] }, /--allow-net=0\.0\.0\.0:0/],
    [
      { ports: [{ guestPort: 80, hostAddress: "::1", hostPort: 8080 }] },
      /--allow-net=\[::1\]:8080/,
    ],
    [{ secrets: { KEY: { fromEnv: "HOME", hosts: ["a.b"] } } }, /--allow-env=HOME/],
    [{ vsock: [{ hostSocket: "/run/x", port: 1 }] }, /--allow-read=\/run\/x/],
    [
      {
        network: {
          proxy: {
            protocol: "socks5",
            address: "[::1]:1",
            username: "me",
            passwordFromEnv: "HOME",
          },
        },
      },
      /--allow-env=HOME/,
    ],
    [
      { network: { tls: { upstreamCertificateAuthorities: ["/etc/ca.pem"] } } },
      /--allow-read=\/etc\/ca\.pem/,
    ],
  ];
  for (const [options, message] of needed) {
    const refusal = { name: "NotCapable", message };
    await assert.rejects(Sandbox.create({ image: "alpine", ...options }), refusal);
    await assert.rejects(Sandbox.getOrCreate({ image: "alpine", ...options, name: "a" }), refusal);
  }
});

for (const [options, code, path] of refused) {
  test(`create() refuses ${JSON.stringify(options).slice(0, 60)}`, async () => {
    await assert.rejects(Sandbox.create(options), {
      name: "InvalidOptionError",
      code,
      path,
    });
  });
}

test("a refusal of credentials shows none of them", async () => {
  const refusals = [
    { username: "anna" },
    { password: "hunter2" },
    { username: "anna", password: ["hunter2"] },
    "anna:hunter2",
  ];
  for (const registryAuth of refusals) {
    const options = wrong<{ registryAuth: { username: string; password: string } }>({
      registryAuth,
    });
    for (
      const call of [
        () => Sandbox.create({ image: "alpine", ...options }),
        () => Image.pull("alpine", options),
      ]
    ) {
      await assert.rejects(call, (error: Error) => {
        assert.equal(error.name, "InvalidOptionError");
        assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /anna|hunter2/);
        return true;
      });
    }
  }
});

test("what a sandbox needs of this machine's files takes permissions", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun has no permissions");
  const needs: [CreateSandboxOptions, string][] = [
    [{ image: "/no/rootfs" }, "--allow-read=/no/rootfs"],
    [{ image: { kind: "directory", path: "/no/rootfs" } }, "--allow-read=/no/rootfs"],
    [{ image: { kind: "disk", path: "/no/disk.raw" } }, "--allow-read=/no/disk.raw"],
    [
      { image: "alpine", rootDisk: { kind: "disk", path: "/no/disk.raw" } },
      "--allow-read=/no/disk.raw",
    ],
    [patched({ kind: "copy", from: "/no/file", path: "/file" }), "--allow-read=/no/file"],
  ];
  for (const [options, flag] of needs) {
    await assert.rejects(Sandbox.create(options), (error: Error) => {
      assert.equal(error.name, "NotCapable");
      assert.ok(error.message.includes(flag), error.message);
      return true;
    });
  }
});

test("a refusal says what was given and what to give instead", async () => {
  await assert.rejects(Sandbox.create({ image: "alpine", cpus: 0 }), {
    message: "Cannot use 0 as cpus: it has to be from 1 to 255",
  });
});

test("every call that takes a name refuses one that cannot be", async () => {
  const calls = [
    () => Sandbox.get("a b"),
    () => Sandbox.start("a b"),
    () => Sandbox.remove("a b"),
    () => Sandbox.getOrCreate({ name: "a b", image: "alpine" }),
  ];
  for (const call of calls) {
    await assert.rejects(call, { code: "invalid-sandbox-name" });
  }
});
