#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/embedded_file.h"
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

struct TableRows {
  std::string table;
  std::int64_t rows = 0;
};
BOOST_DESCRIBE_STRUCT(TableRows, (), (table, rows))

struct DroppedRows {
  std::string table;
  std::int64_t rows = 0;
  std::string because;  // what the step's file says
};
BOOST_DESCRIBE_STRUCT(DroppedRows, (), (table, rows, because))

// What one step did. Tables are sorted by name, the empty ones among them.
struct MigrationRun {
  std::int64_t version = 0;
  std::string name;
  std::vector<TableRows> kept;  // that were there before and are there now
  std::vector<TableRows> made;
  std::vector<DroppedRows> dropped;
};
BOOST_DESCRIBE_STRUCT(MigrationRun, (), (version, name, kept, made, dropped))

// "2 model_calls: kept 12 rows (teams 3, users 9); made tool_cache_entries; dropped model_calls (1 row: never written to)"
std::string to_line(const MigrationRun& run);

// The steps that are built into this binary: "0001_core.up.sql" and "0001_core.down.sql" are one.
std::span<const EmbeddedFile> embedded_migrations();

// Applies every step that is missing, each in a transaction of its own; a step that fails leaves those before it applied. Rows cannot be
// lost by mistake: failed_precondition, and nothing of the step is kept, when a table has fewer rows than before, or is gone, without a
// line
// `-- drops rows: table, table: reason` in the step's file ("migration_loses_rows"); when a foreign key leads nowhere
// ("foreign_keys_broken"); when the engine refuses a statement, or the file holds one that a step may not have ("migration_failed").
// failed_precondition also when the database is newer than this binary ("schema_too_new") or holds a step that was changed since
// ("migration_changed").
Result<std::vector<MigrationRun>> migrate_up(Database& database, std::span<const EmbeddedFile> files = embedded_migrations());

// Takes back the last `steps` steps, or as many as there are, the newest first; under the same conditions.
Result<std::vector<MigrationRun>> migrate_down(Database& database, int steps, std::span<const EmbeddedFile> files = embedded_migrations());

Result<MigrationStatus> migration_status(Database& database);

// The statements of a migration file: split at `;` outside of quotes, without comments.
std::vector<std::string> split_statements(std::string_view sql);

}  // namespace bridge
