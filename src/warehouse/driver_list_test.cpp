#include "warehouse/driver_list.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/text.h"

namespace bridge {
namespace {

// The folders of src/warehouse that are engines; tests run in the repository's root.
std::set<std::string> engine_folders() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("src/warehouse")) {
    if (entry.is_directory() && entry.path().filename() != "testing") names.insert(entry.path().filename().string());
  }
  return names;
}

TEST(WarehouseDrivers, HoldOneForEachFolder) {
  std::set<std::string> types;
  for (const auto& driver : make_warehouse_drivers()) EXPECT_TRUE(types.insert(driver->type()).second) << driver->type();
  EXPECT_EQ(types, engine_folders());
}

// A suite's name begins with the engine's: "DuckdbFile/DriverContract".
TEST(WarehouseDrivers, AllRunTheContract) {
  for (const std::string& engine : engine_folders()) {
    bool runs = false;
    const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
    for (int i = 0; i < tests.total_test_suite_count(); ++i) {
      const std::string suite = tests.GetTestSuite(i)->name();
      runs = runs || (suite.ends_with("/DriverContract") && lower(suite).starts_with(engine));
    }
    EXPECT_TRUE(runs) << "src/warehouse/" << engine << " has no INSTANTIATE_TEST_SUITE_P(" << engine << "…, DriverContract, …)";
  }
}

}  // namespace
}  // namespace bridge
