#include <algorithm>

#include "base/text.h"
#include "features/rules/plan_limits.h"
#include "features/rules/planner.h"
#include "features/rules/words.h"

// The first chart of a page is the first reading of its sentence.

namespace bridge::rules {

namespace {

constexpr int slices_max = 24;        // that are drawn; the rest is said
constexpr int slices_readable = 6;    // beyond which bars read better
constexpr int line_points_max = 500;  // of a line over names or numbers

Aggregate aggregate_named(const std::optional<std::string>& name) {
  if (!name) return Aggregate::none;
  static constexpr auto names = std::to_array<std::pair<std::string_view, Aggregate>>({{"count", Aggregate::count},
                                                                                       {"sum", Aggregate::sum},
                                                                                       {"mean", Aggregate::mean},
                                                                                       {"median", Aggregate::median},
                                                                                       {"min", Aggregate::minimum},
                                                                                       {"max", Aggregate::maximum},
                                                                                       {"distinct", Aggregate::distinct}});
  for (const auto& [text, aggregate] : names) {
    if (*name == text) return aggregate;
  }
  return Aggregate::none;
}

}  // namespace

// Shares, spreads, routes and parts of time are more than one chart of columns can say: what was planned for them leads.
bool Planner::reading_leads() const {
  if (question_.periods_compared) return false;
  // A percentile is no aggregate that a reading knows.
  if (question_.operation && question_.operation->kind == OperationKind::percentile) return false;
  if (!question_.reading || question_.part != TimePart::none || question_.when || question_.range) return false;
  const bool says_mark = question_.mark != MarkWord::none && question_.mark != MarkWord::table && question_.mark != MarkWord::map;
  if (question_.mark == MarkWord::map || question_.reading->mark == "table" || question_.reading->mark == "map") return false;
  for (const Dimension& dimension : question_.asked) {
    if (dimension.columns.size() > 1) return false;
  }
  const Aggregate aggregate = lead().aggregate;
  if (aggregate == Aggregate::share || aggregate == Aggregate::spread || aggregate == Aggregate::distinct) return false;
  if (sentence_.has(CueKind::outnumber) || question_.reading->guessed) return false;
  for (const auto& side : {question_.reading->x, question_.reading->color}) {
    if (const auto column = column_named(side); column && std::ranges::count(question_.unknown_columns, *column) > 0) return false;
  }
  // Two quantities against each other: the points with what they stand for, unless a plain picture is asked for.
  if (question_.relation && !says_mark) return false;
  return says_mark || !question_.overview;
}

void Planner::add_reading() {
  if (!reading_leads()) return;
  const ChartSuggestion& reading = *question_.reading;
  std::string chart;
  if (reading.mark == "heatmap") chart = add_read_matrix(reading);
  else if (reading.mark == "scatter") chart = add_read_points(reading);
  else if (reading.mark == "box") chart = add_read_boxes(reading);
  else chart = add_read_bars(reading);
  if (chart.empty()) return;
  read_ = true;
  read_selects_ = plan_.queries.back().selects;
  plan_.layout.push_back({.items = {{.chart = chart}}, .height = 8});
}

std::optional<std::size_t> Planner::column_named(const std::optional<std::string>& name) const {
  for (std::size_t i = 0; name && i < table_.columns.size(); ++i) {
    if (table_.columns[i].name == *name) return i;
  }
  return {};
}

// A column as something to split by: times by their grain, numbers in bands or as they are, the rest by its values.
Dimension Planner::side_of(std::size_t index, bool has_bins, std::optional<double> width) const {
  const ColumnProfile& column = table_.columns[index];
  if (column.role == ColumnRole::time) {
    const bool main = time_ == &column;
    const Grain grain = column.time_is_year              ? Grain::year
                        : main                           ? grain_
                        : question_.grain != Grain::none ? question_.grain
                                                         : grain_for(column, column.span_days);
    Dimension dimension{.columns = {index},
                        .alias = main ? time_alias() : make_alias(str(join(column.words, "_"), column.time_is_year ? "" : "_start")),
                        .sql = bucket_sql(column, grain),
                        .label = main                  ? capitalised(name_of(grain))
                                 : column.time_is_year ? column.label
                                                       : str(column.label, ", ", name_of(grain)),
                        .order_sql = "1",
                        .distinct = column.distinct};
    if (column.time_is_text || column.null_fraction > 0) dimension.conditions.push_back(str(column.time_sql, " IS NOT NULL"));
    return dimension;
  }
  if (has_bins && column.numeric) return make_bands(table_, index, width);
  Dimension dimension = make_dimension(table_, index);
  if (column.numeric && column.role != ColumnRole::identifier) {
    // Numbers keep their order, and a line over them its distances.
    dimension.sql = column.sql;
    dimension.order_sql = "1";
  }
  return dimension;
}

std::string Planner::add_read_bars(const ChartSuggestion& reading) {
  const auto x = column_named(reading.x);
  if (!x) return {};
  const auto y = column_named(reading.y);
  const auto color = column_named(reading.color);
  const bool histogram = reading.mark == "histogram";
  const Measure measure = y ? make_measure(table_, *y, aggregate_named(reading.aggregate)) : count_rows(table_);
  const Dimension first = side_of(*x, histogram || reading.bin.has_value(), reading.bin_width);
  const bool line = reading.mark == "line" || reading.mark == "area";
  const bool pie = reading.mark == "pie";
  const bool down = reading.sort == "y";
  const bool ranked = !line && (!first.ordered() || (reading.sort && !first.ordered()));
  const bool of_time = table_.columns[*x].role == ColumnRole::time || (color && table_.columns[*color].role == ColumnRole::time);
  if (ranked && !color && !pie) {
    const int limit = question_.top.value_or(bars_max);
    return add_bar("lead", first, measure, limit);
  }
  std::optional<Dimension> second;
  if (color) {
    second = side_of(*color, false);
    if (second->ordered() && table_.columns[*color].numeric) second->sql = text_of(table_.columns[*color]);
  }
  Select select{.id = "lead",
                .keys = {key_of(first)},
                .measures = {measure},
                .conditions = first.conditions,
                .latest_only = latest_only() && !of_time};
  if (second) {
    select.keys.push_back(key_of(*second));
    for (const std::string& condition : second->conditions) add_unique(select.conditions, condition);
  }
  PlannedChart chart{.id = "lead", .query = "lead"};
  const std::string measure_at = sorted(select.keys.size() + 1, !down);
  if (pie) {
    select.order = {measure_at, "1"};
    if (first.distinct && *first.distinct > slices_max) {
      select.limit = slices_max;
      chart.description = str("The ", slices_max, " largest of ", *first.distinct, "; shares are of these.");
    } else if (first.distinct && *first.distinct > slices_readable) {
      chart.description = "Bars compare so many parts better than slices do.";
    }
  } else if (ranked || (!first.ordered() && line)) {
    const int limit = question_.top.value_or(line ? line_points_max : bars_max);
    if (second && first.distinct && *first.distinct > limit) select.conditions.push_back(top_of_latest(first, limit));
    else if (!second && first.distinct && *first.distinct > limit) select.limit = limit;
    select.order = line ? std::vector<std::string>{"1"} : std::vector<std::string>{measure_at, "1"};
    if (second) select.order.push_back("2");
    if (!line) chart.sort = down ? "y" : "-y";
  } else {
    select.order = {"1"};
    if (second) select.order.push_back("2");
  }
  if (second && second->distinct && *second->distinct > series_max && !second->ordered()) {
    select.conditions.push_back(top_values(*second, bars_max));
    if (*second->distinct > bars_max)
      chart.description = str("The ", bars_max, " commonest of ", *second->distinct, " by ", in_sentence(second->label), ".");
  }
  if (!add_query(select)) return {};
  chart.x = column_at(0);
  chart.y = {column_at(select.keys.size())};
  if (second) chart.color = column_at(1);
  chart.title = str(measure.label, " by ", in_sentence(first.label), second ? str(" and ", in_sentence(second->label)) : "");
  if (select.latest_only) chart.title += of_year();
  chart.mark = pie                                                ? "donut"
               : line                                             ? (reading.mark == "area" && measure.adds_up ? "area" : "line")
               : !second                                          ? "bar"
               : measure.adds_up && reading.mark != "grouped_bar" ? "stacked_bar"
                                                                  : "grouped_bar";
  chart.on_click = click_on(first, "x");
  if (first.ordered() && !first.columns.empty() && table_.columns[first.columns.front()].numeric && reading.bin &&
      chart.description.empty())
    chart.description = "Each band is named by where it begins.";
  return add_chart(chart) ? "lead" : std::string();
}

std::string Planner::add_read_matrix(const ChartSuggestion& reading) {
  const auto x = column_named(reading.x);
  const auto y = column_named(reading.y);
  if (!x || !y) return {};
  const auto value = column_named(reading.value);
  const Measure measure = value ? make_measure(table_, *value, aggregate_named(reading.aggregate)) : count_rows(table_);
  const auto side = [&](std::size_t index) {
    const ColumnProfile& column = table_.columns[index];
    return side_of(index, column.numeric && column.distinct && *column.distinct > 30);
  };
  const Dimension first = side(*x);
  const Dimension second = side(*y);
  const bool of_time = table_.columns[*x].role == ColumnRole::time || table_.columns[*y].role == ColumnRole::time;
  Select select{.id = "lead",
                .keys = {key_of(first), key_of(second)},
                .measures = {measure},
                .conditions = first.conditions,
                .order = {"1", "2"},
                .latest_only = latest_only() && !of_time};
  for (const std::string& condition : second.conditions) add_unique(select.conditions, condition);
  std::vector<std::string> cut;
  for (const Dimension* each : {&first, &second}) {
    if (each->ordered() || !each->distinct || *each->distinct <= 30) continue;
    select.conditions.push_back(top_of_latest(*each, bars_max));
    cut.push_back(str("the ", bars_max, " commonest of ", *each->distinct, " by ", in_sentence(each->label)));
  }
  if (!add_query(select)) return {};
  PlannedChart chart{.id = "lead",
                     .query = "lead",
                     .mark = "heatmap",
                     .title = str(measure.label, " by ", in_sentence(first.label), " and ", in_sentence(second.label)),
                     .x = column_at(0),
                     .y = {column_at(1)},
                     .color = column_at(2)};
  if (!cut.empty()) chart.description = str(capitalised(join(cut, ", ")), ".");
  return add_chart(chart) ? "lead" : std::string();
}

std::string Planner::add_read_points(const ChartSuggestion& reading) {
  const auto x = column_named(reading.x);
  const auto y = column_named(reading.y);
  // Of a large table the first rows would be a wrong picture.
  if (!x || !y || *x == *y || (table_.row_count > points_max && !latest_only())) return {};
  const auto color = column_named(reading.color);
  std::vector<Key> keys;
  std::vector<std::string> conditions;
  if (color) {
    const Dimension dimension = make_dimension(table_, *color);
    keys.push_back(key_of(dimension));
    if (dimension.distinct && *dimension.distinct > series_max) conditions.push_back(top_values(dimension, series_max));
  }
  if (!add_raw("lead", keys, {&table_.columns[*x], &table_.columns[*y]}, conditions)) return {};
  const std::size_t first = keys.size();
  PlannedChart chart{.id = "lead",
                     .query = "lead",
                     .mark = "scatter",
                     .title = str(table_.columns[*y].label, " against ", in_sentence(table_.columns[*x].label)),
                     .x = column_at(first),
                     .y = {column_at(first + 1)}};
  if (color) chart.color = column_at(0);
  chart.description = latest_only() ? "One point is one row of the latest year of the period." : "One point is one row.";
  return add_chart(chart) ? "lead" : std::string();
}

std::string Planner::add_read_boxes(const ChartSuggestion& reading) {
  const auto x = column_named(reading.x);
  const auto y = column_named(reading.y);
  // Of a large table the first rows would be a wrong picture.
  if (!x || !y || table_.row_count > points_max) return {};
  const Dimension group = make_dimension(table_, *x);
  const ColumnProfile& value = table_.columns[*y];
  if (!add_raw("lead", {key_of(group)}, {&value}, group.conditions)) return {};
  return add_chart({.id = "lead",
                    .query = "lead",
                    .mark = "box",
                    .title = str(value.label, " by ", in_sentence(group.label)),
                    .x = column_at(0),
                    .y = {column_at(1)}})
             ? "lead"
             : std::string();
}

}  // namespace bridge::rules
