#include "warehouse/sqlite/sqlite_dialect.h"

#include <sqlite3.h>

#include "base/sql_name.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::string_view engine = "SQLite";

// A part of a moment as a whole number.
std::string part_of(std::string_view time, std::string_view format) { return str("CAST(strftime('", format, "', ", time, ") AS INTEGER)"); }

// Sunday is 0 in SQLite and 7 in ISO.
std::string weekday_of(std::string_view time) { return str("((", part_of(time, "%w"), " + 6) % 7 + 1)"); }

std::string month_count(std::string_view time) { return str(part_of(time, "%Y"), " * 12 + ", part_of(time, "%m")); }

std::string name_in(std::string_view number, std::span<const std::string_view> names) {
  std::string sql = str("CASE ", number);
  for (std::size_t i = 0; i < names.size(); ++i) sql += str(" WHEN ", i + 1, " THEN '", names[i], "'");
  return sql + " END";
}

// Where the parts of a moment stand in a text whose every part has as many digits as it may have.
struct FixedFormat {
  std::string pattern;  // of GLOB
  std::size_t length = 0;
  std::map<char, std::size_t> places;  // by strptime's letter, from 1
};

std::optional<FixedFormat> read_format(std::string_view format) {
  FixedFormat out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%') {
      if (++i == format.size() || !std::string_view("YmdHMS").contains(format[i])) return std::nullopt;
      if (!out.places.emplace(format[i], out.length + 1).second) return std::nullopt;
      const std::size_t digits = format[i] == 'Y' ? 4 : 2;
      for (std::size_t digit = 0; digit < digits; ++digit) out.pattern += "[0-9]";
      out.length += digits;
    } else {
      if (!std::string_view("-/.:, TZ").contains(format[i])) return std::nullopt;
      out.pattern += format[i];
      ++out.length;
    }
  }
  const bool has_day = out.places.contains('Y') && (out.places.contains('m') || !out.places.contains('d'));
  return has_day ? std::optional(out) : std::nullopt;
}

class SqliteDialect final : public SqlDialect {
 public:
  std::string_view name() const override { return "sqlite"; }
  std::string_view practice() const override {
    return R"(- Dates are texts: `strftime('%Y-%m', t)`, `date(t, '-7 days')`; no `date_trunc` or `extract`. Two whole numbers divide to a whole number.
- No quantile, median or standard deviation, no `QUALIFY`. `LIKE` takes capitals and small letters of ASCII as the same.
- Storage is by row: fewer columns do not read less; a range on an indexed column does.)";
  }
  const SqlLexicalRules& lexical_rules() const override {
    static const SqlLexicalRules rules{.identifier_quotes = "\"`[", .placeholder_signs = "?$@"};
    return rules;
  }

  std::string quote_identifier(std::string_view name) const override { return quoted_sql_name(name); }
  // Words that SQLite does not take as a name without quotes are more than those of other engines.
  std::string identifier(std::string_view name) const override {
    return sqlite3_keyword_check(name.data(), static_cast<int>(name.size())) != 0 ? quoted_sql_name(name) : sql_name(name);
  }
  std::string text_literal(std::string_view text) const override { return str('\'', replace_all(std::string(text), "'", "''"), '\''); }
  std::string date_literal(std::string_view day) const override { return text_literal(day); }
  std::string true_literal() const override { return "TRUE"; }
  // A decimal is bound as text, which is compared as a number only when it is cast.
  std::string placeholder(std::size_t position, ColumnType type) const override {
    const bool is_number_in_text = type == ColumnType::decimal || type == ColumnType::big_integer;
    return is_number_in_text ? str("CAST(?", position, " AS NUMERIC)") : str("?", position);
  }

  Result<std::string> cast(std::string_view value, ColumnType type) const override {
    // Of a text that is no number SQLite reads as much as is one, and 0 of the rest: compared with a number it stays a text.
    const auto number = [&](std::string_view type_name) {
      return str("CASE WHEN CAST(", value, " AS NUMERIC) = ", value, " THEN CAST(", value, " AS ", type_name, ") END");
    };
    switch (type) {
      case ColumnType::boolean:
        return str("CASE WHEN CAST(", value, " AS NUMERIC) = ", value, " THEN CAST(", value, " AS NUMERIC) <> 0 WHEN lower(", value,
                   ") = 'true' THEN TRUE WHEN lower(", value, ") = 'false' THEN FALSE END");
      case ColumnType::integer: return number("INTEGER");
      case ColumnType::big_integer:
      case ColumnType::decimal: return number("NUMERIC");
      case ColumnType::number: return number("REAL");
      case ColumnType::text: return str("CAST(", value, " AS TEXT)");
      case ColumnType::date: return str("date(", value, ")");
      case ColumnType::timestamp: return str("datetime(", value, ")");
      case ColumnType::time:
      case ColumnType::json: break;
    }
    return not_in_dialect(engine, str("type ", enum_name(type)), "read the value as text");
  }

  std::string sort_key(std::string_view value, SortDirection direction) const override {
    return str(value, direction == SortDirection::descending ? " DESC" : "", " NULLS LAST");
  }
  std::string limit(std::size_t rows) const override { return str("LIMIT ", rows); }
  std::string sample(std::string_view table, std::size_t rows) const override {
    return str("(SELECT * FROM ", table, " LIMIT ", rows, ") AS sample");
  }

  std::string ratio(std::string_view part, std::string_view whole) const override { return str("CAST(", part, " AS REAL) / ", whole); }
  std::string safe_ratio(std::string_view part, std::string_view whole) const override {
    return str("CAST(", part, " AS REAL) / nullif(", whole, ", 0)");
  }
  // floor() is not in every build.
  std::string band_start(std::string_view number, std::string_view width) const override {
    const std::string bands = str("CAST(", number, " AS REAL) / ", width);
    return str("(CAST(", bands, " AS INTEGER) - (", bands, " < CAST(", bands, " AS INTEGER))) * ", width);
  }

  Result<std::string> quantile(std::string_view, std::string_view) const override {
    return not_in_dialect(engine, "quantile", "a minimum, a maximum or an average would do");
  }
  Result<std::string> median(std::string_view, std::optional<int>) const override {
    return not_in_dialect(engine, "median", "an average would do");
  }
  Result<std::string> standard_deviation(std::string_view) const override {
    return not_in_dialect(engine, "standard deviation", "a minimum and a maximum would do");
  }
  Result<std::string> value_at(ValueAt, std::string_view, std::string_view) const override {
    return not_in_dialect(engine, "value of the first or last row in time", "a subquery with ORDER BY and LIMIT 1 would do");
  }

  std::string truncate(std::string_view time, TimeUnit unit) const override {
    switch (unit) {
      case TimeUnit::hour: return str("strftime('%Y-%m-%d %H:00:00', ", time, ")");
      case TimeUnit::day: return str("date(", time, ")");
      // On to the next Sunday, if it is none, and back to the Monday before it.
      case TimeUnit::week: return str("date(", time, ", 'weekday 0', '-6 days')");
      case TimeUnit::month: return str("date(", time, ", 'start of month')");
      case TimeUnit::quarter: return str("date(", time, ", 'start of month', '-' || ((", part_of(time, "%m"), " - 1) % 3) || ' months')");
      case TimeUnit::year: break;
    }
    return str("date(", time, ", 'start of year')");
  }
  std::string day_of(std::string_view time) const override { return str("date(", time, ")"); }
  std::string date_part(std::string_view time, DatePart part) const override {
    switch (part) {
      case DatePart::hour: return part_of(time, "%H");
      case DatePart::weekday: return weekday_of(time);
      case DatePart::day: return part_of(time, "%d");
      case DatePart::month: break;
    }
    return part_of(time, "%m");
  }
  std::string weekday_name(std::string_view time) const override {
    static constexpr auto weekdays =
        std::to_array<std::string_view>({"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"});
    return name_in(weekday_of(time), weekdays);
  }
  std::string month_name(std::string_view time) const override {
    static constexpr auto months = std::to_array<std::string_view>(
        {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"});
    return name_in(part_of(time, "%m"), months);
  }
  std::string start_of_year(std::string_view year) const override {
    return str("CASE WHEN ", year, " IS NOT NULL THEN date(printf('%04d-01-01', ", year, ")) END");
  }
  std::string days_between(std::string_view from, std::string_view to) const override {
    return str("CAST(julianday(date(", to, ")) - julianday(date(", from, ")) AS INTEGER)");
  }

  // A day that no month has ("31 February") and an hour that no day has are null: adding nothing to them makes them others.
  Result<std::string> parse_time(std::string_view text, std::string_view format) const override {
    const auto fixed = read_format(format);
    if (!fixed) {
      return not_in_dialect(engine, str("reading of texts such as ", text_literal(format), " as dates"),
                            "a text of digits, every part with all of them, as in '%Y-%m-%d' or '%d.%m.%Y %H:%M', would do");
    }
    const auto part = [&](char letter) {
      const auto place = fixed->places.find(letter);
      if (place == fixed->places.end()) return std::string(letter == 'm' || letter == 'd' ? "'01'" : "'00'");
      return str("substr(", text, ", ", place->second, ", ", letter == 'Y' ? 4 : 2, ")");
    };
    const std::string day = str(part('Y'), " || '-' || ", part('m'), " || '-' || ", part('d'));
    const bool has_time = fixed->places.contains('H') || fixed->places.contains('M') || fixed->places.contains('S');
    const std::string written = has_time ? str(day, " || ' ' || ", part('H'), " || ':' || ", part('M'), " || ':' || ", part('S')) : day;
    const std::string_view function = has_time ? "datetime" : "date";
    return str("CASE WHEN ", text, " GLOB '", fixed->pattern, "' AND ", function, "(", written, ", '+0 days') = ", written, " THEN ",
               function, "(", written, ") END");
  }

  // Ranges go over numbers alone: days, or months where the unit has no fixed number of days.
  Result<TimeWindow> window_back(std::string_view time, std::optional<TimeUnit> step, TimeUnit unit, int count) const override {
    const auto in = [](TimeUnit of) { return of == TimeUnit::year ? 12 : of == TimeUnit::quarter ? 3 : of == TimeUnit::month ? 1 : 0; };
    if (!step) return TimeWindow{.order = std::string(time), .back = str(count)};
    if (in(*step) > 0 && in(unit) > 0) return TimeWindow{.order = month_count(time), .back = str(count * in(unit))};
    const int hours = unit == TimeUnit::hour ? 1 : unit == TimeUnit::day ? 24 : unit == TimeUnit::week ? 7 * 24 : 0;
    if (in(*step) == 0 && hours > 0) return TimeWindow{.order = str(part_of(time, "%s"), " / 3600"), .back = str(count * hours)};
    return not_in_dialect(engine, str("window over the ", unit_name(unit), " before of rows by ", unit_name(*step)),
                          "rows by month, quarter or year would do");
  }

  // Parts of moments are written with strftime, whose format says which.
  std::optional<FunctionMeaning> meaning_of(std::string_view function) const override {
    return function == "total" ? FunctionMeaning::sum : standard_meaning_of(function);
  }

  std::optional<SqlCaution> find_caution(std::string_view, const std::vector<ColumnName>&) const override { return std::nullopt; }
};

}  // namespace

const SqlDialect& sqlite_dialect() {
  static const SqliteDialect dialect;
  return dialect;
}

}  // namespace bridge
