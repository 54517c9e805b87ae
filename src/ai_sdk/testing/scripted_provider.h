#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ai_sdk/core/provider.h"

namespace bridge {

// One completion of a script: these parts, then the error if there is one. Without Finish among the parts and without an error the
// stream just ends, as a cut connection does.
struct ScriptedTurn {
  std::vector<StreamPart> parts;
  std::optional<Error> error;
  bool hang = false;    // after the parts: waits until cancelled or out of time
  bool throws = false;  // after the parts: an exception, which no provider should let out
};

// "text", Finish.
ScriptedTurn say(std::string text);
// The calls, each started, in two fragments and ended; Finish.
ScriptedTurn call_tools(std::vector<ToolCall> calls);

// Plays turns in order, whatever it is asked: also a model that obeys instructions it finds in data. Keeps what it was shown. The last
// turn is repeated for ever when `repeat_last`; else a script that has run out is an error. Thread-safe.
class ScriptedProvider final : public ProviderAdapter {
 public:
  explicit ScriptedProvider(std::vector<ScriptedTurn> turns, bool repeat_last = false);

  std::string name() const override { return "scripted"; }
  std::string default_model() const override { return "script-1"; }
  ProviderCapabilities capabilities(std::string_view) const override { return {.needs_network = false}; }
  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override;

  struct SeenRequest {
    std::string model;
    std::vector<PromptText> prompt_blocks;
    std::vector<Message> messages;
    std::vector<std::string> tools;
    ToolChoice tool_choice = ToolChoice::automatic;
  };
  std::vector<SeenRequest> seen() const;

 private:
  ScriptedTurn next_turn(const CompletionRequest& request);

  mutable std::mutex mutex_;
  std::deque<ScriptedTurn> turns_;
  bool repeat_last_;
  std::vector<SeenRequest> seen_;
};

}  // namespace bridge
