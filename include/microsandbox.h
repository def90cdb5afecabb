#ifndef MICROSANDBOX_H
#define MICROSANDBOX_H

#include <stdint.h>

// microsandbox: hardware-isolated microVMs behind nine functions
//
// GENERATED from capi/src by capi/src/generated.rs. Do not edit; run
// `deno task generate` instead.
//
// PURPOSE. The library creates microVMs from OCI images, runs commands in them
// and moves data in and out. Everything that it does is an operation: a number,
// options as a JSON object, and raw bytes. ffi/protocol/ lists the
// operations with the types of their options and results. An operation is
// submitted and completes later, with a frame.
//
// JSON. Keys are in camelCase, durations in milliseconds, enumerations are
// strings. Unknown keys are refused. Raw data never travels in JSON.
//
// THREADS. Every function may be called from any thread at any time. Only
// msb_wait blocks.
//
// OWNERSHIP. The library copies what it is given before a call returns, and
// writes only into memory of the caller. It hands out numbers instead of
// pointers: clients, which msb_client_close ends, and handles, which belong to
// one client and which msb_release ends. A number that was given up is refused,
// and is not given out again. The library must not be unloaded: its threads run
// until the process ends.
//
// COMPLETIONS. An accepted request completes exactly once. Frames of kind
// MSB_FRAME_KIND_EVENT may come before the completion, and none comes after it.
// Closing the client takes the place of the completions that are missing.
//
// USAGE
//
//     uint32_t client, length;
//     uint8_t frames[65536];
//     if (msb_abi_version() != MSB_ABI_VERSION) abort();
//     msb_client_open(NULL, 0, &client);
//     msb_submit(client, 1, operation, 0, json, json_length, NULL, 0);
//     for (int done = 0; !done;) {
//       if (msb_wait(client, MSB_WAIT_FOREVER) != MSB_STATUS_OK) abort();
//       MsbStatus status = msb_receive(client, frames, sizeof frames, &length);
//       if (status != MSB_STATUS_OK) abort();  // Too small: length is what it needs.
//       // For each frame: copy the header out, then read JSON and bytes. Done
//       // after the completion of the last request.
//     }
//     msb_client_close(client);


// Length of an encoded [`MsbFrameHeader`] in bytes.
#define MSB_FRAME_HEADER_LENGTH 20

// The version of this interface. It changes whenever a program that was
// written for another version could not use the library any more.
#define MSB_ABI_VERSION 1

// The timeout of `msb_wait` that never ends.
#define MSB_WAIT_FOREVER UINT32_MAX

// What an exported function answers at once.
//
// A status says whether the call itself was accepted. How an operation went
// is said later, by its completion frame.
enum MsbStatus
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The call did what it says.
  MSB_STATUS_OK = 0,
  // A pointer is NULL although its length is not zero, or a required output
  // pointer is NULL.
  MSB_STATUS_INVALID_ARGUMENT = -1,
  // No client with this number is open in this process: it was never
  // opened, or it was closed.
  MSB_STATUS_INVALID_CLIENT = -2,
  // The client has no such handle: it was never given out, or it was
  // released.
  MSB_STATUS_INVALID_HANDLE = -3,
  // The client has no such request in flight: it was never submitted, or it
  // has completed. After `msb_cancel` this is an ordinary answer.
  MSB_STATUS_UNKNOWN_REQUEST = -4,
  // A request with this number is still in flight. Its own completion is
  // still to come; the new one was not started.
  MSB_STATUS_DUPLICATE_REQUEST = -5,
  // The next frame is larger than the buffer. It is kept, and the size it
  // needs was written to the output.
  MSB_STATUS_BUFFER_TOO_SMALL = -6,
  // Nothing could be received within the time given.
  MSB_STATUS_TIMEOUT = -7,
  // This platform does not have the feature asked for.
  MSB_STATUS_UNSUPPORTED = -8,
  // The configuration given to `msb_client_open` is not a JSON object of
  // the known keys.
  MSB_STATUS_INVALID_CONFIG = -9,
  // The library failed in a way that is a mistake of its own. Please
  // report it.
  MSB_STATUS_INTERNAL = -10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum MsbStatus MsbStatus;
#else
typedef int32_t MsbStatus;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a frame says about its request.
enum MsbFrameKind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The request completed. The JSON is the operation's result.
  MSB_FRAME_KIND_RESULT = 1,
  // The request failed or was cancelled. The JSON is
  // `{"code", "message", "details"}`; the bytes are what the operation had
  // produced until then, where that means something.
  MSB_FRAME_KIND_ERROR = 2,
  // Something that the request produced before it completes.
  MSB_FRAME_KIND_EVENT = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum MsbFrameKind MsbFrameKind;
#else
typedef uint32_t MsbFrameKind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// The fixed start of each frame, in little-endian byte order.
//
// The header is followed by `json_length` bytes of UTF-8 JSON and then by
// `bytes_length` raw bytes. Frames stand back to back without padding, so
// copy the header out before reading its fields.
typedef struct MsbFrameHeader {
  // The request that the frame belongs to.
  uint32_t request;
  // What the frame is: one of `MsbFrameKind`.
  uint32_t kind;
  // The handle that the operation made, or 0. The caller owns it and
  // gives it back with `msb_release`.
  uint32_t handle;
  // Length of the JSON part in bytes. 0 means that there is no JSON value.
  uint32_t json_length;
  // Length of the raw part in bytes.
  uint32_t bytes_length;
} MsbFrameHeader;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Returns the version of the interface that the library has.
//
// Compare it with `MSB_ABI_VERSION` before the first other call: a library
// of another version cannot be used. Cannot fail; any thread.
uint32_t msb_abi_version(void);

// Opens a client and writes its number to `out_client`.
//
// `config` is a JSON object, or has length 0 for the default backend, which
// the environment and the configuration of microsandbox choose. It has at most
// one key: `"home"`, the absolute path of the directory for sandboxes, images
// and the runtime; or `"cloud"`, an object with `"url"` and `"apiKey"` or with
// `"profile"`. Nothing is read from disk, started or sent until an operation
// needs it, and what is wrong with the value of a key is that operation's
// error. The caller owns the client and closes it with `msb_client_close`.
// Does not block; any thread.
//
// Returns `MSB_STATUS_INVALID_CONFIG` for a config that is not such an
// object, and `MSB_STATUS_INTERNAL` when no threads can be started.
//
// # Safety
//
// `config` points to `config_length` readable bytes and `out_client` to a
// writable `uint32_t`.
MsbStatus msb_client_open(const uint8_t *config,
                          uint32_t config_length,
                          uint32_t *out_client);

// Closes a client.
//
// Requests in flight are cancelled and frames that were not received are
// dropped: no more completions arrive. Handles are released, which stops the
// sandboxes that belong to them. Every `msb_wait` on the client returns, and
// descriptors of `msb_wake_fd` reach their end of file. Returns before the
// sandboxes have stopped; any thread.
MsbStatus msb_client_close(uint32_t client);

// Starts an operation.
//
// `request` is a number of the caller's choice that no request in flight
// has; each frame of the operation carries it. `operation` is a number from
// the list of that name in ffi/protocol/. `handle` is the handle that
// the operation works on, or 0. `options` is a JSON object (length 0 stands
// for `{}`) and `bytes` is raw input; both are copied before the call returns.
//
// `MSB_STATUS_OK` means that exactly one completion will arrive: a frame of
// kind `MSB_FRAME_KIND_RESULT` or `MSB_FRAME_KIND_ERROR`. An operation,
// handle or option that does not exist is told by that frame. Any other
// status means that nothing was started. Does not block; any thread.
//
// # Safety
//
// `options` and `bytes` point to as many readable bytes as their lengths say.
MsbStatus msb_submit(uint32_t client,
                     uint32_t request,
                     uint32_t operation,
                     uint32_t handle,
                     const uint8_t *options,
                     uint32_t options_length,
                     const uint8_t *bytes,
                     uint32_t bytes_length);

// Asks a request in flight to end.
//
// Its one completion still arrives: an error with code `cancelled`, or the
// result when that came first. Returns `MSB_STATUS_UNKNOWN_REQUEST` when the
// request has completed already. Does not block; any thread.
MsbStatus msb_cancel(uint32_t client, uint32_t request);

// Blocks until a frame can be received.
//
// Returns `MSB_STATUS_OK` when one can, or one arrived since `msb_receive`
// last had none and was received meanwhile; `MSB_STATUS_TIMEOUT` after
// `timeout_ms` milliseconds (`MSB_WAIT_FOREVER` for no limit), and
// `MSB_STATUS_INVALID_CLIENT` when the client is closed, also while it
// waits. Any thread.
MsbStatus msb_wait(uint32_t client, uint32_t timeout_ms);

// Moves frames into a buffer of the caller.
//
// As many whole frames as fit are written to `out`, oldest first, and their
// total length to `out_length`; 0 means that none is waiting. When not even
// the first one fits, it is kept, the size that it needs is written to
// `out_length`, and the status is `MSB_STATUS_BUFFER_TOO_SMALL`. Does not
// block; any thread, but frames that two threads receive at once have no
// order between them.
//
// # Safety
//
// `out` points to `capacity` writable bytes and `out_length` to a writable
// `uint32_t`.
MsbStatus msb_receive(uint32_t client,
                      uint8_t *out,
                      uint32_t capacity,
                      uint32_t *out_length);

// Gives a handle back.
//
// What it stands for is dropped in the background: a stream ends, and a
// sandbox that belongs to the handle stops. Operations that are using it go
// on. Returns `MSB_STATUS_INVALID_HANDLE` for a handle that was never given
// out or was released before. Does not block; any thread.
MsbStatus msb_release(uint32_t client, uint32_t handle);

// Writes to `out_fd` a file descriptor that becomes readable when frames
// arrive, for event loops.
//
// Read some bytes from it, whatever they are, and then receive until nothing
// is waiting: `msb_receive` with no frame to give is what has the next one
// announced with a byte. A read blocks for a second at most, and then fails
// with `EAGAIN`; at the end of file the client is closed. The caller owns the
// descriptor and closes it.
//
// Returns `MSB_STATUS_UNSUPPORTED` on Windows; wait on a thread there. Does
// not block; any thread.
//
// # Safety
//
// `out_fd` points to a writable `int32_t`.
MsbStatus msb_wake_fd(uint32_t client, int32_t *out_fd);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MICROSANDBOX_H */
