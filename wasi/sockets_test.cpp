// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "wasi/test_world.hpp"

using namespace tinywasm;
using namespace tinywasm::wasi;
using namespace std::chrono_literals;

namespace {

constexpr Fd kSocket{4};

struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, type, 0, fds) == 0);
    ours = HostFd(fds[0]);
    guests = HostFd(fds[1]);
  }
  HostFd ours, guests;
};

WasiConfig with_socket(int fd) {
  WasiConfig config;
  config.sockets = {fd};
  return config;
}

HostFd listen_on_loopback(sockaddr_in& address) {
  HostFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener.get(), generic, length) == 0);
  REQUIRE(::listen(listener.get(), 4) == 0);
  REQUIRE(::getsockname(listener.get(), generic, &length) == 0);
  return listener;
}

HostFd connect_to(const sockaddr_in& address) {
  HostFd client(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0);
  return client;
}

std::string receive(TestWorld& guest, std::uint32_t length, RiFlags flags = 0, Fd fd = kSocket) {
  const Errno error = code(sock_recv(guest.call(), fd, guest.iovecs({{4096, length}}), flags,
                                     guest.out<Size>(0), guest.out<std::uint16_t>(8)));
  if (error != Errno::success) return std::string("<") + to_string(error) + ">";
  return guest.text(4096, guest.value<Size>());
}

Errno send(TestWorld& guest, const std::string& text, Fd fd = kSocket) {
  guest.put_text(4096, text);
  return code(sock_send(guest.call(), fd,
                        guest.iovecs({{4096, static_cast<std::uint32_t>(text.size())}}), 0,
                        guest.out<Size>()));
}

}  // namespace

TEST_SUITE("sockets") {
  TEST_CASE("sending and receiving") {
    Pair pair;
    TestWorld guest(with_socket(pair.guests.get()));
    REQUIRE(::send(pair.ours.get(), "hello", 5, 0) == 5);
    CHECK(receive(guest, 2, kRecvPeek) == "he");
    CHECK(receive(guest, 2) == "he");
    CHECK(guest.value<std::uint16_t>(8) == 0);
    CHECK(receive(guest, 100) == "llo");
    CHECK(send(guest, "there") == Errno::success);
    char buffer[8];
    CHECK(::recv(pair.ours.get(), buffer, sizeof buffer, 0) == 5);
    // A socket is a file as well.
    CHECK(guest.write(kSocket, "file") == Errno::success);
    CHECK(::recv(pair.ours.get(), buffer, sizeof buffer, 0) == 4);
    REQUIRE(::send(pair.ours.get(), "file", 4, 0) == 4);
    CHECK(guest.read(kSocket) == "file");
    pair.ours = HostFd();
    CHECK(receive(guest, 100) == "");
    CHECK(send(guest, "x") == Errno::pipe);  // and no signal
  }

  TEST_CASE("waiting for all") {
    Pair pair;
    TestWorld guest(with_socket(pair.guests.get()));
    std::thread sender([&] {
      for (const char* part : {"one", "two", "three"}) {
        (void)::send(pair.ours.get(), part, std::strlen(part), 0);
        std::this_thread::sleep_for(10ms);
      }
      pair.ours = HostFd();
    });
    CHECK(receive(guest, 8, kRecvWaitall) == "onetwoth");
    CHECK(receive(guest, 8, kRecvWaitall) == "ree");
    sender.join();
  }

  TEST_CASE("datagrams that do not fit are marked as truncated") {
    Pair pair(SOCK_DGRAM);
    TestWorld guest(with_socket(pair.guests.get()));
    REQUIRE(::send(pair.ours.get(), "hello", 5, 0) == 5);
    CHECK(receive(guest, 3) == "hel");
    CHECK(guest.value<std::uint16_t>(8) == kRecvDataTruncated);
    CHECK(fd_fdstat_get(guest.call(), kSocket, guest.out<FdStat>()) == Errno::success);
    CHECK(FileType{guest.value<std::uint8_t>(0)} == FileType::socket_dgram);
  }

  TEST_CASE("nonblocking") {
    Pair pair;
    TestWorld guest(with_socket(pair.guests.get()));
    CHECK(fd_fdstat_set_flags(guest.call(), kSocket, fdflags::kNonblock) == Errno::success);
    CHECK(receive(guest, 10) == "<again>");
    CHECK(guest.read(kSocket) == "<again>");
    Errno last = Errno::success;
    for (int i = 0; i < 10'000 && last == Errno::success; ++i) {
      last = send(guest, std::string(1000, 'x'));
    }
    CHECK(last == Errno::again);
  }

  TEST_CASE("shutting down") {
    Pair pair;
    TestWorld guest(with_socket(pair.guests.get()));
    const Call call = guest.call();
    CHECK(sock_shutdown(call, kSocket, 0) == Errno::inval);
    CHECK(sock_shutdown(call, kSocket, 4) == Errno::inval);
    CHECK(sock_shutdown(call, kSocket, 0xffffffff) == Errno::inval);
    CHECK(sock_shutdown(call, kSocket, kShutWrite) == Errno::success);
    char buffer[8];
    CHECK(::recv(pair.ours.get(), buffer, sizeof buffer, 0) == 0);
    CHECK(send(guest, "x") == Errno::pipe);
    CHECK(sock_shutdown(call, kSocket, kShutRead | kShutWrite) == Errno::success);
    CHECK(receive(guest, 10) == "");
  }

  TEST_CASE("flags that do not exist") {
    Pair pair;
    TestWorld guest(with_socket(pair.guests.get()));
    CHECK(receive(guest, 1, 4) == "<inval>");
    CHECK(receive(guest, 1, 0xffffffff) == "<inval>");
    CHECK(code(sock_send(guest.call(), kSocket, guest.iovecs({{0, 1}}), 1, guest.out<Size>())) ==
          Errno::inval);
  }

  TEST_CASE("buffers out of bounds") {
    Pair pair;
    TestWorld guest(with_socket(pair.guests.get()));
    REQUIRE(::send(pair.ours.get(), "x", 1, 0) == 1);
    const auto end = static_cast<std::uint32_t>(guest.memory.size());
    const IoVecs bad = guest.iovecs({{end - 1, 2}});
    CHECK_FALSE(
        sock_recv(guest.call(), kSocket, bad, 0, guest.out<Size>(0), guest.out<std::uint16_t>(8))
            .has_value());
    CHECK_FALSE(sock_send(guest.call(), kSocket, bad, 0, guest.out<Size>()).has_value());
  }

  TEST_CASE("what is no socket") {
    TestWorld guest;
    const Call call = guest.call();
    for (const Fd fd : {Fd{0}, Fd{1}, kBox, guest.must_open("file", kReadWrite, oflags::kCreat)}) {
      CHECK(code(sock_accept(call, fd, 0, guest.out<Fd>())) == Errno::notsock);
      CHECK(receive(guest, 1, 0, fd) == "<notsock>");
      CHECK(send(guest, "x", fd) == Errno::notsock);
      CHECK(sock_shutdown(call, fd, kShutRead) == Errno::notsock);
    }
  }

  TEST_CASE("accepting connections") {
    sockaddr_in address;
    const HostFd listener = listen_on_loopback(address);
    TestWorld guest(with_socket(listener.get()));
    const Call call = guest.call();
    CHECK(fd_fdstat_get(call, kSocket, guest.out<FdStat>()) == Errno::success);
    CHECK(FileType{guest.value<std::uint8_t>(0)} == FileType::socket_stream);
    CHECK((guest.value<Rights>(8) & rights::kSockAccept) != 0);
    CHECK(fd_fdstat_set_flags(call, kSocket, fdflags::kNonblock) == Errno::success);
    CHECK(code(sock_accept(call, kSocket, 0, guest.out<Fd>())) == Errno::again);
    CHECK(fd_fdstat_set_flags(call, kSocket, 0) == Errno::success);
    CHECK(receive(guest, 1) == "<notconn>");
    CHECK(guest.read(kSocket) == "<notconn>");
    CHECK(sock_shutdown(call, kSocket, kShutRead) == Errno::notconn);
    CHECK(code(sock_accept(call, kSocket, fdflags::kAppend, guest.out<Fd>())) == Errno::inval);

    HostFd client;
    std::thread connector([&] {
      std::this_thread::sleep_for(20ms);
      client = connect_to(address);
    });
    CHECK(code(sock_accept(call, kSocket, fdflags::kNonblock, guest.out<Fd>())) == Errno::success);
    connector.join();
    const Fd accepted{guest.value<std::uint32_t>()};
    CHECK(accepted == Fd{5});
    CHECK(receive(guest, 1, 0, accepted) == "<again>");
    REQUIRE(::send(client.get(), "hi", 2, 0) == 2);
    CHECK(fd_fdstat_set_flags(call, accepted, 0) == Errno::success);
    CHECK(receive(guest, 10, 0, accepted) == "hi");
    CHECK(code(sock_accept(call, accepted, 0, guest.out<Fd>())) == Errno::inval);
    CHECK(fd_close(call, accepted) == Errno::success);
    char buffer[4];
    CHECK(::recv(client.get(), buffer, sizeof buffer, 0) == 0);
  }

  TEST_CASE("two guests that share a listener, and connections that the other takes") {
    sockaddr_in address;
    const HostFd listener = listen_on_loopback(address);
    TestWorld first(with_socket(listener.get())), second(with_socket(listener.get()));
    CHECK((::fcntl(listener.get(), F_GETFL) & O_NONBLOCK) != 0);
    std::atomic<int> connections{0};
    const auto serve = [&connections](TestWorld& guest) {
      for (;;) {
        const auto result = sock_accept(guest.call(), kSocket, 0, guest.out<Fd>());
        if (!result) return;  // interrupted
        if (*result != Errno::success) continue;
        ++connections;
        (void)fd_close(guest.call(), Fd{guest.value<std::uint32_t>()});
      }
    };
    std::thread one([&] { serve(first); }), other([&] { serve(second); });
    for (int i = 0; i < 200; ++i) {
      const HostFd client = connect_to(address);
      while (connections <= i) std::this_thread::yield();
    }
    first.is_interrupted = second.is_interrupted = true;
    one.join();
    other.join();
    CHECK(connections == 200);
  }

  TEST_CASE("an interruption ends waiting for a connection") {
    sockaddr_in address;
    const HostFd listener = listen_on_loopback(address);
    TestWorld guest(with_socket(listener.get()));
    std::thread thread([&] {
      std::this_thread::sleep_for(20ms);
      guest.is_interrupted = true;
    });
    const auto result = sock_accept(guest.call(), kSocket, 0, guest.out<Fd>());
    thread.join();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::interrupted);
  }
}
