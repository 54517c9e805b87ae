#include <gmock/gmock.h>

#include "features/rules/match.h"
#include "features/rules/plan.h"
#include "features/rules/sql_tokens.h"
#include "features/rules/testing/tool_bench.h"

// Plans in another dialect than the local engine's. What their queries answer is compared in tests/differential.

namespace bridge::rules {
namespace {

Plan plan_of(std::string_view text, const std::string& name) {
  json::object schema = schema_of(name);
  schema["dialect"] = "sqlite";
  const TableProfile table = make_table_profile(schema);
  const Sentence sentence = parse_sentence(text);
  const Question question = make_question(sentence, match_table(sentence, table));
  return make_plan(question, sentence, {.connection = "demo"});
}

std::string unused_of(const Plan& plan) {
  std::vector<std::string> words;
  for (const AccountedWord& word : plan.account) {
    if (word.role == "unused") words.push_back(word.word);
  }
  return join(words, ", ");
}

TEST(SqlitePlans, LeaveOutWhatTheEngineCannotSayAndTellItsWord) {
  for (const auto& [sentence, name, unused] : std::vector<std::tuple<std::string_view, std::string, std::string>>{
           {"median delay by origin", "flights", "median"},
           {"90th percentile of delay by origin", "flights", "percentile"},
           {"standard deviation of delay by origin", "flights", "deviation"},
           {"price by symbol over time", "stocks", "over time"}}) {
    const Plan plan = plan_of(sentence, name);
    EXPECT_FALSE(plan.queries.empty());
    EXPECT_THAT(unused_of(plan), testing::HasSubstr(unused)) << sentence;
  }
}

TEST(SqlTokens, AreReadInTheLocalEnginesWords) {
  TableProfile table{.dialect = find_sql_dialect("sqlite")};
  const auto read = [&](const std::string& sql) {
    std::string out;
    for (const Token& token : in_local_words(tokens_of(sql), table)) out += token.text + " ";
    return out;
  };
  const SqlDialect& sqlite = *table.dialect;
  for (const TimeUnit unit : {TimeUnit::hour, TimeUnit::day, TimeUnit::week, TimeUnit::month, TimeUnit::quarter, TimeUnit::year})
    EXPECT_THAT(read(sqlite.truncate("max(a)", unit)), testing::HasSubstr(str("date_trunc ( ", unit_name(unit), " , max ( a ) )")));
  EXPECT_EQ(read("x, " + sqlite.weekday_name("a") + " AS b"), "x , dayname ( a ) as b ");
  EXPECT_EQ(read(sqlite.date_part("a", DatePart::month) + " = 3"), "month ( a ) = 3 ");
  EXPECT_EQ(read(sqlite.safe_ratio("sum(a)", "sum(b)")), "sum ( a ) / nullif ( sum ( b ) , 0 ) ");
  EXPECT_EQ(read(sqlite.band_start("a", "50")), "floor ( a / 50 ) * 50 ");
  EXPECT_EQ(read("date(a, b)"), "date ( a , b ) ");
}

}  // namespace
}  // namespace bridge::rules
