// SPDX-License-Identifier: Apache-2.0
// Counts the primes below a limit with four threads. Threads of WebAssembly without a C library:
// a shared memory, atomic instructions, and wasi-threads' thread-spawn.
#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

IMPORT("wasi", "thread-spawn") int32_t thread_spawn(void* argument);
IMPORT("wasi_snapshot_preview1", "fd_write")
uint16_t fd_write(uint32_t descriptor, const void* vectors, size_t count, size_t* written);
IMPORT("wasi_snapshot_preview1", "proc_exit") _Noreturn void proc_exit(uint32_t status);

enum { kThreads = 4, kLimit = 400000, kChunk = 1000, kStackSize = 16384 };

struct Worker {
  void* stack_top;  // first: the entry below reads it
  uint32_t found;
  _Alignas(16) unsigned char stack[kStackSize];
};
static struct Worker workers[kThreads];

static uint32_t next_chunk;  // taken by the threads as they get ready
static int32_t running;      // waited on; at zero all have ended

// A new thread has the first thread's stack pointer until this gives it its own.
__asm__(
    ".globaltype __stack_pointer, i32\n"
    ".globl wasi_thread_start\n"
    ".type wasi_thread_start,@function\n"
    "wasi_thread_start:\n"
    "  .functype wasi_thread_start (i32, i32) -> ()\n"
    "  local.get 1\n"
    "  i32.load 0\n"
    "  global.set __stack_pointer\n"
    "  local.get 1\n"
    "  call work\n"
    "  end_function\n");

static int is_prime(uint32_t n) {
  if (n < 4) return n > 1;
  if (n % 2 == 0 || n % 3 == 0) return 0;
  for (uint32_t i = 5; i * i <= n; i += 6) {
    if (n % i == 0 || n % (i + 2) == 0) return 0;
  }
  return 1;
}

void work(struct Worker* worker) {
  for (;;) {
    const uint32_t from = __atomic_fetch_add(&next_chunk, kChunk, __ATOMIC_RELAXED);
    if (from >= kLimit) break;
    for (uint32_t n = from; n < from + kChunk; ++n) worker->found += (uint32_t)is_prime(n);
  }
  if (__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST) == 0) {
    __builtin_wasm_memory_atomic_notify(&running, 1);
  }
}

static void print(const char* text, size_t size) {
  const struct {
    const char* text;
    size_t size;
  } vector = {text, size};
  size_t written;
  fd_write(1, &vector, 1, &written);
}

static void print_number(uint32_t number) {
  char digits[11];
  size_t at = sizeof digits;
  digits[--at] = '\n';
  do {
    digits[--at] = (char)('0' + number % 10);
  } while ((number /= 10) != 0);
  print(digits + at, sizeof digits - at);
}

void _start(void) {
  running = kThreads;
  for (int i = 0; i < kThreads; ++i) {
    workers[i].stack_top = workers[i].stack + kStackSize;
    if (thread_spawn(&workers[i]) < 0) proc_exit(1);
  }
  for (int32_t left; (left = __atomic_load_n(&running, __ATOMIC_SEQ_CST)) != 0;) {
    __builtin_wasm_memory_atomic_wait32(&running, left, -1);
  }
  uint32_t found = 0;
  for (int i = 0; i < kThreads; ++i) found += workers[i].found;
  print_number(found);
}
