// SPDX-License-Identifier: Apache-2.0
// References in <tinywasm/value.hpp>: what they refer to, and how they keep it alive.
#include <tinywasm/store.hpp>

#include "decoder/subtyping.hpp"
#include "vm/api.hpp"
#include "vm/heap.hpp"
#include "vm/public_types.hpp"

namespace tinywasm {
namespace {

using decoder::HeapType;
using decoder::ValType;

vm::HostRoot* root_of(const std::uint64_t* bits) {
  return reinterpret_cast<vm::HostRoot*>(static_cast<std::uintptr_t>(bits[1]));
}

RefKind kind_of(const vm::Object& object) {
  switch (object.kind()) {
    case vm::ObjectKind::null:
      return RefKind::null;
    case vm::ObjectKind::i31:
    case vm::ObjectKind::boxed_i31:
      return RefKind::i31;
    case vm::ObjectKind::structure:
      return RefKind::structure;
    case vm::ObjectKind::array:
      return RefKind::array;
    case vm::ObjectKind::host:
      return RefKind::host;
    case vm::ObjectKind::exception:
      return RefKind::exception;
  }
  return RefKind::null;
}

/// Of an abstract type, or of a defined one when there is a store that knows it.
HeapType top_of(const vm::Store* store, HeapType heap) {
  if (heap.is_abstract()) return decoder::top_of(heap.abstract());
  if (store == nullptr) return HeapType::kAny;
  return decoder::top_of(decoder::abstract_of(store->types()[heap.type_index()].kind));
}

HeapType top_of(const Value& value) {
  return top_of(value.store(), vm::to_decoder(value.type()).heap());
}

}  // namespace

FuncRef FuncRef::from_slot(vm::Store* store, std::uint64_t slot) noexcept {
  auto* function = reinterpret_cast<vm::Function*>(static_cast<std::uintptr_t>(slot));
  if (function == nullptr || store == nullptr) return {};
  vm::Store::keep(*function);
  return {store->id(), function};
}

namespace detail {
bool is_guest_object(vm::Store* store, std::uint64_t slot) noexcept {
  return store != nullptr && store->heap().find(slot) != nullptr;
}
}  // namespace detail

void Value::retain() const noexcept {
  root_of(bits_)->holders.fetch_add(1, std::memory_order_relaxed);
}

void Value::release() noexcept { vm::Heap::release(root_of(bits_)); }

/// Of a reference that is not null.
void Value::take_root(vm::Store& store) {
  store_life_ = store.id().life();
  store_number_ = store.id().number();
  vm::Heap& heap = store.heap();
  if (heap.find(bits_[0]) != nullptr) {
    bits_[1] = reinterpret_cast<std::uintptr_t>(heap.add_root(bits_[0]));
  } else if (top_of(&store, vm::to_decoder(type_).heap()) == HeapType::kFunc) {
    vm::Store::keep(*reinterpret_cast<vm::Function*>(static_cast<std::uintptr_t>(bits_[0])));
  }
}

bool Value::is_foreign(const vm::Store* store) const noexcept {
  if (!type_.is_ref() || bits_[0] == 0) return false;
  if (is_rooted()) {
    const vm::HostRoot& root = *root_of(bits_);
    return root.heap == nullptr || this->store() != store;
  }
  return top_of(*this) == HeapType::kFunc && this->store() != store;
}

RefKind Value::ref_kind() const noexcept {
  if (!type_.is_ref() || bits_[0] == 0) return RefKind::null;
  const HeapType top = top_of(*this);
  if (top == HeapType::kFunc) return RefKind::func;
  if (top == HeapType::kAny && vm::is_i31(bits_[0])) return RefKind::i31;
  // In the hierarchy of extern; elsewhere only a Value that was made wrongly has no root.
  if (!is_rooted()) return top == HeapType::kExtern ? RefKind::host : RefKind::null;
  if (root_of(bits_)->heap == nullptr) return RefKind::null;  // the Store is gone
  return kind_of(*vm::to_object(bits_[0]));
}

std::int32_t Value::i31_value() const noexcept {
  if (ref_kind() != RefKind::i31) return 0;
  const std::uint64_t slot = is_rooted() ? vm::to_object(bits_[0])->word() : bits_[0];
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(slot)) >> 1;
}

void* Value::host_pointer() const noexcept {
  if (ref_kind() != RefKind::host) return nullptr;
  const std::uint64_t slot = is_rooted() ? vm::to_object(bits_[0])->word() : bits_[0];
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(slot));
}

AnyRef AnyRef::convert_extern(Store& store, const Value& reference) {
  if (store.impl() == nullptr || reference.is_foreign(store.impl())) return {};
  if (!reference.type().is_ref() || top_of(reference) != HeapType::kExtern) return {};
  std::uint64_t slot = 0;
  if (!store.impl()->heap().to_any(reference.slots()[0], slot, nullptr)) return {};
  return AnyRef(Value::from_slots(store.impl(), ValueType::anyref, &slot));
}

bool AnyRef::is_of_any(const Value& value) noexcept {
  return value.type().is_ref() && top_of(value) == HeapType::kAny;
}

namespace vm {

ValType shown_type(const Store& store, ValType type) {
  return type.is_ref() ? ValType::ref(top_of(&store, type.heap()), true) : type;
}

bool has_type(Store& store, const Value& value, ValType type) {
  const ValType given = to_decoder(value.type());
  if (!type.is_ref() || !given.is_ref()) return given == type;
  const Slot slot = value.slots()[0];
  // Value::null() of a defined type: only a Store knows what the type is.
  if (slot == 0 && value.store() == nullptr && !given.heap().is_abstract()) {
    return type.is_nullable();
  }
  const HeapType top = top_of(value);
  if (top != top_of(&store, type.heap())) return false;
  if (slot == 0) return type.is_nullable();
  HeapType heap = top;
  if (top == HeapType::kFunc) {
    heap = HeapType::exact(reinterpret_cast<const Function*>(slot)->type_id);
  } else {
    const RefKind kind = value.ref_kind();
    if (kind == RefKind::null) return false;
    if (top == HeapType::kAny && kind == RefKind::i31) heap = HeapType::kI31;
    if (top == HeapType::kAny && (kind == RefKind::structure || kind == RefKind::array)) {
      heap = HeapType::exact(to_object(slot)->type());
    }
  }
  return store.types().is_subtype(ValType::ref(heap, false), type);
}

}  // namespace vm
}  // namespace tinywasm
