// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/**
 * The format of an archive of images.
 *
 * - `docker`: What `docker save` writes.
 * - `oci`: An OCI image layout in a tar archive.
 */
export type ArchiveFormat = "docker" | "oci";

/** Certificates in PEM form: one text, or a list of them. */
export type CaCertificates = string | readonly string[];

/** How far a create is. */
export type CreateProgress = PullProgress | StartupProgress;

/** What an image says about how to run it. */
export interface ImageConfig {
  /** The digest of this configuration. */
  digest: string;
  /** Environment variables. */
  env: { [key: string]: string };
  /** The program that is always run. */
  entrypoint?: string[];
  /** The command, or the entrypoint's arguments. */
  cmd?: string[];
  /** The working directory. */
  workdir?: string;
  /** The user. */
  user?: string;
  /** Labels. */
  labels: { [key: string]: string };
}

/** What an image is made of. */
export interface ImageDetail {
  /** The image. */
  image: ImageInfo;
  /** What it says about how to run it. */
  config?: ImageConfig;
  /** Its layers, the lowest one first. */
  layers: ImageLayer[];
}

/** What is known about an image. */
export interface ImageInfo {
  /** The image's reference. */
  reference: string;
  /** The digest of the image's manifest. */
  manifestDigest?: string;
  /**
   * The processor that the image is for, in the words of OCI: `amd64`,
   * `arm64`.
   */
  architecture?: string;
  /** The operating system that the image is for. */
  os?: string;
  /** How many layers the image has. */
  layerCount: number;
  /** How many bytes its layers have, as they are fetched. */
  sizeBytes?: number;
  /** When the image was first pulled or loaded, in ISO 8601. */
  createdAt?: string;
  /** When the image was last pulled, loaded or used, in ISO 8601. */
  lastUsedAt?: string;
}

/** One layer of an image. */
export interface ImageLayer {
  /** The digest of the layer as it is fetched. */
  digest: string;
  /** The digest of what is in it. */
  diffId: string;
  /** What it is fetched as. */
  mediaType?: string;
  /** How many bytes it has, as it is fetched. */
  sizeBytes?: number;
}

/** What a prune has removed. */
export interface ImagePruneReport {
  /** How many references. */
  referencesRemoved: number;
  /** How many images, each of which may have had several references. */
  imagesRemoved: number;
  /** How many layers. */
  layersRemoved: number;
  /** How many bytes of the disk that has freed, where it is known. */
  bytesReclaimed?: number;
  /** How many references, images and layers were in use at that moment. */
  skippedInUse: number;
}

/** Which image to pull, and how. */
export interface ImagePullOptions {
  /** The image's reference, such as `alpine:3.22`. */
  reference: string;
  /** When the registry is asked. Default: `if-missing`. */
  pullPolicy?: PullPolicy | undefined;
  /**
   * Credentials for the registry. Default: those that the system's
   * keyring, the user's configuration or Docker's configuration file have
   * for it, else none.
   */
  registryAuth?: RegistryAuth | undefined;
  /**
   * Whether the registry is spoken to in plain HTTP. Default: `false`,
   * unless the user's configuration says so for this registry.
   */
  registryInsecure?: boolean | undefined;
  /**
   * Certificates of authorities to trust besides the system's, in PEM form.
   * Default: those that the user's configuration names.
   */
  registryCaCerts?: CaCertificates | undefined;
}

/** Which archive to load. */
export interface LoadImagesOptions {
  /** The archive. */
  path: string;
  /** More references for the first image in the archive. Default: none. */
  tags?: readonly string[] | undefined;
}

/** Names an image. */
export interface NamedImage {
  /** The image's reference, as the list has it. */
  reference: string;
}

/**
 * When an image's registry is asked.
 *
 * - `if-missing`: When the image is not here.
 * - `always`: Always. Layers that are here already are not fetched again.
 * - `never`: Never. An image that is not here is an error.
 */
export type PullPolicy = "if-missing" | "always" | "never";

/**
 * How far a pull is. Layers are counted from 0, the lowest one. Some events
 * may be missing when they come faster than they are taken.
 */
export type PullProgress =
  | {
    kind: "resolving";
    /** The image's reference. */
    image: string;
  }
  | {
    kind: "resolved";
    /** The image's reference. */
    image: string;
    /** The digest of the image's manifest. */
    manifestDigest: string;
    /** How many layers the image has. */
    layerCount: number;
    /** How many bytes its layers have, as they are fetched. */
    totalBytes?: number;
  }
  | {
    kind: "downloading";
    /** Which layer. */
    layer: number;
    /** The layer's digest. */
    digest: string;
    /** How many bytes are here. */
    downloadedBytes: number;
    /** How many there are. */
    totalBytes?: number;
  }
  | {
    kind: "downloaded";
    /** Which layer. */
    layer: number;
    /** The layer's digest. */
    digest: string;
    /** How many bytes it has. */
    downloadedBytes: number;
  }
  | {
    kind: "unpacking";
    /** Which layer. */
    layer: number;
    /** How many of its bytes are done. */
    readBytes: number;
    /** How many there are. */
    totalBytes: number;
  }
  | {
    kind: "unpacked";
    /** Which layer. */
    layer: number;
    /** The digest of what is in the layer. */
    diffId: string;
  }
  | { kind: "merging" }
  | {
    kind: "pulled";
    /** The image's reference. */
    image: string;
    /** How many layers it has. */
    layerCount: number;
  };

/** Credentials for a registry. Both keys are needed. */
export interface RegistryAuth {
  /** The user's name. */
  username: string;
  /** The password, or a token that stands for it. */
  password: string;
}

/** Which image to remove, and how. */
export interface RemoveImageOptions {
  /** The image's reference, as the list has it. */
  reference: string;
  /**
   * Whether an image that sandboxes or snapshots are made from loses its
   * name too. They keep what they need of it. Default: `false`, which makes
   * it an error.
   */
  force?: boolean | undefined;
}

/** Which images to save, and where. */
export interface SaveImagesOptions {
  /** The images' references, as the list has them. */
  references: readonly string[];
  /** The archive. */
  path: string;
  /** The archive's format. Default: `oci`. */
  format?: ArchiveFormat | undefined;
}

/**
 * What a boot is at.
 *
 * - `booting`: The virtual machine is made. What follows is reported for detached sandboxes and for
 *   snapshots only.
 * - `preparing-snapshot`: The snapshot is prepared.
 * - `waiting-for-memory-backing`: Another program prepares the same memory.
 * - `preparing-memory-backing`: The memory is prepared.
 * - `reusing-memory-backing`: Memory that was prepared before is used.
 * - `syncing-memory-backing`: The prepared memory is written to the disk.
 * - `activating`: The machine runs, and its agent is waited for.
 */
export type StartupPhase =
  | "booting"
  | "preparing-snapshot"
  | "waiting-for-memory-backing"
  | "preparing-memory-backing"
  | "reusing-memory-backing"
  | "syncing-memory-backing"
  | "activating";

/** How far a boot is. */
export interface StartupProgress {
  /** Says which kind it is. */
  kind: "startup";
  /** What it is at. */
  phase: StartupPhase;
  /** How many bytes of memory are prepared. */
  completedBytes: number;
  /** How many there are to prepare, where that is known. */
  totalBytes?: number;
}
