#include <gmock/gmock.h>

#include "answer.h"
#include "base/text.h"
#include "differences.h"
#include "sentences.h"
#include "warehouse/driver_list.h"
#include "warehouse/testing/test_folder.h"

// The same data, queries and sentences in every engine: the answers are the same, but for the differences that are named.

namespace bridge::differential {
namespace {

constexpr std::size_t query_count_min = 200;
constexpr std::size_t sentence_count_min = 40;

const std::vector<Engine>& engines() {
  static const TestFolder folder;
  static const std::vector<Engine> all = open_engines(folder.path(), tables());
  return all;
}
const Answer& reference_answer(const Query& query) {
  static std::map<std::string, Answer> known;
  const auto [found, is_new] = known.try_emplace(query.name);
  if (is_new) found->second = ask(engines().front(), query);
  return found->second;
}
std::span<const Engine> others() { return std::span(engines()).subspan(1); }

TEST(Differential, HasEveryDriver) {
  std::set<std::string> drivers, loaders;
  for (const auto& driver : make_warehouse_drivers()) drivers.insert(driver->type());
  for (const EngineLoader& loader : engine_loaders()) loaders.emplace(loader.engine);
  EXPECT_EQ(loaders, drivers) << "a line in engine_loaders() makes an engine take part";
}

TEST(Differential, HasManyQueriesAndSentencesThatAreToldApart) {
  std::set<std::string> names;
  for (const Query& query : queries()) EXPECT_TRUE(names.insert(query.name).second) << query.name;
  EXPECT_GE(names.size(), query_count_min);
  std::set<std::string_view> texts;
  for (const Sentence& sentence : sentences()) EXPECT_TRUE(texts.insert(sentence.text).second) << sentence.text;
  EXPECT_GE(texts.size(), sentence_count_min);
}

TEST(Differential, TheReferenceAnswersAsIsComputedWithoutAnEngine) {
  std::size_t checked = 0;
  for (const Query& query : queries()) {
    if (!query.expected) continue;
    const Answer& answer = reference_answer(query);
    ASSERT_EQ(answer.failure, "") << query.name;
    Answer expected{.columns = answer.columns};
    for (std::size_t row = 0; row < answer.rows.size(); ++row) {
      expected.rows.push_back(answer.rows[row]);
      expected.rows.back().back() = query.expected(row);
      ++checked;
    }
    std::set<const TypeDifference*> unused;
    EXPECT_EQ(difference_of(expected, answer, engines().front().name, {}, unused), "") << query.name;
  }
  EXPECT_GT(checked, 5'000U);
}

// The difference that is named for the engine and the query; null when there is none.
const QueryDifference* find_difference(const Engine& engine, const Query& query) {
  const auto all = query_differences();
  const auto found =
      std::ranges::find_if(all, [&](const QueryDifference& each) { return each.engine == engine.name && each.query == query.name; });
  return found == all.end() ? nullptr : &*found;
}

TEST(Differential, EnginesAnswerQueriesAlikeButForWhatIsNamed) {
  std::set<const TypeDifference*> used_types;
  std::set<const QueryDifference*> used;
  const auto check = [&](const Engine& engine, const Query& query, const std::string& found) {
    const QueryDifference* known = find_difference(engine, query);
    if (!known) {
      EXPECT_EQ(found, "") << engine.name << ": " << query.name << "\n" << query.sql(engine.dialect()).value_or("");
      return;
    }
    used.insert(known);
    EXPECT_FALSE(found.empty()) << engine.name << ": no difference any more: " << query.name;
    EXPECT_THAT(found, testing::StartsWith(std::string(known->found))) << engine.name << ": " << query.name;
  };
  for (const Query& query : queries()) {
    const Answer& expected = reference_answer(query);
    check(engines().front(), query, expected.failure);
    for (const Engine& engine : others())
      check(engine, query, difference_of(expected, ask(engine, query), engine.name, type_differences(), used_types));
  }
  for (const QueryDifference& each : query_differences()) EXPECT_TRUE(used.contains(&each)) << "there is no query " << each.query;
  for (const TypeDifference& each : type_differences())
    EXPECT_TRUE(used_types.contains(&each)) << "no difference any more: " << each.reason;
}

std::string unused_of(const rules::Plan& plan) {
  std::vector<std::string> words;
  for (const AccountedWord& word : plan.account) {
    if (word.role == "unused") words.push_back(word.word);
  }
  return join(words, ", ");
}

// What an engine cannot say is left out of its plan, and the rest of that runs.
void expect_to_run_without(const Engine& engine, const rules::Plan& plan, const SentenceDifference& difference) {
  EXPECT_THAT(unused_of(plan), testing::HasSubstr(std::string(difference.unused))) << engine.name << ": " << difference.sentence;
  EXPECT_FALSE(plan.queries.empty());
  for (const rules::PlannedQuery& query : plan.queries) {
    const auto bound = bind_planned(engine, plan, query, Period::all);
    ASSERT_TRUE(bound) << query.sql;
    EXPECT_EQ(run(engine, *bound).failure, "") << engine.name << ": " << difference.sentence << "\n" << query.sql;
  }
}

// The plans are the same, and so are their queries' answers. Returns how many had rows.
// `known`: how the answers that differ do; empty: none does.
int expect_same_answers(const Engine& reference, const rules::Plan& expected, const Engine& engine, const rules::Plan& plan,
                        std::string_view known = {}) {
  bool is_found = known.empty();
  int answered = 0;
  EXPECT_EQ(expected.title, plan.title);
  EXPECT_EQ(expected.account, plan.account) << engine.name << ": " << unused_of(plan);
  EXPECT_EQ(expected.queries.size(), plan.queries.size()) << engine.name;
  for (std::size_t i = 0; i < std::min(expected.queries.size(), plan.queries.size()); ++i) {
    const rules::PlannedQuery &left = expected.queries[i], &right = plan.queries[i];
    EXPECT_EQ(left.id, right.id);
    for (const Period period : {Period::all, Period::some_days}) {
      const auto one = bind_planned(reference, expected, left, period), other = bind_planned(engine, plan, right, period);
      if (!one || !other) {
        ADD_FAILURE() << left.sql << "\n" << right.sql;
        continue;
      }
      const Answer answer = run(reference, *one);
      EXPECT_EQ(answer.failure, "") << left.sql;
      answered += answer.rows.empty() ? 0 : 1;
      std::set<const TypeDifference*> used;
      const std::string found = difference_of(answer, run(engine, *other), engine.name, type_differences(), used);
      if (!known.empty() && found.starts_with(known)) is_found = true;
      else EXPECT_EQ(found, "") << engine.name << "\n" << one->sql << "\n" << other->sql;
    }
  }
  EXPECT_TRUE(is_found) << engine.name << ": no difference any more";
  return answered;
}

TEST(Differential, EnginesAnswerSentencesAlikeButForWhatIsNamed) {
  int answered = 0;
  std::set<const SentenceDifference*> used;
  for (const Sentence& sentence : sentences()) {
    SCOPED_TRACE(sentence.text);
    const rules::Plan expected = plan_of(engines().front(), sentence);
    EXPECT_FALSE(expected.queries.empty());
    for (const Engine& engine : others()) {
      const rules::Plan plan = plan_of(engine, sentence);
      const auto known = std::ranges::find_if(sentence_differences(), [&](const SentenceDifference& each) {
        return each.engine == engine.name && each.sentence == sentence.text;
      });
      if (known == sentence_differences().end()) {
        answered += expect_same_answers(engines().front(), expected, engine, plan);
        continue;
      }
      used.insert(&*known);
      if (known->unused.empty()) {
        answered += expect_same_answers(engines().front(), expected, engine, plan, known->found);
        continue;
      }
      EXPECT_THAT(unused_of(expected), testing::Not(testing::HasSubstr(std::string(known->unused))));
      expect_to_run_without(engine, plan, *known);
    }
  }
  for (const SentenceDifference& each : sentence_differences()) EXPECT_TRUE(used.contains(&each)) << each.sentence;
  EXPECT_GT(answered, 200);
}

}  // namespace
}  // namespace bridge::differential
