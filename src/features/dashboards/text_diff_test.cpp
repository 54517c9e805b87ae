#include "features/dashboards/text_diff.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace bridge {
namespace {

// Applies what unified_diff wrote.
std::string patched(std::string_view before, std::string_view diff) {
  const auto a = split(before, '\n');
  const auto lines = split(diff, '\n');
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 2; i + 1 < lines.size(); ++i) {
    if (lines[i].starts_with("@@")) {
      const auto numbers = split(lines[i].substr(4, lines[i].find(' ', 4) - 4), ',');
      const std::size_t start = std::stoul(numbers[0]) - (numbers[1] == "0" ? 0 : 1);
      while (at < start) out += a[at++] + "\n";
    } else if (lines[i][0] == '+') {
      out += lines[i].substr(1) + "\n";
    } else {
      EXPECT_EQ(lines[i].substr(1), a[at]);
      if (lines[i][0] == ' ') out += a[at] + "\n";
      ++at;
    }
  }
  while (at + 1 < a.size()) out += a[at++] + "\n";
  return out;
}

TEST(TextDiff, CanBeAppliedToGetTheNewText) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string before, after;
    for (int i = 0; i < 40; ++i) {
      const std::string line = str("line ", random() % 12, "\n");
      const auto choice = random() % 12;
      if (choice != 0) before += line;
      if (choice != 1) after += choice == 2 ? "new\n" + line : line;
    }
    if (before == after) continue;
    ASSERT_EQ(patched(before, unified_diff(before, after, "a", "b")), after) << before << "---\n" << after;
  }
  EXPECT_EQ(unified_diff("a\n", "a\n", "a", "b"), "");
  EXPECT_EQ(unified_diff("a\nb\n", "a\nc\n", "x", "y"), "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
}

}  // namespace
}  // namespace bridge
