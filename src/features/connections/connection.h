#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "features/connections/limits.h"
#include "warehouse/warehouse.h"

namespace bridge {

enum class ConnectionStatus : std::uint8_t { testing, active, failed };
BOOST_DESCRIBE_ENUM(ConnectionStatus, testing, active, failed)

// A warehouse of a team. Its credentials are elsewhere, sealed, and never come back.
struct Connection {
  ConnectionId id;
  TeamId team_id;
  std::string name;
  std::string connection_type;  // that of a driver: "duckdb"
  ConnectionStatus status = ConnectionStatus::testing;
  std::optional<Time> last_tested_at;
  std::optional<std::string> last_error;
  Time created_at;
};
BOOST_DESCRIBE_STRUCT(Connection, (), (id, team_id, name, connection_type, status, last_tested_at, last_error, created_at))

struct NewConnection {
  std::optional<TeamId> team_id;
  std::string name;
  std::string connection_type;
  std::map<std::string, Secret> credentials;
};
BOOST_DESCRIBE_STRUCT(NewConnection, (), (team_id, name, connection_type, credentials))
template <>
inline constexpr auto field_notes<NewConnection> = std::to_array<FieldNote>({
    {.name = "team_id", .about = "The caller's team; may be left out"},
    {.name = "name", .about = "Unique in the team; dashboards name their connection by it", .length_max = kConnectionNameBytesMax},
    {.name = "connection_type", .about = "One of GET /v1/connection-types", .length_max = 64},
    {.name = "credentials", .about = "The type's fields, all text; write-only", .length_max = kCredentialBytesMax},
});

// What a test found, with an error that a person can act on.
struct ConnectionTest {
  bool success = false;
  ConnectionStatus status = ConnectionStatus::failed;
  std::int64_t latency_ms = 0;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(ConnectionTest, (), (success, status, latency_ms, error))

// A kind of warehouse, as a form shows it.
struct ConnectionType {
  std::string type;
  std::string title;
  std::vector<CredentialField> fields;
};
BOOST_DESCRIBE_STRUCT(ConnectionType, (), (type, title, fields))

}  // namespace bridge
