// SPDX-License-Identifier: Apache-2.0
// Targets that end before anything runs.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "decoder/module.hpp"
#include "decoder/reader.hpp"
#include "decoder/text.hpp"
#include "decoder/validator.hpp"
#include "tools/fuzz/body.hpp"
#include "tools/fuzz/targets.hpp"

namespace tinywasm::fuzz {

void require(bool holds, std::string_view message) {
  if (holds) return;
  std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
  std::abort();
}

void read(Input input) {
  const auto module = decoder::read_module(std::vector<std::byte>(input.begin(), input.end()));
  if (!module) require(!module.error().message.empty(), "an error without a message");
}

void validate(Input input) {
  auto module = decoder::read_module(module_around(input));
  if (!module) return;  // the body ends elsewhere than the input does
  const auto valid = decoder::validate_module(*module);
  if (!valid) require(!valid.error().message.empty(), "an error without a message");
}

void assemble(Input input) {
  const std::string_view source(reinterpret_cast<const char*>(input.data()), input.size());
  auto bytes = decoder::assemble(source);
  if (!bytes) return require(!bytes.error().message.empty(), "an error without a message");
  // (module binary ...) may hold anything.
  if (source.find("binary") != std::string_view::npos) return;
  const auto module = decoder::read_module(std::move(*bytes));
  if (!module && module.error().kind == ErrorKind::malformed) {
    require(false, "assembled what cannot be read: " + to_string(module.error()));
  }
}

}  // namespace tinywasm::fuzz
