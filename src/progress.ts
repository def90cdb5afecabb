/**
 * Callbacks that hear how far a call is.
 *
 * @module
 */

import { AsyncResource } from "node:async_hooks";
import type { CallOptions } from "../ffi/client.ts";

/**
 * The part of a call that tells a user's callback its events.
 *
 * Events arrive in the context of whichever call the program waits for first.
 * The callback runs in that of its own call, so that what it calls acts on the
 * backend that the call was made on.
 */
export function progressEvents<Progress>(
  onProgress: ((progress: Progress) => void) | undefined,
): Pick<CallOptions, "onEvent"> {
  if (!onProgress) return {};
  return {
    onEvent: AsyncResource.bind((event: unknown) => onProgress(event as Progress)),
  };
}
