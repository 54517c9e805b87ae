#include "warehouse/sqlite/sqlite_driver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/testing/patience.h"
#include "base/text.h"
#include "warehouse/sqlite/limits.h"
#include "warehouse/sqlite/test_data.h"
#include "warehouse/testing/driver_contract.h"
#include "warehouse/testing/test_folder.h"

namespace bridge {
namespace {

using sqlite::run_in_sqlite;

// ---- the contract --------------------------------------------------------------------------------------------------

// Removed at the end of the test program.
const TestFolder& contract_folder() {
  static const TestFolder folder;
  static const bool is_made = [] {
    run_in_sqlite(folder / "sales.sqlite", sqlite::contract_sales_sql());
    std::vector<std::string> with_log = sqlite::contract_sales_sql();
    with_log.insert(with_log.begin(), "PRAGMA journal_mode = WAL");
    run_in_sqlite(folder / "sales_wal.db", with_log);
    return true;
  }();
  EXPECT_TRUE(is_made);
  return folder;
}

DriverUnderTest file_under_test(std::string_view name) {
  return {.name = std::string(name),
          .driver = make_sqlite_driver(),
          .credentials = {{"path", Secret((contract_folder() / name).string())}},
          .dataset = "main",
          .failing_sql = "SELECT abs(-9223372036854775807 - 1 + 0 * id) AS n FROM {sales}",
          .sum_of_decimals = ColumnType::number};
}
DriverUnderTest plain_file_under_test() { return file_under_test("sales.sqlite"); }
DriverUnderTest immutable_file_under_test() { return file_under_test("sales_wal.db"); }

INSTANTIATE_TEST_SUITE_P(SqliteFile, DriverContract, testing::Values(MakeDriverUnderTest{&plain_file_under_test}));
INSTANTIATE_TEST_SUITE_P(SqliteFileThatNobodyWrites, DriverContract, testing::Values(MakeDriverUnderTest{&immutable_file_under_test}));

// ---- what the tests share ------------------------------------------------------------------------------------------

Result<std::shared_ptr<Warehouse>> open_path(const std::filesystem::path& path, const CallContext& context = {}) {
  return make_sqlite_driver()->open(context, {{"path", Secret(path.string())}});
}

// A file with these statements, opened.
std::shared_ptr<Warehouse> warehouse_of(const std::filesystem::path& file, const std::vector<std::string>& statements) {
  run_in_sqlite(file, statements);
  auto opened = open_path(file);
  EXPECT_TRUE(opened) << describe_error(opened.error());
  return opened ? *opened : nullptr;
}

// "[[1,null]]", or the error.
std::string rows_of(Warehouse& warehouse, const std::string& sql, const std::vector<SqlValue>& values = {}) {
  const auto result = warehouse.execute({}, {.sql = sql, .values = values}, {.rows_max = 100'000});
  if (!result) return describe_error(result.error());
  const std::string text = encode_rows(*result);
  const std::size_t at = text.find("\"rows\":") + 7;
  return text.substr(at, text.size() - at - 1);
}

// "integer text"
std::string types_of(Warehouse& warehouse, const std::string& sql) {
  const auto result = warehouse.execute({}, {.sql = sql}, {.rows_max = 100'000});
  if (!result) return describe_error(result.error());
  std::vector<std::string> types;
  for (const ResultColumn& column : result->columns) types.emplace_back(enum_name(column.type));
  return join(types, " ");
}
std::string dry_types_of(Warehouse& warehouse, const std::string& sql) {
  const auto result = warehouse.dry_run({}, {.sql = sql});
  if (!result) return describe_error(result.error());
  std::vector<std::string> types;
  for (const ColumnName& column : result->columns) types.emplace_back(enum_name(column.type));
  return join(types, " ");
}

std::map<std::string, TableInfo> tables_of(Warehouse& warehouse) {
  std::map<std::string, TableInfo> by_name;
  auto tables = warehouse.describe_all_tables({}, "main");
  EXPECT_TRUE(tables) << describe_error(tables.error());
  if (!tables) return by_name;
  for (TableInfo& table : *tables) by_name[table.name] = table;
  return by_name;
}

std::map<std::string, ColumnStatistics> statistics_of(Warehouse& warehouse, std::string_view table) {
  std::map<std::string, ColumnStatistics> by_name;
  auto all = warehouse.column_statistics({}, "main", table, {});
  EXPECT_TRUE(all) << describe_error(all.error());
  if (!all) return by_name;
  for (ColumnStatistics& one : *all) by_name[one.column] = one;
  return by_name;
}

// Longer than a look at the file is trusted.
void let_the_look_grow_old() { std::this_thread::sleep_for(2 * sqlite::data_version_check_interval); }

// Another program with the file open for writing.
class Writer final {
 public:
  explicit Writer(const std::filesystem::path& file) { sqlite3_open(file.c_str(), &handle_); }
  ~Writer() { sqlite3_close(handle_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  void run(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle_);
  }

 private:
  sqlite3* handle_ = nullptr;
};

std::vector<std::string> numbers_sql(int count) {
  return {"CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT)", str("WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT ",
                                                                count, ") INSERT INTO t SELECT n, 'value ' || n FROM i")};
}

// ---- opening -------------------------------------------------------------------------------------------------------

void expect_open_error(const std::filesystem::path& path, std::string_view reason, std::string_view says) {
  const auto opened = open_path(path);
  ASSERT_FALSE(opened) << path;
  EXPECT_EQ(reason_of(opened.error()), reason) << opened.error().message;
  EXPECT_TRUE(opened.error().message.contains(says)) << opened.error().message;
}

TEST(SqliteOpen, SaysWhatIsWrongWithThePath) {
  const TestFolder folder;
  expect_open_error("", "path_missing", "a SQLite file");
  expect_open_error("https://example.com/a.db", "path_not_allowed", "no address");
  expect_open_error("/data/*.db", "path_not_allowed", "no pattern");
  expect_open_error(":memory:", "path_not_allowed", "a SQLite file");
  expect_open_error("file:/data/a.db?mode=rwc", "path_not_allowed", "no pattern");
  expect_open_error(folder / "gone.db", "path_not_found", "There is no file");
  expect_open_error(folder.path(), "not_a_database", "is not a file");
  expect_open_error(folder.write("empty.db", ""), "file_empty", "is empty");
  expect_open_error(folder.write("text.db", "a,b\n1,2\n"), "not_a_database", "is not a SQLite file");
  expect_open_error(folder.write("short.db", std::string("SQLite format 3\0", 16)), "not_a_database", "is not a SQLite");
  ASSERT_EQ(::mkfifo((folder / "pipe.db").c_str(), 0600), 0);
  expect_open_error(folder / "pipe.db", "not_a_database", "is not a file");
  run_in_sqlite(folder / "bare.db", {"CREATE TABLE t (a)", "DROP TABLE t"});
  expect_open_error(folder / "bare.db", "no_tables", "no tables");
}

TEST(SqliteOpen, RefusesWhatAServerKeepsForAllOfItsTeams) {
  const TestFolder folder;
  std::filesystem::create_directories(folder / "server/lake");
  std::ofstream(folder / "server/bridge.lock") << "";
  run_in_sqlite(folder / "server/bridge.db", {"CREATE TABLE teams (id)"});
  run_in_sqlite(folder / "server/lake/a.db", {"CREATE TABLE t (id)"});
  run_in_sqlite(folder / "server/own.db", {"CREATE TABLE t (id)"});
  std::filesystem::create_symlink(folder / "server/bridge.db", folder / "harmless.db");
  expect_open_error(folder / "server/bridge.db", "path_not_allowed", "data folder");
  expect_open_error(folder / "server/../server/bridge.db", "path_not_allowed", "data folder");
  expect_open_error(folder / "harmless.db", "path_not_allowed", "data folder");
  expect_open_error(folder / "server/lake/a.db", "path_not_allowed", "data folder");
  EXPECT_TRUE(open_path(folder / "server/own.db"));
}

TEST(SqliteOpen, TakesAFileNameOfAnyCharacter) {
  const TestFolder folder;
  for (const char* name : {"a b#c%41&mode=rwc.db", "ü \"quote' \\ é.sqlite", "file:x.db", "-x;DROP.sqlite3"}) {
    const auto warehouse = warehouse_of(folder / name, {"CREATE TABLE t (a)", "INSERT INTO t VALUES (7)"});
    ASSERT_TRUE(warehouse) << name;
    EXPECT_EQ(rows_of(*warehouse, "SELECT a FROM t"), "[[7]]") << name;
  }
}

TEST(SqliteOpen, MakesNoFileBesideTheOneThatItReads) {
  const TestFolder folder;
  auto sql = numbers_sql(100);
  sql.insert(sql.begin(), "PRAGMA journal_mode = WAL");
  const auto with_log = warehouse_of(folder / "log.db", sql);
  const auto plain = warehouse_of(folder / "plain.db", numbers_sql(100));
  EXPECT_EQ(rows_of(*with_log, "SELECT count(*) FROM t"), "[[100]]");
  EXPECT_EQ(rows_of(*plain, "SELECT count(*) FROM t"), "[[100]]");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++files;
  EXPECT_EQ(files, 2U);
}

TEST(SqliteOpen, ReadsAFileBesideAnEmptyLogAndOneThatNobodyMayWrite) {
  const TestFolder folder;
  auto sql = numbers_sql(10);
  sql.insert(sql.begin(), "PRAGMA journal_mode = WAL");
  run_in_sqlite(folder / "log.db", sql);
  folder.write("log.db-wal", "");
  run_in_sqlite(folder / "fixed.db", numbers_sql(10));
  std::filesystem::permissions(folder / "fixed.db", std::filesystem::perms::owner_read);
  for (const char* name : {"log.db", "fixed.db"}) {
    const auto opened = open_path(folder / name);
    ASSERT_TRUE(opened) << describe_error(opened.error());
    EXPECT_EQ(rows_of(**opened, "SELECT count(*) FROM t"), "[[10]]") << name;
    EXPECT_FALSE(std::filesystem::exists(folder / (std::string(name) + "-shm"))) << name;
  }
}

// Read without locks, so that only a look behind tells.
TEST(SqliteFile, SaysThatItWasChangedWhileItWasRead) {
  const TestFolder folder;
  auto sql = numbers_sql(20'000);
  sql.insert(sql.begin(), "PRAGMA journal_mode = WAL");
  const auto file = folder / "a.db";
  const auto warehouse = warehouse_of(file, sql);
  struct Writing final : public BatchSink {
    explicit Writing(const std::filesystem::path& path) : file(path) {}
    Result<> take(QueryResult&) override {
      if (++batches == 1) run_in_sqlite(file, {"UPDATE t SET s = 'other'"});
      return {};
    }
    std::filesystem::path file;
    int batches = 0;
  } sink(file);
  const auto streamed = warehouse->stream({}, {.sql = "SELECT n, s FROM t"}, {.rows_max = 100'000}, sink);
  ASSERT_FALSE(streamed);
  EXPECT_EQ(reason_of(streamed.error()), "data_changed") << describe_error(streamed.error());
  let_the_look_grow_old();
  EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) FROM t WHERE s = 'other'"), "[[20000]]");
}

TEST(SqliteOpen, WaitsForALockedFileUntilTheDeadline) {
  const TestFolder folder;
  run_in_sqlite(folder / "a.db", numbers_sql(10));
  Writer writer(folder / "a.db");
  writer.run("BEGIN EXCLUSIVE");
  const auto started = CallContext::Clock::now();
  const auto opened = open_path(folder / "a.db", CallContext{}.with_timeout(std::chrono::milliseconds(200)));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::deadline_exceeded) << describe_error(opened.error());
  EXPECT_LT(CallContext::Clock::now() - started, kPatience * std::chrono::seconds(2));
  std::jthread releasing([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    writer.run("ROLLBACK");
  });
  const auto waited = open_path(folder / "a.db");
  EXPECT_TRUE(waited) << describe_error(waited.error());
}

// ---- a file that changes -------------------------------------------------------------------------------------------

TEST(SqliteFile, SeesWhatOthersWrite) {
  const TestFolder folder;
  for (const char* mode : {"DELETE", "WAL"}) {
    const auto file = folder / (std::string(mode) + ".db");
    auto sql = numbers_sql(10);
    sql.insert(sql.begin(), str("PRAGMA journal_mode = ", mode));
    const auto warehouse = warehouse_of(file, sql);
    const auto version = make_sqlite_driver()->data_version({{"path", Secret(file.string())}});
    const auto before = version();
    ASSERT_TRUE(before);
    Writer writer(file);
    writer.run("INSERT INTO t VALUES (11, 'new')");
    let_the_look_grow_old();
    EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) FROM t"), "[[11]]") << mode;
    EXPECT_NE(*version(), *before) << mode;
    writer.run("BEGIN IMMEDIATE");
    writer.run("INSERT INTO t VALUES (12, 'not yet')");
    let_the_look_grow_old();
    EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) FROM t"), "[[11]]") << mode;
    writer.run("COMMIT");
    writer.run("CREATE TABLE other (a)");
    let_the_look_grow_old();
    EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) FROM t"), "[[12]]") << mode;
    EXPECT_TRUE(tables_of(*warehouse).contains("other")) << mode;
  }
}

TEST(SqliteFile, ReadsTheFileThatWasPutInItsPlace) {
  const TestFolder folder;
  const auto warehouse = warehouse_of(folder / "a.db", numbers_sql(10));
  EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) FROM t"), "[[10]]");
  run_in_sqlite(folder / "b.db", {"CREATE TABLE t (other TEXT)", "INSERT INTO t VALUES ('b')"});
  std::filesystem::rename(folder / "b.db", folder / "a.db");
  let_the_look_grow_old();
  EXPECT_EQ(rows_of(*warehouse, "SELECT other FROM t"), R"([["b"]])");
  folder.write("a.db", "no database");
  let_the_look_grow_old();
  const auto wrong = warehouse->execute({}, {.sql = "SELECT other FROM t"}, {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(reason_of(wrong.error()), "not_a_database");
  std::filesystem::remove(folder / "a.db");
  let_the_look_grow_old();
  EXPECT_EQ(reason_of(warehouse->ping({}).error()), "path_not_found");
}

TEST(SqliteFile, SaysThatItIsDamaged) {
  const TestFolder folder;
  const auto file = folder / "a.db";
  run_in_sqlite(file, numbers_sql(5'000));
  std::fstream content(file, std::ios::binary | std::ios::in | std::ios::out);
  content.seekp(3 * 4'096);
  content << std::string(10 * 4'096, '\x5A');
  content.close();
  const auto warehouse = open_path(file);
  ASSERT_TRUE(warehouse) << describe_error(warehouse.error());
  const auto result = (*warehouse)->execute({}, {.sql = "SELECT sum(length(s)) FROM t"}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(reason_of(result.error()), "file_damaged") << describe_error(result.error());
  (void)(*warehouse)->describe_all_tables({}, "main");
  (void)(*warehouse)->column_statistics({}, "main", "t", {});
  std::filesystem::resize_file(file, 5'000);
  let_the_look_grow_old();
  EXPECT_FALSE((*warehouse)->execute({}, {.sql = "SELECT * FROM t"}, {}));
}

// Any byte of the file may be anything.
TEST(SqliteFile, EndsOnEveryDamage) {
  const TestFolder folder;
  run_in_sqlite(folder / "whole.db", [] {
    auto sql = numbers_sql(200);
    sql.insert(sql.end(), {"CREATE INDEX by_s ON t(s)", "CREATE VIEW v AS SELECT s, count(*) AS n FROM t GROUP BY s"});
    return sql;
  }());
  std::ifstream in(folder / "whole.db", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  std::uint32_t random = 12345;
  const auto next = [&] { return random = random * 1'664'525U + 1'013'904'223U; };
  for (int round = 0; round < 150; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 20; ++i) damaged[(next() >> 8) % (round % 2 == 0 ? 4'096 : damaged.size())] = static_cast<char>(next() >> 16);
    const auto file = folder.write("damaged.db", damaged);
    const CallContext context = CallContext{}.with_timeout(std::chrono::seconds(5));
    const auto warehouse = open_path(file, context);
    if (!warehouse) continue;
    (void)(*warehouse)->describe_all_tables(context, "main");
    (void)(*warehouse)->column_statistics(context, "main", "t", {});
    (void)(*warehouse)->execute(context, {.sql = "SELECT * FROM v ORDER BY n"}, {});
    (void)(*warehouse)->dry_run(context, {.sql = "SELECT s FROM t WHERE s > 'a'"});
  }
}

// ---- types and values ----------------------------------------------------------------------------------------------

TEST(SqliteValues, AreGivenByWhatIsStored) {
  const TestFolder folder;
  const auto warehouse = warehouse_of(
      folder / "a.db",
      {"CREATE TABLE t (i INTEGER, f REAL, d DECIMAL(10, 2), b BOOLEAN, day DATE, at DATETIME, j JSON, any_of_it, bytes BLOB, words TEXT)",
       "INSERT INTO t VALUES (1, 2, 3, 1, '2024-01-02', '2024-01-02 03:04:05', '{\"a\":1}', NULL, x'00ff', '2024 is a year')",
       "INSERT INTO t VALUES (9007199254740993, 1.5, 0.1, 0, '2024-01-03', '2024-01-02T03:04', '[]', 1, NULL, 'x')"});
  EXPECT_EQ(types_of(*warehouse, "SELECT * FROM t"), "big_integer number decimal boolean date timestamp json integer text text");
  EXPECT_EQ(dry_types_of(*warehouse, "SELECT * FROM t"), "integer number decimal boolean date timestamp json integer text text");
  EXPECT_EQ(rows_of(*warehouse, "SELECT * FROM t"),
            R"([["1",2,"3.00",true,"2024-01-02","2024-01-02T03:04:05Z","{\"a\":1}",null,"\\x00ff","2024 is a year"],)"
            R"(["9007199254740993",1.5,"0.10",false,"2024-01-03","2024-01-02T03:04:00Z","[]",1,null,"x"]])");
  EXPECT_EQ(rows_of(*warehouse, "SELECT 9e999, -9223372036854775807 - 1, 0.1 + 0.2, x''"),
            R"([[null,"-9223372036854775808",0.30000000000000004,"\\x"]])");
}

TEST(SqliteValues, WidenAColumnWhoseValuesDoNotFit) {
  const TestFolder folder;
  const auto warehouse =
      warehouse_of(folder / "a.db", {"CREATE TABLE t (i INTEGER, b BOOLEAN, day DATE, big INT)",
                                     "INSERT INTO t VALUES (1, 1, '2024-01-02', 9007199254740993), ('n/a', 2, 'someday', 0.5)"});
  EXPECT_EQ(types_of(*warehouse, "SELECT * FROM t"), "text integer text decimal");
  EXPECT_EQ(rows_of(*warehouse, "SELECT * FROM t"), R"([["1",1,"2024-01-02","9007199254740993"],["n/a",2,"someday","0.5"]])");
}

TEST(SqliteValues, WidenAcrossBatches) {
  const TestFolder folder;
  const auto sql = [](const std::string& last) {
    return str("WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT 20000) SELECT CASE WHEN n < 20000 THEN n ELSE ", last,
               " END AS v FROM i");
  };
  const auto warehouse = warehouse_of(folder / "a.db", {"CREATE TABLE t (a)"});
  EXPECT_EQ(types_of(*warehouse, sql("0.5")), "number");
  EXPECT_EQ(types_of(*warehouse, sql("9007199254740993")), "big_integer");
  EXPECT_EQ(types_of(*warehouse, sql("'x'")), "text");
  EXPECT_EQ(types_of(*warehouse, sql("NULL")), "integer");
  EXPECT_TRUE(rows_of(*warehouse, sql("0.5")).ends_with("[19998],[19999],[0.5]]"));
  EXPECT_TRUE(rows_of(*warehouse, sql("'x'")).starts_with(R"([["1"],["2"])"));
  EXPECT_TRUE(rows_of(*warehouse, sql("'x'")).ends_with(R"(["19999"],["x"]])"));
  EXPECT_EQ(types_of(*warehouse,
                     "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT 20000) "
                     "SELECT CASE WHEN n > 15000 THEN n * 0.5 END AS v FROM i"),
            "number");
}

TEST(SqliteValues, OfATextColumnThatHoldsDatesAreDates) {
  const TestFolder folder;
  const auto warehouse = warehouse_of(folder / "a.db", {"CREATE TABLE t (day TEXT, at TEXT, name TEXT, gone TEXT)",
                                                        "INSERT INTO t VALUES ('2024-01-02', '2024-01-02T03:04:05Z', 'a', NULL)"});
  const auto columns = tables_of(*warehouse).at("t").columns;
  EXPECT_EQ(columns[0].type, ColumnType::date);
  EXPECT_EQ(columns[1].type, ColumnType::timestamp);
  EXPECT_EQ(columns[2].type, ColumnType::text);
  EXPECT_EQ(columns[3].type, ColumnType::text);
  EXPECT_EQ(columns[0].engine_type, "TEXT");
  EXPECT_EQ(dry_types_of(*warehouse, "SELECT day, strftime('%Y-%m-01', at) AS month, count(*) AS n, max(name) FROM t GROUP BY 1"),
            "date date integer text");
  EXPECT_EQ(types_of(*warehouse, "SELECT day, strftime('%Y-%m-01', at) AS month, count(*) AS n, max(name) FROM t GROUP BY 1"),
            "date date integer text");
}

TEST(SqliteValues, AreFoundWithNamesOfAnyCharacter) {
  const TestFolder folder;
  const auto warehouse =
      warehouse_of(folder / "a.db", {R"(CREATE TABLE "we""ird 'na;me -- ü" ("select" INT, "a b" TEXT, "x""y" TEXT, "naïve' OR 1=1" TEXT))",
                                     R"(INSERT INTO "we""ird 'na;me -- ü" VALUES (1, 'two', 'three', 'four'))",
                                     "CREATE TABLE \"index\" (\"transaction\" INT)", "CREATE TABLE \"Order\" (id INT)",
                                     "CREATE VIEW \"2024-01-02\" AS SELECT 1 AS \"%\""});
  auto tables = tables_of(*warehouse);
  ASSERT_EQ(tables.size(), 4U);
  for (const auto& [name, table] : tables) {
    EXPECT_FALSE(rows_of(*warehouse, "SELECT count(*) FROM " + table.sql_name).contains("There is")) << name;
    EXPECT_TRUE(rows_of(*warehouse, "SELECT count(*) FROM " + table.sql_name).starts_with("[[")) << name;
    EXPECT_EQ(statistics_of(*warehouse, name).size(), table.columns.size()) << name;
  }
  EXPECT_EQ(rows_of(*warehouse, R"(SELECT "select", "a b", "x""y", "naïve' OR 1=1" FROM "we""ird 'na;me -- ü")"),
            R"([[1,"two","three","four"]])");
}

TEST(SqliteValues, OfTwoThousandColumnsAreAllThere) {
  const TestFolder folder;
  std::string columns;
  std::string values;
  for (int i = 0; i < sqlite::columns_max; ++i) {
    columns += str(i > 0 ? ", " : "", "column_number_", i, " INTEGER");
    values += str(i > 0 ? ", " : "", i);
  }
  const auto warehouse = warehouse_of(folder / "a.db", {"CREATE TABLE t (" + columns + ")", "INSERT INTO t VALUES (" + values + ")"});
  EXPECT_EQ(tables_of(*warehouse).at("t").columns.size(), 2'000U);
  const auto all = warehouse->execute({}, {.sql = "SELECT * FROM t"}, {});
  ASSERT_TRUE(all) << describe_error(all.error());
  EXPECT_EQ(all->columns.at(1'999).integers.at(0), 1'999);
  const auto tried = warehouse->dry_run({}, {.sql = "SELECT * FROM t"});
  ASSERT_TRUE(tried) << describe_error(tried.error());
  EXPECT_EQ(tried->columns.size(), 2'000U);
  EXPECT_EQ(statistics_of(*warehouse, "t").size(), sqlite::statistics_columns_max);
}

// ---- what is known of tables ---------------------------------------------------------------------------------------

TEST(SqliteTables, HaveRowsSizesAndViews) {
  const TestFolder folder;
  auto sql = numbers_sql(10'000);
  sql.insert(sql.end(),
             {"CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID", "INSERT INTO keyed VALUES ('a', 1)",
              "CREATE VIEW v AS SELECT n % 10 AS ten, count(*) AS c FROM t GROUP BY 1", "CREATE VIEW broken AS SELECT x FROM gone",
              "CREATE VIRTUAL TABLE words USING fts5(body)", "CREATE TABLE made (a INT, b INT GENERATED ALWAYS AS (a * 2))"});
  const auto warehouse = warehouse_of(folder / "a.db", sql);
  const auto tables = tables_of(*warehouse);
  std::vector<std::string> names;
  for (const auto& [name, table] : tables) names.push_back(name);
  EXPECT_EQ(join(names, " "), "keyed made t v");
  EXPECT_EQ(tables.at("t").row_count, 10'000);
  EXPECT_GT(tables.at("t").size_bytes, 150'000);
  EXPECT_LT(tables.at("t").size_bytes, 400'000);
  EXPECT_EQ(tables.at("keyed").row_count, 1);
  EXPECT_EQ(tables.at("v").type, TableType::view);
  EXPECT_EQ(tables.at("v").row_count, 10);
  EXPECT_EQ(tables.at("v").columns[1].type, ColumnType::integer);
  EXPECT_EQ(tables.at("made").columns.size(), 2U);
  const auto datasets = warehouse->list_datasets({});
  ASSERT_TRUE(datasets);
  EXPECT_EQ(datasets->at(0).table_count, 4);
  EXPECT_EQ(rows_of(*warehouse, "SELECT c FROM v WHERE ten = 3"), "[[1000]]");
}

TEST(SqliteBytes, AreThoseOfTheTreesThatAProgramGoesThrough) {
  const TestFolder folder;
  auto sql = numbers_sql(20'000);
  sql.insert(sql.end(), {"CREATE TABLE other (a INT)", "INSERT INTO other VALUES (1)", "CREATE INDEX by_s ON t(s)"});
  const auto warehouse = warehouse_of(folder / "a.db", sql);
  const auto bytes_of = [&](const std::string& text) {
    const auto tried = warehouse->dry_run({}, {.sql = text});
    EXPECT_TRUE(tried) << text << ": " << describe_error(tried.error());
    return tried ? tried->bytes_scanned : 0;
  };
  const auto table = static_cast<std::uint64_t>(tables_of(*warehouse).at("t").size_bytes);
  EXPECT_EQ(bytes_of("SELECT sum(n), max(s || n) FROM t"), table);
  const auto accuracy_of = [&](const std::string& text) { return warehouse->dry_run({}, {.sql = text})->accuracy; };
  EXPECT_EQ(accuracy_of("SELECT sum(n), max(s || n) FROM t"), ScanAccuracy::upper_bound);
  EXPECT_EQ(accuracy_of("SELECT s FROM t WHERE n = 17"), ScanAccuracy::estimate) << "a row may be longer than the pages that it counts as";
  EXPECT_EQ(accuracy_of("SELECT s FROM other, t WHERE t.n > other.a"), ScanAccuracy::estimate) << "pages are read anew for each row";
  EXPECT_EQ(bytes_of("SELECT s FROM other, t WHERE t.n > other.a"), table + 4'096);
  EXPECT_EQ(bytes_of("SELECT s FROM t WHERE n = 17"), std::min<std::uint64_t>(table, 8 * 4'096));
  EXPECT_EQ(bytes_of("SELECT a FROM other"), 4'096U);
  EXPECT_EQ(bytes_of("SELECT 1"), 0U);
  const std::uint64_t index = bytes_of("SELECT s FROM t WHERE s > 'value 5'");
  EXPECT_GT(index, 100'000U);
  EXPECT_NE(index, table);
  EXPECT_EQ(bytes_of("SELECT b.s FROM other a, t b WHERE b.n = a.a"), table + 4'096) << "a lookup for each row may read all";
  const auto capped = warehouse->execute({}, {.sql = "SELECT sum(n) FROM t"}, {.scanned_bytes_max = 1'000});
  ASSERT_FALSE(capped);
  EXPECT_EQ(reason_of(capped.error()), "scan_too_large");
}

TEST(SqliteStatistics, AreExactOfASmallTable) {
  const TestFolder folder;
  const auto warehouse = warehouse_of(
      folder / "a.db",
      {"CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT, value REAL, gone TEXT, is_new BOOLEAN, at DATETIME)",
       "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT 1000) INSERT INTO t SELECT n, 'kind ' || (n % 3), "
       "n / 4.0, CASE WHEN n % 4 = 0 THEN 'x' END, n % 2, datetime('2024-01-01', n || ' hours') FROM i"});
  const auto all = statistics_of(*warehouse, "t");
  EXPECT_TRUE(all.at("id").exact);
  EXPECT_EQ(all.at("id").distinct_count, 1'000);
  EXPECT_EQ(all.at("id").min, "1");
  EXPECT_EQ(all.at("id").max, "1000");
  EXPECT_TRUE(all.at("id").top_values.empty());
  EXPECT_EQ(all.at("kind").top_values.at(0).value, "kind 1");
  EXPECT_EQ(all.at("kind").top_values.at(0).count, 334);
  EXPECT_NEAR(all.at("value").average.value_or(0), 125.125, 1e-9);
  EXPECT_NEAR(all.at("gone").null_fraction.value_or(0), 0.75, 1e-9);
  EXPECT_EQ(all.at("is_new").top_values.at(0).value, "false");
  EXPECT_EQ(all.at("at").min, "2024-01-01T01:00:00Z");
  EXPECT_FALSE(all.at("at").read_as);
}

TEST(SqliteStatistics, OfALargeTableComeFromRowsSpreadOverIt) {
  const TestFolder folder;
  const auto warehouse =
      warehouse_of(folder / "a.db", {"CREATE TABLE t (id INTEGER PRIMARY KEY, half TEXT)",
                                     "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT 300000) INSERT INTO t SELECT n, "
                                     "CASE WHEN n <= 150000 THEN 'first' ELSE 'second' END FROM i"});
  const auto all = statistics_of(*warehouse, "t");
  EXPECT_FALSE(all.at("id").exact);
  EXPECT_EQ(all.at("half").distinct_count, 2);
  EXPECT_NEAR(static_cast<double>(all.at("half").top_values.at(1).count), 10'000, 100);
  EXPECT_EQ(all.at("id").max, "300000") << "the range is that of the whole table";
}

TEST(SqliteStatistics, ReadDatesMomentsAndNumbersThatTheTypeHides) {
  const TestFolder folder;
  const auto warehouse = warehouse_of(
      folder / "a.db",
      {"CREATE TABLE t (german TEXT, american TEXT, compact INTEGER, order_date INTEGER, created_at INTEGER, made_at_ms INTEGER, at "
       "DATETIME, "
       "price TEXT, code TEXT, julian_day DATE, mostly TEXT)",
       "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT 28) INSERT INTO t SELECT printf('%02d.03.2024', n), "
       "printf('03/%02d/2024', n), 20240300 + n, 20240300 + n, 1709251200 + n, (1709251200 + n) * 1000, 1709251200 + n, "
       "printf('$1,%03d.50', n), "
       "printf('%05d', n), 2460371.5 + n, printf('2024-03-%02d', n) FROM i",
       "UPDATE t SET mostly = 'soon' WHERE compact = 20240328"});
  const auto all = statistics_of(*warehouse, "t");
  for (const char* name : {"german", "american", "order_date", "mostly"}) {
    EXPECT_EQ(all.at(name).read_as, ReadAs::date) << name;
    EXPECT_EQ(all.at(name).min, "2024-03-01") << name;
  }
  EXPECT_FALSE(all.at("compact").read_as) << "only a name tells that such a number is a date";
  EXPECT_FALSE(all.at("code").read_as) << "a code has leading zeros";
  EXPECT_EQ(all.at("mostly").unread_count, 1);
  EXPECT_EQ(all.at("mostly").unread_values, std::vector<std::string>{"soon"});
  EXPECT_EQ(all.at("german").text_date_format, "%d.%m.%Y");
  EXPECT_EQ(all.at("american").text_date_format, "%m/%d/%Y");
  for (const char* name : {"created_at", "made_at_ms", "at"}) {
    EXPECT_EQ(all.at(name).read_as, ReadAs::timestamp) << name;
    EXPECT_EQ(all.at(name).min, "2024-03-01 00:00:01") << name;
  }
  EXPECT_EQ(all.at("julian_day").read_as, ReadAs::timestamp);
  EXPECT_EQ(all.at("price").read_as, ReadAs::number);
  EXPECT_EQ(all.at("price").read_unit, "$");
  EXPECT_NEAR(all.at("price").average.value_or(0), 1015, 1e-9);
  for (const auto& [name, one] : all) {
    if (!one.read_sql) continue;
    EXPECT_TRUE(rows_of(*warehouse, str("SELECT max(", *one.read_sql, ") FROM t")).starts_with("[[")) << name;
  }
}

TEST(SqliteParameters, ThatAreMomentsCompareInTheFormThatIsStored) {
  const TestFolder folder;
  for (const auto& [separator, fraction, zone] :
       {std::tuple("T", "", "Z"), {"T", ".000", ""}, {" ", "", ""}, {"T", "", "+00:00"}, {" ", ".000000", ""}}) {
    const auto file = folder / "a.db";
    std::filesystem::remove(file);
    const auto moment = [&](std::string_view clock) { return str("('2024-01-02", separator, clock, fraction, zone, "')"); };
    const auto warehouse = warehouse_of(file, {"CREATE TABLE t (at TEXT)", str("INSERT INTO t VALUES ", moment("03:00:00"), ", ",
                                                                               moment("12:00:00"), ", ", moment("21:00:00"))});
    const auto count = [&](const std::string& condition, const SqlValue& value) {
      return rows_of(*warehouse, "SELECT count(*) FROM t WHERE " + condition, {value});
    };
    EXPECT_EQ(count("at < ?1", Timestamp{"2024-01-02T12:00:00Z"}), "[[1]]") << separator << fraction << zone;
    EXPECT_EQ(count("at <= ?1", Timestamp{"2024-01-02T13:00:00+01:00"}), "[[2]]") << separator << fraction << zone;
    EXPECT_EQ(count("at > ?1", Timestamp{"2024-01-02T12:00:00Z"}), "[[1]]") << separator << fraction << zone;
    EXPECT_EQ(count("at >= ?1", Date{"2024-01-02"}), "[[3]]") << separator << fraction << zone;
    EXPECT_EQ(count("datetime(at) <= ?1", Timestamp{"2024-01-02T12:00:00Z"}), "[[2]]") << separator << fraction << zone;
  }
}

TEST(SqliteParameters, OfEveryTypeCompareWithWhatIsStored) {
  const TestFolder folder;
  const auto warehouse =
      warehouse_of(folder / "a.db", {"CREATE TABLE t (i INTEGER, d DECIMAL(18, 2), s TEXT)", "INSERT INTO t VALUES (5, 10.25, 'ä')"});
  EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) FROM t WHERE i = ?1 AND i = ?1 AND s = ?2", {std::int64_t{5}, std::string("ä")}), "[[1]]");
  EXPECT_EQ(rows_of(*warehouse, "SELECT count(*) FROM t WHERE d = ?1", {Decimal{"10.25"}}), "[[1]]");
  EXPECT_EQ(rows_of(*warehouse, "SELECT ?1, ?2", {Decimal{"9007199254740993"}, Decimal{"-0.5"}}), R"([["9007199254740993",-0.5]])");
  EXPECT_EQ(rows_of(*warehouse, "SELECT ?1, ?2", {std::string("a'b\"c"), nullptr}), R"([["a'b\"c",null]])");
  EXPECT_TRUE(rows_of(*warehouse, "SELECT count(*) FROM t WHERE d = ?1", {Decimal{"ten"}}).contains("is no number"));
}

}  // namespace
}  // namespace bridge
