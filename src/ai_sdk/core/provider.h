#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ai_sdk/core/message.h"
#include "base/call_context.h"

namespace bridge {

// What the model may call: the same for every provider.
struct ToolSpecification {
  std::string name;
  std::string description;
  json::object parameters;  // JSON Schema of the arguments
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

// Everything a provider sees. The caller owns what is pointed at until the call returns.
struct CompletionRequest {
  std::string model;
  const std::vector<PromptText>* prompt_blocks = nullptr;
  const std::vector<Message>* messages = nullptr;
  const std::vector<ToolSpecification>* tools = nullptr;
  int max_output_tokens = 8'192;
  std::optional<double> temperature;
};

// Four disjoint input counters; unknown is not zero.
struct TokenUsage {
  std::optional<std::int64_t> input_tokens;  // read neither from nor into a cache
  std::optional<std::int64_t> cache_read_tokens;
  std::optional<std::int64_t> cache_write_tokens;
  std::optional<std::int64_t> output_tokens;
  bool complete = false;
};
BOOST_DESCRIBE_STRUCT(TokenUsage, (), (input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, complete))

enum class FinishReason : std::uint8_t { stop, tool_calls, length, refused, other };
BOOST_DESCRIBE_ENUM(FinishReason, stop, tool_calls, length, refused, other)

// The parts of a stream, in order. A stream ends with exactly one Finish, or the call returns an error.
struct TextDelta {
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
  ToolCall call;        // complete and parsed: only now may it be run
  std::string problem;  // why the arguments could not be read as one JSON object; such a call is answered with this and never run
};
struct Finish {
  FinishReason reason = FinishReason::stop;
  TokenUsage usage;
};
using StreamPart = std::variant<TextDelta, ToolCallStart, ToolCallDelta, ToolCallEnd, Finish>;

// Takes each part as it comes; an error stops the stream and is returned by it.
using StreamSink = std::function<Result<>(const StreamPart&)>;

struct ProviderCapabilities {
  bool prompt_caching = false;
  bool tool_use = true;
  bool needs_network = true;
};

// An adapter for one model API. Stateless and thread-safe: all state is in the request.
class ProviderAdapter {
 public:
  virtual ~ProviderAdapter() = default;
  virtual std::string name() const = 0;
  virtual std::string default_model() const = 0;
  virtual ProviderCapabilities capabilities(std::string_view model) const = 0;
  // Blocks until the stream has ended. Honours the context's deadline and stop token.
  virtual Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) = 0;
};

}  // namespace bridge
