/**
 * What a runtime's wrapper offers: the exported functions of the library, and
 * a way to wait that does not block the event loop.
 *
 * Only numbers and typed arrays cross this line. Under a scoped `--allow-ffi`
 * Deno allows nothing else, and it is all that is needed.
 *
 * @module
 */

/** The library's functions. Each returns a status; see `include/microsandbox.h`. */
export interface Native {
  /** The version of the interface that the library has. */
  abiVersion(): number;
  /** Opens a client and writes its number to `outClient[0]`. */
  clientOpen(
    config: Uint8Array<ArrayBuffer>,
    configLength: number,
    outClient: Uint32Array<ArrayBuffer>,
  ): number;
  /** Closes a client. */
  clientClose(client: number): number;
  /** Starts an operation. Both buffers are copied before this returns. */
  submit(
    client: number,
    request: number,
    operation: number,
    handle: number,
    options: Uint8Array<ArrayBuffer>,
    optionsLength: number,
    bytes: Uint8Array<ArrayBuffer>,
    bytesLength: number,
  ): number;
  /** Asks a request in flight to end. */
  cancel(client: number, request: number): number;
  /** Moves frames to `out` and writes their total length to `outLength[0]`. */
  receive(
    client: number,
    out: Uint8Array<ArrayBuffer>,
    capacity: number,
    outLength: Uint32Array<ArrayBuffer>,
  ): number;
  /** Gives a handle back. */
  release(client: number, handle: number): number;
  /**
   * Prepares waiting on one client.
   *
   * The function that it returns resolves when frames may be waiting. It is
   * called again only after that, and only while something is in flight,
   * because a pending wait keeps the program from ending. Once `isClosed`, a
   * wait resolves when nothing of the waiting is left.
   */
  waiter(client: number, isClosed: () => boolean): () => Promise<void>;
}
