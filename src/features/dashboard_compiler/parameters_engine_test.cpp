#include <gtest/gtest.h>

#include "base/text.h"
#include "features/dashboard_compiler/parameters.h"
#include "warehouse/driver_list.h"

// Bound parameters against the real engine: each value has to mean there what it means in the address.

namespace bridge {
namespace {

struct Engine {
  std::shared_ptr<Warehouse> warehouse =
      *make_warehouse_drivers().front()->open({}, {{"path", Secret("node_modules/vega-datasets/data/weather.csv")}});

  // The first value of the answer of a query with one parameter `p`.
  std::string answer(std::string_view sql, ParameterType type, std::vector<std::string> texts, bool multiple = false) {
    const std::vector<DocumentParameter> parameters{{.name = "p", .type = type, .multiple = multiple}};
    std::vector<std::pair<std::string, std::string>> query;
    for (std::string& text : texts) query.emplace_back("p", std::move(text));
    const auto values = read_parameter_values(parameters, ViewType::analytical, query, *parse_day("2015-12-31"));
    if (!values) return describe_error(values.error());
    const auto bound = bind_sql(scan_sql(sql, warehouse->dialect().lexical_rules()), parameters, *values, warehouse->dialect());
    if (!bound) return describe_error(bound.error());
    const auto dry = warehouse->dry_run({}, bound->query);
    if (!dry) return "dry run: " + describe_error(dry.error());
    const auto result = warehouse->execute({}, bound->query, {});
    if (!result) return describe_error(result.error());
    const ResultColumn& column = result->columns.front();
    return column.texts.empty() ? str(column.integers.at(0)) : column.texts.at(0);
  }
};

TEST(ParametersOverTheEngine, NumbersKeepEveryDigit) {
  Engine engine;
  using enum ParameterType;
  const std::string table =
      "(VALUES (9223372036854775807::HUGEINT), (9223372036854775808), (12345678901234567890123456789012345678)) AS t(id)";
  for (const std::string id : {"9223372036854775807", "9223372036854775808", "12345678901234567890123456789012345678"})
    EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM " + table + " WHERE id = :p", number, {id}), "1") << id;
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM " + table + " WHERE filter(:p, id)", number, {"9223372036854775809"}), "0");
  EXPECT_EQ(engine.answer("SELECT (1234567890123456789012345678.0123456789::DECIMAL(38, 10) = :p)::INTEGER", number,
                          {"1234567890123456789012345678.0123456789"}),
            "1");
  EXPECT_EQ(engine.answer("SELECT (1234567890123456789012345678.0123456789::DECIMAL(38, 10) = :p)::INTEGER", number,
                          {"1234567890123456789012345678.0123456788"}),
            "0");
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE wind > :p", number, {"4.5"}),
            engine.answer("SELECT count(*)::INTEGER FROM weather WHERE wind > 4.5", number, {}));
}

TEST(ParametersOverTheEngine, CompareWithColumnsOfEveryType) {
  Engine engine;
  using enum ParameterType;
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, date)", date_range, {"2012-06-01..2012-06-30"}), "60");
  EXPECT_EQ(
      engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, date::TIMESTAMP)", date_range, {"2012-06-01..2012-06-30"}),
      "60");
  EXPECT_TRUE(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, date::VARCHAR)", date_range, {"2012-06-01..2012-06-30"})
                  .starts_with("dry run: Cannot compare"));
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, CAST(date::VARCHAR AS DATE))", date_range,
                          {"2012-06-01..2012-06-30"}),
            "60");
  EXPECT_EQ(
      engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, date::TIMESTAMPTZ)", date_range, {"2012-06-01..2012-06-30"}),
      "60");
  EXPECT_EQ(
      engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, date::TIMESTAMP + INTERVAL 23 HOUR)", date, {"2012-06-30"}),
      "2");
  EXPECT_EQ(engine.answer("SELECT count(DISTINCT location)::INTEGER FROM weather WHERE filter(:p, location)", enumeration,
                          {"Seattle", "New York"}, true),
            "2");
  EXPECT_EQ(engine.answer("SELECT count(DISTINCT location)::INTEGER FROM weather WHERE filter(:p, location)", text, {"Seattle"}), "1");
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, wind > 5)", boolean, {"true"}),
            engine.answer("SELECT count(*)::INTEGER FROM weather WHERE wind > :p", number, {"5"}));
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE wind > coalesce(:p, 1000)", number, {"all"}), "0");
  EXPECT_EQ(engine.answer("SELECT :p.from || ' ' || :p.to", date_range, {"2012-06-01..2012-06-30"}), "2012-06-01 2012-06-30");
}

// Values that come from a query's answer have no declared type, and travel as text.
TEST(ParametersOverTheEngine, CompareTextChoicesWithNumbers) {
  Engine engine;
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, year(date))", ParameterType::enumeration,
                          {"2012", "2013"}, true),
            "1462");
  EXPECT_EQ(engine.answer("SELECT count(*)::INTEGER FROM weather WHERE filter(:p, year(date))", ParameterType::enumeration, {"2012"}),
            "732");
}

}  // namespace
}  // namespace bridge
