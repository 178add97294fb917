// SPDX-License-Identifier: Apache-2.0
// How the command's arguments are split.
#include "tools/command_line.hpp"

#include <doctest/doctest.h>

using tinywasm::tools::CommandLine;
using Order = CommandLine::Order;
using Strings = std::vector<std::string>;

namespace {

struct Parsed {
  bool flag = false;
  std::optional<std::string> value{};
  Strings list{};
  Strings rest{};
  std::string problem{};
};

Parsed parse(const Strings& arguments, Order order = Order::mixed) {
  Parsed parsed;
  CommandLine line;
  line.add_flag("-f,--flag", parsed.flag);
  line.add_option("-o,--output", parsed.value);
  line.add_list("--dir", parsed.list);
  parsed.problem = line.parse(arguments, order, parsed.rest);
  return parsed;
}

}  // namespace

TEST_SUITE("command_line") {
  TEST_CASE("values") {
    for (const Strings& arguments :
         {Strings{"--output", "x"}, Strings{"--output=x"}, Strings{"-o", "x"}, Strings{"-ox"}}) {
      const Parsed parsed = parse(arguments);
      CHECK(parsed.problem == "");
      CHECK(parsed.value == "x");
      CHECK(parsed.rest.empty());
    }
    CHECK(parse({"--output", "--flag"}).value == "--flag");
    CHECK(parse({"--output=a=b"}).value == "a=b");
    const Parsed both = parse({"--dir", "a", "--dir=[b,c]", "--dir={}"});
    CHECK(both.list == Strings{"a", "[b,c]", "{}"});
  }

  TEST_CASE("an empty value takes nothing else") {
    const Parsed option = parse({"--output=", "m"});
    CHECK(option.problem == "");
    CHECK(option.value == "");
    CHECK(option.rest == Strings{"m"});
    const Parsed list = parse({"--dir=", "m", "--dir", ""});
    CHECK(list.list == Strings{"", ""});
    CHECK(list.rest == Strings{"m"});
  }

  TEST_CASE("where options end") {
    const Parsed mixed = parse({"a", "--flag", "-", "--", "--dir", "b"});
    CHECK(mixed.flag);
    CHECK(mixed.rest == Strings{"a", "-", "--dir", "b"});
    const Parsed first = parse({"--flag", "a", "-o", "--"}, Order::options_first);
    CHECK(first.flag);
    CHECK_FALSE(first.value);
    CHECK(first.rest == Strings{"a", "-o", "--"});
    const Parsed literal = parse({"--flag", "--", "-a"}, Order::options_first);
    CHECK(literal.rest == Strings{"--", "-a"});
    CHECK(parse({"-"}, Order::options_first).rest == Strings{"-"});
  }

  TEST_CASE("what is wrong") {
    CHECK(parse({"--nonsense=1"}).problem == "unknown option --nonsense");
    CHECK(parse({"-x"}).problem == "unknown option -x");
    CHECK(parse({"--out", "x"}).problem == "unknown option --out");
    CHECK(parse({"--flag="}).problem == "--flag takes no value");
    CHECK(parse({"-fo"}).problem == "-f takes no value");
    CHECK(parse({"--dir"}).problem == "--dir needs a value");
    CHECK(parse({"-o", "a", "--output=a"}).problem == "--output is given twice");
  }
}
