/**
 * The machine that the program runs on, and the library that it needs.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { LibraryError } from "./library_error.ts";

/** The machines that there is a library for, by Node's names for them. */
export const targets = [
  "x64-linux",
  "arm64-linux",
  "arm64-darwin",
  "x64-win32",
  "arm64-win32",
] as const;

/** A machine that there is a library for. */
export type Target = typeof targets[number];

/** What of a machine decides which library it needs. */
export interface Machine {
  /** The processor, by Node's name. */
  arch: string;
  /** The operating system, by Node's name. */
  platform: string;
  /** Whether the runtime uses musl as its C library. */
  isMusl: boolean;
}

/** The machine that the program runs on. */
export function thisMachine(): Machine {
  const { arch, platform } = process;
  return { arch, platform, isMusl: platform === "linux" && usesMusl() };
}

/**
 * The target that a machine is.
 *
 * Throws {@link LibraryError} with code `unsupported-target`.
 */
export function targetOf({ arch, platform, isMusl }: Machine): Target {
  const name = `${arch}-${platform}`;
  if (isMusl) {
    throw new LibraryError(
      "unsupported-target",
      `Cannot run microVMs from this ${name} runtime: it is built for musl, ` +
        `and microsandbox and its firmware need glibc 2.28 or newer, so use ` +
        `the glibc build of the runtime on a distribution such as Debian, ` +
        `Ubuntu or Fedora`,
    );
  }
  const target = targets.find((it) => it === name);
  if (target === undefined) {
    throw new LibraryError(
      "unsupported-target",
      `Cannot run microVMs on ${name}: microsandbox supports ` +
        `${targets.join(", ")}`,
    );
  }
  return target;
}

/** What the library's file is called on an operating system. */
export function libraryFile(platform: string): string {
  return {
    darwin: "libmicrosandbox.dylib",
    win32: "microsandbox.dll",
  }[platform] ?? "libmicrosandbox.so";
}

function usesMusl(): boolean {
  if ("Deno" in globalThis) return Deno.build.target.includes("musl");
  // Bun does not say, but its process has the C library's loader mapped.
  try {
    return readFileSync("/proc/self/maps", "latin1").includes("/ld-musl-");
  } catch {
    return false;
  }
}
