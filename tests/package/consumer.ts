// What programs write with this module's types. It only has to pass the type
// checker: Deno's with the module's source, and that of TypeScript and Bun with
// the package, both with `exactOptionalPropertyTypes`.

import process from "node:process";
import type {
  CommandOutput,
  CreateSandboxOptions,
  ExecOptions,
  ExecTimeoutError,
  Job,
  LogEntry,
  Process,
  ProcessEvent,
  Sandbox,
  Volume,
} from "@x/microsandbox";
import { MicrosandboxError } from "@x/microsandbox";
import type { AgentFrame, CreateProgress, Mount } from "@x/microsandbox/types";

/** Bytes go where the Web's interfaces take them. */
export async function bytes(
  output: CommandOutput,
  entry: LogEntry,
  event: ProcessEvent,
  running: Process,
  error: ExecTimeoutError,
  job: Job,
  frame: AgentFrame,
): Promise<void> {
  new Response(output.stdout);
  new Blob([output.stderr, entry.bytes, error.stdout, frame.body]);
  if (event.type === "stdout") new Blob([event.data]);
  await crypto.subtle.digest("SHA-256", output.stdout);
  for await (const { data } of job.logs()) new Response(data);
  new Response(running.stdout);
  running.stdout.pipeThrough(new TextDecoderStream());
  running.stderr.pipeThrough(new CompressionStream("gzip"));
}

/** Options may be undefined, and are passed on. */
export async function run(
  sandbox: Sandbox,
  options: { signal?: AbortSignal | undefined; cwd: string | undefined },
): Promise<string> {
  const args: readonly string[] = ["-c", "true"];
  await sandbox.exec("sh", { ...options, args, env: process.env });
  await sandbox.exec("cat", { stdin: (await fetch("http://127.0.0.1/")).body });
  await sandbox.fs.readFile("/x", options);
  await sandbox.stop({ signal: options.signal, timeoutMs: undefined });
  const exec: ExecOptions = { args, stdin: new Blob(["x"]).stream(), tty: undefined };
  return (await sandbox.exec("cat", exec)).text();
}

/** The options of a create are put together from parts. */
export function create(
  some: Partial<CreateSandboxOptions>,
  mount: Mount,
  onProgress: ((progress: CreateProgress) => void) | undefined,
): CreateSandboxOptions {
  const ports: readonly number[] = [80];
  const options: CreateSandboxOptions = { image: "alpine", ...some };
  return { ...options, ports, mounts: { "/data": mount }, onProgress };
}

/** Files take and give streams. */
export async function files(volume: Volume, source: ReadableStream<Uint8Array>): Promise<Blob> {
  await volume.fs.writeFile("/x", source);
  await using file = await volume.fs.open("/x", { read: true });
  await new Response(file.readable).text();
  return new Blob([await volume.fs.readFile("/x")]);
}

/** Errors are told apart by class and by code. */
export function isMissing(error: unknown): boolean {
  return error instanceof MicrosandboxError && error.code === "sandbox-not-found";
}

/** What the module gives has no key too many. */
export function misspelt(sandbox: Sandbox): Promise<CommandOutput> {
  // @ts-expect-error: a misspelt option is an error.
  return sandbox.exec("true", { workingDirectory: "/" });
}
