#pragma once

#include "ai_sdk/core/model_call.h"
#include "ai_sdk/core/orchestrator.h"
#include "platform/telemetry/trace.h"

// What spans of turns, model calls and tools say, in OpenTelemetry's GenAI conventions as of 1.41, the newest that are in its main
// repository; what these have no name for begins with "bridge.". No words of people, models or data: counts, names and ids alone.

namespace bridge {

// invoke_agent: a whole turn.
void describe_turn(Span& span, const SessionState& session, const TurnOutcome& outcome, const Result<>& ended);

// chat: one request to a provider.
inline constexpr std::string_view kModelCallSpanName = "chat ";  // and the model
void describe_model_call(Span& span, const ModelCallRecord& record, const Result<>& result);

// execute_tool.
inline constexpr std::string_view kToolSpanName = "execute_tool ";  // and the tool
void describe_tool_call(Span& span, const ToolResult& result, bool cached);

}  // namespace bridge
