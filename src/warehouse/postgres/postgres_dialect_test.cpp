#include "warehouse/postgres/postgres_dialect.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "warehouse/dialect_list.h"
#include "warehouse/postgres/postgres_driver.h"
#include "warehouse/postgres/postgres_server.h"

namespace bridge {
namespace {

const SqlDialect& dialect() { return postgres_dialect(); }

Warehouse& warehouse() {
  static const std::shared_ptr<Warehouse> opened = [] {
    postgres::shared_server().run(
        "CREATE TABLE moments (id int, seen timestamp, made date, at timestamptz, year int, amount int, price numeric(10,2), name text, "
        "written text); "
        "INSERT INTO moments VALUES "
        "(1, '2001-01-01 00:00:00', '2001-01-01', '2001-01-01 00:00+00', 2001, -7, 1.5, 'Ann', '01.02.2001'), "
        "(2, '2001-02-28 23:59:59', '2001-02-28', '2001-02-28 23:59:59+00', 2001, 5, 2.5, 'O''Neil', '31.02.2001'), "
        "(3, '2004-02-29 12:30:00', '2004-02-29', '2004-02-29 12:30+00', 2004, 10, 0, 'x\"y', '29.02.2004'), "
        "(4, '1999-12-31 07:05:00', '1999-12-31', '1999-12-31 07:05+00', 1999, 0, -2.5, '', 'soon'), "
        "(5, '2001-11-18 10:00:00', '2001-11-18', '2001-11-18 10:00+00', 2001, 12, NULL, NULL, '5.7.2001')");
    auto made = postgres::driver_of_this_machine()->open({}, postgres::shared_server().credentials());
    EXPECT_TRUE(made) << describe_error(made.error());
    return *made;
  }();
  return *opened;
}

// The cells of one expression in the order of the ids, "a b c"; through the guard, as everything that is run.
std::string cells(const Result<std::string>& sql, std::string_view tail = "ORDER BY id") {
  if (!sql) return describe_error(sql.error());
  const auto result = warehouse().execute({}, {.sql = str("SELECT ", *sql, " AS v FROM moments ", tail)}, {});
  if (!result) return describe_error(result.error());
  const std::string text = encode_rows(*result);
  const std::size_t at = text.find("\"rows\":") + 8;
  return replace_all(replace_all(replace_all(text.substr(at, text.size() - at - 2), "],[", " "), "[", ""), "]", "");
}

TEST(PostgresDialect, WritesMomentsOfEveryTypeOfTime) {
  struct Case {
    std::function<std::string(std::string_view)> writes;
    std::string expected;
  };
  for (const Case& each : std::vector<Case>{
           {[](auto time) { return dialect().truncate(time, TimeUnit::day); },
            "\"2001-01-01\" \"2001-02-28\" \"2004-02-29\" \"1999-12-31\" \"2001-11-18\""},
           {[](auto time) { return dialect().truncate(time, TimeUnit::week); },
            "\"2001-01-01\" \"2001-02-26\" \"2004-02-23\" \"1999-12-27\" \"2001-11-12\""},
           {[](auto time) { return dialect().truncate(time, TimeUnit::month); },
            "\"2001-01-01\" \"2001-02-01\" \"2004-02-01\" \"1999-12-01\" \"2001-11-01\""},
           {[](auto time) { return dialect().truncate(time, TimeUnit::quarter); },
            "\"2001-01-01\" \"2001-01-01\" \"2004-01-01\" \"1999-10-01\" \"2001-10-01\""},
           {[](auto time) { return dialect().truncate(time, TimeUnit::year); },
            "\"2001-01-01\" \"2001-01-01\" \"2004-01-01\" \"1999-01-01\" \"2001-01-01\""},
           {[](auto time) { return dialect().date_part(time, DatePart::weekday); }, "1 3 7 5 7"},
           {[](auto time) { return dialect().date_part(time, DatePart::day); }, "1 28 29 31 18"},
           {[](auto time) { return dialect().date_part(time, DatePart::month); }, "1 2 2 12 11"},
           {[](auto time) { return dialect().weekday_name(time); }, "\"Monday\" \"Wednesday\" \"Sunday\" \"Friday\" \"Sunday\""},
           {[](auto time) { return dialect().month_name(time); }, "\"January\" \"February\" \"February\" \"December\" \"November\""},
           {[](auto time) { return dialect().days_between(time, dialect().date_literal("2001-01-02")); }, "1 -57 -1153 368 -320"},
       }) {
    for (const char* time : {"seen", "made", "at"}) EXPECT_EQ(cells(each.writes(time)), each.expected) << each.writes(time);
  }
  EXPECT_EQ(cells(dialect().date_part("seen", DatePart::hour)), "0 23 12 7 10");
  EXPECT_EQ(cells(dialect().date_part("made", DatePart::hour)), "0 0 0 0 0");
  EXPECT_EQ(cells(dialect().truncate("seen", TimeUnit::hour), "WHERE id = 3"), "\"2004-02-29T12:00:00Z\"");
  EXPECT_EQ(cells(dialect().start_of_year("nullif(year, 1999)")), "\"2001-01-01\" \"2001-01-01\" \"2004-01-01\" null \"2001-01-01\"");
}

TEST(PostgresDialect, ReadsTextsAsDaysAndGivesNullForWhatIsNone) {
  EXPECT_EQ(cells(dialect().parse_time("written", "%d.%m.%Y")), "\"2001-02-01\" null \"2004-02-29\" null \"2001-07-05\"");
  EXPECT_EQ(cells(dialect().parse_time("'29 Feb 2004 04:05'", "%d %b %Y %H:%M"), "WHERE id = 1"), "\"2004-02-29T04:05:00Z\"");
  EXPECT_EQ(cells(dialect().parse_time("'february 2004'", "%B %Y"), "WHERE id = 1"), "\"2004-02-01\"");
  EXPECT_EQ(cells(dialect().parse_time("'2004-02-29T24:00'", "%Y-%m-%dT%H:%M"), "WHERE id = 1"), "null");
  EXPECT_EQ(cells(dialect().parse_time("'0000-01-01'", "%Y-%m-%d"), "WHERE id = 1"), "null");
  EXPECT_EQ(cells(dialect().parse_time("nullif(written, written)", "%Y"), "WHERE id = 1"), "null");
  for (const char* format : {"%d %H", "%s", "%m.%d", "%Y%", "x%Y"}) EXPECT_FALSE(dialect().parse_time("written", format)) << format;
}

TEST(PostgresDialect, WritesNumbersAndAggregates) {
  EXPECT_EQ(cells(dialect().ratio("id", "2")), "0.5 1 1.5 2 2.5");
  EXPECT_EQ(cells(dialect().safe_ratio("id", "amount"), "WHERE id = 4"), "null");
  EXPECT_EQ(cells(dialect().ratio("id", "amount"), "WHERE id = 4"), "null");
  EXPECT_EQ(cells(dialect().band_start("amount", "5")), "-10 5 10 0 10");
  EXPECT_EQ(cells(dialect().quantile("amount", "0.5"), ""), "5");
  EXPECT_EQ(cells(dialect().median("price", 3), ""), "\"0.750\"");
  EXPECT_EQ(cells(dialect().median("price"), ""), "0.75");
  EXPECT_EQ(cells(dialect().standard_deviation("id"), ""), "1.5811388300841898");
  EXPECT_EQ(cells(dialect().value_at(ValueAt::latest, "amount", "seen"), ""), "10");
  EXPECT_EQ(cells(dialect().value_at(ValueAt::earliest, "nullif(amount, 0)", "seen"), ""), "-7") << "nulls are no values";
  EXPECT_EQ(cells(dialect().cast("price", ColumnType::text), "WHERE id = 1"), "\"1.50\"");
  EXPECT_FALSE(dialect().cast("price", ColumnType::json));
}

TEST(PostgresDialect, WritesRowsNamesAndValues) {
  EXPECT_EQ(cells("id", str("ORDER BY ", dialect().sort_key("price", SortDirection::descending), " ", dialect().limit(5))), "2 1 3 4 5");
  EXPECT_EQ(cells("id", str("ORDER BY ", dialect().sort_key("price", SortDirection::ascending))), "4 3 1 2 5");
  const auto sampled = warehouse().execute({}, {.sql = "SELECT count(*) AS n FROM " + dialect().sample("moments", 3)}, {});
  ASSERT_TRUE(sampled) << describe_error(sampled.error());
  EXPECT_EQ(sampled->columns[0].integers[0], 3);
  EXPECT_EQ(cells(dialect().text_literal("it's \\ \"x\""), "WHERE id = 1"), "\"it's \\\\ \\\"x\\\"\"");
  for (const char* name : {"a\"b", "Upper", "select", "current_date", "localtime", "grant", "user", "ü"}) {
    const auto named = warehouse().execute(
        {}, {.sql = str("SELECT ", dialect().identifier(name), " FROM (SELECT 1 AS ", dialect().identifier(name), ") AS x")}, {});
    ASSERT_TRUE(named) << name << ": " << describe_error(named.error());
    EXPECT_EQ(named->columns[0].name, name);
  }
}

TEST(PostgresDialect, QuotesEveryWordThatTheServerReserves) {
  for (const std::string& word :
       split(postgres::shared_server().ask("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T') ORDER BY 1"), '\n')) {
    if (word.empty()) continue;
    EXPECT_EQ(dialect().identifier(word), dialect().quote_identifier(word)) << word;
  }
}

TEST(PostgresDialect, LooksBackOverTime) {
  const auto running = [](std::string_view time, std::optional<TimeUnit> step, TimeUnit unit, int count) {
    const auto window = dialect().window_back(time, step, unit, count);
    return cells(str("sum(amount) OVER (ORDER BY ", window->order, " RANGE BETWEEN ", window->back, " PRECEDING AND CURRENT ROW)"));
  };
  EXPECT_EQ(running(dialect().truncate("seen", TimeUnit::month), TimeUnit::month, TimeUnit::month, 1), "-7 -2 10 0 12");
  EXPECT_EQ(running(dialect().truncate("made", TimeUnit::quarter), TimeUnit::quarter, TimeUnit::quarter, 3), "-2 -2 10 0 10");
  EXPECT_EQ(running(dialect().truncate("at", TimeUnit::hour), TimeUnit::hour, TimeUnit::hour, 10'217), "-7 -2 10 0 10");
  EXPECT_EQ(running("year", {}, TimeUnit::year, 2), "10 10 10 0 10");
}

TEST(PostgresDialect, IsFoundByItsName) { EXPECT_EQ(find_sql_dialect("postgres"), &dialect()); }

}  // namespace
}  // namespace bridge
