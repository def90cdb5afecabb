// Secrets in real microVMs: an HTTPS server on this machine sees the values,
// the guest never does.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:https";
import process from "node:process";
import { after, before, test } from "node:test";
import { Sandbox } from "../../mod.ts";
import {
  copyProgram,
  type HttpRequest,
  listening,
  makeCertificates,
  received,
  serveNames,
} from "../servers.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
const home = process.env["MSB_HOME"]!;
const prefix = "Bun" in globalThis ? "bun" : "deno";
const directory = mkdtempSync("/tmp/microsandbox-test-");
/** What `fromEnv` reads; the test runner sets it before the runtime starts. */
const fromEnv = process.env["MICROSANDBOX_TEST_SECRET"]!;
const inline = `inline-${crypto.randomUUID()}`;
/** What the guest does see. */
const control = `control-${crypto.randomUUID()}`;
const [allowed, forbidden] = ["api.test", "other.test"];
/** The guest's address, and the one before it, which is this machine's there. */
const [guestAddress, machineAddress] = ["172.29.7.2", "172.29.7.1"];

const requests: HttpRequest[] = [];
let server: Awaited<ReturnType<typeof listening>>;
let names: Awaited<ReturnType<typeof serveNames>>;
let sandbox: Sandbox;

before(async () => {
  makeCertificates(directory, [allowed, forbidden]);
  // The guest's wget uses openssl where it finds it. Its own client does not
  // say which signatures it understands, and the core's proxy refuses such.
  copyProgram("openssl", `${directory}/client`, "/client");
  // A secret goes to an address that the guest was given for the host's name.
  names = await serveNames({ [allowed]: machineAddress, [forbidden]: machineAddress });
  server = await listening(createServer({
    cert: readFileSync(`${directory}/server.pem`),
    key: readFileSync(`${directory}/server.key`),
  }, async (request, response) => {
    requests.push(await received(request));
    response.end("served");
  }));
  sandbox = await Sandbox.create({
    name: `${prefix}-secrets`,
    image,
    // All of it is searched.
    memoryMiB: 128,
    logLevel: "trace",
    env: { CONTROL: control, PATH: "/client:/bin" },
    mounts: { "/client": { type: "bind", source: `${directory}/client`, readOnly: true } },
    network: {
      preset: "allow-all",
      interface: { ipv4Address: guestAddress },
      dns: { nameservers: [`127.0.0.1:${names.port}`], rebindProtection: false },
      tls: {
        interceptedPorts: [server.port],
        upstreamCertificateAuthorities: [`${directory}/ca.pem`],
      },
    },
    secrets: {
      HEADER: { value: inline, hosts: [allowed] },
      ANYWHERE: {
        fromEnv: "MICROSANDBOX_TEST_SECRET",
        hosts: [`*.${allowed}`],
        placeholder: "<placeholder>",
        substitution: { headerFields: ["x-key", "authorization"], query: true, body: true },
      },
      FATAL: { value: inline, hosts: [allowed], violationAction: "block-and-terminate" },
    },
  });
});
after(async () => {
  await sandbox?.[Symbol.asyncDispose]();
  await Sandbox.remove(`${prefix}-secrets`).catch(() => {});
  await Promise.all([server, names].map((it) => it?.[Symbol.asyncDispose]()));
  rmSync(directory, { recursive: true, force: true });
});

/** Has the guest send a request, and returns what the server saw of it. */
async function send(url: string, ...options: string[]): Promise<HttpRequest | undefined> {
  const before = requests.length;
  // The shell fills in what the guest knows of the secrets.
  await sandbox.shell(`timeout 20 wget -q -O - ${options.join(" ")} "${url}"`);
  assert.ok(requests.length <= before + 1);
  return requests[before];
}

test("the allowed host gets the value in a header", async () => {
  const request = await send(
    `https://${allowed}:${server.port}/`,
    '--header "Authorization: Bearer $HEADER"',
  );
  assert.equal(request?.headers.authorization, `Bearer ${inline}`);
});

test("the allowed host gets the value inside of basic authentication", async () => {
  const request = await send(
    `https://${allowed}:${server.port}/`,
    '--header "Authorization: Basic $(printf %s "user:$ANYWHERE" | base64 -w 0)"',
  );
  assert.equal(request?.headers.authorization, `Basic ${btoa(`user:${fromEnv}`)}`);
});

test("the allowed host gets the value in the query and in the body where that is asked for", async () => {
  const request = await send(
    `https://${allowed}:${server.port}/?key=$ANYWHERE&also=$HEADER`,
    '--post-data "body $ANYWHERE $HEADER"',
  );
  // The other secret is for headers only, and stays what it is.
  assert.equal(request?.url, `/?key=${fromEnv}&also=$MSB_HEADER`);
  assert.equal(request?.body, `body ${fromEnv} $MSB_HEADER`);
});

test("a header that is not among the named ones keeps the placeholder", async () => {
  const request = await send(
    `https://${allowed}:${server.port}/`,
    '--header "X-Key: $ANYWHERE" --header "X-Other: $ANYWHERE"',
  );
  assert.equal(request?.headers["x-key"], fromEnv);
  assert.equal(request?.headers["x-other"], "<placeholder>");
});

test("another host gets neither the value nor the placeholder", async () => {
  assert.equal((await send(`https://${forbidden}:${server.port}/`))?.url, "/");
  const request = await send(
    `https://${forbidden}:${server.port}/`,
    '--header "Authorization: Bearer $HEADER"',
  );
  assert.equal(request, undefined);
});

test("the guest's environment has placeholders only", async () => {
  const output = await sandbox.shell('echo "$HEADER $ANYWHERE"; cat /proc/*/environ');
  assert.ok(output.text().startsWith("$MSB_HEADER <placeholder>\n"));
  assertHidden(output.text());
});

test("the guest's memory and files have no value", async () => {
  // What is looked for must not be in the guest because of that, so every
  // letter is replaced by the next one: in what it has, and in what is looked for.
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const next = `${letters.slice(1)}a`;
  const shifted = (value: string) => value.replace(/[a-z]/g, (it) => next[letters.indexOf(it)]!);
  const args = [inline, fromEnv, control].map(shifted);
  // The kernel shows its memory as an ELF file, whose header says how many
  // segments there are; those with a physical address are all of the memory.
  const memory = await sandbox.shell(
    `count=$(od -A n -t u2 -j 56 -N 2 /proc/kcore)
    od -A n -v -t u8 -j 64 -N $((count * 56)) /proc/kcore | xargs -n 7 |
    while read kind offset virtual physical size rest; do
      [ $((kind % 4294967296)) = 1 ] && [ $physical != 18446744073709551615 ] || continue
      dd if=/proc/kcore bs=65536 skip=$offset count=$size iflag=skip_bytes,count_bytes 2>/dev/null
    done | strings -n ${inline.length} | tr a-z b-za |
    grep -o -F -e "$1" -e "$2" -e "$3" | sort | uniq -c`,
    { args, timeoutMs: 300_000 },
  );
  assert.ok(args.slice(0, 2).every((value) => !memory.text().includes(value)), memory.text());
  // That the search finds what is there shows that it works.
  assert.ok(memory.text().includes(args[2]!), memory.errorText());
  const files = await sandbox.shell(
    `find / -xdev -type f | while read -r file; do
      tr a-z b-za <"$file" | grep -q -F -e "$1" -e "$2" && echo "$file"
    done; true`,
    { args },
  );
  assert.equal(files.text(), "");
});

test("what is returned, stored and logged has no value", async () => {
  const returned = await sandbox.config();
  assert.deepEqual(returned.secrets?.["HEADER"], { hosts: [allowed] });
  assert.equal(returned.secrets?.["ANYWHERE"]?.fromEnv, "MICROSANDBOX_TEST_SECRET");
  assertHidden(JSON.stringify([returned, await (await Sandbox.get(sandbox.name)).config()]));
  // Without the disks of guests, which the guest has been searched for.
  const files = readdirSync(home, { recursive: true, encoding: "utf8" })
    .map((name) => `${home}/${name}`)
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => statSync(path).size < 50_000_000);
  const holding = (value: string) => files.filter((path) => readFileSync(path).includes(value));
  // A value from the environment is nowhere; one that was given is where the
  // sandbox is stored, as documented, and not in its logs.
  assert.deepEqual(holding(fromEnv), []);
  const stored = holding(inline);
  assert.ok(stored.length > 0);
  assert.ok(stored.every((path) => /\.db/.test(path)), stored.join());
});

test("what config() returns asks for the values that it left out", async () => {
  const options = await sandbox.config();
  await assert.rejects(Sandbox.create({ ...options, name: `${prefix}-again` }), {
    code: "invalid-option",
    path: "secrets.FATAL.value",
  });
});

test("modify() gives a running sandbox another value", async () => {
  const rotated = `rotated-${crypto.randomUUID()}`;
  const plan = await sandbox.modify({ secrets: { HEADER: { value: rotated } } });
  assert.equal(plan.applied, true);
  assert.deepEqual(
    plan.secretChanges.map(({ name, change, disposition }) => [name, change, disposition]),
    [["HEADER", "rotated", "live"]],
  );
  const request = await send(
    `https://${allowed}:${server.port}/`,
    '--header "Authorization: Bearer $HEADER"',
  );
  assert.equal(request?.headers.authorization, `Bearer ${rotated}`);
  // What the guest sees is what it was.
  assert.equal((await sandbox.shell("echo $HEADER")).text(), "$MSB_HEADER\n");
});

test("a violation ends the sandbox where that is asked for", async () => {
  const stopped = sandbox.waitUntilStopped();
  await send(`https://${forbidden}:${server.port}/`, '--header "X-Key: $FATAL"').catch(() => {});
  await stopped;
  assertHidden(
    JSON.stringify(requests.filter((request) => request.headers["host"]?.startsWith(forbidden))),
  );
});

function assertHidden(text: string): void {
  for (const value of [inline, fromEnv]) assert.ok(!text.includes(value), "a value is shown");
}
