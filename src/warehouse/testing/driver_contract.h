#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "warehouse/warehouse.h"

namespace bridge {

// A driver that is to keep the contract, and credentials of a warehouse that has the contract's table:
//   sales: 1,000 rows for n = 0 … 999 of
//     id whole number = n · day date = 2024-01-01 + n % 100 days · sold_at timestamp (UTC) = day at 12:30 · region text = north, south,
//     east, west by n % 4 · amount double = n / 2 · price decimal(18,2) = n + 0.25 · is_new boolean = n is even · note text = 'note n',
//     null for every tenth n
struct DriverUnderTest {
  std::string name;
  std::shared_ptr<WarehouseDriver> driver;
  std::map<std::string, Secret> credentials;
  std::string dataset;
  // Binds, and fails in the engine for what {sales} holds.
  std::string failing_sql = "SELECT CAST(region AS INTEGER) AS n FROM {sales}";
  // The sum of decimals: `number` where the engine adds them as floating point.
  ColumnType sum_of_decimals = ColumnType::decimal;
  // What its dry run says of one look at the whole table.
  ScanAccuracy scan_accuracy = ScanAccuracy::upper_bound;
};

// A function, so that nothing is made before the test runs.
using MakeDriverUnderTest = std::function<DriverUnderTest()>;

// In a test file of the driver's folder:
//   INSTANTIATE_TEST_SUITE_P(DuckdbFile, DriverContract, testing::Values(MakeDriverUnderTest{&make_duckdb_file_under_test}));
class DriverContract : public testing::TestWithParam<MakeDriverUnderTest> {
 protected:
  void SetUp() override;

  // "$1"
  std::string placeholder(int number) const;
  // Runs SQL in which {sales} stands for the table.
  Result<QueryResult> run(std::string sql, std::vector<SqlValue> values = {}, ExecuteLimits limits = {});
  Result<DryRun> dry_run(std::string sql, std::vector<SqlValue> values = {});
  std::string with_table(std::string sql) const;
  // The only value of the only row, -1 when there is none. Expects that the query succeeds.
  std::int64_t count_of(std::string sql, std::vector<SqlValue> values = {});

  DriverUnderTest under_test_;
  std::shared_ptr<Warehouse> warehouse_;
  TableInfo sales_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DriverContract);

}  // namespace bridge
