// What becomes of an image's layers, whatever wrote them: loaded or pulled into a home, and saved
// again from there.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { calls, type Outcome } from "../images.ts";
import {
  blobFile,
  cachedFiles,
  type ImageContent,
  push,
  pushManifest,
  readArchive,
  type Registry,
  run,
  startRegistry,
} from "../registry.ts";
import { scopedFlags } from "../support.ts";
import {
  architecture,
  digestOf,
  type Entry,
  imageOf,
  joined,
  type Layer,
  layerOf,
  layoutOf,
  tar,
  withBlob,
} from "../tar.ts";

const folder = mkdtempSync("/tmp/microsandbox-test-");
const flags = [...scopedFlags(), `--allow-read=${folder}`, `--allow-write=${folder}`];
const name = "localhost/layers:test";
const indexType = "application/vnd.oci.image.index.v1+json";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
let registry: Registry;
let count = 0;

before(async () => registry = await startRegistry({ folder: `${folder}/registry` }));
after(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder in which there is nothing. */
function newFolder(): string {
  const path = `${folder}/${count++}`;
  mkdirSync(path);
  return path;
}

/** A file with this content. */
function fileOf(content: Uint8Array): string {
  const path = `${folder}/${count++}`;
  writeFileSync(path, content);
  return path;
}

/** Loads an archive into a home of its own. */
async function load(archive: Uint8Array, tags: string[] = []): Promise<Outcome> {
  const call = { method: "load", args: [fileOf(archive)], options: { tags } };
  return (await calls(newFolder(), [call], { flags }))[0]!;
}

/** Pulls an image into a home. */
async function pull(reference: string, home = newFolder()): Promise<Outcome> {
  const call = { method: "pull", args: [reference], options: { registryInsecure: true } };
  return (await calls(home, [call]))[0]!;
}

/** A layer that was saved. */
class SavedLayer {
  readonly #path: string;

  constructor(bytes: Uint8Array) {
    this.#path = fileOf(bytes);
  }

  /** Its entries, as `drwxr-xr-x etc` or `lrwxrwxrwx lib -> usr/lib`. */
  get entries(): string[] {
    const lines = run("tar", "--numeric-owner", "-tvf", this.#path).trimEnd().split("\n");
    return lines.filter((line) => line !== "").map((line) => {
      const [, mode, path] = /^(\S+) +\S+ +\S+ +\S+ +\S+ (.*)$/.exec(line)!;
      return `${mode} ${path!.replace(/^(\.\/)?(.+?)\/?$/, "$2")}`;
    }).sort();
  }

  /** What a file in it holds. */
  content(path: string): string {
    return run("tar", "-xOf", this.#path, path);
  }
}

/** Loads layers in an image of their own, and returns them as they are saved again. */
async function carried(...layers: Layer[]): Promise<SavedLayer[]> {
  const saved = `${newFolder()}/saved.tar`;
  const outcomes = await calls(newFolder(), [
    { method: "load", args: [fileOf(layoutOf(imageOf(layers), name))] },
    { method: "save", args: [[name], saved] },
  ], { flags });
  for (const outcome of outcomes) assert.equal(outcome.error, undefined, JSON.stringify(outcome));
  return readArchive(saved, newFolder()).layers.map((layer) => new SavedLayer(layer.bytes));
}

const hello = tar([{ name: "etc/" }, { name: "etc/hello", content: "hello" }]);

/** What makes a blob of a tar archive. */
const compressions: [string, string, (tar: Uint8Array) => Uint8Array][] = [
  ["not at all", "tar", (it) => it],
  ["by gzip, whatever the media type says", "tar", (it) => gzipSync(it)],
  ["in two members of gzip", "tar+gzip", (it) => inHalves(it, gzipSync)],
  ["in two frames of zstd", "tar+zstd", (it) => inHalves(it, zstdCompressSync)],
  // As zstd:chunked has its table of contents.
  ["in zstd with a frame to skip", "tar+zstd", (it) => joined([zstdCompressSync(it), skipped])],
];
const skipped = new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);

function inHalves(bytes: Uint8Array, compress: (half: Uint8Array) => Uint8Array): Uint8Array {
  const middle = bytes.length / 2;
  return joined([compress(bytes.subarray(0, middle)), compress(bytes.subarray(middle))]);
}

for (const [how, kind, compress] of compressions) {
  test(`a layer that is compressed ${how} is read to its end`, async () => {
    const [layer] = await carried(withBlob(hello, compress, kind));
    assert.deepEqual(layer!.entries, ["-rw-r--r-- etc/hello", "drwxr-xr-x etc"]);
    assert.equal(layer!.content("etc/hello"), "hello");
  });
}

const dialects: [string, Partial<Entry>][] = [
  ["an empty value in an extended header", { records: { uname: "", comment: "" } }],
  ["a version of NULs", { version: "\0\0" }],
  ["a version of spaces", { version: "  " }],
  ["a name with dots", { name: "./etc/./hello" }],
];
for (const [what, part] of dialects) {
  test(`${what} is no reason to refuse a layer`, async () => {
    const entry = { name: "etc/hello", content: "hello", ...part };
    const [layer] = await carried(layerOf([{ name: "etc/" }, entry]));
    assert.deepEqual(layer!.entries, ["-rw-r--r-- etc/hello", "drwxr-xr-x etc"]);
  });
}

test("entries below a link go where it leads, in its layer and in others", async () => {
  const below = layerOf([
    { name: "usr/lib/" },
    { name: "lib", type: "2", target: "usr/lib" },
    { name: "lib/one", content: "1" },
  ]);
  const [first, second] = await carried(below, layerOf([{ name: "lib/two", content: "2" }]));
  assert.deepEqual(first!.entries, [
    "-rw-r--r-- usr/lib/one",
    "drwxr-xr-x usr",
    "drwxr-xr-x usr/lib",
    "lrwxrwxrwx lib -> usr/lib",
  ]);
  assert.equal(second!.content("usr/lib/two"), "2");
  assert.ok(!second!.entries.some((entry) => entry.endsWith(" lib")), "the link stays");
});

test("a link that leads out of the image ends at its root", async () => {
  const [layer] = await carried(layerOf([
    { name: "out", type: "2", target: "../../../etc" },
    { name: "out/file", content: "inside" },
  ]));
  assert.equal(layer!.content("etc/file"), "inside");
});

test("hard links lead to links and into lower layers", async () => {
  const below = layerOf([{ name: "bin/" }, { name: "bin/tool", content: "tool", mode: 0o755 }]);
  const above = layerOf([
    { name: "again", type: "1", target: "bin/tool" },
    { name: "soft", type: "2", target: "bin/tool" },
    { name: "hard", type: "1", target: "soft" },
  ]);
  const [, layer] = await carried(below, above);
  assert.match(layer!.entries.join("\n"), /^lrwxrwxrwx hard -> bin\/tool$/m);
  // The first name has the content, and the second one is a link to it.
  assert.equal(layer!.content("again"), "tool");
  assert.match(layer!.entries.join("\n"), /^hrwxr-xr-x bin\/tool link to again$/m);
});

for (const format of ["gnu", "posix"]) {
  test(`a sparse file in ${format} form has its content in its place`, async () => {
    const source = newFolder();
    truncateSync(fileIn(source, "sparse"), 1 << 19);
    writeFileSync(`${source}/sparse`, "end", { flag: "a" });
    const archive = `${newFolder()}/layer.tar`;
    run("tar", "--sparse", `--format=${format}`, "-cf", archive, "-C", source, "sparse");
    const [layer] = await carried(withBlob(readFileSync(archive), (it) => it, "tar"));
    assert.equal(layer!.content("sparse"), "\0".repeat(1 << 19) + "end");
  });
}

/** An empty file. */
function fileIn(folder: string, name: string): string {
  writeFileSync(`${folder}/${name}`, "");
  return `${folder}/${name}`;
}

test("a directory that is removed and made again hides what was in it", async () => {
  const below = layerOf([{ name: "keys/" }, { name: "keys/secret", content: "secret" }]);
  const above = layerOf([{ name: ".wh.keys" }, { name: "keys/" }, { name: "keys/new" }]);
  const [, layer] = await carried(below, above);
  assert.ok(layer!.entries.includes("-rw-r--r-- keys/new"));
  assert.ok(layer!.entries.some((entry) => entry.endsWith(" keys/.wh..wh..opq")));
});

test("what cannot be read is refused with its layer, its entry and what to do", async () => {
  const bzip2 = withBlob(hello, () => new TextEncoder().encode("BZh91AY&SY"), "tar+bzip2");
  const compressed = await load(layoutOf(imageOf([bzip2]), name));
  assert.equal(compressed.error?.code, "image-archive-invalid", JSON.stringify(compressed));
  assert.equal(compressed.error.details["reason"], "layer-compression-unsupported");
  assert.equal(compressed.error.details["layer"], digestOf(hello));
  assert.match(compressed.error.message, /bzip2/);

  const endless = layerOf([{ name: `${"a/".repeat(50)}`, records: { path: "a/".repeat(300) } }]);
  const deep = await load(layoutOf(imageOf([endless]), name));
  assert.equal(deep.error?.code, "image-archive-invalid", JSON.stringify(deep));
  assert.equal(deep.error.details["limit"], "maxPathDepth");
  assert.equal(deep.error.details["entry"], "a/".repeat(300));
  assert.match(deep.error.message, /raise the limit/);
});

test("a layer that is not what its image says is refused", async () => {
  const other = { ...layerOf([{ name: "etc/" }]), tar: hello };
  const home = newFolder();
  const reference = `${registry.host}/test/forged:1`;
  await push(registry, "test/forged", "1", imageOf([other]));
  const refused = await pull(reference, home);
  assert.equal(refused.error?.code, "image-corrupt", JSON.stringify(refused));
  assert.equal(refused.error.details["layer"], digestOf(hello));
  assert.deepEqual(cachedFiles(home), []);
});

const image = imageOf([layerOf([{ name: "etc/" }, { name: "etc/hello", content: "hello" }])]);
const layout = layoutOf(image, name);
const archives: [string, Uint8Array, string[]][] = [
  ["compressed by gzip", gzipSync(layout), []],
  ["compressed by zstd", zstdCompressSync(layout), []],
  ["without a name, given in tags", layoutOf(image), [name]],
  ["of an older Docker", dockerArchive([name], [layerEntry("layer.tar")]), []],
  ["of an older Docker, without a name", dockerArchive(null, [layerEntry("layer.tar")]), [name]],
  [
    "of an older Docker, with a layer that is a link",
    dockerArchive([name], [
      layerEntry("shared.tar"),
      { name: "layer.tar", type: "2", target: "shared.tar" },
    ]),
    [],
  ],
];

function layerEntry(name: string): Entry {
  return { name, content: image.layers[0]!.bytes };
}

/** What `docker save` wrote before OCI's layout. */
function dockerArchive(tags: string[] | null, layers: Entry[]): Uint8Array {
  const manifest = [{ Config: "config.json", RepoTags: tags, Layers: ["layer.tar"] }];
  return tar([
    { name: "config.json", content: image.config },
    ...layers,
    { name: "manifest.json", content: JSON.stringify(manifest) },
  ]);
}

for (const [what, archive, tags] of archives) {
  test(`an archive ${what} is loaded`, async () => {
    const loaded = await load(archive, tags);
    assert.equal(loaded.error, undefined, JSON.stringify(loaded));
    assert.deepEqual(loaded.value.map((it: { reference: string }) => it.reference), [name]);
    assert.deepEqual(loaded.events.map((event) => event.kind), [
      "unpacking",
      "unpacked",
      "merging",
    ]);
  });
}

test("an archive without a name for its image asks for one", async () => {
  const refused = await load(layoutOf(image));
  assert.equal(refused.error?.code, "image-archive-invalid");
  assert.match(refused.error.message, /no name.*tags/);
});

test("an aborted load stops and leaves no half of a layer", async () => {
  const large = layerOf([{ name: "data", content: randomBytes(64 << 20) }]);
  const path = fileOf(layoutOf(imageOf([large]), name));
  const home = newFolder();
  const call = { method: "load", args: [path], abortAt: "unpacking" };
  const [aborted, listed] = await calls(home, [call, { method: "list" }], { flags });
  assert.equal(aborted!.error?.name, "AbortError", JSON.stringify(aborted!.error));
  assert.deepEqual(cachedFiles(home), []);
  assert.deepEqual(listed!.value, []);
});

test("an image for other processors is not loaded", async () => {
  const config = JSON.parse(new TextDecoder().decode(image.config));
  config.architecture = "s390x";
  const foreign = { ...image, config: new TextEncoder().encode(JSON.stringify(config)) };
  const refused = await load(layoutOf(foreign, name));
  assert.equal(refused.error?.code, "image-platform-unavailable", JSON.stringify(refused));
  assert.match(refused.error.message, /s390x/);
  assert.equal(refused.error.details["architecture"], architecture);
});

test("an index leads to the image of this machine, whatever else is in it", async () => {
  const host = { os: "linux", architecture };
  const own = await pushed("own", image);
  const other = await pushed("other", imageOf([]));
  const foreign = { ...other, platform: { os: "linux", architecture: "s390x" } };
  const attestation = { ...other, platform: { os: "unknown", architecture: "unknown" } };
  const index = (manifests: unknown[]) => ({ schemaVersion: 2, mediaType: indexType, manifests });
  const inner = await pushManifest(registry, "test/index", "inner", index([foreign, own]));
  const indexes: Record<string, unknown[]> = {
    unsaid: [own],
    attested: [attestation, own],
    foreign: [foreign, { ...own, platform: host }],
    nested: [attestation, inner],
  };
  for (const [tag, manifests] of Object.entries(indexes)) {
    await pushManifest(registry, "test/index", tag, index(manifests));
    const pulled = await pull(`${registry.host}/test/index:${tag}`);
    assert.equal(pulled.error, undefined, `${tag}: ${JSON.stringify(pulled.error)}`);
    assert.equal(pulled.value.manifestDigest, own["digest"], tag);
  }
});

/** Pushes an image and returns what an index says about it. */
async function pushed(tag: string, content: ImageContent): Promise<Record<string, unknown>> {
  await push(registry, "test/index", tag, content);
  const link = `${registry.data}/docker/registry/v2/repositories/test/index/_manifests/tags/${tag}`;
  const digest = readFileSync(`${link}/current/link`, "utf8");
  const size = readFileSync(blobFile(registry, digest)).length;
  return { mediaType: manifestType, digest, size };
}

test("an image for other processors is refused before its layers are fetched", async () => {
  const config = JSON.parse(new TextDecoder().decode(image.config));
  config.architecture = "s390x";
  const foreign = { ...image, config: new TextEncoder().encode(JSON.stringify(config)) };
  await push(registry, "test/foreign", "1", foreign);
  const refused = await pull(`${registry.host}/test/foreign:1`);
  assert.equal(refused.error?.code, "image-platform-unavailable", JSON.stringify(refused));
  assert.deepEqual(refused.events.map((event) => event.kind), ["resolving"]);
});

test("a registry that is busy for a moment is asked again", async () => {
  await push(registry, "test/busy", "1", image);
  let refusals = 0;
  const busy = createServer((incoming, answer) => {
    if (incoming.url!.endsWith(digestOf(image.layers[0]!.bytes)) && refusals++ === 0) {
      answer.writeHead(503).end();
      return;
    }
    const url = `http://${registry.host}${incoming.url}`;
    const options = { method: incoming.method!, headers: { accept: incoming.headers.accept! } };
    httpRequest(url, options, (upstream) => {
      answer.writeHead(upstream.statusCode!, upstream.headers);
      upstream.pipe(answer);
    }).end();
  });
  await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
  const pulled = await pull(`127.0.0.1:${(busy.address() as AddressInfo).port}/test/busy:1`);
  busy.close();
  assert.equal(pulled.error, undefined, JSON.stringify(pulled));
  assert.equal(refusals, 2);
});

test("pulled and loaded layers are the same, and a prune leaves nothing of them", async () => {
  // The second one depends on what is below: it has no entries for its directories.
  const layers = [
    layerOf([{ name: "usr/lib/", mode: 0o700 }, { name: "lib", type: "2", target: "usr/lib" }]),
    layerOf([{ name: "lib/one", content: "1" }, { name: "var/two", content: "2" }]),
  ];
  await push(registry, "test/same", "1", imageOf(layers));
  const reference = `${registry.host}/test/same:1`;
  const archive = fileOf(layoutOf(imageOf(layers), name));
  const home = newFolder();
  const options = { registryInsecure: true };
  const [pulled, loaded, again] = await calls(home, [
    { method: "pull", args: [reference], options },
    { method: "load", args: [archive] },
    { method: "pull", args: [reference], options: { ...options, pullPolicy: "always" } },
  ], { flags });
  for (const outcome of [pulled, loaded, again]) assert.equal(outcome!.error, undefined);
  const stored = cachedFiles(home).filter((file) => file.startsWith("layers/"));
  assert.equal(stored.filter((file) => file.endsWith(".erofs")).length, 2);
  assert.ok(stored.some((file) => file.endsWith(".implied")), String(stored));
  assert.ok(!again!.events.some((event) => event.kind === "downloading"), "the layers are here");
  const [pruned] = await calls(home, [{ method: "prune" }]);
  assert.equal(pruned!.value.layersRemoved, 2);
  assert.deepEqual(cachedFiles(home), []);
});
