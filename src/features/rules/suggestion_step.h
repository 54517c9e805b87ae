#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ai_sdk/core/message.h"
#include "features/rules/accounted_word.h"
#include "features/rules/suggest.h"

namespace bridge {

struct SuggestedCharts {
  std::string table;  // as it stands after FROM
  std::vector<ChartSuggestion> readings;
  std::vector<AccountedWord> account;  // of the first reading's words
};

// The next step on the way to the readings of a sentence: calls to answer first, or the readings, or why there are none.
struct SuggestionStep {
  std::vector<ToolCall> calls;
  std::optional<SuggestedCharts> charts;
  std::string refusal;
};

// The query whose place a reading may take.
struct ReplacedQuery {
  std::string sql;
  std::vector<std::string> filters;  // of its own, "filter(:period, sold_at)"
};

// The rules' way to a table, without a dashboard: lists, reads schemas, chooses. `table` empty: the one that fits best. The readings have
// SQL, which keeps the filters of the replaced query where that reads the same table. The same messages always get the same step.
SuggestionStep next_suggestion_step(const std::vector<Message>& messages, std::string_view table, std::size_t top,
                                    const ReplacedQuery& replaced = {});

}  // namespace bridge
