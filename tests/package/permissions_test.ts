// Each activity of the permissions table, in the package as it is published,
// under exactly the flags that the table gives it. What is asked is recorded by
// Deno itself: nothing else, and nothing that is not used.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  activities,
  type Activity,
  type Permissions,
  type Places,
  toFlags,
} from "../../src/host/activities.ts";
import { apiKey, serveCloud } from "../cloud.ts";
import { type Ended, start } from "../support.ts";
import { publish, type Published } from "./published.ts";

let released: Published;
let places: Places;

before(async () => {
  released = await publish();
  const cache = join(released.home, "cache/microsandbox");
  mkdirSync(join(released.home, "cache"));
  places = {
    library: join(cache, released.libraryName),
    cache,
    cacheVariables: ["XDG_CACHE_HOME", "HOME"],
    hosts: [released.host],
    msb: join(released.home, "msb/bin/msb"),
  };
});
after(() => released.close());

/** Something that Deno was asked. */
interface Question {
  permission: string;
  value: string;
}

/** Runs a module under exactly these permissions. */
async function run(
  permissions: Permissions,
  [module, ...args]: string[],
  environment: Record<string, string> = {},
): Promise<Ended & { questions: Question[] }> {
  const audit = join(released.home, `audit-${crypto.randomUUID()}`);
  const ended = await start([
    ...["env", "deno", "run", "--no-prompt", "--no-check", "--no-config"],
    `--allow-import=${released.host}`,
    ...toFlags(permissions),
    module!,
    ...args,
  ], {
    ...released.environment,
    ...environment,
    DENO_AUDIT_PERMISSIONS: audit,
  }).ended;
  const questions = readFileSync(audit, "utf8").trim().split("\n")
    .map((line): Question => JSON.parse(line))
    .map(({ permission, value }) => ({
      permission,
      value: permission === "net" ? URL.parse(value)?.host ?? value : value,
    }))
    // Where modules come from is no business of the module.
    .filter(({ permission }) => permission !== "import");
  return { ...ended, questions };
}

/** Runs a module that has to succeed. */
async function succeed(
  ...parameters: Parameters<typeof run>
): ReturnType<typeof run> {
  const ended = await run(...parameters);
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}

/** Whether a permission covers what was asked, or a part of it. */
function covers(granted: string, asked: string): boolean {
  return asked === granted || asked.startsWith(`${granted}/`);
}

/** That a program asked for all that it was granted and for nothing else. */
function assertExact(granted: Permissions, questions: Question[]): void {
  // Deno does not record questions about programs to run.
  const { run: _, ...recorded } = granted;
  const grants = Object.entries(recorded) as [string, string[]][];
  for (const { permission, value } of questions) {
    const values = granted[permission as keyof Permissions] ?? [];
    assert.ok(
      values.some((it) => covers(it, value)),
      `asked for ${permission} of ${value}, which the table does not have`,
    );
  }
  for (const [permission, values] of grants) {
    for (const value of values) {
      assert.ok(
        questions.some((it) => it.permission === permission && covers(value, it.value)),
        `the table has ${permission} of ${value}, which nothing asked for`,
      );
    }
  }
}

/** That a program may not run `msb` without the permission for it. */
async function assertRefusedWithoutRun(
  { run: _, ...rest }: Permissions,
  command: string[],
): Promise<void> {
  const { code, stderr } = await run(rest, command);
  assert.equal(code, 1);
  assert.ok(stderr.includes(`Requires run access to "${places.msb}"`), stderr);
}

/** A program of a user that imports the package. */
function program(name: string, body: string): string {
  const path = join(released.home, `${name}.ts`);
  writeFileSync(
    path,
    `import * as microsandbox from "${released.url}mod.ts";\n${body}\n` +
      `for await (const _ of microsandbox.Sandbox.list());\n` +
      `console.log("listed");\n`,
  );
  return path;
}

/** What an activity's program is granted. */
function granted(name: keyof typeof activities): Permissions {
  const activity: Activity = activities[name];
  return activity.permissions(places);
}

// The first one installs what the others use.
test("install", async () => {
  const permissions = granted("install");
  const ended = await succeed(permissions, [`${released.url}cli.ts`, "install"]);
  assert.ok(ended.stdout.includes(places.library), ended.stdout);
  assert.ok(ended.stdout.includes(places.msb), ended.stdout);
  assert.equal(released.downloads.length, 1);
  assertExact(permissions, ended.questions);
});

test("use", async () => {
  const permissions = granted("use");
  const ended = await succeed(permissions, [program("use", "")]);
  assert.equal(ended.stdout, "listed\n");
  assertExact(permissions, ended.questions);
  assert.equal(released.downloads.length, 1);
});

test("named", async () => {
  const permissions = granted("named");
  const ended = await succeed(permissions, [program("named", "")], {
    MICROSANDBOX_LIB: places.library,
  });
  assert.equal(ended.stdout, "listed\n");
  assertExact(permissions, ended.questions);
});

test("chosen", async () => {
  const permissions = granted("chosen");
  const choose = `microsandbox.setLibraryPath("${places.library}");`;
  const ended = await succeed(permissions, [program("chosen", choose)]);
  assert.equal(ended.stdout, "listed\n");
  assertExact(permissions, ended.questions);
});

test("where", async () => {
  const permissions = granted("where");
  for (const command of ["where", "doctor"]) {
    const module = `${released.url}cli.ts`;
    const ended = await run(permissions, [module, command, "--json"]);
    // doctor says with its exit code whether microVMs can run on this machine.
    if (command === "where") assert.equal(ended.code, 0, ended.stderr);
    assert.equal(JSON.parse(ended.stdout).library, places.library);
    assertExact(permissions, ended.questions);
  }
});

test("setRuntimePath", async () => {
  const permissions = granted("setRuntimePath");
  const choose = `microsandbox.setLibraryPath("${places.library}");\n` +
    `await microsandbox.setRuntimePath("${places.msb}");\n` +
    `console.log(await microsandbox.runtimePath());`;
  const file = program("runtime", choose);
  const ended = await succeed(permissions, [file]);
  assert.equal(ended.stdout, `${places.msb}\nlisted\n`);
  assertExact(permissions, ended.questions);
  await assertRefusedWithoutRun(permissions, [file]);
});

test("cloud", async () => {
  await using cloud = await serveCloud();
  const activity: Activity = activities.cloud;
  const permissions = activity.permissions({ ...places, cloud: URL.parse(cloud.url)!.host });
  const choose = `microsandbox.setLibraryPath("${places.library}");\n` +
    `using cloud = await microsandbox.Backend.cloud();\n` +
    `await cloud.run(() => microsandbox.Volume.list());`;
  const environment = { MSB_API_KEY: apiKey, MSB_API_URL: cloud.url };
  const file = [program("cloud", choose)];
  const ended = await succeed(permissions, file, environment);
  assert.equal(ended.stdout, "listed\n");
  assert.equal(cloud.requests.length, 1);
  // The library connects, so Deno does not record where to.
  const { net, ...recorded } = permissions;
  assertExact(recorded, ended.questions);
  const { code, stderr } = await run(recorded, file, environment);
  assert.equal(code, 1);
  assert.ok(stderr.includes(`Requires net access to "${net}"`), stderr);
  assert.equal(cloud.requests.length, 1);
});

test("what `where` prints is what the table says", async () => {
  const ended = await succeed(granted("where"), [
    `${released.url}cli.ts`,
    "where",
    "--json",
  ]);
  const { use, install, msb } = JSON.parse(ended.stdout);
  assert.equal(msb, places.msb);
  assert.deepEqual(use.flags, toFlags(granted("use")));
  assert.deepEqual(install.flags, toFlags(granted("install")));
});
