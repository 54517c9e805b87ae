#include "warehouse/duckdb/duckdb_driver.h"

#include <gtest/gtest.h>

#include "warehouse/driver_list.h"

namespace bridge {
namespace {

constexpr const char* demo_folder = "node_modules/vega-datasets/data";

std::shared_ptr<Warehouse> open_demo() {
  static const auto driver = make_duckdb_driver();
  auto warehouse = driver->open({}, {{"path", Secret(demo_folder)}});
  EXPECT_TRUE(warehouse) << describe_error(warehouse.error());
  return *warehouse;
}

TEST(DuckdbDriver, ListsTheFilesOfAFolderAsTables) {
  const auto tables = open_demo()->list_tables({}, "main");
  ASSERT_TRUE(tables) << describe_error(tables.error());
  std::map<std::string, const TableInfo*> by_name;
  for (const TableInfo& table : *tables) by_name[table.name] = &table;
  ASSERT_TRUE(by_name.contains("flights_3m"));
  EXPECT_EQ(by_name["flights_3m"]->row_count, 3'000'000);
  ASSERT_TRUE(by_name.contains("movies"));
  EXPECT_EQ(by_name["movies"]->columns[0].type, ColumnType::text);
  EXPECT_FALSE(by_name.contains("world_110m"));
  for (const TableInfo& table : *tables) printf("%s %ld %zu\n", table.sql_name.c_str(), table.row_count, table.columns.size());
}

TEST(DuckdbDriver, SaysWhatAQueryWouldScanWithoutRunningIt) {
  const auto warehouse = open_demo();
  const auto dry_run = warehouse->dry_run({}, {.sql = "SELECT date_trunc('day', date) AS day, count(*) AS flights, avg(delay) AS delay FROM flights_3m GROUP BY 1"});
  ASSERT_TRUE(dry_run) << describe_error(dry_run.error());
  EXPECT_EQ(dry_run->columns.size(), 3U);
  printf("%lu\n", dry_run->bytes_scanned);
  EXPECT_GT(dry_run->bytes_scanned, 1'000'000U);
  EXPECT_LT(dry_run->bytes_scanned, 13'493'022U);
  const auto part = warehouse->dry_run({}, {.sql = "SELECT count(*), avg(delay) FROM flights_3m WHERE date < $1", .values = {Date{"2001-01-10"}}});
  ASSERT_TRUE(part) << describe_error(part.error());
  EXPECT_LT(part->bytes_scanned, dry_run->bytes_scanned / 5);
  printf("%lu\n", part->bytes_scanned);
}

TEST(DuckdbDriver, RunsAQueryWithTypedParameters) {
  const auto result = open_demo()->execute({}, {.sql = "SELECT origin, count(*) AS flights, sum(distance) AS miles FROM flights_3m WHERE date >= $1 GROUP BY 1 ORDER BY 2 DESC LIMIT 3", .values = {Date{"2001-01-10"}}}, {});
  ASSERT_TRUE(result) << describe_error(result.error());
  EXPECT_EQ(result->row_count, 3U);
  EXPECT_EQ(result->columns[2].type, ColumnType::integer);
  puts(encode_rows(*result).c_str());
}

TEST(DuckdbDriver, RefusesWhatIsNotOneSelectOverItsTables) {
  const auto warehouse = open_demo();
  for (const char* sql : {"SELECT 1; SELECT 2", "CREATE TABLE x (i int)", "SELECT * FROM read_csv('/etc/passwd')", "FROM '/etc/passwd'", "SELECT * FROM enable_logging()", "SELECT * FROM flight_3m", "SELECT delai FROM flights_3m",
                          "SELECT FROM", "SELECT * FROM duckdb_tables", "SELECT current_setting('x')", "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM a) SELECT * FROM a"}) {
    const auto result = warehouse->execute({}, {.sql = sql}, {});
    ASSERT_FALSE(result) << sql;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument) << sql;
    puts(describe_error(result.error()).c_str());
  }
}

}  // namespace
}  // namespace bridge
