/**
 * What a sandbox has to do with the network and with this machine.
 *
 * @module
 */

import { request as httpRequest } from "node:http";
import type { CreateOptions, PublishedPort } from "../../ffi/protocol/protocol.gen.ts";
import { checkTimeout, refuseOthers } from "../cancellable.ts";
import { WaitTimeoutError } from "../errors.ts";
import { toError } from "../failure.ts";
import {
  bracketed,
  list,
  requireEnv,
  requireNet,
  requirePorts,
  requireRead,
  requireSecrets,
  requireWrite,
} from "../host/permissions.ts";

/**
 * How to wait for a port.
 *
 * @category Sandboxes
 */
export interface WaitForPortOptions {
  /** The protocol. Default: `tcp`. */
  protocol?: "tcp" | "udp" | undefined;
  /** Milliseconds to wait. Default: 60000. */
  timeoutMs?: number | undefined;
  /** Gives up. The call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * How to wait for an HTTP server.
 *
 * @category Sandboxes
 */
export interface WaitForHttpOptions {
  /**
   * The path to ask for, which begins with a slash, with a query if needed.
   * Default: `/`.
   */
  path?: string | undefined;
  /**
   * The status to wait for. Default: any below 500: a server that has nothing at
   * the path is there too.
   */
  status?: number | undefined;
  /** Milliseconds to wait. Default: 60000. */
  timeoutMs?: number | undefined;
  /** Gives up. The call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** How often something without an event is looked at. */
const paceMs = 100;

/** How long one request may take before another one is made. */
const requestPatienceMs = 5_000;

/**
 * Makes sure that the program may use what the options of a create name on
 * this machine: ports, environment variables, files of certificates, sockets.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag. Options of a wrong
 * type are left to the library, which refuses them by name.
 */
export function requireHostAccess(options: CreateOptions): void {
  requirePorts(options.ports);
  for (const route of list(options.vsock)) {
    // To connect to a Unix socket Deno asks for both.
    requireFile(route?.hostSocket, requireRead);
    requireFile(route?.hostSocket, requireWrite);
  }
  requireSecrets(options.secrets);
  const { proxy, tls } = typeof options.network === "object" ? options.network ?? {} : {};
  if (typeof proxy?.passwordFromEnv === "string") {
    requireEnv(proxy.passwordFromEnv);
  }
  const authority = tls?.interceptionAuthority;
  const files = [
    ...list(tls?.upstreamCertificateAuthorities),
    ...list(tls?.upstreamCertificateAuthoritiesFor).map((scoped) => scoped?.path),
    authority?.certificatePath,
    authority?.keyPath,
  ];
  for (const file of files) requireFile(file, requireRead);
}

function requireFile(
  path: string | undefined,
  require: (path: string) => void,
): void {
  if (typeof path === "string") require(path);
}

/**
 * Waits until the HTTP server behind a published port answers.
 *
 * Throws {@link WaitTimeoutError}, which says what came of the last request, and
 * {@link InvalidOptionError}.
 */
export async function waitForHttp(
  ports: readonly PublishedPort[],
  guestPort: number,
  { path = "/", status, timeoutMs = 60_000, signal, ...others }: WaitForHttpOptions,
): Promise<void> {
  refuseOthers(others, "path, status, timeoutMs and signal");
  checkTimeout(timeoutMs);
  checkPath(path);
  const published = ports.find((port) => port.guestPort === guestPort && port.protocol === "tcp");
  if (published === undefined) {
    throw toError({
      code: "invalid-option",
      message: `Cannot send HTTP requests to port ${guestPort} of the guest: it is not ` +
        `published; add it to the ports option, or use waitForPort`,
      details: { path: "port" },
    });
  }
  const host = reachable(published.hostAddress);
  const { hostPort } = published;
  const authority = `${bracketed(host)}:${hostPort}`;
  requireNet(authority);
  const deadline = Date.now() + timeoutMs;
  // A status says more than that a later request was not answered in time.
  let last: number | string = "none was sent";
  while (true) {
    const answer = await request(
      { host, port: hostPort, path },
      Math.min(requestPatienceMs, deadline - Date.now()),
      signal,
    );
    if (
      typeof answer === "number" &&
      (status === undefined ? answer < 500 : answer === status)
    ) return;
    if (typeof answer === "number" || typeof last !== "number") last = answer;
    if (Date.now() + paceMs >= deadline) {
      throw new WaitTimeoutError(
        "wait-timeout",
        `Port ${guestPort} of the guest did not answer http://${authority}${path} as wanted ` +
          `within ${timeoutMs} ms (last: ${typeof last === "number" ? `status ${last}` : last}): ${
            remedy(last, status)
          }`,
        { port: guestPort, timeoutMs },
      );
    }
    await pause(paceMs, signal);
  }
}

/** Refuses what would ask another server, or not be a request at all. */
function checkPath(path: unknown): void {
  if (typeof path === "string" && /^\/[!-~]*$/.test(path)) return;
  throw toError({
    code: "invalid-option",
    message: `Cannot ask for ${JSON.stringify(path)}: give a path that begins with a slash, ` +
      `with other than ASCII characters percent-encoded`,
    details: { path: "path" },
  });
}

/** What to do about the last thing that was seen of a server. */
function remedy(last: number | string, status: number | undefined): string {
  if (typeof last !== "number") {
    return `check that the server starts, and listens on the guest's address and not only on ` +
      `its loopback`;
  }
  if (status !== undefined) {
    return `the server answers, so ask for the status that it has, or for another path`;
  }
  return `the server answers that it fails, so look at what it prints`;
}

/** The status of the answer, or why there was none. No proxy is asked. */
function request(
  target: { host: string; port: number; path: string },
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<number | string> {
  const timeout = AbortSignal.timeout(Math.max(1, patienceMs));
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ ...target, agent: false }, (response) => {
      either.removeEventListener("abort", onAbort);
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    const onAbort = () => {
      sent.destroy();
      if (signal?.aborted) reject(signal.reason);
      else resolve(`no answer within ${patienceMs} ms`);
    };
    sent.on("error", (error) => {
      either.removeEventListener("abort", onAbort);
      resolve(error.message);
    });
    either.addEventListener("abort", onAbort, { once: true });
    if (either.aborted) onAbort();
    else sent.end();
  });
}

function pause(
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** An address that can be connected to, where one is listened on. */
function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}
