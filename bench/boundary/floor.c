// What no boundary can be faster than on this machine: a message to another
// thread and back over two eventfds, and copying memory.

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 50000 };

static int there, back;
static double samples[ROUNDS];

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void pass(int from, int to) {
  uint64_t value = 1;
  if ((from >= 0 && read(from, &value, sizeof value) < 0) || write(to, &value, sizeof value) < 0) exit(1);
}

static void *answer(void *unused) {
  for (int i = 0; i < ROUNDS; i++) pass(there, back);
  return unused;
}

static int ascending(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

static void row(const char *name, double value, const char *unit) {
  printf("{\"row\":\"%s\",\"value\":%f,\"unit\":\"%s\"}\n", name, value, unit);
}

static void round_trips(void) {
  there = eventfd(0, 0), back = eventfd(0, 0);
  pthread_t thread;
  pthread_create(&thread, NULL, answer, NULL);
  double start = now_us();
  for (int i = 0; i < ROUNDS; i++) {
    double sent = now_us();
    uint64_t value;
    pass(-1, there);
    if (read(back, &value, sizeof value) < 0) exit(1);
    samples[i] = now_us() - sent;
  }
  double spent = now_us() - start;
  pthread_join(thread, NULL);
  qsort(samples, ROUNDS, sizeof *samples, ascending);
  row("call through a thread, p50", samples[ROUNDS / 2], "µs");
  row("call through a thread, p99", samples[ROUNDS * 99 / 100], "µs");
  row("calls through a thread, 1 in flight", ROUNDS / spent * 1e6, "calls/s");
}

// As an echo: into a buffer, and out of it into another.
static void copies(const char *name, size_t length) {
  char *a = malloc(length), *b = malloc(length), *c = malloc(length);
  memset(a, 1, length), memset(b, 2, length), memset(c, 3, length);
  double start = now_us(), spent = 0;
  size_t copied = 0;
  while (spent < 500e3) {
    memcpy(b, a, length);
    __asm__ volatile("" : : "r"(b) : "memory");
    memcpy(c, b, length);
    __asm__ volatile("" : : "r"(c) : "memory");
    copied += 2 * length;
    spent = now_us() - start;
  }
  row(name, copied / spent, "MB/s");
  free(a), free(b), free(c);
}

int main(void) {
  round_trips();
  copies("echo of 64 KiB", 65536);
  copies("echo of 1 MiB", 1048576);
  copies("echo of 16 MiB", 16777216);
}
