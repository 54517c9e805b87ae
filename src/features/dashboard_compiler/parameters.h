#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "features/dashboard_compiler/sql_text.h"
#include "features/dashboard_documents/document.h"
#include "warehouse/warehouse.h"

// From what stands in a URL or in a document's defaults to typed values, and from there into SQL.

namespace bridge {

using Day = std::chrono::sys_days;

// Whole days, both included; a missing side is open.
struct DayRange {
  std::optional<Day> from;
  std::optional<Day> to;
};

struct ParameterValue {
  bool all = true;               // no filter: the rest is empty
  DayRange range;                // of a date_range
  std::optional<Day> newest;     // of a date_range that is counted from the newest day of the data, where it has one
  std::vector<SqlValue> values;  // of an enum one or more, of every other type exactly one
};
using ParameterValues = std::map<std::string, ParameterValue>;

std::string format_day(Day day);
std::optional<Day> parse_day(std::string_view text);
Day day_of(Time time);

// "last_7_days", "this_month", … ending today; nullopt when there is no such preset.
std::optional<DayRange> find_preset(std::string_view name, Day today);
// "last_90_days_of_data", also of weeks, months and years and any number from 1 to 9999, "this_month_of_data", "this_year_of_data": ending
// on the newest day that the data has.
std::optional<DayRange> find_preset_of_data(std::string_view name, Day newest);
const std::vector<std::string>& preset_names();

// The newest day of the data by date_range parameter, see newest_day.h; of those without one, today stands for it.
using NewestDays = std::map<std::string, Day>;

// Names that mean something else in a URL, and so cannot be parameters.
const std::vector<std::string>& reserved_parameter_names();

// The default, typed. invalid_argument with a violation (without a place) when it does not fit the type.
Result<ParameterValue> default_value(const DocumentParameter& parameter, ViewType view_type, Day today, const NewestDays& newest = {});

// The date_range parameters whose period, in this request, is counted from the newest day of the data.
std::vector<std::string> parameters_of_data(const std::vector<DocumentParameter>& parameters, ViewType view_type,
                                            const std::vector<std::pair<std::string, std::string>>& query);

// Values of a request over the defaults. `query` holds decoded names and values in order; reserved names are passed over, every problem is
// reported at once with the parameter's name as path, unknown names with the nearest known one.
Result<ParameterValues> read_parameter_values(const std::vector<DocumentParameter>& parameters, ViewType view_type,
                                              const std::vector<std::pair<std::string, std::string>>& query, Day today,
                                              const NewestDays& newest = {});

// The same number of days just before; nullopt when a side is open.
std::optional<ParameterValue> previous_period(const ParameterValue& value);

// A bound statement, and the way back from a place in it to the document's own SQL.
struct BoundSql {
  BoundQuery query;

  struct Segment {
    std::size_t bound = 0;   // offset in query.sql
    std::size_t source = 0;  // offset in the document's SQL
    bool verbatim = true;    // text that is the same on both sides
  };
  std::vector<Segment> segments;

  // The offset in the document's SQL of a line and column (from 1, in characters) of the bound SQL.
  std::size_t source_offset(int line, int column) const;
};

// Puts the values in as bound placeholders of the engine. A filter becomes a condition (half-open for days), or TRUE at `all`; `:name`
// becomes one placeholder, NULL at `all`; `.from` and `.to` the first and last day, NULL where open.
Result<BoundSql> bind_sql(const ScannedSql& sql, const std::vector<DocumentParameter>& parameters, const ParameterValues& values,
                          const SqlDialect& dialect);

}  // namespace bridge
