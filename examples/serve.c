// SPDX-License-Identifier: Apache-2.0
// A small HTTP server: one thread, many connections, timers. It serves the sockets it is given:
//   tinywasm --tcplisten 127.0.0.1:8080 serve.wasm
//   GET /            greets and counts
//   GET /wait/MS     answers after so many milliseconds; others are served meanwhile
//   GET /quit        answers, and the server ends when nobody is being answered any more
// A connection that has been silent for five seconds is closed. All waiting is done in one
// poll_oneoff for the listener, the connections and the next timer.
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>

enum {
  kConnections = 60,
  kRequest = 2048,  // bytes at most
  kAnswer = 256,
  kListener = kConnections,  // in place of a connection's number
  kTimer,
};

static const uint64_t kMillisecond = 1000000;
static const uint64_t kIdle = 5000;  // milliseconds

typedef struct {
  int fd;  // -1: none
  char request[kRequest];
  size_t received;
  char answer[kAnswer];
  size_t size, sent;  // of the answer; size 0: there is none
  uint64_t due;       // when the answer goes out, or when silence has lasted too long
  bool is_waiting;    // for that time, with an answer
} Connection;

static Connection connections[kConnections];
static unsigned long answered = 0;
static bool is_quitting = false;

static uint64_t now(void) {
  __wasi_timestamp_t time = 0;
  if (__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &time) != 0) abort();
  return time;
}

static void close_connection(Connection* c) {
  close(c->fd);
  c->fd = -1;
}

/// Puts the answer to the request line `line` in place.
static void answer(Connection* c, const char* line) {
  char path[64] = "", body[128];
  const char* status = "200 OK";
  const bool is_get = sscanf(line, "GET %63s HTTP/", path) == 1;
  c->is_waiting = false;
  c->due = now() + kIdle * kMillisecond;
  ++answered;
  if (is_get && strcmp(path, "/") == 0) {
    snprintf(body, sizeof body, "hello, you are number %lu\n", answered);
  } else if (is_get && strncmp(path, "/wait/", 6) == 0) {
    const unsigned long milliseconds = strtoul(path + 6, NULL, 10) % 60000;
    snprintf(body, sizeof body, "waited %lu ms\n", milliseconds);
    c->is_waiting = true;
    c->due = now() + milliseconds * kMillisecond;
  } else if (is_get && strcmp(path, "/quit") == 0) {
    snprintf(body, sizeof body, "bye, %lu requests\n", answered);
    is_quitting = true;
  } else {
    snprintf(body, sizeof body, "no such thing\n");
    status = is_get ? "404 Not Found" : "400 Bad Request";
  }
  c->size = (size_t)snprintf(c->answer, sizeof c->answer,
                             "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
                             "Content-Length: %zu\r\n\r\n%s",
                             status, strlen(body), body);
  c->sent = 0;
}

/// Takes the next whole request out of the buffer, if there is one and nothing is being answered.
static void next_request(Connection* c) {
  if (c->size != 0) return;
  c->request[c->received] = '\0';
  char* const end = strstr(c->request, "\r\n\r\n");
  if (!end) {
    if (c->received + 1 == kRequest) close_connection(c);  // no request is that long
    return;
  }
  answer(c, c->request);
  const size_t length = (size_t)(end + 4 - c->request);
  c->received -= length;
  memmove(c->request, c->request + length, c->received);
}

static void receive(Connection* c) {
  const __wasi_iovec_t buffer = {(uint8_t*)c->request + c->received, kRequest - 1 - c->received};
  __wasi_size_t size = 0;
  __wasi_roflags_t flags;
  const __wasi_errno_t error = __wasi_sock_recv(c->fd, &buffer, 1, 0, &size, &flags);
  if (error == __WASI_ERRNO_AGAIN) return;
  if (error != 0 || size == 0) {
    close_connection(c);
    return;
  }
  c->received += size;
  c->due = now() + kIdle * kMillisecond;
  next_request(c);
}

static void send_answer(Connection* c) {
  const __wasi_ciovec_t buffer = {(const uint8_t*)c->answer + c->sent, c->size - c->sent};
  __wasi_size_t size = 0;
  const __wasi_errno_t error = __wasi_sock_send(c->fd, &buffer, 1, 0, &size);
  if (error == __WASI_ERRNO_AGAIN) return;
  if (error != 0) {
    close_connection(c);
    return;
  }
  c->sent += size;
  if (c->sent < c->size) return;
  c->size = 0;
  next_request(c);
}

static void accept_connection(int listener) {
  for (int i = 0; i < kConnections; ++i) {
    Connection* const c = &connections[i];
    if (c->fd >= 0) continue;
    __wasi_fd_t fd;
    if (__wasi_sock_accept(listener, __WASI_FDFLAGS_NONBLOCK, &fd) != 0) return;
    c->fd = (int)fd;
    c->received = c->size = c->sent = 0;
    c->is_waiting = false;
    c->due = now() + kIdle * kMillisecond;
    return;
  }
}

/// What to wait for now: returns the number of subscriptions.
static size_t subscribe(__wasi_subscription_t* to, int listener) {
  size_t count = 0, open = 0;
  uint64_t next = UINT64_MAX;
  for (int i = 0; i < kConnections; ++i) {
    const Connection* const c = &connections[i];
    if (c->fd < 0) continue;
    ++open;
    if (c->due < next) next = c->due;
    if (c->is_waiting) continue;
    __wasi_subscription_t* const s = &to[count++];
    memset(s, 0, sizeof *s);
    s->userdata = (uint64_t)i;
    s->u.tag = c->size != 0 ? __WASI_EVENTTYPE_FD_WRITE : __WASI_EVENTTYPE_FD_READ;
    s->u.u.fd_read.file_descriptor = c->fd;  // in the same place as fd_write's
  }
  if (open < kConnections && !is_quitting) {
    __wasi_subscription_t* const s = &to[count++];
    memset(s, 0, sizeof *s);
    s->userdata = kListener;
    s->u.tag = __WASI_EVENTTYPE_FD_READ;
    s->u.u.fd_read.file_descriptor = listener;
  }
  if (next != UINT64_MAX) {
    __wasi_subscription_t* const s = &to[count++];
    memset(s, 0, sizeof *s);
    s->userdata = kTimer;
    s->u.tag = __WASI_EVENTTYPE_CLOCK;
    s->u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    s->u.u.clock.timeout = next;
    s->u.u.clock.flags = __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
  }
  return count;
}

/// Answers whose time has come go out; silent connections are closed.
static void look_at_times(void) {
  const uint64_t time = now();
  for (int i = 0; i < kConnections; ++i) {
    Connection* const c = &connections[i];
    if (c->fd < 0 || time < c->due) continue;
    if (!c->is_waiting) {
      close_connection(c);
      continue;
    }
    c->is_waiting = false;
    c->due = time + kIdle * kMillisecond;
    send_answer(c);
  }
}

static bool is_answering(void) {
  for (int i = 0; i < kConnections; ++i) {
    if (connections[i].fd >= 0 && connections[i].size != 0) return true;
  }
  return false;
}

/// The first descriptor that is a socket, or -1.
static int find_listener(void) {
  __wasi_fdstat_t stat;
  for (int fd = 3; __wasi_fd_fdstat_get(fd, &stat) == 0; ++fd) {
    if (stat.fs_filetype == __WASI_FILETYPE_SOCKET_STREAM) return fd;
  }
  return -1;
}

int main(void) {
  const int listener = find_listener();
  if (listener < 0) {
    fprintf(stderr, "serve: no socket to listen on; start it with --tcplisten 127.0.0.1:8080\n");
    return 1;
  }
  for (int i = 0; i < kConnections; ++i) connections[i].fd = -1;
  static __wasi_subscription_t subscriptions[kConnections + 2];
  static __wasi_event_t events[kConnections + 2];
  while (!is_quitting || is_answering()) {
    const size_t count = subscribe(subscriptions, listener);
    __wasi_size_t ready = 0;
    const __wasi_errno_t error = __wasi_poll_oneoff(subscriptions, events, count, &ready);
    if (error != 0) {
      fprintf(stderr, "serve: poll_oneoff: error %u\n", (unsigned)error);
      return 1;
    }
    for (size_t i = 0; i < ready; ++i) {
      const __wasi_event_t* const event = &events[i];
      if (event->userdata == kListener) accept_connection(listener);
      if (event->userdata >= kConnections) continue;
      Connection* const c = &connections[event->userdata];
      if (event->type == __WASI_EVENTTYPE_FD_READ) receive(c);
      if (event->type == __WASI_EVENTTYPE_FD_WRITE) send_answer(c);
    }
    look_at_times();
  }
  printf("%lu requests answered\n", answered);
  return 0;
}
