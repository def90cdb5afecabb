/**
 * What can be done with a sandbox whether or not this program is connected to
 * it.
 *
 * @module
 */

import type { Reply } from "../../ffi/client.ts";
import type {
  BackendKind,
  CompactResult,
  CreateProgress,
  End,
  LiveSandbox,
  ModificationPlan,
  OnSandbox,
  Operations,
  PauseState,
  PingResult,
  Status,
  StopResult,
  TouchResult,
} from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import type { MicrosandboxError } from "../errors.ts";
import { toError } from "../failure.ts";
import { requireBindings, requirePorts, requireSecrets } from "../host/permissions.ts";
import { progressEvents } from "../progress.ts";
import { type Address, address } from "./address.ts";
import type { SandboxHandle } from "./handle.ts";
import {
  type LogEntry,
  readLogs,
  type ReadLogsOptions,
  streamLogs,
  type StreamLogsOptions,
  waitForLog,
  type WaitForLogOptions,
} from "./logs.ts";
import { madeWith, make } from "./make.ts";
import { readMetrics, streamMetrics } from "./metrics.ts";
import type {
  CompactSandboxOptions,
  DestroySandboxOptions,
  ForkManySandboxOptions,
  ForkSandboxOptions,
  KillSandboxOptions,
  MetricsStreamOptions,
  ModifySandboxOptions,
  PauseSandboxOptions,
  RestartSandboxOptions,
  StopSandboxOptions,
} from "./options.gen.ts";
import type { SandboxConfig } from "./options.ts";
import { decodePatches } from "./rootfs.ts";
import type { Sandbox } from "./sandbox.ts";
import type { SandboxMetrics } from "./sandbox_metrics.gen.ts";
import { Snapshot } from "./snapshot.ts";
import type { CreateSnapshotOptions } from "./snapshot_options.gen.ts";

/** The operations on a sandbox, whichever way it is named. */
type SandboxOperation = {
  [Name in keyof Operations]: Operations[Name]["options"] extends OnSandbox<unknown> ? Name : never;
}[keyof Operations];

/** The options of one of them. */
type OptionsOf<Name extends SandboxOperation> = Operations[Name]["options"]["options"];

/** What became of one of several forks. */
export interface ForkResult {
  /** The fork's name. */
  name: string;
  /** The fork, unless it failed. */
  sandbox?: Sandbox;
  /** Why it failed. */
  error?: MicrosandboxError;
}

/**
 * What can be done with a sandbox whether or not this program is connected to
 * it: {@link Sandbox} and {@link SandboxHandle} are both one.
 *
 * Every method acts on this very sandbox. When another one has taken its name
 * since, it throws {@link SandboxReplacedError} and touches neither.
 *
 * @category Sandboxes
 */
export abstract class SandboxBase {
  /** The sandbox's name. */
  abstract get name(): string;

  /**
   * The sandbox's identity, which a later sandbox of the same name does not
   * share.
   */
  abstract get id(): string;

  /** Where the sandbox runs. */
  abstract get backend(): BackendKind;

  /** @internal */
  abstract [address](): Promise<Address>;

  /**
   * The options that make the same sandbox again, with what the image and this
   * machine's configuration had added.
   *
   * The values of secrets are left out: add them to create another sandbox
   * with these options. So is what says how to create rather than what:
   * `registryAuth`, `registryInsecure`, `registryCaCerts`, `detached`,
   * `replace`, `replaceWithTimeoutMs` and `slug`; that a mount creates its
   * volume, which is there now; and the patches of a directory, which stays
   * patched. A `pullPolicy` that was `always` is `if-missing`.
   *
   * @example Make another one
   * ```ts
   * import { Sandbox } from "@x/microsandbox";
   *
   * await using first = await Sandbox.create({ image: "alpine:3.22", memoryMiB: 256 });
   * const options = await first.config();
   * await using second = await Sandbox.create({ ...options, name: "second" });
   * console.log(second.name);
   * ```
   */
  async config(options: Cancellable = {}): Promise<SandboxConfig> {
    const signal = onlySignal(options);
    const { client, handle, on } = await this[address]();
    const { result: { patches, ...config }, bytes } = await client.call(
      "sandbox.config",
      { ...on, options: {} },
      { handle, signal },
    );
    return patches ? { ...config, patches: decodePatches(patches, bytes) } : config;
  }

  /**
   * Looks the sandbox up, with its status and times as they are now.
   *
   * Throws {@link SandboxNotFoundError}.
   */
  async refresh(options: Cancellable = {}): Promise<SandboxHandle> {
    const signal = onlySignal(options);
    const { client } = await this[address]();
    const { name, id } = this;
    const { result } = await client.call("sandbox.get", { name, id }, { signal });
    return make.handle(client, result);
  }

  /**
   * Asks the sandbox to shut down and waits until it has.
   *
   * Throws {@link StopTimeoutError} after `timeoutMs`; the sandbox may then
   * still stop. Nothing is killed unless `force` says so.
   */
  async stop({ signal, ...options }: StopSandboxOptions = {}): Promise<void> {
    await this.#call("sandbox.stop", options, signal);
  }

  /**
   * Ends the sandbox at once and waits until it is gone.
   *
   * Throws {@link StopTimeoutError} after `timeoutMs`; the sandbox may then
   * still go.
   */
  async kill({ signal, ...options }: KillSandboxOptions = {}): Promise<void> {
    await this.#call("sandbox.kill", options, signal);
  }

  /**
   * Has the sandbox take no new work and end when it has finished what it has,
   * and waits until it has stopped.
   */
  async drain(options: Cancellable = {}): Promise<StopResult> {
    await this.requestDrain(options);
    return await this.waitUntilStopped(options);
  }

  /**
   * Asks the sandbox to shut down and does not wait. `waitUntilStopped` waits.
   */
  requestStop(options: Cancellable = {}): Promise<void> {
    return this.#end("stop", options);
  }

  /** Ends the sandbox at once and does not wait until it is gone. */
  requestKill(options: Cancellable = {}): Promise<void> {
    return this.#end("kill", options);
  }

  /** Asks what {@link SandboxBase.drain} asks, and does not wait. */
  requestDrain(options: Cancellable = {}): Promise<void> {
    return this.#end("drain", options);
  }

  /**
   * Waits until the sandbox has a status, whoever gives it that. There is no
   * time limit but the signal's.
   *
   * Throws {@link SandboxNotFoundError} when the sandbox is removed meanwhile,
   * as one without a name is when it stops.
   */
  async waitForStatus(
    status: Status,
    { signal, ...options }: Cancellable = {},
  ): Promise<SandboxHandle> {
    const { client } = await this[address]();
    const request = { ...options, status };
    const { result } = await this.#call("sandbox.waitForStatus", request, signal);
    return make.handle(client, result);
  }

  /** Waits until the sandbox has stopped, whoever stops it. */
  async waitUntilStopped(
    { signal, ...options }: Cancellable = {},
  ): Promise<StopResult> {
    const { result } = await this.#call("sandbox.waitUntilStopped", options, signal);
    return result;
  }

  /**
   * Stops the sandbox if it runs, and boots it again. The sandbox that this
   * resolves with takes the place of every object that was connected before.
   *
   * Throws {@link StopTimeoutError}, {@link BootError}, and
   * {@link SandboxNotRunningError} when it is paused.
   */
  async restart(
    { signal, ...options }: RestartSandboxOptions = {},
  ): Promise<Sandbox> {
    const { client } = await this[address]();
    const bootedAfter = new Date();
    const reply = await this.#call("sandbox.restart", options, signal);
    return make.sandbox(client, reply, { bootedAfter });
  }

  /**
   * Stops the sandbox if it runs, and removes it and everything in it.
   *
   * Throws {@link StopTimeoutError} after `timeoutMs`, and has then removed
   * nothing.
   */
  async destroy(
    { signal, ...options }: DestroySandboxOptions = {},
  ): Promise<void> {
    await this.#call("sandbox.destroy", options, signal);
  }

  /**
   * Waits for an answer from the guest. This is no activity: `idleTimeoutMs` goes on.
   *
   * Throws {@link SandboxNotRunningError}.
   */
  async ping({ signal, ...options }: Cancellable = {}): Promise<PingResult> {
    const { result } = await this.#call("sandbox.ping", options, signal);
    return result;
  }

  /**
   * Counts as activity: `idleTimeoutMs` starts anew.
   *
   * Throws {@link SandboxNotRunningError}.
   */
  async touch({ signal, ...options }: Cancellable = {}): Promise<TouchResult> {
    const { result } = await this.#call("sandbox.touch", options, signal);
    return result;
  }

  /**
   * Changes the sandbox, and tells what changed and when each change takes
   * effect. With `dryRun` it only tells.
   *
   * Throws {@link ModificationError} with the plan when changes contradict
   * each other, are not possible, or need a restart that `policy` does not
   * allow; nothing is changed then. Changes that have begun are finished even
   * when the signal is aborted. A sandbox that was restarted for its changes
   * runs detached, and has to be connected to again.
   *
   * Permissions: `--allow-net` for each of `ports`, `--allow-env` for each
   * secret's `fromEnv`.
   *
   * @example Give a running sandbox a label and more memory
   * ```ts
   * import { Sandbox } from "@x/microsandbox";
   *
   * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
   * const plan = await sandbox.modify({
   *   labels: { stage: "two" },
   *   memoryMiB: 1024,
   *   policy: "next-start",
   * });
   * for (const { field, disposition } of plan.changes) {
   *   console.log(field, disposition);
   * }
   * ```
   */
  async modify(
    { signal, ...options }: ModifySandboxOptions,
  ): Promise<ModificationPlan> {
    requirePorts(options.ports);
    requireSecrets(options.secrets);
    const { result } = await this.#call("sandbox.modify", options, signal);
    return result;
  }

  /**
   * Makes the sandbox stand still, with everything in it kept in memory.
   *
   * Throws {@link MicrosandboxError} with code `control-client-error` when it
   * cannot.
   */
  async pause({ signal, ...options }: PauseSandboxOptions = {}): Promise<void> {
    await this.#call("sandbox.pause", options, signal);
  }

  /** Resumes a paused sandbox, with its clock set to the present. */
  async resume({ signal, ...options }: Cancellable = {}): Promise<void> {
    await this.#call("sandbox.resume", options, signal);
  }

  /** Returns whether the sandbox is paused, without asking its guest. */
  async pauseState({ signal, ...options }: Cancellable = {}): Promise<PauseState> {
    const { result } = await this.#call("sandbox.pauseState", options, signal);
    return result;
  }

  /**
   * Makes another sandbox that goes on from where this one is, with its memory
   * and processes. This one keeps running, or stays paused.
   *
   * Disposing of the fork stops it, and removes it when it was given no name,
   * unless it is `detached`. When the program ends without that, it goes on. A
   * fork that fails or is aborted leaves nothing behind.
   *
   * Throws {@link SandboxAlreadyExistsError}, {@link BootError},
   * {@link MissingRestoreBindingsError} when `bindings` lacks a mount, and
   * {@link InvalidOptionError} when this sandbox neither runs nor is paused.
   *
   * Permissions: what `bindings` names.
   */
  async fork(
    { signal, onProgress, detached, ...options }: ForkSandboxOptions = {},
  ): Promise<Sandbox> {
    const made = madeWith(detached, options.name);
    requireBindings(options.bindings);
    const { client } = await this[address]();
    const reply = await this.#call("sandbox.fork", options, signal, onProgress);
    return make.sandbox(client, reply, { made });
  }

  /**
   * Makes several forks from one moment of this sandbox. Each of them may fail
   * by itself. Disposing of one stops it, unless they are `detached`.
   *
   * Throws what {@link SandboxBase.fork} throws, except for what a single fork
   * failed with.
   */
  async forkMany(
    names: readonly string[],
    { signal, detached, ...options }: ForkManySandboxOptions = {},
  ): Promise<ForkResult[]> {
    const made = madeWith(detached, "given");
    const { client } = await this[address]();
    const { result } = await this.#call(
      "sandbox.forkMany",
      { names, options },
      signal,
    );
    return result.map(({ name, sandbox, handle, error }): ForkResult => {
      if (sandbox === undefined || handle === undefined) {
        return error === undefined ? { name } : { name, error: toError(error) };
      }
      const bytes = new Uint8Array(0);
      const reply: Reply<LiveSandbox> = { result: sandbox, handle, bytes };
      return { name, sandbox: make.sandbox(client, reply, { made }) };
    });
  }

  /**
   * Merges layers that snapshots have left on the sandbox's disks. Snapshots
   * keep their own files.
   *
   * A compaction that has begun is finished even when the signal is aborted.
   */
  async compact(
    { signal, ...options }: CompactSandboxOptions = {},
  ): Promise<CompactResult> {
    const { result } = await this.#call("sandbox.compact", options, signal);
    return result;
  }

  /**
   * Makes a snapshot of the sandbox, which may be running, paused or stopped.
   *
   * An aborted snapshot leaves nothing behind.
   *
   * Throws {@link SnapshotError}.
   *
   * Permissions: `--allow-write` for `directory`.
   */
  async snapshot(options: CreateSnapshotOptions = {}): Promise<Snapshot> {
    return await Snapshot.create(this, options);
  }

  /**
   * Reads what the sandbox has printed, running or not, oldest entries first.
   *
   * Throws {@link SandboxNotFoundError}.
   */
  async logs(options: ReadLogsOptions = {}): Promise<LogEntry[]> {
    return await readLogs(await this[address](), options);
  }

  /**
   * Streams what the sandbox has printed, and with `follow` what it prints.
   * Entries of different sources may be out of order.
   *
   * Breaking out of the loop ends the stream. Throws {@link LogRotationError}
   * when entries were lost because the loop was too slow, and
   * {@link InvalidCursorError} for a `cursor` whose file is gone.
   *
   * @example Follow what commands print
   * ```ts
   * import { Sandbox } from "@x/microsandbox";
   *
   * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
   * await sandbox.shell("echo hello");
   * for await (const entry of sandbox.logStream()) {
   *   console.log(entry.timestamp, entry.text());
   * }
   * ```
   */
  logStream(
    options: StreamLogsOptions = {},
  ): AsyncGenerator<LogEntry, void> {
    return streamLogs(this, options);
  }

  /**
   * Waits until the sandbox has printed something that contains a text or
   * matches a regular expression, and resolves with the entry that completes
   * it. A match may span entries of one command, but not lines that were
   * printed at different times.
   *
   * Throws {@link WaitTimeoutError} after `timeoutMs`, also when the sandbox
   * has stopped meanwhile, and {@link LogRotationError} when more was printed
   * than could be looked at.
   *
   * @example Wait until a server says that it is ready
   * ```ts
   * import { Sandbox } from "@x/microsandbox";
   *
   * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
   * const server = sandbox.shell("sleep 1; echo listening on port 80");
   * const entry = await sandbox.waitForLog(/listening on port \d+/);
   * console.log(entry.text());
   * await server;
   * ```
   */
  async waitForLog(
    pattern: string | RegExp,
    options: WaitForLogOptions = {},
  ): Promise<LogEntry> {
    return await waitForLog(this, pattern, options);
  }

  /**
   * Returns how much the sandbox uses.
   *
   * Throws {@link SandboxNotRunningError}, and {@link MicrosandboxError} with
   * code `metrics-disabled`, or `metrics-unavailable`: in the first second, and
   * while this machine's clock is set ahead of where it was at the boot.
   */
  async metrics(options: Cancellable = {}): Promise<SandboxMetrics> {
    const signal = onlySignal(options);
    return await readMetrics(await this[address](), signal);
  }

  /**
   * Returns samples of how much the sandbox uses, until it stops.
   *
   * Breaking out of the loop ends the stream. Throws what
   * {@link SandboxBase.metrics} throws, `metrics-unavailable` after 10 seconds.
   */
  metricsStream(
    options: MetricsStreamOptions = {},
  ): AsyncGenerator<SandboxMetrics, void> {
    return streamMetrics(this, options);
  }

  async #end(how: End, { signal, ...options }: Cancellable): Promise<void> {
    await this.#call("sandbox.end", { ...options, how }, signal);
  }

  async #call<Name extends SandboxOperation>(
    name: Name,
    options: OptionsOf<Name>,
    signal: AbortSignal | undefined,
    onProgress?: (progress: CreateProgress) => void,
  ): Promise<Reply<Operations[Name]["result"]>> {
    const { client, handle, on } = await this[address]();
    const request = { ...on, options } as Operations[Name]["options"];
    const events = progressEvents(onProgress);
    return await client.call(name, request, { handle, signal, ...events });
  }
}
