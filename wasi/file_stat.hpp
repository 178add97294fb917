// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include "wasi/types.hpp"

namespace tinywasm::wasi {

FileType file_type(mode_t mode);
FileStat file_stat(const struct stat& stat);

}  // namespace tinywasm::wasi
