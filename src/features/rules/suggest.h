#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace bridge::rules {
struct Sentence;
struct TableMatch;
}  // namespace bridge::rules

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
  std::optional<double> bin_width;       // of x, when the sentence says it
  std::optional<std::string> sort;       // as in a dashboard: "-y"
  std::optional<int> limit;
  std::vector<SuggestedFilter> filters;
  double score = 0;  // 0..1
  std::string why;
  std::optional<std::string> sql;  // of a query that shows it, where one was asked for and there is one: see reading_query.h
  bool guessed = false;            // the sentence names neither a side nor a mark: it is no answer, only a beginning
};
BOOST_DESCRIBE_STRUCT(ChartSuggestion, (),
                      (mark, x, y, color, value, aggregate, time_unit, bin, bin_width, sort, limit, filters, score, why))

// The likeliest readings of the sentence over one table, best first; `table_schema` is an answer of get_table_schema. Pure.
std::vector<ChartSuggestion> suggest_charts(std::string_view sentence, const json::object& table_schema, std::size_t top = 5);
// The same of a sentence that was read and matched.
std::vector<ChartSuggestion> suggest_charts(const rules::Sentence& sentence, const rules::TableMatch& match, std::size_t top = 5);

}  // namespace bridge
