// SPDX-License-Identifier: Apache-2.0
// For tests: random programs of the text format that always end or run out of fuel, and whose
// results are fully determined. Every NaN in them is the one that the host's arithmetic makes:
// nothing that could tell NaNs apart is done to floats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vm/test_random_text.hpp"

namespace tinywasm {

class RandomProgram : RandomText {
 public:
  static constexpr unsigned kFunctions = 5;  // exported as f0, f1, ...

  /// They import the function "env" "mix" (param i32 i64) (result i64), and the global "env" "far".
  static std::uint64_t mix(std::uint32_t a, std::uint64_t b) { return (b ^ (b >> 7)) + a; }

  explicit RandomProgram(std::uint64_t seed) : RandomText(seed) {
    for (unsigned i = 0; i < kFunctions; ++i) {
      functions_.push_back({types(below(5)), types(i == 0 ? 1 : below(10) < 7 ? 1 : below(4))});
    }
    module();
  }

  const std::string& text() const { return text_; }

 private:
  struct Function {
    std::vector<Type> params;
    std::vector<Type> results;
  };

  void module() {
    text_ =
        "(module (import \"env\" \"mix\" (func $mix (param i32 i64) (result i64)))\n"
        "(import \"env\" \"far\" (global $far (mut i64)))\n"
        "(memory (export \"m\") 1 3)\n";
    add("(data (i32.const 0) "
        "\"\\01\\02\\03\\84\\f5\\06\\07\\88\\10\\20\\30\\40\\50\\60\\70\\80\")");
    for (unsigned i = 0; i < 4; ++i) {
      const std::string name(kNames[i]);
      text_ += "(global $g" + name + " (export \"g" + name + "\") (mut " + name + ") (" + name +
               ".const 3))\n";
    }
    text_ +=
        "(global $gv128 (export \"gv128\") (mut v128) (v128.const i64x2 3 -0x123456789abcdef0))\n";
    text_ += "(table funcref (elem";
    for (unsigned i = 0; i < kFunctions; ++i) text_ += " $f" + std::to_string(i);
    text_ += "))\n";
    add_tags();
    for (unsigned i = 0; i < kFunctions; ++i) function(i);
    text_ += ")\n";
  }

  void function(unsigned index) {
    const Function& f = functions_[index];
    index_ = index;
    locals_ = f.params;
    const std::vector<Type> more = types(2 + below(9));
    locals_.insert(locals_.end(), more.begin(), more.end());
    counters_ = 0;
    labels_.assign(1, f.results);
    budget_ = 100 + static_cast<int>(below(200));
    std::string before = std::move(text_);
    text_.clear();
    statements(2 + below(6));
    values(f.results);
    std::string body = std::move(text_);
    text_ = std::move(before);
    const std::string name = "f" + std::to_string(index);
    text_ += "(func $" + name + " (export \"" + name + "\") ";
    signature(f.params, f.results);
    for (Type t : more) text_ += "(local " + std::string(kNames[t]) + ")";
    for (unsigned i = 0; i < counters_; ++i) {
      text_ += "(local $c" + std::to_string(i) + (i % 4 == 3 ? " i64)" : " i32)");
    }
    text_ += "(local $x exnref)\n  " + body + ")\n";
  }

  // ---- Expressions

  void values(const std::vector<Type>& list) {
    for (Type t : list) {
      value(t, 3);
      if (one_in(6)) statement();
    }
  }

  std::string global(std::string_view access, Type t) {
    const bool far = t == i64 && one_in(3);
    return "global." + std::string(access) + (far ? " $far" : " $g" + std::string(kNames[t]));
  }

  /// A local of a type, or -1.
  int local(Type t) {
    const unsigned start = locals_.empty() ? 0 : below(static_cast<unsigned>(locals_.size()));
    for (std::size_t i = 0; i < locals_.size(); ++i) {
      const std::size_t at = (start + i) % locals_.size();
      if (locals_[at] == t) return static_cast<int>(at);
    }
    return -1;
  }

  void constant(Type t) {
    static constexpr std::string_view kI32[] = {
        "0",     "1",    "-1",         "2",          "3",          "4",
        "8",     "31",   "32",         "33",         "255",        "65535",
        "65536", "-128", "0x7fffffff", "0x80000000", "0x12345678", "0xffff0000"};
    static constexpr std::string_view kI64[] = {"0",
                                                "1",
                                                "-1",
                                                "2",
                                                "3",
                                                "8",
                                                "63",
                                                "64",
                                                "65",
                                                "-128",
                                                "0x7fffffff",
                                                "0x80000000",
                                                "-0x80000001",
                                                "0xffffffff",
                                                "0x100000000",
                                                "0x123456789abcdef0",
                                                "0x8000000000000000",
                                                "0x7fffffffffffffff"};
    static constexpr std::string_view kFloat[] = {"0",    "-0",    "1",     "-1",  "0.5",
                                                  "1.5",  "2.5",   "-2.75", "100", "4294967296",
                                                  "1e10", "-3e18", "1e-30", "3e38"};
    op(t, "const");
    if (t == v128) {
      add("i32x4");
      for (int i = 0; i < 4; ++i) add(any(kI32));
      return;
    }
    add(t == i32 ? any(kI32) : t == i64 ? any(kI64) : any(kFloat));
  }

  void leaf(Type t) {
    const int at = local(t);
    const unsigned choice = below(8);
    if (choice < 6 && at >= 0) return indexed("local.get", static_cast<std::size_t>(at));
    if (choice == 6) return add(global("get", t));
    constant(t);
  }

  /// Code that leaves one value of type `t`.
  void value(Type t, int depth) {
    if (--budget_ < 0 || depth <= 0) return leaf(t);
    if (t == v128 && one_in(2)) return vector(depth);
    switch (below(28)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return leaf(t);
      case 4:
      case 5:
      case 6:
        return load(t, depth);
      case 7:
      case 8:
        return t == v128 ? vector(depth) : unary(t, depth);
      case 9:
        return select(t, depth);
      case 10:
        return tee(t, depth);
      case 11:
        return block_value(t, depth);
      case 12:
        return if_value(t, depth);
      case 13:
        return call_value(t, depth);
      case 14:
        return loop_value(t, depth);
      case 15:
        if (t <= i64 && one_in(2)) return of_vector(t, depth);
        if (t == i32) return add("memory.size");
        return leaf(t);
      case 16:
      case 17:
        if (t == i32) return compare(depth);
        return binary(t, depth);
      default:
        return binary(t, depth);
    }
  }

  /// Integer lanes only: what NaNs the lanes of floats would be is not determined.
  void vector(int depth) {
    static constexpr std::string_view kBinary[] = {"i8x16.add",
                                                   "i8x16.sub_sat_s",
                                                   "i8x16.max_u",
                                                   "i8x16.swizzle",
                                                   "i8x16.ne",
                                                   "i8x16.narrow_i16x8_s",
                                                   "i16x8.mul",
                                                   "i16x8.add_sat_u",
                                                   "i16x8.q15mulr_sat_s",
                                                   "i16x8.min_s",
                                                   "i16x8.avgr_u",
                                                   "i16x8.extmul_high_i8x16_s",
                                                   "i32x4.add",
                                                   "i32x4.lt_s",
                                                   "i32x4.dot_i16x8_s",
                                                   "i64x2.sub",
                                                   "i64x2.mul",
                                                   "i64x2.extmul_low_i32x4_u",
                                                   "v128.and",
                                                   "v128.andnot",
                                                   "v128.xor",
                                                   "f32x4.lt",
                                                   "f64x2.ge",
                                                   "i8x16.relaxed_swizzle",
                                                   "i16x8.relaxed_dot_i8x16_i7x16_s"};
    static constexpr std::string_view kUnary[] = {"i8x16.popcnt",
                                                  "i8x16.abs",
                                                  "i16x8.extend_low_i8x16_s",
                                                  "i32x4.neg",
                                                  "i64x2.abs",
                                                  "i32x4.extadd_pairwise_i16x8_u",
                                                  "i64x2.extend_high_i32x4_u",
                                                  "v128.not",
                                                  "i32x4.trunc_sat_f32x4_s",
                                                  "i32x4.trunc_sat_f64x2_u_zero"};
    static constexpr std::string_view kShift[] = {"i8x16.shl",   "i8x16.shr_s", "i16x8.shr_u",
                                                  "i32x4.shl",   "i32x4.shr_s", "i64x2.shl",
                                                  "i64x2.shr_s", "i64x2.shr_u"};
    switch (below(9)) {
      case 0:
        value(v128, depth - 1);
        return add(any(kUnary));
      case 1:
        value(v128, depth - 1);
        value(i32, depth - 1);
        return add(any(kShift));
      case 2:
        value(i32, depth - 1);
        return add(one_in(2) ? "i8x16.splat" : "i32x4.splat");
      case 3: {
        const Type t = one_in(3) ? i64 : i32;
        value(v128, depth - 1);
        value(t, depth - 1);
        return indexed(t == i64 ? "i64x2.replace_lane" : "i16x8.replace_lane",
                       below(t == i64 ? 2 : 8));
      }
      case 4:
        value(v128, depth - 1);
        value(v128, depth - 1);
        add("i8x16.shuffle");
        for (int i = 0; i < 16; ++i) add(std::to_string(below(32)));
        return;
      case 5:
        for (int i = 0; i < 3; ++i) value(v128, depth - 1);
        return add("v128.bitselect");
      default:
        value(v128, depth - 1);
        if (one_in(12)) statement();
        value(v128, depth - 1);
        return add(any(kBinary));
    }
  }

  /// A number of a vector.
  void of_vector(Type t, int depth) {
    static constexpr std::string_view kTests[] = {"v128.any_true",  "i8x16.all_true",
                                                  "i8x16.bitmask",  "i16x8.bitmask",
                                                  "i32x4.all_true", "i64x2.bitmask"};
    value(v128, depth - 1);
    if (t == i64) return indexed("i64x2.extract_lane", below(2));
    if (one_in(2)) return add(any(kTests));
    indexed(one_in(2) ? "i8x16.extract_lane_s" : "i8x16.extract_lane_u", below(16));
  }

  void binary(Type t, int depth) {
    static constexpr std::string_view kInt[] = {"add", "add",   "add",   "sub",   "sub",  "mul",
                                                "and", "and",   "or",    "xor",   "xor",  "shl",
                                                "shl", "shr_s", "shr_u", "shr_u", "rotl", "rotr"};
    static constexpr std::string_view kDivide[] = {"div_s", "div_u", "rem_s", "rem_u"};
    static constexpr std::string_view kFloat[] = {"add", "add", "sub", "mul",
                                                  "mul", "div", "min", "max"};
    if (t == v128) return vector(depth);
    value(t, depth - 1);
    if (one_in(12)) statement();
    value(t, depth - 1);
    if (t >= f32) return op(t, any(kFloat));
    if (!one_in(16)) return op(t, any(kInt));
    if (!one_in(30)) {  // mostly not zero
      op(t, "const");
      add("1");
      op(t, "or");
    }
    op(t, any(kDivide));
  }

  void compare(int depth) {
    static constexpr std::string_view kInt[] = {"eq",   "ne",   "lt_s", "lt_u", "gt_s",
                                                "gt_u", "le_s", "le_u", "ge_s", "ge_u"};
    static constexpr std::string_view kFloat[] = {"eq", "ne", "lt", "gt", "le", "ge"};
    Type t = type();
    if (t == v128) t = i64;
    value(t, depth - 1);
    value(t, depth - 1);
    op(t, t < f32 ? any(kInt) : any(kFloat));
    if (one_in(4)) op(i32, "eqz");
  }

  void unary(Type t, int depth) {
    static constexpr std::string_view kI32[] = {"clz", "ctz",       "popcnt",
                                                "eqz", "extend8_s", "extend16_s"};
    static constexpr std::string_view kI64[] = {"clz",       "ctz",        "popcnt",
                                                "extend8_s", "extend16_s", "extend32_s"};
    static constexpr std::string_view kFloat[] = {"ceil", "floor", "trunc", "nearest", "sqrt"};
    if (one_in(2)) return convert(t, depth);
    value(t, depth - 1);
    op(t, t == i32 ? any(kI32) : t == i64 ? any(kI64) : any(kFloat));
  }

  void convert(Type t, int depth) {
    static constexpr std::string_view kFrom[4][7] = {
        {"wrap_i64", "wrap_i64", "trunc_sat_f32_s", "trunc_sat_f64_u", "trunc_sat_f64_s",
         "reinterpret_f32", "trunc_f64_s"},
        {"extend_i32_s", "extend_i32_u", "trunc_sat_f32_s", "trunc_sat_f64_u", "trunc_f32_u",
         "reinterpret_f64", "extend_i32_u"},
        {"convert_i32_s", "convert_i32_u", "convert_i64_s", "convert_i64_u", "demote_f64",
         "convert_i32_s", "convert_i32_u"},
        {"convert_i32_s", "convert_i32_u", "convert_i64_s", "convert_i64_u", "promote_f32",
         "convert_i32_s", "promote_f32"}};
    const std::string_view name = kFrom[t][below(7)];
    Type from = i32;
    for (Type candidate : {i64, f32, f64}) {
      if (name.find(kNames[candidate]) != std::string_view::npos) from = candidate;
    }
    value(from, depth - 1);
    op(t, name);
  }

  void select(Type t, int depth) {
    value(t, depth - 1);
    value(t, depth - 1);
    value(i32, depth - 1);
    add("select");
  }

  void tee(Type t, int depth) {
    value(t, depth - 1);
    if (const int at = local(t); at >= 0) indexed("local.tee", static_cast<std::size_t>(at));
  }

  /// An address below 0x4000, seldom anything. Floats have areas of their own, so that their loads
  /// find no other NaNs than float stores put there.
  void address(Type t, int depth) {
    switch (below(6)) {
      case 0:
        number(below(0x3ff8));
        break;
      case 1:
        value(i32, depth - 1);
        number(0xff);
        op(i32, "and");
        number(below(4));
        op(i32, "shl");
        value(i32, depth - 1);
        number(0xff0);
        op(i32, "and");
        op(i32, "add");
        break;
      case 2:
        value(i32, depth - 1);
        number(0xfff);
        op(i32, "and");
        number(below(3000));
        op(i32, "add");
        break;
      default:
        value(i32, depth - 1);
        if (!has_own_area(t) && one_in(120)) return;
        number(0x3ff8);
        op(i32, "and");
    }
    if (has_own_area(t)) {
      number(0x3ff8);
      op(i32, "and");
    }
  }
  static bool has_own_area(Type t) { return t == f32 || t == f64; }
  void offset(Type t) {
    const unsigned base = t == f64 ? 0xc000 : t == f32 ? 0x8000 : 0;
    const unsigned extra = !has_own_area(t) && one_in(2) ? below(64) : 0;
    if (base + extra != 0) add("offset=" + std::to_string(base + extra));
  }

  void load(Type t, int depth) {
    static constexpr std::string_view kI32[] = {"load",    "load",     "load",    "load8_s",
                                                "load8_u", "load16_s", "load16_u"};
    static constexpr std::string_view kI64[] = {"load",     "load",     "load8_s",  "load8_u",
                                                "load16_s", "load16_u", "load32_s", "load32_u"};
    static constexpr std::string_view kVector[] = {
        "load", "load", "load8x8_s", "load16x4_u", "load8_splat", "load64_splat", "load32_zero"};
    address(t, depth);
    if (t == v128 && one_in(4)) {
      value(v128, depth - 1);
      op(t, "load16_lane");
      offset(t);
      return add(std::to_string(below(8)));
    }
    if (t == v128) {
      op(t, any(kVector));
      return offset(t);
    }
    op(t, t == i32 ? any(kI32) : t == i64 ? any(kI64) : std::string_view("load"));
    offset(t);
  }

  void block_value(Type t, int depth) {
    add("block");
    signature({}, {t});
    labels_.push_back({t});
    statements(below(2));
    value(t, depth - 1);
    if (one_in(2)) {
      value(i32, depth - 1);
      indexed("br_if", below(2) == 0 || labels_.back() != labels_[labels_.size() - 2] ? 0 : 1);
    }
    labels_.pop_back();
    add("end");
  }

  void if_value(Type t, int depth) {
    value(i32, depth - 1);
    add("if");
    signature({}, {t});
    labels_.push_back({t});
    value(t, depth - 1);
    add("else");
    statements(below(2));
    value(t, depth - 1);
    labels_.pop_back();
    add("end");
  }

  void loop_value(Type t, int depth) {
    if (loops_ >= 2) return leaf(t);
    const std::string counter = begin_counter();
    value(t, depth - 1);
    add("loop");
    signature({t}, {t});
    labels_.push_back({t});
    ++loops_;
    value(t, depth - 1);
    if (t == v128)
      add("i16x8.add");
    else if (t == f32 || t == f64)
      op(t, "add");
    else
      op(t, one_in(2) ? "add" : "xor");
    statements(below(2));
    end_counter(counter);
    --loops_;
    labels_.pop_back();
    add("end");
  }

  /// A call of a later function; its number, or 0 when there is none with these results.
  unsigned callee(const std::vector<Type>* results) {
    if (index_ + 1 >= kFunctions || calls_ >= 3 || (loops_ > 0 && !one_in(4))) return 0;
    const unsigned count = kFunctions - index_ - 1;
    const unsigned start = below(count);
    for (unsigned i = 0; i < count; ++i) {
      const unsigned at = index_ + 1 + (start + i) % count;
      if (results == nullptr || functions_[at].results == *results) return at;
    }
    return 0;
  }
  void call(unsigned function, bool is_tail) {
    ++calls_;
    values(functions_[function].params);
    --calls_;
    const std::string_view prefix = is_tail ? "return_" : "";
    if (!one_in(3)) {
      text_ += prefix;
      return add("call $f" + std::to_string(function));
    }
    number(function);
    text_ += prefix;
    add("call_indirect");
    signature(functions_[function].params, functions_[function].results);
  }
  void call_value(Type t, int depth) {
    const std::vector<Type> results{t};
    const unsigned function = callee(&results);
    if (t == i64 && one_in(3)) {
      value(i32, depth - 1);
      value(i64, depth - 1);
      return add("call $mix");
    }
    if (function == 0 || depth <= 1) return leaf(t);
    call(function, false);
  }

  // ---- Statements

  void statements(unsigned count) {
    for (unsigned i = 0; i < count; ++i) statement();
  }

  void statement() {
    if (--budget_ < 0) return;
    switch (below(22)) {
      case 20:
        return one_in(2) ? try_table_statement() : legacy_try_statement();
      case 21:
        return throw_if();
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: {
        const Type t = type();
        const int at = local(t);
        value(t, 3);
        return at < 0 ? add("drop") : indexed("local.set", static_cast<std::size_t>(at));
      }
      case 6:
      case 7:
      case 8:
        return store();
      case 9: {
        const Type t = type();
        value(t, 3);
        return add(global("set", t));
      }
      case 10:
        value(type(), 3);
        return add("drop");
      case 11:
        return if_statement();
      case 12:
      case 13:
        return loop_statement();
      case 14:
        return branch_if();
      case 15:
        return branch_table();
      case 16:
        return leave();
      case 17:
        return call_statement();
      case 18:
        return block_statement();
      default:
        return memory_statement();
    }
  }

  void store() {
    static constexpr std::string_view kI32[] = {"store", "store", "store8", "store16"};
    static constexpr std::string_view kI64[] = {"store", "store", "store8", "store16", "store32"};
    const Type t = type();
    address(t, 2);
    if (one_in(12)) statement();
    value(t, 3);
    const bool is_lane = t == v128 && one_in(4);
    op(t, is_lane    ? "store32_lane"
          : t == i32 ? any(kI32)
          : t == i64 ? any(kI64)
                     : std::string_view("store"));
    offset(t);
    if (is_lane) add(std::to_string(below(4)));
  }

  void if_statement() {
    value(i32, 3);
    add("if");
    labels_.push_back({});
    statements(1 + below(2));
    if (one_in(2)) {
      add("else");
      statements(1 + below(2));
    }
    labels_.pop_back();
    add("end");
  }

  void block_statement() {
    add("block");
    labels_.push_back({});
    statements(1 + below(3));
    labels_.pop_back();
    add("end");
  }

  /// Starts a counter for a loop; every fourth is an i64.
  std::string begin_counter() {
    const bool is_64 = counters_ % 4 == 3;
    std::string name = "$c" + std::to_string(counters_++);
    add(is_64 ? "i64.const 0 local.set" : "i32.const 0 local.set");
    add(name);
    return name;
  }
  /// Counts, and branches back while there is more to do.
  void end_counter(const std::string& name) {
    static constexpr std::string_view kSteps[] = {"lt_s", "lt_u", "le_s", "ne", "le_u"};
    const bool is_64 = (std::stoul(name.substr(2)) % 4) == 3;
    const Type t = is_64 ? i64 : i32;
    add("local.get");
    add(name);
    op(t, "const");
    add("1");
    op(t, "add");
    if (one_in(4)) {
      add("local.set");
      add(name);
      add("local.get");
    } else {
      add("local.tee");
    }
    add(name);
    op(t, "const");
    add(std::to_string(1 + below(3)));
    op(t, any(kSteps));
    indexed("br_if", 0);
  }

  void loop_statement() {
    if (loops_ >= 2) return;
    const std::string counter = begin_counter();
    add("loop");
    labels_.push_back({});
    ++loops_;
    statements(1 + below(3));
    end_counter(counter);
    --loops_;
    labels_.pop_back();
    add("end");
  }

  std::size_t some_label() {
    std::size_t label = 0;
    do {
      label = below(static_cast<unsigned>(labels_.size()));
    } while (labels_[label].size() == kNoLabel);
    return label;
  }
  std::size_t depth_of(std::size_t label) const { return labels_.size() - 1 - label; }

  void branch_if() {
    const std::size_t label = some_label();
    const std::vector<Type> list = labels_[label];
    values(list);
    value(i32, 3);
    indexed("br_if", depth_of(label));
    for (std::size_t i = 0; i < list.size(); ++i) add("drop");
  }

  void branch_table() {
    const std::vector<Type> list = labels_[some_label()];
    add("block");
    labels_.push_back({});
    values(list);
    value(i32, 2);
    number(one_in(2) ? 3 : 63);
    op(i32, "and");
    add("br_table");
    const unsigned count = one_in(4) ? 40 : 1 + below(5);
    for (unsigned added = 0; added < count;) {
      const std::size_t label = some_label();
      if (labels_[label] != list) continue;
      add(std::to_string(depth_of(label)));
      ++added;
    }
    labels_.pop_back();
    add("end");
  }

  /// Leaves a block or the function, on a condition.
  void leave() {
    value(i32, 3);
    add("if");
    labels_.push_back({});
    const unsigned choice = below(8);
    const unsigned function = callee(&labels_[0]);
    if (choice < 2) {
      values(labels_[0]);
      add("return");
    } else if (choice < 4 && function != 0) {
      call(function, true);
    } else if (choice == 4 && one_in(4)) {
      add("unreachable");
    } else {
      const std::size_t label = some_label();
      values(std::vector<Type>(labels_[label]));
      indexed("br", depth_of(label));
    }
    labels_.pop_back();
    add("end");
  }

  void call_statement() {
    const unsigned function = callee(nullptr);
    if (function == 0) return;
    call(function, false);
    take(functions_[function].results);
  }

  void memory_statement() {
    switch (below(4)) {
      case 0:
        number(below(2));
        return add("memory.grow drop");
      case 1:
        address(i32, 2);
        value(i32, 2);
        number(below(64));
        return add("memory.fill");
      case 2:
        address(i32, 2);
        address(i32, 2);
        number(below(64));
        return add("memory.copy");
      default:
        return add("nop");
    }
  }

  // ---- Exceptions (test_program_exceptions.hpp)

  static constexpr unsigned kTags = 4;
  /// So many types has a label that no branch may choose: it takes a reference.
  static constexpr std::size_t kNoLabel = 99;
  static std::vector<Type> tag_types(unsigned tag) {
    if (tag == 0) return {};
    if (tag == 1) return {i32};
    if (tag == 2) return {i64, f32};
    return {v128, f64, i32};
  }
  void add_tags();
  void take(const std::vector<Type>& list);
  std::string empty_label();
  void try_table_statement();
  void legacy_try_statement();
  void throw_statement();
  void throw_if();
  void rethrow_if();

  std::vector<Function> functions_;
  // Of the function being made:
  unsigned index_ = 0;
  std::vector<Type> locals_;
  unsigned counters_ = 0;
  unsigned loops_ = 0;
  unsigned calls_ = 0;
  int budget_ = 0;
  std::vector<std::vector<Type>> labels_;  // the types a branch to each takes
};

}  // namespace tinywasm

#include "vm/test_program_exceptions.hpp"
