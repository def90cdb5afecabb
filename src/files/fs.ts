/**
 * Files of a sandbox or a volume.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { CallOptions, Client, Reply } from "../../ffi/client.ts";
import type { CopyProgress, DirectoryEntry, Operations } from "../../ffi/protocol/protocol.gen.ts";
import { readStream } from "../../ffi/stream.ts";
import { type Cancellable, onlySignal, refuseOthers } from "../cancellable.ts";
import { FileSystemError } from "../errors.ts";
import { requireRead, requireWrite } from "../host/permissions.ts";
import { progressEvents } from "../progress.ts";
import { ChunkEncoder, encoded } from "./bytes.ts";
import { type FileInfo, type FsFile, toFile, toFileInfo, toSeconds } from "./file.ts";
import type { MkdirOptions, OpenOptions, RemoveOptions, WriteFileOptions } from "./options.gen.ts";

/**
 * An entry of a directory, in the shape of `Deno.DirEntry`.
 *
 * @category Files
 */
export interface DirEntry {
  /** Its name, without the directory. */
  name: string;
  /** Whether it is a regular file. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** Whether it is a symbolic link. */
  isSymlink: boolean;
}

/**
 * How to copy between this machine and a sandbox or a volume.
 *
 * @category Files
 */
export interface HostCopyOptions extends Cancellable {
  /** Hears how far the copy is, at most ten times a second and at its end. */
  onProgress?: ((progress: CopyProgress) => void) | undefined;
}

/** Where files are, in terms of the library. */
export interface FileRoot {
  /** The client of the library. */
  client: Client;
  /** The sandbox that has them, or the SFTP session that leads to them. */
  handle?: number;
  /** The volume that has them. */
  volume?: string;
}

/** Makes the object for the files of a sandbox or a volume. */
export let toFileSystem: (root: () => FileRoot | Promise<FileRoot>) => FileSystem;

/** How much of a stream is written at a time. */
const batchLength = 1024 * 1024;

type FileOperation = Extract<keyof Operations, `fs.${string}`>;
type FileRequest<Name extends FileOperation> = Omit<
  Operations[Name]["options"],
  "volume"
>;

/**
 * The files of a sandbox or a volume, with the names and the meaning that
 * `Deno` has for those of this machine.
 *
 * Those of a sandbox are used as the guest's `root`, and their paths are
 * absolute. Those of a volume need no virtual machine; their paths begin at
 * the volume, with or without a slash, and lead out of it by no link.
 *
 * What goes wrong is {@link FileSystemError}, with a code such as `not-found`
 * and the path; {@link FileNotFoundError} and others are its subclasses. For a
 * sandbox that does not run it is {@link SandboxNotRunningError}, and for a
 * path that can name nothing {@link InvalidOptionError}.
 *
 * @example Files of a sandbox
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
 * await sandbox.fs.writeTextFile("/tmp/hello.txt", "hello");
 * for await (const entry of sandbox.fs.readDir("/tmp")) {
 *   console.log(entry.name);
 * }
 * ```
 *
 * @category Files
 */
export class FileSystem {
  readonly #root: () => FileRoot | Promise<FileRoot>;

  static {
    toFileSystem = (root) => new FileSystem(root);
  }

  private constructor(root: () => FileRoot | Promise<FileRoot>) {
    this.#root = root;
  }

  /** Reads a file as bytes. For long ones, see {@link FileSystem.open}. */
  async readFile(
    path: string,
    options: Cancellable = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const signal = onlySignal(options);
    const { bytes } = await this.#call("fs.readFile", { path }, { signal });
    return bytes;
  }

  /**
   * Reads a file as text. Bytes that are not UTF-8 become U+FFFD; a byte order
   * mark stays, so that the same file is written back.
   */
  async readTextFile(
    path: string,
    options: Cancellable = {},
  ): Promise<string> {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return decoder.decode(await this.readFile(path, options));
  }

  /**
   * Writes a file, in place of what it holds unless `append` is set. Of a
   * stream there is never more than a small part in memory. When it fails or
   * is aborted, the file may hold a part of the data, and the stream is
   * cancelled.
   */
  async writeFile(
    path: string,
    data: Uint8Array | string | ReadableStream<Uint8Array | string>,
    { signal, ...options }: WriteFileOptions = {},
  ): Promise<void> {
    if (data instanceof ReadableStream) {
      return await this.#writeStream(path, data, { signal, ...options });
    }
    const bytes = encoded(data, "data", "a string, a Uint8Array or a ReadableStream");
    await this.#call("fs.writeFile", { path, options }, { signal, bytes });
  }

  /** Writes a file as UTF-8. See {@link FileSystem.writeFile}. */
  writeTextFile(
    path: string,
    data: string | ReadableStream<string>,
    options: WriteFileOptions = {},
  ): Promise<void> {
    return this.writeFile(path, data, options);
  }

  /** Opens a file, to read it if nothing else is asked for. */
  async open(
    path: string,
    { signal, ...options }: OpenOptions = {},
  ): Promise<FsFile> {
    const { client } = await this.#root();
    const call = this.#call("fs.open", { path, options }, { signal });
    return toFile(client, (await call).handle, path);
  }

  /** Creates a file or empties it, and opens it to read and write. */
  async create(path: string, options: Cancellable = {}): Promise<FsFile> {
    const signal = onlySignal(options);
    return await this.open(path, {
      ...signal && { signal },
      read: true,
      write: true,
      create: true,
      truncate: true,
    });
  }

  /** The entries of a directory, in no order. */
  async *readDir(
    path: string,
    options: Cancellable = {},
  ): AsyncGenerator<DirEntry, void> {
    const signal = onlySignal(options);
    const { client } = await this.#root();
    const { handle } = await this.#call("fs.readDir", { path }, { signal });
    // Each item is a list, which is enough of them to be on their way.
    for await (const { json } of readStream(client, handle, { signal, credit: 1 })) {
      for (const { name, kind } of json as DirectoryEntry[]) {
        yield {
          name,
          isFile: kind === "file",
          isDirectory: kind === "directory",
          isSymlink: kind === "symlink",
        };
      }
    }
  }

  /** Says what is known about a file. A link stands for what it leads to. */
  async stat(path: string, options: Cancellable = {}): Promise<FileInfo> {
    const signal = onlySignal(options);
    const request = { path, follow: true };
    const { result } = await this.#call("fs.stat", request, { signal });
    return toFileInfo(result);
  }

  /** Says what is known about a file, or about a link itself. */
  async lstat(path: string, options: Cancellable = {}): Promise<FileInfo> {
    const signal = onlySignal(options);
    const request = { path, follow: false };
    const { result } = await this.#call("fs.stat", request, { signal });
    return toFileInfo(result);
  }

  /** Whether there is such a file. A link stands for what it leads to. */
  async exists(path: string, options: Cancellable = {}): Promise<boolean> {
    try {
      await this.stat(path, options);
      return true;
    } catch (error) {
      if (
        error instanceof FileSystemError &&
        (error.code === "not-found" || error.code === "not-a-directory")
      ) return false;
      throw error;
    }
  }

  /** Makes a directory. */
  async mkdir(
    path: string,
    { signal, ...options }: MkdirOptions = {},
  ): Promise<void> {
    await this.#call("fs.mkdir", { path, options }, { signal });
  }

  /** Removes a file, a link, or a directory. */
  async remove(
    path: string,
    { signal, ...options }: RemoveOptions = {},
  ): Promise<void> {
    await this.#call("fs.remove", { path, options }, { signal });
  }

  /** Gives a file another name, in place of a file that has it. */
  async rename(
    oldPath: string,
    newPath: string,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    await this.#call("fs.rename", { path: oldPath, newPath }, { signal });
  }

  /** Copies a file's content and permission bits, in place of what is there. */
  async copyFile(
    fromPath: string,
    toPath: string,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    const request = { path: fromPath, newPath: toPath };
    await this.#call("fs.copyFile", request, { signal });
  }

  /** Makes a symbolic link at `newPath` that says `oldPath`. */
  async symlink(
    oldPath: string,
    newPath: string,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    const request = { target: oldPath, path: newPath };
    await this.#call("fs.symlink", request, { signal });
  }

  /** What a symbolic link says. */
  async readLink(path: string, options: Cancellable = {}): Promise<string> {
    const signal = onlySignal(options);
    const { result } = await this.#call("fs.readLink", { path }, { signal });
    return result.path;
  }

  /** The absolute path of a file without links and dots. */
  async realPath(path: string, options: Cancellable = {}): Promise<string> {
    const signal = onlySignal(options);
    const { result } = await this.#call("fs.realPath", { path }, { signal });
    return result.path;
  }

  /** Sets permission bits. A link stands for what it leads to. */
  async chmod(
    path: string,
    mode: number,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    await this.#call("fs.setAttributes", { path, mode }, { signal });
  }

  /**
   * Sets the numbers of the owner and the group; `null` keeps what is. A link
   * stands for what it leads to.
   */
  async chown(
    path: string,
    uid: number | null,
    gid: number | null,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    const owner = {
      ...(uid === null ? {} : { uid }),
      ...(gid === null ? {} : { gid }),
    };
    await this.#call("fs.setAttributes", { path, ...owner }, { signal });
  }

  /**
   * Sets when a file was last read and written, as a date or in seconds since
   * 1970. A link stands for what it leads to.
   */
  async utime(
    path: string,
    atime: number | Date,
    mtime: number | Date,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    await this.#call("fs.setAttributes", {
      path,
      accessedSeconds: toSeconds(atime),
      modifiedSeconds: toSeconds(mtime),
    }, { signal });
  }

  /** Makes a file `length` bytes long. Default: 0. */
  async truncate(
    path: string,
    length = 0,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    await this.#call("fs.setAttributes", { path, size: length }, { signal });
  }

  /**
   * Copies a file or a directory of this machine with everything in it.
   *
   * `destination` is the path of the copy. A directory that is there is kept
   * and added to, files are replaced. Permission bits and links are copied,
   * owners and times are not. When it fails or is aborted, a part of the copy
   * stays.
   *
   * Permissions: `--allow-read=<source>`.
   */
  async copyFromHost(
    source: string | URL,
    destination: string,
    options: HostCopyOptions = {},
  ): Promise<void> {
    const path = toPath(source);
    requireRead(path);
    await this.#copy("fs.copyFromHost", path, destination, options);
  }

  /**
   * Copies a file or a directory to this machine with everything in it.
   *
   * `destination` is the path of the copy. A directory that is there is kept
   * and added to; a file gets its name, and replaces another, only when it is
   * complete. Permission bits and links are copied; owners, times, and rights
   * to act as somebody else are not. No link that the guest made is followed
   * out of `destination`. When it fails or is aborted, a part of the copy
   * stays.
   *
   * Permissions: `--allow-write=<destination>`.
   */
  async copyToHost(
    source: string,
    destination: string | URL,
    options: HostCopyOptions = {},
  ): Promise<void> {
    const path = toPath(destination);
    requireWrite(path);
    await this.#copy("fs.copyToHost", source, path, options);
  }

  async #copy(
    name: "fs.copyFromHost" | "fs.copyToHost",
    source: string,
    destination: string,
    { signal, onProgress, ...others }: HostCopyOptions,
  ): Promise<void> {
    refuseOthers(others, "signal and onProgress");
    const progress = onProgress !== undefined;
    await this.#call(name, { source, destination, progress }, {
      signal,
      ...progressEvents(onProgress),
    });
  }

  async #writeStream(
    path: string,
    stream: ReadableStream<Uint8Array | string>,
    { signal, append = false, create = true, createNew = false, mode }:
      & Omit<WriteFileOptions, "signal">
      & { signal: AbortSignal | undefined },
  ): Promise<void> {
    if (stream.locked) {
      throw new TypeError("Cannot write the stream: it is locked to a reader");
    }
    const cancellable = signal ? { signal } : {};
    const opening = this.open(path, {
      ...cancellable,
      ...(mode === undefined ? {} : { mode }),
      write: true,
      append,
      truncate: !append,
      create,
      createNew,
    });
    await using file = await orCancel(stream, opening);
    // Before there is anything in it that others should not see.
    if (mode !== undefined) await orCancel(stream, this.chmod(path, mode, cancellable));
    await stream.pipeThrough(batches()).pipeTo(file.writable, cancellable);
  }

  async #call<Name extends FileOperation>(
    name: Name,
    request: FileRequest<Name>,
    options: CallOptions,
  ): Promise<Reply<Operations[Name]["result"]>> {
    options.signal?.throwIfAborted();
    const { client, handle = 0, volume } = await this.#root();
    return await client.call(
      name,
      { ...request, ...(volume === undefined ? {} : { volume }) } as Operations[Name]["options"],
      { ...options, handle },
    );
  }
}

/** Puts small chunks together: each write has to go to the file and back. */
function batches(): TransformStream<Uint8Array | string, Uint8Array> {
  let batch = new Uint8Array(batchLength);
  let length = 0;
  const chunks = new ChunkEncoder();
  type Controller = TransformStreamDefaultController<Uint8Array>;
  const pass = (controller: Controller): void => {
    if (length > 0) controller.enqueue(batch.subarray(0, length));
    batch = new Uint8Array(batchLength);
    length = 0;
  };
  const add = (bytes: Uint8Array, controller: Controller): void => {
    if (length + bytes.length > batchLength) pass(controller);
    if (bytes.length >= batchLength) return controller.enqueue(bytes);
    batch.set(bytes, length);
    length += bytes.length;
  };
  return new TransformStream({
    transform: (chunk, controller) => add(chunks.encode(chunk), controller),
    flush(controller) {
      add(chunks.flush(), controller);
      pass(controller);
    },
  });
}

/** Cancels a stream that is not read when `work` fails: nobody else could. */
async function orCancel<Result>(stream: ReadableStream, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    stream.cancel(error).catch(() => {});
    throw error;
  }
}

function toPath(path: string | URL): string {
  return typeof path === "string" ? path : fileURLToPath(path);
}
