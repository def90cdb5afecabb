// The runtime that the library carries, in homes of its own: how it gets there,
// once, and which one is used.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { libraryPath } from "../../ffi/library/library.ts";
import { Backend, type MicrosandboxError, Sandbox } from "../../mod.ts";
import { command, scopedFlags, start } from "../support.ts";

const fixture = `${import.meta.dirname}/fixtures/runtime.ts`;
const home = mkdtempSync("/tmp/microsandbox-test-");
after(() => rmSync(home, { recursive: true, force: true }));

let homeNumber = 0;
/** A home for sandboxes that does not exist yet. */
function newHome(): string {
  return join(home, `home-${++homeNumber}`);
}

/** What functions of the module return, called in a program of their own. */
async function calls(
  directory: string,
  list: unknown[][],
  environment: Record<string, string> = {},
  library = libraryPath(),
  // deno-lint-ignore no-explicit-any
): Promise<any[]> {
  const flags = [...scopedFlags([], library), "--allow-run"];
  const program = [...command(fixture, flags), JSON.stringify(list)];
  const ended = await start(program, { MSB_HOME: directory, ...environment })
    .ended;
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

test("the runtime is unpacked where there is none, and told", async () => {
  const directory = newHome();
  const msb = join(directory, "bin/msb");
  const [installed, path, runtime, now, pathNow, version] = await calls(
    directory,
    [
      ["isInstalled"],
      ["runtimePath"],
      ["ensureRuntime"],
      ["isInstalled"],
      ["runtimePath"],
      ["version"],
    ],
  );
  assert.equal(installed, false);
  assert.equal(path, null);
  assert.equal(runtime.msbPath, msb);
  assert.equal(runtime.origin, "home");
  assert.equal(now, true);
  assert.equal(pathNow, msb);
  assert.equal(version.runtime, version.core);
  assert.equal(runtime.version, version.core);
  assert.ok(statSync(runtime.libkrunfwPath).size > 1_000_000);
  const said = execFileSync(msb, ["--version"], { encoding: "utf8" });
  assert.equal(said, `msb ${version.core}\n`);
  // Nothing of the unpacking is left.
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith(".runtime")),
    [".runtime-install.lock"].filter((name) => existsSync(join(directory, name))),
  );
});

test("several programs at once unpack one runtime that works", async () => {
  const directory = newHome();
  const programs = Array.from(
    { length: 4 },
    () => calls(directory, [["ensureRuntime"]]),
  );
  const paths = (await Promise.all(programs)).map(([{ msbPath }]) => msbPath);
  assert.deepEqual(new Set(paths), new Set([join(directory, "bin/msb")]));
  execFileSync(paths[0], ["--version"]);
});

test("a runtime is replaced only by force", async () => {
  const directory = newHome();
  const msb = join(directory, "bin/msb");
  await calls(directory, [["install"]]);
  const original = readFileSync(msb);
  writeFileSync(msb, "another one");
  await calls(directory, [["install"], ["ensureRuntime"]]);
  assert.equal(readFileSync(msb, "utf8"), "another one");
  await calls(directory, [["install", { force: true }]]);
  assert.deepEqual(readFileSync(msb), original);
  chmodSync(msb, 0o755);
  execFileSync(msb, ["--version"]);
});

test("MICROSANDBOX_NO_AUTO_INSTALL is about what nobody asked for", async () => {
  const off = { MICROSANDBOX_NO_AUTO_INSTALL: "1" };
  const [error, runtime] = await calls(
    newHome(),
    [["ensureRuntime"], ["install"]],
    off,
  );
  assert.equal(error.code, "runtime-not-installed");
  assert.match(error.message, /MICROSANDBOX_NO_AUTO_INSTALL.*install\(\)/);
  assert.ok(existsSync(runtime.msbPath));
});

test("a program chooses its runtime once, before it is used", async () => {
  const [{ msbPath }] = await calls(newHome(), [["install"]]);
  const other = join(home, "other/msb");
  const [set, path, again, different] = await calls(newHome(), [
    ["setRuntimePath", msbPath],
    ["runtimePath"],
    ["setRuntimePath", msbPath],
    ["setRuntimePath", other],
  ]);
  assert.equal(set, null);
  assert.equal(path, msbPath);
  assert.equal(again, null);
  assert.equal(different.code, "runtime-in-use");
  assert.ok(different.message.includes(other));
  const [, late] = await calls(newHome(), [
    ["runtimePath"],
    ["setRuntimePath", msbPath],
  ]);
  assert.equal(late.code, "runtime-in-use");
});

test("half of a runtime is an error that names what is missing", async () => {
  const directory = newHome();
  const [{ libkrunfwPath }] = await calls(directory, [["install"]]);
  rmSync(libkrunfwPath);
  const [error] = await calls(directory, [["ensureRuntime"]]);
  assert.equal(error.code, "runtime-incomplete");
  assert.ok(error.message.includes(libkrunfwPath), error.message);
});

test("the diagnosis does not count a runtime that will be unpacked", async () => {
  const directory = newHome();
  const [fresh] = await calls(directory, [["diagnose"]]);
  assert.equal(existsSync(directory), false);
  const labels = fresh.checks.map(({ label }: { label: string }) => label);
  for (const label of ["MSB_HOME", "msb", "libkrunfw", "KVM device"]) {
    assert.ok(labels.includes(label), labels);
  }
  const isAboutRuntime = ({ headline }: { headline: string }) => headline.includes("runtime");
  assert.ok(!fresh.problems.some(isAboutRuntime));
  const [off] = await calls(directory, [["diagnose"]], {
    MICROSANDBOX_NO_AUTO_INSTALL: "1",
  });
  assert.ok(off.problems.some(isAboutRuntime));
});

test("a library that cannot be loaded is none that is installed", async () => {
  const missing = join(home, "none.so");
  const damaged = join(home, "damaged.so");
  writeFileSync(damaged, "no library");
  for (const path of [missing, damaged]) {
    const results = await calls(newHome(), [["isInstalled"]], { MICROSANDBOX_LIB: path }, path);
    assert.deepEqual(results, [false]);
  }
});

test("a mirror is refused where nothing is downloaded", async () => {
  const [error] = await calls(newHome(), [["install", { mirror: "https://mirror.invalid/" }]]);
  assert.equal(error.code, "invalid-option");
  assert.match(error.message, /mirror/);
});

test("a library is chosen before another one is being loaded", async () => {
  const [loading, late] = await calls(newHome(), [
    ["then", ["version"], ["setLibraryPath", "/nowhere/lib.so"], ["libraryPath"]],
  ]).then(([result]) => result);
  assert.equal(loading.code, "library-loaded");
  assert.equal(late, libraryPath());
});

test("a library is chosen once, by an absolute path", async () => {
  const [relative, missing] = await calls(newHome(), [
    ["setLibraryPath", "lib.so"],
    ["version"],
    ["setLibraryPath", "/nowhere/lib.so"],
  ]).then((results) => [results[0], results[2]]);
  assert.equal(relative.name, "TypeError");
  assert.equal(missing.code, "library-loaded");
});

test("a home whose sockets would have paths that are too long is refused first", async () => {
  const directory = join(home, "x".repeat(80));
  using backend = await Backend.local({ home: directory });
  await assert.rejects(
    backend.run(() => Sandbox.create({ image: "localhost/none" })),
    (error: MicrosandboxError) => {
      assert.equal(error.code, "invalid-config");
      const { home, limit } = error.details as { home: string; limit: number };
      assert.equal(home, directory);
      assert.ok(limit > 20 && limit < directory.length, `${limit}`);
      assert.match(
        error.message,
        new RegExp(`has ${directory.length} bytes and may have ${limit}`),
      );
      return true;
    },
  );
  assert.equal(existsSync(directory), false);
});
