#include "platform/metadata_db/migrations.h"

#include <charconv>

#include "base/embedded_file.h"
#include "base/text.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {

std::span<const EmbeddedFile> embedded_migrations();

namespace {

struct Migration {
  std::int64_t version = 0;
  std::string name;
  std::string_view up;
  std::string_view down;
};

struct AppliedMigration {
  std::int64_t version = 0;
  std::string name;
  std::string checksum;
  Time applied_at;
};
BOOST_DESCRIBE_STRUCT(AppliedMigration, (), (version, name, checksum, applied_at))

// FNV-1a: tells an edited file, and guards against no attacker.
std::string checksum_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(hash >> (56 - 8 * i));
  return encode_hex(bytes);
}

// "0001_core.up.sql" and "0001_core.down.sql" → one migration; in order, because the files are sorted by name.
std::vector<Migration> known_migrations() {
  std::map<std::int64_t, Migration> found;
  for (const EmbeddedFile& file : embedded_migrations()) {
    const std::size_t underscore = file.name.find('_');
    const bool up = file.name.ends_with(".up.sql");
    if (underscore == std::string_view::npos || (!up && !file.name.ends_with(".down.sql"))) continue;
    std::int64_t version = 0;
    std::from_chars(file.name.data(), file.name.data() + underscore, version);
    Migration& migration = found[version];
    migration.version = version;
    migration.name = file.name.substr(underscore + 1, file.name.find('.') - underscore - 1);
    (up ? migration.up : migration.down) = file.bytes;
  }
  std::vector<Migration> out;
  for (auto& [version, migration] : found) out.push_back(std::move(migration));
  return out;
}

Result<std::vector<AppliedMigration>> applied_migrations(Transaction& transaction) {
  TRY(
      transaction.execute("CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum "
                          "TEXT NOT NULL, applied_at BIGINT NOT NULL)",
                          {}));
  const auto rows = TRY(transaction.query(str("SELECT ", select_list<AppliedMigration>(), " FROM schema_migrations ORDER BY version"), {}));
  return read_rows<AppliedMigration>(rows);
}

Result<> check_history(const std::vector<AppliedMigration>& applied, const std::vector<Migration>& known) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (i >= known.size() || applied[i].version != known[i].version) {
      return fail(ErrorCode::failed_precondition, "schema_too_new",
                  str("The database has schema version ", applied.back().version, ", and this binary knows ",
                      known.empty() ? 0 : known.back().version, ": run the newer bridge that made it"));
    }
    if (applied[i].checksum != checksum_of(known[i].up)) {
      return fail(ErrorCode::failed_precondition, "migration_changed",
                  str("Migration ", applied[i].version, "_", applied[i].name,
                      " is not the one that was applied to this database: a migration is never edited, add a new one"));
    }
  }
  return {};
}

Result<> apply(Transaction& transaction, std::string_view sql) {
  for (const std::string& statement : split_statements(sql)) TRY(transaction.execute(statement, {}));
  return {};
}

}  // namespace

std::vector<std::string> split_statements(std::string_view sql) {
  std::vector<std::string> out;
  std::string current;
  char quote = 0;
  const auto flush = [&] {
    if (const auto text = trim(current); !text.empty()) out.emplace_back(text);
    current.clear();
  };
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '-' && sql.substr(i, 2) == "--") {
      i = std::min(sql.find('\n', i), sql.size());
      current += '\n';
      continue;
    } else if (c == ';') {
      flush();
      continue;
    }
    current += c;
  }
  flush();
  return out;
}

Result<int> migrate_up(Database& database) {
  const std::vector<Migration> known = known_migrations();
  int count = 0;
  for (bool more = true; more;) {
    TRY(database.transact({}, [&](Transaction& transaction) -> Result<> {
      const auto applied = TRY(applied_migrations(transaction));
      TRY(check_history(applied, known));
      more = applied.size() < known.size();
      if (!more) return {};
      const Migration& next = known[applied.size()];
      TRY(apply(transaction, next.up));
      const AppliedMigration row{
          .version = next.version, .name = next.name, .checksum = checksum_of(next.up), .applied_at = make_system_clock()->now()};
      TRY(insert_row(transaction, "schema_migrations", row));
      ++count;
      return {};
    }));
  }
  return count;
}

Result<int> migrate_down(Database& database, int steps) {
  const std::vector<Migration> known = known_migrations();
  int count = 0;
  for (; count < steps; ++count) {
    bool done = false;
    TRY(database.transact({}, [&](Transaction& transaction) -> Result<> {
      const auto applied = TRY(applied_migrations(transaction));
      TRY(check_history(applied, known));
      done = applied.empty();
      if (done) return {};
      TRY(apply(transaction, known[applied.size() - 1].down));
      TRY(transaction.execute("DELETE FROM schema_migrations WHERE version = :p1", {applied.back().version}));
      return {};
    }));
    if (done) break;
  }
  return count;
}

Result<MigrationStatus> migration_status(Database& database) {
  const std::vector<Migration> known = known_migrations();
  MigrationStatus status;
  TRY(database.transact({}, [&](Transaction& transaction) -> Result<> {
    const auto applied = TRY(applied_migrations(transaction));
    for (const Migration& migration : known) {
      MigrationStep step{.version = migration.version, .name = migration.name};
      for (const AppliedMigration& row : applied) {
        if (row.version != migration.version) continue;
        step.applied_at = row.applied_at;
        step.changed = row.checksum != checksum_of(migration.up);
      }
      status.steps.push_back(std::move(step));
    }
    for (const AppliedMigration& row : applied) {
      if (row.version > (known.empty() ? 0 : known.back().version))
        status.steps.push_back({.version = row.version, .name = row.name, .applied_at = row.applied_at});
    }
    status.version = applied.empty() ? 0 : applied.back().version;
    status.known_version = known.empty() ? 0 : known.back().version;
    return {};
  }));
  return status;
}

}  // namespace bridge
