#include "features/rules/filters.h"

#include <gtest/gtest.h>

#include "features/rules/question.h"
#include "features/rules/testing/tool_bench.h"

namespace bridge::rules {
namespace {

// A column as get_table_schema tells of it.
json::object column(std::string name, std::string type, std::vector<std::string> values, double null_fraction = 0) {
  json::array top;
  for (const std::string& value : values) top.push_back(json::object{{"value", value}, {"count", 5}});
  return {{"name", name},
          {"type", type},
          {"statistics", json::object{{"distinct_count", values.size()},
                                      {"null_fraction", null_fraction},
                                      {"min", values.empty() ? "" : values.front()},
                                      {"max", values.empty() ? "" : values.back()},
                                      {"top_values", top}}}};
}

TableProfile shop_orders() {
  json::object day = column("ordered", "date", {});
  json::object amount = column("amount", "number", {});
  amount["statistics"] = json::object{{"distinct_count", 900}, {"null_fraction", 0.0}, {"min", "1"}, {"max", "900000"}, {"average", 250}};
  json::object share = column("discount_rate", "number", {});
  share["statistics"] = json::object{{"distinct_count", 50}, {"null_fraction", 0.0}, {"min", "0"}, {"max", "0.5"}, {"average", 0.1}};
  json::object order_id = column("order_id", "integer", {});
  order_id["statistics"] = json::object{{"distinct_count", 1000}, {"null_fraction", 0.0}, {"min", "1"}, {"max", "1000"}};
  return make_table_profile(
      {{"table", "orders"},
       {"sql_name", "orders"},
       {"row_count", 1000},
       {"columns", json::array{order_id, day, amount, share, column("status", "text", {"paid", "cancelled", "open", "returned"}),
                               column("channel", "text", {"web", "app", "store"}, 0.1), column("vip", "boolean", {"true", "false"}),
                               column("priority", "integer", {"1", "2", "3", "4", "5"})}}});
}

// The conditions that the sentence puts on the rows, as SQL.
std::string conditions(const TableProfile& table, std::string_view text) {
  const Sentence sentence = parse_sentence(text);
  const FilterReading reading = read_filters(sentence, match_table(sentence, table));
  std::vector<std::string> parts;
  for (const Filter& filter : reading.filters) parts.push_back(filter_sql(table, filter));
  std::sort(parts.begin(), parts.end());
  return join(parts, "; ");
}
std::string on_orders(std::string_view text) {
  static const TableProfile table = shop_orders();
  return conditions(table, text);
}
std::string on(const std::string& fixture, std::string_view text) { return conditions(make_table_profile(schema_of(fixture)), text); }

TEST(Filters, KeepOnlyTheValuesThatAreNamed) {
  EXPECT_EQ(on_orders("amount of paid and open orders by channel"), "status IN ('paid', 'open')");
}

TEST(Filters, LeaveOutWhatIsSaidToBeLeftOut) {
  EXPECT_EQ(on_orders("orders by channel without cancelled ones"), "status <> 'cancelled'");
  EXPECT_EQ(on_orders("orders by status that are not from web or app"), "(channel IS NULL OR (channel <> 'web' AND channel <> 'app'))");
  EXPECT_EQ(on_orders("amount by channel, but no returned orders"), "status <> 'returned'");
  EXPECT_EQ(on_orders("amount by channel other than store"), "(channel IS NULL OR (channel <> 'store'))");
  EXPECT_EQ(on("birdstrikes", "strikes by phase of flight, but not at dusk"), "\"Time of day\" <> 'Dusk'");
  EXPECT_EQ(on("penguins", "body mass by island except Dream"), "\"Island\" <> 'Dream'");
}

TEST(Filters, LeaveInWhatStandsBesideWhatIsLeftOut) {
  EXPECT_EQ(on_orders("paid orders not from web"), "(channel IS NULL OR (channel <> 'web')); status = 'paid'");
}

TEST(Filters, FindRowsOfWhichAColumnIsNotKnown) {
  EXPECT_EQ(on_orders("orders without a channel by status"), "channel IS NULL");
  EXPECT_EQ(on_orders("how many orders have no channel"), "channel IS NULL");
  EXPECT_EQ(on_orders("amount of orders with missing channel"), "channel IS NULL");
}

TEST(Filters, ReadAFlagAsWhatTheRowsAre) {
  EXPECT_EQ(on_orders("how many vip orders per channel"), "vip");
  EXPECT_EQ(on_orders("amount by status of orders that are not vip"), "NOT vip");
  // To be split by is no filter.
  EXPECT_EQ(on_orders("orders by vip"), "");
}

TEST(Filters, TieANumberToTheQuantityAndNeverToACode) {
  EXPECT_EQ(on_orders("number of orders over 300 by status with the amount"), "amount > 300");
  EXPECT_EQ(on_orders("orders with an amount of at least 1.5 thousand per channel"), "amount >= 1500");
  EXPECT_EQ(on_orders("orders with order ids of 30 or lower by status"), "order_id <= 30");
  EXPECT_EQ(on("gapminder", "fertility of countries with more than 20 million pop"), "pop > 20000000");
  EXPECT_EQ(on("flights", "number of flights by origin with more than 45 minutes of delay"), "delay > 45");
  EXPECT_EQ(on("movies", "budget by genre of movies with between 100 and 150 minutes running time"),
            "\"Running Time min\" >= 100 AND \"Running Time min\" <= 150");
}

TEST(Filters, ReadPercentOfAShare) { EXPECT_EQ(on_orders("orders by channel with a discount rate over 20 %"), "discount_rate > 0.2"); }

TEST(Filters, ReadNumbersBehindANameAsItsValues) {
  EXPECT_EQ(on_orders("orders by channel with priority 1, 2 or 5"), "priority IN (1, 2, 5)");
  EXPECT_EQ(on("gapminder", "population by country in clusters 0 and 4"), "cluster IN (0, 4)");
  EXPECT_EQ(on_orders("amount by status for order ids 12, 77 and 500"), "order_id IN (12, 77, 500)");
}

TEST(Filters, TakeCapitalsForCodesAlsoWhereTheyAreLittleWords) {
  json::object states = column("state", "text", {"TX", "OR", "IN", "CA"});
  const TableProfile table = make_table_profile({{"table", "depots"},
                                                 {"sql_name", "depots"},
                                                 {"row_count", 90},
                                                 {"columns", json::array{states, column("kind", "text", {"big", "small"})}}});
  EXPECT_EQ(conditions(table, "depots by kind in OR and IN"), "state IN ('OR', 'IN')");
  EXPECT_EQ(conditions(table, "depots in or near the state"), "");
}

TEST(Filters, AskForValuesThatOnlyTheWarehouseKnows) {
  const TableProfile table = make_table_profile(schema_of("movies"));
  const auto unknown = [&](std::string_view text) {
    const Sentence sentence = parse_sentence(text);
    std::vector<std::string> words;
    for (const UnknownValue& value : unknown_values(sentence, match_table(sentence, table))) words.push_back(value.text);
    return join(words, "|");
  };
  EXPECT_EQ(unknown("us gross of movies by Martin Scorsese, Jane Campion and Agnes Varda"), "Jane Campion|Agnes Varda");
  EXPECT_EQ(unknown("movies from 'Blue Harvest' by genre"), "Blue Harvest");
  EXPECT_EQ(unknown("Average budget by genre"), "");
}

TEST(Filters, AreTheSameForEveryChartAndNumberOfAPage) {
  ToolBench bench;
  bench.run("bird strikes by phase of flight without the large ones");
  ASSERT_FALSE(bench.sqls.empty());
  for (const std::string& sql : bench.sqls) {
    if (sql.find(" AS name\n") == std::string::npos) EXPECT_NE(sql.find("\"Wildlife Size\" <> 'Large'"), std::string::npos) << sql;
  }
}

TEST(Filters, ListTheValuesThatTheWarehouseFound) {
  ToolBench bench;
  bench.rare_values = {{"Director", "Jane Campion"}};
  bench.run("average imdb rating of movies by director for Spike Lee and Jane Campion");
  EXPECT_EQ(bench.count("find_values"), 1);
  EXPECT_TRUE(bench.wrote("Jane Campion")) << bench.yaml;
  EXPECT_TRUE(bench.wrote("Spike Lee"));
}

TEST(Filters, ANumberWithAUnitIsNoQuantityOfAnother) {
  const TableProfile penguins = make_table_profile(schema_of("penguins"));
  EXPECT_EQ(conditions(penguins, "penguins over 5 kg by species"), "");
  EXPECT_NE(conditions(penguins, "penguins over 5000 grams by species"), "");
}

TEST(Filters, LeavesOutWhatShorthandLeavesOut) {
  const TableProfile orders = shop_orders();
  for (const char* said : {"amount by channel w/o cancelled", "amount by channel excl. cancelled", "amount by channel, skip cancelled ones",
                           "amount by channel sans cancelled", "amount by channel that arent cancelled"}) {
    const std::string sql = conditions(orders, said);
    EXPECT_TRUE(sql.find("<> 'cancelled'") != std::string::npos || sql.find("NOT IN ('cancelled')") != std::string::npos ||
                sql.find("IS DISTINCT FROM 'cancelled'") != std::string::npos)
        << said << ": " << sql;
  }
}

TEST(Filters, BindANumberToTheNameRightBehindItNotToTheOneBeforeOf) {
  EXPECT_EQ(on_orders("average amount of 4 priority orders"), "priority = 4");
}

TEST(Filters, TakeCodesInCapitalsForValuesThoughTheyAreWordsElsewhere) {
  const TableProfile table = make_table_profile({{"table", "airports"},
                                                 {"sql_name", "airports"},
                                                 {"row_count", 100},
                                                 {"columns", json::array{column("state", "text", {"AK", "HI", "ME", "TX"})}}});
  EXPECT_EQ(conditions(table, "airports in AK, HI and ME"), "state IN ('AK', 'HI', 'ME')");
}

TEST(Filters, LookUpCodesInCapitalsThatAreWordsElsewhere) {
  const TableProfile table = make_table_profile({{"table", "airports"},
                                                 {"sql_name", "airports"},
                                                 {"row_count", 100},
                                                 {"columns", json::array{column("state", "text", {"AK", "TX"})}}});
  const Sentence sentence = parse_sentence("airports in AK, HI and TX");
  const auto unknown = unknown_values(sentence, match_table(sentence, table));
  ASSERT_EQ(unknown.size(), 1u);
  EXPECT_EQ(unknown.front().text, "HI");
}

TEST(Filters, PutNoThresholdOnAQuantityOfAnotherUnit) {
  ToolBench bench{.tables = {"seattle_weather"}};
  bench.run("days above 30 knots by year");
  EXPECT_FALSE(bench.sql_with("> 30"));
  EXPECT_NE(bench.text.find("Not used"), std::string::npos);
}

TEST(Filters, ChooseAMonthOfATableThatKnowsOnlyYearsByItsColumnOfMonths) {
  json::object year = column("year", "integer", {});
  year["statistics"] = json::object{{"distinct_count", 11}, {"null_fraction", 0.0}, {"min", "2000"}, {"max", "2010"}};
  json::object month = column("month", "integer", {});
  month["statistics"] = json::object{{"distinct_count", 12}, {"null_fraction", 0.0}, {"min", "1"}, {"max", "12"}};
  const TableProfile table = make_table_profile({{"table", "rates"},
                                                 {"sql_name", "rates"},
                                                 {"row_count", 1000},
                                                 {"columns", json::array{year, month, column("series", "text", {"a", "b"})}}});
  const Sentence sentence = parse_sentence("rates by series in march 2009");
  const Question question = make_question(sentence, match_table(sentence, table));
  EXPECT_EQ(question.conditions, std::vector<std::string>{"\"month\" = 3"});
  ASSERT_TRUE(question.from && question.to);
  EXPECT_EQ(format_day(*question.from), "2009-01-01");
  EXPECT_EQ(format_day(*question.to), "2009-12-31");
}

}  // namespace
}  // namespace bridge::rules
