#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "features/teams/page.h"
#include "features/teams/team.h"
#include "platform/key_management/key_service.h"
#include "platform/metadata_db/database.h"

namespace bridge {

enum class CredentialKind : std::uint8_t { api_key, session };

// What a request presents to say who it is.
struct Credential {
  CredentialKind kind = CredentialKind::api_key;
  std::string_view text;
  std::string_view team;            // the team it names, empty for none
  std::string_view remote_address;  // whose guesses are counted
};

// Whom a one-time link signs in: the operator, or a role in a team.
struct NewLink {
  bool for_operator = false;
  TeamId team_id;
  Role role = Role::viewer;
};

struct OpenedSession {
  Secret token;
  Me me;
};

// Teams, and who may act in them: keys, web sessions, one-time links. Every change is audited in its own transaction. Thread-safe.
class TeamService {
 public:
  virtual ~TeamService() = default;

  // The operator's key on the first start, nothing on any later one.
  virtual Result<std::optional<Secret>> bootstrap_first_start(const CallContext& context) = 0;

  // slug_conflict when the slug is taken.
  virtual Result<Team> create_team(const CallContext& context, NewTeam input) = 0;
  // The team whose slug the name makes, created when there is none.
  virtual Result<Team> ensure_team(const CallContext& context, std::string_view name) = 0;
  // The caller's own; an operator sees all. One more than the page's limit when there are more.
  virtual Result<std::vector<Team>> list_teams(const CallContext& context, const Page& page) = 0;
  virtual Result<Team> get_team(const CallContext& context, const TeamId& id) = 0;

  // Keys of the caller's team; for an operator who named no team, listing and revoking are of operators' keys. The role is at most the
  // caller's.
  virtual Result<IssuedApiKey> create_key(const CallContext& context, NewApiKey input) = 0;
  virtual Result<IssuedApiKey> create_operator_key(const CallContext& context, std::string_view name) = 0;
  virtual Result<std::vector<ApiKey>> list_keys(const CallContext& context, const Page& page) = 0;
  // Takes effect at once. Not an error if it is revoked already. failed_precondition ("last_operator_key") for the only operator's key.
  virtual Result<> revoke_key(const CallContext& context, const ApiKeyId& id) = 0;

  // A token for `/open#token=…`, good once within 24 hours. Who signs in as the operator with it is the operator who made it.
  virtual Result<Secret> create_link(const CallContext& context, const NewLink& link) = 0;
  // Exchanges a link's token or a key for a session. unauthenticated when it is not good, resource_exhausted after too many wrong ones.
  virtual Result<OpenedSession> open_session(const CallContext& context, const SignIn& sign_in, std::string_view remote_address) = 0;
  virtual Result<> close_session(const CallContext& context, std::string_view token) = 0;

  virtual Result<Me> get_me(const CallContext& context) = 0;

  // Whom a credential stands for, in the team it names. unauthenticated, not_found (the team), or resource_exhausted (too many guesses).
  virtual Result<Caller> find_caller(const Credential& credential) = 0;
  // The same for one who was let in before: what they may do now. unauthenticated when their credential is no longer good.
  virtual Result<Caller> find_caller_again(const Caller& caller) = 0;
  // Grows whenever an answer of find_caller may have changed.
  virtual std::uint64_t credentials_version() const = 0;
  // Writes down when credentials ("key:…", "session:…") were last used.
  virtual Result<> note_used(const std::vector<std::string>& credential_ids) = 0;
};

std::shared_ptr<TeamService> make_team_service(std::shared_ptr<Database> database, std::shared_ptr<KeyService> keys,
                                               std::shared_ptr<const Clock> clock);

}  // namespace bridge
