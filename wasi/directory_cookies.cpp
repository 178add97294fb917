// SPDX-License-Identifier: Apache-2.0
#include "wasi/directory_cookies.hpp"

#include <algorithm>

namespace tinywasm::wasi {
namespace {

// What one costs, more or less: vectors have room to grow, maps have nodes.
constexpr std::size_t kAscendingBytes = 16;
constexpr std::size_t kOtherBytes = 80;

}  // namespace

bool DirectoryCookies::take(std::size_t bytes) {
  if (!copies_.take(bytes)) return false;
  taken_ += bytes;
  return true;
}

std::optional<DirCookie> DirectoryCookies::cookie_of(std::int64_t position) {
  if (position >= 0 && static_cast<DirCookie>(position) < kSmall) {
    return static_cast<DirCookie>(position);
  }
  if (ascending_.empty() || position > ascending_.back()) {
    if (ascending_.size() == kOthers - kSmall || !take(kAscendingBytes)) return std::nullopt;
    ascending_.push_back(position);
    return kSmall + ascending_.size() - 1;
  }
  const auto found = std::lower_bound(ascending_.begin(), ascending_.end(), position);
  if (*found == position) return kSmall + static_cast<DirCookie>(found - ascending_.begin());
  if (const auto other = index_of_others_.find(position); other != index_of_others_.end()) {
    return kOthers + other->second;
  }
  if (others_.size() == kEnd - kOthers || !take(kOtherBytes)) return std::nullopt;
  index_of_others_.emplace(position, others_.size());
  others_.push_back(position);
  return kOthers + others_.size() - 1;
}

std::optional<std::int64_t> DirectoryCookies::position_of(DirCookie cookie) const {
  if (cookie < kSmall) return static_cast<std::int64_t>(cookie);
  const auto& positions = cookie < kOthers ? ascending_ : others_;
  const DirCookie index = cookie - (cookie < kOthers ? kSmall : kOthers);
  if (index >= positions.size()) return std::nullopt;
  return positions[static_cast<std::size_t>(index)];
}

void DirectoryCookies::clear() {
  copies_.bytes -= taken_;
  taken_ = 0;
  // From {} they would keep their memory.
  ascending_ = std::vector<std::int64_t>();
  others_ = std::vector<std::int64_t>();
  index_of_others_ = std::unordered_map<std::int64_t, std::size_t>();
}

}  // namespace tinywasm::wasi
