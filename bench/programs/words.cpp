// SPDX-License-Identifier: Apache-2.0
// Word frequencies: std::string, std::unordered_map, std::sort and growing buffers.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "size.h"

namespace {

constexpr int kWords = 20000, kRounds = 42, kShown = 5;

std::string make_text(std::uint32_t state) {
  constexpr std::string_view syllables[] = {"an", "be", "con", "der", "el", "for", "gra", "hi"};
  std::string text;
  for (int i = 0; i < kWords; ++i) {
    state = state * 1664525u + 1013904223u;
    const unsigned length = 1 + (state >> 30);  // short words are few, and so frequent
    for (unsigned j = 0; j < length; ++j) text += syllables[state >> (8 + 3 * j) & 7];
    if (state >> 27 == 7) text += ',';
    text += i % 12 == 11 ? ".\n" : " ";
  }
  return text;
}

bool is_letter(char c) { return 'a' <= c && c <= 'z'; }

using Counts = std::unordered_map<std::string, int>;

Counts count_words(const std::string& text) {
  Counts counts;
  std::string word;
  for (const char c : text) {
    if (is_letter(c)) {
      word += c;
    } else if (!word.empty()) {
      ++counts[word];
      word.clear();
    }
  }
  return counts;
}

std::vector<std::pair<std::string, int>> most_frequent_first(const Counts& counts) {
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return sorted;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = size_argument(argc, argv, kRounds);
  std::string report;
  for (int round = 0; round < rounds; ++round) {
    const auto sorted = most_frequent_first(count_words(make_text(round + 1)));
    report.clear();
    for (int i = 0; i < kShown; ++i) {
      report += sorted[i].first + ' ' + std::to_string(sorted[i].second) + '\n';
    }
    report += std::to_string(sorted.size()) + " different words\n";
  }
  std::fwrite(report.data(), 1, report.size(), stdout);
  return 0;
}
