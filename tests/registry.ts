// A real registry on loopback, and images to pull from it.

import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as connectTo, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { gzipSync } from "node:zlib";

/** A registry that runs. */
export interface Registry {
  /** Where it listens, as references begin. */
  host: string;
  /** The folder that holds what was pushed. */
  data: string;
  /** Sends it a request, as the user if it wants one. */
  send(method: string, path: string, body?: Uint8Array, type?: string): Promise<Answer>;
  /** Ends it. */
  stop(): Promise<void>;
}

/** What a registry answered. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
}

/** How to run a registry. */
export interface RegistryOptions {
  /** A folder that goes away with the test. */
  folder: string;
  /** Lets in one user only. */
  auth?: { username: string; password: string };
  /** Speaks TLS. */
  tls?: Certificates;
}

/** What {@link makeCertificates} made: paths. */
export interface Certificates {
  authority: string;
  certificate: string;
  key: string;
}

/** The content of an image, ready to be pushed. */
export interface ImageContent {
  config: Uint8Array;
  layers: { bytes: Uint8Array; mediaType: string }[];
}

/** bcrypt, the only kind that the registry knows, of `hunter2`. */
const passwordHash = "$2b$04$CrEAbfw6q8Pt8Mid6oW3NuHfNBMea48Zg2Fq7L3FSaQt/Zv0K9Iny";
export const user = { username: "anna", password: "hunter2" };

const host = `${import.meta.dirname}/host`;
const build = process.env["MICROSANDBOX_BUILD_DIR"] ??
  `${process.env["XDG_CACHE_HOME"] ?? `${process.env["HOME"]}/.cache`}/microsandbox-build`;

/** Runs a program to its end. */
export function run(file: string, ...args: string[]): string {
  // Some are for administrators, whose folders not every user looks in.
  const env = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${error ?? stderr}`);
  return stdout;
}

/** Starts a registry on a free port. */
export async function startRegistry(
  { folder, auth, tls }: RegistryOptions,
): Promise<Registry> {
  run(`${host}/install.sh`, "registry");
  const data = `${folder}/data`;
  mkdirSync(data, { recursive: true });
  const http = {
    addr: "127.0.0.1:0",
    secret: "of no use here",
    ...tls && { tls: { certificate: tls.certificate, key: tls.key } },
  };
  writeFileSync(`${folder}/users`, `${user.username}:${passwordHash}\n`);
  const config = {
    version: "0.1",
    log: { level: "info" },
    storage: { filesystem: { rootdirectory: data } },
    http,
    ...auth && { auth: { htpasswd: { realm: "test", path: `${folder}/users` } } },
  };
  // JSON is YAML.
  writeFileSync(`${folder}/config.yml`, JSON.stringify(config));
  const child = spawn(
    `${build}/host/registry/usr/bin/docker-registry`,
    ["serve", `${folder}/config.yml`],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const closed = once(child, "close");
  const port = await listeningPort(child.stderr);
  return {
    host: `127.0.0.1:${port}`,
    data,
    send: (method, path, body, type) =>
      new Promise((resolve, reject) => {
        const options = {
          host: "127.0.0.1",
          port,
          method,
          path,
          headers: {
            "content-length": body?.length ?? 0,
            ...type && { "content-type": type },
            ...auth && {
              authorization: `Basic ${btoa(`${auth.username}:${auth.password}`)}`,
            },
          },
          ...tls && { ca: readFileSync(tls.authority) },
        };
        const sent = (tls ? httpsRequest : httpRequest)(options, (response) => {
          response.resume();
          response.on("end", () =>
            resolve({ status: response.statusCode!, headers: response.headers }));
        });
        sent.on("error", reject);
        sent.end(body);
      }),
    async stop() {
      child.kill();
      await closed;
    },
  };
}

/** The registry says on which port it listens, and may go on talking. */
function listeningPort(stderr: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    stderr.setEncoding("utf8");
    stderr.on("data", (chunk: string) => {
      text += chunk;
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (port) resolve(Number(port));
    });
    stderr.on("end", () => reject(new Error(`The registry has ended: ${text}`)));
  });
}

/** Pushes an image with the calls that any client makes. */
export async function push(
  registry: Registry,
  name: string,
  tag: string,
  { config, layers }: ImageContent,
): Promise<void> {
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: await pushBlob(registry, name, config, "application/vnd.oci.image.config.v1+json"),
    layers: [] as unknown[],
  };
  for (const { bytes, mediaType } of layers) {
    manifest.layers.push(await pushBlob(registry, name, bytes, mediaType));
  }
  await pushManifest(registry, name, tag, manifest);
}

/** Pushes a manifest, or an index of them, and returns its descriptor. */
export async function pushManifest(
  registry: Registry,
  name: string,
  tag: string,
  manifest: { mediaType: string },
): Promise<{ mediaType: string; digest: string; size: number }> {
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  const path = `/v2/${name}/manifests/${tag}`;
  const { status } = await registry.send("PUT", path, bytes, manifest.mediaType);
  if (status !== 201) throw new Error(`PUT ${path} answered ${status}`);
  return { mediaType: manifest.mediaType, digest: digestOf(bytes), size: bytes.length };
}

async function pushBlob(
  registry: Registry,
  name: string,
  bytes: Uint8Array,
  mediaType: string,
): Promise<{ mediaType: string; digest: string; size: number }> {
  const digest = digestOf(bytes);
  const { headers } = await registry.send("POST", `/v2/${name}/blobs/uploads/`);
  const upload = new URL(String(headers["location"]), "http://127.0.0.1");
  upload.searchParams.set("digest", digest);
  const { status } = await registry.send(
    "PUT",
    upload.pathname + upload.search,
    bytes,
    "application/octet-stream",
  );
  if (status !== 201) throw new Error(`The upload of ${digest} answered ${status}`);
  return { mediaType, digest, size: bytes.length };
}

/** The file in which a registry keeps a blob. */
export function blobFile(registry: Registry, digest: string): string {
  const [algorithm, hex] = digest.split(":") as [string, string];
  return `${registry.data}/docker/registry/v2/blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
}

/** The archive of the image that VM tests boot, in this folder. */
export function makeArchive(folder: string): string {
  const archive = `${folder}/image.tar`;
  run(`${host}/image.sh`, archive);
  return archive;
}

/** What is in an archive that has one image. */
export function readArchive(archive: string, folder: string): ImageContent {
  mkdirSync(folder, { recursive: true });
  run("tar", "-xf", archive, "-C", folder);
  const read = (digest: string) => readFileSync(`${folder}/blobs/${digest.replace(":", "/")}`);
  const parse = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
  const index = parse(readFileSync(`${folder}/index.json`));
  const manifest = parse(read(index.manifests[0].digest));
  return {
    config: read(manifest.config.digest),
    layers: manifest.layers.map((layer: { digest: string; mediaType: string }) => ({
      bytes: read(layer.digest),
      mediaType: layer.mediaType,
    })),
  };
}

/** The same image with one more layer: a file of random bytes. */
export function withRandomLayer(
  image: ImageContent,
  folder: string,
  size: number,
): ImageContent {
  mkdirSync(`${folder}/random`, { recursive: true });
  writeFileSync(`${folder}/random/data`, randomBytes(size));
  const tar = `${folder}/random.tar`;
  run("tar", "--owner=0", "--group=0", "-cf", tar, "-C", `${folder}/random`, ".");
  const bytes = readFileSync(tar);
  const config = JSON.parse(new TextDecoder().decode(image.config));
  config.rootfs.diff_ids.push(digestOf(bytes));
  return {
    config: new TextEncoder().encode(JSON.stringify(config)),
    layers: [...image.layers, {
      bytes: gzipSync(bytes, { level: 1 }),
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    }],
  };
}

/** Makes a certificate authority, and a certificate of it for loopback. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => `${folder}/${name}`;
  mkdirSync(folder, { recursive: true });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  run(
    "openssl",
    "req",
    "-x509",
    ...key,
    "-keyout",
    at("authority.key"),
    "-out",
    at("authority.pem"),
    "-subj",
    "/CN=Test authority",
    "-days",
    "2",
  );
  run(
    "openssl",
    "req",
    ...key,
    "-keyout",
    at("server.key"),
    "-out",
    at("server.csr"),
    "-subj",
    "/CN=127.0.0.1",
  );
  writeFileSync(at("names"), "subjectAltName=IP:127.0.0.1\n");
  run(
    "openssl",
    "x509",
    "-req",
    "-in",
    at("server.csr"),
    "-CA",
    at("authority.pem"),
    "-CAkey",
    at("authority.key"),
    "-CAcreateserial",
    "-extfile",
    at("names"),
    "-days",
    "2",
    "-out",
    at("server.pem"),
  );
  return {
    authority: at("authority.pem"),
    certificate: at("server.pem"),
    key: at("server.key"),
  };
}

/** A way to a registry that ends, or stands still, after so many bytes. */
export interface Bottleneck {
  /** Where it listens, as references begin. */
  host: string;
  /** Closes it. */
  stop(): Promise<void>;
}

/** Puts a bottleneck before a registry. */
export async function startBottleneck(
  registry: Registry,
  limit: number,
  then: "gone" | "stalled",
): Promise<Bottleneck> {
  const sockets = new Set<Socket>();
  let passed = 0;
  const server = createServer((client) => {
    const upstream = connectTo(Number(registry.host.split(":")[1]), "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // Both ends break off connections.
      socket.on("error", () => {});
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Uint8Array) => {
      const room = Math.max(0, limit - passed);
      passed += chunk.length;
      if (room > 0) client.write(chunk.subarray(0, room));
      if (passed < limit) return;
      upstream.pause();
      if (then === "stalled") return;
      server.close();
      // What was written is on its way before the end is.
      for (const socket of sockets) socket.end();
    });
    upstream.on("close", () => client.end());
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

/** The files in a home's cache that are no locks: all that pulls leave. */
export function cachedFiles(home: string): string[] {
  const cache = `${home}/cache`;
  return readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".lock"))
    .map((entry) => `${entry.parentPath.slice(cache.length + 1)}/${entry.name}`)
    .sort();
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
