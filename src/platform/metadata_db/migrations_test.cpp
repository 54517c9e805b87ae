#include "platform/metadata_db/migrations.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/text.h"
#include "platform/metadata_db/row_mapper.h"
#include "platform/metadata_db/testing/generated_rows.h"

namespace bridge {
namespace {

using Lines = std::set<std::string>;

std::shared_ptr<Database> memory_database() { return *open_sqlite(":memory:"); }

std::string message_of(const auto& result) {
  return result ? std::string() : str(result.error().reason, ": ", result.error().message, " [", result.error().detail, "]");
}

Result<> run(Database& database, std::string_view sql) {
  return database.transact({}, [&](Transaction& transaction) -> Result<> {
    for (const std::string& statement : split_statements(sql)) TRY(transaction.execute(statement, {}));
    return {};
  });
}

std::string to_text(const DbRow& row) {
  std::string text;
  for (const DbValue& value : row.values) {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) text += str(*whole, '|');
    else if (const auto* real = std::get_if<double>(&value)) text += str(*real, '|');
    else if (const auto* words = std::get_if<std::string>(&value)) text += str(*words, '|');
    else text += "null|";
  }
  return text;
}

Lines lines(Database& database, const std::string& sql) {
  const auto rows = read_value<std::vector<DbRow>>(database, {}, [&](Transaction& transaction) { return transaction.query(sql, {}); });
  EXPECT_TRUE(rows.has_value()) << sql << message_of(rows);
  Lines out;
  if (rows) {
    for (const DbRow& row : *rows) out.insert(to_text(row));
  }
  return out;
}

std::string first_line(Database& database, const std::string& sql) {
  const Lines found = lines(database, sql);
  return found.empty() ? std::string() : *found.begin();
}

std::vector<std::string> tables_of(Database& database) {
  auto tables = *read_value<std::vector<std::string>>(database, {}, [](Transaction& transaction) { return transaction.list_tables(); });
  std::erase(tables, "schema_migrations");
  return tables;
}

std::int64_t count(Database& database, const std::string& table) {
  return *read_value<std::int64_t>(database, {}, [&](Transaction& transaction) -> Result<std::int64_t> {
    return read_count(TRY(transaction.query("SELECT COUNT(*) FROM " + table, {})));
  });
}

bool foreign_keys_guard(Database& database) { return lines(database, "PRAGMA foreign_keys") == Lines{"1|"}; }

// Everything that is in the database: the text of its schema, and every row.
std::map<std::string, Lines> content_of(Database& database) {
  std::map<std::string, Lines> content{{"schema", lines(database, "SELECT type, name, sql FROM sqlite_schema")}};
  for (const std::string& table : tables_of(database)) content[table] = lines(database, "SELECT * FROM " + table);
  content["schema_migrations"] = lines(database, "SELECT * FROM schema_migrations");
  return content;
}

// The primary keys of every table.
std::map<std::string, Lines> keys_of(Database& database) {
  std::map<std::string, Lines> keys;
  for (const std::string& table : tables_of(database)) {
    const std::string columns =
        first_line(database, "SELECT GROUP_CONCAT('\"' || name || '\"') FROM pragma_table_info('" + table + "') WHERE pk > 0");
    keys[table] = lines(database, "SELECT " + columns.substr(0, columns.size() - 1) + " FROM " + table);
  }
  return keys;
}

// The CHECKs of a table's text, without spaces and quotes of names.
void add_checks(const std::string& table, const std::string& sql, Lines& out) {
  for (std::size_t at = sql.find("CHECK"); at != std::string::npos; at = sql.find("CHECK", at + 1)) {
    std::string check;
    int depth = 0;
    for (std::size_t i = at; i < sql.size(); ++i) {
      if (sql[i] == '(') ++depth;
      if (sql[i] != ' ' && sql[i] != '\n' && sql[i] != '"') check += sql[i];
      if (sql[i] == ')' && --depth == 0) break;
    }
    out.insert(table + " " + check);
  }
}

// What the schema means, whatever the order of columns and the text it was made by.
Lines meaning_of_schema(Database& database) {
  Lines out =
      lines(database,
            "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'");
  out.merge(
      lines(database,
            "SELECT m.name, 'key', f.\"from\", f.\"table\", f.\"to\", f.on_delete FROM sqlite_schema m, pragma_foreign_key_list(m.name) f "
            "WHERE m.type = 'table'"));
  out.merge(lines(database,
                  "SELECT m.name, 'index', i.\"unique\", i.partial, (SELECT GROUP_CONCAT(name) FROM pragma_index_info(i.name)) FROM "
                  "sqlite_schema m, pragma_index_list(m.name) i WHERE m.type = 'table'"));
  for (const std::string& table : tables_of(database))
    add_checks(table, first_line(database, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '" + table + "'"), out);
  return out;
}

std::size_t step_count() { return embedded_migrations().size() / 2; }
// The files are sorted: each step's two follow each other.
std::span<const EmbeddedFile> first_steps(std::size_t count) { return embedded_migrations().first(2 * count); }

// The built-in steps and one more.
struct OneMoreStep {
  explicit OneMoreStep(std::string sql, std::string back = "") : up(std::move(sql)), down(std::move(back)) {
    files.push_back({.name = "9000_one_more.down.sql", .bytes = down});
    files.push_back({.name = "9000_one_more.up.sql", .bytes = up});
  }
  OneMoreStep(const OneMoreStep&) = delete;

  std::string up;
  std::string down;
  std::vector<EmbeddedFile> files{embedded_migrations().begin(), embedded_migrations().end()};
};

std::shared_ptr<Database> database_with_rows() {
  auto database = memory_database();
  EXPECT_TRUE(migrate_up(*database));
  const auto filled = RowGenerator().fill(*database, 1, 3);
  EXPECT_TRUE(filled.has_value()) << message_of(filled);
  return database;
}

void expect_rows_kept(Database& database, const std::map<std::string, Lines>& before, const std::vector<MigrationRun>& runs) {
  ASSERT_EQ(runs.size(), 1u);
  Lines dropped;
  for (const DroppedRows& each : runs.front().dropped) dropped.insert(each.table);
  const auto after = keys_of(database);
  for (const auto& [table, keys] : before) {
    if (dropped.contains(table)) continue;
    ASSERT_TRUE(after.contains(table)) << to_line(runs.front());
    EXPECT_TRUE(std::ranges::includes(after.at(table), keys)) << table << ", " << to_line(runs.front());
  }
}

// A new migration is tested here because it is there.
TEST(Migrations, EveryStepUpAndDownKeepsTheRowsOfEveryTable) {
  ASSERT_GE(step_count(), 1u);
  for (std::size_t step = 0; step < step_count(); ++step) {
    SCOPED_TRACE(embedded_migrations()[2 * step + 1].name);
    const auto database = memory_database();
    ASSERT_TRUE(migrate_up(*database, first_steps(step)));
    RowGenerator generator;
    auto filled = generator.fill(*database, 1, 3);
    ASSERT_TRUE(filled.has_value()) << message_of(filled);
    const auto keys_before = keys_of(*database);
    const Lines schema_before = meaning_of_schema(*database);

    const auto up = migrate_up(*database, first_steps(step + 1));
    ASSERT_TRUE(up.has_value()) << message_of(up);
    expect_rows_kept(*database, keys_before, *up);
    EXPECT_TRUE(foreign_keys_guard(*database));
    const Lines schema_after = meaning_of_schema(*database);

    filled = generator.fill(*database, 101, 3);
    ASSERT_TRUE(filled.has_value()) << message_of(filled);
    for (const std::string& table : tables_of(*database)) EXPECT_GE(count(*database, table), 3) << table;
    const auto keys_after = keys_of(*database);
    const auto down = migrate_down(*database, 1, first_steps(step + 1));
    ASSERT_TRUE(down.has_value()) << message_of(down);
    expect_rows_kept(*database, keys_after, *down);
    EXPECT_TRUE(foreign_keys_guard(*database));
    if (step > 0) {
      EXPECT_EQ(meaning_of_schema(*database), schema_before);
    }

    const auto again = migrate_up(*database, first_steps(step + 1));
    ASSERT_TRUE(again.has_value()) << message_of(again);
    EXPECT_EQ(meaning_of_schema(*database), schema_after);
  }
}

TEST(Migrations, GoUpAndDownAndUpAgainWithRows) {
  const auto database = memory_database();
  RowGenerator generator;
  for (std::size_t step = 1; step <= step_count(); ++step) {
    const auto up = migrate_up(*database, first_steps(step));
    ASSERT_TRUE(up.has_value()) << message_of(up);
    EXPECT_EQ(up->size(), 1u);
    const auto filled = generator.fill(*database, static_cast<std::int64_t>(step * 100), 3);
    ASSERT_TRUE(filled.has_value()) << message_of(filled);
  }
  EXPECT_TRUE(migrate_up(*database)->empty());
  const auto status = migration_status(*database);
  EXPECT_EQ(status->version, status->known_version);
  EXPECT_FALSE(status->steps.front().changed);
  const auto down = migrate_down(*database, 1'000);
  ASSERT_TRUE(down.has_value()) << message_of(down);
  EXPECT_EQ(down->size(), step_count());
  EXPECT_EQ(down->front().version, status->version);
  EXPECT_TRUE(tables_of(*database).empty());
  EXPECT_EQ(migrate_up(*database)->size(), step_count());
}

TEST(Migrations, RefuseASchemaThatIsNewerOrChanged) {
  const auto database = memory_database();
  ASSERT_TRUE(migrate_up(*database).has_value());
  ASSERT_TRUE(run(*database, "INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)"));
  const auto newer = migrate_up(*database);
  ASSERT_FALSE(newer.has_value());
  EXPECT_EQ(newer.error().reason, "schema_too_new");
  EXPECT_NE(newer.error().message.find("9999"), std::string::npos);
  ASSERT_TRUE(run(*database, "DELETE FROM schema_migrations WHERE version = 9999"));
  ASSERT_TRUE(run(*database, "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1"));
  EXPECT_EQ(migrate_up(*database).error().reason, "migration_changed");
}

TEST(Migrations, MaySayLaterThatAReleasedStepDropsRows) {
  const auto database = memory_database();
  const OneMoreStep released("-- A table.\nCREATE TABLE one (id TEXT);\n");
  ASSERT_TRUE(migrate_up(*database, released.files));
  const OneMoreStep said("-- A table.\n-- drops rows: teams: nobody wrote to it\nCREATE TABLE one (id TEXT);\n");
  EXPECT_TRUE(migrate_up(*database, said.files));
  const OneMoreStep changed("-- Another table.\nCREATE TABLE one (id TEXT);\n");
  EXPECT_EQ(migrate_up(*database, changed.files).error().reason, "migration_changed");
}

TEST(Migrations, IndexEveryForeignKey) {
  const auto database = memory_database();
  ASSERT_TRUE(migrate_up(*database).has_value());
  for (const std::string& missing :
       lines(*database,
             "SELECT m.name, f.\"from\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND NOT EXISTS ("
             "SELECT 1 FROM pragma_index_list(m.name) i, pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = f.\"from\")"))
    ADD_FAILURE() << missing;
}

TEST(Migrations, SplitStatementsOutsideOfQuotesAndComments) {
  EXPECT_EQ(split_statements("-- a; b\nSELECT ';' ; \n SELECT \"x;\" -- c\n; ;"),
            (std::vector<std::string>{"SELECT ';'", "SELECT \"x;\""}));
}

// The statements that replace a table by a new one with the same columns, keys and indexes.
std::string rebuild(Database& database, const std::string& table, const std::string& which_rows = "") {
  std::string sql = first_line(database, "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '" + table + "'");
  sql = str("CREATE TABLE ", table, "_new ", sql.substr(sql.find('('), sql.rfind('|') - sql.find('(')), ";\n");
  sql += str("INSERT INTO ", table, "_new SELECT * FROM ", table, which_rows, ";\nDROP TABLE ", table, ";\n");
  sql += str("ALTER TABLE ", table, "_new RENAME TO ", table, ";\n");
  for (const std::string& index :
       lines(database, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = '" + table + "'"))
    sql += index.substr(0, index.size() - 1) + ";\n";
  return sql;
}

TEST(Migrations, ARebuildOfAnyTableKeepsItsRowsAndThoseThatReferToThem) {
  const std::vector<std::string> tables = tables_of(*database_with_rows());
  ASSERT_NE(std::ranges::find(tables, "connections"), tables.end());
  for (const std::string& table : tables) {
    SCOPED_TRACE(table);
    const auto database = database_with_rows();
    const OneMoreStep step(rebuild(*database, table), rebuild(*database, table));
    const auto keys = keys_of(*database);
    const Lines schema = meaning_of_schema(*database);
    const auto up = migrate_up(*database, step.files);
    ASSERT_TRUE(up.has_value()) << message_of(up);
    EXPECT_EQ(keys_of(*database), keys);
    EXPECT_EQ(meaning_of_schema(*database), schema);
    const auto down = migrate_down(*database, 1, step.files);
    ASSERT_TRUE(down.has_value()) << message_of(down);
    EXPECT_EQ(keys_of(*database), keys);
    EXPECT_TRUE(foreign_keys_guard(*database));
  }
}

TEST(Migrations, AReplacedTableGuardsItsChildrenAsBefore) {
  const auto database = database_with_rows();
  const OneMoreStep step(rebuild(*database, "connections"));
  ASSERT_TRUE(migrate_up(*database, step.files));
  EXPECT_EQ(run(*database, "UPDATE datasets SET connection_id = 'none'").error().code, ErrorCode::failed_precondition);
  ASSERT_TRUE(run(*database, "DELETE FROM connections"));
  EXPECT_EQ(count(*database, "datasets"), 0);
  EXPECT_EQ(count(*database, "tables"), 0);
}

struct Careless {
  const char* name;
  std::string sql;
  const char* reason;
  const char* says;
};

TEST(Migrations, RefuseAStepThatLosesRowsAndChangeNothing) {
  const auto sample = database_with_rows();
  const std::string half = rebuild(*sample, "connections", " LIMIT 1");
  const std::vector<Careless> steps{
      {"copies a part", half, "migration_loses_rows", "connections has 1 row of 3"},
      {"copies a part of a table that nothing refers to", rebuild(*sample, "model_calls", " LIMIT 2"), "migration_loses_rows",
       "model_calls has 2 rows of 3"},
      {"deletes", "DELETE FROM audit_events", "migration_loses_rows", "audit_events has 0 rows of 3"},
      {"drops", "DROP TABLE audit_events", "migration_loses_rows", "audit_events is gone with 3 rows"},
      {"forgets who refers to what it drops", "-- drops rows: connections: they are old\n" + half, "foreign_keys_broken",
       "2 rows of datasets refer by connection_id to a row of connections that is not there"},
      {"renames the old table instead of the new",
       "ALTER TABLE connections RENAME TO connections_old;\nCREATE TABLE connections (id TEXT PRIMARY KEY);\n"
       "INSERT INTO connections SELECT id FROM connections_old;\nDROP TABLE connections_old;",
       "foreign_keys_broken", "datasets.connection_id refers to the table connections_old, which is not there"},
      {"names a parent that is not unique any more",
       "CREATE TABLE new (id TEXT);\nINSERT INTO new SELECT id FROM connections;\nDROP TABLE connections;\n"
       "ALTER TABLE new RENAME TO connections",
       "migration_failed", "foreign key mismatch"},
      {"gives no reason", "-- drops rows: audit_events\nDELETE FROM audit_events", "migration_failed", "lacks its reason"},
      {"names a table that is not there", "-- drops rows: audit: old\nDELETE FROM audit_events", "migration_failed",
       "audit, which there is not"},
      {"ends the transaction", "DELETE FROM audit_events;\nCOMMIT", "migration_failed", "'COMMIT' has no place in a step"},
      {"switches foreign keys on", "pragma foreign_keys=ON;\nDROP TABLE teams", "migration_failed", "has no place"},
      {"breaks a CHECK", "UPDATE connections SET status = 'odd'", "migration_failed", "CHECK constraint failed"},
      {"is not SQL", "SELEC 1", "migration_failed", "at 'SELEC 1'"},
  };
  for (const Careless& careless : steps) {
    SCOPED_TRACE(careless.name);
    const auto database = database_with_rows();
    const OneMoreStep up(careless.sql);
    auto before = content_of(*database);
    auto outcome = migrate_up(*database, up.files);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().reason, careless.reason) << message_of(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::failed_precondition);
    EXPECT_NE(outcome.error().message.find(careless.says), std::string::npos) << outcome.error().message;
    EXPECT_TRUE(outcome.error().message.starts_with("Step 9000 one_more failed, and nothing of it was kept: ")) << outcome.error().message;
    EXPECT_EQ(content_of(*database), before);
    EXPECT_TRUE(foreign_keys_guard(*database));

    const OneMoreStep down("CREATE TABLE one_more (id TEXT PRIMARY KEY)", careless.sql);
    ASSERT_TRUE(migrate_up(*database, down.files));
    before = content_of(*database);
    outcome = migrate_down(*database, 1, down.files);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().reason, careless.reason) << message_of(outcome);
    EXPECT_EQ(content_of(*database), before);
    EXPECT_TRUE(foreign_keys_guard(*database));
  }
}

TEST(Migrations, RefuseToDropAnEmptyTableWithoutAWord) {
  const auto database = memory_database();
  ASSERT_TRUE(migrate_up(*database));
  const OneMoreStep step("DROP TABLE audit_events");
  EXPECT_EQ(migrate_up(*database, step.files).error().reason, "migration_loses_rows");
  const OneMoreStep old_name("ALTER TABLE teams RENAME TO teams_old;\nCREATE TABLE teams (id TEXT PRIMARY KEY);\nDROP TABLE teams_old");
  EXPECT_EQ(migrate_up(*database, old_name.files).error().reason, "foreign_keys_broken");
}

TEST(Migrations, SayInOneLineWhatBecameOfTheRows) {
  const auto database = memory_database();
  ASSERT_TRUE(migrate_up(*database));
  ASSERT_TRUE(run(*database,
                  "INSERT INTO teams (id, name, slug, created_at, updated_at) VALUES ('a', 'a', 'a', 0, 0), ('b', 'b', 'b', 0, 0);"
                  "INSERT INTO audit_events (id, actor, action, target, outcome, created_at) VALUES ('1', '', '', '', '', 0)"));
  const OneMoreStep step("-- drops rows: audit_events: the log is kept elsewhere\nDROP TABLE audit_events;\nCREATE TABLE notes (id TEXT)");
  const auto up = migrate_up(*database, step.files);
  ASSERT_TRUE(up.has_value()) << message_of(up);
  EXPECT_EQ(to_line(up->front()),
            "9000 one_more: kept 2 rows (teams 2); made notes; dropped audit_events (1 row: the log is kept elsewhere)");
}

// Hands out transactions whose statement number `at` ends in `crash`, and lets `before_change` run before the first change of the schema.
class CrashingDatabase final : public Database {
 public:
  CrashingDatabase(std::shared_ptr<Database> inner, int at, std::function<void()> crash)
      : inner_(std::move(inner)), left_(at), crash_(std::move(crash)) {}

  DatabaseKind kind() const override { return inner_->kind(); }
  Result<> transact(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    return inner_->transact(context, work);
  }
  Result<> read(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    return inner_->read(context, work);
  }
  Result<> ping(const CallContext& context) override { return inner_->ping(context); }
  Result<> change_schema(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    if (before_change) std::exchange(before_change, nullptr)();
    return inner_->change_schema(context, [&](Transaction& transaction) {
      Counted counted(transaction, *this);
      return work(counted);
    });
  }

  bool crashed() const { return left_ <= 0; }
  std::function<void()> before_change;

 private:
  class Counted final : public Transaction {
   public:
    Counted(Transaction& inner, CrashingDatabase& database) : inner_(inner), database_(database) {}
    Result<std::vector<DbRow>> query(std::string_view sql, const std::vector<DbValue>& values) override {
      return inner_.query(sql, values);
    }
    Result<std::int64_t> execute(std::string_view sql, const std::vector<DbValue>& values) override {
      if (--database_.left_ == 0) database_.crash_();
      return inner_.execute(sql, values);
    }
    Result<std::vector<std::string>> list_tables() override { return inner_.list_tables(); }

   private:
    Transaction& inner_;
    CrashingDatabase& database_;
  };

  std::shared_ptr<Database> inner_;
  int left_;
  std::function<void()> crash_;
};

TEST(Migrations, AThrowBetweenAnyTwoStatementsLeavesEverythingAsItWas) {
  const auto database = database_with_rows();
  const OneMoreStep step(rebuild(*database, "teams"));
  const auto before = content_of(*database);
  bool finished = false;
  int crashes = 0;
  for (int at = 1; !finished; ++at) {
    CrashingDatabase exception(database, at, [] { throw std::runtime_error("in the middle"); });
    const auto outcome = migrate_up(exception, step.files);
    finished = outcome.has_value();
    if (finished) break;
    EXPECT_TRUE(exception.crashed());
    EXPECT_EQ(content_of(*database), before);
    EXPECT_TRUE(foreign_keys_guard(*database));
    CrashingDatabase other(database, at, [] { throw 1; });  // NOLINT: what no handler of ours expects
    EXPECT_THROW((void)migrate_up(other, step.files), int);
    EXPECT_EQ(content_of(*database), before);
    EXPECT_TRUE(foreign_keys_guard(*database));
    ++crashes;
  }
  EXPECT_GE(crashes, 5);
}

struct Folder {
  std::string path = "/tmp/bridge_migrations_XXXXXX";
  Folder() { path = mkdtemp(path.data()); }
  Folder(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST(Migrations, AKillBetweenAnyTwoStatementsLeavesEverythingAsItWas) {
  const Folder folder;
  const std::string path = folder.path + "/bridge.db";
  std::map<std::string, Lines> before;
  std::string sql;
  {
    const auto database = *open_sqlite(path);
    ASSERT_TRUE(migrate_up(*database));
    ASSERT_TRUE(RowGenerator().fill(*database, 1, 3));
    sql = rebuild(*database, "teams");
    before = content_of(*database);
  }
  const OneMoreStep step(sql);
  bool killed = true;
  int kills = 0;
  for (int at = 1; killed; ++at) {
    const pid_t child = fork();
    if (child == 0) {
      CrashingDatabase database(*open_sqlite(path), at, [] { (void)kill(getpid(), SIGKILL); });
      _exit(migrate_up(database, step.files) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    killed = WIFSIGNALED(status);
    if (!killed) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
    EXPECT_EQ(content_of(**open_sqlite(path)), before);
  }
  EXPECT_GE(kills, 5);
}

TEST(Migrations, TwoThreadsThatMigrateAtOnceApplyEachStepOnce) {
  const auto database = memory_database();
  std::atomic<std::size_t> applied = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto runs = migrate_up(*database);
        EXPECT_TRUE(runs.has_value()) << message_of(runs);
        if (runs) applied += runs->size();
      });
    }
  }
  EXPECT_EQ(applied, step_count());
  EXPECT_EQ(count(*database, "schema_migrations"), static_cast<std::int64_t>(step_count()));
}

TEST(Migrations, AStepThatAnotherTookMeanwhileIsNotTakenAgain) {
  const auto database = memory_database();
  CrashingDatabase late(database, 1'000'000, [] {});
  late.before_change = [&] { EXPECT_EQ(migrate_up(*database)->size(), step_count()); };
  const auto runs = migrate_up(late);
  ASSERT_TRUE(runs.has_value()) << message_of(runs);
  EXPECT_TRUE(runs->empty());
}

TEST(Migrations, TwoProcessesThatMigrateAtOnceApplyEachStepOnce) {
  const Folder folder;
  const std::string path = folder.path + "/bridge.db";
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (int attempt = 0; attempt < 30; ++attempt) {
        const auto database = open_sqlite(path);  // refused while another process has it
        if (!database) continue;
        const auto runs = migrate_up(**database);
        _exit(runs ? static_cast<int>(runs->size()) : 100);
      }
      _exit(101);
    }
    children.push_back(child);
  }
  int applied = 0;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    applied += WEXITSTATUS(status);
  }
  EXPECT_EQ(applied, static_cast<int>(step_count()));
}

TEST(Migrations, SayWhichRowsToMendWhenForeignKeysWereBrokenBefore) {
  const Folder folder;
  const std::string path = folder.path + "/bridge.db";
  {
    const auto database = *open_sqlite(path);
    ASSERT_TRUE(migrate_up(*database, first_steps(step_count() - 1)));
    ASSERT_TRUE(RowGenerator().fill(*database, 1, 3));
  }
  sqlite3* raw = nullptr;  // somebody's editor, which does not guard foreign keys
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "DELETE FROM datasets WHERE id LIKE '%1'", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto database = *open_sqlite(path);
  const auto before = content_of(*database);
  const auto outcome = migrate_up(*database);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().reason, "foreign_keys_broken");
  EXPECT_NE(outcome.error().message.find("damaged before"), std::string::npos) << outcome.error().message;
  EXPECT_NE(outcome.error().message.find("Restore a backup, or mend"), std::string::npos) << outcome.error().message;
  ASSERT_EQ(outcome.error().violations.size(), 1u);
  EXPECT_EQ(outcome.error().violations[0].path, "tables.dataset_id");
  EXPECT_NE(outcome.error().violations[0].message.find("1 row of tables"), std::string::npos);
  EXPECT_EQ(content_of(*database), before);
  const std::string shown = outcome.error().violations[0].message;
  EXPECT_EQ(lines(*database, shown.substr(shown.find("SELECT"), shown.rfind(')') - shown.find("SELECT"))).size(), 1u);
  ASSERT_TRUE(run(*database, "DELETE FROM tables WHERE dataset_id NOT IN (SELECT id FROM datasets)"));
  EXPECT_TRUE(migrate_up(*database));
}

TEST(Migrations, ConnectionsMayHaveATypeThatNoTableListsAndTheWayBackIsRefusedWhileOneHas) {
  const auto database = memory_database();
  ASSERT_TRUE(migrate_up(*database, first_steps(3)));
  ASSERT_TRUE(RowGenerator().fill(*database, 1, 3));
  const std::string types = "SELECT id, connection_type FROM connections";
  const std::string other = "UPDATE connections SET connection_type = 'lakehouse' WHERE id LIKE '%1'";
  const Lines before = lines(*database, types);
  const auto content = content_of(*database);
  EXPECT_FALSE(run(*database, other));
  ASSERT_TRUE(migrate_up(*database, first_steps(4)));
  EXPECT_EQ(lines(*database, types), before);
  ASSERT_TRUE(migrate_down(*database, 1, first_steps(4)));
  EXPECT_EQ(lines(*database, types), before);
  EXPECT_EQ(lines(*database, "SELECT * FROM datasets"), content.at("datasets"));
  ASSERT_TRUE(migrate_up(*database, first_steps(4)));
  ASSERT_TRUE(run(*database, other));
  const auto kept = content_of(*database);
  const auto down = migrate_down(*database, 1, first_steps(4));
  ASSERT_FALSE(down.has_value());
  EXPECT_NE(down.error().message.find("CHECK constraint failed"), std::string::npos) << down.error().message;
  EXPECT_EQ(content_of(*database), kept);
}

TEST(Migrations, TheTypesOfTablesMoveOutOfTheirColumnsAndBack) {
  const auto database = memory_database();
  ASSERT_TRUE(migrate_up(*database, first_steps(4)));
  ASSERT_TRUE(RowGenerator().fill(*database, 1, 3));
  ASSERT_TRUE(run(*database, R"(UPDATE tables SET schema = '{"type":"table","columns":[{"name":"type"}]}')"));
  ASSERT_TRUE(run(*database, R"(UPDATE tables SET schema = '{"type":"view","columns":[{"name":"a"}]}' WHERE id LIKE '%1')"));
  ASSERT_TRUE(migrate_up(*database, first_steps(5)));
  const Lines types = lines(*database, "SELECT DISTINCT type, schema FROM tables");
  EXPECT_EQ(types, (Lines{R"(view|{"columns":[{"name":"a"}]}|)", R"(table|{"columns":[{"name":"type"}]}|)"}));
  ASSERT_TRUE(migrate_down(*database, 1, first_steps(5)));
  EXPECT_EQ(lines(*database, "SELECT DISTINCT schema FROM tables"),
            (Lines{R"({"type":"view","columns":[{"name":"a"}]}|)", R"({"columns":[{"name":"type"}]}|)"}))
      << "what has no type is a table";
  ASSERT_TRUE(migrate_up(*database, first_steps(5)));
  EXPECT_EQ(lines(*database, "SELECT DISTINCT type, schema FROM tables"), types);
}

TEST(Database, ChangesTheSchemaWithForeignKeysAtRestAndGuardsThemAfterwards) {
  const auto database = memory_database();
  ASSERT_TRUE(run(*database,
                  "CREATE TABLE one (id TEXT PRIMARY KEY); CREATE TABLE two (one_id TEXT REFERENCES one (id) ON DELETE CASCADE);"
                  "INSERT INTO one VALUES ('a'); INSERT INTO two VALUES ('a')"));
  const auto kept = database->change_schema({}, [&](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("DELETE FROM one", {}));
    EXPECT_EQ(*read_count(*transaction.query("SELECT COUNT(*) FROM two", {})), 1);
    TRY(transaction.execute("INSERT INTO one VALUES ('a')", {}));
    return {};
  });
  EXPECT_TRUE(kept.has_value()) << message_of(kept);
  EXPECT_TRUE(foreign_keys_guard(*database));
  EXPECT_EQ(count(*database, "two"), 1);
  EXPECT_EQ(database->change_schema({}, [](Transaction&) -> Result<> { return fail(ErrorCode::aborted, "no"); }).error().code,
            ErrorCode::aborted);
  EXPECT_TRUE(foreign_keys_guard(*database));
  ASSERT_TRUE(run(*database, "DELETE FROM one"));
  EXPECT_EQ(count(*database, "two"), 0);
}

}  // namespace
}  // namespace bridge
