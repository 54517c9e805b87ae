#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ai_sdk/core/tool_result_cache.h"
#include "features/dashboard_compiler/limits.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"
#include "features/rules/suggestion_step.h"

namespace bridge {

struct SuggestionRequest {
  ConnectionId connection_id;
  std::string sentence;
  std::string table;  // empty: the one that fits best
  int top = 5;
  std::string replaced_sql;
};
BOOST_DESCRIBE_STRUCT(SuggestionRequest, (), (connection_id, sentence, table, top, replaced_sql))
template <>
inline constexpr auto field_notes<SuggestionRequest> = std::to_array<FieldNote>({
    {.name = "connection_id", .about = "the warehouse whose tables are meant"},
    {.name = "sentence",
     .about = "what to show, in one sentence",
     .subject = "A sentence",
     .length_max = generation_limits::kPromptCharactersMax},
    {.name = "table", .about = "a table's name; the one that fits the sentence best when missing", .length_max = 400, .optional = true},
    {.name = "top", .about = "how many readings, from 1 to 10; 5 when missing", .optional = true},
    {.name = "replaced_sql",
     .about = "a document's query whose place a reading may take: its filter() calls are in the readings' queries too, over the same table",
     .length_max = compiler_limits::kSqlBytesMax,
     .optional = true},
});

// One reading of the sentence as a chart: columns of the table. Without `y` the aggregate counts rows. Of a heatmap `x` and `y` are the
// sides and `value` is the colour (none: rows); of a pie `x` is the slices; of a scatter plot `size` is `value`.
struct ChartReading {
  std::string mark;
  std::optional<std::string> x;
  std::optional<std::string> y;
  std::optional<std::string> color;
  std::optional<std::string> size;
  std::optional<std::string> facet;
  std::optional<std::string> value;
  std::vector<SuggestedFilter> filters;
  std::optional<std::string> aggregate;
  std::optional<std::string> time_unit;
  std::optional<int> bin;
  std::optional<std::string> sort;
  std::optional<int> limit;
  double score = 0;
  std::string why;
  std::optional<std::string> sql;
};
BOOST_DESCRIBE_STRUCT(ChartReading, (),
                      (mark, x, y, color, size, facet, value, filters, aggregate, time_unit, bin, sort, limit, score, why, sql))
template <>
inline constexpr auto field_notes<ChartReading> = std::to_array<FieldNote>(
    {{.name = "sql",
      .about =
          "a query for a chart of it in the warehouse's dialect, with columns named as its sides are, and `value`; null where none shows "
          "it as it is",
      .length_max = compiler_limits::kSqlBytesMax}});

struct Suggestions {
  std::string table;
  std::vector<ChartReading> readings;
  std::vector<AccountedWord> account;
};
BOOST_DESCRIBE_STRUCT(Suggestions, (), (table, readings, account))

// A sentence's likeliest readings as charts, by rules alone: no model is asked and nothing is saved. Thread-safe.
class SuggestionService {
 public:
  virtual ~SuggestionService() = default;

  // invalid_argument for a blank sentence, a wrong `top`, or a sentence that names nothing here ("nothing_matched"); not_found for another
  // team's connection; else what a tool failed with.
  virtual Result<Suggestions> suggest(const CallContext& context, const SuggestionRequest& request) = 0;
};

// What `tools` points at must outlive the service; `cache` may be null.
Result<std::unique_ptr<SuggestionService>> make_suggestion_service(const GenerationToolParts& tools,
                                                                   std::shared_ptr<ToolResultCache> cache);

ChartReading to_reading(const ChartSuggestion& suggestion);

}  // namespace bridge
