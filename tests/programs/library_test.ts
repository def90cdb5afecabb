// How the released library gets onto a machine: what a download may meet, and
// what several programs at once do to each other.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, afterEach, test } from "node:test";
import { inspect } from "node:util";
import { provide } from "../../ffi/library/cache.ts";
import { libraryPlaces } from "../../ffi/library/library.ts";
import { LibraryError } from "../../ffi/library/library_error.ts";
import { targetOf } from "../../ffi/library/target.ts";
import { command, start, until } from "../support.ts";

const fixture = `${import.meta.dirname}/fixtures/provide.ts`;
const home = mkdtempSync("/tmp/microsandbox-test-");
after(() => rmSync(home, { recursive: true, force: true }));

/** Larger than what arrives in one piece. */
const content = randomBytes(300_000);
const library = {
  file: "libmicrosandbox-test.so",
  size: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
};

let cacheNumber = 0;
/** The name of a directory that does not exist yet. */
function newCache(): string {
  return join(home, `cache-${++cacheNumber}`);
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves on loopback and keeps the paths that were asked for. */
async function serve(
  listener: RequestListener,
): Promise<{ base: URL; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url!);
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { base: new URL(`http://127.0.0.1:${port}/files/`), requests };
}

const sendAll: RequestListener = (_, response) => {
  response.writeHead(200, { "content-length": content.length });
  response.end(content);
};

/** What `provide` fails with. */
async function failure(directory: string, base: URL): Promise<LibraryError> {
  const error = await provide(library, directory, base).then(
    () => assert.fail("it did not fail"),
    (error) => error,
  );
  assert.ok(error instanceof LibraryError, error);
  return error;
}

test("a library is fetched once, verified and kept under its name", async () => {
  // The second half waits until the first one was reported, so progress comes
  // in more than one piece however fast this machine is.
  const reported = Promise.withResolvers<void>();
  const { base, requests } = await serve(async (_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 100_000));
    await reported.promise;
    response.end(content.subarray(100_000));
  });
  const cache = newCache();
  const progress: number[] = [];
  const path = await provide(library, cache, base, {
    onProgress: ({ file, receivedBytes, totalBytes }) => {
      assert.equal(file, library.file);
      assert.equal(totalBytes, content.length);
      progress.push(receivedBytes);
      reported.resolve();
    },
  });
  assert.equal(path, join(cache, library.file));
  assert.deepEqual(readFileSync(path), content);
  assert.deepEqual(readdirSync(cache), [library.file]);
  assert.ok(progress.length > 1);
  assert.deepEqual(progress, progress.toSorted((a, b) => a - b));
  assert.equal(progress.at(-1), content.length);
  assert.equal(await provide(library, cache, base), path);
  assert.deepEqual(requests, [`/files/${library.file}`]);
});

test("a file that was altered is refused and not kept", async () => {
  const altered = Buffer.from(content);
  altered[1000]! ^= 1;
  const { base, requests } = await serve((_, response) => response.end(altered));
  const cache = newCache();
  const error = await failure(cache, base);
  assert.equal(error.code, "download-corrupt");
  assert.match(error.message, /SHA-256/);
  assert.deepEqual(readdirSync(cache), []);
  assert.equal(requests.length, 1);
});

test("a file that does not end is given up when it is too long", async () => {
  const { base } = await serve((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(content));
    };
    response.on("drain", more);
    more();
  });
  const cache = newCache();
  assert.equal((await failure(cache, base)).code, "download-corrupt");
  assert.deepEqual(readdirSync(cache), []);
});

for (
  const [what, cut] of [
    ["breaks off", { "content-length": content.length }],
    ["ends early", {}],
  ] as const
) {
  test(`a transfer that ${what} starts over`, async () => {
    let count = 0;
    const { base } = await serve((request, response) => {
      if (++count === 3) return sendAll(request, response as never);
      response.writeHead(200, cut);
      response.write(content.subarray(0, 100_000), () => {
        if ("content-length" in cut) response.destroy();
        else response.end();
      });
    });
    const path = await provide(library, newCache(), base);
    assert.deepEqual(readFileSync(path), content);
    assert.equal(count, 3);
  });
}

test("a transfer that always breaks off is an error and leaves nothing", async () => {
  const { base, requests } = await serve((_, response) => {
    response.end(content.subarray(0, 1000));
  });
  const cache = newCache();
  const error = await failure(cache, base);
  assert.equal(error.code, "download-failed");
  assert.match(error.message, /after 1000 of 300000 bytes/);
  assert.match(error.message, /MICROSANDBOX_MIRROR/);
  assert.deepEqual(readdirSync(cache), []);
  assert.equal(requests.length, 3);
});

test("a server that is busy is asked again", async () => {
  let count = 0;
  const { base } = await serve((request, response) => {
    if (++count > 1) return sendAll(request, response as never);
    response.writeHead(503);
    response.end();
  });
  await provide(library, newCache(), base);
  assert.equal(count, 2);
});

test("a file that is not there is not asked for again", async () => {
  const { base, requests } = await serve((_, response) => {
    response.writeHead(404);
    response.end();
  });
  const error = await failure(newCache(), base);
  assert.equal(error.code, "download-failed");
  assert.match(error.message, /status 404/);
  assert.equal(requests.length, 1);
});

test("a server that cannot be reached is an error that says what to do", async () => {
  const { base } = await serve(sendAll);
  await new Promise((resolve) => servers.pop()!.close(resolve));
  const error = await failure(newCache(), base);
  assert.equal(error.code, "download-failed");
  assert.match(error.message, /3 attempts/);
  assert.match(error.message, /proxy/);
  assert.match(error.message, /MICROSANDBOX_LIB/);
});

test("redirects to other servers are followed", async () => {
  const { base: target, requests } = await serve(sendAll);
  const { base } = await serve((_, response) => {
    response.writeHead(302, { location: new URL("elsewhere", target).href });
    response.end();
  });
  const path = await provide(library, newCache(), base);
  assert.deepEqual(readFileSync(path), content);
  assert.deepEqual(requests, ["/files/elsewhere"]);
});

test("a damaged file is replaced, and who has it mapped keeps what it had", async () => {
  const { base } = await serve(sendAll);
  const cache = newCache();
  mkdirSync(cache);
  const path = join(cache, library.file);
  const damaged = Buffer.alloc(content.length);
  writeFileSync(path, damaged);
  const { ino } = statSync(path);
  const descriptor = openSync(path, "r");
  await provide(library, cache, base);
  assert.deepEqual(readFileSync(path), content);
  assert.notEqual(statSync(path).ino, ino);
  assert.deepEqual(readFileSync(descriptor), damaged);
  closeSync(descriptor);
});

test("a file that was verified is not read again until it is written to", async () => {
  const { base, requests } = await serve(sendAll);
  const cache = newCache();
  const path = await provide(library, cache, base);
  const { mtime, size } = statSync(path);
  // What only reading would find, under the mark that it was given.
  writeFileSync(path, Buffer.alloc(size));
  utimesSync(path, mtime, mtime);
  await provide(library, cache, base);
  assert.equal(requests.length, 1);
  writeFileSync(path, Buffer.alloc(size));
  await provide(library, cache, base);
  assert.equal(requests.length, 2);
  assert.deepEqual(readFileSync(path), content);
  // One that is there without a mark gets its own.
  utimesSync(path, new Date(), new Date());
  await provide(library, cache, base);
  assert.equal(requests.length, 2);
  assert.equal(statSync(path).mtimeMs, mtime.getTime());
});

test("a download that fails leaves no connection open", async () => {
  let hangUps = 0;
  const { base } = await serve((request, response) => {
    request.socket.once("close", () => hangUps++);
    response.writeHead(404);
    // It goes on for as long as somebody listens.
    const more = () => {
      while (!response.destroyed && response.write(content));
    };
    response.on("drain", more);
    more();
  });
  await failure(newCache(), base);
  await until("the connection is closed", () => hangUps === 1);
});

test("an abort ends the download with the signal's reason and leaves nothing", async () => {
  const controller = new AbortController();
  const { base } = await serve((_, response) => {
    response.write(content.subarray(0, 1000));
  });
  const cache = newCache();
  const reason = new Error("enough");
  await assert.rejects(
    provide(library, cache, base, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    }),
    (error) => error === reason,
  );
  assert.deepEqual(readdirSync(cache), []);
});

/** A program that provides the library, which may use the network and `home`. */
function provider(directory: string, base: URL | string, hosts = "127.0.0.1") {
  const flags = [
    "--no-prompt",
    "--no-check",
    `--allow-read=${home}`,
    `--allow-write=${home}`,
    `--allow-net=${hosts}`,
  ];
  const argument = JSON.stringify({ library, directory, base });
  return [...command(fixture, flags), argument];
}

interface Provided {
  path?: string;
  name?: string;
  code?: string;
  message?: string;
  left?: string[];
}

/** What such a program prints. */
async function provided(
  program: string[],
  environment: Record<string, string> = {},
): Promise<Provided> {
  const ended = await start(program, environment).ended;
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

test("several programs at once download once", async () => {
  const allStarted = Promise.withResolvers<void>();
  const { base, requests } = await serve(async (request, response) => {
    await allStarted.promise;
    sendAll(request, response as never);
  });
  const cache = newCache();
  const programs = Array.from({ length: 4 }, () => start(provider(cache, base)));
  await Promise.all(programs.map((program) => program.reported("starting")));
  allStarted.resolve();
  for (const { ended } of programs) {
    const { stdout, stderr } = await ended;
    assert.equal(stdout, `{"path":"${join(cache, library.file)}"}\n`, stderr);
  }
  assert.equal(requests.length, 1);
  assert.deepEqual(readdirSync(cache), [library.file]);
});

test("what a killed program left is taken over and cleared away", async () => {
  const cache = newCache();
  const { base: stuck } = await serve((_, response) => {
    response.write(content.subarray(0, 1000));
  });
  const program = start(provider(cache, stuck));
  await program.reported("receiving");
  program.kill("SIGKILL");
  await program.ended;
  const left = readdirSync(cache);
  assert.equal(left.length, 2, String(left));
  // As if it had died some time ago.
  const lock = join(cache, left.find((name) => name.endsWith(".lock"))!);
  const past = new Date(Date.now() - 60_000);
  utimesSync(lock, past, past);
  const { base } = await serve(sendAll);
  await provide(library, cache, base);
  assert.deepEqual(readdirSync(cache), [library.file]);
});

/** A program in a mount namespace of its own, with another file system. */
function mounted(options: string, directory: string, program: string[]) {
  const script = `mount -t tmpfs -o ${options} tmpfs ${directory} && exec "$@"`;
  return [
    ...["unshare", "--user", "--map-root-user", "--mount"],
    ...["sh", "-c", script, "sh", ...program],
  ];
}

test("a directory that cannot be written is an error that names it", async () => {
  const cache = newCache();
  mkdirSync(cache);
  const { base, requests } = await serve(sendAll);
  const error = await provided(mounted("ro", cache, provider(cache, base)));
  assert.equal(error.name, "LibraryError");
  assert.equal(error.code, "cache-unwritable");
  assert.ok(error.message!.includes(cache));
  assert.match(error.message!, /EROFS/);
  assert.match(error.message!, /MICROSANDBOX_LIB/);
  assert.equal(requests.length, 0);
});

test("a full disk is an error of its own and leaves nothing", async () => {
  const cache = newCache();
  mkdirSync(cache);
  const { base } = await serve(sendAll);
  const error = await provided(
    mounted("size=128k", cache, provider(cache, base)),
  );
  assert.equal(error.code, "disk-full");
  assert.match(error.message!, /ENOSPC/);
  assert.deepEqual(error.left, []);
});

test("downloads go through the proxy that the environment names", async () => {
  const { base, requests } = await serve(sendAll);
  const { path } = await provided(
    provider(newCache(), "http://library.invalid/files/", "library.invalid"),
    { HTTP_PROXY: base.origin, http_proxy: base.origin, NO_PROXY: "", no_proxy: "" },
  );
  assert.ok(existsSync(path!));
  assert.deepEqual(requests, [`http://library.invalid/files/${library.file}`]);
});

test("a redirect to a host without permission names the permission", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun has no permissions");
  const { base: target, requests } = await serve(sendAll);
  const { base } = await serve((_, response) => {
    response.writeHead(302, { location: target.href });
    response.end();
  });
  const cache = newCache();
  const error = await provided(provider(cache, base, base.host));
  assert.equal(error.name, "NotCapable");
  assert.ok(error.message!.includes(target.host), error.message);
  assert.deepEqual(error.left, []);
  assert.equal(requests.length, 0);
});

test("a machine without a library is refused by its name", () => {
  const glibc = { isMusl: false };
  assert.equal(
    targetOf({ arch: "arm64", platform: "linux", ...glibc }),
    "arm64-linux",
  );
  for (
    const [machine, expected] of [
      [{ arch: "x64", platform: "linux", isMusl: true }, /musl.*glibc 2\.28/],
      [{ arch: "x64", platform: "darwin", ...glibc }, /x64-darwin.*arm64-darwin/],
      [{ arch: "x64", platform: "freebsd", ...glibc }, /x64-freebsd/],
    ] as const
  ) {
    assert.throws(() => targetOf(machine), (error) => {
      assert.ok(error instanceof LibraryError);
      assert.equal(error.code, "unsupported-target");
      assert.match(error.message, expected);
      return true;
    });
  }
});

test("a user and a password in a mirror's URL are sent to it, and shown to nobody", async () => {
  const given: (string | undefined)[] = [];
  const { base: target } = await serve((request, response) => {
    given.push(request.headers.authorization);
    sendAll(request, response as never);
  });
  const { base } = await serve((request, response) => {
    given.push(request.headers.authorization);
    response.writeHead(302, { location: target.href });
    response.end();
  });
  base.username = "anna";
  base.password = "p@ss:w%rd/";
  await provide(library, newCache(), base);
  const sent = `Basic ${btoa("anna:p@ss:w%rd/")}`;
  assert.deepEqual(given, [sent, undefined]);
});

test("an error of a download shows no user and no password", async () => {
  const answers: RequestListener[] = [
    (_, response) => response.writeHead(404).end(),
    (_, response) => response.end(Buffer.alloc(content.length)),
    (_, response) => response.destroy(),
  ];
  for (const answer of answers) {
    const { base } = await serve(answer);
    base.username = "anna";
    base.password = "hunter2";
    const error = await failure(newCache(), base);
    assert.ok(error.message.includes(`http://${base.host}/files/${library.file}`), error.message);
    assert.doesNotMatch(inspect(error, { depth: 5 }), /anna|hunter2/);
  }
});

test("a mirror that is none is shown without user and password", () => {
  const mirrors = [
    ["ftp://anna:hunter2@mirror.invalid/", "ftp://mirror.invalid/"],
    ["https://anna:hunter2@mirror.invalid:port/", "https://mirror.invalid:port/"],
    ["anna:hunter2@mirror.invalid", "mirror.invalid"],
    ["mirror.invalid", "mirror.invalid"],
  ];
  for (const [mirror, shown] of mirrors) {
    process.env["MICROSANDBOX_MIRROR"] = mirror;
    try {
      assert.throws(libraryPlaces, {
        code: "download-failed",
        message: `Cannot download from "${shown}": a mirror is an http: or https: URL`,
      });
    } finally {
      delete process.env["MICROSANDBOX_MIRROR"];
    }
  }
});

test("a library that another program has put in place meanwhile does as well", async () => {
  const { base } = await serve(sendAll);
  const cache = newCache();
  const path = await provide(library, cache, base, {
    onProgress({ receivedBytes }) {
      if (receivedBytes < content.length) return;
      // What cannot be moved in place any more.
      for (const name of readdirSync(cache)) {
        if (name.endsWith(".part")) rmSync(join(cache, name));
      }
      writeFileSync(join(cache, library.file), content);
    },
  });
  assert.deepEqual(readFileSync(path), content);
  assert.deepEqual(readdirSync(cache), [library.file]);
});

test("a lock that may not be looked at is an error and no endless loop", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun has no permissions");
  const { base, requests } = await serve(sendAll);
  const cache = newCache();
  mkdirSync(cache);
  const path = join(cache, library.file);
  writeFileSync(`${path}.lock`, "");
  const flags = ["--no-prompt", "--no-check", `--allow-read=${path}`, `--allow-write=${home}`];
  const argument = JSON.stringify({ library, directory: cache, base });
  const { code, stderr } = await start([...command(fixture, flags), argument]).ended;
  assert.notEqual(code, 0);
  // The fixture itself may not list the directory either.
  assert.match(stderr, /NotCapable/);
  assert.equal(requests.length, 0);
});
