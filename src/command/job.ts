/**
 * Jobs: commands that belong to their sandbox instead of the program that
 * started them.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import type {
  FatalSignal,
  JobExit,
  JobInfo,
  JobListOptions,
  JobLogFilter,
  JobLogRecord,
  JobLogSource,
  JobState,
  JobTarget,
  Program,
  Signal,
} from "../../ffi/protocol/protocol.gen.ts";
import { readStream } from "../../ffi/stream.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { showAs } from "../inspect.ts";
import type { AttachJobOptions, JobLogsOptions, StartJobOptions } from "./options.gen.ts";
import { type Process, toBytes, toProcess, toRequest } from "./process.ts";

/** Which jobs to list. */
export interface ListJobsOptions extends Cancellable {
  /** Whether jobs that have ended are listed too. Default: `false`. */
  all?: boolean | undefined;
}

/**
 * A piece of a job's output.
 *
 * @category Commands
 */
export interface JobLogEntry {
  /** When it was captured. */
  time: Date;
  /** Where it comes from. */
  source: JobLogSource;
  /** The output. */
  data: Uint8Array<ArrayBuffer>;
  /** Where to go on reading behind it. */
  cursor: string;
}

/** Which sandbox jobs belong to. */
export interface JobOwner {
  /** The client to call. */
  client: Client;
  /** The sandbox's name. */
  name: string;
  /** The sandbox's identity. */
  id: string;
}

/** Makes the object for the jobs of a sandbox that runs. */
export let toJobs: (owner: JobOwner, handle: () => number) => Jobs;

/** Makes the object for the jobs that a sandbox has or had. */
export let toJobHistory: (owner: JobOwner) => JobHistory;

/** Jobs that a sandbox has or had, whether or not it runs. */
export class JobHistory {
  readonly #owner: JobOwner;

  static {
    toJobHistory = (owner) => new JobHistory(owner);
  }

  /** Made by this module only. */
  protected constructor(owner: JobOwner) {
    this.#owner = owner;
  }

  /**
   * Looks a job up.
   *
   * Throws {@link MicrosandboxError} with code `job-not-found`.
   */
  async get(id: string, options: Cancellable = {}): Promise<Job> {
    const signal = onlySignal(options);
    const target = toTarget(this.#owner, id);
    const { client } = this.#owner;
    const { result } = await client.call("job.get", target, { signal });
    return toJob(this.#owner, result);
  }

  /** The jobs. They are looked up page by page. */
  async *list(
    { signal, ...options }: ListJobsOptions = {},
  ): AsyncGenerator<Job, void> {
    const { client, name: sandbox, id: sandboxId } = this.#owner;
    const request: JobListOptions = { sandbox, sandboxId, limit: 100, ...options };
    while (true) {
      const { result } = await client.call("job.list", request, { signal });
      for (const info of result.jobs) yield toJob(this.#owner, info);
      if (result.nextCursor === undefined) return;
      request.cursor = result.nextCursor;
    }
  }
}

/**
 * Jobs of a sandbox that runs.
 *
 * @category Commands
 */
export class Jobs extends JobHistory {
  readonly #owner: JobOwner;
  readonly #handle: () => number;

  static {
    toJobs = (owner, handle) => new Jobs(owner, handle);
  }

  private constructor(owner: JobOwner, handle: () => number) {
    super(owner);
    this.#owner = owner;
    this.#handle = handle;
  }

  /**
   * Starts a program as a job. It goes on when this program ends, as long as
   * the sandbox runs, and its output is kept.
   *
   * Throws {@link MicrosandboxError} with code `exec-failed` when the program
   * cannot be started, and `job-launch-unconfirmed` when that is not known:
   * `details.id` is the job to look up.
   */
  async exec(command: string, options?: StartJobOptions): Promise<Job> {
    return await this.#start({ exec: command }, options);
  }

  /**
   * Starts a script in the sandbox's shell as a job. It takes values as
   * `Sandbox.shell` does, and otherwise is like {@link Jobs.exec}.
   */
  async shell(script: string, options?: StartJobOptions): Promise<Job> {
    return await this.#start({ shell: script }, options);
  }

  async #start(
    program: Program,
    { signal, stdin, ...options }: StartJobOptions = {},
  ): Promise<Job> {
    const handle = this.#handle();
    const source = stdin === undefined ? "piped" : stdin === null ? "null" : "bytes";
    const { client } = this.#owner;
    const { result } = await client.call(
      "job.start",
      toRequest(program, source, options),
      { handle, bytes: toBytes(stdin, "a string, a Uint8Array or null"), signal },
    );
    return toJob(this.#owner, result);
  }
}

/** Makes the object for a job. */
let toJob: (owner: JobOwner, info: JobInfo) => Job;

/**
 * A job, and what was known about it when it was looked up. It holds nothing
 * open.
 *
 * @example Start a job, and read its output later
 * ```ts
 * import { Sandbox } from "@x/microsandbox";
 *
 * await using sandbox = await Sandbox.create({ image: "alpine:3.22" });
 * const job = await sandbox.jobs.shell("for i in 1 2 3; do echo $i; sleep 1; done");
 * for await (const { data } of job.logs({ follow: true })) {
 *   console.log(new TextDecoder().decode(data).trimEnd());
 * }
 * console.log((await job.wait()).code);
 * ```
 *
 * @category Commands
 */
export class Job {
  readonly #owner: JobOwner;
  readonly #info: JobInfo;

  static {
    toJob = (owner, info) => new Job(owner, info);
    showAs(this, "Job", ({ id, command, state }) => ({ id, command, state }));
  }

  private constructor(owner: JobOwner, info: JobInfo) {
    this.#owner = owner;
    this.#info = info;
  }

  /** The job's id, which no other job of the sandbox ever has. */
  get id(): string {
    return this.#info.id;
  }

  /** The program and its arguments. */
  get command(): readonly string[] {
    return this.#info.command;
  }

  /** What the job was doing when it was looked up. */
  get state(): JobState {
    return this.#info.state;
  }

  /** Whether the job runs in a terminal. */
  get tty(): boolean {
    return this.#info.tty;
  }

  /** The process id in the guest, once the job has started. */
  get pid(): number | undefined {
    return this.#info.pid;
  }

  /** Whether the job's standard input has ended for good. */
  get stdinClosed(): boolean {
    return this.#info.stdinClosed;
  }

  /** Whether the job was killed because it ran too long. */
  get timedOut(): boolean {
    return this.#info.timedOut;
  }

  /** When the job was accepted. */
  get createdAt(): Date {
    return new Date(this.#info.createdAt);
  }

  /** When the job started, if it has. */
  get startedAt(): Date | undefined {
    return toDate(this.#info.startedAt);
  }

  /** When the end of the job was seen, if it was. */
  get finishedAt(): Date | undefined {
    return toDate(this.#info.finishedAt);
  }

  /** The exit code, once the job has ended. */
  get exitCode(): number | undefined {
    return this.#info.exitCode;
  }

  /** The signal that ended the job, if one did. */
  get signal(): FatalSignal | undefined {
    return this.#info.signal;
  }

  /** Why the job could not be started, or why its end is not known. */
  get error(): string | undefined {
    return this.#info.error;
  }

  /** Looks the job up again. */
  async refresh(options: Cancellable = {}): Promise<Job> {
    const signal = onlySignal(options);
    const { client } = this.#owner;
    const { result } = await client.call("job.get", this.#target, { signal });
    return toJob(this.#owner, result);
  }

  /**
   * Waits until the job has ended. Giving up does not end the job.
   *
   * Throws {@link MicrosandboxError} with code `job-lost` when its sandbox
   * stopped before, and `exec-failed` when it could not be started.
   */
  async wait(options: Cancellable = {}): Promise<JobExit> {
    const signal = onlySignal(options);
    const { client } = this.#owner;
    const { result } = await client.call("job.wait", this.#target, { signal });
    return result;
  }

  /**
   * Sends a signal to the job and its children. Default: `SIGTERM`.
   *
   * Throws {@link MicrosandboxError} with code `job-not-running` when it has
   * ended.
   */
  async kill(
    signalToSend: Signal | number = "SIGTERM",
    options: Cancellable = {},
  ): Promise<void> {
    const signal = onlySignal(options);
    const { client } = this.#owner;
    await client.call("job.signal", {
      target: this.#target,
      signal: signalToSend,
    }, { signal });
  }

  /** Ends the job's standard input for good. */
  async closeStdin(options: Cancellable = {}): Promise<void> {
    const signal = onlySignal(options);
    const { client } = this.#owner;
    await client.call("job.closeInput", this.#target, { signal });
  }

  /**
   * The output that was kept, and with `follow` what is to come until the job
   * ends.
   *
   * Throws {@link MicrosandboxError} with code `job-output-gap` when output was
   * dropped before it was read, and `invalid-cursor`.
   */
  async *logs(
    { signal, since, until, ...options }: JobLogsOptions = {},
  ): AsyncGenerator<JobLogEntry, void> {
    const { client } = this.#owner;
    const filter: JobLogFilter = options;
    if (since) filter.since = since.getTime();
    if (until) filter.until = until.getTime();
    const { handle } = await client.call("job.logs", {
      target: this.#target,
      options: filter,
    }, { signal });
    for await (const { json, bytes } of readStream(client, handle, { signal })) {
      const { timestamp, source, cursor } = json as JobLogRecord;
      yield { time: new Date(timestamp), source, data: bytes, cursor };
    }
  }

  /**
   * Attaches to the job: its streams are the job's from now on. Disposing the
   * process detaches from the job, which goes on.
   */
  async attach(
    { signal, ...options }: AttachJobOptions = {},
  ): Promise<Process> {
    const { client } = this.#owner;
    const { handle } = await client.call("job.attach", {
      target: this.#target,
      options,
    }, { signal });
    return toProcess({
      client,
      handle,
      pid: this.pid ?? 0,
      isPiped: !options.readOnly,
      isOwned: false,
    });
  }

  get #target(): JobTarget {
    return toTarget(this.#owner, this.id);
  }
}

function toTarget(owner: JobOwner, job: string): JobTarget {
  return { sandbox: owner.name, sandboxId: owner.id, job };
}

function toDate(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
