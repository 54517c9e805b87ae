#include "features/rules/planner.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "features/rules/plan_limits.h"

namespace bridge::rules {

namespace {

constexpr int heatmap_rows = 12;

// Ids are at most 63 bytes; the dimension tells more than the measure.
std::string measure_id(const Measure& measure, const Dimension& dimension) {
  return str(measure.alias.substr(0, 18), "_by_", dimension.alias);
}

bool is_twin_pair(const Dimension& a, const Dimension& b) { return a.distinct && b.distinct && *a.distinct > 50 && *b.distinct > 50; }

}  // namespace

void Planner::add_breakdowns() {
  std::vector<PlannedItem> items;
  const auto add = [&](const std::string& chart) {
    if (!chart.empty()) items.push_back({.chart = chart, .width = 6});
  };
  const int limit = question_.top.value_or(bars_max);
  std::vector<Dimension> plain;
  for (const Dimension& dimension : question_.asked) {
    if (dimension.ordered()) {
      add_bands(dimension, lead(), str("by_", dimension.alias));
      if (lead().column && !dimension.columns.empty()) {
        if (const Dimension* each = thing_dimension()) add_group_scatter(*each, dimension.columns.front(), *lead().column);
      }
    } else {
      plain.push_back(dimension);
    }
  }
  if (question_.compare &&
      std::none_of(plain.begin(), plain.end(), [&](const Dimension& dimension) { return dimension.sql == question_.compare->sql; })) {
    if (question_.part == TimePart::none && !plain.empty()) {
      add(add_split_bar("by_both", plain.front(), *question_.compare, lead(), 12));
      if (lead().adds_up && !items.empty()) {
        // The same as shares of the whole: who is how much of each.
        PlannedChart shares = plan_.charts.back();
        shares.id = "shares";
        shares.title = str("Share by ", in_sentence(plain.front().label), " and ", in_sentence(question_.compare->label),
                           latest_only() ? of_year() : "");
        shares.stack = "normalize";
        if (add_chart(shares)) add(shares.id);
      }
    } else {
      plain.insert(plain.begin(), *question_.compare);
    }
  } else if (plain.size() >= 2 && is_small(plain[1]) && !is_twin_pair(plain[0], plain[1])) {
    add(add_split_bar("by_both", plain[0], plain[1], lead(), 12));
  } else if (plain.size() >= 2 && is_small(plain[0]) && !is_twin_pair(plain[0], plain[1])) {
    add(add_split_bar("by_both", plain[1], plain[0], lead(), 12));
  }
  const bool route_over_time =
      !plain.empty() && time_ && question_.grain != Grain::none && plain.front().distinct && *plain.front().distinct > series_max;
  if (route_over_time) add_over_time(plain.front());
  const bool split = question_.compare && items.size() >= 2;
  for (const Dimension& dimension : plain) {
    if (items.size() >= 4 || split) break;
    add(add_bar(str("by_", dimension.alias), dimension, lead(), limit));
    // The second quantity that was asked for, for the same things.
    for (std::size_t i = 1; i < question_.measures.size() && items.size() < 4; ++i) {
      if (question_.measure_asked && i < 2)
        add(add_bar(measure_id(question_.measures[i], dimension), dimension, question_.measures[i], limit));
    }
  }
  // How much, and how often: a total alone does not say whether it is many or dear.
  if (plain.size() == 1 && (items.size() == 1 || (read_ && items.empty())) && question_.measures.size() == 1 && lead().adds_up &&
      lead().column && !question_.panel && !table_.snapshot) {
    add(add_bar(str("rows_by_", plain.front().alias), plain.front(), count_rows(table_), limit));
  }
  if (is_quote() && !plain.empty() && items.size() == 1) add(add_change(plain.front()));
  for (const Dimension& dimension : question_.others) {
    const std::size_t wanted = question_.overview ? 4 : 2;
    if (items.size() >= wanted) break;
    if (question_.compare && dimension.sql == question_.compare->sql) continue;
    const Measure& measure = question_.overview && items.size() % 2 == 1 && question_.measures.size() > 1 ? question_.measures[1] : lead();
    if (question_.overview && question_.measures.size() > 1) {
      add(add_bar(str("by_", dimension.alias), dimension, question_.measures[0], limit));
      add(add_bar(measure_id(question_.measures[1], dimension), dimension, question_.measures[1], limit));
    } else {
      add(add_bar(str("by_", dimension.alias), dimension, measure, limit));
    }
  }
  // Two quantities for the same things: where they stand against each other.
  if (!question_.relation && question_.measure_asked && question_.measures.size() >= 2 && !plain.empty() && question_.measures[0].column &&
      question_.measures[1].column && question_.measures[0].aggregate != Aggregate::share && items.size() >= 2) {
    add_two_measures(plain.front());
  }
  for (std::size_t i = 0; i < items.size();) {
    PlannedRow row{.height = limit > 10 && has_long_ranking(items[i].chart) ? 8 : 7};
    row.items.push_back(items[i++]);
    // An odd one gets the first row for itself: it is what was asked for first.
    if ((items.size() - i) % 2 == 0) row.items.front().width = 12;
    else row.items.push_back(items[i++]);
    plan_.layout.push_back(std::move(row));
  }
}

std::string Planner::add_bar(const std::string& id, const Dimension& dimension, const Measure& measure, int limit) {
  if (dimension.ordered()) return {};
  const bool down = question_.order < 0;
  Select select{
      .id = id, .keys = {key_of(dimension)}, .measures = {measure}, .conditions = dimension.conditions, .latest_only = latest_only()};
  select.having = least_rows(dimension, measure);
  if (!question_.having.empty()) {
    select.having = question_.having;
    least_part_ = 0;
  }
  select.order = {sorted(2, !down), "1"};
  select.limit = limit;
  if (!add_query(select)) return {};
  PlannedChart chart{.id = id,
                     .query = id,
                     .mark = "bar",
                     .title = str(measure.label, " by ", in_sentence(dimension.label)),
                     .x = column_at(0),
                     .y = {column_at(1)},
                     .sort = down ? "y" : "-y",
                     .limit = limit};
  if (question_.mark == MarkWord::pie && dimension.distinct && *dimension.distinct <= 6 && measure.adds_up) chart.mark = "donut";
  if (latest_only()) chart.title += of_year();
  chart.on_click = click_on(dimension, "x");
  chart.description = small_groups_text();
  return add_chart(chart) ? id : std::string();
}

std::string Planner::add_split_bar(const std::string& id, const Dimension& first, const Dimension& second, const Measure& measure,
                                   int limit) {
  Select select{.id = id,
                .keys = {key_of(first), key_of(second)},
                .measures = {measure},
                .conditions = first.conditions,
                .latest_only = latest_only()};
  for (const std::string& condition : second.conditions) add_unique(select.conditions, condition);
  const bool many = !first.ordered() && first.distinct && *first.distinct > limit;
  if (many) select.conditions.push_back(top_of_latest(first, limit));
  select.order = first.ordered() ? std::vector<std::string>{first.order_sql == "1" ? "1" : first.order_sql, "2"}
                                 : std::vector<std::string>{sorted(3, true), "1", "2"};
  if (!add_query(select)) return {};
  const bool stacked = measure.adds_up && question_.mark != MarkWord::grouped_bar;
  PlannedChart chart{.id = id,
                     .query = id,
                     .mark = stacked ? "stacked_bar" : "grouped_bar",
                     .title = str(measure.label, " by ", in_sentence(first.label), " and ", in_sentence(second.label)),
                     .x = column_at(0),
                     .y = {column_at(2)},
                     .color = column_at(1)};
  if (!first.ordered()) chart.sort = "-y";
  if (latest_only()) chart.title += of_year();
  chart.on_click = click_on(first, "x");
  return add_chart(chart) ? id : std::string();
}

// From the first to the last value of the period: what a level has come to.
std::string Planner::add_change(const Dimension& dimension) {
  const std::string& column = table_.columns[*lead().column].sql;
  const std::string& label = table_.columns[*lead().column].label;
  const auto last = dialect().value_at(ValueAt::latest, column, time_->time_sql);
  const auto first = dialect().value_at(ValueAt::earliest, column, time_->time_sql);
  if (!last || !first) return {};
  Measure change{.aggregate = Aggregate::mean, .alias = "change", .label = str("Change of ", in_sentence(label)), .format = "+.0%"};
  change.sql = str(dialect().safe_ratio(*last, *first), " - 1");
  Select select{.id = "change",
                .keys = {key_of(dimension)},
                .measures = {change},
                .conditions = dimension.conditions,
                .order = {sorted(2, true), "1"},
                .limit = bars_max};
  if (!add_query(select)) return {};
  PlannedChart chart{.id = "change",
                     .query = "change",
                     .mark = "bar",
                     .title = str(change.label, " from first to last, by ", in_sentence(dimension.label)),
                     .x = column_at(0),
                     .y = {column_at(1)},
                     .sort = "-y"};
  chart.on_click = click_on(dimension, "x");
  return add_chart(chart) ? "change" : std::string();
}

void Planner::add_over_time(const Dimension& dimension) {
  Select select{.id = "over_time",
                .keys = {time_key(), key_of(dimension)},
                .measures = {lead()},
                .conditions = dimension.conditions,
                .order = {"1", "3 DESC", "2"}};
  select.conditions.push_back(top_values(dimension, heatmap_rows));
  if (!add_query(select)) return;
  PlannedChart chart{.id = "over_time",
                     .query = "over_time",
                     .mark = "heatmap",
                     .title = str(lead().label, " by ", in_sentence(dimension.label), " and ", name_of(grain_)),
                     .x = column_at(0),
                     .y = {column_at(1)},
                     .color = column_at(2)};
  chart.description = str("The ", heatmap_rows, " with the most.");
  if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "over_time"}}, .height = 8});
}

// A price or an index, one a day: its change from the first to the last day is what people look for.
bool Planner::is_quote() const {
  if (!question_.panel || latest_only() || !time_ || !lead().column || lead().adds_up) return false;
  static constexpr auto quotes = std::to_array<std::string_view>({"price", "close", "open", "index", "value", "rate", "quote"});
  const auto& words = table_.columns[*lead().column].words;
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return std::find(quotes.begin(), quotes.end(), word) != quotes.end(); });
}

bool Planner::is_small(const Dimension& dimension) { return dimension.distinct && *dimension.distinct <= series_max; }

// Names of more than a few letters stand beside lying bars, which need a line each.
bool Planner::has_long_ranking(const std::string& chart) const {
  const auto found = std::find_if(plan_.charts.begin(), plan_.charts.end(), [&](const PlannedChart& one) { return one.id == chart; });
  if (found == plan_.charts.end() || found->mark != "bar") return false;
  for (const auto* list : {&question_.asked, &question_.others}) {
    for (const Dimension& dimension : *list) {
      if (dimension.alias == found->x && dimension.distinct && *dimension.distinct > 12) return true;
    }
  }
  return false;
}

}  // namespace bridge::rules
