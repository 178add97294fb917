// SPDX-License-Identifier: Apache-2.0
#include "wasi/define_wasi.hpp"

#include <memory>
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

/// Gives up the descriptor that a call has waited for.
struct Unpin {
  const Call& call;
  ~Unpin() {
    if (call.pinned) call.world.fds.unpin(*call.pinned);
  }
};

/// A call bound to its world, as Linker::define wants it.
template <auto Callable>
struct Bound;
template <class R, class... A, R (*Callable)(const Call&, A...)>
struct Bound<Callable> {
  std::shared_ptr<World> world;

  R operator()(Caller& caller, A... arguments) const {
    const auto lock = world->lock();
    const Call call{*world, caller.memory(), &caller_is_interrupted, &caller};
    const Unpin unpin{call};
    return Callable(call, arguments...);
  }
};

}  // namespace

void define_calls(Linker& linker, const std::shared_ptr<World>& world) {
#define CALL(name, preview1, unstable)                                           \
  linker.define("wasi_snapshot_preview1", #name, Bound<&wasi::preview1>{world}); \
  linker.define("wasi_unstable", #name, Bound<&wasi::unstable>{world});
#include "wasi/calls.def"
#undef CALL
}

}  // namespace wasi

void Linker::define_wasi(const WasiConfig& config) {
  auto world = wasi::World::create(config);
  if (!world) return fail(std::move(world).error());
  wasi::define_calls(*this, *world);
}

}  // namespace tinywasm
