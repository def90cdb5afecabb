/**
 * Sandboxes that this program is connected to.
 *
 * @module
 */

import { AsyncResource } from "node:async_hooks";
import type { Client, Reply } from "../../ffi/client.ts";
import type {
  BackendKind,
  ListOptions,
  LiveSandbox,
  ModificationPlan,
  Program,
  PublishedPort,
  RestoreWarning,
  StopResult,
} from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, expectOptions, onlySignal } from "../cancellable.ts";
import type { CommandOutput, CommandStatus } from "../command/command.ts";
import { type Jobs, toJobs } from "../command/job.ts";
import type { AttachOptions, ExecOptions } from "../command/options.gen.ts";
import { type Process, run, spawn } from "../command/process.ts";
import { attach } from "../command/terminal.ts";
import { StopTimeoutError } from "../errors.ts";
import { toError } from "../failure.ts";
import { type FileSystem, toFileSystem } from "../files/fs.ts";
import { connect } from "../host/connection.ts";
import { requireReadOfPath } from "../host/permissions.ts";
import { showAs } from "../inspect.ts";
import { progressEvents } from "../progress.ts";
import { type AgentClient, connectAgent } from "../remote/agent.ts";
import type { SshOptions, SshServerOptions } from "../remote/options.gen.ts";
import { connectSsh, type SshClient } from "../remote/ssh.ts";
import { serveSsh, type SshServer } from "../remote/ssh_server.ts";
import { type Address, address } from "./address.ts";
import { SandboxBase } from "./base.ts";
import type { CreateSandboxOptions } from "./create_options.gen.ts";
import { SandboxHandle } from "./handle.ts";
import { make, type SandboxOrigin } from "./make.ts";
import { toMetrics } from "./metrics.ts";
import { requireMounts } from "./mounts.ts";
import type {
  DestroySandboxOptions,
  KillSandboxOptions,
  ListSandboxesOptions,
  ModifySandboxOptions,
  RestartSandboxOptions,
  StopSandboxOptions,
} from "./options.gen.ts";
import type { StartSandboxOptions } from "./options.ts";
import {
  requireHostAccess,
  waitForHttp,
  type WaitForHttpOptions,
  type WaitForPortOptions,
} from "./ports.ts";
import { encodePatches, requireRootfs } from "./rootfs.ts";
import type { SandboxMetrics } from "./sandbox_metrics.gen.ts";
import { restore, Snapshot } from "./snapshot.ts";
import type { RestoreSandboxOptions } from "./snapshot_options.gen.ts";

/** How long a disposed sandbox may take to stop before it is killed. */
const disposePatienceMs = 10_000;

/**
 * Sandboxes whose object is gone no longer need their connection. This holds no
 * function of the object's: one that is made beside others keeps what they keep.
 */
const abandoned = new FinalizationRegistry<{ client: Client; handle: number }>(
  ({ client, handle }) => client.release(handle),
);

/**
 * A microVM that this program is connected to.
 *
 * Unless it is `detached`, the sandbox belongs to the program that created or
 * started it and stops when that program ends, however it ends.
 *
 * @example Run a command
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
 * const output = await sandbox.exec("echo", { args: ["hello"] });
 * console.log(output.text());
 * ```
 *
 * @category Sandboxes
 */
export class Sandbox extends SandboxBase implements AsyncDisposable {
  readonly #client: Client;
  readonly #handle: number;
  readonly #live: LiveSandbox;
  /** The guest's files. */
  readonly fs: FileSystem;
  readonly #bootedAfter: Date | undefined;
  #made: SandboxOrigin["made"];
  #isReleased = false;
  /** Whether it was booted again without a connection, so that it still runs. */
  #runsOn = false;
  #disposed: Promise<void> | undefined;

  static {
    make.sandbox = (client, reply, origin) => new Sandbox(client, reply, origin);
    showAs(this, "Sandbox", ({ name, id, backend, ports }) => ({ name, id, backend, ports }));
  }

  private constructor(
    client: Client,
    reply: Reply<LiveSandbox>,
    { bootedAfter, made }: SandboxOrigin = {},
  ) {
    super();
    this.#client = client;
    this.#handle = reply.handle;
    this.#live = reply.result;
    this.#bootedAfter = bootedAfter;
    // Those of a cloud never belong to the program.
    this.#made = this.backend === "local" ? made : undefined;
    this.fs = toFileSystem(() => ({ client, handle: this.#openHandle() }));
    // Giving back the connection to a sandbox that belongs to this program
    // stops it, which should not happen when a collector feels like it.
    if (!this.#live.ownsLifecycle) {
      abandoned.register(this, { client, handle: reply.handle }, this);
    }
  }

  /**
   * Creates a sandbox and boots it.
   *
   * The first sandbox on a machine also unpacks the runtime, about 75 MB, into
   * `MSB_HOME`. A create that fails or is aborted leaves nothing behind but
   * the whole layers of its image.
   *
   * Throws {@link InvalidOptionError} before anything starts,
   * {@link SandboxAlreadyExistsError}, {@link ImageError}, and
   * {@link BootError} with a diagnosis when this machine cannot boot it.
   *
   * Permissions, for what the options name of this machine: `--allow-read` and
   * `--allow-write` for a directory or disk as `image` or `rootDisk`, for
   * `mounts` (no writing when `readOnly`) and for the sockets of `vsock`;
   * `--allow-read` for `patches` that copy and for files in `network.tls`;
   * `--allow-net` for `ports`; `--allow-env` for `fromEnv` and
   * `passwordFromEnv`.
   */
  static create(options: CreateSandboxOptions): Promise<Sandbox> {
    return Sandbox.#create("sandbox.create", options);
  }

  /**
   * Connects to the sandbox of this name, starts it if it is stopped, or
   * creates it if there is none. An existing sandbox keeps its own options,
   * and says nothing to `onProgress`.
   *
   * Throws what {@link Sandbox.create} throws.
   *
   * Permissions: those of {@link Sandbox.create}.
   */
  static getOrCreate(
    options: CreateSandboxOptions & { name: string },
  ): Promise<Sandbox> {
    return Sandbox.#create("sandbox.getOrCreate", options);
  }

  static async #create(
    operation: "sandbox.create" | "sandbox.getOrCreate",
    given: CreateSandboxOptions,
  ): Promise<Sandbox> {
    expectOptions(given);
    const { signal, onProgress, patches, ...options } = given;
    requireRootfs(options);
    requireMounts(options.mounts);
    requireHostAccess(options);
    const { bytes, ...encoded } = patches ? encodePatches(patches) : {};
    const client = await connect(signal);
    const before = new Date();
    const reply = await client.call(operation, { ...options, ...encoded }, {
      signal,
      bytes,
      ...progressEvents(onProgress),
    });
    // One that was there and ran was booted by another program.
    const isBooted = operation === "sandbox.create" || reply.result.ownsLifecycle;
    return new Sandbox(client, reply, { bootedAfter: isBooted ? before : undefined });
  }

  /**
   * Boots a stopped sandbox.
   *
   * Throws {@link SandboxNotFoundError}, {@link BootError}, and
   * {@link MicrosandboxError} with code `sandbox-still-running`.
   */
  static async start(
    name: string,
    { signal, ...options }: StartSandboxOptions = {},
  ): Promise<Sandbox> {
    const client = await connect(signal);
    const bootedAfter = new Date();
    const reply = await client.call("sandbox.start", { ...options, name }, { signal });
    return new Sandbox(client, reply, { bootedAfter });
  }

  /**
   * Looks a sandbox up.
   *
   * Throws {@link SandboxNotFoundError}.
   */
  static async get(
    name: string,
    options: Cancellable = {},
  ): Promise<SandboxHandle> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    const { result } = await client.call("sandbox.get", { name }, { signal });
    return new SandboxHandle(client, result);
  }

  /** All sandboxes, newest first. They are looked up page by page. */
  static list(
    options: ListSandboxesOptions = {},
  ): AsyncGenerator<SandboxHandle, void> {
    // The backend is the one of the call, not the one of the loop.
    return Sandbox.#pages(AsyncResource.bind(connect), options);
  }

  static async *#pages(
    connect: (signal?: AbortSignal) => Promise<Client>,
    { signal, pageSize = 100, ...options }: ListSandboxesOptions,
  ): AsyncGenerator<SandboxHandle, void> {
    const client = await connect(signal);
    let cursor: string | undefined;
    do {
      const page: ListOptions = { ...options, pageSize };
      if (cursor !== undefined) page.cursor = cursor;
      const { result } = await client.call("sandbox.list", page, { signal });
      for (const info of result.sandboxes) {
        yield new SandboxHandle(client, info);
      }
      cursor = result.nextCursor;
    } while (cursor !== undefined);
  }

  /**
   * Removes a stopped sandbox and everything in it.
   *
   * Throws {@link SandboxNotFoundError}, and {@link MicrosandboxError} with
   * code `sandbox-still-running`.
   */
  static async remove(
    name: string,
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    await client.call("sandbox.remove", { name }, { signal });
  }

  /**
   * Makes a sandbox from a snapshot, which is found like {@link Snapshot.get}
   * finds one, or from a file with one.
   *
   * Does and throws what {@link Snapshot.restore} does and throws.
   *
   * Permissions: `--allow-read` for a path, and what `bindings` names.
   */
  static async restore(
    snapshot: Snapshot | string,
    options: RestoreSandboxOptions = {},
  ): Promise<Sandbox> {
    if (snapshot instanceof Snapshot) return await snapshot.restore(options);
    requireReadOfPath(snapshot);
    return await restore(await connect(options.signal), { reference: snapshot }, options);
  }

  /** Returns how much every running sandbox uses, by the sandboxes' names. */
  static async metrics(
    options: Cancellable = {},
  ): Promise<Map<string, SandboxMetrics>> {
    const signal = onlySignal(options);
    const client = await connect(signal);
    const { result } = await client.call("metrics.all", {}, { signal });
    return new Map(
      Object.entries(result).map(([name, metrics]) => [name, toMetrics(metrics)]),
    );
  }

  /** The sandbox's name. */
  override get name(): string {
    return this.#live.name;
  }

  /**
   * The sandbox's identity, which a later sandbox of the same name does not
   * share.
   */
  override get id(): string {
    return this.#live.id;
  }

  /** Where the sandbox runs. */
  override get backend(): BackendKind {
    return this.#live.backend;
  }

  /**
   * Whether disposing of this object stops the sandbox. One that was created,
   * started or restarted also stops when the program ends, however it ends; a
   * fork or a restored one does not.
   */
  get ownsLifecycle(): boolean {
    return this.#live.ownsLifecycle || this.#made !== undefined;
  }

  /**
   * The ports of this machine that lead into the sandbox. Where any free one
   * was asked for, this says which it is.
   */
  get ports(): readonly PublishedPort[] {
    return this.#live.ports;
  }

  /**
   * Waits until a program in the guest listens on a port of it, on whichever
   * of its addresses. The port need not be published. A published port can be
   * connected to from the start, so that alone says nothing.
   *
   * Throws {@link WaitTimeoutError}.
   */
  async waitForPort(
    port: number,
    { signal, ...options }: WaitForPortOptions = {},
  ): Promise<void> {
    const handle = this.#openHandle();
    await this.#client.call("port.waitFor", { port, ...options }, {
      handle,
      signal,
    });
  }

  /**
   * Waits until an HTTP server in the guest answers. Its port has to be
   * published; on Deno the program needs `--allow-net` for it.
   *
   * Throws {@link WaitTimeoutError}, which says what came of the last request,
   * and {@link InvalidOptionError} for a port that is not published.
   */
  async waitForHttp(
    port: number,
    options: WaitForHttpOptions = {},
  ): Promise<void> {
    this.#openHandle();
    await waitForHttp(this.ports, port, options);
  }

  /**
   * Runs a program and collects what it prints. An exit code other than 0 is a
   * result and no error.
   *
   * A sandbox has 128 connections for all programs: each object like this one
   * has one, and each command that runs another. What comes on top waits up to
   * 30 seconds for one.
   *
   * Throws {@link ExecFailedError} when the program cannot be started,
   * {@link ExecTimeoutError} with the output so far after `timeoutMs`,
   * {@link CommandInterruptedError} when the sandbox ends meanwhile,
   * {@link SandboxNotRunningError}, and {@link MicrosandboxError} with code
   * `agent-client-error` when there was no connection to be had.
   */
  async exec(command: string, options?: ExecOptions): Promise<CommandOutput> {
    return await this.#run({ exec: command }, options);
  }

  /**
   * Runs a script in the sandbox's shell and collects what it prints.
   *
   * Values are passed safely as `args`: the script sees them as `$1`, `$2` and
   * so on; or with the template tag {@link sh}. Throws what
   * {@link Sandbox.exec} throws.
   */
  async shell(script: string, options?: ExecOptions): Promise<CommandOutput> {
    return await this.#run({ shell: script }, options);
  }

  /**
   * Runs the entrypoint and command of the image and collects what they print.
   *
   * Throws what {@link Sandbox.exec} throws, and {@link MicrosandboxError} with
   * code `no-default-command` when the image has none.
   */
  async execDefault(options?: ExecOptions): Promise<CommandOutput> {
    return await this.#run("default", options);
  }

  /**
   * Starts a program, and gives it back when it has started. It has a
   * connection like that of {@link Sandbox.exec} until it ends.
   *
   * Throws {@link ExecFailedError} when the program cannot be started,
   * {@link SandboxNotRunningError}, and {@link MicrosandboxError} with code
   * `agent-client-error` when there was no connection to be had.
   */
  async execStream(command: string, options?: ExecOptions): Promise<Process> {
    return await this.#spawn({ exec: command }, options);
  }

  /**
   * Starts a script in the sandbox's shell. It takes values as
   * {@link Sandbox.shell} does, and throws what {@link Sandbox.execStream}
   * throws.
   */
  async shellStream(script: string, options?: ExecOptions): Promise<Process> {
    return await this.#spawn({ shell: script }, options);
  }

  /**
   * Starts the entrypoint and command of the image.
   *
   * Throws what {@link Sandbox.execStream} throws, and
   * {@link MicrosandboxError} with code `no-default-command` when the image has
   * none.
   */
  async execDefaultStream(options?: ExecOptions): Promise<Process> {
    return await this.#spawn("default", options);
  }

  /**
   * Runs a program in this program's terminal until it ends or the user types
   * the detach keys, which kills it: a {@link Job} goes on.
   *
   * Returns how the program ended, or `undefined` when the user detached.
   * Throws {@link MicrosandboxError} with code `terminal-error` when standard
   * input is not a terminal, and what {@link Sandbox.execStream} throws.
   */
  async attach(
    command: string,
    options?: AttachOptions,
  ): Promise<CommandStatus | undefined> {
    return await attach((tty) => this.execStream(command, tty), options);
  }

  /**
   * Runs the sandbox's shell in this program's terminal. Otherwise like
   * {@link Sandbox.attach}.
   */
  async attachShell(
    options?: AttachOptions,
  ): Promise<CommandStatus | undefined> {
    return await attach(
      (tty) => this.shellStream('exec "$0" -i', tty),
      options,
    );
  }

  /**
   * Makes an SSH client of this sandbox. It needs no server in the guest, no
   * port and no key. Where it is not SSH that matters, {@link Sandbox.exec} and
   * {@link Sandbox.fs} do the same with more to choose from.
   */
  async ssh(options?: SshOptions): Promise<SshClient> {
    return await connectSsh(this.#client, this.#openHandle(), options);
  }

  /**
   * Listens on a port of this machine for SSH clients, such as `ssh`, `sftp`
   * and `scp`, and lets them into this sandbox. It needs no server in the guest.
   *
   * Throws {@link InvalidOptionError} for options and keys that make no sense,
   * and {@link PortUnavailableError}.
   *
   * Permissions: `--allow-net=<hostname>:<port>`, and
   * `--allow-read=<authorizedKeysFile>`.
   */
  async sshServer(options: SshServerOptions): Promise<SshServer> {
    return await serveSsh(this.#client, this.#openHandle(), options);
  }

  /**
   * Connects to this sandbox's agent, to speak its protocol. Otherwise like
   * {@link AgentClient.connect}.
   */
  async agent(options: Cancellable = {}): Promise<AgentClient> {
    const signal = onlySignal(options);
    const { name, id } = this;
    return await connectAgent(this.#client, { name, id }, signal);
  }

  /** The sandbox's jobs: commands that go on without this program. */
  get jobs(): Jobs {
    const owner = { client: this.#client, name: this.name, id: this.id };
    return toJobs(owner, () => this.#openHandle());
  }

  /** @internal */
  override [address](): Promise<Address> {
    // Without its connection it is still known by its name.
    const { name, id } = this;
    return Promise.resolve(
      this.#isReleased ? { client: this.#client, handle: 0, on: { sandbox: { name, id } } } : {
        client: this.#client,
        handle: this.#handle,
        on: {},
        bootedAfter: this.#bootedAfter,
      },
    );
  }

  /**
   * Asks the sandbox to shut down and waits until it has. Commands and files
   * cannot be used through this object afterwards.
   *
   * Throws {@link StopTimeoutError} after `timeoutMs`; the sandbox may then
   * still stop. Nothing is killed unless `force` says so.
   */
  override async stop(options: StopSandboxOptions = {}): Promise<void> {
    await super.stop(options);
    this.#release();
  }

  /**
   * Ends the sandbox at once and waits until it is gone. Commands and files
   * cannot be used through this object afterwards.
   *
   * Throws {@link StopTimeoutError} after `timeoutMs`; the sandbox may then
   * still go.
   */
  override async kill(options: KillSandboxOptions = {}): Promise<void> {
    await super.kill(options);
    this.#release();
  }

  /** Waits until the sandbox has stopped, whoever stops it. */
  override async waitUntilStopped(options: Cancellable = {}): Promise<StopResult> {
    const result = await super.waitUntilStopped(options);
    this.#release();
    return result;
  }

  /**
   * Stops the sandbox if it runs, and boots it again. The sandbox that this
   * resolves with takes the place of this object.
   *
   * Throws {@link StopTimeoutError}, {@link BootError}, and
   * {@link SandboxNotRunningError} when it is paused.
   */
  override async restart(options: RestartSandboxOptions = {}): Promise<Sandbox> {
    const restarted = await super.restart(options);
    this.#release();
    if (!options.detached) restarted.#made = this.#made;
    this.#made = undefined;
    return restarted;
  }

  /**
   * Stops the sandbox if it runs, and removes it and everything in it.
   *
   * Throws {@link StopTimeoutError} after `timeoutMs`, and has then removed
   * nothing.
   */
  override async destroy(options: DestroySandboxOptions = {}): Promise<void> {
    await super.destroy(options);
    this.#release();
  }

  /**
   * Changes the sandbox, as {@link SandboxBase.modify} says. When it was
   * restarted for that, take the object that `SandboxHandle.connect` gives;
   * disposing of this one still stops the sandbox.
   */
  override async modify(options: ModifySandboxOptions): Promise<ModificationPlan> {
    const plan = await super.modify(options);
    const restarts = [...plan.changes, ...plan.secretChanges].some((change) =>
      change.disposition === "requires-restart"
    );
    if (plan.applied && restarts) {
      this.#release();
      this.#runsOn = true;
    }
    return plan;
  }

  /**
   * Returns which mounts a restored sandbox lacks, or has otherwise than
   * its original. Empty for any other sandbox.
   */
  async restoreWarnings(options: Cancellable = {}): Promise<RestoreWarning[]> {
    const signal = onlySignal(options);
    const { result } = await this.#client.call(
      "sandbox.restoreWarnings",
      {},
      { handle: this.#openHandle(), signal },
    );
    return result;
  }

  /**
   * Leaves the sandbox running: it no longer ends with this program. Commands
   * and files cannot be used through this object afterwards; `Sandbox.get`
   * finds the sandbox again.
   */
  async detach(options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    const handle = this.#openHandle();
    await this.#client.call("sandbox.detach", {}, { handle, signal });
    this.#release();
    this.#made = undefined;
  }

  /**
   * Stops the sandbox if it belongs to this program, and kills it if it has
   * not stopped within 10 seconds. A fork or a restored sandbox belongs to it
   * too, unless it is `detached`, and is removed when it was given no name. A
   * sandbox that only was connected to keeps running.
   *
   * Throws {@link StopTimeoutError} when it still runs after having been killed.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    if (!this.ownsLifecycle) return this.#release();
    try {
      if (!this.#isReleased || this.#runsOn) {
        await this.stop({ timeoutMs: disposePatienceMs, force: true });
      }
    } catch (error) {
      // Otherwise there is nothing that could be stopped. Giving the handle back
      // ends whatever is left of it.
      if (error instanceof StopTimeoutError) throw error;
    } finally {
      this.#release();
    }
    if (this.#made === "nameless") await this.#remove();
  }

  /** Removes the sandbox, whose name nothing else knows, unless that was done. */
  async #remove(): Promise<void> {
    const { name, id } = this;
    await this.#client.call("sandbox.remove", { name, id }).catch(() => {});
  }

  async #run(program: Program, options?: ExecOptions): Promise<CommandOutput> {
    return await run(this.#client, this.#openHandle(), program, options);
  }

  async #spawn(program: Program, options?: ExecOptions): Promise<Process> {
    return await spawn(this.#client, this.#openHandle(), program, options);
  }

  #openHandle(): number {
    if (!this.#isReleased) return this.#handle;
    throw toError({
      code: "handle-closed",
      message: `Cannot use sandbox ${this.name} through this object: it was ` +
        `stopped, killed, restarted, detached or disposed; take the object that ` +
        `Sandbox.start or SandboxHandle.connect gives`,
      details: { name: this.name },
    });
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    abandoned.unregister(this);
    this.#client.release(this.#handle);
  }
}
