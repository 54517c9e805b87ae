#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "base/time.h"

namespace bridge {

// What a day allows; 0: any number.
struct UseCaps {
  std::int64_t team_bytes = 0;
  std::int64_t team_queries = 0;
  std::int64_t person_bytes = 0;
  std::int64_t person_queries = 0;
};

struct UseCount {
  std::int64_t bytes = 0;
  std::int64_t queries = 0;
};
BOOST_DESCRIBE_STRUCT(UseCount, (), (bytes, queries))

// Of the team, of the caller, or of a connection.
struct UseOf : UseCount {
  std::int64_t bytes_max = 0;    // 0: any number
  std::int64_t queries_max = 0;  // 0: any number
  bool is_nearly_spent = false;  // a cap is used by kUseWarningShare
};
BOOST_DESCRIBE_STRUCT(UseOf, (UseCount), (bytes_max, queries_max, is_nearly_spent))

struct UseOfConnection : UseCount {
  ConnectionId connection_id;
};
BOOST_DESCRIBE_STRUCT(UseOfConnection, (UseCount), (connection_id))

struct UseReport {
  Time day;
  Time resets_at;
  UseOf team;
  UseOf person;
  std::vector<UseOfConnection> connections;
};
BOOST_DESCRIBE_STRUCT(UseReport, (), (day, resets_at, team, person, connections))

}  // namespace bridge
