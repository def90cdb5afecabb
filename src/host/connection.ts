/**
 * The clients of the library: the program's own, and those of its backends.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { Client } from "../../ffi/client.ts";
import { provideLibrary } from "../../ffi/library/library.ts";
import type { Native } from "../../ffi/native.ts";
import type { ClientConfig } from "../../ffi/protocol/protocol.gen.ts";
import { unlessAborted } from "../cancellable.ts";
import { toError } from "../failure.ts";
import { requireEnv, requireNet, requireRead, requireWrite } from "./permissions.ts";

let library: Promise<Native> | undefined;
let connection: Promise<Client> | undefined;

/** The client of the backend that the code that is running was given to. */
const scope = new AsyncLocalStorage<Client>();

/**
 * The client to call: that of the backend whose `run` this is in, else the
 * program's own.
 *
 * The library is loaded when it is first needed. A failure is not remembered,
 * so that a program can mend what is missing and try again. An aborted `signal`
 * ends only this wait, with its reason: the library is loaded for all.
 */
export async function connect(signal?: AbortSignal): Promise<Client> {
  signal?.throwIfAborted();
  const scoped = scope.getStore();
  if (scoped !== undefined) return scoped;
  connection ??= open({}).catch((error) => {
    connection = undefined;
    throw error;
  });
  const opened = connection;
  const client = await (signal ? unlessAborted(opened, signal) : opened);
  if (!client.isClosed) return client;
  // It could not go on with what the library sent. Another one may.
  if (connection === opened) connection = undefined;
  return await connect(signal);
}

/** Runs `work` with a client for everything that it calls. */
export function connected<T>(client: Client, work: () => T): T {
  return scope.run(client, work);
}

/**
 * Opens a client of a backend.
 *
 * Throws `Deno.errors.NotCapable` when the program may not use its directory,
 * reach its host, or read the environment variable that its key is in.
 */
export async function open(config: ClientConfig): Promise<Client> {
  library ??= provideLibrary().catch((error) => {
    library = undefined;
    throw error;
  });
  const client = new Client(await library, toError, config);
  try {
    await requireBackend(client);
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

async function requireBackend(client: Client): Promise<void> {
  const { result } = await client.call("backend.requirements", {});
  if (result.home !== undefined) {
    requireRead(result.home);
    requireWrite(result.home);
  }
  if (result.apiKeyVariable !== undefined) requireEnv(result.apiKeyVariable);
  const url = URL.parse(result.url ?? "");
  // The library says what is wrong with one that is none.
  if (url === null || url.host === "") return;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  requireNet(`${url.hostname}:${port}`);
}
