/**
 * Deno's permissions for what an option names on this machine.
 *
 * The library is native code, which Deno does not confine, so these functions
 * ask for what the same access from JavaScript would need. They guard honest
 * programs against surprises; against hostile code `--allow-ffi` is full trust.
 * Bun has no permissions, and there they do nothing.
 *
 * @module
 */

import type { Bindings, PortOption } from "../../ffi/protocol/protocol.gen.ts";

/**
 * Makes sure that the program may read a path of this machine.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireRead(path: string): void {
  require({ name: "read", path }, `read access to "${path}"`, `--allow-read=${path}`);
}

/**
 * Makes sure that the program may write a path of this machine.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireWrite(path: string): void {
  require({ name: "write", path }, `write access to "${path}"`, `--allow-write=${path}`);
}

/**
 * Makes sure that the program may use a path of this machine, if the value is
 * one: it may also be a name that the library looks up.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireReadOfPath(
  reference: string,
  requirePath: (path: string) => void = requireRead,
): void {
  // As the library tells the two apart.
  if (/^[.~]|[/\\]/.test(reference)) requirePath(reference);
}

/**
 * Makes sure that the program may listen on ports of this machine.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag. What is no address or
 * no port is left to the library, which says what is wrong with it.
 */
export function requirePorts(ports: readonly PortOption[] | undefined): void {
  for (const port of list(ports)) {
    const { hostAddress = "127.0.0.1", hostPort = 0 } = typeof port === "object" ? port ?? {} : {};
    // Deno, too, refuses to be asked about what is no address and port.
    if (/^[\da-f.:]+$/i.test(hostAddress) && hostPort >= 0 && hostPort < 65_536) {
      requireNet(`${bracketed(hostAddress)}:${hostPort}`);
    }
  }
}

/**
 * Makes sure that the program may read the environment variables that secrets
 * come from.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireSecrets(
  secrets:
    | { readonly [name: string]: { fromEnv?: string | undefined } | null | undefined }
    | undefined,
): void {
  for (const secret of Object.values(secrets ?? {})) {
    if (typeof secret?.fromEnv === "string") requireEnv(secret.fromEnv);
  }
}

/**
 * Makes sure that the program may use what a restored or forked sandbox is to
 * use of this machine.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireBindings({ mounts = {}, ports }: Bindings = {}): void {
  for (const mount of Object.values(mounts)) {
    const path = mount?.bind ?? mount?.disk;
    if (path === undefined) continue;
    requireRead(path);
    if (!mount?.readonly) requireWrite(path);
  }
  requirePorts(ports);
}

/** A host as it stands before a port. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** What is no list is refused by the library, by its name. */
export function list<T>(items: readonly T[] | undefined): readonly T[] {
  return Array.isArray(items) ? items : [];
}

/**
 * Makes sure that the program may use a host and port, such as
 * `127.0.0.1:8080`, to connect or to listen.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireNet(host: string): void {
  require({ name: "net", host }, `net access to "${host}"`, `--allow-net=${host}`);
}

/**
 * Makes sure that the program may read an environment variable.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireEnv(variable: string): void {
  require({ name: "env", variable }, `env access to "${variable}"`, `--allow-env=${variable}`);
}

/**
 * Makes sure that the program may run a program of this machine.
 *
 * Throws `Deno.errors.NotCapable`, which names the flag.
 */
export function requireRun(command: string): void {
  require({ name: "run", command }, `run access to "${command}"`, `--allow-run=${command}`);
}

function require(
  descriptor: Deno.PermissionDescriptor,
  access: string,
  flag: string,
): void {
  if (!("Deno" in globalThis)) return;
  // Where there is somebody to ask, Deno asks; with --no-prompt it does not.
  if (Deno.permissions.requestSync(descriptor).state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires ${access}, run again with the ${flag} flag`,
  );
}
