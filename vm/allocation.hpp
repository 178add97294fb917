// SPDX-License-Identifier: Apache-2.0
// Which locals live in registers, and where: registers 1..3 of each class hold the locals that are
// used most, weighted by loop depth; locals that are never live together may share one. Register 0
// is left to temporaries and results.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "vm/ir.hpp"

namespace tinywasm::vm::ir {

/// A set of candidates: the locals considered for registers, by their number as a candidate.
using CandidateSet = std::uint32_t;
inline constexpr unsigned kMaxCandidates = 32;

struct Candidate {
  Variable local = 0;
  Type type = Type::i32;
  std::uint8_t reg = 0;  // 1..3, or 0: stays in its slot
  std::int64_t benefit = 0;
};

/// Reused from function to function.
class Allocation {
 public:
  /// Chooses registers for `f`, and computes Statement::last_use. Without `pin` nothing is pinned.
  /// False: it was interrupted.
  [[nodiscard]] bool run(Function& f, bool pin, const Poll& poll);

  const std::vector<Candidate>& candidates() const { return candidates_; }
  /// Register 1..3 of a variable, or 0.
  unsigned register_of(Variable v) const {
    return v < candidate_of_.size() && candidate_of_[v] != kNoCandidate
               ? candidates_[candidate_of_[v]].reg
               : 0;
  }
  /// The pinned candidate of a variable as a set; empty when it is not pinned.
  CandidateSet set_of(Variable v) const { return candidate_set(v) & pinned_; }
  CandidateSet pinned() const { return pinned_; }
  /// Pinned locals that are live before and after a statement.
  CandidateSet live_in(std::uint32_t statement) const {
    return (statement == 0 ? entry_ : before_[statement]) & pinned_;
  }
  /// Pinned locals that a statement reads.
  CandidateSet uses(std::uint32_t statement) const { return briefs_[statement].use & pinned_; }
  CandidateSet live_out(std::uint32_t statement) const { return after_[statement] & pinned_; }
  /// Pinned locals that are live in a handler of a region's exceptions.
  CandidateSet live_in_handlers(std::uint32_t region) const {
    return region == kNone || pinned_ == 0 ? 0 : at_region_[region] & pinned_;
  }

 private:
  static constexpr std::uint8_t kNoCandidate = 0xff;

  void choose_candidates(const Function& f);
  void summarise(const Function& f, const Poll& poll);
  bool solve(const Function& f, const Poll& poll);
  void interfere(const Function& f, const Poll& poll);
  void color(const Function& f);
  void find_last_uses(Function& f, const Poll& poll);
  void note_values(const Function& f, Label label);
  void note_temporaries(const Function& f, NodeId id, std::uint32_t statement);
  CandidateSet uses_of(const Function& f, NodeId id) const;
  /// A variable as a set of candidates; empty when it is none.
  CandidateSet candidate_set(Variable v) const {
    return v < candidate_of_.size() && candidate_of_[v] != kNoCandidate
               ? CandidateSet{1} << candidate_of_[v]
               : 0;
  }
  CandidateSet live_at_targets(const Function& f, const Statement& br_table) const;
  void close_region(const Function& f, std::uint32_t region);

  std::vector<Candidate> candidates_;
  std::vector<std::uint8_t> candidate_of_;  // by local
  /// What the passes want of a statement, in a seventh of its bytes: they are many, and few of
  /// those of a large function would stay in the cache.
  struct Brief {
    CandidateSet use = 0;  // candidates that it reads
    Label label = kNone;
    StatementKind kind{};
    std::uint8_t defined = kNoCandidate;  // the candidate that it assigns
  };
  std::vector<Brief> briefs_;
  std::vector<CandidateSet> before_, after_, at_label_;
  std::vector<CandidateSet> at_region_;  // live in its handlers and those around it
  std::array<CandidateSet, kMaxCandidates> adjacent_{};
  std::array<CandidateSet, kMaxCandidates> copies_{};  // locals it is copied from or to
  std::array<std::int64_t, kMaxCandidates> crossing_{};
  CandidateSet pinned_ = 0;
  CandidateSet entry_ = 0;

  void set_epochs(std::uint32_t begin, std::uint32_t count, std::uint32_t epoch);
  void assign_on_one_way(std::uint32_t begin, std::uint32_t count);

  // Of the last uses of temporaries, by height: the statement, and the epoch it is in. Apart,
  // because ranges of epochs are set at once.
  std::vector<std::uint32_t> last_use_;
  std::vector<std::uint32_t> epoch_of_use_;
  std::uint32_t epoch_ = 0;
};

}  // namespace tinywasm::vm::ir
