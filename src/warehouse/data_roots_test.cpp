#include "warehouse/data_roots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/local_path.h"
#include "warehouse/testing/test_folder.h"

namespace bridge {
namespace {

using testing::HasSubstr;

DataRoots roots(const std::string& text) {
  auto parsed = DataRoots::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(DataRoots());
}

TEST(DataRoots, TakesFoldersForOneTeamAndForAll) {
  EXPECT_TRUE(roots("").is_unset());
  EXPECT_FALSE(roots("sales=/srv/sales:/srv/shared").is_unset());
  EXPECT_FALSE(roots("/srv/a=b").is_unset());  // a folder may have that name
  for (const char* bad : {"srv", "sales=srv", "=/srv", ":/srv", "/srv:", "sales=", "../x", "~/data"})
    EXPECT_FALSE(DataRoots::parse(bad)) << bad;
}

TEST(DataRoots, LetsEachTeamIntoItsOwnAndTheSharedOnes) {
  const TestFolder folder;
  for (const char* name : {"sales/deep", "shared", "sales_2"}) std::filesystem::create_directories(folder / name);
  const std::string base = std::filesystem::canonical(folder / "").string();
  const DataRoots allowed = roots("sales=" + base + "/sales:" + base + "/shared");
  EXPECT_TRUE(allowed.check(folder / "sales", "sales"));
  EXPECT_TRUE(allowed.check(folder / "sales/deep/x.csv", "sales"));
  EXPECT_TRUE(allowed.check(folder / "shared", "other"));
  EXPECT_FALSE(allowed.check(folder / "sales", "other"));
  EXPECT_FALSE(allowed.check(folder / "sales_2", "sales"));  // a name that begins so is not below it
  EXPECT_FALSE(allowed.check(folder / "sales/../sales_2", "sales"));
  EXPECT_FALSE(allowed.check("/", "sales"));
  EXPECT_FALSE(allowed.check("shared", "sales"));
}

TEST(DataRoots, FollowsLinksBeforeItDecides) {
  const TestFolder folder;
  for (const char* name : {"in", "out"}) std::filesystem::create_directories(folder / name);
  std::filesystem::create_directory_symlink(folder / "out", folder / "in/leads_out");
  std::filesystem::create_directory_symlink(folder / "in", folder / "leads_in");
  const DataRoots allowed = roots((folder / "in").string());
  EXPECT_FALSE(allowed.check(folder / "in/leads_out", "t"));
  EXPECT_FALSE(allowed.check(folder / "in/leads_out/x.csv", "t"));
  EXPECT_TRUE(allowed.check(folder / "leads_in", "t"));
  EXPECT_TRUE(roots((folder / "leads_in").string()).check(folder / "in", "t"));
}

TEST(DataRoots, SaysTheSameOfWhatIsThereAndWhatIsNot) {
  const TestFolder folder;
  const DataRoots allowed = roots("sales=/srv/secret:/srv/shared");
  const auto there = allowed.check(folder / "", "t");
  const auto missing = allowed.check(folder / "nothing", "t");
  ASSERT_FALSE(there);
  ASSERT_FALSE(missing);
  EXPECT_EQ(there.error().message, missing.error().message);
  EXPECT_EQ(there.error().reason, "path_not_allowed");
  EXPECT_THAT(there.error().message, HasSubstr("/srv/shared"));
  EXPECT_THAT(there.error().message, testing::Not(HasSubstr("secret")));  // another team's
  EXPECT_THAT(roots("sales=/srv/sales").check("/x", "t").error().message, HasSubstr("BRIDGE_DATA_ROOTS"));
}

TEST(LocalPath, RefusesDevicesAndWhatTheKernelShowsAsFiles) {
  for (const char* path : {"/dev/zero", "/proc/self/environ", "/proc", "/sys/kernel", "/dev/../proc/1/mem"})
    EXPECT_EQ(check_local_path(path, "a file", {}).error().reason, "path_not_allowed") << path;
  EXPECT_TRUE(check_local_path("/devices", "a file", {}));
}

}  // namespace
}  // namespace bridge
