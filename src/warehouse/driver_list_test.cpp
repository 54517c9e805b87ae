#include "warehouse/driver_list.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/text.h"
#include "warehouse/testing/test_folder.h"

namespace bridge {
namespace {

// The folders of src/warehouse that are engines people may connect to; tests run in the repository's root.
std::set<std::string> engine_folders() {
  const std::set<std::string> others{"isolated", "testing"};
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("src/warehouse")) {
    if (entry.is_directory() && !others.contains(entry.path().filename().string())) names.insert(entry.path().filename().string());
  }
  return names;
}

TEST(WarehouseDrivers, HoldOneForEachFolder) {
  std::set<std::string> types;
  for (const auto& driver : make_warehouse_drivers()) EXPECT_TRUE(types.insert(driver->type()).second) << driver->type();
  EXPECT_EQ(types, engine_folders());
}

TEST(WarehouseDrivers, TakeNothingThatTheServerKeeps) {
  const TestFolder folder;
  for (const char* name : {"lake", "lakes"}) std::filesystem::create_directories(folder / name);
  folder.write("lake/sales.csv", "a,b\n1,2\n");
  folder.write("lakes/sales.csv", "a,b\n1,2\n");
  const DriverParts parts{.folders = {.kept = {folder / "lake"}}};
  for (const auto& driver : make_warehouse_drivers(parts)) {
    const auto reason_of_path = [&](const std::filesystem::path& path) {
      const auto opened = driver->open({}, {{"path", Secret(path.string())}});
      return opened ? std::string() : std::string(reason_of(opened.error()));
    };
    if (std::ranges::none_of(driver->fields(), [](const CredentialField& field) { return field.name == "path"; })) continue;
    EXPECT_EQ(reason_of_path(folder / "lake"), "path_not_allowed") << driver->type();
    EXPECT_EQ(reason_of_path(folder / "lake/sales.csv"), "path_not_allowed") << driver->type();
    EXPECT_EQ(reason_of_path(folder / "lake/../lake/sales.csv"), "path_not_allowed") << driver->type();
    EXPECT_NE(reason_of_path(folder / "lakes/sales.csv"), "path_not_allowed") << driver->type();
  }
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
