// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run
// `deno task generate` instead.

/**
 * Options of calls, each with every key.
 *
 * @module
 */

import type {
  CaCertificates,
  CpuPlacement,
  CreateProgress,
  DeploymentProfile,
  GuestClock,
  ImageSource,
  InitOption,
  LogLevel,
  Mount,
  NetworkOption,
  PortOption,
  PullPolicy,
  RegistryAuth,
  Rlimits,
  RootDisk,
  SecretOptions,
  SecretViolationAction,
  SecurityProfile,
  TransparentHugePages,
  VsockRoute,
} from "../../ffi/protocol/protocol.gen.ts";

/**
 * What a new sandbox is made from.
 *
 * @category Sandboxes
 */
export interface CreateSandboxOptions {
  /**
   * The name that the sandbox is known by: 1 to 128 letters, digits, dots,
   * hyphens and underscores, the first one a letter or digit. Default: a
   * random one.
   */
  name?: string | undefined;
  /**
   * The root file system: a reference of an OCI image such as
   * `alpine:3.22`, a path that starts with `/`, `./` or `../` and names a
   * directory or a disk image (`.qcow2`, `.raw`, `.vmdk`), or an object
   * that says which it is.
   */
  image: ImageSource;
  /**
   * Where the changes to an OCI image's files go. Default: onto a managed
   * disk of 4096 MiB.
   */
  rootDisk?: RootDisk | undefined;
  /**
   * Changes to the root file system before the first boot, in this order.
   * They need an OCI image with a managed or flat root disk, or a
   * directory, which they change for good. Default: none.
   */
  patches?: readonly Patch[] | undefined;
  /** When the image's registry is asked. Default: `if-missing`. */
  pullPolicy?: PullPolicy | undefined;
  /**
   * Credentials for the image's registry. Default: those that the system's
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
  /** Virtual CPUs, from 1 to 255. Default: 1. */
  cpus?: number | undefined;
  /**
   * Virtual CPUs that a change of the running sandbox can give it, from
   * `cpus` to 255. Default: `cpus`.
   */
  maxCpus?: number | undefined;
  /**
   * How virtual CPUs are placed on this machine's processors. Default:
   * `inherit`.
   */
  cpuPlacement?: CpuPlacement | undefined;
  /**
   * A placement profile of this machine's configuration, by its name.
   * Default: none.
   */
  placementProfile?: string | undefined;
  /** Memory in MiB. Default: 512. */
  memoryMiB?: number | undefined;
  /**
   * Memory in MiB that a change of the running sandbox can give it, at
   * least `memoryMiB`. Default: `memoryMiB`.
   */
  maxMemoryMiB?: number | undefined;
  /** When the guest's kernel uses huge pages. Default: `madvise`. */
  transparentHugePages?: TransparentHugePages | undefined;
  /** Whether this machine sets the guest's clock. Default: `sync`. */
  guestClock?: GuestClock | undefined;
  /**
   * Whether programs in the guest can run virtual machines of their own:
   * the guest's processor then has the virtualization of this machine's,
   * which is more for a guest to attack. Needs an x64 Linux machine that
   * nests. A snapshot keeps it as it was taken. Default: `false`.
   */
  nestedVirtualization?: boolean | undefined;
  /**
   * Whether the guest's kernel ends RCU grace periods at once, for which it
   * interrupts each virtual CPU. A command that comes after a pause
   * otherwise starts 10 to 20 ms later, because the kernel waits for such a
   * period when it moves the command to its cgroup. Without effect with
   * `init`. With `false` commands see `MICROSANDBOX_RCU_EXPEDITED=0`.
   * Default: `true`.
   */
  rcuExpedited?: boolean | undefined;
  /**
   * Environment variables of every command. Names that start with `MSB_`
   * are reserved. Default: the image's.
   */
  env?: { readonly [key: string]: string | undefined } | undefined;
  /** Working directory of commands. Default: the image's, else `/`. */
  workdir?: string | undefined;
  /** The shell that runs `shell` scripts. Default: `/bin/sh`. */
  shell?: string | undefined;
  /**
   * The guest user that commands run as: a name or an id, with a group
   * after a colon if needed. Default: the image's, else `root`.
   */
  user?: string | undefined;
  /** The guest's host name, at most 64 bytes. Default: made from the name. */
  hostname?: string | undefined;
  /**
   * Labels to find the sandbox by. Names that start with `sandbox.`,
   * `microsandbox.` or `service.` are reserved. Default: the image's.
   */
  labels?: { readonly [key: string]: string | undefined } | undefined;
  /** Replaces the image's entrypoint. Default: the image's. */
  entrypoint?: readonly string[] | undefined;
  /**
   * Replaces the image's command; an empty list removes it. Default: the
   * image's.
   */
  cmd?: readonly string[] | undefined;
  /**
   * Hands the guest's first process over to a program of the image, such as
   * systemd. Default: the runtime's own.
   */
  init?: InitOption | undefined;
  /** Scripts by their names, which commands can run by name. Default: none. */
  scripts?: { readonly [key: string]: string | undefined } | undefined;
  /** Resource limits of every program. Default: the guest kernel's. */
  rlimits?: Rlimits | undefined;
  /** What commands may do to the sandbox. Default: `default`. */
  security?: SecurityProfile | undefined;
  /**
   * Whose sandboxes run on this machine. Default: what its configuration
   * says, else `single-tenant`.
   */
  deploymentProfile?: DeploymentProfile | undefined;
  /** How far the sandbox reaches. Default: `public-only`. */
  network?: NetworkOption | undefined;
  /**
   * Ports of this machine that lead into the sandbox: a port of the guest
   * for any free one, or in full. Default: none.
   */
  ports?: readonly PortOption[] | undefined;
  /**
   * Sockets of this machine that programs in the sandbox can connect to.
   * Default: none.
   */
  vsock?: readonly VsockRoute[] | undefined;
  /**
   * Values that the sandbox can use and never sees, by the names of their
   * environment variables. Default: none.
   */
  secrets?: { readonly [key: string]: SecretOptions | undefined } | undefined;
  /**
   * What happens to a request that takes a secret's placeholder where it
   * may not go. Default: `block-and-log`.
   */
  secretViolationAction?: SecretViolationAction | undefined;
  /**
   * How much the sandbox's runtime logs. Default: what this machine's
   * configuration says, else nothing.
   */
  logLevel?: LogLevel | undefined;
  /**
   * Whether the runtime logs nothing, whatever this machine's configuration
   * says. Default: `false`.
   */
  quietLogs?: boolean | undefined;
  /**
   * Milliseconds between two samples of metrics; 0 takes none. Default:
   * 1000.
   */
  metricsSampleIntervalMs?: number | undefined;
  /**
   * Whether no metrics are sampled, whatever the interval. Default:
   * `false`.
   */
  disableMetricsSample?: boolean | undefined;
  /** Whether the sandbox outlives this program. Default: `false`. */
  detached?: boolean | undefined;
  /**
   * Whether a sandbox of this name is stopped and replaced. Default:
   * `false`, which makes it an error; `true` with `replaceWithTimeoutMs`.
   */
  replace?: boolean | undefined;
  /**
   * Milliseconds that a sandbox that is replaced may take to stop before it
   * is killed. Default: 10000.
   */
  replaceWithTimeoutMs?: number | undefined;
  /**
   * The name that the cloud knows the sandbox by, unique in all of it:
   * lower-case letters, digits and single hyphens. Only in the cloud.
   * Default: one that the cloud chooses.
   */
  slug?: string | undefined;
  /**
   * Whether the sandbox is removed when it stops. Default: `true` without
   * a `name`, else `false`.
   */
  ephemeral?: boolean | undefined;
  /**
   * How long the sandbox may live, in milliseconds, rounded up to whole
   * seconds. Default: without limit.
   */
  maxDurationMs?: number | undefined;
  /**
   * After how long without activity the sandbox stops, in milliseconds,
   * rounded up to whole seconds. Default: never.
   */
  idleTimeoutMs?: number | undefined;
  /**
   * What is mounted in the guest besides its root file system, by the
   * absolute path where. Default: nothing.
   */
  mounts?: { readonly [key: string]: Mount | undefined } | undefined;
  /**
   * Called with how far the create is: first with the image's progress, then with
   * the boot's. An error that it throws is uncaught, as any callback's.
   */
  onProgress?: ((progress: CreateProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * One change to the root file system before the first boot. All paths in the
 * guest are absolute, and folders that are missing on the way are made.
 *
 * - `write` writes a file.
 * - `copy` copies `from`, a file or a directory of this machine, to `path`.
 * Needs `--allow-read` for it.
 * - `append` appends text to a file that is there. In an OCI image the file
 * then belongs to root, with mode 0o644.
 * - `mkdir` makes a directory, unless it is there.
 * - `symlink` makes a symbolic link to `target`.
 * - `remove` removes a file or a directory, if it is there.
 *
 * The core keeps the content of patches with the sandbox's entry, so they are
 * for configuration; copy large files with a volume or through the guest.
 *
 * @example Write a file, and a link to a directory
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({
 * image: "alpine:3.22",
 * patches: [
 * { kind: "write", path: "/etc/motd", content: "hello\n", replace: true },
 * { kind: "symlink", path: "/data", target: "/var/data" },
 * ],
 * });
 * ```
 *
 * @category Sandboxes
 */
export type Patch =
  | {
    kind: "write";
    /** The file. */
    path: string;
    /** What is written: text, in UTF-8, or bytes. */
    content: string | Uint8Array;
    /** The file's mode. Default: 0o644. */
    mode?: number | undefined;
    /**
     * Whether something that is there is replaced. Default: `false`,
     * which makes it an error.
     */
    replace?: boolean | undefined;
  }
  | {
    kind: "copy";
    /** What is copied. */
    from: string;
    /** Where it is copied to. */
    path: string;
    /** The file's mode; directories take none. Default: the original's. */
    mode?: number | undefined;
    /**
     * Whether something that is there is replaced. Default: `false`,
     * which makes it an error.
     */
    replace?: boolean | undefined;
  }
  | {
    kind: "append";
    /** The file. */
    path: string;
    /** What is appended. */
    content: string;
  }
  | {
    kind: "mkdir";
    /** The directory. */
    path: string;
    /** Its mode. Default: 0o755. */
    mode?: number | undefined;
  }
  | {
    kind: "symlink";
    /** The link. */
    path: string;
    /** What it points to. */
    target: string;
    /**
     * Whether something that is there is replaced. Default: `false`,
     * which makes it an error.
     */
    replace?: boolean | undefined;
  }
  | {
    kind: "remove";
    /** What is removed. */
    path: string;
  };
