// SPDX-License-Identifier: Apache-2.0
#include "vm/interpreter.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "decoder/errors.hpp"
#include "vm/code.hpp"
#include "vm/emitter.hpp"
#include "vm/exceptions.hpp"
#include "vm/frames.hpp"
#include "vm/store.hpp"
#include "vm/translator.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm {
namespace {

/// The innermost frames, which a backtrace shows when there are more.
constexpr std::size_t kMaxFrames = 64;
/// Bytes of a name that a frame shows.
constexpr std::size_t kMaxNameBytes = 128;
/// After an interrupt so many bytes of function bodies may be translated to find where it struck:
/// less than 10 milliseconds' worth.
constexpr std::size_t kInterruptedBytes = std::size_t{32} << 10;

/// What an activation changes in its context and puts back when it ends.
class SavedContext {
 public:
  SavedContext(Context& context, std::uintptr_t here)
      : context_(context),
        instance_(context.instance),
        own_globals_(context.own_globals),
        top_(context.top),
        shadow_end_(context.shadow.end()),
        native_stack_(context.store->native_stack().last) {
    ++context.depth;
    context.store->native_stack().last = here;
  }
  ~SavedContext() {
    --context_.depth;
    context_.instance = instance_;
    context_.own_globals = own_globals_;
    context_.top = top_;
    context_.shadow.open(shadow_end_);
    context_.store->native_stack().last = native_stack_;
    if (instance_ != nullptr) context_.set_memory_size(instance_->memory0->size);
  }
  SavedContext(const SavedContext&) = delete;
  SavedContext& operator=(const SavedContext&) = delete;

 private:
  Context& context_;
  Instance* instance_;
  Global* own_globals_;
  Slot* top_;
  Slot* shadow_end_;
  std::uintptr_t native_stack_;
};

/// Where a frame is in its function's code.
struct CodePlace {
  FunctionCode* function;
  std::uint32_t word;
  std::uint32_t ordinal;
};

/// Notes where the operations of a function come from, by translating it again; the variant keeps
/// that, so it is done once. Large functions have it noted when they are first translated.
bool note_positions(FunctionCode& function) {
  ModuleCode::Variant& variant = *function.variant;
  std::unique_lock lock(variant.mutex);
  if (variant.positions.contains(&function)) return true;
  // Code that counts notes its blocks in the profile, which is its translator's.
  if (variant.profile) variant.turn.wait(lock, [&] { return !variant.is_translating; });
  if (!variant.profile) lock.unlock();
  Translation translation;
  if (translation.run(variant, function.index, {.with_positions = true}) != Trap::none) {
    return false;
  }
  if (!lock.owns_lock()) lock.lock();
  variant.positions.emplace(&function, translation.positions());
  return true;
}

/// The offsets in the module of the operations at `places`. At most `budget` bytes of bodies are
/// translated again for it: what lies in others is left out.
std::vector<std::uint64_t> positions(std::span<const CodePlace> places, std::size_t budget) {
  std::vector<std::uint64_t> offsets(places.size(), Error::kNoOffset);
  for (std::size_t i = 0; i < places.size(); ++i) {
    FunctionCode& function = *places[i].function;
    ModuleCode::Variant& variant = *function.variant;
    const auto look_up = [&] {
      const std::lock_guard lock(variant.mutex);
      const auto known = variant.positions.find(&function);
      if (known == variant.positions.end()) return false;
      const auto found = find_position(known->second, places[i].word, places[i].ordinal);
      if (found) offsets[i] = *found;
      return true;
    };
    if (look_up()) continue;
    const decoder::FunctionBody& body = variant.module.body(function.index);
    const std::size_t bytes = body.end - body.begin;
    if (bytes > budget) continue;
    budget -= bytes;
    if (note_positions(function)) look_up();
  }
  return offsets;
}

void add_backtrace(Error& error, const Context& context, const Dispatcher& dispatcher,
                   const CodeOptions& options, std::uint32_t operand) {
  std::vector<CodePlace> places;
  FrameWalk walk(context.instance, context.trap_pc, context.trap_fp, dispatcher, options);
  for (; !walk.done(); walk.next()) {
    if (error.backtrace.size() >= kMaxFrames) {
      error.is_backtrace_cut = true;
      break;
    }
    places.push_back({&walk.function(), walk.word(), walk.is_innermost() ? operand : 0});
    const decoder::Module& module = walk.instance().module->module();
    Frame frame;
    frame.function = walk.function().index;
    frame.function_name = decoder::clip(module.function_name(frame.function), kMaxNameBytes);
    frame.module_name = decoder::clip(module.module_name(), kMaxNameBytes);
    error.backtrace.push_back(std::move(frame));
  }
  // An interrupt shall end the run at once.
  const std::size_t budget =
      context.trap == Trap::interrupted ? kInterruptedBytes : ~std::size_t{0};
  const std::vector<std::uint64_t> offsets = positions(places, budget);
  const std::size_t before = error.backtrace.size() - places.size();
  if (before == 0 && !offsets.empty() && error.offset == Error::kNoOffset) {
    error.offset = offsets[0];
  }
  for (std::size_t i = 0; i < offsets.size(); ++i) error.backtrace[before + i].offset = offsets[i];
}

Error trap_error(Context& context, const Dispatcher& dispatcher, const CodeOptions& options) {
  const Trap trap = context.trap;
  const std::uint32_t operand = trap == Trap::memory_bounds ? context.trap_operand : 0;
  Error error{.kind = kind(trap), .message = message(trap)};
  if (trap == Trap::undefined_element || trap == Trap::uninitialized_element) {
    error.message += ' ' + std::to_string(context.trap_element);
  }
  if (trap == Trap::exception) {
    error = exception_error(*context.store, *context.exception);
    context.exception = nullptr;  // the error keeps it alive, or nobody does
  }
  if (trap == Trap::host && context.host_error != nullptr) {
    error = std::move(*context.host_error);
    if (error.kind == ErrorKind::exit) return error;  // an end, not a failure
  }
  if (!context.store->has_backtraces()) return error;
  try {
    add_backtrace(error, context, dispatcher, options, operand);
  } catch (const std::bad_alloc&) {
    error.backtrace.clear();
    error.is_backtrace_cut = false;
  }
  return error;
}

Result<void> call_host_function(Context& context, Function& function, Slot* slots) {
  const Trap trap = function.callback(function.environment, context, context.instance, slots);
  if (trap == Trap::none) return {};
  if (trap == Trap::host && context.host_error != nullptr) return std::move(*context.host_error);
  return Error{.kind = kind(trap), .message = message(trap)};
}

}  // namespace

Result<void> call(Context& context, Function& function, Slot* slots) {
  // Activations nest on the native stack: one for every host function that calls back.
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  NativeStack& native_stack = context.store->native_stack();
  if (context.depth == 0) {
    native_stack.base = here;
  } else if (!native_stack.has_room(here, context.depth)) {
    return Error{.kind = ErrorKind::exhaustion, .message = message(Trap::stack_exhausted)};
  }
  const SavedContext saved(context, here);
  if (function.callback != nullptr) return call_host_function(context, function, slots);

  // Code that charges fuel comes to a poll of its own only when it has used up a slice.
  if (context.interrupt.load(std::memory_order_relaxed) != 0) [[unlikely]] {
    return Error{.kind = kind(Trap::interrupted), .message = message(Trap::interrupted)};
  }
  const std::size_t params = slot_count(function.type->params);
  const std::size_t results = slot_count(function.type->results);
  Slot* fp = context.top + kLinkage;
  if (fp + std::max(params, results) > context.stack_limit) {
    return Error{.kind = ErrorKind::exhaustion, .message = message(Trap::stack_exhausted)};
  }
  context.shadow.open(fp + std::max(params, results));
  const ModuleCode::Variant& variant = *function.code->variant;
  std::copy_n(slots, params, fp);
  if (context.store->heap().has_objects()) {
    // Slots keep what earlier frames left in them until they are written, and the collector takes
    // it for references in use. The first frames of a call begin without any.
    constexpr std::ptrdiff_t kCleared = 256;
    Slot* const end = std::min(fp + params + kCleared, context.stack_limit);
    context.shadow.open(end);
    std::fill(fp + params, end, Slot{0});
  }
  fp[-1] = reinterpret_cast<Slot>(halt_pc(variant.dispatcher));
  fp[-2] = 0;
  context.instance = function.instance;
  context.own_globals = function.instance->own_globals;
  context.set_memory_size(function.instance->memory0->size);
  context.trap = Trap::none;
  variant.dispatcher.run(function.code->entry.load(std::memory_order_acquire), fp, &context);
  if (context.trap != Trap::none) {
    return trap_error(context, variant.dispatcher, variant.options);
  }
  if (results == 1) {
    const decoder::ValType type = function.type->results[0];
    const bool is_float = type == decoder::ValType::kF32 || type == decoder::ValType::kF64;
    slots[0] = is_float ? context.float_result[0] : context.result;
  } else {
    std::copy_n(fp, results, slots);
  }
  return {};
}

}  // namespace tinywasm::vm
