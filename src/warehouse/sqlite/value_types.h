#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "warehouse/query_result.h"

namespace bridge::sqlite {

// What a column was declared to hold. SQLite keeps what it is given all the same, so that it is a wish and not a promise.
struct DeclaredType {
  std::optional<ColumnType> type;  // nothing: no type, or one that says nothing ("NUMERIC", "ANY")
  int scale = 0;                   // of decimals
};
// "VARCHAR(20)", "decimal(18, 2)", "datetime", "", …: by the words that people use, which SQLite's own affinities are made from too.
DeclaredType declared_type_of(std::string_view text);

// What was seen of a column's values.
struct SeenValues {
  std::int64_t nulls = 0;
  std::int64_t integers = 0;
  std::int64_t reals = 0;
  std::int64_t texts = 0;
  std::int64_t blobs = 0;
  bool are_flags = true;          // of the integers: 0 and 1 alone
  bool are_exact = true;          // of the integers: none beyond 2^53
  bool are_finite = true;         // of the reals
  bool are_dates = true;          // of the texts: 2001-01-31
  bool are_timestamps = true;     // of the texts: dates with a time of day, or dates alone
  bool have_time_of_day = false;  // of the texts: at least one
  bool are_times = true;          // of the texts: 12:30, 12:30:00, 12:30:00.5
  bool are_json = true;           // of the texts: an object or a list

  void add_null() { ++nulls; }
  void add_integer(std::int64_t value);
  void add_real(double value);
  void add_text(std::string_view text);
  void add_blob() { ++blobs; }
};

// The narrowest type that holds every value seen, and `wanted` if that does. Without any value it is `wanted`, else text.
ColumnType type_for(std::optional<ColumnType> wanted, const SeenValues& seen);

bool is_iso_date(std::string_view text);
// "2001-01-31 12:30", with seconds, a fraction of at most six digits, T for the blank, Z or an offset: the same moment as RFC 3339 in UTC.
// Also of a date alone. Nothing when it is none.
std::optional<std::string> timestamp_of(std::string_view text);
bool is_iso_time(std::string_view text);

}  // namespace bridge::sqlite
