#pragma once

#include <string>
#include <vector>

#include "features/dashboard_generation/generation_tools.h"

namespace bridge {

// The answer of a query that is shown in a conversation.
struct SmallAnswer {
  json::object chart;  // as the page reads it
  std::vector<ColumnName> columns;
  json::array rows;  // each a list of values; as many as fit
  std::int64_t row_count = 0;
  bool truncated = false;
  std::int64_t bytes_scanned = 0;
};

// Runs one query and checks one chart over it, as a dashboard that is never saved: the same validation, the same rules for what a model
// wrote, the same dry run under the cap, the same cache. `chart` lacks its query. Problems speak of `sql`, `params` and the chart's fields.
Result<SmallAnswer> answer_with_chart(const GenerationToolParts& parts, const ToolContext& context, const std::string& sql,
                                      const json::object& params, json::object chart);

}  // namespace bridge
