#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ai_sdk/core/session_manager.h"
#include "features/chat/limits.h"

namespace bridge {

struct NewChat {
  std::string provider;  // empty: the default
  std::string model;     // empty: the provider's default
  ConnectionId connection_id;
  std::string title;
};
BOOST_DESCRIBE_STRUCT(NewChat, (), (provider, model, connection_id, title))
template <>
inline constexpr auto field_notes<NewChat> = std::to_array<FieldNote>({
    {.name = "provider", .about = "a provider of this server; the default one when missing", .length_max = 64, .optional = true},
    {.name = "model", .about = "a model of that provider; its default when missing", .length_max = 200, .optional = true},
    {.name = "connection_id", .about = "the warehouse to talk about; the team's only active one when missing", .optional = true},
    {.name = "title",
     .about = "for people; the beginning of the first message when missing",
     .subject = "A conversation's title",
     .length_max = 200,
     .optional = true},
});

struct ChatSession {
  SessionId session_id;
  std::string title;
  std::string provider;
  std::string model;
  std::optional<ConnectionId> connection_id;
  SessionStatus status = SessionStatus::active;
  std::int64_t total_tokens = 0;
  std::optional<double> total_cost_usd;  // null when the price of some call is unknown
  Time created_at;
  std::optional<Time> ended_at;
};
BOOST_DESCRIBE_STRUCT(ChatSession, (),
                      (session_id, title, provider, model, connection_id, status, total_tokens, total_cost_usd, created_at, ended_at))

struct ChatList {
  std::vector<ChatSession> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(ChatList, (), (items, next_cursor))

// A call of a tool as people see it.
struct ChatToolCall {
  std::string id;
  std::string name;
  std::string title;  // what it does, in words
  json::object arguments;
};
BOOST_DESCRIBE_STRUCT(ChatToolCall, (), (id, name, title, arguments))

struct ChatToolResult {
  std::string call_id;
  std::string name;
  bool ok = true;
  ToolOutcomeKind outcome = ToolOutcomeKind::answer;
  json::object content;
};
BOOST_DESCRIBE_STRUCT(ChatToolResult, (), (call_id, name, ok, outcome, content))

// A message as people see it: without what only a provider understands.
struct ChatMessage {
  int turn = 0;  // from 1
  MessageRole role = MessageRole::user;
  std::string text;
  std::vector<ChatToolCall> tool_calls;
  std::vector<ChatToolResult> tool_results;
};
BOOST_DESCRIBE_STRUCT(ChatMessage, (), (turn, role, text, tool_calls, tool_results))

struct ChatMessages {
  std::vector<ChatMessage> items;
};
BOOST_DESCRIBE_STRUCT(ChatMessages, (), (items))

struct ChatDetail : ChatSession {
  bool running = false;                      // a turn is under way
  std::optional<std::string> last_event_id;  // of the turn under way, or of the last one while it is remembered
  std::vector<ChatMessage> messages;
};
BOOST_DESCRIBE_STRUCT(ChatDetail, (ChatSession), (running, last_event_id, messages))

// What a person says next.
struct ChatInput {
  std::string message;
  std::vector<std::string> tools;  // the only ones that may be used; all for none
  bool resumable = false;          // go on for a while when the connection is lost
};
BOOST_DESCRIBE_STRUCT(ChatInput, (), (message, tools, resumable))
template <>
inline constexpr auto field_notes<ChatInput> = std::to_array<FieldNote>({
    {.name = "message",
     .about = "what you say; not needed with Last-Event-ID",
     .subject = "A message",
     .length_max = chat_limits::kMessageCharactersMax,
     .optional = true},
    {.name = "tools", .about = "the only tools that may be used; all when missing", .optional = true},
    {.name = "resumable", .about = "true: a lost connection does not stop the answer for 30 s", .optional = true},
});

struct ChatStopped {
  bool stopped = false;  // false: nothing was under way
};
BOOST_DESCRIBE_STRUCT(ChatStopped, (), (stopped))

struct ChatEnded {
  SessionId session_id;
  SessionStatus status = SessionStatus::completed;
  std::optional<Time> ended_at;
};
BOOST_DESCRIBE_STRUCT(ChatEnded, (), (session_id, status, ended_at))

struct ProviderChoice {
  std::string name;
  std::string default_model;
  std::vector<std::string> models;
  bool needs_network = false;
  bool available = true;
  std::optional<std::string> reason;  // why not
};
BOOST_DESCRIBE_STRUCT(ProviderChoice, (), (name, default_model, models, needs_network, available, reason))

struct ProviderChoices {
  std::string default_provider;
  std::string default_model;
  std::vector<ProviderChoice> providers;
};
BOOST_DESCRIBE_STRUCT(ProviderChoices, (), (default_provider, default_model, providers))

}  // namespace bridge
