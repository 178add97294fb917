// SPDX-License-Identifier: Apache-2.0
/// @file
/// All of tinywasm: load a Module, make a Store, define what the module imports in a Linker,
/// instantiate it, call what it exports. Errors are Result values; nothing throws.
#pragma once

#include <tinywasm/error.hpp>
#include <tinywasm/exception.hpp>
#include <tinywasm/features.hpp>
#include <tinywasm/func.hpp>
#include <tinywasm/guest.hpp>
#include <tinywasm/host.hpp>
#include <tinywasm/instance.hpp>
#include <tinywasm/interrupt.hpp>
#include <tinywasm/linker.hpp>
#include <tinywasm/memory.hpp>
#include <tinywasm/module.hpp>
#include <tinywasm/result.hpp>
#include <tinywasm/shared_memory.hpp>
#include <tinywasm/store.hpp>
#include <tinywasm/text.hpp>
#include <tinywasm/value.hpp>
#include <tinywasm/version.hpp>
#include <tinywasm/wasi.hpp>
#include <tinywasm/wasi_files.hpp>
#include <tinywasm/wasi_threads.hpp>
