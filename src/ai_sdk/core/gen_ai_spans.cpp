#include "ai_sdk/core/gen_ai_spans.h"

namespace bridge {

namespace {

// The conventions are still moving: every name that is theirs is here.
namespace names {
constexpr std::string_view operation = "gen_ai.operation.name";
constexpr std::string_view agent = "gen_ai.agent.name";
constexpr std::string_view conversation = "gen_ai.conversation.id";
constexpr std::string_view provider = "gen_ai.provider.name";
constexpr std::string_view request_model = "gen_ai.request.model";
constexpr std::string_view request_stream = "gen_ai.request.stream";
constexpr std::string_view finish_reasons = "gen_ai.response.finish_reasons";
constexpr std::string_view time_to_first_chunk = "gen_ai.response.time_to_first_chunk";  // seconds
constexpr std::string_view input_tokens = "gen_ai.usage.input_tokens";                   // with what came out of and went into caches
constexpr std::string_view output_tokens = "gen_ai.usage.output_tokens";
constexpr std::string_view cache_read_tokens = "gen_ai.usage.cache_read.input_tokens";
constexpr std::string_view cache_write_tokens = "gen_ai.usage.cache_creation.input_tokens";
constexpr std::string_view tool_name = "gen_ai.tool.name";
constexpr std::string_view tool_type = "gen_ai.tool.type";
constexpr std::string_view tool_call_id = "gen_ai.tool.call.id";
constexpr std::string_view error_type = "error.type";
}  // namespace names

double to_usd(std::int64_t nano_usd) { return static_cast<double>(nano_usd) / 1e9; }

}  // namespace

void describe_turn(Span& span, const SessionState& session, const TurnOutcome& outcome, const Result<>& ended) {
  if (!span.recorded()) return;
  span.set(names::operation, std::string("invoke_agent"));
  span.set(names::agent, std::string("bridge"));
  span.set(names::conversation, session.id.value());
  span.set(names::provider, session.provider);
  span.set(names::request_model, session.model);
  span.set(names::finish_reasons, std::string(enum_name(outcome.reason)));
  span.set("bridge.steps", std::int64_t{outcome.steps});
  span.set("bridge.cost_usd", to_usd(outcome.totals.cost_nano_usd));
  span.set("bridge.usage.complete", outcome.totals.complete);
  if (!ended) span.fail(ended.error());
}

void describe_model_call(Span& span, const ModelCallRecord& record, const Result<>& result) {
  if (!span.recorded()) return;
  span.set(names::operation, std::string("chat"));
  span.set(names::provider, record.provider);
  span.set(names::request_model, record.model);
  span.set(names::request_stream, true);
  span.set(names::conversation, record.session_id.value());
  const TokenUsage& usage = record.usage;
  if (usage.input_tokens || usage.cache_read_tokens || usage.cache_write_tokens) span.set(names::input_tokens, prompt_tokens(usage));
  if (usage.cache_read_tokens) span.set(names::cache_read_tokens, *usage.cache_read_tokens);
  if (usage.cache_write_tokens) span.set(names::cache_write_tokens, *usage.cache_write_tokens);
  if (usage.output_tokens) span.set(names::output_tokens, *usage.output_tokens);
  if (record.time_to_first_token_ms) span.set(names::time_to_first_chunk, static_cast<double>(*record.time_to_first_token_ms) / 1e3);
  span.set("bridge.step", std::int64_t{record.step});
  span.set("bridge.retry.attempt", std::int64_t{record.attempt});
  if (record.cost_nano_usd) span.set("bridge.cost_usd", to_usd(*record.cost_nano_usd));
  if (!record.price_date.empty()) span.set("bridge.price.version", record.price_date);
  span.set("bridge.stream.end", std::string(enum_name(record.status)));
  if (!result) span.fail(result.error());
}

void describe_tool_call(Span& span, const ToolResult& result, bool cached) {
  if (!span.recorded()) return;
  span.set(names::operation, std::string("execute_tool"));
  span.set(names::tool_name, result.name);
  span.set(names::tool_type, std::string("function"));
  span.set(names::tool_call_id, result.call_id);
  span.set("bridge.tool.cache", std::string(cached ? "hit" : "miss"));
  // A refusal is an answer that the model works with, not a failure of the tool.
  if (!result.ok) span.set(names::error_type, std::string("tool_refused"));
}

}  // namespace bridge
