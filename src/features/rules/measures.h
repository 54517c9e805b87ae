#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/rules/profile.h"

namespace bridge::rules {

// A number to show: one aggregate over rows.
struct Measure {
  std::optional<std::size_t> column;  // none: the rows themselves
  Aggregate aggregate = Aggregate::count;
  std::string alias;  // of the answer's column
  std::string sql;
  std::string label;  // "Average delay"
  std::string unit;
  std::string format;  // of d3
  Good good = Good::unknown;
  bool adds_up = false;  // parts of it sum to the whole
};

// Something to split by: a column, a route of two, bands of a number, or a part of time.
struct Dimension {
  std::vector<std::size_t> columns;
  std::string alias;
  std::string sql;
  std::string label;              // "Airport of origin"
  std::vector<std::string> keys;  // to group by, when that is not the value itself
  std::string order_sql;          // when its values have an order of their own (weekdays, bands); empty: by the measure
  std::optional<std::int64_t> distinct;
  std::vector<std::string> conditions;  // rows that have no value are left out
  std::string unit;                     // of bands
  bool ordered() const { return !order_sql.empty(); }
};

// Whether a sum is given where one is asked for: of any number that is no rate, share or code. What the sentence says counts more than what
// its name makes likely.
bool may_add_up(const ColumnProfile& column);

Measure count_rows(const TableProfile& table);
// `aggregate` none: the one that makes sense for the column. A sum that means nothing becomes an average, as does a median or a spread that
// the engine does not have.
Measure make_measure(const TableProfile& table, std::size_t column, Aggregate aggregate);
Measure count_distinct(const TableProfile& table, const Dimension& dimension);
// The share of rows beyond the limit that people mean ("late"), if the column has one; `condition` is an own limit ("> 60").
std::optional<Measure> make_share(const TableProfile& table, std::size_t column, std::string_view condition = "");
// The value that `part` of a hundred rows do not exceed; none where the engine has no quantiles.
std::optional<Measure> make_percentile(const TableProfile& table, std::size_t column, int part);
// How much of the whole one value of a dimension has; `whole` is a count of rows or a sum.
Measure make_value_share(const TableProfile& table, const Measure& whole, const Dimension& dimension, const std::string& value);
// An additive measure of dense events, as an average of a day: whole and begun weeks can then stand side by side.
Measure per_day(const Measure& measure, const ColumnProfile& time);

Dimension make_dimension(const TableProfile& table, std::size_t column);
Dimension make_route(const TableProfile& table, std::size_t from, std::size_t to);
// Bands of equal width over a number; of a round width when none is asked for.
Dimension make_bands(const TableProfile& table, std::size_t column, std::optional<double> asked_width = std::nullopt);
Dimension make_time_part(const ColumnProfile& time, TimePart part);

// The start of the hour, day, week, month, quarter or year.
std::string bucket_sql(const ColumnProfile& time, Grain grain);

TimeUnit unit_of(Grain grain);

// The column's values as texts, to split by.
std::string text_of(const ColumnProfile& column);

// "7 rows have no number in revenue (NA)": what the column holds that cannot be read, for the notes of a page; empty when there is nothing.
std::string unread_note(const ColumnProfile& column);

// "Body mass" → "body mass"; acronyms keep their capitals.
std::string in_sentence(std::string_view label);
std::string number_text(double value);
// "250 mi", "$1,000".
std::string with_unit(std::string_view number, std::string_view unit);

// How a number of this column is written.
std::string number_format(const ColumnProfile& column, Aggregate aggregate);

}  // namespace bridge::rules
