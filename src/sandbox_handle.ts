/**
 * Sandboxes that exist, running or not.
 *
 * @module
 */

import type { Backend, SandboxInfo, Status } from "../ffi/protocol.gen.ts";
import type { Cancellable } from "./cancellable.ts";
import { connect } from "./connection.ts";
import { type JobHistory, toJobHistory } from "./job.ts";
import {
  type Sandbox,
  type StartSandboxOptions,
  type StopSandboxOptions,
  toSandbox,
} from "./sandbox.ts";

/**
 * A sandbox's name and what was known about it when it was looked up.
 *
 * It holds nothing open. Its methods act on this very sandbox: when another
 * one has taken the name since, they throw {@link MicrosandboxError} with code
 * `sandbox-replaced`.
 */
export class SandboxHandle {
  readonly #info: SandboxInfo;

  /** Made by this module only. */
  constructor(info: SandboxInfo) {
    this.#info = info;
  }

  /** The sandbox's name. */
  get name(): string {
    return this.#info.name;
  }

  /**
   * The sandbox's identity, which a later sandbox of the same name does not
   * share.
   */
  get id(): string {
    return this.#info.id;
  }

  /** Where the sandbox runs. */
  get backend(): Backend {
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

  /** Looks the same sandbox up again. */
  async refresh({ signal }: Cancellable = {}): Promise<SandboxHandle> {
    const client = await connect();
    const { result } = await client.call("sandbox.get", this.#target, {
      signal,
    });
    return new SandboxHandle(result);
  }

  /**
   * Connects to the sandbox while it runs. It does not become this program's:
   * it keeps running when the program ends.
   */
  async connect({ signal }: Cancellable = {}): Promise<Sandbox> {
    const client = await connect();
    return toSandbox(
      client,
      await client.call("sandbox.connect", this.#target, { signal }),
    );
  }

  /** Boots the sandbox. Throws what `Sandbox.start` throws. */
  async start(
    { signal, ...options }: StartSandboxOptions = {},
  ): Promise<Sandbox> {
    const client = await connect();
    return toSandbox(
      client,
      await client.call(
        "sandbox.start",
        { ...options, ...this.#target },
        { signal },
      ),
    );
  }

  /**
   * Asks the sandbox to shut down and waits until it has.
   *
   * Throws {@link StopTimeoutError} after `timeoutMs`.
   */
  async stop({ signal, ...options }: StopSandboxOptions = {}): Promise<void> {
    const client = await connect();
    await client.call(
      "sandbox.stopNamed",
      { ...options, ...this.#target },
      { signal },
    );
  }

  /** Ends the sandbox at once and waits until it is gone. */
  async kill({ signal, ...options }: StopSandboxOptions = {}): Promise<void> {
    const client = await connect();
    await client.call(
      "sandbox.killNamed",
      { ...options, ...this.#target },
      { signal },
    );
  }

  /** Removes the stopped sandbox and everything in it. */
  async remove({ signal }: Cancellable = {}): Promise<void> {
    const client = await connect();
    await client.call("sandbox.remove", this.#target, { signal });
  }

  /** The jobs that the sandbox has or had, whether or not it runs. */
  get jobs(): JobHistory {
    return toJobHistory({ name: this.name, id: this.id });
  }

  get #target(): { name: string; id: string } {
    return { name: this.name, id: this.id };
  }
}

function toDate(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
