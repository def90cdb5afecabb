// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/**
 * How a file is copied.
 *
 * - `auto`: Sharing blocks where the file system can, else by copying.
 * - `copy`: By copying.
 * - `reflink`: Sharing blocks. Where the file system cannot, it is an error.
 */
export type CloneStrategy = "auto" | "copy" | "reflink";

/**
 * The format of a disk image.
 *
 * - `raw`: The disk's bytes as they are.
 * - `qcow2`: QEMU's format.
 * - `vmdk`: VMware's format.
 */
export type DiskFormat = "raw" | "qcow2" | "vmdk";

/** A root file system that is on this machine already. */
export type HostImage =
  | {
    kind: "directory";
    /** The directory. */
    path: string;
    /**
     * Whether symbolic links in `path` are followed. Default: `false`,
     * which makes one an error.
     */
    followSymlinks?: boolean | undefined;
  }
  | {
    kind: "disk";
    /** The file. */
    path: string;
    /** The file's format. Default: what its ending says. */
    format?: DiskFormat | undefined;
    /**
     * The file system on the disk, such as `ext4`. Default: the guest
     * finds out.
     */
    filesystem?: string | undefined;
  };

/**
 * A root file system: a reference of an OCI image such as `alpine:3.22`, a
 * path that starts with `/`, `./` or `../` and names a directory or a disk
 * image (`.qcow2`, `.raw`, `.vmdk`), or an object that says which it is.
 */
export type ImageSource = string | HostImage;

/** Where the changes to an OCI image's files go. */
export type RootDisk =
  | {
    kind: "managed";
    /** The most that it can hold, in MiB. Default: 4096. */
    sizeMiB?: number | undefined;
  }
  | {
    kind: "tmpfs";
    /**
     * The most that it can hold, in MiB, no more than the sandbox has
     * memory. Default: half of that.
     */
    sizeMiB?: number | undefined;
  }
  | {
    kind: "flat";
    /**
     * The most that it can hold, in MiB. Default: 4096, or what the image
     * needs.
     */
    sizeMiB?: number | undefined;
    /** The disk's file system. Default: `ext4`. */
    filesystem?: string | undefined;
    /**
     * How the disk is made from the one that is kept for the image.
     * Default: `auto`.
     */
    clone?: CloneStrategy | undefined;
  }
  | {
    kind: "disk";
    /** The file. */
    path: string;
    /**
     * The file's format, `raw` or `qcow2`. Default: what its ending
     * says: `.img`, `.raw` or `.qcow2`.
     */
    format?: DiskFormat | undefined;
    /** The disk's file system. Default: `ext4`. */
    filesystem?: string | undefined;
  };
