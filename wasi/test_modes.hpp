// SPDX-License-Identifier: Apache-2.0
// The resolvers that this system has, for tests of each.
#pragma once

#include <fcntl.h>
#include <filesystem>
#include <vector>

#include "wasi/path.hpp"
#include "wasi/platform.hpp"
#include "wasi/test_world.hpp"

namespace tinywasm::wasi {

inline const std::vector<PathResolver::Mode>& modes() {
  static const std::vector<PathResolver::Mode> all = [] {
    std::vector<PathResolver::Mode> found{PathResolver::Mode::walk};
    const TempDir temp;
    std::filesystem::create_directory(temp / "probe");
    const HostFd root(::open((temp / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const HostFd probe(platform::open_directory_beneath(root.get(), "probe"));
    if (probe) found.push_back(PathResolver::Mode::kernel);
    return found;
  }();
  return all;
}

inline const char* name_of(PathResolver::Mode mode) {
  return mode == PathResolver::Mode::walk ? "walk" : "kernel";
}

}  // namespace tinywasm::wasi
