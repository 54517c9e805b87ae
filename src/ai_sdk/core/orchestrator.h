#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "ai_sdk/core/limits.h"
#include "ai_sdk/core/provider.h"
#include "ai_sdk/core/session.h"
#include "ai_sdk/core/tool_registry.h"
#include "ai_sdk/core/tool_result_cache.h"

namespace bridge {

// What a turn came to.
struct TurnOutcome {
  FinishReason reason = FinishReason::stop;
  std::string raw_reason;  // in the provider's words
  std::string text;        // of the last answer
  int steps = 0;
  TokenTotals totals;  // of this turn alone, failed attempts included
};

// What those who watch a turn see, in order: texts and tool calls as they come, and in the end exactly one TurnDone or TurnFailed.
struct TextEvent {
  std::string_view text;
};
struct ToolCallEvent {
  const ToolCall& call;
  int step = 0;
  std::string title;  // for people
};
struct ToolResultEvent {
  const ToolResult& result;
  int step = 0;
  std::int64_t duration_ms = 0;
  std::string summary;
  bool cached = false;
};
// What was seen of this step is void: it begins again.
struct StepResetEvent {
  int step = 0;
};
struct WarningEvent {
  std::string code;
  std::string message;
};
struct ProviderSwitchEvent {
  std::string from;
  std::string to;
  std::string reason;
};
struct TurnFailed {
  const Error& error;
  const TurnOutcome& so_far;
};
struct TurnDone {
  const TurnOutcome& outcome;
};
using TurnEvent =
    std::variant<TextEvent, ToolCallEvent, ToolResultEvent, StepResetEvent, WarningEvent, ProviderSwitchEvent, TurnFailed, TurnDone>;

// Called by one thread at a time, but by several: tools run in parallel. An error ends the turn with it: nobody listens any more.
using TurnSink = std::function<Result<>(const TurnEvent&)>;

// The loop: stream a completion, run the tools it asks for, give it their results, until it asks for none. Thread-safe; a turn's state
// is all in the session. A tool's failure is something the model gets to read; a provider's failure ends the turn. However a turn ends,
// the session's messages are a history that can be gone on with.
class Orchestrator {
 public:
  virtual ~Orchestrator() = default;

  // Appends `user_message` and everything that follows from it to the session. resource_exhausted ("step_limit", "token_limit",
  // "cost_limit", "repeated_tool_call"), payload_too_large ("context_overflow"), deadline_exceeded ("turn_timeout"), cancelled, or what the
  // model failed with. `model` must account for its calls (with_accounting).
  virtual Result<TurnOutcome> run_turn(const ToolContext& context, ModelCaller& model, const ToolRegistry& tools, SessionState& session,
                                       std::string user_message, const TurnSink& sink) = 0;
};

// `cache` may be null.
std::unique_ptr<Orchestrator> make_orchestrator(OrchestratorLimits limits = {}, std::shared_ptr<ToolResultCache> cache = nullptr);

}  // namespace bridge
