// SPDX-License-Identifier: Apache-2.0
#include "vm/used_locals.hpp"

#include <algorithm>

#include "decoder/instruction_reader.hpp"
#include "decoder/type_reader.hpp"

namespace tinywasm::vm::ir {
namespace {

using decoder::ByteReader;
using decoder::Insn;

/// So many locals cost nothing that could be measured.
constexpr std::uint64_t kFew = 256;

bool names_local(Insn insn) {
  return insn == Insn::local_get || insn == Insn::local_set || insn == Insn::local_tee;
}

}  // namespace

std::optional<std::vector<UsedLocal>> used_locals(const decoder::Module& module,
                                                  std::uint32_t function) {
  const decoder::FunctionBody& body = module.body(function);
  const auto reader_of_body = [&] { return ByteReader(module.bytes, body.begin, body.end); };
  std::uint64_t declared = 0;
  ByteReader reader = reader_of_body();
  decoder::read_local_groups(reader,
                             [&](std::uint32_t size, decoder::ValType) { declared += size; });
  if (declared <= kFew + (body.end - body.begin)) return std::nullopt;

  std::vector<UsedLocal> used;
  const auto parameters =
      static_cast<std::uint32_t>(module.type_of_function(function).params.size());
  decoder::InstructionReader instructions;
  decoder::Instruction insn;
  while (!reader.at_end() && instructions.read(reader, insn)) {
    if (names_local(insn.id) && insn.index >= parameters) used.push_back({insn.index, {}});
  }
  const auto before = [](const UsedLocal& a, const UsedLocal& b) { return a.index < b.index; };
  const auto equal = [](const UsedLocal& a, const UsedLocal& b) { return a.index == b.index; };
  std::sort(used.begin(), used.end(), before);
  used.erase(std::unique(used.begin(), used.end(), equal), used.end());

  ByteReader groups = reader_of_body();
  auto local = used.begin();
  std::uint64_t end = parameters;
  decoder::read_local_groups(groups, [&](std::uint32_t size, decoder::ValType type) {
    end += size;
    for (; local != used.end() && local->index < end; ++local) local->type = type;
  });
  return used;
}

}  // namespace tinywasm::vm::ir
