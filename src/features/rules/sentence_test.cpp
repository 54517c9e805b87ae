#include "features/rules/sentence.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace bridge::rules {
namespace {

std::string window_of(std::string_view text) {
  const TimeWindow window = parse_sentence(text).window;
  if (window.kind == TimeWindow::Kind::days)
    return str(window.from ? format_day(*window.from) : "", "..", window.to ? format_day(*window.to) : "");
  if (window.kind == TimeWindow::Kind::month_of_year) return str("month ", window.month);
  if (window.kind == TimeWindow::Kind::last_days) return str("last ", window.count);
  if (window.kind == TimeWindow::Kind::this_unit) return str("this ", name_of(window.unit));
  if (window.kind == TimeWindow::Kind::last_unit) return str("last ", name_of(window.unit));
  return "";
}

std::string condition_of(std::string_view text) {
  const Sentence sentence = parse_sentence(text);
  if (sentence.conditions.empty()) return "";
  const NumberCondition& condition = sentence.conditions.front();
  return str(condition.low_operator, condition.low_operator.empty() ? "" : str(condition.low), condition.high_operator,
             condition.high_operator.empty() ? "" : str(condition.high));
}

TEST(Sentence, ReadsTimes) {
  EXPECT_EQ(window_of("flights in June 2001"), "2001-06-01..2001-06-30");
  EXPECT_EQ(window_of("flights in 2001"), "2001-01-01..2001-12-31");
  EXPECT_EQ(window_of("since 1995"), "1995-01-01..");
  EXPECT_EQ(window_of("before March 2001"), "..2001-02-28");
  EXPECT_EQ(window_of("from 1995 to 2000"), "1995-01-01..2000-12-31");
  EXPECT_EQ(window_of("between 2001-02-03 and 2001-02-05"), "2001-02-03..2001-02-05");
  EXPECT_EQ(window_of("Q2 2001"), "2001-04-01..2001-06-30");
  EXPECT_EQ(window_of("delays in June"), "month 6");
  EXPECT_EQ(window_of("how did it go this year"), "this year");
  EXPECT_EQ(window_of("last month"), "last month");
  EXPECT_EQ(window_of("the past 30 days"), "last 30");
  // No times: a quantity, a wish, a verb.
  EXPECT_EQ(window_of("over 2000 miles"), "");
  EXPECT_EQ(window_of("may I see flights"), "");
}

TEST(Sentence, ReadsConditions) {
  EXPECT_EQ(condition_of("over 60 minutes"), ">60");
  EXPECT_EQ(condition_of("at least 1,500 votes"), ">=1500");
  EXPECT_EQ(condition_of("5 or more"), ">=5");
  EXPECT_EQ(condition_of("between 100 and 20"), ">=20<=100");
  EXPECT_EQ(condition_of("cost <= 2.5k"), "<=2500");
}

TEST(Sentence, ReadsWhatIsAskedFor) {
  EXPECT_EQ(parse_sentence("how many flights").aggregate(), Aggregate::count);
  EXPECT_EQ(parse_sentence("typical delay").aggregate(), Aggregate::median);
  EXPECT_EQ(parse_sentence("delays by hour of day").part(), TimePart::hour);
  EXPECT_EQ(parse_sentence("monthly sales").grain(), Grain::month);
  EXPECT_EQ(parse_sentence("a heat map of sales").mark(), MarkWord::heatmap);
  EXPECT_EQ(parse_sentence("top 7 airports").top, 7);
  EXPECT_EQ(parse_sentence("5 busiest routes").top, 5);
  EXPECT_TRUE(parse_sentence("when").has(CueKind::when));
  EXPECT_EQ(parse_sentence("only “Canada goose” and 'Rock pigeon'").quoted, (std::vector<std::string>{"Canada goose", "Rock pigeon"}));
}

TEST(Sentence, TellsNamesFromFillers) {
  EXPECT_FALSE(parse_sentence("show me an overview of the data please").any_content);
  EXPECT_TRUE(parse_sentence("show me the unicorns").any_content);
}

TEST(Sentence, ReadsNoMoreThanItsLimits) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "a ";
  EXPECT_LE(parse_sentence(text).words.size(), words_max);
}

TEST(Sentence, ReadsScalesRangesAndSteps) {
  EXPECT_EQ(condition_of("budget over 50 million"), ">5e+07");
  EXPECT_EQ(condition_of("between 1 and 2 billion people"), ">=1e+09<=2e+09");
  EXPECT_EQ(condition_of("prices in the range of 10 to 20"), ">=10<=20");
  EXPECT_EQ(condition_of("15 years old or younger"), "<=15");
  EXPECT_EQ(condition_of("points below or equal to 36"), "<=36");
  const Sentence steps = parse_sentence("weight in intervals of 25 kg");
  ASSERT_EQ(steps.steps.size(), 1u);
  EXPECT_EQ(steps.steps.front().width, 25);
  EXPECT_TRUE(parse_sentence("a range of 10 to 20").steps.empty());
}

TEST(Sentence, TellsAListOfNumbersFromThousands) {
  EXPECT_EQ(parse_sentence("groups 1,2,3").words.size(), 4u);
  EXPECT_EQ(parse_sentence("over 12,500 rows").conditions.front().low, 12500);
}

}  // namespace
}  // namespace bridge::rules
