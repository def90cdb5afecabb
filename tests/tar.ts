// Tar archives as writers other than ours make them, header by header, and images of such layers.

import { createHash } from "node:crypto";
import process from "node:process";
import type { ImageContent } from "./registry.ts";

/** An entry of a tar archive. */
export interface Entry {
  name: string;
  /** The letter of the type. Default: a directory where the name ends in a slash, else a file. */
  type?: string;
  content?: string | Uint8Array;
  /** Where a link leads. */
  target?: string;
  mode?: number;
  /** Records of an extended header before this entry. */
  records?: Record<string, string>;
  /** What stands in the header's field for the version of the format. Default: `00`. */
  version?: string;
}

const block = 512;

/** Writes a tar archive. */
export function tar(entries: Entry[]): Uint8Array<ArrayBuffer> {
  return joined([...entries.flatMap(blocksOf), new Uint8Array(2 * block)]);
}

function blocksOf(entry: Entry): Uint8Array[] {
  const content = bytesOf(entry.content ?? "");
  const type = entry.type ?? (entry.name.endsWith("/") ? "5" : "0");
  const header = new Uint8Array(block);
  const put = (offset: number, text: string) => header.set(bytesOf(text), offset);
  const octal = (value: number, length: number) => value.toString(8).padStart(length, "0");
  put(0, entry.name);
  put(100, octal(entry.mode ?? (type === "5" ? 0o755 : 0o644), 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(content.length, 11));
  put(136, octal(0, 11));
  // The sum of a header is made with spaces in its place.
  put(148, " ".repeat(8));
  put(156, type);
  put(157, entry.target ?? "");
  put(257, `ustar\0${entry.version ?? "00"}`);
  put(148, `${octal(header.reduce((sum, byte) => sum + byte, 0), 6)}\0 `);
  const padding = new Uint8Array((block - content.length % block) % block);
  const records = Object.entries(entry.records ?? {}).map(recordOf).join("");
  const extended = records && blocksOf({ name: "extended", type: "x", content: records });
  return [...extended || [], header, content, padding];
}

/** Returns a record as `LENGTH KEY=VALUE`, whose length counts its own digits. */
function recordOf([key, value]: [string, string]): string {
  const rest = ` ${key}=${value}\n`;
  const digits = String(rest.length + String(rest.length).length).length;
  return `${rest.length + digits}${rest}`;
}

/** A layer as a registry has it, and as it is unpacked. */
export interface Layer {
  tar: Uint8Array;
  bytes: Uint8Array;
  mediaType: string;
}

/** Returns a layer that is not compressed. */
export function layerOf(entries: Entry[]): Layer {
  return withBlob(tar(entries), (it) => it, "tar");
}

/** Returns a layer whose blob is made of its tar archive. */
export function withBlob(
  tar: Uint8Array,
  compress: (tar: Uint8Array) => Uint8Array,
  kind: string,
): Layer {
  const mediaType = `application/vnd.oci.image.layer.v1.${kind}`;
  return { tar, bytes: compress(tar), mediaType };
}

/** Returns an image for this machine of these layers, the lowest one first. */
export function imageOf(layers: Layer[]): ImageContent {
  const config = {
    architecture,
    os: "linux",
    config: { Cmd: ["/bin/sh"] },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer.tar)) },
  };
  return { config: bytesOf(JSON.stringify(config)), layers };
}

/** This machine's processor, in the words of OCI. */
export const architecture = process.arch === "arm64" ? "arm64" : "amd64";

/** Returns an archive in OCI's layout, with a name for the image or none. */
export function layoutOf({ config, layers }: ImageContent, name?: string): Uint8Array<ArrayBuffer> {
  const describe = (bytes: Uint8Array, mediaType: string) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = bytesOf(JSON.stringify({
    schemaVersion: 2,
    config: describe(config, "application/vnd.oci.image.config.v1+json"),
    layers: layers.map((layer) => describe(layer.bytes, layer.mediaType)),
  }));
  const entry = {
    ...describe(manifest, "application/vnd.oci.image.manifest.v1+json"),
    ...name && { annotations: { "org.opencontainers.image.ref.name": name } },
  };
  const blobs = [config, manifest, ...layers.map((layer) => layer.bytes)];
  return tar([
    { name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests: [entry] }) },
    ...blobs.map((content) => ({
      name: `blobs/${digestOf(content).replace(":", "/")}`,
      content,
    })),
  ]);
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}
