#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ai_sdk/core/message.h"
#include "ai_sdk/core/model_call.h"
#include "base/call_context.h"

namespace bridge {

// What the model may call: the same for every provider.
struct ToolSpecification {
  std::string name;
  std::string description;
  std::shared_ptr<const std::string> parameters;  // JSON Schema of the arguments, as text; never null
  // False while calling it would be refused whatever the arguments. Providers whose prompts are bound to their tools list it all the same:
  // the refusal is the tool runner's.
  bool offered = true;
};

// Text put before message 0 of a session, frozen when the session starts.
struct PromptText {
  std::string name;
  int version = 1;
  std::string content;
  bool cache = false;  // a provider that can cache prompts should
};
BOOST_DESCRIBE_STRUCT(PromptText, (), (name, version, content, cache))
template <>
inline constexpr auto field_notes<PromptText> = std::to_array<FieldNote>({{.name = "content", .length_max = 1 << 20}});

// Whether the model must call a tool. `required` and `named` are wishes: a model that cannot be forced gets `automatic` and a warning.
enum class ToolChoice : std::uint8_t { automatic, none, required, named };

enum class ReasoningEffort : std::uint8_t { none, low, medium, high };
BOOST_DESCRIBE_ENUM(ReasoningEffort, none, low, medium, high)

// Everything a provider sees. The caller owns what is pointed at until the call returns.
struct CompletionRequest {
  std::string model;
  const std::vector<PromptText>* prompt_blocks = nullptr;
  const std::vector<Message>* messages = nullptr;
  const std::vector<ToolSpecification>* tools = nullptr;
  ToolChoice tool_choice = ToolChoice::automatic;
  std::string tool_name;  // with ToolChoice::named
  int max_output_tokens = 16'384;
  std::optional<double> temperature;
  std::optional<ReasoningEffort> reasoning;

  // Whose call it is, for its account; providers do not look at these.
  SessionId session_id;
  int step = 0;                           // of the turn, from 1
  int attempt = 1;                        // of the step
  ModelCallObserver* observer = nullptr;  // told of every attempt beside those who are always told; may be null
};

enum class FinishReason : std::uint8_t { stop, tool_calls, length, refused, other };
BOOST_DESCRIBE_ENUM(FinishReason, stop, tool_calls, length, refused, other)

// The parts of a stream, in order. A stream ends with exactly one Finish, or the call returns an error; every tool call that was started
// has ended before Finish.
struct ResponseStart {
  std::string response_id;
  std::string model;  // as the server names it
};
struct TextDelta {
  std::string text;
};
struct ReasoningDelta {
  std::string text;
};
struct ToolCallStart {
  std::string id;
  std::string name;
};
struct ToolCallDelta {
  std::string id;
  std::string arguments_fragment;
};
struct ToolCallEnd {
  ToolCall call;             // complete and parsed: only now may it be run
  std::string problem = {};  // why the arguments could not be read as one JSON object; such a call is answered with this and never run
  std::string raw_arguments = {};  // as they came, of a call with a problem
};
// The assistant's message as this provider wants it back, when text and calls alone would lose something.
struct OpaquePart {
  OpaqueContent content;
};
// What the call has used so far. Each replaces the one before.
struct UsageUpdate {
  TokenUsage usage;
};
struct KeepAlive {};
// A wish of the request that this model does not take and that was left out.
struct ProviderWarning {
  std::string code;
  std::string message;
};
// Everything since the call began is void: it begins again.
struct StreamReset {};
// Another model answers from here on.
struct ProviderSwitch {
  std::string from;  // "anthropic/claude-…"
  std::string to;
  std::string reason;  // for people
};
struct Finish {
  FinishReason reason = FinishReason::stop;
  TokenUsage usage;
  std::string raw_reason;  // in the provider's words
};
using StreamPart = std::variant<ResponseStart, TextDelta, ReasoningDelta, ToolCallStart, ToolCallDelta, ToolCallEnd, OpaquePart,
                                UsageUpdate, KeepAlive, ProviderWarning, StreamReset, ProviderSwitch, Finish>;

// Takes each part as it comes; an error stops the stream and is returned by it.
using StreamSink = std::function<Result<>(const StreamPart&)>;

struct ProviderCapabilities {
  bool needs_network = true;
  std::string price_list = {};  // under which name prices of its models are looked up; empty: nobody knows them
};

// Whatever answers completion requests: a provider, or what stands in front of one. Thread-safe.
class ModelCaller {
 public:
  virtual ~ModelCaller() = default;
  // Blocks until the stream has ended. Honours the context's deadline and stop token. An error's `retryable` and `retry_after` say what
  // the server said of trying again.
  virtual Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) = 0;
};

// An adapter for one model API. Stateless: all state is in the request.
class ProviderAdapter : public ModelCaller {
 public:
  virtual std::string name() const = 0;
  virtual std::string default_model() const = 0;
  // The models it is known to have, for people to choose from; others may work as well.
  virtual std::vector<std::string> models() const { return {default_model()}; }
  virtual ProviderCapabilities capabilities(std::string_view model) const = 0;
  // failed_precondition ("provider_not_configured") when it lacks something, such as a key; says what.
  virtual Result<> ready() const { return {}; }
};

}  // namespace bridge
