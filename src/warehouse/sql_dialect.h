#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/query_result.h"
#include "warehouse/sql_lexer.h"

namespace bridge {

enum class SortDirection : std::uint8_t { ascending, descending };
enum class TimeUnit : std::uint8_t { hour, day, week, month, quarter, year };
// weekday: 1 (Monday) to 7.
enum class DatePart : std::uint8_t { hour, weekday, day, month };
enum class ValueAt : std::uint8_t { earliest, latest };

// A window over the time before each row: OVER (ORDER BY `order` RANGE BETWEEN `back` PRECEDING AND …).
struct TimeWindow {
  std::string order;
  std::string back;
};

// What a function computes, as far as a reader of SQL wants to know it.
enum class FunctionMeaning : std::uint8_t {
  count,
  sum,
  mean,
  minimum,
  maximum,
  median,
  quantile,
  standard_deviation,
  correlation,
  value_at,       // in the first or the last row of a group
  neighbour,      // in a row before or after
  window_first,   // in the first row of a window
  rank,           // the place of a row
  start_of_unit,  // of the unit that a text among its arguments names
  hour,
  weekday,
  month,
};

// What an engine does with a statement that its writer may not expect.
struct SqlCaution {
  std::string code;
  std::string message;
};

// How an engine writes the SQL that Bridge itself writes. Arguments that are expressions, and what is returned, are SQL; a name, a text or
// a date is given as itself and quoted here. Moments and days are expressions of the engine's own types for them; one that has none
// (SQLite) keeps them as texts, "2001-01-31" and "2001-01-31 10:00:00". Null goes in, null comes out, unless it is said. What an engine
// cannot say is unsupported, by the operation's name and with what would do. The objects live as long as the program and never change: they
// are passed as references and kept as pointers. Thread-safe.
class SqlDialect {
 public:
  virtual ~SqlDialect() = default;

  virtual std::string_view name() const = 0;  // "duckdb"
  virtual const SqlLexicalRules& lexical_rules() const = 0;
  // What whoever writes SQL for it by hand should know beyond the standard: a few lines of Markdown, or nothing.
  virtual std::string_view practice() const { return {}; }

  // ---- names, values
  virtual std::string quote_identifier(std::string_view name) const = 0;  // in quotes, whatever it is
  virtual std::string identifier(std::string_view name) const = 0;        // in quotes only where it has to be
  virtual std::string text_literal(std::string_view text) const = 0;
  virtual std::string date_literal(std::string_view day) const = 0;  // of "2001-01-31"
  virtual std::string true_literal() const = 0;
  // The placeholder of the value at `position`, from 1, which is of this type: of the type also where the value is null.
  virtual std::string placeholder(std::size_t position, ColumnType type) const = 0;
  // Fails where the value is not of the type, or gives null; unsupported for times of day and JSON.
  virtual Result<std::string> cast(std::string_view value, ColumnType type) const = 0;

  // ---- rows
  virtual std::string sort_key(std::string_view value, SortDirection direction) const = 0;  // after ORDER BY; nulls come last
  virtual std::string limit(std::size_t rows) const = 0;                                    // at the end of a SELECT
  // What stands after FROM for at most so many rows of a table; not always the same ones, and the first ones where the engine has no
  // better way.
  virtual std::string sample(std::string_view table, std::size_t rows) const = 0;

  // ---- numbers; an argument that is not one term stands in brackets
  virtual std::string ratio(std::string_view part, std::string_view whole) const = 0;       // no whole-number division
  virtual std::string safe_ratio(std::string_view part, std::string_view whole) const = 0;  // null where `whole` is 0
  // The largest multiple of `width` that is not over the number: where its band begins.
  virtual std::string band_start(std::string_view number, std::string_view width) const = 0;

  // ---- aggregates
  // `fraction` is a number between 0 and 1, "0.95"; between two values where it falls between them.
  virtual Result<std::string> quantile(std::string_view number, std::string_view fraction) const = 0;
  // `decimals`: digits behind the point that the middle of two has to keep, of exact numbers.
  virtual Result<std::string> median(std::string_view number, std::optional<int> decimals = std::nullopt) const = 0;
  virtual Result<std::string> standard_deviation(std::string_view number) const = 0;  // of a sample
  // The value in the row whose time is the first or last.
  virtual Result<std::string> value_at(ValueAt which, std::string_view value, std::string_view time) const = 0;

  // ---- days and moments
  // The start of the unit that holds the moment: a day, of an hour a moment. Weeks begin on Monday.
  virtual std::string truncate(std::string_view time, TimeUnit unit) const = 0;
  virtual std::string day_of(std::string_view time) const = 0;
  virtual std::string date_part(std::string_view time, DatePart part) const = 0;           // a whole number
  virtual std::string weekday_name(std::string_view time) const = 0;                       // "Monday"
  virtual std::string month_name(std::string_view time) const = 0;                         // "January"
  virtual std::string start_of_year(std::string_view year) const = 0;                      // 1 January of a year that is a whole number
  virtual std::string days_between(std::string_view from, std::string_view to) const = 0;  // of the days that hold the moments
  // The day or moment that a text is, written as strptime's `format` says; null for what is not written so.
  virtual Result<std::string> parse_time(std::string_view text, std::string_view format) const = 0;
  // The window over `count` units back, of rows whose `time` is what truncate() gives for `step`, or a year as a number where `step` is
  // none.
  virtual Result<TimeWindow> window_back(std::string_view time, std::optional<TimeUnit> step, TimeUnit unit, int count) const = 0;

  // What the engine computes with the function of this name, in lower case; nothing where that is none of these.
  virtual std::optional<FunctionMeaning> meaning_of(std::string_view function) const = 0;

  // What to tell the writer of a statement that answers with these columns.
  virtual std::optional<SqlCaution> find_caution(std::string_view sql, const std::vector<ColumnName>& columns) const = 0;
};

// "SQLite has no median: an average, …": the error of what a dialect cannot write. `instead` says what would do.
std::unexpected<Error> not_in_dialect(std::string_view engine, std::string_view operation, std::string_view instead);

// What functions of every engine mean: those of the SQL standard.
std::optional<FunctionMeaning> standard_meaning_of(std::string_view function);

std::string_view unit_name(TimeUnit unit);  // "week"

}  // namespace bridge
