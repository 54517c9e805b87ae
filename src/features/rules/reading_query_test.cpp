#include "features/rules/reading_query.h"

#include <gtest/gtest.h>

#include "features/rules/testing/tool_bench.h"

namespace bridge::rules {
namespace {

TableProfile table_in(const std::string& name, std::string_view dialect) {
  json::object schema = schema_of(name);
  schema["dialect"] = dialect;
  return make_table_profile(schema);
}

const ChartSuggestion kReading{.mark = "bar", .x = "origin", .y = "delay", .aggregate = "mean", .sort = "-y", .limit = 5};

TEST(ReadingQuery, GroupsInTheWarehouseAndKeepsTheConditions) {
  ChartSuggestion reading = kReading;
  reading.filters = {{.field = "origin", .op = "in", .values = {"O'Hare", "SFO"}}, {.field = "delay", .op = ">", .values = {"30"}}};
  EXPECT_EQ(reading_query(reading, table_in("flights", "duckdb"), {"filter(:period, date)"}),
            "SELECT origin AS origin, avg(delay) AS \"value\"\nFROM flights\nWHERE origin IN ('O''Hare', 'SFO') AND delay > 30 AND "
            "filter(:period, date)\nGROUP BY 1\nORDER BY 2 DESC NULLS LAST, 1\nLIMIT 5");
}

TEST(ReadingQuery, IsWrittenInTheDialectOfTheTable) {
  const ChartSuggestion by_month{.mark = "line", .x = "date", .aggregate = "count", .time_unit = "month"};
  EXPECT_EQ(
      reading_query(by_month, table_in("flights", "duckdb"), {}),
      "SELECT CAST(date_trunc('month', \"date\") AS DATE) AS \"date\", count(*) AS \"value\"\nFROM flights\nGROUP BY 1\nORDER BY 1 NULLS "
      "LAST");
  EXPECT_EQ(reading_query(by_month, table_in("flights", "sqlite"), {}),
            "SELECT date(\"date\", 'start of month') AS \"date\", count(*) AS \"value\"\nFROM flights\nGROUP BY 1\nORDER BY 1 NULLS LAST");
}

TEST(ReadingQuery, IsNoneWhereItWouldSayAnotherThing) {
  const TableProfile table = table_in("flights", "duckdb");
  const auto is_none = [&](ChartSuggestion reading, const TableProfile& of) { return !reading_query(reading, of, {}); };
  const auto with = [](const auto& change) {
    ChartSuggestion reading = kReading;
    change(reading);
    return reading;
  };
  EXPECT_FALSE(is_none(kReading, table));
  EXPECT_TRUE(is_none(with([](auto& reading) { reading.filters = {{.field = "delay", .op = "almost", .values = {"3"}}}; }), table));
  EXPECT_TRUE(is_none(with([](auto& reading) { reading.filters = {{.field = "nowhere", .op = "=", .values = {"3"}}}; }), table));
  EXPECT_TRUE(is_none(with([](auto& reading) { reading.bin = 20; }), table));
  EXPECT_TRUE(is_none(with([](auto& reading) { reading.mark = "scatter"; }), table));
  EXPECT_TRUE(is_none(with([](auto& reading) { reading.aggregate.reset(); }), table));
  EXPECT_TRUE(is_none(with([](auto& reading) { reading.x = "date", reading.time_unit = "minute"; }), table));
  const auto by_weekday = [&](const char* aggregate) {
    return with([&](auto& reading) { reading.x = "date", reading.time_unit = "day_of_week", reading.aggregate = aggregate; });
  };
  EXPECT_TRUE(is_none(by_weekday("mean"), table)) << "a mean of means is not the mean";
  EXPECT_FALSE(is_none(by_weekday("max"), table));
  const auto median = with([](auto& reading) { reading.aggregate = "median"; });
  EXPECT_FALSE(is_none(median, table));
  EXPECT_TRUE(is_none(median, table_in("flights", "sqlite"))) << "SQLite has no median";
}

}  // namespace
}  // namespace bridge::rules
