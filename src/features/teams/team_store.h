#pragma once

#include <optional>
#include <vector>

#include "features/teams/page.h"
#include "features/teams/team.h"
#include "platform/metadata_db/database.h"

// The statements of teams, keys, sessions and links. They run in the caller's transaction, so that a change and its audit event are one.

namespace bridge {

struct ApiKeyRow : ApiKey {
  std::string key_hash;
};
BOOST_DESCRIBE_STRUCT(ApiKeyRow, (ApiKey), (key_hash))

struct WebSession {
  WebSessionId id;
  std::string token_hash;
  bool is_operator = false;
  TeamId team_id;  // empty: an operator, or a person whose teams are in team_members
  UserId user_id;
  UserId person_id;
  ApiKeyId api_key_id;  // the key it was exchanged for, and with which it ends
  Role role = Role::viewer;
  Time created_at;
  Time last_seen_at;
  Time expires_at;
};
BOOST_DESCRIBE_STRUCT(WebSession, (),
                      (id, token_hash, is_operator, team_id, user_id, person_id, api_key_id, role, created_at, last_seen_at, expires_at))

struct OneTimeLink {
  std::string id;
  std::string token_hash;
  bool is_operator = false;
  TeamId team_id;
  UserId user_id;
  UserId person_id;  // whom it signs in; empty: somebody new
  Role role = Role::viewer;
  Time created_at;
  Time expires_at;
  std::optional<Time> used_at;
};
BOOST_DESCRIBE_STRUCT(OneTimeLink, (), (id, token_hash, is_operator, team_id, user_id, person_id, role, created_at, expires_at, used_at))

Result<std::optional<Team>> find_team(Transaction& transaction, const TeamId& id);
Result<std::optional<Team>> find_team_by_slug(Transaction& transaction, std::string_view slug);
Result<std::vector<Team>> list_all_teams(Transaction& transaction, const Page& page);
Result<std::vector<MyTeam>> list_teams_of_user(Transaction& transaction, const UserId& user_id);
// The only team there is, if there is exactly one.
Result<std::optional<TeamId>> find_only_team(Transaction& transaction);
Result<std::optional<Role>> find_member_role(Transaction& transaction, const TeamScope& scope, const UserId& user_id);

Result<std::optional<ApiKey>> find_key_by_hash(Transaction& transaction, std::string_view key_hash);
Result<std::optional<ApiKey>> find_key(Transaction& transaction, const ApiKeyId& id);
Result<std::optional<ApiKey>> find_team_key(Transaction& transaction, const TeamScope& scope, const ApiKeyId& id);
Result<std::vector<ApiKey>> list_team_keys(Transaction& transaction, const TeamScope& scope, const Page& page);
Result<std::int64_t> count_live_team_keys(Transaction& transaction, const TeamScope& scope);
Result<std::int64_t> count_operator_keys(Transaction& transaction);
Result<std::int64_t> count_live_operator_keys(Transaction& transaction, Time now);
Result<std::optional<ApiKey>> find_operator_key(Transaction& transaction, const ApiKeyId& id);
Result<std::vector<ApiKey>> list_operator_keys(Transaction& transaction, const Page& page);
// A key that was found in the caller's scope.
Result<> mark_key_revoked(Transaction& transaction, const ApiKeyId& id, Time now);
Result<> mark_key_used(Transaction& transaction, std::string_view id, Time now);

Result<std::optional<WebSession>> find_session_by_hash(Transaction& transaction, std::string_view token_hash);
Result<std::optional<WebSession>> find_session(Transaction& transaction, const WebSessionId& id);
Result<std::int64_t> delete_session_by_hash(Transaction& transaction, std::string_view token_hash);
Result<> delete_dead_sessions(Transaction& transaction, Time now, Time idle_since);
Result<> mark_session_seen(Transaction& transaction, std::string_view id, Time now);

// Uses the link up: nothing when it is unknown, used or expired. Of two who try at once, one gets it.
Result<std::optional<OneTimeLink>> take_link(Transaction& transaction, std::string_view token_hash, Time now);

}  // namespace bridge
