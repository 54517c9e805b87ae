#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "ai_sdk/core/limits.h"
#include "ai_sdk/core/provider.h"
#include "ai_sdk/core/session.h"
#include "ai_sdk/core/tool_registry.h"

namespace bridge {

// What one request to a provider came to.
struct ModelCallRecord {
  TeamId team_id;
  UserId user_id;
  SessionId session_id;
  std::string provider;
  std::string model;
  TokenUsage usage;
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> time_to_first_token_ms;  // none when nothing came
  std::string status;                                  // "ok", "error" or "cancelled"
  std::string error_code;
  std::string correlation_id;
};

// Is told of every call to a provider, failed and cancelled ones included, once each. Must not block for long. Thread-safe.
class ModelCallObserver {
 public:
  virtual ~ModelCallObserver() = default;
  virtual void on_model_call(const ModelCallRecord& record) = 0;
};

// What a turn came to.
struct TurnOutcome {
  FinishReason reason = FinishReason::stop;
  std::string text;  // of the last answer
  int steps = 0;
  TokenTotals totals;  // of this turn alone
};

// What those who watch a turn see, in order: texts and tool calls as they come, and in the end exactly one TurnDone or TurnFailed.
struct TextEvent {
  std::string_view text;
};
struct ToolCallEvent {
  const ToolCall& call;
  int step = 0;
};
struct ToolResultEvent {
  const ToolResult& result;
  int step = 0;
  std::int64_t duration_ms = 0;
  std::string summary;
};
struct TurnFailed {
  const Error& error;
};
struct TurnDone {
  const TurnOutcome& outcome;
};
using TurnEvent = std::variant<TextEvent, ToolCallEvent, ToolResultEvent, TurnFailed, TurnDone>;

// Called by one thread at a time, but by several: tools run in parallel. An error ends the turn with it: nobody listens any more.
using TurnSink = std::function<Result<>(const TurnEvent&)>;

// The loop: stream a completion, run the tools it asks for, give it their results, until it asks for none. Thread-safe; a turn's state
// is all in the session. A tool's failure is something the model gets to read; a provider's failure ends the turn. However a turn ends,
// the session's messages are a history that can be gone on with.
class Orchestrator {
 public:
  virtual ~Orchestrator() = default;

  // Appends `user_message` and everything that follows from it to the session. resource_exhausted ("step_limit", "token_limit",
  // "repeated_tool_call"), deadline_exceeded ("turn_timeout"), cancelled, or what the provider failed with.
  virtual Result<TurnOutcome> run_turn(const ToolContext& context, ProviderAdapter& provider, const ToolRegistry& tools,
                                       SessionState& session, std::string user_message, const TurnSink& sink) = 0;
};

// `observer` may be null.
std::unique_ptr<Orchestrator> make_orchestrator(OrchestratorLimits limits = {}, std::shared_ptr<ModelCallObserver> observer = nullptr);

}  // namespace bridge
