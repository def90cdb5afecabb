/**
 * The program's one client of the library.
 *
 * @module
 */

import { Client } from "../ffi/client.ts";
import { loadLibrary, provideLibrary } from "../ffi/library.ts";
import { toError } from "./errors.ts";

let connection: Promise<Client> | undefined;

/**
 * Loads the library when it is first needed. A failure is not remembered, so
 * that a program can mend what is missing and try again.
 */
export function connect(): Promise<Client> {
  return connection ??= open().catch((error) => {
    connection = undefined;
    throw error;
  });
}

async function open(): Promise<Client> {
  return new Client(await loadLibrary(await provideLibrary()), toError);
}
