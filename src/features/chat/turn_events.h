#pragma once

#include <string_view>
#include <vector>

#include "ai_sdk/core/orchestrator.h"

namespace bridge {

// A turn's events as clients get them. The data of `done` and `error`, and whatever a feature adds to them.
struct WireEvent {
  std::string_view name;
  json::object data;
};

// None for the end of a turn: whoever ran it knows what it was for, and writes done_data or error_data.
std::optional<WireEvent> to_wire_event(const TurnEvent& event);

// {finish_reason, raw, usage, cost_usd, model_calls, truncated}: of the whole turn. The cost is null as soon as one call's is unknown.
json::object done_data(const TurnOutcome& outcome);

// problem+json with {kind, retryable, retry_after_ms, partial, usage, cost_usd, model_calls}: what the turn had used when it failed.
// `partial`: some of an answer was already sent.
json::object error_data(const Error& error, std::string_view correlation_id, bool partial, const TurnOutcome& so_far);

}  // namespace bridge
