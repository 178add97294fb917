// SPDX-License-Identifier: Apache-2.0
// What the command tells: error lines, exit codes, its own output.
#pragma once

#include <string>
#include <string_view>

#include <tinywasm/error.hpp>

namespace tinywasm::tools {

// The exit codes; a guest that ends itself gives its own.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;  // a file that cannot be read, decoded or linked
inline constexpr int kExitUsage = 2;
inline constexpr int kExitTimeout = 124;  // as timeout(1)
inline constexpr int kExitTrap = 134;     // as a shell reports SIGABRT; 128 + n for signal n

/// `text` with what a terminal would act upon replaced by escapes: names of files, whatever comes
/// from outside. Applying it twice is the same as once.
std::string printable(std::string_view text);

// Names of files and messages may be anything: the functions below escape them.

/// "tinywasm: FILE: message" on standard error, and the guest's backtrace when there is one.
void report(std::string_view file, const Error& error);
/// The same for an error in a text: "tinywasm: FILE:LINE:COLUMN: message", the line, and a mark
/// below the place. An error without a place in `source` is reported as any other.
void report_source(std::string_view file, const Error& error, std::string_view source);
/// "tinywasm: message".
void report(std::string_view message);

/// Writes to standard output. False, with a line on standard error: it could not all be written.
bool print(std::string_view text);
/// Writes all of it to a descriptor; an errno, or 0.
int write_all(int descriptor, std::string_view text);
/// Writes to standard error.
void print_error(std::string_view text);

}  // namespace tinywasm::tools
