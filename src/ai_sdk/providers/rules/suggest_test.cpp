#include "ai_sdk/providers/rules/suggest.h"

#include <gtest/gtest.h>

#include "ai_sdk/providers/rules/testing/tool_bench.h"

namespace bridge {
namespace {

ChartSuggestion first(std::string_view sentence, const std::string& table) {
  const auto suggestions = suggest_charts(sentence, schema_of(table));
  EXPECT_FALSE(suggestions.empty());
  return suggestions.empty() ? ChartSuggestion{} : suggestions.front();
}

TEST(SuggestCharts, TakesTheMarkThatIsNamed) {
  EXPECT_EQ(first("pie chart of penguins by island", "penguins").mark, "pie");
  EXPECT_EQ(first("a scatter plot of body mass against flipper length", "penguins").mark, "scatter");
  EXPECT_EQ(first("box plot of body mass by species", "penguins").mark, "box");
}

TEST(SuggestCharts, ReadsMeasureSplitAndColour) {
  const ChartSuggestion chart = first("average body mass by species and sex", "penguins");
  EXPECT_EQ(chart.mark, "bar");
  EXPECT_EQ(chart.x, "Species");
  EXPECT_EQ(chart.y, "Body Mass (g)");
  EXPECT_EQ(chart.aggregate, "mean");
  EXPECT_EQ(chart.color, "Sex");
  EXPECT_FALSE(chart.why.empty());
}

TEST(SuggestCharts, CountsRowsWhenHowManyIsAsked) {
  const ChartSuggestion chart = first("how many bird strikes in each phase of flight", "birdstrikes");
  EXPECT_EQ(chart.x, "Phase of flight");
  EXPECT_EQ(chart.y, std::nullopt);
  EXPECT_EQ(chart.aggregate, "count");
}

TEST(SuggestCharts, KeepsFiltersAndOrder) {
  const ChartSuggestion chart = first("top 5 distributors by US gross over 1000000", "movies");
  EXPECT_EQ(chart.limit, 5);
  EXPECT_EQ(chart.sort, "-y");
  ASSERT_EQ(chart.filters.size(), 1u);
  EXPECT_EQ(chart.filters[0].field, "US Gross");
  EXPECT_EQ(chart.filters[0].op, ">");
}

TEST(SuggestCharts, RanksAndLimitsThem) {
  const auto suggestions = suggest_charts("delay", schema_of("flights"), 3);
  ASSERT_LE(suggestions.size(), 3u);
  for (std::size_t i = 1; i < suggestions.size(); ++i) EXPECT_GE(suggestions[i - 1].score, suggestions[i].score);
  EXPECT_TRUE(suggest_charts("anything", json::object{}).empty());
}

}  // namespace
}  // namespace bridge
