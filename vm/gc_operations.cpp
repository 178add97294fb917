// SPDX-License-Identifier: Apache-2.0
#include "vm/gc_operations.hpp"

#include <algorithm>
#include <cstring>

#include "vm/fuel.hpp"
#include "vm/heap.hpp"
#include "vm/instance.hpp"
#include "vm/memory.hpp"
#include "vm/store.hpp"

namespace tinywasm::vm {
namespace {

/// Elements that are written between two looks at the interrupt flag.
constexpr std::uint64_t kElementsPerPoll = 1 << 16;

/// Calls work(first, count) for parts of [0, count), in order or backwards.
template <class Work>
Trap in_parts(const Context& context, std::uint64_t count, bool backwards, Work work) {
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t part = std::min(count - done, kElementsPerPoll);
    work(backwards ? count - done - part : done, part);
    done += part;
    if (context.interrupt.load(std::memory_order_relaxed) != 0) return Trap::interrupted;
  }
  return Trap::none;
}

/// Copies `count` elements; the ranges may overlap.
Trap copy_in_parts(const Context& context, std::byte* to, const std::byte* from,
                   std::uint64_t count, std::uint64_t element) {
  return in_parts(context, count, to > from, [&](std::uint64_t first, std::uint64_t part) {
    std::memmove(to + first * element, from + first * element, part * element);
  });
}

/// Writes the low bytes of a value's slots, as many as the field has.
void store_field(std::byte* at, FieldSize size, const Slot* value) {
  switch (size) {
    case FieldSize::b8:
      std::memcpy(at, value, 1);
      return;
    case FieldSize::b16:
      std::memcpy(at, value, 2);
      return;
    case FieldSize::b32:
      std::memcpy(at, value, 4);
      return;
    case FieldSize::b64:
      std::memcpy(at, value, 8);
      return;
    case FieldSize::b128:
      std::memcpy(at, value, 16);
  }
}

Trap fill_elements(const Context& context, std::byte* at, FieldSize size, const Slot* value,
                   std::uint64_t count) {
  const std::uint64_t bytes = bytes_of(size);
  return in_parts(context, count, false, [&](std::uint64_t first, std::uint64_t part) {
    std::byte* const end = at + (first + part) * bytes;
    for (std::byte* to = at + first * bytes; to != end; to += bytes) store_field(to, size, value);
  });
}

/// Where an operation runs: the types of its module, and how far the value stack is in use.
struct Place {
  Context& context;
  Instance& instance;
  const Slot* stack_end;

  Heap& heap() const { return context.store->heap(); }
  std::uint32_t type_id(std::uint32_t type) const { return instance.type_ids[type]; }
  /// Asked before an object is made, for which garbage may have to be collected.
  bool interrupted() const { return context.interrupt.load(std::memory_order_relaxed) != 0; }
};

Place place_of(Context& context, const Slot* fp, const ObjectWord& word) {
  return {context, *context.instance, fp + word.frame};
}

/// Writes the fields of a new structure.
void store_fields(Object* made, const ObjectType& type, const Slot* values) {
  auto* const bytes = reinterpret_cast<std::byte*>(made);
  for (const FieldLayout& field : type.fields) {
    store_field(bytes + field.offset, field.size, values);
    values += slots_of(field.size);
  }
}

Trap make_struct(const Place& place, std::uint32_t type, const Slot* values, Slot& result) {
  if (place.interrupted()) return Trap::interrupted;
  const std::uint32_t id = place.type_id(type);
  Object* made = place.heap().allocate_struct(id, place.stack_end);
  if (made == nullptr) return place.heap().failure();
  if (values != nullptr) store_fields(made, *place.heap().type(id), values);
  result = to_slot(made);
  return Trap::none;
}

/// A structure with a descriptor: the last of `values`, or the only one when the fields are zero.
Trap make_described(const Place& place, std::uint32_t type, const Slot* values, bool is_default,
                    Slot& result) {
  if (place.interrupted()) return Trap::interrupted;
  const std::uint32_t id = place.type_id(type);
  const ObjectType* layout = place.heap().type(id);
  if (layout == nullptr) return Trap::out_of_memory;
  const Slot* descriptor = values;
  if (!is_default) {
    for (const FieldLayout& field : layout->fields) descriptor += slots_of(field.size);
  }
  if (*descriptor == 0) return Trap::null_descriptor;
  Object* made = place.heap().allocate_struct(id, place.stack_end);
  if (made == nullptr) return place.heap().failure();
  if (!is_default) store_fields(made, *layout, values);
  store_field(reinterpret_cast<std::byte*>(made) + layout->descriptor, FieldSize::b64, descriptor);
  result = to_slot(made);
  return Trap::none;
}

/// An array of zeros. Its element size is in `size`.
Trap make_array(const Place& place, std::uint32_t type, std::uint64_t length, Object*& made,
                FieldSize& size) {
  if (place.interrupted()) return Trap::interrupted;
  const std::uint32_t id = place.type_id(type);
  made = place.heap().allocate_array(id, length, place.stack_end);
  if (made == nullptr) return place.heap().failure();
  size = place.heap().type(id)->element;
  return Trap::none;
}

Trap make_array_of(const Place& place, std::uint32_t type, const Slot* value, std::uint32_t length,
                   Slot& result) {
  Object* made = nullptr;
  FieldSize size{};
  if (const Trap trap = make_array(place, type, length, made, size); trap != Trap::none) {
    return trap;
  }
  if (value != nullptr) {
    const Trap trap = fill_elements(place.context, made->contents(), size, value, length);
    if (trap != Trap::none) return trap;
  }
  result = to_slot(made);
  return Trap::none;
}

Trap make_array_fixed(const Place& place, std::uint32_t type, const Slot* values,
                      std::uint32_t length, Slot& result) {
  Object* made = nullptr;
  FieldSize size{};
  if (const Trap trap = make_array(place, type, length, made, size); trap != Trap::none) {
    return trap;
  }
  std::byte* at = made->contents();
  for (std::uint32_t i = 0; i < length; ++i) {
    store_field(at, size, values);
    at += bytes_of(size);
    values += slots_of(size);
  }
  result = to_slot(made);
  return Trap::none;
}

/// Every instance is of the owning kind.
OwnedInstance& owned(const Context& context) {
  return static_cast<OwnedInstance&>(*context.instance);
}

std::uint32_t u32(Slot slot) { return static_cast<std::uint32_t>(slot); }

FieldSize element_size(const Context& context, std::uint32_t type) {
  const decoder::Module& module = context.instance->module->module();
  return size_of_field(module.types[type].fields[0].type);
}

/// Elements [to, to + count) of an array of references are those of a segment, from `from` on.
Trap write_elements(Context& context, Object& array, std::uint64_t to, std::uint32_t segment,
                    std::uint64_t from, std::uint64_t count) {
  OwnedInstance& instance = owned(context);
  std::byte* const at = array.contents() + to * sizeof(Slot);
  Trap trap = Trap::none;
  const Trap ended = in_parts(context, count, false, [&](std::uint64_t first, std::uint64_t part) {
    if (trap != Trap::none) return;
    for (std::uint64_t i = first; i < first + part; ++i) {
      Slot element = 0;
      trap = instance.element(segment, from + i, element);
      if (trap != Trap::none) return;
      std::memcpy(at + i * sizeof(Slot), &element, sizeof element);
    }
  });
  return trap != Trap::none ? trap : ended;
}

/// Null and bounds checks of an instruction on `count` elements from `index` on.
Trap check_range(Slot reference, std::uint64_t index, std::uint64_t count) {
  if (reference == 0) return Trap::null_array;
  return in_bounds(index, count, to_object(reference)->length) ? Trap::none : Trap::array_bounds;
}

}  // namespace

bool has_function_type(const Context& context, const Function& function, std::uint32_t type) {
  return context.store->types().is_subtype(function.type_id, context.instance->type_ids[type]);
}

bool ref_test_func(const Context& context, Slot reference, const RuntimeWord& word) {
  if (reference == 0) return CastOperand::is_nullable(word.index2);
  const auto& function = *reinterpret_cast<const Function*>(reference);
  if (CastOperand::depth(word.index2) == CastOperand::kExact) {
    return function.type_id == context.instance->type_ids[word.index];
  }
  return has_function_type(context, function, word.index);
}

// ---- Structures

Trap struct_new(Context& context, Slot* fp, const ObjectWord& word) {
  return make_struct(place_of(context, fp, word), word.index, fp + word.operands, fp[word.result]);
}

Trap struct_new_default(Context& context, Slot* fp, const ObjectWord& word) {
  return make_struct(place_of(context, fp, word), word.index, nullptr, fp[word.result]);
}

Trap struct_new_desc(Context& context, Slot* fp, const ObjectWord& word) {
  return make_described(place_of(context, fp, word), word.index, fp + word.operands, false,
                        fp[word.result]);
}

Trap struct_new_default_desc(Context& context, Slot* fp, const ObjectWord& word) {
  return make_described(place_of(context, fp, word), word.index, fp + word.operands, true,
                        fp[word.result]);
}

// ---- Arrays

Trap array_new(Context& context, Slot* fp, const ObjectWord& word) {
  const Slot* const value = fp + word.operands;
  const std::uint32_t length = u32(value[slots_of(element_size(context, word.index))]);
  return make_array_of(place_of(context, fp, word), word.index, value, length, fp[word.result]);
}

Trap array_new_default(Context& context, Slot* fp, const ObjectWord& word) {
  return make_array_of(place_of(context, fp, word), word.index, nullptr, u32(fp[word.operands]),
                       fp[word.result]);
}

Trap array_new_fixed(Context& context, Slot* fp, const ObjectWord& word) {
  return make_array_fixed(place_of(context, fp, word), word.index, fp + word.operands, word.index2,
                          fp[word.result]);
}

Trap array_new_data(Context& context, Slot* fp, const ObjectWord& word) {
  const std::span<const std::byte> data = data_of(*context.instance, word.index2);
  const std::uint64_t offset = u32(fp[word.operands]);
  const std::uint64_t length = u32(fp[word.operands + 1]);
  const std::uint64_t bytes = length * bytes_of(element_size(context, word.index));
  if (!in_bounds(offset, bytes, data.size())) return Trap::memory_bounds;
  Object* made = nullptr;
  FieldSize size{};
  Trap trap = make_array(place_of(context, fp, word), word.index, length, made, size);
  if (trap == Trap::none) {
    trap = copy_in_parts(context, made->contents(), data.data() + offset, bytes, 1);
  }
  if (trap == Trap::none) fp[word.result] = to_slot(made);
  return trap;
}

Trap array_new_elem(Context& context, Slot* fp, const ObjectWord& word) {
  const std::uint64_t offset = u32(fp[word.operands]);
  const std::uint64_t length = u32(fp[word.operands + 1]);
  if (!in_bounds(offset, length, element_count(owned(context), word.index2))) {
    return Trap::table_bounds;
  }
  Object* made = nullptr;
  FieldSize size{};
  Trap trap = make_array(place_of(context, fp, word), word.index, length, made, size);
  if (trap == Trap::none) trap = write_elements(context, *made, 0, word.index2, offset, length);
  if (trap == Trap::none) fp[word.result] = to_slot(made);
  return trap;
}

Trap array_fill(Context& context, Slot* fp, const ObjectWord& word) {
  const Slot* const operands = fp + word.operands;  // array, index, value, count
  const FieldSize size = element_size(context, word.index);
  const std::uint64_t index = u32(operands[1]);
  const std::uint64_t count = u32(operands[2 + slots_of(size)]);
  Trap trap = check_range(operands[0], index, count);
  if (trap == Trap::none) trap = charge_bytes(context, count * bytes_of(size));
  if (trap != Trap::none) return trap;
  std::byte* const at = to_object(operands[0])->contents() + index * bytes_of(size);
  return fill_elements(context, at, size, operands + 2, count);
}

Trap array_copy(Context& context, Slot* fp, const ObjectWord& word) {
  const Slot* const operands = fp + word.operands;  // array, index, array, index, count
  const std::uint64_t to_index = u32(operands[1]);
  const std::uint64_t from_index = u32(operands[3]);
  const std::uint64_t count = u32(operands[4]);
  if (operands[0] == 0 || operands[2] == 0) return Trap::null_array;
  Trap trap = check_range(operands[0], to_index, count);
  if (trap == Trap::none) trap = check_range(operands[2], from_index, count);
  const std::uint64_t bytes = bytes_of(element_size(context, word.index));
  if (trap == Trap::none) trap = charge_bytes(context, count * bytes);
  if (trap != Trap::none) return trap;
  std::byte* const to = to_object(operands[0])->contents() + to_index * bytes;
  const std::byte* const from = to_object(operands[2])->contents() + from_index * bytes;
  return copy_in_parts(context, to, from, count, bytes);
}

Trap array_init_data(Context& context, Slot* fp, const ObjectWord& word) {
  const Slot* const operands = fp + word.operands;  // array, index, offset in the data, count
  const std::span<const std::byte> data = data_of(*context.instance, word.index2);
  const std::uint64_t size = bytes_of(element_size(context, word.index));
  const std::uint64_t index = u32(operands[1]);
  const std::uint64_t offset = u32(operands[2]);
  const std::uint64_t count = u32(operands[3]);
  if (const Trap trap = check_range(operands[0], index, count); trap != Trap::none) return trap;
  if (!in_bounds(offset, count * size, data.size())) return Trap::memory_bounds;
  if (const Trap trap = charge_bytes(context, count * size); trap != Trap::none) return trap;
  std::byte* const to = to_object(operands[0])->contents() + index * size;
  return copy_in_parts(context, to, data.data() + offset, count, size);
}

Trap array_init_elem(Context& context, Slot* fp, const ObjectWord& word) {
  const Slot* const operands = fp + word.operands;  // array, index, index in the segment, count
  const std::uint64_t index = u32(operands[1]);
  const std::uint64_t offset = u32(operands[2]);
  const std::uint64_t count = u32(operands[3]);
  if (const Trap trap = check_range(operands[0], index, count); trap != Trap::none) return trap;
  if (!in_bounds(offset, count, element_count(owned(context), word.index2))) {
    return Trap::table_bounds;
  }
  const Trap trap = charge_bytes(context, count * sizeof(Slot));
  if (trap != Trap::none) return trap;
  return write_elements(context, *to_object(operands[0]), index, word.index2, offset, count);
}

// ---- References that cross between hierarchies

Trap any_convert_extern(Context& context, Slot* fp, const ObjectWord& word) {
  Heap& heap = context.store->heap();
  const bool done = heap.to_any(fp[word.operands], fp[word.result], fp + word.frame);
  return done ? Trap::none : heap.failure();
}

Trap extern_convert_any(Context& context, Slot* fp, const ObjectWord& word) {
  Heap& heap = context.store->heap();
  const bool done = heap.to_extern(fp[word.operands], fp[word.result], fp + word.frame);
  return done ? Trap::none : heap.failure();
}

// ---- Constant expressions: nothing runs, or a host function that instantiates does

namespace {

Place place_of(Instance& instance) {
  Context& context = instance.store->context();
  return {context, instance, context.top};
}

}  // namespace

Trap ConstantObjects::struct_new(std::uint32_t type, const Slot* values, Slot& result) const {
  return make_struct(place_of(instance), type, values, result);
}
Trap ConstantObjects::struct_new_default(std::uint32_t type, Slot& result) const {
  return make_struct(place_of(instance), type, nullptr, result);
}
Trap ConstantObjects::struct_new_desc(std::uint32_t type, const Slot* values, Slot& result) const {
  return make_described(place_of(instance), type, values, false, result);
}
Trap ConstantObjects::struct_new_default_desc(std::uint32_t type, Slot descriptor,
                                              Slot& result) const {
  return make_described(place_of(instance), type, &descriptor, true, result);
}
Trap ConstantObjects::array_new(std::uint32_t type, const Slot* value, std::uint32_t length,
                                Slot& result) const {
  return make_array_of(place_of(instance), type, value, length, result);
}
Trap ConstantObjects::array_new_default(std::uint32_t type, std::uint32_t length,
                                        Slot& result) const {
  return make_array_of(place_of(instance), type, nullptr, length, result);
}
Trap ConstantObjects::array_new_fixed(std::uint32_t type, const Slot* values, std::uint32_t length,
                                      Slot& result) const {
  return make_array_fixed(place_of(instance), type, values, length, result);
}
Trap ConstantObjects::any_convert_extern(Slot& reference) const {
  const Place place = place_of(instance);
  Heap& heap = place.heap();
  return heap.to_any(reference, reference, place.stack_end) ? Trap::none : heap.failure();
}
Trap ConstantObjects::extern_convert_any(Slot& reference) const {
  const Place place = place_of(instance);
  Heap& heap = place.heap();
  return heap.to_extern(reference, reference, place.stack_end) ? Trap::none : heap.failure();
}

}  // namespace tinywasm::vm
