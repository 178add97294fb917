// SPDX-License-Identifier: Apache-2.0
#include "vm/allocation.hpp"

#include <algorithm>
#include <bit>

namespace tinywasm::vm::ir {
namespace {

/// Passes of the liveness analysis; a function that needs more (very deep loop nests) pins nothing.
constexpr int kMaxPasses = 12;
/// The epoch of a use that no assignment is in.
constexpr std::uint32_t kAcross = ~std::uint32_t{0};
constexpr std::int64_t kLoopWeights[] = {1, 8, 64, 512, 4096, 32768};

bool is_return(StatementKind k) {
  return k == StatementKind::ret || k == StatementKind::ret_void ||
         k == StatementKind::unreachable || is_return_call(k) || is_throw(k);
}

bool has_node_operands(const Statement& s) {
  return (has_arguments(s.kind) && !s.in_slots()) || s.kind == StatementKind::wide;
}

}  // namespace

bool Allocation::run(Function& f, bool pin, const Poll& poll) {
  candidates_.clear();
  candidate_of_.clear();
  pinned_ = entry_ = 0;
  if (pin) choose_candidates(f);
  const std::size_t count = f.statements.size();
  briefs_.assign(count, {});
  before_.assign(count, 0);
  after_.assign(count, 0);
  if (!candidates_.empty()) {
    summarise(f, poll);
    if (solve(f, poll)) {
      interfere(f, poll);
      color(f);
    }
  }
  find_last_uses(f, poll);
  return !poll.due();
}

void Allocation::choose_candidates(const Function& f) {
  for (Variable v = 0; v < f.locals; ++v) {
    if (f.weight[v] <= 1 || f.local_types[v] == Type::v128) continue;  // those stay in slots
    candidates_.push_back({.local = v, .type = f.local_types[v]});
  }
  const auto heavier = [&f](const Candidate& a, const Candidate& b) {
    return f.weight[a.local] != f.weight[b.local] ? f.weight[a.local] > f.weight[b.local]
                                                  : a.local < b.local;
  };
  if (candidates_.size() > kMaxCandidates) {
    std::partial_sort(candidates_.begin(), candidates_.begin() + kMaxCandidates, candidates_.end(),
                      heavier);
    candidates_.resize(kMaxCandidates);
  }
  candidate_of_.assign(f.locals, kNoCandidate);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    candidate_of_[candidates_[i].local] = static_cast<std::uint8_t>(i);
  }
}

CandidateSet Allocation::uses_of(const Function& f, NodeId id) const {
  const Node& n = f.nodes[id];
  CandidateSet set = 0;
  if (n.locals == 0) return set;
  if (n.kind == NodeKind::variable) return candidate_set(static_cast<Variable>(n.value));
  for (unsigned i = 0; i < n.arity; ++i) {
    const Node& child = f.nodes[n.child[i]];
    set |= child.kind == NodeKind::variable ? candidate_set(static_cast<Variable>(child.value))
                                            : uses_of(f, n.child[i]);
  }
  return set;
}

void Allocation::summarise(const Function& f, const Poll& poll) {
  poll.forwards(f.statements.size(), [&](std::size_t i) {
    const Statement& s = f.statements[i];
    Brief& brief = briefs_[i];
    brief.kind = s.kind;
    brief.label = s.label;
    if (s.variable < candidate_of_.size()) brief.defined = candidate_of_[s.variable];
    for (unsigned k = 0; k < s.nodes; ++k) brief.use |= uses_of(f, s.node[k]);
    if (!has_node_operands(s)) return;
    for (std::uint32_t k = 0; k < s.operand_count; ++k) {
      brief.use |= uses_of(f, f.operands[s.operands + k]);
    }
  });
}

/// Liveness, backwards over the statements until the loops' labels agree.
bool Allocation::solve(const Function& f, const Poll& poll) {
  at_label_.assign(f.labels.size(), 0);
  at_region_.assign(f.regions.size(), 0);
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    bool changed = false;
    CandidateSet live = 0;
    CandidateSet in_handlers = 0;
    const bool is_done = poll.backwards(briefs_.size(), [&](std::size_t i) {
      const Brief& s = briefs_[i];
      switch (s.kind) {
        case StatementKind::region: {
          const Statement& region = f.statements[i];
          if (region.sense) close_region(f, region.index2);
          in_handlers = region.index2 == kNone ? 0 : at_region_[region.index2];
          break;
        }
        case StatementKind::jump:
          live = at_label_[s.label];
          break;
        case StatementKind::branch:
          live |= at_label_[s.label];
          break;
        case StatementKind::br_table:
          live = live_at_targets(f, f.statements[i]);
          break;
        default:
          if (is_return(s.kind)) live = 0;
      }
      after_[i] = live;
      if (s.defined != kNoCandidate) live &= ~(CandidateSet{1} << s.defined);
      live |= s.use;
      if (may_throw(s.kind)) live |= in_handlers;
      before_[i] = live;
      if (s.kind == StatementKind::landing) at_label_[s.label] = live;
      if (s.kind == StatementKind::label && at_label_[s.label] != live) {
        at_label_[s.label] = live;
        changed |= f.labels[s.label].is_loop;
      }
    });
    if (!is_done) return false;
    entry_ = live;
    if (!changed) return true;
  }
  return false;
}

CandidateSet Allocation::live_at_targets(const Function& f, const Statement& br_table) const {
  CandidateSet live = 0;
  for (std::uint32_t k = 0; k < br_table.operand_count; ++k) {
    live |= at_label_[f.operands[br_table.operands + k]];
  }
  return live;
}

/// What is live in the handlers of a region: they come after it, and were seen before.
void Allocation::close_region(const Function& f, std::uint32_t region) {
  const Region& r = f.regions[region];
  CandidateSet live = r.parent == kNone ? 0 : at_region_[r.parent];
  for (std::uint32_t h = r.first; h != kNone; h = f.handlers[h].next) {
    live |= at_label_[f.handlers[h].landing];
  }
  at_region_[region] = live;
}

/// Which candidates are live together, and what keeping one across calls costs.
void Allocation::interfere(const Function& f, const Poll& poll) {
  adjacent_.fill(0);
  crossing_.fill(0);
  copies_.fill(0);
  const auto meet = [this](unsigned c, CandidateSet with) {
    with &= ~(CandidateSet{1} << c);
    adjacent_[c] |= with;
    for (; with != 0; with &= with - 1) {
      adjacent_[static_cast<unsigned>(std::countr_zero(with))] |= CandidateSet{1} << c;
    }
  };
  for (CandidateSet set = entry_; set != 0; set &= set - 1) {
    meet(static_cast<unsigned>(std::countr_zero(set)), entry_);
  }
  CandidateSet in_handlers = 0;
  poll.forwards(briefs_.size(), [&](std::size_t i) {
    const Brief& brief = briefs_[i];
    const bool is_plain = brief.kind != StatementKind::region && !may_throw(brief.kind);
    if (is_plain && brief.defined == kNoCandidate) return;
    const Statement& s = f.statements[i];
    if (s.kind == StatementKind::region) in_handlers = s.index == kNone ? 0 : at_region_[s.index];
    CandidateSet defined = 0;
    if (brief.defined != kNoCandidate) {
      const unsigned c = brief.defined;
      defined = CandidateSet{1} << c;
      CandidateSet live = after_[i];
      // A copy may share its source's register, and better does.
      if (s.kind == StatementKind::set && f.nodes[s.node[0]].kind == NodeKind::variable) {
        const CandidateSet source = uses_of(f, s.node[0]);
        live &= ~source;
        if (source != 0) {
          const auto other = static_cast<unsigned>(std::countr_zero(source));
          copies_[c] |= source;
          copies_[other] |= CandidateSet{1} << c;
        }
      }
      meet(c, live);
    }
    if (!may_throw(s.kind)) return;
    const CandidateSet across = (after_[i] & ~defined) | in_handlers;
    for (CandidateSet set = across; set != 0; set &= set - 1) {
      const auto c = static_cast<unsigned>(std::countr_zero(set));
      crossing_[c] += kLoopWeights[s.depth];
      adjacent_[c] |= across & ~(CandidateSet{1} << c);  // saved to one home slot a register
    }
  });
}

void Allocation::color(const Function& f) {
  std::array<std::uint8_t, kMaxCandidates> order{};
  const auto count = static_cast<unsigned>(candidates_.size());
  for (unsigned c = 0; c < count; ++c) {
    order[c] = static_cast<std::uint8_t>(c);
    // Saving and reloading around calls counts against it, and loading a parameter at entry.
    candidates_[c].benefit = std::int64_t{f.weight[candidates_[c].local]} - 2 * crossing_[c] -
                             ((entry_ >> c & 1) != 0 ? 1 : 0);
  }
  std::sort(order.begin(), order.begin() + count, [this](unsigned a, unsigned b) {
    return candidates_[a].benefit != candidates_[b].benefit
               ? candidates_[a].benefit > candidates_[b].benefit
               : a < b;
  });
  for (unsigned i = 0; i < count; ++i) {
    Candidate& c = candidates_[order[i]];
    if (c.benefit <= 0) break;
    unsigned taken = 1;  // register 0
    for (CandidateSet set = adjacent_[order[i]] & pinned_; set != 0; set &= set - 1) {
      const Candidate& other = candidates_[static_cast<unsigned>(std::countr_zero(set))];
      if (is_float(other.type) == is_float(c.type)) taken |= 1u << other.reg;
    }
    auto reg = static_cast<unsigned>(std::countr_one(taken));
    if (reg >= kRegisters) continue;
    for (CandidateSet set = copies_[order[i]] & pinned_; set != 0; set &= set - 1) {
      const Candidate& other = candidates_[static_cast<unsigned>(std::countr_zero(set))];
      if (is_float(other.type) == is_float(c.type) && (taken >> other.reg & 1) == 0) {
        reg = other.reg;
        break;
      }
    }
    c.reg = static_cast<std::uint8_t>(reg);
    pinned_ |= CandidateSet{1} << order[i];
  }
}

void Allocation::note_temporaries(const Function& f, NodeId id, std::uint32_t statement) {
  const Node& n = f.nodes[id];
  if (n.kind == NodeKind::variable) {
    if (n.value < f.locals) return;
    const std::size_t height = n.value - f.locals;
    if (epoch_of_use_[height] == 0) {
      last_use_[height] = statement;
      epoch_of_use_[height] = epoch_;
    } else if (epoch_of_use_[height] != epoch_) {
      epoch_of_use_[height] = kAcross;  // it is read again beyond a boundary
    }
    return;
  }
  if (n.top == 0) return;  // it reads none
  for (unsigned i = 0; i < n.arity; ++i) note_temporaries(f, n.child[i], statement);
}

/// The temporaries in which a branch brings values to its label are read there, wherever that is.
void Allocation::note_values(const Function& f, Label label) {
  set_epochs(f.labels[label].height, f.labels[label].values, kAcross);
}

/// Of so many temporaries from a height on.
void Allocation::set_epochs(std::uint32_t begin, std::uint32_t count, std::uint32_t epoch) {
  const auto all = static_cast<std::uint32_t>(epoch_of_use_.size());
  const std::uint32_t end = begin + std::min(count, all - std::min(begin, all));
  if (begin < end) std::fill(&epoch_of_use_[begin], epoch_of_use_.data() + end, epoch);
}

/// Temporaries are assigned where a branch is taken. What reads them from here to the next boundary
/// finds that; what reads them later may do so on a way that does not come through here.
void Allocation::assign_on_one_way(std::uint32_t begin, std::uint32_t count) {
  for (std::uint32_t i = begin; i < begin + count && i < epoch_of_use_.size(); ++i) {
    std::uint32_t& epoch = epoch_of_use_[i];
    if (epoch != 0) epoch = epoch == epoch_ ? 0 : kAcross;
  }
}

/// For each assigned temporary the last statement that reads it, when all do so before the next
/// boundary: such a temporary may live in a register.
void Allocation::find_last_uses(Function& f, const Poll& poll) {
  last_use_.assign(f.max_height + 1, 0);
  epoch_of_use_.assign(f.max_height + 1, 0);
  epoch_ = 1;
  poll.backwards(f.statements.size(), [&](std::size_t i) {
    Statement& s = f.statements[i];
    const auto number = static_cast<std::uint32_t>(i);
    s.last_use = 0;
    if (s.variable != kNone && s.variable >= f.locals && s.results <= 1) {
      std::uint32_t& epoch = epoch_of_use_[s.variable - f.locals];
      if (epoch == epoch_) s.last_use = last_use_[s.variable - f.locals];
      if (s.kind == StatementKind::set && !s.sense) {
        assign_on_one_way(s.variable - f.locals, 1);
      } else {
        epoch = 0;
      }
    }
    if (s.results > 1 && !is_return_call(s.kind) && s.variable != kNone && s.variable >= f.locals) {
      set_epochs(s.variable - f.locals, s.results, 0);
    }
    if (s.kind == StatementKind::move && s.index >= f.locals) {
      assign_on_one_way(s.index - f.locals, s.operand_count);
    }
    if (s.in_slots()) set_epochs(s.operands - f.locals, s.operand_count, kAcross);
    if (is_boundary(s.kind) || is_call(s.kind) || s.results > 1) ++epoch_;
    if (s.kind == StatementKind::branch || s.kind == StatementKind::jump) note_values(f, s.label);
    for (unsigned k = 0; k < s.nodes; ++k) note_temporaries(f, s.node[k], number);
    if (!has_node_operands(s)) return;
    for (std::uint32_t k = 0; k < s.operand_count; ++k) {
      note_temporaries(f, f.operands[s.operands + k], number);
    }
  });
}

}  // namespace tinywasm::vm::ir
