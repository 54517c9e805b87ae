#pragma once

#include <optional>
#include <vector>

#include "features/connections/connection.h"
#include "features/teams/page.h"
#include "platform/metadata_db/database.h"

namespace bridge {

struct ConnectionRow : Connection {
  std::string credentials_path;
  bool named_by_operator = false;  // who gave it the fields that say where it is
  Time updated_at;
};
BOOST_DESCRIBE_STRUCT(ConnectionRow, (Connection), (credentials_path, named_by_operator, updated_at))

Result<std::optional<ConnectionRow>> find_connection(Transaction& transaction, const TeamScope& scope, const ConnectionId& id);
Result<std::optional<ConnectionRow>> find_connection_by_name(Transaction& transaction, const TeamScope& scope, std::string_view name);
Result<std::vector<Connection>> list_connections(Transaction& transaction, const TeamScope& scope, const Page& page);
Result<std::vector<std::string>> list_connection_names(Transaction& transaction, const TeamScope& scope);
Result<std::int64_t> count_connections(Transaction& transaction, const TeamScope& scope);
// What a test of these credentials found; nothing when they are not the connection's any more.
Result<> save_test_outcome(Transaction& transaction, const TeamScope& scope, const ConnectionRow& tested, ConnectionStatus status,
                           const std::optional<std::string>& error, Time now);
// not_found when its credentials are not at `credentials_path_before` any more.
Result<> save_connection_change(Transaction& transaction, const TeamScope& scope, const ConnectionRow& row,
                                std::string_view credentials_path_before);
Result<> delete_connection(Transaction& transaction, const TeamScope& scope, const ConnectionId& id);

// Of every team, for removing envelopes that nothing points to.
Result<std::vector<std::string>> list_all_credential_paths(Transaction& transaction);

}  // namespace bridge
