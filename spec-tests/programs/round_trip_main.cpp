// SPDX-License-Identifier: Apache-2.0
// round_trip DIRECTORY: check_round_trips of all scripts below the directory.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "spec-tests/round_trip.hpp"

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  if (argc != 2) {
    std::fputs("usage: round_trip DIRECTORY\n", stderr);
    return 2;
  }
  std::vector<fs::path> scripts;
  for (const auto& entry : fs::recursive_directory_iterator(argv[1])) {
    if (entry.path().extension() == ".wast") scripts.push_back(entry.path());
  }
  std::sort(scripts.begin(), scripts.end());
  unsigned long modules = 0;
  unsigned long failed = 0;
  for (const fs::path& path : scripts) {
    std::ifstream file(path, std::ios::binary);
    const std::string source{std::istreambuf_iterator<char>(file), {}};
    const tinywasm::spec::ScriptReport report = tinywasm::spec::check_round_trips(source);
    modules += report.modules;
    failed += report.failed;
    for (const auto& failure : report.failures) {
      std::printf("%s:%u: %s\n", path.c_str(), failure.line, failure.message.c_str());
    }
  }
  std::printf("%lu modules, %lu failed\n", modules, failed);
  return failed == 0 && modules > 0 ? 0 : 1;
}
