// SPDX-License-Identifier: Apache-2.0
// std::map and std::set, which are red-black trees: insertions, erasures, searches, walks.
#include <cstdint>
#include <cstdio>
#include <map>
#include <set>

#include "size.h"

namespace {

constexpr int kOperations = 60000, kRounds = 7;

struct Account {
  int changes = 0;
  long long balance = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const int rounds = size_argument(argc, argv, kRounds);
  std::uint32_t state = 11;
  std::uint64_t checksum = 0;
  std::size_t left = 0;
  for (int round = 0; round < rounds; ++round) {
    std::map<std::uint32_t, Account> accounts;
    std::set<std::pair<long long, std::uint32_t>> by_balance;
    for (int i = 0; i < kOperations; ++i) {
      state = state * 1664525u + 1013904223u;
      const std::uint32_t id = state >> 12 & 0x3fff;
      if (state >> 29 == 0) {  // the richest account is closed
        if (by_balance.empty()) continue;
        const auto richest = std::prev(by_balance.end());
        checksum = checksum * 31 + richest->second;
        accounts.erase(richest->second);
        by_balance.erase(richest);
      } else if (state >> 29 == 1) {  // the next account at or above a number
        const auto found = accounts.lower_bound(id);
        checksum = checksum * 31 + (found == accounts.end() ? 1 : found->first);
      } else {
        Account& account = accounts[id];
        by_balance.erase({account.balance, id});
        account.balance += static_cast<int>(state >> 2 & 0xfff) - 1500;
        ++account.changes;
        by_balance.insert({account.balance, id});
      }
    }
    for (const auto& [id, account] : accounts) checksum += id * account.changes + account.balance;
    left = accounts.size();
  }
  std::printf("ordered: %d x %d operations, %zu accounts at the end, checksum %016llx\n", rounds,
              kOperations, left, static_cast<unsigned long long>(checksum));
  return 0;
}
