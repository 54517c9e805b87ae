#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/rules/sentence.h"

namespace bridge::rules {

// What is done with numbers once they are grouped: against their neighbours in time, against their whole, or within groups.
enum class OperationKind : std::uint8_t {
  running_total,   // all until then
  moving_average,  // of the last `count` buckets of time
  growth,          // against the bucket before, as a part of it; `year_before`: against the same bucket of the year before
  difference,      // against the bucket before
  share,           // of all groups together
  top_within,      // the first `count` in each group
  percentile,      // `count` of a hundred
};

struct Operation {
  OperationKind kind = OperationKind::running_total;
  int count = 0;
  Grain unit = Grain::none;  // the buckets that the sentence names with it ("7-day", "month over month")
  bool year_before = false;
  std::optional<std::size_t> one_of;  // "the longest film of each director": the word for the one thing of each group, if no number is said
  std::vector<std::size_t> words;     // of the sentence that ask for it
};

// The operation that the sentence asks for; the first when there are several.
std::optional<Operation> read_operation(const Sentence& sentence);

}  // namespace bridge::rules
