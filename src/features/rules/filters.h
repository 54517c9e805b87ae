#pragma once

#include <string>
#include <vector>

#include "features/rules/match.h"

namespace bridge::rules {

enum class FilterKind : std::uint8_t {
  in,       // one of the values
  not_in,   // none of them
  range,    // low and high
  is_null,  // nothing is known
  is_true,  // of a flag
  is_false,
};

// What the sentence narrows the rows to, by one column.
struct Filter {
  std::size_t column = 0;
  FilterKind kind = FilterKind::in;
  std::vector<std::string> values;  // of in and not_in
  std::string low_operator;         // of a range: ">", ">=", or empty
  double low = 0;
  std::string high_operator;
  double high = 0;
  std::vector<std::pair<std::size_t, std::size_t>> words;  // that said it, each from its begin to its end
};

struct FilterReading {
  std::vector<Filter> filters;
  std::vector<NumberCondition> unbound;   // numbers that no quantity of the table can be meant by
  std::vector<std::size_t> columns_used;  // that are named only to be filtered by: they split nothing
  bool has_word(std::size_t word) const;  // whether a filter was read from it
  const Filter* find(std::size_t column, FilterKind kind) const;
};

// Pure. Values come from what is known of the columns: see unknown_values for the others.
FilterReading read_filters(const Sentence& sentence, const TableMatch& match);

// Words that stand where a value stands (in quotes, in capitals, in a list whose other items are values) and are none of those known:
// the warehouse may know them. At most unknown_values_max.
struct UnknownValue {
  std::string text;  // as written
  std::size_t word = 0;
  std::size_t end = 0;
};
std::vector<UnknownValue> unknown_values(const Sentence& sentence, const TableMatch& match);
inline constexpr std::size_t unknown_values_max = 12;

// The condition in SQL, and in the words of a note ("only rows with delay over 30 min").
std::string filter_sql(const TableProfile& table, const Filter& filter);
std::string filter_note(const TableProfile& table, const Filter& filter);

// Whether a column says yes or no: a boolean, or text and numbers that mean it.
bool is_flag(const ColumnProfile& column);

}  // namespace bridge::rules
