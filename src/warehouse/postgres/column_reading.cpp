#include "warehouse/postgres/column_reading.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "warehouse/column_names.h"
#include "warehouse/postgres/limits.h"
#include "warehouse/postgres/postgres_dialect.h"
#include "warehouse/postgres/value_reading.h"
#include "warehouse/text_forms.h"

namespace bridge::postgres {

namespace {

// A way to read the values of a column, and a condition that those fit for which it is meant.
struct Reading {
  ReadAs as = ReadAs::number;
  std::string sql;  // NULL for what it does not read
  std::string_view date_format;
  std::string fits;
  bool has_decimal_comma = false;
};

// The ways of writing a date that are looked for, the commoner first where all values fit several.
constexpr auto date_formats = std::to_array<std::string_view>({
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%b %d %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%Y-%m-%dT%H:%MZ",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M",
    "%b %Y",
    "%B %Y",
    "%b-%Y",
    "%Y-%m",
    "%Y/%m",
    "%m/%Y",
    "%Y%m%d",
    "%Y%m",
});

std::string quoted_text(std::string_view text) { return postgres_dialect().text_literal(text); }
std::string whole_match(const std::string& name, std::string_view pattern) {
  return str(name, " ~ ", quoted_text(str("^(", pattern, ")$")));
}

std::string number_sql(const std::string& name, bool has_decimal_comma) {
  const std::string bare =
      str("regexp_replace(", name, ", ", quoted_text(has_decimal_comma ? text_forms::beside_comma_digits : text_forms::beside_point_digits),
          ", '', 'g')");
  const std::string digits = has_decimal_comma ? str("replace(", bare, ", ',', '.')") : bare;
  return str("CASE WHEN ",
             whole_match(name, text_forms::loose_number(has_decimal_comma ? text_forms::comma_digits : text_forms::point_digits)),
             " THEN CAST(CASE WHEN ", name, " ~ '[(−-]' THEN '-' ELSE '' END || ", digits, " AS numeric) END");
}

std::string duration_sql(const std::string& name) {
  const auto part = [&](int i) { return str("CAST(split_part(ltrim(", name, ", '-'), ':', ", i, ") AS numeric)"); };
  return str("CASE WHEN ", whole_match(name, text_forms::duration), " THEN (", part(1), " * 3600 + ", part(2), " * 60 + ", part(3),
             ") * CASE WHEN ", name, " LIKE '-%' THEN -1 ELSE 1 END END");
}

Result<std::vector<Reading>> readings_of(const std::string& name, bool is_named_as_time) {
  std::vector<Reading> readings;
  for (const std::string_view format : date_formats) {
    if (text_forms::needs_a_name(format) && !is_named_as_time) continue;
    const std::string sql = TRY(postgres_dialect().parse_time(name, format));
    // Digits alone are a date only near our time.
    const bool is_bare = format.find_first_of("-/. ") == std::string_view::npos;
    readings.push_back(
        {.as = format.contains("%H") ? ReadAs::timestamp : ReadAs::date,
         .sql = sql,
         .date_format = format,
         .fits = is_bare ? str("(", sql, ") BETWEEN DATE '1900-01-01' AND DATE '2100-12-31'") : str("(", sql, ") >= DATE '1000-01-01'")});
  }
  readings.push_back({.as = ReadAs::seconds, .sql = duration_sql(name), .fits = whole_match(name, text_forms::duration)});
  for (const bool has_decimal_comma : {false, true}) {
    readings.push_back(
        {.as = ReadAs::number,
         .sql = number_sql(name, has_decimal_comma),
         .fits = whole_match(name, text_forms::strict_number(has_decimal_comma ? text_forms::comma_digits : text_forms::point_digits)),
         .has_decimal_comma = has_decimal_comma});
  }
  return readings;
}

std::int64_t whole(const std::optional<std::string>& cell) {
  std::int64_t number = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
  return number;
}

std::optional<double> number_of(const std::optional<std::string>& text) {
  double number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

Result<TextRow> ask(const ColumnPlace& place, const std::string& sql) {
  auto rows = TRY(place.session.query(place.context, sql));
  if (rows.empty()) return fail(ErrorCode::internal, "The catalog gave no row");
  return std::move(rows.front());
}

// How many values there are that are not missing, and how many of them fit each reading. Each is counted by itself: a session keeps a few
// patterns at hand, and with all of them at every row it would make each anew each time.
Result<std::vector<std::int64_t>> count_fits(const ColumnPlace& place, const std::string& name, const std::vector<Reading>& readings,
                                             std::string_view limit) {
  std::string sql = str("WITH looked AS MATERIALIZED (SELECT ", name, " FROM ", place.from, " WHERE ", name, " IS NOT NULL", limit,
                        ") SELECT 0, count(*) FROM looked WHERE lower(trim(", name, ")) NOT IN ", text_forms::missing_words);
  for (std::size_t i = 0; i < readings.size(); ++i)
    sql += str(" UNION ALL SELECT ", i + 1, ", count(*) FROM looked WHERE ", readings[i].fits);
  std::vector<std::int64_t> counts;
  for (const TextRow& row : TRY(place.session.query(place.context, sql + " ORDER BY 1"))) counts.push_back(whole(row[1]));
  return counts;
}

// Range, average and number of what a reading gives, and what it does not read.
Result<> describe(const ColumnPlace& place, const std::string& name, const Reading& reading, ColumnStatistics& statistics) {
  const bool is_number = reading.as == ReadAs::number || reading.as == ReadAs::seconds;
  const TextRow row =
      TRY(ask(place, str("SELECT count(value), count(*), min(value), max(value), ",
                         is_number ? "CAST(avg(value) AS double precision)" : "NULL", ", count(DISTINCT value) FROM (SELECT ", reading.sql,
                         " AS value FROM ", place.from, " WHERE ", name, " IS NOT NULL) AS readings")));
  const auto shown = [&](const std::optional<std::string>& cell) -> std::optional<std::string> {
    if (!cell || is_number) return cell;
    return reading.as == ReadAs::date ? date_from_server_text(*cell) : timestamp_from_server_text(*cell);
  };
  statistics.read_as = reading.as;
  statistics.read_sql = reading.sql;
  if (!reading.date_format.empty()) statistics.text_date_format = reading.date_format;
  statistics.min = shown(row[2]);
  statistics.max = shown(row[3]);
  statistics.average = is_number ? number_of(row[4]) : std::nullopt;
  statistics.distinct_count = whole(row[5]);
  statistics.unread_count = whole(row[1]) - whole(row[0]);
  if (*statistics.unread_count == 0) return {};
  const auto unread =
      TRY(place.session.query(place.context, str("SELECT CAST(", name, " AS text) FROM ", place.from, " WHERE ", name, " IS NOT NULL AND (",
                                                 reading.sql, ") IS NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ", unread_values_max)));
  for (const TextRow& value : unread)
    statistics.unread_values.push_back(to_valid_utf8(value[0].value_or("").substr(0, shown_value_bytes_max)));
  return {};
}

// The sign that stands beside the numbers, and whether they are numbers at all: codes have leading zeros, and what is plain digits
// throughout was made text on purpose.
Result<> describe_numbers(const ColumnPlace& place, const std::string& name, const Reading& reading, ColumnStatistics& statistics) {
  const std::string sign = str("substring(", name, " FROM ", quoted_text(str("(", text_forms::currencies, "|%)")), ")");
  const TextRow row = TRY(ask(place, str("SELECT count(*) FILTER (WHERE ", name, " ~ '^0[0-9]+$'), count(*) FILTER (WHERE ", name,
                                         " !~ '^-?[0-9]+$'), mode() WITHIN GROUP (ORDER BY ", sign, "), count(", sign, "), count(*) FROM ",
                                         place.from, " WHERE ", name, " IS NOT NULL")));
  if (whole(row[0]) > 0 || whole(row[1]) == 0) return {};
  TRY(describe(place, name, reading, statistics));
  if (2 * whole(row[3]) >= whole(row[4]) - *statistics.unread_count) statistics.read_unit = row[2];
  return {};
}

Result<> read_text(const ColumnPlace& place, const ColumnInfo& column, ColumnStatistics& statistics) {
  const std::string name = postgres_dialect().identifier(column.name);
  std::vector<Reading> readings = TRY(readings_of(name, is_named_as_time(column.name)));
  const auto first = TRY(count_fits(place, name, readings, str(" LIMIT ", date_format_rows)));
  // The first rows may be untypical: what is fit for most of them is looked at in all.
  std::vector<Reading> likely;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (2 * first[i + 1] >= first[0] && first[i + 1] > 0) likely.push_back(std::move(readings[i]));
  }
  if (likely.empty()) return {};
  const auto all = TRY(count_fits(place, name, likely, ""));
  const auto best = std::max_element(all.begin() + 1, all.end());
  if (all[0] == 0 || static_cast<double>(*best) < static_cast<double>(all[0]) * text_forms::share_read_min) return {};
  const Reading& reading = likely[static_cast<std::size_t>(best - all.begin()) - 1];
  return reading.as == ReadAs::number ? describe_numbers(place, name, reading, statistics) : describe(place, name, reading, statistics);
}

// Numbers that are dates or moments.
Result<> read_number(const ColumnPlace& place, const ColumnInfo& column, ColumnStatistics& statistics) {
  const auto low = number_of(statistics.min);
  const auto high = number_of(statistics.max);
  if (!low || !high) return {};
  const std::string name = postgres_dialect().identifier(column.name);
  const bool is_named = is_named_as_time(column.name);
  const auto within = [&](double from, double to) { return *low >= from && *high <= to; };
  constexpr std::int64_t telling_days = 10;
  const bool is_like_days = within(19'000'101, 21'001'231) && (is_named || statistics.distinct_count.value_or(0) >= telling_days);
  if (column.type == ColumnType::integer && (is_like_days || (is_named && within(190'001, 210'012)))) {
    const std::string_view format = is_like_days ? "%Y%m%d" : "%Y%m";
    const std::string sql = TRY(postgres_dialect().parse_time(str("CAST(", name, " AS text)"), format));
    const TextRow counts = TRY(ask(place, str("SELECT count(", name, "), count(", sql, ") FROM ", place.from)));
    if (whole(counts[0]) == 0 || whole(counts[0]) != whole(counts[1])) return {};
    return describe(place, name, {.as = ReadAs::date, .sql = sql}, statistics);
  }
  if (!is_named) return {};
  // From 1980 to 2100.
  constexpr double first_second = 315'532'800;
  constexpr double last_second = 4'102'444'800;
  for (const auto& [scale, divided] : {std::pair(1.0, ""), std::pair(1e3, " / 1000.0"), std::pair(1e6, " / 1000000.0")}) {
    if (!within(first_second * scale, last_second * scale)) continue;
    return describe(
        place, name,
        {.as = ReadAs::timestamp, .sql = str("to_timestamp(CAST(", name, " AS double precision)", divided, ") AT TIME ZONE 'UTC'")},
        statistics);
  }
  return {};
}

bool is_written_text(const ColumnInfo& column) {
  return column.engine_type == "text" || column.engine_type.starts_with("character") || column.engine_type == "citext";
}

}  // namespace

Result<> find_reading(const ColumnPlace& place, const ColumnInfo& column, const ValueType& type, ColumnStatistics& statistics) {
  const std::string name = postgres_dialect().identifier(column.name);
  if (type.kind == ValueKind::time || column.engine_type.starts_with("interval"))
    return describe(place, name, {.as = ReadAs::seconds, .sql = str("date_part('epoch', ", name, ")")}, statistics);
  if (column.type == ColumnType::text) {
    return is_written_text(column) && text_forms::may_be_written(statistics) ? read_text(place, column, statistics) : Result<>{};
  }
  const bool is_float = type.kind == ValueKind::float4 || type.kind == ValueKind::float8;
  // NaN and infinities leave no average that could be told.
  if (is_float && !statistics.average && statistics.null_fraction.value_or(1) < 1) {
    return describe(
        place, name,
        {.as = ReadAs::number, .sql = str("CASE WHEN ", name, " > '-Infinity' AND ", name, " < 'Infinity' THEN ", name, " END")},
        statistics);
  }
  if (type.kind == ValueKind::whole_number || is_float) return read_number(place, column, statistics);
  return {};
}

}  // namespace bridge::postgres
