#include "warehouse/duckdb/duckdb_driver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/sql_name.h"
#include "base/testing/patience.h"
#include "base/text.h"
#include "warehouse/driver_list.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/duckdb/test_data.h"
#include "warehouse/testing/driver_contract.h"

namespace bridge {
namespace {

using duckdb::run_in_duckdb;
using duckdb::TestFolder;

constexpr const char* demo_folder = "node_modules/vega-datasets/data";

Result<std::shared_ptr<Warehouse>> open_path(const std::filesystem::path& path) {
  return make_duckdb_driver()->open({}, {{"path", Secret(path.string())}});
}

std::shared_ptr<Warehouse> open_demo() {
  static const auto driver = make_duckdb_driver();
  auto warehouse = driver->open({}, {{"path", Secret(demo_folder)}});
  EXPECT_TRUE(warehouse) << describe_error(warehouse.error());
  return *warehouse;
}

template <class T>
std::string why(const Result<T>& result) {
  return result ? "" : describe_error(result.error());
}

std::map<std::string, TableInfo> tables_of(Warehouse& warehouse, std::string_view dataset = "main") {
  std::map<std::string, TableInfo> by_name;
  auto tables = warehouse.describe_all_tables({}, dataset);
  EXPECT_TRUE(tables) << why(tables);
  for (TableInfo& table : *tables) by_name[table.name] = table;
  return by_name;
}

std::string rows_of(Warehouse& warehouse, const std::string& sql) {
  const auto result = warehouse.execute({}, {.sql = sql}, {});
  if (!result) return why(result);
  const std::string text = encode_rows(*result);
  return text.substr(text.find("\"rows\":") + 7, text.size() - text.find("\"rows\":") - 8);
}

void expect_open_error(const std::filesystem::path& path, std::string_view reason, std::string_view says) {
  const auto opened = open_path(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(reason_of(opened.error()), reason) << opened.error().message;
  EXPECT_NE(opened.error().message.find(says), std::string::npos) << opened.error().message;
}

// ---- the contract --------------------------------------------------------------------------------------------------

// Removed at the end of the test program.
const TestFolder& contract_folder() {
  static const TestFolder folder;
  static const bool is_made = [] {
    std::filesystem::create_directories(folder / "files");
    run_in_duckdb(
        "", {str("COPY (", duckdb::contract_sales_sql, ") TO '", (folder / "files").string(), "/sales.parquet' (ROW_GROUP_SIZE 200)")});
    run_in_duckdb(folder / "sales.duckdb", {str("CREATE TABLE sales AS ", duckdb::contract_sales_sql)});
    return true;
  }();
  EXPECT_TRUE(is_made);
  return folder;
}

DriverUnderTest parquet_folder_under_test() {
  return {.name = "Parquet folder",
          .driver = make_duckdb_driver(),
          .credentials = {{"path", Secret((contract_folder() / "files").string())}},
          .dataset = "main"};
}
DriverUnderTest database_file_under_test() {
  return {.name = "DuckDB file",
          .driver = make_duckdb_driver(),
          .credentials = {{"path", Secret((contract_folder() / "sales.duckdb").string())}},
          .dataset = "main",
          .scan_accuracy = ScanAccuracy::estimate};
}

INSTANTIATE_TEST_SUITE_P(DuckdbParquetFolder, DriverContract, testing::Values(MakeDriverUnderTest{&parquet_folder_under_test}));
INSTANTIATE_TEST_SUITE_P(DuckdbFile, DriverContract, testing::Values(MakeDriverUnderTest{&database_file_under_test}));

// ---- folders -------------------------------------------------------------------------------------------------------

TEST(DuckdbFolder, ListsTheRealDataAndLeavesOutWhatIsNoTable) {
  const auto tables = tables_of(*open_demo());
  EXPECT_GT(tables.size(), 50U);
  ASSERT_TRUE(tables.contains("flights_3m"));
  EXPECT_EQ(tables.at("flights_3m").row_count, 3'000'000);
  EXPECT_EQ(tables.at("flights_3m").size_bytes, 13'493'022);
  EXPECT_EQ(tables.at("stocks").row_count, 560);
  EXPECT_EQ(tables.at("unemployment").columns.size(), 2U);
  for (const char* name : {"world_110m", "us_10m", "miserables", "volcano", "earthquakes", "londonBoroughs", "t_7zip"})
    EXPECT_FALSE(tables.contains(name)) << name;
}

TEST(DuckdbFolder, TakesMixedNumbersAndTextAsText) {
  const auto tables = tables_of(*open_demo());
  EXPECT_EQ(tables.at("movies").columns[0].name, "Title");
  EXPECT_EQ(tables.at("movies").columns[0].type, ColumnType::text);
  EXPECT_EQ(rows_of(*open_demo(), "SELECT \"Title\" FROM movies WHERE \"Title\" IN ('300', 'Avatar') ORDER BY 1"),
            R"([["300"],["Avatar"]])");
}

TEST(DuckdbFolder, MakesNamesFromFileNames) {
  const TestFolder folder;
  folder.write("flights-3m.csv", "a\n1\n");
  folder.write("flights_3m.csv", "a\n2\n");
  folder.write("2024 sales.csv", "a\n3\n");
  folder.write("order.csv", "a\n4\n");
  folder.write("notes.txt", "no table");
  folder.write("lines.ndjson", "{\"a\": 1}\n{\"a\": 2}\n");
  folder.write("t.tsv", "a\tb\n1\t2\n");
  const auto warehouse = open_path(folder.path());
  ASSERT_TRUE(warehouse) << why(warehouse);
  const auto tables = tables_of(**warehouse);
  std::vector<std::string> names;
  for (const auto& [name, table] : tables) names.push_back(table.sql_name);
  EXPECT_EQ(join(names, " "), "flights_3m flights_3m_2 lines \"order\" t t_2024_sales");
  EXPECT_EQ(rows_of(**warehouse, "SELECT a FROM \"order\" UNION ALL SELECT a FROM flights_3m_2 UNION ALL SELECT sum(a) FROM lines"),
            "[[4],[2],[3]]");
}

TEST(DuckdbFolder, SkipsUnreadableFilesAndSaysWhyWhenTheyAreUsed) {
  const TestFolder folder;
  folder.write("good.csv", "a,b\n1,2\n");
  folder.write("broken.parquet", "PAR1 this is not Parquet");
  folder.write("broken.json", "{\"a\": [1, 2");
  const auto warehouse = open_path(folder.path());
  ASSERT_TRUE(warehouse) << why(warehouse);
  EXPECT_EQ(tables_of(**warehouse).size(), 1U);
  const auto result = (*warehouse)->execute({}, {.sql = "SELECT * FROM broken"}, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("broken."), std::string::npos) << result.error().message;
  EXPECT_EQ(result.error().message.find(folder.path().string()), std::string::npos) << result.error().message;
}

TEST(DuckdbFolder, ReadsAwkwardTextFilesRightOrNamesTheLine) {
  const TestFolder folder;
  const auto rows = [&](const std::string& name, const std::string& content, const std::string& sql) {
    const auto warehouse = open_path(folder.write(name, content));
    return warehouse ? rows_of(**warehouse, sql) : why(warehouse);
  };
  std::string bad = "region,product,amount\nNorth,Lamp,10\nSouth,Table, oak,200\n";
  for (int i = 0; i < 20; ++i) bad += "North,Chair,1\n";
  EXPECT_TRUE(rows("bad.csv", bad, "SELECT 1").contains("line 3 has 4 values"));
  EXPECT_EQ(
      rows("wb.csv",
           "\"Data "
           "Source\",\"World\",\n\n\"Updated\",\"2024-05-30\",\n\n\"Country\",\"Code\",\"2000\",\"2001\",\n\"A\",\"AA\",\"1\",\"2\",\n"
           "\"B, C\",\"BB\",\"3\",\"4\",\n\"D\",\"DD\",\"5\",\"6\",\n",
           "SELECT \"Country\", \"2001\" FROM wb ORDER BY 1"),
      R"([["A",2],["B, C",4],["D",6]])");
  EXPECT_EQ(rows("latin.csv",
                 "land;n\nH\xe9rault;1\nArd\xe8"
                 "che;2\n",
                 "SELECT * FROM latin ORDER BY n"),
            R"([["Hérault",1],["Ardèche",2]])");
  EXPECT_EQ(rows("u16.csv",
                 std::string("\xff\xfe"
                             "a\0,\0b\0\n\0"
                             "1\0,\0"
                             "2\0\n\0",
                             18),
                 "SELECT * FROM u16"),
            "[[1,2]]");
  EXPECT_TRUE(rows("windows.csv", "a,b\n\x80 5,1\n", "SELECT 1").contains("save it as UTF-8"));
  EXPECT_EQ(rows("one.jsonl", "{\"user\":\"u1\",\"tags\":[\"a\"],\"amount\":5}\n", "SELECT \"user\", amount FROM one"), R"([["u1",5]])");
  EXPECT_EQ(rows("t.tab", "a\tb\n1\t2\n", "SELECT * FROM t"), "[[1,2]]");
  EXPECT_EQ(rows("p.psv", "a|b\n1|2\n", "SELECT * FROM p"), "[[1,2]]");
  EXPECT_EQ(rows("x.txt", "a;b\n1;2\n3;4\n", "SELECT * FROM x ORDER BY 1"), "[[1,2],[3,4]]");
  EXPECT_TRUE(rows("letter.txt", "Dear reader\nhow are you\n", "SELECT 1").contains("no columns"));
  EXPECT_EQ(rows("ids.csv", "id,n\n90000000000000000001,1\n90000000000000000002,2\n", "SELECT * FROM ids ORDER BY n"),
            R"([["90000000000000000001",1],["90000000000000000002",2]])");
  EXPECT_EQ(rows("days.csv", "day,n\n01/02/20,1\n13/07/20,2\n31/12/20,3\n", "SELECT day FROM days ORDER BY n"),
            R"([["2020-02-01"],["2020-07-13"],["2020-12-31"]])");
}

TEST(DuckdbFolder, OpensOneFileToo) {
  const TestFolder folder;
  const auto warehouse = open_path(folder.write("one.csv", "a,b\n1,x\n"));
  ASSERT_TRUE(warehouse) << why(warehouse);
  EXPECT_EQ(rows_of(**warehouse, "SELECT * FROM one"), R"([[1,"x"]])");
}

TEST(DuckdbFolder, SeesAFileThatChangedAndOneThatIsNew) {
  const TestFolder folder;
  folder.write("t.csv", "a\n1\n");
  const auto warehouse = open_path(folder.path());
  ASSERT_TRUE(warehouse) << why(warehouse);
  EXPECT_EQ(rows_of(**warehouse, "SELECT sum(a) FROM t"), "[[1]]");
  folder.write("t.csv", "a\n10\n20\n");
  folder.write("u.csv", "a\n7\n");
  std::this_thread::sleep_for(duckdb::data_version_check_interval * 2);
  EXPECT_EQ(rows_of(**warehouse, "SELECT sum(t.a) + max(u.a) FROM t, u"), "[[37]]");
}

TEST(DuckdbFolder, SharesOneOpenSourceBetweenConnections) {
  const auto driver = make_duckdb_driver();
  const std::map<std::string, Secret> credentials = {{"path", Secret(demo_folder)}};
  const auto first = driver->open({}, credentials);
  const auto started = std::chrono::steady_clock::now();
  const auto second = driver->open({}, credentials);
  ASSERT_TRUE(first && second);
  EXPECT_LT(std::chrono::steady_clock::now() - started, kPatience * std::chrono::milliseconds(10))
      << "the second one does not open a database";
  EXPECT_EQ(rows_of(**second, "SELECT count(*) FROM flights_3m"), "[[3000000]]");
}

// ---- dry runs ------------------------------------------------------------------------------------------------------

TEST(DuckdbDryRun, CountsTheColumnsAndRowGroupsOfParquet) {
  const auto warehouse = open_demo();
  const auto bytes = [&](const std::string& sql, std::vector<SqlValue> values = {}) {
    const auto result = warehouse->dry_run({}, {.sql = sql, .values = std::move(values)});
    EXPECT_TRUE(result) << sql << why(result);
    return result ? result->bytes_scanned : 0;
  };
  const auto everything = bytes("SELECT * FROM flights_3m");
  EXPECT_GT(everything, 13'000'000U);
  EXPECT_LE(everything, 13'493'022U);
  const auto one_column = bytes("SELECT avg(delay) FROM flights_3m");
  EXPECT_GT(one_column, 2'000'000U);
  EXPECT_LT(one_column, everything / 3);
  const auto with_filter_column = bytes("SELECT avg(delay) FROM flights_3m WHERE distance > 100");
  EXPECT_GT(with_filter_column, one_column) << "a column that only the filter reads counts too";
  const auto january = bytes("SELECT avg(delay) FROM flights_3m WHERE date < $1", {Date{"2001-01-10"}});
  EXPECT_LT(january, one_column / 4);
  EXPECT_EQ(bytes("SELECT avg(delay) FROM flights_3m WHERE date >= $1 AND date < $2",
                  {Timestamp{"2001-01-02T00:00:00Z"}, Timestamp{"2001-01-10T00:00:00Z"}}),
            january);
  EXPECT_EQ(bytes("WITH f AS (SELECT * FROM flights_3m) SELECT avg(delay) FROM f WHERE date < $1", {Date{"2001-01-10"}}), january);
  const auto of_all = bytes("SELECT avg(delay) FROM flights_3m WHERE date < $1", {Date{"2001-06-30"}});
  EXPECT_GT(of_all, one_column);
  EXPECT_GE(bytes("SELECT a.delay FROM flights_3m a JOIN flights_3m b ON a.origin = b.destination"), one_column * 2 - 20'000);
  EXPECT_GT(bytes("SELECT count(*) FROM flights_3m"), 0U);
  EXPECT_LT(bytes("SELECT count(*) FROM flights_3m"), 20'000U);
  EXPECT_GT(bytes("SELECT count(*) FROM flights_3m f JOIN airports a ON f.origin = a.iata WHERE a.state = 'TX'"), one_column / 2);
}

TEST(DuckdbDryRun, CountsTextOfLoadedTables) {
  const auto result = open_demo()->dry_run({}, {.sql = "SELECT name FROM airports"});
  ASSERT_TRUE(result) << why(result);
  EXPECT_GT(result->bytes_scanned, 3'376U * 16);
  EXPECT_LT(result->bytes_scanned, 210'365U);
}

// ---- DuckDB files --------------------------------------------------------------------------------------------------

TEST(DuckdbFile, ListsSchemasTablesAndViews) {
  const TestFolder folder;
  run_in_duckdb(folder / "shop.duckdb",
                {"CREATE SCHEMA sales", "CREATE TABLE sales.\"order lines\" AS SELECT range AS id, 'x' || range AS name FROM range(5000)",
                 "COMMENT ON TABLE sales.\"order lines\" IS 'What was ordered'",
                 "CREATE VIEW top_lines AS SELECT * FROM sales.\"order lines\" WHERE id < 10",
                 "CREATE TABLE empty_table (a INTEGER, b DECIMAL(10, 2) NOT NULL)"});
  const auto warehouse = open_path(folder / "shop.duckdb");
  ASSERT_TRUE(warehouse) << why(warehouse);
  const auto datasets = (*warehouse)->list_datasets({});
  ASSERT_TRUE(datasets);
  ASSERT_EQ(datasets->size(), 2U);
  EXPECT_EQ((*datasets)[1].name, "sales");
  const auto sales = tables_of(**warehouse, "sales");
  EXPECT_EQ(sales.at("order lines").sql_name, "sales.\"order lines\"");
  EXPECT_EQ(sales.at("order lines").description, "What was ordered");
  EXPECT_EQ(sales.at("order lines").row_count, 5'000);
  const auto main = tables_of(**warehouse);
  EXPECT_EQ(main.at("top_lines").row_count, 10);
  EXPECT_EQ(main.at("empty_table").columns[1].engine_type, "DECIMAL(10,2)");
  EXPECT_EQ(rows_of(**warehouse, "SELECT count(*) FROM top_lines"), "[[10]]");
  EXPECT_EQ(rows_of(**warehouse, "SELECT max(id) FROM sales.\"order lines\""), "[[4999]]");
  EXPECT_EQ(rows_of(**warehouse, "SELECT max(id) FROM shop.sales.\"order lines\""), "[[4999]]");
  const auto through_view = (*warehouse)->dry_run({}, {.sql = "SELECT name FROM top_lines"});
  ASSERT_TRUE(through_view) << why(through_view);
  EXPECT_GT(through_view->bytes_scanned, 1'000U);
  EXPECT_FALSE((*warehouse)->execute({}, {.sql = "SELECT * FROM sales.nothing"}, {}));
}

TEST(DuckdbFile, HoldsItsViewsToWhatAQueryMayDo) {
  const TestFolder folder;
  run_in_duckdb(
      folder / "views.duckdb",
      {"CREATE TABLE t AS SELECT range AS n, 'x' AS s FROM range(5)", "CREATE SCHEMA other",
       "CREATE VIEW plain AS WITH few AS (SELECT n FROM t WHERE n < 3) SELECT sum(n) AS s FROM few",
       "CREATE VIEW \"called as (this)\" (a, \"b as\") AS SELECT n, upper(s) FROM t; ", "CREATE VIEW other.on_top AS SELECT * FROM plain",
       "CREATE VIEW settings AS SELECT current_setting('threads') AS v", "CREATE VIEW of_files AS SELECT * FROM glob('/*')",
       "CREATE VIEW of_catalog AS SELECT * FROM duckdb_settings()", "CREATE MACRO mine(x) AS x + 1",
       "CREATE VIEW of_macro AS SELECT mine(n) AS m FROM t", "CREATE VIEW beneath AS SELECT * FROM settings"});
  const auto warehouse = open_path(folder / "views.duckdb");
  ASSERT_TRUE(warehouse) << why(warehouse);
  EXPECT_EQ(rows_of(**warehouse, "SELECT s FROM plain"), "[[3]]");
  EXPECT_EQ(rows_of(**warehouse, "SELECT count(\"b as\") FROM \"called as (this)\""), "[[5]]");
  EXPECT_EQ(rows_of(**warehouse, "SELECT s FROM other.on_top"), "[[3]]");
  for (const std::string view : {"settings", "of_files", "of_catalog", "of_macro", "beneath"}) {
    const auto refused = (*warehouse)->execute({}, {.sql = "SELECT * FROM " + view}, {});
    ASSERT_FALSE(refused) << view;
    EXPECT_NE(refused.error().message.find("does what a query may not"), std::string::npos) << refused.error().message;
    EXPECT_FALSE((*warehouse)->dry_run({}, {.sql = "SELECT * FROM " + view})) << view;
  }
  const auto tables = tables_of(**warehouse);
  EXPECT_TRUE(tables.contains("plain"));
  EXPECT_FALSE(tables.contains("beneath"));
}

TEST(DuckdbFile, RefusesAFileThatRedefinesFunctions) {
  const TestFolder folder;
  run_in_duckdb(folder / "odd.duckdb",
                {"CREATE TABLE t AS SELECT 'X' AS a", "CREATE MACRO lower(x) AS (SELECT count(*) FROM duckdb_settings())"});
  expect_open_error(folder / "odd.duckdb", "function_redefined", "'lower'");
  run_in_duckdb(folder / "other.duckdb",
                {"CREATE TABLE t AS SELECT 'X' AS a", "CREATE MACRO my_settings() AS (SELECT count(*) FROM duckdb_settings())"});
  const auto warehouse = open_path(folder / "other.duckdb");
  ASSERT_TRUE(warehouse) << why(warehouse);
  EXPECT_EQ(rows_of(**warehouse, "SELECT lower(a) FROM t"), R"([["x"]])");
  EXPECT_FALSE((*warehouse)->execute({}, {.sql = "SELECT my_settings() FROM t"}, {}));
}

TEST(DuckdbFile, ReadsTheNewFileAfterItWasReplaced) {
  const TestFolder folder;
  run_in_duckdb(folder / "a.duckdb", {"CREATE TABLE t AS SELECT 1 AS a"});
  run_in_duckdb(folder / "b.duckdb", {"CREATE TABLE t AS SELECT 2 AS a", "CREATE TABLE filler AS SELECT range AS x FROM range(200000)"});
  const auto warehouse = open_path(folder / "a.duckdb");
  ASSERT_TRUE(warehouse) << why(warehouse);
  EXPECT_EQ(rows_of(**warehouse, "SELECT a FROM t"), "[[1]]");
  std::filesystem::rename(folder / "b.duckdb", folder / "a.duckdb");
  std::this_thread::sleep_for(duckdb::data_version_check_interval * 2);
  EXPECT_EQ(rows_of(**warehouse, "SELECT a FROM t"), "[[2]]");
}

// ---- values --------------------------------------------------------------------------------------------------------

TEST(DuckdbValues, ReadsEveryType) {
  const auto warehouse = open_demo();
  const auto value = [&](const std::string& expression) { return rows_of(*warehouse, "SELECT " + expression + " AS v"); };
  EXPECT_EQ(value("9007199254740992"), "[[9007199254740992]]");
  EXPECT_EQ(value("9007199254740993"), R"([["9007199254740993"]])");
  EXPECT_EQ(value("-170141183460469231731687303715884105727::HUGEINT - 1"), R"([["-170141183460469231731687303715884105728"]])");
  EXPECT_EQ(value("340282366920938463463374607431768211455::UHUGEINT"), R"([["340282366920938463463374607431768211455"]])");
  EXPECT_EQ(value("18446744073709551615::UBIGINT"), R"([["18446744073709551615"]])");
  EXPECT_EQ(value("[5::UBIGINT, 6]"), "[[\"[\\\"5\\\",\\\"6\\\"]\"]]");
  EXPECT_EQ(value("(-0.05)::DECIMAL(4, 2)"), R"([["-0.05"]])");
  EXPECT_EQ(value("123::DECIMAL(38, 0)"), R"([["123"]])");
  EXPECT_EQ(value("0.1::FLOAT > 0"), "[[true]]");
  EXPECT_EQ(value("'nan'::DOUBLE"), "[[null]]");
  EXPECT_EQ(value("'infinity'::DOUBLE"), "[[null]]");
  EXPECT_EQ(value("DATE '0099-02-03'"), R"([["0099-02-03"]])");
  EXPECT_EQ(value("DATE '1969-12-31'"), R"([["1969-12-31"]])");
  EXPECT_EQ(value("'infinity'::DATE"), "[[null]]");
  EXPECT_EQ(value("TIMESTAMP '1969-12-31 23:59:59.5'"), R"([["1969-12-31T23:59:59.500000Z"]])");
  EXPECT_EQ(value("'2001-02-03 04:05:06+02'::TIMESTAMPTZ"), R"([["2001-02-03T02:05:06Z"]])");
  EXPECT_EQ(value("'2001-02-03 04:05:06.123456789'::TIMESTAMP_NS"), R"([["2001-02-03T04:05:06.123456Z"]])");
  EXPECT_EQ(value("'2001-02-03 04:05:06'::TIMESTAMP_S"), R"([["2001-02-03T04:05:06Z"]])");
  EXPECT_EQ(value("'2001-02-03 04:05:06.25'::TIMESTAMP_MS"), R"([["2001-02-03T04:05:06.250000Z"]])");
  EXPECT_EQ(value("TIME '04:05:06.5'"), R"([["04:05:06.500000"]])");
  EXPECT_EQ(value("'04:05:06+02:30'::TIMETZ"), R"([["04:05:06+02:30"]])");
  EXPECT_EQ(value("INTERVAL '14 months 3 days 90 minutes'"), R"([["1 year 2 months 3 days 01:30:00"]])");
  EXPECT_EQ(value("'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID"), R"([["6ba7b810-9dad-11d1-80b4-00c04fd430c8"]])");
  EXPECT_EQ(value("'b'::ENUM('a', 'b')"), R"([["b"]])");
  EXPECT_EQ(value("'\\xAA\\x01'::BLOB"), R"([["aa01"]])");
  EXPECT_EQ(value("'10110'::BIT"), R"([["10110"]])");
  EXPECT_EQ(value("NULL"), "[[null]]");
  EXPECT_EQ(value("{'a': [1, NULL], 'b': {'c': 'x\"y'}, 'd': DATE '2001-01-01'}"),
            R"([["{\"a\":[1,null],\"b\":{\"c\":\"x\\\"y\"},\"d\":\"2001-01-01\"}"]])");
  EXPECT_EQ(value("map(['a', 'b'], [1, 2])"), R"([["{\"a\":1,\"b\":2}"]])");
  EXPECT_EQ(value("[1, 2]::INTEGER[2]"), R"([["[1,2]"]])");
  EXPECT_EQ(value("'{\"a\": 1}'::JSON"), R"([["{\"a\": 1}"]])");
}

TEST(DuckdbValues, WidensAWholeColumnWhenOneValueNeedsIt) {
  const auto result = open_demo()->execute(
      {}, {.sql = "SELECT CASE WHEN x = 3000 THEN 9007199254740993 ELSE x END AS v FROM range(3001) AS r(x) ORDER BY x"}, {});
  ASSERT_TRUE(result) << why(result);
  EXPECT_EQ(result->columns[0].type, ColumnType::big_integer);
  EXPECT_EQ(result->columns[0].texts.size(), 3'001U);
  EXPECT_EQ(result->columns[0].texts[7], "7");
}

TEST(DuckdbValues, SaysWhichColumnCannotBeShown) {
  const auto result = open_demo()->execute({}, {.sql = "SELECT union_value(k := 1) AS odd"}, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("'odd'"), std::string::npos) << result.error().message;
}

// ---- cost ----------------------------------------------------------------------------------------------------------

TEST(DuckdbCost, StopsEndlessAndHugeQueries) {
  const auto warehouse = open_demo();
  std::string doubling = "WITH t0 AS (SELECT 1 AS x)";
  for (int i = 1; i <= 40; ++i) doubling += str(", t", i, " AS (SELECT a.x FROM t", i - 1, " a, (SELECT 1 UNION ALL SELECT 1) b)");
  for (const std::string& sql : {std::string("SELECT sum(x * random()) FROM range(1000000000000) AS r(x)"),
                                 std::string("SELECT count(*) FROM flights_3m a, flights_3m b WHERE a.delay + b.delay = -100000"),
                                 doubling + " SELECT count(*) FROM t40 WHERE random() < 0"}) {
    const auto started = std::chrono::steady_clock::now();
    const auto result = warehouse->execute(CallContext{}.with_timeout(std::chrono::milliseconds(300)), {.sql = sql}, {});
    ASSERT_FALSE(result) << sql;
    EXPECT_EQ(result.error().code, ErrorCode::deadline_exceeded) << why(result);
    EXPECT_LT(std::chrono::steady_clock::now() - started, kPatience * std::chrono::seconds(3)) << sql;
  }
}

TEST(DuckdbCost, CutsTenMillionRowsOffWithoutMakingThemAll) {
  const auto started = std::chrono::steady_clock::now();
  const auto result = open_demo()->execute({}, {.sql = "SELECT x FROM range(1000000000) AS r(x)"}, {.rows_max = 5'000});
  ASSERT_TRUE(result) << why(result);
  EXPECT_EQ(result->row_count, 5'000U);
  EXPECT_TRUE(result->truncated);
  EXPECT_LT(std::chrono::steady_clock::now() - started, kPatience * std::chrono::seconds(1));
}

TEST(DuckdbCost, EndsAQueryThatNeedsTooMuchMemory) {
  const auto engine = duckdb::Engine::open({.memory_max = 64 << 20});
  ASSERT_TRUE(engine) << why(engine);
  const auto session = *(*engine)->borrow({});
  const auto result = session->run({}, {.sql = "SELECT repeat('x', 100000) AS big FROM range(100000) ORDER BY random()"}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::resource_exhausted) << why(result);
  EXPECT_EQ(result.error().message.find("SET "), std::string::npos)
      << "DuckDB's advice is not for the person who asks: " << result.error().message;
  EXPECT_TRUE(session->run({}, {.sql = "SELECT 1"}, {}));
}

TEST(DuckdbCost, LeavesALongValueOut) {
  const auto result = open_demo()->execute({}, {.sql = "SELECT repeat(repeat('x', 100000), 100) AS big"}, {.result_bytes_max = 1'000'000});
  ASSERT_TRUE(result) << why(result);
  EXPECT_EQ(result->row_count, 0U);
  EXPECT_TRUE(result->truncated);
}

// ---- paths ---------------------------------------------------------------------------------------------------------

TEST(DuckdbPath, SaysWhatToDoAboutEachProblem) {
  const TestFolder folder;
  expect_open_error("", "path_missing", "'path'");
  expect_open_error(folder / "nothing_here", "path_missing", "There is nothing at");
  expect_open_error("https://example.com/data", "path_not_allowed", "no address");
  expect_open_error("/data/*.csv", "path_not_allowed", "no pattern");
  expect_open_error(":memory:", "path_not_allowed", "file or a folder");
  expect_open_error("/dev/null", "path_not_allowed", "/dev");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_open_error(folder / "pipe", "path_not_readable", "neither");
  std::filesystem::create_directories(folder / "server/lake/sessions/a/b");
  folder.write("server/bridge.lock", "");
  folder.write("server/lake/sessions/a/b/0.jsonl", "{\"prompt\": \"of another team\"}\n");
  expect_open_error(folder / "server/lake", "path_not_allowed", "data folder");
  expect_open_error(folder / "server/lake/sessions/a", "path_not_allowed", "data folder");
  expect_open_error(folder / "server/lake/sessions/a/b/0.jsonl", "path_not_allowed", "data folder");

  std::filesystem::create_directories(folder / "empty");
  expect_open_error(folder / "empty", "no_tables", "Parquet, CSV");
  std::filesystem::create_directories(folder / "pictures");
  folder.write("pictures/a.png", "not a table");
  expect_open_error(folder / "pictures", "no_tables", "Parquet, CSV");
  std::filesystem::create_directories(folder / "broken");
  folder.write("broken/only.parquet", "PAR1 broken");
  expect_open_error(folder / "broken", "no_tables", "only.parquet");

  expect_open_error(folder.write("shop.db", std::string("SQLite format 3\0", 16) + std::string(4'080, 'x')), "not_a_database",
                    "type sqlite");
  expect_open_error(folder.write("text.duckdb", std::string(20'000, 'x')), "not_a_database", "is not a DuckDB database");
  run_in_duckdb(folder / "cut.duckdb", {"CREATE TABLE t AS SELECT range AS a, 'text ' || range AS b FROM range(300000)"});
  std::filesystem::resize_file(folder / "cut.duckdb", std::filesystem::file_size(folder / "cut.duckdb") / 3);
  expect_open_error(folder / "cut.duckdb", "database_corrupt", "damaged");
  run_in_duckdb(folder / "bare.duckdb", {"SELECT 1"});
  expect_open_error(folder / "bare.duckdb", "no_tables", "no tables");
  if (geteuid() != 0) {
    const auto closed = folder.write("closed.csv", "a\n1\n");
    std::filesystem::permissions(closed, std::filesystem::perms::none);
    expect_open_error(closed, "path_not_readable", "may not read");
  }
}

TEST(DuckdbPath, SaysThatAnotherProcessHoldsTheFile) {
  const TestFolder folder;
  const auto file = folder / "held.duckdb";
  run_in_duckdb(file, {"CREATE TABLE t AS SELECT 1 AS a"});
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {  // holds the lock that a writing DuckDB holds, until it is killed
    const int held = ::open(file.c_str(), O_RDWR);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const char state = fcntl(held, F_SETLK, &lock) == 0 ? 'y' : 'n';
    (void)!write(pipe_ends[1], &state, 1);
    pause();
    _exit(0);
  }
  char state = 0;
  ASSERT_EQ(read(pipe_ends[0], &state, 1), 1);
  EXPECT_EQ(state, 'y');
  expect_open_error(file, "warehouse_locked", "Another process");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  EXPECT_TRUE(open_path(file));
}

TEST(DuckdbPath, NeverShowsAPathInAnErrorOfAQuery) {
  const TestFolder folder;
  folder.write("t.csv", "a,b\n1,x\n");
  const auto warehouse = open_path(folder.path());
  ASSERT_TRUE(warehouse) << why(warehouse);
  for (const char* sql : {"SELECT c FROM t", "SELECT b::INTEGER FROM t", "SELECT * FROM u", "SELECT sum(b) FROM t", "SELECT"}) {
    const auto result = (*warehouse)->execute({}, {.sql = sql}, {});
    ASSERT_FALSE(result);
    EXPECT_EQ(describe_error(result.error()).find(folder.path().string()), std::string::npos) << describe_error(result.error());
  }
}

// ---- statistics ----------------------------------------------------------------------------------------------------

std::map<std::string, ColumnStatistics> statistics_of(const std::string& table) {
  std::map<std::string, ColumnStatistics> by_name;
  const auto all = open_demo()->column_statistics({}, "main", table, {});
  EXPECT_TRUE(all) << why(all);
  for (const ColumnStatistics& statistics : *all) by_name[statistics.column] = statistics;
  return by_name;
}

TEST(DuckdbStatistics, DescribesTheThreeMillionFlights) {
  const auto flights = statistics_of("flights_3m");
  EXPECT_EQ(flights.at("date").min, "2001-01-01T00:01:00Z");
  EXPECT_EQ(flights.at("date").max, "2001-07-01T00:00:00Z");
  EXPECT_EQ(flights.at("origin").distinct_count, 229);
  ASSERT_FALSE(flights.at("origin").top_values.empty());
  EXPECT_EQ(flights.at("origin").top_values[0].value, "ORD");
  EXPECT_EQ(flights.at("origin").top_values[0].count, 166'341);
  EXPECT_NEAR(*flights.at("delay").average, 6.667867666, 1e-6);
  EXPECT_NEAR(static_cast<double>(*flights.at("delay").distinct_count), 867, 200);
  EXPECT_FALSE(flights.at("delay").exact);
  EXPECT_EQ(flights.at("delay").null_fraction, 0);
}

TEST(DuckdbStatistics, CountsSmallTablesExactly) {
  const auto penguins = statistics_of("penguins");
  EXPECT_EQ(penguins.at("Species").distinct_count, 3);
  EXPECT_TRUE(penguins.at("Species").exact);
  ASSERT_EQ(penguins.at("Species").top_values.size(), 3U);
  EXPECT_EQ(penguins.at("Species").top_values[0].value, "Adelie");
  EXPECT_EQ(penguins.at("Species").top_values[0].count, 152);
  EXPECT_NEAR(*penguins.at("Sex").null_fraction, 10.0 / 344, 1e-9);
}

// The statistics of the only column of a CSV file with these lines.
ColumnStatistics reading_of(const std::string& name, const std::vector<std::string>& values) {
  const TestFolder folder;
  std::string text = quoted_sql_name(name) + "\n";
  for (const std::string& value : values) text += quoted_sql_name(value) + "\n";
  const auto warehouse = open_path(folder.write("t.csv", text));
  EXPECT_TRUE(warehouse) << why(warehouse);
  const auto statistics = (*warehouse)->column_statistics({}, "main", "t", {});
  EXPECT_TRUE(statistics) << why(statistics);
  ColumnStatistics one = statistics->front();
  // Whatever it reads, a query may use it.
  if (one.read_sql) {
    const BoundQuery query{.sql = str("SELECT max(", *one.read_sql, ") AS newest FROM t WHERE (", *one.read_sql, ") IS NOT NULL")};
    const auto answer = (*warehouse)->execute({}, query, {});
    EXPECT_TRUE(answer) << *one.read_sql << ": " << why(answer);
  }
  return one;
}

TEST(DuckdbReadings, NumbersWrittenAsTextAreReadWithAllTheirDigits) {
  const auto dollars = reading_of("revenue", {"$1,200.50", "$80.00", "-$250.25", "(350.00)", "NA", "1.5M"});
  EXPECT_FALSE(dollars.read_as) << "one in five that is no number is too many";
  const auto more = reading_of("revenue", {"$1,200.50", "$80.00", "-$250.25", "(350.00)", "NA", "-", "$1"});
  EXPECT_EQ(more.read_as, ReadAs::number);
  EXPECT_EQ(more.min, "-350.00");
  EXPECT_EQ(more.max, "1200.50");
  EXPECT_EQ(more.read_unit, "$");
  EXPECT_EQ(more.unread_count, 2);
  EXPECT_EQ(more.unread_values, (std::vector<std::string>{"-", "NA"}));
  const auto euro = reading_of("Umsatz", {"1.240.294,00", "3.500,50", "980,25", "12.000,00"});
  EXPECT_EQ(euro.max, "1240294.00");
  EXPECT_EQ(euro.unread_count, 0);
  EXPECT_EQ(reading_of("share", {"45%", "12.5 %", "0%"}).read_unit, "%");
  const ColumnStatistics crowns = reading_of("price", {"kr. 1200", "kr. 99", "kr 5"});
  EXPECT_EQ(crowns.min, "5") << "the point of an abbreviation is none of the number";
  EXPECT_EQ(crowns.max, "1200");
  EXPECT_EQ(reading_of("n", {"1'200.5", "12 000", "7"}).max, "12000.0");
  EXPECT_EQ(reading_of("n", {"NA", "1", "22", "333"}).max, "333");
  EXPECT_EQ(reading_of("n", {"NA", "1", "22.5"}).read_sql, "TRY_CAST(n AS DECIMAL(38, 1))") << "what people can read, where that is enough";
  for (const std::vector<std::string>& values : {std::vector<std::string>{"01730", "90210", "00501"},
                                                 {"a1", "b2"},
                                                 {"192.168.1.1", "10.0.0.1"},
                                                 {"10-20", "20-30"},
                                                 {"555 1234", "555 9876"}})
    EXPECT_FALSE(reading_of("code", values).read_as) << values.front();
}

TEST(DuckdbReadings, DatesAreReadInTheFormatThatFitsAllOfThem) {
  EXPECT_EQ(reading_of("updated", {"January 1, 2012", "March 3, 2012", "unknown"}).read_sql, "try_strptime(updated, '%B %d, %Y')");
  const auto junk = reading_of("month", [] {
    std::vector<std::string> months{"see note"};
    for (int i = 0; i < 240; ++i) months.push_back(str(1990 + i / 12, i % 12 < 9 ? "-0" : "-", i % 12 + 1));
    return months;
  }());
  EXPECT_EQ(junk.min, "1990-01-01");
  EXPECT_EQ(junk.max, "2009-12-01") << "one value that is no date does not hide the range of the others";
  EXPECT_EQ(junk.unread_count, 1);
  EXPECT_EQ(reading_of("d", {"05/01/2024 x", "1"}).read_as, std::nullopt);
  const auto whole = reading_of("month", {"202201", "202202", "202212"});
  EXPECT_EQ(whole.read_as, ReadAs::date);
  EXPECT_EQ(whole.max, "2022-12-01");
  EXPECT_EQ(reading_of("date_key", {"20240115", "20240116"}).max, "2024-01-16");
  EXPECT_EQ(reading_of("created_at", {"1704067200", "1704153600"}).min, "2024-01-01T00:00:00Z");
  EXPECT_EQ(reading_of("ts", {"1704067200123", "1704153600000"}).min, "2024-01-01T00:00:00.123000Z");
  EXPECT_FALSE(reading_of("amount", {"202201", "202213"}).read_as);
  EXPECT_FALSE(reading_of("visitors", {"1704067200", "1704153600"}).read_as);
}

TEST(DuckdbReadings, MomentsInJsonDurationsAndNumbersThatAreNoneAreSeen) {
  const TestFolder folder;
  folder.write("hits.json", R"([{"at": "2024-01-01T10:00:00.123Z"}, {"at": "2024-01-02T01:00:00+02:00"}])");
  folder.write("calls.csv", "took,long\n00:00:30,26:10:30\n00:01:30,00:00:01\n");
  folder.write("m.csv", "revenue\n10\nNaN\n20\ninf\n");
  const auto warehouse = open_path(folder.path());
  ASSERT_TRUE(warehouse) << why(warehouse);
  const auto statistics = [&](std::string_view table) {
    const auto all = (*warehouse)->column_statistics({}, "main", table, {});
    EXPECT_TRUE(all) << table << ": " << why(all);
    return all.value_or(std::vector<ColumnStatistics>(2));
  };
  const auto hits = statistics("hits").front();
  EXPECT_EQ(hits.read_as, ReadAs::timestamp);
  EXPECT_EQ(hits.max, "2024-01-01T23:00:00Z");
  const auto calls = statistics("calls");
  EXPECT_EQ(calls[0].read_as, ReadAs::seconds);
  EXPECT_EQ(calls[0].average, 60);
  EXPECT_EQ(calls[1].max, "94230.0");
  const auto m = statistics("m").front();
  EXPECT_EQ(m.read_as, ReadAs::number);
  EXPECT_EQ(m.average, 15);
  EXPECT_EQ(m.unread_count, 2);
  EXPECT_EQ(rows_of(**warehouse, str("SELECT sum(", *m.read_sql, ") FROM m")), "[[30]]");
}

TEST(DuckdbNames, EveryKeywordOfTheEngineIsATableAndAColumn) {
  const TestFolder folder;
  run_in_duckdb(folder / "k.duckdb", {"CREATE TABLE k AS SELECT keyword_name AS word FROM duckdb_keywords()"});
  const auto words = open_path(folder / "k.duckdb");
  ASSERT_TRUE(words) << why(words);
  const auto keywords = (*words)->execute({}, {.sql = "SELECT DISTINCT word FROM k ORDER BY 1"}, {});
  ASSERT_TRUE(keywords) << why(keywords);
  EXPECT_GT(keywords->row_count, 400U);
  std::vector<std::string> statements;
  for (const std::string& word : keywords->columns[0].texts) {
    const std::string name = quoted_sql_name(word);
    statements.push_back(str("CREATE TABLE ", name, " AS SELECT 5 AS ", name, ", DATE '2024-01-01' AS d"));
  }
  run_in_duckdb(folder / "named.duckdb", statements);
  const auto warehouse = open_path(folder / "named.duckdb");
  ASSERT_TRUE(warehouse) << why(warehouse);
  const auto tables = tables_of(**warehouse);
  for (const std::string& word : keywords->columns[0].texts) {
    ASSERT_TRUE(tables.contains(word)) << word;
    const std::string n = sql_name(word);
    const std::string sql = str("SELECT ", n, ", CASE WHEN ", n, " > 1 THEN ", n, " END AS a, sum(", n, ") AS b, CAST(", n,
                                " AS VARCHAR) || 'x' AS c FROM ", tables.at(word).sql_name, " WHERE ", n, " IS NOT NULL AND ", n,
                                " BETWEEN 1 AND 9 AND d >= DATE '2024-01-01' GROUP BY ", n, " ORDER BY ", n, " DESC");
    EXPECT_EQ(rows_of(**warehouse, sql), R"([[5,5,5,"5x"]])") << sql;
    EXPECT_EQ(rows_of(**warehouse, str("WITH ", n, " AS (SELECT 1 AS ", n, ") SELECT ", n, ".", n, " FROM ", n)), "[[1]]") << word;
  }
}

TEST(DuckdbStatistics, SeesDatesThatAreWrittenAsText) {
  EXPECT_EQ(statistics_of("movies").at("Release Date").text_date_format, "%b %d %Y");
  EXPECT_EQ(statistics_of("stocks").at("date").text_date_format, "%b %d %Y");
  EXPECT_FALSE(statistics_of("stocks").at("symbol").text_date_format);
  EXPECT_FALSE(statistics_of("movies").at("Title").text_date_format);
}

}  // namespace
}  // namespace bridge
