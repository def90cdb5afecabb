// Images without a virtual machine: pulled from a real registry, loaded from
// archives and saved to them.

import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { after, before, test } from "node:test";
import { calls, fixture, type Outcome } from "../images.ts";
import {
  blobFile,
  cachedFiles,
  type ImageContent,
  makeArchive,
  makeCertificates,
  push,
  pushManifest,
  readArchive,
  type Registry,
  run,
  startBottleneck,
  startRegistry,
  user,
  withRandomLayer,
} from "../registry.ts";
import { command, scopedFlags, start } from "../support.ts";

const folder = mkdtempSync("/tmp/microsandbox-test-");
/** How many bytes the layer has that takes a while. */
const largeLayer = 8 * 1024 * 1024;
let archive: string;
let image: ImageContent;
let registry: Registry;
let homes = 0;

before(async () => {
  archive = makeArchive(folder);
  image = withRandomLayer(readArchive(archive, `${folder}/oci`), folder, largeLayer);
  registry = await startRegistry({ folder: `${folder}/plain` });
  await push(registry, "test/busybox", "1", image);
});
after(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A home in which there is nothing. */
function newHome(): string {
  const home = `${folder}/home-${homes++}`;
  mkdirSync(home);
  return home;
}

async function pull(
  home: string,
  reference: string,
  options: Record<string, unknown> = { registryInsecure: true },
  more: Record<string, unknown> = {},
): Promise<Outcome> {
  const call = { method: "pull", args: [reference], options, ...more };
  return (await calls(home, [call]))[0]!;
}

/** That a pull has failed with this code and left nothing of itself. */
function assertFailed(outcome: Outcome, code: string, message: RegExp, home: string): void {
  assert.equal(outcome.error?.code, code, JSON.stringify(outcome));
  assert.equal(outcome.error.name, "ImageError");
  assert.match(outcome.error.message, message);
  assert.deepEqual(cachedFiles(home), []);
}

test("pull() fetches an image anonymously over plain HTTP and reports each layer", async () => {
  const home = newHome();
  const reference = `${registry.host}/test/busybox:1`;
  const [pulled, inspected, listed] = await calls(home, [
    { method: "pull", args: [reference], options: { registryInsecure: true } },
    { method: "inspect", args: [reference] },
    { method: "list" },
  ]);
  assert.equal(pulled!.error, undefined);
  assert.equal(pulled!.value.reference, reference);
  assert.equal(pulled!.value.layerCount, 2);
  assert.deepEqual(pulled!.value.times, [true, true]);
  const sizes = image.layers.map((layer) => layer.bytes.length);
  assert.equal(pulled!.value.sizeBytes, sizes[0]! + sizes[1]!);

  const { events } = pulled!;
  assert.equal(events[0]!.kind, "resolving");
  const resolved = events[1]!;
  assert.ok(resolved.kind === "resolved");
  assert.equal(resolved.totalBytes, sizes[0]! + sizes[1]!);
  assert.equal(resolved.manifestDigest, pulled!.value.manifestDigest);
  for (const [layer, size] of sizes.entries()) {
    const downloads = events.filter((it) => it.kind === "downloading" && it.layer === layer);
    const bytes = downloads.map((it) => it.kind === "downloading" ? it.downloadedBytes : 0);
    assert.ok(bytes.length > 1, `${bytes.length} events of layer ${layer}`);
    assert.deepEqual(bytes, bytes.toSorted((a, b) => a - b));
    assert.equal(bytes.at(-1), size);
    assert.ok(downloads.every((it) => it.kind === "downloading" && it.totalBytes === size));
    const rest = events.filter((it) => "layer" in it && it.layer === layer).map((it) => it.kind);
    assert.ok(rest.indexOf("downloaded") > 0);
    assert.ok(rest.indexOf("unpacking") > rest.indexOf("downloaded"));
    assert.equal(rest.at(-1), "unpacked");
  }
  assert.deepEqual(events.at(-1), { kind: "pulled", image: reference, layerCount: 2 });

  const { config, layers } = inspected!.value;
  assert.deepEqual(config.env, { PATH: "/bin:/usr/bin" });
  assert.deepEqual(config.cmd, ["/bin/sh"]);
  assert.equal(config.workdir, "/");
  assert.deepEqual(layers.map((it: { sizeBytes: number }) => it.sizeBytes), sizes);
  assert.match(layers[1].mediaType, /tar\+gzip$/);
  assert.match(layers[1].digest, /^sha256:[0-9a-f]{64}$/);
  assert.notEqual(layers[1].digest, layers[1].diffId);
  assert.deepEqual(listed!.value, [pulled!.value]);
});

test("pullPolicy says whether the registry is asked", async () => {
  const home = newHome();
  await push(registry, "test/moving", "1", image);
  const reference = `${registry.host}/test/moving:1`;
  const options = { registryInsecure: true };
  const never = await pull(home, reference, { ...options, pullPolicy: "never" });
  assertFailed(never, "image-not-found", /not cached/, home);
  const first = await pull(home, reference, options);
  const moved = { ...image, layers: [image.layers[0]!] };
  const config = JSON.parse(new TextDecoder().decode(image.config));
  config.rootfs.diff_ids.pop();
  moved.config = new TextEncoder().encode(JSON.stringify(config));
  await push(registry, "test/moving", "1", moved);
  for (const pullPolicy of ["never", "if-missing", undefined]) {
    const again = await pull(home, reference, { ...options, pullPolicy });
    assert.equal(again.value.manifestDigest, first.value.manifestDigest);
    assert.deepEqual(again.events, [{ kind: "pulled", image: reference, layerCount: 2 }]);
  }
  const fresh = await pull(home, reference, { ...options, pullPolicy: "always" });
  assert.equal(fresh.value.layerCount, 1);
  assert.ok(!fresh.events.some((it) => it.kind === "downloading"), "the layer is here");
});

test("a registry that speaks plain HTTP is not mistaken for a broken one", async () => {
  const home = newHome();
  const outcome = await pull(home, `${registry.host}/test/busybox:1`, {});
  assertFailed(outcome, "registry-plain-http", /set registryInsecure/, home);
});

test("a tag or name that the registry does not have is image-not-found", async () => {
  for (const name of ["test/busybox:2", "test/none:1"]) {
    const home = newHome();
    const outcome = await pull(home, `${registry.host}/${name}`);
    assertFailed(outcome, "image-not-found", /check the image's name and tag/, home);
    assert.ok(outcome.error!.message.includes(`Cannot pull ${registry.host}/${name}: `));
    assert.equal(outcome.error!.details["image"], `${registry.host}/${name}`);
  }
});

test("an image for other processors only is image-platform-unavailable", async () => {
  const home = newHome();
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifest = {
    schemaVersion: 2,
    mediaType,
    manifests: [{
      ...await pushManifest(registry, "test/busybox", "other", {
        ...JSON.parse(readFileSync(manifestFile(), "utf8")),
      }),
      platform: { os: "linux", architecture: "s390x" },
    }],
  };
  await pushManifest(registry, "test/busybox", "other", manifest);
  const outcome = await pull(home, `${registry.host}/test/busybox:other`);
  assertFailed(outcome, "image-platform-unavailable", /processor/, home);
});

function manifestFile(): string {
  const tag = `${registry.data}/docker/registry/v2/repositories/test/busybox/_manifests/tags/1`;
  return blobFile(registry, readFileSync(`${tag}/current/link`, "utf8"));
}

test("nothing that answers is registry-unreachable", async () => {
  const home = newHome();
  const gone = await startBottleneck(registry, Infinity, "gone");
  await gone.stop();
  const outcome = await pull(home, `${gone.host}/test/busybox:1`);
  assertFailed(
    outcome,
    "registry-unreachable",
    /Connection refused.*check the registry's address/,
    home,
  );
});

test("credentials let in whom they should", async () => {
  const home = newHome();
  const closed = await startRegistry({ folder: `${folder}/closed`, auth: user });
  await push(closed, "test/busybox", "1", image);
  const reference = `${closed.host}/test/busybox:1`;
  const options = { registryInsecure: true };
  const secret = "wrong-password";
  for (const registryAuth of [undefined, { ...user, password: secret }]) {
    const refused = await pull(home, reference, { ...options, registryAuth });
    assertFailed(refused, "registry-unauthorized", /as registryAuth/, home);
    assert.ok(!JSON.stringify(refused).includes(secret));
  }
  const pulled = await pull(home, reference, { ...options, registryAuth: user });
  assert.equal(pulled.error, undefined);
  assert.equal(pulled.value.layerCount, 2);

  // Without the option, what Docker has been told is asked for.
  const docker = newHome();
  const auth = btoa(`${user.username}:${user.password}`);
  writeFileSync(`${docker}/config.json`, JSON.stringify({ auths: { [closed.host]: { auth } } }));
  const found = await calls(
    newHome(),
    [{ method: "pull", args: [reference], options }],
    { environment: { DOCKER_CONFIG: docker } },
  );
  assert.equal(found[0]!.error, undefined);
  await closed.stop();
});

test("a certificate of an authority of one's own is trusted when it is given", async () => {
  const certificates = makeCertificates(`${folder}/certificates`);
  const secure = await startRegistry({ folder: `${folder}/secure`, tls: certificates });
  await push(secure, "test/busybox", "1", image);
  const reference = `${secure.host}/test/busybox:1`;
  const authority = readFileSync(certificates.authority, "utf8");
  const other = readFileSync(makeCertificates(`${folder}/others`).authority, "utf8");
  for (const registryCaCerts of [undefined, other]) {
    const home = newHome();
    const refused = await pull(home, reference, { registryCaCerts });
    assertFailed(refused, "registry-tls-failed", /certificate.*as registryCaCerts/, home);
  }
  for (const registryCaCerts of [authority, [other, authority], other + authority]) {
    const pulled = await pull(newHome(), reference, { registryCaCerts });
    assert.equal(pulled.error, undefined);
    assert.equal(pulled.value.layerCount, 2);
  }
  await secure.stop();
});

test("a layer that is cut short in the registry is image-corrupt, until it is whole", async () => {
  const home = newHome();
  const own = await startRegistry({ folder: `${folder}/truncated` });
  await push(own, "test/busybox", "1", { ...image });
  const reference = `${own.host}/test/busybox:1`;
  const manifest = JSON.parse(readFileSync(manifestFile(), "utf8"));
  const file = blobFile(own, manifest.layers[1].digest);
  const whole = readFileSync(file);
  truncateSync(file, whole.length - 100_000);
  const cut = await pull(home, reference);
  assert.equal(cut.error?.code, "image-corrupt", JSON.stringify(cut));
  assert.match(cut.error.message, /not what the image says it is made of/);
  assertOnlyWholeLayers(home);
  writeFileSync(file, whole);
  const mended = await pull(home, reference);
  assert.equal(mended.error, undefined);
  await own.stop();
});

/** A layer that was complete before another failed is kept. */
function assertOnlyWholeLayers(home: string): void {
  const rest = cachedFiles(home).filter((it) => !/^layers\/[^/]*\.erofs$/.test(it));
  assert.deepEqual(rest, []);
  assert.ok(cachedFiles(home).length <= 1);
}

test("a registry that is gone in the middle leaves no half of a layer", async () => {
  const home = newHome();
  const way = await startBottleneck(registry, largeLayer / 2 + 2_000_000, "gone");
  const outcome = await pull(home, `${way.host}/test/busybox:1`);
  await way.stop();
  assert.equal(outcome.error?.code, "registry-disconnected", JSON.stringify(outcome));
  assert.match(outcome.error.message, /ended the connection.*try again/);
  assert.ok(outcome.events.some((it) => it.kind === "downloading"));
  assertOnlyWholeLayers(home);
  const [listed] = await calls(home, [{ method: "list" }]);
  assert.deepEqual(listed!.value, []);
});

test("an aborted pull stops, ends with the reason and leaves no half of a layer", async () => {
  const home = newHome();
  const way = await startBottleneck(registry, largeLayer / 2 + 2_000_000, "stalled");
  const outcome = await pull(home, `${way.host}/test/busybox:1`, undefined, {
    abortAt: "downloading",
  });
  await way.stop();
  assert.equal(outcome.error?.name, "AbortError");
  assertOnlyWholeLayers(home);
  const again = await pull(home, `${registry.host}/test/busybox:1`);
  assert.equal(again.error, undefined);
});

test("a pull of the same layers goes on when another one is aborted", async () => {
  const home = newHome();
  await push(registry, "test/relative", "1", image);
  const way = await startBottleneck(registry, largeLayer / 2 + 2_000_000, "stalled");
  const options = { registryInsecure: true };
  const aborted = await pull(home, `${way.host}/test/busybox:1`, options, {
    overtakenBy: { method: "pull", args: [`${registry.host}/test/relative:1`], options },
  });
  await way.stop();
  assert.equal(aborted.error?.name, "AbortError");
  assert.equal(aborted.other?.error, undefined, JSON.stringify(aborted.other?.error));
  assert.equal(aborted.other?.value.layerCount, 2);
  assert.ok(!cachedFiles(home).some((file) => /\.(part|tar\.gz|spool)$/.test(file)));
});

test("an error that onProgress throws is uncaught, as any callback's", async () => {
  const call = {
    method: "pull",
    args: [`${registry.host}/test/busybox:1`],
    options: { registryInsecure: true },
    throwAt: "resolved",
  };
  const program = [...command(fixture), JSON.stringify([call])];
  const ended = await start(program, { MSB_HOME: newHome() }).ended;
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /thrown on purpose/);
});

test("archives of both formats carry an image from one home to another", async () => {
  const flags = [...scopedFlags(), `--allow-read=${folder}`, `--allow-write=${folder}`];
  const home = newHome();
  const reference = "localhost/busybox:test";
  const [loaded, ...saved] = await calls(home, [
    { method: "load", args: [archive], options: { tags: ["localhost/other:1"] } },
    { method: "save", args: [[reference], `${folder}/saved-oci.tar`] },
    {
      method: "save",
      args: [[reference], `${folder}/saved-docker.tar`],
      options: { format: "docker" },
    },
    { method: "save", args: [["localhost/none:1"], `${folder}/unsaved.tar`] },
  ], { flags });
  assert.equal(loaded!.error, undefined);
  const references = loaded!.value.map((it: { reference: string }) => it.reference);
  assert.deepEqual(references.toSorted(), [reference, "localhost/other:1"]);
  // Another tag is another name of the same image.
  const [one, other] = loaded!.value;
  assert.equal(one.layerCount, 1);
  assert.equal(one.manifestDigest, other.manifestDigest);
  assert.ok(loaded!.events.some((it) => it.kind === "unpacking"));
  assert.equal(saved[0]!.error, undefined);
  assert.equal(saved[1]!.error, undefined);
  assert.equal(saved[2]!.error?.code, "image-not-found");
  assert.match(
    saved[2]!.error.message,
    /^Cannot save images to .*unsaved\.tar: .*localhost\/none:1/,
  );
  assert.ok(!existsSync(`${folder}/unsaved.tar`));
  assert.deepEqual(readdirSync(folder).filter((it) => it.startsWith(".")), []);
  assert.match(run("tar", "-tf", `${folder}/saved-oci.tar`), /^(\.\/)?oci-layout$/m);
  assert.match(run("tar", "-tf", `${folder}/saved-docker.tar`), /^(\.\/)?manifest\.json$/m);
  for (const file of ["saved-oci.tar", "saved-docker.tar"]) {
    const [again, details] = await calls(newHome(), [
      { method: "load", args: [`${folder}/${file}`] },
      { method: "inspect", args: [reference] },
    ], { flags });
    assert.equal(again!.error, undefined, file);
    assert.deepEqual(details!.value.config.cmd, ["/bin/sh"]);
  }
});

test("what is no archive is image-archive-invalid, and what is not there io-error", async () => {
  const flags = [...scopedFlags(), `--allow-read=${folder}`, `--allow-write=${folder}`];
  const home = newHome();
  const whole = readFileSync(archive);
  writeFileSync(`${folder}/text.tar`, "no archive");
  writeFileSync(`${folder}/half.tar`, whole.subarray(0, whole.length / 2));
  const [text, half, missing, unwritable] = await calls(home, [
    { method: "load", args: [`${folder}/text.tar`] },
    { method: "load", args: [`${folder}/half.tar`] },
    { method: "load", args: [`${folder}/missing.tar`] },
    { method: "save", args: [["localhost/busybox:test"], `${folder}/none/saved.tar`] },
  ], { flags });
  assertFailed(text!, "image-archive-invalid", /Cannot load images from .*text\.tar: /, home);
  assertFailed(half!, "image-archive-invalid", /Cannot load images from .*half\.tar: /, home);
  assert.equal(missing!.error?.code, "io-error");
  assert.match(missing!.error.message, /missing\.tar.*No such file.*check the path/);
  assert.equal(unwritable!.error?.code, "io-error");
  assert.match(unwritable!.error.message, /none\/saved\.tar.*check the path/);
});

test("remove() and prune() free what nothing else has", async () => {
  const flags = [...scopedFlags(), `--allow-read=${folder}`];
  const home = newHome();
  const [, removed, again, got, listed, , pruned, empty] = await calls(home, [
    { method: "load", args: [archive], options: { tags: ["localhost/other:1"] } },
    { method: "remove", args: ["localhost/other:1"] },
    { method: "remove", args: ["localhost/other:1"] },
    { method: "get", args: ["localhost/busybox:test"] },
    { method: "list" },
    { method: "load", args: [archive], options: { tags: ["localhost/other:1"] } },
    { method: "prune" },
    { method: "list" },
  ], { flags });
  assert.equal(removed!.error, undefined);
  assert.equal(again!.error?.code, "image-not-found");
  assert.equal(got!.value.reference, "localhost/busybox:test");
  assert.equal(listed!.value.length, 1);
  assert.equal(pruned!.value.referencesRemoved, 2);
  assert.equal(pruned!.value.imagesRemoved, 1);
  assert.equal(pruned!.value.layersRemoved, 1);
  assert.ok(pruned!.value.bytesReclaimed > 1_000_000);
  assert.deepEqual(empty!.value, []);
  assert.deepEqual(cachedFiles(home), []);
});

test("Deno's permissions are asked for the archive", async (context) => {
  if ("Bun" in globalThis) return context.skip("Bun has no permissions");
  const [loaded, saved] = await calls(newHome(), [
    { method: "load", args: [archive] },
    { method: "save", args: [["localhost/busybox:test"], `${folder}/forbidden.tar`] },
  ]);
  assert.equal(loaded!.error?.name, "NotCapable");
  assert.ok(loaded!.error.message.includes(`--allow-read=${archive}`));
  assert.equal(saved!.error?.name, "NotCapable");
  assert.ok(saved!.error.message.includes(`--allow-write=${folder}/forbidden.tar`));
  assert.ok(!existsSync(`${folder}/forbidden.tar`));
});
