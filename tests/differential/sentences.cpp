#include "sentences.h"

#include <stdexcept>

#include "base/text.h"
#include "features/dashboard_compiler/parameters.h"
#include "features/rules/match.h"

namespace bridge::differential {

namespace {

// The table as get_table_schema shows it to the rules.
json::object read_schema(const Engine& engine, std::string_view name) {
  const std::vector<std::string> names{std::string(name)};
  const auto tables = engine.warehouse->describe_tables({}, engine.dataset, names);
  if (!tables || tables->empty()) throw std::runtime_error(str("no table ", name, " in ", engine.name));
  const auto statistics = engine.warehouse->column_statistics({}, engine.dataset, name, {});
  if (!statistics) throw std::runtime_error(describe_error(statistics.error()));
  json::object schema = to_json(tables->front()).as_object();
  schema["table"] = name;
  schema["dialect"] = engine.dialect().name();
  for (json::value& column : schema.at("columns").as_array()) {
    const auto known = std::ranges::find(*statistics, std::string(column.at("name").as_string()), &ColumnStatistics::column);
    if (known != statistics->end()) column.as_object()["statistics"] = to_json(*known);
  }
  return schema;
}

const json::object& schema_of(const Engine& engine, std::string_view name) {
  static std::map<std::pair<std::string, std::string_view>, json::object> known;
  const auto [found, is_new] = known.try_emplace({engine.name, name});
  if (is_new) found->second = read_schema(engine, name);
  return found->second;
}

}  // namespace

std::vector<Sentence> sentences() {
  return {
      {"amount by region", "sales"},
      {"average amount by channel", "sales"},
      {"amount by month", "sales"},
      {"number of sales by day of the week", "sales"},
      {"sales per hour of the day", "sales"},
      {"amount by week", "sales"},
      {"amount by quarter", "sales"},
      {"amount by year", "sales"},
      {"share of returned sales by month", "sales"},
      {"share of amount by region", "sales"},
      {"running total of amount by month", "sales"},
      {"growth of amount by month", "sales"},
      {"7 day moving average of amount", "sales"},
      {"Which products have the highest amount, and when?", "sales"},
      {"amount on weekends", "sales"},
      {"amount in winter", "sales"},
      {"top 3 products within each region", "sales"},
      {"top 5 products by amount", "sales"},
      {"lowest rating by product", "sales"},
      {"average quantity by region and channel", "sales"},
      {"amount by month and region", "sales"},
      {"distribution of weight", "sales"},
      {"weight against rating", "sales"},
      {"amount in 2021", "sales"},
      {"amount by day in march 2021", "sales"},
      {"returned sales by product", "sales"},
      {"sales above 100 by region", "sales"},
      {"number of distinct products by region", "sales"},
      {"sales of lamps and chairs by month", "sales"},
      {"sales shipped in december 2021 by channel", "sales"},
      {"average rating of sofas on the web", "sales"},
      {"sales", "sales"},
      {"life expectancy by country", "countries"},
      {"life expectancy over the years", "countries"},
      {"average life expectancy by continent", "countries"},
      {"population by continent", "countries"},
      {"top 10 countries by population", "countries"},
      {"life expectancy against income", "countries"},
      {"life expectancy in 2000", "countries"},
      {"share of population by continent", "countries"},
      {"countries with the lowest life expectancy", "countries"},
      {"visits by month", "visits"},
      {"average spent by kind", "visits"},
      {"minutes by museum and kind", "visits"},
      {"total spent by museum in 2020", "visits"},
      {"median amount by region", "sales"},
      {"90th percentile of amount by product", "sales"},
      {"standard deviation of weight by channel", "sales"},
  };
}

rules::Plan plan_of(const Engine& engine, const Sentence& sentence) {
  const rules::TableProfile table = rules::make_table_profile(schema_of(engine, sentence.table));
  const rules::Sentence read = rules::parse_sentence(sentence.text);
  return rules::make_plan(rules::make_question(read, rules::match_table(read, table)), read, {.connection = "demo"});
}

Result<BoundQuery> bind_planned(const Engine& engine, const rules::Plan& plan, const rules::PlannedQuery& query, Period period) {
  std::vector<DocumentParameter> parameters;
  ParameterValues values;
  for (const rules::PlannedParameter& planned : plan.params) {
    const bool is_period = planned.type == "date_range";
    parameters.push_back({.name = planned.name, .type = is_period ? ParameterType::date_range : ParameterType::enumeration});
    if (is_period && period == Period::some_days)
      values[planned.name] = {.all = false, .range = {bridge::parse_day("2021-03-01"), bridge::parse_day("2021-12-31")}};
  }
  return TRY(bind_sql(scan_sql(query.sql, engine.dialect().lexical_rules()), parameters, values, engine.dialect())).query;
}

}  // namespace bridge::differential
