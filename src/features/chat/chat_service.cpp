#include "features/chat/chat_service.h"

#include <charconv>

#include "ai_sdk/core/cut_text.h"
#include "ai_sdk/gateway/redaction.h"
#include "base/bad_field.h"
#include "base/control_characters.h"
#include "base/guarded.h"
#include "base/log.h"
#include "features/chat/turn_events.h"

namespace bridge {

namespace {

Result<> check_message(const ChatInput& input) {
  if (trim(input.message).empty())
    return bad_field({.path = "message", .code = "blank", .message = "Say something, such as 'Which carriers run late?'"},
                     {.reason = "blank"});
  if (const std::size_t characters = count_characters(input.message); characters > chat_limits::kMessageCharactersMax)
    return bad_field({.path = "message",
                      .code = "message_too_long",
                      .message = too_long_message("A message", chat_limits::kMessageCharactersMax, characters)},
                     {.reason = "message_too_long"});
  if (input.tools.size() > chat_limits::kToolNamesMax)
    return bad_field(
        {.path = "tools", .code = "too_many_tools", .message = str("At most ", chat_limits::kToolNamesMax, " tools can be named")},
        {.reason = "too_many_tools"});
  return {};
}

// What a person pasted that looks like a context of ours is not one.
std::string without_context_mark(std::string_view message) { return replace_all(std::string(trim(message)), "<context>", "(context)"); }

std::optional<double> cost_of(const SessionManifest& manifest) {
  return manifest.unpriced_calls == 0 ? std::optional(manifest.total_cost_usd) : std::nullopt;
}

ChatSession to_chat(const SessionManifest& manifest) {
  return {.session_id = manifest.id,
          .title = manifest.title,
          .provider = manifest.provider_name,
          .model = manifest.model,
          .status = manifest.status,
          .total_tokens = manifest.total_tokens,
          .total_cost_usd = cost_of(manifest),
          .created_at = manifest.created_at,
          .ended_at = manifest.ended_at};
}

std::vector<ChatMessage> to_chat_messages(const std::vector<Message>& messages, const ToolRegistry& tools) {
  std::vector<ChatMessage> out;
  int turn = 0;
  for (const Message& message : messages) {
    if (message.role == MessageRole::user) ++turn;
    ChatMessage shown{.turn = turn, .role = message.role};
    shown.text = message.role == MessageRole::user ? std::string(words_of(message)) : message.text;
    for (const ToolCall& call : message.tool_calls)
      shown.tool_calls.push_back({.id = call.id, .name = call.name, .title = tools.title_of(call), .arguments = call.arguments});
    for (const ToolResult& result : message.tool_results) {
      shown.tool_results.push_back({.call_id = result.call_id,
                                    .name = result.name,
                                    .ok = result.ok,
                                    .outcome = tools.outcome_of(result).kind,
                                    .content = result.content});
    }
    out.push_back(std::move(shown));
  }
  return out;
}

struct EventId {
  int turn = 0;
  std::int64_t number = 0;
};

Result<EventId> parse_event_id(std::string_view text) {
  EventId id;
  const std::size_t colon = text.find(':');
  const auto read = [](std::string_view digits, auto& out) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc{} && end == digits.data() + digits.size() && out >= 0;
  };
  if (colon == std::string_view::npos || !read(text.substr(0, colon), id.turn) || !read(text.substr(colon + 1), id.number) || id.turn == 0)
    return bad_field({.path = "Last-Event-ID",
                      .code = "bad_event_id",
                      .message = "Last-Event-ID must be the id of an event of this conversation, such as 3:17"},
                     {.reason = "bad_event_id"});
  return id;
}

// Writes a turn's events into its log, and to the client that is there to see it.
class TurnWriter final {
 public:
  TurnWriter(TurnLog& log, EventSink& sink) : log_(log), sink_(sink) {}

  Result<> write(const TurnEvent& event) {
    const auto* result = std::get_if<ToolResultEvent>(&event);
    if (result && result->result.outcome.kind == ToolOutcome::Kind::saved)
      saved_.push_back(json::object{{"slug", result->result.outcome.name}});
    has_text_ = has_text_ || std::holds_alternative<TextEvent>(event);
    if (const auto* failed = std::get_if<TurnFailed>(&event)) so_far_ = failed->so_far;
    const auto wire = to_wire_event(event);
    return wire ? send(wire->name, wire->data) : Result<>{};
  }

  // The client may go on as soon as it has read the last event: `before` is done when the log has it and the client has not.
  void send_last(std::string_view name, const json::object& data, const std::function<void()>& before) {
    (void)send(name, data, before);  // when nobody listens any more there is nobody to tell
  }

  bool has_text() const { return has_text_; }
  const TurnOutcome& so_far() const { return so_far_; }  // of a turn that failed
  const json::array& saved() const { return saved_; }

 private:
  // An error only when the turn should end over it: its client is gone, and nobody asked to wait for another.
  Result<> send(
      std::string_view name, const json::object& data, const std::function<void()>& before_client = [] {}) {
    const std::string text = json::serialize(data);
    const std::int64_t number = log_.append(name, text);
    before_client();
    if (client_gone_) return {};
    Result<> sent = sink_.send(name, text, log_.id_of(number));
    if (sent) return {};
    client_gone_ = true;
    log_.client_gone();
    return log_.stop_token().stop_requested() ? sent : Result<>{};
  }

  TurnLog& log_;
  EventSink& sink_;
  bool client_gone_ = false;
  bool has_text_ = false;
  TurnOutcome so_far_;
  json::array saved_;
};

class ModelChat final : public ChatService {
 public:
  explicit ModelChat(ChatParts parts)
      : parts_(std::move(parts)), orchestrator_(make_orchestrator(parts_.limits, parts_.tool_cache)), logs_(parts_.check_caller) {}

  Result<ChatSession> create(const CallContext& context, const NewChat& input) override {
    if (!is_plain_line(input.title))
      return bad_value({.path = "title", .code = "bad_character", .message = "must not hold control characters"});
    const auto provider = TRY(parts_.providers.get_provider(input.provider));
    NewSession session{
        .provider = provider->name(), .model = TRY(parts_.providers.choose_model(*provider, input.model)), .title = input.title};
    session.connection_id = TRY(parts_.choose_connection(context, input.connection_id));
    session.prompt_blocks = to_prompt_texts(TRY(parts_.prompt_blocks.get_active_blocks(context)));
    SessionState state = TRY(parts_.sessions.create_session(context, std::move(session)));
    ChatSession created{.session_id = state.id,
                        .title = state.title,
                        .provider = state.provider,
                        .model = state.model,
                        .connection_id = connection_of(state),
                        .total_cost_usd = 0,
                        .created_at = state.created_at};
    parts_.sessions.give_back(std::move(state));
    return created;
  }

  Result<ChatList> list(const CallContext& context, const SessionId& before, int limit) override {
    ChatList out;
    for (const SessionManifest& manifest : TRY(parts_.sessions.list_sessions(context, before, limit + 1)))
      out.items.push_back(to_chat(manifest));
    if (out.items.size() > static_cast<std::size_t>(limit)) {
      out.items.resize(static_cast<std::size_t>(limit));
      out.next_cursor = out.items.back().session_id.value();
    }
    return out;
  }

  Result<ChatDetail> get(const CallContext& context, const SessionId& id) override {
    const SessionManifest manifest = TRY(parts_.sessions.get_session(context, id));
    const SessionState state = TRY(parts_.sessions.load_history(context, id));
    const auto log = logs_.find(id);
    std::vector<ChatMessage> messages = to_chat_messages(state.messages, parts_.tools);
    // What is said now is in the transcript only when the turn has ended.
    if (log && !log->finished() && log->turn() > state.turns_saved)
      messages.push_back({.turn = log->turn(), .role = MessageRole::user, .text = log->question()});
    ChatDetail detail{to_chat(manifest)};
    detail.connection_id = connection_of(state);
    detail.running = log && !log->finished();
    if (log) detail.last_event_id = log->last_id();
    detail.messages = std::move(messages);
    return detail;
  }

  Result<ChatMessages> get_messages(const CallContext& context, const SessionId& id) override {
    return ChatMessages{.items = to_chat_messages(TRY(parts_.sessions.load_history(context, id)).messages, parts_.tools)};
  }

  Result<std::vector<std::string>> export_transcript(const CallContext& context, const SessionId& id) override {
    return parts_.sessions.read_transcript(context, id);
  }

  ProviderChoices list_providers() override {
    ProviderChoices out{.default_provider = parts_.providers.default_name()};
    for (const auto& provider : parts_.providers.providers()) {
      ProviderChoice choice{.name = provider->name(),
                            .default_model = parts_.providers.choose_model(*provider, {}).value_or(provider->default_model()),
                            .models = provider->models(),
                            .needs_network = provider->capabilities(provider->default_model()).needs_network};
      if (std::ranges::find(choice.models, choice.default_model) == choice.models.end())
        choice.models.insert(choice.models.begin(), choice.default_model);
      if (const Result<> ready = provider->ready(); !ready) {
        choice.available = false;
        choice.reason = ready.error().message;
      }
      if (choice.name == out.default_provider) out.default_model = choice.default_model;
      out.providers.push_back(std::move(choice));
    }
    return out;
  }

  Result<ChatTurn> start_turn(const CallContext& context, const SessionId& id, const ChatInput& input) override {
    TRY(check_message(input));
    ToolRegistry named = TRY(choose_tools(input.tools));
    if (const auto log = logs_.find(id); log && !log->finished()) {
      TRY(parts_.sessions.get_session(context, id));  // to its owner alone
      return session_in_use();
    }
    ChatTurn turn{.session = TRY(parts_.sessions.take_session(context, id))};
    if (turn.session.status != SessionStatus::active)
      return fail(ErrorCode::failed_precondition, "session_ended", "This conversation has ended: begin a new one");
    turn.provider = TRY(parts_.providers.get_provider(turn.session.provider));
    if (!turn.session.connection_id.empty()) turn.tools = std::move(named);
    const CleanText clean = remove_secrets(without_context_mark(input.message));
    turn.message = clean.text;
    turn.log = TRY(logs_.begin(id, turn.session.turns_saved + 1, turn.message, input.resumable, context.caller));
    // From here on the session is in use, whatever becomes of the turn until it goes.
    turn.in_use = std::shared_ptr<void>(nullptr, [this, id, log = turn.log](void*) { logs_.end(id, log); });
    if (turn.session.title.empty())
      turn.session.title = cut_characters(std::string_view(clean.text).substr(0, clean.text.find('\n')), kSessionTitleCharactersMax);
    return turn;
  }

  void run_turn(const CallContext& context, ChatTurn turn, EventSink& sink) override {
    TurnLog& log = *turn.log;
    const std::stop_callback on_gone(context.stop, [&log] { log.client_gone(); });
    CallContext call = context;
    call.stop = log.stop_token();
    TurnWriter writer(log, sink);
    bool threw = true;
    const Result<TurnOutcome> outcome = guarded([&] {
      Result<TurnOutcome> ran = run_model(call, turn, writer);
      threw = false;
      return ran;
    });
    TurnEnd end = outcome ? TurnEnd{"done", with_saved(done_data(*outcome), writer.saved())}
                          : TurnEnd{"error", error_data(outcome.error(), context.correlation_id, writer.has_text(), writer.so_far())};
    const Result<> kept = guarded([&] { return parts_.sessions.append_turn(call, turn.session, end); });
    const SessionId id = turn.session.id;
    // What was cut off by an exception may be half a message: it is read again from the transcript, which closes what is open.
    if (kept && !threw) parts_.sessions.give_back(std::move(turn.session));
    if (!kept)
      log_error("transcript_not_kept",
                {{"session_id", id.value()}, {"error", describe_error(kept.error())}, {"detail", kept.error().detail}});
    if (!kept && outcome) end = {"error", error_data(kept.error(), context.correlation_id, true, *outcome)};
    writer.send_last(end.event, end.data, [&] { turn.in_use.reset(); });
  }

  Result<> check_resume(const CallContext& context, const SessionId& id, std::string_view last_event_id) override {
    const EventId event = TRY(parse_event_id(last_event_id));
    TRY(parts_.sessions.get_session(context, id));
    const auto log = logs_.find(id);
    if (log && log->turn() == event.turn) return {};
    const SessionState state = TRY(parts_.sessions.load_history(context, id));
    if (event.turn > state.turns_saved)
      return bad_field({.path = "Last-Event-ID", .code = "bad_event_id", .message = "This conversation has not come to that event"},
                       {.reason = "bad_event_id"});
    return {};
  }

  void resume(const CallContext& context, const SessionId& id, std::string_view last_event_id, EventSink& sink) override {
    const EventId event = parse_event_id(last_event_id).value_or(EventId{});
    const auto log = logs_.find(id);
    const Result<> sent =
        log && log->turn() == event.turn ? log->replay(context, event.number, sink) : replay_kept(context, id, event, sink);
    if (!sent && sent.error().code != ErrorCode::cancelled)
      (void)sink.send("error", json::serialize(error_data(sent.error(), context.correlation_id, true, {})));
  }

  Result<ChatStopped> stop(const CallContext& context, const SessionId& id) override {
    TRY(parts_.sessions.get_session(context, id));
    const auto log = logs_.find(id);
    if (!log || log->finished()) return ChatStopped{.stopped = false};
    log->request_stop();
    return ChatStopped{.stopped = true};
  }

  Result<ChatEnded> end(const CallContext& context, const SessionId& id) override {
    if (TRY(stop(context, id)).stopped) {
      if (const auto log = logs_.find(id); log && !log->wait_until_finished(chat_limits::kStopWaitMax))
        return fail(Error{.code = ErrorCode::failed_precondition,
                          .message = "The answer under way does not stop; try again",
                          .reason = "session_in_use",
                          .retry_after = std::chrono::seconds(1)});
    }
    SessionState state = TRY(parts_.sessions.load_history(context, id));
    TRY(parts_.sessions.end_session(context, state, SessionStatus::completed));
    return ChatEnded{.session_id = id, .status = state.status, .ended_at = state.ended_at};
  }

  void shut_down() override { logs_.shut_down(); }

 private:
  Result<ToolRegistry> choose_tools(const std::vector<std::string>& names) const {
    auto tools = parts_.tools.only(names);
    if (tools) return tools;
    Error error = tools.error();
    error.code = ErrorCode::invalid_argument;
    for (Violation& violation : error.violations) violation.path = "tools";
    return fail(std::move(error));
  }

  static std::optional<ConnectionId> connection_of(const SessionState& state) {
    return state.connection_id.empty() ? std::nullopt : std::optional(state.connection_id);
  }

  static json::object with_saved(json::object done, const json::array& saved) {
    done["dashboards"] = saved;
    return done;
  }

  Result<TurnOutcome> run_model(const CallContext& call, ChatTurn& turn, TurnWriter& writer) {
    std::string message = turn.message;
    // Only once: the beginning of a conversation is what providers keep in their caches.
    if (turn.session.messages.empty() && !turn.session.connection_id.empty()) {
      const auto description = parts_.describe_connection(call, turn.session.connection_id);
      if (description) message += *description;
      else log_warning("connection_not_described", {{"error", describe_error(description.error())}});
    }
    if (parts_.on_message) parts_.on_message(turn.session, turn.message);
    const ToolContext context{.call = call, .session_id = turn.session.id, .connection_id = turn.session.connection_id};
    return orchestrator_->run_turn(context, *turn.provider, turn.tools, turn.session, std::move(message),
                                   [&writer](const TurnEvent& event) { return writer.write(event); });
  }

  // A turn as the transcript has it: everything again, because nobody knows any more what the client saw.
  Result<> replay_kept(const CallContext& context, const SessionId& id, const EventId& event, EventSink& sink) {
    const SessionState state = TRY(parts_.sessions.load_history(context, id));
    std::int64_t number = event.number;
    const auto send = [&](std::string_view name, const json::object& data) {
      return sink.send(name, json::serialize(data), str(event.turn, ":", ++number));
    };
    TRY(send("reset", {{"step", 0}}));
    int turn = 0;
    int step = 0;
    bool answered = false;
    for (const Message& message : state.messages) {
      if (message.role == MessageRole::user) ++turn;
      if (turn != event.turn) continue;
      answered = message.role == MessageRole::assistant && !message.text.empty() && message.tool_calls.empty();
      if (message.role == MessageRole::user) continue;
      if (message.role == MessageRole::assistant) ++step;
      if (message.role == MessageRole::assistant && !message.text.empty()) TRY(send("token", {{"text", message.text}}));
      for (const ToolCall& call : message.tool_calls) {
        const auto wire = to_wire_event(ToolCallEvent{call, step, parts_.tools.title_of(call)});
        TRY(send(wire->name, wire->data));
      }
      for (ToolResult result : message.tool_results) {
        result.outcome = parts_.tools.outcome_of(result);
        const auto wire = to_wire_event(ToolResultEvent{.result = result, .step = step});
        TRY(send(wire->name, wire->data));
      }
    }
    const auto wanted = static_cast<std::size_t>(event.turn);
    if (wanted <= state.ends.size() && state.ends[wanted - 1]) return send(state.ends[wanted - 1]->event, state.ends[wanted - 1]->data);
    return send_unknown_end(context, answered, send);
  }

  // Of a turn whose end was not kept: what ends in words is taken for done, all else was broken off.
  static Result<> send_unknown_end(const CallContext& context, bool answered,
                                   const std::function<Result<>(std::string_view, const json::object&)>& send) {
    TurnOutcome outcome;
    outcome.totals.complete = false;  // the sums of single turns are not kept, those of the conversation are
    if (!answered) {
      const Error error{.code = ErrorCode::aborted, .message = "This answer was broken off before its end", .reason = "interrupted"};
      return send("error", error_data(error, context.correlation_id, true, outcome));
    }
    json::object done = done_data(outcome);
    done["cost_usd"] = nullptr;
    return send("done", with_saved(std::move(done), {}));
  }

  ChatParts parts_;
  const std::unique_ptr<Orchestrator> orchestrator_;
  TurnLogs logs_;
};

}  // namespace

std::unique_ptr<ChatService> make_chat_service(ChatParts parts) { return std::make_unique<ModelChat>(std::move(parts)); }

}  // namespace bridge
