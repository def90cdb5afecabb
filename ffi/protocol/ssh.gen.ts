// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { TerminalSize } from "./command.gen.ts";

/** What to run over SSH. */
export interface SshCommandRequest {
  /**
   * A script, which the sandbox's shell gets with `-c`. Default: the shell
   * reads its input.
   */
  command?: string | undefined;
  /** Runs it in a terminal of this size. Default: no terminal. */
  tty?: TerminalSize | undefined;
}

/** As whom to log in. */
export interface SshRequest {
  /** The guest user to log in as. Default: `root`. */
  user?: string | undefined;
  /**
   * What programs with a terminal are told that it is. Default: the
   * variable `TERM` of this program, or `xterm`.
   */
  term?: string | undefined;
}

/** Something that happened at an SSH server. */
export type SshServerEvent =
  | {
    type: "loggedIn";
    /** The user that it asked for. */
    user: string;
    /** The SHA-256 fingerprint of its key, as `ssh-keygen -l` shows it. */
    fingerprint: string;
    /** Its address and port. */
    remoteAddress: string;
  }
  | {
    type: "refused";
    /** The user that it asked for. */
    user: string;
    /** The SHA-256 fingerprint of the key, as `ssh-keygen -l` shows it. */
    fingerprint: string;
    /** Its address and port. */
    remoteAddress: string;
  }
  | {
    type: "missed";
    /** How many. */
    count: number;
  };

/** A server that listens. Its handle is in the frame. */
export interface SshServerInfo {
  /** The port that it listens on. */
  port: number;
  /** Its public key, as in `known_hosts`. */
  hostKey: string;
}

/** Where to listen, and who may log in. */
export interface SshServerRequest {
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
}
