#include "features/rules/planner.h"

#include <algorithm>

#include "base/text.h"
#include "features/rules/plan_limits.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr int window_days = 7;     // of a moving average by day, when the sentence names none
constexpr int window_buckets = 3;  // by anything longer
constexpr int within_rows_max = 300;

std::string indented(std::string_view sql) { return replace_all(str("  ", sql), "\n", "\n  "); }

}  // namespace

// The chart that an operation asks for leads the page. False when there is nothing to do it on: its words then stay unused, and are said to
// be.
bool Planner::add_operation_lead() {
  if (!question_.operation) return false;
  switch (question_.operation->kind) {
    case OperationKind::running_total:
    case OperationKind::moving_average:
    case OperationKind::growth:
    case OperationKind::difference: return add_over_buckets(*question_.operation);
    case OperationKind::share: return add_shares();
    case OperationKind::top_within: return add_top_within(*question_.operation);
    case OperationKind::percentile: return false;  // it is the measure itself, in every chart
  }
  return false;
}

// A window over buckets of time; a bucket without rows is a gap in growth and in differences, never skipped over.
bool Planner::add_over_buckets(const Operation& operation) {
  if (!time_) return false;
  if (operation.unit != Grain::none && question_.grain == Grain::none && !time_->time_is_year) grain_ = operation.unit;
  const Measure& measure = lead();
  if (operation.kind == OperationKind::running_total && !measure.adds_up) return false;
  const Dimension* series = nullptr;
  for (const Dimension& dimension : question_.asked) {
    if (!series && !dimension.ordered() && is_small(dimension)) series = &dimension;
  }
  Select grouped{.id = "buckets", .keys = {time_key()}, .measures = {measure}};
  if (time_->time_is_text || time_->null_fraction > 0) grouped.conditions.push_back(str(time_->time_sql, " IS NOT NULL"));
  if (series) {
    grouped.keys.push_back(key_of(*series));
    for (const std::string& condition : series->conditions) grouped.conditions.push_back(condition);
  }
  make_aliases_unique(grouped);
  const std::string& bucket = grouped.keys[0].alias;
  const std::string& value = grouped.measures[0].alias;
  const auto over = [&](std::string_view order) {
    return str("OVER (", series ? str("PARTITION BY ", grouped.keys[1].alias, " ") : "", "ORDER BY ", order);
  };
  const int moving_count = operation.count > 0 ? operation.count : grain_ == Grain::day ? window_days : window_buckets;
  const bool is_moving = operation.kind == OperationKind::moving_average;
  const auto step = time_->time_is_year ? std::nullopt : std::optional(unit_of(grain_));
  const auto window =
      dialect().window_back(bucket, step, operation.year_before ? TimeUnit::year : unit_of(grain_), is_moving ? moving_count - 1 : 1);
  const bool looks_back = operation.kind != OperationKind::running_total;
  if (looks_back && !window) return false;
  const std::string before = looks_back ? str("first_value(", value, ") ", over(window->order), " RANGE BETWEEN ", window->back,
                                              " PRECEDING AND ", window->back, " PRECEDING)")
                                        : "";
  const std::string what = in_sentence(measure.label);
  Measure result{
      .column = measure.column, .aggregate = measure.aggregate, .unit = measure.unit, .format = measure.format, .good = measure.good};
  const std::string than = operation.year_before ? "the year before" : str("the ", name_of(grain_), " before");
  std::string remark;
  switch (operation.kind) {
    case OperationKind::running_total:
      result.sql = str("sum(", value, ") ", over(bucket), " ROWS UNBOUNDED PRECEDING)");
      result.label = str("Running total of ", what.starts_with("total ") ? what.substr(6) : what);
      remark = "Each point is the sum of all until then in the period shown.";
      break;
    case OperationKind::moving_average: {
      const int count = moving_count;
      result.sql = str("avg(", value, ") ", over(window->order), " RANGE BETWEEN ", window->back, " PRECEDING AND CURRENT ROW)");
      result.label = str("Moving average of ", what, " over ", count, " ", name_of(grain_), "s");
      remark = str("Each point is the average of the last ", count, " ", name_of(grain_),
                   "s that have data; the first ones have fewer behind them.");
      break;
    }
    case OperationKind::growth:
      result.sql = str(dialect().safe_ratio(value, before), " - 1");
      result.label = str("Growth of ", what, " against ", than);
      result.format = "+.1%";
      result.unit.clear();
      remark = str("There is no point where ", than, " has no data.");
      break;
    default:
      result.sql = str(value, " - ", before);
      result.label = str("Change of ", what, " against ", than);
      remark = str("There is no point where ", than, " has no data.");
      break;
  }
  result.alias = make_alias(result.label.substr(0, 40));
  if (!last_bucket_is_whole()) remark += str(" The last ", name_of(grain_), " is not complete.");
  std::vector<std::string> columns{bucket};
  if (series) columns.push_back(grouped.keys[1].alias);
  columns.push_back(str(result.sql, " AS ", result.alias));
  PlannedQuery query{.id = "operation",
                     .sql = str("SELECT ", join(columns, ",\n       "), "\nFROM (\n", indented(sql_of(grouped)),
                                "\n) AS buckets\nORDER BY ", series ? "1, 2" : "1"),
                     .columns = {{.name = bucket, .label = grouped.keys[0].label}}};
  if (series) query.columns.push_back({.name = grouped.keys[1].alias, .label = grouped.keys[1].label});
  query.columns.push_back({result.alias, result.label, result.unit, result.format, result.good});
  PlannedChart chart{.mark = question_.mark == MarkWord::bar ? "bar" : "line",
                     .title = str(result.label, " by ", name_of(grain_), series ? str(" and ", in_sentence(series->label)) : ""),
                     .description = remark,
                     .x = bucket,
                     .y = {result.alias}};
  if (series) chart.color = grouped.keys[1].alias;
  return add_operation(std::move(query), std::move(chart));
}

// What each group has of all of them; the whole is that of every group, also of those beyond the limit.
bool Planner::add_shares() {
  const Measure& measure = lead();
  const auto dimension = std::find_if(question_.asked.begin(), question_.asked.end(), [](const Dimension& one) { return !one.ordered(); });
  if (!measure.adds_up || dimension == question_.asked.end()) return false;
  Select select{.id = "operation", .keys = {key_of(*dimension)}, .conditions = dimension->conditions};
  Measure share{.column = measure.column, .aggregate = Aggregate::share, .format = ".1%", .good = measure.good};
  share.sql = dialect().safe_ratio(measure.sql, str("sum(", measure.sql, ") OVER ()"));
  share.label = str("Share of ", in_sentence(measure.label));
  share.alias = make_alias(str("share_of_", measure.alias));
  select.measures = {share, measure};
  make_aliases_unique(select);
  select.order = {sorted(2, question_.order >= 0), "1"};
  const int limit = question_.top.value_or(bars_max);
  select.limit = limit;
  PlannedQuery query{.id = "operation", .sql = sql_of(select), .columns = {{.name = select.keys[0].alias, .label = select.keys[0].label}}};
  for (const Measure& one : select.measures) query.columns.push_back({one.alias, one.label, one.unit, one.format, one.good});
  PlannedChart chart{.mark = question_.mark == MarkWord::pie ? "pie" : "bar",
                     .title = str(share.label, " by ", in_sentence(dimension->label)),
                     .x = select.keys[0].alias,
                     .y = {select.measures[0].alias},
                     .sort = question_.order < 0 ? "y" : "-y",
                     .limit = limit};
  if (dimension->distinct.value_or(0) > limit)
    chart.description = str("Shares of the whole; the ", limit, question_.order < 0 ? " smallest" : " largest", " groups are shown.");
  chart.on_click = click_on(*dimension, "x");
  return add_operation(std::move(query), std::move(chart));
}

// The first few of each group; those that are level share a place, so that a group may show more.
bool Planner::add_top_within(const Operation& operation) {
  const std::size_t each_word = operation.words.back();
  const Dimension* outer = nullptr;
  const Dimension* inner = nullptr;
  for (const ColumnMention& mention : question_.mentions) {
    const bool behind = mention.word > each_word && mention.word <= each_word + 2;
    if (!behind || mention.alternate) continue;
    for (const Dimension& dimension : question_.asked) {
      if (dimension.columns.size() == 1 && dimension.columns.front() == mention.column && !dimension.ordered()) outer = &dimension;
    }
  }
  if (!outer) return false;
  for (const Dimension& dimension : question_.asked) {
    if (!inner && &dimension != outer && !dimension.ordered()) inner = &dimension;
  }
  std::optional<Dimension> named;
  if (!inner) {
    if (const ColumnProfile* name = name_column()) {
      named = make_dimension(table_, static_cast<std::size_t>(name - table_.columns.data()));
      inner = &*named;
    }
  }
  if (!inner || inner->sql == outer->sql) return false;
  // The rows themselves are ranked by what the table is about, when the question does not say by what.
  Measure by = lead();
  if (named && !by.column) {
    if (!question_.other_measure || operation.one_of) return false;
    by = *question_.other_measure;
    plan_.notes.push_back(
        str("The question does not say by what ", in_sentence(table_.rows_label), " are ranked; ", in_sentence(by.label), " is taken."));
  }
  Select grouped{.id = "groups",
                 .keys = {key_of(*outer), key_of(*inner)},
                 .measures = {by},
                 .conditions = outer->conditions,
                 .latest_only = latest_only()};
  for (const std::string& condition : inner->conditions) add_unique(grouped.conditions, condition);
  make_aliases_unique(grouped);
  const std::string group = grouped.keys[0].alias;
  const std::string thing = grouped.keys[1].alias;
  const std::string value = grouped.measures[0].alias;
  const std::string ranked = dialect().sort_key(value, question_.order < 0 ? SortDirection::ascending : SortDirection::descending);
  PlannedQuery query{.id = "operation"};
  query.sql = str("SELECT ", group, ", place, ", thing, ", ", value, "\nFROM (\n  SELECT ", group, ", ", thing, ", ", value,
                  ", rank() OVER (PARTITION BY ", group, " ORDER BY ", ranked, ") AS place\n  FROM (\n",
                  indented(indented(sql_of(grouped))), "\n  ) AS grouped\n) AS ranked\nWHERE place <= ", operation.count, " AND ", value,
                  " IS NOT NULL\nORDER BY 1, 2, 3\n", dialect().limit(within_rows_max));
  query.columns = {{.name = group, .label = grouped.keys[0].label},
                   {.name = "place", .label = "Place"},
                   {.name = thing, .label = grouped.keys[1].label},
                   {value, grouped.measures[0].label, grouped.measures[0].unit, grouped.measures[0].format, grouped.measures[0].good}};
  PlannedChart chart{.mark = "table",
                     .title = str(question_.order < 0 ? "Bottom " : "Top ", operation.count, " by ", in_sentence(by.label), " within each ",
                                  in_sentence(outer->label)),
                     .description = "Those that are level share a place.",
                     .columns = {group, "place", thing, value}};
  if (latest_only()) chart.title += of_year();
  if (outer->distinct.value_or(0) * operation.count > within_rows_max)
    chart.description += str(" The first ", within_rows_max, " rows are shown.");
  return add_operation(std::move(query), std::move(chart));
}

bool Planner::add_operation(PlannedQuery query, PlannedChart chart) {
  if (options_.without.contains("operation")) return false;
  plan_.queries.push_back(std::move(query));
  chart.id = "operation";
  chart.query = "operation";
  plan_.layout.push_back({.items = {{.chart = "operation"}}, .height = chart.mark == "table" ? 8 : 7});
  return add_chart(std::move(chart));
}

}  // namespace bridge::rules
