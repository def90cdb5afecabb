// The example of the header, which the generator of the header copies from here.

#include <stdio.h>
// BEGIN
#include <stdlib.h>
#include <string.h>

#include "microsandbox.h"

// Receives what is waiting into a buffer that grows to the size of the largest frame.
static uint32_t receive(uint32_t client, uint8_t **buffer, uint32_t *capacity) {
  for (;;) {
    uint32_t length = 0;
    MsbStatus status = msb_receive(client, *buffer, *capacity, &length);
    if (status == MSB_STATUS_OK) return length;
    if (status != MSB_STATUS_BUFFER_TOO_SMALL) abort();
    // The frame was kept, and length is what it needs.
    *buffer = realloc(*buffer, length);
    *capacity = length;
    if (*buffer == NULL) abort();
  }
}

// Runs an operation to its end, calling seen for each of its frames.
static void call(uint32_t client, uint32_t operation, const char *options,
                 void (*seen)(MsbFrameHeader header, const uint8_t *json, const uint8_t *bytes)) {
  const uint32_t request = 1;  // Any number that no request in flight has.
  uint32_t capacity = 0;
  uint8_t *buffer = NULL;
  MsbStatus status = msb_submit(client, request, operation, 0, (const uint8_t *)options,
                                (uint32_t)strlen(options), NULL, 0);
  if (status != MSB_STATUS_OK) abort();  // Nothing was started.
  for (int is_complete = 0; !is_complete;) {
    if (msb_wait(client, MSB_WAIT_FOREVER) != MSB_STATUS_OK) abort();
    uint32_t length = receive(client, &buffer, &capacity);  // 0 after another thread was faster.
    for (uint32_t start = 0; start < length;) {
      MsbFrameHeader header;  // A copy: frames stand back to back, without padding.
      memcpy(&header, buffer + start, sizeof header);
      const uint8_t *json = buffer + start + MSB_FRAME_HEADER_LENGTH;
      seen(header, json, json + header.json_length);
      start += MSB_FRAME_HEADER_LENGTH + header.json_length + header.bytes_length;
      is_complete = header.request == request && header.kind != MSB_FRAME_KIND_EVENT;
    }
  }
  free(buffer);
}
// END

static void print(MsbFrameHeader header, const uint8_t *json, const uint8_t *bytes) {
  (void)bytes;
  if (header.request != 1 || header.kind != MSB_FRAME_KIND_RESULT) abort();
  printf("%.*s\n", (int)header.json_length, (const char *)json);
}

int main(void) {
  uint32_t client = 0;
  if (msb_abi_version() != MSB_ABI_VERSION) abort();
  if (msb_client_open(NULL, 0, &client) != MSB_STATUS_OK) abort();
  call(client, MSB_OPERATION_ECHO_CALL, "{\"hello\":\"world\"}", print);
  // Larger than the buffer that the first call left behind: none.
  char options[5000] = "{\"large\":\"";
  memset(options + strlen(options), 'x', 4000);
  strcat(options, "\"}");
  call(client, MSB_OPERATION_ECHO_CALL, options, print);
  return msb_client_close(client) == MSB_STATUS_OK ? 0 : 1;
}
