/**
 * What can go wrong before the library is there.
 *
 * @module
 */

/**
 * What went wrong, as a stable name:
 *
 * - `unsupported-target`: there is no library for this machine
 * - `library-not-found`: it is not there, and nothing says where to get it
 * - `download-failed`: it could not be fetched
 * - `download-corrupt`: what was fetched is not the file that was released
 * - `cache-unwritable`: it cannot be kept where it belongs
 * - `disk-full`: there is no room for it
 * - `library-load-failed`: the file cannot be loaded
 * - `library-incompatible`: the file is of another version
 * - `library-loaded`: another one is in use already
 */
export type LibraryErrorCode =
  | "unsupported-target"
  | "library-not-found"
  | "download-failed"
  | "download-corrupt"
  | "cache-unwritable"
  | "disk-full"
  | "library-load-failed"
  | "library-incompatible"
  | "library-loaded";

/**
 * The library could not be found, fetched or used. The message says what to do.
 *
 * @category Errors
 */
export class LibraryError extends Error {
  /** The class's name. */
  override readonly name = "LibraryError";
  /** A stable name for what went wrong. */
  readonly code: LibraryErrorCode;

  /** Made by this module only. */
  constructor(code: LibraryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
