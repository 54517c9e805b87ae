#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace bridge {

// What became of a content word of the sentence. Words that were read together are one entry ("running total").
struct AccountedWord {
  std::string word;  // as written
  std::string role;  // "used", or "unused": what it asks for is not in the answer
  std::optional<std::string>
      taken_for;  // aggregate, chart, filter, limit, measure, operator, order, period, split, table, unit; none: names nothing known
  std::optional<std::string> bound_to;  // the column, the value or the period
  bool operator==(const AccountedWord&) const = default;
};
BOOST_DESCRIBE_STRUCT(AccountedWord, (), (word, role, taken_for, bound_to))

// Begins the line of a document that keeps the account of its sentence, as a list in JSON.
inline constexpr std::string_view account_key = "x-account: ";

}  // namespace bridge
