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
  std::int64_t bytes_per_day = 0;  // that may be read of it in a day; 0: as many as the team may
  Time created_at;
  // Of the name and the credentials: whatever was read through others is out of date. Not on the wire but as its ETag.
  std::string version;
};
BOOST_DESCRIBE_STRUCT(Connection, (), (id, team_id, name, connection_type, status, last_tested_at, last_error, bytes_per_day, created_at))

struct NewConnection {
  std::optional<TeamId> team_id;
  std::string name;
  std::string connection_type;
  std::map<std::string, Secret> credentials;
  std::int64_t bytes_per_day = 0;
};
BOOST_DESCRIBE_STRUCT(NewConnection, (), (team_id, name, connection_type, credentials, bytes_per_day))
template <>
inline constexpr auto field_notes<NewConnection> = std::to_array<FieldNote>({
    {.name = "team_id", .about = "The caller's team; may be left out"},
    {.name = "name",
     .about = "Unique in the team; dashboards name their connection by it",
     .subject = "A connection's name",
     .length_max = kConnectionNameCharactersMax},
    {.name = "connection_type", .about = "One of GET /v1/connection-types", .length_max = 64},
    {.name = "credentials", .about = "The type's fields, all text; write-only", .length_max = kCredentialBytesMax},
    {.name = "bytes_per_day", .about = "That may be read of it in a day (UTC); 0: as many as the team may", .optional = true, .minimum = 0},
});

// What is to be changed; the rest stays as it is.
struct ConnectionChange {
  std::optional<std::string> name;
  std::map<std::string, std::optional<Secret>> credentials;
  std::optional<std::int64_t> bytes_per_day;
};
BOOST_DESCRIBE_STRUCT(ConnectionChange, (), (name, credentials, bytes_per_day))
template <>
inline constexpr auto field_notes<ConnectionChange> = std::to_array<FieldNote>({
    {.name = "name",
     .about = "Another name; refused while dashboards use it",
     .subject = "A connection's name",
     .length_max = kConnectionNameCharactersMax},
    {.name = "credentials",
     .about =
         "The fields that change, all text; null removes one that may be left out. Other values of fields that say where it is need the "
         "secrets again",
     .length_max = kCredentialBytesMax,
     .optional = true},
    {.name = "bytes_per_day", .about = "That may be read of it in a day (UTC); 0: as many as the team may", .minimum = 0},
});

// A step of a test, with an error that a person can act on. One that is well may have a mend too: of what should be otherwise.
struct ConnectionTestStep {
  ConnectionStep name = ConnectionStep::open;
  bool ok = false;
  std::int64_t latency_ms = 0;
  std::optional<std::string> error;
  std::optional<std::string> mend;
};
BOOST_DESCRIBE_STRUCT(ConnectionTestStep, (), (name, ok, latency_ms, error, mend))

// What a test found: its steps in their order, the last of which is the one that failed.
struct ConnectionTest {
  bool success = false;
  ConnectionStatus status = ConnectionStatus::failed;
  std::int64_t latency_ms = 0;
  std::vector<ConnectionTestStep> steps;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(ConnectionTest, (), (success, status, latency_ms, steps, error))

// A kind of warehouse, as a form shows it.
struct ConnectionType {
  std::string type;
  std::string title;
  std::vector<CredentialField> fields;
};
BOOST_DESCRIBE_STRUCT(ConnectionType, (), (type, title, fields))

}  // namespace bridge
