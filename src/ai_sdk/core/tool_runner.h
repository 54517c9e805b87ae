#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ai_sdk/core/orchestrator.h"

namespace bridge {

// Runs the tool calls of one turn, those of a step in parallel. Remembers them, to notice a model that goes round in circles.
class ToolRunner final {
 public:
  // `cache` may be null.
  ToolRunner(const ToolRegistry& tools, const OrchestratorLimits& limits, ToolResultCache* cache, const TurnSink& sink)
      : tools_(tools), limits_(limits), cache_(cache), sink_(sink) {}

  struct Answers {
    std::vector<ToolResult> results;  // one a call, in the order of the calls, also when the turn ends here
    Result<> status;                  // why the turn ends here: cancelled, out of time, nobody listens, going round in circles
  };
  Answers run(const ToolContext& context, const std::vector<ToolCallEnd>& calls, int step);

 private:
  struct Job {
    const ToolCallEnd* call = nullptr;
    int repeats = 1;  // equal calls of this turn so far, this one included
    int position = 0;
  };

  struct Answer {
    ToolResult result;
    bool cached = false;
  };
  struct Executed {
    json::object content;
    ToolOutcome outcome{};
    bool cached = false;
  };

  Answer answer_in_span(const ToolContext& context, const Job& job);
  Answer answer(const ToolContext& context, const Job& job);
  Result<Executed> execute(const ToolContext& context, const Job& job) const;
  json::object bounded(json::object content) const;
  std::string summary_of(const ToolResult& result) const;
  Result<> emit(const TurnEvent& event);

  const ToolRegistry& tools_;
  const OrchestratorLimits& limits_;
  ToolResultCache* cache_;
  const TurnSink& sink_;
  std::mutex sink_mutex_;
  std::map<std::string, int> seen_;  // name and canonical arguments, or what came of broken ones → how often
};

// Compact JSON with sorted keys: equal values give equal text.
std::string canonical_json(const json::value& value);

}  // namespace bridge
