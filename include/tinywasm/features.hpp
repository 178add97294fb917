// SPDX-License-Identifier: Apache-2.0
/// @file
/// Features of WebAssembly that modules may use, by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tinywasm/export.hpp>
#include <tinywasm/result.hpp>

namespace tinywasm {

// FEATURE(id, name, group): everything after Wasm 1.0; the groups are wasm2, wasm3 and more.
#define TINYWASM_FEATURES(FEATURE)                                   \
  FEATURE(mutable_globals, "mutable-globals", wasm2)                 \
  FEATURE(sign_extension, "sign-extension", wasm2)                   \
  FEATURE(saturating_float_to_int, "saturating-float-to-int", wasm2) \
  FEATURE(multi_value, "multi-value", wasm2)                         \
  FEATURE(bulk_memory, "bulk-memory", wasm2)                         \
  FEATURE(reference_types, "reference-types", wasm2)                 \
  FEATURE(simd, "simd", wasm2)                                       \
  FEATURE(relaxed_simd, "relaxed-simd", wasm3)                       \
  FEATURE(tail_call, "tail-call", wasm3)                             \
  FEATURE(function_references, "function-references", wasm3)         \
  FEATURE(gc, "gc", wasm3)                                           \
  FEATURE(exceptions, "exceptions", wasm3)                           \
  FEATURE(extended_const, "extended-const", wasm3)                   \
  FEATURE(multi_memory, "multi-memory", wasm3)                       \
  FEATURE(memory64, "memory64", wasm3)                               \
  FEATURE(threads, "threads", more)                                  \
  FEATURE(custom_page_sizes, "custom-page-sizes", more)              \
  FEATURE(wide_arithmetic, "wide-arithmetic", more)                  \
  FEATURE(custom_descriptors, "custom-descriptors", more)            \
  FEATURE(legacy_exceptions, "legacy-exceptions", more)

/// What was added to WebAssembly after its version 1.0.
enum class FeatureId : std::uint8_t {
#define FEATURE(id, name, group) id,
  TINYWASM_FEATURES(FEATURE)
#undef FEATURE
};

/// The name of a feature: "relaxed-simd".
TINYWASM_API std::string_view to_string(FeatureId feature) noexcept;

/// A set of features. By default all that this library has.
class Features {
 public:
  /// All features.
  constexpr Features() = default;
  /// A list such as "wasm2,+gc,-simd". Names with '+' or '-' add to and take from the set that the
  /// other names make, or from all features if there are none. Names are those of features and of
  /// the groups wasm1, wasm2, wasm3 (which include the earlier ones) and all. An error tells the
  /// names that are known.
  [[nodiscard]] TINYWASM_API static Result<Features> parse(std::string_view list);

  [[nodiscard]] constexpr bool has(FeatureId feature) const noexcept {
    return (off_ & bit(feature)) == 0;
  }
  constexpr void set(FeatureId feature, bool on) noexcept {
    off_ = on ? off_ & ~bit(feature) : off_ | bit(feature);
  }
  [[nodiscard]] constexpr bool has_all() const noexcept { return off_ == 0; }
  friend constexpr bool operator==(const Features&, const Features&) = default;

 private:
  static constexpr std::uint32_t bit(FeatureId feature) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(feature);
  }
  std::uint32_t off_ = 0;
};

}  // namespace tinywasm
