// SPDX-License-Identifier: Apache-2.0
#include "decoder/text_context.hpp"

#include <limits>

#include "decoder/text_annotations.hpp"

namespace tinywasm::decoder {

std::uint32_t IndexSpace::add(TextCursor& in) {
  const Token token = in.peek();
  auto name = in.accept_identifier();
  if (name && !by_name_.emplace(*name, count_).second) {
    in.fail(Message::duplicate_identifier, token,
            " " + std::string(noun_) + " " + TextCursor::quoted(token.text));
  }
  if (const auto given = accept_name_annotation(in, noun_)) name = given;
  if (name) names_.emplace_back(count_, *name);
  return count_++;
}

std::uint32_t IndexSpace::expect_index(TextCursor& in) const {
  if (!in.at_index()) {
    in.fail_unexpected();
    return 0;
  }
  return resolve(in, in.next());
}

std::uint32_t IndexSpace::resolve(TextCursor& in, const Token& token) const {
  if (token.kind == TokenKind::identifier) {
    const auto found = by_name_.find(in.identifier_name(token));
    if (found != by_name_.end()) return found->second;
    in.fail_naming(unknown_, token);
    return 0;
  }
  constexpr std::uint32_t kMax = std::numeric_limits<std::uint32_t>::max();
  return in.natural_value(token, kMax, Message::constant_out_of_range);
}

void IndexSpace::clear() {
  count_ = 0;
  names_.clear();
  // To clear a map costs its number of buckets: after one huge function not every later one pays.
  constexpr std::size_t kManyBuckets = 256;
  if (by_name_.bucket_count() > kManyBuckets) {
    decltype(by_name_)().swap(by_name_);  // unlike `= {}`, frees the buckets
  } else {
    by_name_.clear();
  }
}

}  // namespace tinywasm::decoder
