// The C interface as a C program uses it: open, submit, wait, receive, cancel,
// release, close. It runs on the library's echo operations, under valgrind.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "microsandbox.h"

enum { REQUESTS = 10000, IN_FLIGHT = 1000 };

static int passed = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

// What arrived for the frame that was looked at last.
static MsbFrameHeader header;
static char json[4096];
static uint8_t bytes[4096];

static const uint8_t *text(const char *string) { return (const uint8_t *)string; }

static MsbStatus submit(uint32_t client, uint32_t request, uint32_t operation, uint32_t handle,
                        const char *options, const void *input, uint32_t input_length) {
  return msb_submit(client, request, operation, handle, text(options), (uint32_t)strlen(options),
                    input, input_length);
}

// Takes one frame out of a buffer and returns how long it is.
static uint32_t take(const uint8_t *frame) {
  memcpy(&header, frame, sizeof header);
  const uint8_t *content = frame + MSB_FRAME_HEADER_LENGTH;
  CHECK(header.json_length < sizeof json && header.bytes_length <= sizeof bytes);
  memcpy(json, content, header.json_length);
  json[header.json_length] = 0;
  memcpy(bytes, content + header.json_length, header.bytes_length);
  return MSB_FRAME_HEADER_LENGTH + header.json_length + header.bytes_length;
}

// Waits for the next frame, which must be the only one.
static void receive_one(uint32_t client) {
  uint8_t frames[8192];
  uint32_t length = 0;
  CHECK(msb_wait(client, 10000) == MSB_STATUS_OK);
  CHECK(msb_receive(client, frames, sizeof frames, &length) == MSB_STATUS_OK);
  CHECK(take(frames) == length);
}

static void test_round_trip(uint32_t client) {
  CHECK(submit(client, 1, MSB_OPERATION_ECHO_CALL, 0, "{\"a\":1}", "\0\1\2", 3) == MSB_STATUS_OK);
  receive_one(client);
  CHECK(header.request == 1 && header.kind == MSB_FRAME_KIND_RESULT && header.handle == 0);
  CHECK(strcmp(json, "{\"a\":1}") == 0);
  CHECK(header.bytes_length == 3 && memcmp(bytes, "\0\1\2", 3) == 0);
  passed++;
}

static void test_failures_are_frames(uint32_t client) {
  CHECK(submit(client, 2, MSB_OPERATION_ECHO_FAIL, 0, "{\"message\":\"no\"}", NULL, 0) == MSB_STATUS_OK);
  receive_one(client);
  CHECK(header.kind == MSB_FRAME_KIND_ERROR && strstr(json, "\"no\""));
  CHECK(submit(client, 2, MSB_OPERATION_ECHO_PANIC, 0, "", NULL, 0) == MSB_STATUS_OK);
  receive_one(client);
  CHECK(header.kind == MSB_FRAME_KIND_ERROR && strstr(json, "\"" MSB_ERROR_INTERNAL "\""));
  CHECK(submit(client, 2, 999, 0, "", NULL, 0) == MSB_STATUS_OK);
  receive_one(client);
  CHECK(strstr(json, "\"" MSB_ERROR_UNKNOWN_OPERATION "\""));
  CHECK(submit(client, 2, MSB_OPERATION_ECHO_DELAY, 0, "not json", NULL, 0) == MSB_STATUS_OK);
  receive_one(client);
  CHECK(strstr(json, "\"" MSB_ERROR_INVALID_OPTION "\""));
  passed++;
}

static void test_cancel(uint32_t client) {
  CHECK(submit(client, 3, MSB_OPERATION_ECHO_DELAY, 0, "{\"milliseconds\":60000}", NULL, 0) == MSB_STATUS_OK);
  CHECK(submit(client, 3, MSB_OPERATION_ECHO_CALL, 0, "", NULL, 0) == MSB_STATUS_DUPLICATE_REQUEST);
  CHECK(msb_wait(client, 1) == MSB_STATUS_TIMEOUT);
  CHECK(msb_cancel(client, 3) == MSB_STATUS_OK);
  receive_one(client);
  CHECK(header.request == 3 && strstr(json, "\"" MSB_ERROR_CANCELLED "\""));
  CHECK(msb_cancel(client, 3) == MSB_STATUS_UNKNOWN_REQUEST);
  passed++;
}

static void test_stream_and_release(uint32_t client) {
  CHECK(submit(client, 4, MSB_OPERATION_ECHO_STREAM, 0, "{\"items\":3,\"itemLength\":2}", NULL, 0) ==
        MSB_STATUS_OK);
  receive_one(client);
  uint32_t handle = header.handle;
  CHECK(handle != 0);
  CHECK(submit(client, 5, MSB_OPERATION_STREAM_READ, handle, "{\"credit\":9}", NULL, 0) == MSB_STATUS_OK);
  for (int events = 0, done = 0; !done;) {
    uint8_t frames[8192];
    uint32_t length = 0;
    CHECK(msb_wait(client, 10000) == MSB_STATUS_OK);
    CHECK(msb_receive(client, frames, sizeof frames, &length) == MSB_STATUS_OK);
    for (uint32_t start = 0; start < length;) {
      start += take(frames + start);
      done = header.kind == MSB_FRAME_KIND_RESULT;
      if (!done) CHECK(header.kind == MSB_FRAME_KIND_EVENT && bytes[0] == events++);
    }
    CHECK(!done || events == 3);
  }
  CHECK(msb_release(client, handle) == MSB_STATUS_OK);
  CHECK(msb_release(client, handle) == MSB_STATUS_INVALID_HANDLE);
  passed++;
}

static void test_frame_that_does_not_fit(uint32_t client) {
  uint8_t input[1000] = {7}, frames[2000];
  uint32_t length = 0;
  CHECK(submit(client, 6, MSB_OPERATION_ECHO_CALL, 0, "", input, sizeof input) == MSB_STATUS_OK);
  CHECK(msb_wait(client, 10000) == MSB_STATUS_OK);
  CHECK(msb_receive(client, frames, 100, &length) == MSB_STATUS_BUFFER_TOO_SMALL);
  CHECK(length == MSB_FRAME_HEADER_LENGTH + 2 + sizeof input);
  CHECK(msb_receive(client, frames, length, &length) == MSB_STATUS_OK);
  CHECK(take(frames) == length && bytes[0] == 7);
  passed++;
}

static void test_wake_descriptor(uint32_t client) {
  int32_t fd = -1;
  uint8_t woken[8];
  CHECK(msb_wake_fd(client, &fd) == MSB_STATUS_OK && fd >= 0);
  CHECK(submit(client, 7, MSB_OPERATION_ECHO_CALL, 0, "", NULL, 0) == MSB_STATUS_OK);
  CHECK(read(fd, woken, sizeof woken) > 0);
  receive_one(client);
  close(fd);
  passed++;
}

// The random numbers of POSIX's example, so that every run is the same.
static uint32_t next_random(uint32_t *state) {
  *state = *state * 1103515245 + 12345;
  return *state >> 16;
}

static void test_many_requests(uint32_t client) {
  static uint8_t completions[REQUESTS];
  uint32_t started = 0, completed = 0, random = 1;
  while (completed < REQUESTS) {
    while (started < REQUESTS && started - completed < IN_FLIGHT) {
      const char *options = started % 2 ? "{\"milliseconds\":0}" : "{\"milliseconds\":2}";
      CHECK(submit(client, 100 + started, MSB_OPERATION_ECHO_DELAY, 0, options, "abc", 3) == MSB_STATUS_OK);
      started++;
      if (next_random(&random) % 3 == 0) {
        MsbStatus status = msb_cancel(client, 100 + next_random(&random) % started);
        CHECK(status == MSB_STATUS_OK || status == MSB_STATUS_UNKNOWN_REQUEST);
      }
    }
    uint8_t frames[65536];
    uint32_t length = 0;
    CHECK(msb_wait(client, 10000) == MSB_STATUS_OK);
    CHECK(msb_receive(client, frames, sizeof frames, &length) == MSB_STATUS_OK);
    for (uint32_t start = 0; start < length; completed++) {
      start += take(frames + start);
      CHECK(completions[header.request - 100]++ == 0);
    }
  }
  CHECK(msb_wait(client, 1) == MSB_STATUS_TIMEOUT);
  CHECK(submit(client, 8, MSB_OPERATION_ECHO_STATISTICS, 0, "", NULL, 0) == MSB_STATUS_OK);
  receive_one(client);
  CHECK(strcmp(json, "{\"handles\":0,\"requests\":0,\"frames\":0}") == 0);
  passed++;
}

static void test_wrong_arguments(uint32_t client) {
  uint8_t frames[10];
  uint32_t length;
  CHECK(msb_client_open(text("{\"hom\":1}"), 9, &length) == MSB_STATUS_INVALID_CONFIG);
  CHECK(msb_client_open(NULL, 5, &length) == MSB_STATUS_INVALID_ARGUMENT);
  CHECK(msb_client_open(NULL, 0, NULL) == MSB_STATUS_INVALID_ARGUMENT);
  CHECK(msb_submit(client, 9, MSB_OPERATION_ECHO_CALL, 0, NULL, 3, NULL, 0) == MSB_STATUS_INVALID_ARGUMENT);
  CHECK(msb_receive(client, NULL, 10, &length) == MSB_STATUS_INVALID_ARGUMENT);
  CHECK(msb_receive(client, frames, 10, NULL) == MSB_STATUS_INVALID_ARGUMENT);
  CHECK(msb_wake_fd(client, NULL) == MSB_STATUS_INVALID_ARGUMENT);
  CHECK(msb_release(client, 12345) == MSB_STATUS_INVALID_HANDLE);
  CHECK(msb_wait(client + 1, 0) == MSB_STATUS_INVALID_CLIENT);
  passed++;
}

static void test_after_close(uint32_t client) {
  uint8_t frames[10];
  uint32_t length;
  CHECK(submit(client, 10, MSB_OPERATION_ECHO_DELAY, 0, "{\"milliseconds\":60000}", NULL, 0) == MSB_STATUS_OK);
  CHECK(msb_client_close(client) == MSB_STATUS_OK);
  CHECK(msb_client_close(client) == MSB_STATUS_INVALID_CLIENT);
  CHECK(submit(client, 11, MSB_OPERATION_ECHO_CALL, 0, "", NULL, 0) == MSB_STATUS_INVALID_CLIENT);
  CHECK(msb_cancel(client, 10) == MSB_STATUS_INVALID_CLIENT);
  CHECK(msb_wait(client, 0) == MSB_STATUS_INVALID_CLIENT);
  CHECK(msb_receive(client, frames, sizeof frames, &length) == MSB_STATUS_INVALID_CLIENT);
  CHECK(msb_release(client, 1) == MSB_STATUS_INVALID_CLIENT);
  passed++;
}

int main(void) {
  uint32_t client = 0;
  CHECK(msb_abi_version() == MSB_ABI_VERSION);
  CHECK(msb_client_open(NULL, 0, &client) == MSB_STATUS_OK);
  test_round_trip(client);
  test_failures_are_frames(client);
  test_cancel(client);
  test_stream_and_release(client);
  test_frame_that_does_not_fit(client);
  test_wake_descriptor(client);
  test_many_requests(client);
  test_wrong_arguments(client);
  test_after_close(client);
  printf("%d passed, 0 failed\n", passed);
  return 0;
}
