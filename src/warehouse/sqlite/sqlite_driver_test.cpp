#include "warehouse/sqlite/sqlite_driver.h"

#include <gtest/gtest.h>

#include "base/text.h"
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

}  // namespace
}  // namespace bridge
