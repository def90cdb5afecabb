// GENERATED from capi/src by capi/src/generated/public.rs. Do not edit; run
// `deno task generate` instead.

/**
 * Options of calls, each with every key.
 *
 * @module
 */

import type { TerminalSize } from "../../ffi/protocol/protocol.gen.ts";

/**
 * How to connect over SSH.
 *
 * @category Remote access
 */
export interface SshOptions {
  /** The guest user to log in as. Default: `root`. */
  user?: string | undefined;
  /**
   * What programs with a terminal are told that it is. Default: the
   * variable `TERM` of this program, or `xterm`.
   */
  term?: string | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}

/**
 * How to run a command over SSH.
 *
 * @category Remote access
 */
export interface SshExecOptions {
  /**
   * The command's standard input; `null` for none. A stream is read as fast as
   * the command takes it. Default: none when the output is collected; with a
   * `Process`, its `stdin`.
   */
  stdin?: string | Uint8Array | ReadableStream<Uint8Array> | null | undefined;
  /**
   * Runs the command in a terminal of its own, in which standard output and
   * standard error are one. `true` stands for 80 columns and 24 rows. Default:
   * `false`.
   */
  tty?: boolean | TerminalSize | undefined;
  /** Kills the command. The call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Where to listen for SSH clients, and whom to let in.
 *
 * @category Remote access
 */
export interface SshServerOptions {
  /**
   * The port of this machine, from 0 to 65535; 0 is any free one. Default:
   * 0.
   */
  port?: number | undefined;
  /**
   * The address of this machine to listen on; `0.0.0.0` is all, which lets
   * other machines in. Default: `127.0.0.1`.
   */
  hostname?: string | undefined;
  /**
   * The public keys of those who may log in, each as a line of an
   * `authorized_keys` file. Options in front of a key are refused. Default:
   * those of `authorizedKeysFile`.
   */
  authorizedKeys?: readonly string[] | undefined;
  /**
   * A file of this machine with more of them. It is read once, at the
   * start. Default: none.
   */
  authorizedKeysFile?: string | undefined;
  /**
   * The guest user that everybody becomes. Default: the one that a client
   * logs in as.
   */
  user?: string | undefined;
  /** Whether clients may use SFTP, and with it `scp`. Default: `true`. */
  sftp?: boolean | undefined;
  /**
   * The private key that shows clients whom they talk to, as the text of a
   * file in OpenSSH's or PEM format without a passphrase. Default: a key that
   * is made once for the sandbox and kept with it.
   */
  hostKey?: string | undefined;
  /**
   * After how many quiet milliseconds a connection is closed, with the
   * commands in it; 0 is never. Default: 600000.
   */
  inactivityTimeoutMs?: number | undefined;
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal | undefined;
}
