#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// One step of the schema's history, in the order of the files in migrations/.
struct MigrationStep {
  std::int64_t version = 0;
  std::string name;  // "core"
  std::optional<Time> applied_at;
  bool changed = false;  // the file is no longer the one that was applied
};
BOOST_DESCRIBE_STRUCT(MigrationStep, (), (version, name, applied_at, changed))

struct MigrationStatus {
  std::int64_t version = 0;        // of the database; 0 when empty
  std::int64_t known_version = 0;  // of this binary
  std::vector<MigrationStep> steps;
};
BOOST_DESCRIBE_STRUCT(MigrationStatus, (), (version, known_version, steps))

// Applies every step that is missing, each in a transaction of its own. failed_precondition when the database is newer than this binary
// ("schema_too_new") or holds a step that was changed since ("migration_changed"). Returns the number of steps applied.
Result<int> migrate_up(Database& database);

// Takes back the last `steps` steps. Returns how many there were to take back.
Result<int> migrate_down(Database& database, int steps);

Result<MigrationStatus> migration_status(Database& database);

// The statements of a migration file: split at `;` outside of quotes, without comments.
std::vector<std::string> split_statements(std::string_view sql);

}  // namespace bridge
