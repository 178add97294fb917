// SPDX-License-Identifier: Apache-2.0
// Files the command writes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <tinywasm/result.hpp>

namespace tinywasm::tools {

/// Writes a file whole or not at all: into a temporary one beside it, which then takes its place
/// with the permissions of a new file. Symbolic links are followed. Where no temporary file can be
/// had the file itself is written to, and so is what is there and no regular file (a pipe, a
/// device). "-" is standard output, and so are other names of it. Errors do not repeat the path.
Result<void> write_output(const std::string& path, std::string_view bytes);

/// Writes to an open file; an error of kind io is the file's, another one that of what was to be
/// written.
using OutputWriter = std::function<Result<void>(int descriptor)>;
/// The same of what `write` writes. It may be called twice, for another file.
Result<void> write_output(const std::string& path, const OutputWriter& write);

/// Whether both name the same regular file, so that writing one destroys the other. "-" as `input`
/// is standard input, as `output` standard output.
bool is_same_file(const std::string& input, const std::string& output);

}  // namespace tinywasm::tools
