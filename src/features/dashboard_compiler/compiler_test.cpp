#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "features/dashboard_compiler/newest_day.h"
#include "features/dashboard_compiler/plan.h"
#include "warehouse/dialect_list.h"

namespace bridge {
namespace {

const SqlDialect& kDuckdb = *find_sql_dialect("duckdb");
const Day kToday = *parse_day("2001-04-15");

DocumentParameter parameter(std::string name, ParameterType type, json::value value = nullptr, bool multiple = false) {
  return {.name = std::move(name), .type = type, .multiple = multiple, .default_value = std::move(value)};
}

std::vector<DocumentParameter> parameters() {
  std::vector<DocumentParameter> all{parameter("period", ParameterType::date_range, "2001-01-01..2001-03-31"),
                                     parameter("carrier", ParameterType::enumeration, "all", true),
                                     parameter("colour", ParameterType::enumeration, "all"),
                                     parameter("day", ParameterType::date, "all"),
                                     parameter("least", ParameterType::number, 5),
                                     parameter("late", ParameterType::boolean, "all"),
                                     parameter("city", ParameterType::text, "all")};
  all[2].values = {"red", "green", 3};
  return all;
}

using Query = std::vector<std::pair<std::string, std::string>>;

Result<BoundQuery> bind(std::string_view sql, const Query& query = {}) {
  const auto all = parameters();
  const auto values = TRY(read_parameter_values(all, ViewType::analytical, query, kToday));
  return TRY(bind_sql(scan_sql(sql, kDuckdb.lexical_rules()), all, values, kDuckdb)).query;
}
std::string bound(std::string_view sql, const Query& query = {}) {
  const auto result = bind(sql, query);
  return result ? result->sql : "error: " + describe_error(result.error());
}
std::string date_of(const SqlValue& value) { return std::get<Date>(value).text; }

TEST(SqlText, FindsParametersOnlyWhereSqlHasValues) {
  const auto names = [](std::string_view sql) {
    std::string out;
    for (const ParameterUse& use : parameter_uses(scan_sql(sql, kDuckdb.lexical_rules())))
      out += use.name + (use.part.empty() ? "" : "." + use.part) + (use.in_filter ? "()" : "") + " ";
    return out;
  };
  EXPECT_EQ(names("a = :x AND b=:y+:z"), "x y z ");
  EXPECT_EQ(names("':x' \":x\" -- :x\n /* :x /* :x */ :x */ :y"), "y ");
  EXPECT_EQ(names("'it''s :x' || :y"), "y ");
  EXPECT_EQ(names("E'it\\'s :x' || :y"), "y ");
  EXPECT_EQ(names("$$ :x $$ $tag$ :x $$ :x $tag$ :y"), "y ");
  EXPECT_EQ(names("a::date, b :: int, :x::date"), "x ");
  EXPECT_EQ(names("a[1:2], a[i:j], a[i :j], a[1:n], [:x, :y], (a[1])[2:k]"), "x y ");
  EXPECT_EQ(names("{'a':b, 'c': d, 'e': :x}"), "x ");
  EXPECT_EQ(names("j:field, alias:expr, f(a := :x)"), "x ");
  EXPECT_EQ(names("filter(:p, date_trunc('day', coalesce(a, (b))))"), "p() ");
  EXPECT_EQ(names("FILTER ( :p , a = :x )"), "p() x ");
  EXPECT_EQ(names("count(*) FILTER (WHERE a > :x), list_filter(l, e -> e > 1), filter(l, e -> true)"), "x ");
  EXPECT_EQ(names(":period.from, :period.to"), "period.from period.to ");
  EXPECT_EQ(names("CASE WHEN arr[CASE WHEN :x THEN 1 END] THEN 1 END"), "x ");
}

TEST(SqlText, IsReadAsTheDialectHasTextsNamesAndComments) {
  const auto names = [](std::string_view sql, const SqlDialect& dialect) {
    std::string out;
    for (const ParameterUse& use : parameter_uses(scan_sql(sql, dialect.lexical_rules()))) out += use.name + " ";
    return out;
  };
  const SqlDialect& sqlite = *find_sql_dialect("sqlite");
  EXPECT_EQ(names("[:a] `:b` 'x\\' = :c /* /* */ :d", sqlite), "c d ");
  EXPECT_EQ(names("[:a] /* /* */ :d */", kDuckdb), "a ");
  EXPECT_EQ(names("$$ :x $$ :y", kDuckdb), "y ");
  EXPECT_EQ(scan_sql("SELECT @name", sqlite.lexical_rules()).problems.at(0).code, "placeholder");
  EXPECT_TRUE(scan_sql("SELECT @ -1", kDuckdb.lexical_rules()).problems.empty());
}

TEST(SqlText, SaysWhatItCannotRead) {
  const auto code = [](std::string_view sql) {
    const ScannedSql scanned = scan_sql(sql, kDuckdb.lexical_rules());
    return scanned.problems.empty() ? std::string() : scanned.problems.front().code;
  };
  EXPECT_EQ(code("SELECT 'abc"), "unterminated_quote");
  EXPECT_EQ(code("SELECT \"abc"), "unterminated_quote");
  EXPECT_EQ(code("SELECT $a$abc"), "unterminated_quote");
  EXPECT_EQ(code("SELECT /* abc"), "unterminated_comment");
  EXPECT_EQ(code("SELECT $1"), "placeholder");
  EXPECT_EQ(code("SELECT $name"), "placeholder");
  EXPECT_EQ(code("SELECT ?"), "placeholder");
  EXPECT_EQ(code("filter(:x)"), "filter_without_expression");
  EXPECT_EQ(code("filter(:x, )"), "filter_without_expression");
  EXPECT_EQ(code("filter(:x, a"), "unclosed_filter");
  EXPECT_EQ(code("SELECT a$1 FROM b"), "");
}

TEST(SqlText, SurvivesAnything) {
  std::mt19937 random(3);
  const std::vector<std::string> parts{"filter(:a,", "(",  ")",  "[",  "]", "{", "}", "'", "\"",    ":", ":b", "::", "$$", "$t$",
                                       "--",         "/*", "*/", "\n", " ", "x", "1", "?", ".from", ",", "E'", "\\", "é",  ";"};
  for (int i = 0; i < 5'000; ++i) {
    std::string sql;
    for (int k = 0; k < 30; ++k) sql += parts[random() % parts.size()];
    const ScannedSql scanned = scan_sql(sql, kDuckdb.lexical_rules());
    std::string rebuilt;
    if (parameter_uses(scanned).empty() && scanned.problems.empty()) {
      for (const SqlPiece& piece : scanned.pieces) rebuilt += piece.text;
      EXPECT_EQ(rebuilt, sql);
    }
  }
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "filter(:a, ";
  EXPECT_FALSE(scan_sql(deep, kDuckdb.lexical_rules()).problems.empty());
}

TEST(Parameters, BindAsTheDialectWritesPlaceholders) {
  const auto all = parameters();
  const auto values = *read_parameter_values(all, ViewType::analytical, {{"least", "12345678901234567890"}}, kToday);
  const auto query = bind_sql(scan_sql("filter(:period, d) AND n > :least AND c = :city", kDuckdb.lexical_rules()), all, values,
                              *find_sql_dialect("sqlite"));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->query.sql, "((d) >= ?1 AND (d) < ?2) AND n > CAST(?3 AS NUMERIC) AND c = ?4");
}

TEST(Parameters, BindDaysHalfOpen) {
  const auto query = bind("WHERE filter(:period, departure)");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->sql, "WHERE ((departure) >= $1 AND (departure) < $2)");
  EXPECT_EQ(date_of(query->values[0]), "2001-01-01");
  EXPECT_EQ(date_of(query->values[1]), "2001-04-01");
}

TEST(Parameters, TakeTheLastOfAllDaysAsNoEnd) {
  EXPECT_EQ(bound("filter(:period, d)", {{"period", "2001-01-01..9999-12-31"}}), "((d) >= $1)");
  EXPECT_EQ(bound("filter(:period, d)", {{"period", "..9999-12-31"}}), "TRUE");
  EXPECT_EQ(bound("filter(:period, d)", {{"period", "9999-12-31..9999-12-31"}}), "((d) >= $1)");
  EXPECT_EQ(bound("filter(:day, d)", {{"day", "9999-12-31"}}), "((d) >= $1)");
  EXPECT_TRUE(bound("filter(:period, d)", {{"period", "0000-00-00.."}}).starts_with("error"));
}

TEST(Parameters, LeaveOutWhatIsAtAllAndOpenSides) {
  EXPECT_EQ(bound("filter(:carrier, c) AND filter(:city, x)"), "TRUE AND TRUE");
  EXPECT_EQ(bound("filter(:period, d)", {{"period", "all"}}), "TRUE");
  EXPECT_EQ(bound("filter(:period, d)", {{"period", ".."}}), "TRUE");
  EXPECT_EQ(bound("filter(:period, d)", {{"period", "2001-01-01.."}}), "((d) >= $1)");
  EXPECT_EQ(bound("filter(:period, d)", {{"period", "..2001-01-01"}}), "((d) < $1)");
  const auto open = bind(":period.from :period.to", {{"period", "2001-01-01.."}});
  EXPECT_EQ(date_of(open->values[0]), "2001-01-01");
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(open->values[1]));
}

TEST(Parameters, BindEveryType) {
  EXPECT_EQ(bound("filter(:carrier, c)", {{"carrier", "AA"}, {"carrier", "DL"}}), "((c) IN ($1, $2))");
  EXPECT_EQ(bound("filter(:carrier, c)", {{"carrier", "AA"}}), "((c) = $1)");
  EXPECT_EQ(bound("filter(:day, d)", {{"day", "2001-12-31"}}), "((d) >= $1 AND (d) < $2)");
  EXPECT_EQ(std::get<std::int64_t>(bind(":least")->values[0]), 5);
  EXPECT_EQ(std::get<Decimal>(bind(":least", {{"least", "2.5"}})->values[0]).text, "2.5");
  EXPECT_EQ(std::get<Decimal>(bind(":least", {{"least", "9223372036854775808"}})->values[0]).text, "9223372036854775808");
  EXPECT_EQ(std::get<Decimal>(bind(":least", {{"least", "-1234567890123456789012345678.0123456789"}})->values[0]).text,
            "-1234567890123456789012345678.0123456789");
  EXPECT_EQ(std::get<double>(bind(":least", {{"least", "1e300"}})->values[0]), 1e300);
  EXPECT_TRUE(bound(":least", {{"least", "123456789012345678901234567890123456789"}}).contains("more than 38 digits"));
  for (const std::string wrong : {"", "-", ".", "1.2.3", "0x10", "1-2"}) {
    if (!wrong.empty()) EXPECT_TRUE(bound(":least", {{"least", wrong}}).contains("is not a number")) << wrong;
  }
  EXPECT_EQ(std::get<bool>(bind("filter(:late, l)", {{"late", "true"}})->values[0]), true);
  EXPECT_EQ(std::get<std::string>(bind("filter(:city, c)", {{"city", "x' OR 1=1 --"}})->values[0]), "x' OR 1=1 --");
  EXPECT_EQ(std::get<std::int64_t>(bind("filter(:colour, c)", {{"colour", "3"}})->values[0]), 3);
  EXPECT_EQ(bound("a = :city", {{"city", "all"}}), "a = $1");
  EXPECT_EQ(bound("filter(:carrier, c IN (SELECT :least))", {{"carrier", "AA"}}), "((c IN (SELECT $1)) = $2)");
}

TEST(Parameters, TheEmptyTextAndNoValueCanBeChosen) {
  EXPECT_EQ(bound("filter(:carrier, c)", {{"carrier", ""}}), "((c) = $1)");
  EXPECT_EQ(bound("filter(:carrier, c)", {{"carrier", "(none)"}}), "((c) IS NULL)");
  EXPECT_EQ(bound("filter(:carrier, c)", {{"carrier", "(none)"}, {"carrier", "AA"}, {"carrier", ""}}), "((c) IS NULL OR (c) IN ($1, $2))");
  EXPECT_EQ(bound("filter(:carrier, c)", {{"carrier", "all"}}), "TRUE");
  EXPECT_EQ(bound("filter(:colour, c)", {{"colour", ""}}), "TRUE") << "not one of the declared values";
}

TEST(Parameters, TakeNumbersOfADocumentWithEveryDigit) {
  const auto document = parse_document(
      "bridge: 1\ntitle: T\nconnection: c\nparams:\n  n: {type: number, default: 123456789012345678901}\n"
      "  m: {type: enum, values: [1, 2.5, 90000000000000000001], default: 90000000000000000001}\n"
      "queries:\n  q: {sql: \"SELECT :n, :m\"}\ncharts:\n  k: {query: q, mark: table}\n");
  ASSERT_TRUE(document.has_value()) << describe_error(document.error());
  const auto values = read_parameter_values(document->params, ViewType::analytical, {{"m", "2.5"}}, kToday);
  ASSERT_TRUE(values.has_value()) << describe_error(values.error());
  EXPECT_EQ(std::get<Decimal>(values->at("n").values[0]).text, "123456789012345678901");
  EXPECT_EQ(std::get<Decimal>(values->at("m").values[0]).text, "2.5");
  EXPECT_EQ(std::get<std::string>(read_parameter_values(document->params, ViewType::analytical, {}, kToday)->at("m").values[0]),
            "90000000000000000001");
}

TEST(Parameters, KnowThePresets) {
  const auto range = [](std::string_view name) {
    const auto found = *find_preset(name, kToday);
    return format_day(*found.from) + ".." + format_day(*found.to);
  };
  EXPECT_EQ(range("last_7_days"), "2001-04-09..2001-04-15");
  EXPECT_EQ(range("last_365_days"), "2000-04-16..2001-04-15");
  EXPECT_EQ(range("this_month"), "2001-04-01..2001-04-15");
  EXPECT_EQ(range("this_year"), "2001-01-01..2001-04-15");
  EXPECT_FALSE(find_preset("yesterday", kToday));
}

TEST(Parameters, CountPeriodsFromTheNewestDayOfTheData) {
  const auto range = [](std::string_view name, std::string_view newest) {
    const auto found = find_preset_of_data(name, *parse_day(newest));
    return found ? format_day(*found->from) + ".." + format_day(*found->to) : "none";
  };
  EXPECT_EQ(range("last_90_days_of_data", "2001-03-31"), "2001-01-01..2001-03-31");
  EXPECT_EQ(range("last_1_day_of_data", "2001-03-31"), "2001-03-31..2001-03-31");
  EXPECT_EQ(range("last_2_weeks_of_data", "2001-03-31"), "2001-03-18..2001-03-31");
  EXPECT_EQ(range("last_1_months_of_data", "2001-03-31"), "2001-03-01..2001-03-31");
  EXPECT_EQ(range("last_12_months_of_data", "2001-03-15"), "2000-03-16..2001-03-15");
  EXPECT_EQ(range("last_1_month_of_data", "2001-03-30"), "2001-02-28..2001-03-30") << "there is no 31 February";
  EXPECT_EQ(range("last_2_years_of_data", "2004-02-29"), "2002-03-01..2004-02-29");
  EXPECT_EQ(range("this_month_of_data", "2001-03-15"), "2001-03-01..2001-03-15");
  EXPECT_EQ(range("last_9999_years_of_data", "2001-03-15"), "0001-01-01..2001-03-15");
  for (const std::string_view wrong : {"last_0_days_of_data", "last_10000_days_of_data", "last__days_of_data", "last_5_hours_of_data",
                                       "last_5_of_data", "last_days_of_data", "_of_data", "last_5_days"})
    EXPECT_EQ(range(wrong, "2001-03-15"), "none") << wrong;

  auto all = parameters();
  all[0].default_value = "last_90_days_of_data";
  EXPECT_EQ(parameters_of_data(all, ViewType::analytical, {}), std::vector<std::string>{"period"});
  EXPECT_TRUE(parameters_of_data(all, ViewType::analytical, {{"period", "last_7_days"}}).empty());
  const auto values = *read_parameter_values(all, ViewType::analytical, {}, kToday, {{"period", *parse_day("1999-12-31")}});
  EXPECT_EQ(format_day(*values.at("period").range.to), "1999-12-31");
  EXPECT_EQ(format_day(*values.at("period").newest), "1999-12-31");
  const auto unknown = *read_parameter_values(all, ViewType::analytical, {}, kToday);
  EXPECT_EQ(unknown.at("period").range.to, kToday) << "without any day in the data, today stands for it";
  EXPECT_FALSE(unknown.at("period").newest);
}

TEST(NewestDay, IsAskedOfTheTablesOfTheSelectThatFilters) {
  const auto asked = [](std::string_view sql) {
    std::string out;
    const auto found = newest_day_sql(scan_sql(sql, kDuckdb.lexical_rules()), "period", kDuckdb);
    for (const std::string& one : *found) out += one + "\n";
    return out;
  };
  const auto newest = [](std::string column, std::string from) {
    return "SELECT CAST(max(CASE WHEN (" + column + ") < CAST('9999-01-01' AS DATE) THEN (" + column + ") END) AS DATE) AS newest_day " +
           from + "\n";
  };
  EXPECT_EQ(asked("SELECT a, sum(b) FROM t WHERE filter(:period, d) AND filter(:carrier, c) GROUP BY 1"), newest("d", "FROM t"));
  EXPECT_EQ(asked("SELECT 1 FROM a JOIN b USING (id) WHERE c > 1 AND FILTER( :period ,CAST(b.d AS date))"),
            newest("CAST(b.d AS date)", "FROM a JOIN b USING (id)"));
  EXPECT_EQ(asked("SELECT count(*) FILTER (WHERE filter(:period, d)) FROM t"), newest("d", "FROM t"));
  EXPECT_EQ(asked("SELECT extract(year FROM d), a IS DISTINCT FROM b FROM t WHERE filter(:period, d)"), newest("d", "FROM t"));
  EXPECT_EQ(asked("SELECT * FROM (SELECT * FROM t WHERE filter(:period, d) ORDER BY x) u WHERE y"), newest("d", "FROM t"));
  EXPECT_EQ(asked("SELECT 1 FROM t WHERE filter(:period, d) UNION ALL SELECT 2 FROM u WHERE filter(:period, e)"),
            newest("d", "FROM t") + newest("e", "FROM u"));
  EXPECT_EQ(asked("WITH a AS (SELECT * FROM t), b AS (SELECT * FROM a WHERE filter(:period, d)) SELECT * FROM b"),
            "WITH a AS (SELECT * FROM t) " + newest("d", "FROM a"));
  EXPECT_EQ(asked("WITH a AS (SELECT * FROM t) SELECT * FROM a WHERE filter(:period, d)"),
            "WITH a AS (SELECT * FROM t) " + newest("d", "FROM a"));
  EXPECT_EQ(asked("SELECT ' FROM x WHERE filter(:period, y)' FROM \"from\" -- FROM z\n WHERE filter(:period, \"where\")"),
            newest("\"where\"", "FROM \"from\" -- FROM z"));
  EXPECT_EQ(asked("SELECT 1 FROM t WHERE d >= :period.from"), "");
  EXPECT_EQ(asked("SELECT filter(:period, 1)"), "");
  EXPECT_EQ(bind_newest_day({}, parameters(), "period", kDuckdb).error().reason, "no_newest_day");
  EXPECT_EQ(
      newest_day_sql(scan_sql("SELECT 1 FROM t WHERE filter(:period, d)", kDuckdb.lexical_rules()), "period", *find_sql_dialect("sqlite"))
          ->front(),
      "SELECT date(max(CASE WHEN (d) < date('9999-01-01') THEN (d) END)) AS newest_day FROM t");
}

TEST(Parameters, ReportEveryBadValueAtOnce) {
  const auto result = read_parameter_values(parameters(), ViewType::analytical,
                                            {{"perod", "x"},
                                             {"day", "2001-02-30"},
                                             {"least", "many"},
                                             {"late", "maybe"},
                                             {"colour", "gren"},
                                             {"city", "a"},
                                             {"city", "b"},
                                             {"period", "last_7_day"},
                                             {"limit", "5"}},
                                            kToday);
  ASSERT_FALSE(result);
  std::map<std::string, std::string> by_path;
  for (const Violation& violation : result.error().violations) by_path[violation.path] = violation.suggestion;
  EXPECT_EQ(
      by_path,
      (std::map<std::string, std::string>{
          {"perod", "period"}, {"day", ""}, {"least", ""}, {"late", ""}, {"colour", "green"}, {"city", ""}, {"period", "last_7_days"}}));
}

TEST(Parameters, MoveAPeriodBackByItsMonthsOrItsDays) {
  const auto values = *read_parameter_values(parameters(), ViewType::analytical, {{"period", "2001-03-01..2001-03-31"}}, kToday);
  const auto before = previous_period(values.at("period"));
  ASSERT_TRUE(before);
  // A month stands beside the month before it, though that has fewer days.
  EXPECT_EQ(format_day(*before->range.from), "2001-02-01");
  EXPECT_EQ(format_day(*before->range.to), "2001-02-28");
  const auto days = *read_parameter_values(parameters(), ViewType::analytical, {{"period", "2001-03-02..2001-03-31"}}, kToday);
  EXPECT_EQ(format_day(*previous_period(days.at("period"))->range.from), "2001-01-31");
  const auto quarter = *read_parameter_values(parameters(), ViewType::analytical, {{"period", "2001-01-01..2001-03-31"}}, kToday);
  EXPECT_EQ(format_day(*previous_period(quarter.at("period"))->range.from), "2000-10-01");
  EXPECT_FALSE(previous_period(ParameterValue{}));
}

DashboardDocument document(std::string queries, std::string charts = "  k: {query: a, mark: kpi, y: n}\n") {
  auto parsed = parse_document(
      "bridge: 1\ntitle: T\nconnection: c\npolicy: {max_bytes: 1MB, max_rows: 90000}\nparams:\n  period: {type: date_range, default: "
      "2001-03-01..2001-03-31}\nqueries:\n" +
      queries + "charts:\n" + charts);
  if (!parsed)
    parsed = parse_document(
        "bridge: 1\ntitle: T\nconnection: c\npolicy: {max_bytes: 1MB, max_rows: 50000}\nparams:\n  period: {type: date_range, default: "
        "2001-03-01..2001-03-31}\nqueries:\n" +
        queries + "charts:\n" + charts);
  EXPECT_TRUE(parsed) << describe_error(parsed.error());
  return *parsed;
}

BoundPlan bind_all(const Plan& plan, const Query& query = {}, std::vector<std::string> only = {}) {
  BindInput input{.values = *read_parameter_values(plan.parameters, plan.view_type, query, kToday),
                  .limits = {.rows_max = 700},
                  .warehouse = &kDuckdb,
                  .local = &kDuckdb,
                  .only = std::move(only)};
  auto bound = bind_plan(plan, input);
  EXPECT_TRUE(bound) << describe_error(bound.error());
  return *bound;
}

const std::string kChain =
    "  b: {from: [a], sql: SELECT * FROM a}\n  c: {from: [a, b], sql: SELECT 1}\n  a:\n    sql: SELECT 1 AS n WHERE filter(:period, d)\n  "
    "z: {sql: SELECT 2, cache: {ttl: 5m}}\n";

TEST(Plan, PutsQueriesIntoStagesAfterWhatTheyRead) {
  const Plan plan = *compile_dashboard(document(kChain));
  std::string order;
  for (const PlannedQuery& query : plan.queries) order += str(query.id, query.stage, query.local ? "l " : "w ");
  EXPECT_EQ(order, "a0w z0w b1l c2l ");
  EXPECT_EQ(plan.stage_count, 3);
  EXPECT_EQ(plan.find("c")->all_parameters, std::vector<std::string>{"period"});
  EXPECT_EQ(plan.find("z")->ttl_ms, 300'000);
  EXPECT_EQ(plan.find("a")->ttl_ms, 86'400'000);
}

TEST(Plan, AddsThePreviousPeriodWithItsOwnDependencies) {
  const Plan plan = *compile_dashboard(document(kChain, "  k: {query: b, mark: kpi, y: n, compare: previous_period}\n"));
  const BoundPlan bound = bind_all(plan);
  const BoundPlanQuery* before = bound.find("b@previous_period");
  ASSERT_TRUE(before);
  EXPECT_EQ(before->dependencies.front().table, "a");
  EXPECT_EQ(before->dependencies.front().query_id, "a@previous_period");
  EXPECT_EQ(date_of(bound.find("a@previous_period")->bound.query.values[0]), "2001-02-01");
  EXPECT_NE(bound.find("a@previous_period")->text_hash, bound.find("a")->text_hash);
  EXPECT_FALSE(bind_all(plan, {{"period", "all"}}).find("b@previous_period"));
}

TEST(Plan, LowersLimitsAndNeverRaisesThem) {
  const BoundPlan bound = bind_all(*compile_dashboard(document(kChain)));
  EXPECT_EQ(bound.find("a")->limits.bytes_max, 1'000'000u);
  EXPECT_EQ(bound.find("a")->limits.rows_max, 700u);
}

TEST(Plan, BindsOnlyWhatIsAskedForAndWhatThatReads) {
  EXPECT_EQ(bind_all(*compile_dashboard(document(kChain)), {}, {"b"}).queries.size(), 2u);
}

TEST(Plan, ShowsACycleAsAPath) {
  const auto plan =
      compile_dashboard(document("  a: {from: [b], sql: SELECT 1}\n  b: {from: [c], sql: SELECT 1}\n  c: {from: [a], sql: SELECT 1}\n"));
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("a → b → c → a"), std::string::npos) << plan.error().message;
}

TEST(Plan, FindsTheWayBackFromBoundSqlToTheDocuments) {
  const std::string sql = "SELECT 1\nWHERE filter(:period, d) AND wrong";
  const auto all = parameters();
  const auto bound_sql =
      *bind_sql(scan_sql(sql, kDuckdb.lexical_rules()), all, *read_parameter_values(all, ViewType::analytical, {}, kToday), kDuckdb);
  const auto wrong = bound_sql.query.sql.find("wrong") - bound_sql.query.sql.find('\n');
  EXPECT_EQ(bound_sql.source_offset(2, static_cast<int>(wrong)), sql.find("wrong"));
  EXPECT_EQ(bound_sql.source_offset(2, 9), sql.find("d)"));
  EXPECT_EQ(bound_sql.source_offset(99, 99), sql.size());
}

TEST(Plan, IsReadAnewInTheDialectOfItsConnection) {
  const DashboardDocument bracketed = document("  a: {sql: \"SELECT 1 AS n, [it's] FROM t WHERE filter(:period, d)\"}\n");
  const Plan plan = *compile_dashboard(bracketed);
  EXPECT_EQ(plan.dialect, nullptr) << "a text without an end, in the local engine's eyes";
  EXPECT_EQ(in_dialect(plan, kDuckdb).error().violations.at(0).code, "unterminated_quote");
  EXPECT_FALSE(compile_dashboard(bracketed, &kDuckdb));
  const auto read = in_dialect(plan, *find_sql_dialect("sqlite"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->queries.at(0).all_parameters, std::vector<std::string>{"period"});
  EXPECT_EQ(read->dialect, find_sql_dialect("sqlite"));
}

}  // namespace
}  // namespace bridge
