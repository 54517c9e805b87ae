#include "features/rules/planner.h"

#include "base/text.h"
#include "features/rules/plan_limits.h"

namespace bridge::rules {

void Planner::add_relation() {
  const auto [x_column, y_column] = *question_.relation;
  const ColumnProfile& x = table_.columns[x_column];
  const ColumnProfile& y = table_.columns[y_column];
  const std::string title = str(y.label, " against ", in_sentence(x.label));
  const bool points = latest_only() || table_.row_count <= points_max;
  Select select{.id = "relation", .latest_only = latest_only()};
  const Dimension* each = thing_dimension();
  std::optional<Dimension> color;
  if (led_by("scatter")) {
    // Its points stand there already.
  } else if (points) {
    // Every row is a point.
    if (each) select.keys.push_back(key_of(*each));
    for (const Dimension& dimension : question_.others) {
      if (!color && dimension.distinct && *dimension.distinct <= series_max && (!each || dimension.sql != each->sql)) color = dimension;
    }
    if (color) select.keys.push_back(key_of(*color));
    std::vector<const ColumnProfile*> values{&x, &y};
    bool size = false;
    for (const ColumnProfile& column : table_.columns) {
      if (size || !latest_only() || column.role != ColumnRole::measure || !column.additive || &column == &x || &column == &y) continue;
      values.push_back(&column);
      size = true;
    }
    if (!add_raw("relation", select.keys, values, {})) return;
    const PlannedQuery& query = plan_.queries.back();
    const std::size_t first = select.keys.size();
    PlannedChart chart{.id = "relation",
                       .query = "relation",
                       .mark = "scatter",
                       .title = title,
                       .x = query.columns[first].name,
                       .y = {query.columns[first + 1].name}};
    if (color) chart.color = query.columns[first - 1].name;
    if (size) chart.size = query.columns[first + 2].name;
    chart.description = latest_only()
                            ? str("One point is one ", each ? in_sentence(each->label) : "row", " in the latest year of the period.")
                            : "One point is one row.";
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "relation"}}, .height = 8});
  } else if (each) {
    add_group_scatter(*each, x_column, y_column);
  }
  // The same as a line: the average of one for bands of the other.
  add_bands(make_bands(table_, x_column), make_measure(table_, y_column, Aggregate::mean), "relation_bands");
}

void Planner::add_group_scatter(const Dimension& each, std::size_t x_column, std::size_t y_column) {
  const Measure x = make_measure(table_, x_column, Aggregate::mean);
  const Measure y = make_measure(table_, y_column, Aggregate::mean);
  Select select{.id = "scatter",
                .keys = {key_of(each)},
                .measures = {x, y, count_rows(table_)},
                .conditions = each.conditions,
                .order = {"4 DESC", "1"},
                .limit = groups_in_scatter_max};
  if (!add_query(select)) return;
  PlannedChart chart{.id = "scatter",
                     .query = "scatter",
                     .mark = "scatter",
                     .title = str(y.label, " against ", in_sentence(x.label), ", by ", in_sentence(each.label)),
                     .x = column_at(1),
                     .y = {column_at(2)}};
  chart.size = column_at(3);
  chart.description =
      str("One point is one ", in_sentence(each.label), "; its size is the number of ", in_sentence(table_.rows_label), ".");
  if (each.distinct.value_or(0) > groups_in_scatter_max)
    chart.description += str(" The ", groups_in_scatter_max, " with the most ", in_sentence(table_.rows_label), " are shown.");
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "scatter"}}, .height = 7});
}

// An average over bands, and how many rows stand behind each.
void Planner::add_bands(const Dimension& bands, const Measure& measure, const std::string& id) {
  const Measure rows = count_rows(table_);
  const bool both = measure.sql != rows.sql && !latest_only();
  const bool line = measure.sql != rows.sql;
  Select select{.id = id,
                .keys = {key_of(bands)},
                .measures = {measure},
                .conditions = bands.conditions,
                .order = {"1"},
                .latest_only = latest_only()};
  if (both) select.measures.push_back(rows);
  if (!add_query(select)) return;
  PlannedRow row{.height = 6};
  PlannedChart chart{.id = id,
                     .query = id,
                     .mark = line ? "line" : "bar",
                     .title = str(measure.label, " by ", in_sentence(bands.label)),
                     .x = column_at(0),
                     .y = {column_at(1)}};
  chart.description = "Each band is named by where it begins.";
  const int width = both ? 7 : 12;
  if (add_chart(chart)) row.items.push_back({.chart = id, .width = width});
  if (both) {
    PlannedChart count{.id = str(id, "_rows"),
                       .query = id,
                       .mark = "bar",
                       .title = str(rows.label, " by ", in_sentence(bands.label)),
                       .x = column_at(0),
                       .y = {column_at(2)}};
    if (add_chart(count)) row.items.push_back({.chart = count.id, .width = 12 - width});
  }
  if (row.items.size() == 1) row.items.front().width = 12;
  if (!row.items.empty()) plan_.layout.push_back(std::move(row));
}

void Planner::add_two_measures(const Dimension& dimension) {
  Select select{.id = "together",
                .keys = {key_of(dimension)},
                .measures = {question_.measures[0], question_.measures[1], count_rows(table_)},
                .conditions = dimension.conditions,
                .order = {sorted(2, true), "1"},
                .limit = 200,
                .latest_only = latest_only()};
  if (!add_query(select)) return;
  PlannedChart chart{.id = "together",
                     .query = "together",
                     .mark = "scatter",
                     .title = str(question_.measures[1].label, " against ", in_sentence(question_.measures[0].label)),
                     .x = column_at(1),
                     .y = {column_at(2)}};
  chart.size = column_at(3);
  chart.description =
      str("One point is one ", in_sentence(dimension.label), "; its size is the number of ", in_sentence(table_.rows_label), ".");
  if (add_chart(chart)) late_rows_.push_back({.items = {{.chart = "together"}}, .height = 7});
}

// The dimension whose values are the things that a point can stand for.
const Dimension* Planner::thing_dimension() const {
  const Dimension* best = nullptr;
  for (const auto* list : {&question_.asked, &question_.others}) {
    for (const Dimension& dimension : *list) {
      if (dimension.ordered() || !dimension.distinct || *dimension.distinct < 10 || *dimension.distinct > points_max) continue;
      if (!best || (best->distinct && *dimension.distinct > *best->distinct && list == &question_.others)) best = &dimension;
    }
  }
  return best;
}

}  // namespace bridge::rules
