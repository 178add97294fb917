// SPDX-License-Identifier: Apache-2.0
/// @file
/// TINYWASM_MODE is part of the names of what every program needs of the library. The standard
/// library's types, and with them ours, lie otherwise in memory under some of its switches; a
/// program that is compiled with others than the library then does not link, and the linker's
/// message says why.
#pragma once

#include <version>  // has the standard library say what it is

#if defined(_GLIBCXX_DEBUG)
#define TINYWASM_MODE [[gnu::abi_tag("with_GLIBCXX_DEBUG")]]
#elif defined(__GLIBCXX__) && !_GLIBCXX_USE_CXX11_ABI
#define TINYWASM_MODE [[gnu::abi_tag("with_old_GLIBCXX_strings")]]
#elif defined(_LIBCPP_VERSION)
#define TINYWASM_MODE [[gnu::abi_tag("with_LIBCPP")]]
#else
#define TINYWASM_MODE
#endif
