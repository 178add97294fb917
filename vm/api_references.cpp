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

void Value::retain() const noexcept { ++root_of(bits_)->holders; }

void Value::release() noexcept { vm::Heap::release(root_of(bits_)); }

void Value::take_root() {
  vm::Heap& heap = store_->heap();
  if (heap.find(bits_[0]) == nullptr) return;
  bits_[1] = reinterpret_cast<std::uintptr_t>(heap.add_root(bits_[0]));
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

AnyRef AnyRef::convert_extern(Store& store, ExternRef reference) {
  std::uint64_t slot = 0;
  const auto pointer = reinterpret_cast<std::uintptr_t>(reference.pointer);
  if (!store.impl()->heap().to_any(pointer, slot, nullptr)) return {};
  return AnyRef(Value::from_slots(store.impl(), ValueType::anyref, &slot));
}

namespace vm {

ValType shown_type(const Store& store, ValType type) {
  return type.is_ref() ? ValType::ref(top_of(&store, type.heap()), true) : type;
}

bool is_foreign(const Store& store, const Value& value) {
  const RefKind kind = value.ref_kind();
  const bool is_anywhere = kind == RefKind::null || kind == RefKind::i31 ||
                           value.type() == ValueType::externref || value.slots()[0] == 0;
  return !is_anywhere && value.store() != &store;
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
