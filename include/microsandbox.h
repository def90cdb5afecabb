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
// options as a JSON object, and raw bytes. An operation is submitted and
// completes later, with a frame. include/microsandbox.json describes each
// operation with the types of its options and its result, the statuses and the
// error codes, for programs that generate code from it.
//
// JSON. Keys are in camelCase and durations in milliseconds. Enumerations are
// strings, in the case that the description lists. A time is text in ISO 8601,
// or milliseconds since 1970 where the key ends in `Ms`. Unknown keys are
// refused. Raw data never travels in JSON.
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
// MSB_FRAME_KIND_EVENT may come before the completion, and none comes after it;
// their handle is 0. When a client is closed, the completions that are missing
// never come: end what waits for them yourself. A request can have completed a
// moment before its frame is received, so MSB_STATUS_UNKNOWN_REQUEST from
// msb_cancel does not mean that the frame was seen.
//
// VERSIONS. MSB_ABI_VERSION is that of this interface. The operation
// MSB_OPERATION_RUNTIME_VERSIONS returns those of the library and of its core.
//
// EXAMPLE
//
//     #include <stdlib.h>
//     #include <string.h>
//
//     #include "microsandbox.h"
//
//     // Receives what is waiting into a buffer that grows to the size of the largest frame.
//     static uint32_t receive(uint32_t client, uint8_t **buffer, uint32_t *capacity) {
//       for (;;) {
//         uint32_t length = 0;
//         MsbStatus status = msb_receive(client, *buffer, *capacity, &length);
//         if (status == MSB_STATUS_OK) return length;
//         if (status != MSB_STATUS_BUFFER_TOO_SMALL) abort();
//         // The frame was kept, and length is what it needs.
//         *buffer = realloc(*buffer, length);
//         *capacity = length;
//         if (*buffer == NULL) abort();
//       }
//     }
//
//     // Runs an operation to its end, calling seen for each of its frames.
//     static void call(uint32_t client, uint32_t operation, const char *options,
//                      void (*seen)(MsbFrameHeader header, const uint8_t *json, const uint8_t *bytes)) {
//       const uint32_t request = 1;  // Any number that no request in flight has.
//       uint32_t capacity = 0;
//       uint8_t *buffer = NULL;
//       MsbStatus status = msb_submit(client, request, operation, 0, (const uint8_t *)options,
//                                     (uint32_t)strlen(options), NULL, 0);
//       if (status != MSB_STATUS_OK) abort();  // Nothing was started.
//       for (int is_complete = 0; !is_complete;) {
//         if (msb_wait(client, MSB_WAIT_FOREVER) != MSB_STATUS_OK) abort();
//         uint32_t length = receive(client, &buffer, &capacity);  // 0 after another thread was faster.
//         for (uint32_t start = 0; start < length;) {
//           MsbFrameHeader header;  // A copy: frames stand back to back, without padding.
//           memcpy(&header, buffer + start, sizeof header);
//           const uint8_t *json = buffer + start + MSB_FRAME_HEADER_LENGTH;
//           seen(header, json, json + header.json_length);
//           start += MSB_FRAME_HEADER_LENGTH + header.json_length + header.bytes_length;
//           is_complete = header.request == request && header.kind != MSB_FRAME_KIND_EVENT;
//         }
//       }
//       free(buffer);
//     }

// The number of each operation. include/microsandbox.json has the types of their
// options and results.
#define MSB_OPERATION_SANDBOX_CREATE 1u
#define MSB_OPERATION_SANDBOX_START 2u
#define MSB_OPERATION_SANDBOX_GET 3u
#define MSB_OPERATION_SANDBOX_GET_OR_CREATE 4u
#define MSB_OPERATION_SANDBOX_LIST 5u
#define MSB_OPERATION_SANDBOX_REMOVE 6u
#define MSB_OPERATION_SANDBOX_CONNECT 7u
#define MSB_OPERATION_SANDBOX_STOP 8u
#define MSB_OPERATION_SANDBOX_KILL 9u
#define MSB_OPERATION_SANDBOX_WAIT_UNTIL_STOPPED 10u
#define MSB_OPERATION_SANDBOX_DETACH 11u
#define MSB_OPERATION_SANDBOX_FORK 12u
#define MSB_OPERATION_SANDBOX_FORK_MANY 13u
#define MSB_OPERATION_SANDBOX_COMPACT 14u
#define MSB_OPERATION_SANDBOX_CONNECT_OR_START 15u
#define MSB_OPERATION_SANDBOX_END 16u
#define MSB_OPERATION_SANDBOX_WAIT_FOR_STATUS 17u
#define MSB_OPERATION_SANDBOX_RESTART 18u
#define MSB_OPERATION_SANDBOX_DESTROY 19u
#define MSB_OPERATION_SANDBOX_PING 20u
#define MSB_OPERATION_SANDBOX_TOUCH 21u
#define MSB_OPERATION_SANDBOX_MODIFY 22u
#define MSB_OPERATION_SANDBOX_PAUSE 23u
#define MSB_OPERATION_SANDBOX_RESUME 24u
#define MSB_OPERATION_SANDBOX_PAUSE_STATE 25u
#define MSB_OPERATION_PORT_WAIT_FOR 26u
#define MSB_OPERATION_SANDBOX_CONFIG 27u
#define MSB_OPERATION_SANDBOX_RESTORE 29u
#define MSB_OPERATION_SANDBOX_RESTORE_WARNINGS 30u
#define MSB_OPERATION_COMMAND_RUN 32u
#define MSB_OPERATION_PROCESS_SPAWN 33u
#define MSB_OPERATION_PROCESS_READ 34u
#define MSB_OPERATION_PROCESS_WRITE 35u
#define MSB_OPERATION_PROCESS_CLOSE_INPUT 36u
#define MSB_OPERATION_PROCESS_SIGNAL 37u
#define MSB_OPERATION_PROCESS_RESIZE 38u
#define MSB_OPERATION_PROCESS_ABANDON 39u
#define MSB_OPERATION_JOB_START 40u
#define MSB_OPERATION_JOB_LIST 41u
#define MSB_OPERATION_JOB_GET 42u
#define MSB_OPERATION_JOB_WAIT 43u
#define MSB_OPERATION_JOB_SIGNAL 44u
#define MSB_OPERATION_JOB_CLOSE_INPUT 45u
#define MSB_OPERATION_JOB_LOGS 46u
#define MSB_OPERATION_JOB_ATTACH 47u
#define MSB_OPERATION_STREAM_READ 64u
#define MSB_OPERATION_FS_OPEN 80u
#define MSB_OPERATION_FS_READ_FILE 81u
#define MSB_OPERATION_FS_WRITE_FILE 82u
#define MSB_OPERATION_FS_READ_DIR 83u
#define MSB_OPERATION_FS_STAT 84u
#define MSB_OPERATION_FS_MKDIR 85u
#define MSB_OPERATION_FS_REMOVE 86u
#define MSB_OPERATION_FS_RENAME 87u
#define MSB_OPERATION_FS_COPY_FILE 88u
#define MSB_OPERATION_FS_SYMLINK 89u
#define MSB_OPERATION_FS_READ_LINK 90u
#define MSB_OPERATION_FS_REAL_PATH 91u
#define MSB_OPERATION_FS_SET_ATTRIBUTES 92u
#define MSB_OPERATION_FS_COPY_FROM_HOST 93u
#define MSB_OPERATION_FS_COPY_TO_HOST 94u
#define MSB_OPERATION_FILE_READ 104u
#define MSB_OPERATION_FILE_WRITE 105u
#define MSB_OPERATION_FILE_STAT 106u
#define MSB_OPERATION_FILE_SET_ATTRIBUTES 107u
#define MSB_OPERATION_FILE_CLOSE 108u
#define MSB_OPERATION_IMAGE_GET 128u
#define MSB_OPERATION_IMAGE_LIST 129u
#define MSB_OPERATION_IMAGE_INSPECT 130u
#define MSB_OPERATION_IMAGE_REMOVE 131u
#define MSB_OPERATION_IMAGE_PRUNE 132u
#define MSB_OPERATION_IMAGE_LOAD 133u
#define MSB_OPERATION_IMAGE_SAVE 134u
#define MSB_OPERATION_IMAGE_PULL 135u
#define MSB_OPERATION_VOLUME_CREATE 144u
#define MSB_OPERATION_VOLUME_GET 145u
#define MSB_OPERATION_VOLUME_LIST 146u
#define MSB_OPERATION_VOLUME_REMOVE 147u
#define MSB_OPERATION_STORAGE_USAGE 168u
#define MSB_OPERATION_STORAGE_PRUNE 169u
#define MSB_OPERATION_SNAPSHOT_CREATE 176u
#define MSB_OPERATION_SNAPSHOT_GET 177u
#define MSB_OPERATION_SNAPSHOT_LIST 178u
#define MSB_OPERATION_SNAPSHOT_REINDEX 180u
#define MSB_OPERATION_SNAPSHOT_REMOVE 181u
#define MSB_OPERATION_SNAPSHOT_DETAILS 182u
#define MSB_OPERATION_SNAPSHOT_VERIFY 183u
#define MSB_OPERATION_SNAPSHOT_STORAGE_USAGE 184u
#define MSB_OPERATION_SNAPSHOT_GROUP_HEAD 185u
#define MSB_OPERATION_SNAPSHOT_CREATE_ARCHIVE 186u
#define MSB_OPERATION_SNAPSHOT_SAVE 187u
#define MSB_OPERATION_SNAPSHOT_COPY 188u
#define MSB_OPERATION_SNAPSHOT_LOAD 189u
#define MSB_OPERATION_LOGS_READ 208u
#define MSB_OPERATION_LOGS_STREAM 209u
#define MSB_OPERATION_METRICS_GET 216u
#define MSB_OPERATION_METRICS_ALL 217u
#define MSB_OPERATION_METRICS_STREAM 218u
#define MSB_OPERATION_SSH_CONNECT 224u
#define MSB_OPERATION_SSH_SPAWN 225u
#define MSB_OPERATION_SSH_OPEN_SFTP 226u
#define MSB_OPERATION_SSH_CLOSE 227u
#define MSB_OPERATION_SSH_SERVER_LISTEN 240u
#define MSB_OPERATION_SSH_SERVER_EVENTS 241u
#define MSB_OPERATION_SSH_SERVER_CLOSE 242u
#define MSB_OPERATION_AGENT_CONNECT 256u
#define MSB_OPERATION_AGENT_REQUEST 257u
#define MSB_OPERATION_AGENT_STREAM 258u
#define MSB_OPERATION_AGENT_SEND 259u
#define MSB_OPERATION_AGENT_CLOSE 260u
#define MSB_OPERATION_BACKEND_INFO 272u
#define MSB_OPERATION_BACKEND_REQUIREMENTS 273u
#define MSB_OPERATION_BACKEND_PROFILES 274u
#define MSB_OPERATION_BACKEND_USE_PROFILE 275u
#define MSB_OPERATION_RUNTIME_INSTALL 288u
#define MSB_OPERATION_RUNTIME_ENSURE 289u
#define MSB_OPERATION_RUNTIME_FIND 290u
#define MSB_OPERATION_RUNTIME_SET_PATH 291u
#define MSB_OPERATION_RUNTIME_VERSIONS 292u
#define MSB_OPERATION_RUNTIME_DIAGNOSE 293u
#define MSB_OPERATION_ECHO_CALL 57344u
#define MSB_OPERATION_ECHO_DELAY 57345u
#define MSB_OPERATION_ECHO_FAIL 57346u
#define MSB_OPERATION_ECHO_PANIC 57347u
#define MSB_OPERATION_ECHO_STREAM 57348u
#define MSB_OPERATION_ECHO_STATISTICS 57349u
#define MSB_OPERATION_ECHO_PROCESS 57350u

// What `code` of an error can be.
#define MSB_ERROR_AGENT_CLIENT_ERROR "agent-client-error"
#define MSB_ERROR_ALREADY_EXISTS "already-exists"
#define MSB_ERROR_BOOT_FAILED "boot-failed"
#define MSB_ERROR_BUSY "busy"
#define MSB_ERROR_CANCELLED "cancelled"
#define MSB_ERROR_CLIENT_CLOSED "client-closed"
#define MSB_ERROR_CLOUD_HTTP "cloud-http"
#define MSB_ERROR_CLOUD_CONFLICT "cloud-conflict"
#define MSB_ERROR_CLOUD_FORBIDDEN "cloud-forbidden"
#define MSB_ERROR_CLOUD_RATE_LIMITED "cloud-rate-limited"
#define MSB_ERROR_CLOUD_RESPONSE_INVALID "cloud-response-invalid"
#define MSB_ERROR_CLOUD_UNAUTHORIZED "cloud-unauthorized"
#define MSB_ERROR_CLOUD_UNAVAILABLE "cloud-unavailable"
#define MSB_ERROR_COMMAND_INTERRUPTED "command-interrupted"
#define MSB_ERROR_CONTROL_CLIENT_ERROR "control-client-error"
#define MSB_ERROR_CONTROL_SECRET_BATCH "control-secret-batch"
#define MSB_ERROR_CONTROL_STATE_CHANGED "control-state-changed"
#define MSB_ERROR_CROSS_DEVICE "cross-device"
#define MSB_ERROR_DATABASE_ERROR "database-error"
#define MSB_ERROR_DIRECTORY_NOT_EMPTY "directory-not-empty"
#define MSB_ERROR_EXEC_FAILED "exec-failed"
#define MSB_ERROR_EXEC_TIMEOUT "exec-timeout"
#define MSB_ERROR_FILE_CLOSED "file-closed"
#define MSB_ERROR_FILESYSTEM_ERROR "filesystem-error"
#define MSB_ERROR_FILESYSTEM_LOOP "filesystem-loop"
#define MSB_ERROR_HANDLE_CLOSED "handle-closed"
#define MSB_ERROR_HTTP_ERROR "http-error"
#define MSB_ERROR_HTTP_TIMEOUT "http-timeout"
#define MSB_ERROR_HTTP_UNREACHABLE "http-unreachable"
#define MSB_ERROR_IMAGE_ARCHIVE_INVALID "image-archive-invalid"
#define MSB_ERROR_IMAGE_CORRUPT "image-corrupt"
#define MSB_ERROR_IMAGE_IN_USE "image-in-use"
#define MSB_ERROR_IMAGE_NOT_FOUND "image-not-found"
#define MSB_ERROR_IMAGE_PLATFORM_UNAVAILABLE "image-platform-unavailable"
#define MSB_ERROR_IMAGE_PULL_FAILED "image-pull-failed"
#define MSB_ERROR_INTERNAL "internal"
#define MSB_ERROR_INVALID_CONFIG "invalid-config"
#define MSB_ERROR_INVALID_CURSOR "invalid-cursor"
#define MSB_ERROR_INVALID_HANDLE "invalid-handle"
#define MSB_ERROR_INVALID_OPTION "invalid-option"
#define MSB_ERROR_INVALID_SANDBOX_NAME "invalid-sandbox-name"
#define MSB_ERROR_IO_ERROR "io-error"
#define MSB_ERROR_IS_A_DIRECTORY "is-a-directory"
#define MSB_ERROR_JOB_HISTORY_ERROR "job-history-error"
#define MSB_ERROR_JOB_INPUT_BUSY "job-input-busy"
#define MSB_ERROR_JOB_LAUNCH_UNCONFIRMED "job-launch-unconfirmed"
#define MSB_ERROR_JOB_LOST "job-lost"
#define MSB_ERROR_JOB_NOT_FOUND "job-not-found"
#define MSB_ERROR_JOB_NOT_RUNNING "job-not-running"
#define MSB_ERROR_JOB_OUTPUT_GAP "job-output-gap"
#define MSB_ERROR_JOB_READ_ONLY "job-read-only"
#define MSB_ERROR_JSON_ERROR "json-error"
#define MSB_ERROR_LIBKRUNFW_NOT_FOUND "libkrunfw-not-found"
#define MSB_ERROR_LOG_MISSED_ROTATION "log-missed-rotation"
#define MSB_ERROR_METRICS_DISABLED "metrics-disabled"
#define MSB_ERROR_METRICS_UNAVAILABLE "metrics-unavailable"
#define MSB_ERROR_MICROSANDBOX_ERROR "microsandbox-error"
#define MSB_ERROR_MISSING_RESTORE_BINDINGS "missing-restore-bindings"
#define MSB_ERROR_MODIFICATION_REFUSED "modification-refused"
#define MSB_ERROR_NETWORK_POLICY_ERROR "network-policy-error"
#define MSB_ERROR_NO_DEFAULT_COMMAND "no-default-command"
#define MSB_ERROR_NO_SPACE "no-space"
#define MSB_ERROR_NOT_A_DIRECTORY "not-a-directory"
#define MSB_ERROR_NOT_FOUND "not-found"
#define MSB_ERROR_OPTION_OUT_OF_RANGE "option-out-of-range"
#define MSB_ERROR_OS_ERROR "os-error"
#define MSB_ERROR_PATCH_FAILED "patch-failed"
#define MSB_ERROR_PERMISSION_DENIED "permission-denied"
#define MSB_ERROR_PORT_UNAVAILABLE "port-unavailable"
#define MSB_ERROR_PROTOCOL_ERROR "protocol-error"
#define MSB_ERROR_REGISTRY_DISCONNECTED "registry-disconnected"
#define MSB_ERROR_REGISTRY_PLAIN_HTTP "registry-plain-http"
#define MSB_ERROR_REGISTRY_RATE_LIMITED "registry-rate-limited"
#define MSB_ERROR_REGISTRY_TLS_FAILED "registry-tls-failed"
#define MSB_ERROR_REGISTRY_UNAUTHORIZED "registry-unauthorized"
#define MSB_ERROR_REGISTRY_UNREACHABLE "registry-unreachable"
#define MSB_ERROR_READ_ONLY_FILESYSTEM "read-only-filesystem"
#define MSB_ERROR_RESULT_TOO_LARGE "result-too-large"
#define MSB_ERROR_OUTPUT_OVERFLOW "output-overflow"
#define MSB_ERROR_RUNTIME_ERROR "runtime-error"
#define MSB_ERROR_RUNTIME_INCOMPLETE "runtime-incomplete"
#define MSB_ERROR_RUNTIME_IN_USE "runtime-in-use"
#define MSB_ERROR_RUNTIME_NOT_INSTALLED "runtime-not-installed"
#define MSB_ERROR_SANDBOX_ALREADY_EXISTS "sandbox-already-exists"
#define MSB_ERROR_SANDBOX_NOT_FOUND "sandbox-not-found"
#define MSB_ERROR_SANDBOX_NOT_RUNNING "sandbox-not-running"
#define MSB_ERROR_SANDBOX_REPLACED "sandbox-replaced"
#define MSB_ERROR_SANDBOX_STILL_RUNNING "sandbox-still-running"
#define MSB_ERROR_SANDBOX_STOP_TIMED_OUT "sandbox-stop-timed-out"
#define MSB_ERROR_SNAPSHOT_ALREADY_EXISTS "snapshot-already-exists"
#define MSB_ERROR_SNAPSHOT_IMAGE_MISSING "snapshot-image-missing"
#define MSB_ERROR_SNAPSHOT_INTEGRITY "snapshot-integrity"
#define MSB_ERROR_SNAPSHOT_MIGRATION "snapshot-migration"
#define MSB_ERROR_SNAPSHOT_NOT_FOUND "snapshot-not-found"
#define MSB_ERROR_SNAPSHOT_REPLACED "snapshot-replaced"
#define MSB_ERROR_SNAPSHOT_SANDBOX_RUNNING "snapshot-sandbox-running"
#define MSB_ERROR_SNAPSHOT_SOURCE_RECOVERY "snapshot-source-recovery"
#define MSB_ERROR_SSH_ERROR "ssh-error"
#define MSB_ERROR_STDIN_CLOSED "stdin-closed"
#define MSB_ERROR_STOP_TIMEOUT "stop-timeout"
#define MSB_ERROR_TERMINAL_ERROR "terminal-error"
#define MSB_ERROR_UNKNOWN_OPERATION "unknown-operation"
#define MSB_ERROR_UNKNOWN_OPTION "unknown-option"
#define MSB_ERROR_UNSUPPORTED "unsupported"
#define MSB_ERROR_VIRTUALIZATION_UNAVAILABLE "virtualization-unavailable"
#define MSB_ERROR_VOLUME_ALREADY_EXISTS "volume-already-exists"
#define MSB_ERROR_VOLUME_IN_USE "volume-in-use"
#define MSB_ERROR_VOLUME_NOT_FOUND "volume-not-found"
#define MSB_ERROR_WAIT_TIMEOUT "wait-timeout"


// Length of an encoded `MsbFrameHeader` in bytes.
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
// Returns `MSB_STATUS_INVALID_CONFIG` for a config that is not JSON, has a key
// that is not one of these or has both, and `MSB_STATUS_INTERNAL` when no
// threads can be started.
//
// Pointers: `config` points to `config_length` readable bytes and `out_client` to a
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
// has; each frame of the operation carries it. `operation` is one of the
// numbers that begin with `MSB_OPERATION_`. `handle` is the handle that
// the operation works on, or 0. `options` is a JSON object (length 0 stands
// for `{}`) and `bytes` is raw input; both are copied before the call returns.
//
// `MSB_STATUS_OK` means that exactly one completion will arrive: a frame of
// kind `MSB_FRAME_KIND_RESULT` or `MSB_FRAME_KIND_ERROR`. An operation,
// handle or option that does not exist is the error in that frame. Any other
// status means that nothing was started. Does not block; any thread.
//
// Pointers: `options` and `bytes` point to as many readable bytes as their lengths say.
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
// waits. So `msb_receive` may have nothing to give after `MSB_STATUS_OK`. Any
// thread.
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
// Pointers: `out` points to `capacity` writable bytes and `out_length` to a writable
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
// with `EAGAIN`; `fcntl` with `O_NONBLOCK` has it fail at once. At the end of
// file the client is closed. The caller owns the descriptor and closes it.
//
// All descriptors of a client are one socket: a byte that one of them reads is
// gone for the others, and `O_NONBLOCK` is set for all. Use one for a client.
//
// Returns `MSB_STATUS_UNSUPPORTED` on Windows; wait on a thread there. Does
// not block; any thread.
//
// Pointers: `out_fd` points to a writable `int32_t`.
MsbStatus msb_wake_fd(uint32_t client, int32_t *out_fd);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MICROSANDBOX_H */
