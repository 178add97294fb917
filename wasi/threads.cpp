// SPDX-License-Identifier: Apache-2.0
#include "wasi/threads.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <system_error>
#include <utility>
#include <variant>

#include <tinywasm/func.hpp>
#include <tinywasm/instance.hpp>
#include <tinywasm/linker.hpp>
#include <tinywasm/memory.hpp>

#include "vm/api.hpp"
#include "vm/shared_memory.hpp"
#include "vm/store.hpp"
#include "wasi/define_wasi.hpp"

namespace tinywasm {
namespace wasi {
namespace {

constexpr const char* kModule = "wasi";
constexpr const char* kSpawn = "thread-spawn";
/// Thread ids are positive and have 29 bits: the others are the guest's locks' own.
constexpr std::int32_t kMaxId = (1 << 29) - 1;
/// What thread-spawn answers when there can be no more threads.
constexpr std::int32_t kAgain = -static_cast<std::int32_t>(Errno::again);

/// Every thread has an instance of its own, and of all that it imports.
bool is_known(const ImportType& import) {
  return import.module == "wasi_snapshot_preview1" || import.module == "wasi_unstable" ||
         (import.module == kModule && import.name == kSpawn);
}

Error cannot(std::string message) {
  Error error;
  error.kind = ErrorKind::unlinkable;
  error.message = std::move(message);
  return error;
}

}  // namespace

ThreadGroup::ThreadGroup(const Module& module, Store& first, const WasiThreadsConfig& config,
                         std::shared_ptr<World> world)
    : module_(module), first_(first), config_(config), world_(std::move(world)) {
  // One account of fuel for all: whether there is one, the first decides.
  first.impl()->share_accounts();
  config_.store.fuel.reset();
  if (first.impl()->code_options().fuel) config_.store.fuel = 0;
}

Result<void> ThreadGroup::create_memory() {
  for (const ImportType& import : module_.imports()) {
    const auto* type = std::get_if<MemoryType>(&import.type);
    if (!type || !type->is_shared) {
      if (is_known(import)) continue;
      return cannot(fmt::format(
          "a guest with threads can import a shared memory, WASI and thread-spawn, but not \"{}\" "
          "\"{}\"",
          import.module, import.name));
    }
    if (memory_) return cannot("a guest with threads imports more than one shared memory");
    auto memory = SharedMemory::create(*type, config_.store.max_memory_bytes);
    if (!memory) return std::move(memory).error();
    if (!memory->impl()->charge_to(first_.impl()->memory_account())) {
      Error error = cannot("out of memory: the shared memory is beyond the limit");
      error.kind = ErrorKind::exhaustion;
      return error;
    }
    memory_ = *std::move(memory);
    memory_module_ = import.module;
    memory_name_ = import.name;
  }
  if (!memory_) return cannot("a guest with threads must import a shared memory");
  return {};
}

void ThreadGroup::define(Linker& linker, Store& store) {
  define_calls(linker, world_);
  // The group owns whoever calls this: a strong reference would be a cycle through the Store.
  linker.define(kModule, kSpawn, [group = weak_from_this()](std::int32_t argument) {
    const std::shared_ptr<ThreadGroup> self = group.lock();
    return self ? self->spawn(argument) : kAgain;
  });
  auto memory = Memory::create(store, *memory_);
  if (!memory) return linker.fail(std::move(memory).error());
  linker.define(memory_module_, memory_name_, *memory);
}

std::int32_t ThreadGroup::spawn(std::int32_t argument) {
  const std::lock_guard lock(mutex_);
  reap();
  if (is_ending_ || threads_.size() >= config_.max_threads || last_id_ == kMaxId) return kAgain;
  const std::int32_t id = ++last_id_;
  try {
    Thread& thread = threads_.emplace_back();
    thread.id = id;
    thread.host = std::thread([self = this, id, argument] { self->run(id, argument); });
  } catch (const std::system_error&) {  // the host has no more
    threads_.pop_back();
    return kAgain;
  } catch (const std::bad_alloc&) {
    if (!threads_.empty() && !threads_.back().host.joinable()) threads_.pop_back();
    return kAgain;
  }
  return id;
}

/// Forgets threads that are done.
void ThreadGroup::reap() {
  std::erase_if(threads_, [](Thread& thread) {
    if (!thread.is_done) return false;
    thread.host.join();
    return true;
  });
}

void ThreadGroup::run(std::int32_t id, std::int32_t argument) {
  std::optional<Store> store;
  Result<void> result = vm::guarded([&]() -> Result<void> {
    store.emplace(config_.store);
    store->impl()->join(*first_.impl());
    return enter(id, *store) ? run_guest(*store, id, argument) : Result<void>();
  });
  if (store) store->impl()->return_fuel();
  leave(id, std::move(result));
}

Result<void> ThreadGroup::run_guest(Store& store, std::int32_t id, std::int32_t argument) {
  Linker linker(store);
  define(linker, store);
  auto instance = linker.instantiate(module_);
  if (!instance) return std::move(instance).error();
  auto start = instance->func<void(std::int32_t, std::int32_t)>("wasi_thread_start");
  if (!start) return std::move(start).error();
  return (*start)(id, argument);
}

/// False: all are to end.
bool ThreadGroup::enter(std::int32_t id, Store& store) {
  const std::lock_guard lock(mutex_);
  for (Thread& thread : threads_) {
    if (thread.id == id) thread.store = &store;
  }
  return !is_ending_;
}

void ThreadGroup::leave(std::int32_t id, Result<void> result) {
  if (!result) end(std::move(result).error());
  const std::lock_guard lock(mutex_);
  for (Thread& thread : threads_) {
    if (thread.id != id) continue;
    thread.store = nullptr;
    thread.is_done = true;
  }
}

/// Has all threads end; the first reason is kept.
void ThreadGroup::end(std::optional<Error> error) {
  const std::lock_guard lock(mutex_);
  if (!is_ending_) {
    is_ending_ = true;
    error_ = std::move(error);
    first_.interrupt();
  }
  for (Thread& thread : threads_) {
    if (thread.store) thread.store->interrupt();
  }
}

void ThreadGroup::stop() {
  end(std::nullopt);
  std::vector<Thread> threads;
  {
    const std::lock_guard lock(mutex_);
    threads = std::exchange(threads_, {});
  }
  for (Thread& thread : threads) thread.host.join();
}

Result<void> ThreadGroup::finish(Result<void> result) {
  stop();
  const std::lock_guard lock(mutex_);
  if (error_) return *error_;
  return result;
}

}  // namespace wasi

bool WasiThreads::wanted_by(const Module& module) {
  const auto imports = module.imports();
  return std::any_of(imports.begin(), imports.end(), [](const ImportType& import) {
    return import.module == wasi::kModule && import.name == wasi::kSpawn;
  });
}

Result<WasiThreads> WasiThreads::create(const Module& module, Store& first,
                                        const WasiConfig& config,
                                        const WasiThreadsConfig& threads) {
  auto world = wasi::World::create(config);
  if (!world) return std::move(world).error();
  (*world)->is_threaded = true;
  auto group = std::make_shared<wasi::ThreadGroup>(module, first, threads, *std::move(world));
  if (auto created = group->create_memory(); !created) return std::move(created).error();
  return WasiThreads(std::move(group));
}

void WasiThreads::define(Linker& linker) const { group_->define_first(linker); }

Result<void> WasiThreads::finish(Result<void> result) const {
  return group_->finish(std::move(result));
}

WasiThreads::~WasiThreads() {
  if (group_) group_->stop();
}

}  // namespace tinywasm
