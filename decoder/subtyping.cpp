// SPDX-License-Identifier: Apache-2.0
#include "decoder/subtyping.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "decoder/errors.hpp"
#include "decoder/limits.hpp"

namespace tinywasm::decoder {
HeapType::Abstract abstract_of(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::struct_:
      return HeapType::kStruct;
    case CompositeKind::array:
      return HeapType::kArray;
    case CompositeKind::func:
      break;
  }
  return HeapType::kFunc;
}

HeapType::Abstract top_of(HeapType::Abstract type) {
  switch (type) {
    case HeapType::kFunc:
    case HeapType::kNoFunc:
      return HeapType::kFunc;
    case HeapType::kExtern:
    case HeapType::kNoExtern:
      return HeapType::kExtern;
    case HeapType::kExn:
    case HeapType::kNoExn:
      return HeapType::kExn;
    default:
      return HeapType::kAny;
  }
}

bool is_abstract_bottom(HeapType::Abstract type) {
  return type == HeapType::kNone || type == HeapType::kNoFunc || type == HeapType::kNoExtern ||
         type == HeapType::kNoExn;
}

bool is_abstract_subtype(HeapType::Abstract sub, HeapType::Abstract super) {
  if (sub == super) return true;
  if (top_of(sub) != top_of(super)) return false;
  if (is_abstract_bottom(sub) || super == top_of(super)) return true;
  const bool is_eq = sub == HeapType::kI31 || sub == HeapType::kStruct || sub == HeapType::kArray;
  return super == HeapType::kEq && is_eq;
}

namespace {

/// Along the declared supertypes, as far as is known yet.
bool is_declared_subtype(const Module& module, std::uint32_t sub, std::uint32_t super) {
  const std::uint32_t wanted = module.canonical_types[super];
  for (std::uint32_t depth = 0; depth <= kMaxSubtypeDepth; ++depth) {
    if (module.canonical_types[sub] == wanted) return true;
    const std::optional<std::uint32_t>& next = module.types[sub].supertype;
    if (!next) return false;
    sub = *next;
  }
  return false;
}

bool is_concrete_subtype(const Module& module, std::uint32_t sub, std::uint32_t super) {
  if (module.subtype_ranges.empty()) return is_declared_subtype(module, sub, super);
  const std::uint32_t place = module.subtype_ranges[module.canonical_types[sub]].begin;
  const Module::SubtypeRange& range = module.subtype_ranges[module.canonical_types[super]];
  return place >= range.begin && place < range.end;
}

bool is_field_subtype(const Module& module, const FieldType& sub, const FieldType& super) {
  if (sub.is_mutable != super.is_mutable) return false;
  if (!is_subtype(module, sub.type, super.type)) return false;
  return !sub.is_mutable || is_subtype(module, super.type, sub.type);
}

/// https://webassembly.github.io/spec/core/valid/matching.html#composite-types
bool is_composite_subtype(const Module& module, const SubType& sub, const SubType& super) {
  if (sub.kind != super.kind) return false;
  if (sub.kind == CompositeKind::func) {
    return are_subtypes(module, super.func.params, sub.func.params) &&
           are_subtypes(module, sub.func.results, super.func.results);
  }
  if (sub.fields.size() < super.fields.size()) return false;
  for (std::size_t i = 0; i < super.fields.size(); ++i) {
    if (!is_field_subtype(module, sub.fields[i], super.fields[i])) return false;
  }
  return true;
}

/// Appends a recursion group to `numbers` as numbers that are equal exactly for equivalent groups:
/// references into the group are relative, others name canonical types.
/// https://webassembly.github.io/spec/core/valid/conventions.html#rolling-and-unrolling
class GroupKey {
 public:
  GroupKey(const Module& module, std::uint32_t first, std::uint32_t size,
           std::vector<std::uint32_t>& numbers)
      : module_(module), first_(first), size_(size), numbers_(numbers) {
    for (std::uint32_t i = first; i < first + size; ++i) append(module.types[i]);
  }

 private:
  void put(std::uint32_t number) { numbers_.push_back(number); }

  void append_index(std::uint32_t index) {
    const bool inside = index >= first_ && index < first_ + size_;
    put(inside ? 1 : 0);
    put(inside ? index - first_ : module_.canonical_types[index]);
  }
  void append(ValType type) {
    // One number, and a second one for an index: no two types have the same numbers.
    if (!type.is_ref() || type.heap().is_abstract()) return put(type.bits());
    put(type.code() | (type.heap().is_exact() ? 0x100 : 0));
    append_index(type.heap().type_index());
  }
  void append(const std::optional<std::uint32_t>& index) {
    put(index ? 1 : 0);
    if (index) append_index(*index);
  }
  void append(std::span<const ValType> types) {
    put(static_cast<std::uint32_t>(types.size()));
    for (const ValType type : types) append(type);
  }
  void append(const SubType& type) {
    put(static_cast<std::uint32_t>(type.kind) << 1 | (type.is_final ? 1 : 0));
    append(type.supertype);
    append(type.describes);
    append(type.descriptor);
    append(std::span<const ValType>(type.func.params));
    append(std::span<const ValType>(type.func.results));
    put(static_cast<std::uint32_t>(type.fields.size()));
    for (const FieldType& field : type.fields) {
      append(field.type);
      put(field.is_mutable ? 1 : 0);
    }
  }

  const Module& module_;
  std::uint32_t first_;
  std::uint32_t size_;
  std::vector<std::uint32_t>& numbers_;
};

/// The groups met so far: a hash table of their keys, which lie one after the other.
class Groups {
 public:
  /// The first type of the first group that is equivalent to the one of these types.
  std::uint32_t find_or_add(const Module& module, std::uint32_t first, std::uint32_t size) {
    const std::size_t begin = numbers_.size();
    const GroupKey key(module, first, size, numbers_);
    const std::span<const std::uint32_t> wanted = std::span(numbers_).subspan(begin);
    const std::uint64_t hash = hash_of(wanted);
    if (2 * (entries_.size() + 1) > slots_.size()) grow();
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      const Entry& entry = entries_[slots_[slot] - 1];
      if (entry.hash != hash || entry.length != wanted.size()) continue;
      if (std::ranges::equal(std::span(numbers_).subspan(entry.begin, entry.length), wanted)) {
        numbers_.resize(begin);
        return entry.first;
      }
    }
    entries_.push_back({hash, begin, wanted.size(), first});
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
    return first;
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::size_t begin = 0;
    std::size_t length = 0;
    std::uint32_t first = 0;
  };

  static std::uint64_t hash_of(std::span<const std::uint32_t> numbers) {
    std::uint64_t hash = numbers.size();
    for (const std::uint32_t number : numbers) {
      hash = (hash ^ number) * 0x9e37'79b9'7f4a'7c15;
      hash ^= hash >> 29;
    }
    return hash;
  }

  void grow() {
    slots_.assign(std::max<std::size_t>(16, 2 * slots_.size()), 0);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t slot = entries_[i].hash & (slots_.size() - 1);
      while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::vector<std::uint32_t> numbers_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // numbers of entries, and one more; 0: free
};

class TypesValidator {
 public:
  TypesValidator(Module& module, const InterruptToken* interrupt)
      : module_(module), interrupt_(interrupt) {}

  Result<void> run() {
    const auto count = static_cast<std::uint32_t>(module_.types.size());
    module_.canonical_types.resize(count);
    depths_.resize(count);
    for (std::uint32_t first = 0; first < count; first += module_.types[first].rec_size) {
      const std::uint32_t size = module_.types[first].rec_size;
      for (std::uint32_t i = first; i < first + size; ++i) {
        if (auto ok = check_descriptors(i); !ok) return ok;
      }
      for (std::uint32_t i = first; i < first + size; ++i) {
        if (is_interrupted()) return make_error(Message::interrupted);
        if (auto ok = check_references(i, first + size); !ok) return ok;
      }
      canonicalise(first, size);
      for (std::uint32_t i = first; i < first + size; ++i) {
        if (is_interrupted()) return make_error(Message::interrupted);
        if (auto ok = check_supertype(i); !ok) return ok;
        place_descriptor(module_.types[i]);
      }
    }
    order_subtypes();
    return {};
  }

 private:
  bool is_interrupted() const { return interrupt_ != nullptr && interrupt_->is_set(); }
  Error error(Message message, std::string_view detail) const {
    return make_error(message, module_.section_offsets[1], detail);
  }

  /// A structure and its descriptor name each other, inside of a group and in this order.
  Result<void> check_descriptors(std::uint32_t index) const {
    const SubType& type = module_.types[index];
    const auto in_group = [&](std::uint32_t other) {
      return other - type.rec_start < type.rec_size;
    };
    if (type.describes) {
      if (!in_group(*type.describes)) return error(Message::described_outside_group, {});
      if (module_.types[*type.describes].descriptor != index) {
        return error(Message::described_by_other, {});
      }
      if (*type.describes >= index) return error(Message::forward_described, {});
    }
    if (type.descriptor) {
      if (!in_group(*type.descriptor)) return error(Message::descriptor_outside_group, {});
      if (module_.types[*type.descriptor].describes != index) {
        return error(Message::describes_other, {});
      }
    }
    return {};
  }

  /// Types may refer to all that come before the end of their group.
  Result<void> check_references(std::uint32_t index, std::uint32_t known) const {
    const SubType& type = module_.types[index];
    Result<void> result;
    const auto check = [&](ValType referrer) {
      if (!referrer.is_ref() || referrer.heap().is_abstract()) return;
      const std::uint32_t target = referrer.heap().type_index();
      if (result && target >= known)
        result = error(Message::unknown_type, ' ' + std::to_string(target));
    };
    for (const ValType param : type.func.params) check(param);
    for (const ValType res : type.func.results) check(res);
    for (const FieldType& field : type.fields) check(field.type);
    if (type.supertype && *type.supertype >= index) {
      return error(Message::unknown_type, ' ' + std::to_string(*type.supertype));
    }
    if (type.kind != CompositeKind::struct_) {
      if (type.descriptor) return error(Message::descriptor_not_struct, {});
      if (type.describes) return error(Message::described_not_struct, {});
    }
    return result;
  }

  void canonicalise(std::uint32_t first, std::uint32_t size) {
    const std::uint32_t canonical = groups_.find_or_add(module_, first, size);
    for (std::uint32_t i = 0; i < size; ++i) module_.canonical_types[first + i] = canonical + i;
  }

  /// Fills in Module::subtype_ranges. Supertypes come before their subtypes: sizes are added up
  /// from the end, places given from the start.
  void order_subtypes() {
    const auto is_subtype = [](const SubType& type) { return type.supertype.has_value(); };
    if (std::ranges::none_of(module_.types, is_subtype)) return;
    const std::vector<std::uint32_t>& canonical = module_.canonical_types;
    const auto count = static_cast<std::uint32_t>(canonical.size());
    std::vector<std::uint32_t> sizes(count, 1);
    for (std::uint32_t i = count; i-- > 0;) {
      const auto& supertype = module_.types[i].supertype;
      if (canonical[i] == i && supertype) sizes[canonical[*supertype]] += sizes[i];
    }
    std::vector<Module::SubtypeRange> ranges(count);
    std::vector<std::uint32_t> next(count);  // the place of a type's next subtype
    std::uint32_t next_root = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (canonical[i] != i) continue;
      const auto& supertype = module_.types[i].supertype;
      std::uint32_t& place = supertype ? next[canonical[*supertype]] : next_root;
      ranges[i] = {place, place + sizes[i]};
      next[i] = place + 1;
      place += sizes[i];
    }
    module_.subtype_ranges = std::move(ranges);
  }

  Result<void> check_supertype(std::uint32_t index) {
    const SubType& type = module_.types[index];
    if (!type.supertype) return {};
    const SubType& super = module_.types[*type.supertype];
    const auto wrong = [&](const char* why) {
      return error(Message::sub_type, ' ' + std::to_string(index) + why + " super type " +
                                          std::to_string(*type.supertype));
    };
    if (super.is_final) return wrong(" has final");
    constexpr const char* kNoMatch = " does not match";
    if (!are_descriptors_alike(type, super)) return wrong(kNoMatch);
    if (auto ok = check_sub_descriptors(type, super); !ok) return ok;
    if (!is_composite_subtype(module_, type, super)) return wrong(kNoMatch);
    depths_[index] = static_cast<std::uint8_t>(depths_[*type.supertype] + 1);
    if (depths_[index] > kMaxSubtypeDepth) return error(Message::subtypes_too_deep, {});
    return {};
  }

  /// A subtype has a descriptor if its supertype has one; what is a descriptor is so in both.
  static bool are_descriptors_alike(const SubType& type, const SubType& super) {
    return type.describes.has_value() == super.describes.has_value() &&
           (type.descriptor || !super.descriptor);
  }

  /// The descriptor of a subtype is a subtype of its supertype's.
  Result<void> check_sub_descriptors(const SubType& type, const SubType& super) const {
    const auto pair = [](std::uint32_t sub, std::uint32_t above) {
      return ' ' + std::to_string(sub) + " does not match " + std::to_string(above);
    };
    if (type.describes && !is_concrete_subtype(module_, *type.describes, *super.describes)) {
      return error(Message::described_type, pair(*type.describes, *super.describes));
    }
    if (super.descriptor && !is_concrete_subtype(module_, *type.descriptor, *super.descriptor)) {
      return error(Message::descriptor_type, pair(*type.descriptor, *super.descriptor));
    }
    return {};
  }

  void place_descriptor(SubType& type) const {
    if (!type.descriptor || !type.supertype) return;
    const SubType& super = module_.types[*type.supertype];
    type.fields_before_descriptor = super.descriptor
                                        ? super.fields_before_descriptor
                                        : static_cast<std::uint32_t>(super.fields.size());
  }

  Module& module_;
  const InterruptToken* interrupt_;
  std::vector<std::uint8_t> depths_;  // of the chain of supertypes
  Groups groups_;
};

}  // namespace

Result<void> validate_types(Module& module, const InterruptToken* interrupt) {
  return TypesValidator(module, interrupt).run();
}

HeapType top_type(const Module& module, HeapType type) {
  return top_of(type.is_abstract() ? type.abstract()
                                   : abstract_of(module.types[type.type_index()].kind));
}

namespace {

/// An instruction may name a type that is not there. That is an error of its own, after which the
/// instruction's rule still compares types.
bool exists(const Module& module, HeapType type) {
  return type.is_abstract() || type.type_index() < module.types.size();
}

}  // namespace

bool is_subtype(const Module& module, HeapType sub, HeapType super) {
  if (sub == super || sub == kBottomHeap) return true;
  if (!exists(module, sub) || !exists(module, super)) return false;
  if (sub.is_abstract()) {
    if (super.is_abstract()) return is_abstract_subtype(sub.abstract(), super.abstract());
    // Only the bottom of its hierarchy is below a defined type.
    return is_abstract_bottom(sub.abstract()) && top_type(module, sub) == top_type(module, super);
  }
  if (super.is_exact()) {
    return sub.is_exact() &&
           module.canonical_types[sub.type_index()] == module.canonical_types[super.type_index()];
  }
  if (!super.is_abstract()) {
    return is_concrete_subtype(module, sub.type_index(), super.type_index());
  }
  return is_abstract_subtype(abstract_of(module.types[sub.type_index()].kind), super.abstract());
}

bool is_subtype(const Module& module, ValType sub, ValType super) {
  if (sub == super || sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.is_nullable() && !super.is_nullable()) return false;
  return is_subtype(module, sub.heap(), super.heap());
}

bool are_subtypes(const Module& module, std::span<const ValType> sub,
                  std::span<const ValType> super) {
  if (sub.size() != super.size()) return false;
  constexpr std::size_t kLong = 16;
  const bool is_same =
      sub.size() >= kLong && std::memcmp(sub.data(), super.data(), sub.size_bytes()) == 0;
  return is_same || std::equal(sub.begin(), sub.end(), super.begin(), super.end(),
                               [&](ValType a, ValType b) { return is_subtype(module, a, b); });
}

}  // namespace tinywasm::decoder
