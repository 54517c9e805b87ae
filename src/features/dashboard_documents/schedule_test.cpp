#include "features/dashboard_documents/schedule.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

bool due(std::string_view schedule, std::string_view time) {
  const auto parsed = parse_schedule(schedule);
  return parsed && is_due(*parsed, *parse_time(time));
}

TEST(Schedule, ReadsNumbersListsRangesAndSteps) {
  EXPECT_TRUE(due("0 6 * * *", "2026-08-01T06:00:59Z"));
  EXPECT_FALSE(due("0 6 * * *", "2026-08-01T06:01:00Z"));
  EXPECT_TRUE(due("*/15 8-18 * * 1-5", "2026-11-20T09:45:00Z"));
  EXPECT_FALSE(due("*/15 8-18 * * 1-5", "2026-11-22T09:45:00Z")) << "a Sunday";
  EXPECT_TRUE(due("5/20 * * * *", "2026-11-22T09:45:00Z"));
  EXPECT_TRUE(due("1,2,3 0 1 1 *", "2026-01-01T00:02:00Z"));
}

TEST(Schedule, SundayIsZeroAndSeven) {
  EXPECT_TRUE(due("0 0 * * 0", "2026-11-22T00:00:00Z"));
  EXPECT_TRUE(due("0 0 * * 7", "2026-11-22T00:00:00Z"));
}

TEST(Schedule, ADayOfTheMonthOrOfTheWeekIsEnoughWhenBothAreGiven) {
  EXPECT_TRUE(due("0 0 13 * 5", "2026-11-13T00:00:00Z"));
  EXPECT_TRUE(due("0 0 13 * 5", "2026-11-20T00:00:00Z"));
  EXPECT_FALSE(due("0 0 13 * 5", "2026-11-21T00:00:00Z"));
}

TEST(Schedule, RefusesWhatIsNone) {
  for (const char* text : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *",
                           "5-1 * * * *", "*/0 * * * *", "1//2 * * * *", "-1 * * * *"})
    EXPECT_FALSE(parse_schedule(text).has_value()) << text;
}

}  // namespace
}  // namespace bridge
