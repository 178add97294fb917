// SPDX-License-Identifier: Apache-2.0
#include "vm/types.hpp"

#include <utility>

#include "decoder/subtyping.hpp"

namespace tinywasm::vm {
namespace {

using decoder::CompositeKind;
using decoder::FuncType;
using decoder::HeapType;
using decoder::SubType;
using decoder::ValType;

/// Canonical ids lie in heap types as indices.
constexpr std::size_t kMaxTypes = HeapType::kIndices;

/// A group's contents as a sequence of numbers, in which a type of the same group is named by its
/// place in the group (the "tying of the knot" of iso-recursive types) and others by canonical id.
class GroupKey {
 public:
  GroupKey(std::uint32_t group_start, std::uint32_t group_size, const std::uint32_t* ids)
      : start_(group_start), size_(group_size), ids_(ids) {
    key_.reserve(kUsualLength);
  }

  void add(const SubType& type) {
    put(static_cast<std::uint32_t>(type.kind) * 4 + (type.is_final ? 2 : 0) +
        (type.supertype ? 1 : 0));
    if (type.supertype) put_index(*type.supertype);
    put((type.describes ? 2 : 0) + (type.descriptor ? 1 : 0));
    if (type.describes) put_index(*type.describes);
    if (type.descriptor) put_index(*type.descriptor);
    put(type.func.params.size());
    for (ValType param : type.func.params) put(param);
    put(type.func.results.size());
    for (ValType result : type.func.results) put(result);
    put(type.fields.size());
    for (const decoder::FieldType& field : type.fields) {
      put(field.is_mutable ? 1 : 0);
      put(field.type);
    }
  }
  std::u32string take() { return std::move(key_); }

 private:
  static constexpr std::size_t kUsualLength = 16;

  void put(std::uint64_t number) { key_.push_back(static_cast<char32_t>(number)); }
  void put_index(std::uint32_t index) {
    const bool inside = index - start_ < size_;
    put(inside ? 1 : 0);
    put(inside ? index - start_ : ids_[index]);
  }
  void put(ValType type) {
    if (type.is_ref() && !type.heap().is_abstract()) {
      put(type.code());
      if (type.heap().is_exact()) put(2);
      put_index(type.heap().type_index());
    } else {
      put(type.bits());
    }
  }

  std::u32string key_;
  std::uint32_t start_;
  std::uint32_t size_;
  const std::uint32_t* ids_;
};

SubType with_canonical_ids(SubType type, const std::uint32_t* ids) {
  for (ValType& param : type.func.params) param = TypeRegistry::canonical(param, ids);
  for (ValType& result : type.func.results) result = TypeRegistry::canonical(result, ids);
  for (decoder::FieldType& field : type.fields) {
    field.type = TypeRegistry::canonical(field.type, ids);
  }
  for (auto* index : {&type.supertype, &type.describes, &type.descriptor}) {
    if (*index) *index = ids[**index];
  }
  return type;
}

}  // namespace

ValType TypeRegistry::canonical(ValType type, const std::uint32_t* ids) {
  if (!type.is_ref() || type.heap().is_abstract()) return type;
  const HeapType heap = type.heap();
  return ValType::ref(heap.with_index(ids[heap.type_index()]), type.is_nullable());
}

std::optional<std::vector<std::uint32_t>> TypeRegistry::add(const decoder::Module& module) {
  ++additions_;
  std::vector<std::uint32_t> ids(module.types.size());
  for (std::uint32_t start = 0; start < ids.size();) {
    const std::uint32_t size = module.types[start].rec_size;
    GroupKey key(start, size, ids.data());
    for (std::uint32_t i = 0; i < size; ++i) key.add(module.types[start + i]);
    Key contents = key.take();
    std::uint32_t first = static_cast<std::uint32_t>(types_.size());
    if (const auto known = groups_.find(contents); known != groups_.end()) {
      first = known->second;
      for (std::uint32_t i = 0; i < size; ++i) ids[start + i] = first + i;
    } else {
      if (types_.size() + size > kMaxTypes) return std::nullopt;
      for (std::uint32_t i = 0; i < size; ++i) ids[start + i] = first + i;
      for (std::uint32_t i = 0; i < size; ++i) {
        types_.push_back(with_canonical_ids(module.types[start + i], ids.data()));
      }
      groups_.emplace(std::move(contents), first);
    }
    start += size;
  }
  return ids;
}

std::optional<std::uint32_t> TypeRegistry::add(FuncType type) {
  ++additions_;
  SubType single;
  single.func = std::move(type);
  GroupKey key(0, 0, nullptr);
  key.add(single);
  const auto id = static_cast<std::uint32_t>(types_.size());
  const auto [place, is_new] = groups_.try_emplace(key.take(), id);
  if (!is_new) return place->second;
  if (types_.size() >= kMaxTypes) {
    groups_.erase(place);
    return std::nullopt;
  }
  types_.push_back(std::move(single));
  return id;
}

void TypeRegistry::forget_from(const Mark& mark) {
  if (types_.size() == mark.types) return;
  std::erase_if(groups_, [&](const auto& group) { return group.second >= mark.types; });
  types_.erase(types_.begin() + static_cast<std::ptrdiff_t>(mark.types), types_.end());
}

bool TypeRegistry::is_subtype(std::uint32_t sub, std::uint32_t super) const {
  // The chain of supertypes is bounded by the decoder's limit on subtype depth.
  while (sub != super) {
    const std::optional<std::uint32_t>& next = types_[sub].supertype;
    if (!next) return false;
    sub = *next;
  }
  return true;
}

bool TypeRegistry::is_subtype(HeapType sub, HeapType super) const {
  const auto abstract_above = [this](HeapType type) {
    return decoder::abstract_of(types_[type.type_index()].kind);
  };
  if (!super.is_abstract()) {
    if (!sub.is_abstract()) {
      return super.is_exact() ? sub == super : is_subtype(sub.type_index(), super.type_index());
    }
    return decoder::is_abstract_bottom(sub.abstract()) &&
           decoder::top_of(sub.abstract()) == decoder::top_of(abstract_above(super));
  }
  return decoder::is_abstract_subtype(sub.is_abstract() ? sub.abstract() : abstract_above(sub),
                                      super.abstract());
}
bool TypeRegistry::is_subtype(ValType sub, ValType super) const {
  if (sub == super) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.is_nullable() && !super.is_nullable()) return false;
  return is_subtype(sub.heap(), super.heap());
}

}  // namespace tinywasm::vm
