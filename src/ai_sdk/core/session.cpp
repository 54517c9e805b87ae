#include "ai_sdk/core/session.h"

namespace bridge {

namespace {

ToolResult interrupted_result(const ToolCall& call) {
  const Error error{.code = ErrorCode::aborted,
                    .message = "The call was interrupted before it answered; call again if you still need it",
                    .reason = "interrupted"};
  return {.call_id = call.id, .name = call.name, .ok = false, .content = tool_error_content(error)};
}

// One result a call, in the order of the calls.
Message answers_of(const Message& assistant, const std::vector<ToolResult>& given) {
  Message answers{.role = MessageRole::tool};
  for (const ToolCall& call : assistant.tool_calls) {
    const auto found = std::find_if(given.begin(), given.end(), [&](const ToolResult& result) { return result.call_id == call.id; });
    answers.tool_results.push_back(found == given.end() ? interrupted_result(call) : *found);
  }
  return answers;
}

}  // namespace

void add_call(TokenTotals& totals, const ModelCallRecord& record) {
  const TokenUsage& usage = record.usage;
  totals.input_tokens += usage.input_tokens.value_or(0);
  totals.cache_read_tokens += usage.cache_read_tokens.value_or(0);
  totals.cache_write_tokens += usage.cache_write_tokens.value_or(0) + usage.cache_write_long_tokens.value_or(0);
  totals.output_tokens += usage.output_tokens.value_or(0);
  totals.model_calls += 1;
  totals.cost_nano_usd += record.cost_nano_usd.value_or(0);
  totals.unpriced_calls += record.cost_nano_usd ? 0 : 1;
  totals.complete = totals.complete && usage.complete;
}

bool trim_history(std::vector<Message>& messages) {
  constexpr std::size_t small_bytes = 500;  // not worth a note
  static const json::object note{
      {"trimmed", true}, {"note", "This answer was removed because the conversation grew too long; call the tool again if you need it"}};
  const auto newest = std::ranges::find(messages.rbegin(), messages.rend(), MessageRole::tool, &Message::role);
  bool trimmed = false;
  for (auto message = messages.begin(); message != messages.end(); ++message) {
    message->opaque.reset();
    if (message->role != MessageRole::tool || (newest != messages.rend() && &*message == &*newest)) continue;
    for (ToolResult& result : message->tool_results) {
      if (json::serialize(result.content).size() <= small_bytes) continue;
      result.content = note;
      trimmed = true;
    }
  }
  return trimmed;
}

json::object tool_error_content(const Error& error) {
  json::object content{{"code", json::string(reason_of(error))}, {"message", error.message}};
  if (!error.violations.empty()) content["errors"] = to_json(error.violations);
  return {{"error", std::move(content)}};
}

std::vector<Message> close_orphaned_calls(std::vector<Message> messages) {
  static const std::vector<ToolResult> none;
  std::vector<Message> closed;
  closed.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    Message& message = messages[i];
    if (message.role == MessageRole::tool) continue;  // taken with its assistant, or nobody asked
    const bool answered = i + 1 < messages.size() && messages[i + 1].role == MessageRole::tool;
    closed.push_back(std::move(message));
    if (closed.back().tool_calls.empty()) continue;
    Message answers = answers_of(closed.back(), answered ? messages[i + 1].tool_results : none);
    closed.push_back(std::move(answers));
  }
  return closed;
}

}  // namespace bridge
