// SPDX-License-Identifier: Apache-2.0
// The statements of RandomProgram that throw and catch. Part of test_program.hpp.
#pragma once

#include <string>
#include <vector>

#include "vm/test_program.hpp"

namespace tinywasm {

inline void RandomProgram::add_tags() {
  for (unsigned i = 0; i < kTags; ++i) {
    text_ += "(tag $t" + std::to_string(i) + " ";
    signature(tag_types(i), {});
    text_ += ")\n";
  }
}

inline void RandomProgram::throw_statement() {
  if (one_in(4)) return add("local.get $x throw_ref");
  const unsigned tag = below(kTags);
  values(tag_types(tag));
  add("throw $t" + std::to_string(tag));
}

/// Takes values off the stack, into locals or nowhere.
inline void RandomProgram::take(const std::vector<Type>& list) {
  for (std::size_t i = list.size(); i-- > 0;) {
    const int at = local(list[i]);
    if (at < 0 || one_in(3)) {
      add("drop");
    } else {
      indexed("local.set", static_cast<std::size_t>(at));
    }
  }
}

/// A label whose branches take nothing, as an index.
inline std::string RandomProgram::empty_label() {
  for (std::size_t i = labels_.size(); i-- > 0;) {
    if (labels_[i].empty() && (i == 0 || one_in(2))) return std::to_string(depth_of(i));
  }
  return std::to_string(labels_.size() - 1);
}

inline void RandomProgram::try_table_statement() {
  const unsigned tag = below(kTags);
  const std::string name = " $t" + std::to_string(tag);
  const bool keeps = one_in(3);
  const bool has_all = one_in(3) && labels_[0].empty();
  const std::string all = has_all ? empty_label() : "";
  add("block (result");
  for (Type t : tag_types(tag)) add(kNames[t]);
  add(keeps ? "exnref)" : ")");
  labels_.push_back(keeps ? std::vector<Type>(kNoLabel) : tag_types(tag));
  add("try_table");
  add((keeps ? "(catch_ref" : "(catch") + name + " 0)");
  if (has_all) add("(catch_all " + std::to_string(std::stoul(all) + 1) + ")");
  labels_.push_back({});
  statements(1 + below(3));
  if (one_in(3)) throw_if();
  labels_.pop_back();
  add("end");
  values(tag_types(tag));
  if (keeps) add("local.get $x");
  labels_.pop_back();
  add("end");
  if (keeps) add("local.set $x");
  take(tag_types(tag));
}

inline void RandomProgram::throw_if() {
  value(i32, 2);
  add("if");
  labels_.push_back({});
  throw_statement();
  labels_.pop_back();
  add("end");
}

inline void RandomProgram::legacy_try_statement() {
  const unsigned tag = below(kTags);
  add("try");
  labels_.push_back({});
  statements(1 + below(3));
  if (one_in(3)) throw_if();
  labels_.pop_back();
  if (one_in(4)) return indexed("delegate", below(static_cast<unsigned>(labels_.size())));
  labels_.push_back({});
  const unsigned clauses = below(3);
  for (unsigned i = 0; i < clauses; ++i) {
    const unsigned caught = (tag + i) % kTags;
    add("catch $t" + std::to_string(caught));
    take(tag_types(caught));
    statements(below(3));
    if (one_in(3)) rethrow_if();
  }
  if (clauses == 0 || one_in(2)) {
    add("catch_all");
    statements(below(3));
    if (one_in(3)) rethrow_if();
  }
  labels_.pop_back();
  add("end");
}

/// In a clause of the innermost try, throws its exception again.
inline void RandomProgram::rethrow_if() {
  value(i32, 2);
  add("if rethrow 1 end");
}

}  // namespace tinywasm
