/**
 * Keeps libraries, each under a name that belongs to its content.
 *
 * A file appears under its name only when it is complete and verified, and is
 * never written to afterwards, because programs have it mapped.
 *
 * @module
 */

import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { download, type DownloadOptions, writing } from "./fetch.ts";
import type { ReleasedLibrary } from "./manifest.ts";
import { isIntact } from "./verify.ts";

/** How often a process that downloads says that it still does. */
const beatMs = 1_000;
/** After how long without a sign a process counts as dead. */
const deadMs = 10_000;
/** How often a process that waits for another one looks. */
const lookMs = 100;
/** How the names of incomplete files end. */
const unfinished = ".part";

/**
 * The path of a released library in `directory`. It is downloaded from `base`
 * unless it is there.
 *
 * Several processes may do this at once: one downloads and the others wait for
 * it. When it dies, another one takes over.
 *
 * Throws what `download` throws.
 *
 * Permissions: `--allow-read=<path>` when the file is there, else also
 * `--allow-read=<directory>`, `--allow-write=<directory>` and what `download`
 * needs.
 */
export async function provide(
  library: ReleasedLibrary,
  directory: string,
  base: URL,
  options: DownloadOptions = {},
): Promise<string> {
  const path = join(directory, library.file);
  if (await isIntact(path, library)) return path;
  await writing(path, () => makeDirectory(directory));
  const lock = `${path}.lock`;
  while (!await take(lock)) {
    await released(lock, options.signal);
    if (await isIntact(path, library)) return path;
  }
  try {
    // Whoever had the lock before may have finished just before it was taken.
    if (!await isIntact(path, library)) {
      await fill(path, lock, library, base, options);
    }
  } finally {
    await rm(lock, { force: true });
  }
  return path;
}

/** Downloads under a name that nobody else uses, and moves the file in place. */
async function fill(
  path: string,
  lock: string,
  library: ReleasedLibrary,
  base: URL,
  { signal, onProgress }: DownloadOptions,
): Promise<void> {
  await sweep(path);
  const temporary = `${path}.${crypto.randomUUID()}${unfinished}`;
  const beat = setInterval(() => {
    const now = new Date();
    // Somebody who took this process for dead may have removed the lock.
    utimes(lock, now, now).catch(() => {});
  }, beatMs);
  try {
    await download(new URL(library.file, base), temporary, library, {
      signal,
      onProgress,
    });
    await place(temporary, path, library);
    // It is read once more, and then not at every start.
    await isIntact(path, library);
  } finally {
    clearInterval(beat);
    await rm(temporary, { force: true });
  }
}

/**
 * Moves a complete file in place. Where a loaded library cannot be replaced, one
 * that another process has put there meanwhile does as well.
 */
async function place(
  temporary: string,
  path: string,
  library: ReleasedLibrary,
): Promise<void> {
  try {
    await writing(path, () => rename(temporary, path));
  } catch (error) {
    if (!await isIntact(path, library)) throw error;
  }
}

/** Makes the directory. Only for missing parents Deno wants to look at those. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT") throw error;
    await mkdir(directory, { recursive: true });
  }
}

/** Removes what processes left that died while they downloaded. */
async function sweep(path: string): Promise<void> {
  const directory = dirname(path);
  for (const name of await readdir(directory)) {
    const other = join(directory, name);
    if (other.startsWith(path) && other.endsWith(unfinished)) {
      await rm(other, { force: true });
    }
  }
}

/** Whether the lock could be taken. It saves work; nothing is unsafe without. */
async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, "wx")).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    return writing(lock, () => Promise.reject(error));
  }
}

/** Waits until the lock is gone, and removes one whose owner is dead. */
async function released(
  lock: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  while (true) {
    signal?.throwIfAborted();
    let lastBeat: number;
    try {
      lastBeat = (await stat(lock)).mtimeMs;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    if (Date.now() - lastBeat > deadMs) return rm(lock, { force: true });
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
