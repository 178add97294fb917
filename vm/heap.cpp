// SPDX-License-Identifier: Apache-2.0
// Allocation; collection is in heap_collector.cpp.
#include "vm/heap.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>

#include "vm/fuel.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

/// Cells are multiples of 16 bytes up to 128, then four sizes for each power of two.
constexpr unsigned class_of(std::uint32_t bytes) {
  if (bytes <= 128) return (std::max(bytes, 16u) + 15) / 16 - 1;
  const auto width = static_cast<unsigned>(std::bit_width(bytes - 1));
  const std::uint32_t base = 1u << (width - 1);
  return 8 + (width - 8) * 4 + ((bytes - 1 - base) >> (width - 3));
}
constexpr std::uint32_t cell_of(unsigned size_class) {
  if (size_class < 8) return 16 * (size_class + 1);
  const unsigned width = 8 + (size_class - 8) / 4;
  return (1u << (width - 1)) + ((size_class - 8) % 4 + 1) * (1u << (width - 3));
}
constexpr bool classes_fit() {
  for (std::uint32_t bytes = 8; bytes <= 4096; bytes += 8) {
    const unsigned c = class_of(bytes);
    if (cell_of(c) < bytes || cell_of(c) % 16 != 0 || c >= 28) return false;
    if (c > 0 && cell_of(c - 1) >= bytes) return false;
  }
  return true;
}
static_assert(classes_fit());

constexpr std::uint32_t header_of(ObjectKind kind, std::uint32_t type_id) {
  return static_cast<std::uint32_t>(kind) << Object::kTypeBits | type_id;
}

/// The layouts of a type's values: fields, or an exception's.
void add_fields(const TypeRegistry& types, const decoder::SubType& type, ObjectType& made) {
  const auto roots = [&types](decoder::ValType field) {
    const bool is_function = field.is_ref() && !field.heap().is_abstract() &&
                             types[field.heap().type_index()].kind == decoder::CompositeKind::func;
    return roots_of(field, is_function);
  };
  const auto note = [&made](std::uint32_t offset, FieldRoots how) {
    if (how == FieldRoots::exact) made.references.push_back(offset);
    if (how == FieldRoots::loose) made.loose_references.push_back(offset);
  };
  switch (type.kind) {
    case decoder::CompositeKind::struct_: {
      const StructOffsets offsets(type);
      for (std::size_t i = 0; i < type.fields.size(); ++i) {
        const decoder::ValType field = type.fields[i].type;
        made.fields.push_back({offsets.fields[i], size_of_field(field)});
        note(offsets.fields[i], roots(field));
      }
      made.size = offsets.size;
      made.descriptor = offsets.descriptor;
      if (made.descriptor != 0) made.references.push_back(made.descriptor);
      return;
    }
    case decoder::CompositeKind::array:
      made.element = size_of_field(type.fields[0].type);
      made.element_roots = roots(type.fields[0].type);
      made.size = bytes_of(made.element);
      return;
    case decoder::CompositeKind::func: {
      std::uint32_t offset = kObjectHeader + sizeof(Slot);  // after the tag
      for (const decoder::ValType param : type.func.params) {
        note(offset, roots(param));
        offset += sizeof(Slot) * (param.is_vec() ? 2 : 1);
      }
      made.size = offset;
    }
  }
}

}  // namespace

unsigned Heap::class_of_cell(std::uint32_t cell) { return class_of(cell); }

Heap::Heap(Store& store, std::uint64_t limit) : store_(store), limit_(limit) {
  grant_ = kSmallestGrant;
  until_collection_ = static_cast<std::int64_t>(grant_);
}

Heap::~Heap() {
  for (HostRoot* root = roots_; root != nullptr;) {
    HostRoot* next = root->next;
    root->heap = nullptr;
    release(root);
    root = next;
  }
  for (Block* block : blocks_) std::free(block);
  for (Large* large : large_) std::free(large);
  for (ObjectType* type : types_) delete type;
}

const ObjectType* Heap::add_type(std::uint32_t id) {
  const TypeRegistry& registry = store_.types();
  try {
    auto made = std::make_unique<ObjectType>();
    for (std::optional<std::uint32_t> at = id; at; at = registry[*at].supertype) {
      made->supertypes.push_back(*at);
    }
    std::reverse(made->supertypes.begin(), made->supertypes.end());
    made->display = made->supertypes.data();
    made->depth = static_cast<std::uint32_t>(made->supertypes.size() - 1);
    add_fields(registry, registry[id], *made);
    if (types_.size() < registry.size()) types_.resize(registry.size());
    store_.context().object_types = types_.data();
    return types_[id] = made.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// ---- Objects

Object* Heap::allocate_struct(std::uint32_t type_id, const Slot* stack_end) {
  const ObjectType* layout = type(type_id);
  if (layout == nullptr) return fail(Trap::out_of_memory);
  return allocate(layout->size, header_of(ObjectKind::structure, type_id), stack_end);
}

Object* Heap::allocate_array(std::uint32_t type_id, std::uint64_t length, const Slot* stack_end) {
  const ObjectType* layout = type(type_id);
  if (layout == nullptr || length > 0xffff'ffff) return fail(Trap::out_of_memory);
  const std::uint64_t bytes = kObjectHeader + length * layout->size;
  Object* array = allocate(bytes, header_of(ObjectKind::array, type_id), stack_end);
  if (array != nullptr) array->length = static_cast<std::uint32_t>(length);
  return array;
}

Object* Heap::allocate_exception(std::uint32_t type_id, void* tag, const Slot* stack_end) {
  const ObjectType* layout = type(type_id);
  if (layout == nullptr) return fail(Trap::out_of_memory);
  Object* exception = allocate(layout->size, header_of(ObjectKind::exception, type_id), stack_end);
  if (exception == nullptr) return nullptr;
  exception->length = (layout->size - kObjectHeader) / sizeof(Slot) - 1;
  exception->word() = reinterpret_cast<std::uintptr_t>(tag);
  return exception;
}

bool Heap::to_extern(Slot reference, Slot& result, const Slot* stack_end) {
  result = reference;
  if (reference == 0) return true;
  if (!is_i31(reference)) {
    Object* object = to_object(reference);
    if (object->kind() == ObjectKind::host) result = object->word();
    return true;
  }
  // As a number it could be taken for a pointer of the host's.
  Object* box = allocate(kObjectHeader + sizeof(Slot),
                         header_of(ObjectKind::boxed_i31, Object::kNoType), stack_end);
  if (box == nullptr) return false;
  box->word() = reference;
  result = to_slot(box);
  return true;
}

bool Heap::to_any(Slot reference, Slot& result, const Slot* stack_end) {
  result = reference;
  if (reference == 0) return true;
  if (Object* object = find(reference)) {
    const ObjectKind kind = object->kind();
    if (kind == ObjectKind::structure || kind == ObjectKind::array) return true;
    if (kind == ObjectKind::boxed_i31) {
      result = object->word();
      return true;
    }
  }
  Object* box = allocate(kObjectHeader + sizeof(Slot), header_of(ObjectKind::host, Object::kNoType),
                         stack_end);
  if (box == nullptr) return false;
  box->word() = reference;
  result = to_slot(box);
  return true;
}

// ---- Memory

/// `bytes` of zeros with a header.
Object* Heap::allocate(std::uint64_t bytes, std::uint32_t header, const Slot* stack_end) {
  if (bytes > limit_) return fail(Trap::out_of_memory);
  if (bytes > kBytesOfInstruction && stack_end != nullptr) {
    const Trap trap = charge_bytes(store_.context(), bytes);
    if (trap != Trap::none) return fail(trap);
  }
  const bool is_large = bytes > kLargestCell;
  const unsigned size_class = is_large ? 0 : class_of(static_cast<std::uint32_t>(bytes));
  const auto taken = static_cast<std::int64_t>(is_large ? bytes : cell_of(size_class));
  if (until_collection_ < taken || collects_next_) [[unlikely]] {
    if (!collect(stack_end)) return fail(Trap::interrupted);
  }
  until_collection_ -= taken;
  failure_ = Trap::out_of_memory;
  Object* object =
      is_large ? allocate_large(bytes, stack_end) : allocate_cell(size_class, stack_end);
  if (object == nullptr) {
    until_collection_ += taken;
    was_refused_ = true;
    return nullptr;
  }
  if (!is_large) std::memset(object, 0, bytes);
  object->header = header;
  return object;
}

Object* Heap::fail(Trap reason) {
  failure_ = reason;
  return nullptr;
}

/// Collects because the limit is reached; false: that was interrupted, or would not be worth it. A
/// guest that has almost nothing but live objects would collect all the time, for a few bytes each.
/// It gets no more, and ends; who comes after it may find that all of that is garbage.
bool Heap::collect_for_room(const Slot* stack_end) {
  const bool is_futile = allocated_since_collection() < (used_ + root_bytes_) / kFutile;
  if (is_futile && !was_refused_) return false;
  was_refused_ = false;
  if (collect(stack_end)) return true;
  failure_ = Trap::interrupted;
  return false;
}

Object* Heap::allocate_cell(unsigned size_class, const Slot* stack_end) {
  if (free_[size_class] == nullptr && !add_block(size_class)) [[unlikely]] {
    if (!collect_for_room(stack_end)) return nullptr;
    if (free_[size_class] == nullptr && !add_block(size_class)) return nullptr;
  }
  FreeCell* cell = free_[size_class];
  unpoison(cell, cell_of(size_class));
  free_[size_class] = cell->next;
  return &cell->object;
}

/// Takes a block from the system for cells of a class.
bool Heap::add_block(unsigned size_class) {
  if (kBlockBytes > limit_ - std::min(used_, limit_)) return false;
  if (!block_addresses_.reserve()) return false;
  auto* block = static_cast<Block*>(std::aligned_alloc(kBlockBytes, kBlockBytes));
  if (block == nullptr) return false;
  try {
    blocks_.push_back(block);
  } catch (const std::bad_alloc&) {
    std::free(block);
    return false;
  }
  new (block) Block;
  block->cell = cell_of(size_class);
  block->count = (kBlockBytes - sizeof(Block)) / block->cell;
  block_addresses_.insert(reinterpret_cast<std::uintptr_t>(block));
  used_ += kBlockBytes;
  FreeCell* next = free_[size_class];
  for (std::uint32_t i = block->count; i-- > 0;) {
    next = make_free(block->cells() + std::size_t{i} * block->cell, block->cell, next);
  }
  free_[size_class] = next;
  return true;
}

Object* Heap::allocate_large(std::uint64_t bytes, const Slot* stack_end) {
  const std::uint64_t size = (sizeof(Large) + bytes + 15) / 16 * 16;
  if (size > limit_ - std::min(used_, limit_)) {
    if (!collect_for_room(stack_end)) return nullptr;
    if (size > limit_ - std::min(used_, limit_)) return nullptr;
  }
  if (!large_addresses_.reserve()) return nullptr;
  auto* large = static_cast<Large*>(std::calloc(1, size));
  if (large == nullptr) return nullptr;
  try {
    large_.push_back(large);
  } catch (const std::bad_alloc&) {
    std::free(large);
    return nullptr;
  }
  large->bytes = size;
  large_addresses_.insert(reinterpret_cast<std::uintptr_t>(large->object()));
  used_ += size;
  return large->object();
}

Object* Heap::find(Slot slot) {
  if (is_sweeping_) [[unlikely]]
    finish_sweep();  // or dead objects would be found
  static_assert(sizeof(Block) % 16 == 0 && sizeof(Large) % 16 == 0);
  if (slot == 0 || slot % 16 != 0) return nullptr;
  const Slot start = slot / kBlockBytes * kBlockBytes;
  if (block_addresses_.contains(start)) {
    const auto* block = reinterpret_cast<const Block*>(start);
    const auto offset = static_cast<std::uint32_t>(slot - start);
    if (offset < sizeof(Block)) return nullptr;
    const std::uint32_t in_cells = offset - static_cast<std::uint32_t>(sizeof(Block));
    if (in_cells % block->cell != 0 || in_cells / block->cell >= block->count) return nullptr;
  } else if (!large_addresses_.contains(slot)) {
    return nullptr;
  }
  Object* object = to_object(slot);
  return object->kind() == ObjectKind::null ? nullptr : object;
}

}  // namespace tinywasm::vm
