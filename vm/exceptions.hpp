// SPDX-License-Identifier: Apache-2.0
// Exceptions (https://webassembly.github.io/spec/core/exec/runtime.html#exception-instances): the
// objects, and how they find their handlers. Nothing is done for them while none is thrown: a
// handler is looked up by the return pcs of the frames, in tables that the translator made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <tinywasm/store_id.hpp>

#include "decoder/instruction.hpp"
#include "vm/runtime.hpp"

namespace tinywasm::vm {

struct HostRoot;

/// Which code of a function has its exceptions handled, and where.
struct HandlerTable {
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  /// The code from `begin` (bytes from the function's start) to the next range's.
  struct Range {
    std::uint32_t begin;
    std::uint32_t region;  // kNone: none of this function
  };
  struct Region {
    std::uint32_t parent;  // asked when no clause takes an exception, or kNone
    std::uint32_t first;   // clauses, in their order
    std::uint32_t count;
  };
  struct Clause {
    decoder::Catch::Kind kind;
    std::uint16_t values;     // the first slot for the exception's values
    std::uint16_t exception;  // the slot for the exception itself, if `kind` wants it
    std::uint32_t tag;        // index in the module
    std::uint32_t target;     // bytes from the function's start
  };

  std::vector<Range> ranges;
  std::vector<Region> regions;
  std::vector<Clause> clauses;

  std::uint32_t region_at(std::uint32_t word) const;
};

/// Where execution goes on. With a null pc the run ends: Context::trap says why.
struct Landing {
  const std::byte* pc = nullptr;
  Slot* fp = nullptr;
};

/// Throws an exception from the word at `pc` of the frame at `fp`: of the instance's tag `tag` with
/// the values in `values`, or an existing one. The context's instance becomes the handler's.
Landing throw_new(Context& context, const std::byte* pc, Slot* fp, std::uint32_t tag,
                  const Slot* values);
Landing throw_again(Context& context, const std::byte* pc, Slot* fp, Slot exception);
/// A host function failed, with Context::trap and host_error set: if that was because of an
/// exception, it goes on. `left`: the call was a tail call, so that the frame is no longer there.
Landing throw_from_host(Context& context, const std::byte* pc, Slot* fp, bool left);

/// What an Error refers to that an exception became: a root of the Store's heap. It may outlive the
/// Store, and be dropped on any thread.
struct HeldException {
  HeldException(Store& of, Exception& held);
  ~HeldException();
  HeldException(const HeldException&) = delete;
  HeldException& operator=(const HeldException&) = delete;

  StoreId store;
  Exception* object;  // while the Store is there

 private:
  HostRoot* root_;
};

/// A new exception with room for its values; null: out of memory. It may collect: the value stack
/// is in use up to `stack_end` (see Heap).
Exception* make_exception(Store& store, Tag& tag, const Slot* stack_end);

/// The error an exception becomes that leaves the outermost call.
Error exception_error(Store& store, Exception& exception);

}  // namespace tinywasm::vm
