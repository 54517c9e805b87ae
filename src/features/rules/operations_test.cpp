#include "features/rules/operations.h"

#include <gmock/gmock.h>

#include "features/rules/testing/tool_bench.h"

namespace bridge {
namespace {

using namespace rules;
using testing::HasSubstr;

std::optional<Operation> operation_of(std::string_view text) { return read_operation(parse_sentence(text)); }

TEST(Operations, ReadsWhatIsDoneWithGroupedNumbers) {
  EXPECT_EQ(operation_of("cumulative revenue by month")->kind, OperationKind::running_total);
  EXPECT_EQ(operation_of("month over month growth of sales")->unit, Grain::month);
  EXPECT_TRUE(operation_of("sales by month, yoy")->year_before);
  const auto average = operation_of("7 day moving average of visits");
  EXPECT_EQ(average->kind, OperationKind::moving_average);
  EXPECT_EQ(average->count, 7);
  EXPECT_EQ(average->unit, Grain::day);
  EXPECT_EQ(operation_of("rolling average over 3 months of rain")->count, 3);
  EXPECT_EQ(operation_of("95th percentile of delay by carrier")->count, 95);
  EXPECT_EQ(operation_of("p90 latency by host")->count, 90);
  EXPECT_EQ(operation_of("the 2 largest cities in each country")->kind, OperationKind::top_within);
}

TEST(Operations, FindsNoneInPlainQuestions) {
  for (const char* text :
       {"top 10 airports", "sales per month", "average delay by carrier", "top 5 products per month", "running shoes by brand"})
    EXPECT_FALSE(operation_of(text)) << text;
}

TEST(Operations, ARunningTotalAddsUpAllUntilThen) {
  ToolBench bench{.tables = {"birdstrikes"}};
  bench.run("running total of cost by year");
  const auto sql = bench.sql_with("ROWS UNBOUNDED PRECEDING");
  ASSERT_TRUE(sql);
  EXPECT_THAT(*sql, HasSubstr("sum("));
  EXPECT_TRUE(bench.wrote("Running total of"));
}

TEST(Operations, GrowthComparesWithTheMonthBeforeAndSkipsNoGap) {
  ToolBench bench{.tables = {"birdstrikes"}};
  bench.run("month over month growth of birdstrikes");
  const auto sql = bench.sql_with("RANGE BETWEEN INTERVAL 1 month PRECEDING AND INTERVAL 1 month PRECEDING");
  ASSERT_TRUE(sql);
  EXPECT_THAT(*sql, HasSubstr("date_trunc('month'"));
  EXPECT_TRUE(bench.wrote("against the month before"));
}

TEST(Operations, ShowsTheFirstOfEachGroupAndKeepsThoseThatAreLevel) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("top 3 movies within each genre by worldwide gross");
  const auto sql = bench.sql_with("rank() OVER (PARTITION BY major_genre");
  ASSERT_TRUE(sql);
  EXPECT_THAT(*sql, HasSubstr("WHERE place <= 3"));
  EXPECT_TRUE(bench.wrote("within each"));
}

TEST(Operations, SharesAreOfTheWholeAlsoBeyondTheLimit) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("share of worldwide gross by distributor");
  const auto sql = bench.sql_with(") OVER (), 0)");
  ASSERT_TRUE(sql);
  EXPECT_THAT(*sql, HasSubstr("LIMIT 15"));
}

TEST(Operations, OneThatCannotBeDoneLeavesTheLeadToTheReadingAndIsSaidToBeUnused) {
  ToolBench bench{.tables = {"flights"}};
  bench.run("running total of the average delay by origin");
  EXPECT_FALSE(bench.sql_with("UNBOUNDED PRECEDING"));
  EXPECT_TRUE(bench.sql_with("SELECT origin, avg(delay)"));
  EXPECT_THAT(bench.text, HasSubstr("Not used: \"running total\""));
}

TEST(Operations, APercentileIsTheMeasureOfEveryChart) {
  ToolBench bench{.tables = {"flights"}};
  bench.run("95th percentile of delay by origin");
  ASSERT_TRUE(bench.sql_with("quantile_cont(delay, 0.95)"));
  EXPECT_TRUE(bench.wrote("95th percentile of delay"));
  EXPECT_FALSE(bench.wrote("Average delay by origin"));
}

TEST(Operations, TheHighestThingOfEachGroupIsOneOfItsRows) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("highest grossing movie of each genre");
  const auto sql = bench.sql_with("rank() OVER (PARTITION BY major_genre");
  ASSERT_TRUE(sql);
  EXPECT_THAT(*sql, HasSubstr("WHERE place <= 1"));
}

TEST(Operations, AQuantityOfEachGroupIsNoThingOfIt) {
  ToolBench bench{.tables = {"movies"}};
  bench.run("highest budget of each genre");
  EXPECT_FALSE(bench.sql_with("rank() OVER"));
}

TEST(Operations, AChangeByItsUnitIsAgainstTheOneBefore) {
  ToolBench bench{.tables = {"stocks"}};
  bench.run("monthly change of price by symbol");
  EXPECT_TRUE(bench.sql_with("RANGE BETWEEN INTERVAL 1 month PRECEDING"));
}

}  // namespace
}  // namespace bridge
