#include "ai_sdk/core/session_manager.h"

#include <deque>
#include <list>
#include <mutex>

#include "ai_sdk/core/cut_text.h"
#include "ai_sdk/core/limits.h"
#include "base/person.h"

namespace bridge {

// The first line of object 0.
struct SessionStart {
  std::string provider;
  std::string model;
  ConnectionId connection_id;
  std::vector<PromptText> prompt_blocks;
};
BOOST_DESCRIBE_STRUCT(SessionStart, (), (provider, model, connection_id, prompt_blocks))
template <>
inline constexpr auto field_notes<SessionStart> = std::to_array<FieldNote>({{.name = "connection_id", .optional = true}});

// A line of the other objects: one message, and after the last one of a turn the sums so far and how it ended.
struct TranscriptLine {
  std::optional<Message> message;
  std::optional<TokenTotals> totals;
  std::optional<TurnEnd> end;
};
BOOST_DESCRIBE_STRUCT(TranscriptLine, (), (message, totals, end))

namespace {

std::string object_prefix(const TeamId& team, const SessionId& session) {
  return str("sessions/", team.value(), "/", session.value(), "/");
}
std::string object_key(const TeamId& team, const SessionId& session, int number) {
  return str(object_prefix(team, session), number, ".jsonl");
}

// The numbers of a session's objects must be 0, 1, 2, … as listed; other keys are not ours.
int count_objects(const std::vector<ObjectName>& names, std::string_view prefix) {
  std::set<std::string> keys;
  for (const ObjectName& name : names) keys.insert(name.key);
  int count = 0;
  while (keys.contains(str(prefix, count, ".jsonl"))) ++count;
  return count;
}

template <class T>
Result<T> read_line(std::string_view line, std::string_view key) {
  const auto value = parse_json(line, {.depth_max = kTranscriptDepthMax, .bytes_max = kTranscriptTurnBytesMax});
  Result<T> out = value ? from_json<T>(*value) : std::unexpected(value.error());
  if (!out)
    return fail(Error{.code = ErrorCode::data_loss,
                      .message = "The session's transcript is damaged",
                      .detail = str(key, ": ", describe_error(out.error())),
                      .reason = "transcript_unreadable"});
  return out;
}

bool same_prompts(const std::vector<PromptText>& a, const std::vector<PromptText>& b) {
  return std::ranges::equal(a, b, [](const PromptText& x, const PromptText& y) {
    return x.name == y.name && x.version == y.version && x.cache == y.cache && x.content == y.content;
  });
}

// Most sessions have the same prompt blocks: each set is in memory once. Thread-safe.
class PromptSets final {
 public:
  std::shared_ptr<const std::vector<PromptText>> share(std::vector<PromptText> prompts) {
    const std::lock_guard lock(mutex_);
    for (const auto& known : known_) {
      if (same_prompts(*known, prompts)) return known;
    }
    if (known_.size() >= kPromptSetsMax) known_.pop_front();
    known_.push_back(std::make_shared<const std::vector<PromptText>>(std::move(prompts)));
    return known_.back();
  }

 private:
  std::mutex mutex_;
  std::deque<std::shared_ptr<const std::vector<PromptText>>> known_;  // oldest first
};

// Sessions between their turns, the oldest let go first. Thread-safe.
class WarmSessions final {
 public:
  void put(SessionState session) {
    const std::lock_guard lock(mutex_);
    (void)remove(session.id);
    bytes_ += memory_of(session);
    sessions_.push_back(std::move(session));
    places_[sessions_.back().id] = std::prev(sessions_.end());
    while (!sessions_.empty() && (sessions_.size() > kWarmSessionsMax || bytes_ > kWarmSessionBytesMax))
      (void)remove(SessionId(sessions_.front().id));
  }
  std::optional<SessionState> take(const SessionId& id) {
    const std::lock_guard lock(mutex_);
    return remove(id);
  }

 private:
  // A message takes several times as much as its line in the transcript.
  static std::size_t memory_of(const SessionState& session) {
    constexpr std::size_t per_transcript_byte = 8;
    constexpr std::size_t of_itself = 16 << 10;
    return static_cast<std::size_t>(session.transcript_bytes) * per_transcript_byte + of_itself;
  }

  std::optional<SessionState> remove(const SessionId& id) {
    const auto place = places_.find(id);
    if (place == places_.end()) return std::nullopt;
    SessionState session = std::move(*place->second);
    bytes_ -= memory_of(session);
    sessions_.erase(place->second);
    places_.erase(place);
    return session;
  }

  std::mutex mutex_;
  std::list<SessionState> sessions_;  // oldest first
  std::unordered_map<SessionId, std::list<SessionState>::iterator> places_;
  std::size_t bytes_ = 0;
};

class LakeSessions final : public SessionManager {
 public:
  LakeSessions(std::shared_ptr<SessionManifestStore> manifests, std::shared_ptr<ObjectStore> lake, std::shared_ptr<const Clock> clock,
               SessionWriters writers)
      : manifests_(std::move(manifests)), lake_(std::move(lake)), clock_(std::move(clock)), writers_(writers) {}

  Result<SessionState> create_session(const CallContext& context, NewSession input) override {
    SessionState session{.id = SessionId::make(),
                         .team_id = context.caller.team_id,
                         .person_id = context.caller.user_id,
                         .provider = std::move(input.provider),
                         .model = std::move(input.model),
                         .title = std::string(cut_characters(trim(input.title), kSessionTitleCharactersMax)),
                         .connection_id = std::move(input.connection_id),
                         .prompt_blocks = prompt_sets_.share(std::move(input.prompt_blocks)),
                         .created_at = clock_->now()};
    const SessionStart start{.provider = session.provider,
                             .model = session.model,
                             .connection_id = session.connection_id,
                             .prompt_blocks = *session.prompt_blocks};
    TRY(lake_->put(context, object_key(session.team_id, session.id, 0), to_json_text(start) + "\n", 0));
    TRY(manifests_->create(context, manifest_of(session)));
    return session;
  }

  Result<SessionManifest> get_session(const CallContext& context, const SessionId& id) override {
    SessionManifest manifest = TRY(manifests_->get(context, context.team(), id));
    if (manifest.person_id != context.caller.user_id) return fail(ErrorCode::not_found, "There is no such session");
    return manifest;
  }

  Result<std::vector<SessionManifest>> list_sessions(const CallContext& context, const SessionId& before, int limit) override {
    return manifests_->list(context, context.team(), context.caller.user_id, before, limit);
  }

  Result<std::vector<std::string>> read_transcript(const CallContext& context, const SessionId& id) override {
    const SessionManifest manifest = TRY(get_session(context, id));
    const std::string prefix = object_prefix(manifest.team_id, id);
    const int objects = count_objects(TRY(lake_->list(context, prefix)), prefix);
    std::vector<std::string> out;
    std::size_t bytes = 0;
    for (int number = 0; number < objects; ++number) {
      out.push_back(TRY(lake_->get(context, object_key(manifest.team_id, id, number))).content);
      bytes += out.back().size();
      if (bytes > kTranscriptExportBytesMax)
        return fail(ErrorCode::resource_exhausted, "transcript_too_large",
                    str("The transcript is over ", format_bytes(kTranscriptExportBytesMax), "; its parts are at ", manifest.gcs_log_path));
    }
    return out;
  }

  Result<SessionState> load_history(const CallContext& context, const SessionId& id) override {
    const SessionManifest manifest = TRY(get_session(context, id));
    const std::string prefix = object_prefix(manifest.team_id, id);
    const int objects = count_objects(TRY(lake_->list(context, prefix)), prefix);
    if (objects == 0) return fail(ErrorCode::data_loss, "transcript_missing", "The session's transcript is missing");
    SessionState session{.id = id,
                         .team_id = manifest.team_id,
                         .person_id = manifest.person_id,
                         .provider = manifest.provider_name,
                         .model = manifest.model,
                         .title = manifest.title,
                         .status = manifest.status,
                         .created_at = manifest.created_at,
                         .ended_at = manifest.ended_at,
                         .turns_saved = objects - 1};
    const std::string first_key = object_key(session.team_id, id, 0);
    const Object first = TRY(lake_->get(context, first_key));
    SessionStart start = TRY(read_line<SessionStart>(trim(first.content), first_key));
    session.connection_id = std::move(start.connection_id);
    session.prompt_blocks = prompt_sets_.share(std::move(start.prompt_blocks));
    for (int number = 1; number < objects; ++number) TRY(read_turn(context, session, number));
    session.messages = close_orphaned_calls(std::move(session.messages));
    session.messages_saved = session.messages.size();
    return session;
  }

  Result<SessionState> take_session(const CallContext& context, const SessionId& id) override {
    auto warm = warm_.take(id);
    if (!warm || warm->team_id != context.caller.team_id || warm->person_id != context.caller.user_id) {
      if (warm) warm_.put(*std::move(warm));  // somebody else's
      return load_history(context, id);
    }
    if (writers_ == SessionWriters::this_process) return *std::move(warm);
    // Another replica may have ended it, or gone on with it.
    if (TRY(manifests_->get(context, context.team(), id)).status != warm->status) return load_history(context, id);
    const auto newer = lake_->get(context, object_key(warm->team_id, id, warm->turns_saved + 1));
    if (newer || newer.error().code != ErrorCode::not_found) return load_history(context, id);
    return *std::move(warm);
  }

  void give_back(SessionState session) override { warm_.put(std::move(session)); }

  Result<> append_turn(const CallContext& context, SessionState& session, std::optional<TurnEnd> end) override {
    if (session.turns_saved >= kSessionTurnsMax) {
      return fail(ErrorCode::resource_exhausted, "session_full",
                  str("A session has at most ", kSessionTurnsMax, " turns: begin a new one"));
    }
    std::string lines;
    for (std::size_t i = session.messages_saved; i < session.messages.size(); ++i)
      lines += to_json_text(TranscriptLine{.message = session.messages[i]}) + "\n";
    lines += to_json_text(TranscriptLine{.totals = session.totals, .end = end}) + "\n";
    if (lines.size() > kTranscriptTurnBytesMax)
      return fail(ErrorCode::resource_exhausted, "turn_too_large", "The turn is too large to be kept");
    const CallContext unhurried = without_cancellation(context);
    const auto written = lake_->put(unhurried, object_key(session.team_id, session.id, session.turns_saved + 1), lines, 0);
    if (!written && written.error().code == ErrorCode::aborted) {
      return fail(ErrorCode::aborted, "session_in_use", "The session was gone on with elsewhere; load it again");
    }
    TRY(written);
    ++session.turns_saved;
    session.ends.push_back(std::move(end));
    session.transcript_bytes += lines.size();
    session.messages_saved = session.messages.size();
    return manifests_->update(unhurried, TeamScope(session.team_id), manifest_of(session));
  }

  Result<> end_session(const CallContext& context, SessionState& session, SessionStatus status) override {
    if (session.status != SessionStatus::active) return fail(ErrorCode::failed_precondition, "session_ended", "The session has ended");
    (void)warm_.take(session.id);
    session.status = status;
    session.ended_at = clock_->now();
    return manifests_->update(without_cancellation(context), TeamScope(session.team_id), manifest_of(session));
  }

 private:
  Result<> read_turn(const CallContext& context, SessionState& session, int number) {
    const std::string key = object_key(session.team_id, session.id, number);
    const Object object = TRY(lake_->get(context, key));
    session.transcript_bytes += object.content.size();
    session.ends.emplace_back();
    for (const std::string& line : split(object.content, '\n')) {
      if (line.empty()) continue;
      TranscriptLine read = TRY(read_line<TranscriptLine>(line, key));
      if (read.message) session.messages.push_back(std::move(*read.message));
      if (read.totals) session.totals = *read.totals;
      if (read.end) session.ends.back() = std::move(read.end);
    }
    return {};
  }

  SessionManifest manifest_of(const SessionState& session) const {
    return {.id = session.id,
            .team_id = session.team_id,
            .user_id = user_of(session.person_id),
            .person_id = session.person_id,
            .provider_name = session.provider,
            .model = session.model,
            .title = session.title,
            .status = session.status,
            .total_tokens = session.totals.all_tokens(),
            .total_cost_usd = static_cast<double>(session.totals.cost_nano_usd) / 1e9,
            .unpriced_calls = session.totals.unpriced_calls,
            .created_at = session.created_at,
            .ended_at = session.ended_at,
            .gcs_log_path = lake_->url(object_prefix(session.team_id, session.id))};
  }

  // The same caller, with time of its own: a turn that was cancelled or ran out of time is kept all the same.
  static CallContext without_cancellation(const CallContext& context) {
    constexpr std::chrono::seconds time_max{10};
    CallContext unhurried = context;
    unhurried.stop = {};
    unhurried.deadline.reset();
    return unhurried.with_timeout(time_max);
  }

  std::shared_ptr<SessionManifestStore> manifests_;
  std::shared_ptr<ObjectStore> lake_;
  std::shared_ptr<const Clock> clock_;
  const SessionWriters writers_;
  PromptSets prompt_sets_;
  WarmSessions warm_;
};

}  // namespace

std::unique_ptr<SessionManager> make_session_manager(std::shared_ptr<SessionManifestStore> manifests, std::shared_ptr<ObjectStore> lake,
                                                     std::shared_ptr<const Clock> clock, SessionWriters writers) {
  return std::make_unique<LakeSessions>(std::move(manifests), std::move(lake), std::move(clock), writers);
}

}  // namespace bridge
