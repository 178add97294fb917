// SPDX-License-Identifier: Apache-2.0
#include "vm/ir_threading.hpp"

namespace tinywasm::vm::ir {
namespace {

/// How far a chain of jumps is followed: chains can be cycles.
constexpr int kMaxHops = 8;

class Threading {
 public:
  explicit Threading(Function& f) : f_(f), after_(f.labels.size(), nullptr) {
    const Statement* next = nullptr;
    for (auto s = f.statements.rbegin(); s != f.statements.rend(); ++s) {
      if (s->kind == StatementKind::label) {
        after_[s->label] = next;
      } else if (s->kind != StatementKind::region) {  // no code
        next = &*s;
      }
    }
  }

  void run() {
    for (Statement& s : f_.statements) {
      if (s.kind == StatementKind::branch) {
        retarget(s.label, final_label(s.label));
      } else if (s.kind == StatementKind::jump) {
        jump(s);
      } else if (s.kind == StatementKind::br_table) {
        for (std::uint32_t k = 0; k < s.operand_count; ++k) {
          // Back-edges poll for interrupts, which br_table does not: it keeps its stub for them.
          Label& label = f_.operands[s.operands + k];
          const Label end = final_label(label);
          if (!f_.labels[end].is_loop) retarget(label, end);
        }
      }
    }
  }

 private:
  Label final_label(Label label) const {
    for (int hop = 0; hop < kMaxHops; ++hop) {
      const Statement* s = after_[label];
      if (s == nullptr || s->kind != StatementKind::jump || s->label == label) break;
      label = s->label;
    }
    return label;
  }

  void retarget(Label& label, Label to) {
    if (label == to) return;
    --f_.labels[label].uses;
    ++f_.labels[to].uses;
    label = to;
  }

  /// A jump to a return returns.
  void jump(Statement& s) {
    retarget(s.label, final_label(s.label));
    const Statement* end = after_[s.label];
    if (f_.labels[s.label].is_loop || end == nullptr) return;
    const bool is_plain = end->kind == StatementKind::ret_void;
    const bool is_value = end->kind == StatementKind::ret && f_.nodes[end->node[0]].is_leaf();
    if (!is_plain && !is_value) return;
    --f_.labels[s.label].uses;
    const std::uint32_t offset = s.offset;
    s = *end;
    s.offset = offset;
  }

  Function& f_;
  std::vector<const Statement*> after_;  // by label: the first statement after it that is no label
};

}  // namespace

void thread_jumps(Function& f) { Threading(f).run(); }

}  // namespace tinywasm::vm::ir
