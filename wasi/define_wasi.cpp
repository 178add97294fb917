// SPDX-License-Identifier: Apache-2.0
#include "wasi/define_wasi.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <tinywasm/linker.hpp>

#include "wasi/calls.hpp"
#include "wasi/world.hpp"

namespace tinywasm {
namespace wasi {
namespace {

bool caller_is_interrupted(const void* caller) {
  return static_cast<const Caller*>(caller)->interrupted();
}

/// A call bound to its world, as Linker::define wants it.
template <auto Callable>
struct Bound;
template <class R, class... A, R (*Callable)(const Call&, A...)>
struct Bound<Callable> {
  std::shared_ptr<World> world;

  R operator()(Caller& caller, A... arguments) const {
    const auto lock = world->lock();
    std::uint64_t transferred = 0;
    const Call call{*world, GuestMemory::of(caller), &caller_is_interrupted, &caller, &transferred};
    R result = Callable(call, std::move(arguments)...);
    if (transferred != 0) caller.charge_bytes(transferred);
    return result;
  }
};

using Maker = HostFunction (*)(const std::shared_ptr<World>& world);

template <auto Callable>
HostFunction make_bound(const std::shared_ptr<World>& world) {
  return make_host_function(Bound<Callable>{world});
}

struct Row {
  std::string_view name;
  Maker preview1;
  Maker unstable;
};

constexpr Row kRows[] = {
#define CALL(name, preview1, unstable) \
  {#name, &make_bound<&wasi::preview1>, &make_bound<&wasi::unstable>},
#include "wasi/calls.def"
#undef CALL
};

/// Programs import a few of the calls, so only those are made.
void define_module(Linker& linker, std::string_view module, Maker Row::* column,
                   const std::shared_ptr<World>& world) {
  linker.define_on_demand(
      module, [world, column](std::string_view name) -> std::optional<HostFunction> {
        const auto* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                             [&](const Row& other) { return other.name == name; });
        if (row == std::end(kRows)) return std::nullopt;
        return (row->*column)(world);
      });
}

}  // namespace

void define_calls(Linker& linker, const std::shared_ptr<World>& world) {
  define_module(linker, "wasi_snapshot_preview1", &Row::preview1, world);
  define_module(linker, "wasi_unstable", &Row::unstable, world);
}

}  // namespace wasi

void Linker::define_wasi(const WasiConfig& config) {
  auto world = wasi::World::create(config);
  if (!world) return fail(std::move(world).error());
  wasi::define_calls(*this, *world);
}

}  // namespace tinywasm
