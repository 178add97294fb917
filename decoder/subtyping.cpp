// SPDX-License-Identifier: Apache-2.0
#include "decoder/subtyping.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

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

bool is_concrete_subtype(const Module& module, std::uint32_t sub, std::uint32_t super) {
  const std::uint32_t wanted = module.canonical_types[super];
  for (std::uint32_t depth = 0; depth <= kMaxSubtypeDepth; ++depth) {
    if (module.canonical_types[sub] == wanted) return true;
    const std::optional<std::uint32_t>& next = module.types[sub].supertype;
    if (!next) return false;
    sub = *next;
  }
  return false;
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

/// A recursion group in numbers that are equal exactly for equivalent groups: references into the
/// group are relative, others name canonical types.
/// https://webassembly.github.io/spec/core/valid/conventions.html#rolling-and-unrolling
class GroupKey {
 public:
  GroupKey(const Module& module, std::uint32_t first, std::uint32_t size)
      : module_(module), first_(first), size_(size) {
    for (std::uint32_t i = first; i < first + size; ++i) append(module.types[i]);
  }

  const std::u32string& numbers() const { return numbers_; }

 private:
  void put(std::uint32_t number) { numbers_.push_back(static_cast<char32_t>(number)); }

  void append_index(std::uint32_t index) {
    const bool inside = index >= first_ && index < first_ + size_;
    put(inside ? 1 : 0);
    put(inside ? index - first_ : module_.canonical_types[index]);
  }
  void append(ValType type) {
    put(type.code());
    if (!type.is_ref()) return;
    if (type.heap().is_abstract()) {
      put(2);
      put(type.heap().bits());
    } else {
      if (type.heap().is_exact()) put(3);
      append_index(type.heap().type_index());
    }
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
    put(static_cast<std::uint32_t>(type.kind));
    put(type.is_final ? 1 : 0);
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
  std::u32string numbers_;
};

class TypesValidator {
 public:
  explicit TypesValidator(Module& module) : module_(module) {}

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
        if (auto ok = check_references(i, first + size); !ok) return ok;
      }
      canonicalise(first, size);
      for (std::uint32_t i = first; i < first + size; ++i) {
        if (auto ok = check_supertype(i); !ok) return ok;
        place_descriptor(module_.types[i]);
      }
    }
    return {};
  }

 private:
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
    const GroupKey key(module_, first, size);
    const auto [entry, is_new] = groups_.try_emplace(key.numbers(), first);
    for (std::uint32_t i = 0; i < size; ++i) {
      module_.canonical_types[first + i] = entry->second + i;
    }
  }

  Result<void> check_supertype(std::uint32_t index) {
    const SubType& type = module_.types[index];
    if (!type.supertype) return {};
    const SubType& super = module_.types[*type.supertype];
    const std::string name = ' ' + std::to_string(index);
    const std::string super_name = std::to_string(*type.supertype);
    if (super.is_final)
      return error(Message::sub_type, name + " has final super type " + super_name);
    const std::string detail = name + " does not match super type " + super_name;
    if (auto ok = check_sub_descriptors(type, super, detail); !ok) return ok;
    if (!is_composite_subtype(module_, type, super)) return error(Message::sub_type, detail);
    depths_[index] = static_cast<std::uint8_t>(depths_[*type.supertype] + 1);
    if (depths_[index] > kMaxSubtypeDepth) return error(Message::subtypes_too_deep, {});
    return {};
  }

  /// The descriptor of a subtype is one of its supertype's, and has one if that has; what is a
  /// descriptor is so in both.
  Result<void> check_sub_descriptors(const SubType& type, const SubType& super,
                                     std::string_view detail) const {
    const auto pair = [](std::uint32_t sub, std::uint32_t above) {
      return ' ' + std::to_string(sub) + " does not match " + std::to_string(above);
    };
    if (type.describes.has_value() != super.describes.has_value() ||
        (super.descriptor && !type.descriptor)) {
      return error(Message::sub_type, detail);
    }
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
  std::vector<std::uint8_t> depths_;  // of the chain of supertypes
  std::unordered_map<std::u32string, std::uint32_t> groups_;
};

}  // namespace

Result<void> validate_types(Module& module) { return TypesValidator(module).run(); }

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
  return std::equal(sub.begin(), sub.end(), super.begin(), super.end(),
                    [&](ValType a, ValType b) { return is_subtype(module, a, b); });
}

}  // namespace tinywasm::decoder
