#pragma once

#include <span>
#include <string_view>

#include "answer.h"

namespace bridge::differential {

// An engine refuses a query or answers it otherwise than the reference.
struct QueryDifference {
  std::string_view engine;
  std::string_view query;
  std::string_view found;  // as difference_of says it, from its beginning
  std::string_view reason;
};

// An engine cannot say what a word of a sentence asks for: the word is said to be unused, and what is left of the plan runs. Or the plans
// are the same and their answers are not.
struct SentenceDifference {
  std::string_view engine;
  std::string_view sentence;
  std::string_view unused;  // empty: all words are used
  std::string_view reason;
  std::string_view found;  // where all are used: as difference_of says it of each answer that differs, from its beginning
};

// All that is known. What is found beside it is a failure, and so is what stands here and is found no more.
std::span<const TypeDifference> type_differences();
std::span<const QueryDifference> query_differences();
std::span<const SentenceDifference> sentence_differences();

}  // namespace bridge::differential
