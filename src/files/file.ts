/**
 * Open files of a sandbox or a volume.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type { FileStat } from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal, unlessAborted } from "../cancellable.ts";
import { ClosedError, SandboxNotRunningError } from "../errors.ts";
import { toError } from "../failure.ts";
import { showAs } from "../inspect.ts";
import { expectBytes } from "./bytes.ts";

/**
 * What is known about a file, in the shape of `Deno.FileInfo`.
 *
 * @category Files
 */
export interface FileInfo {
  /** Whether it is a regular file. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** Whether it is a symbolic link, which only `lstat` tells. */
  isSymlink: boolean;
  /** Its length in bytes. */
  size: number;
  /** Its permission bits. */
  mode: number;
  /** The number of the user who owns it. */
  uid: number;
  /** The number of the group that owns it. */
  gid: number;
  /** When it was last written. In a guest, in whole seconds. */
  mtime: Date | null;
  /** When it was last read. In a guest, in whole seconds. */
  atime: Date | null;
  /** When it was created. A guest does not tell. */
  birthtime: Date | null;
}

/**
 * What `seek` counts from, with the numbers of `Deno.SeekMode`.
 *
 * @category Files
 */
export const SeekMode: {
  /** The beginning of the file. */
  readonly Start: 0;
  /** Where the file is read and written now. */
  readonly Current: 1;
  /** The end of the file. */
  readonly End: 2;
} = { Start: 0, Current: 1, End: 2 };

/** Makes the object for a file that the library has opened. */
export let toFile: (client: Client, handle: number, path: string) => FsFile;

/** How much of a stream is asked for at a time. */
const chunkLength = 1024 * 1024;

/** How much one write takes at most, since the library copies it. */
const writeLength = 4 * 1024 * 1024;

/** Files whose object is gone are closed. */
const abandoned = new FinalizationRegistry<() => void>((release) => release());

/**
 * An open file, in the shape of `Deno.FsFile`.
 *
 * Calls take their turn: a read that is begun before a write has come to its
 * end waits for it. Closing, disposing, and coming to the end of `readable` or
 * `writable` close the file.
 *
 * @example Write and read back
 * ```ts
 * import { SeekMode, Volume } from "@x/microsandbox";
 *
 * const volume = await Volume.create({ name: "notes" });
 * {
 *   const options = { read: true, write: true, create: true };
 *   await using file = await volume.fs.open("note.txt", options);
 *   await file.write(new TextEncoder().encode("hello"));
 *   await file.seek(0, SeekMode.Start);
 *   console.log(await new Response(file.readable).text());
 * }
 * await volume.remove();
 * ```
 *
 * @category Files
 */
export class FsFile implements AsyncDisposable {
  readonly #client: Client;
  readonly #handle: number;
  readonly #path: string;
  #position = 0;
  /** The end of the last call that is under way. */
  #last: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;
  /** Whether a call has failed in a way that leaves nothing to say to closing. */
  #isGivenUp = false;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  static {
    toFile = (client, handle, path) => new FsFile(client, handle, path);
    showAs(this, "FsFile", (file) => ({ path: file.#path }));
  }

  private constructor(client: Client, handle: number, path: string) {
    this.#client = client;
    this.#handle = handle;
    this.#path = path;
    abandoned.register(this, () => client.release(handle), this);
  }

  /**
   * Reads into `buffer` from where the file is, and says how many bytes, which
   * can be fewer than fit. `null` is the end of the file.
   *
   * Throws {@link FileSystemError}, and {@link InvalidOptionError} for what is
   * no `Uint8Array`.
   */
  async read(
    buffer: Uint8Array,
    options: Cancellable = {},
  ): Promise<number | null> {
    const signal = onlySignal(options);
    return await this.#onOpen(async (handle) => {
      expectBytes(buffer, "buffer");
      if (buffer.length === 0) return 0;
      const bytes = await this.#read(handle, buffer.length, signal);
      buffer.set(bytes);
      return bytes.length === 0 ? null : bytes.length;
    }, signal);
  }

  /**
   * Writes from the beginning of `data` to where the file is, and says how
   * many bytes, which can be fewer than there are.
   *
   * Throws {@link FileSystemError}, and {@link InvalidOptionError} for what is
   * no `Uint8Array`.
   */
  async write(data: Uint8Array, options: Cancellable = {}): Promise<number> {
    const signal = onlySignal(options);
    return await this.#onOpen(async (handle) => {
      expectBytes(data, "data");
      return await this.#write(handle, data, signal);
    }, signal);
  }

  /**
   * Moves to where the next read or write begins, and says where that is.
   *
   * Throws {@link InvalidOptionError} for a place before the beginning.
   */
  async seek(
    offset: number | bigint,
    whence: number,
    options: Cancellable = {},
  ): Promise<number> {
    const signal = onlySignal(options);
    return await this.#onOpen(async (handle) => {
      const origin = await this.#origin(handle, whence, signal);
      const position = Number(offset) + origin;
      if (!Number.isSafeInteger(position) || position < 0) {
        throw toError({
          code: "option-out-of-range",
          message: `Cannot go to ${position} in ${JSON.stringify(this.#path)}` +
            `: it has to be a whole number from 0`,
          details: { path: "offset" },
        });
      }
      return this.#position = position;
    }, signal);
  }

  /**
   * Makes the file `length` bytes long. What is missing becomes zeros.
   * Default: 0.
   *
   * Throws {@link FileSystemError}.
   */
  async truncate(length = 0, options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    return await this.#setAttributes({ size: length }, signal);
  }

  /**
   * Sets when the file was last read and written, as a date or in seconds
   * since 1970.
   *
   * Throws {@link FileSystemError}.
   */
  async utime(
    atime: number | Date,
    mtime: number | Date,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    return await this.#setAttributes({
      accessedSeconds: toSeconds(atime),
      modifiedSeconds: toSeconds(mtime),
    }, signal);
  }

  /**
   * Says what is known about the file.
   *
   * Throws {@link FileSystemError}.
   */
  async stat(options: Cancellable = {}): Promise<FileInfo> {
    const signal = onlySignal(options);
    return await this.#onOpen((handle) => this.#stat(handle, signal), signal);
  }

  /**
   * The rest of the file, as a byte stream. What nobody takes is not read, so
   * that a file of any length needs little memory. The stream closes the file at
   * its end, when a read fails and when it is cancelled.
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const wanted = controller.byobRequest?.view?.byteLength ?? chunkLength;
        const bytes = await this.#orClose(
          this.#onOpen((handle) => this.#read(handle, wanted)),
        );
        if (bytes.length > 0) return controller.enqueue(bytes);
        await this.close();
        controller.close();
        // A reader that brought its own buffer gets it back, empty.
        controller.byobRequest?.respond(0);
      },
      cancel: () => this.close(),
    });
  }

  /**
   * Writes to the file from where it is. The stream takes no more than the
   * file does, and closes the file at its end, when a write fails and when it
   * is aborted.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream({
      write: (chunk) => this.#orClose(this.writeAll(chunk)),
      close: () => this.close(),
      abort: () => this.close(),
    });
  }

  /**
   * Writes all of `data`, before any call that is begun later.
   *
   * Throws what {@link FsFile.write} throws.
   */
  async writeAll(data: Uint8Array, options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    return await this.#onOpen(async (handle) => {
      expectBytes(data, "data");
      for (let done = 0; done < data.length;) {
        done += await this.#write(handle, data.subarray(done), signal);
      }
    }, signal);
  }

  /**
   * Closes the file, after what was begun before has come to its end. A file
   * that is closed already is no error.
   *
   * Throws {@link FileSystemError} when what was written cannot be kept.
   */
  close(): Promise<void> {
    return this.#closed ??= this.#next(async () => {
      abandoned.unregister(this);
      const handle = this.#handle;
      await this.#client.call("file.close", {}, { handle });
    });
  }

  /**
   * Closes the file, and throws what {@link FsFile.close} throws, unless that was
   * said before, a call has failed because the sandbox is gone, or one of the
   * streams has failed: a second error would only hide the first in a
   * `SuppressedError`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const wasClosed = this.#closed !== undefined;
    try {
      await this.close();
    } catch (error) {
      if (!wasClosed && !this.#isGivenUp) throw error;
    }
  }

  async #read(
    handle: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes } = await this.#client.call("file.read", {
      offset: this.#position,
      length: Math.min(length, chunkLength),
    }, { handle, signal });
    this.#position += bytes.length;
    return bytes;
  }

  async #write(
    handle: number,
    data: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const bytes = data.subarray(0, writeLength);
    const { result } = await this.#client.call("file.write", {
      offset: this.#position,
    }, { handle, bytes, signal });
    this.#position = result.offset;
    return bytes.length;
  }

  async #stat(
    handle: number,
    signal: AbortSignal | undefined,
  ): Promise<FileInfo> {
    const { result } = await this.#client.call("file.stat", {}, {
      handle,
      signal,
    });
    return toFileInfo(result);
  }

  #setAttributes(
    attributes: {
      size?: number;
      accessedSeconds?: number;
      modifiedSeconds?: number;
    },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return this.#onOpen(async (handle) => {
      await this.#client.call("file.setAttributes", attributes, {
        handle,
        signal,
      });
    }, signal);
  }

  async #origin(
    handle: number,
    whence: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    switch (whence) {
      case SeekMode.Start:
        return 0;
      case SeekMode.Current:
        return this.#position;
      case SeekMode.End:
        return (await this.#stat(handle, signal)).size;
      default:
        throw toError({
          code: "invalid-option",
          message: `Cannot seek from ${whence}: take one of SeekMode`,
          details: { path: "whence" },
        });
    }
  }

  /**
   * Runs `work` on the open file in its turn. Whether it is open is decided now:
   * closing comes after what was begun before it.
   */
  #onOpen<Result>(
    work: (handle: number) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    if (this.#closed !== undefined) return Promise.reject(this.#closedError());
    return this.#next(() => work(this.#handle), signal);
  }

  /**
   * Runs `work` when all that was begun before it has come to its end, unless
   * the signal is aborted before that.
   */
  #next<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const before = this.#last;
    const turn = signal ? unlessAborted(before, signal) : before;
    const result = turn.then(work);
    const ended = result.catch((error) => {
      this.#isGivenUp ||= isGone(error);
    });
    this.#last = before.then(() => ended);
    return result;
  }

  /** Closes the file when `work` fails: a stream that has failed does nothing more. */
  async #orClose<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      this.#isGivenUp = true;
      await this.close().catch(() => {});
      throw error;
    }
  }

  #closedError(): Error {
    return toError({
      code: "file-closed",
      message: `Cannot use the file ${JSON.stringify(this.#path)}` +
        `: it was closed`,
      details: { path: this.#path },
    });
  }
}

/** Whether there is nothing any more that could be closed. */
function isGone(error: unknown): boolean {
  return error instanceof SandboxNotRunningError || error instanceof ClosedError;
}

/** The seconds since 1970 that the library takes. */
export function toSeconds(time: number | Date): number {
  return Math.floor(typeof time === "number" ? time : time.getTime() / 1000);
}

/** What callers see of what the library knows about a file. */
export function toFileInfo(stat: FileStat): FileInfo {
  const toDate = (time: number | undefined) => time === undefined ? null : new Date(time);
  return {
    isFile: stat.kind === "file",
    isDirectory: stat.kind === "directory",
    isSymlink: stat.kind === "symlink",
    size: stat.size,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    mtime: toDate(stat.modifiedMs),
    atime: toDate(stat.accessedMs),
    birthtime: toDate(stat.createdMs),
  };
}
