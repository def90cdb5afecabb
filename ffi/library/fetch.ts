/**
 * Fetches a released file.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { unescape } from "node:querystring";
import { LibraryError } from "./library_error.ts";
import type { Identity } from "./verify.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** The file's name. */
  file: string;
  /** How many bytes have arrived. After a failed attempt it starts over. */
  receivedBytes: number;
  /** How many there are. */
  totalBytes: number;
}

/** How to download. */
export interface DownloadOptions {
  /** Gives the download up. It then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Is told how far the download is, with each piece that arrives. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

const attempts = 3;
/** The wait before the second attempt; it doubles with each further one. */
const firstPauseMs = 500;
/** How long a server may send nothing. */
const stallMs = 30_000;

/** A failure that may not happen again. */
class TransientError extends Error {}

/**
 * Fetches `location` into a new file at `path`, and makes sure that it has the
 * content that was released. The file is complete or it does not exist.
 *
 * What the network spoils is fetched again from its beginning, twice at most.
 *
 * Throws {@link LibraryError} with codes `download-failed`, `download-corrupt`,
 * `cache-unwritable` and `disk-full`, and `Deno.errors.NotCapable`.
 *
 * Permissions: `--allow-net=<each host on the way>`, `--allow-write=<path>`.
 */
export async function download(
  location: URL,
  path: string,
  expected: Identity,
  { signal, onProgress }: DownloadOptions = {},
): Promise<void> {
  const { url, headers } = toRequest(location);
  const file = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  for (let attempt = 1;; attempt++) {
    signal?.throwIfAborted();
    const output = await writing(path, () => open(path, "wx"));
    try {
      await receive(
        url,
        headers,
        output,
        path,
        expected,
        signal,
        (receivedBytes) => onProgress?.({ file, receivedBytes, totalBytes: expected.size }),
      );
      await writing(path, () => output.sync());
      await output.close();
      return;
    } catch (error) {
      await output.close().catch(() => {});
      await rm(path, { force: true });
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (attempt === attempts) {
        throw new LibraryError(
          "download-failed",
          `Cannot download ${url}: ${error.message} (${attempts} attempts); ` +
            `check the network and its proxy, name a mirror with ` +
            `MICROSANDBOX_MIRROR, or fetch the file by other means and set ` +
            `MICROSANDBOX_LIB to its absolute path`,
          { cause: error.cause ?? error },
        );
      }
    }
    await pause(firstPauseMs * 2 ** (attempt - 1), signal);
  }
}

/** Makes one attempt. */
async function receive(
  url: URL,
  headers: Record<string, string>,
  output: FileHandle,
  path: string,
  { size, sha256 }: Identity,
  signal: AbortSignal | undefined,
  onReceived: (bytes: number) => void,
): Promise<void> {
  const stall = new AbortController();
  const watch = () => setTimeout(() => stall.abort(), stallMs);
  let timer = watch();
  const signals = signal ? [signal, stall.signal] : [stall.signal];
  const hash = createHash("sha256");
  let received = 0;
  try {
    const response = await transfer(
      stall.signal,
      () => fetch(url, { headers, signal: AbortSignal.any(signals) }),
    );
    checkStatus(url, response);
    const reader = response.body!.getReader();
    while (true) {
      const { done, value } = await transfer(stall.signal, () => reader.read());
      if (done) break;
      clearTimeout(timer);
      timer = watch();
      received += value.length;
      if (received > size) {
        await reader.cancel();
        throw corrupt(url, `it has more than the ${size} bytes`);
      }
      hash.update(value);
      await writing(path, () => writeAll(output, value));
      onReceived(received);
    }
  } finally {
    clearTimeout(timer);
    // What was not read to its end would keep its connection.
    stall.abort();
  }
  if (received < size) {
    throw new TransientError(
      `it ended after ${received} of ${size} bytes`,
    );
  }
  if (hash.digest("hex") !== sha256) {
    throw corrupt(url, "its SHA-256 is not the one");
  }
}

/**
 * Takes the user and the password of a URL out of it, so that no message shows
 * them. `fetch` sends this header to the URL's own origin only.
 */
function toRequest(
  location: URL,
): { url: URL; headers: Record<string, string> } {
  const { username, password } = location;
  const url = new URL(location);
  url.username = url.password = "";
  if (username === "" && password === "") return { url, headers: {} };
  const credentials = `${unescape(username)}:${unescape(password)}`;
  const encoded = Buffer.from(credentials).toString("base64");
  return { url, headers: { authorization: `Basic ${encoded}` } };
}

function checkStatus(url: URL, { status }: Response): void {
  if (status === 200) return;
  const reason = `the server answered with status ${status}`;
  if (status >= 500 || status === 408 || status === 429) {
    throw new TransientError(reason);
  }
  throw new LibraryError(
    "download-failed",
    `Cannot download ${url}: ${reason}; check MICROSANDBOX_MIRROR if it is ` +
      `set, and else take a newer version of this module`,
  );
}

function corrupt(url: URL, reason: string): LibraryError {
  return new LibraryError(
    "download-corrupt",
    `Cannot use ${url}: ${reason} that this version of the module was ` +
      `released with, so it was altered on its way or at its source; it was ` +
      `not kept`,
  );
}

/** Waits for the network. */
async function transfer<Value>(
  stalled: AbortSignal,
  action: () => Promise<Value>,
): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    if ((error as Error).name === "NotCapable") throw error;
    const reason = stalled.aborted
      ? `nothing arrived for ${stallMs / 1000} s`
      : (error as Error).message;
    throw new TransientError(reason, { cause: error });
  }
}

async function writeAll(output: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length;) {
    const { bytesWritten } = await output.write(bytes, start);
    start += bytesWritten;
  }
}

/** Does something to a file, and says what to do when that fails. */
export async function writing<Value>(
  path: string,
  action: () => Promise<Value>,
): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    const { name, code, message } = error as NodeJS.ErrnoException;
    if (name === "NotCapable") throw error;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new LibraryError(
        "disk-full",
        `Cannot write ${path}: there is no room for it (${code}); make room, ` +
          `or point XDG_CACHE_HOME to a disk that has some`,
        { cause: error },
      );
    }
    throw new LibraryError(
      "cache-unwritable",
      `Cannot write ${path} (${code ?? message}): make its directory ` +
        `writable, point XDG_CACHE_HOME to one that is, or set ` +
        `MICROSANDBOX_LIB to the absolute path of a library`,
      { cause: error },
    );
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
