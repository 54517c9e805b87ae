#include <gtest/gtest.h>

#include "base/text.h"
#include "features/dashboard_validation/validation.h"
#include "warehouse/driver_list.h"

// Validation against the real engine: what it says of SQL has to arrive at the right place of the document.

namespace bridge {
namespace {

struct Engine {
  std::shared_ptr<Warehouse> warehouse =
      *make_warehouse_drivers().front()->open({}, {{"path", Secret("node_modules/vega-datasets/data/weather.csv")}});
  std::shared_ptr<LocalQueryEngine> local = make_local_query_engine();

  Validation validate(std::string_view text) {
    Validation validation = validate_document(text);
    EXPECT_TRUE(validation.report.valid) << describe_error(validation_error(validation.report));
    const auto done =
        validate_by_dry_run({}, {.warehouse = *warehouse, .local = *local, .limits = {}, .today = *parse_day("2015-12-31")}, validation);
    EXPECT_TRUE(done) << describe_error(done.error());
    return validation;
  }
};

constexpr std::string_view kWeather = R"(bridge: 1
title: Weather
connection: weather
params:
  period: {type: date_range, default: 2012-01-01..2012-12-31}
queries:
  days:
    sql: |
      SELECT location, date, precipitation AS rain
      FROM weather
      WHERE filter(:period, date) AND precipitation > 0
  months:
    from: [days]
    sql: SELECT date_trunc('month', date) AS month, location, sum(rain) AS rain FROM days GROUP BY 1, 2
charts:
  total: {query: days, mark: kpi, y: {field: rain, aggregate: sum}, compare: previous_period}
  trend: {query: months, mark: line, x: month, y: rain, color: location}
)";

TEST(ValidationOverTheEngine, KnowsColumnsOfQueriesOverAnswersWithoutRunningAny) {
  Engine engine;
  const Validation validation = engine.validate(kWeather);
  EXPECT_TRUE(validation.report.valid) << describe_error(validation_error(validation.report));
  EXPECT_EQ(validation.columns.at("months").front().name, "month");
  EXPECT_GT(validation.bytes_scanned, 0u);
  const Validation wrong = engine.validate(replace_all(std::string(kWeather), "x: month", "x: mont"));
  ASSERT_EQ(wrong.report.errors.size(), 1u);
  EXPECT_EQ(wrong.report.errors.front().suggestion, "month");
}

TEST(ValidationOverTheEngine, PointsAtTheWordInTheDocument) {
  Engine engine;
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"precipitation > 0", "precipitatio > 0"}, {"sum(rain)", "sum(rein)"}, {"SELECT location, date", "SELEC location, date"}}) {
    const std::string text = replace_all(std::string(kWeather), from, to);
    const Validation validation = engine.validate(text);
    ASSERT_FALSE(validation.report.valid) << to;
    const Violation& violation = validation.report.errors.front();
    const std::string line = split(text, '\n').at(static_cast<std::size_t>(violation.line) - 1);
    EXPECT_NE(line.find(to.substr(0, 5)), std::string::npos) << violation.line << ":" << violation.column << " " << violation.message;
    EXPECT_TRUE(violation.path.starts_with("queries.")) << violation.path;
  }
}

TEST(ValidationOverTheEngine, WarnsOfAMedianThatTheEngineCuts) {
  Engine engine;
  const auto warnings = [&](std::string_view sql) {
    return engine
        .validate(str("bridge: 1\ntitle: T\nconnection: c\nqueries:\n  q: {sql: \"", sql, "\"}\ncharts:\n  k: {query: q, mark: table}\n"))
        .report.warnings;
  };
  const auto cut = warnings("SELECT median(CAST(wind AS DECIMAL(18, 2))) AS wind FROM weather");
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_EQ(cut.front().code, "median_is_cut");
  EXPECT_TRUE(warnings("SELECT median(wind) AS wind FROM weather").empty());
}

TEST(ValidationOverTheEngine, FindsTheNewestDayOfTheData) {
  Engine engine;
  const std::string of_data = replace_all(std::string(kWeather), "2012-01-01..2012-12-31", "last_3_months_of_data");
  const Validation right = engine.validate(of_data);
  EXPECT_TRUE(right.report.valid) << describe_error(validation_error(right.report));
  const Validation wrong = engine.validate(replace_all(of_data, "filter(:period, date)", "filter(:period, day)"));
  ASSERT_FALSE(wrong.report.valid);
  EXPECT_EQ(wrong.report.errors.front().path, "params.period.default");
  const Validation unused = engine.validate(replace_all(of_data, "filter(:period, date)", "date >= :period.from"));
  ASSERT_FALSE(unused.report.valid);
  EXPECT_EQ(unused.report.errors.front().code, "no_newest_day");
}

TEST(ValidationOverTheEngine, SaysWhichNameStandsForTwoColumns) {
  Engine engine;
  const auto errors = [&](std::string_view chart) {
    return engine
        .validate(str("bridge: 1\ntitle: T\nconnection: c\nqueries:\n  q: {sql: \"SELECT * FROM (VALUES (1, 'a')) x(id, name) "
                      "JOIN (VALUES (1, 'b')) y(a_id, name) ON id = a_id\"}\ncharts:\n  k: ",
                      chart, "\n"))
        .report.errors;
  };
  for (const std::string_view chart :
       {"{query: q, mark: table, columns: [id, name]}", "{query: q, mark: table}", "{query: q, mark: bar, x: name, y: id}"}) {
    ASSERT_EQ(errors(chart).size(), 1u) << chart;
    EXPECT_EQ(errors(chart).front().code, "ambiguous_column");
    EXPECT_NE(errors(chart).front().message.find("'name' stands for 2 columns"), std::string::npos) << errors(chart).front().message;
  }
  EXPECT_TRUE(errors("{query: q, mark: table, columns: [id, a_id]}").empty());
}

TEST(ValidationOverTheEngine, RefusesSqlThatDoesMoreThanRead) {
  Engine engine;
  for (const std::string_view sql :
       {"DROP TABLE weather", "SELECT 1; SELECT 2", "SELECT * FROM read_csv('/etc/passwd')", "COPY weather TO 'x'"}) {
    const Validation validation = engine.validate(
        str("bridge: 1\ntitle: T\nconnection: c\nqueries:\n  q:\n    sql: \"", sql, "\"\ncharts:\n  k: {query: q, mark: table}\n"));
    EXPECT_FALSE(validation.report.valid) << sql;
    EXPECT_EQ(validation.report.errors.front().path, "queries.q.sql");
  }
}

}  // namespace
}  // namespace bridge
