#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ai_sdk/core/session.h"
#include "platform/object_store/object_store.h"

namespace bridge {

// What the directory knows of a session. Never a message: those are in the object store.
struct SessionManifest {
  SessionId id;
  TeamId team_id;
  UserId user_id;    // empty for a key that belongs to no user
  UserId person_id;  // whose it is
  std::string provider_name;
  std::string model;
  std::string title;
  SessionStatus status = SessionStatus::active;
  std::int64_t total_tokens = 0;
  double total_cost_usd = 0;        // of the calls whose price is known
  std::int64_t unpriced_calls = 0;  // the others
  Time created_at;
  std::optional<Time> ended_at;
  std::string gcs_log_path;
};
BOOST_DESCRIBE_STRUCT(SessionManifest, (),
                      (id, team_id, user_id, person_id, provider_name, model, title, status, total_tokens, total_cost_usd, unpriced_calls,
                       created_at, ended_at, gcs_log_path))

// Where manifests are kept. Thread-safe.
class SessionManifestStore {
 public:
  virtual ~SessionManifestStore() = default;
  virtual Result<> create(const CallContext& context, const SessionManifest& manifest) = 0;
  // not_found when there is none in this team.
  virtual Result<SessionManifest> get(const CallContext& context, const TeamScope& team, const SessionId& id) = 0;
  virtual Result<> update(const CallContext& context, const TeamScope& team, const SessionManifest& manifest) = 0;
  // Of one person, newest first; those before `before`, if there is one.
  virtual Result<std::vector<SessionManifest>> list(const CallContext& context, const TeamScope& team, const UserId& person,
                                                    const SessionId& before, int limit) = 0;
};

struct NewSession {
  std::string provider;
  std::string model;
  std::string title;                      // cut to a sensible length
  ConnectionId connection_id;             // may be empty
  std::vector<PromptText> prompt_blocks;  // frozen from here on
};

// Conversations that outlive a request: the manifest in the directory, the messages in the object store as
// sessions/{team}/{session}/{n}.jsonl. Object 0 says how the session began (its prompt blocks among it); each finished turn adds the next,
// so that a crash loses at most the turn in flight and any replica can go on. Thread-safe; a session belongs to the person who made it.
class SessionManager {
 public:
  virtual ~SessionManager() = default;

  virtual Result<SessionState> create_session(const CallContext& context, NewSession input) = 0;

  // The manifest alone. not_found for another team's session, and for another person's.
  virtual Result<SessionManifest> get_session(const CallContext& context, const SessionId& id) = 0;

  // The caller's sessions, newest first; those before `before`, if there is one.
  virtual Result<std::vector<SessionManifest>> list_sessions(const CallContext& context, const SessionId& before, int limit) = 0;

  // The transcript as it is kept: JSON lines, an object of the store each. resource_exhausted when it is too large to be read at once.
  virtual Result<std::vector<std::string>> read_transcript(const CallContext& context, const SessionId& id) = 0;

  // The whole session, ready for the next turn: calls that were never answered are closed with error results.
  virtual Result<SessionState> load_history(const CallContext& context, const SessionId& id) = 0;

  // The same out of memory where the session was used here lately and nobody has gone on with it elsewhere. Handed out once, until it is
  // given back.
  virtual Result<SessionState> take_session(const CallContext& context, const SessionId& id) = 0;
  // For the next turn. Only what append_turn or create_session has kept.
  virtual void give_back(SessionState session) = 0;

  // Keeps the messages that are not kept yet as the next object, and how the turn ended if that is known. aborted ("session_in_use") when
  // somebody else has added a turn meanwhile. Works on when the caller has gone: what a model was paid for is written down.
  virtual Result<> append_turn(const CallContext& context, SessionState& session, std::optional<TurnEnd> end = {}) = 0;

  // Closes the manifest. failed_precondition ("session_ended") when that has happened before.
  virtual Result<> end_session(const CallContext& context, SessionState& session, SessionStatus status) = 0;
};

// Who writes transcripts into the lake.
enum class SessionWriters : std::uint8_t {
  this_process,  // alone: a session in memory is the newest
  replicas,      // others too: the lake is asked before a session in memory is gone on with
};

std::unique_ptr<SessionManager> make_session_manager(std::shared_ptr<SessionManifestStore> manifests, std::shared_ptr<ObjectStore> lake,
                                                     std::shared_ptr<const Clock> clock, SessionWriters writers);

}  // namespace bridge
