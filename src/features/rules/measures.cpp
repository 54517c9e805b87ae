#include "features/rules/measures.h"

#include <cmath>

#include "base/text.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr double bands_count = 20;
constexpr double tail_factor = 50;  // a range so many times its average has a tail that hides the rest

std::string_view prefix_of(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::sum: return "Total";
    case Aggregate::mean: return "Average";
    case Aggregate::median: return "Median";
    case Aggregate::minimum: return "Lowest";
    case Aggregate::maximum: return "Highest";
    case Aggregate::distinct: return "Distinct";
    case Aggregate::spread: return "Standard deviation of";
    default: return "";
  }
}

std::string_view short_of(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::sum: return "total";
    case Aggregate::mean: return "average";
    case Aggregate::median: return "median";
    case Aggregate::minimum: return "lowest";
    case Aggregate::maximum: return "highest";
    case Aggregate::spread: return "spread_of";
    default: return "";
  }
}

bool has_word(const ColumnProfile& column, std::string_view word) {
  return std::find(column.words.begin(), column.words.end(), word) != column.words.end();
}

// The middle of two decimals has one digit more than they have, which the engine cuts off; that of two long whole numbers it rounds.
Result<std::string> median_sql(const ColumnProfile& column) {
  constexpr double exact_double_max = 9e15;
  const bool is_long = column.type == "integer" && column.max && *column.max > exact_double_max;
  if (!is_long && !column.decimals) return column.dialect->median(column.sql);
  return column.dialect->median(column.sql, column.decimals.value_or(0) + 1);
}

// Rows whose value is not known are left out of a breakdown.
std::vector<std::string> known_values(const ColumnProfile& column) {
  std::vector<std::string> conditions;
  if (column.null_fraction > 0) conditions.push_back(str(column.sql, " IS NOT NULL"));
  for (const std::string& value : column.missing) conditions.push_back(str(column.sql, " <> ", column.dialect->text_literal(value)));
  return conditions;
}

}  // namespace

std::string unread_note(const ColumnProfile& column) {
  if (column.unread == 0) return {};
  std::vector<std::string> values;
  for (const std::string& value : column.unread_values) values.push_back(value.empty() ? "empty text" : shortened(value, 40));
  const std::string_view kind = column.role == ColumnRole::time ? "date" : column.unit == "s" ? "duration" : "number";
  return str(column.unread, column.unread == 1 ? " row has no " : " rows have no ", kind, " in ", in_sentence(column.label),
             values.empty() ? "" : str(" (", join(values, ", "), ")"), column.unread == 1 ? " and is" : " and are", " left out there.");
}

std::string in_sentence(std::string_view label) {
  std::string out(label);
  // Acronyms keep their capitals.
  if (out.size() > 1 && out[0] >= 'A' && out[0] <= 'Z' && !(out[1] >= 'A' && out[1] <= 'Z')) out[0] = static_cast<char>(out[0] - 'A' + 'a');
  return out;
}

std::string number_text(double value) {
  return std::abs(value) < 9e15 && value == std::floor(value) ? str(static_cast<std::int64_t>(value)) : str(value);
}

std::string with_unit(std::string_view number, std::string_view unit) {
  if (unit.empty()) return std::string(number);
  return unit == "$" || unit == "€" ? str(unit, number) : str(number, " ", unit);
}

std::string number_format(const ColumnProfile& column, Aggregate aggregate) {
  if (column.is_share) {
    const double typical = column.average ? std::abs(*column.average) : 1;
    return typical < 0.01 ? ".2%" : ".1%";
  }
  const double size = aggregate == Aggregate::sum ? 1e6 : column.average ? std::abs(*column.average) : 10;
  if (aggregate == Aggregate::sum || aggregate == Aggregate::count || aggregate == Aggregate::distinct)
    return column.max && *column.max < 1 ? ",.2f" : ",.0f";
  if ((aggregate == Aggregate::maximum || aggregate == Aggregate::minimum) && column.type == "integer") return ",.0f";
  return size >= 1000 ? ",.0f" : size >= 1 ? ",.1f" : ",.2f";
}

bool may_add_up(const ColumnProfile& column) {
  if (column.additive) return true;
  if (!column.numeric || column.is_share || column.role == ColumnRole::geography || column.unit == "%") return false;
  for (const std::string_view word :
       {"rate", "rates", "ratio", "percent", "percentage", "pct", "share", "proportion", "index", "average", "mean", "median"}) {
    if (has_word(column, word)) return false;
  }
  return true;
}

Measure count_rows(const TableProfile& table) {
  Measure measure{.sql = "count(*)", .label = table.rows_label, .format = ",.0f", .adds_up = true};
  measure.alias = make_alias(table.rows_label);
  return measure;
}

Measure make_measure(const TableProfile& table, std::size_t index, Aggregate aggregate) {
  const ColumnProfile& column = table.columns[index];
  if (aggregate == Aggregate::none || aggregate == Aggregate::count || aggregate == Aggregate::share)
    aggregate = column.additive && !column.mean_first ? Aggregate::sum : Aggregate::mean;
  if (aggregate == Aggregate::sum && !may_add_up(column)) aggregate = Aggregate::mean;
  // What the engine cannot say becomes an average, and the word for it is said to be unused.
  const Result<std::string> written = aggregate == Aggregate::median   ? median_sql(column)
                                      : aggregate == Aggregate::spread ? column.dialect->standard_deviation(column.sql)
                                                                       : Result<std::string>();
  if (!written) aggregate = Aggregate::mean;
  Measure measure{.column = index, .aggregate = aggregate, .unit = column.unit, .good = column.good};
  switch (aggregate) {
    case Aggregate::sum: measure.sql = str("sum(", column.sql, ")"); break;
    case Aggregate::median: measure.sql = *written; break;
    case Aggregate::minimum: measure.sql = str("min(", column.sql, ")"); break;
    case Aggregate::maximum: measure.sql = str("max(", column.sql, ")"); break;
    case Aggregate::distinct: measure.sql = str("count(DISTINCT ", column.sql, ")"); break;
    case Aggregate::spread:
      measure.sql = *written;
      measure.good = Good::unknown;
      break;
    default: measure.sql = str("avg(", column.sql, ")"); break;
  }
  measure.adds_up = aggregate == Aggregate::sum;
  measure.format = number_format(column, aggregate);
  // "Cost total" summed is "Total cost", its average "Average cost"; "Count" summed stays "Count".
  std::string name = in_sentence(column.label);
  if (has_word(column, "total")) {
    name = std::string(trim(replace_all(str(" ", name, " "), " total ", " ")));
    if (name.empty()) name = "amount";
  }
  const bool bare_count = aggregate == Aggregate::sum && column.words.size() == 1 &&
                          (column.words[0] == "count" || column.words[0] == "total" || column.words[0] == "amount");
  measure.label = bare_count ? column.label : str(prefix_of(aggregate), " ", name);
  const std::string base = make_alias(name);
  measure.alias = bare_count ? base : make_alias(str(short_of(aggregate), "_", base));
  return measure;
}

Measure count_distinct(const TableProfile&, const Dimension& dimension) {
  Measure measure{.aggregate = Aggregate::distinct, .sql = str("count(DISTINCT ", dimension.sql, ")"), .format = ",.0f"};
  if (dimension.columns.size() == 1) measure.column = dimension.columns.front();
  measure.label = capitalised(plural_of(in_sentence(dimension.label)));
  if (dimension.label.size() > 1 && dimension.label[1] >= 'A' && dimension.label[1] <= 'Z') measure.label = plural_of(dimension.label);
  measure.alias = make_alias(str("distinct_", dimension.alias));
  return measure;
}

std::optional<Measure> make_share(const TableProfile& table, std::size_t index, std::string_view condition) {
  const ColumnProfile& column = table.columns[index];
  Measure measure{.column = index, .aggregate = Aggregate::share, .format = ".1%"};
  if (!condition.empty()) {
    measure.label = str("Share with ", in_sentence(column.label), " ", condition);
    measure.alias = make_alias(str("share_", column.label));
  } else {
    const ShareRule* rule = nullptr;
    for (const ShareRule& entry : share_rules()) {
      if (has_word(column, entry.word)) rule = &entry;
    }
    if (!rule) return {};
    condition = rule->condition;
    measure.label = rule->label;
    measure.good = rule->good;
    measure.alias = make_alias(rule->label);
  }
  measure.sql = str("avg(CASE WHEN ", column.sql, " ", condition, " THEN 1.0 WHEN ", column.sql, " IS NOT NULL THEN 0.0 END)");
  return measure;
}

std::optional<Measure> make_percentile(const TableProfile& table, std::size_t index, int part) {
  auto quantile = table.dialect->quantile(table.columns[index].sql, str(part < 10 ? "0.0" : "0.", part));
  if (!quantile) return std::nullopt;
  Measure measure = make_measure(table, index, Aggregate::median);
  const std::string_view ending = part % 10 == 1 && part != 11   ? "st"
                                  : part % 10 == 2 && part != 12 ? "nd"
                                  : part % 10 == 3 && part != 13 ? "rd"
                                                                 : "th";
  measure.sql = *std::move(quantile);
  measure.label = str(part, ending, " percentile of ", in_sentence(table.columns[index].label));
  measure.alias = make_alias(str("percentile_", part, "_", join(table.columns[index].words, "_")));
  return measure;
}

Measure make_value_share(const TableProfile& table, const Measure& whole, const Dimension& dimension, const std::string& value) {
  const std::string is_value = str(dimension.sql, " = ", table.dialect->text_literal(value));
  Measure measure{.column = dimension.columns.front(), .aggregate = Aggregate::share, .format = ".1%"};
  measure.alias = make_alias(str("share_of_", value));
  measure.label = str("Share of ", value.size() > 1 && value[1] >= 'a' && value[1] <= 'z' ? in_sentence(value) : value);
  if (whole.column && whole.aggregate == Aggregate::sum) {
    const std::string& column = table.columns[*whole.column].sql;
    measure.sql = table.dialect->safe_ratio(str("sum(CASE WHEN ", is_value, " THEN ", column, " END)"), str("sum(", column, ")"));
  } else {
    measure.sql = str("avg(CASE WHEN ", is_value, " THEN 1.0 WHEN ", dimension.sql, " IS NOT NULL THEN 0.0 END)");
  }
  return measure;
}

Measure per_day(const Measure& measure, const ColumnProfile& time) {
  Measure daily = measure;
  const std::string days = time.dialect->days_between(str("min(", time.time_sql, ")"), str("max(", time.time_sql, ")"));
  daily.sql = time.dialect->ratio(measure.sql, str("(", days, " + 1)"));
  daily.label = str(measure.label, " per day");
  daily.alias = make_alias(str(measure.alias, "_per_day"));
  daily.format = ",.0f";
  daily.adds_up = false;
  return daily;
}

Dimension make_dimension(const TableProfile& table, std::size_t index) {
  const ColumnProfile& column = table.columns[index];
  Dimension dimension{.columns = {index},
                      .alias = make_alias(join(column.words, "_")),
                      .sql = column.sql,
                      .label = column.label,
                      .distinct = column.distinct};
  dimension.conditions = known_values(column);
  if (column.numeric) dimension.sql = text_of(column);
  if (column.type == "boolean") dimension.sql = str("CASE WHEN ", column.sql, " THEN 'yes' ELSE 'no' END");
  if (dimension.alias == "column_1") dimension.alias = str("column_", index + 1);
  return dimension;
}

Dimension make_route(const TableProfile& table, std::size_t from, std::size_t to) {
  Dimension route{.columns = {from, to}, .alias = "route", .label = "Route"};
  route.keys = {table.columns[from].sql, table.columns[to].sql};
  route.sql = str(table.columns[from].sql, " || ' – ' || ", table.columns[to].sql);
  for (const std::size_t index : {from, to}) {
    for (const std::string& condition : known_values(table.columns[index])) route.conditions.push_back(condition);
  }
  const auto& a = table.columns[from].distinct;
  const auto& b = table.columns[to].distinct;
  if (a && b) route.distinct = std::min<std::int64_t>(*a * *b, std::max<std::int64_t>(1, table.row_count / 10));
  return route;
}

Dimension make_bands(const TableProfile& table, std::size_t index, std::optional<double> asked_width) {
  const ColumnProfile& column = table.columns[index];
  const double low = column.min.value_or(0);
  const double high = column.max.value_or(low + 100);
  double width = nice_number((high - low) / bands_count);
  std::vector<std::string> conditions{str(column.sql, " IS NOT NULL")};
  if (asked_width) {
    width = *asked_width;
  } else if (column.average && high - low > tail_factor * std::max(1.0, std::abs(*column.average))) {
    width = nice_number(std::max(1.0, std::abs(*column.average)));
    conditions.push_back(str(column.sql, " BETWEEN ", number_text(std::max(low, std::floor(low / width) < -10 ? -10 * width : low)),
                             " AND ", number_text(std::min(high, 20 * width))));
  }
  if (column.type == "integer" && !asked_width) width = std::max(1.0, std::ceil(width));
  Dimension bands{.columns = {index},
                  .alias = make_alias(str(join(column.words, "_"), "_from")),
                  .label = column.label,
                  .conditions = std::move(conditions)};
  bands.sql = width == 1 ? column.sql : table.dialect->band_start(column.sql, number_text(width));
  bands.order_sql = "1";
  bands.distinct = static_cast<std::int64_t>(std::ceil((high - low) / width)) + 1;
  bands.unit = column.unit;
  const std::string size = width >= 1000 ? format_count(static_cast<std::uint64_t>(width)) : number_text(width);
  bands.label = width == 1 ? column.label : str(column.label, ", bands of ", with_unit(size, column.unit));
  return bands;
}

Dimension make_time_part(const ColumnProfile& time, TimePart part) {
  Dimension dimension;
  switch (part) {
    case TimePart::weekday:
      dimension = {.alias = "weekday",
                   .sql = time.dialect->weekday_name(time.time_sql),
                   .label = "Day of the week",
                   .order_sql = time.dialect->date_part(time.time_sql, DatePart::weekday),
                   .distinct = 7};
      break;
    case TimePart::month:
      dimension = {.alias = "month_name",
                   .sql = time.dialect->month_name(time.time_sql),
                   .label = "Month of the year",
                   .order_sql = time.dialect->date_part(time.time_sql, DatePart::month),
                   .distinct = 12};
      break;
    default:
      dimension = {.alias = "hour_of_day",
                   .sql = time.dialect->date_part(time.time_sql, DatePart::hour),
                   .label = "Hour of the day",
                   .order_sql = "1",
                   .distinct = 24};
      break;
  }
  if (time.time_is_text || time.null_fraction > 0) dimension.conditions.push_back(str(time.time_sql, " IS NOT NULL"));
  return dimension;
}

std::string bucket_sql(const ColumnProfile& time, Grain grain) {
  if (time.time_is_year) return time.sql;
  return time.dialect->truncate(time.time_sql, unit_of(grain));
}

TimeUnit unit_of(Grain grain) {
  switch (grain) {
    case Grain::hour: return TimeUnit::hour;
    case Grain::week: return TimeUnit::week;
    case Grain::month: return TimeUnit::month;
    case Grain::quarter: return TimeUnit::quarter;
    case Grain::year: return TimeUnit::year;
    case Grain::none:
    case Grain::day: break;
  }
  return TimeUnit::day;
}

std::string text_of(const ColumnProfile& column) { return column.dialect->cast(column.sql, ColumnType::text).value_or(column.sql); }

}  // namespace bridge::rules
