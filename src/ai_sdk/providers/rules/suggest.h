#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace bridge {

struct SuggestedFilter {
  std::string field;
  std::string op;  // "=", "in", ">", ">=", "<", "<="
  std::vector<std::string> values;
};
BOOST_DESCRIBE_STRUCT(SuggestedFilter, (), (field, op, values))

// One reading of a sentence as a chart. Fields are columns of the table; without `y` the aggregate is a count of rows. Of a heatmap, `x`
// and `y` are the sides and the aggregate of `value` is the colour; of a pie, `x` is the slices.
struct ChartSuggestion {
  std::string mark;
  std::optional<std::string> x;
  std::optional<std::string> y;
  std::optional<std::string> color;
  std::optional<std::string> value;      // of a heatmap or of a scatter plot's size; none: rows
  std::optional<std::string> aggregate;  // count, sum, mean, median, min, max; none: the values as they are
  std::optional<std::string> time_unit;  // of x
  std::optional<int> bin;                // of x: at most so many
  std::optional<std::string> sort;       // as in a dashboard: "-y"
  std::optional<int> limit;
  std::vector<SuggestedFilter> filters;
  double score = 0;  // 0..1
  std::string why;
};
BOOST_DESCRIBE_STRUCT(ChartSuggestion, (), (mark, x, y, color, value, aggregate, time_unit, bin, sort, limit, filters, score, why))

// The likeliest readings of the sentence over one table, best first; `table_schema` is an answer of get_table_schema. Pure.
std::vector<ChartSuggestion> suggest_charts(std::string_view sentence, const json::object& table_schema, std::size_t top = 5);

}  // namespace bridge
