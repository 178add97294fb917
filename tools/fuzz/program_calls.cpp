// SPDX-License-Identifier: Apache-2.0
// Calls of every kind, and exceptions.
#include <algorithm>

#include "tools/fuzz/program_body.hpp"

namespace tinywasm::fuzz {

/// Arguments, then the call: directly, through the table, or of a reference.
void Body::call(const Plan::Function& function, bool is_tail) {
  values(function.type.params);
  const auto position = static_cast<std::uint32_t>(&function - plan_.functions().data());
  switch (choices_.below(4)) {
    case 2:
      if (choices_.one_in(40)) {  // perhaps of another type, or beyond the end
        value(Type::i32, some_depth());
        number(15);
        op(Insn::i32_and);
      } else {
        value(Type::i32, some_depth());
        number(0);
        op(Insn::i32_and);
        number(position);
        op(Insn::i32_or);
      }
      op(is_tail ? Insn::return_call_indirect : Insn::call_indirect, function.type_index);
      return code_.unsigned_leb(0);
    case 3:
      if (position == 0 && choices_.one_in(2)) {
        value(Type::target, some_depth());
      } else {
        op(Insn::ref_func, function.index);
      }
      return op(is_tail ? Insn::return_call_ref : Insn::call_ref, function.type_index);
    default:
      return op(is_tail ? Insn::return_call : Insn::call, function.index);
  }
}

void Body::import_call(std::uint32_t import) {
  values(Plan::imports()[import].params);
  op(Insn::call, import);
}

bool Body::call_with_results(const Types& results, bool is_tail) {
  if (is_leaf_ || !has_room()) return false;
  const auto& functions = plan_.functions();
  const auto count = static_cast<std::uint32_t>(functions.size());
  const std::uint32_t first = choices_.below(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Plan::Function& function = functions[(first + i) % count];
    if (function.type.results != results) continue;
    ++nesting_;
    call(function, is_tail);
    --nesting_;
    return true;
  }
  return false;
}

bool Body::call_with_first_result(Type t) {
  if (is_leaf_ || !has_room()) return false;
  const auto& functions = plan_.functions();
  const auto count = static_cast<std::uint32_t>(functions.size());
  if (t == Type::i64 && choices_.one_in(4)) {
    import_call(0);
    return true;
  }
  const std::uint32_t first = choices_.below(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Plan::Function& function = functions[(first + i) % count];
    if (function.type.results.empty() || function.type.results[0] != t) continue;
    ++nesting_;
    call(function, false);
    --nesting_;
    take(Types(function.type.results.begin() + 1, function.type.results.end()));
    return true;
  }
  return false;
}

void Body::call_statement() {
  if (is_leaf_ || choices_.one_in(4)) {
    const auto import = choices_.below(static_cast<std::uint32_t>(Plan::imports().size()));
    import_call(import);
    return take(Plan::imports()[import].results);
  }
  const auto& functions = plan_.functions();
  const Plan::Function& function =
      functions[choices_.below(static_cast<std::uint32_t>(functions.size()))];
  ++nesting_;
  call(function, false);
  --nesting_;
  take(function.type.results);
}

// ---- Exceptions

void Body::throw_() {
  if (choices_.one_in(4)) {
    choices_.one_in(8) ? op(Insn::local_get, local(Type::exn)) : catch_reference();
    return op(Insn::throw_ref);
  }
  const auto tag = choices_.below(static_cast<std::uint32_t>(plan_.tags().size()));
  values(plan_.tags()[tag]);
  op(Insn::throw_, tag);
}

void Body::throw_if() {
  condition();
  open(Insn::if_, {});
  throw_();
  close();
}

/// Catches one tag, or all, with or without a reference, around statements.
void Body::try_statement() {
  const auto tag = choices_.below(static_cast<std::uint32_t>(plan_.tags().size()));
  const bool keeps = choices_.one_in(3);
  const bool all = choices_.one_in(3);
  Types caught = all ? Types{} : plan_.tags()[tag];
  if (keeps) caught.push_back(Type::exn);
  ++nesting_;
  open(Insn::block, {{}, caught}, !keeps);
  const std::size_t other = choices_.one_in(3) ? label_of({}) : labels_.size();
  const bool has_other = other < labels_.size();
  op(Insn::try_table);
  block_type({});
  code_.unsigned_leb(has_other ? 2 : 1);
  code_.u8((all ? 2 : 0) + (keeps ? 1 : 0));
  if (!all) code_.unsigned_leb(tag);
  code_.unsigned_leb(0);
  if (has_other) {
    code_.u8(2);  // catch_all
    code_.unsigned_leb(depth_of(other));
  }
  labels_.push_back({});
  statements(1 + choices_.below(3));
  if (choices_.one_in(2)) throw_if();
  close();
  for (const Type t : caught)
    t == Type::exn ? op(Insn::local_get, local(t)) : value(t, some_depth());
  close();
  --nesting_;
  take(caught);
}

/// A value, or another one when its evaluation throws.
void Body::try_value(Type t, std::uint32_t depth) {
  if (!has_room() || t == Type::exn) return leaf(t);
  ++nesting_;
  open(Insn::block, {{}, {t}});
  open(Insn::block, {}, false);
  op(Insn::try_table);
  block_type({{}, {t}});
  code_.unsigned_leb(1);
  code_.u8(2);  // catch_all
  code_.unsigned_leb(0);
  labels_.push_back({.types = {t}});
  if (choices_.one_in(2)) {
    throw_if();
  } else {
    statements(1);
  }
  value(t, depth);
  close();
  op(Insn::br, 1);
  close();
  value(t, depth);
  close();
  --nesting_;
}

/// A reference to an exception just thrown.
void Body::catch_reference() {
  if (!has_room()) return leaf(Type::exn);
  const auto tag = choices_.below(static_cast<std::uint32_t>(plan_.tags().size()));
  ++nesting_;
  open(Insn::block, {{}, {Type::exn}}, false);
  op(Insn::try_table);
  block_type({});
  code_.unsigned_leb(1);
  code_.u8(3);  // catch_all_ref
  code_.unsigned_leb(0);
  labels_.push_back({.types = {}, .is_target = false});
  values(plan_.tags()[tag]);
  op(Insn::throw_, tag);
  close();
  null(Type::exn);
  close();
  --nesting_;
}

/// try, catch, catch_all, rethrow and delegate as they were before Wasm 3.0.
void Body::legacy_try() {
  ++nesting_;
  open(Insn::try_, {});
  statements(1 + choices_.below(2));
  if (choices_.one_in(2)) throw_if();
  if (choices_.one_in(4)) {
    labels_.pop_back();
    op(Insn::delegate, choices_.below(static_cast<std::uint32_t>(labels_.size())));
    --nesting_;
    return;
  }
  const auto rethrow = [this] {
    if (!choices_.one_in(4)) return;
    condition();
    open(Insn::if_, {});
    op(Insn::rethrow, 1);
    close();
  };
  const auto tag = choices_.below(static_cast<std::uint32_t>(plan_.tags().size()));
  op(Insn::catch_, tag);
  take(plan_.tags()[tag]);
  statements(choices_.below(2));
  rethrow();
  if (choices_.one_in(2)) {
    op(Insn::catch_all);
    statements(choices_.below(2));
    rethrow();
  }
  close();
  --nesting_;
}

}  // namespace tinywasm::fuzz
