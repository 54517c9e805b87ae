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

// Sums over model calls. `complete` is false as soon as one call did not say what it used: the sums are then lower bounds.
struct TokenTotals {
  std::int64_t input_tokens = 0;  // read neither from nor into a cache
  std::int64_t cache_read_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t model_calls = 0;
  std::int64_t cost_nano_usd = 0;
  std::int64_t unpriced_calls = 0;  // whose cost nobody knows
  bool complete = true;

  std::int64_t all_tokens() const { return input_tokens + cache_read_tokens + cache_write_tokens + output_tokens; }
};
BOOST_DESCRIBE_STRUCT(TokenTotals, (),
                      (input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, model_calls, cost_nano_usd, unpriced_calls,
                       complete))

// How a turn ended, as those who watched it were told: the last event's name and data.
struct TurnEnd {
  std::string event;
  json::object data;
};
BOOST_DESCRIBE_STRUCT(TurnEnd, (), (event, data))

// One conversation with a model. Belongs to one caller; used by one turn at a time.
struct SessionState {
  SessionId id;
  TeamId team_id;
  UserId person_id;  // whose it is
  std::string provider;
  std::string model;
  std::string title;
  ConnectionId connection_id;  // the warehouse it is about; may be empty
  // Frozen at the start: a change would drop caches and break signed messages. Shared by sessions that have the same; never null.
  std::shared_ptr<const std::vector<PromptText>> prompt_blocks = std::make_shared<const std::vector<PromptText>>();
  std::vector<Message> messages;
  TokenTotals totals;
  SessionStatus status = SessionStatus::active;
  Time created_at;
  std::optional<Time> ended_at;
  std::size_t transcript_bytes = 0;          // of the objects that were saved
  int turns_saved = 0;                       // how many there are
  std::vector<std::optional<TurnEnd>> ends;  // of the turns that were saved; none where nobody kept it
  std::size_t messages_saved = 0;            // how many of `messages` are in them
};

void add_call(TokenTotals& totals, const ModelCallRecord& record);

// {"error":{code,message,errors?}}: how a model is told that its call failed.
json::object tool_error_content(const Error& error);

// Makes a history acceptable to every model API: each assistant turn's calls are followed by exactly one result each, in order. A call
// whose result is missing (a crash, a lost stream) gets an error result that says so; results nobody asked for are dropped.
std::vector<Message> close_orphaned_calls(std::vector<Message> messages);

// Makes a history shorter that is too long for its model: the answers of tools but the newest become a note, and what was bound to the
// whole history is let go. False when there was nothing to gain.
bool trim_history(std::vector<Message>& messages);

}  // namespace bridge
