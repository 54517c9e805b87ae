#include "warehouse/duckdb/column_reading.h"

#include "base/sql_name.h"
#include "base/text.h"
#include "warehouse/column_names.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/text_forms.h"

namespace bridge::duckdb {

namespace {

// A way to read the values of a column.
struct Reading {
  ReadAs as = ReadAs::number;
  std::string sql;          // NULL for what it does not read
  std::string date_format;  // of dates in text
};

// The ways of writing a date that are looked for, the commoner first where all values fit several.
constexpr auto date_formats = std::to_array<std::string_view>({"%Y-%m-%d",
                                                               "%Y-%m-%dT%H:%M:%S",
                                                               "%Y-%m-%d %H:%M:%S",
                                                               "%Y/%m/%d",
                                                               "%Y/%m/%d %H:%M",
                                                               "%m/%d/%Y",
                                                               "%d/%m/%Y",
                                                               "%m/%d/%y",
                                                               "%d/%m/%y",
                                                               "%d.%m.%Y",
                                                               "%d.%m.%y",
                                                               "%d-%m-%Y",
                                                               "%m-%d-%Y",
                                                               "%d-%m-%y",
                                                               "%b %d %Y",
                                                               "%b %d, %Y",
                                                               "%B %d, %Y",
                                                               "%B %d %Y",
                                                               "%d %b %Y",
                                                               "%d %B %Y",
                                                               "%d-%b-%Y",
                                                               "%d-%b-%y",
                                                               "%a, %d %b %Y",
                                                               "%A, %B %d, %Y",
                                                               "%a %b %d %Y",
                                                               "%m/%d/%Y %H:%M",
                                                               "%d/%m/%Y %H:%M",
                                                               "%m/%d/%Y %H:%M:%S",
                                                               "%d/%m/%Y %H:%M:%S",
                                                               "%m/%d/%Y %I:%M %p",
                                                               "%m/%d/%Y %I:%M:%S %p",
                                                               "%d.%m.%Y %H:%M",
                                                               "%d.%m.%Y %H:%M:%S",
                                                               "%d-%m-%Y %H:%M",
                                                               "%Y-%m-%dT%H:%MZ",
                                                               "%Y-%m-%d %H:%M",
                                                               "%b %Y",
                                                               "%B %Y",
                                                               "%b-%Y",
                                                               "%b-%y",
                                                               "%Y-%m",
                                                               "%Y/%m",
                                                               "%m/%Y",
                                                               "%Y%m%d",
                                                               "%Y%m"});

constexpr std::int64_t decimals_max = 9;

std::int64_t count_in(const QueryResult& result, std::size_t column) {
  const ResultColumn& values = result.columns[column];
  return values.type == ColumnType::integer && values.valid[0] ? values.integers[0] : 0;
}

std::optional<std::string> text_in(const QueryResult& result, std::size_t column) {
  const ResultColumn& values = result.columns[column];
  if (!values.valid[0]) return std::nullopt;
  return values.texts[0];
}

std::string is_missing_sql(const std::string& name) { return str("lower(trim(", name, ")) IN ", text_forms::missing_words); }

std::string number_sql(const std::string& name, bool has_decimal_comma, std::int64_t decimals) {
  std::string digits = has_decimal_comma
                           ? str("replace(regexp_replace(", name, ", '", text_forms::beside_comma_digits, "', '', 'g'), ',', '.')")
                           : str("regexp_replace(", name, ", '", text_forms::beside_point_digits, "', '', 'g')");
  return str("CASE WHEN regexp_full_match(", name, ", ",
             quote_text(text_forms::loose_number(has_decimal_comma ? text_forms::comma_digits : text_forms::point_digits)),
             ") THEN TRY_CAST(CASE WHEN regexp_matches(", name, ", '[(−-]') THEN '-' ELSE '' END || ", digits, " AS DECIMAL(38, ", decimals,
             ")) END");
}

std::string duration_sql(const std::string& name) {
  const auto part = [&](int i) { return str("CAST(split_part(ltrim(", name, ", '-'), ':', ", i, ") AS DOUBLE)"); };
  return str("CASE WHEN regexp_full_match(", name, ", '", text_forms::duration, "') THEN (", part(1), " * 3600 + ", part(2), " * 60 + ",
             part(3), ") * CASE WHEN starts_with(", name, ", '-') THEN -1 ELSE 1 END END");
}

// Two digits of a year read as four would be a year long ago; digits alone are a date only near our time.
std::string is_date_sql(const std::string& name, std::string_view format) {
  const bool is_bare = format.find_first_of("-/. ") == std::string_view::npos;
  return str("try_strptime(", name, ", ", quote_text(format), ") >= TIMESTAMP '", is_bare ? "1900" : "1000", "-01-01'",
             is_bare ? str(" AND try_strptime(", name, ", ", quote_text(format), ") < TIMESTAMP '2101-01-01'") : std::string());
}

bool has_time_of_day(std::string_view format) { return format.contains("%H") || format.contains("%I"); }

// What the values of a text column may be. Each is tried on the first rows, those that fit there on all.
struct Candidate {
  Reading reading;
  std::string fits;  // a condition
};

std::vector<Candidate> candidates_of(const std::string& name, bool is_named_as_time) {
  std::vector<Candidate> candidates;
  for (const std::string_view format : date_formats) {
    if (text_forms::needs_a_name(format) && !is_named_as_time) continue;
    candidates.push_back({.reading = {.as = has_time_of_day(format) ? ReadAs::timestamp : ReadAs::date,
                                      .sql = str("try_strptime(", name, ", ", quote_text(format), ")"),
                                      .date_format = std::string(format)},
                          .fits = is_date_sql(name, format)});
  }
  // With fractions of a second and with zones, in any mixture: as the same moment in UTC.
  candidates.push_back({.reading = {.as = ReadAs::timestamp, .sql = str("CAST(TRY_CAST(", name, " AS TIMESTAMPTZ) AS TIMESTAMP)")},
                        .fits = str("regexp_full_match(", name, ", '\\d{4}-\\d{1,2}-\\d{1,2}([T ].*)?') AND TRY_CAST(", name,
                                    " AS TIMESTAMPTZ) IS NOT NULL")});
  candidates.push_back({.reading = {.as = ReadAs::seconds, .sql = duration_sql(name)},
                        .fits = str("regexp_full_match(", name, ", '", text_forms::duration, "')")});
  for (const bool has_decimal_comma : {false, true}) {
    candidates.push_back(
        {.reading = {.as = ReadAs::number, .sql = number_sql(name, has_decimal_comma, 0)},
         .fits = str("regexp_full_match(", name, ", ",
                     quote_text(text_forms::strict_number(has_decimal_comma ? text_forms::comma_digits : text_forms::point_digits)), ")")});
  }
  return candidates;
}

// How many values there are that are not missing, and how many of them fit each candidate.
Result<std::vector<std::int64_t>> count_fits(const ColumnPlace& place, const std::string& name, const std::vector<Candidate>& candidates,
                                             const std::string& from) {
  std::string sql = str("SELECT count(*) FILTER (NOT (", is_missing_sql(name), "))");
  for (const Candidate& candidate : candidates) sql += str(", count(*) FILTER (", candidate.fits, ")");
  const QueryResult result = TRY(place.session.run(place.context, {.sql = str(sql, " FROM ", from, " WHERE ", name, " IS NOT NULL")}, {}));
  std::vector<std::int64_t> counts;
  for (std::size_t i = 0; i < result.columns.size(); ++i) counts.push_back(count_in(result, i));
  return counts;
}

// Range, average and number of what a reading gives, and what it does not read.
Result<> describe(const ColumnPlace& place, const std::string& name, const Reading& reading, ColumnStatistics& statistics) {
  const bool is_number = reading.as == ReadAs::number || reading.as == ReadAs::seconds;
  const std::string shown = is_number ? "::VARCHAR" : reading.as == ReadAs::date ? "::DATE::VARCHAR" : "";
  const std::string sql =
      str("SELECT count(value), count(*), min(value)", shown, ", max(value)", shown, ", ", is_number ? "avg(value)::DOUBLE" : "NULL", ", ",
          statistics.exact ? "count(DISTINCT value)" : "approx_count_distinct(value)", " FROM (SELECT ", reading.sql, " AS value FROM ",
          place.table, place.sample, " WHERE ", name, " IS NOT NULL)");
  const QueryResult result = TRY(place.session.run(place.context, {.sql = sql}, {}));
  statistics.read_as = reading.as;
  statistics.read_sql = reading.sql;
  if (!reading.date_format.empty()) statistics.text_date_format = reading.date_format;
  statistics.min = text_in(result, 2);
  statistics.max = text_in(result, 3);
  statistics.average = is_number && result.columns[4].valid[0] ? std::optional(result.columns[4].numbers[0]) : std::nullopt;
  statistics.distinct_count = count_in(result, 5);
  statistics.unread_count = count_in(result, 1) - count_in(result, 0);
  if (*statistics.unread_count == 0) return {};
  const QueryResult unread = TRY(place.session.run(
      place.context,
      {.sql = str("SELECT CAST(", name, " AS VARCHAR) AS value FROM ", place.table, place.sample, " WHERE ", name, " IS NOT NULL AND (",
                  reading.sql, ") IS NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ", unread_values_max)},
      {}));
  for (std::size_t row = 0; row < unread.row_count; ++row)
    statistics.unread_values.push_back(unread.columns[0].texts[row].substr(0, shown_value_bytes_max));
  return {};
}

// Digits behind the point, the sign that stands beside the numbers, and whether they are numbers at all: codes have leading zeros, and what
// is plain digits throughout was made text on purpose.
Result<> describe_numbers(const ColumnPlace& place, const std::string& name, bool has_decimal_comma, ColumnStatistics& statistics) {
  const std::string mark = has_decimal_comma ? "," : "[.]";
  const QueryResult result = TRY(place.session.run(
      place.context,
      {.sql = str("SELECT max(length(regexp_extract(", name, ", '", mark, "([0-9]+)\\D*$', 1))), count(*) FILTER (regexp_full_match(", name,
                  ", '0[0-9]+')), count(*) FILTER (NOT regexp_full_match(", name, ", '-?[0-9]+')), mode(nullif(regexp_extract(", name,
                  ", '", text_forms::currencies, "|%'), '')), count(nullif(regexp_extract(", name, ", '", text_forms::currencies,
                  "|%'), '')), count(*), count(*) FILTER (regexp_matches(", name, ", '[0-9]') AND NOT regexp_full_match(", name,
                  ", '-?[0-9]+([.][0-9]+)?')) FROM ", place.table, place.sample, " WHERE ", name, " IS NOT NULL")},
      {}));
  if (count_in(result, 1) > 0 || count_in(result, 2) == 0) return {};
  const std::int64_t decimals = std::min(count_in(result, 0), decimals_max);
  // Plain numbers among words for "no value" need no more than a cast, which people can read.
  const bool is_plain = !has_decimal_comma && count_in(result, 6) == 0;
  const std::string sql =
      is_plain ? str("TRY_CAST(", name, " AS DECIMAL(38, ", decimals, "))") : number_sql(name, has_decimal_comma, decimals);
  TRY(describe(place, name, {.as = ReadAs::number, .sql = sql}, statistics));
  if (2 * count_in(result, 4) >= count_in(result, 5) - *statistics.unread_count) statistics.read_unit = text_in(result, 3);
  return {};
}

Result<> read_text(const ColumnPlace& place, const ColumnInfo& column, ColumnStatistics& statistics) {
  const std::string name = sql_name(column.name);
  std::vector<Candidate> candidates = candidates_of(name, is_named_as_time(column.name));
  const auto first =
      TRY(count_fits(place, name, candidates,
                     str("(SELECT ", name, " FROM ", place.table, " WHERE ", name, " IS NOT NULL LIMIT ", date_format_rows, ")")));
  const auto fits = [](std::int64_t count, std::int64_t of) {
    return of > 0 && static_cast<double>(count) >= static_cast<double>(of) * text_forms::share_read_min;
  };
  std::vector<Candidate> likely;
  // The first rows may be untypical: what is fit for most of them is looked at in all.
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (2 * first[i + 1] >= first[0] && first[i + 1] > 0) likely.push_back(std::move(candidates[i]));
  }
  if (likely.empty()) return {};
  const auto all = TRY(count_fits(place, name, likely, place.table + place.sample));
  const auto best = std::max_element(all.begin() + 1, all.end());
  if (!fits(*best, all[0])) return {};
  const Reading& reading = likely[static_cast<std::size_t>(best - all.begin()) - 1].reading;
  if (reading.as == ReadAs::number) return describe_numbers(place, name, reading.sql == number_sql(name, true, 0), statistics);
  return describe(place, name, reading, statistics);
}

// Whole numbers that are dates or moments.
Result<> read_whole_number(const ColumnPlace& place, const ColumnInfo& column, ColumnStatistics& statistics) {
  if (!statistics.min || !statistics.max) return {};
  double low = 0;
  double high = 0;
  const auto number_of = [](const std::string& text, double& value) {
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
  };
  if (!number_of(*statistics.min, low) || !number_of(*statistics.max, high)) return {};
  const std::string name = sql_name(column.name);
  const bool is_named = is_named_as_time(column.name);
  const auto all_dates = [&](std::string_view format) -> Result<bool> {
    const QueryResult counted =
        TRY(place.session.run(place.context,
                              {.sql = str("SELECT count(", name, "), count(try_strptime(CAST(", name, " AS VARCHAR), ", quote_text(format),
                                          ")) FROM ", place.table, place.sample)},
                              {}));
    return count_in(counted, 0) > 0 && count_in(counted, 0) == count_in(counted, 1);
  };
  if (column.type != ColumnType::number) {
    constexpr std::int64_t telling_days = 10;
    const bool is_like_days = low >= 19'000'101 && high <= 21'001'231;
    const bool is_like_months = is_named && low >= 190'001 && high <= 210'012;
    if ((is_like_days && (is_named || statistics.distinct_count.value_or(0) >= telling_days)) || is_like_months) {
      const std::string_view format = is_like_days ? "%Y%m%d" : "%Y%m";
      if (!TRY(all_dates(format))) return {};
      return describe(place, name, {.as = ReadAs::date, .sql = str("try_strptime(CAST(", name, " AS VARCHAR), ", quote_text(format), ")")},
                      statistics);
    }
  }
  if (!is_named) return {};
  // From 1980 to 2100.
  constexpr double first_second = 315'532'800;
  constexpr double last_second = 4'102'444'800;
  std::string sql;
  if (low >= first_second && high <= last_second) sql = str("epoch_ms(CAST(", name, " * 1000 AS BIGINT))");
  else if (low >= first_second * 1e3 && high <= last_second * 1e3) sql = str("epoch_ms(CAST(", name, " AS BIGINT))");
  else if (low >= first_second * 1e6 && high <= last_second * 1e6) sql = str("make_timestamp(CAST(", name, " AS BIGINT))");
  if (sql.empty()) return {};
  return describe(place, name, {.as = ReadAs::timestamp, .sql = std::move(sql)}, statistics);
}

}  // namespace

Result<> find_reading(const ColumnPlace& place, const ColumnInfo& column, ColumnStatistics& statistics) {
  const std::string name = sql_name(column.name);
  if (column.type == ColumnType::time || column.engine_type == "INTERVAL")
    return describe(place, name, {.as = ReadAs::seconds, .sql = str("epoch(", name, ")")}, statistics);
  if (column.type == ColumnType::text && column.engine_type != "VARCHAR") return {};  // a UUID, an enumeration
  if (column.type == ColumnType::text) return text_forms::may_be_written(statistics) ? read_text(place, column, statistics) : Result<>{};
  if (column.type == ColumnType::number) {
    // NaN and infinities leave no average that could be told.
    if (!statistics.average && statistics.null_fraction.value_or(1) < 1)
      return describe(place, name, {.as = ReadAs::number, .sql = str("CASE WHEN isfinite(", name, ") THEN ", name, " END")}, statistics);
    return read_whole_number(place, column, statistics);
  }
  if (column.type == ColumnType::integer || column.type == ColumnType::big_integer) return read_whole_number(place, column, statistics);
  return {};
}

}  // namespace bridge::duckdb
