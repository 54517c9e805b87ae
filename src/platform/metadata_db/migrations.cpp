#include "platform/metadata_db/migrations.h"

#include <charconv>

#include "base/text.h"
#include "platform/metadata_db/limits.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {

namespace {

// A line of a step's file that begins so names tables whose rows the step drops, and why.
constexpr std::string_view kDropsRows = "-- drops rows:";

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

// The lines of `text`, each with its end.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// FNV-1a: tells an edited file, and guards against no attacker. What a step says of dropped rows is no part of what was applied, so that
// it can be said of a step that was released without it.
std::string checksum_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::string_view line : lines_of(text)) {
    if (line.starts_with(kDropsRows)) continue;
    for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(hash >> (56 - 8 * i));
  return encode_hex(bytes);
}

// "0001_core.up.sql" and "0001_core.down.sql" → one migration; in order, because the files are sorted by name.
std::vector<Migration> known_migrations(std::span<const EmbeddedFile> files) {
  std::map<std::int64_t, Migration> found;
  for (const EmbeddedFile& file : files) {
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

std::unexpected<Error> bad_step(std::string message) {
  return fail(ErrorCode::failed_precondition, "migration_failed", std::move(message));
}

// The tables whose rows the step says it drops, with its reasons.
Result<std::map<std::string, std::string>> declared_drops(std::string_view sql) {
  std::map<std::string, std::string> drops;
  for (std::string_view line : lines_of(sql)) {
    if (!line.starts_with(kDropsRows)) continue;
    line.remove_prefix(kDropsRows.size());
    const std::size_t colon = line.find(':');
    const std::string_view because = colon == std::string_view::npos ? std::string_view() : trim(line.substr(colon + 1));
    if (because.empty()) return bad_step(str("'", kDropsRows, trim(line), "' lacks its reason: write '", kDropsRows, " table: reason'"));
    for (const std::string& table : split(line.substr(0, colon), ',')) drops[std::string(trim(table))] = because;
  }
  return drops;
}

// What would end the transaction in the middle, or is ignored inside one.
bool is_forbidden(std::string_view statement) {
  static constexpr std::array<std::string_view, 10> kForbidden{"begin",   "commit", "end",    "rollback", "savepoint",
                                                               "release", "pragma", "attach", "detach",   "vacuum"};
  const std::string word = lower(statement.substr(0, std::min(statement.find_first_of(" \t\r\n"), statement.size())));
  return std::ranges::find(kForbidden, word) != kForbidden.end();
}

// The first line of a statement, as far as an error shows it.
std::string shown(std::string_view statement) {
  const std::string_view line = statement.substr(0, statement.find('\n'));
  std::string text = to_valid_utf8(std::string(line.substr(0, kStatementShownMax)));
  if (text.size() < statement.size()) text += "…";
  return text;
}

Result<> apply(Transaction& transaction, std::string_view sql) {
  for (const std::string& statement : split_statements(sql)) {
    if (is_forbidden(statement)) {
      return bad_step(str("'", shown(statement),
                          "' has no place in a step: each runs in one transaction, with foreign keys at rest, without saying so"));
    }
    auto done = transaction.execute(statement, {});
    if (done) continue;
    Error error = std::move(done).error();
    error.message = str("at '", shown(statement), "': ", error.message);
    return fail(std::move(error));
  }
  return {};
}

using RowCounts = std::map<std::string, std::int64_t>;

// In one statement: a start applies several steps, and each asks.
Result<RowCounts> count_rows(Transaction& transaction) {
  std::vector<std::string> counts;
  for (const std::string& table : TRY(transaction.list_tables())) {
    if (table != "schema_migrations") counts.push_back(str("SELECT '", table, "', COUNT(*) FROM \"", table, '"'));
  }
  RowCounts rows;
  if (counts.empty()) return rows;
  for (const DbRow& row : TRY(transaction.query(join(counts, " UNION ALL "), {})))
    rows[std::get<std::string>(row.values.at(0))] = std::get<std::int64_t>(row.values.at(1));
  return rows;
}

std::string rows_text(std::int64_t rows) { return str(rows, rows == 1 ? " row" : " rows"); }

// What became of every table; an error when rows are gone of which the step says nothing.
Result<> compare_rows(const RowCounts& before, const RowCounts& after, const std::map<std::string, std::string>& drops, MigrationRun& run) {
  std::vector<std::string> lost;
  for (const auto& [table, rows] : before) {
    const auto now = after.find(table);
    const std::int64_t left = now == after.end() ? 0 : now->second;
    if (now != after.end()) run.kept.push_back({.table = table, .rows = std::min(rows, left)});
    if (now != after.end() && left >= rows) continue;
    const auto declared = drops.find(table);
    if (declared != drops.end()) run.dropped.push_back({.table = table, .rows = rows - left, .because = declared->second});
    else if (now == after.end()) lost.push_back(str(table, " is gone with ", rows_text(rows)));
    else lost.push_back(str(table, " has ", rows_text(left), " of ", rows));
  }
  for (const auto& [table, rows] : after) {
    if (!before.contains(table)) run.made.push_back({.table = table, .rows = rows});
  }
  for (const auto& [table, because] : drops) {
    if (!before.contains(table)) return bad_step(str("it says that it drops rows of ", table, ", which there is not"));
  }
  if (lost.empty()) return {};
  return fail(ErrorCode::failed_precondition, "migration_loses_rows",
              str("it loses rows: ", join(lost, "; "), ". Copy them before the table is dropped, or say in the file that they go: '",
                  kDropsRows, " table: reason'"));
}

enum class Direction { up, down };

// Runs a step's file and says what became of the rows. `rows`: of all tables before it, afterwards those after it.
Result<MigrationRun> run_step(Transaction& transaction, const Migration& step, Direction direction, RowCounts& rows) {
  MigrationRun run{.version = step.version, .name = step.name};
  const std::string_view sql = direction == Direction::up ? step.up : step.down;
  const auto drops = TRY(declared_drops(sql));
  const RowCounts before = std::move(rows);
  TRY(apply(transaction, sql));
  rows = TRY(count_rows(transaction));
  TRY(compare_rows(before, rows, drops, run));
  return run;
}

// The failure of a step, with what it means for the database. What the engine itself refused is told to the operator, who alone reads this:
// a step binds no values.
std::unexpected<Error> step_failed(Error error, const Migration& step, Direction direction) {
  const bool refused = error.code == ErrorCode::internal || error.code == ErrorCode::already_exists;
  error.message = str("Step ", step.version, " ", step.name, direction == Direction::up ? "" : ", taken back,",
                      " failed, and nothing of it was kept: ", error.message);
  if (refused) {
    if (!error.detail.empty()) error.message += str(" (", error.detail.substr(0, kEngineTextShownMax), ")");
    error.code = ErrorCode::failed_precondition;
  }
  if (error.reason.empty()) error.reason = "migration_failed";
  return fail(std::move(error));
}

Result<> record_step(Transaction& transaction, const Migration& step, Direction direction) {
  if (direction == Direction::up) {
    return insert_row(
        transaction, "schema_migrations",
        AppliedMigration{
            .version = step.version, .name = step.name, .checksum = checksum_of(step.up), .applied_at = make_system_clock()->now()});
  }
  TRY(transaction.execute("DELETE FROM schema_migrations WHERE version = :p1", {step.version}));
  return {};
}

// A step that is to be taken, and whether it is the first of an empty database.
struct NextStep {
  Migration step;
  bool first = false;
};

// The step that comes next in the direction; none when there is none.
Result<std::optional<NextStep>> next_step(Transaction& transaction, const std::vector<Migration>& known, Direction direction) {
  const auto applied = TRY(applied_migrations(transaction));
  TRY(check_history(applied, known));
  if (direction == Direction::up) {
    if (applied.size() >= known.size()) return std::nullopt;
    return NextStep{.step = known[applied.size()], .first = applied.empty()};
  }
  if (applied.empty()) return std::nullopt;
  return NextStep{.step = known[applied.size() - 1]};
}

// Each step is a transaction of its own, so that what was reached is kept; in a database without rows there is nothing to keep, and all are
// one, so that the first start waits for the disk once.
Result<std::vector<MigrationRun>> migrate(Database& database, std::span<const EmbeddedFile> files, Direction direction,
                                          std::size_t steps_max) {
  const std::vector<Migration> known = known_migrations(files);
  std::vector<MigrationRun> runs;
  while (runs.size() < steps_max) {
    // Asked before, so that a start with nothing to do checks no foreign keys; and again inside, where nobody else can take the step.
    const auto expected = TRY(transact_value<std::optional<NextStep>>(
        database, {}, [&](Transaction& transaction) { return next_step(transaction, known, direction); }));
    if (!expected) break;
    Migration current = expected->step;
    std::vector<MigrationRun> done;
    const auto outcome = database.change_schema({}, [&](Transaction& transaction) -> Result<> {
      done.clear();
      RowCounts rows = TRY(count_rows(transaction));
      for (;;) {
        const auto next = TRY(next_step(transaction, known, direction));
        // Another one may have taken it meanwhile.
        if (!next || (done.empty() && next->step.version != expected->step.version)) return {};
        current = next->step;
        done.push_back(TRY(run_step(transaction, current, direction, rows)));
        TRY(record_step(transaction, current, direction));
        if (!expected->first || runs.size() + done.size() >= steps_max) return {};
      }
    });
    if (!outcome) return step_failed(outcome.error(), current, direction);
    std::ranges::move(done, std::back_inserter(runs));
  }
  return runs;
}

}  // namespace

std::string to_line(const MigrationRun& run) {
  std::int64_t kept = 0;
  std::vector<std::string> tables, made, dropped;
  for (const TableRows& each : run.kept) {
    kept += each.rows;
    if (each.rows > 0) tables.push_back(str(each.table, ' ', each.rows));
  }
  for (const TableRows& each : run.made) made.push_back(each.rows == 0 ? each.table : str(each.table, " (", rows_text(each.rows), ")"));
  for (const DroppedRows& each : run.dropped) dropped.push_back(str(each.table, " (", rows_text(each.rows), ": ", each.because, ")"));
  std::string line = str(run.version, ' ', run.name, ": kept ", rows_text(kept));
  if (!tables.empty()) line += str(" (", join(tables, ", "), ")");
  if (!made.empty()) line += str("; made ", join(made, ", "));
  if (!dropped.empty()) line += str("; dropped ", join(dropped, ", "));
  return line;
}

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

Result<std::vector<MigrationRun>> migrate_up(Database& database, std::span<const EmbeddedFile> files) {
  return migrate(database, files, Direction::up, kMigrationStepsMax);
}

Result<std::vector<MigrationRun>> migrate_down(Database& database, int steps, std::span<const EmbeddedFile> files) {
  return migrate(database, files, Direction::down, static_cast<std::size_t>(std::max(steps, 0)));
}

Result<MigrationStatus> migration_status(Database& database) {
  const std::vector<Migration> known = known_migrations(embedded_migrations());
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
