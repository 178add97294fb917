// SPDX-License-Identifier: Apache-2.0
#include "wasi/reservation.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "wasi/world.hpp"

namespace tinywasm::wasi {
namespace {

/// The size of a regular file; none for what has no size.
std::optional<FileSize> size_of(const Descriptor& descriptor) {
  if (descriptor.file) return descriptor.file->info().size;
  struct stat stat{};
  if (descriptor.kind != Descriptor::Kind::file) return std::nullopt;
  if (::fstat(descriptor.host.get(), &stat) != 0 || stat.st_size < 0) return std::nullopt;
  return static_cast<FileSize>(stat.st_size);
}

}  // namespace

Reservation::Reservation(const Call& call, std::uint64_t bytes)
    : call_(call), bytes_(bytes), taken_(call.world.output.take(bytes)) {
  if (is_refused() && call.world.report) call.world.report->is_output_limit_reached = true;
}

Reservation::~Reservation() { call_.world.output.give_back(taken_ - used_); }

bool is_output_limited(const Call& call) { return call.world.output.is_limited(); }

FileSize hole_before(const Descriptor& descriptor, std::optional<FileSize> offset) {
  const auto size = size_of(descriptor);
  if (!size || (descriptor.flags & fdflags::kAppend) != 0) return 0;
  if (!offset) {
    const off_t position = descriptor.file ? static_cast<off_t>(descriptor.position)
                                           : ::lseek(descriptor.host.get(), 0, SEEK_CUR);
    offset = position < 0 ? 0 : static_cast<FileSize>(position);
  }
  return *offset > *size ? *offset - *size : 0;
}

FileSize growth_to(const Descriptor& descriptor, FileSize size) {
  const FileSize now = size_of(descriptor).value_or(0);
  return size > now ? size - now : 0;
}

}  // namespace tinywasm::wasi
