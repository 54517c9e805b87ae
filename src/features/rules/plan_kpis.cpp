#include "features/rules/planner.h"

#include <algorithm>

#include "base/text.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::size_t kpis_max = 4;

}  // namespace

void Planner::add_kpis() {
  Select select{.id = "totals", .latest_only = latest_only()};
  const auto add = [&](Measure measure) {
    if (select.measures.size() >= kpis_max) return;
    for (const Measure& present : select.measures) {
      if (present.sql == measure.sql) return;
    }
    select.measures.push_back(std::move(measure));
  };
  const bool events = !table_.snapshot && !question_.panel && (table_.rows_label != "Records" || !lead().column);
  // Two or three values side by side: each gets its number.
  const bool side_by_side = question_.compare && question_.compare_values.size() >= 2 && question_.compare_values.size() <= 3;
  if (side_by_side) {
    const auto share =
        lead().column && lead().aggregate != Aggregate::share && !latest_only() ? make_share(table_, *lead().column) : std::nullopt;
    for (const std::string& value : question_.compare_values) add(measure_of(lead(), value));
    for (const std::string& value : question_.compare_values) {
      if (share) add(measure_of(*share, value));
    }
  }
  for (const Measure& measure : question_.measures) {
    if (select.measures.size() < kpis_max - 1) add(measure);
  }
  for (const Measure& measure : question_.measures) {
    if (!measure.column || measure.aggregate == Aggregate::share) continue;
    if (auto share = make_share(table_, *measure.column); share && !latest_only() && !is_narrowed(*measure.column)) add(std::move(*share));
  }
  if (events && select.measures.size() < kpis_max) {
    Measure rows = count_rows(table_);
    if (std::none_of(select.measures.begin(), select.measures.end(), [&](const Measure& measure) { return measure.sql == rows.sql; })) {
      select.measures.insert(select.measures.begin(), std::move(rows));
    }
  }
  for (const Dimension& dimension : question_.asked) {
    if (dimension.ordered() && !dimension.columns.empty()) add(make_measure(table_, dimension.columns.front(), Aggregate::mean));
  }
  for (const Measure& measure : question_.measures) {
    if (!measure.column || measure.aggregate == Aggregate::share || measure.aggregate == Aggregate::distinct) continue;
    // The other side of the same quantity: what one row has, or how far it goes.
    const ColumnProfile& column = table_.columns[*measure.column];
    if (latest_only() && measure.aggregate == Aggregate::sum) continue;
    if (measure.aggregate == Aggregate::sum) add(make_measure(table_, *measure.column, Aggregate::mean));
    else if (!column.money) add(make_measure(table_, *measure.column, far_end(column)));
  }
  for (const Dimension& dimension : question_.asked) {
    if (select.measures.size() < kpis_max && !dimension.ordered()) add(count_distinct(table_, dimension));
  }
  if (select.measures.size() < kpis_max && question_.other_measure && events) {
    add(*question_.other_measure);
    if (auto share = make_share(table_, *question_.other_measure->column); share && !is_narrowed(*question_.other_measure->column))
      add(std::move(*share));
  }
  for (const Dimension& dimension : question_.others) {
    if (select.measures.size() < 3 && dimension.distinct && *dimension.distinct > 3) add(count_distinct(table_, dimension));
  }
  if (select.measures.empty() || !add_query(select)) return;
  const PlannedQuery query = plan_.queries.back();
  PlannedRow row{.height = compares_periods() ? 3 : 2};
  const int width = query.columns.size() >= 4 ? 3 : 12 / static_cast<int>(std::max<std::size_t>(1, query.columns.size()));
  for (const PlannedColumn& column : query.columns) {
    PlannedChart chart{.id = str("kpi_", column.name), .query = query.id, .mark = "kpi", .title = column.label, .y = {column.name}};
    chart.compare = compares_periods();
    if (latest_only() && time_) chart.title += of_year();
    if (add_chart(chart)) row.items.push_back({.chart = plan_.charts.back().id, .width = width});
  }
  if (!row.items.empty()) plan_.layout.push_back(std::move(row));
}

bool Planner::compares_periods() const {
  return question_.window_asked && !question_.periods_compared && time_ && time_->first_day && from_ && to_ &&
         *time_->first_day <= *from_ - (*to_ - *from_ + 1) && !latest_only();
}

// The same for one value of what is compared.
Measure Planner::measure_of(const Measure& asked, const std::string& value) const {
  Measure measure = asked;
  const std::string is_value = str(question_.compare->sql, " = ", dialect().text_literal(value));
  if (measure.sql == "count(*)") {
    measure.sql = str("count(CASE WHEN ", is_value, " THEN 1 END)");
  } else if (measure.aggregate == Aggregate::share) {
    measure.sql = replace_all(measure.sql, "CASE WHEN ", str("CASE WHEN NOT (", is_value, ") THEN NULL WHEN "));
  } else {
    const std::string& column = table_.columns[*measure.column].sql;
    measure.sql = replace_all(measure.sql, str("(", column, ")"), str("(CASE WHEN ", is_value, " THEN ", column, " END)"));
  }
  measure.label = str(capitalised(shortened(value, 40)), ": ", in_sentence(measure.label));
  measure.alias = make_alias(str(value, "_", asked.alias));
  return measure;
}

// How far a quantity goes: of a lowest temperature, down.
Aggregate Planner::far_end(const ColumnProfile& column) {
  const bool least = std::find(column.words.begin(), column.words.end(), "min") != column.words.end();
  return least ? Aggregate::minimum : Aggregate::maximum;
}

// Whether the sentence already leaves out rows by this column: a share of "late" among the late says nothing.
bool Planner::is_narrowed(std::size_t column) const {
  return std::any_of(question_.conditions.begin(), question_.conditions.end(),
                     [&](const std::string& condition) { return condition.starts_with(str(table_.columns[column].sql, " ")); });
}

}  // namespace bridge::rules
