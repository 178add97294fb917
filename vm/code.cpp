// SPDX-License-Identifier: Apache-2.0
#include "vm/code.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "vm/emitter.hpp"
#include "vm/exceptions.hpp"
#include "vm/translator.hpp"
#include "vm/word_profile.hpp"
#include "vm/words.hpp"

namespace tinywasm::vm {
namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10;
constexpr std::size_t kLargeFunction = std::size_t{256} << 10;

const Dispatcher& dispatcher_for(const CodeOptions& options) {
  return options.portable_loop ? loop_dispatcher() : tail_dispatcher();
}

/// A variant is found again by its own options, which are not always those it was asked for with:
/// where there is no fast dispatcher, nothing is fused.
unsigned variant_index(const CodeOptions& options) {
  const bool is_fused = options.fuse && !dispatcher_for(options).plain;
  const unsigned way = options.portable_loop ? 2 : is_fused ? 1 : 0;
  return way * 8 + (options.count_words ? 4 : 0) + (options.fuel ? 2 : 0) +
         (options.deterministic ? 1 : 0);
}

}  // namespace

ModuleCode::Variant::Variant(ModuleCode& c, const CodeOptions& o)
    : code(c), module(c.module()), options(o), dispatcher(dispatcher_for(o)) {
  if (dispatcher.plain) options.fuse = false;
  if (options.count_words) profile = std::make_unique<WordProfile>();
}

ModuleCode::Variant::~Variant() { std::free(cells); }

FunctionCode* ModuleCode::Variant::cell(std::uint32_t function_index) {
  static_assert(std::is_trivially_destructible_v<FunctionCode>);
  if (cells == nullptr) {
    // Zero pages that are never touched cost nothing: most functions are never called.
    cells = static_cast<FunctionCode*>(std::calloc(module.bodies.size(), sizeof(FunctionCode)));
    if (cells == nullptr) return nullptr;
  }
  FunctionCode* cell = &cells[function_index - module.imported_functions];
  if (cell->variant == nullptr) {
    new (cell) FunctionCode;
    cell->translate_handler = dispatcher.word(WordId::translate);
    cell->entry.store(cell->stub(), std::memory_order_relaxed);
    cell->index = function_index;
    cell->variant = this;
  }
  return cell;
}

std::byte* ModuleCode::Variant::allocate(std::size_t size, Trap& why_not) {
  if (!code.take(size)) {
    why_not = Trap::code_exhausted;
    return nullptr;
  }
  if (chunk_size - chunk_used < size) {
    const std::size_t want = std::max(kChunk, size);
    auto* chunk = new (std::nothrow) std::byte[want];
    if (chunk == nullptr) {
      why_not = Trap::out_of_memory;
      return nullptr;
    }
    chunks.emplace_back(chunk);
    chunk_used = 0;
    chunk_size = want;
  }
  std::byte* at = chunks.back().get() + chunk_used;
  chunk_used += size;
  return at;
}

FunctionCode* ModuleCode::Variant::find(const std::byte* pc) {
  const std::lock_guard lock(mutex);
  const auto at = by_address.upper_bound(pc);
  if (at == by_address.end() || pc < at->second->begin) return nullptr;
  return at->second;
}

ModuleCode::ModuleCode(std::shared_ptr<const decoder::Module> module, const CodeLimits& limits)
    : module_(std::move(module)), limits_(limits) {}

ModuleCode::~ModuleCode() = default;

ModuleCode::Variant& ModuleCode::variant(const CodeOptions& options) {
  const std::lock_guard lock(mutex_);
  auto& variant = variants_[variant_index(options)];
  if (!variant) variant = std::make_unique<Variant>(*this, options);
  return *variant;
}

bool ModuleCode::take(std::uint64_t bytes) {
  std::uint64_t used = bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > limits_.bytes - std::min(used, limits_.bytes)) return false;
  } while (!bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

FunctionCode* ModuleCode::function(std::uint32_t function_index, const CodeOptions& options) {
  try {
    Variant& v = variant(options);
    const std::lock_guard lock(v.mutex);
    return v.cell(function_index);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

namespace {

/// How often a thread that waits for another's translation looks at its own interrupt.
constexpr auto kWait = std::chrono::milliseconds(5);
/// Bodies from this size on are not translated again to find where a trap comes from: that is noted
/// the first time.
constexpr std::size_t kLargeBody = std::size_t{64} << 10;

/// Copies finished code to where it stays, and makes it known.
Translated publish(FunctionCode& function, const Translation& translation) {
  ModuleCode::Variant& variant = *function.variant;
  const std::span<const std::byte> code = translation.code();
  Translated made;
  std::byte* at = variant.allocate(code.size(), made.trap);
  if (at == nullptr) return made;
  std::memcpy(at, code.data(), code.size());
  if (!translation.relocate(at)) return {nullptr, Trap::out_of_memory};
  function.frame = translation.frame();
  if (auto handlers = translation.handlers()) {
    variant.handler_tables.push_back(std::move(handlers));
    function.handlers = variant.handler_tables.back().get();
  }
  if (translation.has_positions()) {
    variant.positions.emplace(&function, translation.positions());
  }
  function.begin = at;
  function.end = at + code.size();
  variant.by_address.emplace(function.end, &function);
  function.entry.store(at, std::memory_order_release);
  return {at, Trap::none};
}

/// It is this thread's turn to translate.
Translated translate_now(FunctionCode& function, const std::atomic<std::uint32_t>& interrupt) {
  ModuleCode::Variant& variant = *function.variant;
  const decoder::FunctionBody& body = variant.module.body(function.index);
  const bool is_large = body.end - body.begin >= kLargeBody;
  try {
    if (!variant.translation) variant.translation = std::make_unique<Translation>();
    Translation& translation = *variant.translation;
    Translated made;
    made.trap = translation.run(variant, function.index,
                                {.with_positions = is_large, .interrupt = &interrupt});
    if (made.trap == Trap::none) {
      const std::lock_guard lock(variant.mutex);
      made = publish(function, translation);
    }
    // Its buffers are large too.
    if (is_large || translation.code().size() > kLargeFunction) translation.shrink();
    return made;
  } catch (const std::bad_alloc&) {
    variant.translation.reset();
    return {nullptr, Trap::out_of_memory};
  } catch (const std::length_error&) {
    variant.translation.reset();
    return {nullptr, Trap::out_of_memory};
  }
}

}  // namespace

Translated translate(FunctionCode& function, const std::atomic<std::uint32_t>& interrupt) {
  ModuleCode::Variant& variant = *function.variant;
  std::unique_lock lock(variant.mutex);
  for (;;) {
    const std::byte* entry = function.entry.load(std::memory_order_relaxed);
    if (entry != function.stub()) return {entry, Trap::none};
    if (!variant.is_translating) break;
    variant.turn.wait_for(lock, kWait);
    if (interrupt.load(std::memory_order_relaxed) != 0) return {nullptr, Trap::interrupted};
  }
  variant.is_translating = true;
  lock.unlock();
  const Translated made = translate_now(function, interrupt);
  lock.lock();
  variant.is_translating = false;
  variant.turn.notify_all();
  return made;
}

void patch_call(const std::byte* return_pc, const FunctionCode& function, const std::byte* entry) {
  // Only code of this variant can hold a direct call, and its callee lies just before `return_pc`.
  FunctionCode* caller = function.variant->find(return_pc - 1);
  if (caller == nullptr ||
      return_pc - caller->begin < static_cast<std::ptrdiff_t>(sizeof(CallWord))) {
    return;
  }
  HandlerAddress after;
  std::memcpy(&after, return_pc, sizeof after);
  if (after == function.variant->dispatcher.word(WordId::after_instance_call)) return;
  auto* callee =
      reinterpret_cast<const std::byte**>(const_cast<std::byte*>(return_pc) - sizeof entry);
  const std::atomic_ref<const std::byte*> patch(*callee);
  if (patch.load(std::memory_order_relaxed) == function.stub()) {
    patch.store(entry, std::memory_order_release);
  }
}

std::size_t slot_count(std::span<const decoder::ValType> types) {
  std::size_t count = 0;
  for (decoder::ValType type : types) count += type.is_vec() ? 2 : 1;
  return count;
}

std::size_t host_frame_slots(const decoder::FuncType& type) {
  // One at least: what may be a result is taken whether or not there is one.
  return std::max({slot_count(type.params), slot_count(type.results), std::size_t{1}});
}

}  // namespace tinywasm::vm
