/**
 * What a sandbox has to do with the network and with this machine.
 *
 * @module
 */

import type { CreateOptions, PublishedPort } from "../../ffi/protocol/protocol.gen.ts";
import { checkTimeout } from "../cancellable.ts";
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
  /** The path to ask for, with a query if needed. Default: `/`. */
  path?: string | undefined;
  /** The status to wait for. Default: any below 400. */
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
  refuseOthers(others);
  checkTimeout(timeoutMs);
  const published = ports.find((port) => port.guestPort === guestPort && port.protocol === "tcp");
  if (published === undefined) {
    throw toError({
      code: "invalid-option",
      message: `Cannot send HTTP requests to port ${guestPort} of the guest: it is not ` +
        `published; add it to the ports option, or use waitForPort`,
      details: { path: "port" },
    });
  }
  const address = `${reachable(published.hostAddress)}:${published.hostPort}`;
  requireNet(address);
  const url = new URL(path, `http://${address}`);
  const deadline = Date.now() + timeoutMs;
  // A status says more than that a later request was not answered in time.
  let last: number | string = "none was sent";
  while (true) {
    const answer = await request(
      url,
      Math.min(requestPatienceMs, deadline - Date.now()),
      signal,
    );
    if (
      typeof answer === "number" &&
      (status === undefined ? answer < 400 : answer === status)
    ) return;
    if (typeof answer === "number" || typeof last !== "number") last = answer;
    if (Date.now() + paceMs >= deadline) {
      throw new WaitTimeoutError(
        "wait-timeout",
        `Port ${guestPort} of the guest did not answer ${url} as wanted within ${timeoutMs} ms ` +
          `(last: ${typeof last === "number" ? `status ${last}` : last}): check that the ` +
          `server starts and listens on the guest's address, not only on its loopback`,
        { port: guestPort, timeoutMs },
      );
    }
    await pause(paceMs, signal);
  }
}

/** Refuses what is no option, as the library does for other calls. */
function refuseOthers(others: object): void {
  const [name] = Object.keys(others);
  if (name === undefined) return;
  throw toError({
    code: "unknown-option",
    message: `Cannot use option ${name}: waitForHttp takes path, status, ` +
      `timeoutMs and signal`,
    details: { path: name },
  });
}

/** The status of the answer, or why there was none. */
async function request(
  url: URL,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<number | string> {
  const timeout = AbortSignal.timeout(Math.max(1, patienceMs));
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
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
  return bracketed(address === "::" ? "::1" : address);
}
