/**
 * What everything takes on this machine.
 *
 * @module
 */

import type { StoragePruneReport, StorageUsage } from "../../ffi/protocol/protocol.gen.ts";
import { type Cancellable, onlySignal } from "../cancellable.ts";
import { connect } from "./connection.ts";
import type { PruneStorageOptions } from "./options.gen.ts";

/**
 * The storage of sandboxes, images, snapshots and volumes on this machine.
 *
 * @example See what volumes take
 * ```ts
 * import { Storage } from "@x/microsandbox";
 *
 * const { volumes } = await Storage.usage();
 * console.log(volumes.count, volumes.allocatedBytes);
 * ```
 *
 * @category Storage
 */
export const Storage: {
  /**
   * Measures what is stored, which reads every directory.
   *
   * Throws {@link MicrosandboxError} with code `unsupported` in the cloud.
   */
  usage(options?: Cancellable): Promise<StorageUsage>;
  /**
   * Removes memory of forked sandboxes and of snapshots that nobody uses.
   * Images are removed with `Image.prune`; snapshots, volumes and sandboxes
   * only by their names.
   *
   * Throws {@link MicrosandboxError} with code `unsupported` in the cloud.
   */
  prune(options?: PruneStorageOptions): Promise<StoragePruneReport>;
} = {
  async usage(options = {}) {
    const signal = onlySignal(options);
    const client = await connect(signal);
    return (await client.call("storage.usage", {}, { signal })).result;
  },
  async prune({ signal, ...options } = {}) {
    const client = await connect(signal);
    return (await client.call("storage.prune", options, { signal })).result;
  },
};
