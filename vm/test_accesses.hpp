// SPDX-License-Identifier: Apache-2.0
// For tests: the loads and stores of scalars.
#pragma once

#include <string>

namespace tinywasm {

struct Access {
  const char* name;
  unsigned bytes;
};

inline constexpr Access kLoads[] = {{"i32.load", 4},     {"i64.load", 8},     {"f32.load", 4},
                                    {"f64.load", 8},     {"i32.load8_s", 1},  {"i32.load8_u", 1},
                                    {"i32.load16_s", 2}, {"i32.load16_u", 2}, {"i64.load8_s", 1},
                                    {"i64.load8_u", 1},  {"i64.load16_s", 2}, {"i64.load16_u", 2},
                                    {"i64.load32_s", 4}, {"i64.load32_u", 4}};
inline constexpr Access kStores[] = {{"i32.store", 4},  {"i64.store", 8},   {"f32.store", 4},
                                     {"f64.store", 8},  {"i32.store8", 1},  {"i32.store16", 2},
                                     {"i64.store8", 1}, {"i64.store16", 2}, {"i64.store32", 4}};

/// The type of the value: the first part of the name.
inline std::string type_of(const Access& access) { return std::string(access.name).substr(0, 3); }

}  // namespace tinywasm
