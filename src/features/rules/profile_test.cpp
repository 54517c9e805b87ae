#include "features/rules/profile.h"

#include <gtest/gtest.h>

#include "features/rules/measures.h"
#include "features/rules/testing/tool_bench.h"
#include "features/rules/words.h"
#include "features/rules/yaml_writer.h"

namespace bridge::rules {
namespace {

std::string roles_of(const std::string& name) {
  const TableProfile table = make_table_profile(schema_of(name));
  std::string roles;
  for (const ColumnProfile& column : table.columns) roles += str(roles.empty() ? "" : " ", enum_name(column.role));
  return roles;
}
const ColumnProfile& column_of(const TableProfile& table, std::string_view name) {
  for (const ColumnProfile& column : table.columns) {
    if (column.name == name) return column;
  }
  ADD_FAILURE() << name;
  return table.columns.front();
}

TEST(Profile, KnowsWhatTheColumnsOfRealTablesAre) {
  EXPECT_EQ(roles_of("flights"), "time measure measure dimension dimension");
  EXPECT_EQ(roles_of("weather"), "dimension time measure measure measure measure dimension");
  EXPECT_EQ(roles_of("penguins"), "dimension dimension measure measure measure measure dimension");
  EXPECT_EQ(roles_of("jobs"), "dimension dimension time measure measure");
  EXPECT_EQ(roles_of("gapminder"), "time dimension dimension measure measure measure");
  EXPECT_EQ(roles_of("stocks"), "dimension time measure");
  EXPECT_EQ(roles_of("airports"), "identifier label label dimension dimension geography geography");
}

TEST(Profile, SumsOnlyWhatAddsUp) {
  const TableProfile movies = make_table_profile(schema_of("movies"));
  for (const char* name : {"US Gross", "Worldwide Gross", "US DVD Sales", "Production Budget", "IMDB Votes"})
    EXPECT_TRUE(column_of(movies, name).additive) << name;
  for (const char* name : {"IMDB Rating", "Rotten Tomatoes Rating", "Running Time min"})
    EXPECT_FALSE(column_of(movies, name).additive) << name;
  const TableProfile flights = make_table_profile(schema_of("flights"));
  EXPECT_FALSE(column_of(flights, "delay").additive);
  EXPECT_EQ(make_measure(flights, 1, Aggregate::none).sql, "avg(delay)");
  // What is asked for beats what the name makes likely, but for shares and rates.
  EXPECT_EQ(make_measure(flights, 1, Aggregate::sum).sql, "sum(delay)");
  const TableProfile jobs = make_table_profile(schema_of("jobs"));
  EXPECT_EQ(make_measure(jobs, 4, Aggregate::sum).sql, "avg(perc)");
  EXPECT_EQ(make_measure(flights, 2, Aggregate::sum).sql, "sum(distance)");
}

TEST(Profile, EndsTheRangeAtTheLastWholeDay) {
  const TableProfile table = make_table_profile(schema_of("flights"));
  const ColumnProfile& date = *table.time_column();
  EXPECT_EQ(format_day(*date.first_day), "2001-01-01");
  EXPECT_EQ(format_day(*date.last_day), "2001-06-30");
  EXPECT_TRUE(date.has_time_of_day);
}

TEST(Profile, ReadsDatesFromText) {
  const TableProfile stocks = make_table_profile(schema_of("stocks"));
  EXPECT_EQ(stocks.time_column()->time_sql, "try_strptime(\"date\", '%b %d %Y')");
  json::object schema{{"table", "t"}, {"row_count", 100}};
  schema["columns"] = json::array{json::object{
      {"name", "sold on"},
      {"type", "text"},
      {"statistics", json::object{{"text_date_format", "%d/%m/%y"}, {"top_values", json::array{json::object{{"value", "24/12/01"}}}}}}}};
  EXPECT_EQ(make_table_profile(schema).time_column()->time_sql, "try_strptime(\"sold on\", '%d/%m/%y')");
}

ColumnProfile profile_of(std::string name, std::string type, json::object statistics) {
  json::object schema{{"table", "t"}, {"row_count", 100}};
  schema["columns"] =
      json::array{json::object{{"name", std::move(name)}, {"type", std::move(type)}, {"statistics", std::move(statistics)}}};
  return make_table_profile(schema).columns.front();
}

TEST(Profile, TakesWhatTheWarehouseReadsInAColumn) {
  const ColumnProfile revenue = profile_of("revenue", "text",
                                           {{"read_as", "number"},
                                            {"read_sql", "TRY_CAST(revenue AS DECIMAL(38, 2))"},
                                            {"read_unit", "$"},
                                            {"unread_count", 7},
                                            {"unread_values", json::array{"NA"}},
                                            {"min", "-1.50"},
                                            {"max", "20.00"}});
  EXPECT_EQ(revenue.role, ColumnRole::measure);
  EXPECT_EQ(revenue.sql, "TRY_CAST(revenue AS DECIMAL(38, 2))");
  EXPECT_EQ(revenue.unit, "$");
  EXPECT_EQ(unread_note(revenue), "7 rows have no number in revenue (NA) and are left out there.");
  const ColumnProfile month =
      profile_of("month", "integer",
                 {{"read_as", "date"}, {"read_sql", "f(month)"}, {"min", "2022-01-01"}, {"max", "2024-12-01"}, {"unread_count", 0}});
  EXPECT_EQ(month.role, ColumnRole::time);
  EXPECT_EQ(month.time_sql, "f(month)");
  EXPECT_EQ(format_day(*month.last_day), "2024-12-01");
  EXPECT_EQ(unread_note(month), "");
  const json::object seconds{{"read_as", "seconds"}, {"read_sql", "epoch(t)"}, {"min", "30.0"}, {"max", "90.0"}};
  EXPECT_EQ(profile_of("duration", "time", seconds).role, ColumnRole::measure);
  EXPECT_EQ(profile_of("opens", "time", seconds).role, ColumnRole::label) << "a time of day";
  const json::object euros{{"read_as", "number"}, {"read_sql", "n"}, {"read_unit", "€"}, {"min", "1.00"}, {"max", "2.00"}};
  EXPECT_TRUE(profile_of("Einnahme", "text", euros).additive);
  EXPECT_EQ(profile_of("customer_id", "text", {{"read_as", "number"}, {"read_sql", "n"}}).role, ColumnRole::identifier);
}

TEST(Profile, MediansKeepEveryDigit) {
  TableProfile table;
  table.columns.push_back(profile_of("price", "decimal", {{"min", "1.25"}, {"max", "9.75"}}));
  table.columns.push_back(profile_of("amount", "integer", {{"min", "1"}, {"max", "9007199254740993000"}}));
  table.columns.push_back(profile_of("weight", "number", {{"min", "1"}, {"max", "2"}}));
  EXPECT_EQ(make_measure(table, 0, Aggregate::median).sql, "median(CAST(price AS DECIMAL(38, 3)))");
  EXPECT_EQ(make_measure(table, 1, Aggregate::median).sql, "median(CAST(amount AS DECIMAL(38, 1)))");
  EXPECT_EQ(make_measure(table, 2, Aggregate::median).sql, "median(weight)");
}

TEST(Profile, TellsSnapshotsFromEvents) {
  EXPECT_TRUE(make_table_profile(schema_of("jobs")).snapshot);
  EXPECT_TRUE(make_table_profile(schema_of("gapminder")).snapshot);
  EXPECT_FALSE(make_table_profile(schema_of("flights")).snapshot);
  EXPECT_FALSE(make_table_profile(schema_of("weather")).snapshot);
}

TEST(Profile, NeverTakesCodesForQuantities) {
  json::array columns;
  for (const char* name : {"customer_id", "zip", "OrderID", "phone", "product code", "iata"}) {
    columns.push_back(json::object{
        {"name", name}, {"type", "integer"}, {"statistics", json::object{{"distinct_count", 900}, {"min", "1"}, {"max", "99999"}}}});
  }
  const TableProfile table = make_table_profile(json::object{{"table", "orders"}, {"row_count", 1'000}, {"columns", columns}});
  for (const ColumnProfile& column : table.columns) EXPECT_EQ(column.role, ColumnRole::identifier) << column.name;
}

TEST(Words, SplitsNamesAndFindsStems) {
  EXPECT_EQ(join(split_name("IMDBRating_max (mm)"), "|"), "imdb|rating|max|mm");
  EXPECT_EQ(join(split_name("Cost Total $"), "|"), "cost|total|$");
  for (const auto& [a, b] :
       {std::pair{"cities", "city"}, {"movies", "movie"}, {"delayed", "delays"}, {"ratings", "rate"}, {"prices", "price"}})
    EXPECT_EQ(stem_of(a), stem_of(b)) << a;
  EXPECT_EQ(likeness("origin", "orgin"), 0.6);
  EXPECT_EQ(likeness("cost", "most"), 0);
}

TEST(Words, QuotesNamesAndTexts) {
  EXPECT_EQ(local_sql_dialect().identifier("delay"), "delay");
  EXPECT_EQ(local_sql_dialect().identifier("date"), "\"date\"");
  EXPECT_EQ(local_sql_dialect().identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(local_sql_dialect().text_literal("O'Hare"), "'O''Hare'");
  EXPECT_EQ(make_alias("Größe in %"), "gr_e_in");
  EXPECT_EQ(make_alias("count"), "count_total");
}

TEST(YamlWriter, QuotesEveryTextThatIsNotPlain) {
  EXPECT_EQ(yaml_scalar("Average delay"), "Average delay");
  for (const auto& [text, written] : std::vector<std::pair<std::string, std::string>>{{"yes", "\"yes\""},
                                                                                      {"", "\"\""},
                                                                                      {"a: b", "\"a: b\""},
                                                                                      {"- x", "\"- x\""},
                                                                                      {"12", "\"12\""},
                                                                                      {"say \"hi\"\\", "\"say \\\"hi\\\"\\\\\""},
                                                                                      {"a\nb\tc\x01", "\"a\\nb\\tc\\x01\""},
                                                                                      {"\u2028", "\"\\u2028\""},
                                                                                      {"#x", "\"#x\""}}) {
    EXPECT_EQ(yaml_scalar(text), written);
  }
}

}  // namespace
}  // namespace bridge::rules
