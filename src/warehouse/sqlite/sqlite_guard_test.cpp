// What is refused, and what ends in time.
#include <gtest/gtest.h>

#include <thread>

#include "base/guarded.h"
#include "base/testing/patience.h"
#include "base/text.h"
#include "warehouse/sqlite/limits.h"
#include "warehouse/sqlite/sql_guard.h"
#include "warehouse/sqlite/sqlite_driver.h"
#include "warehouse/sqlite/temporary_files.h"
#include "warehouse/sqlite/test_data.h"
#include "warehouse/testing/test_folder.h"

namespace bridge {
namespace {

using sqlite::run_in_sqlite;

class SqliteGuard : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TestFolder>();
    std::vector<std::string> sql = sqlite::contract_sales_sql();
    sql.insert(sql.end(), {"CREATE VIEW loads AS SELECT load_extension('x') AS a", "CREATE VIEW secret AS SELECT sql FROM sqlite_master",
                           "CREATE VIEW fine AS SELECT region, upper(region) AS shout FROM sales",
                           "CREATE VIRTUAL TABLE searched USING fts5(body)", "INSERT INTO searched VALUES ('a')"});
    run_in_sqlite(*folder_ / "shop.db", sql);
    warehouse_ = *make_sqlite_driver()->open({}, {{"path", Secret((*folder_ / "shop.db").string())}});
  }
  static void TearDownTestSuite() {
    warehouse_.reset();
    folder_.reset();
  }

  static Error error_of(const std::string& sql, const CallContext& context = {}) {
    const auto result = warehouse_->execute(context, {.sql = sql}, {});
    return result ? Error{.message = ""} : result.error();
  }
  static std::string rows_of(const std::string& sql) {
    const auto result = warehouse_->execute({}, {.sql = sql}, {});
    if (!result) return describe_error(result.error());
    const std::string text = encode_rows(*result);
    const std::size_t at = text.find("\"rows\":") + 7;
    return text.substr(at, text.size() - at - 1);
  }
  static void expect_refused(const std::string& sql, std::string_view says) {
    const Error error = error_of(sql);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << sql << ": " << error.message;
    EXPECT_EQ(reason_of(error), "sql_not_allowed") << sql << ": " << error.message;
    EXPECT_TRUE(error.message.contains(says)) << sql << ": " << error.message;
    const auto tried = warehouse_->dry_run({}, {.sql = sql});
    ASSERT_FALSE(tried) << sql;
    EXPECT_EQ(reason_of(tried.error()), "sql_not_allowed") << sql;
  }

  static std::unique_ptr<TestFolder> folder_;
  static std::shared_ptr<Warehouse> warehouse_;
};
std::unique_ptr<TestFolder> SqliteGuard::folder_;
std::shared_ptr<Warehouse> SqliteGuard::warehouse_;

TEST_F(SqliteGuard, NamesWhatItRefuses) {
  expect_refused("SELECT load_extension('/tmp/x.so')", "the function 'load_extension'");
  expect_refused("SELECT id FROM sales WHERE load_extension('x', 'y') IS NULL", "the function 'load_extension'");
  expect_refused("SELECT randomblob(1000000000)", "the function 'randomblob'");
  expect_refused("SELECT length(zeroblob(1000000000))", "the function 'zeroblob'");
  expect_refused("SELECT sqlite_version()", "the function 'sqlite_version'");
  expect_refused("SELECT json_patch('{}', '{}')", "the function 'json_patch'");
  expect_refused("SELECT fts3_tokenizer('simple')", "fts3_tokenizer");
  expect_refused("SELECT * FROM sqlite_master", "the table 'sqlite_master'");
  expect_refused("SELECT * FROM main.sqlite_schema", "the table 'sqlite_master'");
  expect_refused("SELECT count(*) FROM sqlite_temp_master", "sqlite_temp_master");
  expect_refused("SELECT * FROM pragma_database_list", "the table 'pragma_database_list'");
  expect_refused("SELECT * FROM pragma_table_info('sales')", "the table 'pragma_table_info'");
  expect_refused("SELECT * FROM dbstat", "the table 'dbstat'");
  expect_refused("SELECT * FROM sqlite_stmt", "the table 'sqlite_stmt'");
  expect_refused("SELECT * FROM searched", "the table 'searched'");
  expect_refused("SELECT * FROM searched_content", "the table 'searched_content'");
  expect_refused("SELECT * FROM loads", "the function 'load_extension'");
  expect_refused("SELECT * FROM secret", "the table 'sqlite_master'");
  expect_refused("PRAGMA table_info(sales)", "begins with PRAGMA");
  expect_refused("pragma writable_schema = 1", "begins with pragma");
  expect_refused("ATTACH '/etc/passwd' AS other", "begins with ATTACH");
  expect_refused("EXPLAIN SELECT * FROM sales", "begins with EXPLAIN");
  expect_refused("EXPLAIN QUERY PLAN SELECT * FROM sales", "begins with EXPLAIN");
  expect_refused("VACUUM INTO '/tmp/copy.db'", "begins with VACUUM");
  expect_refused("REPLACE INTO sales (id) VALUES (1)", "begins with REPLACE");
  expect_refused("WITH gone AS (SELECT 1) DELETE FROM sales", "DELETE from 'sales'");
  expect_refused("WITH x AS (SELECT 1) INSERT INTO sales (id) SELECT 5", "INSERT into 'sales'");
  expect_refused("WITH x AS (SELECT 1) UPDATE sales SET id = 5", "UPDATE of 'sales'");
  expect_refused("SELECT 1; ATTACH 'x' AS y", "Only one statement");
  expect_refused("SELECT 1 /* ; */ ; -- end\n SELECT 2", "Only one statement");
  expect_refused("SAVEPOINT a", "begins with SAVEPOINT");
  expect_refused(std::string(sqlite::sql_bytes_max, ' ') + "SELECT 1", "longer");
}

TEST_F(SqliteGuard, PointsAtTheConstruct) {
  const Error error = error_of("SELECT id,\n  load_extension('x')\nFROM sales");
  ASSERT_EQ(error.violations.size(), 1U);
  EXPECT_EQ(error.violations[0].line, 2);
  EXPECT_EQ(error.violations[0].column, 3);
  EXPECT_EQ(error.violations[0].got, "load_extension");
}

TEST_F(SqliteGuard, LetsOneSelectThroughHoweverItIsWritten) {
  EXPECT_EQ(rows_of("/* a */ -- b\n SELECT 1 AS one; -- c\n /* d */ ;"), "[[1]]");
  EXPECT_EQ(rows_of("VALUES (1), (2)"), "[[1],[2]]");
  EXPECT_EQ(rows_of("WITH a(n) AS (SELECT 3) SELECT n FROM a"), "[[3]]");
  EXPECT_EQ(rows_of("SELECT ';' AS a, \"id\" FROM [sales] WHERE id = 1"), R"([[";",1]])");
  EXPECT_EQ(rows_of("SELECT shout FROM fine WHERE region = 'north' LIMIT 1"), R"([["NORTH"]])");
  EXPECT_EQ(rows_of("SELECT value FROM json_each('[1,2]')"), "[[1],[2]]");
  EXPECT_EQ(rows_of("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n"), "[[15]]");
  EXPECT_EQ(rows_of("SELECT sum(amount) OVER (ORDER BY id) AS total FROM sales LIMIT 1"), "[[0]]");
}

TEST_F(SqliteGuard, SaysWhatIsWrongWithSql) {
  const Error function = error_of("SELECT lenght(region) FROM sales");
  EXPECT_EQ(reason_of(function), "sql_invalid") << function.message;
  EXPECT_EQ(function.violations[0].suggestion, "length");
  EXPECT_EQ(function.violations[0].column, 8);
  const Error quoted = error_of("SELECT \"amuont\" FROM sales");
  EXPECT_EQ(quoted.violations.at(0).suggestion, "amount") << quoted.message;
  const Error zero = error_of(std::string("SELECT 1 \0 FROM", 15));
  EXPECT_EQ(reason_of(zero), "sql_invalid") << zero.message;
  EXPECT_EQ(reason_of(error_of("SELECT '\xff'")), "sql_invalid");
  EXPECT_EQ(reason_of(error_of("SELECT 'open")), "sql_invalid");
  EXPECT_EQ(reason_of(error_of("SELECT * FROM other.sales")), "sql_invalid");
}

TEST_F(SqliteGuard, StopsEndlessQueriesInTime) {
  for (const char* sql : {
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n WHERE i < 0",
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT max(i) FROM n",
           "SELECT count(*) FROM sales a, sales b, sales c, sales d",
           "SELECT a.id FROM sales a, sales b, sales c ORDER BY a.id * b.id % (c.id + 1) LIMIT 1",
           "SELECT a.id FROM sales a, sales b, sales c ORDER BY random()",
           "SELECT count(DISTINCT a.id * b.id * c.id % 1000003) FROM sales a, sales b, sales c",
           "SELECT a.id * b.id % 100003 AS g, count(*) FROM sales a, sales b, sales c GROUP BY g",
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE instr(hex(i), 'GG') > 0",
       }) {
    const auto started = CallContext::Clock::now();
    const Error error = error_of(sql, CallContext{}.with_timeout(std::chrono::milliseconds(200)));
    const auto took = CallContext::Clock::now() - started;
    EXPECT_EQ(error.code, ErrorCode::deadline_exceeded) << sql << ": " << error.message;
    EXPECT_LT(took, kPatience * std::chrono::milliseconds(200 + 500)) << sql;  // within 50 ms on a machine that does nothing else
  }
  EXPECT_EQ(rows_of("SELECT count(*) FROM sales"), "[[1000]]");
}

// 8 bytes doubled so many times.
std::string text_of_size(int doublings) {
  return str("(WITH RECURSIVE n(i, s) AS (SELECT 0, 'xxxxxxxx' UNION ALL SELECT i + 1, s || s FROM n LIMIT ", doublings + 1,
             ") SELECT s FROM n ORDER BY i DESC LIMIT 1)");
}

TEST_F(SqliteGuard, RefusesWhatNeedsTooMuchMemoryAndGoesOn) {
  for (const std::string& sql : {
           str("SELECT length(replace(", text_of_size(17), ", 'x', ", text_of_size(17), "))"),
           std::string("WITH RECURSIVE n(s) AS (SELECT 'xxxxxxxx' UNION ALL SELECT s || s FROM n) SELECT max(length(s)) FROM n"),
           std::string("SELECT length(group_concat(a.note || b.note)) FROM sales a, sales b"),
       }) {
    // Copying a growing text again and again takes minutes under a sanitizer.
    if (kPatience > 1 && sql.find("group_concat") != std::string::npos) continue;
    const Error error = error_of(sql, CallContext{}.with_timeout(std::chrono::seconds(60)));
    EXPECT_EQ(error.code, ErrorCode::resource_exhausted) << sql << ": " << describe_error(error);
    EXPECT_EQ(rows_of("SELECT count(*) FROM sales"), "[[1000]]") << sql;
  }
}

TEST_F(SqliteGuard, EndsAQueryThatKeepsTooMuchOnDisk) {
  const std::int64_t before = sqlite::limit_temporary_bytes(8 << 20);
  const AtEnd restore([before] { sqlite::limit_temporary_bytes(before); });
  for (int round = 0; round < 2; ++round) {  // what was kept is given back
    const Error error = error_of("SELECT a.note || b.note FROM sales a, sales b ORDER BY random()");
    EXPECT_EQ(error.code, ErrorCode::resource_exhausted) << describe_error(error);
    EXPECT_EQ(rows_of("SELECT count(*) FROM (SELECT a.id FROM sales a, sales b WHERE b.id < 100 ORDER BY random() LIMIT -1)"),
              "[[100000]]");
  }
}

TEST_F(SqliteGuard, FormatsAsSqliteDoesAndRefusesWideFields) {
  EXPECT_EQ(rows_of("SELECT printf('%05.2f|%-4s|%,d|%%|%s', 2.345, 'ab', 1234567, NULL), format('%d', 5), printf(NULL)"),
            R"([["02.35|ab  |1,234,567|%|","5",null]])");
  for (const char* sql : {"SELECT printf('%.*c', 1000000000, 'x')", "SELECT printf('%1000000000d', 1)", "SELECT format('%.1000000000f', 1)",
                          "SELECT printf('%d%%%*d', 1, 1000000000, 5)", "SELECT printf('%-0,10000d', 1)"}) {
    const auto started = CallContext::Clock::now();
    EXPECT_EQ(reason_of(error_of(sql)), "sql_invalid") << sql;
    EXPECT_LT(CallContext::Clock::now() - started, kPatience * std::chrono::seconds(1)) << sql;
  }
}

TEST_F(SqliteGuard, RefusesWhatIsTooDeepOrTooWide) {
  std::string deep = "1";
  for (int i = 0; i < 2 * sqlite::expression_depth_max; ++i) deep = str("(", deep, " + 1)");
  EXPECT_EQ(reason_of(error_of("SELECT " + deep)), "sql_invalid");
  std::string brackets(5'000, '(');
  EXPECT_EQ(reason_of(error_of("SELECT " + brackets + "1" + std::string(5'000, ')'))), "sql_invalid");
  std::string united = "SELECT 1";
  for (int i = 0; i < sqlite::compound_selects_max; ++i) united += " UNION ALL SELECT 1";
  EXPECT_EQ(reason_of(error_of(united)), "sql_invalid");
  std::string joined = "SELECT count(*) FROM sales";
  for (int i = 0; i < 70; ++i) joined += str(", sales s", i);
  EXPECT_EQ(reason_of(error_of(joined)), "sql_invalid");
  EXPECT_EQ(reason_of(error_of(str("SELECT id FROM sales WHERE region LIKE '", std::string(300, '%'), "'"))), "sql_invalid");
  EXPECT_EQ(reason_of(error_of("SELECT ?99999")), "sql_invalid");
}

TEST_F(SqliteGuard, ComputesWithTheBoundedFunctionsAsSqliteDoes) {
  EXPECT_EQ(rows_of("SELECT instr('Käse', 's'), instr('abc', 'x'), instr('abc', ''), instr(x'00ff10', x'10'), instr(NULL, 'a')"),
            "[[3,0,1,3,null]]");
  EXPECT_EQ(rows_of("SELECT replace('a-b-c', '-', '+'), replace('abc', '', 'x'), replace('aaa', 'aa', 'b'), replace(12, 2, 3)"),
            R"([["a+b+c","abc","ba","13"]])");
  EXPECT_EQ(rows_of("SELECT trim('  a '), ltrim('xxa', 'x'), rtrim('aéé', 'é'), trim('xyaxy', 'yx'), trim(5), trim('a', NULL)"),
            R"([["a","a","a","a","5",null]])");
  EXPECT_EQ(reason_of(error_of("SELECT instr(" + text_of_size(18) + ", " + text_of_size(17) + " || 'y')")), "sql_invalid");
  EXPECT_EQ(reason_of(error_of("SELECT trim(" + text_of_size(18) + ", " + text_of_size(17) + ")")), "sql_invalid");
}

TEST_F(SqliteGuard, WaitsForAFreeConnectionUntilTheDeadline) {
  std::stop_source stop;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < sqlite::connections_max; ++i) {
    threads.emplace_back([&] {
      CallContext context;
      context.stop = stop.get_token();
      (void)error_of("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", context);
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(error_of("SELECT 1", CallContext{}.with_timeout(std::chrono::milliseconds(100))).code, ErrorCode::deadline_exceeded);
  stop.request_stop();
  threads.clear();
  EXPECT_EQ(rows_of("SELECT 1"), "[[1]]");
}

TEST_F(SqliteGuard, SeesTheTablesThatAreJoinedByTheNamesOfTheirColumns) {
  for (const std::string sql : {"SELECT count(*) FROM sqlite_schema JOIN (SELECT 'sales' AS name) USING (name)",
                                "SELECT count(*) FROM sqlite_master NATURAL JOIN sqlite_master b",
                                "SELECT count(*) FROM searched JOIN (SELECT 'a' AS body) USING (body)",
                                "SELECT count(*) FROM [searched_content] JOIN (SELECT 1 AS id) USING (id)"}) {
    expect_refused(sql, "");
  }
  EXPECT_EQ(rows_of("SELECT count(*) FROM sales JOIN (SELECT 7 AS id) USING (id)"), "[[1]]");
  const auto reads = warehouse_->check_sql({}, "SELECT count(*) FROM sales JOIN (SELECT 7 AS id) USING (id)");
  ASSERT_TRUE(reads);
  ASSERT_EQ(reads->tables.size(), 1u);
  EXPECT_EQ(reads->tables[0].name, "sales");
  EXPECT_EQ(warehouse_->dry_run({}, {.sql = "SELECT count(*) FROM sales a NATURAL JOIN sales b"})->tables.size(), 1u);
}

TEST_F(SqliteGuard, TellsAViewFromWhatHasItsName) {
  const auto tables_of = [](const std::string& sql) {
    const auto reads = warehouse_->check_sql({}, sql);
    EXPECT_TRUE(reads) << sql << ": " << describe_error(reads.error());
    std::vector<std::string> names;
    for (const TableRead& table : reads->tables) names.push_back(table.name);
    return join(names, " ");
  };
  EXPECT_EQ(tables_of("SELECT shout FROM fine"), "fine");
  EXPECT_EQ(tables_of("SELECT * FROM (SELECT note FROM sales) AS fine"), "sales");
  EXPECT_TRUE(tables_of("WITH fine AS (SELECT note FROM sales) SELECT * FROM fine").contains("sales"));
  EXPECT_EQ(tables_of("WITH other AS (SELECT note FROM sales) SELECT * FROM other"), "sales");
}

TEST(SqliteSqlGuard, FindsWordsOutsideOfTextsAndComments) {
  EXPECT_EQ(sqlite::find_word("SELECT 'abs', /* abs */ abs(x)", "ABS"), 24U);
  EXPECT_EQ(sqlite::find_word("SELECT abstract", "abs"), std::nullopt);
  EXPECT_EQ(sqlite::find_word("SELECT \"abs\"", "abs"), 7U);
  EXPECT_EQ(sqlite::find_word("SELECT 'it", "it"), std::nullopt);
}

}  // namespace
}  // namespace bridge
