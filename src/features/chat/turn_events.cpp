#include "features/chat/turn_events.h"

#include "platform/http/message.h"

namespace bridge {

namespace {

WireEvent to_wire(const ToolResultEvent& event) {
  const ToolResult& result = event.result;
  json::object data{
      {"id", result.call_id},     {"name", result.name},    {"ok", result.ok},         {"outcome", enum_name(result.outcome.kind)},
      {"summary", event.summary}, {"cached", event.cached}, {"ms", event.duration_ms}, {"result", result.content}};
  const json::value* error = result.content.if_contains("error");
  const json::object& measured = error && error->is_object() ? error->get_object() : result.content;
  if (const json::value* bytes = measured.if_contains("bytes_scanned")) data["bytes_scanned"] = *bytes;
  return {"tool_result", std::move(data)};
}

}  // namespace

std::optional<WireEvent> to_wire_event(const TurnEvent& event) {
  if (const auto* text = std::get_if<TextEvent>(&event)) return WireEvent{"token", {{"text", json::string(text->text)}}};
  if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
    return WireEvent{
        "tool_call",
        {{"id", call->call.id}, {"name", call->call.name}, {"title", call->title}, {"input", call->call.arguments}, {"step", call->step}}};
  }
  if (const auto* result = std::get_if<ToolResultEvent>(&event)) return to_wire(*result);
  if (const auto* reset = std::get_if<StepResetEvent>(&event)) return WireEvent{"reset", {{"step", reset->step}}};
  if (const auto* warning = std::get_if<WarningEvent>(&event))
    return WireEvent{"warning", {{"code", warning->code}, {"message", warning->message}}};
  if (const auto* change = std::get_if<ProviderSwitchEvent>(&event))
    return WireEvent{"fallback", {{"from", change->from}, {"to", change->to}, {"reason", change->reason}}};
  return std::nullopt;
}

json::object done_data(const TurnOutcome& outcome) {
  const TokenTotals& totals = outcome.totals;
  json::object data{{"finish_reason", enum_name(outcome.reason)},
                    {"raw", outcome.raw_reason},
                    {"usage",
                     {{"input_tokens", totals.input_tokens},
                      {"cache_read_tokens", totals.cache_read_tokens},
                      {"cache_write_tokens", totals.cache_write_tokens},
                      {"output_tokens", totals.output_tokens},
                      {"complete", totals.complete}}},
                    {"cost_usd", nullptr},
                    {"model_calls", totals.model_calls},
                    {"truncated", outcome.reason == FinishReason::length}};
  if (totals.unpriced_calls == 0) data["cost_usd"] = static_cast<double>(totals.cost_nano_usd) / 1e9;
  return data;
}

json::object error_data(const Error& error, std::string_view correlation_id, bool partial, const TurnOutcome& so_far) {
  json::object data = problem_json(error, correlation_id);
  data["kind"] = traits_of(error.code).name;
  data["retryable"] = is_retryable(error);
  data["retry_after_ms"] = nullptr;
  if (error.retry_after) data["retry_after_ms"] = error.retry_after->count();
  data["partial"] = partial;
  data["request_id"] = correlation_id;
  const json::object used = done_data(so_far);
  for (const std::string_view name : {"usage", "cost_usd", "model_calls"}) data[name] = used.at(name);
  return data;
}

}  // namespace bridge
