// The package as users get it: the files that would be published, with a
// manifest that lists the library of this checkout, served on loopback.

import { execFileSync } from "node:child_process";
import {
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Manifest } from "../../ffi/library/manifest.ts";
import { libraryPath } from "../../ffi/library/library.ts";
import type { Target } from "../../ffi/library/target.ts";

const root = dirname(dirname(import.meta.dirname!));

/** A release that is served on loopback. */
export interface Published {
  /** A directory for whatever belongs to the test. */
  home: string;
  /** Where the package is served, ending in a slash. */
  url: string;
  /** The server's host and port. */
  host: string;
  /** The package's files. */
  directory: string;
  /** The name of the released library. */
  libraryName: string;
  /** The paths of the libraries that were asked for. */
  downloads: string[];
  /** Variables that keep what programs store in `home`. */
  environment: Record<string, string>;
  /** Stops the server and removes everything. */
  close(): void;
}

/** Makes a release of this checkout. */
export async function publish(): Promise<Published> {
  const home = mkdtempSync("/tmp/microsandbox-test-");
  const directory = join(home, "package");
  const downloads: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://server");
    if (!pathname.startsWith("/package/")) downloads.push(pathname);
    // A mirror has the same files.
    const path = join(home, pathname.replace("/mirror/", "/release/"));
    if (!existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, {
      "content-length": statSync(path).size,
      "content-type": path.endsWith(".ts") ? "application/typescript" : "application/octet-stream",
    });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const file of publishedFiles()) {
    cpSync(join(root, file), join(directory, file));
  }
  const target = `${process.arch}-${process.platform}`;
  mkdirSync(join(home, "release", target), { recursive: true });
  cpSync(libraryPath(), join(home, "release", target, "libmicrosandbox.so"));
  writeManifest(join(directory, "ffi/library/manifest.gen.ts"), home, host);
  const { manifest }: { manifest: Manifest } = await import(
    `file://${directory}/ffi/library/manifest.gen.ts`
  );
  return {
    home,
    url: `http://${host}/package/`,
    host,
    directory,
    libraryName: manifest.libraries[target as Target]!.file,
    downloads,
    environment: {
      DENO_DIR: join(home, "deno"),
      XDG_CACHE_HOME: join(home, "cache"),
      MSB_HOME: join(home, "msb"),
      MICROSANDBOX_LIB: "",
    },
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/**
 * Puts the package where Bun finds it, in the form that it has in the npm
 * registry of JSR: every TypeScript file became a JavaScript one.
 */
export function installForBun({ directory, home }: Published): string {
  const modules = join(home, "node_modules/@x");
  const archive = join(home, "package.tgz");
  mkdirSync(modules, { recursive: true });
  deno(["pack", "--quiet", "--allow-dirty", `--output=${archive}`], directory);
  execFileSync("tar", ["-xzf", archive, "-C", modules]);
  renameSync(join(modules, "package"), join(modules, "microsandbox"));
  return join(modules, "microsandbox");
}

/** Writes the manifest of the release in `home`, as a release does. */
function writeManifest(out: string, home: string, host: string): void {
  deno([
    ...["run", "--allow-read", "--allow-write", "--no-check"],
    join(root, "tools/manifest.ts"),
    join(home, "release"),
    `--base-url=http://${host}/release/`,
    `--hosts=${host}`,
    `--out=${out}`,
  ]);
}

/** Runs Deno and returns what it prints. */
function deno(args: string[], cwd = root): string {
  return execFileSync("env", ["deno", ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** What `deno publish` would publish. */
function publishedFiles(): string[] {
  // It lists the files on its standard error.
  const listing = execFileSync(
    "sh",
    ["-c", "deno publish --dry-run --allow-dirty --no-check 2>&1"],
    { cwd: root, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
  );
  const files = [...listing.matchAll(/^ *file:\/\/(\/.*) \(.*\)$/gm)];
  return files.map(([, path]) => path!.slice(root.length + 1));
}
