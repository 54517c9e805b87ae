#include "features/rules/planner.h"

#include <utility>

#include "base/text.h"
#include "features/rules/plan_limits.h"

namespace bridge::rules {

void Planner::add_times() {
  if (times_added_ || !time_ || time_->time_is_year || table_.snapshot || question_.relation) return;
  times_added_ = true;
  const Measure& measure = time_measure();
  const TimePart part = question_.part;
  const bool asked = question_.when || part != TimePart::none;
  PlannedRow row{.height = 6};
  const auto add_part = [&](TimePart wanted, const std::string& id) {
    const Dimension dimension = make_time_part(*time_, wanted);
    std::string chart = question_.compare ? add_split_bar(id, dimension, *question_.compare, part_measure(measure), bars_max)
                                          : add_part_bar(id, dimension, part_measure(measure));
    if (!chart.empty()) row.items.push_back({.chart = chart, .width = 6});
  };
  const auto place = [&] {
    for (PlannedItem& item : row.items) item.width = 12 / static_cast<int>(row.items.size());
    if (!row.items.empty()) plan_.layout.push_back(std::exchange(row, {.height = 6}));
  };
  // The part that is asked for stands alone and first.
  if (part == TimePart::month && (span_days_ >= 60 || span_days_ == 0)) add_part(TimePart::month, "by_month_of_year");
  if (part == TimePart::weekday) add_part(TimePart::weekday, "by_weekday");
  if (part == TimePart::hour && time_->has_time_of_day) add_part(TimePart::hour, "by_hour");
  place();
  if (time_->has_time_of_day && (span_days_ >= 7 || span_days_ == 0) && part != TimePart::month &&
      (asked || question_.overview || plan_.charts.size() < 8)) {
    add_week_map(measure);
    if (asked && part != TimePart::hour) add_part(TimePart::hour, "by_hour");
    if (asked && part != TimePart::weekday) add_part(TimePart::weekday, "by_weekday");
  } else if (question_.when && time_->has_time_of_day) {
    add_part(TimePart::hour, "by_hour");
  } else if (part == TimePart::none) {
    if (span_days_ >= 500 && (asked || question_.grain == Grain::month)) add_part(TimePart::month, "by_month_of_year");
    if (asked && span_days_ >= 60 && !time_->time_is_text) add_part(TimePart::weekday, "by_weekday");
  }
  place();
}

std::string Planner::add_part_bar(const std::string& id, const Dimension& dimension, const Measure& measure) {
  Select select{
      .id = id, .keys = {key_of(dimension)}, .measures = {measure}, .conditions = dimension.conditions, .order = {dimension.order_sql}};
  const bool both = question_.range && question_.measures.size() > 1 && measure.sql == question_.measures[0].sql;
  if (both) select.measures.push_back(question_.measures[1]);
  if (!add_query(select)) return {};
  PlannedChart chart{.id = id,
                     .query = id,
                     .mark = "bar",
                     .title = str(measure.label, " by ", in_sentence(dimension.label)),
                     .x = column_at(0),
                     .y = {column_at(1)}};
  if (both) {
    chart.mark = "line";
    chart.y.push_back(column_at(2));
    chart.title = str(measure.label, " and ", in_sentence(question_.measures[1].label), " by ", in_sentence(dimension.label));
  }
  return add_chart(chart) ? id : std::string();
}

void Planner::add_week_map(const Measure& measure) {
  const Dimension day = make_time_part(*time_, TimePart::weekday);
  const Dimension hour = make_time_part(*time_, TimePart::hour);
  Select select{.id = "by_weekday_and_hour",
                .keys = {key_of(day), key_of(hour)},
                .measures = {part_measure(measure), count_rows(table_)},
                .order = {day.order_sql, "2"}};
  if (measure.sql == "count(*)") select.measures.pop_back();
  if (!add_query(select)) return;
  PlannedChart chart{.id = select.id,
                     .query = select.id,
                     .mark = "heatmap",
                     .title = str(part_measure(measure).label, " by day of the week and hour"),
                     .x = column_at(1),
                     .y = {column_at(0)},
                     .color = column_at(2)};
  chart.description = "Hours as they stand in the data.";
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = select.id}}, .height = 6});
}

// What is asked about, if it is a quantity of a row; else how many there are.
const Measure& Planner::time_measure() const {
  if (question_.overview && question_.measures.size() > 1) return question_.measures[1];
  return lead();
}

// Over months of the year, a total mixes years: what one row has says more.
Measure Planner::part_measure(const Measure& measure) const {
  return measure.adds_up && measure.column ? make_measure(table_, *measure.column, Aggregate::mean) : measure;
}

}  // namespace bridge::rules
