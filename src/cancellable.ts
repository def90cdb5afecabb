/**
 * Calls that can be given up.
 *
 * @module
 */

/** What can be given up before it is done. */
export interface Cancellable {
  /**
   * Gives up. The call then fails with the signal's reason, after what it had
   * begun is undone.
   */
  signal?: AbortSignal;
}
