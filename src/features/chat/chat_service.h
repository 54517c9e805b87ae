#pragma once

#include <functional>
#include <memory>

#include "ai_sdk/core/orchestrator.h"
#include "ai_sdk/core/provider_factory.h"
#include "ai_sdk/core/session_manager.h"
#include "ai_sdk/prompts/prompt_block_service.h"
#include "features/chat/chat.h"
#include "features/chat/turn_log.h"
#include "platform/http/message.h"

namespace bridge {

// A turn that may begin: everything that can be refused with a plain answer has been looked at. Until it is run or destroyed its session
// is in use.
struct ChatTurn {
  SessionState session;
  std::shared_ptr<ProviderAdapter> provider;
  ToolRegistry tools;
  std::string message;
  std::shared_ptr<TurnLog> log;
  std::shared_ptr<void> in_use;  // ends the turn when it goes
};

// Conversations with a model about a team's data. A conversation belongs to the person who began it. Thread-safe.
class ChatService {
 public:
  virtual ~ChatService() = default;

  // invalid_argument for an unknown provider or model, failed_precondition for a provider without a key, not_found for another team's
  // connection.
  virtual Result<ChatSession> create(const CallContext& context, const NewChat& input) = 0;
  virtual Result<ChatList> list(const CallContext& context, const SessionId& before, int limit) = 0;
  virtual Result<ChatDetail> get(const CallContext& context, const SessionId& id) = 0;
  virtual Result<ChatMessages> get_messages(const CallContext& context, const SessionId& id) = 0;
  virtual Result<std::vector<std::string>> export_transcript(const CallContext& context, const SessionId& id) = 0;
  virtual ProviderChoices list_providers() = 0;

  // invalid_argument for a blank or too long message or an unknown tool, not_found for another person's session, failed_precondition
  // ("session_ended", "session_in_use").
  virtual Result<ChatTurn> start_turn(const CallContext& context, const SessionId& id, const ChatInput& input) = 0;
  // Runs the model and sends every event with its id, last done or error. When the client goes the model is stopped, unless it was asked to
  // be waited for; what was said until then is kept.
  virtual void run_turn(const CallContext& context, ChatTurn turn, EventSink& sink) = 0;

  // Sends what came behind that event ("turn:number"), and goes on to the turn's end. A turn that is no longer remembered is sent from the
  // transcript, behind a reset.
  virtual Result<> check_resume(const CallContext& context, const SessionId& id, std::string_view last_event_id) = 0;
  virtual void resume(const CallContext& context, const SessionId& id, std::string_view last_event_id, EventSink& sink) = 0;

  virtual Result<ChatStopped> stop(const CallContext& context, const SessionId& id) = 0;
  // Stops what is under way, and closes the session. failed_precondition ("session_ended") when it was closed before.
  virtual Result<ChatEnded> end(const CallContext& context, const SessionId& id) = 0;

  // The process ends: nobody is waited for any more.
  virtual void shut_down() = 0;
};

// All of these must outlive the service.
struct ChatParts {
  ProviderFactory& providers;
  SessionManager& sessions;
  PromptBlockService& prompt_blocks;
  ToolRegistry tools;
  std::shared_ptr<ToolResultCache> tool_cache;  // may be null
  OrchestratorLimits limits = {};

  // The team's connection of that id, or its only active one for an empty id; empty when there is none to choose.
  std::function<Result<ConnectionId>(const CallContext&, const ConnectionId&)> choose_connection;
  // What a model should know of the connection before it asks, to be put behind a person's words.
  std::function<Result<std::string>(const CallContext&, const ConnectionId&)> describe_connection;
  // Whether who began a turn may still ask, looked at while it goes on without its client; empty: always.
  std::function<Result<>(const Caller&)> check_caller = {};
  // A person has said something in a session: for those who keep what it led to.
  std::function<void(const SessionState&, std::string_view message)> on_message;
};
std::unique_ptr<ChatService> make_chat_service(ChatParts parts);

}  // namespace bridge
