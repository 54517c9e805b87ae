#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"

namespace bridge {

enum class MessageRole : std::uint8_t { system, user, assistant, tool };
BOOST_DESCRIBE_ENUM(MessageRole, system, user, assistant, tool)

// A model's wish to run a tool. `arguments` is the JSON object as it came.
struct ToolCall {
  std::string id;
  std::string name;
  json::object arguments;
};
BOOST_DESCRIBE_STRUCT(ToolCall, (), (id, name, arguments))

enum class ToolOutcomeKind : std::uint8_t {
  answer,  // for the model
  shown,   // for people to see too
  saved,   // something new stays when the conversation is over
};
BOOST_DESCRIBE_ENUM(ToolOutcomeKind, answer, shown, saved)

// What a tool's answer is to those who follow a turn, whichever tool gave it.
struct ToolOutcome {
  using Kind = ToolOutcomeKind;
  Kind kind = Kind::answer;
  std::string name;  // how what was saved is found again
};

// What a tool answered to the call of that id.
struct ToolResult {
  std::string call_id;
  std::string name;
  bool ok = true;
  json::object content;
  ToolOutcome outcome{};  // of this turn's calls; a transcript does not keep it
};
BOOST_DESCRIBE_STRUCT(ToolResult, (), (call_id, name, ok, content))

// An assistant's message in the words of the provider that made it: JSON, byte for byte. It holds what no other provider understands and
// what this one wants back unchanged, such as signed thinking. Of no use to another model.
struct OpaqueContent {
  std::string provider;
  std::string model;
  std::string json;
};
BOOST_DESCRIBE_STRUCT(OpaqueContent, (), (provider, model, json))
template <>
inline constexpr auto field_notes<OpaqueContent> = std::to_array<FieldNote>({{.name = "json", .length_max = 32 << 20}});

// One message of a conversation. Assistants have text and tool calls; a tool message has the results of all calls of one assistant turn.
struct Message {
  MessageRole role = MessageRole::user;
  std::string text;
  std::vector<ToolCall> tool_calls;
  std::vector<ToolResult> tool_results;
  std::optional<OpaqueContent> opaque;
};
BOOST_DESCRIBE_STRUCT(Message, (), (role, text, tool_calls, tool_results, opaque))
template <>
inline constexpr auto field_notes<Message> = std::to_array<FieldNote>({{.name = "text", .length_max = 32 << 20}});

// A service may add what it knows (which tables there are) to what a person said. In a user message all from this mark on is such context.
inline constexpr std::string_view kContextMark = "\n\n<context>\n";
inline std::string_view words_of(const Message& message) {
  return std::string_view(message.text).substr(0, message.text.find(kContextMark));
}

}  // namespace bridge
