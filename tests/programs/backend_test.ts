// Backends: what a cloud on this machine is asked, what comes of each of its
// answers, and who acts on which backend.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, beforeEach, test } from "node:test";
import {
  Backend,
  backendInfo,
  CloudError,
  type InvalidOptionError,
  type LogEntry,
  type MicrosandboxError,
  Sandbox,
  Snapshot,
  UnsupportedError,
  Volume,
} from "../../mod.ts";
import { type Answer, apiKey, type Cloud, fixtures, problem, serveCloud } from "../cloud.ts";
import { listening } from "../servers.ts";
import { command, scopedFlags, start } from "../support.ts";

const server = await serveCloud();
const cloud = await Backend.cloud({ url: server.url, apiKey });
after(async () => {
  cloud.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  server.requests.length = 0;
  server.intercept = undefined;
  server.agent.isDead = false;
});

/** What the cloud was asked since the last time. */
function asked(): string[] {
  return server.requests.splice(0).map(({ call }) => call);
}

/** What a call fails with. */
async function failure(call: Promise<unknown>): Promise<MicrosandboxError> {
  return await call.then(() => assert.fail("it does not fail"), (error) => error);
}

/** A sandbox of the cloud, and nothing asked yet. */
async function create(name: string): Promise<Sandbox> {
  const sandbox = await cloud.run(() => Sandbox.create({ image: "alpine:3.22", name }));
  asked();
  return sandbox;
}

/** The identity that the cloud knows a sandbox by. */
function idOf(sandbox: Sandbox): string {
  return sandbox.id.replace(/^cloud:/, "");
}

test("a sandbox is created, found, stopped, started and removed", async () => {
  const sandbox = await cloud.run(() =>
    Sandbox.create({
      image: "docker.io/library/alpine:3.22",
      name: "web",
      cpus: 2,
      memoryMiB: 512,
      env: { GREETING: "hello" },
      labels: { team: "a" },
      workdir: "/srv",
    })
  );
  const [looked, created] = server.requests;
  assert.equal(looked!.call, "GET /v1/sandboxes/by-name/web");
  assert.equal(created!.call, "POST /v1/sandboxes");
  assert.deepEqual(created!.query, { start: "true", wait_for: "running", wait_timeout: "90" });
  assert.deepEqual(created!.body, fixtures.createRequest);
  for (const { headers } of server.requests) {
    assert.equal(headers["authorization"], `Bearer ${apiKey}`);
    assert.match(headers["user-agent"]!, /^microsandbox-sdk\/\d/);
  }
  assert.equal(created!.headers["content-type"], "application/json");
  assert.deepEqual([sandbox.backend, sandbox.ownsLifecycle], ["cloud", false]);
  asked();

  const id = idOf(sandbox);
  const handle = await cloud.run(() => Sandbox.get("web"));
  assert.deepEqual([handle.id, handle.status, handle.backend], [sandbox.id, "running", "cloud"]);
  const names = [];
  for await (const { name } of cloud.run(() => Sandbox.list({ labels: { team: "a" } }))) {
    names.push(name);
  }
  assert.deepEqual(names, ["web"]);
  assert.deepEqual(server.requests[1]!.query, { limit: "100", labels: '{"team":"a"}' });
  asked();

  // Objects stay with their backend outside of `run`, and the cloud is asked by identity.
  await sandbox.stop();
  assert.ok(asked().includes(`POST /v1/sandboxes/${id}/stop`));
  const started = await handle.start();
  assert.ok(asked().includes(`POST /v1/sandboxes/${id}/start`));
  assert.equal(started.id, sandbox.id);
  await handle.destroy();
  assert.equal(asked().at(-1), `DELETE /v1/sandboxes/${id}`);
  await assert.rejects(handle.refresh(), {
    name: "SandboxNotFoundError",
    code: "sandbox-not-found",
    details: { name: "web" },
  });
});

test("modify() changes the secrets of a sandbox in the cloud", async () => {
  const sandbox = await create("secretive");
  const change = { secrets: { TOKEN: { value: "hush hush", hosts: ["example.com"] } } };
  const plan = await sandbox.modify(change);
  assert.equal(plan.applied, true);
  assert.deepEqual(plan.secretChanges.map((it) => [it.name, it.disposition]), [["TOKEN", "live"]]);
  const [planned, applied] = server.requests.filter(({ call }) => !call.startsWith("GET"));
  const id = idOf(sandbox);
  assert.equal(planned!.call, `POST /v1/sandboxes/${id}/modifications/plan`);
  assert.equal(applied!.call, `PUT /v1/sandboxes/${id}`);
  // The value is sent once, and never to be planned with.
  assert.ok(!JSON.stringify(planned!.body).includes("hush"));
  assert.ok(JSON.stringify(applied!.body).includes("hush hush"));

  server.intercept = ({ call }) =>
    call.startsWith("PUT")
      ? problem(503, "modification_failed", "it is saved, and not in effect yet")
      : undefined;
  const error = await failure(sandbox.modify(change));
  assert.equal(error.code, "modification-not-confirmed");
  assert.match(error.message, /it is saved, and not in effect yet/);
  assert.ok(!error.message.includes("hush"));

  server.intercept = undefined;
  await assert.rejects(sandbox.modify({ labels: { a: "b" } }), { code: "unsupported" });
});

test("commands and files go through the WebSocket of the sandbox's agent", async () => {
  const sandbox = await create("agent");
  const route = `GET /v1/sandboxes/${idOf(sandbox)}/agent`;
  const output = await sandbox.exec("echo", { args: ["hello", "cloud"] });
  assert.deepEqual([output.code, output.text()], [0, "hello cloud\n"]);
  assert.deepEqual(server.agent.commands.at(-1), ["echo", "hello", "cloud"]);
  const [{ call, headers }] = server.requests as [Cloud["requests"][0]];
  assert.equal(call, route);
  assert.equal(headers["authorization"], `Bearer ${apiKey}`);
  assert.match(headers["user-agent"]!, /^microsandbox-sdk\/\d/);

  const process = await sandbox.execStream("echo", { args: ["streamed"] });
  assert.equal(await new Response(process.stdout).text(), "streamed\n");
  assert.equal((await process.status).code, 0);
  assert.equal((await sandbox.fs.stat("/greeting")).size, 5);
  await assert.rejects(sandbox.fs.mkdir("/new"), { name: "FileAlreadyExistsError" });
  assert.deepEqual(new Set(asked()), new Set([route]));

  server.agent.isDead = true;
  await assert.rejects(sandbox.exec("echo"), { code: "command-interrupted" });
  for (const status of [401, 404, 500]) {
    server.intercept = () => problem(status, "no", "no");
    await assert.rejects(
      sandbox.exec("echo"),
      (error: Error & { code: string }) =>
        error.code === "agent-client-error" && error.message.includes(String(status)),
    );
  }
});

test("logs are followed, and go on after a cursor", async () => {
  const sandbox = await create("printer");
  const entries: LogEntry[] = [];
  for await (const entry of sandbox.logStream({ follow: true })) entries.push(entry);
  assert.deepEqual(
    entries.map((entry) => [entry.source, entry.text()]),
    [["stdout", "one\n"], ["stderr", "two\n"]],
  );
  const { call, headers, query } = server.requests.at(-1)!;
  assert.equal(call, `GET /v1/sandboxes/${idOf(sandbox)}/logs`);
  assert.equal(headers["accept"], "text/event-stream");
  assert.deepEqual(query, { sources: "stdout,stderr,output" });
  const { cursor } = entries[0]!;
  server.intercept = ({ call }) =>
    call.endsWith("/logs") ? { events: fixtures.events.slice(1).join("") } : undefined;
  const rest = sandbox.logStream({ follow: true, cursor });
  assert.equal((await rest.next()).value!.text(), "two\n");
  assert.equal(server.requests.at(-1)!.headers["last-event-id"], cursor);
});

test("a log is followed for longer than a request may take", {
  skip: process.env["MICROSANDBOX_TEST_FULL"] ? false : "it takes 30 s: --full runs it",
}, async () => {
  const sandbox = await create("long");
  const texts: string[] = [];
  let resumed: string | undefined;
  server.intercept = ({ call, headers }) => {
    if (!call.endsWith("/logs")) return;
    resumed = headers["last-event-id"];
    return resumed === undefined
      ? { events: fixtures.events[0], isOpen: true }
      : { events: fixtures.events.slice(1).join("") };
  };
  for await (const entry of sandbox.logStream({ follow: true })) texts.push(entry.text());
  assert.deepEqual(texts, ["one\n", "two\n"]);
  assert.ok(resumed);
});

test("volumes and snapshots are created, found and removed", async () => {
  const labels = { team: "a" };
  const volume = await cloud.run(() => Volume.create({ name: "data", quotaMiB: 1024, labels }));
  assert.deepEqual(
    [volume.backend, volume.name, volume.quotaMiB, volume.labels, volume.path],
    ["cloud", "data", 1024, labels, undefined],
  );
  const { call, body } = server.requests[0]!;
  assert.equal(call, "POST /v1/volumes");
  assert.deepEqual(body, { name: "data", labels, capacity_gib: 1 });
  assert.deepEqual((await cloud.run(() => Volume.list())).map(({ name }) => name), ["data"]);
  asked();
  await volume.remove();
  assert.deepEqual(asked(), ["GET /v1/volumes", "DELETE /v1/volumes/vol-1"]);

  const sandbox = await create("source");
  const snapshot = await sandbox.snapshot({ name: "base", labels: { owner: "alice" } });
  const request = server.requests.find(({ call }) => call === "POST /v1/snapshots")!;
  assert.deepEqual(request.body, { ...fixtures.snapshotRequest, sandbox_id: idOf(sandbox) });
  assert.deepEqual([snapshot.name, snapshot.digest], ["base", fixtures.snapshot.digest]);
  await sandbox.snapshot();
  const { body: unnamed } = server.requests.findLast(({ call }) => call === "POST /v1/snapshots")!;
  assert.match((unnamed as { name: string }).name, /^snapshot-[0-9a-f]{16}$/);
  assert.equal((await cloud.run(() => Snapshot.list())).length, 1);
  asked();
  const restored = await snapshot.restore({ name: "restored" });
  assert.equal(restored.name, "restored");
  const restore = server.requests.find(({ call }) => call === "POST /v1/sandboxes")!;
  assert.deepEqual(
    (restore.body as Record<string, unknown>)["disk_snapshot_ref"],
    fixtures.snapshot.location,
  );
  asked();
  await snapshot.remove();
  assert.equal(asked().at(-1), `DELETE /v1/snapshots/${fixtures.snapshot.location.id}`);
});

test("each status has a code, and no error has the key", async () => {
  const codes: Record<number, string> = {
    400: "invalid-config",
    401: "cloud-unauthorized",
    403: "cloud-forbidden",
    404: "sandbox-not-found",
    409: "cloud-conflict",
    418: "cloud-http",
    429: "cloud-rate-limited",
    500: "cloud-unavailable",
    502: "cloud-unavailable",
    503: "cloud-unavailable",
  };
  for (const [status, code] of Object.entries(codes)) {
    server.intercept = () => problem(Number(status), "as_told", `because of ${status}`);
    const error = await failure(cloud.run(() => Sandbox.get("web")));
    assert.equal(error.code, code);
    assert.match(error.message, /GET \/v1\/sandboxes\/by-name\/:name/);
    assert.match(error.message, new RegExp(`because of ${status}`));
    assert.ok(!JSON.stringify([error.message, error.details]).includes(apiKey));
    if (!code.startsWith("cloud-")) continue;
    assert.ok(error instanceof CloudError, error.name);
    // The core does not tell this one by its number.
    if (status !== "502") assert.equal(error.status, Number(status));
  }
  server.intercept = undefined;
  await create("taken");
  await assert.rejects(
    cloud.run(() => Sandbox.create({ image: "alpine:3.22", name: "taken" })),
    { name: "SandboxAlreadyExistsError", details: { name: "taken" } },
  );
  using stranger = await Backend.cloud({ url: server.url, apiKey: "msb_test_another_key" });
  await assert.rejects(stranger.run(() => Volume.list()), {
    name: "CloudError",
    code: "cloud-unauthorized",
    status: 401,
  });
});

test("an answer that breaks off, and a cloud that is not there, are told apart", async () => {
  const failures: [Answer, string][] = [
    [{ cut: "head" }, "http-error"],
    [{ cut: "body" }, "cloud-response-invalid"],
    [{ body: "no sandbox" }, "cloud-response-invalid"],
  ];
  for (const [answer, code] of failures) {
    server.intercept = () => answer;
    await assert.rejects(cloud.run(() => Sandbox.get("web")), { name: "CloudError", code });
  }
  const unused = createServer();
  const { port, ...disposable } = await listening(unused, "127.0.0.1");
  await disposable[Symbol.asyncDispose]();
  using gone = await Backend.cloud({ url: `http://127.0.0.1:${port}`, apiKey });
  await assert.rejects(gone.run(() => Volume.list()), {
    name: "CloudError",
    code: "http-unreachable",
  });
});

test("a call that is aborted hangs up, and a create leaves nothing behind", async () => {
  const reason = new Error("changed my mind");
  const controller = new AbortController();
  const hungUp = new Promise<void>((resolve) => {
    server.intercept = () => {
      controller.abort(reason);
      return { silence: resolve };
    };
  });
  const { signal } = controller;
  await assert.rejects(cloud.run(() => Volume.list({ signal })), reason);
  await hungUp;

  const creating = new AbortController();
  server.intercept = (request) => {
    if (request.call !== "POST /v1/sandboxes" || creating.signal.aborted) return undefined;
    creating.abort(reason);
    // The cloud makes it all the same.
    server.answer(request);
    return { silence: () => {} };
  };
  await assert.rejects(
    cloud.run(() =>
      Sandbox.create({ image: "alpine:3.22", name: "half", signal: creating.signal })
    ),
    reason,
  );
  assert.match(asked().at(-1)!, /^DELETE /);
  await assert.rejects(cloud.run(() => Sandbox.get("half")), { code: "sandbox-not-found" });
});

test("run() is for what it calls only, and objects stay with their backend", async () => {
  const kinds = await Promise.all([
    backendInfo(),
    cloud.run(async () => {
      await Promise.resolve();
      return await backendInfo();
    }),
    backendInfo(),
  ]);
  assert.deepEqual(kinds.map(({ kind }) => kind), ["local", "cloud", "local"]);
  assert.deepEqual(kinds[1], { kind: "cloud", url: server.url, source: "options" });
  assert.deepEqual(cloud.info, kinds[1]);
  await Volume.list();
  assert.deepEqual(asked(), []);
  using other = await Backend.cloud({ url: `${server.url}/`, apiKey });
  const inner = cloud.run(() => other.run(() => backendInfo()));
  assert.equal((await inner).url, server.url);
  const listed = cloud.run(() => Sandbox.list());
  await listed.next();
  assert.deepEqual(asked(), ["GET /v1/sandboxes"]);
  other.close();
  await assert.rejects(other.run(() => Volume.list()), { code: "client-closed" });
});

test("a backend of this machine has everything in a directory of its own", async () => {
  const home = mkdtempSync("/tmp/microsandbox-backend-");
  {
    using local = await Backend.local({ home });
    assert.deepEqual(local.info, { kind: "local", source: "options" });
    const volume = await local.run(() => Volume.create({ name: "elsewhere" }));
    assert.ok(volume.path!.startsWith(`${home}/`), volume.path);
    await volume.fs.writeTextFile("file", "x");
    assert.equal(existsSync(join(volume.path!, "file")), true);
    await assert.rejects(Volume.get("elsewhere"), { code: "volume-not-found" });
    await volume.remove();
  }
  rmSync(home, { recursive: true });
});

test("a backend of this machine is never the user's own by mistake", async () => {
  for (const home of [undefined, null, "", 5]) {
    await assert.rejects(Backend.local({ home: home as string }), {
      name: "InvalidOptionError",
      path: "home",
    });
  }
  await assert.rejects((Backend.local as () => Promise<unknown>)(), { path: "home" });
});

test("options that make no sense are refused by name, before anything is sent", async () => {
  const url = server.url;
  const refused: [Record<string, unknown>, string][] = [
    [{ url, apiKey: 5 }, "apiKey"],
    [{ url, apiKey: "" }, ""],
    [{ url, apiKey, key: "x" }, "key"],
    [{ url: "cloud", apiKey }, "url"],
    [{ url: "ftp://cloud", apiKey }, "url"],
    [{ url: `http://user:${apiKey}@cloud`, apiKey: "x" }, "url"],
    [{ url: `http://cloud/?key=${apiKey}`, apiKey: "x" }, "url"],
    [{ profile: "work", apiKey }, "apiKey"],
    [{ profile: "work", url }, "url"],
    [{ apiKey, apiKeyFromEnv: "X" }, "apiKeyFromEnv"],
    [{ url, apiKeyFromEnv: "MICROSANDBOX_TEST_NO_KEY" }, "apiKeyFromEnv"],
    [{ profile: "nobody" }, ""],
  ];
  for (const [options, path] of refused) {
    const error = await failure(Backend.cloud(options)) as InvalidOptionError;
    assert.equal(error.name, "InvalidOptionError", error.message);
    assert.equal(error.path ?? "", path);
    assert.ok(!error.message.includes(apiKey), error.message);
  }
  await assert.rejects(Backend.local({ home: "relative" }), { path: "home" });
  assert.deepEqual(asked(), []);
});

test("what the cloud cannot do says so, with its name and what to do instead", async () => {
  const sandbox = await create("limits");
  const cases: [() => Promise<unknown>, string, RegExp][] = [
    [() => sandbox.kill(), "sandbox.kill", /use Sandbox\.stop/],
    [() => sandbox.logs(), "logs.read", /use Sandbox\.logStream/],
    [() => sandbox.metrics(), "metrics.get", /use a local backend/],
    [() => sandbox.jobs.exec("true"), "job.start", /execStream/],
    [() => sandbox.fork(), "sandbox.fork", /make a snapshot/],
    [() => sandbox.ping(), "sandbox.ping", /use a local backend/],
  ];
  for (const [call, operation, message] of cases) {
    const error = await failure(call());
    assert.ok(error instanceof UnsupportedError, String(error));
    assert.equal(error.operation, operation);
    assert.match(error.message, message);
  }
});

/** Runs a program that is told about the cloud by its environment. */
async function runProgram(
  [file, ...args]: [string, ...string[]],
  environment: Record<string, string>,
  flags = ["--no-prompt", "--no-check", "--allow-all"],
): Promise<unknown[]> {
  const ended = await start([...command(file, flags), ...args], environment).ended;
  assert.equal(ended.code, 0, ended.stderr);
  assert.ok(!`${ended.stdout}${ended.stderr}`.includes(apiKey));
  return ended.stdout.trim().split("\n").map((line) => JSON.parse(line));
}

const fixture = join(import.meta.dirname!, "fixtures", "backend.ts");

/** A configuration with a profile whose key is in a variable. */
function configuration(): string {
  const path = join(mkdtempSync("/tmp/microsandbox-cloud-"), "config.json");
  const work = { backend: "cloud", url: server.url, api_key_ref: "env:WORK_KEY" };
  writeFileSync(path, JSON.stringify({ profiles: { work, here: { backend: "local" } } }));
  return path;
}

test("the environment chooses the default backend, and profiles do", async () => {
  const config = configuration();
  const variables = { MSB_CONFIG_PATH: config, WORK_KEY: apiKey };
  const info = { kind: "cloud", url: server.url };
  assert.deepEqual(
    await runProgram([fixture, "", "default", "volumes", "environment"], {
      ...variables,
      MSB_BACKEND: "cloud",
      MSB_API_KEY: apiKey,
      MSB_API_URL: server.url,
    }),
    [{ ...info, source: "MSB_BACKEND" }, ["data"], { ...info, source: "options" }],
  );
  assert.deepEqual(asked(), ["GET /v1/volumes"]);
  assert.deepEqual(
    await runProgram([fixture, "", "default", "volumes"], { ...variables, MSB_PROFILE: "work" }),
    [{ ...info, source: "MSB_PROFILE", profile: "work" }, ["data"]],
  );
  // A key alone chooses nothing.
  const [local] = await runProgram([fixture, "", "default"], { ...variables, MSB_API_KEY: apiKey });
  assert.deepEqual(local, { kind: "local", source: "default" });

  const used = await runProgram(
    [fixture, "", "profiles", "profile", "use", "useUnknown"],
    variables,
  ) as Record<string, unknown>[];
  const profiles = [
    { name: "here", kind: "local", isAllowed: true, hasKey: true },
    { name: "work", kind: "cloud", isAllowed: true, hasKey: true },
  ];
  assert.deepEqual(used[0], {
    profiles,
    isOverridden: false,
    selected: { kind: "local", source: "default" },
  });
  assert.deepEqual(used[1], { ...info, source: "profile", profile: "work" });
  assert.deepEqual(used[2], {
    profiles,
    active: "work",
    isOverridden: false,
    selected: { kind: "cloud", source: "activeProfile", profile: "work" },
  });
  assert.match(String(used[3]), /^InvalidOptionError: .*nobody/);
  const [chosen, reset] = await runProgram([fixture, "", "default", "reset"], variables);
  assert.deepEqual(chosen, { ...info, source: "activeProfile", profile: "work" });
  assert.equal((reset as Record<string, unknown>)["active"], undefined);
  rmSync(dirname(config), { recursive: true });
});

test("a cloud needs Deno's permission for its host, its key and the configuration", {
  skip: "Bun" in globalThis ? "Bun has no permissions" : false,
}, async () => {
  const config = configuration();
  const { host } = new URL(server.url);
  const variables = {
    MSB_CONFIG_PATH: config,
    WORK_KEY: apiKey,
    MSB_API_KEY: apiKey,
    MSB_API_URL: server.url,
  };
  const names = ["url", "environment", "profile", "profiles", "use"] as const;
  const run = (environment: string[], more: string[] = [], extra = {}) =>
    runProgram([fixture, server.url, ...names], { ...variables, ...extra }, [
      ...scopedFlags(environment),
      ...more,
    ]);
  assert.deepEqual(await run([]), [
    `NotCapable: --allow-net=${host}`,
    "NotCapable: --allow-env=MSB_API_KEY",
    "NotCapable: --allow-env=WORK_KEY",
    `NotCapable: --allow-read=${config}`,
    `NotCapable: --allow-read=${config}`,
  ]);
  const [, environment, profile, , use] = await run(
    ["MSB_API_KEY", "WORK_KEY"],
    [`--allow-read=${config}`],
  );
  assert.equal(environment, "NotCapable: --allow-env=MSB_API_URL");
  assert.equal(profile, `NotCapable: --allow-net=${host}`);
  assert.equal(use, `NotCapable: --allow-write=${config}`);
  // The default backend asks too, whatever is called.
  const extra = { MSB_BACKEND: "cloud" };
  const [, , , first] = await run([], [], extra);
  assert.equal(first, "NotCapable: --allow-env=MSB_API_KEY");
  assert.deepEqual(asked(), []);
  rmSync(dirname(config), { recursive: true });
});

test("the programs that the documentation shows run against a cloud", async () => {
  const root = join(import.meta.dirname!, "../..");
  const config = configuration();
  let count = 0;
  for (const file of ["docs/scale.md", "src/host/backend.ts"]) {
    const text = readFileSync(join(root, file), "utf8").replaceAll(/^ *\* ?/gm, "");
    for (const [, program] of text.matchAll(/^```ts ignore\n(.*?)^```$/gms)) {
      const path = join(dirname(config), `${++count}.ts`);
      writeFileSync(
        path,
        program!.replaceAll('"@x/microsandbox"', JSON.stringify(`${root}/mod.ts`)),
      );
      const ended = await start(command(path, ["--no-prompt", "--no-check", "--allow-all"]), {
        MSB_CONFIG_PATH: config,
        WORK_KEY: apiKey,
        MSB_API_KEY: apiKey,
        MSB_API_URL: server.url,
      }).ended;
      assert.equal(ended.code, 0, `${file}: ${ended.stderr}`);
      if (file === "docs/scale.md") assert.equal(ended.stdout, "one\ntwo\nthree\n\n");
    }
  }
  assert.equal(count, 3);
  assert.ok(asked().some((call) => call.startsWith("DELETE ")));
  rmSync(dirname(config), { recursive: true });
});
