// SPDX-License-Identifier: Apache-2.0
#include "tools/listen.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

using namespace tinywasm;
using namespace tinywasm::tools;

TEST_SUITE("listen") {
  TEST_CASE("addresses are numeric, localhost apart") {
    const auto ipv4 = parse_listen_address("127.0.0.1:8080");
    REQUIRE(ipv4.has_value());
    CHECK(ipv4->host == "127.0.0.1");
    CHECK_FALSE(ipv4->is_ipv6);
    CHECK(ipv4->port == 8080);
    const auto ipv6 = parse_listen_address("[::1]:65535");
    REQUIRE(ipv6.has_value());
    CHECK(ipv6->host == "::1");
    CHECK(ipv6->is_ipv6);
    CHECK(ipv6->port == 65535);
    const auto local = parse_listen_address("localhost:0");
    REQUIRE(local.has_value());
    CHECK(local->host == "127.0.0.1");
    for (const char* bad :
         {"", ":", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
          "127.0.0.1:+1", "127.0.0.1:80x", "127.0.0.1: 80", ":80", "example.org:80", "::1:80",
          "[::1:80", "[127.0.0.1]:80", "256.0.0.1:80", "127.1:80", "[]:80", "*:80"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_listen_address(bad).has_value());
    }
  }

  TEST_CASE("a listener names the port it got, and frees it at its end") {
    const auto first = Listener::open({"127.0.0.1", false, 0});
    REQUIRE(first.has_value());
    CHECK(first->descriptor() >= 0);
    CHECK((::fcntl(first->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
    const auto address = parse_listen_address(first->name());
    REQUIRE(address.has_value());
    CHECK(address->port != 0);

    const auto second = Listener::open(*address);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().message ==
          "cannot listen on " + first->name() + ": Address already in use");
    const int descriptor = first->descriptor();
    {
      const Listener moved = std::move(const_cast<Listener&>(*first));
    }
    CHECK(::fcntl(descriptor, F_GETFD) == -1);
    CHECK(Listener::open(*address).has_value());
  }

  TEST_CASE("an address of somebody else is an error") {
    const auto foreign = Listener::open({"192.0.2.1", false, 0});  // for documentation: RFC 5737
    REQUIRE_FALSE(foreign.has_value());
    CHECK(foreign.error().kind == ErrorKind::io);
  }
}
