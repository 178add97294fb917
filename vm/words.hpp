// SPDX-License-Identifier: Apache-2.0
// Operands of the words of words.def. The emitter writes these structs, the handlers read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "decoder/limits.hpp"
#include "vm/dispatch.hpp"

namespace tinywasm::vm {

struct FunctionCode;

struct PlainWord {
  HandlerAddress handler;
};
struct EnterWord {
  HandlerAddress handler;
  std::uint32_t frame_bytes;  // what must lie below the stack limit
  std::uint16_t zero_begin;   // locals [zero_begin, zero_begin + zero_count) start as zero
  std::uint16_t zero_count;
  std::uint16_t slot[4];  // parameters that start in r1 r2 r3
};
struct FuelWord {
  HandlerAddress handler;
  std::uint32_t cost;
  std::uint32_t unused;
};
struct CountWord {
  HandlerAddress handler;
  std::uint64_t* counter;
};
struct JumpWord {
  HandlerAddress handler;
  std::int32_t distance;
  std::int32_t unused;
};
struct JumpBackWord {
  HandlerAddress handler;
  const std::byte* target;
};
/// Followed by `count` distances (4 bytes each, from this word), the default's last, then padding.
struct BrTableWord {
  HandlerAddress handler;
  std::uint32_t count;
  std::uint16_t index;
  std::uint16_t unused;
};
/// The callee is the word's last field: the first call patches it (see translate).
struct CallWord {
  HandlerAddress handler;
  const std::byte* callee;
};
/// A call that first saves r1 r2 r3, by the handler's mask, in their home slots.
struct SavingCallWord {
  HandlerAddress handler;
  std::uint16_t slot[4];
  const std::byte* callee;
};
struct CallWideWord {
  HandlerAddress handler;
  std::uint64_t frame;  // in slots
  const std::byte* callee;
};
/// Where a call returns to: reloads r1 r2 r3 by the handler's mask and puts a result from r0 into
/// slot[3] or another register.
struct AfterCallWord {
  HandlerAddress handler;
  std::uint16_t slot[4];
};
struct FrameWord {
  HandlerAddress handler;
  std::uint64_t frame;
};
struct CallImportWord {
  HandlerAddress handler;
  std::uint32_t index;
  std::uint32_t frame;
};
struct CallIndirectWord {
  HandlerAddress handler;
  std::uint32_t type;  // module type index
  std::uint32_t table;
  std::uint32_t frame;
  std::uint16_t index;  // slot of the table index; call_ref: of the function
  std::uint16_t unused;
};
/// Tail calls: arguments were built in slots [from, from + count) and move to the frame's start.
struct ReturnCallWord {
  HandlerAddress handler;
  const FunctionCode* callee;  // return_call
  std::uint16_t from;
  std::uint16_t count;
  std::uint16_t index;  // slot of the table index; return_call_ref: of the function
  std::uint16_t unused;
  std::uint32_t target;  // function index, or type index
  std::uint32_t table;
};
struct ThrowWord {
  HandlerAddress handler;
  std::uint32_t tag;
  std::uint32_t values;  // the first slot of the exception's values
};
/// Up to three registers to or from their home slots.
struct SlotsWord {
  HandlerAddress handler;
  std::uint16_t slot[4];
};
/// Four operands at most, two results in consecutive slots.
struct WideWord {
  HandlerAddress handler;
  std::uint16_t operand[4];
  std::uint16_t result;
  std::uint16_t unused[3];
};
/// An atomic access: address, values, result.
struct AtomicWord {
  HandlerAddress handler;
  std::uint64_t offset;
  std::uint32_t memory;
  std::uint16_t operand[3];
  std::uint16_t result;
  std::uint32_t unused;
};
struct RuntimeWord {
  HandlerAddress handler;
  std::uint32_t index;
  std::uint32_t index2;
  std::uint16_t a, b, c;  // operand slots
  std::uint16_t result;   // slot
};
/// A VECTOR row without a memory access, and vector_copy, vector_select. A v128 is in its slot and
/// the next one.
struct VectorWord {
  HandlerAddress handler;
  std::uint16_t operand[3];  // slots; the last may be a lane immediate
  std::uint16_t result;      // slot
};
/// i8x16.shuffle and v128.const.
struct VectorBytesWord {
  HandlerAddress handler;
  std::uint16_t operand[3];
  std::uint16_t result;
  std::uint64_t bytes[2];
};
/// A VECTOR row that loads or stores. The first operand is the address.
struct VectorAccessWord {
  HandlerAddress handler;
  std::uint16_t operand[3];
  std::uint16_t result;
  std::uint64_t offset;
};
/// The same with any memory.
struct VectorFarAccessWord {
  HandlerAddress handler;
  std::uint16_t operand[3];
  std::uint16_t result;
  std::uint64_t offset;
  std::uint64_t memory;
};

/// Operands lie in slots one after the other; the frame's size tells the collector where the value
/// stack ends.
struct ObjectWord {
  HandlerAddress handler;
  std::uint32_t index;
  std::uint32_t index2;
  std::uint32_t frame;
  std::uint16_t operands;  // first slot
  std::uint16_t result;    // slot
};
/// index2 of casts to a defined type: what is above it, and whether null passes.
struct CastOperand {
  /// The depth of an exact type: no type is so deep that it could have this one above it.
  static constexpr std::uint32_t kExact = 0xff;
  static_assert(decoder::kMaxSubtypeDepth < kExact);
  static constexpr std::uint32_t make(std::uint32_t depth, bool nullable) {
    return depth | (nullable ? 0x100 : 0);
  }
  static constexpr std::uint32_t depth(std::uint32_t operand) { return operand & 0xff; }
  static constexpr bool is_nullable(std::uint32_t operand) { return (operand & 0x100) != 0; }
};

/// The word at `pc`, which the emitter's copy has created there. Not a memcpy: GCC would copy the
/// whole word to the stack first.
template <class Word>
[[gnu::always_inline]] inline const Word& read_word(const std::byte* pc) {
  static_assert(sizeof(Word) % 8 == 0 && alignof(Word) == 8);
  return *reinterpret_cast<const Word*>(pc);
}

}  // namespace tinywasm::vm
