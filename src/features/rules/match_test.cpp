#include "features/rules/match.h"

#include <gmock/gmock.h>

#include "features/rules/account.h"
#include "features/rules/question.h"
#include "features/rules/suggest.h"
#include "features/rules/testing/tool_bench.h"

namespace bridge::rules {
namespace {

// A column as get_table_schema tells of it; numbers and dates go from the first value to the last.
json::object column(const std::string& name, const std::string& type, const std::vector<std::string>& values, int distinct = 0) {
  json::array top;
  for (const std::string& value : values) top.push_back(json::object{{"value", value}, {"count", 2}});
  return {{"name", name},
          {"type", type},
          {"statistics", json::object{{"distinct_count", distinct > 0 ? distinct : static_cast<int>(values.size())},
                                      {"null_fraction", 0.0},
                                      {"min", values.empty() ? "" : values.front()},
                                      {"max", values.empty() ? "" : values.back()},
                                      {"top_values", top}}}};
}
json::object table(const std::string& name, json::array columns, int row_count = 60) {
  return {{"table", name}, {"sql_name", name}, {"row_count", row_count}, {"columns", std::move(columns)}};
}

ChartSuggestion first(std::string_view sentence, const json::object& schema) {
  const auto suggestions = suggest_charts(sentence, schema);
  EXPECT_FALSE(suggestions.empty()) << sentence;
  return suggestions.empty() ? ChartSuggestion{} : suggestions.front();
}
Question question_of(std::string_view text, const TableProfile& profile) {
  const Sentence sentence = parse_sentence(text);
  return make_question(sentence, match_table(sentence, profile));
}
Plan plan_of(std::string_view text, const json::object& schema) {
  const TableProfile profile = make_table_profile(schema);
  Sentence sentence = parse_sentence(text);
  const TableMatch match = match_table(sentence, profile);
  sentence = without_named_cues(std::move(sentence), match);
  Question question = make_question(sentence, match);
  if (auto readings = suggest_charts(sentence, match, 1); !readings.empty()) question.reading = readings.front();
  return make_plan(question, sentence, {.connection = "demo"});
}
std::string unused_of(std::string_view text, const json::object& schema) {
  std::vector<std::string> words;
  for (const AccountedWord& word : plan_of(text, schema).account) {
    if (word.role == "unused") words.push_back(word.word);
  }
  return join(words, ", ");
}
bool any_sql_has(const Plan& plan, std::string_view part) {
  return std::ranges::any_of(plan.queries, [&](const PlannedQuery& query) { return query.sql.find(part) != std::string::npos; });
}

const json::object invoices =
    table("Invoice",
          {column("invoiceid", "integer", {"1", "412"}, 412), column("invoicedate", "date", {"2009-01-01", "2013-12-22"}, 354),
           column("billingstate", "text", {"AZ", "QC", "WA", "NY"}), column("total", "number", {"0.99", "25.86"}, 23)},
          412);
const json::object staff =
    table("Staff_Assignments",
          {column("staff_id", "integer", {"1", "90"}, 50), column("recorded_by_staff_id", "integer", {"1", "9"}, 9),
           column("date_assigned_from", "date", {"2016-01-01", "2018-12-31"}, 50),
           column("date_assigned_to", "date", {"2016-02-01", "2019-12-31"}, 50), column("job_title", "text", {"Clerk", "Head"})});

TEST(Match, TakesTheTablesOwnWordForItsRows) {
  EXPECT_EQ(first("number of invoices from states AZ, QC and WA", invoices).x, "billingstate");
  const ChartSuggestion houses =
      first("bar chart of houses by city",
            table("houses", {column("house_price", "number", {"1000", "900000"}, 50), column("city", "text", {"Bern", "Basel", "Chur"})}));
  EXPECT_EQ(houses.x, "city");
  EXPECT_EQ(houses.y, std::nullopt);
}

TEST(Match, TakesAQuantityThatTheTableIsCalledAfterForTheQuantity) {
  const ChartSuggestion sales =
      first("sales by city",
            table("sales", {column("total_sales", "number", {"1", "900000"}, 50), column("city", "text", {"Bern", "Basel", "Chur"})}));
  EXPECT_EQ(sales.y, "total_sales");
}

TEST(Match, TakesAVerbForNoNameOfAnotherSense) {
  const ChartSuggestion recorded = first("how many assignments were recorded for each job title", staff);
  EXPECT_EQ(recorded.x, "job_title");
  EXPECT_EQ(recorded.color, std::nullopt);
  const json::object players =
      table("games", {column("player", "text", {"Ada", "Bo", "Cy"}), column("position", "text", {"Guard", "Wing", "Pivot"})});
  EXPECT_EQ(first("line chart of the number of rows by playing position", players).x, "position");
  // "orders" are no date that is called "ordered".
  const json::object orders =
      table("shop", {column("ordered", "date", {"2020-01-01", "2020-12-31"}, 50), column("channel", "text", {"web", "app"})});
  EXPECT_EQ(first("number of orders by channel", orders).x, "channel");
  const json::object cartoons = table("Cartoon", {column("directed_by", "text", {"Ada", "Bo"}), column("channel", "text", {"A", "B"})});
  EXPECT_EQ(first("pie chart by director", cartoons).x, "directed_by");
}

TEST(Match, TellsTheBeginningFromTheEnd) {
  EXPECT_EQ(first("bar chart of the assignment end date", staff).x, "date_assigned_to");
  EXPECT_EQ(first("bar chart of the assignment end date", staff).color, std::nullopt);
  EXPECT_EQ(first("bar chart of the assignment start date", staff).x, "date_assigned_from");
}

TEST(Match, ReadsNumbersInWordsAsPartOfAName) {
  const json::object addresses =
      table("Places", {column("line_1", "text", {"Main St", "High St"}), column("line_2", "text", {"Apt 1", "Apt 2"})});
  EXPECT_EQ(first("pie chart of line two", addresses).x, "line_2");
}

TEST(Match, AddsUpAColumnOfCountsThatNumberOfAsksFor) {
  const json::object markets =
      table("market", {column("country", "text", {"France", "Japan", "Peru"}), column("number_cities", "integer", {"3", "209"}, 40)});
  const ChartSuggestion chart = first("number of cities by country", markets);
  EXPECT_EQ(chart.y, "number_cities");
  EXPECT_EQ(chart.aggregate, "sum");
  EXPECT_EQ(unused_of("number of cities by country", markets), "");
}

TEST(Match, MeasuresWhatStandsBehindAnAggregateThoughItIsFilteredByToo) {
  const json::object seasons =
      table("games", {column("season", "integer", {"1996", "2010"}, 14), column("team_rank", "number", {"1", "30"}, 30),
                      column("position", "text", {"Guard", "Wing"})});
  const ChartSuggestion chart = first("pie chart of the average team rank by position for team ranks between 5 and 12", seasons);
  EXPECT_EQ(chart.y, "team_rank");
  EXPECT_EQ(chart.aggregate, "mean");
  EXPECT_EQ(chart.filters.size(), 2u);
}

TEST(Match, FiltersByTheColumnThatHasSuchValues) {
  const json::object papers =
      table("Authorship", {column("authid", "integer", {"50", "70"}, 13), column("authorder", "integer", {"1", "3"}, 3)});
  EXPECT_EQ(first("total author ID by author order for authors between 60 and 62", papers).filters.at(0).field, "authid");
}

TEST(Match, BindsNumbersToTheIdentifierThatIsSaidBeforeThem) {
  const json::object products =
      table("Products", {column("product_id", "integer", {"1", "15"}, 15), column("product_name", "text", {"Apple", "Pear", "Plum"})});
  for (const char* sentence : {"number of products for product identifiers 6, 8, or 12", "products with identifiers of 6, 8 or 12 by name",
                               "which identifiers are there for products 6, 8 and 12"}) {
    const ChartSuggestion chart = first(sentence, products);
    ASSERT_EQ(chart.filters.size(), 1u) << sentence;
    EXPECT_EQ(chart.filters[0].field, "product_id");
    EXPECT_EQ(chart.filters[0].values, (std::vector<std::string>{"6", "8", "12"}));
  }
}

TEST(Match, TakesAnyWordForAValueInAListOfValues) {
  const json::object documents =
      table("Documents", {column("description", "text", {"fun", "good", "excellent"}), column("kind", "text", {"A", "B"})});
  EXPECT_EQ(first("documents by kind described as either fun, good, or excellent", documents).filters.at(0).values.size(), 3u);
  EXPECT_TRUE(first("a good chart of documents by kind", documents).filters.empty());
}

TEST(Match, FiltersByAllValuesOfAColumnWhenAllAreListed) {
  const json::object customers = table(
      "buyers", {column("payment_method", "text", {"Credit Card", "Direct Debit"}), column("region", "text", {"North", "South", "East"})});
  EXPECT_EQ(question_of("buyers by region using Direct Debit or Credit Card", make_table_profile(customers)).filters.size(), 1u);
}

TEST(Match, ReadsAYearThatIsAColumn) {
  const json::object population =
      table("API_pop",
            {column("Country Name", "text", {"Arland", "Bersia", "Cotan"}, 3), column("Indicator Name", "text", {"Population, total"}, 1),
             column("2009", "integer", {"1", "4000"}, 3), column("2010", "integer", {"1", "5000"}, 3)},
            3);
  const ChartSuggestion chart = first("population by country in 2010", population);
  EXPECT_EQ(chart.x, "Country Name");
  EXPECT_EQ(chart.y, "2010");
  EXPECT_EQ(unused_of("population by country in 2010", population), "");
}

TEST(Match, KnowsAmountsInOtherLanguages) {
  const TableProfile profile =
      make_table_profile(table("filialen", {column("Umsatz", "number", {"1", "9000"}, 50), column("Preis", "number", {"1", "9000"}, 50)}));
  EXPECT_TRUE(profile.columns[0].additive);
  EXPECT_FALSE(profile.columns[1].additive);
}

TEST(Match, LooksUpWhatNothingIsCalledAndWhatPeopleCallIt) {
  const TableProfile profile = make_table_profile(table("makers", {column("country", "text", {"Peru", "Chile"}, 200)}, 900));
  const Sentence sentence = parse_sentence("number of makers in japan and for german ones");
  std::vector<std::string> texts;
  for (const UnknownValue& value : unknown_values(sentence, match_table(sentence, profile))) texts.push_back(value.text);
  EXPECT_THAT(texts, testing::IsSupersetOf({"japan", "Germany"}));
  const TableProfile known = make_table_profile(table("makers", {column("country", "text", {"Japan", "Germany"}, 2)}, 900));
  EXPECT_EQ(question_of("number of japanese makers by country", known).filters.at(0).values, std::vector<std::string>{"Japan"});
}

TEST(Match, TakesTheExtremeOfEachYear) {
  const Plan plan = plan_of("hottest day of each year", schema_of("seattle_weather"));
  EXPECT_TRUE(any_sql_has(plan, "max(temp_max)"));
  EXPECT_EQ(unused_of("hottest day of each year", schema_of("seattle_weather")), "");
}

TEST(Match, SetsTwoSeasonsAgainstEachOther) {
  const Plan plan = plan_of("average temperature summer vs winter", schema_of("seattle_weather"));
  EXPECT_TRUE(any_sql_has(plan, "THEN 'Summer'")) << plan.title;
  EXPECT_TRUE(any_sql_has(plan, "THEN 'Winter'"));
  EXPECT_EQ(unused_of("average temperature summer vs winter", schema_of("seattle_weather")), "");
}

TEST(Match, AccountsForTheWordsThatAColumnWasReadFrom) {
  const json::object tryout =
      table("Tryout", {column("pid", "integer", {"10001", "90000"}, 50), column("decision", "text", {"yes", "no"})});
  EXPECT_EQ(unused_of("heat map of player IDs and decision", tryout), "");
  // "country name" of country, though another column is called name.
  const json::object inst = table("Inst", {column("name", "text", {"Google", "Bell", "CMU"}), column("country", "text", {"UK", "USA"})});
  EXPECT_EQ(unused_of("pie chart by country name", inst), "");
  EXPECT_EQ(unused_of("bar chart by start year", table("club", {column("start_year", "text", {"1970-01-01", "1980-01-01"}, 9)})), "");
}

TEST(Match, AccountsForRowsWhateverTheyAreCalledWhenTheyAreNarrowed) {
  const json::object list = table("list", {column("grade", "integer", {"0", "6"}, 7), column("classroom", "integer", {"101", "112"}, 12)});
  EXPECT_EQ(unused_of("scatter plot of grade by classroom for students in classroom 110", list), "");
  EXPECT_EQ(unused_of("scatter plot of grade by classroom for students", list), "students");
}

TEST(Match, SaysThatNothingIsShownOverTimeWithoutATime) {
  const json::object items =
      table("items", {column("order_quantity", "integer", {"1", "9"}, 9), column("product", "text", {"A", "B", "C"})});
  EXPECT_EQ(unused_of("number of items by product over time as a line chart", items), "over time");
}

TEST(Match, KnowsTheColumnOfADifference) { EXPECT_EQ(unused_of("monthly change of price", schema_of("stocks")), ""); }

}  // namespace
}  // namespace bridge::rules
