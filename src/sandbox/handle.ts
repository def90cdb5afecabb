/**
 * Sandboxes that exist, running or not.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type {
  BackendKind,
  NamedSandbox,
  SandboxInfo,
  Status,
} from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { type JobHistory, toJobHistory } from "../command/job.ts";
import { showAs } from "../inspect.ts";
import { type Address, address } from "./address.ts";
import { SandboxBase } from "./base.ts";
import { make } from "./make.ts";
import type { StartSandboxOptions } from "./options.ts";
import type { Sandbox } from "./sandbox.ts";

/** How to connect to a sandbox. */
export interface ConnectSandboxOptions extends Cancellable {
  /** Milliseconds to wait for the guest to answer. Default: 10000. */
  timeoutMs?: number | undefined;
}

/**
 * A sandbox's name and what was known about it when it was looked up. It holds
 * nothing open.
 *
 * @category Sandboxes
 */
export class SandboxHandle extends SandboxBase {
  readonly #client: Client;
  readonly #info: SandboxInfo;

  static {
    make.handle = (client, info) => new SandboxHandle(client, info);
    showAs(this, "SandboxHandle", ({ name, id, backend, status }) => ({
      name,
      id,
      backend,
      status,
    }));
  }

  /** Made by this module only. */
  constructor(client: Client, info: SandboxInfo) {
    super();
    this.#client = client;
    this.#info = info;
  }

  /** The sandbox's name. */
  override get name(): string {
    return this.#info.name;
  }

  /**
   * The sandbox's identity, which a later sandbox of the same name does not
   * share.
   */
  override get id(): string {
    return this.#info.id;
  }

  /** Where the sandbox runs. */
  override get backend(): BackendKind {
    return this.#info.backend;
  }

  /** What the sandbox was doing when it was looked up. */
  get status(): Status {
    return this.#info.status;
  }

  /** When the sandbox was created. */
  get createdAt(): Date | undefined {
    return toDate(this.#info.createdAt);
  }

  /** When the sandbox's entry last changed before it was looked up. */
  get updatedAt(): Date | undefined {
    return toDate(this.#info.updatedAt);
  }

  /** @internal */
  override [address](): Promise<Address> {
    return Promise.resolve({
      client: this.#client,
      handle: 0,
      on: { sandbox: this.#target },
    });
  }

  /**
   * Connects to the sandbox while it runs. It does not become this program's:
   * it keeps running when the program ends.
   *
   * Throws {@link SandboxNotRunningError}.
   */
  async connect(
    { signal, ...options }: ConnectSandboxOptions = {},
  ): Promise<Sandbox> {
    return make.sandbox(
      this.#client,
      await this.#client.call(
        "sandbox.connect",
        { ...options, ...this.#target },
        { signal },
      ),
    );
  }

  /**
   * Boots the sandbox.
   *
   * Throws {@link BootError}, and {@link MicrosandboxError} with code
   * `sandbox-still-running`.
   */
  async start(
    { signal, ...options }: StartSandboxOptions = {},
  ): Promise<Sandbox> {
    const bootedAfter = new Date();
    const request = { ...options, ...this.#target };
    const reply = await this.#client.call("sandbox.start", request, { signal });
    return make.sandbox(this.#client, reply, { bootedAfter });
  }

  /**
   * Connects to the sandbox if it runs, and boots it if not.
   *
   * Throws {@link BootError}, {@link SandboxNotRunningError} when it is paused,
   * and {@link MicrosandboxError} with code `sandbox-still-running` while it
   * shuts down.
   */
  async connectOrStart(
    { signal, ...options }: StartSandboxOptions = {},
  ): Promise<Sandbox> {
    const before = new Date();
    const request = { ...options, ...this.#target };
    const reply = await this.#client.call("sandbox.connectOrStart", request, { signal });
    // One that ran was booted by another program.
    const isBooted = reply.result.ownsLifecycle;
    return make.sandbox(this.#client, reply, { bootedAfter: isBooted ? before : undefined });
  }

  /**
   * Removes the stopped sandbox and everything in it.
   *
   * Throws {@link MicrosandboxError} with code `sandbox-still-running`.
   */
  async remove(options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    await this.#client.call("sandbox.remove", this.#target, { signal });
  }

  /** The jobs that the sandbox has or had, whether or not it runs. */
  get jobs(): JobHistory {
    return toJobHistory({ client: this.#client, name: this.name, id: this.id });
  }

  get #target(): NamedSandbox {
    return { name: this.name, id: this.id };
  }
}

function toDate(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
