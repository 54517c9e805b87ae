#include "warehouse/isolated/isolated_driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <filesystem>
#include <thread>

#include "base/text.h"
#include "warehouse/duckdb/duckdb_driver.h"
#include "warehouse/duckdb/test_data.h"
#include "warehouse/sqlite/sqlite_driver.h"
#include "warehouse/sqlite/test_data.h"
#include "warehouse/testing/driver_contract.h"

namespace bridge {
namespace {

using duckdb::run_in_duckdb;
using sqlite::run_in_sqlite;

const std::shared_ptr<WorkerLauncher>& launcher() {
  static const std::shared_ptr<WorkerLauncher> it = make_worker_launcher();
  return it;
}

const std::shared_ptr<WorkerSupervisor>& supervisor() {
  static const std::shared_ptr<WorkerSupervisor> it = make_worker_supervisor(launcher(), {.grace = std::chrono::seconds(2)});
  return it;
}

// Removed at the end of the test program.
const TestFolder& folder() {
  static const TestFolder it;
  static const bool is_made = [] {
    std::filesystem::create_directories(it / "scratch");
    std::filesystem::create_directories(it / "files");
    run_in_duckdb("",
                  {str("COPY (", duckdb::contract_sales_sql, ") TO '", (it / "files").string(), "/sales.parquet' (ROW_GROUP_SIZE 200)")});
    run_in_duckdb(it / "sales.duckdb", {str("CREATE TABLE sales AS ", duckdb::contract_sales_sql)});
    run_in_sqlite(it / "sales.sqlite", sqlite::contract_sales_sql());
    std::vector<std::string> with_log = sqlite::contract_sales_sql();
    with_log.insert(with_log.begin(), "PRAGMA journal_mode = WAL");
    run_in_sqlite(it / "sales_wal.db", with_log);
    return true;
  }();
  EXPECT_TRUE(is_made);
  return it;
}

std::shared_ptr<WarehouseDriver> isolated(std::shared_ptr<WarehouseDriver> driver) {
  return make_isolated_driver(std::move(driver), supervisor(), {.scratch_folder = folder() / "scratch"});
}

DriverUnderTest duckdb_under_test(std::string_view name, ScanAccuracy accuracy) {
  return {.name = std::string(name),
          .driver = isolated(make_duckdb_driver()),
          .credentials = {{"path", Secret((folder() / name).string())}},
          .dataset = "main",
          .scan_accuracy = accuracy};
}
DriverUnderTest sqlite_under_test(std::string_view name) {
  return {.name = std::string(name),
          .driver = isolated(make_sqlite_driver()),
          .credentials = {{"path", Secret((folder() / name).string())}},
          .dataset = "main",
          .failing_sql = "SELECT abs(-9223372036854775807 - 1 + 0 * id) AS n FROM {sales}",
          .sum_of_decimals = ColumnType::number};
}
DriverUnderTest duckdb_folder() { return duckdb_under_test("files", ScanAccuracy::upper_bound); }
DriverUnderTest duckdb_file() { return duckdb_under_test("sales.duckdb", ScanAccuracy::estimate); }
DriverUnderTest sqlite_file() { return sqlite_under_test("sales.sqlite"); }
DriverUnderTest sqlite_file_with_log() { return sqlite_under_test("sales_wal.db"); }

INSTANTIATE_TEST_SUITE_P(IsolatedDuckdb, DriverContract,
                         testing::Values(MakeDriverUnderTest{&duckdb_folder}, MakeDriverUnderTest{&duckdb_file}));
INSTANTIATE_TEST_SUITE_P(IsolatedSqlite, DriverContract,
                         testing::Values(MakeDriverUnderTest{&sqlite_file}, MakeDriverUnderTest{&sqlite_file_with_log}));

std::shared_ptr<Warehouse> open(const DriverUnderTest& under_test) {
  auto opened = under_test.driver->open({}, under_test.credentials);
  EXPECT_TRUE(opened) << describe_error(opened.error()) << " " << opened.error().detail;
  return opened ? *opened : nullptr;
}

TEST(IsolatedDriver, RunsBehindEveryWall) {
  const auto report = supervisor()->probe({});
  ASSERT_TRUE(report) << describe_error(report.error());
  EXPECT_TRUE(is_whole(*report));
}

// A fork takes one thread along: what another held at that moment would never be let go.
TEST(IsolatedDriver, LeavesTheZygoteWithOneThread) {
  for (const DriverUnderTest& under_test : {duckdb_file(), sqlite_file()}) {
    const auto warehouse = open(under_test);
    ASSERT_TRUE(warehouse);
    const std::filesystem::directory_iterator threads(str("/proc/", launcher()->zygote(), "/task"));
    EXPECT_EQ(std::distance(begin(threads), end(threads)), 1) << under_test.name;
  }
}

TEST(IsolatedDriver, OutlivesAValueThatCrashesTheEngine) {
  const auto warehouse = open(duckdb_file());
  ASSERT_TRUE(warehouse);
  const auto crashed =
      warehouse->execute({}, {.sql = "SELECT json_structure(repeat('[', 100000) || repeat(']', 100000)) AS s FROM sales LIMIT 1"}, {});
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().reason, "query_killed") << describe_error(crashed.error());
  const auto after = warehouse->execute({}, {.sql = "SELECT count(*) AS n FROM sales"}, {});
  ASSERT_TRUE(after) << describe_error(after.error());
  EXPECT_EQ(after->columns.at(0).integers, std::vector<std::int64_t>{1'000});
}

TEST(IsolatedDriver, DoesNotRunAgainWhatKilledItsEngineTwiceUntilTheDataChanges) {
  const std::filesystem::path file = folder() / "changing.duckdb";
  const auto write = [&](int rows) {
    std::filesystem::remove(file);
    run_in_duckdb(file, {str("CREATE TABLE t AS SELECT range AS n FROM range(", rows, ")")});
  };
  write(10);
  const auto opened = isolated(make_duckdb_driver())->open({}, {{"path", Secret(file.string())}});
  ASSERT_TRUE(opened) << describe_error(opened.error());
  const BoundQuery bomb{.sql = "SELECT json_structure(repeat('[', 100000) || repeat(']', 100000)) AS s FROM t LIMIT 1"};
  for (int i = 0; i < 2; ++i) EXPECT_THAT((*opened)->execute({}, bomb, {}).error().message, testing::Not(testing::HasSubstr("any more")));
  const auto refused = (*opened)->execute({}, bomb, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "query_killed");
  EXPECT_THAT(refused.error().message, testing::HasSubstr("not run any more"));
  EXPECT_TRUE((*opened)->execute({}, {.sql = "SELECT count(*) FROM t"}, {}));
  write(11);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // a look at the files is trusted for a moment
  EXPECT_THAT((*opened)->execute({}, bomb, {}).error().message, testing::Not(testing::HasSubstr("any more")));
}

TEST(IsolatedDriver, FindsTheTablesBesideAFileThatCrashesTheEngine) {
  const TestFolder files;
  for (const char* name : {"a", "b", "c", "d"}) files.write(str(name, ".csv"), "n,s\n1,x\n2,y\n");
  files.write("deep.json", std::string(50'000, '[') + std::string(50'000, ']'));
  const auto opened = isolated(make_duckdb_driver())->open({}, {{"path", Secret(files.path().string())}});
  ASSERT_TRUE(opened) << describe_error(opened.error());
  const auto tables = (*opened)->describe_all_tables({}, "main");
  ASSERT_TRUE(tables) << describe_error(tables.error());
  std::vector<std::string> names;
  for (const TableInfo& table : *tables) names.push_back(table.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c", "d"}));
  for (const char* name : {"a", "b", "c", "d"}) std::filesystem::remove(files / str(name, ".csv"));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto alone = isolated(make_duckdb_driver())->open({}, {{"path", Secret(files.path().string())}});
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error().message, testing::HasSubstr("crashed on the data"));
  EXPECT_EQ(describe_error(alone.error()), alone.error().message);
}

TEST(IsolatedDriver, KillsWorkThatTheEngineCannotStop) {
  const auto brief = make_worker_supervisor(make_worker_launcher(), {});
  const auto driver = make_isolated_driver(make_duckdb_driver(), std::shared_ptr<WorkerSupervisor>(brief.get(), [](auto*) {}), {});
  const auto opened = driver->open({}, duckdb_file().credentials);
  ASSERT_TRUE(opened);
  const BoundQuery endless{.sql = "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000)) AS d FROM sales LIMIT 1"};
  const auto started = std::chrono::steady_clock::now();
  const auto killed = (*opened)->execute(CallContext{}.with_timeout(std::chrono::milliseconds(300)), endless, {});
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().code, ErrorCode::deadline_exceeded) << describe_error(killed.error());
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(1));
  EXPECT_TRUE((*opened)->ping({}));
}

TEST(IsolatedDriver, GivesTheErrorsOfTheDriverItself) {
  for (const auto& driver : {make_duckdb_driver(), make_sqlite_driver()}) {
    for (const std::string& path : {std::string(), std::string("https://example.com/x"), (folder() / "not_there.db").string()}) {
      const std::map<std::string, Secret> credentials{{"path", Secret(path)}};
      const auto as_it_is = driver->open({}, credentials);
      const auto walled_in = isolated(driver)->open({}, credentials);
      ASSERT_FALSE(as_it_is);
      ASSERT_FALSE(walled_in);
      EXPECT_EQ(describe_error(walled_in.error()), describe_error(as_it_is.error()));
      EXPECT_EQ(reason_of(walled_in.error()), reason_of(as_it_is.error()));
    }
  }
}

TEST(IsolatedDriver, DoesNotFollowALinkThatLeadsOutOfAFolder) {
  const TestFolder outside;
  const TestFolder data;
  const auto secret = outside.write("secret.csv", "name,number\nsecret,1\n");
  data.write("own.csv", "name,number\nown,1\n");
  std::filesystem::create_symlink(secret, data / "link.csv");
  const auto opened = isolated(make_duckdb_driver())->open({}, {{"path", Secret(data.path().string())}});
  ASSERT_TRUE(opened);
  EXPECT_TRUE((*opened)->execute({}, {.sql = "SELECT name FROM own"}, {}));
  EXPECT_FALSE((*opened)->execute({}, {.sql = "SELECT name FROM link"}, {}));
}

TEST(IsolatedDriver, ReadsAFileThatWasPutInTheOthersPlace) {
  const TestFolder data;
  run_in_sqlite(data / "a.sqlite", {"CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (1)"});
  run_in_sqlite(data / "b.sqlite", {"CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (2)"});
  const auto opened = isolated(make_sqlite_driver())->open({}, {{"path", Secret((data / "a.sqlite").string())}});
  ASSERT_TRUE(opened);
  std::filesystem::rename(data / "b.sqlite", data / "a.sqlite");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  const auto result = (*opened)->execute({}, {.sql = "SELECT n FROM t"}, {});
  ASSERT_TRUE(result) << describe_error(result.error());
  EXPECT_EQ(result->columns.at(0).integers, std::vector<std::int64_t>{2});
}

TEST(IsolatedDriver, SortsMoreThanFitsIntoSqlitesMemory) {
  const auto warehouse = open(sqlite_file());
  ASSERT_TRUE(warehouse);
  const auto sorted = warehouse->execute(
      {}, {.sql = "SELECT a.note AS note, b.id AS id FROM sales a, sales b WHERE b.id < 100 ORDER BY b.note, a.note, b.id"},
      {.rows_max = 5});
  ASSERT_TRUE(sorted) << describe_error(sorted.error()) << sorted.error().detail;
  EXPECT_EQ(sorted->row_count, 5U);
}

TEST(IsolatedDriver, LeavesNoTemporaryFolderBehind) {
  {
    const auto warehouse = open(sqlite_file());
    ASSERT_TRUE(warehouse);
    EXPECT_FALSE(std::filesystem::is_empty(folder() / "scratch"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder() / "scratch"));
}

}  // namespace
}  // namespace bridge
