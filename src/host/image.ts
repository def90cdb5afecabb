/**
 * Images: pulled from registries, loaded from archives, kept on this machine.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type {
  ArchiveFormat,
  ImageConfig,
  ImageInfo,
  ImageLayer,
  ImagePruneReport,
  PullProgress,
} from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { showAs } from "../inspect.ts";
import { progressEvents } from "../progress.ts";
import { connect } from "./connection.ts";
import type { PullImageOptions } from "./options.gen.ts";
import { requireRead, requireWrite } from "./permissions.ts";

/** How to load images from an archive. */
export interface LoadImagesOptions extends Cancellable {
  /** More references for the first image in the archive. Default: none. */
  tags?: readonly string[] | undefined;
  /**
   * Called with how far the load is. An error that it throws is uncaught, as any
   * callback's.
   */
  onProgress?: ((progress: PullProgress) => void) | undefined;
}

/** How to save images to an archive. */
export interface SaveImagesOptions extends Cancellable {
  /** The archive's format. Default: `oci`. */
  format?: ArchiveFormat | undefined;
}

/** How to remove an image. */
export interface RemoveImageOptions extends Cancellable {
  /**
   * Whether an image that sandboxes or snapshots are made from loses its name
   * too. They keep what they need of it. Default: `false`, which makes it an
   * error.
   */
  force?: boolean | undefined;
}

/** What an image is made of. */
export interface ImageDetail {
  /** The image. */
  image: Image;
  /** What it says about how to run it. */
  config?: ImageConfig;
  /** Its layers, the lowest one first. */
  layers: ImageLayer[];
}

/**
 * An image on this machine, and what was known about it when it was looked up.
 *
 * Images are found by the reference that they were pulled or loaded under, as
 * {@link Image.list} shows it. All calls are for local images: in the cloud
 * they throw {@link MicrosandboxError} with code `unsupported`.
 *
 * @example Pull an image ahead of time, and show how far it is
 * ```ts
 * import { Image } from "@x/microsandbox";
 *
 * const image = await Image.pull("alpine:3.22", {
 *   onProgress(progress) {
 *     if (progress.kind !== "downloading") return;
 *     console.log(progress.layer, progress.downloadedBytes, progress.totalBytes);
 *   },
 * });
 * console.log(image.manifestDigest);
 * ```
 *
 * @category Images
 */
export class Image {
  readonly #client: Client;
  readonly #info: ImageInfo;

  static {
    showAs(this, "Image", ({ reference, manifestDigest }) => ({ reference, manifestDigest }));
  }

  /** Made by this module only. */
  constructor(client: Client, info: ImageInfo) {
    this.#client = client;
    this.#info = info;
  }

  /**
   * Makes sure that an image is on this machine, which needs no virtual
   * machine.
   *
   * A pull that fails or is aborted leaves no half of a layer. Whole layers
   * stay, so that the next attempt is shorter.
   *
   * Throws {@link InvalidOptionError}, and {@link ImageError} with a code that
   * says what is in the way.
   */
  static async pull(
    reference: string,
    { signal, onProgress, ...options }: PullImageOptions = {},
  ): Promise<Image> {
    const client = await connect(signal);
    const { result } = await client.call(
      "image.pull",
      { ...options, reference },
      { signal, ...progressEvents(onProgress) },
    );
    return new Image(client, result);
  }

  /**
   * Looks an image up on this machine.
   *
   * Throws {@link ImageError} with code `image-not-found`.
   */
  static async get(
    reference: string,
    options: Cancellable = {},
  ): Promise<Image> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    const { result } = await client.call("image.get", { reference }, { signal });
    return new Image(client, result);
  }

  /** All images on this machine, newest first. */
  static async list(options: Cancellable = {}): Promise<Image[]> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    const { result } = await client.call("image.list", {}, { signal });
    return result.map((info) => new Image(client, info));
  }

  /**
   * Looks up what an image is made of.
   *
   * Throws {@link ImageError} with code `image-not-found`.
   */
  static async inspect(
    reference: string,
    options: Cancellable = {},
  ): Promise<ImageDetail> {
    const signal = onlySignal(options);
    return await inspect(await connect(signal), reference, signal);
  }

  /**
   * Removes an image, and the layers that no other one has.
   *
   * Throws {@link ImageError} with code `image-not-found` or `image-in-use`.
   */
  static async remove(
    reference: string,
    options: RemoveImageOptions = {},
  ): Promise<void> {
    await remove(await connect(options.signal), reference, options);
  }

  /** Removes every image that no sandbox and no snapshot is made from. */
  static async prune(options: Cancellable = {}): Promise<ImagePruneReport> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    const { result } = await client.call("image.prune", {}, { signal });
    return result;
  }

  /**
   * Loads the images in an archive, in the format of `docker save` or an OCI
   * image layout in a tar archive, compressed by gzip or zstd or not at all.
   *
   * Throws {@link ImageError} with code `image-archive-invalid` or
   * `image-platform-unavailable`, and {@link MicrosandboxError} with code
   * `io-error`.
   *
   * Permissions: `--allow-read` for the archive.
   */
  static async load(
    path: string,
    { signal, onProgress, ...options }: LoadImagesOptions = {},
  ): Promise<Image[]> {
    requireRead(path);
    const client = await connect(signal);
    const { result } = await client.call(
      "image.load",
      { ...options, path },
      { signal, ...progressEvents(onProgress) },
    );
    return result.map((info) => new Image(client, info));
  }

  /**
   * Saves images to an archive. A file that is there is replaced, once the
   * archive is complete.
   *
   * Throws {@link ImageError} with code `image-not-found`, and
   * {@link MicrosandboxError} with code `io-error`.
   *
   * Permissions: `--allow-write` for the archive.
   */
  static async save(
    references: readonly string[],
    path: string,
    { signal, ...options }: SaveImagesOptions = {},
  ): Promise<void> {
    requireWrite(path);
    const client = await connect(signal);
    await client.call(
      "image.save",
      { ...options, references, path },
      { signal },
    );
  }

  /** The image's reference. */
  get reference(): string {
    return this.#info.reference;
  }

  /** The digest of the image's manifest. */
  get manifestDigest(): string | undefined {
    return this.#info.manifestDigest;
  }

  /**
   * The processor that the image is for, in the words of OCI: `amd64`,
   * `arm64`.
   */
  get architecture(): string | undefined {
    return this.#info.architecture;
  }

  /** The operating system that the image is for. */
  get os(): string | undefined {
    return this.#info.os;
  }

  /** How many layers the image has. */
  get layerCount(): number {
    return this.#info.layerCount;
  }

  /** How many bytes the image's layers have, as they are fetched. */
  get sizeBytes(): number | undefined {
    return this.#info.sizeBytes;
  }

  /** When the image was first pulled or loaded. */
  get createdAt(): Date | undefined {
    return toDate(this.#info.createdAt);
  }

  /** When the image was last pulled, loaded or used. */
  get lastUsedAt(): Date | undefined {
    return toDate(this.#info.lastUsedAt);
  }

  /** Looks up what the image is made of. Throws what {@link Image.inspect} throws. */
  async inspect(options: Cancellable = {}): Promise<ImageDetail> {
    const signal = onlySignal(options);
    return await inspect(this.#client, this.reference, signal);
  }

  /** Removes the image. Throws what {@link Image.remove} throws. */
  remove(options: RemoveImageOptions = {}): Promise<void> {
    return remove(this.#client, this.reference, options);
  }
}

async function inspect(
  client: Client,
  reference: string,
  signal: AbortSignal | undefined,
): Promise<ImageDetail> {
  const { result } = await client.call("image.inspect", { reference }, { signal });
  return { ...result, image: new Image(client, result.image) };
}

async function remove(
  client: Client,
  reference: string,
  { signal, ...options }: RemoveImageOptions,
): Promise<void> {
  await client.call("image.remove", { ...options, reference }, { signal });
}

function toDate(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
