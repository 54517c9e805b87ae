#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "features/rules/vocabulary.h"
#include "warehouse/dialect_list.h"

namespace bridge::rules {

enum class ColumnRole : std::uint8_t {
  time,        // when it happened
  measure,     // a quantity
  dimension,   // few distinct values
  identifier,  // a code of one thing: never summed
  label,       // a name or free text: shown, not grouped by
  geography,   // latitude, longitude
};
BOOST_DESCRIBE_ENUM(ColumnRole, time, measure, dimension, identifier, label, geography)

// A day, counted from 1970-01-01.
using Day = std::int64_t;
std::optional<Day> parse_day(std::string_view text);  // "2001-07-01", with or without a time behind it
std::string format_day(Day day);
struct CivilDate {
  int year = 1970;
  int month = 1;
  int day = 1;
};
CivilDate civil_of(Day day);
Day day_of(CivilDate date);

struct ColumnProfile {
  const SqlDialect* dialect = &local_sql_dialect();  // of its table
  std::string name;
  std::string type;                // of the tool's answer: "integer", "text", …
  std::string sql;                 // the name, quoted where needed; of numbers written as text, the expression that reads them
  std::vector<std::string> words;  // of the name, without its unit
  std::vector<std::string> stems;  // of the words, abbreviations spelled out
  std::string label;               // "Body mass"
  std::string unit;                // "g", "$", "min"; empty when unknown
  ColumnRole role = ColumnRole::label;
  Good good = Good::unknown;
  bool additive = false;    // its sum means something
  bool mean_first = false;  // may be summed, but an average says more
  bool money = false;
  bool is_share = false;  // 0..1
  bool numeric = false;

  std::optional<std::int64_t> distinct;
  double null_fraction = 0;                // values that cannot be read among them
  std::int64_t unread = 0;                 // values that are no number, date or duration as the others are: "NA", "NaN"
  std::vector<std::string> unread_values;  // the commonest of them
  std::optional<int> decimals;             // digits behind the point, of a decimal
  std::optional<double> min;
  std::optional<double> max;
  std::optional<double> average;
  std::vector<std::string> values;   // commonest first
  std::vector<std::string> missing;  // values that stand for "not known": no letter or digit in them

  // Of a time column: an expression of type date or timestamp, and what is known of its range.
  std::string time_sql;
  bool time_is_year = false;  // a whole number such as 1995
  bool time_is_text = false;  // parsed from text
  bool has_time_of_day = false;
  std::optional<Day> first_day;
  std::optional<Day> last_day;  // the last one that has a whole day's data
  double span_days = 0;         // known, or guessed from samples
  bool unit_assumed = false;    // the unit is not in the column's name
};

struct TableProfile {
  const SqlDialect* dialect = &local_sql_dialect();  // in which its queries are written
  std::string table;
  std::string sql_name;
  std::string source;  // the sql_name of the table that the rows are of: sql_name too unless others are joined to it
  std::string dataset;
  std::vector<std::string> stems;  // of the name
  std::string rows_label;          // "Flights", or "Records" when the name is no plural
  std::int64_t row_count = 0;
  std::int64_t size_bytes = 0;
  std::vector<ColumnProfile> columns;  // at most columns_max
  std::optional<std::size_t> time;     // the column that says when
  bool snapshot = false;               // each year holds every thing once: sums across years mean nothing

  const ColumnProfile* time_column() const { return time ? &columns[*time] : nullptr; }
};

// Columns beyond this many are not looked at.
inline constexpr std::size_t columns_max = 500;

// Reads an answer of get_table_schema. What is missing from it is unknown, never an error.
TableProfile make_table_profile(const json::object& schema);

// The stems of a table's name, without numbers: "flights-3m" → flight.
std::vector<std::string> table_stems(std::string_view name);

}  // namespace bridge::rules
