#include "features/rules/planner.h"

#include <algorithm>

#include "base/text.h"
#include "features/rules/plan_limits.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr int series_top = 5;  // of a column with more values

}  // namespace

void Planner::add_trends() {
  if (!time_ || (!question_.trend && span_days_ > 0 && span_days_ < 2)) return;
  // One year of a table of years is a point, not a line.
  if (time_->time_is_year && from_ && to_ && civil_of(*from_).year == civil_of(*to_).year) return;
  std::vector<Measure> measures;
  if (question_.relation) {
    measures.push_back(make_measure(table_, question_.relation->second, Aggregate::mean));
    measures.push_back(make_measure(table_, question_.relation->first, Aggregate::mean));
  } else {
    for (const Measure& measure : question_.measures) {
      // What the sentence does not name has no place beside a breakdown that it does name.
      const bool wanted = measures.empty() || question_.measure_asked || question_.asked.empty();
      if (measures.size() < 2 && wanted) measures.push_back(measure);
    }
  }
  // Of one value a day, a spread over time would be one of nothing.
  for (Measure& measure : measures) {
    if (measure.aggregate == Aggregate::spread) measure = make_measure(table_, *measure.column, Aggregate::mean);
  }
  const Dimension* series = series_dimension();
  PlannedRow row{.height = 6};
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const std::string id = i == 0 ? "trend" : "trend_2";
    if (const std::string chart = add_trend(id, measures[i], series); !chart.empty()) row.items.push_back({.chart = chart});
  }
  if (question_.compare && question_.trend && !question_.asked.empty() && !question_.asked.front().ordered() &&
      question_.asked.front().sql != question_.compare->sql) {
    if (const std::string chart = add_trend("trend_each", lead(), &question_.asked.front()); !chart.empty())
      row.items.push_back({.chart = chart});
  }
  for (PlannedItem& item : row.items) item.width = 12 / static_cast<int>(row.items.size());
  if (row.items.empty()) return;
  // A question about a ranking gets the ranking first.
  const bool ranks = !question_.asked.empty() && !question_.trend && !question_.window_asked;
  if (ranks) late_rows_.push_back(std::move(row));
  else plan_.layout.push_back(std::move(row));
}

std::string Planner::add_trend(const std::string& id, const Measure& asked, const Dimension* series) {
  Measure measure = asked;
  const bool coarse = grain_ > Grain::day;
  std::string remark;
  if (measure.adds_up && coarse && dense_ && question_.grain == Grain::none && !time_->time_is_year && !series) {
    measure = per_day(measure, *time_);
  } else if (measure.adds_up && coarse && !last_bucket_is_whole()) {
    remark = str("The last ", name_of(grain_), " is not complete.");
  }
  Select select{.id = id, .keys = {time_key()}, .measures = {measure}, .order = {"1"}};
  if (time_->time_is_text || time_->null_fraction > 0) select.conditions.push_back(str(time_->time_sql, " IS NOT NULL"));
  bool many = false;
  if (series) {
    select.keys.push_back(key_of(*series));
    select.order.push_back("2");
    for (const std::string& condition : series->conditions) select.conditions.push_back(condition);
    const int count = std::min(question_.top.value_or(series_top), series_max);
    many = !(question_.compare && series == &*question_.compare && !question_.compare_values.empty()) && series->distinct &&
           *series->distinct > series_max;
    if (many) select.conditions.push_back(top_values(*series, count));
  }
  if (!add_query(select)) return {};
  const bool single = is_single_value(measure, series);
  if (single) {
    const ColumnProfile& column = table_.columns[*measure.column];
    plan_.queries.back().columns.back().label = column.label;
    measure.label = column.label;
  }
  PlannedChart chart{.id = id,
                     .query = id,
                     .mark = "line",
                     .title = str(measure.label, " by ", name_of(grain_)),
                     .x = column_at(0),
                     .y = {plan_.queries.back().columns.back().name}};
  if (series) {
    chart.color = column_at(1);
    if (many)
      chart.title +=
          str(": the ", std::min(question_.top.value_or(series_top), series_max), " largest ", plural_of(in_sentence(series->label)));
    else chart.title += str(" and ", in_sentence(series->label));
    chart.on_click = click_on(*series, "color");
  } else if (measure.adds_up && asked.adds_up) {
    chart.mark = "area";
  }
  if (question_.mark == MarkWord::bar && !series) chart.mark = "bar";
  chart.description = remark;
  if (!remark.empty()) add_unique(plan_.notes, remark);
  return add_chart(chart) ? id : std::string();
}

// One series each for the values of a column; none when one line is enough.
const Dimension* Planner::series_dimension() const {
  if (question_.compare) return &*question_.compare;
  // Prices of several things have no average that means anything.
  if (is_quote() && question_.asked.empty()) {
    for (const Dimension& dimension : question_.others) {
      if (is_small(dimension)) return &dimension;
    }
  }
  if (!question_.trend && question_.asked.size() < 2) return nullptr;
  for (const Dimension& dimension : question_.asked) {
    if (!dimension.ordered() && dimension.distinct && (*dimension.distinct <= series_max || question_.trend) && *dimension.distinct >= 2)
      return &dimension;
  }
  return nullptr;
}

// One row for each thing and bucket: its average is the value itself.
bool Planner::is_single_value(const Measure& measure, const Dimension* series) const {
  if (!question_.panel || !measure.column || measure.aggregate != Aggregate::mean || !time_->distinct || span_days_ < 2) return false;
  const double thing_rows = static_cast<double>(table_.row_count) / static_cast<double>(*time_->distinct);
  const bool one_thing =
      thing_rows < 1.5 || series ||
      std::any_of(question_.filters.begin(), question_.filters.end(), [](const ValueFilter& filter) { return filter.values.size() == 1; });
  const double days_each = std::max(time_->span_days, static_cast<double>(*time_->distinct)) / static_cast<double>(*time_->distinct);
  return one_thing && (grain_ == Grain::day || (grain_ == Grain::month && days_each >= 27 && days_each < 32) || time_->time_is_year);
}

}  // namespace bridge::rules
