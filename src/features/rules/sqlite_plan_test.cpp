#include <gmock/gmock.h>
#include <sqlite3.h>

#include <cmath>

#include "features/dashboard_compiler/parameters.h"
#include "features/rules/match.h"
#include "features/rules/plan.h"
#include "features/rules/sql_tokens.h"
#include "features/rules/testing/tool_bench.h"
#include "warehouse/driver_list.h"

// The same sentences in two dialects, over the same rows.

namespace bridge::rules {
namespace {

constexpr int kRows = 60;

json::object schema_in(const std::string& table, std::string_view dialect) {
  json::object schema = schema_of(table);
  schema["dialect"] = dialect;
  return schema;
}

Plan plan_of(std::string_view text, const json::object& schema) {
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

// A column of rows that look like what the statistics say of it.
ResultColumn values_of(const json::object& column) {
  const std::string type(column.at("type").as_string());
  static const json::object nothing;
  const json::value* block = column.if_contains("statistics");
  const json::object& statistics = block && block->is_object() ? block->get_object() : nothing;
  std::vector<std::string> known;
  if (const json::value* top = statistics.if_contains("top_values"); top && top->is_array()) {
    for (const json::value& one : top->get_array()) known.emplace_back(one.as_object().at("value").as_string());
  }
  const auto end = [&](std::string_view which) {
    const json::value* value = statistics.if_contains(which);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  const double low = std::strtod(end("min").c_str(), nullptr);
  const double high = std::strtod(end("max").c_str(), nullptr);
  ResultColumn out{.name = std::string(column.at("name").as_string()), .type = ColumnType::text};
  const bool is_time = type == "timestamp" || type == "date";
  const std::optional<Day> first = is_time ? parse_day(end("min")) : std::nullopt;
  const std::optional<Day> last = is_time ? parse_day(end("max")) : std::nullopt;
  for (int i = 0; i < kRows; ++i) {
    out.valid.push_back(true);
    const double at = low + (high - low) * ((i * 17) % kRows) / kRows;
    if (type == "integer" || type == "boolean") {
      out.type = type == "integer" ? ColumnType::integer : ColumnType::boolean;
      out.integers.push_back(type == "integer" ? static_cast<std::int64_t>(at) : i % 2);
    } else if (type == "number" || type == "decimal") {
      out.type = ColumnType::number;
      out.numbers.push_back(std::round(at * 8) / 8);  // sums do not depend on the order
    } else if (is_time) {
      out.type = type == "date" ? ColumnType::date : ColumnType::timestamp;
      const Day day = first && last ? *first + (*last - *first) * ((i * 7) % kRows) / kRows : i;
      out.texts.push_back(format_day(day) + (type == "date" ? "" : str("T", 10 + i % 10, ":30:00Z")));
    } else {
      out.texts.push_back(known.empty() ? str("name ", i % 7) : known[static_cast<std::size_t>(i) % known.size()]);
    }
  }
  return out;
}

QueryResult rows_of(const json::object& schema) {
  QueryResult table{.row_count = kRows};
  for (const json::value& column : schema.at("columns").as_array()) table.columns.push_back(values_of(column.as_object()));
  return table;
}

BoundQuery bound(const std::string& sql, const Plan& plan, const SqlDialect& dialect) {
  std::vector<DocumentParameter> parameters;
  for (const PlannedParameter& param : plan.params)
    parameters.push_back({.name = param.name, .type = param.type == "date_range" ? ParameterType::date_range : ParameterType::enumeration});
  ParameterValues values;
  for (const PlannedParameter& param : plan.params) {
    if (param.type == "date_range")
      values[param.name] = {.all = false, .range = {bridge::parse_day("1900-01-01"), bridge::parse_day("2030-12-31")}};
  }
  auto result = bind_sql(scan_sql(sql, dialect.lexical_rules()), parameters, values, dialect);
  EXPECT_TRUE(result) << sql << (result ? "" : describe_error(result.error()));
  return result ? result->query : BoundQuery{};
}

std::string number_cell(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

// A row a line; days and moments are texts in SQLite, and so they are compared.
std::string run_in_duckdb(const BoundQuery& query, const std::string& name, const QueryResult& table) {
  const auto result = make_local_query_engine()->execute({}, query, {{name, &table}}, {});
  if (!result) return "error: " + describe_error(result.error());
  std::string out;
  for (std::size_t row = 0; row < result->row_count; ++row) {
    for (const ResultColumn& column : result->columns) {
      if (!column.valid[row]) out += "null|";
      else if (column.type == ColumnType::integer || column.type == ColumnType::boolean) out += str(column.integers[row], "|");
      else if (column.type == ColumnType::number) out += number_cell(column.numbers[row]) + "|";
      else if (column.type == ColumnType::timestamp) out += replace_all(column.texts[row].substr(0, 19), "T", " ") + "|";
      else if (column.type == ColumnType::decimal || column.type == ColumnType::big_integer)
        out += number_cell(std::stod(column.texts[row])) + "|";
      else out += column.texts[row] + "|";
    }
    out += "\n";
  }
  return out;
}

class SqliteTable final {
 public:
  SqliteTable(const std::string& sql_name, const QueryResult& table) {
    sqlite3_open(":memory:", &database_);
    std::vector<std::string> columns;
    for (const ResultColumn& column : table.columns) {
      const bool is_whole = column.type == ColumnType::integer || column.type == ColumnType::boolean;
      columns.push_back(str(find_sql_dialect("sqlite")->quote_identifier(column.name), is_whole                            ? " INTEGER"
                                                                                       : column.type == ColumnType::number ? " REAL"
                                                                                                                           : " TEXT"));
    }
    std::string script = str("CREATE TABLE ", sql_name, " (", join(columns, ", "), ");");
    for (std::size_t row = 0; row < table.row_count; ++row) {
      std::vector<std::string> cells;
      for (const ResultColumn& column : table.columns) {
        if (!column.integers.empty()) cells.push_back(str(column.integers[row]));
        else if (!column.numbers.empty()) cells.push_back(str(column.numbers[row]));
        else if (column.type == ColumnType::timestamp)
          cells.push_back(find_sql_dialect("sqlite")->text_literal(replace_all(column.texts[row].substr(0, 19), "T", " ")));
        else cells.push_back(find_sql_dialect("sqlite")->text_literal(column.texts[row]));
      }
      script += str("INSERT INTO ", sql_name, " VALUES (", join(cells, ", "), ");");
    }
    EXPECT_EQ(sqlite3_exec(database_, script.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database_);
  }
  ~SqliteTable() { sqlite3_close(database_); }

  std::string run(const BoundQuery& query) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, query.sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      return str("error: ", sqlite3_errmsg(database_));
    for (std::size_t i = 0; i < query.values.size(); ++i) {
      const std::string text = std::get<Date>(query.values[i]).text;
      sqlite3_bind_text(statement, static_cast<int>(i + 1), text.c_str(), -1, SQLITE_TRANSIENT);
    }
    std::string out;
    int status = SQLITE_ROW;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const int type = sqlite3_column_type(statement, i);
        if (type == SQLITE_NULL) out += "null|";
        else if (type == SQLITE_FLOAT) out += number_cell(sqlite3_column_double(statement, i)) + "|";
        else out += str(reinterpret_cast<const char*>(sqlite3_column_text(statement, i)), "|");
      }
      out += "\n";
    }
    if (status != SQLITE_DONE) out = str("error: ", sqlite3_errmsg(database_));
    sqlite3_finalize(statement);
    return out;
  }

 private:
  sqlite3* database_ = nullptr;
};

struct Asked {
  std::string_view sentence;
  std::string table;
};

// What SQLite can say: the plans are the same, and so are their rows and what became of the words.
TEST(SqlitePlans, AnswerAsDuckdbPlansDo) {
  std::string written;
  int answered = 0;
  for (const auto& [sentence, name] : std::vector<Asked>{{"average delay by origin", "flights"},
                                                         {"number of flights by day of the week", "flights"},
                                                         {"flights per hour of the day", "flights"},
                                                         {"average delay by month", "flights"},
                                                         {"average delay by week", "flights"},
                                                         {"share of late flights by hour", "flights"},
                                                         {"running total of flights by month", "flights"},
                                                         {"growth of flights by month", "flights"},
                                                         {"7 day moving average of flights", "flights"},
                                                         {"Which airports have the longest delays, and when?", "flights"},
                                                         {"delays on weekends", "flights"},
                                                         {"share of flights by origin", "flights"},
                                                         {"top 3 destinations within each origin", "flights"},
                                                         {"how many bird strikes in each phase of flight", "birdstrikes"},
                                                         {"bird strikes by quarter", "birdstrikes"},
                                                         {"average body mass by species and sex", "penguins"},
                                                         {"distribution of body mass", "penguins"},
                                                         {"body mass against flipper length", "penguins"},
                                                         {"rain in winter", "seattle_weather"},
                                                         {"average maximum temperature by month", "seattle_weather"},
                                                         {"life expectancy by country", "gapminder"},
                                                         {"life expectancy over the years", "gapminder"}}) {
    const json::object schema = schema_in(name, "sqlite");
    const Plan in_duckdb = plan_of(sentence, schema_in(name, "duckdb"));
    const Plan in_sqlite = plan_of(sentence, schema);
    ASSERT_EQ(in_duckdb.queries.size(), in_sqlite.queries.size()) << sentence;
    const TableProfile profile = make_table_profile(schema);
    const QueryResult rows = rows_of(schema);
    SqliteTable table(profile.sql_name, rows);
    for (std::size_t i = 0; i < in_duckdb.queries.size(); ++i) {
      const PlannedQuery& left = in_duckdb.queries[i];
      const PlannedQuery& right = in_sqlite.queries[i];
      EXPECT_EQ(left.id, right.id) << sentence;
      const std::string first = run_in_duckdb(bound(left.sql, in_duckdb, local_sql_dialect()), name, rows);
      written += right.sql;
      answered += first.empty() ? 0 : 1;
      EXPECT_FALSE(first.starts_with("error")) << sentence << "\n" << left.sql << "\n" << first;
      EXPECT_EQ(first, table.run(bound(right.sql, in_sqlite, *find_sql_dialect("sqlite")))) << sentence << "\n"
                                                                                            << left.sql << "\n"
                                                                                            << right.sql;
    }
    EXPECT_EQ(in_duckdb.account, in_sqlite.account) << sentence << ": " << unused_of(in_sqlite);
    EXPECT_EQ(in_duckdb.title, in_sqlite.title);
  }
  EXPECT_GT(answered, 100);
  for (const char* part :
       {"RANGE BETWEEN", "'weekday 0'", "'start of month'", "strftime('%H'", "AS REAL) / nullif(", "OVER ()", "LIMIT 10"})
    EXPECT_THAT(written, testing::HasSubstr(part));
}

// What it cannot say is left out, and its word is said to be unused; the rest runs.
TEST(SqlitePlans, LeaveOutWhatTheEngineCannotSay) {
  for (const auto& [sentence, name, unused] : std::vector<std::tuple<std::string_view, std::string, std::string>>{
           {"median delay by origin", "flights", "median"},
           {"90th percentile of delay by origin", "flights", "percentile"},
           {"standard deviation of delay by origin", "flights", "deviation"},
           {"price by symbol over time", "stocks", "over time"}}) {
    const json::object schema = schema_in(name, "sqlite");
    const Plan plan = plan_of(sentence, schema);
    EXPECT_FALSE(plan.queries.empty());
    EXPECT_THAT(unused_of(plan), testing::HasSubstr(unused)) << sentence;
    SqliteTable table(make_table_profile(schema).sql_name, rows_of(schema));
    for (const PlannedQuery& query : plan.queries) {
      const std::string rows = table.run(bound(query.sql, plan, *find_sql_dialect("sqlite")));
      EXPECT_FALSE(rows.starts_with("error")) << sentence << "\n" << query.sql << "\n" << rows;
    }
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
