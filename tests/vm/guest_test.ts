// What a guest needs and an image may lack, and what is set in its kernel.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Sandbox } from "../../mod.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
/** A guest is given name servers with an address, which it gets here on a machine without a network too. */
const network = { interface: { ipv4Address: "172.20.0.2" } };

test("an image without users, name servers and its working directory boots and runs commands", async () => {
  await using sandbox = await Sandbox.create({
    image,
    memoryMiB: 256,
    network,
    workdir: "/srv/not/there",
    user: "12345:23456",
    patches: [
      { kind: "remove", path: "/etc/passwd" },
      { kind: "remove", path: "/etc/group" },
      { kind: "symlink", path: "/etc/resolv.conf", target: "../run/systemd/stub-resolv.conf" },
      { kind: "symlink", path: "/etc/hosts", target: "nowhere/hosts" },
    ],
  });
  assert.equal((await sandbox.exec("pwd")).text(), "/srv/not/there\n");
  assert.equal((await sandbox.shell("id -u; id -g")).text(), "12345\n23456\n");
  assert.equal((await sandbox.exec("id", { args: ["-u"], user: "4242" })).text(), "4242\n");
  assert.match((await sandbox.shell("cat /etc/resolv.conf")).text(), /^nameserver /m);
  assert.match((await sandbox.shell("cat /etc/hosts")).text(), /^127\.0\.0\.1\s+localhost/m);
  await assert.rejects(sandbox.exec("id", { user: "somebody" }), /somebody/);

  assert.equal((await sandbox.shell("cat /sys/kernel/rcu_expedited")).text(), "1\n");
});

test("rcuExpedited: false leaves the kernel alone, and a directory is no list of name servers", async () => {
  await using sandbox = await Sandbox.create({
    image,
    memoryMiB: 256,
    network,
    rcuExpedited: false,
    patches: [
      { kind: "mkdir", path: "/etc/resolv.conf" },
      { kind: "symlink", path: "/etc/hosts", target: "/dev/null" },
    ],
  });
  assert.equal((await sandbox.shell("cat /sys/kernel/rcu_expedited")).text(), "0\n");
  const { rcuExpedited, env } = await sandbox.config();
  assert.equal(rcuExpedited, false);
  assert.equal(Object.keys(env ?? {}).some((name) => name.includes("RCU")), false);
  assert.match((await sandbox.shell("cat /etc/resolv.conf")).text(), /^nameserver /m);
  assert.match((await sandbox.shell("cat /etc/hosts")).text(), /localhost/);

  // A working directory that is missing is named, and not the program.
  for (const cwd of ["/nope", "/etc/group"]) {
    for (const tty of [false, true]) {
      const refusal = { code: "exec-failed", message: new RegExp(`working directory ${cwd}`) };
      await assert.rejects(sandbox.exec("pwd", { cwd, tty }), refusal);
      await assert.rejects(sandbox.execStream("pwd", { cwd, tty }), refusal);
    }
  }
  await assert.rejects(sandbox.exec("no-such-program", { cwd: "/tmp" }), /no-such-program/);
});
