/**
 * Snapshots of sandboxes.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type {
  ArchiveInfo,
  ArchiveOptions,
  DiskFormat,
  DiskUsage,
  GroupHead,
  SnapshotDetails,
  SnapshotInfo,
  SnapshotTarget,
  VerifyResult,
} from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { connect } from "../host/connection.ts";
import {
  requireBindings,
  requireRead,
  requireReadOfPath,
  requireWrite,
} from "../host/permissions.ts";
import { showAs } from "../inspect.ts";
import { progressEvents } from "../progress.ts";
import { type Address, address } from "./address.ts";
import { madeWith, make } from "./make.ts";
import type { Sandbox } from "./sandbox.ts";
import type {
  CopySnapshotOptions,
  CreateArchiveOptions,
  CreateSnapshotOptions,
  LoadSnapshotsOptions,
  RestoreSandboxOptions,
  SaveSnapshotOptions,
} from "./snapshot_options.gen.ts";

/** Whose snapshot to make: a sandbox or a handle of one. */
export interface SnapshotSource {
  /** @internal */
  [address](): Promise<Address>;
}

/** Which snapshots to list. */
export interface ListSnapshotsOptions extends Cancellable {
  /**
   * A directory of this machine with groups or snapshots. Default: those that
   * the home directory's index has.
   */
  directory?: string | undefined;
}

/** How to remove a snapshot. */
export interface RemoveSnapshotOptions extends Cancellable {
  /**
   * Whether it is removed although other snapshots build on it. Default:
   * `false`.
   */
  force?: boolean | undefined;
}

/**
 * A sandbox's disks, and if it is resumable its memory and processes, as they
 * were at one moment.
 *
 * Snapshots are kept in groups. `group:name` finds one, and `group` alone finds
 * the group's head, which is its newest one unless another was chosen. A
 * snapshot object holds nothing open; its methods act on this very snapshot,
 * and throw {@link SnapshotError} with code `snapshot-replaced` when another
 * one has taken its place.
 *
 * @example Set up once, start many times
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * const sandbox = await Sandbox.create({ image: "alpine:3.22", name: "base", replace: true });
 * await sandbox.shell("apk add python3");
 * await sandbox.stop();
 * const snapshot = await sandbox.snapshot({ name: "ready" });
 * await using worker = await snapshot.restore();
 * console.log((await worker.shell("python3 --version")).text());
 * ```
 *
 * @category Snapshots
 */
export class Snapshot {
  readonly #client: Client;
  readonly #info: SnapshotInfo;

  static {
    showAs(this, "Snapshot", ({ id, group, name, image }) => ({ id, group, name, image }));
  }

  /** Made by this module only. */
  constructor(client: Client, info: SnapshotInfo) {
    this.#client = client;
    this.#info = info;
  }

  /**
   * Makes a snapshot of a sandbox, which may be running, paused or stopped.
   * An aborted one leaves nothing behind; once one for a group that is there in
   * another `directory` has begun, it comes to its end.
   *
   * Throws {@link SnapshotError}.
   *
   * Permissions: `--allow-write` for `directory`.
   */
  static async create(
    source: SnapshotSource,
    { signal, ...options }: CreateSnapshotOptions = {},
  ): Promise<Snapshot> {
    if (options.directory !== undefined) requireWrite(options.directory);
    const { client, handle, on } = await source[address]();
    const { result } = await client.call(
      "snapshot.create",
      { ...on, options },
      { handle, signal },
    );
    return new Snapshot(client, result);
  }

  /**
   * Captures a sandbox straight into a file, without keeping a snapshot here.
   *
   * Throws {@link FileAlreadyExistsError} and {@link SnapshotError}.
   *
   * Permissions: `--allow-write` for the file.
   */
  static async createArchive(
    source: SnapshotSource,
    path: string,
    { signal, onProgress, overwrite, compress, ...options }: CreateArchiveOptions = {},
  ): Promise<ArchiveInfo> {
    requireWrite(path);
    const { client, handle, on } = await source[address]();
    const archive: ArchiveOptions = {
      ...overwrite !== undefined && { overwrite },
      ...compress !== undefined && { compress },
    };
    const { result } = await client.call(
      "snapshot.createArchive",
      { ...on, options: { path, archive, options } },
      { handle, signal, ...progressEvents(onProgress) },
    );
    return result;
  }

  /**
   * Finds a snapshot by `group:name`, by its group for the group's head, by
   * its identity or by its path.
   *
   * Throws {@link SnapshotError} with code `snapshot-not-found`.
   *
   * Permissions: `--allow-read` for a path.
   */
  static async get(
    reference: string,
    options: Cancellable = {},
  ): Promise<Snapshot> {
    const signal = onlySignal(options);
    requireReadOfPath(reference);
    const client = await connect(signal);
    const { result } = await client.call("snapshot.get", { reference }, { signal });
    return new Snapshot(client, result);
  }

  /**
   * Lists snapshots, newest first.
   *
   * Permissions: `--allow-read` for `directory`.
   */
  static async list(
    { signal, ...options }: ListSnapshotsOptions = {},
  ): Promise<Snapshot[]> {
    if (options.directory !== undefined) requireRead(options.directory);
    const client = await connect(signal);
    const { result } = await client.call("snapshot.list", options, { signal });
    return result.map((info) => new Snapshot(client, info));
  }

  /**
   * Removes a snapshot. It is found like {@link Snapshot.get} finds one.
   *
   * Throws {@link SnapshotError}, and {@link InvalidOptionError} when it is the
   * head of a group that has others: choose another head first.
   *
   * Permissions: `--allow-write` for a path.
   */
  static async remove(
    reference: string,
    options: RemoveSnapshotOptions = {},
  ): Promise<void> {
    requireReadOfPath(reference, requireWrite);
    await remove(await connect(options.signal), { reference }, options);
  }

  /**
   * Loads snapshots from files that `save`, `copyTo` or `createArchive` wrote,
   * and returns the last one of each file. All files are checked before the
   * first is taken. An aborted load of a new group leaves nothing behind; once
   * one into a group that is there has begun, it comes to its end.
   *
   * Throws {@link SnapshotError}.
   *
   * Permissions: `--allow-read` for the files and for a `base` that is a path,
   * `--allow-write` for `directory`.
   */
  static async load(
    paths: string | readonly string[],
    { signal, onProgress, ...options }: LoadSnapshotsOptions = {},
  ): Promise<Snapshot[]> {
    const files = typeof paths === "string" ? [paths] : paths;
    for (const path of files) requireRead(path);
    if (options.base !== undefined) requireReadOfPath(options.base);
    if (options.directory !== undefined) requireWrite(options.directory);
    const client = await connect(signal);
    const { result } = await client.call(
      "snapshot.load",
      { paths: files, options },
      { signal, ...progressEvents(onProgress) },
    );
    return result.map((info) => new Snapshot(client, info));
  }

  /**
   * Reads a group's head. With `group:name` it first makes that snapshot the
   * head.
   *
   * Throws {@link SnapshotError}.
   */
  static async groupHead(
    selector: string,
    options: Cancellable = {},
  ): Promise<GroupHead> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    const { result } = await client.call("snapshot.groupHead", { selector }, { signal });
    return result;
  }

  /**
   * Reads the snapshots in a directory into the index, and tells how many
   * there are. This mends an index that was lost.
   *
   * Permissions: `--allow-read` for `directory`.
   */
  static async reindex(
    { signal, ...options }: ListSnapshotsOptions = {},
  ): Promise<number> {
    if (options.directory !== undefined) requireRead(options.directory);
    const client = await connect(signal);
    const { result } = await client.call("snapshot.reindex", options, { signal });
    return result;
  }

  /** Its identity, which stays the same wherever it is copied to. */
  get id(): string {
    return this.#info.id;
  }

  /** The digest of its description. */
  get digest(): string {
    return this.#info.digest;
  }

  /** What finds this very copy again: its path, or in the cloud its id. */
  get reference(): string {
    return this.#info.reference;
  }

  /** Its name within its group. */
  get name(): string | undefined {
    return this.#info.name;
  }

  /** Its group. */
  get group(): string | undefined {
    return this.#info.group;
  }

  /** The identity of the snapshot that its sandbox was at before. */
  get parentId(): string | undefined {
    return this.#info.parentId;
  }

  /** Whether memory and processes are captured too. */
  get resumable(): boolean {
    return this.#info.resumable;
  }

  /** The image that its sandbox was made from. */
  get image(): string {
    return this.#info.image;
  }

  /** The disk format. */
  get format(): DiskFormat | undefined {
    return this.#info.format;
  }

  /** The size of the root disk in bytes, as far as it is known. */
  get sizeBytes(): number | undefined {
    return this.#info.sizeBytes;
  }

  /** Whether its data is there: `ready` if so. */
  get availability(): string {
    return this.#info.availability;
  }

  /** When it was made. */
  get createdAt(): Date {
    return new Date(this.#info.createdAt);
  }

  /** What became of its group's head, when it was just made or loaded. */
  get headUpdate(): GroupHead | undefined {
    return this.#info.headUpdate;
  }

  /**
   * Makes a sandbox from the snapshot: a resumable one goes on where it was,
   * another one boots.
   *
   * Disposing of the sandbox stops it, and removes it when it was given no name,
   * unless it is `detached`. When the program ends without that, it goes on. It
   * uses nothing of this machine that `bindings` does not name. Of the original's
   * settings it keeps its image, its size and the user of its commands, but
   * neither environment variables nor labels. A restore that fails or is aborted
   * leaves nothing behind.
   *
   * Throws {@link SandboxAlreadyExistsError}, {@link SnapshotError},
   * {@link BootError}, and {@link MissingRestoreBindingsError} when `bindings`
   * lacks a mount that the sandbox had.
   *
   * Permissions: what `bindings` names, and `--allow-read` for a `base` that is
   * a path.
   */
  async restore(options: RestoreSandboxOptions = {}): Promise<Sandbox> {
    return await restore(this.#client, this.#target, options);
  }

  /** Reads its labels and its whole description. */
  async details(options: Cancellable = {}): Promise<SnapshotDetails> {
    const signal = onlySignal(options);
    const { result } = await this.#client.call("snapshot.details", this.#target, { signal });
    return result;
  }

  /**
   * Reads its data and compares it with the checksums that were recorded.
   *
   * Throws {@link SnapshotError} with code `snapshot-integrity` when they do
   * not match.
   */
  async verify(options: Cancellable = {}): Promise<VerifyResult> {
    const signal = onlySignal(options);
    const { result } = await this.#client.call("snapshot.verify", this.#target, { signal });
    return result;
  }

  /** Returns how much room it takes on this machine. */
  async storageUsage(options: Cancellable = {}): Promise<DiskUsage> {
    const signal = onlySignal(options);
    const { result } = await this.#client.call(
      "snapshot.storageUsage",
      this.#target,
      { signal },
    );
    return result;
  }

  /**
   * Saves it to a file that {@link Snapshot.load} reads. An aborted save leaves
   * no file.
   *
   * Throws {@link FileAlreadyExistsError} and {@link SnapshotError}.
   *
   * Permissions: `--allow-write` for the file, `--allow-read` for a `since`
   * that is a path.
   */
  async save(
    path: string,
    { signal, onProgress, ...options }: SaveSnapshotOptions = {},
  ): Promise<ArchiveInfo> {
    requireWrite(path);
    if (options.since !== undefined) requireReadOfPath(options.since);
    const { result } = await this.#client.call(
      "snapshot.save",
      { snapshot: this.#target, path, options },
      { signal, ...progressEvents(onProgress) },
    );
    return result;
  }

  /**
   * Saves a copy with other labels to a file that {@link Snapshot.load} reads.
   * A resumable snapshot cannot be copied, only saved.
   *
   * Throws {@link FileAlreadyExistsError}, {@link SnapshotError}, and
   * {@link MicrosandboxError} with code `unsupported` for a resumable one.
   *
   * Permissions: `--allow-write` for the file.
   */
  async copyTo(
    path: string,
    { signal, onProgress, ...options }: CopySnapshotOptions = {},
  ): Promise<ArchiveInfo> {
    requireWrite(path);
    const { result } = await this.#client.call(
      "snapshot.copy",
      { snapshot: this.#target, path, options },
      { signal, ...progressEvents(onProgress) },
    );
    return result;
  }

  /**
   * Removes it.
   *
   * Throws {@link SnapshotError}, and {@link InvalidOptionError} when it is the
   * head of a group that has others: choose another head first.
   */
  async remove(options: RemoveSnapshotOptions = {}): Promise<void> {
    await remove(this.#client, this.#target, options);
  }

  get #target(): SnapshotTarget {
    return { reference: this.reference, digest: this.digest };
  }
}

/** Makes a sandbox from a snapshot. */
export async function restore(
  client: Client,
  snapshot: SnapshotTarget,
  { signal, onProgress, detached, ...options }: RestoreSandboxOptions,
): Promise<Sandbox> {
  const made = madeWith(detached, options.name);
  requireBindings(options.bindings);
  if (options.base !== undefined) requireReadOfPath(options.base);
  const reply = await client.call("sandbox.restore", { snapshot, options }, {
    signal,
    ...progressEvents(onProgress),
  });
  return make.sandbox(client, reply, { made });
}

async function remove(
  client: Client,
  snapshot: SnapshotTarget,
  { signal, ...options }: RemoveSnapshotOptions,
): Promise<void> {
  await client.call("snapshot.remove", { ...options, snapshot }, { signal });
}
