// SPDX-License-Identifier: Apache-2.0
// Sockets that the command opens for the guest to accept connections from (--tcplisten).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tinywasm/result.hpp>

namespace tinywasm::tools {

/// Where to listen: a numeric address. No name is looked up but "localhost", which is 127.0.0.1.
struct ListenAddress {
  std::string host;  // "127.0.0.1", "::1"
  bool is_ipv6 = false;
  std::uint16_t port = 0;  // 0: the system chooses
};

/// "127.0.0.1:8080", "[::1]:8080", "localhost:0"
std::optional<ListenAddress> parse_listen_address(std::string_view text);

/// A listening TCP socket, closed with the object.
class Listener {
 public:
  static Result<Listener> open(const ListenAddress& address);
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();

  int descriptor() const { return descriptor_; }
  /// Where it listens, with the port that the system chose, as parse_listen_address takes it.
  const std::string& name() const { return name_; }

 private:
  Listener(int descriptor, std::string name);

  int descriptor_;
  std::string name_;
};

}  // namespace tinywasm::tools
