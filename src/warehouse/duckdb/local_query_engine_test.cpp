#include "warehouse/duckdb/local_query_engine.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"

namespace bridge {
namespace {

ResultColumn column(std::string name, ColumnType type, std::vector<std::string> texts) {
  ResultColumn made{.name = std::move(name), .type = type};
  made.valid.assign(texts.size(), true);
  made.texts = std::move(texts);
  return made;
}

QueryResult every_type() {
  QueryResult result{.row_count = 2};
  ResultColumn whole{.name = "whole", .type = ColumnType::integer, .valid = {true, false}, .integers = {7, 0}};
  ResultColumn number{.name = "a number", .type = ColumnType::number, .valid = {true, true}, .numbers = {0.5, 1.5}};
  ResultColumn flag{.name = "flag", .type = ColumnType::boolean, .valid = {true, true}, .integers = {1, 0}};
  result.columns = {whole,
                    number,
                    flag,
                    column("big", ColumnType::big_integer, {"9007199254740993", "1"}),
                    column("price", ColumnType::decimal, {"12.340000001", "-1"}),
                    column("name", ColumnType::text, {"x'y", ""}),
                    column("day", ColumnType::date, {"2001-01-31", "1969-12-31"}),
                    column("at", ColumnType::timestamp, {"2001-01-31T10:00:00Z", "2001-01-31T10:00:00.500000Z"}),
                    column("clock", ColumnType::time, {"10:00:00", "23:59:59.500000"}),
                    column("json", ColumnType::json, {"{\"a\":1}", "[1]"})};
  return result;
}

std::string rows_of(const Result<QueryResult>& result) {
  if (!result) return describe_error(result.error());
  const std::string text = encode_rows(*result);
  return text.substr(text.find("\"rows\":") + 7, text.size() - text.find("\"rows\":") - 8);
}

TEST(LocalQueryEngine, GivesBackEveryTypeAsItCame) {
  const QueryResult rows = every_type();
  const auto result = make_duckdb_local_query_engine()->execute({}, {.sql = "SELECT * FROM answer"}, {{"answer", &rows}}, {});
  ASSERT_TRUE(result) << describe_error(result.error());
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    EXPECT_EQ(result->columns[i].name, rows.columns[i].name);
    EXPECT_EQ(result->columns[i].type, rows.columns[i].type) << rows.columns[i].name;
  }
  EXPECT_EQ(
      rows_of(result),
      R"([[7,0.5,true,"9007199254740993","12.340000001","x'y","2001-01-31","2001-01-31T10:00:00Z","10:00:00","{\"a\":1}"],[null,1.5,false,"1","-1.000000000","","1969-12-31","2001-01-31T10:00:00.500000Z","23:59:59.500000","[1]"]])");
}

TEST(LocalQueryEngine, JoinsAnswersAndTakesParameters) {
  const QueryResult rows = every_type();
  const auto engine = make_duckdb_local_query_engine();
  EXPECT_EQ(
      rows_of(engine->execute(
          {}, {.sql = "SELECT a.name, count(*) FROM a JOIN b ON a.day = b.day WHERE a.day > $1 GROUP BY 1", .values = {Date{"2000-01-01"}}},
          {{"a", &rows}, {"b", &rows}}, {})),
      R"([["x'y",1]])");
}

TEST(LocalQueryEngine, ForgetsTheTablesOfAnEarlierCall) {
  const QueryResult rows = every_type();
  const auto engine = make_duckdb_local_query_engine();
  ASSERT_TRUE(engine->execute({}, {.sql = "SELECT * FROM mine"}, {{"mine", &rows}}, {}));
  const auto later = engine->execute({}, {.sql = "SELECT * FROM mine"}, {{"yours", &rows}}, {});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::invalid_argument);
  QueryResult other{.row_count = 1};
  other.columns = {column("only", ColumnType::text, {"new"})};
  EXPECT_EQ(rows_of(engine->execute({}, {.sql = "SELECT * FROM mine"}, {{"mine", &other}}, {})), R"([["new"]])")
      << "the same name may mean other columns in the next call";
}

TEST(LocalQueryEngine, RefusesFilesCatalogsAndOtherStatements) {
  const QueryResult rows = every_type();
  const auto engine = make_duckdb_local_query_engine();
  for (const char* sql : {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM duckdb_tables", "SELECT * FROM a.a", "DROP TABLE a",
                          "SELECT 1; SELECT 2", "SELECT * FROM information_schema.tables", "FROM '/etc/passwd'"}) {
    const auto result = engine->execute({}, {.sql = sql}, {{"a", &rows}}, {});
    ASSERT_FALSE(result) << sql;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument) << sql;
  }
}

TEST(LocalQueryEngine, KeepsConcurrentCallsApart) {
  const auto engine = make_duckdb_local_query_engine();
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 20; ++i) {
          QueryResult rows{.row_count = 1};
          rows.columns = {column("v", ColumnType::text, {str(thread, "/", i)})};
          if (rows_of(engine->execute({}, {.sql = "SELECT v FROM t"}, {{"t", &rows}}, {})) == str("[[\"", thread, "/", i, "\"]]")) ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, 80);
}

TEST(LocalQueryEngine, StopsAtTheDeadline) {
  const auto result = make_duckdb_local_query_engine()->execute(CallContext{}.with_timeout(std::chrono::milliseconds(200)),
                                                                {.sql = "SELECT sum(random()) FROM range(1000000000000) AS r(x)"}, {}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::deadline_exceeded);
}

}  // namespace
}  // namespace bridge
