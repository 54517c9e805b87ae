#include "warehouse/sqlite/sqlite_dialect.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "base/text.h"
#include "warehouse/dialect_list.h"
#include "warehouse/driver_list.h"

namespace bridge {
namespace {

constexpr std::string_view kColumns[] = {"id", "seen", "made", "year", "amount", "price", "name", "written"};
const std::vector<std::vector<std::string>> kRows{
    {"1", "2001-01-01 00:00:00", "2001-01-01", "2001", "-7", "1.5", "Ann", "01.02.2001"},  // a Monday
    {"2", "2001-02-28 23:59:59", "2001-02-28", "2001", "5", "2.5", "O'Neil", "31.02.2001"},
    {"3", "2004-02-29 12:30:00", "2004-02-29", "2004", "10", "0", "x\"y", "29.02.2004"},  // a Sunday
    {"4", "1999-12-31 07:05:00", "1999-12-31", "1999", "0", "-2.5", "", "soon"},
    {"5", "2001-11-18 10:00:00", "2001-11-18", "2001", "12", "4", "é", "5.7.2001"},
};

// A row a line, cells between bars, numbers and moments as both engines write them.
std::string rows_in_duckdb(const std::string& sql) {
  QueryResult table{.row_count = kRows.size()};
  const std::vector<ColumnType> types{ColumnType::integer, ColumnType::timestamp, ColumnType::date, ColumnType::integer,
                                      ColumnType::integer, ColumnType::number,    ColumnType::text, ColumnType::text};
  for (std::size_t i = 0; i < types.size(); ++i) {
    ResultColumn column{.name = std::string(kColumns[i]), .type = types[i]};
    column.valid.assign(kRows.size(), true);
    for (const std::vector<std::string>& row : kRows) {
      if (types[i] == ColumnType::integer) column.integers.push_back(std::stoll(row[i]));
      else if (types[i] == ColumnType::number) column.numbers.push_back(std::stod(row[i]));
      else column.texts.push_back(types[i] == ColumnType::timestamp ? replace_all(row[i], " ", "T") + "Z" : row[i]);
    }
    table.columns.push_back(std::move(column));
  }
  const auto result = make_local_query_engine()->execute({}, {.sql = sql}, {{"t", &table}}, {});
  if (!result) return "error: " + describe_error(result.error());
  std::string out;
  for (std::size_t row = 0; row < result->row_count; ++row) {
    for (const ResultColumn& column : result->columns) {
      std::string cell = "null";
      if (column.valid[row]) {
        if (column.type == ColumnType::integer || column.type == ColumnType::boolean) cell = str(column.integers[row]);
        else if (column.type == ColumnType::number) cell = str(column.numbers[row]);
        else cell = column.texts[row];
        if (column.type == ColumnType::timestamp) cell = replace_all(cell.substr(0, 19), "T", " ");
      }
      out += cell + "|";
    }
    out += "\n";
  }
  return out;
}

std::string rows_in_sqlite(const std::string& sql) {
  sqlite3* database = nullptr;
  sqlite3_open(":memory:", &database);
  std::string script =
      "CREATE TABLE t (id INTEGER, seen TEXT, made TEXT, year INTEGER, amount INTEGER, price REAL, name TEXT, written TEXT);";
  for (const std::vector<std::string>& row : kRows) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(sqlite_dialect().text_literal(cell));
    script += str("INSERT INTO t VALUES (", join(cells, ", "), ");");
  }
  EXPECT_EQ(sqlite3_exec(database, script.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_stmt* statement = nullptr;
  std::string out;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) out = str("error: ", sqlite3_errmsg(database));
  while (statement && sqlite3_step(statement) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const int type = sqlite3_column_type(statement, i);
      if (type == SQLITE_NULL) out += "null|";
      else if (type == SQLITE_FLOAT) out += str(sqlite3_column_double(statement, i), "|");
      else out += str(reinterpret_cast<const char*>(sqlite3_column_text(statement, i)), "|");
    }
    out += "\n";
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return out;
}

// What a dialect writes, ready to run on every row.
using Writes = std::function<Result<std::string>(const SqlDialect&)>;

struct Case {
  std::string_view what;
  Writes writes;
  std::string_view duckdb;
  std::string_view sqlite;
};

const std::vector<Case>& row_cases() {
  static const std::vector<Case> cases{
      {"text", [](const SqlDialect& d) { return d.text_literal("it's"); }, "'it''s'", "'it''s'"},
      {"name", [](const SqlDialect& d) { return d.quote_identifier("id"); }, "\"id\"", "\"id\""},
      {"plain name", [](const SqlDialect& d) { return d.identifier("year"); }, "\"year\"", "\"year\""},
      {"day", [](const SqlDialect& d) { return "made >= " + d.date_literal("2001-02-28"); }, "made >= DATE '2001-02-28'",
       "made >= '2001-02-28'"},
      {"true", [](const SqlDialect& d) { return d.true_literal(); }, "TRUE", "TRUE"},
      {"whole number", [](const SqlDialect& d) { return d.cast("price", ColumnType::text); }, "CAST(price AS VARCHAR)",
       "CAST(price AS TEXT)"},
      {"date", [](const SqlDialect& d) { return d.cast("seen", ColumnType::date); }, "CAST(seen AS DATE)", "date(seen)"},
      {"number", [](const SqlDialect& d) { return d.cast("'1.5'", ColumnType::number); }, "CAST('1.5' AS DOUBLE)",
       "CASE WHEN CAST('1.5' AS NUMERIC) = '1.5' THEN CAST('1.5' AS REAL) END"},
      {"day of a moment", [](const SqlDialect& d) { return d.day_of("seen"); }, "CAST(seen AS DATE)", "date(seen)"},
      {"ratio", [](const SqlDialect& d) { return d.ratio("amount", "id"); }, "amount / id", "CAST(amount AS REAL) / id"},
      {"safe ratio", [](const SqlDialect& d) { return d.safe_ratio("id", "amount"); }, "id / nullif(amount, 0)",
       "CAST(id AS REAL) / nullif(amount, 0)"},
      {"band", [](const SqlDialect& d) { return d.band_start("amount", "5"); }, "floor(amount / 5) * 5",
       "(CAST(CAST(amount AS REAL) / 5 AS INTEGER) - (CAST(amount AS REAL) / 5 < CAST(CAST(amount AS REAL) / 5 AS INTEGER))) * 5"},
      {"hour", [](const SqlDialect& d) { return d.truncate("seen", TimeUnit::hour); }, "date_trunc('hour', seen)",
       "strftime('%Y-%m-%d %H:00:00', seen)"},
      {"start of day", [](const SqlDialect& d) { return d.truncate("seen", TimeUnit::day); }, "CAST(date_trunc('day', seen) AS DATE)",
       "date(seen)"},
      {"week", [](const SqlDialect& d) { return d.truncate("seen", TimeUnit::week); }, "CAST(date_trunc('week', seen) AS DATE)",
       "date(seen, 'weekday 0', '-6 days')"},
      {"month", [](const SqlDialect& d) { return d.truncate("seen", TimeUnit::month); }, "CAST(date_trunc('month', seen) AS DATE)",
       "date(seen, 'start of month')"},
      {"quarter", [](const SqlDialect& d) { return d.truncate("seen", TimeUnit::quarter); }, "CAST(date_trunc('quarter', seen) AS DATE)",
       "date(seen, 'start of month', '-' || ((CAST(strftime('%m', seen) AS INTEGER) - 1) % 3) || ' months')"},
      {"year", [](const SqlDialect& d) { return d.truncate("seen", TimeUnit::year); }, "CAST(date_trunc('year', seen) AS DATE)",
       "date(seen, 'start of year')"},
      {"hour of day", [](const SqlDialect& d) { return d.date_part("seen", DatePart::hour); }, "hour(seen)",
       "CAST(strftime('%H', seen) AS INTEGER)"},
      {"weekday", [](const SqlDialect& d) { return d.date_part("made", DatePart::weekday); }, "isodow(made)",
       "((CAST(strftime('%w', made) AS INTEGER) + 6) % 7 + 1)"},
      {"day of month", [](const SqlDialect& d) { return d.date_part("made", DatePart::day); }, "day(made)",
       "CAST(strftime('%d', made) AS INTEGER)"},
      {"month of year", [](const SqlDialect& d) { return d.date_part("made", DatePart::month); }, "month(made)",
       "CAST(strftime('%m', made) AS INTEGER)"},
      {"name of weekday", [](const SqlDialect& d) { return d.weekday_name("seen"); }, "dayname(seen)", ""},
      {"name of month", [](const SqlDialect& d) { return d.month_name("seen"); }, "monthname(seen)", ""},
      {"start of a year", [](const SqlDialect& d) { return d.start_of_year("nullif(\"year\", 1999)"); },
       "make_date(CAST(nullif(\"year\", 1999) AS INTEGER), 1, 1)", ""},
      {"days", [](const SqlDialect& d) { return d.days_between("made", "DATE_OF_2004"); }, "", ""},
      {"text as date", [](const SqlDialect& d) { return d.parse_time("'2001-07-31'", "%Y-%m-%d"); },
       "try_strptime('2001-07-31', '%Y-%m-%d')", ""},
  };
  return cases;
}

TEST(SqlDialects, WriteWhatGivesTheSameRowsInBothEngines) {
  for (const Case& each : row_cases()) {
    std::vector<std::string> sql;
    for (const SqlDialect* dialect : {find_sql_dialect("duckdb"), find_sql_dialect("sqlite")}) {
      const auto written = each.writes(*dialect);
      ASSERT_TRUE(written) << each.what << ": " << describe_error(written.error());
      const std::string_view expected = dialect->name() == "duckdb" ? each.duckdb : each.sqlite;
      if (!expected.empty()) {
        EXPECT_EQ(*written, expected) << each.what;
      }
      sql.push_back(str("SELECT id, ", replace_all(*written, "DATE_OF_2004", dialect->date_literal("2004-03-01")), " FROM t ORDER BY ",
                        dialect->sort_key("id", SortDirection::descending), " ", dialect->limit(4)));
    }
    const std::string in_duckdb = rows_in_duckdb(sql[0]);
    std::string in_sqlite = rows_in_sqlite(sql[1]);
    // A date read from text is a moment at midnight in DuckDB.
    if (each.what == "text as date") in_sqlite = replace_all(in_sqlite, "2001-07-31", "2001-07-31 00:00:00");
    EXPECT_EQ(in_duckdb, in_sqlite) << each.what << "\n" << sql[0] << "\n" << sql[1];
    EXPECT_FALSE(in_duckdb.starts_with("error")) << in_duckdb;
  }
}

TEST(SqlDialects, OrderNullsLastAndSampleAtMostSoManyRows) {
  const auto both = [](const Writes& writes) {
    const std::string in_duckdb = rows_in_duckdb(*writes(*find_sql_dialect("duckdb")));
    EXPECT_EQ(in_duckdb, rows_in_sqlite(*writes(sqlite_dialect())));
    return in_duckdb;
  };
  EXPECT_EQ(both([](const SqlDialect& d) {
              return str("SELECT id FROM t ORDER BY ", d.sort_key("nullif(amount, 12)", SortDirection::descending));
            }),
            "3|\n2|\n4|\n1|\n5|\n");
  EXPECT_EQ(both([](const SqlDialect& d) {
              return str("SELECT id FROM t ORDER BY ", d.sort_key("nullif(amount, -7)", SortDirection::ascending), " ", d.limit(2));
            }),
            "4|\n2|\n");
  EXPECT_EQ(both([](const SqlDialect& d) { return str("SELECT count(*) FROM ", d.sample("t", 3)); }), "3|\n");
}

TEST(SqlDialects, LookBackOverTheSameTime) {
  const auto running = [](const SqlDialect& dialect, std::string_view time, std::optional<TimeUnit> step, TimeUnit unit, int count) {
    const auto window = dialect.window_back(time, step, unit, count);
    if (!window) return describe_error(window.error());
    const std::string sql = str("SELECT id, sum(amount) OVER (ORDER BY ", window->order, " RANGE BETWEEN ", window->back,
                                " PRECEDING AND CURRENT ROW) FROM t ORDER BY id");
    return dialect.name() == "duckdb" ? rows_in_duckdb(sql) : rows_in_sqlite(sql);
  };
  const SqlDialect& duckdb = *find_sql_dialect("duckdb");
  const SqlDialect& sqlite = sqlite_dialect();
  const auto start = [](const SqlDialect& dialect, TimeUnit unit) { return dialect.truncate("seen", unit); };
  struct Looks {
    TimeUnit step;
    TimeUnit unit;
    int count;
  };
  for (const Looks& each :
       {Looks{TimeUnit::month, TimeUnit::month, 1}, Looks{TimeUnit::month, TimeUnit::year, 1},
        Looks{TimeUnit::quarter, TimeUnit::quarter, 3}, Looks{TimeUnit::year, TimeUnit::year, 2}, Looks{TimeUnit::day, TimeUnit::day, 58},
        Looks{TimeUnit::week, TimeUnit::week, 8}, Looks{TimeUnit::hour, TimeUnit::hour, 10'217}}) {
    EXPECT_EQ(running(duckdb, start(duckdb, each.step), each.step, each.unit, each.count),
              running(sqlite, start(sqlite, each.step), each.step, each.unit, each.count))
        << unit_name(each.step) << " " << unit_name(each.unit);
  }
  EXPECT_EQ(running(duckdb, "\"year\"", {}, TimeUnit::year, 2), running(sqlite, "\"year\"", {}, TimeUnit::year, 2));
  EXPECT_EQ(duckdb.window_back("d", TimeUnit::quarter, TimeUnit::quarter, 2)->back, "INTERVAL 6 MONTH");
  EXPECT_EQ(duckdb.window_back("d", TimeUnit::day, TimeUnit::year, 1)->back, "INTERVAL 1 year");
  EXPECT_EQ(sqlite.window_back("d", TimeUnit::day, TimeUnit::year, 1).error().code, ErrorCode::unsupported);
}

TEST(SqlDialects, RefuseByNameWhatTheyCannotWriteAndSayWhatWouldDo) {
  const SqlDialect& duckdb = *find_sql_dialect("duckdb");
  EXPECT_EQ(*duckdb.quantile("x", "0.90"), "quantile_cont(x, 0.90)");
  EXPECT_EQ(*duckdb.median("x"), "median(x)");
  EXPECT_EQ(*duckdb.median("x", 3), "median(CAST(x AS DECIMAL(38, 3)))");
  EXPECT_EQ(*duckdb.standard_deviation("x"), "stddev_samp(x)");
  EXPECT_EQ(*duckdb.value_at(ValueAt::latest, "x", "t"), "arg_max(x, t)");
  for (const std::string& sql : {*duckdb.quantile("amount", "0.90"), *duckdb.median("amount", 1), *duckdb.standard_deviation("amount"),
                                 *duckdb.value_at(ValueAt::latest, "amount", "seen")})
    EXPECT_FALSE(rows_in_duckdb(str("SELECT ", sql, " FROM t")).starts_with("error")) << sql;

  const SqlDialect& sqlite = sqlite_dialect();
  for (const auto& [refused, named] :
       std::map<std::string, Result<std::string>>{{"quantile", sqlite.quantile("x", "0.90")},
                                                  {"median", sqlite.median("x")},
                                                  {"standard deviation", sqlite.standard_deviation("x")},
                                                  {"value of the first or last row in time", sqlite.value_at(ValueAt::earliest, "x", "t")},
                                                  {"type json", sqlite.cast("x", ColumnType::json)},
                                                  {"type time", sqlite.cast("x", ColumnType::time)},
                                                  {"reading of texts such as '%b %d' as dates", sqlite.parse_time("x", "%b %d")}}) {
    ASSERT_FALSE(named) << refused;
    EXPECT_EQ(named.error().code, ErrorCode::unsupported);
    EXPECT_EQ(named.error().reason, "not_in_dialect");
    EXPECT_TRUE(named.error().message.starts_with(str("SQLite has no ", refused, ": "))) << named.error().message;
  }
}

TEST(SqlDialects, RefuseWindowsThatHaveNoLengthInTheRowsUnit) {
  const auto window = sqlite_dialect().window_back("x", TimeUnit::day, TimeUnit::month, 1);
  ASSERT_FALSE(window);
  EXPECT_EQ(window.error().reason, "not_in_dialect");
  EXPECT_EQ(window.error().message, "SQLite has no window over the month before of rows by day: rows by month, quarter or year would do");
}

TEST(SqlDialects, TellWhatFunctionsMean) {
  const SqlDialect& duckdb = *find_sql_dialect("duckdb");
  EXPECT_EQ(duckdb.meaning_of("quantile_cont"), FunctionMeaning::quantile);
  EXPECT_EQ(duckdb.meaning_of("date_trunc"), FunctionMeaning::start_of_unit);
  EXPECT_EQ(duckdb.meaning_of("total"), std::nullopt);
  EXPECT_EQ(sqlite_dialect().meaning_of("total"), FunctionMeaning::sum);
  EXPECT_EQ(sqlite_dialect().meaning_of("date_trunc"), std::nullopt);
  for (const SqlDialect* dialect : sql_dialects()) {
    EXPECT_EQ(dialect->meaning_of("avg"), FunctionMeaning::mean);
    EXPECT_EQ(dialect->meaning_of("lag"), FunctionMeaning::neighbour);
    EXPECT_EQ(dialect->meaning_of("upper"), std::nullopt);
  }
}

TEST(SqliteDialect, GivesNullForTextsThatAreNoNumber) {
  for (const ColumnType type : {ColumnType::integer, ColumnType::number, ColumnType::decimal}) {
    EXPECT_EQ(rows_in_sqlite(str("SELECT ", *sqlite_dialect().cast("written", type), " FROM t WHERE id = 4")), "null|\n")
        << enum_name(type);
    EXPECT_EQ(rows_in_sqlite(str("SELECT ", *sqlite_dialect().cast("'12'", type), " + 0")).substr(0, 2), "12");
  }
}

TEST(SqliteDialect, ReadsTextsOfDigitsAsDaysAndNothingElse) {
  const auto read = [](std::string_view format) {
    const auto sql = sqlite_dialect().parse_time("written", format);
    return sql ? rows_in_sqlite(str("SELECT ", *sql, " FROM t ORDER BY id")) : describe_error(sql.error());
  };
  EXPECT_EQ(read("%d.%m.%Y"), "2001-02-01|\nnull|\n2004-02-29|\nnull|\nnull|\n") << "no 31 February, no single digits";
  EXPECT_NE(read("%b %d %Y").find("SQLite has no reading of texts such as '%b %d %Y' as dates"), std::string::npos);
  const auto moment = sqlite_dialect().parse_time("'2001-02-03T04:05'", "%Y-%m-%dT%H:%M");
  EXPECT_EQ(rows_in_sqlite("SELECT " + *moment), "2001-02-03 04:05:00|\n");
  EXPECT_FALSE(sqlite_dialect().parse_time("x", "%d %H"));
}

TEST(SqliteDialect, BindsADecimalAsANumber) {
  EXPECT_EQ(sqlite_dialect().placeholder(2, ColumnType::date), "?2");
  EXPECT_EQ(sqlite_dialect().placeholder(2, ColumnType::decimal), "CAST(?2 AS NUMERIC)");
  EXPECT_EQ(find_sql_dialect("duckdb")->placeholder(2, ColumnType::decimal), "$2");
}

TEST(SqlDialects, TellWhatAnEngineDoesUnexpectedly) {
  const std::vector<ColumnName> decimal{{"m", ColumnType::decimal}};
  EXPECT_EQ(find_sql_dialect("duckdb")->find_caution("SELECT MEDIAN(x) AS m FROM t", decimal)->code, "median_is_cut");
  EXPECT_FALSE(find_sql_dialect("duckdb")->find_caution("SELECT median(x) AS m FROM t", {{"m", ColumnType::number}}));
  EXPECT_FALSE(sqlite_dialect().find_caution("SELECT median(x) AS m FROM t", decimal));
}

TEST(SqlDialects, AreFoundByTheNameThatTheyGive) {
  for (const SqlDialect* dialect : sql_dialects()) EXPECT_EQ(find_sql_dialect(dialect->name()), dialect);
  EXPECT_EQ(find_sql_dialect("oracle"), nullptr);
}

}  // namespace
}  // namespace bridge
