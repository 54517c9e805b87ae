#include "features/rules/reading_query.h"

#include "base/text.h"
#include "features/rules/filters.h"
#include "features/rules/measures.h"

namespace bridge::rules {

namespace {

constexpr std::string_view value_alias = "value";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) { return std::ranges::find(all, text) != all.end(); }

std::optional<std::size_t> find_column(const TableProfile& table, std::string_view name) {
  const auto found = std::ranges::find(table.columns, name, &ColumnProfile::name);
  return found == table.columns.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - table.columns.begin()));
}

std::optional<Aggregate> aggregate_named(std::string_view name) {
  if (name == "count") return Aggregate::count;
  if (name == "sum") return Aggregate::sum;
  if (name == "mean") return Aggregate::mean;
  if (name == "median") return Aggregate::median;
  if (name == "min") return Aggregate::minimum;
  if (name == "max") return Aggregate::maximum;
  return std::nullopt;
}

// What has to stay apart so that the chart can put the unit together: of the hours of a day every hour, of weekdays and months every day.
std::optional<TimeUnit> unit_named(std::string_view name) {
  if (name == "hour_of_day") return TimeUnit::hour;
  if (is_one_of(name, {"day_of_week", "month_of_year"})) return TimeUnit::day;
  for (const TimeUnit unit : {TimeUnit::hour, TimeUnit::day, TimeUnit::week, TimeUnit::month, TimeUnit::quarter, TimeUnit::year}) {
    if (unit_name(unit) == name) return unit;
  }
  return std::nullopt;
}
bool is_put_together(std::string_view unit) { return is_one_of(unit, {"hour_of_day", "day_of_week", "month_of_year"}); }

std::optional<std::string> measure_sql(const ChartSuggestion& reading, const TableProfile& table) {
  const auto aggregate = aggregate_named(reading.aggregate.value_or(""));
  if (!aggregate) return std::nullopt;
  const std::optional<std::string>& name = reading.mark == "heatmap" ? reading.value : reading.y;
  if (!name) return *aggregate == Aggregate::count ? std::optional(count_rows(table).sql) : std::nullopt;
  const auto column = find_column(table, *name);
  if (!column) return std::nullopt;
  if (*aggregate == Aggregate::count) return str("count(", table.columns[*column].sql, ")");
  const Measure measure = make_measure(table, *column, *aggregate);
  return measure.aggregate == *aggregate ? std::optional(measure.sql) : std::nullopt;
}

std::vector<std::string> sides_of(const ChartSuggestion& reading) {
  std::vector<std::string> sides;
  for (const std::optional<std::string>& side : {reading.x, reading.mark == "heatmap" ? reading.y : std::nullopt, reading.color}) {
    if (side && std::ranges::find(sides, *side) == sides.end()) sides.push_back(*side);
  }
  return sides;
}

std::optional<std::string> side_sql(const ChartSuggestion& reading, const TableProfile& table, const std::string& name) {
  const auto index = find_column(table, name);
  if (!index) return std::nullopt;
  const ColumnProfile& column = table.columns[*index];
  if (name != reading.x || !reading.time_unit) return column.role == ColumnRole::time && column.time_is_text ? column.time_sql : column.sql;
  const auto unit = unit_named(*reading.time_unit);
  if (!unit || column.time_sql.empty()) return std::nullopt;
  return table.dialect->truncate(column.time_sql, *unit);
}

std::optional<std::string> condition_sql(const SuggestedFilter& suggested, const TableProfile& table) {
  const auto column = find_column(table, suggested.field);
  if (!column) return std::nullopt;
  Filter filter{.column = *column, .values = suggested.values};
  const bool is_single = suggested.values.size() == 1;
  const std::string first = is_single ? suggested.values.front() : "";
  if (is_one_of(suggested.op, {"=", "in"}) && !suggested.values.empty()) {
    filter.kind = FilterKind::in;
    if (is_flag(table.columns[*column]) && first == "true") filter.kind = FilterKind::is_true;
    if (is_flag(table.columns[*column]) && first == "false") filter.kind = FilterKind::is_false;
  } else if (suggested.op == "<>" && !suggested.values.empty()) {
    filter.kind = FilterKind::not_in;
  } else if (suggested.op == "is null") {
    filter.kind = FilterKind::is_null;
  } else if (is_one_of(suggested.op, {">", ">=", "<", "<="})) {
    double bound = 0;
    const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), bound);
    if (first.empty() || error != std::errc() || end != first.data() + first.size()) return std::nullopt;
    filter.kind = FilterKind::range;
    (suggested.op.starts_with('>') ? filter.low_operator : filter.high_operator) = suggested.op;
    (suggested.op.starts_with('>') ? filter.low : filter.high) = bound;
  } else {
    return std::nullopt;
  }
  return filter_sql(table, filter);
}

bool may_be_taken(const ChartSuggestion& reading) {
  const bool is_grouped = is_one_of(reading.mark, {"bar", "stacked_bar", "grouped_bar", "line", "area", "pie", "donut", "heatmap", "kpi"});
  if (!is_grouped || reading.bin || reading.bin_width) return false;
  if (reading.mark != "kpi" && !reading.x) return false;
  if (reading.mark == "heatmap" && !reading.y) return false;
  // A mean of means is not the mean.
  const bool adds_up = is_one_of(reading.aggregate.value_or(""), {"count", "sum", "min", "max"});
  return !reading.time_unit || !is_put_together(*reading.time_unit) || adds_up;
}

}  // namespace

std::optional<std::string> reading_query(const ChartSuggestion& reading, const TableProfile& table,
                                         const std::vector<std::string>& conditions) {
  const SqlDialect& dialect = *table.dialect;
  const auto measure = measure_sql(reading, table);
  if (!measure || !may_be_taken(reading)) return std::nullopt;
  std::vector<std::string> selected, places, order;
  for (const std::string& side : sides_of(reading)) {
    const auto sql = side_sql(reading, table, side);
    if (!sql || side == value_alias) return std::nullopt;
    selected.push_back(str(*sql, " AS ", dialect.identifier(side)));
    places.push_back(str(places.size() + 1));
    order.push_back(dialect.sort_key(places.back(), SortDirection::ascending));
  }
  selected.push_back(str(*measure, " AS ", dialect.identifier(value_alias)));
  std::vector<std::string> where;
  for (const SuggestedFilter& filter : reading.filters) {
    auto condition = condition_sql(filter, table);
    if (!condition) return std::nullopt;
    where.push_back(*std::move(condition));
  }
  where.insert(where.end(), conditions.begin(), conditions.end());

  std::string sql = str("SELECT ", join(selected, ", "), "\nFROM ", table.sql_name);
  if (!where.empty()) sql += str("\nWHERE ", join(where, " AND "));
  if (places.empty()) return sql;
  sql += str("\nGROUP BY ", join(places, ", "));
  const std::string sort = reading.sort.value_or("");
  if (!reading.limit || places.size() != 1 || !sort.ends_with("y")) return str(sql, "\nORDER BY ", join(order, ", "));
  const SortDirection direction = sort.starts_with('-') ? SortDirection::descending : SortDirection::ascending;
  return str(sql, "\nORDER BY ", dialect.sort_key("2", direction), ", 1\n",
             dialect.limit(static_cast<std::size_t>(std::max(*reading.limit, 0))));
}

}  // namespace bridge::rules
