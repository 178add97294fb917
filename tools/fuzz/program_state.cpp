// SPDX-License-Identifier: Apache-2.0
#include "tools/fuzz/program_state.hpp"

#include <cstdint>

#include "decoder/instructions.hpp"

namespace tinywasm::fuzz {
namespace {

using decoder::BinaryWriter;
using decoder::Insn;

constexpr std::uint32_t kSum = 0;    // i64
constexpr std::uint32_t kIndex = 1;  // i32

class StateBody {
 public:
  explicit StateBody(Plan& plan) : plan_(plan) {}

  BinaryWriter write() {
    code_.unsigned_leb(2);
    for (const Type t : {Type::i64, Type::i32}) {
      code_.unsigned_leb(1);
      Plan::write_type(code_, t);
    }
    for (const std::uint32_t g : plan_.globals_of(Type::v128)) vector(g);
    for (const std::uint32_t g : plan_.globals_of(Type::exn)) {
      op(Insn::global_get, g);
      op(Insn::ref_is_null);
      mix_i32();
    }
    for (const std::uint32_t g : plan_.globals_of(Type::point)) point(g);
    for (const Type t : {Type::bytes, Type::longs, Type::vectors, Type::objects}) {
      array(t, plan_.globals_of(t)[0]);
    }
    for (std::uint32_t i = 0; i < kTables; ++i) table(i);
    op(Insn::local_get, kSum);
    op(Insn::end);
    return std::move(code_);
  }

 private:
  void op(Insn insn) { code_.opcode(insn); }
  void op(Insn insn, std::uint32_t index) {
    op(insn);
    code_.unsigned_leb(index);
  }
  void block(Insn insn) {
    op(insn);
    code_.u8(0x40);
  }
  void constant(Insn insn, std::int64_t value) {
    op(insn);
    code_.signed_leb(value);
  }

  /// Adds the i64 on the stack to the sum.
  void mix() {
    op(Insn::local_get, kSum);
    constant(Insn::i64_const, 31);
    op(Insn::i64_mul);
    op(Insn::i64_add);
    op(Insn::local_set, kSum);
  }
  void mix_i32() {
    op(Insn::i64_extend_i32_u);
    mix();
  }

  void vector(std::uint32_t global) {
    for (std::uint32_t lane = 0; lane < 2; ++lane) {
      op(Insn::global_get, global);
      op(Insn::i64x2_extract_lane, lane);
      mix();
    }
  }

  void if_not_null(std::uint32_t global) {
    op(Insn::global_get, global);
    op(Insn::ref_is_null);
    op(Insn::i32_eqz);
    block(Insn::if_);
  }

  void point(std::uint32_t global) {
    if_not_null(global);
    for (const std::uint32_t field : {kI32, kI64, kI8, kI16, kAny, kNext, kV128}) {
      op(Insn::global_get, global);
      const bool is_packed = field == kI8 || field == kI16;
      op(is_packed ? Insn::struct_get_s : Insn::struct_get, kPoint);
      code_.unsigned_leb(field);
      if (field == kAny || field == kNext) op(Insn::ref_is_null);
      if (field == kV128) op(Insn::i64x2_extract_lane, 1);
      field == kI64 || field == kV128 ? mix() : mix_i32();
    }
    op(Insn::end);
  }

  /// For each index below a size, an i32.
  template <class Size, class Each>
  void for_each(Size&& size, Each&& each) {
    constant(Insn::i32_const, 0);
    op(Insn::local_set, kIndex);
    block(Insn::block);
    block(Insn::loop);
    op(Insn::local_get, kIndex);
    size();
    op(Insn::i32_ge_u);
    op(Insn::br_if, 1);
    each();
    op(Insn::local_get, kIndex);
    constant(Insn::i32_const, 1);
    op(Insn::i32_add);
    op(Insn::local_set, kIndex);
    op(Insn::br, 0);
    op(Insn::end);
    op(Insn::end);
  }

  void array(Type t, std::uint32_t global) {
    const auto type =
        kBytes + static_cast<std::uint32_t>(t) - static_cast<std::uint32_t>(Type::bytes);
    if_not_null(global);
    const auto length = [&] {
      op(Insn::global_get, global);
      op(Insn::array_len);
    };
    for_each(length, [&] {
      op(Insn::global_get, global);
      op(Insn::local_get, kIndex);
      op(t == Type::bytes ? Insn::array_get_u : Insn::array_get, type);
      if (t == Type::objects) op(Insn::ref_is_null);
      if (t == Type::vectors) op(Insn::i64x2_extract_lane, 0);
      t == Type::longs || t == Type::vectors ? mix() : mix_i32();
    });
    op(Insn::end);
  }

  void table(std::uint32_t index) {
    const bool is_64 = plan_.is_table_64(index);
    const auto size = [&] {
      op(Insn::table_size, index);
      if (is_64) op(Insn::i32_wrap_i64);
    };
    for_each(size, [&] {
      op(Insn::local_get, kIndex);
      if (is_64) op(Insn::i64_extend_i32_u);
      op(Insn::table_get, index);
      op(Insn::ref_is_null);
      mix_i32();
    });
  }

  Plan& plan_;
  BinaryWriter code_;
};

}  // namespace

BinaryWriter state_body(Plan& plan) { return StateBody(plan).write(); }

}  // namespace tinywasm::fuzz
