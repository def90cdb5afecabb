/**
 * Volumes: storage with a name that outlives sandboxes.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type { BackendKind, VolumeInfo, VolumeKind } from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, expectOptions, onlySignal } from "../cancellable.ts";
import { connect } from "../host/connection.ts";
import { showAs } from "../inspect.ts";
import { type FileSystem, toFileSystem } from "./fs.ts";
import type { CreateVolumeOptions } from "./options.gen.ts";

/** Which volumes to list. */
export interface ListVolumesOptions extends Cancellable {
  /** Labels that a volume has to have. Default: none. */
  labels?: { readonly [key: string]: string | undefined } | undefined;
}

/** Makes the object for a volume that the library knows. */
let toVolume: (client: Client, info: VolumeInfo) => Volume;

/**
 * Storage with a name, which sandboxes mount with the create option `mounts`.
 *
 * It holds nothing open; what it says was so when it was looked up.
 *
 * @example Hand files to a sandbox
 * ```ts
 * import { Sandbox, Volume } from "@x/microsandbox";
 *
 * const volume = await Volume.create({ name: "data" });
 * await volume.fs.writeTextFile("input.txt", "hello");
 * {
 *   await using sandbox = await Sandbox.create({
 *     image: "alpine:3.22",
 *     mounts: { "/data": { type: "volume", name: "data" } },
 *   });
 *   await sandbox.shell("tr a-z A-Z </data/input.txt >/data/output.txt");
 * }
 * console.log(await volume.fs.readTextFile("output.txt"));
 * await volume.remove();
 * ```
 *
 * @category Volumes
 */
export class Volume {
  readonly #client: Client;
  readonly #info: VolumeInfo;
  /**
   * The volume's files, used from this machine without a virtual machine.
   *
   * Only those of a directory on this machine: for a disk, and in the cloud,
   * its calls fail with code `unsupported`. Owners and permission bits are
   * those that this machine sees, which are not always the guest's.
   */
  readonly fs: FileSystem;

  static {
    toVolume = (client, info) => new Volume(client, info);
    showAs(this, "Volume", ({ name, backend, kind }) => ({ name, backend, kind }));
  }

  private constructor(client: Client, info: VolumeInfo) {
    this.#client = client;
    this.#info = info;
    const volume = info.name;
    this.fs = toFileSystem(() => ({ client, volume }));
  }

  /**
   * Creates a volume. A create that fails or is aborted leaves nothing behind.
   *
   * Throws {@link InvalidOptionError} and {@link VolumeAlreadyExistsError}.
   */
  static async create(options: CreateVolumeOptions): Promise<Volume> {
    expectOptions(options);
    const { signal, ...request } = options;
    const client = await connect(signal);
    const { result } = await client.call("volume.create", request, { signal });
    return toVolume(client, result);
  }

  /**
   * Looks a volume up.
   *
   * Throws {@link VolumeNotFoundError}.
   */
  static async get(
    name: string,
    options: Cancellable = {},
  ): Promise<Volume> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    const { result } = await client.call("volume.get", { name }, { signal });
    return toVolume(client, result);
  }

  /** All volumes, newest first. */
  static async list(
    { signal, ...options }: ListVolumesOptions = {},
  ): Promise<Volume[]> {
    const client = await connect(signal);
    const { result } = await client.call("volume.list", options, { signal });
    return result.map((info) => toVolume(client, info));
  }

  /**
   * Removes a volume and everything in it.
   *
   * Throws {@link VolumeNotFoundError}, and {@link VolumeInUseError} while a
   * sandbox that runs has it mounted.
   */
  static async remove(
    name: string,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    await remove(await connect(signal), name, signal);
  }

  /** The volume's name. */
  get name(): string {
    return this.#info.name;
  }

  /** Where the volume is. */
  get backend(): BackendKind {
    return this.#info.backend;
  }

  /** What the volume is made of. */
  get kind(): VolumeKind {
    return this.#info.kind;
  }

  /** The size in bytes, if it is a disk. */
  get capacityBytes(): number | undefined {
    return this.#info.capacityBytes;
  }

  /** How many MiB guests may write to it, if there is a limit. */
  get quotaMiB(): number | undefined {
    return this.#info.quotaMiB;
  }

  /** The directory of this machine that the volume is in, if it is. */
  get path(): string | undefined {
    return this.#info.path;
  }

  /** The volume's labels. */
  get labels(): Readonly<Record<string, string>> {
    return this.#info.labels as Record<string, string>;
  }

  /** When the volume was created. */
  get createdAt(): Date | undefined {
    const { createdAt } = this.#info;
    return createdAt === undefined ? undefined : new Date(createdAt);
  }

  /** Removes the volume. Throws what `Volume.remove` throws. */
  async remove(options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    await remove(this.#client, this.name, signal);
  }
}

async function remove(
  client: Client,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await client.call("volume.remove", { name }, { signal });
}
