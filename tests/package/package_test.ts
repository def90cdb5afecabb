// The package as users get it, on both runtimes: from a server for Deno, in
// node_modules for Bun, and inside of compiled programs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { libraryPath } from "../../ffi/library/library.ts";
import { type Ended, start } from "../support.ts";
import { installForBun, publish, type Published } from "./published.ts";

let released: Published;
let bunPackage: string;

before(async () => {
  released = await publish();
  bunPackage = installForBun(released);
});
after(() => released.close());

/** How a runtime runs a module of the package, or a program that uses it. */
interface Runtime {
  name: string;
  /** The command that runs the package's command line. */
  cli(): string[];
  /** The command that runs a program. */
  run(path: string): string[];
  /** What a program imports the package as. */
  specifier(): string;
}

const denoRun = () => [
  ...["env", "deno", "run", "--quiet", "--no-prompt", "--no-check", "--no-config"],
  `--allow-import=${released.host}`,
  ...["--allow-ffi", "--allow-env", "--allow-net", "--allow-run"],
  ...[`--allow-read=${released.home}`, `--allow-write=${released.home}`],
];

const runtimes: Runtime[] = [
  {
    name: "Deno",
    cli: () => [...denoRun(), `${released.url}cli.ts`],
    run: (path) => [...denoRun(), path],
    specifier: () => `${released.url}mod.ts`,
  },
  {
    name: "Bun",
    cli: () => ["env", "bun", "run", join(bunPackage, "cli.js")],
    run: (path) => ["env", "bun", "run", path],
    specifier: () => "@x/microsandbox",
  },
];

/** Runs a command whose files stay in the test's directory. */
function run(
  command: string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  return start(command, { ...released.environment, ...environment }).ended;
}

/** A program that prints the versions, or the error's name, code and message. */
function program(specifier: string, before = ""): string {
  const path = join(released.home, `program-${crypto.randomUUID()}.ts`);
  writeFileSync(
    path,
    `import { setLibraryPath, version } from "${specifier}";
    ${before}
    try {
      console.log(JSON.stringify(await version()));
    } catch ({ name, code, message }) {
      console.log(JSON.stringify({ name, code, message }));
    }
    void setLibraryPath;`,
  );
  return path;
}

const cache = () => join(released.home, "cache/microsandbox");

for (const runtime of runtimes) {
  suite(`on ${runtime.name}`, () => {
    /** Runs the program and returns what it prints. */
    async function versions(
      environment: Record<string, string> = {},
    ): Promise<Record<string, string>> {
      const path = program(runtime.specifier());
      const ended = await run(runtime.run(path), environment);
      assert.equal(ended.code, 0, ended.stderr);
      return JSON.parse(ended.stdout);
    }

    beforeEach(() => {
      rmSync(cache(), { recursive: true, force: true });
      rmSync(join(released.home, "msb"), { recursive: true, force: true });
      released.downloads.splice(0);
    });

    test("the first use downloads the library, and the second does not", async () => {
      const { module, library } = await versions();
      assert.equal(module, library);
      assert.deepEqual(readdirSync(cache()), [released.libraryName]);
      await versions();
      assert.deepEqual(released.downloads, [
        `/release/${released.libraryName}`,
      ]);
    });

    test("MICROSANDBOX_MIRROR takes the place of the release's server", async () => {
      const mirror = `http://${released.host}/mirror`;
      const { library } = await versions({ MICROSANDBOX_MIRROR: mirror });
      assert.ok(library);
      assert.deepEqual(released.downloads, [`/mirror/${released.libraryName}`]);
    });

    test("a mirror that is no URL of a server is refused", async () => {
      const { code, message } = await versions({ MICROSANDBOX_MIRROR: "/mnt" });
      assert.equal(code, "download-failed");
      assert.match(message!, /"\/mnt\/?".*http/);
    });

    test("MICROSANDBOX_NO_AUTO_INSTALL forbids the download", async () => {
      const off = { MICROSANDBOX_NO_AUTO_INSTALL: "1" };
      const error = await versions(off);
      assert.equal(error["name"], "LibraryError");
      assert.equal(error["code"], "library-not-found");
      assert.match(error["message"]!, /MICROSANDBOX_NO_AUTO_INSTALL.*cli install/);
      assert.deepEqual(released.downloads, []);
      assert.ok((await versions({ MICROSANDBOX_NO_AUTO_INSTALL: "no" }))["core"]);
    });

    test("an installed library that was altered is not loaded", async () => {
      await versions();
      const file = openSync(join(cache(), released.libraryName), "r+");
      writeSync(file, new Uint8Array(1), 0, 1, 1_000_000);
      const error = await versions({ MICROSANDBOX_NO_AUTO_INSTALL: "1" });
      assert.equal(error["code"], "library-not-found");
    });

    test("install shows its progress in lines, and its result as JSON", async () => {
      const ended = await run([...runtime.cli(), "install", "--json"]);
      assert.equal(ended.code, 0, ended.stderr);
      const installation = JSON.parse(ended.stdout);
      assert.equal(
        installation.libraryPath,
        join(cache(), released.libraryName),
      );
      assert.equal(installation.msbPath, join(released.home, "msb/bin/msb"));
      const [first, ...rest] = ended.stderr.trim().split("\n");
      assert.match(first!, /^downloading libmicrosandbox-.*, \d+\.\d MB$/);
      assert.match(rest.at(-1)!, /^(\d+\.\d) of \1 MB$/);
      assert.ok(rest.length <= 5, ended.stderr);
    });

    test("install shows a bar on a terminal", async () => {
      const command = [...runtime.cli(), "install"].join(" ");
      const ended = await run(["script", "-qec", command, "/dev/null"]);
      assert.equal(ended.code, 0, ended.stdout);
      assert.match(ended.stdout, /\r\[=+ +\] \d+\.\d of \d+\.\d MB/);
      assert.match(ended.stdout, /\r\[={30}\] (\d+\.\d) of \1 MB/);
    });

    test("a program that is stopped while it downloads leaves the cache usable", async () => {
      const stopped = start([...runtime.cli(), "install"], released.environment);
      await stopped.reported("downloading");
      stopped.kill("SIGINT");
      await stopped.ended;
      // Its lock counts as abandoned only after some seconds, or is gone.
      for (const name of readdirSync(cache())) {
        if (name.endsWith(".lock")) rmSync(join(cache(), name));
      }
      assert.ok((await versions())["core"]);
      assert.deepEqual(readdirSync(cache()), [released.libraryName]);
    });

    test("where and doctor tell what is missing and change nothing", async () => {
      const where = await run([...runtime.cli(), "where"]);
      assert.equal(where.code, 0, where.stderr);
      assert.match(where.stdout, /not installed yet/);
      const doctor = await run([...runtime.cli(), "doctor"]);
      assert.equal(doctor.code, 1);
      assert.match(doctor.stdout, /is not installed/);
      assert.match(doctor.stdout, /cli(\.js)? install/);
      assert.deepEqual(released.downloads, []);
    });

    test("wrong arguments are errors with exit code 2", async () => {
      for (const args of [[], ["nothing"], ["where", "--mirror=x"]]) {
        const ended = await run([...runtime.cli(), ...args]);
        assert.equal(ended.code, 2, args.join());
        assert.equal(ended.stdout, "");
        assert.notEqual(ended.stderr, "");
      }
    });
  });
}

test("without permission for the network the error says how to install", async () => {
  const flags = denoRun().filter((flag) => flag !== "--allow-net");
  const ended = await run([...flags, program(`${released.url}mod.ts`)], {
    XDG_CACHE_HOME: join(released.home, "other-cache"),
  });
  const { name, message } = JSON.parse(ended.stdout);
  assert.equal(name, "NotCapable");
  assert.ok(message.includes(released.host), message);
  assert.match(message, /cli where/);
});

/** A directory with a program and the library that it brings along. */
function source(name: string, specifier: string, before: string): string {
  const directory = join(released.home, name);
  mkdirSync(directory);
  copyFileSync(libraryPath(), join(directory, "libmicrosandbox.so"));
  const path = program(specifier, before);
  copyFileSync(path, join(directory, "main.ts"));
  return directory;
}

test("a program that Bun compiled brings the library along", async () => {
  const directory = source(
    "bun-compile",
    "@x/microsandbox",
    `import library from "./libmicrosandbox.so" with { type: "file" };
    setLibraryPath(library);`,
  );
  const output = join(released.home, "bun-program");
  execFileSync("bun", ["build", "--compile", `--outfile=${output}`, join(directory, "main.ts")], {
    cwd: directory,
    stdio: "ignore",
  });
  rmSync(directory, { recursive: true });
  // Bun unpacks the library into the temporary directory.
  const temporary = join(released.home, "bun-temporary");
  mkdirSync(temporary);
  const ended = await run([output], { TMPDIR: temporary, BUN_TMPDIR: temporary });
  assert.ok(JSON.parse(ended.stdout).core, ended.stdout);
  assert.equal(readdirSync(temporary).length, 1);
});

test("a program that Deno compiled brings the library along", async (context) => {
  const directory = source(
    "deno-compile",
    `${released.url}mod.ts`,
    `setLibraryPath(import.meta.dirname + "/libmicrosandbox.so");`,
  );
  const output = join(released.home, "deno-program");
  const library = join(directory, "libmicrosandbox.so");
  const compiled = await run([
    ...["env", "deno", "compile", "--no-check", "--no-config"],
    ...[`--allow-import=${released.host}`, "--allow-ffi"],
    ...[`--include=${library}`, `--output=${output}`],
    join(directory, "main.ts"),
  ]);
  if (/denort|error sending request|dns error/.test(compiled.stderr) && compiled.code !== 0) {
    return context.skip("Deno cannot fetch what it compiles programs with");
  }
  assert.equal(compiled.code, 0, compiled.stderr);
  rmSync(directory, { recursive: true });
  const ended = await run([output]);
  assert.ok(JSON.parse(ended.stdout).core, ended.stdout);
});

test("the package holds what its entry points need and no more", () => {
  const files = readdirSync(released.directory);
  assert.ok(files.includes("mod.ts"));
  assert.ok(!files.some((file) => /^(capi|tests|lib|tools)$/.test(file)));
  const manifest = readFileSync(
    join(released.directory, "ffi/library/manifest.gen.ts"),
    "utf8",
  );
  const { version } = JSON.parse(
    readFileSync(join(released.directory, "deno.json"), "utf8"),
  );
  assert.ok(manifest.includes(`"version": "${version}"`));
});
