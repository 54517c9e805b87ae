#include "features/rules/suggest.h"

#include <gtest/gtest.h>

#include "features/rules/testing/tool_bench.h"

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

TEST(SuggestCharts, CountsWhatStandsBehindNumberOfAndSplitsByWhatStandsBehindBy) {
  const ChartSuggestion chart = first("number of titles per creative type", "movies");
  EXPECT_EQ(chart.x, "Creative Type");
  EXPECT_EQ(chart.y, std::nullopt);
  EXPECT_EQ(chart.color, std::nullopt);
}

TEST(SuggestCharts, ReadsNamesWithoutAJointAndByTheirFirstLetters) {
  json::object schema{{"table", "staff"}, {"sql_name", "staff"}, {"row_count", 300}};
  json::array columns;
  for (const char* name : {"emp_no", "lname", "deptno", "kwh"}) {
    columns.push_back(json::object{{"name", name},
                                   {"type", std::string_view(name) == "lname" ? "text" : "number"},
                                   {"statistics", json::object{{"distinct_count", 200}, {"min", "1"}, {"max", "900"}, {"average", 30}}}});
  }
  schema["columns"] = columns;
  const auto words = [&](std::string_view sentence) {
    const auto suggestions = suggest_charts(sentence, schema);
    return suggestions.empty() ? ChartSuggestion{} : suggestions.front();
  };
  EXPECT_EQ(words("bar chart of average kilo watt hours by last name").x, "lname");
  EXPECT_EQ(words("bar chart of average kilo watt hours by last name").y, "kwh");
  EXPECT_EQ(words("number of rows by department number").x, "deptno");
}

TEST(SuggestCharts, BinsInTheStepsThatAreSaid) {
  const ChartSuggestion chart = first("number of penguins by body mass in steps of 250 g", "penguins");
  EXPECT_EQ(chart.x, "Body Mass (g)");
  EXPECT_EQ(chart.bin_width, 250);
}

TEST(SuggestCharts, KnowsAPieByItsOtherName) { EXPECT_EQ(first("penguins by sex as a circle chart", "penguins").mark, "pie"); }

TEST(SuggestCharts, KeepsAnAggregateInFrontOfANameThatHoldsOne) {
  const ChartSuggestion chart = first("average max temperature by location", "weather");
  EXPECT_EQ(chart.y, "temp_max");
  EXPECT_EQ(chart.aggregate, "mean");
}

TEST(SuggestCharts, RanksAndLimitsThem) {
  const auto suggestions = suggest_charts("delay", schema_of("flights"), 3);
  ASSERT_LE(suggestions.size(), 3u);
  for (std::size_t i = 1; i < suggestions.size(); ++i) EXPECT_GE(suggestions[i - 1].score, suggestions[i].score);
  EXPECT_TRUE(suggest_charts("anything", json::object{}).empty());
}

}  // namespace
}  // namespace bridge
