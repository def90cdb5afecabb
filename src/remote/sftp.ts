/**
 * Files of a sandbox over SFTP.
 *
 * @module
 */

import type { Client } from "../../ffi/client.ts";
import { toError } from "../failure.ts";
import { type FileSystem, toFileSystem } from "../files/fs.ts";

/** Makes the object for a session that the library has started. */
export let toSftp: (client: Client, handle: number) => SftpSession;

/**
 * An SFTP session, which {@link SshClient.sftp} starts.
 *
 * @category Remote access
 */
export class SftpSession implements AsyncDisposable {
  readonly #client: Client;
  readonly #handle: number;
  #isClosed = false;
  /**
   * The guest's files. They are opened and created as the `user` of the client;
   * everything else, such as removing them, is done as the guest's `root`.
   *
   * Paths that are not absolute begin at the sandbox's working directory. SFTP
   * tells few errors apart: there are {@link FileNotFoundError},
   * {@link FilePermissionError}, and {@link FileSystemError} with code
   * `filesystem-error` for everything else that the server refuses. `copyFile`
   * copies through this program, and times have full seconds.
   */
  readonly fs: FileSystem;

  static {
    toSftp = (client, handle) => new SftpSession(client, handle);
  }

  private constructor(client: Client, handle: number) {
    this.#client = client;
    this.#handle = handle;
    this.fs = toFileSystem(() => ({ client, handle: this.#openHandle() }));
  }

  /** Ends the session. Files that were opened through it can still be used. */
  close(): Promise<void> {
    if (!this.#isClosed) this.#client.release(this.#handle);
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** Ends the session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #openHandle(): number {
    if (!this.#isClosed) return this.#handle;
    throw toError({
      code: "handle-closed",
      message: "Cannot use the SFTP session: it was closed",
    });
  }
}
