// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run
// `deno task generate` instead.

/**
 * Options of calls, each with every key.
 *
 * @module
 */

import type {
  CaCertificates,
  PullPolicy,
  PullProgress,
  RegistryAuth,
} from "../../ffi/protocol/protocol.gen.ts";

/**
 * How to pull an image.
 *
 * @category Images
 */
export interface PullImageOptions {
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
  /** Called with how far the pull is. An error that it throws is uncaught, as any callback's. */
  onProgress?: ((progress: PullProgress) => void) | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * What memory to remove that is not used any more.
 *
 * @category Storage
 */
export interface PruneStorageOptions {
  /** Whether it is only looked at what would be removed. Default: `false`. */
  dryRun?: boolean | undefined;
  /** How old a file has to be, in milliseconds. Default: 0. */
  olderThanMs?: number | undefined;
  /**
   * Whether only memory of forks is removed, and what was unpacked from
   * snapshots is kept. Default: `false`.
   */
  branchesOnly?: boolean | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Which cloud to use, and how to be let in.
 *
 * @category Backends
 */
export interface CloudBackendOptions {
  /**
   * The cloud's `http:` or `https:` URL, without a key in it. Default: that
   * of the hosted cloud.
   */
  url?: string | undefined;
  /**
   * The key. Default: that of the environment variable `apiKeyFromEnv`, unless
   * there is a profile.
   */
  apiKey?: string | undefined;
  /**
   * The profile in the configuration of microsandbox that has URL and key.
   * Neither can be given with it.
   */
  profile?: string | undefined;
  /**
   * The environment variable that the key is in. Default: `MSB_API_KEY`, with
   * `MSB_API_URL` for the URL.
   */
  apiKeyFromEnv?: string | undefined;
}
