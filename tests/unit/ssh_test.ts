// SSH servers that are refused before they listen, and connections to agents
// that have no name.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { AgentClient, type SshServerOptions } from "../../mod.ts";
import { toError } from "../../src/failure.ts";
import { serveSsh } from "../../src/remote/ssh_server.ts";

const client = new Client(await loadLibrary(libraryPath()), toError);
after(() => client.close());

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+zK5j5EJOhH1A4qQ1sS3g3m1kzLxM0QWl8vJ4eS0kz who";

// No sandbox has the handle 0, so what is not refused fails for that.
const refused: [SshServerOptions, string, string | undefined][] = [
  [{ authorizedKeys: [key] }, "invalid-handle", undefined],
  [{}, "invalid-option", "authorizedKeys"],
  [{ authorizedKeys: [] }, "invalid-option", "authorizedKeys"],
  [{ authorizedKeys: [key, "ssh-ed25519 AAAA"] }, "invalid-option", "authorizedKeys[1]"],
  [{ authorizedKeys: [`command="ls" ${key}`] }, "invalid-option", "authorizedKeys[0]"],
  [{ authorizedKeys: [key], port: -1 }, "option-out-of-range", "port"],
  [{ authorizedKeys: [key], port: 65_536 }, "option-out-of-range", "port"],
  [
    { authorizedKeys: [key], inactivityTimeoutMs: -1 },
    "option-out-of-range",
    "inactivityTimeoutMs",
  ],
  [{ authorizedKeys: [key], prot: 22 } as SshServerOptions, "unknown-option", "prot"],
  [
    { authorizedKeys: [key], hostKey: 4711 } as unknown as SshServerOptions,
    "invalid-option",
    "hostKey",
  ],
];

for (const [options, code, path] of refused) {
  test(`sshServer() refuses ${JSON.stringify(options)} with ${code}`, async () => {
    await assert.rejects(serveSsh(client, 0, options), (error: unknown) => {
      const { code: itsCode, details, message } = error as {
        code: string;
        details: { path?: string };
        message: string;
      };
      assert.deepEqual([itsCode, details.path], [code, path], message);
      // A private key is nobody's business, whatever is wrong with it.
      assert.ok(!message.includes("4711"), message);
      return true;
    });
  });
}

const isDeno = "Deno" in globalThis;
const needs: [SshServerOptions, string][] = [
  [{ hostname: "127.0.0.9", port: 2222 }, "--allow-net=127.0.0.9:2222"],
  [{ hostname: "::1" }, "--allow-net=[::1]:0"],
  [{ authorizedKeysFile: "/nowhere/keys" }, "--allow-read=/nowhere/keys"],
];
for (const [options, flag] of needs) {
  const name = `sshServer() with ${JSON.stringify(options)} asks for ${flag}`;
  test(name, { skip: !isDeno && "only Deno has permissions" }, async () => {
    await assert.rejects(serveSsh(client, 0, options), (error: Error) => {
      assert.equal(error.name, "NotCapable");
      assert.ok(error.message.includes(flag), error.message);
      return true;
    });
  });
}

test("connect() refuses a name that no sandbox can have", async () => {
  await assert.rejects(AgentClient.connect("no/such"), {
    name: "InvalidOptionError",
    code: "invalid-sandbox-name",
  });
});
