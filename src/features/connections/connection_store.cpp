#include "features/connections/connection_store.h"

#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

Result<std::vector<std::string>> texts(const std::vector<DbRow>& rows) {
  std::vector<std::string> out;
  for (const DbRow& row : rows) {
    const auto* text = std::get_if<std::string>(&row.values.front());
    if (!text) return detail::unreadable_column("text");
    out.push_back(*text);
  }
  return out;
}

}  // namespace

Result<std::optional<ConnectionRow>> find_connection(Transaction& transaction, const TeamScope& scope, const ConnectionId& id) {
  return read_first<ConnectionRow>(
      TRY(transaction.query(str("SELECT ", select_list<ConnectionRow>(), " FROM connections WHERE id = :p1 AND team_id = :p2"),
                            {id.value(), scope.team_id().value()})));
}

Result<std::optional<ConnectionRow>> find_connection_by_name(Transaction& transaction, const TeamScope& scope, std::string_view name) {
  return read_first<ConnectionRow>(
      TRY(transaction.query(str("SELECT ", select_list<ConnectionRow>(), " FROM connections WHERE team_id = :p1 AND name = :p2"),
                            {scope.team_id().value(), db_text(name)})));
}

Result<std::vector<Connection>> list_connections(Transaction& transaction, const TeamScope& scope, const Page& page) {
  return read_rows<Connection>(TRY(transaction.query(
      str("SELECT ", select_list<Connection>(), " FROM connections WHERE team_id = :p1 AND id > :p2 ORDER BY id LIMIT :p3"),
      {scope.team_id().value(), page.after, static_cast<std::int64_t>(page.limit + 1)})));
}

Result<std::vector<std::string>> list_connection_names(Transaction& transaction, const TeamScope& scope) {
  return texts(TRY(transaction.query("SELECT name FROM connections WHERE team_id = :p1 ORDER BY name", {scope.team_id().value()})));
}

Result<std::int64_t> count_connections(Transaction& transaction, const TeamScope& scope) {
  return read_count(TRY(transaction.query("SELECT COUNT(*) FROM connections WHERE team_id = :p1", {scope.team_id().value()})));
}

Result<> save_test_outcome(Transaction& transaction, const TeamScope& scope, const ConnectionRow& tested, ConnectionStatus status,
                           const std::optional<std::string>& error, Time now) {
  TRY(transaction.execute(
      "UPDATE connections SET status = :p3, last_error = :p4, last_tested_at = :p5 WHERE id = :p1 AND team_id = :p2 AND "
      "credentials_path = :p6",
      {tested.id.value(), scope.team_id().value(), db_text(enum_name(status)), error ? DbValue(*error) : DbValue(nullptr), db_time(now),
       db_text(tested.credentials_path)}));
  return {};
}

Result<> save_connection_change(Transaction& transaction, const TeamScope& scope, const ConnectionRow& row,
                                std::string_view credentials_path_before) {
  const std::int64_t changed = TRY(transaction.execute(
      "UPDATE connections SET name = :p4, credentials_path = :p5, status = :p6, last_error = :p7, last_tested_at = :p8, updated_at = :p9, "
      "named_by_operator = :p10, bytes_per_day = :p11 "
      "WHERE id = :p1 AND team_id = :p2 AND credentials_path = :p3",
      {row.id.value(), scope.team_id().value(), db_text(credentials_path_before), db_text(row.name), db_text(row.credentials_path),
       db_text(enum_name(row.status)), row.last_error ? DbValue(*row.last_error) : DbValue(nullptr),
       row.last_tested_at ? db_time(*row.last_tested_at) : DbValue(nullptr), db_time(row.updated_at), db_boolean(row.named_by_operator),
       row.bytes_per_day}));
  if (changed == 0) return fail(ErrorCode::not_found, "There is no such connection");
  return {};
}

Result<> delete_connection(Transaction& transaction, const TeamScope& scope, const ConnectionId& id) {
  TRY(transaction.execute("DELETE FROM connections WHERE id = :p1 AND team_id = :p2", {id.value(), scope.team_id().value()}));
  return {};
}

Result<std::vector<std::string>> list_all_credential_paths(Transaction& transaction) {
  return texts(TRY(transaction.query("SELECT credentials_path FROM connections", {})));
}

}  // namespace bridge
