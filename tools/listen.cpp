// SPDX-License-Identifier: Apache-2.0
#include "tools/listen.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace tinywasm::tools {
namespace {

/// As many connections as wait unaccepted; the system has its own maximum.
constexpr int kBacklog = 128;

std::string name_of(const ListenAddress& address, unsigned port) {
  return fmt::format(fmt::runtime(address.is_ipv6 ? "[{}]:{}" : "{}:{}"), address.host, port);
}

Error failed(const ListenAddress& address, int host_errno) {
  Error error;
  error.kind = ErrorKind::io;
  error.message = fmt::format("cannot listen on {}: {}", name_of(address, address.port),
                              std::generic_category().message(host_errno));
  return error;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress socket_address(const ListenAddress& address) {
  SocketAddress result;
  if (address.is_ipv6) {
    auto* const ipv6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &ipv6->sin6_addr);
    result.length = sizeof *ipv6;
  } else {
    auto* const ipv4 = reinterpret_cast<sockaddr_in*>(&result.storage);
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &ipv4->sin_addr);
    result.length = sizeof *ipv4;
  }
  return result;
}

unsigned port_of(int descriptor) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockname(descriptor, address.get(), &address.length) != 0) return 0;
  return ntohs(address.storage.ss_family == AF_INET6
                   ? reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port
                   : reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  ListenAddress address;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return std::nullopt;
  }
  address.host = text.substr(0, colon);
  if (address.host == "localhost") address.host = "127.0.0.1";
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
    address.is_ipv6 = true;
  }
  unsigned char parsed[sizeof(in6_addr)];
  const int family = address.is_ipv6 ? AF_INET6 : AF_INET;
  if (::inet_pton(family, address.host.c_str(), parsed) != 1) return std::nullopt;
  return address;
}

Result<Listener> Listener::open(const ListenAddress& address) {
  SocketAddress wanted = socket_address(address);
  Listener listener(::socket(wanted.storage.ss_family, SOCK_STREAM, 0), "");
  const int descriptor = listener.descriptor_;
  if (descriptor < 0) return failed(address, errno);
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  const int on = 1;  // a server that is started again need not wait for old connections to expire
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_ipv6) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(descriptor, wanted.get(), wanted.length) != 0 || ::listen(descriptor, kBacklog) != 0) {
    return failed(address, errno);
  }
  listener.name_ = name_of(address, port_of(descriptor));
  return listener;
}

Listener::Listener(int descriptor, std::string name)
    : descriptor_(descriptor), name_(std::move(name)) {}

Listener::Listener(Listener&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  name_.swap(other.name_);
  return *this;
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace tinywasm::tools
