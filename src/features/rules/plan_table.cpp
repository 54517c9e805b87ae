#include "features/rules/planner.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr int table_rows = 100;

// "Cost total" is a total cost.
std::string plain_name(const ColumnProfile& column) {
  std::string name = in_sentence(column.label);
  if (name.ends_with(" total")) name = str("total ", name.substr(0, name.size() - 6));
  return name;
}

}  // namespace

void Planner::add_table() {
  for (PlannedRow& row : late_rows_) plan_.layout.push_back(std::move(row));
  add_top_rows();
  const Dimension* dimension = nullptr;
  std::vector<const Dimension*> keys;
  for (const Dimension& asked : question_.asked) {
    if (!asked.ordered() && keys.size() < 2 && (keys.empty() || is_small(asked) || is_small(*keys.front()))) keys.push_back(&asked);
  }
  if (keys.empty() && question_.compare) keys.push_back(&*question_.compare);
  for (const Dimension& other : question_.others) {
    if (keys.empty() && other.distinct && *other.distinct >= 3) keys.push_back(&other);
  }
  if (keys.empty()) return;
  dimension = keys.front();
  Select select{.id = "details", .limit = table_rows, .latest_only = latest_only()};
  for (const Dimension* key : keys) {
    select.keys.push_back(key_of(*key));
    for (const std::string& condition : key->conditions) add_unique(select.conditions, condition);
  }
  const auto add = [&](Measure measure) {
    for (const Measure& present : select.measures) {
      if (present.sql == measure.sql) return;
    }
    if (select.measures.size() < 6) select.measures.push_back(std::move(measure));
  };
  if (!table_.snapshot && !question_.panel) add(count_rows(table_));
  for (const Measure& measure : question_.measures) add(measure);
  for (const Measure& measure : question_.measures) {
    if (!measure.column || measure.aggregate == Aggregate::share || measure.aggregate == Aggregate::distinct || latest_only()) continue;
    add(make_measure(table_, *measure.column, Aggregate::mean));
    if (auto share = make_share(table_, *measure.column); share && !is_narrowed(*measure.column)) add(std::move(*share));
    add(make_measure(table_, *measure.column, far_end(table_.columns[*measure.column])));
  }
  if (is_quote()) {
    const ColumnProfile& column = table_.columns[*lead().column];
    const Measure raw = raw_measure(column);
    const auto add_end = [&](ValueAt which, std::string alias, std::string_view word) {
      auto value = dialect().value_at(which, column.sql, time_->time_sql);
      if (!value) return;
      add({.aggregate = Aggregate::mean,
           .alias = std::move(alias),
           .sql = *std::move(value),
           .label = str(word, " ", in_sentence(column.label)),
           .unit = raw.unit,
           .format = raw.format});
    };
    add_end(ValueAt::earliest, "first_value", "First");
    add_end(ValueAt::latest, "last_value", "Last");
  }
  if (select.measures.size() < 3) {
    for (std::size_t i = 0; i < table_.columns.size() && select.measures.size() < 4; ++i) {
      if (table_.columns[i].role == ColumnRole::measure) add(make_measure(table_, i, Aggregate::none));
    }
  }
  std::size_t lead_at = 1;
  for (std::size_t i = 0; i < select.measures.size(); ++i) {
    if (select.measures[i].sql == lead().sql) lead_at = i + 1;
  }
  select.having = question_.having;
  select.order = {sorted(keys.size() + lead_at, question_.order >= 0)};
  for (std::size_t i = 1; i <= keys.size(); ++i) select.order.push_back(str(i));
  if (!add_query(select)) return;
  PlannedChart chart{.id = "details", .query = "details", .mark = "table", .title = str("All numbers by ", in_sentence(dimension->label))};
  if (keys.size() > 1) chart.title += str(" and ", in_sentence(keys[1]->label));
  if (latest_only()) chart.title += of_year();
  for (const PlannedColumn& column : plan_.queries.back().columns) chart.columns.push_back(column.name);
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "details"}}, .height = 7});
}

// "the best rated movies": the rows themselves, by name.
void Planner::add_top_rows() {
  const bool ranks = sentence_.has(CueKind::order) || sentence_.has(CueKind::best) || question_.top;
  if (!ranks || !question_.asked.empty() || question_.compare || table_.snapshot) return;
  const auto measure = std::find_if(question_.measures.begin(), question_.measures.end(),
                                    [](const Measure& one) { return one.column && one.aggregate != Aggregate::share; });
  const ColumnProfile* name = name_column();
  const bool shown =
      std::any_of(plan_.queries.begin(), plan_.queries.end(), [](const PlannedQuery& query) { return query.id == "top_rows"; });
  // Of one row a day, the days are what is ranked.
  const bool days = !name && question_.panel && time_ && !time_->time_is_year;
  if ((!name && !days) || shown || measure == question_.measures.end() || options_.without.contains("top_rows")) return;
  const ColumnProfile& value = table_.columns[*measure->column];
  const std::string name_sql = days ? dialect().day_of(time_->time_sql) : name->type == "json" ? str(name->sql, " ->> '$'") : name->sql;
  PlannedQuery query{.id = "top_rows"};
  std::vector<std::string> columns;
  std::set<std::string> seen;
  const auto add = [&](const std::string& sql, std::string alias, const PlannedColumn& column) {
    while (!seen.insert(alias).second) alias += "_2";
    columns.push_back(sql == alias ? sql : str(sql, " AS ", alias));
    query.columns.push_back(column);
    query.columns.back().name = alias;
  };
  add(name_sql, days ? "on_day" : make_alias(join(name->words, "_")), {.label = days ? "Day" : name->label});
  const Measure raw = raw_measure(value);
  add(raw.sql, raw.alias, {.label = raw.label, .unit = raw.unit, .format = raw.format, .good = value.good});
  for (const Dimension& other : question_.others) {
    if (columns.size() < 4) add(other.sql, other.alias, {.label = other.label});
  }
  if (!days && time_ && !time_->time_is_year) add(dialect().day_of(time_->time_sql), "on_day", {.label = time_->label});
  query.sql =
      str("SELECT ", join(columns, ",\n       "), "\nFROM ", table_.sql_name, "\n",
          where(base_conditions(), {str(value.sql, " IS NOT NULL")}, false), "ORDER BY ", question_.order < 0 ? "2, 1" : "2 DESC, 1", "\n",
          dialect().limit(static_cast<std::size_t>(question_.top.value_or(table_rows))));
  plan_.queries.push_back(query);
  PlannedChart chart{.id = "top_rows",
                     .query = "top_rows",
                     .mark = "table",
                     .title = str(days ? "Days" : table_.rows_label, " by ", plain_name(value),
                                  question_.order < 0 ? ", the lowest first" : ", the highest first")};
  for (const PlannedColumn& column : query.columns) chart.columns.push_back(column.name);
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "top_rows"}}, .height = 8});
}

// What the things of the rows are called.
const ColumnProfile* Planner::name_column() const {
  for (const ColumnProfile& column : table_.columns) {
    const bool named = !column.words.empty() && (column.words.back() == "name" || column.words.back() == "title");
    if (named && (column.role == ColumnRole::label || column.role == ColumnRole::dimension)) return &column;
  }
  return nullptr;
}

}  // namespace bridge::rules
