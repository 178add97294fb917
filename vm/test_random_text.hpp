// SPDX-License-Identifier: Apache-2.0
// For tests: choices at random, and text of the text format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tinywasm {

class RandomText {
 protected:
  explicit RandomText(std::uint64_t seed) : state_(seed * 2 + 1) {
    for (int i = 0; i < 8; ++i) random();
  }

  enum Type : std::uint8_t { i32, i64, f32, f64, v128 };
  static constexpr std::string_view kNames[] = {"i32", "i64", "f32", "f64", "v128"};

  // ---- Choices

  std::uint64_t random() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545F4914F6CDD1D;
  }
  unsigned below(unsigned n) { return static_cast<unsigned>((random() >> 33) % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <std::size_t N>
  std::string_view any(const std::string_view (&choices)[N]) {
    return choices[below(N)];
  }
  Type type() {
    static constexpr Type kWeighted[] = {i32, i32, i32, i32, i64, i64, f64, f32, v128};
    return kWeighted[below(9)];
  }
  std::vector<Type> types(unsigned count) {
    std::vector<Type> list;
    for (unsigned i = 0; i < count; ++i) list.push_back(type());
    return list;
  }

  // ---- Text

  void add(std::string_view word) {
    text_ += word;
    text_ += ' ';
  }
  void op(Type t, std::string_view name) {
    text_ += kNames[t];
    text_ += '.';
    add(name);
  }
  void indexed(std::string_view word, std::size_t index) {
    add(word);
    add(std::to_string(index));
  }
  void number(std::uint32_t value) {
    add("i32.const");
    add(std::to_string(static_cast<std::int32_t>(value)));
  }
  void signature(const std::vector<Type>& params, const std::vector<Type>& results) {
    if (!params.empty()) {
      add("(param");
      for (Type t : params) add(kNames[t]);
      add(")");
    }
    if (!results.empty()) {
      add("(result");
      for (Type t : results) add(kNames[t]);
      add(")");
    }
  }

  std::string text_;

 private:
  std::uint64_t state_;
};

}  // namespace tinywasm
