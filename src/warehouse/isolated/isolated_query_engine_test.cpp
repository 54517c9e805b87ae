#include "warehouse/isolated/isolated_query_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "warehouse/driver_list.h"

namespace bridge {
namespace {

std::shared_ptr<LocalQueryEngine> engine() {
  static const std::shared_ptr<WorkerSupervisor> supervisor = make_worker_supervisor(make_worker_launcher(), {});
  return make_isolated_query_engine(make_local_query_engine(), supervisor, worker_memory_max);
}

CallContext of_team(const std::string& team) {
  CallContext context;
  context.caller.team_id = TeamId(team);
  return context;
}

QueryResult numbers(std::vector<std::int64_t> values) {
  ResultColumn column{.name = "n", .type = ColumnType::integer};
  column.valid.assign(values.size(), true);
  column.integers = std::move(values);
  return {.columns = {column}, .row_count = column.integers.size()};
}

TEST(IsolatedQueryEngine, AnswersAsTheEngineItselfDoes) {
  const QueryResult rows = numbers({1, 2, 39});
  const std::map<std::string, const QueryResult*> tables{{"a", &rows}, {"unused", &rows}};
  for (const char* sql : {"SELECT sum(n) AS s FROM a", "SELECT n FROM a WHERE n > 100", "SELECT n FROM a ORDER BY n",
                          "SELECT * FROM nothing", "SELECT n FROM a JOIN", "DROP TABLE a", "SELECT * FROM read_csv('/etc/passwd')"}) {
    const auto walled_in = engine()->execute(of_team("t"), {.sql = sql}, tables, {.rows_max = 2});
    const auto itself = make_local_query_engine()->execute({}, {.sql = sql}, tables, {.rows_max = 2});
    ASSERT_EQ(walled_in.has_value(), itself.has_value()) << sql;
    if (itself) {
      EXPECT_EQ(encode_rows(*walled_in), encode_rows(*itself)) << sql;
      EXPECT_EQ(walled_in->truncated, itself->truncated) << sql;
    } else {
      EXPECT_EQ(describe_error(walled_in.error()), describe_error(itself.error())) << sql;
    }
  }
}

TEST(IsolatedQueryEngine, OutlivesAQueryThatCrashesItAndRunsItTwiceAtMost) {
  const auto isolated = engine();
  const QueryResult rows = numbers({1});
  const BoundQuery bomb{.sql = "SELECT json_structure(repeat('[', 100000) || repeat(']', 100000)) AS s FROM a"};
  for (int i = 0; i < 3; ++i) {
    const auto killed = isolated->execute(of_team("t"), bomb, {{"a", &rows}}, {});
    ASSERT_FALSE(killed);
    EXPECT_EQ(killed.error().reason, "query_killed") << describe_error(killed.error());
    EXPECT_EQ(killed.error().message.find("not run any more") != std::string::npos, i == 2);
  }
  EXPECT_TRUE(isolated->execute(of_team("t"), {.sql = "SELECT n FROM a"}, {{"a", &rows}}, {}));
}

TEST(IsolatedQueryEngine, SaysThatAnswersAreTooLarge) {
  ResultColumn column{.name = "x", .type = ColumnType::text};
  for (int i = 0; i < 70; ++i) column.texts.emplace_back(1 << 20, 'x');
  column.valid.assign(70, true);
  const QueryResult rows{.columns = {column}, .row_count = 70};
  EXPECT_EQ(engine()->execute(of_team("t"), {.sql = "SELECT count(*) FROM a"}, {{"a", &rows}}, {}).error().code,
            ErrorCode::payload_too_large);
}

}  // namespace
}  // namespace bridge
