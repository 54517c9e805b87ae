#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ai_sdk/core/message.h"
#include "ai_sdk/core/provider.h"
#include "base/time.h"

namespace bridge {

enum class SessionStatus : std::uint8_t { active, completed, failed };
BOOST_DESCRIBE_ENUM(SessionStatus, active, completed, failed)

// Sums over a session's model calls. `complete` is false as soon as one call did not say what it used: the sums are then lower bounds.
struct TokenTotals {
  std::int64_t input_tokens = 0;  // cached ones included
  std::int64_t output_tokens = 0;
  std::int64_t model_calls = 0;
  bool complete = true;
};
BOOST_DESCRIBE_STRUCT(TokenTotals, (), (input_tokens, output_tokens, model_calls, complete))

// One conversation with a model. Belongs to one caller; used by one turn at a time.
struct SessionState {
  SessionId id;
  TeamId team_id;
  UserId user_id;
  std::string provider;
  std::string model;
  std::string title;
  std::vector<PromptText> prompt_blocks;  // frozen at the start: a change would drop caches and break signed messages
  std::vector<Message> messages;
  TokenTotals totals;
  SessionStatus status = SessionStatus::active;
  Time created_at;
  std::optional<Time> ended_at;
  int turns_saved = 0;             // objects of the transcript
  std::size_t messages_saved = 0;  // how many of `messages` are in them
};

void add_usage(TokenTotals& totals, const TokenUsage& usage);

// {"error":{code,message,errors?}}: how a model is told that its call failed.
json::object tool_error_content(const Error& error);

// Makes a history acceptable to every model API: each assistant turn's calls are followed by exactly one result each, in order. A call
// whose result is missing (a crash, a lost stream) gets an error result that says so; results nobody asked for are dropped.
std::vector<Message> close_orphaned_calls(std::vector<Message> messages);

}  // namespace bridge
