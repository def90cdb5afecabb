/**
 * Backends: where sandboxes live.
 *
 * @module
 */

import process from "node:process";
import type { Client } from "../../ffi/client.ts";
import type {
  BackendInfo,
  CloudOptions,
  ProfileSelection,
} from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { InvalidOptionError } from "../errors.ts";
import { showAs } from "../inspect.ts";
import { connect, connected, open } from "./connection.ts";
import type { CloudBackendOptions } from "./options.gen.ts";
import { requireEnv, requireRead, requireWrite } from "./permissions.ts";

/**
 * Which directory of this machine to use.
 *
 * @category Backends
 */
export interface LocalBackendOptions {
  /** The absolute path of the directory that holds everything, as `MSB_HOME`. */
  home: string;
}

/**
 * A place where sandboxes live, for a part of the program.
 *
 * What is called within {@link Backend.run} acts there; everything else acts on
 * the default backend, which the environment variables `MSB_BACKEND` and
 * `MSB_PROFILE` and the profile in use decide on, and which is this machine
 * otherwise. An object stays with the backend that it came from, wherever it is
 * used.
 *
 * @example Run one sandbox in the cloud
 * ```ts ignore
 * import { Backend, Sandbox } from "@x/microsandbox";
 *
 * using cloud = await Backend.cloud();
 * const sandbox = await cloud.run(() => Sandbox.create({ image: "alpine:3.22" }));
 * console.log((await sandbox.shell("uname -a")).text());
 * await sandbox.destroy();
 * ```
 *
 * @category Backends
 */
export class Backend implements Disposable {
  readonly #client: Client;
  /** What it is. Its key is not told. */
  readonly info: BackendInfo;

  static {
    showAs(this, "Backend", ({ info }) => info);
  }

  private constructor(client: Client, info: BackendInfo) {
    this.#client = client;
    this.info = info;
  }

  /**
   * This machine, with everything in a directory of its own.
   *
   * Throws {@link InvalidOptionError}.
   *
   * Permissions: `--allow-read` and `--allow-write` for `home`.
   */
  static async local(options: LocalBackendOptions): Promise<Backend> {
    // Else it would be the home that the user's own sandboxes are in.
    if (typeof options?.home !== "string" || options.home === "") {
      throw new InvalidOptionError(
        "invalid-option",
        "Cannot use option home: give the absolute path of a directory",
        { path: "home" },
      );
    }
    return await Backend.#open(await open({ ...options }));
  }

  /**
   * A cloud. Nothing is sent yet.
   *
   * Sandboxes of a cloud never belong to the program: they run until they are
   * stopped. What a cloud cannot do fails with {@link UnsupportedError}.
   *
   * Throws {@link InvalidOptionError}.
   *
   * Permissions: `--allow-net` for the URL's host, and `--allow-env` for the
   * variables that are read: `apiKeyFromEnv`, the one that the profile names,
   * or `MSB_API_KEY` and `MSB_API_URL`.
   */
  static async cloud(options: CloudBackendOptions = {}): Promise<Backend> {
    return await Backend.#open(await open({ cloud: withKey(options) }));
  }

  static async #open(client: Client): Promise<Backend> {
    try {
      const { result } = await client.call("backend.info", {});
      return new Backend(client, result);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /**
   * Calls `work`, in which every call of this module acts on this backend, also
   * after it has waited. Nothing outside of it is affected.
   */
  run<T>(work: () => T): T {
    return connected(this.#client, work);
  }

  /**
   * Gives up what is under way, and stops the sandboxes of this machine that
   * belong to this program and came from here. Its objects cannot be used any
   * more.
   */
  close(): void {
    this.#client.close();
  }

  /** Does what {@link Backend.close} does. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Returns which backend calls act on, here or within {@link Backend.run},
 * without its key.
 *
 * Throws {@link InvalidOptionError} with code `invalid-config` when the
 * environment or the configuration chooses one that there is not.
 *
 * @category Backends
 */
export async function backendInfo(
  options: Cancellable = {},
): Promise<BackendInfo> {
  const signal = onlySignal(options);
  const client = await connect(signal);
  return (await client.call("backend.info", {}, { signal })).result;
}

/**
 * The profiles in the configuration of microsandbox, `config.json` in `MSB_HOME`
 * or what `MSB_CONFIG_PATH` names: backends with names. They are written there
 * by hand or by `msb`.
 *
 * @example Use a profile for this program only
 * ```ts ignore
 * import { Backend, Profiles } from "@x/microsandbox";
 *
 * const { profiles } = await Profiles.get();
 * console.log(profiles.map(({ name, kind }) => `${name}: ${kind}`));
 * using work = await Backend.cloud({ profile: "work" });
 * console.log(work.info.url);
 * ```
 *
 * @category Backends
 */
export const Profiles: {
  /**
   * Returns the profiles, and which backend programs use that choose none.
   *
   * Permissions: `--allow-read` for the configuration.
   */
  get(options?: Cancellable): Promise<ProfileSelection>;
  /**
   * Has all programs of this user that start from now on use a profile, unless
   * they choose a backend. This program is not affected once it has used
   * anything.
   *
   * Throws {@link InvalidOptionError} with code `invalid-config` when there is
   * no such profile.
   *
   * Permissions: `--allow-read` and `--allow-write` for the configuration.
   */
  use(name: string, options?: Cancellable): Promise<ProfileSelection>;
  /**
   * Has programs that start from now on use no profile.
   *
   * Permissions: `--allow-read` and `--allow-write` for the configuration.
   */
  reset(options?: Cancellable): Promise<ProfileSelection>;
} = {
  async get(options = {}) {
    const signal = onlySignal(options);
    const client = await connect(signal);
    requireRead(await configPath(client));
    return (await client.call("backend.profiles", {}, { signal })).result;
  },
  async use(name, options = {}) {
    const signal = onlySignal(options);
    const client = await connect(signal);
    await requireConfig(client);
    return (await client.call("backend.useProfile", { name }, { signal })).result;
  },
  async reset(options = {}) {
    const signal = onlySignal(options);
    const client = await connect(signal);
    await requireConfig(client);
    return (await client.call("backend.useProfile", {}, { signal })).result;
  },
};

async function requireConfig(client: Client): Promise<void> {
  const path = await configPath(client);
  requireRead(path);
  requireWrite(path);
}

async function configPath(client: Client): Promise<string> {
  return (await client.call("backend.requirements", {})).result.configPath;
}

/** The options with the key that they say where to find. */
function withKey(
  { apiKeyFromEnv, ...options }: CloudBackendOptions,
): CloudOptions {
  if (apiKeyFromEnv !== undefined) {
    if (options.apiKey !== undefined || options.profile !== undefined) {
      throw refused("leave it out, there is a key already");
    }
    return { ...options, apiKey: variable(apiKeyFromEnv) };
  }
  if (options.apiKey !== undefined || options.profile !== undefined) return options;
  const apiKey = variable("MSB_API_KEY");
  if (options.url !== undefined) return { ...options, apiKey };
  requireEnv("MSB_API_URL");
  const url = process.env["MSB_API_URL"]?.trim();
  return url ? { ...options, apiKey, url } : { ...options, apiKey };
}

function variable(name: string): string {
  requireEnv(name);
  const value = process.env[name]?.trim();
  if (value) return value;
  throw refused(`the environment variable ${name} is not set`);
}

function refused(reason: string): InvalidOptionError {
  return new InvalidOptionError(
    "invalid-option",
    `Cannot use option apiKeyFromEnv: ${reason}`,
    { path: "apiKeyFromEnv" },
  );
}
