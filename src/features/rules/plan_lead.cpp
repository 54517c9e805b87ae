#include "features/rules/planner.h"

#include <algorithm>

#include "base/text.h"
#include "features/rules/plan_limits.h"

namespace bridge::rules {

// Two stretches of time, in their order.
void Planner::add_stretches() {
  if (!question_.periods_compared) return;
  const Dimension& stretch = *question_.compare;
  const Measure& measure = lead();
  if (!question_.asked.empty() && !question_.asked.front().ordered()) {
    if (const std::string chart = add_split_bar("by_both", question_.asked.front(), stretch, measure, bars_max); !chart.empty()) {
      // Two stretches are no parts of a whole.
      if (plan_.charts.back().mark == "stacked_bar") plan_.charts.back().mark = "grouped_bar";
      plan_.layout.push_back({.items = {{.chart = chart}}, .height = 7});
    }
    return;
  }
  Select select{.id = "by_stretch", .keys = {key_of(stretch)}, .measures = {measure}, .order = {str("min(", time_->time_sql, ")")}};
  if (!add_query(select)) return;
  if (add_chart({.id = "by_stretch",
                 .query = "by_stretch",
                 .mark = "bar",
                 .title = str(measure.label, " by period"),
                 .x = column_at(0),
                 .y = {column_at(1)}}))
    plan_.layout.push_back({.items = {{.chart = "by_stretch"}}, .height = 6});
}

void Planner::add_lead() {
  add_stretches();
  if (question_.relation) add_relation();
  else if (question_.part == TimePart::none && question_.grain == Grain::none && question_.measure_asked) add_top_rows();
  if (question_.distribution) add_distribution(*question_.distribution);
  if (question_.mark == MarkWord::box && !led_by("box")) add_box();
  if (question_.mark == MarkWord::map) add_map();
  if (question_.mark == MarkWord::heatmap && !led_by("heatmap")) add_heatmap();
}

void Planner::add_distribution(std::size_t column) {
  const Dimension bands = make_bands(table_, column);
  Select select{
      .id = "distribution", .keys = {key_of(bands)}, .measures = {count_rows(table_)}, .conditions = bands.conditions, .order = {"1"}};
  if (!add_query(select)) return;
  PlannedChart chart{.id = "distribution",
                     .query = "distribution",
                     .mark = "bar",
                     .title = str(table_.rows_label, " by ", in_sentence(bands.label)),
                     .x = column_at(0),
                     .y = {column_at(1)}};
  chart.description = bands.conditions.size() > 1 ? "Each band is named by where it begins; the far tail is left out."
                                                  : "Each band is named by where it begins.";
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "distribution"}}, .height = 7});
}

void Planner::add_box() {
  const Dimension* group = nullptr;
  for (const auto* list : {&question_.asked, &question_.others}) {
    for (const Dimension& dimension : *list) {
      if (!group && !dimension.ordered()) group = &dimension;
    }
  }
  const auto measure =
      std::find_if(question_.measures.begin(), question_.measures.end(), [](const Measure& one) { return one.column.has_value(); });
  // Of a large table the first rows would be a wrong picture.
  if (!group || measure == question_.measures.end() || table_.row_count > points_max) return;
  const ColumnProfile& value = table_.columns[*measure->column];
  if (!add_raw("spread", {key_of(*group)}, {&value}, group->conditions)) return;
  if (add_chart({.id = "spread",
                 .query = "spread",
                 .mark = "box",
                 .title = str(value.label, " by ", in_sentence(group->label)),
                 .x = column_at(0),
                 .y = {column_at(1)}}))
    plan_.layout.push_back({.items = {{.chart = "spread"}}, .height = 7});
}

void Planner::add_map() {
  const ColumnProfile* latitude = nullptr;
  const ColumnProfile* longitude = nullptr;
  for (const ColumnProfile& column : table_.columns) {
    if (column.role == ColumnRole::geography) (spelled_out(column.words.back()) == "latitude" ? latitude : longitude) = &column;
  }
  if (!latitude || !longitude || !add_raw("places", {}, {longitude, latitude}, {})) return;
  PlannedChart chart{.id = "places",
                     .query = "places",
                     .mark = "map",
                     .title = str(table_.rows_label, " on a map"),
                     .x = column_at(0),
                     .y = {column_at(1)}};
  if (table_.row_count > points_max) chart.description = str("The first ", points_max, " places from the west.");
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "places"}}, .height = 9});
}

void Planner::add_heatmap() {
  std::vector<const Dimension*> sides;
  for (const auto* list : {&question_.asked, &question_.others}) {
    for (const Dimension& dimension : *list) {
      if (sides.size() < 2) sides.push_back(&dimension);
    }
  }
  if (sides.size() < 2) return;
  Select select{.id = "matrix",
                .keys = {key_of(*sides[0]), key_of(*sides[1])},
                .measures = {lead()},
                .conditions = sides[0]->conditions,
                .order = {"1", "2"},
                .latest_only = latest_only()};
  for (const std::string& condition : sides[1]->conditions) add_unique(select.conditions, condition);
  for (const Dimension* side : sides) {
    if (!side->ordered() && side->distinct && *side->distinct > 30) select.conditions.push_back(top_of_latest(*side, bars_max));
  }
  if (!add_query(select)) return;
  PlannedChart chart{.id = "matrix",
                     .query = "matrix",
                     .mark = "heatmap",
                     .title = str(lead().label, " by ", in_sentence(sides[0]->label), " and ", in_sentence(sides[1]->label)),
                     .x = column_at(0),
                     .y = {column_at(1)},
                     .color = column_at(2)};
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "matrix"}}, .height = 8});
}

}  // namespace bridge::rules
