// SPDX-License-Identifier: Apache-2.0
// For tests: modules of the binary format, put together by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace tinywasm::decoder::test {

using Bytes = std::vector<std::byte>;

/// What a byte string is made of: a byte, text, or another byte string.
class Part {
 public:
  Part(int byte) : bytes_{static_cast<std::byte>(byte)} {}
  Part(const char* text) {
    for (const char c : std::string_view(text)) bytes_.push_back(static_cast<std::byte>(c));
  }
  Part(Bytes bytes) : bytes_(std::move(bytes)) {}
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};
using Parts = std::initializer_list<Part>;

inline Bytes bytes(Parts parts) {
  Bytes all;
  for (const Part& part : parts) all.insert(all.end(), part.bytes().begin(), part.bytes().end());
  return all;
}

inline Bytes leb(std::uint64_t value) {
  Bytes all;
  for (; value >= 0x80; value >>= 7) all.push_back(static_cast<std::byte>(0x80 | (value & 0x7f)));
  all.push_back(static_cast<std::byte>(value));
  return all;
}

/// The size of the parts, then the parts: a name, a body.
inline Bytes sized(Parts parts) {
  Bytes contents = bytes(parts);
  return bytes({leb(contents.size()), contents});
}

/// The number of items, then the items.
inline Bytes vec(Parts items) { return bytes({leb(items.size()), bytes(items)}); }

inline Bytes section(int id, Parts contents) { return bytes({id, sized(contents)}); }

inline Bytes module(Parts sections) { return bytes({0, "asm", 1, 0, 0, 0, bytes(sections)}); }

/// A function body without locals; its `end` is added.
inline Bytes body(Parts instructions) { return sized({0, bytes(instructions), 0x0b}); }

/// A module of one function type and one function of it.
inline Bytes function(Bytes type, Bytes code) {
  return module({section(1, {vec({std::move(type)})}), section(3, {vec({0})}),
                 section(10, {vec({std::move(code)})})});
}

}  // namespace tinywasm::decoder::test
