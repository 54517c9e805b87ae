#include "features/rules/planner.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::int64_t parameter_values_max = 300;
constexpr std::size_t parameters_max = 2;  // besides the period

}  // namespace

void Planner::choose_grain() {
  if (!time_) return;
  from_ = question_.from;
  to_ = question_.to;
  if (options_.period_share < 1 && from_ && to_) {
    const auto days = static_cast<Day>(std::floor(static_cast<double>(*to_ - *from_ + 1) * options_.period_share));
    from_ = *to_ - std::max<Day>(days, 1) + 1;
  }
  span_days_ = from_ && to_ ? static_cast<double>(*to_ - *from_ + 1) : time_->span_days;
  grain_ = question_.grain;
  if (time_->time_is_year) grain_ = Grain::year;
  if (grain_ == Grain::hour && !time_->has_time_of_day) grain_ = Grain::day;
  if (const Grain finest = finest_grain(*time_); grain_ != Grain::none && grain_ < finest) {
    plan_.notes.push_back(
        str("The data has one value a ", name_of(finest), ", so it is drawn by ", name_of(finest), " and not by ", name_of(grain_), "."));
    grain_ = finest;
  }
  if (grain_ == Grain::none) {
    grain_ = grain_for(*time_, span_days_);
    // Text dates that name only months, or rows that are months: not finer than they are.
    if (time_->time_is_text && grain_ < Grain::month && span_days_ > 100) grain_ = Grain::month;
  }
  const double days = std::max(1.0, span_days_);
  dense_ = !table_.snapshot && static_cast<double>(table_.row_count) / days >= 20 && from_ && to_;
}

Grain Planner::grain_for(const ColumnProfile& time, double span_days) {
  const Grain readable = span_days <= 3 && time.has_time_of_day ? Grain::hour
                         : span_days <= 100                     ? Grain::day
                         : span_days <= 800                     ? Grain::week
                         : span_days <= 4'000                   ? Grain::month
                         : span_days <= 7'000                   ? Grain::quarter
                                                                : Grain::year;
  return std::max(readable, finest_grain(time));
}

// How far apart the times of the data stand: one value a month is drawn by no week.
Grain Planner::finest_grain(const ColumnProfile& time) {
  if (time.time_is_year) return Grain::year;
  constexpr std::int64_t times_least = 4;
  if (!time.distinct || *time.distinct < times_least || !time.first_day || !time.last_day || time.has_time_of_day) return Grain::none;
  const double apart = static_cast<double>(*time.last_day - *time.first_day) / static_cast<double>(*time.distinct - 1);
  if (apart >= 360 && apart <= 370) return Grain::year;
  if (apart >= 89 && apart <= 93) return Grain::quarter;
  if (apart >= 29.5 && apart <= 31.5) return Grain::month;
  if (apart > 6.9 && apart < 7.1) return Grain::week;
  return Grain::none;
}

bool Planner::last_bucket_is_whole() const {
  if (!to_ || grain_ == Grain::hour || grain_ == Grain::day) return true;
  const CivilDate next = civil_of(*to_ + 1);
  switch (grain_) {
    case Grain::week: return ((*to_ + 1 + 3) % 7 + 7) % 7 == 0;
    case Grain::month: return next.day == 1;
    case Grain::quarter: return next.day == 1 && (next.month - 1) % 3 == 0;
    case Grain::year: return next.day == 1 && next.month == 1;
    default: return true;
  }
}

void Planner::add_parameters() {
  if (time_) {
    has_period_ = true;
    // Open unless a period is asked for: the rows of tomorrow show too, and those without a time.
    std::string range = "all";
    const bool shortened_by_cap = options_.period_share < 1;
    if (!question_.preset.empty() && !shortened_by_cap) range = question_.preset;
    else if ((question_.window_asked || shortened_by_cap) && (from_ || to_))
      range = str(from_ ? format_day(*from_) : "", "..", to_ ? format_day(*to_) : "");
    plan_.params.push_back({.name = "period", .type = "date_range", .label = "Period", .defaults = {range}});
  }
  for (const ValueFilter& filter : question_.filters) {
    const Dimension dimension = make_dimension(table_, filter.column);
    if (!add_parameter(dimension, filter.values, 4)) add_fixed_filter(filter);
  }
  std::size_t count = 0;
  std::vector<Dimension> candidates;
  if (question_.compare) candidates.push_back(*question_.compare);
  for (const Dimension& dimension : question_.asked) {
    for (const std::size_t column : dimension.columns) {
      if (table_.columns[column].role == ColumnRole::dimension) candidates.push_back(make_dimension(table_, column));
    }
  }
  for (const Dimension& dimension : question_.others) candidates.push_back(dimension);
  for (const Dimension& candidate : candidates) {
    if (count >= parameters_max) break;
    if (add_parameter(candidate, {}, parameters_max + question_.filters.size())) ++count;
  }
}

bool Planner::add_parameter(const Dimension& dimension, const std::vector<std::string>& values, std::size_t enums_max) {
  if (dimension.columns.size() != 1 || !dimension.distinct || *dimension.distinct > parameter_values_max || *dimension.distinct < 2)
    return false;
  if (parameters_.contains(dimension.columns.front())) return false;
  if (parameters_.size() >= enums_max) return false;
  const std::string name = parameter_name(dimension.alias);
  const std::string query = str(dimension.alias, "_values");
  if (options_.without.contains(query)) return false;
  std::string sql = str("SELECT ", dimension.sql, " AS name\nFROM ", table_.sql_name, "\n");
  std::vector<std::string> conditions = dimension.conditions;
  if (!conditions.empty()) sql += str("WHERE ", join(conditions, "\n  AND "), "\n");
  sql += str("GROUP BY 1\nORDER BY count(*) DESC, 1\n", dialect().limit(parameter_values_max));
  value_queries_.push_back({.id = query, .sql = sql, .columns = {}});
  plan_.params.push_back({.name = name,
                          .type = "enum",
                          .label = dimension.label,
                          .defaults = values.empty() ? std::vector<std::string>{"all"} : values,
                          .values_from = str(query, ".name")});
  parameters_[dimension.columns.front()] = name;
  filters_.emplace_back(name, dimension.sql);
  return true;
}

void Planner::add_fixed_filter(const ValueFilter& filter) {
  const Dimension dimension = make_dimension(table_, filter.column);
  std::vector<std::string> quoted;
  for (const std::string& value : filter.values) quoted.push_back(dialect().text_literal(value));
  fixed_.push_back(quoted.size() == 1 ? str(dimension.sql, " = ", quoted.front()) : str(dimension.sql, " IN (", join(quoted, ", "), ")"));
  plan_.notes.push_back(str("Only rows where ", in_sentence(dimension.label), " is ", join(filter.values, " or "), " are shown."));
}

std::string Planner::parameter_name(const std::string& alias) const {
  std::string name = alias == "period" ? "period_value" : alias;
  const std::string base = name;
  for (int number = 2;
       std::any_of(plan_.params.begin(), plan_.params.end(), [&](const PlannedParameter& param) { return param.name == name; }); ++number)
    name = str(base, "_", number);
  return name;
}

std::vector<std::pair<std::string, std::string>> Planner::click_on(const Dimension& dimension, std::string_view encoding) const {
  if (dimension.columns.size() != 1 || dimension.ordered()) return {};
  const auto found = parameters_.find(dimension.columns.front());
  if (found == parameters_.end()) return {};
  return {{found->second, str("$", encoding)}};
}

}  // namespace bridge::rules
