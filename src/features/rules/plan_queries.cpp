#include "features/rules/planner.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "features/rules/plan_limits.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

std::vector<std::string> numbers(std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i <= count; ++i) out.push_back(str(i));
  return out;
}

}  // namespace

Planner::Key Planner::key_of(const Dimension& dimension) {
  return {dimension.sql, dimension.alias, dimension.label, dimension.order_sql, dimension.keys, dimension.unit};
}

Planner::Key Planner::time_key() const { return {bucket_sql(*time_, grain_), time_alias(), capitalised(name_of(grain_)), "", {}, ""}; }

std::string Planner::time_alias() const { return str(name_of(grain_), grain_ == Grain::year && time_->time_is_year ? "_value" : "_start"); }

Measure Planner::raw_measure(const ColumnProfile& column) {
  return {.aggregate = Aggregate::none,
          .alias = make_alias(join(column.words, "_")),
          .sql = column.sql,
          .label = column.label,
          .unit = column.unit,
          .format = number_format(column, Aggregate::mean)};
}

void Planner::make_aliases_unique(Select& select) {
  std::set<std::string> seen;
  const auto take = [&](std::string& alias) {
    const std::string base = alias;
    for (int number = 2; !seen.insert(alias).second; ++number) alias = str(base, "_", number);
  };
  for (Key& key : select.keys) take(key.alias);
  for (Measure& measure : select.measures) take(measure.alias);
}

void Planner::add_unique(std::vector<std::string>& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

std::vector<std::string> Planner::base_conditions() const {
  std::vector<std::string> conditions;
  if (has_period_) conditions.push_back(str("filter(:period, ", time_->time_sql, ")"));
  for (const auto& [name, sql] : filters_) conditions.push_back(str("filter(:", name, ", ", sql, ")"));
  for (const std::string& condition : question_.conditions) conditions.push_back(condition);
  for (const std::string& condition : fixed_) conditions.push_back(condition);
  return conditions;
}

std::string Planner::where(std::vector<std::string> conditions, const std::vector<std::string>& more, bool latest_only,
                           std::string_view indent) const {
  for (const std::string& condition : more) add_unique(conditions, condition);
  if (latest_only && time_) {
    std::vector<std::string> inner = base_conditions();
    conditions.push_back(str(time_->sql, " = (SELECT max(", time_->sql, ") FROM ", table_.sql_name, inner.empty() ? "" : " WHERE ",
                             join(inner, " AND "), ")"));
  }
  if (conditions.empty()) return "";
  return str(indent, "WHERE ", join(conditions, str("\n", indent, "  AND ")), "\n");
}

// A condition that keeps the rows of the largest values.
std::string Planner::top_values(const Dimension& dimension, int count) const {
  const std::vector<std::string> keys = dimension.keys.empty() ? std::vector<std::string>{dimension.sql} : dimension.keys;
  const std::string tuple = keys.size() > 1 ? str("(", join(keys, ", "), ")") : keys.front();
  std::vector<std::string> conditions = base_conditions();
  for (const std::string& condition : dimension.conditions) add_unique(conditions, condition);
  const bool by_sum = lead().adds_up && lead().column;
  // Of a table of counts a row is no thing: the largest are those with the largest sum.
  const bool by_other = !by_sum && table_.snapshot && question_.other_measure && question_.other_measure->adds_up;
  return str(tuple, " IN (\n    SELECT ", join(keys, ", "), "\n    FROM ", table_.sql_name, "\n",
             conditions.empty() ? "" : str("    WHERE ", join(conditions, " AND "), "\n"), "    GROUP BY ",
             join(numbers(keys.size()), ", "), "\n    ORDER BY ",
             by_sum     ? lead().sql
             : by_other ? question_.other_measure->sql
                        : "count(*)",
             " DESC, ", join(numbers(keys.size()), ", "), "\n    ", dialect().limit(static_cast<std::size_t>(count)), "\n  )");
}

std::string Planner::top_of_latest(const Dimension& dimension, int count) const {
  if (!latest_only()) return top_values(dimension, count);
  std::vector<std::string> conditions = base_conditions();
  std::vector<std::string> inner = conditions;
  conditions.push_back(str(time_->sql, " = (SELECT max(", time_->sql, ") FROM ", table_.sql_name, inner.empty() ? "" : " WHERE ",
                           join(inner, " AND "), ")"));
  return str(dimension.sql, " IN (\n    SELECT ", dimension.sql, "\n    FROM ", table_.sql_name, "\n    WHERE ", join(conditions, " AND "),
             "\n    GROUP BY 1\n    ORDER BY ", lead().sql, " DESC, 1\n    ", dialect().limit(static_cast<std::size_t>(count)), "\n  )");
}

// In a ranking, a group of a few rows says nothing of an average. The least that counts is a part of all rows that are shown, so small
// that the largest group always has it: a ranking is never emptied, whatever the reader filters. small_groups_text says which part.
std::string Planner::least_rows(const Dimension& dimension, const Measure& measure) {
  least_part_ = 0;
  const bool averages =
      measure.aggregate == Aggregate::mean || measure.aggregate == Aggregate::median || measure.aggregate == Aggregate::share;
  const bool ranks = question_.top || sentence_.has(CueKind::order) || sentence_.has(CueKind::best);
  if (!averages || !ranks || !dimension.distinct || *dimension.distinct < 8 || table_.snapshot || question_.panel) return "";
  const auto groups = static_cast<double>(*dimension.distinct);
  if (static_cast<double>(table_.row_count) < groups * group_part_least) return "";
  const bool gaps = measure.column && table_.columns[*measure.column].null_fraction > 0.02;
  const std::string count = str("count(", gaps ? table_.columns[*measure.column].sql : "*", ")");
  least_part_ = static_cast<std::int64_t>(std::max(nice_number(groups * group_part_least), groups));
  return str(count, " >= (\n    SELECT ", dialect().ratio(count, str(least_part_)), "\n    FROM ", table_.sql_name, "\n",
             where(base_conditions(), dimension.conditions, false, "    "), "  )");
}

std::string Planner::small_groups_text() const {
  return least_part_ == 0 ? ""
                          : str("Groups with fewer than one in ", format_count(static_cast<std::uint64_t>(least_part_)), " of the ",
                                in_sentence(table_.rows_label), " shown have no place in the ranking.");
}

std::string Planner::sql_of(const Select& select) const {
  std::vector<std::string> columns;
  std::vector<std::string> groups;
  for (const Key& key : select.keys) {
    columns.push_back(key.sql == key.alias ? key.sql : str(key.sql, " AS ", key.alias));
    if (key.group.empty()) groups.push_back(str(columns.size()));
    for (const std::string& part : key.group) groups.push_back(part);
    if (!key.order_sql.empty() && key.order_sql != "1") groups.push_back(key.order_sql);
  }
  for (const Measure& measure : select.measures)
    columns.push_back(measure.sql == measure.alias ? measure.sql : str(measure.sql, " AS ", measure.alias));
  std::size_t width = 0;
  for (const std::string& column : columns) width += column.size() + 2;
  std::string sql = str("SELECT ", join(columns, width > 100 ? ",\n       " : ", "), "\nFROM ", table_.sql_name, "\n");
  sql += where(base_conditions(), select.conditions, select.latest_only);
  if (!groups.empty()) sql += str("GROUP BY ", join(groups, ", "), "\n");
  if (!select.having.empty()) sql += str("HAVING ", select.having, "\n");
  if (!select.order.empty()) sql += str("ORDER BY ", join(select.order, ", "), "\n");
  if (select.limit) sql += str(dialect().limit(static_cast<std::size_t>(*select.limit)), "\n");
  sql.pop_back();
  return sql;
}

bool Planner::add_query(Select select) {
  const bool taken =
      std::any_of(plan_.queries.begin(), plan_.queries.end(), [&](const PlannedQuery& query) { return query.id == select.id; });
  if (taken || options_.without.contains(select.id)) return false;
  make_aliases_unique(select);
  PlannedQuery query{.id = select.id, .sql = sql_of(select)};
  for (const Key& key : select.keys) query.columns.push_back({.name = key.alias, .label = key.label, .unit = key.unit});
  for (const Measure& measure : select.measures)
    query.columns.push_back({measure.alias, measure.label, measure.unit, measure.format, measure.good});
  for (const Key& key : select.keys) query.selects += str(key.sql, ", ");
  for (const Measure& measure : select.measures) query.selects += str(measure.sql, ", ");
  plan_.queries.push_back(std::move(query));
  return true;
}

// Rows as they are, for marks that work on single values; not more than a picture can show.
bool Planner::add_raw(const std::string& id, const std::vector<Key>& keys, const std::vector<const ColumnProfile*>& values,
                      const std::vector<std::string>& more) {
  if (options_.without.contains(id)) return false;
  Select select{.id = id, .keys = keys};
  for (const ColumnProfile* value : values) select.measures.push_back(raw_measure(*value));
  make_aliases_unique(select);
  PlannedQuery query{.id = id};
  std::vector<std::string> columns;
  const auto add = [&](const std::string& sql, const std::string& alias) {
    columns.push_back(sql == alias ? sql : str(sql, " AS ", alias));
  };
  for (const Key& key : select.keys) {
    add(key.sql, key.alias);
    query.columns.push_back({.name = key.alias, .label = key.label});
  }
  for (const Measure& measure : select.measures) {
    add(measure.sql, measure.alias);
    query.columns.push_back({measure.alias, measure.label, measure.unit, measure.format, measure.good});
  }
  std::vector<std::string> conditions = more;
  for (const ColumnProfile* value : values) add_unique(conditions, str(value->sql, " IS NOT NULL"));
  query.sql = str("SELECT ", join(columns, ", "), "\nFROM ", table_.sql_name, "\n", where(base_conditions(), conditions, latest_only()),
                  "ORDER BY ", join(numbers(columns.size()), ", "), "\n", dialect().limit(points_max));
  plan_.queries.push_back(std::move(query));
  return true;
}

bool Planner::add_chart(PlannedChart chart) {
  if (options_.without.contains(chart.id)) return false;
  // What the reading shows already is not shown again.
  if (read_ && chart.mark != "kpi" && chart.mark != "table") {
    const auto query =
        std::find_if(plan_.queries.begin(), plan_.queries.end(), [&](const PlannedQuery& one) { return one.id == chart.query; });
    if (query != plan_.queries.end() && query->selects == read_selects_) return false;
  }
  plan_.charts.push_back(std::move(chart));
  return true;
}

}  // namespace bridge::rules
