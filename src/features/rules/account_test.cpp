#include "features/rules/account.h"

#include <gmock/gmock.h>

#include "features/rules/match.h"
#include "features/rules/testing/tool_bench.h"

namespace bridge::rules {
namespace {

using testing::HasSubstr;

Plan plan_of(std::string_view text, const json::object& schema) {
  const TableProfile table = make_table_profile(schema);
  const Sentence sentence = parse_sentence(text);
  const TableMatch match = match_table(sentence, table);
  const Question question = make_question(sentence, match);
  return make_plan(question, sentence, {.connection = "demo"});
}
Plan plan_of(std::string_view text, const std::string& table) { return plan_of(text, schema_of(table)); }

// "word: role (taken for → bound to)", for the words with that role.
std::vector<std::string> words_of(const Plan& plan, std::string_view role) {
  std::vector<std::string> words;
  for (const AccountedWord& word : plan.account) {
    if (word.role == role) words.push_back(word.word);
  }
  return words;
}
std::string unused_of(std::string_view text, const std::string& table) { return join(words_of(plan_of(text, table), "unused"), ", "); }

const AccountedWord* find_word(const Plan& plan, std::string_view text) {
  const auto found = std::find_if(plan.account.begin(), plan.account.end(), [&](const AccountedWord& word) { return word.word == text; });
  return found == plan.account.end() ? nullptr : &*found;
}

TEST(Account, BindsEveryWordOfAQuestionThatIsAnswered) {
  for (const auto& [sentence, table] : {std::pair{"Please show me the average delay by origin", "flights"},
                                        {"how many bird strikes in each phase of flight", "birdstrikes"},
                                        {"a bar chart of the average body mass by species and sex", "penguins"},
                                        {"Which airports have the longest delays, and when?", "flights"},
                                        {"average delay for flights longer than 1000 miles", "flights"},
                                        {"top 5 distributors by US gross", "movies"},
                                        {"share of late flights by hour", "flights"}})
    EXPECT_EQ(unused_of(sentence, table), "") << sentence;
}

TEST(Account, SaysWhatAWordWasTakenForAndWhatItIsBoundTo) {
  const Plan plan = plan_of("average delay by origin over 60 minutes", "flights");
  const AccountedWord* aggregate = find_word(plan, "average");
  ASSERT_TRUE(aggregate);
  EXPECT_EQ(aggregate->taken_for, "aggregate");
  const AccountedWord* measure = find_word(plan, "delay");
  ASSERT_TRUE(measure);
  EXPECT_EQ(measure->taken_for, "measure");
  EXPECT_EQ(measure->bound_to, "delay");
  const AccountedWord* split = find_word(plan, "origin");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->taken_for, "split");
  const AccountedWord* filter = find_word(plan, "over 60");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->taken_for, "filter");
  EXPECT_EQ(filter->role, "used");
  EXPECT_FALSE(find_word(plan, "by"));  // says nothing of the data
}

TEST(Account, NamesTheOperatorsThatNoQueryDoes) {
  for (const auto& [sentence, word] : {std::pair{"running total of the average delay by month", "running total"},  // averages do not add up
                                       {"weighted average delay by origin", "weighted average"},
                                       {"forecast the delay by month", "forecast"},
                                       {"correlation of flights", "correlation"},
                                       {"outliers of delay by origin", "outliers"}}) {
    const Plan plan = plan_of(sentence, "flights");
    EXPECT_THAT(words_of(plan, "unused"), testing::Contains(word)) << sentence;
    EXPECT_THAT(join(plan.notes, " "), HasSubstr(str('"', word, '"'))) << sentence;
  }
}

TEST(Account, KnowsTheShorthandThatFiltersKnow) {
  for (const char* sentence : {"bird strikes by phase of flight excl. Large ones", "bird strikes by phase of flight w/o Large ones"})
    EXPECT_EQ(unused_of(sentence, "birdstrikes"), "") << sentence;
}

TEST(Account, KnowsTheOperatorsThatAQueryDoes) {
  for (const char* sentence : {"moving average of the delay over time", "percent change of delay by month", "growth of flights by month",
                               "95th percentile of delay by origin", "running total of flights by month"})
    EXPECT_EQ(unused_of(sentence, "flights"), "") << sentence;
}

TEST(Account, TakesNoWordForUsedWhoseQueryDoesTheOpposite) {
  const Plan plan = plan_of("bird strikes by phase of flight but not in Michigan", "birdstrikes");
  const bool negated = std::any_of(plan.queries.begin(), plan.queries.end(), [](const PlannedQuery& query) {
    return query.sql.find("<> 'Michigan'") != std::string::npos || query.sql.find("NOT IN") != std::string::npos;
  });
  EXPECT_TRUE(negated || std::ranges::count(words_of(plan, "unused"), "not") == 1);
}

TEST(Account, NamesWordsThatNothingIsCalled) {
  const Plan plan = plan_of("average delay by origin for purple airships", "flights");
  EXPECT_THAT(join(plan.notes, " "), HasSubstr("Nothing in the data is called \"purple\" or \"airships\""));
}

TEST(Account, TakesWhatIsCountedForTheRows) {
  const json::object schema{
      {"table", "tryout"},
      {"sql_name", "tryout"},
      {"row_count", 40},
      {"columns",
       json::array{json::object{{"name", "decision"},
                                {"type", "text"},
                                {"statistics", json::object{{"distinct_count", 2},
                                                            {"top_values", json::array{json::object{{"value", "yes"}, {"count", 30}},
                                                                                       json::object{{"value", "no"}, {"count", 10}}}}}}}}}};
  const Plan players = plan_of("number of players by decision", schema);
  EXPECT_EQ(words_of(players, "unused"), std::vector<std::string>{});
  // The rows are the players; that they are tall is not known.
  EXPECT_EQ(words_of(plan_of("number of tall players by decision", schema), "unused"), std::vector<std::string>{"tall"});
}

TEST(Account, IsKeptInTheDocument) {
  ToolBench bench;
  bench.run("forecast of flights by month");
  const auto at = bench.yaml.find(account_key);
  ASSERT_NE(at, std::string::npos);
  const auto account = parse_json(bench.yaml.substr(at + account_key.size(), bench.yaml.find('\n', at) - at - account_key.size()));
  ASSERT_TRUE(account);
  EXPECT_EQ(account->at(0).at("word").as_string(), "forecast");
  EXPECT_EQ(account->at(0).at("role").as_string(), "unused");
  EXPECT_THAT(bench.text, HasSubstr("Not used: \"forecast\""));
}

TEST(QueryFacts, AreReadFromTheTextOfTheQuery) {
  const TableProfile table = make_table_profile(schema_of("penguins"));
  Plan plan;
  plan.params.push_back({.name = "island", .type = "enum", .label = "Island", .defaults = {"Dream"}, .values_from = "x.name"});
  plan.queries.push_back({.id = "q",
                          .sql = "SELECT \"Species\" AS species, avg(\"Body Mass (g)\") AS mass\nFROM penguins\nWHERE filter(:island, "
                                 "\"Island\")\n  AND NOT (\"Sex\" = 'MALE')\n  AND \"Beak Length (mm)\" BETWEEN 10 AND 20\nGROUP BY 1\n"
                                 "HAVING count(*) >= 3\nORDER BY 2 DESC NULLS LAST, 1\nLIMIT 5"});
  const QueryFacts facts = facts_of({.id = "c", .query = "q", .mark = "bar"}, plan, table);
  ASSERT_EQ(facts.selected.size(), 2u);
  EXPECT_TRUE(facts.selected[0].key);
  EXPECT_EQ(facts.selected[1].aggregate, Aggregate::mean);
  EXPECT_EQ(facts.order, 1);
  EXPECT_EQ(facts.limit, 5);
  ASSERT_EQ(facts.filters.size(), 3u);
  EXPECT_TRUE(facts.filters[0].chosen);
  EXPECT_EQ(facts.filters[0].values, std::vector<std::string>{"Dream"});
  EXPECT_TRUE(facts.filters[1].negated);
  EXPECT_EQ(facts.filters[2].sign, "between");
}

}  // namespace
}  // namespace bridge::rules
