// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tinywasm/result.hpp>
#include <tinywasm/wasi.hpp>

#include "wasi/clock.hpp"
#include "wasi/fd_table.hpp"
#include "wasi/path.hpp"

namespace tinywasm::wasi {

/// All that one guest can reach through WASI, and its state.
struct World {
  /// Opens what `config` names: standard streams as descriptors 0 to 2, the preopens from 3 on,
  /// then the sockets. The error names what could not be had.
  static Result<std::shared_ptr<World>> create(const WasiConfig& config);

  std::vector<std::string> args;
  std::vector<std::string> environment;  // "NAME=value"
  FdTable fds;
  PathResolver paths;
  Clocks clocks;
  std::shared_ptr<WasiReport> report;  // may be null

  /// The descriptor, if it is open and has all of `rights`. badf when it is not open, or lacks the
  /// right to read or write, as POSIX has it; notcapable when it lacks another.
  OrErrno<Descriptor*> get(Fd fd, Rights rights) const;

 private:
  explicit World(const WasiConfig& config) : fds(config.max_open_files), report(config.report) {}
};

}  // namespace tinywasm::wasi
