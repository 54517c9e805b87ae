#include "ai_sdk/testing/scripted_provider.h"

#include <stdexcept>
#include <thread>

namespace bridge {

ScriptedTurn say(std::string text) {
  return {.parts = {TextDelta{std::move(text)}, Finish{FinishReason::stop, {.input_tokens = 100, .output_tokens = 10, .complete = true}}}};
}

ScriptedTurn call_tools(std::vector<ToolCall> calls) {
  ScriptedTurn turn;
  for (ToolCall& call : calls) {
    const std::string arguments = json::serialize(call.arguments);
    turn.parts.push_back(ToolCallStart{call.id, call.name});
    turn.parts.push_back(ToolCallDelta{call.id, arguments.substr(0, arguments.size() / 2)});
    turn.parts.push_back(ToolCallDelta{call.id, arguments.substr(arguments.size() / 2)});
    turn.parts.push_back(ToolCallEnd{std::move(call), {}});
  }
  turn.parts.push_back(Finish{FinishReason::tool_calls, {.input_tokens = 100, .output_tokens = 10, .complete = true}});
  return turn;
}

ScriptedProvider::ScriptedProvider(std::vector<ScriptedTurn> turns, bool repeat_last)
    : turns_(std::make_move_iterator(turns.begin()), std::make_move_iterator(turns.end())), repeat_last_(repeat_last) {}

ScriptedTurn ScriptedProvider::next_turn(const CompletionRequest& request) {
  const std::lock_guard lock(mutex_);
  SeenRequest seen{.model = request.model, .tool_choice = request.tool_choice};
  if (request.prompt_blocks) seen.prompt_blocks = *request.prompt_blocks;
  if (request.messages) seen.messages = *request.messages;
  if (request.tools) {
    for (const ToolSpecification& tool : *request.tools) seen.tools.push_back(tool.name);
  }
  seen_.push_back(std::move(seen));
  if (turns_.empty()) return {.error = Error{.code = ErrorCode::internal, .message = "The script has no more turns"}};
  ScriptedTurn turn = turns_.front();
  if (turns_.size() > 1 || !repeat_last_) turns_.pop_front();
  return turn;
}

Result<> ScriptedProvider::stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) {
  const ScriptedTurn turn = next_turn(request);
  for (const StreamPart& part : turn.parts) {
    TRY(context.check());
    TRY(sink(part));
  }
  while (turn.hang) {
    TRY(context.check());
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  if (turn.throws) throw std::runtime_error("a provider's library threw");
  if (turn.error) return fail(*turn.error);
  return {};
}

std::vector<ScriptedProvider::SeenRequest> ScriptedProvider::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

}  // namespace bridge
