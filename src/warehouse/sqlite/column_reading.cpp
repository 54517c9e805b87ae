#include "warehouse/sqlite/column_reading.h"

#include <charconv>

#include "base/sql_name.h"
#include "base/text.h"
#include "warehouse/column_names.h"
#include "warehouse/sqlite/limits.h"

namespace bridge::sqlite {

namespace {

constexpr double share_read_min = 0.95;  // of the values that are not missing

// What people write where a value is missing.
constexpr std::string_view missing_words =
    "('', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', 'nil', 'missing', 'unknown', 'tbd', '-', '--', '?', 'x', '*')";

// A way to read the values of a column.
struct Reading {
  ReadAs as = ReadAs::number;
  std::string sql;               // NULL for what it does not read
  std::string_view date_format;  // of dates in text
};

// A date written with a fixed number of digits.
struct DateForm {
  std::string_view format;  // as strptime takes it
  std::string_view digits;  // 0 stands for any digit
  int year;                 // where it begins, from 1
  int month;
  int day;
  bool needs_a_name = false;  // codes look like it too
};
constexpr DateForm date_forms[] = {
    {"%Y/%m/%d", "0000/00/00", 1, 6, 9}, {"%m/%d/%Y", "00/00/0000", 7, 1, 4}, {"%d/%m/%Y", "00/00/0000", 7, 4, 1},
    {"%d.%m.%Y", "00.00.0000", 7, 4, 1}, {"%d-%m-%Y", "00-00-0000", 7, 4, 1}, {"%Y%m%d", "00000000", 1, 5, 7, true},
};

std::string glob_of(std::string_view digits) {
  std::string glob = "'";
  for (const char c : digits) glob += c == '0' ? std::string("[0-9]") : std::string(1, c);
  return glob + "'";
}

std::string date_sql(const std::string& text, const DateForm& form) {
  const std::string month = str("substr(", text, ", ", form.month, ", 2)");
  return str("CASE WHEN ", text, " GLOB ", glob_of(form.digits), " AND ", month, " BETWEEN '01' AND '12' THEN date(substr(", text, ", ",
             form.year, ", 4) || '-' || ", month, " || '-' || substr(", text, ", ", form.day, ", 2)) END");
}

// Digits with a point, a sign, commas between thousands, currency and percent signs around.
std::string number_sql(const std::string& name) {
  const std::string bare = str("trim(replace(", name, ", ',', ''), ' $€£¥%+')");
  return str("CASE WHEN ltrim(", bare, ", '-') GLOB '*[0-9]*' AND ltrim(", bare, ", '-') NOT GLOB '*[^0-9.]*' AND ", bare,
             " NOT GLOB '*.*.*' THEN CAST(", bare, " AS REAL) END");
}

std::int64_t integer_at(const QueryResult& result, std::size_t column) {
  const ResultColumn& values = result.columns[column];
  return values.valid[0] && !values.integers.empty() ? values.integers[0] : 0;
}

std::optional<double> number_at(const QueryResult& result, std::size_t column) {
  const ResultColumn& values = result.columns[column];
  if (!values.valid[0]) return std::nullopt;
  if (!values.numbers.empty()) return values.numbers[0];
  return values.integers.empty() ? std::nullopt : std::optional(static_cast<double>(values.integers[0]));
}

std::optional<std::string> text_at(const QueryResult& result, std::size_t column, std::size_t row = 0) {
  const ResultColumn& values = result.columns[column];
  if (!values.valid[row]) return std::nullopt;
  if (!values.texts.empty()) return values.texts[row];
  return !values.numbers.empty() ? str(values.numbers[row]) : str(values.integers[row]);
}

// Range, average and number of what a reading gives, and what it does not read.
Result<> describe(const ColumnPlace& place, const std::string& name, const Reading& reading, ColumnStatistics& statistics) {
  const bool is_number = reading.as == ReadAs::number;
  const QueryResult result =
      TRY(place.connection.run(place.context, str("SELECT count(value), count(*), min(value), max(value), ",
                                                  is_number ? "avg(value)" : "NULL", ", count(DISTINCT value) FROM (SELECT ", reading.sql,
                                                  " AS value FROM ", place.table, " WHERE ", name, " IS NOT NULL)")));
  statistics.read_as = reading.as;
  statistics.read_sql = reading.sql;
  if (!reading.date_format.empty()) statistics.text_date_format = reading.date_format;
  statistics.min = text_at(result, 2);
  statistics.max = text_at(result, 3);
  statistics.average = is_number ? number_at(result, 4) : std::nullopt;
  statistics.distinct_count = integer_at(result, 5);
  statistics.unread_count = integer_at(result, 1) - integer_at(result, 0);
  if (*statistics.unread_count == 0) return {};
  const QueryResult unread = TRY(
      place.connection.run(place.context, str("SELECT CAST(", name, " AS TEXT) FROM ", place.table, " WHERE ", name, " IS NOT NULL AND (",
                                              reading.sql, ") IS NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ", unread_values_max)));
  for (std::size_t row = 0; row < unread.row_count; ++row)
    statistics.unread_values.push_back(to_valid_utf8(text_at(unread, 0, row).value_or("").substr(0, shown_value_bytes_max)));
  return {};
}

// The sign that stands beside at least half of the numbers.
Result<std::optional<std::string>> find_unit(const ColumnPlace& place, const std::string& name, const Reading& reading) {
  constexpr auto signs = std::to_array<std::string_view>({"$", "€", "£", "¥", "%"});
  std::string sql = "SELECT count(*)";
  for (const std::string_view sign : signs)
    sql += str(", count(*) FILTER (WHERE ", name, " LIKE '%", sign == "%" ? "!" : "", sign, "%' ESCAPE '!')");
  const QueryResult counted =
      TRY(place.connection.run(place.context, str(sql, " FROM ", place.table, " WHERE (", reading.sql, ") IS NOT NULL")));
  for (std::size_t i = 0; i < signs.size(); ++i) {
    if (integer_at(counted, 0) > 0 && 2 * integer_at(counted, i + 1) >= integer_at(counted, 0)) return std::string(signs[i]);
  }
  return std::nullopt;
}

Result<> read_text(const ColumnPlace& place, const ColumnInfo& column, const DeclaredType& declared, ColumnStatistics& statistics) {
  const std::string name = quoted_sql_name(column.name);
  std::vector<Reading> readings;
  for (const DateForm& form : date_forms) {
    if (form.needs_a_name && !is_named_as_time(column.name)) continue;
    readings.push_back({.as = ReadAs::date, .sql = date_sql(name, form), .date_format = form.format});
  }
  const std::string is_iso = str(name, " GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'");
  readings.push_back({.as = ReadAs::date, .sql = str("CASE WHEN ", is_iso, " AND length(", name, ") = 10 THEN date(", name, ") END")});
  readings.push_back({.as = ReadAs::timestamp, .sql = str("CASE WHEN ", is_iso, " THEN datetime(", name, ") END")});
  const std::size_t numbers_at = readings.size();
  readings.push_back({.as = ReadAs::number, .sql = number_sql(name)});

  std::string sql = str("SELECT count(*) FILTER (WHERE lower(trim(", name, ")) NOT IN ", missing_words, "), count(*) FILTER (WHERE ", name,
                        " GLOB '*[^0-9]*'), count(*) FILTER (WHERE ", name, " GLOB '0[0-9]*')");
  for (const Reading& reading : readings) sql += str(", count(", reading.sql, ")");
  const QueryResult counted = TRY(place.connection.run(place.context, str(sql, " FROM ", place.table, " WHERE ", name, " IS NOT NULL")));
  constexpr std::size_t counts_before = 3;
  const std::int64_t present = integer_at(counted, 0);
  std::size_t best = 0;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    if (integer_at(counted, counts_before + i) > integer_at(counted, counts_before + best)) best = i;
  }
  const std::int64_t read = integer_at(counted, counts_before + best);
  if (present == 0 || read == 0 || static_cast<double>(read) < static_cast<double>(present) * share_read_min) return {};
  // Digits alone that were declared to be text were meant to be, and numbers do not begin with zeros.
  const bool is_plain = integer_at(counted, 1) == 0;
  if (best == numbers_at && (integer_at(counted, 2) > 0 || (is_plain && declared.type == ColumnType::text))) return {};
  if (best == numbers_at) statistics.read_unit = TRY(find_unit(place, name, readings[best]));
  return describe(place, name, readings[best], statistics);
}

// Numbers that are dates or moments.
Result<> read_number(const ColumnPlace& place, const ColumnInfo& column, const DeclaredType& declared, ColumnStatistics& statistics) {
  const auto number_of = [](const std::optional<std::string>& text) -> std::optional<double> {
    double value = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) return std::nullopt;
    return value;
  };
  const auto low = number_of(statistics.min);
  const auto high = number_of(statistics.max);
  if (!low || !high) return {};
  const bool is_declared = declared.type == ColumnType::date || declared.type == ColumnType::timestamp;
  if (!is_declared && !is_named_as_time(column.name)) return {};
  const std::string name = quoted_sql_name(column.name);
  const auto within = [&](double first, double last) { return *low >= first && *high <= last; };
  const bool is_whole = column.type == ColumnType::integer;
  if (is_whole && within(19'000'101, 21'001'231)) {
    const DateForm form{"%Y%m%d", "00000000", 1, 5, 7};
    return describe(place, name, {.as = ReadAs::date, .sql = date_sql(str("CAST(", name, " AS TEXT)"), form), .date_format = form.format},
                    statistics);
  }
  if (is_whole && within(190'001, 210'012)) {
    const std::string text = str("CAST(", name, " AS TEXT)");
    return describe(place, name,
                    {.as = ReadAs::date,
                     .sql = str("CASE WHEN substr(", text, ", 5, 2) BETWEEN '01' AND '12' THEN date(substr(", text,
                                ", 1, 4) || '-' || substr(", text, ", 5, 2) || '-01') END"),
                     .date_format = "%Y%m"},
                    statistics);
  }
  // From 1980 to 2100.
  constexpr double first_second = 315'532'800;
  constexpr double last_second = 4'102'444'800;
  constexpr double first_julian_day = 2'444'239.5;
  constexpr double last_julian_day = 2'488'069.5;
  std::string sql;
  if (within(first_second, last_second)) sql = str("datetime(", name, ", 'unixepoch')");
  else if (within(first_second * 1e3, last_second * 1e3)) sql = str("datetime(", name, " / 1000, 'unixepoch')");
  else if (within(first_second * 1e6, last_second * 1e6)) sql = str("datetime(", name, " / 1000000, 'unixepoch')");
  else if (!is_whole && within(first_julian_day, last_julian_day)) sql = str("datetime(", name, ")");
  if (sql.empty()) return {};
  return describe(place, name, {.as = ReadAs::timestamp, .sql = std::move(sql)}, statistics);
}

}  // namespace

Result<> find_reading(const ColumnPlace& place, const ColumnInfo& column, const DeclaredType& declared, ColumnStatistics& statistics) {
  if (column.type == ColumnType::text) {
    constexpr std::size_t longest = 40;
    const bool may_be = std::ranges::all_of(statistics.top_values, [](const ValueCount& value) { return value.value.size() <= longest; }) &&
                        std::ranges::any_of(statistics.top_values, [](const ValueCount& value) {
                          return std::ranges::any_of(value.value, [](unsigned char c) { return std::isdigit(c); });
                        });
    return may_be ? read_text(place, column, declared, statistics) : Result<>{};
  }
  if (column.type == ColumnType::integer || column.type == ColumnType::number) return read_number(place, column, declared, statistics);
  return {};
}

}  // namespace bridge::sqlite
