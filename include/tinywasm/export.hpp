// SPDX-License-Identifier: Apache-2.0
/// @file
/// TINYWASM_API marks what the library exports. Everything else is compiled with hidden visibility.
/// TINYWASM_SHARED is defined, by the build system's package files, for users of the shared
/// library.
#pragma once

#if defined(TINYWASM_SHARED) && (defined(__GNUC__) || defined(__clang__))
#define TINYWASM_API __attribute__((visibility("default")))
#else
#define TINYWASM_API
#endif
