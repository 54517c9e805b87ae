#include "features/teams/team_store.h"

#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

template <class T>
Result<std::optional<T>> find_one(Transaction& transaction, std::string_view table, std::string_view condition,
                                  const std::vector<DbValue>& values) {
  return read_first<T>(TRY(transaction.query(str("SELECT ", select_list<T>(), " FROM ", table, " WHERE ", condition), values)));
}

}  // namespace

Result<std::optional<Team>> find_team(Transaction& transaction, const TeamId& id) {
  return find_one<Team>(transaction, "teams", "id = :p1", {id.value()});
}

Result<std::optional<Team>> find_team_by_slug(Transaction& transaction, std::string_view slug) {
  return find_one<Team>(transaction, "teams", "slug = :p1", {db_text(slug)});
}

Result<std::vector<Team>> list_all_teams(Transaction& transaction, const Page& page) {
  return read_rows<Team>(TRY(transaction.query(str("SELECT ", select_list<Team>(), " FROM teams WHERE id > :p1 ORDER BY id LIMIT :p2"),
                                               {page.after, static_cast<std::int64_t>(page.limit + 1)})));
}

Result<std::vector<MyTeam>> list_teams_of_user(Transaction& transaction, const UserId& user_id) {
  return read_rows<MyTeam>(
      TRY(transaction.query("SELECT t.id, t.name, t.slug, m.role FROM team_members m JOIN teams t ON t.id = m.team_id WHERE m.user_id = "
                            ":p1 ORDER BY t.id LIMIT 1000",
                            {user_id.value()})));
}

Result<std::optional<TeamId>> find_only_team(Transaction& transaction) {
  const auto rows = TRY(transaction.query("SELECT id FROM teams ORDER BY id LIMIT 2", {}));
  if (rows.size() != 1) return std::optional<TeamId>{};
  return TeamId(std::get<std::string>(rows.front().values.front()));
}

Result<std::optional<Role>> find_member_role(Transaction& transaction, const TeamScope& scope, const UserId& user_id) {
  const auto member =
      TRY(find_one<TeamMember>(transaction, "team_members", "team_id = :p1 AND user_id = :p2", {scope.team_id().value(), user_id.value()}));
  return member ? std::optional(member->role) : std::nullopt;
}

Result<std::optional<ApiKey>> find_key_by_hash(Transaction& transaction, std::string_view key_hash) {
  return find_one<ApiKey>(transaction, "api_keys", "key_hash = :p1", {db_text(key_hash)});
}

Result<std::optional<ApiKey>> find_key(Transaction& transaction, const ApiKeyId& id) {
  return find_one<ApiKey>(transaction, "api_keys", "id = :p1", {id.value()});
}

Result<std::optional<ApiKey>> find_team_key(Transaction& transaction, const TeamScope& scope, const ApiKeyId& id) {
  return find_one<ApiKey>(transaction, "api_keys", "id = :p1 AND team_id = :p2", {id.value(), scope.team_id().value()});
}

Result<std::vector<ApiKey>> list_team_keys(Transaction& transaction, const TeamScope& scope, const Page& page) {
  return read_rows<ApiKey>(
      TRY(transaction.query(str("SELECT ", select_list<ApiKey>(), " FROM api_keys WHERE team_id = :p1 AND id > :p2 ORDER BY id LIMIT :p3"),
                            {scope.team_id().value(), page.after, static_cast<std::int64_t>(page.limit + 1)})));
}

Result<std::int64_t> count_live_team_keys(Transaction& transaction, const TeamScope& scope) {
  return read_count(
      TRY(transaction.query("SELECT COUNT(*) FROM api_keys WHERE team_id = :p1 AND revoked_at IS NULL", {scope.team_id().value()})));
}

Result<std::int64_t> count_operator_keys(Transaction& transaction) {
  return read_count(TRY(transaction.query("SELECT COUNT(*) FROM api_keys WHERE team_id IS NULL", {})));
}

Result<std::int64_t> count_live_operator_keys(Transaction& transaction, Time now) {
  return read_count(TRY(transaction.query(
      "SELECT COUNT(*) FROM api_keys WHERE team_id IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :p1)",
      {db_time(now)})));
}

Result<std::optional<ApiKey>> find_operator_key(Transaction& transaction, const ApiKeyId& id) {
  return find_one<ApiKey>(transaction, "api_keys", "id = :p1 AND team_id IS NULL", {id.value()});
}

Result<std::vector<ApiKey>> list_operator_keys(Transaction& transaction, const Page& page) {
  return read_rows<ApiKey>(TRY(
      transaction.query(str("SELECT ", select_list<ApiKey>(), " FROM api_keys WHERE team_id IS NULL AND id > :p1 ORDER BY id LIMIT :p2"),
                        {page.after, static_cast<std::int64_t>(page.limit + 1)})));
}

Result<> mark_key_revoked(Transaction& transaction, const ApiKeyId& id, Time now) {
  TRY(transaction.execute("UPDATE api_keys SET revoked_at = :p2 WHERE id = :p1 AND revoked_at IS NULL", {id.value(), db_time(now)}));
  return {};
}

Result<> mark_key_used(Transaction& transaction, std::string_view id, Time now) {
  TRY(transaction.execute("UPDATE api_keys SET last_used_at = :p2 WHERE id = :p1", {db_text(id), db_time(now)}));
  return {};
}

Result<std::optional<WebSession>> find_session_by_hash(Transaction& transaction, std::string_view token_hash) {
  return find_one<WebSession>(transaction, "web_sessions", "token_hash = :p1", {db_text(token_hash)});
}

Result<std::optional<WebSession>> find_session(Transaction& transaction, const WebSessionId& id) {
  return find_one<WebSession>(transaction, "web_sessions", "id = :p1", {id.value()});
}

Result<std::int64_t> delete_session_by_hash(Transaction& transaction, std::string_view token_hash) {
  return transaction.execute("DELETE FROM web_sessions WHERE token_hash = :p1", {db_text(token_hash)});
}

Result<> delete_dead_sessions(Transaction& transaction, Time now, Time idle_since) {
  TRY(transaction.execute("DELETE FROM web_sessions WHERE expires_at <= :p1 OR last_seen_at <= :p2", {db_time(now), db_time(idle_since)}));
  return {};
}

Result<> mark_session_seen(Transaction& transaction, std::string_view id, Time now) {
  TRY(transaction.execute("UPDATE web_sessions SET last_seen_at = :p2 WHERE id = :p1", {db_text(id), db_time(now)}));
  return {};
}

Result<std::optional<OneTimeLink>> take_link(Transaction& transaction, std::string_view token_hash, Time now) {
  const auto taken =
      TRY(transaction.execute("UPDATE one_time_links SET used_at = :p2 WHERE token_hash = :p1 AND used_at IS NULL AND expires_at > :p2",
                              {db_text(token_hash), db_time(now)}));
  if (taken == 0) return std::optional<OneTimeLink>{};
  return find_one<OneTimeLink>(transaction, "one_time_links", "token_hash = :p1", {db_text(token_hash)});
}

}  // namespace bridge
